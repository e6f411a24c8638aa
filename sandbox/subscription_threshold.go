package sandbox

import (
	"slices"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// thresholdJob looks at the thresholds of a customer's subscriptions after usage was reported. Source of the rules:
// docs.stripe.com/billing/subscriptions/usage-based/thresholds.
const thresholdJob = "subscription.threshold"

func init() { onDue(thresholdJob, weighThresholds) }

const (
	// leastThreshold is the smallest amount_gte, in minor units.
	leastThreshold = 50
	// thresholdRest is how long before a period's end no threshold is looked at any more.
	thresholdRest = day
)

// setThresholds writes the thresholds that a call gives a subscription.
func (tx *accountTx) setThresholds(sub, _ *stripeObject, p formParams) error {
	h, ok := p.Hash("billing_thresholds")
	if !ok {
		if p.Null("billing_thresholds") {
			sub.Set("billing_thresholds", nil)
		}
		return nil
	}
	thresholds, err := tx.newThresholds(h, "billing_thresholds")
	if err != nil {
		return err
	}
	sub.Set("billing_thresholds", thresholds)
	return nil
}

// newThresholds makes the thresholds of a subscription, or of a phase of its schedule.
func (tx *accountTx) newThresholds(h formParams, at string) (*stripeObject, error) {
	if h.Has("amount_gte") && h.Int("amount_gte") < leastThreshold {
		return nil, invalid(at+"[amount_gte]", "", "Invalid %s[amount_gte]: must be at least %d.", at, leastThreshold)
	}
	return tx.NewHash("subscription_billing_thresholds").Set("amount_gte", paramValue(h, "amount_gte")).Set("reset_billing_cycle_anchor", h.Bool("reset_billing_cycle_anchor")), nil
}

// setItemThresholds writes the threshold that a call gives an item.
func (tx *accountTx) setItemThresholds(item *stripeObject, given formParams, at string) error {
	h, ok := given.Hash("billing_thresholds")
	if !ok {
		if given.Null("billing_thresholds") {
			item.Set("billing_thresholds", nil)
		}
		return nil
	}
	thresholds, err := tx.newItemThresholds(h, item.Hash("price"), at)
	if err != nil {
		return err
	}
	item.Set("billing_thresholds", thresholds)
	return nil
}

// newItemThresholds makes the threshold of an item, or of an item of a phase, with a price.
func (tx *accountTx) newItemThresholds(h formParams, price *stripeObject, at string) (*stripeObject, error) {
	switch {
	case h.Int("usage_gte") <= 0:
		return nil, invalid(at+"[billing_thresholds][usage_gte]", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case price.Str("recurring.usage_type") != "metered":
		return nil, invalid(at+"[billing_thresholds]", "", "A usage threshold needs a price whose `recurring[usage_type]` is `metered`.")
	}
	return tx.NewHash("subscription_item_billing_thresholds").Set("usage_gte", h.Int("usage_gte")), nil
}

// checkThreshold refuses an amount that the licensed items reach by themselves.
func checkThreshold(sub *stripeObject, s billing.Subscription) error {
	gte := sub.Int("billing_thresholds.amount_gte")
	if gte == 0 {
		return nil
	}
	licensed, err := licensedSum(s)
	if err != nil {
		return err
	}
	if gte <= int64(licensed) {
		return invalid("billing_thresholds[amount_gte]", "", "`amount_gte` must be greater than the sum of the licensed prices, %d.", licensed)
	}
	return nil
}

// licensedSum is what a period of a subscription costs before discounts and taxes, without usage.
func licensedSum(s billing.Subscription) (sum billing.Amount, err error) {
	for _, i := range s.Items {
		if i.Price.Metered {
			continue
		}
		amount, err := i.Price.Amount(i.Quantity)
		if err != nil {
			return 0, billingFault(err)
		}
		sum += amount
	}
	return sum, nil
}

// checkPlanned refuses thresholds and promotion codes that do not go with what a subscription costs.
func (tx *accountTx) checkPlanned(sub *stripeObject, p formParams) error {
	s, err := tx.billingSubscription(sub)
	if err != nil {
		return billingFault(err)
	}
	if err := checkThreshold(sub, s); err != nil {
		return err
	}
	sum, err := licensedSum(s)
	if err != nil {
		return err
	}
	return tx.checkMinimums(p, purchase{sub.Str("customer"), sub.Str("currency"), int64(sum)})
}

func hasThreshold(sub *stripeObject) bool {
	return sub.Has("billing_thresholds.amount_gte") ||
		slices.ContainsFunc(subscriptionItems(sub), func(item *stripeObject) bool { return item.Has("billing_thresholds") })
}

// watchThresholds plans a look at the thresholds of a customer whose usage was reported.
func (tx *accountTx) watchThresholds(customer string) error {
	if !slices.ContainsFunc(ofField(tx, "subscription", "customer", customer), func(sub *stripeObject) bool { return !subscriptionOver(sub) && hasThreshold(sub) }) {
		return nil
	}
	return tx.inRealTime(func() error {
		tx.Due(tx.Now(), thresholdJob, customer)
		return nil
	})
}

// weighThresholds bills the subscriptions of a customer that reached a threshold, the oldest first.
func weighThresholds(tx *accountTx, id string) error {
	tx.onClock(tx.Get("customer", id).clockOfCustomer())
	for _, sub := range slices.Backward(ofField(tx, "subscription", "customer", id)) {
		if err := tx.weighThreshold(sub); err != nil {
			return err
		}
	}
	return nil
}

// weighThreshold bills the usage of a subscription that reached a threshold. In a trial, and in the last day of a period,
// nothing is looked at.
func (tx *accountTx) weighThreshold(sub *stripeObject) error {
	status := sub.Str("status")
	if status != subActive && status != subPastDue || !hasThreshold(sub) {
		return nil
	}
	s, err := tx.billingSubscription(sub)
	if err != nil {
		return err
	}
	now := billing.Instant(tx.Now())
	period := billing.Period{Start: now, End: now}
	for _, i := range s.Items {
		p := s.PeriodAt(i, now)
		if int64(p.End-now) <= thresholdRest {
			return nil
		}
		period.Start = min(period.Start, p.Start)
	}
	usage, err := tx.usageOf(sub, tx.Now()+1)
	if err != nil {
		return err
	}
	lines, err := s.Threshold(now, usage)
	if err != nil {
		return err
	}
	draft := tx.draftOf(sub, tx.Get("customer", sub.Str("customer")), "subscription_threshold", lines)
	draft.period = period
	if draft.threshold, err = tx.reachedThreshold(sub, s, usage, draft); err != nil || draft.threshold == nil {
		return err
	}
	return tx.billThreshold(sub, s, usage, draft)
}

// thresholdReached is why an invoice is made before its period's end.
type thresholdReached struct {
	// amount is the amount that was reached, 0 when it was not.
	amount int64
	// usage is the usage that was reached, by item.
	usage map[string]int64
}

// reachedThreshold says which thresholds are reached, nil when none is. The amount counts discounts and pending items, and no
// tax.
func (tx *accountTx) reachedThreshold(sub *stripeObject, s billing.Subscription, usage map[string]billing.Decimal, draft invoiceDraft) (*thresholdReached, error) {
	reached := thresholdReached{usage: map[string]int64{}}
	for n, item := range subscriptionItems(sub) {
		if !item.Has("billing_thresholds") {
			continue
		}
		counted, _ := s.Items[n].CountedFrom(s.PeriodAt(s.Items[n], billing.Instant(tx.Now())).Start)
		rest, err := usage[item.ID()].Minus(counted.Usage)
		if err != nil {
			return nil, err
		}
		if gte := item.Int("billing_thresholds.usage_gte"); rest.Cmp(billing.Whole(gte)) >= 0 {
			reached.usage[item.ID()] = gte
		}
	}
	if gte := sub.Int("billing_thresholds.amount_gte"); gte != 0 {
		inv, err := tx.rehearse(func() (*stripeObject, error) {
			inv, _, err := tx.makeInvoice(draft)
			return inv, err
		})
		if err != nil {
			return nil, err
		}
		if inv.Int("total_excluding_tax") >= gte {
			reached.amount = gte
		}
	}
	if reached.amount == 0 && len(reached.usage) == 0 {
		return nil, nil
	}
	return &reached, nil
}

// billThreshold makes the invoice of a threshold. On demand the billing cycle begins anew.
func (tx *accountTx) billThreshold(sub *stripeObject, s billing.Subscription, usage map[string]billing.Decimal, draft invoiceDraft) error {
	former, now := sub, billing.Instant(tx.Now())
	tx.hold(sub)
	if sub.Bool("billing_thresholds.reset_billing_cycle_anchor") {
		after := s
		after.Anchor = now
		change, err := billing.Change{Before: s, After: after, At: now}.Lines()
		if err != nil {
			return err
		}
		if err := tx.pend(sub, append(change.Credits, change.Debits...)); err != nil {
			return err
		}
		draft.lines = append(change.Full, draft.lines...)
		sub = tx.Get("subscription", sub.ID()).Edit().Set("billing_cycle_anchor", tx.Now()).Set("billing_cycle_anchor_config", nil)
		if s, usage, err = tx.usageOfNow(sub); err != nil {
			return err
		}
	}
	sub, err := tx.putSubscription(counting(sub, s.Count(now, usage)))
	if err != nil {
		return err
	}
	draft.subscription = sub
	if _, err := tx.billSubscription(sub, draft); err != nil {
		return err
	}
	tx.letGo(former, "customer.subscription.updated")
	return nil
}

// usageOfNow is a subscription whose periods begin now, and the usage of this very second, which is billed already.
func (tx *accountTx) usageOfNow(sub *stripeObject) (billing.Subscription, map[string]billing.Decimal, error) {
	s, err := tx.billingSubscription(sub)
	if err != nil {
		return s, nil, err
	}
	usage, err := tx.usageOf(sub, tx.Now()+1)
	return s, usage, err
}

// counting is a subscription whose items remember what of their usage was billed.
func counting(sub *stripeObject, s billing.Subscription) *stripeObject {
	items := subscriptionItems(sub)
	for n := range items {
		items[n] = items[n].Edit()
		writeCounted(items[n], s.Items[n].Counted)
	}
	return setSubscriptionItems(sub, items)
}

// setThresholdReason writes on an invoice which threshold made it.
func (tx *accountTx) setThresholdReason(inv *stripeObject, reached *thresholdReached) {
	reason := tx.NewHash("invoice_threshold_reason")
	if reached.amount != 0 {
		reason.Set("amount_gte", reached.amount)
	}
	reasons := []*stripeObject{}
	byItem := map[string][]string{}
	var order []string
	for _, line := range invoiceLines(inv) {
		item := line.Str("parent.subscription_item_details.subscription_item")
		if _, ok := reached.usage[item]; !ok {
			continue
		}
		if byItem[item] == nil {
			order = append(order, item)
		}
		byItem[item] = append(byItem[item], line.ID())
	}
	for _, item := range order {
		reasons = append(reasons, tx.NewHash("invoice_item_threshold_reason").Set("line_item_ids", byItem[item]).Set("usage_gte", reached.usage[item]))
	}
	inv.Set("threshold_reason", reason.Set("item_reasons", reasons))
}
