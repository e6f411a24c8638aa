package sandbox

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func init() {
	behave("POST /v1/invoices/{invoice}/finalize", finalizeByHand)
	onExpand("invoice", "confirmation_secret", invoiceSecret)
	onExpand("invoice", "payments", func(tx *accountTx, inv *stripeObject) []*stripeObject {
		return ofField(tx, "invoice_payment", "invoice", inv.ID())
	})
}

// hiddenInvoice is, of a PaymentIntent, the invoice that it pays.
const hiddenInvoice = "_invoice"

func findInvoice(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	if inv := tx.Get("invoice", r.Path("invoice")); inv != nil {
		return inv, nil
	}
	return nil, missingInPath(r, "invoice", "invoice")
}

// finalizeByHand finalises a draft; it does not charge. With auto_advance the invoice is charged an hour later.
func finalizeByHand(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	inv, err := findInvoice(tx, r)
	if err != nil {
		return nil, err
	}
	if inv.Str("status") != invoiceDraftStatus {
		return nil, invalid("", "", "This invoice is already finalized, you can't re-finalize a non-draft invoice.")
	}
	inv = inv.Edit().Set("next_payment_attempt", nil)
	if r.Params().Has("auto_advance") {
		inv.Set("auto_advance", r.Params().Bool("auto_advance"))
	}
	if inv.Bool("auto_advance") && inv.Str("collection_method") == chargeAutomatically {
		inv.Set("next_payment_attempt", tx.Now()+finalizedSeconds)
	}
	if inv, err = tx.finalizeInvoice(inv); err != nil {
		return nil, err
	}
	if inv.Str("status") == invoiceOpen && inv.Bool("auto_advance") {
		tx.Due(tx.Now()+finalizedSeconds, "invoice.collect", inv.ID())
	}
	return inv, nil
}

// finalizedSeconds is how long an invoice that was finalised by hand waits until it is charged by itself.
const finalizedSeconds = 60 * 60

// finalizeInvoice ends a draft: it gets a number, the customer's balance is applied, and it is paid when nothing is due,
// else open with a PaymentIntent. It answers the version that is stored.
func (tx *accountTx) finalizeInvoice(inv *stripeObject) (*stripeObject, error) {
	customer := tx.Get("customer", inv.Str("customer"))
	if customer == nil {
		return nil, missing("customer", inv.Str("customer"), "customer", 400)
	}
	inv = inv.Edit()
	tx.copyCustomer(inv, customer)
	if err := tx.addLateUsage(inv); err != nil {
		return nil, err
	}
	billed, err := tx.totalInvoice(inv)
	if err != nil {
		return nil, err
	}
	if inv.Bool("automatic_tax.enabled") && !tx.taxable(inv) {
		return nil, invalid("", "customer_tax_location_invalid", "The customer's location isn't recognized. Set a valid customer address in order to automatically calculate tax.")
	}
	if due := int64(billed.AmountDue); due > maximumCharge(inv.Str("currency")) {
		return nil, invalid("", "amount_too_large", "The invoice's amount due must be no more than %s", readable(maximumCharge(inv.Str("currency")), inv.Str("currency")))
	}
	if inv.Str("number") == "" {
		inv.Set("number", tx.nextNumber(customer))
	}
	if !inv.Has("effective_at") {
		inv.Set("effective_at", tx.Now())
	}
	inv.Set("status", invoiceOpen).Set("status_transitions.finalized_at", tx.Now()).Set("ending_balance", int64(billed.EndingBalance)).
		Set("automatically_finalizes_at", nil).Set("last_finalization_error", nil).
		Set("hosted_invoice_url", tx.URL("/i/"+inv.ID())).Set("invoice_pdf", tx.URL("/i/"+inv.ID()+"/pdf"))
	tx.Publish(inv.ID())
	if inv.Str("rendering.pdf.page_size") == "auto" {
		inv.Set("rendering.pdf.page_size", pageSize(inv.Str("customer_address.country")))
	}
	if sub := tx.Get("subscription", inv.Str("parent.subscription_details.subscription")); sub != nil {
		inv.Set("parent.subscription_details.metadata", sub.Get("metadata"))
	}
	tx.applyGrants(inv, billed)
	balanceMoved := tx.applyBalance(inv, billed)
	if billed.AmountDue == 0 {
		return tx.settleFree(inv, balanceMoved)
	}
	tx.Put(inv, "invoice.finalized")
	if err := tx.requestPayment(inv); err != nil {
		return nil, err
	}
	tx.tellCustomer(inv, balanceMoved)
	tx.planOverdue(inv)
	if err := tx.replaceRevised(inv); err != nil {
		return nil, err
	}
	return tx.Get("invoice", inv.ID()), nil
}

