package sandbox

import (
	"github.com/vezne/vezne/sandbox/internal/billing"
)

// subscriptionItems are the items of a subscription, whole.
func subscriptionItems(sub *stripeObject) []*stripeObject { return objectsOf(sub.List("items")) }

// recurrenceOf is how often a price bills.
func recurrenceOf(price *stripeObject) billing.Recurrence {
	return billing.Recurrence{Interval: billing.Interval(price.Str("recurring.interval")), Count: price.Int("recurring.interval_count")}
}

// subscriptionOver says whether a subscription has ended for good.
func subscriptionOver(sub *stripeObject) bool {
	return sub.Str("status") == canceled || sub.Str("status") == "incomplete_expired"
}

// endSubscriptionsOf ends all subscriptions of a customer at once.
func endSubscriptionsOf(tx *accountTx, customer *stripeObject) error { return nil }
