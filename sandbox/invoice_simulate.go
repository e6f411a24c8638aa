package sandbox

func init() { simulation("invoice", simulateInvoice) }

// simulateInvoice is a buyer on the hosted page of an invoice: {invoice, payment_method}. One who must authenticate leaves the
// invoice open; go on with simulate 3ds.
func simulateInvoice(tx *accountTx, p formParams) (*stripeObject, error) {
	inv := tx.Get("invoice", p.Str("invoice"))
	if inv == nil {
		return nil, missing("invoice", p.Str("invoice"), "invoice", 404)
	}
	intent := tx.payableIntent(inv)
	if intent == nil {
		return nil, invalid("invoice", "", "The page of this invoice takes no payment: the invoice is `%s`.", inv.Str("status"))
	}
	if status := intent.Str("status"); status != requiresPaymentMethod && status != requiresConfirmation && status != requiresAction {
		return nil, unexpectedState(intent, "This invoice cannot be paid now: its PaymentIntent has a status of %s.", status)
	}
	id := orElse(p.Str("payment_method"), "pm_card_visa")
	method, err := findMethod(tx, id, "payment_method", 404)
	if err != nil {
		return nil, err
	}
	if err := checkMethod(intent, method); err != nil {
		return nil, err
	}
	if _, err := confirmPayment(tx, intent.Edit(), confirmation{byBuyer: true, sdk: true, method: method, fresh: method.ID() != id}); err != nil {
		return nil, err
	}
	return tx.Get("invoice", inv.ID()), nil
}

// payableIntent is the PaymentIntent by which the hosted page of an invoice is paid, nil where there is nothing to pay.
func (tx *accountTx) payableIntent(inv *stripeObject) *stripeObject {
	if status := inv.Str("status"); inv.Int("amount_remaining") <= 0 || status != invoiceOpen && status != invoiceUncollectible {
		return nil
	}
	return tx.intentOf(inv)
}

// invoicePageState is what the hosted page calls an invoice: its status, or what an open one waits for.
func (tx *accountTx) invoicePageState(inv, intent *stripeObject) string {
	switch status := inv.Str("status"); {
	case status != invoiceOpen:
		return status
	case intent.str("status") == requiresAction:
		return "action_required"
	case inv.Has("due_date") && inv.Int("due_date") < tx.Now():
		return "overdue"
	default:
		return status
	}
}
