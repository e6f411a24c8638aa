package sandbox

func init() {
	behave("POST /v1/invoices/{invoice}/void", voidByHand)
	behave("POST /v1/invoices/{invoice}/mark_uncollectible", giveUpByHand)
	behave("POST /v1/invoices/{invoice}/send", sendByHand)
	behave("DELETE /v1/invoices/{invoice}", deleteInvoice)
	onDue("invoice.overdue", invoiceOverdue)
	onDue("invoice.overdue_told", func(tx *accountTx, id string) error {
		tx.tellUnpaid(id, "invoice.overdue")
		return nil
	})
	onDue("invoice.will_be_due", func(tx *accountTx, id string) error {
		tx.tellUnpaid(id, "invoice.will_be_due")
		return nil
	})
}

// notOpen is the refusal of a call on an invoice that is not open.
const notOpen = "You can only pass in open invoices. This invoice isn't open."

func voidByHand(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	inv, err := findInvoice(tx, r)
	if err != nil {
		return nil, err
	}
	switch inv.Str("status") {
	case invoiceOpen, invoiceUncollectible:
	case invoicePaidStatus:
		return nil, invalid("", "", "Invoices with `paid` payments cannot be voided.")
	default:
		return nil, invalid("", "", "%s", notOpen)
	}
	if inv.Int("amount_paid") > 0 {
		return nil, invalid("", "", "Invoices with `paid` payments cannot be voided.")
	}
	return tx.voidInvoice(inv)
}

// voidInvoice ends an invoice as if it had never been: its payment is canceled, and what it took of the customer's balance
// goes back.
func (tx *accountTx) voidInvoice(inv *stripeObject) (*stripeObject, error) {
	if err := tx.endPayments(inv, "void_invoice"); err != nil {
		return nil, err
	}
	inv = tx.Get("invoice", inv.ID()).Edit().Set("status", invoiceVoid).Set("status_transitions.voided_at", tx.Now()).
		Set("auto_advance", false).Set("next_payment_attempt", nil)
	tx.Put(inv, "invoice.voided")
	tx.giveGrantsBack(inv)
	if moved := inv.Int("starting_balance") - inv.Int("ending_balance"); moved != 0 && tx.Get("customer", inv.Str("customer")) != nil {
		tx.tellBalance(inv.Str("customer"), balanceMove{typ: "unapplied_from_invoice", currency: inv.Str("currency"), amount: moved, invoice: inv.ID()})
	}
	if err := tx.subscriptionInvoiceVoided(inv); err != nil {
		return nil, err
	}
	return tx.Get("invoice", inv.ID()), nil
}

func giveUpByHand(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	inv, err := findInvoice(tx, r)
	if err != nil {
		return nil, err
	}
	switch inv.Str("status") {
	case invoiceOpen:
		return tx.giveUpInvoice(inv)
	case invoiceUncollectible:
		return nil, invalid("", "", "This invoice has already been marked uncollectible.")
	}
	return nil, invalid("", "", "%s", notOpen)
}

// giveUpInvoice marks an invoice uncollectible: nobody tries to collect it any more, though it may still be paid.
func (tx *accountTx) giveUpInvoice(inv *stripeObject) (*stripeObject, error) {
	inv = inv.Edit().Set("status", invoiceUncollectible).Set("status_transitions.marked_uncollectible_at", tx.Now()).
		Set("auto_advance", false).Set("next_payment_attempt", nil).Set("automatically_finalizes_at", nil)
	tx.Put(inv, "invoice.marked_uncollectible")
	if err := tx.subscriptionInvoiceUncollectible(inv); err != nil {
		return nil, err
	}
	return tx.Get("invoice", inv.ID()), nil
}

// sendByHand sends an invoice to its customer; a draft is finalised first. The sandbox sends no mail, only the event.
func sendByHand(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	inv, err := findInvoice(tx, r)
	if err != nil {
		return nil, err
	}
	switch {
	case inv.Str("collection_method") != sendInvoice:
		return nil, invalid("", "", "You can only manually send an invoice if its collection method is 'send_invoice'.")
	case inv.Str("status") == invoiceDraftStatus:
		if inv, err = tx.finalizeInvoice(inv); err != nil {
			return nil, err
		}
	case inv.Str("status") != invoiceOpen:
		return nil, invalid("", "", "This invoice cannot be sent right now. Please contact us via https://support.stripe.com/contact with details, so we can help.")
	}
	inv = inv.Edit()
	tx.Put(inv, "invoice.sent")
	return inv, nil
}

// deleteInvoice deletes a draft of its own. Its invoice items do not become pending again.
func deleteInvoice(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	inv, err := findInvoice(tx, r)
	switch {
	case err != nil:
		return nil, err
	case inv.Str("status") != invoiceDraftStatus:
		return nil, invalid("", "", "You can only delete draft invoices.")
	case inv.Has("parent.subscription_details") && inv.Str("billing_reason") != "manual":
		return nil, invalid("", "", "You can't delete invoices created by subscriptions.")
	}
	tx.Delete(inv, "invoice.deleted")
	return tx.Remains("invoice", inv.ID()), nil
}

// planOverdue plans the day on which an invoice that was sent is due, and the days on which that is told before and after.
func (tx *accountTx) planOverdue(inv *stripeObject) {
	due := inv.Int("due_date")
	if due == 0 || inv.Str("collection_method") != sendInvoice {
		return
	}
	if days := tx.invoiceSettings().WillBeDueDays; days > 0 && due-days*day > tx.Now() {
		tx.Due(due-days*day, "invoice.will_be_due", inv.ID())
	}
	tx.Due(max(due, tx.Now()), "invoice.overdue", inv.ID())
}

// tellUnpaid tells of an invoice that is not paid yet.
func (tx *accountTx) tellUnpaid(id, event string) {
	if inv := tx.Get("invoice", id); inv != nil && inv.Str("status") == invoiceOpen {
		tx.Put(inv.Edit(), event)
	}
}

// invoiceOverdue is the day on which an invoice that was sent is due and not paid. That it is overdue is told then, or some
// days later.
func invoiceOverdue(tx *accountTx, id string) error {
	inv := tx.Get("invoice", id)
	if inv == nil || inv.Str("status") != invoiceOpen || inv.Int("due_date") > tx.Now() {
		return nil
	}
	if days := tx.invoiceSettings().OverdueDays; days > 0 {
		tx.Due(tx.Now()+days*day, "invoice.overdue_told", id)
	} else {
		tx.Put(inv.Edit(), "invoice.overdue")
	}
	return tx.subscriptionInvoiceFailed(inv, nil)
}
