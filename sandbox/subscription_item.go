package sandbox

import (
	"fmt"
	"strings"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// maxItems is how many items a subscription may have. Source: API reference, create a subscription.
const maxItems = 20

// newItems makes the items that a call names in items[], for a subscription that has none yet.
func (tx *accountTx) newItems(sub *stripeObject, list []formParams) error {
	if len(list) == 0 {
		return invalid("items", "parameter_missing", "Missing required param: items.")
	}
	return tx.changeItems(sub, list, false)
}

// changeItems makes, changes and removes items as a call names them in items[]: one with an id is changed, one without is
// new. The subscription is open. cleared says that all items are replaced, as a schedule's phase does.
func (tx *accountTx) changeItems(sub *stripeObject, list []formParams, cleared bool) error {
	if len(list) > maxItems {
		return invalid("items", "", "You can only specify up to %d items.", maxItems)
	}
	items := subscriptionItems(sub)
	if cleared {
		items = nil
	}
	for i, given := range list {
		at := fmt.Sprintf("items[%d]", i)
		n := -1
		if id := given.Str("id"); id != "" {
			if n = indexOfItem(items, id); n < 0 {
				return invalid(at+"[id]", "", "Invalid subscription_item id: %s", id)
			}
		}
		switch {
		case given.Bool("deleted") && n < 0:
			return invalid(at+"[id]", "parameter_missing", "Missing required param: %s[id].", at)
		case given.Bool("deleted"):
			items = append(items[:n:n], items[n+1:]...)
			continue
		case n < 0:
			item := tx.New("subscription_item").Set("subscription", sub.ID()).Set("created", tx.Now()).Set("discounts", []any{}).Set("tax_rates", []any{})
			if err := tx.setSubscriptionItem(sub, item, given, at); err != nil {
				return err
			}
			items = append(items[:len(items):len(items)], item)
			continue
		}
		item := items[n].Edit()
		if err := tx.setSubscriptionItem(sub, item, given, at); err != nil {
			return err
		}
		items[n] = item
	}
	if len(items) == 0 {
		return invalid("items", "", "A subscription must have at least one active plan. To cancel the subscription, delete it instead.")
	}
	setSubscriptionItems(sub, items)
	return checkItems(sub, items)
}

func indexOfItem(items []*stripeObject, id string) int {
	for n, item := range items {
		if item.ID() == id {
			return n
		}
	}
	return -1
}

// setSubscriptionItem writes what a call says of an item. Another price without a quantity is one of quantity 1. Source:
// docs.stripe.com/billing/subscriptions/change-price.
func (tx *accountTx) setSubscriptionItem(sub, item *stripeObject, given formParams, at string) error {
	price, err := tx.itemPrice(given, at)
	if err != nil {
		return err
	}
	switch {
	case price == nil && item.Str("price.id") == "":
		return invalid(at+"[price]", "parameter_missing", "Missing required param: %s[price].", at)
	case price != nil && price.ID() != item.Str("price.id"):
		if price.Str("recurring.meter") != item.Str("price.recurring.meter") {
			item.Set(hiddenCounted, nil)
		}
		tx.setItemPrice(item, price)
		if price.Str("recurring.usage_type") == "metered" {
			item.Set("quantity", nil)
		} else {
			item.Set("quantity", 1)
		}
	}
	if metered := item.Str("price.recurring.usage_type") == "metered"; given.Has("quantity") && metered {
		return invalid(at+"[quantity]", "", "`quantity` should not be specified where usage_type is `metered`. Remove `quantity` from `%s`", at)
	} else if given.Has("quantity") {
		if given.Int("quantity") < 0 {
			return invalid(at+"[quantity]", "parameter_invalid_integer", "Invalid non-negative integer")
		}
		item.Set("quantity", given.Int("quantity"))
	}
	switch {
	case given.Null("tax_rates"):
		item.Set("tax_rates", []any{})
	case given.Has("tax_rates"):
		rates, err := findRates(tx, given.Strs("tax_rates"), at+"[tax_rates]")
		if err != nil {
			return err
		}
		item.Set("tax_rates", rates)
	}
	switch {
	case given.Null("discounts"):
		item.Set("discounts", []any{})
	case len(given.List("discounts")) > 0:
		discounts, err := tx.giveDiscounts(given, at+"[discounts]", "subscription_item", item.ID(), sub)
		if err != nil {
			return err
		}
		item.Set("discounts", objectIDs(discounts))
	}
	if given.Has("metadata") || given.Null("metadata") {
		applyMetadata(tx, item, given)
	}
	return tx.setItemThresholds(item, given, at)
}

// setItemPrice writes the price of an item, and the same in the words of a plan (recorded in every version).
func (tx *accountTx) setItemPrice(item, price *stripeObject) {
	item.Set("price", price).Set("plan", planOf(tx, price))
}

// itemPrice is the price that a call names for an item, or makes for it; nil when it names none.
func (tx *accountTx) itemPrice(given formParams, at string) (*stripeObject, error) {
	if data, ok := given.Hash("price_data"); ok {
		return tx.inlinePrice(data, at+"[price_data]")
	}
	id := given.Str("price")
	if id == "" {
		return nil, nil
	}
	price, err := findPrice(tx, id, at+"[price]", 400)
	switch {
	case err != nil:
		return nil, err
	case price.Str("type") != "recurring":
		return nil, invalid(at+"[price]", "", "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.")
	case !price.Bool("active") && !price.Bool(hiddenInline):
		return nil, invalid(at+"[price]", "", "The price specified is inactive. This field only accepts active prices.")
	}
	return price, nil
}

// checkItems refuses items that cannot be billed together: the same price twice, recurrences that do not fit. The first
// item of a new subscription decides its currency, unless the call or the customer does.
func checkItems(sub *stripeObject, items []*stripeObject) error {
	var every []billing.Recurrence
	seen := map[string]bool{}
	for _, item := range items {
		price := item.Hash("price")
		if seen[price.ID()] {
			return invalid("plan", "", "Cannot create a Subscription with multiple Subscription Items with the same Price: %s", price.ID())
		}
		seen[price.ID()] = true
		every = append(every, recurrenceOf(price))
		if currency := sub.Str("currency"); currency != "" && !hasCurrency(price, currency) {
			return invalid("items", "", "The price specified only supports `%s`. This doesn't match the expected currency: `%s`.", strings.Join(currenciesOf(price), ", "), currency)
		}
	}
	if sub.Str("billing_mode.type") == string(billing.Classic) {
		for _, e := range every[1:] {
			if e.Interval != every[0].Interval || max(e.Count, 1) != max(every[0].Count, 1) {
				return invalid("items", "", "Currently, all prices on a subscription must have the same `recurring.interval` and `recurring.interval_count` in `billing_mode` classic.")
			}
		}
		return nil
	}
	if !billing.Aligned(every) {
		return invalid("items", "", "The prices on a subscription must have recurring intervals that are multiples of the shortest one.")
	}
	return nil
}

// currenciesOf are the currencies in which a price has an amount.
func currenciesOf(price *stripeObject) []string {
	list := []string{price.Str("currency")}
	if options := price.Hash(hiddenCurrencies); options != nil {
		list = append(list, options.Keys()...)
	}
	return list
}

func hasCurrency(price *stripeObject, currency string) bool {
	for _, c := range currenciesOf(price) {
		if c == currency {
			return true
		}
	}
	return false
}

// shortestOf is the shortest recurrence of a subscription's items.
func shortestOf(sub *stripeObject) billing.Recurrence {
	var shortest billing.Recurrence
	var end billing.Instant
	for _, item := range subscriptionItems(sub) {
		every := recurrenceOf(item.Hash("price"))
		if next := (billing.Cycle{Every: every}).Boundary(1); end == 0 || next < end {
			shortest, end = every, next
		}
	}
	return shortest
}
