package sandbox

import "github.com/vezne/vezne/sandbox/internal/billing"

// usageOf is the usage of a subscription's metered items in the periods that end at an instant, by item.
func (tx *accountTx) usageOf(sub *stripeObject, until int64) (map[string]billing.Decimal, error) {
	usage := map[string]billing.Decimal{}
	for _, item := range subscriptionItems(sub) {
		if item.Str("price.recurring.usage_type") == "metered" {
			usage[item.ID()] = billing.Decimal{}
		}
	}
	return usage, nil
}
