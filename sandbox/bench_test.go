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
