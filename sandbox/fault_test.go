package sandbox_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/sandbox"
)

// customers counts what the account has.
func (b *bench) customers() int {
	return len(b.must("GET", "/v1/customers?limit=100", "").list("data"))
}

func (b *bench) plant(body string) string {
	b.t.Helper()
	a := b.call("POST", "/_sandbox/faults", body)
	if a.status != http.StatusCreated || a.at("hits") != 0.0 || a.str("id") == "" {
		b.t.Fatalf("planting %s: %d %s", body, a.status, a.text)
	}
	return a.str("id")
}

func TestFaultAnswersAStatus(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.plant(`{"method":"POST","path":"/v1/customers","nth":2,"count":2,"effect":"status","status":503}`)
	var got []int
	for range 5 {
		got = append(got, b.call("POST", "/v1/customers", "name=Ada").status)
	}
	if diff := cmp.Diff([]int{200, 503, 503, 200, 200}, got); diff != "" {
		t.Errorf("the second and third call are met: %s", diff)
	}
	if n := b.customers(); n != 3 {
		t.Errorf("%d customers, want 3: before means that nothing happened", n)
	}
	list := b.must("GET", "/_sandbox/faults", "").list("data")
	if len(list) != 1 || list[0]["id"] != id || list[0]["hits"] != 2.0 || len(list[0]["requests"].([]any)) != 2 {
		t.Errorf("faults: %v", list)
	}
	b.must("DELETE", "/_sandbox/faults/"+id, "")
	if list := b.must("GET", "/_sandbox/faults", "").list("data"); len(list) != 0 {
		t.Errorf("after DELETE: %v", list)
	}
	if a := b.call("DELETE", "/_sandbox/faults/"+id, ""); a.status != 404 {
		t.Errorf("a second DELETE: %d", a.status)
	}
}

func TestFaultAfterLosesTheAnswerOnly(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]string{
		"reset":   `"effect":"reset"`,
		"timeout": `"effect":"timeout"`,
		"503":     `"effect":"status","status":503`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.plant(`{"method":"POST","path":"/v1/customers","when":"after",` + effect + `}`)
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			a, err := b.try(ctx, "POST", "/v1/customers", "name=Ada", "Idempotency-Key", "once")
			switch name {
			case "reset":
				if !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("reset: %d %v", a.status, err)
				}
			case "timeout":
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("timeout: %d %v", a.status, err)
				}
			case "503":
				if err != nil || a.status != 503 || a.str("error.type") != "api_error" {
					t.Errorf("503: %d %s %v", a.status, a.text, err)
				}
			}
			again := b.must("POST", "/v1/customers", "name=Ada", "Idempotency-Key", "once")
			if again.header.Get("Idempotent-Replayed") != "true" {
				t.Error("the same key is not answered with what happened")
			}
			if n := b.customers(); n != 1 {
				t.Errorf("%d customers, want 1: the call took effect once", n)
			}
		})
	}
}

func TestFaultBeforeLeavesTheKeyFree(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.plant(`{"method":"POST","effect":"reset"}`)
	if _, err := b.try(t.Context(), "POST", "/v1/customers", "name=Ada", "Idempotency-Key", "once"); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reset before: %v", err)
	}
	if n := b.customers(); n != 0 {
		t.Errorf("%d customers, want 0", n)
	}
	if a := b.must("POST", "/v1/customers", "name=Ada", "Idempotency-Key", "once"); a.header.Get("Idempotent-Replayed") != "" {
		t.Error("nothing had happened, and yet the answer is a replay")
	}
}

