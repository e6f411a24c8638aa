package sandbox

import "slices"

func init() {
	behave("POST /v1/invoices/{invoice}/attach_payment", attachPayment)
	behave("GET /v1/invoice_payments", listInvoicePayments)
}

// paymentOf is the payment that links an invoice and a PaymentIntent.
func (tx *accountTx) paymentOf(inv, pi *stripeObject) *stripeObject {
	var found *stripeObject
	tx.EachOf("invoice_payment", "invoice", inv.ID(), func(payment *stripeObject) bool {
		if payment.Str("payment.payment_intent") == pi.ID() {
			found = payment
		}
		return found == nil
	})
	return found
}

// requestRest keeps an invoice's default payment at what is still to be paid.
func (tx *accountTx) requestRest(inv *stripeObject) error {
	payment := defaultPayment(tx, inv.ID())
	if payment == nil || payment.Str("status") != "open" {
		return tx.requestPayment(inv)
	}
	pi := tx.Get("payment_intent", payment.Str("payment.payment_intent"))
	return tx.inRealTime(func() error {
		tx.Put(payment.Edit().Set("amount_requested", inv.Int("amount_remaining")))
		tx.Put(pi.Edit().Set("amount", inv.Int("amount_remaining")))
		return nil
	})
}

// attachPayment lets a PaymentIntent pay an invoice, at once when it has succeeded.
func attachPayment(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	inv, err := findInvoice(tx, r)
	if err != nil {
		return nil, err
	}
	id := p.Str("payment_intent")
	if id == "" {
		return nil, invalid("payment_intent", "parameter_missing", "Missing required param: payment_intent.")
	}
	pi := tx.Get("payment_intent", id)
	switch {
	case pi == nil:
		return nil, missing("payment_intent", id, "payment_intent", 400)
	case inv.Str("status") != invoiceOpen:
		return nil, invalid("", "", "%s", notOpen)
	case pi.Str("currency") != inv.Str("currency"):
		return nil, invalid("payment_intent", "", "The PaymentIntent %s is in %s, but the invoice is in %s.", id, pi.Str("currency"), inv.Str("currency"))
	case pi.Str("customer") != "" && pi.Str("customer") != inv.Str("customer"):
		return nil, invalid("payment_intent", "", "The PaymentIntent %s does not belong to the invoice's customer.", id)
	case pi.Str("status") == canceled || pi.Str(hiddenInvoice) != "" || tx.paymentOf(inv, pi) != nil:
		return nil, invalid("payment_intent", "", "The PaymentIntent %s cannot be attached to this invoice.", id)
	}
	pi = pi.Edit().Set(hiddenInvoice, inv.ID())
	tx.Put(pi)
	tx.Put(tx.New("invoice_payment").Set("amount_requested", pi.Int("amount")).Set("currency", inv.Str("currency")).
		Set("invoice", inv.ID()).Set("is_default", false).Set("livemode", false).Set("status", "open").
		Set("payment", tx.NewHash("invoices_payments_invoice_payment_associated_payment").Set("type", "payment_intent").Set("payment_intent", id)))
	if pi.Str("status") == succeeded {
		if err := tx.invoicePaid(inv, pi, inv.Int("attempt_count") == 0); err != nil {
			return nil, err
		}
	}
	return tx.Get("invoice", inv.ID()), nil
}

// listInvoicePayments lists payments by invoice, by status, and by what pays.
func listInvoicePayments(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	match := func(payment *stripeObject) bool {
		return (!p.Has("status") || payment.Str("status") == p.Str("status")) &&
			(!p.Has("payment.payment_intent") || payment.Str("payment.payment_intent") == p.Str("payment.payment_intent")) &&
			!p.Has("payment.payment_record")
	}
	if id := p.Str("invoice"); id != "" {
		return tx.ListOf(r, "invoice_payment", "invoice", id, match)
	}
	return tx.List(r, "invoice_payment", match)
}

// ofInvoice refuses to change or cancel the PaymentIntent that an invoice made.
func ofInvoice(tx *accountTx, pi *stripeObject, verb string) *Error {
	payment := defaultPayment(tx, pi.Str(hiddenInvoice))
	if payment == nil || payment.Str("payment.payment_intent") != pi.ID() || !slices.Contains([]string{"open", "paid"}, payment.Str("status")) {
		return nil
	}
	return unexpectedState(pi, "You cannot %s this PaymentIntent because it was created by the invoice %s. Void or change the invoice instead.", verb, pi.Str(hiddenInvoice))
}
