package sandbox

import (
	"errors"
	"fmt"
	"slices"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func init() {
	onDue("invoice.finalize", finalizeByItself)
}

// The statuses of an invoice.
const (
	invoiceDraftStatus   = "draft"
	invoiceOpen          = "open"
	invoicePaidStatus    = "paid"
	invoiceUncollectible = "uncollectible"
	invoiceVoid          = "void"
)

const (
	chargeAutomatically = "charge_automatically"
	sendInvoice         = "send_invoice"
)

// invoiceDraft is what an invoice is made of. A preview and an invoice are made of the same.
type invoiceDraft struct {
	customer *stripeObject
	// subscription is what the invoice bills, nil for one of its own.
	subscription *stripeObject
	// reason is billing_reason: manual, subscription_create, subscription_cycle, …
	reason string
	// currency is that of all lines; "" takes the subscription's, or the customer's.
	currency string
	// lines are the subscription's, before discounts and taxes. Pending invoice items come before them.
	lines []billing.Line
	// period is period_start and period_end; the zero value is the moment of the making.
	period billing.Period
	// collection is collection_method; "" is charge_automatically.
	collection   string
	daysUntilDue int64
	dueDate      int64
	// discounts are objects of the type discount that apply to all lines, one after the other.
	discounts []*stripeObject
	// taxRates are the ids of the default tax rates.
	taxRates []string
	// method and source are default_payment_method and default_source of the invoice; "" leaves them to the subscription
	// and the customer.
	method, source string
	// advances is auto_advance: the draft is finalised by itself after an hour, and collected.
	advances bool
	// pending takes the pending invoice items in: those of the subscription and those of the customer that have none.
	pending bool
	// threshold is the billing threshold that makes the invoice, nil for none.
	threshold *thresholdReached
}

// draftInvoice makes an invoice and stores it as a draft. It answers the invoice as it is stored, and what billing made of
// it: its lines have their ids, so that the subscription can remember what was billed.
func (tx *accountTx) draftInvoice(d invoiceDraft) (*stripeObject, billing.Invoice, error) {
	inv, billed, err := tx.makeInvoice(d)
	if err != nil {
		return nil, billing.Invoice{}, err
	}
	tx.putDraft(inv)
	return inv, billed, nil
}

// putDraft stores a new draft, takes the invoice items of its lines in, and plans the end of its hour.
func (tx *accountTx) putDraft(inv *stripeObject) {
	for _, line := range invoiceLines(inv) {
		tx.billItem(line, inv)
	}
	tx.Put(inv, "invoice.created")
	tx.planFinalization(inv)
}

// makeInvoice makes a draft and adds it up. Nothing is stored.
func (tx *accountTx) makeInvoice(d invoiceDraft) (*stripeObject, billing.Invoice, error) {
	inv := tx.newInvoice(d)
	var lines []*stripeObject
	for _, item := range tx.itemsFor(d, inv) {
		lines = append(lines, tx.newItemLine(inv, item))
	}
	first := len(lines)
	for _, l := range d.lines {
		lines = append(lines, tx.newInvoiceLine(inv, l))
	}
	setInvoiceLines(inv, lines)
	billed, err := tx.totalInvoice(inv)
	if err != nil {
		return nil, billing.Invoice{}, fmt.Errorf("invoice of %s: %w", d.customer.ID(), err)
	}
	// What billing knows of a subscription's line beyond the line itself comes back with it.
	for i, l := range d.lines {
		l.ID = billed.Lines[first+i].ID
		billed.Lines[first+i].Line = l
	}
	if d.threshold != nil {
		tx.setThresholdReason(inv, d.threshold)
	}
	return inv, billed, nil
}

// newInvoice makes a draft without lines.
func (tx *accountTx) newInvoice(d invoiceDraft) *stripeObject {
	inv := tx.New("invoice")
	currency := orElse(d.currency, orElse(d.subscription.str("currency"), orElse(d.customer.Str("currency"), tx.defaultCurrency())))
	inv.Set("customer", d.customer.ID()).Set("currency", currency).Set("status", invoiceDraftStatus).Set("billing_reason", d.reason).
		Set("collection_method", orElse(d.collection, chargeAutomatically)).Set("test_clock", d.customer.Get("test_clock")).
		Set("account_country", tx.Account().Get("country")).Set("account_name", textOrNull(displayName(tx))).
		Set("issuer", tx.NewHash("connect_account_reference").Set("type", "self")).
		Set("default_payment_method", textOrNull(d.method)).Set("default_source", textOrNull(d.source)).
		Set("webhooks_delivered_at", tx.Now()).Set("auto_advance", d.advances).
		Set("footer", d.customer.Get("invoice_settings.footer")).Set("custom_fields", d.customer.Get("invoice_settings.custom_fields")).
		Set("total_taxes", []any{}).Set("total_discount_amounts", []any{}).Set("total_pretax_credit_amounts", []any{})
	if d.period == (billing.Period{}) {
		d.period = billing.Period{Start: billing.Instant(tx.Now()), End: billing.Instant(tx.Now())}
	}
	if d.reason == "manual" { // a subscription's own invoices have none (recorded)
		inv.Set("rendering", tx.NewHash("invoices_resource_invoice_rendering").
			Set("pdf", tx.NewHash("invoice_rendering_pdf").Set("page_size", "auto")))
	}
	inv.Set("period_start", int64(d.period.Start)).Set("period_end", int64(d.period.End))
	if inv.Str("collection_method") == sendInvoice {
		inv.Set("due_date", d.dueDate)
		if d.dueDate == 0 {
			inv.Set("due_date", int64(billing.DueDate(billing.Instant(tx.Now()), d.daysUntilDue)))
		}
	}
	if d.subscription != nil {
		details := tx.NewHash("billing_bill_resource_invoicing_parents_invoice_subscription_parent").Set("subscription", d.subscription.ID()).
			Set("metadata", d.subscription.Get("metadata"))
		inv.Set("parent", tx.NewHash("billing_bill_resource_invoicing_parents_invoice_parent").Set("type", "subscription_details").Set("subscription_details", details))
	}
	inv.Set("discounts", objectIDs(d.discounts)).Set("default_tax_rates", tx.ratesOf(d.taxRates))
	tx.copyCustomer(inv, d.customer)
	tx.advance(inv)
	return inv
}

// str is Str of an object that may be missing.
func (o *stripeObject) str(path string) string {
	if o == nil {
		return ""
	}
	return o.Str(path)
}

func objectIDs(objects []*stripeObject) []string {
	ids := make([]string, len(objects))
	for i, o := range objects {
		ids[i] = o.ID()
	}
	return ids
}

// defaultCurrency is the account's.
func (tx *accountTx) defaultCurrency() string {
	return orElse(tx.Account().Str("default_currency"), "usd")
}

// ratesOf are the tax rates of ids that exist.
func (tx *accountTx) ratesOf(ids []string) []*stripeObject {
	rates := []*stripeObject{}
	for _, id := range ids {
		if rate := tx.Get("tax_rate", id); rate != nil {
			rates = append(rates, rate)
		}
	}
	return rates
}

// copyCustomer writes what an invoice shows of its customer. Once it is finalised that stays.
func (tx *accountTx) copyCustomer(inv, customer *stripeObject) {
	for _, key := range []string{"address", "email", "name", "phone", "shipping", "tax_exempt"} {
		inv.Set("customer_"+key, customer.Get(key))
	}
	ids := []*stripeObject{}
	for _, id := range slices.Backward(ofField(tx, "tax_id", "customer", customer.ID())) {
		ids = append(ids, tx.NewHash("invoices_resource_invoice_tax_id").Set("type", id.Str("type")).Set("value", id.Get("value")))
	}
	inv.Set("customer_tax_ids", ids)
}

// advance writes when a draft will be finalised and charged by itself: an hour after it was made, however often
// auto_advance was switched off and on.
func (tx *accountTx) advance(inv *stripeObject) {
	inv.Set("automatically_finalizes_at", nil).Set("next_payment_attempt", nil)
	if !inv.Bool("auto_advance") {
		return
	}
	created := billing.Instant(inv.Int("created"))
	inv.Set("automatically_finalizes_at", int64(billing.FinalizesAt(created)))
	if inv.Str("collection_method") == chargeAutomatically {
		inv.Set("next_payment_attempt", int64(billing.FirstAttempt(created)))
	}
}

// planFinalization plans the end of a draft's hour.
func (tx *accountTx) planFinalization(inv *stripeObject) {
	if at := inv.Int("automatically_finalizes_at"); at != 0 && inv.Str("status") == invoiceDraftStatus {
		tx.Due(max(at, tx.Now()), "invoice.finalize", inv.ID())
	}
}

// finalizeByItself is the end of a draft's hour: it is finalised, and charged or sent. What refuses to be finalised stays a draft
// that says why.
func finalizeByItself(tx *accountTx, id string) error {
	inv := tx.Get("invoice", id)
	if inv == nil || inv.Str("status") != invoiceDraftStatus || !inv.Has("automatically_finalizes_at") || inv.Int("automatically_finalizes_at") > tx.Now() {
		return nil
	}
	finalized, err := tx.finalizeInvoice(inv)
	var refused *Error
	switch {
	case errors.As(err, &refused):
		tx.Put(inv.Edit().Set("automatically_finalizes_at", nil).Set("next_payment_attempt", nil).
			Set("last_finalization_error", tx.NewHash("api_errors").Set("type", refused.Type).Set("code", textOrNull(refused.Code)).Set("message", refused.Message)),
			"invoice.finalization_failed")
		return nil
	case err != nil:
		return err
	}
	return tx.collectInvoice(finalized)
}
