package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
)

// opens is a buyer who opens a payment link: it answers status and where the page sends them.
func (s *shop) opens(address string) (status int, to string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		s.t.Error(err)
	}
	return answer.StatusCode, answer.Header.Get("Location")
}

// opened is the session that a link's address made.
func (s *shop) opened(address string) object {
	s.t.Helper()
	status, to := s.opens(address)
	if status != http.StatusSeeOther || !strings.HasPrefix(to, s.server.URL+"/c/pay/cs_test_") {
		s.t.Fatalf("the link answers %d and leads to %q", status, to)
	}
	return s.get("/v1/checkout/sessions/" + to[strings.LastIndexByte(to, '/')+1:])
}

func (s *shop) price(pairs ...string) string {
	s.t.Helper()
	return s.post("/v1/prices", append([]string{"currency", "usd", "product_data[name]", "Poster"}, pairs...)...).str("id")
}

func TestAPaymentLinkSells(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	price := s.price("unit_amount", "2500")
	s.events()
	link := s.post("/v1/payment_links", "line_items[0][price]", price, "line_items[0][quantity]", "2", "metadata[campaign]", "spring",
		"after_completion[type]", "redirect", "after_completion[redirect][url]", "https://shop.example/done?s={CHECKOUT_SESSION_ID}", "allow_promotion_codes", "true")
	link.want(t, "active", true, "currency", "usd", "after_completion.type", "redirect", "restrictions", nil, "submit_type", "auto")
	wantEvents(t, s.events(), "payment_link.created")
	s.get("/v1/payment_links/"+link.str("id")+"/line_items").want(t, "data.0.quantity", 2, "data.0.amount_total", 5000, "data.0.price.id", price)

	session := s.opened(link.str("url") + "?client_reference_id=order-7&locked_prefilled_email=ayse@example.com&unknown=1")
	session.want(t, "payment_link", link.str("id"), "amount_total", 5000, "client_reference_id", "order-7", "customer_email", "ayse@example.com",
		"metadata.campaign", "spring", "allow_promotion_codes", true, "status", "open")
	s.pays(session, "4242424242424242").want(t, "redirect_url", "https://shop.example/done?s="+session.str("id"))
	wantEvents(t, s.events(), "payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed")
	s.opened(link.str("url")+"?client_reference_id=not%20allowed").want(t, "client_reference_id", nil, "payment_status", "unpaid")

	s.post("/v1/payment_links/"+link.str("id"), "active", "false", "inactive_message", "Sold out").want(t, "active", false, "inactive_message", "Sold out")
	wantEvents(t, s.events(), "payment_link.updated")
	if status, to := s.opens(link.str("url")); status != http.StatusOK || to != "" {
		t.Errorf("a link that is not active answers %d and leads to %q", status, to)
	}
	if status, _ := s.opens(s.server.URL + "/b/test_nobody"); status != http.StatusNotFound {
		t.Errorf("an unknown link answers %d", status)
	}
}

func TestAPaymentLinkEndsAtItsLimit(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	link := s.post("/v1/payment_links", "line_items[0][price]", s.price("unit_amount", "2500"), "line_items[0][quantity]", "1", "restrictions[completed_sessions][limit]", "1")
	link.want(t, "restrictions.completed_sessions.count", 0, "restrictions.completed_sessions.limit", 1)
	first, second := s.opened(link.str("url")), s.opened(link.str("url"))
	s.events()
	s.pays(first, "4242424242424242").want(t, "redirect_url", nil, "session.status", "complete")
	wantEvents(t, s.events(), "payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed", "payment_link.updated")
	s.get("/v1/payment_links/"+link.str("id")).want(t, "active", false, "restrictions.completed_sessions.count", 1)
	if status, page := s.onPage("POST", second.str("id")+"/confirm", typed("4242424242424242")...); status != 400 {
		t.Errorf("a second buyer: %d %v", status, page)
	}
	s.refused("POST", "/v1/payment_links/"+link.str("id"), "active", "true").want(t, "status", 400, "param", "active")
	s.post("/v1/payment_links/"+link.str("id"), "active", "true", "restrictions[completed_sessions][limit]", "2").want(t, "active", true)
	s.pays(second, "4242424242424242")
}

