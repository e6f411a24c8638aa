package sandbox_test

import (
	"fmt"
	"testing"

	"github.com/vezne/vezne/sandbox"
)

// Source: docs.stripe.com/payments/payment-method-configurations; details of intents and sessions are recorded.
func TestConfigurationsSayWhichMethodsAPaymentTakes(t *testing.T) {
	t.Parallel()
	sb, err := sandbox.New(sandbox.Options{PaymentMethods: []string{"card", "sepa_debit"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	s := shopOf(t, sb)
	const path = "/v1/payment_method_configurations"
	pays := func(pairs ...string) object {
		return s.post("/v1/payment_intents", append([]string{"amount", "2000", "currency", "eur"}, pairs...)...)
	}
	takes := func(o object, want string) {
		t.Helper()
		if got := fmt.Sprint(o["payment_method_types"]); got != want {
			t.Errorf("%s takes %s, want %s", o.str("id"), got, want)
		}
	}

	standard := s.get(path).list("data")[0]
	standard.want(t, "name", "Default", "is_default", true, "active", true, "parent", nil,
		"card.available", true, "card.display_preference.value", "on", "card.display_preference.preference", "none",
		"sepa_debit.available", true, "us_bank_account.available", false, "klarna.available", false, "klarna.display_preference.value", "off")
	s.get(path+"/"+standard.str("id")).want(t, "id", standard.str("id"), "is_default", true)
	intent := pays()
	intent.want(t, "payment_method_configuration_details.id", standard.str("id"), "payment_method_configuration_details.parent", nil)
	takes(intent, "[card sepa_debit]")
	s.post("/v1/setup_intents").want(t, "payment_method_configuration_details.id", standard.str("id"))
	pays("payment_method_types[]", "card").want(t, "payment_method_configuration_details", nil)
	session := []string{
		"mode", "payment", "success_url", "https://shop.example/", "line_items[0][quantity]", "1", "line_items[0][price_data][currency]", "eur",
		"line_items[0][price_data][unit_amount]", "2000", "line_items[0][price_data][product_data][name]", "Tea",
	}
	s.post("/v1/checkout/sessions", session...).want(t, "payment_method_configuration_details.id", standard.str("id"))

	cards := s.post(path, "name", "Cards only", "sepa_debit[display_preference][preference]", "off", "klarna[display_preference][preference]", "on")
	cards.want(t, "is_default", false, "card.available", true, "sepa_debit.available", false, "sepa_debit.display_preference.preference", "off",
		"klarna.available", false, "klarna.display_preference.value", "on")
	intent = pays("payment_method_configuration", cards.str("id"), "automatic_payment_methods[enabled]", "true")
	intent.want(t, "payment_method_configuration_details.id", cards.str("id"))
	takes(intent, "[card]")
	only := s.post("/v1/checkout/sessions", append(session, "payment_method_configuration", cards.str("id"))...)
	only.want(t, "payment_method_configuration_details.id", cards.str("id"))
	takes(only, "[card]")
	s.refused("POST", "/v1/payment_intents", "amount", "2000", "currency", "eur", "payment_method_configuration", "pmc_none").want(t, "param", "payment_method_configuration", "code", "resource_missing")

	if list := s.get(path).list("data"); len(list) != 2 || list[0].str("id") != cards.str("id") || list[1].str("id") != standard.str("id") {
		t.Errorf("the configurations are %v", list)
	}
	s.post(path+"/"+standard.str("id"), "sepa_debit[display_preference][preference]", "off").want(t, "is_default", true, "sepa_debit.available", false)
	takes(pays(), "[card]")
	s.refused("POST", path+"/"+standard.str("id"), "active", "false")
	s.post(path+"/"+cards.str("id"), "active", "false", "name", "No more").want(t, "active", false, "name", "No more", "sepa_debit.available", false)
	if list := s.get(path, "active", "true").list("data"); len(list) != 1 || list[0].str("id") != standard.str("id") {
		t.Errorf("the active configurations are %v", list)
	}
}
