package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// order is a session over ₺2,345.00 that comes back to the shop.
var order = []string{
	"mode", "payment", "success_url", "https://shop.example/thanks?session_id={CHECKOUT_SESSION_ID}", "cancel_url", "https://shop.example/cart",
	"line_items[0][quantity]", "2", "line_items[0][price_data][currency]", "try", "line_items[0][price_data][unit_amount]", "42250",
	"line_items[0][price_data][product_data][name]", "Türk kahvesi, 250 g",
	"line_items[1][quantity]", "1", "line_items[1][price_data][currency]", "try", "line_items[1][price_data][unit_amount]", "150000",
	"line_items[1][price_data][product_data][name]", "Bakır cezve",
}

func (s *shop) session(pairs ...string) object {
	s.t.Helper()
	return s.post("/v1/checkout/sessions", append(append([]string{}, order...), pairs...)...)
}

// typed is what the hosted page sends for a card.
func typed(number string) []string {
	return []string{
		"email", "ayse@example.com", "payment_method_data[type]", "card", "payment_method_data[card][number]", number, "payment_method_data[card][exp_month]", "12",
		"payment_method_data[card][exp_year]", "2039", "payment_method_data[card][cvc]", "123", "payment_method_data[billing_details][name]", "Ayşe Yılmaz",
		"payment_method_data[billing_details][address][country]", "TR",
	}
}

// onPage calls a route of the hosted page as the buyer's browser does.
func (s *shop) onPage(method, path string, pairs ...string) (int, object) {
	s.t.Helper()
	key := s.key
	s.key = ""
	defer func() { s.key = key }()
	return s.call(method, "/v1/payment_pages/"+path, pairs...)
}

func (s *shop) pays(session object, number string) object {
	s.t.Helper()
	status, page := s.onPage("POST", session.str("id")+"/confirm", typed(number)...)
	if status != http.StatusOK {
		s.t.Fatalf("the buyer could not pay: %d %v", status, page)
	}
	return page
}

func TestACheckoutIsPaidOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	session := s.session("client_reference_id", "order-7", "metadata[order]", "7", "payment_intent_data[metadata][order]", "7", "payment_intent_data[description]", "Order 7")
	session.want(t, "status", "open", "payment_status", "unpaid", "amount_subtotal", 234500, "amount_total", 234500, "currency", "try", "payment_intent", nil,
		"customer", nil, "customer_creation", "if_required", "expires_at", start+86400, "total_details.amount_tax", 0, "ui_mode", "hosted_page", "client_secret", nil)
	if !strings.HasPrefix(session.str("url"), s.server.URL+"/c/pay/cs_test_") {
		t.Errorf("url %s", session.str("url"))
	}
	wantEvents(t, s.events())

	page := s.pays(session, "4242424242424242")
	page.want(t, "session.status", "complete", "redirect_url", "https://shop.example/thanks?session_id="+session.str("id"))
	if text := page.str("session.metadata.order") + page.str("session.client_reference_id"); text != "" {
		t.Errorf("the page tells %q", text)
	}
	after := s.get("/v1/checkout/sessions/"+session.str("id"), "expand[]", "payment_intent")
	after.want(t, "status", "complete", "payment_status", "paid", "url", nil, "customer", nil, "client_reference_id", "order-7", "metadata.order", "7",
		"customer_details.email", "ayse@example.com", "customer_details.name", "Ayşe Yılmaz", "customer_details.address.country", "TR",
		"payment_intent.status", "succeeded", "payment_intent.amount", 234500, "payment_intent.metadata.order", "7", "payment_intent.description", "Order 7",
		"success_url", "https://shop.example/thanks?session_id={CHECKOUT_SESSION_ID}")
	wantEvents(t, s.events(), "payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed")
	s.wait(2 * time.Second)
	wantEvents(t, s.events(), "charge.updated")

	status, again := s.onPage("POST", session.str("id")+"/confirm", typed("4242424242424242")...)
	if status != 400 || again.str("error.type") != "invalid_request_error" {
		t.Errorf("a second tab: %d %v", status, again)
	}
	if list := s.get("/v1/charges").list("data"); len(list) != 1 {
		t.Errorf("%d charges, want one", len(list))
	}
	s.refused("POST", "/v1/checkout/sessions/"+session.str("id")+"/expire").want(t, "status", 400)
	intent := after.str("payment_intent.id")
	s.refused("POST", "/v1/payment_intents/"+intent+"/cancel").want(t, "code", "payment_intent_unexpected_state")
}

