package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/internal/redact"
	"github.com/vezne/vezne/internal/server"
)

var update = flag.Bool("update", false, "write testdata/openapi.json anew")

const token = "vz_token_for_tests_1234567890"

// fakeDesk answers as a desk with one order does; it counts what changes.
type fakeDesk struct {
	server.Desk
	mu      sync.Mutex
	created int
	panics  bool
	err     error
	intent  desk.PaymentIntent
	seen    desk.NewOrder
	key     string
}

var created = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

func (d *fakeDesk) view() vezne.OrderView {
	return vezne.OrderView{Order: vezne.Order{
		ID: "ord_1", Number: 7, Currency: "usd", AmountTotal: 1999, Revision: 1, CreatedAt: created,
		Lines: []vezne.OrderLine{{Name: "Tea", UnitAmount: 1999, Quantity: 1, Amount: 1999}},
	}, PayURL: "https://pay.example.com/pay/ord_1"}
}

func (d *fakeDesk) CreateOrder(ctx context.Context, by vezne.Actor, n desk.NewOrder) (vezne.OrderView, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.panics {
		panic("on purpose")
	}
	if d.err != nil {
		return vezne.OrderView{}, d.err
	}
	if by.String() != "api:tests" {
		return vezne.OrderView{}, errors.New("wrong actor " + by.String())
	}
	d.created++
	d.seen, d.key = n, desk.Key(ctx)
	return d.view(), nil
}

func (d *fakeDesk) Order(_ context.Context, id vezne.OrderID) (vezne.OrderView, error) {
	if id != "ord_1" {
		return vezne.OrderView{}, vezne.E(vezne.CodeNotFound, "desk.Order", "There is no such order.")
	}
	return d.view(), nil
}

func (d *fakeDesk) Orders(_ context.Context, f desk.OrderFilter) ([]vezne.OrderView, error) {
	list := []vezne.OrderView{d.view(), d.view(), d.view()}
	return list[:min(f.Limit, 3)], nil
}

func (d *fakeDesk) StartPaymentIntent(context.Context, vezne.Actor, vezne.OrderID, desk.PaymentIntentParams) (desk.PaymentIntent, error) {
	return d.intent, nil
}

func (d *fakeDesk) Secrets(_ context.Context, id vezne.ObjectID) (desk.Secrets, error) {
	secret := string(id) + "_secret_fetched_again"
	url := "https://hooks.stripe.com/r?client_secret=" + secret
	return desk.Secrets{ClientSecret: vezne.NewSecret(secret), NextAction: &desk.NextAction{
		Type: "redirect_to_url", URL: url, Raw: json.RawMessage(`{"type":"redirect_to_url","redirect_to_url":{"url":"` + url + `"}}`),
	}}, nil
}

func (d *fakeDesk) Event(context.Context, vezne.EventID) (vezne.Event, error) {
	return vezne.Event{ID: "evt_1", Type: "payment_intent.succeeded", State: vezne.EventApplied, Created: created, ReceivedAt: created,
		Body: []byte(`{"id":"evt_1","data":{"object":{"client_secret":"pi_1_secret_abcdefghijklmnop"}}}`)}, nil
}

type fakeAccess struct{}

func (fakeAccess) Authenticate(_ context.Context, t vezne.Secret) (server.Caller, error) {
	if t.Reveal() != token {
		return server.Caller{}, vezne.E(vezne.CodeTokenInvalid, "test", "")
	}
	return server.Caller{TokenID: "tok_1", Name: "tests"}, nil
}

// fakeKeys keeps answers in memory by the same contract as the database.
type fakeKeys struct {
	mu   sync.Mutex
	kept map[server.KeyScope]*keptKey
}

type keptKey struct {
	hash   string
	answer *server.StoredAnswer
}

func (k *fakeKeys) Begin(_ context.Context, s server.KeyScope, hash []byte, _ time.Duration) (server.IdempotencyState, server.StoredAnswer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r, ok := k.kept[s]
	switch {
	case !ok:
		k.kept[s] = &keptKey{hash: string(hash)}
		return server.KeyNew, server.StoredAnswer{}, nil
	case r.hash != string(hash):
		return server.KeyMismatch, server.StoredAnswer{}, nil
	case r.answer == nil:
		return server.KeyInFlight, server.StoredAnswer{}, nil
	}
	return server.KeyDone, *r.answer, nil
}

