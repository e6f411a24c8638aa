package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
)

// declares writes the tax rates of places into the account's settings, as JSON.
func (s *shop) declares(rates string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.server.URL+"/_sandbox/settings", strings.NewReader(`{"tax_rates":[`+rates+`]}`))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.key)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		s.t.Error(err)
	}
	if answer.StatusCode != http.StatusOK {
		s.t.Fatalf("settings: status %d", answer.StatusCode)
	}
}

// Taxes are found by the buyer's place, of the rates that the account declares.
func TestAutomaticTaxUsesTheDeclaredRate(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.declares(`{"country":"TR","percentage":20,"display_name":"KDV"},{"country":"US","percentage":4},{"country":"US","state":"NY","percentage":8.875}`)
	session := s.session("automatic_tax[enabled]", "true")
	session.want(t, "automatic_tax.enabled", true, "automatic_tax.status", "requires_location_inputs", "automatic_tax.provider", "stripe", "automatic_tax.liability.type", "self", "total_details.amount_tax", 0)
	at := session.str("id")
	for _, tc := range []struct {
		country, state string
		tax            int
	}{{"TR", "", 46900}, {"US", "NY", 20812}, {"US", "CA", 9380}, {"DE", "", 0}} {
		_, page := s.onPage("POST", at, "place[country]", tc.country, "place[state]", tc.state)
		page.want(t, "session.total_details.amount_tax", tc.tax, "session.amount_total", 234500+tc.tax, "session.automatic_tax.status", "complete")
	}
	s.pays(session, "4242424242424242") // the card's address is in Turkey
	paid := s.get("/v1/checkout/sessions/"+at, "expand[]", "line_items.data.taxes", "expand[]", "total_details.breakdown", "expand[]", "payment_intent")
	paid.want(t, "amount_total", 281400, "payment_intent.amount_received", 281400, "payment_intent.amount_details.tax.total_tax_amount", 46900,
		"line_items.data.0.taxes.0.amount", 16900, "line_items.data.0.taxes.0.rate.display_name", "KDV", "line_items.data.0.taxes.0.taxability_reason", "standard_rated",
		"line_items.data.0.taxes.0.taxable_amount", 84500, "total_details.breakdown.taxes.0.amount", 46900)
}

func TestPricesAndCustomersDecideHowTheyAreTaxed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.declares(`{"country":"TR","percentage":20,"display_name":"KDV"}`)
	turkish := []string{"address[country]", "TR", "address[line1]", "İstiklal Cd. 1"}
	here := s.post("/v1/customers", turkish...).str("id")
	inside := s.price("unit_amount", "12000", "tax_behavior", "inclusive")
	s.poster(inside, "automatic_tax[enabled]", "true", "customer", here).want(t, "amount_total", 12000, "total_details.amount_tax", 2000, "automatic_tax.status", "complete")
	s.poster(s.price("unit_amount", "12000", "tax_behavior", "exclusive"), "automatic_tax[enabled]", "true", "customer", here).want(t, "amount_total", 14400, "total_details.amount_tax", 2400)
	shipping := []string{"shipping_options[0][shipping_rate_data][display_name]", "Kargo", "shipping_options[0][shipping_rate_data][fixed_amount][amount]", "1000", "shipping_options[0][shipping_rate_data][fixed_amount][currency]", "usd"}
	s.poster(inside, append([]string{"automatic_tax[enabled]", "true", "customer", here, "expand[]", "shipping_cost.taxes"}, shipping...)...).
		want(t, "amount_total", 13200, "total_details.amount_tax", 2200, "total_details.amount_shipping", 1000, "shipping_cost.amount_tax", 200, "shipping_cost.amount_total", 1200, "shipping_cost.taxes.0.amount", 200)

	exempt := s.post("/v1/customers", append([]string{"tax_exempt", "exempt"}, turkish...)...).str("id")
	s.poster(inside, "automatic_tax[enabled]", "true", "customer", exempt).want(t, "amount_total", 10000, "total_details.amount_tax", 0, "customer_details.tax_exempt", "exempt")
	nowhere := s.post("/v1/customers").str("id")
	s.refused("POST", "/v1/checkout/sessions", "mode", "payment", "success_url", "https://shop.example", "line_items[0][price]", inside, "line_items[0][quantity]", "1", "automatic_tax[enabled]", "true", "customer", nowhere).
		want(t, "status", 400, "code", "customer_tax_location_invalid")
	s.poster(inside, "automatic_tax[enabled]", "true", "customer", nowhere, "customer_update[address]", "auto").want(t, "automatic_tax.status", "requires_location_inputs")
}

// Several rates on one line: those inside the price share it by their sum, those on top come on what is left.
func TestSeveralTaxRatesOnOneLine(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	rate := func(percent, inclusive string) string {
		return s.post("/v1/tax_rates", "display_name", "Tax "+percent, "percentage", percent, "inclusive", inclusive).str("id")
	}
	session := s.poster(s.price("unit_amount", "13000"), "line_items[0][tax_rates][0]", rate("20", "true"), "line_items[0][tax_rates][1]", rate("10", "true"), "line_items[0][tax_rates][2]", rate("5", "false"),
		"expand[]", "line_items.data.taxes")
	session.want(t, "amount_subtotal", 13000, "amount_total", 13500, "total_details.amount_tax", 3500, "line_items.data.0.taxes.0.amount", 2000, "line_items.data.0.taxes.1.amount", 1000,
		"line_items.data.0.taxes.2.amount", 500, "line_items.data.0.taxes.0.taxable_amount", 10000, "line_items.data.0.taxes.0.taxability_reason", nil)
}
