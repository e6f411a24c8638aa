package sandbox

import (
	"slices"
	"strconv"
)

// maxRedeemed is how many discounts an invoice, a line or a subscription may have
// (docs.stripe.com/billing/subscriptions/coupons).
const maxRedeemed = 20

// discountsFrom makes the discounts that a call redeems: coupons, promotion codes, or discounts that exist. field and id
// name what they discount: invoice, invoice_item, subscription, subscription_item.
func (tx *accountTx) discountsFrom(p formParams, at, field, id, customer string) ([]*stripeObject, error) {
	list := p.List("discounts")
	if len(list) > maxRedeemed {
		return nil, invalid(at, "", "You may have at most %d discounts.", maxRedeemed)
	}
	var discounts []*stripeObject
	var coupons []string
	for i, given := range list {
		param := at + "[" + strconv.Itoa(i) + "]"
		discount, err := tx.discountFrom(given, param, customer)
		if err != nil {
			return nil, err
		}
		coupon := discount.Str("source.coupon")
		if slices.Contains(coupons, coupon) {
			return nil, invalid(param, "", "The coupon %s cannot be applied twice.", coupon)
		}
		coupons = append(coupons, coupon)
		if given.Str("discount") == "" {
			discount.Set(field, id)
			tx.Put(discount)
		}
		discounts = append(discounts, discount)
	}
	return discounts, nil
}

// discountFrom finds or makes one discount.
func (tx *accountTx) discountFrom(given formParams, param, customer string) (*stripeObject, error) {
	if id := given.Str("discount"); id != "" {
		if discount := tx.Get("discount", id); discount != nil {
			return discount, nil
		}
		return nil, missing("discount", id, param+"[discount]", 400)
	}
	id, code := given.Str("coupon"), given.Str("promotion_code")
	if code != "" {
		pc := tx.Get("promotion_code", code)
		if pc == nil {
			return nil, missing("promotion code", code, param+"[promotion_code]", 400)
		}
		if refusal := refuseCode(tx, pc, purchase{customer: customer, amount: -1}); refusal != nil {
			return nil, invalid(param+"[promotion_code]", "", "%s", refusal.message)
		}
		id = pc.Str("promotion.coupon")
	}
	coupon := tx.Get("coupon", id)
	switch {
	case id == "":
		return nil, invalid(param, "parameter_missing", "You must specify `coupon`, `promotion_code` or `discount`.")
	case coupon == nil:
		return nil, missing("coupon", id, param+"[coupon]", 400)
	case !coupon.Bool("valid"):
		return nil, invalid(param+"[coupon]", "coupon_expired", "Coupon expired: %s", id)
	}
	redeem(tx, id, code)
	discount := tx.New("discount").Set("source", tx.NewHash("discount_source").Set("type", "coupon").Set("coupon", id)).
		Set("customer", customer).Set("promotion_code", textOrNull(code)).Set("start", tx.Now()).Set(hiddenTerms, closed(coupon))
	terms, err := billingDiscount(tx, discount)
	if err != nil {
		return nil, err
	}
	if end, ends := terms.End(); ends {
		discount.Set("end", int64(end))
	}
	return discount, nil
}
