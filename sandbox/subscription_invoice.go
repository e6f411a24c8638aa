package sandbox

// subscriptionOf is the subscription that an invoice bills, nil when it bills none or one that is over.
func (tx *accountTx) subscriptionOf(inv *stripeObject) *stripeObject {
	sub := tx.Get("subscription", inv.Str("parent.subscription_details.subscription"))
	if sub == nil || subscriptionOver(sub) {
		return nil
	}
	return sub
}

// subscriptionInvoicePaid is what a subscription does when an invoice of it is paid, with money or without: the first one
// makes it active; the newest one takes it out of past_due and unpaid; a change that waited for the payment is made.
func (tx *accountTx) subscriptionInvoicePaid(inv *stripeObject) error {
	sub := tx.subscriptionOf(inv)
	if sub == nil {
		return nil
	}
	if sub.Str(hiddenUpdateInvoice) == inv.ID() {
		return tx.applyPendingUpdate(sub)
	}
	former := sub
	sub = sub.Edit()
	if tx.rules(inv, sub) {
		paidUp(sub)
	}
	tx.keepPayingMethod(sub, inv)
	if equalObjects(former, sub) {
		return nil
	}
	_, err := tx.putSubscription(sub, "customer.subscription.updated")
	return err
}

// paidUp makes a subscription active whose newest invoice is paid.
func paidUp(sub *stripeObject) *stripeObject {
	if status := sub.Str("status"); status == subIncomplete || status == subPastDue || status == subUnpaid {
		sub.Set("status", subActive)
	}
	return sub
}

// keepPayingMethod makes the method that paid the subscription's default, where its payment settings say so.
func (tx *accountTx) keepPayingMethod(sub, inv *stripeObject) {
	if sub.Str("payment_settings.save_default_payment_method") != "on_subscription" {
		return
	}
	if pi := tx.intentOf(inv); pi != nil && pi.Str("status") == succeeded && pi.Has("payment_method") {
		sub.Set("default_payment_method", pi.Str("payment_method"))
	}
}

// subscriptionInvoiceFailed is what a subscription does when an attempt to pay an invoice of it failed, waits for the buyer,
// or an invoice that was sent is overdue: it is past_due. Its first invoice leaves it incomplete, and a change that waits
// for the payment leaves it as it is. cause may be nil.
func (tx *accountTx) subscriptionInvoiceFailed(inv *stripeObject, _ *Error) error {
	sub := tx.subscriptionOf(inv)
	if sub == nil || !tx.rules(inv, sub) || sub.Str("status") != subActive {
		return nil
	}
	_, err := tx.putSubscription(sub.Edit().Set("status", subPastDue), "customer.subscription.updated")
	return err
}

// rules says whether a subscription's status follows an invoice: its newest one that is not void. Source:
// docs.stripe.com/billing/subscriptions/overview.
func (tx *accountTx) rules(inv, sub *stripeObject) bool {
	if inv.ID() == sub.Str("latest_invoice") {
		return true
	}
	newer, _ := tx.invoicesAround(inv, sub)
	return len(newer) == 0
}

// invoicesAround are the invoices of a subscription that are not void, those newer than one of them and those older, each
// newest first.
func (tx *accountTx) invoicesAround(inv, sub *stripeObject) (newer, older []*stripeObject) {
	passed := false
	tx.EachOf("invoice", "customer", sub.Str("customer"), func(o *stripeObject) bool {
		switch {
		case o.ID() == inv.ID():
			passed = true
		case o.Str("parent.subscription_details.subscription") != sub.ID() || o.Str("status") == invoiceVoid:
		case passed:
			older = append(older, o)
		default:
			newer = append(newer, o)
		}
		return true
	})
	return newer, older
}

// subscriptionInvoiceVoided is what a subscription does when an invoice of it is void: a change that waited for its payment
// is dropped; without its first invoice it never begins; else its status is what the invoices before say. Source:
// docs.stripe.com/billing/invoices/subscription.
func (tx *accountTx) subscriptionInvoiceVoided(inv *stripeObject) error {
	sub := tx.subscriptionOf(inv)
	switch {
	case sub == nil:
		return nil
	case sub.Str(hiddenUpdateInvoice) == inv.ID():
		return tx.dropPendingUpdate(sub)
	case sub.Str("status") == subIncomplete:
		return tx.endSubscription(sub.ID(), subIncompleteExpired, "")
	}
	newer, older := tx.invoicesAround(inv, sub)
	if len(newer) > 0 {
		return nil
	}
	for _, before := range older {
		switch {
		case before.Str("status") == invoicePaidStatus || before.Str("status") == invoiceUncollectible:
			return tx.noLongerLate(sub)
		case before.Str("status") != invoiceOpen:
		case before.Str("collection_method") == sendInvoice && before.Int("due_date") <= tx.Now():
			return nil
		case before.Str("collection_method") == chargeAutomatically && tx.retriesUsedUp(before):
			return tx.subscriptionDunningEnded(before)
		}
	}
	return tx.noLongerLate(sub)
}

// retriesUsedUp says whether an open invoice was tried as often as the account's settings say.
func (tx *accountTx) retriesUsedUp(inv *stripeObject) bool {
	return !inv.Has("next_payment_attempt") && inv.Int("attempt_count") > int64(len(tx.invoiceRetries().After))
}

// subscriptionInvoiceUncollectible is what a subscription does when an invoice of it is given up. A resumption that waited
// for it goes on.
func (tx *accountTx) subscriptionInvoiceUncollectible(inv *stripeObject) error {
	sub := tx.subscriptionOf(inv)
	switch {
	case sub == nil:
		return nil
	case sub.Str(hiddenUpdateInvoice) == inv.ID() && sub.Str("status") == subPaused:
		return tx.applyPendingUpdate(sub)
	}
	if !tx.rules(inv, sub) {
		return nil
	}
	return tx.noLongerLate(sub)
}

// noLongerLate makes a subscription active that was late because of an invoice that is void or given up.
func (tx *accountTx) noLongerLate(sub *stripeObject) error {
	if status := sub.Str("status"); status != subPastDue && status != subUnpaid {
		return nil
	}
	_, err := tx.putSubscription(sub.Edit().Set("status", subActive), "customer.subscription.updated")
	return err
}

// subscriptionDunningEnded is what follows the last retry of an invoice: the account's settings say it.
func (tx *accountTx) subscriptionDunningEnded(inv *stripeObject) error {
	sub := tx.subscriptionOf(inv)
	if sub == nil || sub.Str("status") != subPastDue {
		return nil
	}
	switch string(tx.invoiceRetries().End) {
	case canceled:
		return tx.endSubscription(sub.ID(), canceled, reasonUnpaid)
	case subUnpaid:
		_, err := tx.putSubscription(sub.Edit().Set("status", subUnpaid), "customer.subscription.updated")
		return err
	}
	return nil
}