func TestADeclinedCheckoutStaysOpen(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	session := s.session()
	status, page := s.onPage("POST", session.str("id")+"/confirm", typed("4000000000009995")...)
	if status != 402 {
		t.Errorf("status %d, want 402", status)
	}
	page.hash("error").want(t, "code", "card_declined", "decline_code", "insufficient_funds")
	wantEvents(t, s.events(), "payment_intent.created", "charge.failed", "payment_intent.payment_failed")
	open := s.get("/v1/checkout/sessions/" + session.str("id"))
	open.want(t, "status", "open", "payment_status", "unpaid")
	first := open.str("payment_intent")
	s.pays(session, "4242424242424242")
	s.get("/v1/checkout/sessions/"+session.str("id")).want(t, "status", "complete", "payment_intent", first)
	wantEvents(t, s.events(), "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed")
}

func TestACheckoutWaitsForItsChallenge(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	session := s.session()
	page := s.pays(session, "4000002760003184")
	page.want(t, "session.status", "open", "payment_intent.status", "requires_action", "payment_intent.metadata", nil)
	s.answer(page.hash("payment_intent"), "fail")
	_, page = s.onPage("GET", session.str("id"))
	page.want(t, "session.status", "open", "payment_intent.last_payment_error.code", "payment_intent_authentication_failure")
	page = s.pays(session, "4000002760003184")
	s.events()
	s.answer(page.hash("payment_intent"), "succeed")
	s.get("/v1/checkout/sessions/"+session.str("id")).want(t, "status", "complete", "payment_status", "paid")
	wantEvents(t, s.events(), "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed")
}

func TestSessionsExpire(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	byClock, byCall := s.session("expires_at", "1793617200"), s.session()
	s.onPage("POST", byCall.str("id")+"/confirm", typed("4000000000000002")...)
	tried := s.get("/v1/checkout/sessions/" + byCall.str("id")).str("payment_intent")
	s.events()
	s.post("/v1/checkout/sessions/"+byCall.str("id")+"/expire").want(t, "status", "expired", "url", nil)
	wantEvents(t, s.events(), "payment_intent.canceled", "checkout.session.expired")
	s.get("/v1/payment_intents/"+tried).want(t, "status", "canceled")
	if status, _ := s.onPage("POST", byCall.str("id")+"/confirm", typed("4242424242424242")...); status != 400 {
		t.Errorf("an expired session was paid: %d", status)
	}
	for _, wrong := range []string{"1793615399", "1793700001"} {
		s.refused("POST", "/v1/checkout/sessions", append(append([]string{}, order...), "expires_at", wrong)...).want(t, "status", 400, "param", "expires_at")
	}
	s.wait(time.Hour - time.Second)
	s.get("/v1/checkout/sessions/"+byClock.str("id")).want(t, "status", "open")
	s.wait(time.Second)
	s.get("/v1/checkout/sessions/"+byClock.str("id")).want(t, "status", "expired")
	wantEvents(t, s.events(), "checkout.session.expired")
}