func TestPaymentLinksRefuse(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	price := s.price("unit_amount", "2500")
	item := []string{"line_items[0][price]", price, "line_items[0][quantity]", "1"}
	for _, tc := range []struct {
		params []string
		param  string
	}{
		{nil, "line_items"},
		{[]string{"line_items[0][price]", "price_nobody", "line_items[0][quantity]", "1"}, "line_items[0][price]"},
		{[]string{"line_items[0][price]", price, "line_items[0][quantity]", "0"}, "line_items[0][quantity]"},
		{append([]string{"after_completion[type]", "redirect"}, item...), "after_completion[redirect][url]"},
		{append([]string{"after_completion[type]", "redirect", "after_completion[redirect][url]", "nowhere"}, item...), "after_completion[redirect][url]"},
		{append([]string{"restrictions[completed_sessions][limit]", "0"}, item...), "restrictions[completed_sessions][limit]"},
	} {
		s.refused("POST", "/v1/payment_links", tc.params...).want(t, "status", 400, "param", tc.param)
	}
	s.refused("POST", "/v1/payment_links/plink_nobody", "active", "false").want(t, "status", 404, "code", "resource_missing")
	link := s.post("/v1/payment_links", item...)
	s.refused("POST", "/v1/payment_links/"+link.str("id"), "line_items[0][id]", "li_nobody", "line_items[0][quantity]", "3").want(t, "param", "line_items[0][id]")
	line := s.get("/v1/payment_links/"+link.str("id"), "expand[]", "line_items").str("line_items.data.0.id")
	s.post("/v1/payment_links/"+link.str("id"), "line_items[0][id]", line, "line_items[0][quantity]", "3")
	s.opened(link.str("url")).want(t, "amount_total", 7500)
}

// The address of a link says who comes, from where, and with which code; what is not allowed is passed over.
func TestTheAddressOfAPaymentLinkFillsItsPage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	coupon := s.post("/v1/coupons", "percent_off", "10").str("id")
	s.post("/v1/promotion_codes", "promotion[type]", "coupon", "promotion[coupon]", coupon, "code", "SPRING")
	link := s.post("/v1/payment_links", "line_items[0][price]", s.price("unit_amount", "2500"), "line_items[0][quantity]", "1", "allow_promotion_codes", "true",
		"after_completion[type]", "redirect", "after_completion[redirect][url]", "https://shop.example/done?s={CHECKOUT_SESSION_ID}#top")
	session := s.opened(link.str("url") + "?prefilled_email=ayse@example.com&prefilled_promo_code=spring&locale=tr&utm_source=news&utm_medium=not+allowed&utm_campaign=may_2026")
	session.want(t, "customer_email", nil, "amount_total", 2250, "locale", "tr")
	_, page := s.onPage("GET", session.str("id"))
	page.want(t, "prefilled_email", "ayse@example.com", "promotion_code", "SPRING")
	s.pays(session, "4242424242424242").want(t, "redirect_url", "https://shop.example/done?s="+session.str("id")+"&utm_campaign=may_2026&utm_source=news#top")
	s.opened(link.str("url")+"?locked_prefilled_email=ayse@example.com&prefilled_email=fatma@example.com&locale=xx").want(t, "customer_email", "ayse@example.com", "locale", nil, "amount_total", 2500)
	s.opened(link.str("url")+"?prefilled_promo_code=NOBODY&prefilled_email=nobody").want(t, "amount_total", 2500)
}

