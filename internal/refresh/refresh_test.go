package refresh_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/refresh"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
	"github.com/vezne/vezne/internal/stripeapi"
)

// stripe answers reads by a script, without a network.
type stripe struct {
	mu     sync.Mutex
	paths  []string
	script func(n int, path string) (int, string)
}

// RoundTrip answers by the script; status 0 is a connection that breaks.
func (s *stripe) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.paths = append(s.paths, r.URL.Path)
	n, script := len(s.paths), s.script
	s.mu.Unlock()
	status, body := script(n, r.URL.Path)
	if status == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (s *stripe) say(script func(n int, path string) (int, string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = script
}

func (s *stripe) reads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.paths)
}

func (s *stripe) client(t *testing.T) *stripeapi.Client {
	t.Helper()
	c, err := stripeapi.New(stripeapi.Config{SecretKey: vezne.NewSecret("sk_test_abc"), BaseURL: "http://stripe.invalid", HTTPClient: &http.Client{Transport: s}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// bench is a database with one order, whose attempt has an intent, and a Stripe.
type bench struct {
	*testing.T
	ctx       context.Context
	clock     *storetest.Clock
	store     *store.Store
	settler   *settle.Settler
	stripe    *stripe
	refresher *refresh.Refresher
}

func each(t *testing.T, run func(b *bench)) {
	t.Helper()
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(store.Config) *store.Store) {
		b := &bench{T: t, ctx: context.Background(), clock: storetest.NewClock(), stripe: &stripe{}}
		b.store = open(store.Config{Clock: b.clock})
		b.settler = settle.New(settle.Config{Store: b.store, PublicURL: "https://pay.example.com", APIVersion: "2026-03-25.dahlia", Log: slog.New(slog.DiscardHandler)})
		b.refresher = b.process("p1")
		_, err := b.settler.NewOrder(b.ctx, vezne.Cause{}, vezne.Order{ID: "ord_1", Currency: "usd", AmountTotal: 1999}, store.OrderKey{})
		b.must(err)
		_, err = b.settler.Order(b.ctx, "ord_1", vezne.Cause{}, func(tx *store.Tx, f *vezne.Facts) ([]vezne.Entry, error) {
			a := vezne.Attempt{ID: "att_1", OrderID: "ord_1", Number: 1, Kind: vezne.AttemptPaymentIntent, State: vezne.AttemptOpening, Expected: 1999, Currency: "usd", CreatedAt: tx.Now()}
			f.Attempts = append(f.Attempts, a)
			return nil, tx.InsertAttempt(b.ctx, a)
		})
		b.must(err)
		run(b)
	})
}

// process is another process on the same database. Its pauses are the longest.
func (b *bench) process(name string) *refresh.Refresher {
	return refresh.New(refresh.Config{
		Store: b.store, Settler: b.settler, Stripe: b.stripe.client(b.T), Owner: name, Log: slog.New(slog.DiscardHandler),
	})
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) event(id vezne.EventID, object vezne.ObjectID, t vezne.ObjectType) {
	b.Helper()
	_, err := b.store.StoreEvents(b.ctx, []vezne.Event{{ID: id, Type: "x", ObjectID: object, ObjectType: t, State: vezne.EventReceived, Created: b.clock.Now(), Body: []byte("{}")}})
	b.must(err)
}

func (b *bench) sweep(after time.Duration) int {
	b.Helper()
	b.clock.Advance(after)
	n, err := b.refresher.Sweep(b.ctx)
	b.must(err)
	return n
}

// mark returns the mark of an object, nil when it has none.
func (b *bench) mark(id vezne.ObjectID) *vezne.Mark {
	b.Helper()
	m, err := b.store.Mark(b.ctx, id)
	if vezne.CodeOf(err) == vezne.CodeNotFound {
		return nil
	}
	b.must(err)
	return &m
}

func (b *bench) state(id vezne.EventID) vezne.EventState {
	b.Helper()
	e, err := b.store.Event(b.ctx, id)
	b.must(err)
	return e.State
}

func (b *bench) status() vezne.OrderStatus {
	b.Helper()
	o, err := b.store.Order(b.ctx, "ord_1")
	b.must(err)
	return o.Status()
}

func intent(status string) string {
	received, charge := 0, "null"
	if status == "succeeded" {
		received, charge = 1999, `{"id":"ch_1","object":"charge","payment_intent":"pi_1","status":"succeeded","amount":1999,"amount_captured":1999,"captured":true,"currency":"usd"}`
	}
	return fmt.Sprintf(`{"id":"pi_1","object":"payment_intent","status":%q,"amount":1999,"amount_received":%d,"currency":"usd","latest_charge":%s,"created":1768478400,
		"metadata":{"vezne_order":"ord_1","vezne_attempt":"att_1"}}`, status, received, charge)
}

func always(status int, body string) func(int, string) (int, string) {
	return func(int, string) (int, string) { return status, body }
}

const refusedKey = `{"error":{"type":"invalid_request_error","message":"Invalid API Key provided: sk_test_****1234"}}`

func TestOneReadServesAllEventsOfAnObject(t *testing.T) {
	each(t, func(b *bench) {
		b.stripe.say(always(200, intent("succeeded")))
		for i := range 50 {
			b.event(vezne.EventID(fmt.Sprintf("evt_%d", i)), "pi_1", vezne.TypePaymentIntent)
		}
		if b.sweep(0) != 1 || b.stripe.reads() != 1 || b.status() != vezne.OrderPaid {
			b.Fatalf("%d reads, status %s", b.stripe.reads(), b.status())
		}
		for i := range 50 {
			if s := b.state(vezne.EventID(fmt.Sprintf("evt_%d", i))); s != vezne.EventApplied {
				b.Errorf("event %d is %s", i, s)
			}
		}
		if b.sweep(time.Hour) != 0 {
			b.Error("it is read again")
		}
	})
}

func TestWhatIsMarkedDuringAReadIsReadAgain(t *testing.T) {
	each(t, func(b *bench) {
		b.event("evt_1", "pi_1", vezne.TypePaymentIntent)
		b.stripe.say(func(n int, _ string) (int, string) {
			if n == 1 {
				b.event("evt_2", "pi_1", vezne.TypePaymentIntent)
				return 200, intent("processing")
			}
			return 200, intent("succeeded")
		})
		b.sweep(0)
		if m := b.mark("pi_1"); m == nil || b.state("evt_1") != vezne.EventApplied || b.state("evt_2") != vezne.EventReceived {
			b.Fatalf("mark %+v, events %s and %s", m, b.state("evt_1"), b.state("evt_2"))
		}
		b.sweep(0)
		if b.mark("pi_1") != nil || b.status() != vezne.OrderPaid || b.state("evt_2") != vezne.EventApplied {
			b.Errorf("mark %+v, status %s", b.mark("pi_1"), b.status())
		}
	})
}

func TestAnOutageIsNoPoison(t *testing.T) {
	for name, script := range map[string]func(int, string) (int, string){
		"no answer":         always(0, ""),
		"too many requests": always(429, `{"error":{"type":"invalid_request_error","code":"rate_limit"}}`),
		"a fault of Stripe": always(500, `{"error":{"type":"api_error"}}`),
		"a gateway":         always(502, "<html>"),
		"a refused key":     always(401, refusedKey),
		"no permission":     always(403, refusedKey),
		"a proxy's page":    always(200, "<html>please sign in</html>"),
		"a proxy's refusal": always(404, "<html>not here</html>"),
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(b *bench) {
				b.event("evt_1", "pi_1", vezne.TypePaymentIntent)
				b.stripe.say(script)
				last := time.Duration(0)
				for range 20 {
					b.sweep(10 * time.Minute)
					m := b.mark("pi_1")
					if m == nil || m.LastError == "" {
						b.Fatalf("mark %+v", m)
					}
					pause := m.DueAt.Sub(b.clock.Now())
					if pause < last || pause > 5*time.Minute {
						b.Fatalf("after %d tries it waits %s, before that %s", m.Tries, pause, last)
					}
					last = pause
				}
				if b.state("evt_1") != vezne.EventReceived {
					b.Fatalf("the event is %s", b.state("evt_1"))
				}
				b.stripe.say(always(200, intent("succeeded")))
				b.sweep(10 * time.Minute)
				if b.status() != vezne.OrderPaid || b.mark("pi_1") != nil {
					b.Errorf("status %s, mark %+v", b.status(), b.mark("pi_1"))
				}
			})
		})
	}
}

