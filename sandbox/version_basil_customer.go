package sandbox

import "github.com/vezne/vezne/sandbox/internal/billing"

// Before basil a customer's discount was set by the call that makes or changes the customer.
func init() {
	registerChange(versionChange{
		since:  "2025-03-31.basil",
		what:   "Customers take no `coupon` and no `promotion_code`; before both put a discount on the customer, and an empty one took it away.",
		source: "docs.stripe.com/changelog/basil/2025-03-31/deprecate-singular-coupon-promotion-code",
		calls: []callChange{{
			ops:  []string{"POST /v1/customers", "POST /v1/customers/{customer}"},
			edit: []nodeEdit{withOptional("coupon", nullable(aText())), withOptional("promotion_code", nullable(aText()))},
		}},
	})
}

// tell appends an event that setCustomerDiscount answered, if any.
func (tx *accountTx) tell(event string, discount *stripeObject) {
	switch event {
	case "":
	case "customer.discount.deleted":
		tx.Delete(discount, event)
	default:
		tx.Put(discount, event)
	}
}

// setCustomerDiscount puts the discount on a customer that only callers of versions before basil can name. It answers the
// event that tells of it, "" for none.
func setCustomerDiscount(tx *accountTx, customer *stripeObject, p formParams) (discount *stripeObject, event string, err error) {
	id, code := p.Str("coupon"), p.Str("promotion_code")
	was := customer.Hash("discount")
	switch {
	case p.Null("coupon") || p.Null("promotion_code"):
		if was == nil {
			return nil, "", nil
		}
		customer.Set("discount", nil)
		return was, "customer.discount.deleted", nil
	case code != "":
		pc := tx.Get("promotion_code", code)
		if pc == nil {
			return nil, "", missing("promotion code", code, "promotion_code", 400)
		}
		if !pc.Bool("active") {
			return nil, "", invalid("promotion_code", "", "This promotion code is expired or inactive.")
		}
		id = pc.Str("promotion.coupon")
	case id == "":
		return nil, "", nil
	}
	coupon := tx.Get("coupon", id)
	if coupon == nil {
		return nil, "", missing("coupon", id, "coupon", 400)
	}
	if !coupon.Bool("valid") {
		return nil, "", invalid("coupon", "coupon_expired", "Coupon expired: %s", id)
	}
	discount = tx.New("discount").Set("source", tx.NewHash("discount_source").Set("type", "coupon").Set("coupon", id)).
		Set("customer", customer.ID()).Set("promotion_code", textOrNull(code)).Set("start", tx.Now())
	terms := billing.Coupon{Duration: billing.Duration(coupon.Str("duration")), Months: coupon.Int("duration_in_months")}
	if end, ends := (billing.Discount{Coupon: terms, Start: billing.Instant(tx.Now())}).End(); ends {
		discount.Set("end", int64(end))
	}
	redeem(tx, id, code)
	customer.Set("discount", closed(discount))
	if was != nil {
		return discount, "customer.discount.updated", nil
	}
	return discount, "customer.discount.created", nil
}
