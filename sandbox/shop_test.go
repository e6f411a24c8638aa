package sandbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/sandbox"
)

// shop is an application that uses the sandbox as it would use Stripe: over HTTP, with a secret key.
type shop struct {
	t      *testing.T
	server *httptest.Server
	// now is the sandbox's time in seconds.
	now *atomic.Int64
	key string
	// account is the connected account that calls act in, "" for the shop's own.
	account string
	sandbox *sandbox.Sandbox
	// seen is the newest event that events has answered.
	seen string
}

// object is a JSON object of an answer.
type object map[string]any

// start is the time at which a shop's clock begins: Monday, 2 November 2026, 10:00 UTC.
const start = 1793613600

func newShop(t *testing.T) *shop {
	t.Helper()
	now := new(atomic.Int64)
	now.Store(start)
	sb, err := sandbox.New(sandbox.Options{Clock: func() time.Time { return time.Unix(now.Load(), 0) }, DisplayName: "Çınar Kahve"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	s := shopOf(t, sb)
	s.now = now
	return s
}

// shopOf is a shop at a sandbox whose clock it does not rule.
func shopOf(t *testing.T, sb *sandbox.Sandbox) *shop {
	t.Helper()
	server := httptest.NewServer(sb)
	t.Cleanup(server.Close)
	return &shop{t: t, server: server, sandbox: sb, key: "sk_test_shop"}
}

// wait moves the clock forward; what falls due happens before the next call.
func (s *shop) wait(d time.Duration) { s.now.Add(int64(d / time.Second)) }

// call sends one request and answers status and body. Parameters are pairs of name and value. A good answer is held
// against the description.
func (s *shop) call(method, path string, pairs ...string) (int, object) {
	s.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	target, body := s.server.URL+path, ""
	if method == http.MethodGet {
		if len(form) > 0 {
			target += "?" + form.Encode()
		}
	} else {
		body = form.Encode()
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if s.key != "" {
		r.Header.Set("Authorization", "Bearer "+s.key)
	}
	if s.account != "" {
		r.Header.Set("Stripe-Account", s.account)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	var o object
	if err := json.Unmarshal(text, &o); err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	if answer.StatusCode == http.StatusOK && !strings.HasPrefix(s.key, "pk_") {
		for _, fault := range sandbox.AnswerFaults(method, path, string(text)) {
			s.t.Errorf("not as described: %s", fault)
		}
	}
	return answer.StatusCode, o
}

// must sends a request that has to succeed.
func (s *shop) must(method, path string, pairs ...string) object {
	s.t.Helper()
	status, o := s.call(method, path, pairs...)
	if status != http.StatusOK {
		s.t.Fatalf("%s %s %v: status %d: %v", method, path, pairs, status, o["error"])
	}
	return o
}

func (s *shop) post(path string, pairs ...string) object {
	s.t.Helper()
	return s.must(http.MethodPost, path, pairs...)
}

func (s *shop) get(path string, pairs ...string) object {
	s.t.Helper()
	return s.must(http.MethodGet, path, pairs...)
}

// refused sends a request that has to fail and answers its error with the status in it.
func (s *shop) refused(method, path string, pairs ...string) object {
	s.t.Helper()
	status, o := s.call(method, path, pairs...)
	e, ok := o["error"].(map[string]any)
	if !ok {
		s.t.Fatalf("%s %s %v: status %d, want an error: %v", method, path, pairs, status, o)
	}
	e["status"] = float64(status)
	return object(e)
}

// events are the types of what happened since the last call, oldest first.
func (s *shop) events() []string {
	s.t.Helper()
	var types []string
	for _, e := range s.happened() {
		types = append(types, e.str("type"))
	}
	return types
}

// happened are the events since the last call, oldest first.
func (s *shop) happened() []object {
	s.t.Helper()
	pairs := []string{"limit", "100"}
	if s.seen != "" {
		pairs = append(pairs, "ending_before", s.seen)
	}
	list := s.get("/v1/events", pairs...).list("data")
	if len(list) > 0 {
		s.seen = list[0].str("id")
	}
	slices.Reverse(list)
	return list
}

// str reads a text at a dotted path, "" when there is none.
func (o object) str(path string) string {
	v, _ := o.at(path).(string)
	return v
}

// num reads a whole number at a dotted path, 0 when there is none.
func (o object) num(path string) int64 {
	v, _ := o.at(path).(float64)
	return int64(v)
}

func (o object) hash(path string) object {
	v, _ := o.at(path).(map[string]any)
	return v
}

func (o object) list(path string) []object {
	values, _ := o.at(path).([]any)
	list := make([]object, 0, len(values))
	for _, v := range values {
		if h, ok := v.(map[string]any); ok {
			list = append(list, h)
		}
	}
	return list
}

// at reads a value at a dotted path; a number picks from a list.
func (o object) at(path string) any {
	var v any = map[string]any(o)
	for key := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}

// want compares values at paths: pairs of path and value, numbers as int.
func (o object) want(t *testing.T, pairs ...any) {
	t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		path, want := pairs[i].(string), pairs[i+1]
		if n, ok := want.(int); ok {
			want = float64(n)
		}
		if got := o.at(path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
}

func wantEvents(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("events\n got %v\nwant %v", got, want)
	}
}

// intent creates a PaymentIntent over 20.00 usd with cards only.
func (s *shop) intent(pairs ...string) object {
	s.t.Helper()
	return s.post("/v1/payment_intents", append([]string{"amount", "2000", "currency", "usd", "payment_method_types[]", "card"}, pairs...)...)
}
