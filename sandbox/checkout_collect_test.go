package sandbox_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// poster is a session for one poster at a price.
func (s *shop) poster(price string, pairs ...string) object {
	s.t.Helper()
	return s.post("/v1/checkout/sessions", append([]string{
		"mode", "payment", "success_url", "https://shop.example/thanks", "line_items[0][price]", price, "line_items[0][quantity]", "1",
	}, pairs...)...)
}

// types is what the page sends for a card, and what else the buyer types; it answers status and page.
func (s *shop) types(session object, pairs ...string) (int, object) {
	s.t.Helper()
	return s.onPage("POST", session.str("id")+"/confirm", append(typed("4242424242424242"), pairs...)...)
}

func TestWhatACheckoutAsksOfItsBuyer(t *testing.T) {
	t.Parallel()
	address := []string{"shipping[name]", "Ayşe Yılmaz", "shipping[address][line1]", "İstiklal Cd. 1", "shipping[address][city]", "İstanbul", "shipping[address][country]", "TR"}
	for _, tc := range []struct {
		name            string
		session, buyer  []string
		param           string // of the refusal without what the buyer types
		path, collected any
	}{
		{"an address", []string{"shipping_address_collection[allowed_countries][0]", "TR"}, address, "shipping[name]", "collected_information.shipping_details.address.city", "İstanbul"},
		{"a text", []string{"custom_fields[0][key]", "engraving", "custom_fields[0][label][type]", "custom", "custom_fields[0][label][custom]", "Engraving", "custom_fields[0][type]", "text"},
			[]string{"custom_fields[engraving]", "Ayşe"}, "custom_fields[engraving]", "custom_fields.0.text.value", "Ayşe"},
		{"a choice", []string{
			"custom_fields[0][key]", "size", "custom_fields[0][label][type]", "custom", "custom_fields[0][label][custom]", "Size", "custom_fields[0][type]", "dropdown",
			"custom_fields[0][dropdown][options][0][label]", "Small", "custom_fields[0][dropdown][options][0][value]", "small",
		}, []string{"custom_fields[size]", "small"}, "custom_fields[size]", "custom_fields.0.dropdown.value", "small"},
		{"terms", []string{"consent_collection[terms_of_service]", "required"}, []string{"consent[terms_of_service]", "true"}, "consent[terms_of_service]", "consent.terms_of_service", "accepted"},
		{"promotions", []string{"consent_collection[promotions]", "auto"}, []string{"consent[promotions]", "true"}, "", "consent.promotions", "opt_in"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			price := s.price("unit_amount", "2500")
			session := s.poster(price, tc.session...)
			if tc.param != "" {
				status, page := s.types(session)
				page.hash("error").want(t, "param", tc.param)
				if status != http.StatusBadRequest {
					t.Errorf("status %d without it", status)
				}
			}
			if status, page := s.types(session, tc.buyer...); status != http.StatusOK {
				t.Fatalf("status %d: %v", status, page)
			}
			s.get("/v1/checkout/sessions/"+session.str("id")).want(t, "status", "complete", tc.path, tc.collected)
		})
	}
}

func TestABuyerChoosesQuantityAndAmount(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	session := s.poster(s.price("unit_amount", "2500"), "line_items[0][adjustable_quantity][enabled]", "true", "line_items[0][adjustable_quantity][maximum]", "5")
	list := s.get("/v1/checkout/sessions/" + session.str("id") + "/line_items")
	list.want(t, "data.0.adjustable_quantity.maximum", 5, "data.0.adjustable_quantity.minimum", 0)
	line := list.str("data.0.id")
	status, page := s.types(session, "line_items[0][id]", line, "line_items[0][quantity]", "6")
	page.hash("error").want(t, "param", "line_items[0][quantity]")
	if status != http.StatusBadRequest {
		t.Errorf("six of five: %d", status)
	}
	s.types(session, "line_items[0][id]", line, "line_items[0][quantity]", "3")
	s.get("/v1/checkout/sessions/"+session.str("id"), "expand[]", "payment_intent").want(t, "amount_total", 7500, "payment_intent.amount_received", 7500)

	session = s.poster(s.price("custom_unit_amount[enabled]", "true", "custom_unit_amount[minimum]", "500"))
	session.want(t, "amount_total", 0)
	line = s.get("/v1/checkout/sessions/" + session.str("id") + "/line_items").str("data.0.id")
	_, page = s.types(session)
	page.hash("error").want(t, "param", "line_items[0][custom_unit_amount]")
	_, page = s.types(session, "line_items[0][id]", line, "line_items[0][custom_unit_amount]", "499")
	page.hash("error").want(t, "code", "amount_too_small")
	s.types(session, "line_items[0][id]", line, "line_items[0][custom_unit_amount]", "1234")
	s.get("/v1/checkout/sessions/"+session.str("id")).want(t, "amount_total", 1234, "payment_status", "paid")
}

