package bench_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/vezne/vezne/sandbox"
)

// BenchmarkSandbox is a request to the offline Stripe in the same process: no
// network, everything in memory.
func BenchmarkSandbox(b *testing.B) {
	sb, err := sandbox.New(sandbox.Options{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := sb.Close(); err != nil {
			b.Error(err)
		}
	})
	client := &http.Client{Transport: sb.Transport()}
	call := func(b *testing.B, method, path, form string) string {
		b.Helper()
		req, err := http.NewRequestWithContext(b.Context(), method, "http://sandbox"+path, strings.NewReader(form))
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer sk_test_bench")
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := client.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			b.Fatalf("%s %s: %d %s, %v", method, path, res.StatusCode, body, err)
		}
		return string(body)
	}
	customer := call(b, http.MethodPost, "/v1/customers", "name=Ada")
	_, rest, _ := strings.Cut(customer, `"id": "`)
	if rest == "" {
		_, rest, _ = strings.Cut(customer, `"id":"`)
	}
	id, _, _ := strings.Cut(rest, `"`)
	for _, bb := range []struct{ name, method, path, form string }{
		{"create a PaymentIntent", http.MethodPost, "/v1/payment_intents", "amount=1999&currency=usd"},
		{"read a customer", http.MethodGet, "/v1/customers/" + id, ""},
		{"create a Checkout Session", http.MethodPost, "/v1/checkout/sessions",
			"mode=payment&success_url=https%3A%2F%2Fexample.com&line_items[0][quantity]=1&line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=1999&line_items[0][price_data][product_data][name]=Tea"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				call(b, bb.method, bb.path, bb.form)
			}
		})
	}
}
