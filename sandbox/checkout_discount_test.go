package sandbox_test

import (
	"net/http"
	"testing"
	"time"
)

// Each limit of a promotion code refuses the buyer who types it, with a code of its own for the page's sentence.
func TestPromotionCodesRefuseTheirBuyers(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	coupon := s.post("/v1/coupons", "percent_off", "10").str("id")
	code := func(name string, pairs ...string) object {
		return s.post("/v1/promotion_codes", append([]string{"promotion[type]", "coupon", "promotion[coupon]", coupon, "code", name}, pairs...)...)
	}
	known := s.post("/v1/customers", "email", "fatma@example.com").str("id")
	other := s.post("/v1/customers").str("id")
	s.pays(s.session("customer", known), "4242424242424242")
	code("BIG", "restrictions[minimum_amount]", "500000", "restrictions[minimum_amount_currency]", "try")
	code("DOLLARS", "restrictions[minimum_amount]", "1", "restrictions[minimum_amount_currency]", "usd")
	code("FIRST", "restrictions[first_time_transaction]", "true")
	code("HERS", "customer", other)
	code("ONCE", "max_redemptions", "1")
	s.post("/v1/promotion_codes/"+code("OFF").str("id"), "active", "false")
	code("SOON", "expires_at", "1793617200")
	lira := s.post("/v1/coupons", "amount_off", "100", "currency", "usd").str("id")
	s.post("/v1/promotion_codes", "promotion[type]", "coupon", "promotion[coupon]", lira, "code", "CENTS")
	books := s.post("/v1/products", "name", "Books").str("id")
	narrow := s.post("/v1/coupons", "percent_off", "10", "applies_to[products][0]", books).str("id")
	s.post("/v1/promotion_codes", "promotion[type]", "coupon", "promotion[coupon]", narrow, "code", "BOOKS")

	once := s.session("allow_promotion_codes", "true")
	s.onPage("POST", once.str("id")+"/promotion_code", "promotion_code", "once")
	s.pays(once, "4242424242424242")
	s.wait(time.Hour)
	session := s.session("allow_promotion_codes", "true", "customer", known)
	at := session.str("id") + "/promotion_code"
	for text, reason := range map[string]string{
		"BIG": "minimum", "DOLLARS": "minimum", "FIRST": "first_time", "HERS": "customer", "ONCE": "used_up", "OFF": "invalid", "SOON": "expired", "CENTS": "currency", "BOOKS": "products",
		"NOBODY": "invalid", "": "invalid",
	} {
		status, page := s.onPage("POST", at, "promotion_code", text)
		page.hash("error").want(t, "code", "promotion_code_"+reason, "param", "promotion_code")
		if status != http.StatusBadRequest {
			t.Errorf("%s: status %d", text, status)
		}
	}
	code("FINE")
	_, page := s.onPage("POST", at, "promotion_code", " fine ")
	page.want(t, "session.amount_total", 211050, "promotion_code", "FINE")
	_, page = s.onPage("DELETE", at)
	page.want(t, "session.amount_total", 234500, "promotion_code", nil, "session.discounts.0", nil)
	s.get("/v1/checkout/sessions/"+session.str("id"), "expand[]", "total_details.breakdown").want(t, "total_details.breakdown.discounts.0", nil)
}

// The shop that names a code or coupon itself is refused by the same limits.
func TestDiscountsThatTheShopCannotGive(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	books := s.post("/v1/products", "name", "Books").str("id")
	narrow := s.post("/v1/coupons", "percent_off", "10", "applies_to[products][0]", books).str("id")
	wide := s.post("/v1/coupons", "percent_off", "10").str("id")
	big := s.post("/v1/promotion_codes", "promotion[type]", "coupon", "promotion[coupon]", wide, "restrictions[minimum_amount]", "500000", "restrictions[minimum_amount_currency]", "try").str("id")
	for _, tc := range []struct {
		pairs []string
		param string
	}{
		{[]string{"discounts[0][coupon]", narrow}, "discounts[0][coupon]"},
		{[]string{"discounts[0][promotion_code]", big}, "discounts[0][promotion_code]"},
		{[]string{"discounts[0][coupon]", wide, "discounts[0][promotion_code]", big}, "discounts[0]"},
		{[]string{"discounts[0][coupon]", wide, "discounts[1][coupon]", wide}, "discounts"},
	} {
		s.refused("POST", "/v1/checkout/sessions", append(append([]string{}, order...), tc.pairs...)...).want(t, "status", 400, "param", tc.param)
	}
	// False is a word on promotion codes, too.
	s.refused("POST", "/v1/checkout/sessions", append(append([]string{}, order...), "discounts[0][coupon]", wide, "allow_promotion_codes", "false")...).want(t, "code", "parameters_exclusive")
	s.session("discounts[0][coupon]", wide, "expand[]", "line_items.data.discounts").want(t, "line_items.data.0.discounts.0.amount", 8450, "line_items.data.0.discounts.0.discount.source.coupon", wide,
		"line_items.data.1.discounts.0.amount", 15000)
}
