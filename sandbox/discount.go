package sandbox

import (
	"fmt"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// maxDiscounts is how many discounts an object may have. Source: docs.stripe.com/billing/subscriptions/coupons.
const maxDiscounts = 20

// newDiscount makes a discount of a coupon, or of the coupon of a promotion code, from now on. The caller says whose it is
// and stores it. at is the name of the parameter, for errors.
func newDiscount(tx *accountTx, customer *stripeObject, coupon, code, at string) (*stripeObject, error) {
	if code != "" {
		pc := tx.Get("promotion_code", code)
		switch {
		case pc == nil:
			return nil, missing("promotion code", code, under(at, "promotion_code"), 400)
		case !pc.Bool("active"):
			return nil, invalid(under(at, "promotion_code"), "", "This promotion code is expired or inactive.")
		case pc.Str("customer") != "" && pc.Str("customer") != customer.str("id"):
			return nil, invalid(under(at, "promotion_code"), "", "This promotion code cannot be redeemed by this customer.")
		}
		coupon = pc.Str("promotion.coupon")
	}
	terms := tx.Get("coupon", coupon)
	switch {
	case terms == nil:
		return nil, missing("coupon", coupon, under(at, "coupon"), 400)
	case !terms.Bool("valid"):
		return nil, invalid(under(at, "coupon"), "coupon_expired", "Coupon expired: %s", coupon)
	}
	discount := tx.New("discount").Set("source", tx.NewHash("discount_source").Set("type", "coupon").Set("coupon", coupon)).
		Set("promotion_code", textOrNull(code)).Set("start", tx.Now()).Set(hiddenTerms, terms)
	if customer != nil {
		discount.Set("customer", customer.ID())
	}
	span := billing.Coupon{Duration: billing.Duration(terms.Str("duration")), Months: terms.Int("duration_in_months")}
	if end, ends := (billing.Discount{Coupon: span, Start: billing.Instant(tx.Now())}).End(); ends {
		discount.Set("end", int64(end))
	}
	return discount, nil
}

// giveDiscounts makes the discounts that a call names in discounts[], or keeps those that it names by their id. set says
// whose a new one is. Each coupon that is redeemed counts.
func giveDiscounts(tx *accountTx, customer *stripeObject, list []formParams, at string, set func(discount *stripeObject)) ([]*stripeObject, error) {
	if len(list) > maxDiscounts {
		return nil, invalid(at, "", "You can apply at most %d discounts.", maxDiscounts)
	}
	var discounts []*stripeObject
	seen := map[string]bool{}
	for i, given := range list {
		param := fmt.Sprintf("%s[%d]", at, i)
		var discount *stripeObject
		var err error
		if id := given.Str("discount"); id != "" {
			if discount = tx.Get("discount", id); discount == nil {
				return nil, missing("discount", id, param+"[discount]", 400)
			}
		} else if discount, err = newDiscount(tx, customer, given.Str("coupon"), given.Str("promotion_code"), param); err != nil {
			return nil, err
		}
		if coupon := discount.Str("source.coupon"); seen[coupon] {
			return nil, invalid(at, "", "You cannot apply the same coupon multiple times: %s", coupon)
		} else if seen[coupon] = true; discount.open {
			set(discount)
			tx.Put(discount, "customer.discount.created")
			redeem(tx, coupon, discount.Str("promotion_code"))
		}
		discounts = append(discounts, discount)
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
