package sandbox_test

import (
	"fmt"
	"testing"

	"github.com/vezne/vezne/sandbox"
)

func TestPaymentsTakeTheMethodsOfTheAccountThatFit(t *testing.T) {
	t.Parallel()
	sb, err := sandbox.New(sandbox.Options{PaymentMethods: []string{"card", "sepa_debit", "us_bank_account"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	s := shopOf(t, sb)
	intent := func(currency string, pairs ...string) object {
		return s.post("/v1/payment_intents", append([]string{"amount", "2000", "currency", currency}, pairs...)...)
	}
	session := func(currency string, pairs ...string) object {
		return s.post("/v1/checkout/sessions", append([]string{
			"mode", "payment", "success_url", "https://shop.example/", "line_items[0][quantity]", "1", "line_items[0][price_data][currency]", currency,
			"line_items[0][price_data][unit_amount]", "2000", "line_items[0][price_data][product_data][name]", "Tea",
		}, pairs...)...)
	}
	for _, tt := range []struct {
		name string
		made object
		want string
	}{
		{"an intent in euros", intent("eur"), "[card sepa_debit]"},
		{"an intent in dollars", intent("usd"), "[card us_bank_account]"},
		{"an intent in liras", intent("try"), "[card]"},
		{"money that is held first", intent("eur", "capture_method", "manual"), "[card]"},
		{"an intent that is told which", intent("usd", "payment_method_types[]", "card"), "[card]"},
		{"a session in euros", session("eur"), "[card sepa_debit]"},
		{"a session in liras", session("try"), "[card]"},
		{"a session whose money is held first", session("eur", "payment_intent_data[capture_method]", "manual"), "[card]"},
		{"a session that is told which", session("eur", "payment_method_types[]", "card"), "[card]"},
		{"a method that is saved", s.post("/v1/setup_intents"), "[card]"},
	} {
		if got := fmt.Sprint(tt.made["payment_method_types"]); got != tt.want {
			t.Errorf("%s takes %s, want %s", tt.name, got, tt.want)
		}
	}
	account := sb.Account("sk_test_shop")
	if _, err := account.ChangeSettings(func(s *sandbox.Settings) error { s.PaymentMethods = []string{"card"}; return nil }); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(intent("eur")["payment_method_types"]); got != "[card]" {
		t.Errorf("after the setting, an intent in euros takes %s", got)
	}
	for _, wrong := range [][]string{nil, {"sepa_debit"}, {"card", "klarna"}} {
		if _, err := account.ChangeSettings(func(s *sandbox.Settings) error { s.PaymentMethods = wrong; return nil }); err == nil {
			t.Errorf("methods %v were accepted", wrong)
		}
	}
}
