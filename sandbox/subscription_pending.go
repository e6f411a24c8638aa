package sandbox

import (
	"github.com/vezne/vezne/sandbox/internal/billing"
)

// hiddenUpdateInvoice is the invoice whose payment makes a subscription's pending update.
const hiddenUpdateInvoice = "_update_invoice"

// tryChange makes a change only when its invoice is paid; until then it is the subscription's pending update.
func (tx *accountTx) tryChange(sub *stripeObject, c subscriptionChange, p formParams) error {
	customer := tx.Get("customer", sub.Str("customer"))
	if err := tx.addInvoiceItems(customer, sub, p.List("add_invoice_items")); err != nil {
		return err
	}
	made, err := tx.pendProrations(customer, c.sub, c.prorations)
	if err != nil {
		return billingFault(err)
	}
	inv, billed, err := tx.draftInvoice(tx.draftOf(c.sub, customer, "subscription_update", c.full))
	if err != nil {
		return billingFault(err)
	}
	changed, err := tx.settle(c.sub, append(made, billed.Lines...))
	if err != nil {
		return billingFault(err)
	}
	changed = tx.dropDiscounts(changed, billed.DiscountAmounts)
	if inv, err = tx.finalizeNow(inv); err != nil {
		return err
	}
	if inv.Str("status") == invoiceOpen {
		if tx.invoiceMethod(inv) == nil {
			return invalid("", "resource_missing", "%s", noMethod)
		}
		if _, err := tx.payInvoice(inv, invoicePaying{offSession: p.Bool("off_session")}); err != nil && !kept(err) {
			return err
		}
	}
	if tx.Get("invoice", inv.ID()).Str("status") == invoicePaidStatus {
		_, err = tx.putSubscription(paidUp(changed).Set("latest_invoice", inv.ID()))
		return err
	}
	return tx.keepPending(sub, changed, inv)
}

// keepPending writes a change that waits for the payment of an invoice.
func (tx *accountTx) keepPending(sub, changed, inv *stripeObject) error {
	update := tx.NewHash("subscriptions_resource_pending_update")
	if anchor := changed.Int("billing_cycle_anchor"); anchor != sub.Int("billing_cycle_anchor") {
		update.Set("billing_cycle_anchor", anchor)
	}
	if end := changed.Get("trial_end"); end != sub.Get("trial_end") {
		update.Set("trial_end", end)
	}
	if !equalValues(changed.Get("metadata"), sub.Get("metadata")) {
		update.Set("metadata", changed.Get("metadata"))
	}
	if !equalValues(changed.Get("discounts"), sub.Get("discounts")) {
		update.Set("discounts", changed.Get("discounts"))
	}
	update.Set("subscription_items", subscriptionItems(changed))
	ends := []billing.Instant{billing.Instant(earliestEnd(sub))}
	if sub.Str("status") == subTrialing {
		ends = append(ends, billing.Instant(sub.Int("trial_end")))
	}
	update.Set("expires_at", int64(billing.PendingUpdateExpires(billing.Instant(tx.Now()), ends...)))
	_, err := tx.putSubscription(sub.Edit().Set("pending_update", update).Set(hiddenUpdateInvoice, inv.ID()).Set("latest_invoice", inv.ID()))
	return err
}

// applyPendingUpdate makes the change that waited: its invoice is paid.
func (tx *accountTx) applyPendingUpdate(sub *stripeObject) error {
	update := sub.Hash("pending_update")
	former := sub
	sub = paidUp(sub.Edit()).Set("pending_update", nil).Set(hiddenUpdateInvoice, nil)
	items := objectsOf(update.List("subscription_items"))
	if len(items) > 0 {
		setSubscriptionItems(sub, items)
	}
	if update.Has("billing_cycle_anchor") {
		sub.Set("billing_cycle_anchor", update.Int("billing_cycle_anchor"))
	}
	for _, key := range []string{"metadata", "discounts"} {
		if update.Has(key) {
			sub.Set(key, update.Get(key))
		}
	}
	events := []string{"customer.subscription.updated", "customer.subscription.pending_update_applied"}
	switch {
	case former.Str("status") == subPaused:
		sub.Set("status", subActive)
		events = append(events, "customer.subscription.resumed")
	case update.Has("trial_end"):
		end := update.Int("trial_end")
		if sub.Str("status") != subTrialing {
			sub.Set("trial_start", tx.Now())
		}
		sub.Set("trial_end", end).Set("status", map[bool]string{true: subTrialing, false: subActive}[end > tx.Now()])
	}
	_, err := tx.putSubscription(sub, events...)
	return err
}

// dropPendingUpdate forgets a change whose invoice is void. A resumption leaves the subscription paused.
func (tx *accountTx) dropPendingUpdate(sub *stripeObject) error {
	events := []string{"customer.subscription.updated"}
	if sub.Int("pending_update.expires_at") <= tx.Now() {
		events = append(events, "customer.subscription.pending_update_expired")
	}
	_, err := tx.putSubscription(sub.Edit().Set("pending_update", nil).Set(hiddenUpdateInvoice, nil), events...)
	return err
}

// expirePendingUpdate gives a change up whose time is over: its invoice is void.
func (tx *accountTx) expirePendingUpdate(sub *stripeObject) error {
	if !sub.Has("pending_update") || sub.Int("pending_update.expires_at") > tx.Now() {
		return nil
	}
	return tx.giveUpPendingUpdate(sub)
}

// giveUpPendingUpdate voids the invoice of a change that waits.
func (tx *accountTx) giveUpPendingUpdate(sub *stripeObject) error {
	inv := tx.Get("invoice", sub.Str(hiddenUpdateInvoice))
	if inv == nil || inv.Str("status") != invoiceOpen && inv.Str("status") != invoiceUncollectible {
		return tx.dropPendingUpdate(sub)
	}
	_, err := tx.voidInvoice(inv)
	return err
}

// withoutPendingUpdate is a subscription on the point of a change: one that touches what is billed takes the place of a change
// that waits.
func (tx *accountTx) withoutPendingUpdate(sub *stripeObject, p formParams) (*stripeObject, error) {
	if !sub.Has("pending_update") || !changesBilling(p) {
		return sub, nil
	}
	if err := tx.giveUpPendingUpdate(sub); err != nil {
		return nil, err
	}
	return tx.Get("subscription", sub.ID()), nil
}