func (k *fakeKeys) Finish(_ context.Context, s server.KeyScope, a server.StoredAnswer) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept[s].answer = &a
	return nil
}

func (k *fakeKeys) Abandon(_ context.Context, s server.KeyScope, _ int64) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, s)
	return nil
}

type fakeInbox struct{ err error }

func (f fakeInbox) Receive(_ context.Context, body []byte, _ string) error {
	if len(body) == 0 {
		return vezne.E(vezne.CodeMalformedBody, "test", "")
	}
	return f.err
}

type bundle struct {
	desk *fakeDesk
	keys *fakeKeys
	log  *bytes.Buffer
	url  string
}

func start(t *testing.T, change func(*server.Config, *fakeDesk)) *bundle {
	t.Helper()
	b := &bundle{desk: &fakeDesk{}, keys: &fakeKeys{kept: map[server.KeyScope]*keptKey{}}, log: &bytes.Buffer{}}
	cfg := server.Config{
		Desk: b.desk, Inbox: fakeInbox{}, Access: fakeAccess{}, Keys: b.keys, Ready: func(context.Context) error { return nil },
		PublishableKey: "pk_test_abc", PublicURL: "https://pay.example.com", Clock: vezne.SystemClock{},
		Log: redact.Logger(&lockedWriter{w: b.log}, slog.LevelDebug),
	}
	if change != nil {
		change(&cfg, b.desk)
	}
	srv := httptest.NewServer(server.New(cfg))
	t.Cleanup(srv.Close)
	b.url = srv.URL
	return b
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (b *bundle) do(t *testing.T, method, path, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, b.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			req.Header.Del(headers[i])
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(out)
}

const goodOrder = `{"currency":"usd","lines":[{"name":"Tea","unit_amount":1999}]}`

func TestBadInputGetsAClearErrorAndCreatesNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		method  string
		path    string
		body    string
		headers []string
		status  int
		code    vezne.Code
		field   string
	}{
		{"no token", "POST", "/v1/orders", goodOrder, []string{"Authorization", ""}, 401, vezne.CodeTokenMissing, ""},
		{"an unknown token", "POST", "/v1/orders", goodOrder, []string{"Authorization", "Bearer vz_other_token_here"}, 401, vezne.CodeTokenInvalid, ""},
		{"one of Stripe's keys as the token", "POST", "/v1/orders", goodOrder, []string{"Authorization", "Bearer sk_test_abcdefgh"}, 401, vezne.CodeTokenInvalid, ""},
		{"basic authentication", "POST", "/v1/orders", goodOrder, []string{"Authorization", "Basic dno6"}, 401, vezne.CodeTokenInvalid, ""},
		{"an unknown field", "POST", "/v1/orders", `{"currency":"usd","lines":[{"name":"Tea","unit_amount":1999}],"curency":"x"}`, nil, 422, vezne.CodeUnknownField, "curency"},
		{"an unknown field in a line", "POST", "/v1/orders", `{"currency":"usd","lines":[{"name":"Tea","unit_amount":1999,"colour":"red"}]}`, nil, 422, vezne.CodeUnknownField, "lines[0].colour"},
		{"a fractional amount", "POST", "/v1/orders", `{"currency":"usd","lines":[{"name":"Tea","unit_amount":19.99}]}`, nil, 422, vezne.CodeInvalidRequest, "lines[0].unit_amount"},
		{"an amount as text", "POST", "/v1/orders", `{"currency":"usd","lines":[{"name":"Tea","unit_amount":"1999"}]}`, nil, 422, vezne.CodeInvalidRequest, "lines[0].unit_amount"},
		{"no quantity", "POST", "/v1/orders", `{"currency":"usd","lines":[{"name":"Tea","unit_amount":1999,"quantity":0}]}`, nil, 422, vezne.CodeInvalidRequest, "lines[0].quantity"},
		{"no lines", "POST", "/v1/orders", `{"currency":"usd","lines":[]}`, nil, 422, vezne.CodeInvalidRequest, "lines"},
		{"an unknown language", "POST", "/v1/orders", `{"currency":"usd","lines":[{"name":"Tea","unit_amount":1999}],"locale":"de"}`, nil, 422, vezne.CodeInvalidRequest, "locale"},
		{"a truncated body", "POST", "/v1/orders", `{"currency":"usd","lines":[`, nil, 400, vezne.CodeMalformedBody, ""},
		{"not an object", "POST", "/v1/orders", `[1,2]`, nil, 422, vezne.CodeInvalidRequest, ""},
		{"broken UTF-8", "POST", "/v1/orders", "{\"currency\":\"usd\",\"lines\":[{\"name\":\"\xff\xfe\",\"unit_amount\":1999}]}", nil, 400, vezne.CodeMalformedBody, ""},
		{"a form instead of JSON", "POST", "/v1/orders", "currency=usd", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, vezne.CodeUnsupportedMediaType, ""},
		{"another encoding", "POST", "/v1/orders", goodOrder, []string{"Content-Type", "application/json; charset=iso-8859-9"}, 415, vezne.CodeUnsupportedMediaType, ""},
		{"a compressed body", "POST", "/v1/orders", goodOrder, []string{"Content-Encoding", "gzip"}, 415, vezne.CodeUnsupportedMediaType, ""},
		{"a giant body", "POST", "/v1/orders", `{"currency":"` + strings.Repeat("x", server.MaxBody) + `"}`, nil, 413, vezne.CodeBodyTooLarge, ""},
		{"a wrong method", "PATCH", "/v1/orders", goodOrder, nil, 405, vezne.CodeMethodNotAllowed, ""},
		{"a route that does not exist", "GET", "/v1/nothing", "", nil, 404, vezne.CodeNotFound, ""},
		{"an order of somebody else", "GET", "/v1/orders/ord_other", "", nil, 404, vezne.CodeNotFound, ""},
		{"an unknown query parameter", "GET", "/v1/orders?sort=asc", "", nil, 422, vezne.CodeUnknownField, "sort"},
		{"a limit above 100", "GET", "/v1/orders?limit=101", "", nil, 422, vezne.CodeInvalidRequest, "limit"},
		{"confirm without a method", "POST", "/v1/orders/ord_1/payment-intent", `{"confirm":true}`, nil, 422, vezne.CodeInvalidRequest, "payment_method"},
		{"a key with a blank at its end", "POST", "/v1/orders", goodOrder, []string{"Idempotency-Key", strings.Repeat("k", 256)}, 422, vezne.CodeInvalidRequest, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := start(t, nil)
			res, body := b.do(t, tt.method, tt.path, tt.body, tt.headers...)
			var p server.Problem
			if err := json.Unmarshal([]byte(body), &p); err != nil {
				t.Fatalf("status %d, body %q: %v", res.StatusCode, body, err)
			}
			if res.StatusCode != tt.status || p.Code != tt.code || p.Status != tt.status || p.Detail == "" || p.RequestID == "" {
				t.Errorf("status %d, problem %+v; want %d %s", res.StatusCode, p, tt.status, tt.code)
			}
			if ct := res.Header.Get("Content-Type"); ct != "application/problem+json" {
				t.Errorf("Content-Type = %q", ct)
			}
			if tt.field != "" && (len(p.Errors) == 0 || p.Errors[0].Field != tt.field) {
				t.Errorf("errors = %+v, want field %q", p.Errors, tt.field)
			}
			if b.desk.created != 0 {
				t.Error("an order was created all the same")
			}
			if strings.Contains(b.log.String(), token) {
				t.Error("the token stands in the log")
			}
		})
	}
}

