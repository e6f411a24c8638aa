package sandbox_test

import "testing"

func TestCustomers(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers", "email", "ayse@example.com", "name", "Ayşe Yılmaz", "metadata[reference]", "c-7", "address[line1]", "Bahariye Caddesi 1", "address[country]", "TR", "preferred_locales[]", "tr")
	customer.want(t, "email", "ayse@example.com", "name", "Ayşe Yılmaz", "metadata.reference", "c-7", "address.country", "TR", "balance", 0, "tax_exempt", "none", "delinquent", false,
		"next_invoice_sequence", 1, "currency", nil, "preferred_locales.0", "tr", "invoice_settings.default_payment_method", nil)
	if prefix := customer.str("invoice_prefix"); len(prefix) != 8 {
		t.Errorf("invoice_prefix %q", prefix)
	}
	path := "/v1/customers/" + customer.str("id")
	s.events()
	s.post(path, "name", "Ayşe Kaya", "metadata[reference]", "", "metadata[tier]", "gold").want(t, "name", "Ayşe Kaya", "metadata.tier", "gold", "metadata.reference", nil)
	updated := s.happened()
	updated[0].want(t, "type", "customer.updated", "data.previous_attributes.name", "Ayşe Yılmaz", "data.previous_attributes.metadata.reference", "c-7")

	s.refused("POST", "/v1/customers", "email", "not-an-email").want(t, "status", 400, "param", "email", "message", "Invalid email address: not-an-email")
	s.refused("POST", path, "tax_exempt", "maybe").want(t, "status", 400, "code", nil, "param", "tax_exempt", "message", "Invalid tax_exempt: must be one of none, reverse, or exempt")
	s.refused("GET", "/v1/customers/cus_none").want(t, "status", 404, "code", "resource_missing", "param", "id", "message", "No such customer: 'cus_none'")
	unattached := s.post("/v1/payment_methods", card("4242424242424242")...).str("id")
	s.refused("POST", path, "invoice_settings[default_payment_method]", unattached).want(t, "status", 400, "code", "resource_missing")

	with := s.post("/v1/customers", "payment_method", "pm_card_visa")
	if list := s.get("/v1/customers/" + with.str("id") + "/payment_methods").list("data"); len(list) != 1 {
		t.Errorf("%d methods, want the one of the call", len(list))
	}
	s.refused("POST", "/v1/customers", "payment_method", "pm_card_visa_chargeDeclined").want(t, "status", 402, "code", "card_declined")
	s.get("/v1/customers", "email", "ayse@example.com").want(t, "data.0.id", customer.str("id"), "has_more", false)
}

func TestADeletedCustomerIsGone(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers", "email", "ayse@example.com").str("id")
	method := s.post("/v1/payment_methods/pm_card_visa/attach", "customer", customer).str("id")
	pi := s.intent("customer", customer, "payment_method", method, "confirm", "true")
	s.events()
	s.must("DELETE", "/v1/customers/"+customer).want(t, "id", customer, "object", "customer", "deleted", true)
	gone := s.happened()
	gone[0].want(t, "type", "customer.deleted", "data.object.email", "ayse@example.com", "data.object.deleted", nil)
	s.get("/v1/payment_methods/"+method).want(t, "customer", nil)
	s.get("/v1/payment_intents/"+pi.str("id"), "expand[]", "customer").want(t, "customer.deleted", true)
	s.refused("POST", "/v1/payment_intents", "amount", "2000", "currency", "usd", "customer", customer).want(t, "status", 400, "code", "resource_missing", "param", "customer")
	if list := s.get("/v1/customers").list("data"); len(list) != 0 {
		t.Errorf("%d customers, want none", len(list))
	}
}

