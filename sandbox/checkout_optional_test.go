package sandbox_test

import (
	"net/http"
	"strconv"
	"testing"
)

func TestABuyerAddsOptionalItems(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	poster, frame, hook := s.price("unit_amount", "2500"), s.price("unit_amount", "4000"), s.price("unit_amount", "150")
	session := s.poster(poster, "optional_items[0][price]", frame, "optional_items[0][quantity]", "1",
		"optional_items[1][price]", hook, "optional_items[1][quantity]", "2", "optional_items[1][adjustable_quantity][enabled]", "true", "optional_items[1][adjustable_quantity][minimum]", "2", "optional_items[1][adjustable_quantity][maximum]", "8")
	session.want(t, "amount_total", 2500, "optional_items.0.price", frame, "optional_items.1.adjustable_quantity.maximum", 8)
	_, page := s.onPage("GET", session.str("id"))
	page.want(t, "optional_items.0.amount", 4000, "optional_items.1.amount", 300, "optional_items.1.description", "Poster")

	at := session.str("id")
	_, page = s.onPage("POST", at, "optional_items[0][price]", frame)
	page.want(t, "session.amount_total", 6500, "line_items.1.optional", frame, "optional_items.0.price", hook)
	_, page = s.onPage("POST", at, "optional_items[0][price]", hook, "optional_items[0][quantity]", "5")
	page.want(t, "session.amount_total", 7250, "optional_items.0", nil)
	for _, tc := range []struct{ price, quantity, param string }{
		{hook, "9", "optional_items[0][quantity]"}, {hook, "1", "optional_items[0][quantity]"}, {frame, "2", "optional_items[0][quantity]"}, {poster, "1", "optional_items[0][price]"},
	} {
		status, page := s.onPage("POST", at, "optional_items[0][price]", tc.price, "optional_items[0][quantity]", tc.quantity)
		page.hash("error").want(t, "param", tc.param)
		if status != http.StatusBadRequest {
			t.Errorf("%s of %s: %d", tc.quantity, tc.price, status)
		}
	}
	_, page = s.onPage("POST", at, "optional_items[0][price]", frame, "optional_items[0][quantity]", "0")
	page.want(t, "session.amount_total", 3250)
	_, page = s.onPage("GET", at)
	line := page.str("line_items.1.id")
	_, page = s.onPage("POST", at, "line_items[0][id]", line, "line_items[0][quantity]", "0")
	page.want(t, "session.amount_total", 2500, "line_items.1", nil)

	s.types(session, "optional_items[0][price]", frame)
	s.get("/v1/checkout/sessions/"+at, "expand[]", "line_items", "expand[]", "payment_intent").want(t, "amount_total", 6500, "payment_intent.amount_received", 6500,
		"line_items.data.1.price.id", frame, "line_items.data.1.quantity", 1, "optional_items.0.price", frame)
}

func TestOptionalItemsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	poster := s.price("unit_amount", "2500")
	for _, tc := range []struct {
		name   string
		params []string
		param  string
	}{
		{"unknown", []string{"optional_items[0][price]", "price_nobody", "optional_items[0][quantity]", "1"}, "optional_items[0][price]"},
		{"recurring", []string{"optional_items[0][price]", s.price("unit_amount", "100", "recurring[interval]", "month"), "optional_items[0][quantity]", "1"}, "optional_items[0][price]"},
		{"inactive", []string{"optional_items[0][price]", s.price("unit_amount", "100", "active", "false"), "optional_items[0][quantity]", "1"}, "optional_items[0][price]"},
		{"another currency", []string{"optional_items[0][price]", s.post("/v1/prices", "currency", "eur", "unit_amount", "100", "product_data[name]", "Hook").str("id"), "optional_items[0][quantity]", "1"}, "optional_items[0][price]"},
		{"none", []string{"optional_items[0][price]", poster, "optional_items[0][quantity]", "0"}, "optional_items[0][quantity]"},
		{"out of bounds", []string{"optional_items[0][price]", poster, "optional_items[0][quantity]", "9", "optional_items[0][adjustable_quantity][enabled]", "true", "optional_items[0][adjustable_quantity][maximum]", "8"}, "optional_items[0][quantity]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s.refused("POST", "/v1/checkout/sessions", append([]string{"mode", "payment", "success_url", "https://shop.example/thanks", "line_items[0][price]", poster, "line_items[0][quantity]", "1"}, tc.params...)...).
				want(t, "status", 400, "param", tc.param)
		})
	}
	eleven := []string{"mode", "payment", "success_url", "https://shop.example/thanks", "line_items[0][price]", poster, "line_items[0][quantity]", "1"}
	for i := range 11 {
		at := "optional_items[" + strconv.Itoa(i) + "]"
		eleven = append(eleven, at+"[price]", poster, at+"[quantity]", "1")
	}
	s.refused("POST", "/v1/checkout/sessions", eleven...).want(t, "status", 400, "param", "optional_items")
}