// Discounts, taxes and shipping: what the sums are.
func TestCheckoutAmounts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name                                     string
		params                                   func(s *shop) []string
		subtotal, discount, tax, shipping, total int
	}{
		{"nothing else", func(*shop) []string { return nil }, 234500, 0, 0, 0, 234500},
		{"ten per cent off", func(s *shop) []string {
			return []string{"discounts[0][coupon]", s.post("/v1/coupons", "percent_off", "10").str("id")}
		}, 234500, 23450, 0, 0, 211050},
		{"an amount off", func(s *shop) []string {
			return []string{"discounts[0][coupon]", s.post("/v1/coupons", "amount_off", "10001", "currency", "try").str("id")}
		}, 234500, 10001, 0, 0, 224499},
		{"more off than there is", func(s *shop) []string {
			return []string{"discounts[0][coupon]", s.post("/v1/coupons", "amount_off", "999999", "currency", "try").str("id")}
		}, 234500, 234500, 0, 0, 0},
		{"a promotion code", func(s *shop) []string {
			coupon := s.post("/v1/coupons", "percent_off", "12.5").str("id")
			return []string{"discounts[0][promotion_code]", s.post("/v1/promotion_codes", "promotion[type]", "coupon", "promotion[coupon]", coupon).str("id")}
		}, 234500, 29313, 0, 0, 205187},
		{"tax on top", func(s *shop) []string {
			return []string{"line_items[0][tax_rates][0]", s.post("/v1/tax_rates", "display_name", "KDV", "percentage", "20", "inclusive", "false").str("id")}
		}, 234500, 0, 16900, 0, 251400},
		{"tax inside", func(s *shop) []string {
			return []string{"line_items[0][tax_rates][0]", s.post("/v1/tax_rates", "display_name", "KDV", "percentage", "20", "inclusive", "true").str("id")}
		}, 234500, 0, 14083, 0, 234500},
		{"tax after a discount", func(s *shop) []string {
			return []string{
				"discounts[0][coupon]", s.post("/v1/coupons", "percent_off", "10").str("id"),
				"line_items[0][tax_rates][0]", s.post("/v1/tax_rates", "display_name", "KDV", "percentage", "20", "inclusive", "false").str("id"),
			}
		}, 234500, 23450, 15210, 0, 226260},
		{"shipping", func(*shop) []string {
			return []string{"shipping_options[0][shipping_rate_data][display_name]", "Kargo", "shipping_options[0][shipping_rate_data][type]", "fixed_amount",
				"shipping_options[0][shipping_rate_data][fixed_amount][amount]", "4990", "shipping_options[0][shipping_rate_data][fixed_amount][currency]", "try"}
		}, 234500, 0, 0, 4990, 239490},
		{"a shipping rate", func(s *shop) []string {
			return []string{"shipping_options[0][shipping_rate]", s.post("/v1/shipping_rates", "display_name", "Kargo", "type", "fixed_amount", "fixed_amount[amount]", "4990", "fixed_amount[currency]", "try").str("id")}
		}, 234500, 0, 0, 4990, 239490},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			session := s.session(tc.params(s)...)
			session.want(t, "amount_subtotal", tc.subtotal, "amount_total", tc.total, "total_details.amount_discount", tc.discount,
				"total_details.amount_tax", tc.tax, "total_details.amount_shipping", tc.shipping)
			var sum int64
			for _, item := range s.get("/v1/checkout/sessions/" + session.str("id") + "/line_items").list("data") {
				sum += item.num("amount_total")
				if item.num("amount_subtotal")-item.num("amount_discount") > item.num("amount_total") {
					t.Errorf("a line does not add up: %v", item)
				}
			}
			if sum+int64(tc.shipping) != int64(tc.total) {
				t.Errorf("the lines are %d, the total %d", sum, tc.total)
			}
		})
	}
}

func TestAnOrderThatCostsNothingNeedsNoPayment(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	coupon := s.post("/v1/coupons", "percent_off", "100", "max_redemptions", "1").str("id")
	session := s.session("discounts[0][coupon]", coupon)
	s.events()
	status, page := s.onPage("POST", session.str("id")+"/confirm", "email", "ayse@example.com")
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, page)
	}
	s.get("/v1/checkout/sessions/"+session.str("id")).want(t, "status", "complete", "payment_status", "no_payment_required", "payment_intent", nil, "amount_total", 0)
	wantEvents(t, s.events(), "checkout.session.completed")
	s.get("/v1/coupons/"+coupon).want(t, "times_redeemed", 1, "valid", false)
	s.refused("POST", "/v1/checkout/sessions", append(append([]string{}, order...), "discounts[0][coupon]", coupon)...).want(t, "status", 400, "code", "coupon_expired")
}