func TestAFaultIsDeadAfterAFewReadsAndRevivedByNews(t *testing.T) {
	each(t, func(b *bench) {
		b.event("evt_1", "pi_1", vezne.TypePaymentIntent)
		b.stripe.say(always(200, `{"id":"pi_1","object":"payment_intent","status":"succeeded","amount":"much"}`))
		n := 0
		for b.sweep(time.Hour) > 0 {
			n++
		}
		if n != 5 || b.state("evt_1") != vezne.EventDead {
			b.Fatalf("after %d reads the event is %s", n, b.state("evt_1"))
		}
		b.event("evt_2", "pi_1", vezne.TypePaymentIntent)
		b.stripe.say(always(200, intent("succeeded")))
		b.sweep(0)
		if b.status() != vezne.OrderPaid || b.state("evt_1") != vezne.EventApplied || b.state("evt_2") != vezne.EventApplied {
			b.Errorf("status %s, events %s and %s", b.status(), b.state("evt_1"), b.state("evt_2"))
		}
	})
}

func TestAnOutageBeforeAFaultDoesNotCount(t *testing.T) {
	each(t, func(b *bench) {
		b.event("evt_1", "pi_1", vezne.TypePaymentIntent)
		b.stripe.say(always(0, ""))
		for range 10 {
			b.sweep(time.Hour)
		}
		b.stripe.say(always(200, `{"id":"pi_1","object":"payment_intent","amount":"much"}`))
		b.sweep(time.Hour)
		if m := b.mark("pi_1"); m == nil || m.Faults != 1 || b.state("evt_1") != vezne.EventReceived {
			b.Errorf("mark %+v, event %s", m, b.state("evt_1"))
		}
	})
}

