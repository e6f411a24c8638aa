package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/sandbox"
)

// The header Date says the account's time, as Stripe's says Stripe's: with the clock of the machine, moved, and standing.
func TestTheDateOfAnswersIsTheAccountsTime(t *testing.T) {
	t.Parallel()
	sb, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(sb)
	t.Cleanup(server.Close)
	send := func(client http.RoundTripper, method, url, body string) (http.Header, []byte) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer sk_test_dated")
		a, err := client.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		var raw json.RawMessage
		if err := json.NewDecoder(a.Body).Decode(&raw); err != nil {
			t.Fatal(err)
		}
		if err := a.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return a.Header, raw
	}
	// each asks on every way in, of success and of failure, and wants a time between two.
	each := func(what string, from, to func() time.Time) {
		t.Helper()
		for way, client := range map[string]http.RoundTripper{server.URL: http.DefaultTransport, "http://sandbox.test": sb.Transport()} {
			for _, path := range []string{"/v1/customers", "/v1/customers/cus_none"} {
				early := from().Truncate(time.Second)
				header, _ := send(client, http.MethodGet, way+path, "")
				date, err := http.ParseTime(header.Get("Date"))
				if late := to(); err != nil || date.Before(early) || date.After(late) {
					t.Errorf("%s: %s says %q, %v; want %s to %s", what, way+path, header.Get("Date"), err, early, late)
				}
			}
		}
	}
	each("untouched", time.Now, time.Now)

	_, answer := send(http.DefaultTransport, http.MethodPost, server.URL+"/_sandbox/clock", `{"advance_seconds":864000}`)
	var clock struct{ Now int64 }
	if err := json.Unmarshal(answer, &clock); err != nil {
		t.Fatal(err)
	}
	each("moved", func() time.Time { return time.Unix(clock.Now, 0) }, func() time.Time { return time.Now().Add(241 * time.Hour) })

	_, answer = send(http.DefaultTransport, http.MethodPost, server.URL+"/_sandbox/clock", `{"frozen":true}`)
	if err := json.Unmarshal(answer, &clock); err != nil {
		t.Fatal(err)
	}
	stands := func() time.Time { return time.Unix(clock.Now, 0) }
	each("standing", stands, stands)
}
