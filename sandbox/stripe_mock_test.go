package sandbox

import (
	"net/http"
	"strings"
	"testing"
)

// A suite that was written for stripe-mock sends whatever has the right form.
func TestASuiteOfStripeMockMeetsNoRefusals(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{StripeMock: true})
	for _, tc := range []struct{ name, method, target, form, path, want string }{
		{"an id that nobody made", "GET", "/v1/customers/cus_123", "", "id", "cus_123"},
		{"a state that does not fit", "POST", "/v1/payment_intents/pi_123/capture", "", "id", "pi_123"},
		{"a reference that nobody made", "POST", "/v1/refunds", "charge=ch_123", "object", "refund"},
		{"a deletion", "DELETE", "/v1/coupons/co_123", "", "id", "co_123"},
		{"what cannot be expanded", "GET", "/v1/customers/cus_123?expand[]=foo", "", "id", "cus_123"},
		{"items without a price", "POST", "/v1/checkout/sessions", "line_items[0][quantity]=2&mode=payment&success_url=https://example.org", "object", "checkout.session"},
		{"an item by its plan", "POST", "/v1/subscriptions", "customer=cus_123&items[0][plan]=plan_123", "object", "subscription"},
	} {
		got := must(t, sb, tc.method, tc.target, tc.form)
		if got.str(tc.path) != tc.want {
			t.Errorf("%s: %s", tc.name, got.body)
		}
		if got.header.Get(mockHeader) != mockVersion {
			t.Errorf("%s: the answer does not say stripe-mock's version", tc.name)
		}
	}
	for _, target := range []string{"/v1/disputes", "/v1/customers/cus_123/tax_ids", "/v1/charges/search?query=currency:'usd'"} {
		data, _ := must(t, sb, "GET", target, "").at("data").([]any)
		if len(data) != 1 {
			t.Errorf("%s has %d objects, want a sample", target, len(data))
		}
	}
	if got := must(t, sb, "GET", "/v1/charges/search?query=currency:'usd'", ""); got.at("total_count") != float64(1) {
		t.Errorf("a search counts %v", got.at("total_count"))
	}
	if got := must(t, sb, "GET", "/v1/customers", "", "Stripe-Account", "acct_123"); got.str("object") != "list" {
		t.Errorf("an account that nobody made: %s", got.body)
	}
	if got := must(t, sb, "GET", "/v1/customers", "", "Stripe-Version", "2017-05-25"); got.str("object") != "list" {
		t.Errorf("an old version: %s", got.body)
	}
	if got := call(t, sb, "GET", "/v1/quotes/qt_123/pdf", ""); got.status != http.StatusOK || !strings.Contains(got.body, "binary") {
		t.Errorf("a file: %d %s", got.status, got.body)
	}
	if got := call(t, sb, "POST", "/v1/customers", "foo=1"); got.status != http.StatusBadRequest || got.str("error.param") != "foo" {
		t.Errorf("a wrong parameter: %d %s", got.status, got.body)
	}
	if got := call(t, sb, "POST", "/v1/customers", "name=Ada"); got.str("name") != "Ada" || must(t, sb, "GET", "/v1/customers/"+got.str("id"), "").str("name") != "Ada" {
		t.Errorf("what was made is not kept: %s", got.body)
	}
}

func TestItemsTakeAPlanForAPrice(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	customer := must(t, sb, "POST", "/v1/customers", "source=tok_visa").str("id")
	price := must(t, sb, "POST", "/v1/prices", "currency=usd&unit_amount=1000&recurring[interval]=month&product_data[name]=Seat").str("id")
	got := must(t, sb, "POST", "/v1/subscriptions", "customer="+customer+"&items[0][plan]="+price)
	items, _ := got.at("items.data").([]any)
	if len(items) != 1 || got.str("status") != "active" {
		t.Fatalf("the subscription: %s", got.body)
	}
	if got := call(t, sb, "POST", "/v1/checkout/sessions", "mode=subscription&success_url=https://example.org&line_items[0][quantity]=1&line_items[0][plan]="+price); got.str("error.code") != "parameter_unknown" {
		t.Errorf("a line item takes a plan: %s", got.body)
	}
}