// pageSize is the paper of a country: letter in North America, and where no country is known.
func pageSize(country string) string {
	if slices.Contains([]string{"", "US", "CA", "MX"}, country) {
		return "letter"
	}
	return "a4"
}

// settleFree ends an invoice on which nothing is due: it counts as attempted, though nothing was.
func (tx *accountTx) settleFree(inv *stripeObject, balanceMoved bool) (*stripeObject, error) {
	tx.Put(inv, "invoice.finalized")
	inv = inv.Edit().Set("status", invoicePaidStatus).Set("status_transitions.paid_at", tx.Now()).Set("attempted", true).Set("auto_advance", false).Set("next_payment_attempt", nil)
	tx.Put(inv, "invoice.paid", "invoice.payment_succeeded")
	if err := tx.subscriptionInvoicePaid(inv); err != nil {
		return nil, err
	}
	tx.tellCustomer(inv, balanceMoved)
	return tx.Get("invoice", inv.ID()), nil
}

// replaceRevised voids the invoice that a revision takes the place of.
func (tx *accountTx) replaceRevised(inv *stripeObject) error {
	from := tx.Get("invoice", inv.Str("from_invoice.invoice"))
	if from == nil || from.Str("status") != invoiceOpen && from.Str("status") != invoiceUncollectible {
		return nil
	}
	from, err := tx.voidInvoice(from)
	if err != nil {
		return err
	}
	tx.Put(from.Edit().Set("latest_revision", inv.ID()))
	return nil
}

// nextNumber is the number of a customer's next invoice: their prefix and their count. Where the account numbers its
// invoices in one row, its prefix and its count. A number that a caller has given away is passed over.
func (tx *accountTx) nextNumber(customer *stripeObject) string {
	for {
		number := tx.takeNumber(customer.ID())
		if tx.invoiceNumbered(number) == nil {
			return number
		}
	}
}

// The hidden slots of the account that numbers all its invoices.
const (
	hiddenPrefix   = "_invoice_prefix"
	hiddenSequence = "_next_invoice_sequence"
)

// takeNumber counts on. Stripe tells nobody that the count rose.
func (tx *accountTx) takeNumber(customer string) string {
	o, prefix, sequence := tx.Get("customer", customer), "invoice_prefix", "next_invoice_sequence"
	if tx.settings().Invoices.Numbering == numberedByAccount {
		o, prefix, sequence = tx.Account(), hiddenPrefix, hiddenSequence
	}
	o = o.Edit()
	if o.Str(prefix) == "" {
		o.Set(prefix, strings.ToUpper(tx.NewID("", 8)))
	}
	n := max(o.Int(sequence), 1)
	tx.Put(o.Set(sequence, n+1))
	return fmt.Sprintf("%s-%04d", o.Str(prefix), n)
}

// invoiceNumbered is the invoice that has a number, nil when none has.
func (tx *accountTx) invoiceNumbered(number string) *stripeObject {
	var found *stripeObject
	tx.EachOf("invoice", "number", number, func(inv *stripeObject) bool {
		found = inv
		return false
	})
	return found
}

// requestPayment makes the PaymentIntent that pays an invoice, and the payment that links both.
func (tx *accountTx) requestPayment(inv *stripeObject) error {
	return tx.inRealTime(func() error {
		pi := tx.newInvoiceIntent(inv)
		tx.Put(pi, "payment_intent.created")
		payment := tx.New("invoice_payment").Set("amount_requested", inv.Int("amount_remaining")).Set("currency", inv.Str("currency")).
			Set("invoice", inv.ID()).Set("is_default", true).Set("livemode", false).Set("status", "open").
			Set("payment", tx.NewHash("invoices_payments_invoice_payment_associated_payment").Set("type", "payment_intent").Set("payment_intent", pi.ID()))
		tx.Put(payment)
		return nil
	})
}

