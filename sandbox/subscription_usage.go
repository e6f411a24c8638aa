package sandbox

import (
	"fmt"
	"slices"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// usageOf is the usage of a subscription's metered items in the periods that end at an instant, or run then and end with
// the subscription, by item. A sum below zero bills nothing.
func (tx *accountTx) usageOf(sub *stripeObject, until int64) (map[string]billing.Decimal, error) {
	usage := map[string]billing.Decimal{}
	s, err := tx.billingSubscription(sub)
	if err != nil {
		return nil, err
	}
	end := billing.Instant(until)
	for _, i := range s.Items {
		if !i.Price.Metered {
			continue
		}
		usage[i.ID] = billing.Decimal{}
		item := itemOf(sub, i.ID)
		meter := tx.Get(meterType, item.Str("price.recurring.meter"))
		if meter == nil {
			continue
		}
		period := s.PeriodAt(i, end-1)
		period.Start = max(period.Start, meteredSince(sub, item), i.Used)
		period.End = min(period.End, end)
		used, err := tx.usedIn(meter, sub.Str("customer"), period)
		if err != nil {
			return nil, err
		}
		if used.Sign() > 0 {
			usage[i.ID] = used
		}
	}
	return usage, nil
}

// itemOf is a subscription's item by its id.
func itemOf(sub *stripeObject, id string) *stripeObject {
	for _, item := range subscriptionItems(sub) {
		if item.ID() == id {
			return item
		}
	}
	return nil
}

// addLateUsage makes the usage lines of a draft anew before it is finalised: an event that came while the invoice was a
// draft, with a time in its period, is billed by it; one that comes later is billed by none. Source:
// docs.stripe.com/billing/subscriptions/usage-based/recording-usage.
func (tx *accountTx) addLateUsage(inv *stripeObject) error {
	sub := tx.Get("subscription", inv.Str("parent.subscription_details.subscription"))
	if sub == nil || inv.Str("billing_reason") == "subscription_threshold" { // what comes late is billed with the period
		return nil
	}
	s, err := tx.billingSubscription(sub)
	if err != nil {
		return err
	}
	made := map[string]bool{}
	var lines []*stripeObject
	for _, line := range invoiceLines(inv) {
		item := line.Str("parent.subscription_item_details.subscription_item")
		price := tx.Get("price", line.Str("pricing.price_details.price"))
		metered := itemOf(sub, item) != nil && price != nil && price.Str("recurring.usage_type") == "metered"
		if !metered || line.Int("period.end") > inv.Int("created") { // the period to come is shown, not billed
			lines = append(lines, line)
			continue
		}
		key := fmt.Sprint(item, line.Int("period.start"))
		if made[key] {
			continue
		}
		made[key] = true
		anew, err := tx.usageLines(inv, sub, s, item, linePeriodOf(line))
		if err != nil {
			return err
		}
		lines = append(lines, anew...)
	}
	if len(made) > 0 {
		keepLineIDs(invoiceLines(inv), lines)
		setInvoiceLines(inv, lines)
	}
	return nil
}

// meteredSince is from when on an item's usage is billed: from when it was added, or, of one that a subscription began with,
// from the beginning, which may lie before the call that made it.
func meteredSince(sub, item *stripeObject) billing.Instant {
	if item.Int("created") == sub.Int("created") {
		return billing.Instant(sub.Int(hiddenBegan))
	}
	return billing.Instant(item.Int("created"))
}

// usageLines are the lines of an item's usage in a period. It is the period of the line that they replace: since then the
// subscription may have others.
func (tx *accountTx) usageLines(inv, sub *stripeObject, s billing.Subscription, item string, period billing.Period) ([]*stripeObject, error) {
	n := slices.IndexFunc(s.Items, func(i billing.Item) bool { return i.ID == item })
	period = s.Items[n].UsedIn(period)
	used := billing.Decimal{}
	metered := itemOf(sub, item)
	if meter := tx.Get(meterType, metered.Str("price.recurring.meter")); meter != nil {
		counted := billing.Period{Start: max(period.Start, meteredSince(sub, metered)), End: period.End}
		sum, err := tx.usedIn(meter, sub.Str("customer"), counted)
		if err != nil {
			return nil, err
		}
		if sum.Sign() > 0 {
			used = sum
		}
	}
	all, err := s.Used(s.Items[n], used, period)
	if err != nil {
		return nil, err
	}
	var lines []*stripeObject
	for _, l := range all {
		lines = append(lines, tx.newInvoiceLine(inv, l))
	}
	return lines, nil
}

// keepLineIDs gives lines that were made anew the ids that the lines in their places had.
func keepLineIDs(former, lines []*stripeObject) {
	if len(former) != len(lines) {
		return
	}
	for i, line := range lines {
		if line.ID() != former[i].ID() {
			line.Set("id", former[i].ID())
		}
	}
}
