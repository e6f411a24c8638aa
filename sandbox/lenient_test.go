package sandbox

import "testing"

func TestALenientSandboxAnswersIDsThatNobodyMade(t *testing.T) {
	t.Parallel()
	strict, lenient := newTest(t, Options{}), newTest(t, Options{Lenient: true})
	for _, tc := range []struct{ method, target, form, want string }{
		{"GET", "/v1/customers/cus_123", "", "cus_123"},
		{"GET", "/v1/payment_methods/pm_123", "", "pm_123"},
		{"POST", "/v1/tax_rates/txr_123", "display_name=KDV", "txr_123"},
		{"GET", "/v1/issuing/cards/ic_123", "", "ic_123"},
		{"DELETE", "/v1/products/prod_123", "", "prod_123"},
		{"POST", "/v1/payment_methods/pm_456/attach", "customer=cus_456", "pm_456"},
	} {
		if got := call(t, strict, tc.method, tc.target, tc.form); got.status != 404 {
			t.Errorf("%s is answered with %d by a strict sandbox", tc.target, got.status)
		}
		if got := must(t, lenient, tc.method, tc.target, tc.form); got.str("id") != tc.want {
			t.Errorf("%s is answered with %s", tc.target, got.body)
		}
	}
	if got := must(t, lenient, "GET", "/v1/payment_methods/pm_123", ""); got.at("card.checks") == nil && got.at("card") == nil {
		t.Errorf("a payment method of no kind: %s", got.body)
	}
	if got := call(t, lenient, "POST", "/v1/products/prod_123", "name=x"); got.status != 404 {
		t.Errorf("what was deleted comes back: %d", got.status)
	}
	if events := idsOf(must(t, lenient, "GET", "/v1/events?types[]=customer.created", "")); len(events) != 0 {
		t.Error("an object that nobody made tells that it was made")
	}
}
