package sandbox

import (
	"errors"
	"net/http"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func init() {
	behave("DELETE /v1/subscriptions/{subscription_exposed_id}", cancelSubscription)
	behave("DELETE /v1/customers/{customer}/subscriptions/{subscription_exposed_id}", cancelSubscription)
}

// The reasons for which a subscription ends.
const (
	reasonRequested = "cancellation_requested"
	reasonUnpaid    = "payment_failed"
)

// setCancelAt writes when a subscription will end: at a time, at the end of a period in one of three forms, or never.
func (tx *accountTx) setCancelAt(sub *stripeObject, p formParams) error {
	timed, atEnd := p.Has("cancel_at") && !p.Null("cancel_at"), p.Bool("cancel_at_period_end")
	switch {
	case timed && atEnd:
		return invalid("", "parameters_exclusive", "You may only specify one of these parameters: cancel_at, cancel_at_period_end.")
	case timed || atEnd:
		at, err := tx.cancelTime(sub, p)
		if err != nil {
			return err
		}
		sub.Set("cancel_at", at).Set("cancel_at_period_end", atEnd).Set("canceled_at", tx.Now())
		tx.giveReason(sub, reasonRequested)
	case p.Null("cancel_at"), p.Has("cancel_at_period_end") && sub.Bool("cancel_at_period_end"):
		sub.Set("cancel_at", nil).Set("cancel_at_period_end", false).Set("canceled_at", nil)
		tx.giveReason(sub, "")
	}
	return nil
}

// cancelTime reads the moment that a call names.
func (tx *accountTx) cancelTime(sub *stripeObject, p formParams) (int64, error) {
	form := billing.CancelForm(p.Str("cancel_at"))
	switch {
	case p.Bool("cancel_at_period_end"):
		form = billing.MinPeriodEnd
	case p.Int("cancel_at") != 0:
		at := p.Int("cancel_at")
		if billing.CheckCancelAt(billing.Instant(at), billing.Instant(tx.Now())) != nil {
			return 0, invalid("cancel_at", "", "`cancel_at` must be a timestamp in the future.")
		}
		return at, nil
	}
	s, err := tx.billingSubscription(sub)
	if err != nil {
		return 0, billingFault(err)
	}
	at, err := s.CancelTime(form, billing.Instant(tx.Now()))
	if errors.Is(err, billing.ErrCancelAt) {
		return 0, invalid("cancel_at", "", "Invalid cancel_at: must be a Unix timestamp, or one of min_period_end, max_period_end, or max_billed_until.")
	}
	return int64(at), err
}

// cancelSubscription ends a subscription at once, on demand with a credit for the unused time and a last invoice.
func cancelSubscription(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	sub, err := findSubscription(tx, r, "subscription_exposed_id")
	if err != nil {
		return nil, err
	}
	if subscriptionOver(sub) {
		return nil, missing("subscription", sub.ID(), "id", http.StatusNotFound)
	}
	return tx.cancelNow(sub, r.Params())
}

// cancelNow ends a subscription at once.
func (tx *accountTx) cancelNow(sub *stripeObject, p formParams) (*stripeObject, error) {
	former := sub
	tx.hold(sub)
	sub = sub.Edit().Set("canceled_at", tx.Now()).Set("cancel_at", nil).Set("cancel_at_period_end", false) // what was planned is over (recorded)
	tx.setCancellationDetails(sub, p)
	sub, err := tx.putSubscription(sub)
	if err != nil {
		return nil, err
	}
	if p.Bool("prorate") {
		if err := tx.creditRest(former); err != nil {
			return nil, err
		}
	} else if !p.Bool("invoice_now") {
		tx.dropProrations(sub)
	}
	if p.Bool("invoice_now") {
		if err := tx.lastInvoice(sub); err != nil {
			return nil, err
		}
	}
	if err := tx.endSubscription(sub.ID(), canceled, reasonRequested); err != nil {
		return nil, err
	}
	return tx.letGo(former, "customer.subscription.deleted"), nil
}

// creditRest makes a pending credit of the time that a subscription has been billed for and will not use: until the end that
// was planned for it, if there was one, for what lies after that was given back then.
func (tx *accountTx) creditRest(sub *stripeObject) error {
	if sub.Str("status") == subPaused {
		return nil // nothing was billed since the trial ended
	}
	before, err := tx.billingSubscription(sub)
	if err != nil {
		return billingFault(err)
	}
	after := before
	after.CancelAt = billing.Instant(tx.Now())
	change, err := billing.Change{Before: before, After: after, At: billing.Instant(tx.Now())}.Lines()
	if err != nil {
		return billingFault(err)
	}
	return tx.pend(sub, change.Credits)
}

// dropProrations removes the pending prorations of a subscription. Source: API reference, cancel a subscription.
func (tx *accountTx) dropProrations(sub *stripeObject) {
	for _, item := range ofField(tx, "invoiceitem", "customer", sub.Str("customer")) {
		if item.Bool("proration") && !item.Has("invoice") && item.Str("parent.subscription_details.subscription") == sub.ID() {
			tx.Delete(item, "invoiceitem.deleted")
		}
	}
}

// givesUpLastCredit says what becomes of a last invoice that owes the customer something: it is given up without a number, as
// the only recording shows it, or its credit goes to the customer's balance as that of any other invoice. Stripe's pages say
// neither.
const givesUpLastCredit = true

// lastInvoice bills at once what a subscription that ends has still to bill: pending items and usage.
func (tx *accountTx) lastInvoice(sub *stripeObject) error {
	s, err := tx.billingSubscription(sub)
	if err != nil {
		return billingFault(err)
	}
	usage, err := tx.usageOf(sub, tx.Now())
	if err != nil {
		return err
	}
	lines, err := s.Close(billing.Instant(tx.Now()), usage)
	if err != nil {
		return billingFault(err)
	}
	customer := tx.Get("customer", sub.Str("customer"))
	draft := tx.draftOf(sub, customer, "subscription_cycle", lines)
	if len(lines) == 0 && len(tx.itemsFor(draft, tx.newInvoice(draft))) == 0 {
		return nil
	}
	inv, err := tx.billSubscription(sub, draft)
	if err != nil || sub.Str("collection_method") == sendInvoice {
		return err
	}
	if givesUpLastCredit && inv.Int("total") < 0 {
		_, err = tx.giveUpInvoice(inv)
		return err
	}
	if inv, err = tx.finalizeNow(inv); err != nil || inv.Str("status") != invoiceOpen || tx.invoiceMethod(inv) == nil {
		return err
	}
	if _, err = tx.payInvoice(inv, invoicePaying{offSession: true}); kept(err) {
		return nil
	}
	return err
}

// endSubscription ends a subscription for good: nothing of it is collected by itself any more, and its schedule ends too.
func (tx *accountTx) endSubscription(id, status, reason string) error {
	sub := tx.Get("subscription", id)
	if sub.Has("pending_update") {
		if err := tx.giveUpPendingUpdate(sub); err != nil {
			return err
		}
	}
	if status == canceled {
		tx.stopCollecting(sub)
	}
	sub = tx.Get("subscription", id).Edit().Set("status", status).Set("ended_at", tx.Now())
	if !sub.Has("canceled_at") && status == canceled {
		sub.Set("canceled_at", tx.Now())
	}
	if sub.Str("cancellation_details.reason") == "" && reason != "" {
		tx.giveReason(sub, reason)
	}
	if si := tx.Get("setup_intent", sub.Str("pending_setup_intent")); si != nil && si.Str("status") != canceled && si.Str("status") != succeeded {
		cancelSetup(tx, si, "abandoned")
		sub.Set("pending_setup_intent", nil)
	}
	event := "customer.subscription.deleted"
	if status == subIncompleteExpired {
		event = "customer.subscription.updated"
	}
	sub, err := tx.putSubscription(sub, event)
	if err != nil {
		return err
	}
	return tx.scheduleEnds(sub)
}

// stopCollecting leaves the invoices of a subscription that ends to the merchant: none is collected by itself any more.
// Source: API reference, cancel a subscription.
func (tx *accountTx) stopCollecting(sub *stripeObject) {
	for _, inv := range ofField(tx, "invoice", "customer", sub.Str("customer")) {
		open := inv.Str("status") == invoiceDraftStatus || inv.Str("status") == invoiceOpen
		if open && inv.Bool("auto_advance") && inv.Str("parent.subscription_details.subscription") == sub.ID() {
			tx.Put(inv.Edit().Set("auto_advance", false).Set("automatically_finalizes_at", nil).Set("next_payment_attempt", nil), "invoice.updated")
		}
	}
}

// endSubscriptionsOf ends all subscriptions of a customer at once.
func endSubscriptionsOf(tx *accountTx, customer *stripeObject) error {
	for _, sub := range ofField(tx, "subscription", "customer", customer.ID()) {
		if subscriptionOver(sub) {
			continue
		}
		if err := tx.endSubscription(sub.ID(), canceled, reasonRequested); err != nil {
			return err
		}
	}
	return nil
}