// What a link says of its buyers, its sessions say.
func TestSessionsOfAPaymentLinkAreAsTheLinkSays(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	price := s.price("unit_amount", "2500")
	rate := s.post("/v1/shipping_rates", "display_name", "Kargo", "type", "fixed_amount", "fixed_amount[amount]", "500", "fixed_amount[currency]", "usd").str("id")
	link := s.post("/v1/payment_links", "line_items[0][price]", price, "line_items[0][quantity]", "1", "line_items[0][adjustable_quantity][enabled]", "true", "line_items[0][adjustable_quantity][maximum]", "3",
		"phone_number_collection[enabled]", "true", "tax_id_collection[enabled]", "true", "name_collection[business][enabled]", "true", "billing_address_collection", "required", "submit_type", "book",
		"custom_text[submit][message]", "Thanks", "custom_fields[0][key]", "size", "custom_fields[0][type]", "text", "custom_fields[0][label][type]", "custom", "custom_fields[0][label][custom]", "Size",
		"optional_items[0][price]", price, "optional_items[0][quantity]", "1", "shipping_options[0][shipping_rate]", rate, "shipping_address_collection[allowed_countries][0]", "TR",
		"consent_collection[promotions]", "auto", "payment_intent_data[metadata][order]", "7", "payment_intent_data[description]", "By link", "customer_creation", "always",
		"after_completion[type]", "hosted_confirmation", "after_completion[hosted_confirmation][custom_message]", "We will write to you.")
	link.want(t, "optional_items.0.quantity", 1, "tax_id_collection.required", "never", "invoice_creation.enabled", false, "managed_payments.enabled", false, "name_collection.business.optional", false,
		"custom_fields.0.optional", false, "payment_intent_data.metadata.order", "7")
	session := s.opened(link.str("url"))
	session.want(t, "phone_number_collection.enabled", true, "tax_id_collection.enabled", true, "name_collection.business.enabled", true, "billing_address_collection", "required", "submit_type", "book",
		"custom_text.submit.message", "Thanks", "custom_fields.0.key", "size", "optional_items.0.price", price, "shipping_cost.amount_total", 500, "customer_creation", "always", "consent_collection.promotions", "auto")
	if status, page := s.types(session, "phone", "+15555550123", "business_name", "Çınar", "custom_fields[size]", "L", "shipping[name]", "Ayşe", "shipping[address][line1]", "Liman Cd. 2",
		"shipping[address][country]", "TR", "payment_method_data[billing_details][address][line1]", "İstiklal Cd. 1"); status != http.StatusOK {
		t.Fatalf("%d %v", status, page)
	}
	_, page := s.onPage("GET", session.str("id"))
	page.want(t, "after_completion", "We will write to you.", "redirect_url", nil)
	s.get("/v1/checkout/sessions/"+session.str("id"), "expand[]", "payment_intent").want(t, "payment_intent.description", "By link", "payment_intent.metadata.order", "7", "customer_details.phone", "+15555550123")

	monthly := s.price("unit_amount", "1000", "recurring[interval]", "month")
	for _, tc := range []struct {
		price string
		pairs []string
		param string
	}{
		{price, []string{"subscription_data[trial_period_days]", "7"}, "subscription_data"},
		{price, []string{"payment_method_collection", "if_required"}, "payment_method_collection"},
		{monthly, []string{"payment_intent_data[description]", "x"}, "payment_intent_data"},
		{monthly, []string{"customer_creation", "always"}, "customer_creation"},
		{monthly, []string{"invoice_creation[enabled]", "true"}, "invoice_creation"},
		{price, []string{"optional_items[0][price]", "price_nobody", "optional_items[0][quantity]", "1"}, "optional_items[0][price]"},
	} {
		s.refused("POST", "/v1/payment_links", append([]string{"line_items[0][price]", tc.price, "line_items[0][quantity]", "1"}, tc.pairs...)...).want(t, "status", 400, "param", tc.param)
	}
	s.post("/v1/payment_links", "line_items[0][price]", monthly, "line_items[0][quantity]", "1", "subscription_data[trial_period_days]", "7").want(t, "subscription_data.trial_period_days", 7)
}
