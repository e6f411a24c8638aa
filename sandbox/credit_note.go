package sandbox

import (
	"errors"
	"fmt"
	"strings"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func init() {
	behave("POST /v1/credit_notes", func(tx *accountTx, r *apiRequest) (*stripeObject, error) { return tx.issueCreditNote(r.Params()) })
	behave("POST /v1/credit_notes/{id}", updateCreditNote)
	behave("POST /v1/credit_notes/{id}/void", voidCreditNote)
	behave("GET /v1/credit_notes", listCreditNotes)
	behave("GET /v1/credit_notes/preview", previewCreditNote)
	behave("GET /v1/credit_notes/preview/lines", previewCreditLines)
	behave("GET /v1/credit_notes/{credit_note}/lines", listCreditLines)
}

// creditSplit is how a credit note goes back: less to pay, or after the payment a refund, credit, or money that Stripe does
// not see.
type creditSplit struct {
	before, after                 int64
	refund, credit, outside, link int64
}

// issueCreditNote credits a part of an invoice. What is not paid yet is taken first; the rest goes back to the customer.
func (tx *accountTx) issueCreditNote(p formParams) (*stripeObject, error) {
	inv := tx.Get("invoice", p.Str("invoice"))
	if inv == nil {
		return nil, missing("invoice", p.Str("invoice"), "invoice", 404)
	}
	switch inv.Str("status") {
	case invoiceOpen, invoicePaidStatus, invoiceUncollectible:
	default:
		return nil, invalid("invoice", "", "You can only issue credit notes for open, paid or uncollectible invoices. This invoice has a status of %s.", inv.Str("status"))
	}
	made, err := tx.creditOf(inv, p)
	if err != nil {
		return nil, err
	}
	split, err := tx.splitCredit(inv, int64(made.note.Total)+made.extra, p)
	if err != nil {
		return nil, err
	}
	cn := tx.newCreditNote(inv, made, split, p)
	if err := tx.giveBack(inv, cn, split, p); err != nil {
		return nil, err
	}
	tx.Put(cn, "credit_note.created")
	return cn, tx.creditInvoice(inv, split)
}

// newCreditNote makes the note without what goes back after the payment.
func (tx *accountTx) newCreditNote(inv *stripeObject, made creditMade, split creditSplit, p formParams) *stripeObject {
	note := made.note
	cn := tx.New("credit_note")
	total := int64(note.Total) + made.extra
	cn.Set("invoice", inv.ID()).Set("customer", inv.Str("customer")).Set("currency", inv.Str("currency")).Set("livemode", false).
		Set("number", fmt.Sprintf("%s-CN-%02d", inv.Str("number"), 1+len(ofField(tx, "credit_note", "invoice", inv.ID())))).
		Set("status", "issued").Set("amount", total).Set("total", total).Set("total_excluding_tax", int64(note.TotalExcludingTax)+made.extra).
		Set("subtotal", int64(note.Subtotal)+made.extra).Set("subtotal_excluding_tax", int64(note.SubtotalExcludingTax)+made.extra).
		Set("discount_amounts", tx.discountAmounts(note.DiscountAmounts)).Set("pretax_credit_amounts", tx.creditedPretax(note.DiscountAmounts)).
		Set("total_taxes", tx.taxAmounts(note.Taxes, isExempt(inv))).Set("discount_amount", sumOf(cn.List("discount_amounts"))).
		Set("pre_payment_amount", split.before).Set("post_payment_amount", split.after).Set("type", creditType(split)).
		Set("effective_at", tx.Now()).Set("pdf", tx.URL("/credit_notes/"+cn.ID()+"/pdf")).Set("refunds", []any{}).
		Set("amount_shipping", made.extra)
	cn.Set("discount_amount", sumOf(cn.List("discount_amounts")))
	if made.extra > 0 {
		cn.Set("shipping_cost", inv.Get("shipping_cost"))
	}
	for i, line := range made.lines {
		made.lines[i] = line.Set("livemode", false)
	}
	setInvoiceLines(cn, made.lines)
	applyParams(tx, cn, p, "amount", "lines", "refunds", "shipping_cost", "invoice")
	tx.Publish(cn.ID())
	return cn
}

func creditType(split creditSplit) string {
	switch {
	case split.after == 0:
		return "pre_payment"
	case split.before == 0:
		return "post_payment"
	}
	return "mixed"
}

// creditedPretax are discounts once more, as a credit note tells credits before tax, and what grants paid.
func (tx *accountTx) creditedPretax(list []billing.DiscountAmount) []*stripeObject {
	amounts := make([]*stripeObject, len(list))
	for i, d := range list {
		typ := "discount"
		if tx.Get(creditTransactionType, d.Discount) != nil {
			typ = "credit_balance_transaction"
		}
		amounts[i] = tx.NewHash("credit_notes_pretax_credit_amount").Set("amount", int64(d.Amount)).Set(typ, d.Discount).Set("type", typ)
	}
	return amounts
}

// splitCredit divides a credit note's total, and holds what the call says of the part after the payment against it.
func (tx *accountTx) splitCredit(inv *stripeObject, total int64, p formParams) (creditSplit, error) {
	s := creditSplit{refund: p.Int("refund_amount"), credit: p.Int("credit_amount"), outside: p.Int("out_of_band_amount")}
	for i, linked := range p.List("refunds") {
		amount, err := tx.linkable(inv, linked, fmt.Sprintf("refunds[%d]", i))
		if err != nil {
			return s, err
		}
		s.link += amount
	}
	before, after, err := billing.SplitCredit(billing.Amount(total), billing.Amount(inv.Int("amount_remaining")), billing.Amount(tx.creditable(inv, s.link)))
	currency := inv.Str("currency")
	if err != nil {
		return s, invalid("amount", "", "The credit note's amount (%s) is greater than what is left of the invoice to credit.", readable(total, currency))
	}
	s.before, s.after = int64(before), int64(after)
	for key, amount := range map[string]int64{"refund_amount": s.refund, "credit_amount": s.credit, "out_of_band_amount": s.outside} {
		if amount < 0 {
			return s, invalid(key, "parameter_invalid_integer", "Invalid non-negative integer")
		}
	}
	if given := s.refund + s.credit + s.outside + s.link; given != s.after {
		return s, invalid("", "", "The sum of credit amount, refund amount and out of band amount (%s) must equal the credit note amount (%s).", readable(given, currency), readable(s.after, currency))
	}
	return s, nil
}

// creditable is what was paid of an invoice and has not gone back: neither by credit notes nor by refunds of their own.
// link is what the call links of refunds that were made before.
func (tx *accountTx) creditable(inv *stripeObject, link int64) int64 {
	var refunded, linked int64
	for _, payment := range ofField(tx, "invoice_payment", "invoice", inv.ID()) {
		if ch := tx.chargeOf(payment); ch != nil {
			refunded += ch.Int("amount_refunded")
		}
	}
	for _, cn := range ofField(tx, "credit_note", "invoice", inv.ID()) {
		for _, refund := range objectsIn(cn.List("refunds")) {
			linked += refund.Int("amount_refunded")
		}
	}
	return inv.Int("amount_paid") - inv.Int("post_payment_credit_notes_amount") - (refunded - linked - link)
}

// chargeOf is the charge of an invoice's payment, nil when nothing was charged.
func (tx *accountTx) chargeOf(payment *stripeObject) *stripeObject {
	pi := tx.Get("payment_intent", payment.str("payment.payment_intent"))
	return tx.Get("charge", pi.str("latest_charge"))
}

// linkable is the amount of a refund that a credit note links.
func (tx *accountTx) linkable(inv *stripeObject, linked formParams, at string) (int64, error) {
	re := tx.Get("refund", linked.Str("refund"))
	if re == nil {
		return 0, missing("refund", linked.Str("refund"), under(at, "refund"), 400)
	}
	pi := tx.Get("payment_intent", re.Str("payment_intent"))
	if pi == nil || tx.paymentOf(inv, pi) == nil {
		return 0, invalid(under(at, "refund"), "", "The refund %s is not of a payment of this invoice.", re.ID())
	}
	amount := re.Int("amount")
	if linked.Has("amount_refunded") {
		amount = linked.Int("amount_refunded")
	}
	if amount <= 0 || amount > re.Int("amount") {
		return 0, invalid(under(at, "amount_refunded"), "", "The amount must be between 1 and the refund's.")
	}
	return amount, nil
}

// giveBack refunds and credits what a note gives back after the payment.
func (tx *accountTx) giveBack(inv, cn *stripeObject, split creditSplit, p formParams) error {
	refunds := []any{}
	for _, linked := range p.List("refunds") {
		amount, err := tx.linkable(inv, linked, "refunds")
		if err != nil {
			return err
		}
		refunds = append(refunds, tx.NewHash("credit_note_refund").Set("amount_refunded", amount).Set("refund", linked.Str("refund")).Set("type", "refund"))
	}
	made, err := tx.refundInvoice(inv, split.refund)
	if err != nil {
		return err
	}
	cn.Set("refunds", append(refunds, made...))
	if split.credit > 0 {
		if _, err := findCustomer(tx, inv.Str("customer"), "customer", 400); err != nil {
			return err
		}
		cn.Set("customer_balance_transaction", tx.tellBalance(inv.Str("customer"), balanceMove{typ: "credit_note", currency: inv.Str("currency"), amount: -split.credit,
			invoice: inv.ID(), creditNote: cn.ID()}).ID())
	}
	return nil
}

// refundInvoice refunds an amount of the payments of an invoice, the newest of them first.
func (tx *accountTx) refundInvoice(inv *stripeObject, amount int64) ([]any, error) {
	var made []any
	err := tx.inRealTime(func() error {
		for _, payment := range ofField(tx, "invoice_payment", "invoice", inv.ID()) {
			ch := tx.chargeOf(payment)
			if amount == 0 || ch == nil {
				continue
			}
			part := min(amount, ch.Int("amount_captured")-ch.Int("amount_refunded"))
			if part <= 0 {
				continue
			}
			re, err := refund(tx, ch, formParams{&paramNode{keys: []string{"amount"}, hash: map[string]*paramNode{"amount": {value: part}}}})
			if err != nil {
				return err
			}
			amount -= part
			made = append(made, tx.NewHash("credit_note_refund").Set("amount_refunded", part).Set("refund", re.ID()).Set("type", "refund"))
		}
		if amount > 0 {
			return invalid("refund_amount", "", "The refund amount is greater than what can be refunded of the invoice's payments.")
		}
		return nil
	})
	return made, err
}

// creditInvoice lets an invoice show what was credited of it. One of which nothing is left to pay is paid.
func (tx *accountTx) creditInvoice(inv *stripeObject, split creditSplit) error {
	inv = tx.Get("invoice", inv.ID()).Edit()
	inv.Set("pre_payment_credit_notes_amount", inv.Int("pre_payment_credit_notes_amount")+split.before).
		Set("post_payment_credit_notes_amount", inv.Int("post_payment_credit_notes_amount")+split.after).
		Set("amount_due", inv.Int("amount_due")-split.before).Set("amount_remaining", inv.Int("amount_remaining")-split.before)
	tx.Put(inv, "invoice.updated")
	if split.before == 0 {
		return nil
	}
	if inv.Int("amount_remaining") > 0 {
		return tx.requestRest(inv)
	}
	if err := tx.endPayments(inv, "void_invoice"); err != nil {
		return err
	}
	inv = inv.Edit().Set("status", invoicePaidStatus).Set("status_transitions.paid_at", tx.Now()).Set("auto_advance", false).Set("next_payment_attempt", nil)
	tx.Put(inv, "invoice.paid")
	_, err := tx.afterPaid(inv)
	return err
}

func findCreditNote(tx *accountTx, r *apiRequest, name string) (*stripeObject, error) {
	if cn := tx.Get("credit_note", r.Path(name)); cn != nil {
		return cn, nil
	}
	return nil, missingInPath(r, "credit_note", name)
}

func updateCreditNote(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	cn, err := findCreditNote(tx, r, "id")
	if err != nil {
		return nil, err
	}
	was := cn
	cn = applyParams(tx, cn.Edit(), r.Params())
	if equalObjects(was, cn) {
		return was, nil
	}
	tx.Put(cn, "credit_note.updated")
	return cn, nil
}

// voidCreditNote takes a note back, while its invoice is open.
func voidCreditNote(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	cn, err := findCreditNote(tx, r, "id")
	if err != nil {
		return nil, err
	}
	inv := tx.Get("invoice", cn.Str("invoice"))
	switch {
	case cn.Str("status") == "void":
		return nil, invalid("", "", "This credit note has already been voided.")
	case inv == nil || inv.Str("status") != invoiceOpen || cn.Int("post_payment_amount") > 0:
		return nil, invalid("", "", "You can only void a credit note while its invoice is open.")
	}
	cn = cn.Edit().Set("status", "void").Set("voided_at", tx.Now())
	tx.Put(cn, "credit_note.voided")
	before := cn.Int("pre_payment_amount")
	inv = inv.Edit()
	inv.Set("pre_payment_credit_notes_amount", inv.Int("pre_payment_credit_notes_amount")-before).
		Set("amount_due", inv.Int("amount_due")+before).Set("amount_remaining", inv.Int("amount_remaining")+before)
	tx.Put(inv, "invoice.updated")
	return cn, tx.requestRest(inv)
}

func listCreditNotes(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	match := func(cn *stripeObject) bool { return p.Str("customer") == "" || cn.Str("customer") == p.Str("customer") }
	if id := p.Str("invoice"); id != "" {
		return tx.ListOf(r, "credit_note", "invoice", id, match)
	}
	return tx.List(r, "credit_note", match)
}

// previewCreditNote issues a credit note and takes it back. Its lines have the same ids each time, so that they can be paged.
func previewCreditNote(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	return tx.rehearse(func() (*stripeObject, error) {
		cn, err := tx.issueCreditNote(r.Params())
		if err != nil {
			return nil, err
		}
		lines := creditLines(cn)
		for i, line := range lines {
			lines[i] = line.Edit().Set("id", fmt.Sprintf("cnli_tmp_%s_%d", strings.TrimPrefix(cn.Str("invoice"), "in_"), i+1))
		}
		cn = cn.Edit()
		setInvoiceLines(cn, lines)
		return cn, nil
	})
}

func previewCreditLines(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	cn, err := previewCreditNote(tx, r)
	if err != nil {
		return nil, err
	}
	return tx.ListObjects(r, creditLines(cn))
}

func listCreditLines(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	cn, err := findCreditNote(tx, r, "credit_note")
	if err != nil {
		return nil, err
	}
	return tx.ListObjects(r, creditLines(cn))
}

// creditLines are all lines of a credit note.
func creditLines(cn *stripeObject) []*stripeObject { return invoiceLines(cn) }

// creditError is what the arithmetic of credits says, as Stripe would.
func creditError(err error, param string) error {
	if errors.Is(err, billing.ErrCredit) {
		return invalid(param, "", "The credit is more than what is left of the invoice to credit.")
	}
	return err
}
