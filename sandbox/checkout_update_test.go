package sandbox_test

import (
	"testing"
)

// The shop's server changes an order while its buyer looks at it.
func TestAnOpenCheckoutIsChangedByTheShop(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	session := s.post("/v1/checkout/sessions", append([]string{"mode", "payment", "ui_mode", "elements", "return_url", "https://shop.example/back"}, order[6:]...)...)
	at := "/v1/checkout/sessions/" + session.str("id")
	lines := s.get(at + "/line_items")
	coffee, cezve := lines.str("data.0.id"), lines.str("data.1.id")
	rate := s.post("/v1/tax_rates", "display_name", "KDV", "percentage", "20", "inclusive", "false").str("id")

	s.events()
	s.post(at, "line_items[0][id]", cezve, "line_items[1][id]", coffee, "line_items[1][quantity]", "3", "line_items[1][metadata][roast]", "dark", "line_items[1][tax_rates][0]", rate,
		"line_items[2][price_data][currency]", "try", "line_items[2][price_data][unit_amount]", "1000", "line_items[2][price_data][product_data][name]", "Lokum", "line_items[2][quantity]", "1").
		want(t, "amount_subtotal", 277750, "amount_total", 303100, "total_details.amount_tax", 25350)
	list := s.get(at + "/line_items")
	list.want(t, "data.0.id", cezve, "data.0.quantity", 1, "data.1.id", coffee, "data.1.quantity", 3, "data.1.metadata.roast", "dark", "data.1.amount_tax", 25350, "data.2.description", "Lokum", "data.3", nil)
	wantEvents(t, s.events())

	s.post(at, "line_items[0][id]", coffee, "line_items[0][tax_rates]", "").want(t, "amount_total", 126750, "total_details.amount_tax", 0)
	s.refused("POST", at, "line_items[0][id]", cezve).want(t, "status", 400, "param", "line_items[0][id]")
	s.refused("POST", at, "line_items[0][id]", coffee, "line_items[0][quantity]", "0").want(t, "param", "line_items[0][quantity]")

	s.post(at, "shipping_options[0][shipping_rate_data][display_name]", "Kargo", "shipping_options[0][shipping_rate_data][fixed_amount][amount]", "4990",
		"shipping_options[0][shipping_rate_data][fixed_amount][currency]", "try").want(t, "amount_total", 131740, "shipping_cost.amount_total", 4990)
	s.post(at, "shipping_options", "").want(t, "amount_total", 126750, "shipping_cost", nil, "shipping_options.0", nil)
	s.post(at, "metadata[note]", "gift").want(t, "metadata.note", "gift")
	s.pays(session, "4242424242424242")
	s.refused("POST", at, "line_items[0][id]", coffee).want(t, "status", 400, "param", "line_items")
	s.post(at, "metadata[note]", "").want(t, "metadata.note", nil)
}

// permissions[update_shipping_details] decides who says where the goods go.
func TestShippingDetailsAreTheServersOrTheBuyers(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	details := []string{
		"collected_information[shipping_details][name]", "Ayşe Yılmaz", "collected_information[shipping_details][address][line1]", "İstiklal Cd. 1",
		"collected_information[shipping_details][address][country]", "TR",
	}
	open := func(pairs ...string) string {
		base := append([]string{"mode", "payment", "ui_mode", "embedded_page", "return_url", "https://shop.example/back", "shipping_address_collection[allowed_countries][0]", "TR"}, order[6:]...)
		return s.post("/v1/checkout/sessions", append(base, pairs...)...).str("id")
	}
	ours, theirs := open("permissions[update_shipping_details]", "server_only"), open()
	s.refused("POST", "/v1/checkout/sessions/"+theirs, details...).want(t, "status", 400, "param", "collected_information[shipping_details]")
	elsewhere := append(append([]string{}, details[:5]...), "DE")
	s.refused("POST", "/v1/checkout/sessions/"+ours, elsewhere...).want(t, "param", "collected_information[shipping_details][address][country]")
	if status, page := s.onPage("POST", ours+"/confirm", typed("4242424242424242")...); status != 400 {
		t.Errorf("without the server's word: %d %v", status, page)
	}
	s.post("/v1/checkout/sessions/"+ours, details...).want(t, "collected_information.shipping_details.name", "Ayşe Yılmaz")
	s.onPage("POST", ours+"/confirm", typed("4242424242424242")...)
	s.get("/v1/checkout/sessions/"+ours, "expand[]", "payment_intent").want(t, "status", "complete", "payment_intent.shipping.address.country", "TR", "payment_intent.shipping.name", "Ayşe Yılmaz")
}
