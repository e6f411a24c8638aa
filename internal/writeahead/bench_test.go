package writeahead_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
	"github.com/vezne/vezne/internal/stripeapi"
	"github.com/vezne/vezne/internal/writeahead"
)

// request is what reached Stripe.
type request struct {
	method, path, form, key, version string
	query                            url.Values
}

// reply is what Stripe says; status 0 is a connection that ends without a word.
type reply struct {
	status int
	body   string
	retry  string
}

// stripe answers by a script and keeps what reached it.
type stripe struct {
	mu       sync.Mutex
	requests []request
	script   func(n int, r request) reply
	arrived  chan struct{}
	hold     chan struct{}
}

// ServeHTTP answers by the script.
func (s *stripe) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	q := request{r.Method, r.URL.Path, string(body), r.Header.Get("Idempotency-Key"), r.Header.Get("Stripe-Version"), r.URL.Query()}
	s.mu.Lock()
	s.requests = append(s.requests, q)
	n := len(s.requests)
	script, arrived, hold := s.script, s.arrived, s.hold
	s.mu.Unlock()
	if arrived != nil {
		arrived <- struct{}{}
		<-hold
	}
	a := script(n, q)
	if a.status == 0 {
		panic(http.ErrAbortHandler)
	}
	if a.retry != "" {
		w.Header().Set("Stripe-Should-Retry", a.retry)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	io.WriteString(w, a.body)
}

func (s *stripe) seen() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]request(nil), s.requests...)
}

func (s *stripe) say(script func(n int, r request) reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = script
}

// bench is a database with one order, whose attempt waits for its session or
// intent, and a Stripe.
type bench struct {
	*testing.T
	ctx     context.Context
	clock   *storetest.Clock
	store   *store.Store
	settler *settle.Settler
	client  *stripeapi.Client
	stripe  *stripe
	sender  *writeahead.Sender
}

func each(t *testing.T, run func(b *bench)) {
	t.Helper()
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(store.Config) *store.Store) {
		b := &bench{T: t, ctx: context.Background(), clock: storetest.NewClock(), stripe: &stripe{}}
		b.store = open(store.Config{Clock: b.clock})
		b.settler = settle.New(settle.Config{Store: b.store, PublicURL: "https://pay.example.com", APIVersion: "2026-03-25.dahlia", Log: slog.New(slog.DiscardHandler)})
		srv := httptest.NewServer(b.stripe)
		t.Cleanup(srv.Close)
		var err error
		b.client, err = stripeapi.New(stripeapi.Config{SecretKey: vezne.NewSecret("sk_test_abc"), BaseURL: srv.URL})
		b.must(err)
		b.sender = b.process("p1")
		_, err = b.settler.NewOrder(b.ctx, vezne.Cause{}, vezne.Order{ID: "ord_1", Currency: "usd", AmountTotal: 1999}, store.OrderKey{})
		b.must(err)
		run(b)
	})
}

// process is another process on the same database.
func (b *bench) process(name string) *writeahead.Sender {
	return writeahead.New(writeahead.Config{Store: b.store, Settler: b.settler, Stripe: b.client, Owner: name, Log: slog.New(slog.DiscardHandler)})
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

var api = vezne.Actor{Kind: vezne.ActorAPI, Name: "tests"}

// write writes an attempt of a kind and the call that makes its object down.
func (b *bench) write(kind vezne.AttemptKind, by vezne.Actor) vezne.Call {
	b.Helper()
	purpose, path := vezne.CallCreatePaymentIntent, "/v1/payment_intents"
	if kind == vezne.AttemptCheckout {
		purpose, path = vezne.CallCreateSession, "/v1/checkout/sessions"
	}
	c := vezne.Call{
		ID: "call_1", Root: vezne.Root{Kind: vezne.RootOrder, ID: "ord_1"}, Attempt: "att_1", Purpose: purpose, Path: path,
		Form: "amount=1999&metadata%5Bvezne_attempt%5D=att_1&note=%F0%9F%92%B3+%C3%A7", Key: "key_1", APIVersion: "2025-01-01.acacia", Actor: by, State: vezne.CallPending,
	}
	return b.insert(c, func(tx *store.Tx, f *vezne.Facts) error {
		a := vezne.Attempt{ID: "att_1", OrderID: "ord_1", Number: 1, Kind: kind, State: vezne.AttemptOpening, Expected: 1999, Currency: "usd", CreateCall: c.ID, CreatedAt: tx.Now()}
		f.Attempts = append(f.Attempts, a)
		return tx.InsertAttempt(b.ctx, a)
	})
}

func (b *bench) insert(c vezne.Call, also func(tx *store.Tx, f *vezne.Facts) error) vezne.Call {
	b.Helper()
	_, err := b.settler.Order(b.ctx, "ord_1", vezne.Cause{Actor: c.Actor}, func(tx *store.Tx, f *vezne.Facts) ([]vezne.Entry, error) {
		n, err := tx.NextNumber(b.ctx)
		if err != nil {
			return nil, err
		}
		c.Number, c.CreatedAt, c.NextAt = n, tx.Now(), tx.Now()
		if also != nil {
			if err := also(tx, f); err != nil {
				return nil, err
			}
		}
		f.Calls = append(f.Calls, c)
		_, err = tx.InsertCall(b.ctx, c, "")
		return nil, err
	})
	b.must(err)
	return c
}

func (b *bench) call(id vezne.CallID) vezne.Call {
	b.Helper()
	c, err := b.store.Call(b.ctx, id)
	b.must(err)
	return c
}

func (b *bench) attempt() vezne.Attempt {
	b.Helper()
	a, err := b.store.Attempt(b.ctx, "att_1")
	b.must(err)
	return a
}

func (b *bench) order() *vezne.Order {
	b.Helper()
	o, err := b.store.Order(b.ctx, "ord_1")
	b.must(err)
	return &o
}

// sweep lets time pass and sweeps.
func (b *bench) sweep(after time.Duration) int {
	b.Helper()
	b.clock.Advance(after)
	n, err := b.sender.Sweep(b.ctx)
	b.must(err)
	return n
}

func intent(status string) string {
	return fmt.Sprintf(`{"id":"pi_1","object":"payment_intent","status":%q,"amount":1999,"currency":"usd","created":1768478400,"client_secret":"pi_1_secret_abcdefghijkl",
		"metadata":{"vezne_order":"ord_1","vezne_attempt":"att_1"}}`, status)
}

const session = `{"id":"cs_1","object":"checkout.session","status":"open","payment_status":"unpaid","currency":"usd","amount_subtotal":1999,"amount_total":1999,
	"url":"https://checkout.stripe.com/c/pay/cs_1","created":1768478400,"metadata":{"vezne_order":"ord_1","vezne_attempt":"att_1"}}`

func list(more bool, rows ...string) string {
	return fmt.Sprintf(`{"object":"list","has_more":%v,"data":[%s]}`, more, strings.Join(rows, ","))
}

func stripeError(kind, code string) string {
	return fmt.Sprintf(`{"error":{"type":%q,"code":%q,"message":"Stripe's words."}}`, kind, code)
}

// settled brings an answer to a read in.
func (b *bench) settled(begin int64, body string) {
	b.Helper()
	_, err := b.settler.Answer(b.ctx, settle.Answer{Begin: begin, Cause: vezne.Cause{Actor: vezne.Actor{Kind: vezne.ActorWebhook}}, Body: []byte(body)})
	b.must(err)
}
