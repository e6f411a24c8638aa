package stripeapi_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/stripeapi"
)

func client(t *testing.T, h http.HandlerFunc) *stripeapi.Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c, err := stripeapi.New(stripeapi.Config{SecretKey: vezne.NewSecret("sk_test_abc"), BaseURL: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPostSendsExactBytesOnce(t *testing.T) {
	t.Parallel()
	const form = "amount=1999&metadata%5Ba%5D=b+c&expand[]=x"
	calls := 0
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		calls++
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if string(body) != form || r.Header.Get("Idempotency-Key") != "k1" || r.Header.Get("Stripe-Version") != "2025-01-01.acacia" ||
			r.Header.Get("Authorization") != "Bearer sk_test_abc" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			t.Errorf("got %q with %v", body, r.Header)
		}
		w.Header().Set("Request-Id", "req_1")
		w.Header().Set("Idempotent-Replayed", "true")
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, "<html>gateway</html>")
	})
	a, err := c.Post(t.Context(), "/v1/payment_intents", form, "k1", "2025-01-01.acacia")
	if err != nil {
		t.Fatal(err)
	}
	if calls != 1 {
		t.Errorf("it was sent %d times", calls)
	}
	if a.Status != 503 || a.RequestID != "req_1" || !a.Replayed || a.Refusal == nil || a.Body != nil || a.OK() {
		t.Errorf("answer %+v", a)
	}
}

func TestARefusalIsAnAnswer(t *testing.T) {
	t.Parallel()
	c := client(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Stripe-Should-Retry", "false")
		w.WriteHeader(http.StatusPaymentRequired)
		io.WriteString(w, `{"error":{"type":"card_error","code":"card_declined","decline_code":"lost_card","message":"Your card was declined.","payment_intent":{"id":"pi_1","object":"payment_intent"}}}`)
	})
	a, err := c.Post(t.Context(), "/v1/payment_intents/pi_1/confirm", "", "k2", stripeapi.Version)
	if err != nil {
		t.Fatal(err)
	}
	want := vezne.StripeError{Status: 402, Type: "card_error", Code: "card_declined", DeclineCode: "lost_card", Message: "Your card was declined."}
	if a.Refusal == nil || *a.Refusal != want || len(a.Body) == 0 || a.ShouldRetry != "false" {
		t.Errorf("answer %+v, refusal %+v", a, a.Refusal)
	}
}

func TestNoAnswerIsUnreachable(t *testing.T) {
	t.Parallel()
	c := client(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	_, err := c.Get(t.Context(), "/v1/charges/ch_1", url.Values{"expand[]": {"a"}})
	if vezne.CodeOf(err) != vezne.CodeStripeUnreachable {
		t.Errorf("err = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Get(ctx, "/v1/charges/ch_1", nil)
	if vezne.CodeOf(err) != vezne.CodeStripeUnreachable {
		t.Errorf("err = %v", err)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/charges/ch_1" {
			t.Errorf("the key was carried to %s", r.URL)
		}
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	})
	a, err := c.Get(t.Context(), "/v1/charges/ch_1", nil)
	if err != nil || a.Status != http.StatusFound || a.OK() {
		t.Errorf("answer %+v, err %v", a, err)
	}
}

func TestALiveKeyGoesToStripeOnly(t *testing.T) {
	t.Parallel()
	key := vezne.NewSecret("sk_" + "live_" + "abc")
	for _, base := range []string{"http://127.0.0.1:12111", "http://api.stripe.com", "https://api.stripe.com.example.org"} {
		if _, err := stripeapi.New(stripeapi.Config{SecretKey: key, BaseURL: base}); vezne.CodeOf(err) != vezne.CodeConfigInvalid {
			t.Errorf("%s: err = %v", base, err)
		}
	}
	if _, err := stripeapi.New(stripeapi.Config{SecretKey: key}); err != nil {
		t.Errorf("Stripe itself: %v", err)
	}
}