func TestPromotionCodesThatBuyersType(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	coupon := s.post("/v1/coupons", "percent_off", "10").str("id")
	s.post("/v1/promotion_codes", "promotion[type]", "coupon", "promotion[coupon]", coupon, "code", "KAHVE10")
	s.post("/v1/promotion_codes", "promotion[type]", "coupon", "promotion[coupon]", coupon, "code", "BIG", "restrictions[minimum_amount]", "500000", "restrictions[minimum_amount_currency]", "try")
	s.refused("POST", "/v1/promotion_codes", "promotion[type]", "coupon", "promotion[coupon]", coupon, "code", "kahve10").
		want(t, "status", 400, "message", "An active promotion code with `code: kahve10` already exists.")
	session := s.session("allow_promotion_codes", "true")
	for _, code := range []string{"NONE", "BIG", ""} {
		if status, page := s.onPage("POST", session.str("id")+"/promotion_code", "promotion_code", code); status != 400 {
			t.Errorf("code %q: %d %v", code, status, page)
		}
	}
	_, page := s.onPage("POST", session.str("id")+"/promotion_code", "promotion_code", "kahve10")
	page.want(t, "session.amount_total", 211050)
	s.pays(session, "4242424242424242")
	s.get("/v1/checkout/sessions/"+session.str("id"), "expand[]", "payment_intent").want(t, "payment_intent.amount", 211050, "discounts.0.coupon", nil)
	s.get("/v1/coupons/"+coupon).want(t, "times_redeemed", 1)
	closed := s.session()
	if status, _ := s.onPage("POST", closed.str("id")+"/promotion_code", "promotion_code", "KAHVE10"); status != 400 {
		t.Errorf("a session without codes took one: %d", status)
	}
}

func TestACheckoutWithABankIsPaidLater(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		iban, event, payment string
		wait                 time.Duration
	}{
		{"DE89370400440532013000", "checkout.session.async_payment_succeeded", "paid", 5 * time.Second},
		{"DE08370400440532013003", "checkout.session.async_payment_succeeded", "paid", 3 * time.Minute},
		{"DE62370400440532013001", "checkout.session.async_payment_failed", "unpaid", 5 * time.Second},
		{"DE78370400440532013004", "checkout.session.async_payment_failed", "unpaid", 3 * time.Minute},
	} {
		t.Run(tc.iban, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			session := s.session("payment_method_types[]", "sepa_debit", "line_items[0][price_data][currency]", "eur", "line_items[1][price_data][currency]", "eur")
			status, page := s.onPage("POST", session.str("id")+"/confirm", "email", "ayse@example.com", "payment_method_data[type]", "sepa_debit",
				"payment_method_data[sepa_debit][iban]", tc.iban, "payment_method_data[billing_details][name]", "Ayşe", "payment_method_data[billing_details][email]", "ayse@example.com")
			if status != http.StatusOK {
				t.Fatalf("%d %v", status, page)
			}
			page.want(t, "session.status", "complete", "session.payment_status", "unpaid")
			wantEvents(t, s.events(), "payment_intent.created", "charge.pending", "payment_intent.processing", "checkout.session.completed")
			s.wait(tc.wait - time.Second)
			wantEvents(t, s.events())
			s.wait(time.Second)
			s.get("/v1/checkout/sessions/"+session.str("id")).want(t, "status", "complete", "payment_status", tc.payment)
			happened := s.events()
			if last := happened[len(happened)-1]; last != tc.event {
				t.Errorf("the last event is %s, want %s", last, tc.event)
			}
		})
	}
}

func TestACheckoutThatSavesACard(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	session := s.post("/v1/checkout/sessions", "mode", "setup", "currency", "try", "success_url", "https://shop.example/saved", "setup_intent_data[metadata][order]", "7")
	session.want(t, "payment_status", "no_payment_required", "amount_total", nil, "customer_creation", "always")
	wantEvents(t, s.events(), "setup_intent.created")
	s.pays(session, "4242424242424242").want(t, "redirect_url", "https://shop.example/saved")
	after := s.get("/v1/checkout/sessions/"+session.str("id"), "expand[]", "setup_intent.payment_method")
	after.want(t, "status", "complete", "payment_status", "no_payment_required", "setup_intent.status", "succeeded", "setup_intent.metadata.order", "7",
		"setup_intent.payment_method.customer", after.str("customer"), "customer_details.address", nil)
	wantEvents(t, s.events(), "customer.created", "payment_method.attached", "setup_intent.succeeded", "checkout.session.completed")
	s.post("/v1/payment_intents", "amount", "5000", "currency", "try", "customer", after.str("customer"), "payment_method", after.str("setup_intent.payment_method.id"),
		"off_session", "true", "confirm", "true").want(t, "status", "succeeded")
}