func TestCreateOrderAnswersWithTheOrder(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	res, body := b.do(t, "POST", "/v1/orders", `{"currency":"usd","lines":[{"name":"Tea","unit_amount":1999,"quantity":2},{"price":"price_1"}],"customer":{"reference":"u1","email":"a@example.com","name":"Ayşe"},"locale":"tr","metadata":{"cart":"c1"}}`)
	if res.StatusCode != http.StatusCreated {
		t.Fatalf("status %d: %s", res.StatusCode, body)
	}
	var keys map[string]any
	if err := json.Unmarshal([]byte(body), &keys); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"id", "number", "status", "currency", "amount_total", "amount_authorized", "amount_paid", "amount_refunded", "amount_disputed",
		"attention", "lines", "customer", "pay_url", "revision", "created_at", "paid_at", "canceled_at"} {
		if _, ok := keys[k]; !ok {
			t.Errorf("%q is missing in %s", k, body)
		}
	}
	amount := int64(1999)
	want := desk.NewOrder{Currency: "usd", Lines: []desk.NewLine{{Name: "Tea", UnitAmount: &amount, Quantity: 2}, {Price: "price_1", Quantity: 1}},
		Customer: &desk.NewCustomer{Reference: "u1", Email: "a@example.com", Name: "Ayşe"}, Locale: "tr", Metadata: map[string]string{"cart": "c1"}}
	if d := cmp.Diff(want, b.desk.seen); d != "" {
		t.Errorf("the desk was asked for something else (-want +got):\n%s", d)
	}
}

