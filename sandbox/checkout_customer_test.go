package sandbox_test

import (
	"net/http"
	"testing"
)

// What a buyer types of themselves is in the session, and in the customer that it makes.
func TestNamesPhoneAndTaxIDOfABuyer(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	price := s.price("unit_amount", "2500")
	asks := []string{
		"customer_creation", "always", "phone_number_collection[enabled]", "true", "name_collection[business][enabled]", "true", "name_collection[individual][enabled]", "true",
		"name_collection[individual][optional]", "true", "tax_id_collection[enabled]", "true", "tax_id_collection[required]", "if_supported", "shipping_address_collection[allowed_countries][0]", "TR",
	}
	answers := []string{"shipping[name]", "Depo", "shipping[address][line1]", "Liman Cd. 2", "shipping[address][country]", "TR"}
	session := s.poster(price, asks...)
	session.want(t, "phone_number_collection.enabled", true, "name_collection.business.optional", false, "name_collection.individual.optional", true,
		"tax_id_collection.required", "if_supported", "collected_information", nil)
	for _, next := range []struct{ param, value string }{
		{"phone", "+905551234567"}, {"business_name", "Çınar Kahve A.Ş."}, {"tax_id[value]", "1234567890"}, {"tax_id[type]", "tr_tin"},
	} {
		status, page := s.types(session, answers...)
		page.hash("error").want(t, "param", next.param)
		if status != http.StatusBadRequest {
			t.Fatalf("without %s: %d", next.param, status)
		}
		answers = append(answers, next.param, next.value)
	}
	wrong := append(append([]string{}, answers[:len(answers)-4]...), "tax_id[type]", "tr_tin", "tax_id[value]", "12")
	_, page := s.types(session, wrong...)
	page.hash("error").want(t, "code", "tax_id_invalid", "param", "tax_id[value]")
	s.events()
	if status, page := s.types(session, answers...); status != http.StatusOK {
		t.Fatalf("%d %v", status, page)
	}
	after := s.get("/v1/checkout/sessions/" + session.str("id"))
	after.want(t, "customer_details.phone", "+905551234567", "customer_details.business_name", "Çınar Kahve A.Ş.", "customer_details.individual_name", nil,
		"collected_information.business_name", "Çınar Kahve A.Ş.", "customer_details.tax_ids.0.type", "tr_tin", "customer_details.tax_ids.0.value", "1234567890", "customer_details.name", "Ayşe Yılmaz")
	s.get("/v1/customers/"+after.str("customer"), "expand[]", "tax_ids").want(t, "name", "Çınar Kahve A.Ş.", "business_name", "Çınar Kahve A.Ş.", "phone", "+905551234567",
		"shipping.name", "Depo", "shipping.address.line1", "Liman Cd. 2", "address.country", "TR", "tax_ids.data.0.value", "1234567890", "tax_ids.data.0.country", "TR")
	wantEvents(t, s.events(), "customer.created", "customer.tax_id.created", "payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed")
}

// A customer that the shop names is changed as far as customer_update allows.
func TestCustomersAreUpdatedAsTheShopAllows(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	price := s.price("unit_amount", "2500")
	asks := []string{"shipping_address_collection[allowed_countries][0]", "TR", "phone_number_collection[enabled]", "true"}
	answers := []string{"phone", "+905551234567", "shipping[name]", "Depo", "shipping[address][line1]", "Liman Cd. 2", "shipping[address][country]", "TR"}
	for _, tc := range []struct {
		name              string
		session           []string
		is, country, city any
	}{
		{"nothing", nil, "Fatma", nil, nil},
		{"name", []string{"customer_update[name]", "auto"}, "Ayşe Yılmaz", nil, nil},
		{"address", []string{"customer_update[address]", "auto"}, "Fatma", "TR", nil},
		{"shipping", []string{"customer_update[shipping]", "auto"}, "Fatma", nil, "Liman Cd. 2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			id := s.post("/v1/customers", "name", "Fatma", "email", "fatma@example.com").str("id")
			session := s.poster(price, append(append([]string{"customer", id}, asks...), tc.session...)...)
			session.want(t, "customer_details.email", "fatma@example.com", "customer_details.tax_ids", nil, "collected_information.shipping_details", nil,
				"saved_payment_method_options.allow_redisplay_filters.0", "always", "saved_payment_method_options.payment_method_remove", "disabled")
			if status, page := s.types(session, answers...); status != http.StatusOK {
				t.Fatalf("%d %v", status, page)
			}
			s.get("/v1/customers/"+id).want(t, "name", tc.is, "address.country", tc.country, "shipping.address.line1", tc.city, "phone", "+905551234567")
		})
	}
	id := s.post("/v1/customers").str("id")
	base := []string{"mode", "payment", "success_url", "https://shop.example", "line_items[0][price]", price, "line_items[0][quantity]", "1"}
	s.refused("POST", "/v1/checkout/sessions", append(base, "customer", id, "tax_id_collection[enabled]", "true")...).want(t, "status", 400, "param", "tax_id_collection")
	s.refused("POST", "/v1/checkout/sessions", append(base, "customer_update[name]", "auto")...).want(t, "status", 400, "param", "customer_update")
}