func TestWhatIsGoneIsLetGo(t *testing.T) {
	each(t, func(b *bench) {
		b.event("evt_1", "pi_9", vezne.TypePaymentIntent)
		b.stripe.say(always(404, `{"error":{"type":"invalid_request_error","code":"resource_missing","message":"No such payment_intent: 'pi_9'"}}`))
		b.sweep(0)
		if b.mark("pi_9") != nil || b.state("evt_1") != vezne.EventIgnored {
			b.Errorf("mark %+v, event %s", b.mark("pi_9"), b.state("evt_1"))
		}
	})
}

func TestAnEventThatShowsNoChangeIsLookedAtOnceMore(t *testing.T) {
	each(t, func(b *bench) {
		b.stripe.say(always(200, intent("processing")))
		b.must(b.refresher.Read(b.ctx, "pi_1", vezne.TypePaymentIntent, vezne.Cause{}, vezne.PriorityOrder))
		b.event("evt_1", "pi_1", vezne.TypePaymentIntent)
		b.sweep(0)
		if b.sweep(4*time.Second) != 0 || b.sweep(time.Second) != 1 {
			b.Fatal("it is not read again after 5 s")
		}
		if b.sweep(6*time.Second) != 0 || b.stripe.reads() != 3 {
			b.Errorf("%d reads", b.stripe.reads())
		}
	})
}

func TestWhatNobodyTellsIsReadAgainByItself(t *testing.T) {
	each(t, func(b *bench) {
		b.stripe.say(always(200, intent("processing")))
		b.must(b.refresher.Read(b.ctx, "pi_1", vezne.TypePaymentIntent, vezne.Cause{}, vezne.PriorityOrder))
		b.stripe.say(always(200, intent("succeeded")))
		if b.sweep(10*time.Second) != 0 {
			b.Error("it is read again at once")
		}
		if b.sweep(5*time.Second) != 1 || b.status() != vezne.OrderPaid {
			b.Errorf("status %s", b.status())
		}
		if b.sweep(48*time.Hour) != 0 {
			b.Error("what is final is read again")
		}
	})
}

func TestOneSlowReadDoesNotHoldUpTheOthers(t *testing.T) {
	each(t, func(b *bench) {
		slow, free, read := make(chan struct{}), make(chan struct{}), make(chan struct{})
		b.stripe.say(func(_ int, path string) (int, string) {
			if path == "/v1/payment_intents/pi_slow" {
				close(slow)
				<-free
				return 404, `{"error":{"type":"invalid_request_error","code":"resource_missing"}}`
			}
			defer close(read)
			return 200, intent("succeeded")
		})
		ctx, cancel := context.WithCancel(b.ctx)
		var running sync.WaitGroup
		running.Go(func() { b.refresher.Run(ctx) })
		b.event("evt_1", "pi_slow", vezne.TypePaymentIntent)
		b.refresher.Wake()
		<-slow
		b.event("evt_2", "pi_1", vezne.TypePaymentIntent)
		b.refresher.Wake()
		<-read
		close(free)
		cancel()
		running.Wait()
		if b.status() != vezne.OrderPaid || b.refresher.InFlight() != 0 {
			b.Errorf("status %s, %d in flight", b.status(), b.refresher.InFlight())
		}
	})
}