func TestPricesInCheckout(t *testing.T) {
	t.Parallel()
	tiers := func(mode string) []string {
		return []string{
			"billing_scheme", "tiered", "tiers_mode", mode, "tiers[0][up_to]", "5", "tiers[0][unit_amount]", "1000",
			"tiers[1][up_to]", "inf", "tiers[1][unit_amount]", "800", "tiers[1][flat_amount]", "50",
		}
	}
	for _, tc := range []struct {
		name           string
		price, session []string
		quantity       string
		total          int64
	}{
		{"per unit", []string{"unit_amount", "1000"}, nil, "7", 7000},
		{"graduated", tiers("graduated"), nil, "7", 6650},
		{"graduated, first tier", tiers("graduated"), nil, "5", 5000},
		{"volume", tiers("volume"), nil, "7", 5650},
		{"packages, round up", []string{"unit_amount", "1000", "transform_quantity[divide_by]", "5", "transform_quantity[round]", "up"}, nil, "7", 2000},
		{"packages, round down", []string{"unit_amount", "1000", "transform_quantity[divide_by]", "5", "transform_quantity[round]", "down"}, nil, "7", 1000},
		{"a fraction of a cent", []string{"unit_amount_decimal", "12.5"}, nil, "7", 88},
		{"another currency", []string{"unit_amount", "1000", "currency_options[eur][unit_amount]", "900"}, []string{"currency", "eur"}, "7", 6300},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			session := s.post("/v1/checkout/sessions", append([]string{
				"mode", "payment", "success_url", "https://shop.example/thanks", "line_items[0][price]", s.price(tc.price...), "line_items[0][quantity]", tc.quantity,
			}, tc.session...)...)
			if got := session.num("amount_total"); got != tc.total {
				t.Errorf("the total is %d, want %d", got, tc.total)
			}
		})
	}
	s := newShop(t)
	price := s.price("unit_amount", "1000", "currency_options[eur][unit_amount]", "900", "lookup_key", "poster")
	s.get("/v1/prices/"+price, "expand[]", "currency_options").want(t, "currency_options.eur.unit_amount", 900)
	s.refused("POST", "/v1/checkout/sessions", "mode", "payment", "success_url", "https://shop.example", "line_items[0][price]", price, "line_items[0][quantity]", "1",
		"currency", "gbp").want(t, "status", 400, "param", "currency")
	s.refused("POST", "/v1/prices", "currency", "usd", "product_data[name]", "Poster", "unit_amount", "5", "lookup_key", "poster").want(t, "param", "lookup_key")
	s.events()
	s.price("unit_amount", "1100", "lookup_key", "poster", "transfer_lookup_key", "true")
	s.get("/v1/prices/"+price).want(t, "lookup_key", nil, "active", true)
	wantEvents(t, s.events(), "product.created", "price.updated", "price.created")
}

func TestBreakdownsAreExpanded(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	rate := s.post("/v1/tax_rates", "display_name", "KDV", "percentage", "20", "inclusive", "false").str("id")
	coupon := s.post("/v1/coupons", "percent_off", "10").str("id")
	session := s.poster(s.price("unit_amount", "2500"), "line_items[0][tax_rates][0]", rate, "discounts[0][coupon]", coupon)
	session.want(t, "total_details.breakdown", nil, "total_details.amount_tax", 450)
	s.get("/v1/checkout/sessions/"+session.str("id"), "expand[]", "total_details.breakdown").want(t,
		"total_details.breakdown.taxes.0.amount", 450, "total_details.breakdown.taxes.0.taxable_amount", 2250, "total_details.breakdown.taxes.0.rate.id", rate,
		"total_details.breakdown.discounts.0.amount", 250, "total_details.breakdown.discounts.0.discount.source.coupon", coupon)
}

// What a session asks beside a card is a field of the page, with the name of the parameter that it becomes.
func TestTheCheckoutPageAsksWhatTheShopAsks(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	session := s.poster(s.price("custom_unit_amount[enabled]", "true", "custom_unit_amount[preset]", "1250"), "shipping_address_collection[allowed_countries][0]", "TR",
		"custom_fields[0][key]", "engraving", "custom_fields[0][label][type]", "custom", "custom_fields[0][label][custom]", "Engraving", "custom_fields[0][type]", "text",
		"consent_collection[terms_of_service]", "required")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, session.str("url"), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`data-param="line_items[0][custom_unit_amount]" value="12.50" required data-decimals="3" data-live`, `data-param="shipping[name]"`, `<option value="TR">`,
		`>Engraving</label>`, `data-param="custom_fields[engraving]"`, `data-param="consent[terms_of_service]" required`,
	} {
		if !strings.Contains(string(text), part) {
			t.Errorf("the page has no %s", part)
		}
	}
}