// newInvoiceIntent makes the PaymentIntent of an invoice, with the fields that recorded ones have.
func (tx *accountTx) newInvoiceIntent(inv *stripeObject) *stripeObject {
	pi := tx.New("payment_intent")
	pi.Set("amount", inv.Int("amount_remaining")).Set("currency", inv.Str("currency")).Set("customer", inv.Str("customer")).
		Set("amount_received", 0).Set("amount_capturable", 0).Set("amount_details", tx.NewHash("payment_flows_amount_details").Set("tip", emptyHash)).
		Set("client_secret", pi.ID()+"_secret_"+tx.NewID("", 25)).Set("capture_method", "automatic").Set("confirmation_method", "automatic").
		Set("status", requiresPaymentMethod).Set("description", intentDescriptions[inv.Str("billing_reason")]).
		Set("payment_details", tx.NewHash("payment_flows_payment_details").Set("order_reference", inv.ID())).
		Set("payment_method_types", tx.invoiceMethodTypes(inv)).Set("receipt_email", nil).
		Set(hiddenInvoice, inv.ID())
	if pi.Str("description") == "" {
		pi.Set("description", "Payment for Invoice")
	}
	if inv.Has("parent.subscription_details") {
		pi.Set("setup_future_usage", "off_session")
	}
	pi.Set("statement_descriptor", inv.Get("statement_descriptor"))
	setMethodOptions(tx, pi, formParams{})
	if secure := inv.Str("payment_settings.payment_method_options.card.request_three_d_secure"); secure != "" && pi.Has("payment_method_options.card") {
		pi.Set("payment_method_options.card.request_three_d_secure", secure)
	}
	return pi
}

// intentDescriptions are the descriptions of invoices' PaymentIntents, as recorded. The renewal's is the update's.
var intentDescriptions = map[string]string{
	"subscription_create": "Subscription creation", "subscription_update": "Subscription update", "subscription_cycle": "Subscription update",
}

// invoiceMethodTypes are the types of methods that may pay an invoice: those it names, or the account's and the type of
// the method that will be tried.
func (tx *accountTx) invoiceMethodTypes(inv *stripeObject) []string {
	if types := texts(inv.List("payment_settings.payment_method_types")); len(types) > 0 {
		return types
	}
	types := tx.accountMethods(inv.Str("currency"), "automatic")
	if method := tx.invoiceMethod(inv); method != nil && !slices.Contains(types, method.Str("type")) {
		types = append(types, method.Str("type"))
	}
	return types
}

// intentOf is the PaymentIntent of an invoice's default payment, nil when there is none.
func (tx *accountTx) intentOf(inv *stripeObject) *stripeObject {
	payment := defaultPayment(tx, inv.ID())
	return tx.Get("payment_intent", payment.str("payment.payment_intent"))
}

// invoiceSecret lets a browser pay an invoice.
func invoiceSecret(tx *accountTx, inv *stripeObject) []*stripeObject {
	pi := tx.intentOf(inv)
	if pi == nil { // a paid invoice keeps it (recorded)
		return nil
	}
	return []*stripeObject{tx.NewHash("invoices_resource_confirmation_secret").Set("client_secret", pi.Str("client_secret")).Set("type", "payment_intent")}
}

// tellCustomer writes what an invoice changes of its customer besides their number: the currency that they are billed in
// from now on. moved says that their balance was changed by the invoice and not told yet.
func (tx *accountTx) tellCustomer(inv *stripeObject, moved bool) {
	former := tx.Get("customer", inv.Str("customer"))
	stamped := former != nil && (former.Str("currency") != "" || former.ID() == tx.stamped)
	if former == nil || !moved && stamped {
		return
	}
	customer := former.Edit()
	if !stamped {
		customer.Set("currency", inv.Str("currency"))
	}
	if moved {
		former = closed(former.Edit().Set("balance", inv.Int("starting_balance")))
	}
	tx.Put(customer)
	tx.Event("customer.updated", customer, former)
}

// applyBalance applies the customer's balance to an invoice that is finalised now. It says whether the balance changed.
func (tx *accountTx) applyBalance(inv *stripeObject, billed billing.Invoice) bool {
	if billed.StartingBalance == billed.EndingBalance {
		return false
	}
	typ := "applied_to_invoice"
	if billed.BelowMinimum {
		typ = "invoice_too_small"
	}
	tx.moveBalance(inv.Str("customer"), balanceMove{typ: typ, currency: inv.Str("currency"), amount: int64(billed.EndingBalance - billed.StartingBalance), invoice: inv.ID()})
	return true
}
