package sandbox

import (
	"github.com/vezne/vezne/sandbox/internal/billing"
)

// tellTrialWillEnd sends trial_will_end when a trial has no more than three days to go.
func (tx *accountTx) tellTrialWillEnd(sub *stripeObject) {
	if sub.Str("status") != subTrialing || sub.Bool(hiddenTold) {
		return
	}
	trial := billing.Period{Start: billing.Instant(sub.Int("trial_start")), End: billing.Instant(sub.Int("trial_end"))}
	if now := billing.Instant(tx.Now()); billing.TrialWillEnd(trial, now) > now {
		return
	}
	tx.Put(sub.Edit().Set(hiddenTold, true), "customer.subscription.trial_will_end")
}

// trialEnds does what falls due of a trial: it tells three days before, and at the end the subscription begins to be
// billed, or ends or pauses where nothing can pay.
func (tx *accountTx) trialEnds(sub *stripeObject) error {
	if sub.Str("status") != subTrialing {
		return nil
	}
	if sub.Int("trial_end") > tx.Now() {
		tx.tellTrialWillEnd(sub)
		return nil
	}
	if sub.Str("collection_method") == chargeAutomatically && tx.methodOfSubscription(sub) == nil {
		switch sub.Str("trial_settings.end_behavior.missing_payment_method") {
		case "cancel":
			return tx.endSubscription(sub.ID(), canceled, reasonRequested)
		case "pause":
			_, err := tx.putSubscription(sub.Edit().Set("status", subPaused), "customer.subscription.updated", "customer.subscription.paused")
			return err
		}
	}
	s, err := tx.billingSubscription(sub)
	if err != nil {
		return err
	}
	now := billing.Instant(tx.Now())
	lines, err := s.Start(now)
	if err != nil {
		return err
	}
	former := sub
	tx.hold(sub)
	if sub, err = tx.putSubscription(sub.Edit().Set("status", subActive)); err != nil {
		return err
	}
	draft := tx.draftOf(sub, tx.Get("customer", sub.Str("customer")), "subscription_cycle", lines)
	draft.period = billing.Period{Start: billing.Instant(sub.Int("trial_start")), End: now}
	if _, err := tx.billSubscription(sub, draft); err != nil {
		return err
	}
	tx.letGo(former, "customer.subscription.updated")
	return nil
}

// methodOfSubscription is the method that pays a subscription's invoices by default: its own, or the customer's for
// invoices, or the customer's first card of old; nil when there is none. Source:
// docs.stripe.com/billing/subscriptions/payment-methods-setting.
func (tx *accountTx) methodOfSubscription(sub *stripeObject) *stripeObject {
	customer := tx.Get("customer", sub.Str("customer"))
	for _, id := range []string{
		sub.Str("default_payment_method"), sub.Str("default_source"), customer.str("invoice_settings.default_payment_method"), customer.str("default_source"),
	} {
		if method := tx.Get("payment_method", id); method != nil && method.Str("customer") == sub.Str("customer") {
			return method
		}
	}
	return nil
}

// planTrial is the trial that a subscription's plans have, in days, 0 for none. Of several plans the longest counts.
func (tx *accountTx) planTrial(sub *stripeObject) int64 {
	var days int64
	for _, item := range subscriptionItems(sub) {
		if price := tx.Get("price", item.Str("price.id")); price != nil {
			days = max(days, price.Int("recurring.trial_period_days"))
		}
	}
	return days
}
