package sandbox

import (
	"slices"
	"strings"
)

func init() {
	private("POST /v1/payment_pages/{session}/promotion_code", redeemOnPage)
	private("DELETE /v1/payment_pages/{session}/promotion_code", unredeemOnPage)
}

// A session's hidden slots of its discount: the coupon's id, and the discount that expanded items and breakdowns show.
const (
	hiddenCoupon   = "_coupon"
	hiddenDiscount = "_discount"
)

// setDiscounts writes the discount that the shop gives.
func setDiscounts(tx *accountTx, session *stripeObject, p formParams) error {
	for _, given := range p.List("discounts") {
		coupon, code := given.Str("coupon"), given.Str("promotion_code")
		if coupon != "" && code != "" {
			return invalid("discounts[0]", "parameters_exclusive", "You may only specify one of these parameters: coupon, promotion_code.")
		}
		var pc *stripeObject
		if code != "" {
			if pc = tx.Get("promotion_code", code); pc == nil {
				return missing("promotion code", code, "discounts[0][promotion_code]", 400)
			}
			coupon = pc.Str("promotion.coupon")
		}
		c := tx.Get("coupon", coupon)
		if c == nil {
			return missing("coupon", coupon, "discounts[0][coupon]", 400)
		}
		if refusal := refuseDiscount(tx, session, c, pc); refusal != nil {
			return refusal.asDiscount(c, pc)
		}
		setDiscount(tx, session, c, pc)
	}
	return nil
}

func setDiscount(tx *accountTx, session, coupon, code *stripeObject) {
	shown := tx.NewHash("payment_pages_checkout_session_discount").Set("coupon", coupon.ID())
	discount := tx.NewHash("discount").Set("id", tx.NewID("di_1", 23)).Set("object", "discount").Set("checkout_session", session.ID()).
		Set("customer", session.Get("customer")).Set("start", tx.Now()).
		Set("source", tx.NewHash("discount_source").Set("coupon", coupon.ID()).Set("type", "coupon"))
	if code != nil {
		shown.Set("coupon", nil).Set("promotion_code", code.ID())
		discount.Set("promotion_code", code.ID())
	}
	session.Set("discounts", []any{shown}).Set(hiddenCoupon, coupon.ID()).Set(hiddenDiscount, discount)
}

// discountRefusal is why a coupon or code does not apply to a session. Its reason ends the code of the page's error.
type discountRefusal struct{ reason, message string }

// asDiscount is the refusal of discounts[0], which the shop gave.
func (r *discountRefusal) asDiscount(coupon, code *stripeObject) *Error {
	switch {
	case r.reason == "currency":
		return invalid("discounts", "", "%s", r.message)
	case code == nil && r.reason == "expired":
		return invalid("discounts[0][coupon]", "coupon_expired", "Coupon expired: %s", coupon.ID())
	case code == nil:
		return invalid("discounts[0][coupon]", "", "%s", r.message)
	}
	return invalid("discounts[0][promotion_code]", "", "%s", r.message)
}

// onPage is the refusal of a code that a buyer typed; the page has a sentence for each error code.
func (r *discountRefusal) onPage() *Error {
	return invalid("promotion_code", "promotion_code_"+r.reason, "%s", r.message)
}

// refuseDiscount says why a coupon, or the code that stands for it, does not apply to a session; nil when it does.
func refuseDiscount(tx *accountTx, session, coupon, code *stripeObject) *discountRefusal {
	if code != nil {
		if refusal := refuseCode(tx, code, purchase{session.Str("customer"), session.Str("currency"), subtotal(session)}); refusal != nil {
			return refusal
		}
	}
	switch {
	case !coupon.Bool("valid"):
		return &discountRefusal{"expired", "This coupon is expired or used up."}
	case coupon.Has("amount_off") && coupon.Str("currency") != session.Str("currency"):
		return &discountRefusal{"currency", "The coupon " + coupon.ID() + " is in " + coupon.Str("currency") + ", but the Checkout Session is in " + session.Str("currency") + "."}
	case !slices.ContainsFunc(sessionItems(tx, session), func(item *stripeObject) bool { return couponTakes(coupon, item) }):
		return &discountRefusal{"products", "This discount does not apply to any product of the order."}
	}
	return nil
}

// couponTakes says whether a coupon applies to a line item.
func couponTakes(coupon, item *stripeObject) bool {
	products := coupon.List("applies_to.products")
	return len(products) == 0 || slices.Contains(products, item.Get("price.product"))
}

// codeOnPage finds the code that a buyer means: an active one, else one that was active, of which the page can say why not.
func codeOnPage(tx *accountTx, text string) *stripeObject {
	if code := activeCode(tx, text); code != nil {
		return code
	}
	var found *stripeObject
	tx.Each("promotion_code", func(code *stripeObject) bool {
		if strings.EqualFold(code.Str("code"), text) {
			found = code
		}
		return found == nil
	})
	return found
}

// redeemOnPage applies the code that a buyer typed.
func redeemOnPage(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	session, err := openOnPage(tx, r)
	if err != nil {
		return nil, err
	}
	text := strings.TrimSpace(r.Params().Str("promotion_code"))
	code := codeOnPage(tx, text)
	unknown := &discountRefusal{"invalid", "No such promotion code: '" + text + "'"}
	switch {
	case !session.Bool("allow_promotion_codes"):
		return nil, invalid("promotion_code", "", "This Checkout Session does not allow promotion codes.")
	case code == nil:
		return nil, unknown.onPage()
	}
	coupon := tx.Get("coupon", code.Str("promotion.coupon"))
	if coupon == nil {
		return nil, unknown.onPage()
	}
	if refusal := refuseDiscount(tx, session, coupon, code); refusal != nil {
		return nil, refusal.onPage()
	}
	setDiscount(tx, session, coupon, code)
	if err := addUp(tx, session); err != nil {
		return nil, err
	}
	if err := checkTotal(session, "promotion_code"); err != nil {
		return nil, err
	}
	tx.Put(session)
	return pageAnswer(tx, session), nil
}

// unredeemOnPage takes the buyer's code away again.
func unredeemOnPage(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	session, err := openOnPage(tx, r)
	if err != nil {
		return nil, err
	}
	if !session.Bool("allow_promotion_codes") {
		return nil, invalid("promotion_code", "", "This Checkout Session does not allow promotion codes.")
	}
	session.Set("discounts", []any{}).Set(hiddenCoupon, nil).Set(hiddenDiscount, nil)
	if err := addUp(tx, session); err != nil {
		return nil, err
	}
	tx.Put(session)
	return pageAnswer(tx, session), nil
}
