package sandbox_test

import "testing"

// Stripe's libraries have parameters that its description lacks (stripe-go 85, stripe-node 23.1.0).
func TestParametersOfTheLibrariesAreTaken(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	service := s.post("/v1/products", "name", "Seats", "type", "service")
	good := s.post("/v1/products", "name", "Cups", "type", "good")
	if service["type"] != "service" || good["type"] != "good" {
		t.Errorf("the products are of type %v and %v", service["type"], good["type"])
	}
	if list := s.get("/v1/products?type=good")["data"].([]any); len(list) != 1 || list[0].(map[string]any)["id"] != good["id"] {
		t.Errorf("goods are %v", list)
	}

	price := s.post("/v1/prices", "product", service["id"].(string), "currency", "eur", "unit_amount", "1000", "recurring[interval]", "month", "recurring[trial_period_days]", "14")
	if days := price["recurring"].(map[string]any)["trial_period_days"]; days != 14.0 {
		t.Errorf("the price's trial has %v days", days)
	}
	other := s.post("/v1/prices", "product", service["id"].(string), "currency", "eur", "unit_amount", "2000", "recurring[interval]", "month")
	customer := s.post("/v1/customers", "validate", "true")["id"].(string)
	sub := s.post("/v1/subscriptions", "customer", customer, "items[0][price]", price["id"].(string), "trial_from_plan", "true")
	if sub["status"] != "trialing" || sub["trial_end"].(float64)-sub["trial_start"].(float64) != 14*24*3600 {
		t.Errorf("the subscription is %v from %v to %v", sub["status"], sub["trial_start"], sub["trial_end"])
	}
	for plan, want := range map[any]int{price["id"]: 1, other["id"]: 0} {
		if list := s.get("/v1/subscriptions?plan=" + plan.(string))["data"].([]any); len(list) != want {
			t.Errorf("%d subscriptions of %v, want %d", len(list), plan, want)
		}
	}
	s.post("/v1/customers/"+customer+"/sources", "source", "tok_visa", "validate", "false")
	if m := s.post("/v1/payment_methods", "type", "fpx", "fpx[bank]", "maybank2u", "fpx[account_holder_type]", "individual"); m["fpx"].(map[string]any)["bank"] != "maybank2u" {
		t.Errorf("the method is %v", m["fpx"])
	}
}

// Applications send the lines of an address that their buyers left empty.
func TestEmptyPartsOfAnAddressAreNull(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers", "address[line1]", "Main Street 1", "address[line2]", "", "address[country]", "US",
		"shipping[name]", "Jenny", "shipping[phone]", "", "shipping[address][line1]", "Main Street 1", "shipping[address][line2]", "")
	customer.want(t, "address.line1", "Main Street 1", "address.line2", nil, "shipping.address.line2", nil, "shipping.address.line1", "Main Street 1")
	intent := s.post("/v1/payment_intents", "amount", "1000", "currency", "usd", "confirm", "true", "return_url", "https://shop.example/", "payment_method", "pm_card_visa",
		"shipping[name]", "Jenny", "shipping[address][line1]", "Main Street 1", "shipping[address][line2]", "", "shipping[address][state]", "")
	intent.want(t, "status", "succeeded", "shipping.address.line1", "Main Street 1", "shipping.address.line2", nil, "shipping.address.state", nil)
	method := s.post("/v1/payment_methods", "type", "card", "card[token]", "tok_visa", "billing_details[name]", "", "billing_details[address][line1]", "", "billing_details[address][postal_code]", "10115")
	method.want(t, "billing_details.name", nil, "billing_details.address.line1", nil, "billing_details.address.postal_code", "10115")
	if got := s.refused("POST", "/v1/terminal/locations", "display_name", "Shop", "address[line1]", "1 Main Street", "address[line2]", "", "address[city]", "Springfield", "address[country]", "US"); got.str("param") != "address[line2]" {
		t.Errorf("a location without a second line: %v", got)
	}
}

func TestTheFormerLinesOfASessionHaveASentenceOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	got := s.refused("POST", "/v1/checkout/sessions", "mode", "payment", "success_url", "https://shop.example/",
		"line_items[0][name]", "Tea", "line_items[0][amount]", "2000", "line_items[0][currency]", "usd", "line_items[0][quantity]", "1")
	got.want(t, "status", 400, "type", "invalid_request_error", "message",
		"You cannot use `line_items.amount`, `line_items.currency`, `line_items.name`, `line_items.description`, or `line_items.images` in this API version. Please use `line_items.price` or `line_items.price_data`.")
}
