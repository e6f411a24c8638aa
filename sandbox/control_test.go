package sandbox_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/webhook"

	"github.com/vezne/vezne/sandbox"
)

// bench is a sandbox behind a socket with one account of a test.
type bench struct {
	t       *testing.T
	sandbox *sandbox.Sandbox
	account *sandbox.Account
	url     string
	key     string
	client  http.RoundTripper
}

func newBench(t *testing.T, options ...func(*sandbox.Options)) *bench {
	t.Helper()
	o := sandbox.Options{Seed: 1}
	for _, set := range options {
		set(&o)
	}
	sb, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sb)
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		server.Close()
	})
	const key = "sk_test_bench"
	// Without keep-alive: over a connection that was used before, Go itself sends calls with an idempotency key again.
	client := &http.Transport{DisableKeepAlives: true}
	return &bench{t: t, sandbox: sb, account: sb.Account(key), url: server.URL, key: key, client: client}
}

// answer is a response with its body, decoded when it is JSON.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

// at reads a dotted path of the answer, nil when it is not there.
func (a answer) at(path string) any {
	var v any = a.body
	for key := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

func (a answer) str(path string) string {
	s, _ := a.at(path).(string)
	return s
}

func (a answer) list(path string) []map[string]any {
	values, _ := a.at(path).([]any)
	list := make([]map[string]any, len(values))
	for i, v := range values {
		list[i], _ = v.(map[string]any)
	}
	return list
}

// try sends a request and returns the client's error too.
func (b *bench) try(ctx context.Context, method, path, body string, header ...string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+b.key)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := b.client.RoundTrip(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: response.StatusCode, header: response.Header, text: string(text)}
	_ = json.Unmarshal(text, &a.body) // an answer that is no JSON has no body to look into
	return a, nil
}

// call sends a request that must be answered.
func (b *bench) call(method, path, body string, header ...string) answer {
	b.t.Helper()
	a, err := b.try(b.t.Context(), method, path, body, header...)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// must is a call that must succeed.
func (b *bench) must(method, path, body string, header ...string) answer {
	b.t.Helper()
	a := b.call(method, path, body, header...)
	if a.status >= 300 {
		b.t.Fatalf("%s %s: %d %s", method, path, a.status, a.text)
	}
	return a
}

// customer makes a customer and gives its id: the smallest call with one event.
func (b *bench) customer() string {
	b.t.Helper()
	return b.must("POST", "/v1/customers", "name=Ada").str("id")
}

func (b *bench) idle() {
	b.t.Helper()
	if err := b.account.Idle(b.t.Context()); err != nil {
		b.t.Fatalf("Idle: %v", err)
	}
}

// endpoint registers a receiver for events.
func (b *bench) endpoint(r *receiver, events ...string) sandbox.Endpoint {
	b.t.Helper()
	e, err := b.account.AddEndpoint(r.url, events...)
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

// check ends the test on an error.
func check[T any](t *testing.T, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// received is a delivery that arrived.
type received struct {
	header http.Header
	body   []byte
	id     string
	typ    string
	object string
}

// receiver is an application's endpoint: it notes what comes and answers what it is told to.
type receiver struct {
	url string

	mu     sync.Mutex
	got    []received
	status int
	answer func(w http.ResponseWriter, r *http.Request, n int) // n counts from 1
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{status: http.StatusOK}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.url = server.URL + "/hook"
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var event struct {
		ID   string `json:"id"`
		Type string `json:"type"`
		Data struct {
			Object struct {
				ID string `json:"id"`
			} `json:"object"`
		} `json:"data"`
	}
	_ = json.Unmarshal(body, &event) // forged bodies need not be JSON
	r.mu.Lock()
	r.got = append(r.got, received{request.Header, body, event.ID, event.Type, event.Data.Object.ID})
	n, status, answer := len(r.got), r.status, r.answer
	r.mu.Unlock()
	if answer != nil {
		answer(w, request, n)
		return
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, http.StatusText(status))
}

func (r *receiver) set(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]received(nil), r.got...)
}

func (r *receiver) types() []string {
	types := []string{}
	for _, got := range r.all() {
		types = append(types, got.typ)
	}
	return types
}

// verify is the check that every Go application makes.
func verify(got received, secret string) (stripe.Event, error) {
	return webhook.ConstructEventWithOptions(got.body, got.header.Get("Stripe-Signature"), secret, webhook.ConstructEventOptions{})
}

// validate is verify for bodies that are no events.
func validate(got received, secret string) error {
	return webhook.ValidatePayload(got.body, got.header.Get("Stripe-Signature"), secret)
}

func form(pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v.Encode()
}

// noError ends the test on an error.
func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// check1 takes a value and an error and gives the value; an error ends the test.
func check1[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// memoryWriter is a response in memory.
type memoryWriter struct {
	header http.Header
	status int
	body   strings.Builder
}

func (w *memoryWriter) Header() http.Header         { return w.header }
func (w *memoryWriter) WriteHeader(status int)      { w.status = status }
func (w *memoryWriter) Write(b []byte) (int, error) { return w.body.Write(b) }

func (w *memoryWriter) response(r *http.Request) *http.Response {
	return &http.Response{StatusCode: w.status, Header: w.header, Body: io.NopCloser(strings.NewReader(w.body.String())), Request: r}
}