func TestProductsAndPrices(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	product := s.post("/v1/products", "name", "Türk kahvesi", "default_price_data[currency]", "try", "default_price_data[unit_amount]", "42250")
	created := s.happened()
	created[0].want(t, "type", "product.created", "data.object.default_price", product.str("default_price"))
	created[1].want(t, "type", "price.created", "data.object.product", product.str("id"), "data.object.unit_amount", 42250, "data.object.unit_amount_decimal", "42250", "data.object.type", "one_time")
	s.refused("DELETE", "/v1/products/"+product.str("id")).want(t, "status", 400)
	empty := s.post("/v1/products", "id", "prod_own", "name", "Boş")
	s.refused("POST", "/v1/products", "id", "prod_own", "name", "Boş").want(t, "status", 400, "code", "resource_already_exists")
	s.must("DELETE", "/v1/products/"+empty.str("id")).want(t, "deleted", true)

	first := s.post("/v1/prices", "product", product.str("id"), "currency", "try", "unit_amount", "1000", "lookup_key", "standard")
	s.refused("POST", "/v1/prices", "product", product.str("id"), "currency", "try", "unit_amount", "2000", "lookup_key", "standard").want(t, "status", 400, "param", "lookup_key")
	s.events()
	second := s.post("/v1/prices", "product", product.str("id"), "currency", "try", "unit_amount", "2000", "lookup_key", "standard", "transfer_lookup_key", "true")
	second.want(t, "lookup_key", "standard")
	s.get("/v1/prices/"+first.str("id")).want(t, "lookup_key", nil, "active", true)
	moved := s.happened()
	moved[0].want(t, "type", "price.updated", "data.previous_attributes.lookup_key", "standard")
	s.get("/v1/prices", "lookup_keys[]", "standard").want(t, "data.0.id", second.str("id"))
	s.post("/v1/prices", "product", product.str("id"), "currency", "usd", "unit_amount_decimal", "0.5", "tax_behavior", "exclusive").want(t, "unit_amount", nil, "unit_amount_decimal", "0.5")
	s.post("/v1/prices/"+second.str("id"), "tax_behavior", "exclusive").want(t, "tax_behavior", "exclusive")
	s.refused("POST", "/v1/prices/"+second.str("id"), "tax_behavior", "inclusive").want(t, "status", 400)
	s.refused("POST", "/v1/prices", "product", "prod_none", "currency", "usd", "unit_amount", "1").want(t, "status", 400, "code", "resource_missing", "param", "product")
	s.refused("POST", "/v1/prices", "product", product.str("id"), "currency", "usd").want(t, "status", 400, "code", "parameter_missing")
	tiered := s.post("/v1/prices", "product", product.str("id"), "currency", "usd", "billing_scheme", "tiered", "tiers_mode", "graduated", "recurring[interval]", "month",
		"tiers[0][up_to]", "10", "tiers[0][unit_amount]", "500", "tiers[1][up_to]", "inf", "tiers[1][unit_amount]", "300", "expand[]", "tiers")
	tiered.want(t, "type", "recurring", "recurring.interval", "month", "recurring.interval_count", 1, "tiers.0.up_to", 10, "tiers.1.up_to", nil, "tiers.1.unit_amount", 300)
}

func TestCoupons(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.post("/v1/coupons", "id", "KAHVE", "percent_off", "12.5", "duration", "repeating", "duration_in_months", "3").
		want(t, "id", "KAHVE", "percent_off", 12.5, "duration_in_months", 3, "valid", true, "times_redeemed", 0)
	s.refused("POST", "/v1/coupons", "id", "KAHVE", "percent_off", "10").want(t, "status", 400, "code", "resource_already_exists", "message", "Coupon already exists.")
	for _, wrong := range [][]string{
		{}, {"percent_off", "10", "amount_off", "100", "currency", "try"}, {"percent_off", "0"}, {"percent_off", "101"}, {"amount_off", "100"},
		{"percent_off", "10", "duration", "repeating"}, {"percent_off", "10", "redeem_by", "1"},
	} {
		s.refused("POST", "/v1/coupons", wrong...).want(t, "status", 400, "type", "invalid_request_error")
	}
	code := s.post("/v1/promotion_codes", "promotion[type]", "coupon", "promotion[coupon]", "KAHVE")
	code.want(t, "promotion.coupon", "KAHVE", "promotion.type", "coupon", "active", true, "restrictions.first_time_transaction", false)
	if len(code.str("code")) != 8 {
		t.Errorf("code %q", code.str("code"))
	}
	s.must("DELETE", "/v1/coupons/KAHVE").want(t, "deleted", true)
	s.get("/v1/promotion_codes/"+code.str("id")).want(t, "active", false)
	s.refused("POST", "/v1/promotion_codes", "promotion[type]", "coupon", "promotion[coupon]", "NONE").want(t, "status", 400, "code", "resource_missing")
}