// TestStoredFaultIsReplayed shows the 500 that Stripe keeps under an idempotency key and gives to every retry.
func TestStoredFaultIsReplayed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault     string
		customers int
	}{
		"a 500 after":       {`{"method":"POST","when":"after","effect":"status","status":500}`, 1},
		"a kept 500 before": {`{"method":"POST","when":"before","effect":"status","status":500,"kept":true}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.plant(tc.fault)
			for i := range 3 {
				a := b.call("POST", "/v1/customers", "name=Ada", "Idempotency-Key", "once")
				if a.status != 500 || (a.header.Get("Idempotent-Replayed") == "true") != (i > 0) {
					t.Errorf("call %d: %d, replayed %q", i+1, a.status, a.header.Get("Idempotent-Replayed"))
				}
			}
			if n := b.customers(); n != tc.customers {
				t.Errorf("%d customers, want %d", n, tc.customers)
			}
			b.must("POST", "/v1/customers", "name=Ada", "Idempotency-Key", "another")
		})
	}
}

func TestFaultDelays(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"before", "after"} {
		synctest.Test(t, func(t *testing.T) {
			sb := check1(sandbox.New(sandbox.Options{}))(t)
			account := sb.Account("sk_test_slow")
			check1(account.AddFault(sandbox.Fault{Method: "POST", When: when, Effect: "delay", DelayMS: 30_000}))(t)
			client := &http.Client{Transport: sb.Transport()}
			post := func(ctx context.Context) (int, error) {
				r := check1(http.NewRequestWithContext(ctx, http.MethodPost, "http://sandbox/v1/customers", strings.NewReader("name=Ada")))(t)
				r.Header.Set("Authorization", "Bearer sk_test_slow")
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				response, err := client.Do(r)
				if err != nil {
					return 0, err
				}
				return response.StatusCode, response.Body.Close()
			}
			began := time.Now()
			if status, err := post(t.Context()); status != 200 || err != nil || time.Since(began) != 30*time.Second {
				t.Errorf("%s: %d %v after %s", when, status, err, time.Since(began))
			}
			// A client that leaves does not stop a call that is only late.
			check1(account.AddFault(sandbox.Fault{Method: "POST", When: when, Effect: "delay", DelayMS: 30_000}))(t)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, err := post(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", when, err)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if calls := check1(account.Requests(sandbox.CallFilter{Method: "POST", Status: 200}))(t); len(calls) != 2 {
				t.Errorf("%s: %d calls took effect, want 2", when, len(calls))
			}
			noError(t, sb.Close())
		})
	}
}

func TestFaultTimeoutEndsWithTheSandbox(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sb := check1(sandbox.New(sandbox.Options{}))(t)
		check1(sb.Account("sk_test_hang").AddFault(sandbox.Fault{Effect: "timeout"}))(t)
		over := make(chan error, 1)
		go func() {
			r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://sandbox/v1/customers", http.NoBody)
			if err != nil {
				over <- err
				return
			}
			r.Header.Set("Authorization", "Bearer sk_test_hang")
			response, err := (&http.Client{Transport: sb.Transport()}).Do(r)
			if err == nil {
				response.Body.Close()
			}
			over <- err
		}()
		time.Sleep(time.Hour)
		select {
		case err := <-over:
			t.Fatalf("a time-out ended by itself: %v", err)
		default:
		}
		noError(t, sb.Close())
		if err := <-over; !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("at the end of the sandbox: %v", err)
		}
	})
}

func TestFaultRateLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.plant(`{"effect":"rate_limit"}`)
	b.plant(`{"effect":"rate_limit","code":"lock_timeout","nth":2}`)
	a := b.call("GET", "/v1/customers", "")
	if a.status != 429 || a.str("error.code") != "rate_limit" || a.header.Get("Stripe-Rate-Limited-Reason") != "global-rate" {
		t.Errorf("%d %s %v", a.status, a.text, a.header)
	}
	a = b.call("GET", "/v1/customers", "")
	if a.status != 429 || a.str("error.code") != "lock_timeout" || a.header.Get("Stripe-Rate-Limited-Reason") != "" {
		t.Errorf("%d %s %v", a.status, a.text, a.header)
	}
	b.must("GET", "/v1/customers", "")
}

func TestFaultStaleRead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.customer()
	b.must("POST", "/v1/customers/"+id, "name=Grace")
	b.plant(`{"path":"/v1/customers/{customer}","effect":"stale_read"}`)
	if a := b.must("GET", "/v1/customers/"+id, ""); a.str("name") != "Ada" {
		t.Errorf("a stale read shows %q, want Ada", a.str("name"))
	}
	if a := b.must("GET", "/v1/customers/"+id, ""); a.str("name") != "Grace" {
		t.Errorf("the next read shows %q, want Grace", a.str("name"))
	}
	fresh := b.customer()
	b.plant(`{"path":"/v1/customers/*","effect":"stale_read"}`)
	if a := b.call("GET", "/v1/customers/"+fresh, ""); a.status != 404 {
		t.Errorf("before its making the object answers %d", a.status)
	}
}

func TestFaultPaths(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, tc := range []struct {
		path, call string
		met        bool
	}{
		{"", "/v1/customers", true},
		{"/v1/customers", "/v1/customers", true},
		{"/v1/customers", "/v1/customers/cus_1", false},
		{"/v1/customers/{customer}", "/v1/customers/cus_1", true},
		{"/v1/customers/{customer}", "/v1/customers", false},
		{"/v1/customers/*", "/v1/customers/cus_1/balance_transactions", true},
		{"/v1/cust*", "/v1/customers/cus_1", true},
		{"/v1/*/cus_1", "/v1/customers/cus_1", true},
		{"/v1/products*", "/v1/customers", false},
		{"/v1/customers/cus_2", "/v1/customers/cus_1", false},
	} {
		b.plant(`{"path":"` + tc.path + `","effect":"status","status":418}`)
		if a := b.call("GET", tc.call, ""); (a.status == 418) != tc.met {
			t.Errorf("%q and %s: %d", tc.path, tc.call, a.status)
		}
		b.must("DELETE", "/_sandbox/faults", "")
	}
}

func TestFaultsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for body, param := range map[string]string{
		`{}`:                                                      "effect",
		`{"effect":"explode"}`:                                    "effect",
		`{"effect":"reset","when":"during"}`:                      "when",
		`{"effect":"decline","when":"after"}`:                     "when",
		`{"effect":"status","status":200}`:                        "status",
		`{"effect":"reset","status":500}`:                         "status",
		`{"effect":"delay"}`:                                      "delay_ms",
		`{"effect":"reset","delay_ms":5}`:                         "delay_ms",
		`{"effect":"reset","path":"v1/customers"}`:                "path",
		`{"effect":"reset","method":"PATCH"}`:                     "method",
		`{"effect":"reset","nth":-1}`:                             "nth",
		`{"effect":"status","status":500,"decline_code":"fraud"}`: "decline_code",
		`{"effect":"reset","nth":"first"}`:                        "nth",
		`{"effect":"reset","often":true}`:                         "often",
	} {
		a := b.call("POST", "/_sandbox/faults", body)
		if a.status != 400 || a.str("error.param") != param || len(a.str("error.message")) < 15 {
			t.Errorf("%s: %d %s", body, a.status, a.text)
		}
	}
	for _, body := range []string{`[]`, `"reset"`, `{"effect":`, `{"effect":"reset"} {}`} {
		if a := b.call("POST", "/_sandbox/faults", body); a.status != 400 {
			t.Errorf("%s: %d %s", body, a.status, a.text)
		}
	}
	if list := check1(b.account.Faults())(t); len(list) != 0 {
		t.Errorf("planted all the same: %v", list)
	}
}

func TestRateLimitsOfTheSettings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sb := check1(sandbox.New(sandbox.Options{}))(t)
		account := sb.Account("sk_test_busy")
		check1(account.ChangeSettings(func(s *sandbox.Settings) error {
			s.RateLimit, s.EndpointRateLimit = 3, 2
			return nil
		}))(t)
		client := &http.Client{Transport: sb.Transport()}
		get := func(path string) string {
			r := check1(http.NewRequestWithContext(t.Context(), http.MethodGet, "http://sandbox"+path, http.NoBody))(t)
			r.Header.Set("Authorization", "Bearer sk_test_busy")
			response := check1(client.Do(r))(t)
			response.Body.Close()
			if response.StatusCode == 429 {
				return response.Header.Get("Stripe-Rate-Limited-Reason")
			}
			return ""
		}
		var got []string
		for _, path := range []string{"/v1/customers", "/v1/customers", "/v1/customers", "/v1/products", "/v1/products"} {
			got = append(got, get(path))
		}
		if diff := cmp.Diff([]string{"", "", "endpoint-rate", "", "global-rate"}, got); diff != "" {
			t.Error(diff)
		}
		time.Sleep(time.Second)
		if reason := get("/v1/customers"); reason != "" {
			t.Errorf("in the next second: %s", reason)
		}
		noError(t, sb.Close())
	})
}
