package sandbox

// subscriptionInvoicePaid is what a subscription does when an invoice of it is paid, with money or without: it becomes
// active, and a change that waited for the payment is made.
func (tx *accountTx) subscriptionInvoicePaid(inv *stripeObject) error { return nil }

// subscriptionInvoiceFailed is what a subscription does when an attempt to pay an invoice of it failed, or waits for the
// buyer. cause may be nil.
func (tx *accountTx) subscriptionInvoiceFailed(inv *stripeObject, cause *Error) error { return nil }

// subscriptionInvoiceVoided is what a subscription does when an invoice of it is void.
func (tx *accountTx) subscriptionInvoiceVoided(inv *stripeObject) error { return nil }

// subscriptionInvoiceUncollectible is what a subscription does when an invoice of it is given up.
func (tx *accountTx) subscriptionInvoiceUncollectible(inv *stripeObject) error { return nil }

// subscriptionDunningEnded is what follows the last retry of an invoice: the account's settings say it.
func (tx *accountTx) subscriptionDunningEnded(inv *stripeObject) error { return nil }

// subscriptionPreview makes the change or the creation that a preview's parameters ask for, and gives the draft of the
// invoice that would come next. It runs in a rehearsal: nothing of it stays.
func (tx *accountTx) subscriptionPreview(p formParams) (invoiceDraft, error) {
	return invoiceDraft{}, nil
}
