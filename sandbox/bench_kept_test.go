package sandbox

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// taken is an endpoint that takes every event, without a network.
type taken struct{}

func (taken) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Header: http.Header{}, Request: r}, nil
}

// confirmPayments makes and confirms n PaymentIntents in one call each, with an idempotency key, lets their balance
// transactions come into being a moment later, and waits until all events are delivered.
func confirmPayments(tb testing.TB, sb *Sandbox, from, n int) {
	tb.Helper()
	const form = "amount=2000&currency=usd&payment_method=pm_card_visa&confirm=true&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never"
	for i := range n {
		r := httptest.NewRequest(http.MethodPost, "/v1/payment_intents", strings.NewReader(form))
		r.Header.Set("Authorization", "Bearer sk_test_sandbox")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Idempotency-Key", "kept-"+strconv.Itoa(from+i))
		w := httptest.NewRecorder()
		sb.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			tb.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	if _, err := sb.Account("sk_test_sandbox").Advance(tb.Context(), time.Minute); err != nil {
		tb.Fatal(err)
	}
}

func heapInUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkKeptPayment reports what stays in memory of one confirmed PaymentIntent: its versions, charge, balance
// transaction, payment method, events, deliveries, idempotency record.
func BenchmarkKeptPayment(b *testing.B) {
	sb := newTest(b, Options{ForwardTo: "http://endpoint.example/", Transport: taken{}})
	confirmPayments(b, sb, 0, 2*callLogSize)
	before := heapInUse()
	b.ResetTimer()
	confirmPayments(b, sb, 2*callLogSize, b.N)
	b.StopTimer()
	b.ReportMetric(float64(heapInUse()-before)/float64(b.N), "kept-B/op")
	runtime.KeepAlive(sb)
}