func TestTheSameKeyGivesTheSameAnswer(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	first, one := b.do(t, "POST", "/v1/orders", goodOrder, "Idempotency-Key", "k1")
	second, two := b.do(t, "POST", "/v1/orders", goodOrder, "Idempotency-Key", "k1")
	if first.StatusCode != 201 || second.StatusCode != 201 || one != two || b.desk.created != 1 {
		t.Errorf("statuses %d and %d, created %d, bodies %q and %q", first.StatusCode, second.StatusCode, b.desk.created, one, two)
	}
	if first.Header.Get("Idempotent-Replayed") != "" || second.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("Idempotent-Replayed: %q then %q", first.Header.Get("Idempotent-Replayed"), second.Header.Get("Idempotent-Replayed"))
	}
	if b.desk.key != "tok_1\nPOST /v1/orders\nk1" {
		t.Errorf("the desk was given the key %q", b.desk.key)
	}
	third, _ := b.do(t, "POST", "/v1/orders", strings.Replace(goodOrder, "1999", "2999", 1), "Idempotency-Key", "k1")
	if third.StatusCode != http.StatusConflict || b.desk.created != 1 {
		t.Errorf("another body: status %d, created %d", third.StatusCode, b.desk.created)
	}
}

func TestAKeyInFlightIsAConflict(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	res, _ := b.do(t, "POST", "/v1/orders", goodOrder, "Idempotency-Key", "k1")
	if res.StatusCode != 201 {
		t.Fatal(res.Status)
	}
	b.keys.mu.Lock()
	for _, k := range b.keys.kept {
		k.answer = nil
	}
	b.keys.mu.Unlock()
	res, body := b.do(t, "POST", "/v1/orders", goodOrder, "Idempotency-Key", "k1")
	if res.StatusCode != http.StatusConflict || !strings.Contains(body, string(vezne.CodeIdempotencyInFlight)) {
		t.Errorf("status %d: %s", res.StatusCode, body)
	}
}

func TestAFailureFreesTheKey(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*fakeDesk){
		"an outage": func(d *fakeDesk) { d.err = vezne.E(vezne.CodeStorageUnavailable, "test", "") },
		"a panic":   func(d *fakeDesk) { d.panics = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t, func(_ *server.Config, d *fakeDesk) { change(d) })
			res, _ := b.do(t, "POST", "/v1/orders", goodOrder, "Idempotency-Key", "k1")
			if res.StatusCode < 500 {
				t.Fatalf("status %d", res.StatusCode)
			}
			b.desk.mu.Lock()
			b.desk.err, b.desk.panics = nil, false
			b.desk.mu.Unlock()
			res, body := b.do(t, "POST", "/v1/orders", goodOrder, "Idempotency-Key", "k1")
			if res.StatusCode != 201 || b.desk.created != 1 {
				t.Errorf("afterwards: status %d, created %d: %s", res.StatusCode, b.desk.created, body)
			}
		})
	}
}

func TestAClientSecretIsNotStoredAndIsFetchedAgain(t *testing.T) {
	t.Parallel()
	b := start(t, func(_ *server.Config, d *fakeDesk) {
		d.intent = desk.PaymentIntent{ID: "pi_1", ClientSecret: vezne.NewSecret("pi_1_secret_first"), Status: "requires_action",
			NextAction: &desk.NextAction{Type: "redirect_to_url", URL: "https://hooks.stripe.com/r?client_secret=pi_1_secret_first",
				Raw: json.RawMessage(`{"type":"redirect_to_url","redirect_to_url":{"url":"https://hooks.stripe.com/r?client_secret=pi_1_secret_first"}}`)},
			Error: &desk.PaymentError{Code: "card_declined", MessageKey: "funds"}}
	})
	_, one := b.do(t, "POST", "/v1/orders/ord_1/payment-intent", "", "Idempotency-Key", "k1")
	if !strings.Contains(one, "pi_1_secret_first") || !strings.Contains(one, "not enough funds") {
		t.Fatalf("first answer: %s", one)
	}
	for _, k := range b.keys.kept {
		if strings.Contains(string(k.answer.Body), "_secret_") {
			t.Errorf("stored: %s", k.answer.Body)
		}
	}
	_, two := b.do(t, "POST", "/v1/orders/ord_1/payment-intent", "", "Idempotency-Key", "k1")
	if strings.Count(two, "pi_1_secret_fetched_again") != 3 || strings.Contains(two, "_secret_first") {
		t.Errorf("replayed answer: %s", two)
	}
	_, event := b.do(t, "GET", "/v1/events/evt_1", "")
	if strings.Contains(event, "abcdefghijklmnop") {
		t.Errorf("an event shows a client secret: %s", event)
	}
	if strings.Contains(b.log.String(), "_secret_first") {
		t.Error("the log holds a client secret")
	}
}

