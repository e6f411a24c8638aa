package sandbox

import "strings"

func init() {
	behave("POST /v1/coupons", createCoupon)
	behave("POST /v1/coupons/{coupon}", updateCoupon)
	behave("DELETE /v1/coupons/{coupon}", deleteCoupon)
	onExpand("coupon", "currency_options", func(_ *accountTx, coupon *stripeObject) []*stripeObject {
		if options := coupon.Hash(hiddenCouponOptions); options != nil {
			return []*stripeObject{options}
		}
		return nil
	})
}

func createCoupon(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	id := orElse(p.Str("id"), tx.NewID("", 8))
	percent, amount := p.Has("percent_off"), p.Has("amount_off")
	duration := orElse(p.Str("duration"), "once")
	switch {
	case tx.Get("coupon", id) != nil:
		return nil, invalid("", "resource_already_exists", "Coupon already exists.")
	case percent == amount:
		return nil, invalid("", "parameter_missing", "Must provide percent_off or amount_off, and not both.")
	case percent && (p.Float("percent_off") <= 0 || p.Float("percent_off") > 100):
		return nil, invalid("percent_off", "", "Invalid percent_off: must be greater than 0 and at most 100")
	case amount && p.Int("amount_off") <= 0:
		return nil, invalid("amount_off", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case amount && p.Str("currency") == "":
		return nil, invalid("currency", "parameter_missing", "Must provide currency when creating a coupon with amount_off.")
	case (duration == "repeating") != p.Has("duration_in_months"):
		return nil, invalid("duration_in_months", "", "duration_in_months is required with duration `repeating`, and only then.")
	case p.Has("redeem_by") && p.Int("redeem_by") <= tx.Now():
		return nil, invalid("redeem_by", "", "redeem_by must be a time in the future.")
	}
	coupon := tx.New("coupon").Set("id", id).Set("duration", duration).Set("times_redeemed", 0).Set("valid", true)
	applyParams(tx, coupon, p, "id", "duration", "currency", "currency_options", "applies_to")
	if currency := strings.ToLower(p.Str("currency")); amount {
		if err := checkCurrency(currency, "currency"); err != nil {
			return nil, err
		}
		coupon.Set("currency", currency)
	}
	if err := setCouponOptions(tx, coupon, p); err != nil {
		return nil, err
	}
	if products := p.Strs("applies_to.products"); len(products) > 0 {
		coupon.Set("applies_to", tx.NewHash("coupon_applies_to").Set("products", products))
	}
	if p.Has("redeem_by") {
		tx.Due(p.Int("redeem_by"), "coupon.end", id)
	}
	tx.Put(coupon, "coupon.created")
	return coupon, nil
}

func init() {
	onDue("coupon.end", func(tx *accountTx, id string) error {
		if coupon := tx.Get("coupon", id); coupon != nil && coupon.Int("redeem_by") <= tx.Now() {
			tx.Put(coupon.Edit().Set("valid", false))
			tx.endCodes(id)
		}
		return nil
	})
}

// setCouponOptions writes a coupon's amounts off in other currencies. They are shown when they are expanded.
func setCouponOptions(tx *accountTx, coupon *stripeObject, p formParams) error {
	given, ok := p.Hash("currency_options")
	if !ok {
		return nil
	}
	options := hash()
	if had := coupon.Hash(hiddenCouponOptions); had != nil {
		options = had.Edit()
	}
	for _, code := range given.Keys() {
		param := "currency_options[" + code + "]"
		switch currency := strings.ToLower(code); {
		case checkCurrency(currency, param) != nil:
			return checkCurrency(currency, param)
		case given.Int(code+".amount_off") <= 0:
			return invalid(param+"[amount_off]", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
		case !coupon.Has("amount_off") || currency == coupon.Str("currency"):
			return invalid(param, "", "`currency_options` name amounts off in other currencies than the coupon's own.")
		default:
			options.Set(currency, tx.NewHash("coupon_currency_option").Set("amount_off", given.Int(code+".amount_off")))
		}
	}
	coupon.Set(hiddenCouponOptions, options)
	return nil
}

func updateCoupon(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	coupon := tx.Get("coupon", r.Path("coupon"))
	if coupon == nil {
		return nil, missing("coupon", r.Path("coupon"), "coupon", 404)
	}
	was := coupon
	coupon = applyParams(tx, coupon.Edit(), r.Params(), "currency_options")
	if err := setCouponOptions(tx, coupon, r.Params()); err != nil {
		return nil, err
	}
	if equalObjects(was, coupon) && !r.Params().Has("currency_options") {
		return was, nil
	}
	tx.Put(coupon, "coupon.updated")
	return coupon, nil
}

func deleteCoupon(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	coupon := tx.Get("coupon", r.Path("coupon"))
	if coupon == nil {
		return nil, missing("coupon", r.Path("coupon"), "coupon", 404)
	}
	tx.endCodes(coupon.ID())
	tx.Delete(coupon, "coupon.deleted")
	return hash("id", coupon.ID(), "object", "coupon", "deleted", true), nil
}

// redeem counts a coupon's use, and its promotion code's; what is used up is no longer valid.
func redeem(tx *accountTx, coupon, code string) {
	if c := tx.Get("coupon", coupon); c != nil {
		times := c.Int("times_redeemed") + 1
		c = c.Edit().Set("times_redeemed", times)
		used := c.Has("max_redemptions") && times >= c.Int("max_redemptions")
		if used {
			c.Set("valid", false)
		}
		tx.Put(c)
		if used {
			tx.endCodes(coupon)
		}
	}
	if pc := tx.Get("promotion_code", code); pc != nil {
		times := pc.Int("times_redeemed") + 1
		pc = pc.Edit().Set("times_redeemed", times)
		if pc.Has("max_redemptions") && times >= pc.Int("max_redemptions") {
			pc.Set("active", false)
		}
		tx.Put(pc)
	}
}
