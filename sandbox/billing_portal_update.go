package sandbox

import (
	"net/http"
	"slices"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// updateInPortal changes plan or quantity, among what the configuration offers.
func (tx *accountTx) updateInPortal(config, customer *stripeObject, p formParams) (*stripeObject, error) {
	sub, err := tx.theirs(customer, p)
	if err != nil {
		return nil, err
	}
	items := subscriptionItems(sub)
	if len(items) != 1 {
		return nil, invalid("subscription", "", "Customers can only update subscriptions with one item.")
	}
	rules := config.Hash("features.subscription_update")
	item := map[string]any{"id": items[0].ID()}
	if id := p.Str("price"); id != "" {
		item["price"] = id
	}
	if p.Has("quantity") {
		item["quantity"] = p.Int("quantity")
	}
	given := map[string]any{}
	if len(item) > 1 {
		if err := tx.checkOffered(rules, items[0], item); err != nil {
			return nil, err
		}
		given["items"] = []any{item}
	}
	if code := p.Str("promotion_code"); code != "" {
		if !slices.Contains(rules.List("default_allowed_updates"), any("promotion_code")) {
			return nil, invalid("promotion_code", "", "The portal's configuration does not let customers use promotion codes.")
		}
		given["discounts"] = []any{map[string]any{"promotion_code": code}}
	}
	return tx.changeAsConfigured(rules, sub, given)
}

// checkOffered refuses a price or a quantity of an item that the configuration does not offer.
func (tx *accountTx) checkOffered(rules, item *stripeObject, asked map[string]any) error {
	price := item.Hash("price")
	if id, ok := asked["price"].(string); ok {
		if price = tx.Get("price", id); price == nil {
			return missing("price", id, "price", http.StatusBadRequest)
		}
		if !offersPrice(rules, price) {
			return invalid("price", "", "The portal's configuration does not offer the price `%s`.", id)
		}
	}
	quantity, ok := asked["quantity"].(int64)
	if !ok {
		return nil
	}
	if !slices.Contains(rules.List("default_allowed_updates"), any("quantity")) {
		return invalid("quantity", "", "The portal's configuration does not let customers change quantities.")
	}
	for _, product := range hashes(rules.List("products")) {
		limits := product.Hash("adjustable_quantity")
		if product.Str("product") != price.Str("product") || limits == nil || !limits.Bool("enabled") {
			continue
		}
		if least, most := limits.Int("minimum"), limits.Int("maximum"); quantity < least || limits.Has("maximum") && quantity > most {
			return invalid("quantity", "", "The portal's configuration lets customers choose quantities from %d to %d.", least, most)
		}
	}
	return nil
}

// changeAsConfigured makes a change of a subscription as the configuration says: at once, with or without prorations, or at
// the end of the period.
func (tx *accountTx) changeAsConfigured(rules, sub *stripeObject, given map[string]any) (*stripeObject, error) {
	if sub.Has("schedule") {
		return nil, invalid("subscription", "", "Customers cannot update a subscription that has a schedule.")
	}
	params, err := paramsOf(given)
	if err != nil {
		return nil, err
	}
	if tx.waitsForPeriodEnd(rules, sub, params.List("items")) {
		return tx.changeAtPeriodEnd(sub, params)
	}
	given["proration_behavior"] = orElse(rules.Str("proration_behavior"), prorateNone)
	if given["proration_behavior"] == prorateInvoice {
		given["payment_behavior"] = pendIncomplete
	}
	if anchor := rules.Str("billing_cycle_anchor"); anchor != "" {
		given["billing_cycle_anchor"] = anchor
	}
	if sub.Str("status") == subTrialing && rules.Str("trial_update_behavior") == "end_trial" {
		given["trial_end"] = "now"
	}
	return tx.changeWith(sub, given)
}

// waitsForPeriodEnd says whether a change meets one of the conditions of schedule_at_period_end: an item costs less for each
// of its recurrences, or recurs more often. Source: API reference, portal configuration; that quantities count is our choice.
func (tx *accountTx) waitsForPeriodEnd(rules, sub *stripeObject, asked []formParams) bool {
	conditions := map[string]bool{}
	for _, c := range hashes(rules.List("schedule_at_period_end.conditions")) {
		conditions[c.Str("type")] = true
	}
	items := subscriptionItems(sub)
	return slices.ContainsFunc(asked, func(given formParams) bool {
		n := indexOfItem(items, given.Str("id"))
		if n < 0 {
			return false
		}
		was, price, quantity := items[n].Hash("price"), items[n].Hash("price"), items[n].Int("quantity")
		if other := tx.Get("price", given.Str("price")); other != nil && other.ID() != was.ID() {
			price, quantity = other, 1
		}
		if given.Has("quantity") {
			quantity = given.Int("quantity")
		}
		return conditions["decreasing_item_amount"] && price.Int("unit_amount")*quantity < was.Int("unit_amount")*items[n].Int("quantity") ||
			conditions["shortening_interval"] && lengthOf(price) < lengthOf(was)
	})
}

// lengthOf is how long one recurrence of a price lasts, in seconds from a common beginning.
func lengthOf(price *stripeObject) billing.Instant {
	return (billing.Cycle{Every: recurrenceOf(price)}).Boundary(1)
}

// changeAtPeriodEnd plans a change for the end of the period: a schedule whose second phase has it, for one recurrence, and
// then lets the subscription go.
func (tx *accountTx) changeAtPeriodEnd(sub *stripeObject, params formParams) (*stripeObject, error) {
	fromSubscription, err := paramsOf(map[string]any{"from_subscription": sub.ID()})
	if err != nil {
		return nil, err
	}
	schedule, err := tx.scheduleFrom(sub.ID(), fromSubscription)
	if err != nil {
		return nil, err
	}
	later := sub.Edit()
	if err := tx.changeItems(later, params.List("items"), false); err != nil {
		return nil, err
	}
	now := objectsOf(schedule.List("phases"))[0]
	next := tx.phaseOf(later).Set("start_date", now.Int("end_date")).Set("trial_end", nil).Set("proration_behavior", prorateNone)
	var first billing.Instant
	for _, item := range subscriptionItems(later) {
		if end := (billing.Cycle{Anchor: billing.Instant(now.Int("end_date")), Every: recurrenceOf(item.Hash("price"))}).Boundary(1); first == 0 || end < first {
			first = end
		}
	}
	next.Set("end_date", int64(first))
	tx.Put(schedule.Edit().Set("phases", []*stripeObject{now, next}), "subscription_schedule.updated")
	return tx.putSubscription(tx.Get("subscription", sub.ID()).Edit())
}

// confirmInPortal makes the change that the session's flow asks the customer to confirm.
func (tx *accountTx) confirmInPortal(session, config, customer *stripeObject) (*stripeObject, error) {
	flow := session.Hash("flow.subscription_update_confirm")
	if flow == nil {
		return nil, invalid("act", "", "The session's flow asks nothing to be confirmed.")
	}
	sub := tx.Get("subscription", flow.Str("subscription"))
	if sub == nil || subscriptionOver(sub) || sub.Str("customer") != customer.ID() {
		return nil, missing("subscription", flow.Str("subscription"), "session", http.StatusNotFound)
	}
	given := map[string]any{}
	var items []any
	for _, asked := range hashes(flow.List("items")) {
		item := map[string]any{"id": asked.Str("id")}
		if price := asked.Str("price"); price != "" {
			item["price"] = price
		}
		if asked.Has("quantity") {
			item["quantity"] = asked.Int("quantity")
		}
		items = append(items, item)
	}
	given["items"] = items
	if discounts := discountList(flow); len(discounts) > 0 {
		given["discounts"] = discounts
	}
	return tx.changeAsConfigured(config.Hash("features.subscription_update"), sub, given)
}