func TestListsArePages(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	_, body := b.do(t, "GET", "/v1/orders?limit=2", "")
	var page struct {
		Data    []json.RawMessage `json:"data"`
		HasMore bool              `json:"has_more"`
		Next    string            `json:"next"`
	}
	if err := json.Unmarshal([]byte(body), &page); err != nil {
		t.Fatal(err)
	}
	if len(page.Data) != 2 || !page.HasMore || page.Next != "ord_1" {
		t.Errorf("page = %+v", page)
	}
}

func TestWebhookOutcomesAreFixed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, method, contentType, body string
		err                             error
		status                          int
	}{
		{"stored", "POST", "application/json", "{}", nil, 200},
		{"with a charset", "POST", "application/json; charset=utf-8", "{}", nil, 200},
		{"a bad signature", "POST", "application/json", "{}", vezne.E(vezne.CodeSignatureInvalid, "", ""), 400},
		{"a malformed body", "POST", "application/json", "", nil, 400},
		{"over 1 MiB", "POST", "application/json", strings.Repeat("x", server.MaxBody+1), nil, 413},
		{"a wrong method", "GET", "application/json", "", nil, 405},
		{"a form", "POST", "application/x-www-form-urlencoded", "a=b", nil, 415},
		{"plain text", "POST", "text/plain", "{}", nil, 415},
		{"the database is gone", "POST", "application/json", "{}", vezne.E(vezne.CodeStorageUnavailable, "", ""), 503},
		{"too much waits", "POST", "application/json", "{}", vezne.E(vezne.CodeOverloaded, "", ""), 503},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := start(t, func(c *server.Config, _ *fakeDesk) { c.Inbox = fakeInbox{tt.err} })
			res, body := b.do(t, tt.method, "/webhooks/stripe", tt.body, "Content-Type", tt.contentType, "Authorization", "")
			if res.StatusCode != tt.status {
				t.Errorf("status %d, want %d (%q)", res.StatusCode, tt.status, body)
			}
			if strings.TrimSpace(body) != http.StatusText(tt.status) {
				t.Errorf("the body says more than the status: %q", body)
			}
			if (tt.status == 503) != (res.Header.Get("Retry-After") != "") || (tt.status == 405) != (res.Header.Get("Allow") == "POST") {
				t.Errorf("headers %v", res.Header)
			}
		})
	}
}

func TestConfigNeedsNoTokenAndHoldsNoSecret(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	res, body := b.do(t, "GET", "/v1/config", "", "Authorization", "")
	if res.StatusCode != 200 || !strings.Contains(body, `"publishable_key":"pk_test_abc"`) {
		t.Errorf("status %d: %s", res.StatusCode, body)
	}
}

func TestDocsNeedNothingFromOutside(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	res, body := b.do(t, "GET", "/docs", "", "Authorization", "")
	if res.StatusCode != 200 || strings.Contains(body, "<script") || !strings.Contains(body, "/v1/orders/{id}/refunds") || !strings.Contains(body, "refund_too_large") {
		t.Errorf("status %d: %.300s", res.StatusCode, body)
	}
	if csp := res.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("CSP %q", csp)
	}
}

func TestOpenAPIIsUnchanged(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	res, body := b.do(t, "GET", "/openapi.json", "", "Authorization", "")
	if res.StatusCode != 200 {
		t.Fatal(res.Status)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(body), "", " "); err != nil {
		t.Fatal(err)
	}
	pretty.WriteByte('\n')
	golden := filepath.Join("testdata", "openapi.json")
	if *update {
		if err := os.WriteFile(golden, pretty.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), pretty.String()); d != "" {
		t.Errorf("the API changed; it may only grow. Run with -update if that is meant (-kept +now):\n%s", d)
	}
}
