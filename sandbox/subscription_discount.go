package sandbox

import (
	"github.com/vezne/vezne/sandbox/internal/billing"
)

// giveDiscounts makes the discounts that a call gives a subscription or an item of it, and tells of the new ones.
func (tx *accountTx) giveDiscounts(p formParams, at, field, id string, sub *stripeObject) ([]*stripeObject, error) {
	discounts, err := tx.discountsFrom(p, at, field, id, sub.Str("customer"))
	if err != nil {
		return nil, err
	}
	for i, given := range p.List("discounts") {
		if given.Str("discount") == "" {
			discounts[i] = discounts[i].Edit().Set("subscription", sub.ID())
			tx.Put(discounts[i], "customer.discount.created")
		}
	}
	return discounts, nil
}

// discountsOf are the discounts of a subscription, or else its customer's.
func (tx *accountTx) discountsOf(sub *stripeObject) []*stripeObject {
	var own []*stripeObject
	for _, id := range texts(sub.List("discounts")) {
		if discount := tx.Get("discount", id); discount != nil {
			own = append(own, discount)
		}
	}
	if len(own) > 0 {
		return own
	}
	if customer := tx.Get("customer", sub.Str("customer")); customer != nil && customer.Has("discount") {
		if discount := customer.Hash("discount"); !discount.Has("end") || discount.Int("end") > tx.Now() {
			return []*stripeObject{discount}
		}
	}
	return nil
}

// dropDiscounts takes discounts from a subscription and its items that are of no more use: a once coupon that took
// something off an invoice, a repeating one whose months are over. used are the amounts that the invoice's discounts took.
func (tx *accountTx) dropDiscounts(sub *stripeObject, used []billing.DiscountAmount) *stripeObject {
	spent := func(id string) bool {
		discount := tx.Get("discount", id)
		if discount == nil {
			return true
		}
		if discount.Has("end") {
			return discount.Int("end") <= tx.Now()
		}
		once := discount.Str(hiddenTerms+".duration") == string(billing.Once)
		for _, u := range used {
			if once && u.Discount == id && u.Amount > 0 {
				return true
			}
		}
		return false
	}
	keep := func(o *stripeObject) []any {
		left := []any{}
		for _, id := range texts(o.List("discounts")) {
			if spent(id) {
				continue
			}
			left = append(left, id)
		}
		return left
	}
	if left := keep(sub); len(left) < len(sub.List("discounts")) {
		if !sub.open {
			sub = sub.Edit()
		}
		sub.Set("discounts", left)
	}
	items := subscriptionItems(sub)
	changed := false
	for n, item := range items {
		if left := keep(item); len(left) < len(item.List("discounts")) {
			items[n], changed = item.Edit().Set("discounts", left), true
		}
	}
	if changed {
		sub = setSubscriptionItems(sub, items)
	}
	return sub
}