// A customer who comes back pays with a card that they saved, where they or the shop said that it may be shown.
func TestSavedCardsAreOfferedAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	price := s.price("unit_amount", "2500")
	id := s.post("/v1/customers", "email", "fatma@example.com").str("id")
	asks := []string{"customer", id, "saved_payment_method_options[payment_method_save]", "enabled", "saved_payment_method_options[payment_method_remove]", "enabled"}
	first := s.poster(price, asks...)
	s.types(first, "save_payment_method", "true")
	s.get("/v1/checkout/sessions/"+first.str("id"), "expand[]", "payment_intent.payment_method").want(t, "payment_intent.payment_method.allow_redisplay", "always",
		"payment_intent.payment_method.customer", id, "payment_intent.setup_future_usage", "on_session")
	saved := s.poster(price, append([]string{"payment_intent_data[setup_future_usage]", "off_session"}, asks...)...)
	s.types(saved)
	s.get("/v1/checkout/sessions/"+saved.str("id"), "expand[]", "payment_intent.payment_method").want(t, "payment_intent.payment_method.allow_redisplay", "limited")

	next := s.poster(price, asks...)
	_, page := s.onPage("GET", next.str("id"))
	page.want(t, "saved_payment_methods.0.last4", "4242", "saved_payment_methods.0.brand", "visa", "saved_payment_methods.1", nil)
	card := page.str("saved_payment_methods.0.id")
	_, page = s.onPage("POST", next.str("id")+"/confirm", "payment_method", card)
	page.want(t, "session.status", "complete")
	s.get("/v1/checkout/sessions/"+next.str("id"), "expand[]", "payment_intent").want(t, "payment_intent.payment_method", card)

	all := s.poster(price, append([]string{"saved_payment_method_options[allow_redisplay_filters][0]", "always", "saved_payment_method_options[allow_redisplay_filters][1]", "limited"}, asks...)...)
	_, page = s.onPage("GET", all.str("id"))
	if n := len(page.list("saved_payment_methods")); n != 2 {
		t.Errorf("%d cards are offered, want both", n)
	}
	s.events()
	_, page = s.onPage("POST", all.str("id")+"/payment_methods/"+card+"/detach")
	if n := len(page.list("saved_payment_methods")); n != 1 {
		t.Errorf("%d cards are left", n)
	}
	wantEvents(t, s.events(), "payment_method.detached")
	if status, _ := s.onPage("POST", all.str("id")+"/confirm", "payment_method", card); status != http.StatusBadRequest {
		t.Errorf("a removed card: %d", status)
	}
	if status, _ := s.onPage("POST", s.poster(price).str("id")+"/confirm", "email", "x@example.com", "payment_method", card); status != http.StatusBadRequest {
		t.Errorf("a stranger's card: %d", status)
	}
}

// What payment_intent_data and setup_intent_data say is the intent's.
func TestIntentsOfACheckoutAreAsTheShopSays(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	session := s.poster(s.price("unit_amount", "2500"), "payment_intent_data[description]", "Order 7", "payment_intent_data[receipt_email]", "receipts@example.com",
		"payment_intent_data[statement_descriptor_suffix]", "ORDER7", "payment_intent_data[transfer_group]", "g7", "payment_intent_data[metadata][a.b]", "7",
		"payment_intent_data[shipping][name]", "Ayşe", "payment_intent_data[shipping][address][line1]", "İstiklal Cd. 1", "payment_intent_data[shipping][carrier]", "PTT",
		"payment_method_options[card][request_three_d_secure]", "any", "payment_method_data[allow_redisplay]", "always")
	s.pays(session, "4000000000003055").want(t, "payment_intent.status", "requires_action") // a card that is asked only when the shop wants it
	pi := s.get("/v1/checkout/sessions/"+session.str("id"), "expand[]", "payment_intent")
	product := s.get("/v1/checkout/sessions/" + session.str("id") + "/line_items").str("data.0.price.product")
	pi.want(t, "payment_intent.description", "Order 7", "payment_intent.receipt_email", "receipts@example.com", "payment_intent.statement_descriptor_suffix", "ORDER7",
		"payment_intent.transfer_group", "g7", "payment_intent.shipping.carrier", "PTT", "payment_intent.payment_method_options.card.request_three_d_secure", "any",
		"payment_intent.payment_details.order_reference", product, "payment_intent.amount_details.shipping.amount", 0)
	s.get("/v1/payment_methods/"+pi.str("payment_intent.payment_method")).want(t, "allow_redisplay", "always")
	if got := pi.hash("payment_intent").hash("metadata")["a.b"]; got != "7" {
		t.Errorf("metadata a.b is %v", got)
	}

	saving := s.post("/v1/checkout/sessions", "mode", "setup", "payment_method_types[0]", "card", "success_url", "https://shop.example", "setup_intent_data[description]", "For later",
		"setup_intent_data[metadata][order]", "7", "payment_method_options[card][request_three_d_secure]", "any")
	s.get("/v1/setup_intents/"+saving.str("setup_intent")).want(t, "description", "For later", "metadata.order", "7", "payment_method_options.card.request_three_d_secure", "any")
}
