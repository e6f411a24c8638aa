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