func TestTwoProcessesShareTheMarks(t *testing.T) {
	each(t, func(b *bench) {
		b.event("evt_1", "pi_1", vezne.TypePaymentIntent)
		other := b.process("p2")
		b.stripe.say(func(int, string) (int, string) {
			if n, err := other.Sweep(b.ctx); n != 0 || err != nil {
				b.Errorf("another process took %d marks, %v", n, err)
			}
			return 200, intent("succeeded")
		})
		if b.sweep(0) != 1 || b.stripe.reads() != 1 {
			b.Errorf("%d reads", b.stripe.reads())
		}
	})
}

// watched tells when somebody has joined a read and begins to wait.
type watched struct {
	context.Context
	waits chan<- struct{}
}

// Done tells.
func (w watched) Done() <-chan struct{} {
	w.waits <- struct{}{}
	return w.Context.Done()
}

func TestAReadIsSharedButNeverOneThatBeganBefore(t *testing.T) {
	each(t, func(b *bench) {
		begun, go1 := make(chan struct{}), make(chan struct{})
		b.stripe.say(func(n int, _ string) (int, string) {
			if n == 1 {
				close(begun)
				<-go1
				return 200, intent("processing")
			}
			return 200, intent("succeeded")
		})
		waits := make(chan struct{}, 11)
		read := func() ([]byte, error) {
			return b.refresher.Fetch(watched{b.ctx, waits}, "pi_1", vezne.TypePaymentIntent, vezne.Cause{}, vezne.PriorityLandingPage)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			body, err := read()
			if err != nil || !strings.Contains(string(body), "processing") {
				b.Errorf("the first got %s, %v", body, err)
			}
		})
		<-begun
		<-waits
		for range 10 {
			wg.Go(func() {
				body, err := read()
				if err != nil || !strings.Contains(string(body), "succeeded") {
					b.Errorf("one who came later got %s, %v", body, err)
				}
			})
		}
		for range 10 {
			<-waits
		}
		close(go1)
		wg.Wait()
		if n := b.stripe.reads(); n != 2 || b.status() != vezne.OrderPaid {
			b.Errorf("%d reads, status %s", n, b.status())
		}
	})
}

func TestReadsKeepToStripesLimitsAndTheirPriorities(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &stripe{}
		var mu sync.Mutex
		var order []string
		at := map[string]time.Duration{}
		start := time.Now()
		s.say(func(_ int, path string) (int, string) {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, path)
			at[path] = time.Since(start)
			return 200, "{}"
		})
		r := refresh.New(refresh.Config{Stripe: s.client(t), Rate: 10, EndpointRate: 5})
		var wg sync.WaitGroup
		get := func(path, endpoint string, priority int) {
			wg.Go(func() {
				if _, err := r.Get(t.Context(), path, nil, endpoint, priority); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		for i := range 12 {
			get(fmt.Sprintf("/v1/recheck/%02d", i), "a", vezne.PriorityRecheck)
		}
		get("/v1/order", "b", vezne.PriorityOrder)
		get("/v1/landing", "a", vezne.PriorityLandingPage)
		wg.Wait()
		// Five of kind a went at once, the sixth waits for its kind, not for b.
		if at["/v1/recheck/04"] != 0 || at["/v1/order"] != 0 {
			t.Errorf("the first five came at %s, another kind at %s; want at once", at["/v1/recheck/04"], at["/v1/order"])
		}
		if at["/v1/landing"] > 210*time.Millisecond || at["/v1/landing"] > at["/v1/recheck/05"] {
			t.Errorf("the landing page came at %s, the recheck before it at %s", at["/v1/landing"], at["/v1/recheck/05"])
		}
		for i := 5; i < 12; i++ {
			path := fmt.Sprintf("/v1/recheck/%02d", i)
			// The landing page took one turn of five a second.
			earliest := time.Duration(i-5+2) * 200 * time.Millisecond
			if got := at[path]; got < earliest-5*time.Millisecond || got > earliest+50*time.Millisecond {
				t.Errorf("%s came at %s, want %s", path, got, earliest)
			}
		}
		if len(order) != 14 {
			t.Errorf("%d reads", len(order))
		}
	})
}