func TestCheckoutMakesCustomersWhenItIsToldTo(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	always := s.session("customer_creation", "always")
	s.pays(always, "4242424242424242")
	customer := s.get("/v1/checkout/sessions/" + always.str("id")).str("customer")
	s.get("/v1/customers/"+customer).want(t, "email", "ayse@example.com", "name", "Ayşe Yılmaz")

	saving := s.session("payment_intent_data[setup_future_usage]", "off_session")
	s.pays(saving, "4242424242424242")
	after := s.get("/v1/checkout/sessions/"+saving.str("id"), "expand[]", "payment_intent.payment_method")
	after.want(t, "payment_intent.payment_method.customer", after.str("customer"), "payment_intent.customer", after.str("customer"))

	known := s.post("/v1/customers", "email", "fatma@example.com").str("id")
	theirs := s.session("customer", known)
	theirs.want(t, "customer", known, "customer_creation", nil, "customer_details.email", "fatma@example.com")
	_, page := s.onPage("GET", theirs.str("id"))
	page.want(t, "session.customer_email", "fatma@example.com")
	s.pays(theirs, "4242424242424242")
	s.get("/v1/checkout/sessions/"+theirs.str("id"), "expand[]", "payment_intent").want(t, "payment_intent.customer", known, "customer_details.email", "fatma@example.com")
}

func TestACheckoutThatHoldsTheMoney(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	session := s.session("payment_intent_data[capture_method]", "manual")
	s.pays(session, "4242424242424242")
	after := s.get("/v1/checkout/sessions/" + session.str("id"))
	after.want(t, "status", "complete", "payment_status", "unpaid")
	s.post("/v1/payment_intents/"+after.str("payment_intent")+"/capture").want(t, "status", "succeeded")
	s.get("/v1/checkout/sessions/"+session.str("id")).want(t, "payment_status", "paid")

	other := s.session("payment_intent_data[capture_method]", "manual")
	s.pays(other, "4242424242424242")
	s.post("/v1/payment_intents/"+s.get("/v1/checkout/sessions/"+other.str("id")).str("payment_intent")+"/cancel").want(t, "status", "canceled")
}

func TestEmbeddedSessions(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	items := order[6:]
	embedded := s.post("/v1/checkout/sessions", append([]string{"mode", "payment", "ui_mode", "embedded_page", "return_url", "https://shop.example/back?id={CHECKOUT_SESSION_ID}"}, items...)...)
	embedded.want(t, "url", nil, "redirect_on_completion", "always")
	if !strings.HasPrefix(embedded.str("client_secret"), embedded.str("id")+"_secret_") {
		t.Errorf("client_secret %s", embedded.str("client_secret"))
	}
	s.pays(embedded, "4242424242424242").want(t, "redirect_url", "https://shop.example/back?id="+embedded.str("id"))
	staying := s.post("/v1/checkout/sessions", append([]string{"mode", "payment", "ui_mode", "elements", "redirect_on_completion", "never"}, items...)...)
	s.pays(staying, "4242424242424242").want(t, "session.status", "complete", "redirect_url", nil)
}

func TestSessionsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	coupon := s.post("/v1/coupons", "percent_off", "10").str("id")
	monthly := s.post("/v1/prices", "currency", "try", "unit_amount", "1000", "recurring[interval]", "month", "product_data[name]", "Abonelik").str("id")
	retired := s.post("/v1/prices", "currency", "try", "unit_amount", "1000", "product_data[name]", "Eski", "active", "false").str("id")
	base := order[:4]
	item := func(price string) []string {
		return []string{"line_items[0][price]", price, "line_items[0][quantity]", "1"}
	}
	for _, tc := range []struct {
		name   string
		params []string
		code   string
		param  string
	}{
		{"no mode", []string{"success_url", "https://shop.example"}, "parameter_missing", "mode"},
		{"no success_url", append([]string{"mode", "payment"}, order[6:]...), "parameter_missing", "success_url"},
		{"no items", base, "parameter_missing", "line_items"},
		{"no return_url", append([]string{"mode", "payment", "ui_mode", "embedded_page"}, order[6:]...), "parameter_missing", "return_url"},
		{"a success_url where it has no place", append([]string{"mode", "payment", "ui_mode", "embedded_page", "return_url", "https://shop.example", "success_url", "https://shop.example"}, order[6:]...), "", "success_url"},
		{"an unknown price", append(item("price_none"), base...), "resource_missing", "line_items[0][price]"},
		{"an inactive price", append(item(retired), base...), "", "line_items[0][price]"},
		{"a recurring price", append(item(monthly), base...), "", "line_items[0][price]"},
		{"no quantity", append([]string{"line_items[0][price]", retired}, base...), "", "line_items[0][price]"},
		{"an unknown customer", append([]string{"customer", "cus_none"}, order...), "resource_missing", "customer"},
		{"a wrong address", append([]string{"customer_email", "nobody"}, order...), "email_invalid", "customer_email"},
		{"a code and a discount", append([]string{"allow_promotion_codes", "true", "discounts[0][coupon]", coupon}, order...), "parameters_exclusive", ""},
		{"too little to pay", append([]string{"line_items[0][price_data][currency]", "usd", "line_items[0][price_data][unit_amount]", "49", "line_items[0][quantity]", "1", "line_items[0][price_data][product_data][name]", "x"}, base...), "amount_too_small", ""},
		{"a currency that nobody said", []string{"mode", "setup", "success_url", "https://shop.example"}, "parameter_missing", "currency"},
		{"items of a setup", []string{"mode", "setup", "currency", "try", "success_url", "https://shop.example", "line_items[0][price]", retired, "line_items[0][quantity]", "1"}, "", "line_items"},
		{"a button of a setup", []string{"mode", "setup", "currency", "try", "success_url", "https://shop.example", "submit_type", "book"}, "", "submit_type"},
		{"intent data of another mode", append([]string{"setup_intent_data[description]", "x"}, order...), "", "setup_intent_data"},
		{"an invoice of a setup", []string{"mode", "setup", "currency", "try", "success_url", "https://shop.example", "invoice_creation[enabled]", "true"}, "", "invoice_creation"},
		{"a collection without prices that recur", append([]string{"payment_method_collection", "if_required"}, order...), "", "payment_method_collection"},
		{"permissions of a page that Stripe draws", append([]string{"permissions[update_shipping_details]", "server_only"}, order...), "", "permissions"},
		{"a return_url of a page of its own", append([]string{"return_url", "https://shop.example"}, order...), "", "return_url"},
		{"a return_url that nobody needs", append([]string{"mode", "payment", "ui_mode", "embedded_page", "redirect_on_completion", "never", "return_url", "https://shop.example"}, order[6:]...), "", "return_url"},
		{"custom fields of the shop's own page", append([]string{"mode", "payment", "ui_mode", "elements", "return_url", "https://shop.example", "custom_text[submit][message]", "x"}, order[6:]...), "", "custom_text"},
		{"an address that is none", append([]string{"mode", "payment", "success_url", "shop.example"}, order[6:]...), "url_invalid", "success_url"},
		{"types and what is left out of them", append([]string{"payment_method_types[0]", "card", "excluded_payment_method_types[0]", "card"}, order...), "parameters_exclusive", ""},
		{"codes of a recovery that is off", append([]string{"after_expiration[recovery][enabled]", "false", "after_expiration[recovery][allow_promotion_codes]", "true"}, order...), "", "after_expiration[recovery][allow_promotion_codes]"},
		{"an inactive shipping rate", append([]string{"shipping_options[0][shipping_rate]", "shr_none"}, order...), "resource_missing", "shipping_options[0][shipping_rate]"},
		{"a default that is no option", append([]string{"custom_fields[0][key]", "size", "custom_fields[0][type]", "dropdown", "custom_fields[0][label][type]", "custom", "custom_fields[0][label][custom]", "Size",
			"custom_fields[0][dropdown][options][0][label]", "S", "custom_fields[0][dropdown][options][0][value]", "s", "custom_fields[0][dropdown][default_value]", "m"}, order...), "", "custom_fields[0][dropdown][default_value]"},
		{"nothing behind the price", append([]string{"line_items[0][quantity]", "1"}, base...), "parameter_missing", "line_items[0][price]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := s.refused("POST", "/v1/checkout/sessions", tc.params...)
			e.want(t, "status", 400, "type", "invalid_request_error")
			if e.str("code") != tc.code || e.str("param") != tc.param {
				t.Errorf("code %q, param %q, want %q, %q: %s", e.str("code"), e.str("param"), tc.code, tc.param, e.str("message"))
			}
		})
	}
	s.refused("GET", "/v1/checkout/sessions/cs_test_none").want(t, "status", 404, "code", "resource_missing")
	if status, _ := s.onPage("GET", "cs_test_none"); status != 404 {
		t.Errorf("an unknown page: %d", status)
	}
}
