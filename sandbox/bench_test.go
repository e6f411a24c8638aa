package sandbox

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func benchmarkCall(b *testing.B, sb *Sandbox, method, target, form string) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := httptest.NewRequest(method, target, strings.NewReader(form))
			r.Header.Set("Authorization", "Bearer sk_test_bench")
			if form != "" {
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			w := httptest.NewRecorder()
			sb.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				b.Errorf("%s %s: %d %s", method, target, w.Code, w.Body)
				return
			}
		}
	})
}

func BenchmarkCreatePaymentIntent(b *testing.B) {
	benchmarkCall(b, newTest(b, Options{}), "POST", "/v1/payment_intents", "amount=2000&currency=usd&metadata[order]=17&automatic_payment_methods[enabled]=true")
}

// What it costs to speak another version than the sandbox's own.
func BenchmarkCreatePaymentIntentInAcacia(b *testing.B) {
	sb := newTest(b, Options{DefaultAPIVersion: "2025-02-24.acacia"})
	benchmarkCall(b, sb, "POST", "/v1/payment_intents", "amount=2000&currency=usd&metadata[order]=17&automatic_payment_methods[enabled]=true")
}

func BenchmarkCreateCustomer(b *testing.B) {
	benchmarkCall(b, newTest(b, Options{}), "POST", "/v1/customers", "email=ayse@shop.example&name=Ayse&metadata[order]=17")
}

func BenchmarkRetrieveCustomer(b *testing.B) {
	sb := newTest(b, Options{})
	id := must(b, sb, "POST", "/v1/customers", "email=ayse@shop.example", "Authorization", "Bearer sk_test_bench").str("id")
	benchmarkCall(b, sb, "GET", "/v1/customers/"+id, "")
}

func BenchmarkFirstAnswer(b *testing.B) {
	for b.Loop() {
		sb := newTest(b, Options{})
		call(b, sb, "GET", "/v1/customers", "")
	}
}

const benchConfirm = "amount=2000&currency=usd&metadata[order]=17&payment_method=pm_card_visa&confirm=true&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never"

func BenchmarkConfirmPaymentIntent(b *testing.B) {
	benchmarkCall(b, newTest(b, Options{}), "POST", "/v1/payment_intents", benchConfirm)
}

// The same with an endpoint, whose deliveries end with the benchmark.
func BenchmarkConfirmAndDeliver(b *testing.B) {
	sb := newTest(b, Options{ForwardTo: "http://endpoint.example/", Account: "bench", Transport: taken{}})
	benchmarkCall(b, sb, "POST", "/v1/payment_intents", benchConfirm)
	if err := sb.existing("bench").control.settled(b.Context()); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkCreateCheckoutSession(b *testing.B) {
	benchmarkCall(b, newTest(b, Options{}), "POST", "/v1/checkout/sessions",
		"mode=payment&success_url=https%3A%2F%2Fshop.example%2Fdone&line_items[0][quantity]=2&line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=1500&line_items[0][price_data][product_data][name]=Mug")
}
