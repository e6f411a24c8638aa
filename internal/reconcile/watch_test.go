package reconcile_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/inbox"
	"github.com/vezne/vezne/internal/reconcile"
	"github.com/vezne/vezne/internal/refresh"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
	"github.com/vezne/vezne/internal/stripeapi"
)

// stripe lists events, newest first, and refuses what a test wants refused.
type stripe struct {
	mu     sync.Mutex
	events []map[string]any
	asked  []string
	refuse func(n int) int
	// clock is Stripe's, which each answer tells; nil tells nothing.
	clock *storetest.Clock
}

func (s *stripe) happen(id string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append([]map[string]any{{
		"id": id, "object": "event", "type": "payment_intent.succeeded", "created": at.Unix(), "livemode": false, "api_version": "2026-08-26.dahlia",
		"data": map[string]any{"object": map[string]any{"id": "pi_of_" + id, "object": "payment_intent"}},
	}}, s.events...)
}

// RoundTrip answers GET /v1/events, two on a page.
func (s *stripe) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := r.URL.Query()
	s.asked = append(s.asked, q.Get("starting_after"))
	status, body := http.StatusOK, any(nil)
	if s.refuse != nil {
		status = s.refuse(len(s.asked))
	}
	if status == http.StatusOK {
		body = s.page(q.Get("created[gte]"), q.Get("starting_after"))
	} else {
		body = map[string]any{"error": map[string]any{"type": "api_error", "message": "no"}}
	}
	b, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if s.clock != nil {
		header.Set("Date", s.clock.Now().UTC().Format(http.TimeFormat))
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(string(b))), Request: r}, nil
}

func (s *stripe) page(from, after string) map[string]any {
	gte, err := strconv.ParseInt(from, 10, 64)
	if err != nil {
		panic("the window is not bounded")
	}
	data, more, skip := []any{}, false, after != ""
	for _, e := range s.events {
		at := e["created"].(int64)
		switch {
		case skip:
			skip = e["id"] != after
		case at < gte || s.clock != nil && at > s.clock.Now().Unix():
		case len(data) == 2:
			more = true
		default:
			data = append(data, e)
		}
	}
	return map[string]any{"object": "list", "data": data, "has_more": more}
}

type bench struct {
	*testing.T
	ctx    context.Context
	clock  *storetest.Clock
	store  *store.Store
	stripe *stripe
}

func each(t *testing.T, run func(b *bench)) {
	t.Helper()
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(store.Config) *store.Store) {
		b := &bench{T: t, ctx: context.Background(), clock: storetest.NewClock(), stripe: &stripe{}}
		b.store = open(store.Config{Clock: b.clock})
		run(b)
	})
}

// process is one process that looks at the database.
func (b *bench) process(name string) *reconcile.Reconciler {
	b.Helper()
	log := slog.New(slog.DiscardHandler)
	api, err := stripeapi.New(stripeapi.Config{SecretKey: vezne.NewSecret("sk_test_abc"), BaseURL: "http://stripe.invalid", HTTPClient: &http.Client{Transport: b.stripe}})
	b.must(err)
	in, err := inbox.New(inbox.Config{Store: b.store, Secrets: func() []vezne.Secret { return nil }, Clock: b.clock, Tolerance: time.Minute, Log: log})
	b.must(err)
	b.Cleanup(func() { b.must(in.Close(b.ctx)) })
	settler := settle.New(settle.Config{Store: b.store, Log: log})
	r := refresh.New(refresh.Config{Store: b.store, Settler: settler, Stripe: api, Owner: name, Log: log})
	return reconcile.New(reconcile.Config{Store: b.store, Refresher: r, Inbox: in, Owner: name, Log: log})
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// look sweeps once at the next time that is due.
func (b *bench) look(r *reconcile.Reconciler) vezne.Watch {
	b.Helper()
	b.clock.Advance(time.Minute)
	_, err := r.Sweep(b.ctx)
	b.must(err)
	w, err := b.store.Watch(b.ctx)
	b.must(err)
	return w
}

func (b *bench) wantFound(ids ...string) {
	b.Helper()
	for _, id := range ids {
		e, err := b.store.Event(b.ctx, vezne.EventID(id))
		b.must(err)
		if e.State != vezne.EventReceived || e.Deliveries != 0 || len(e.Body) == 0 {
			b.Errorf("%s is %s after %d deliveries", id, e.State, e.Deliveries)
		}
		m, err := b.store.Mark(b.ctx, vezne.ObjectID("pi_of_"+id))
		b.must(err)
		if m.Actor.Kind != vezne.ActorReconcile || m.EventID != e.ID || m.Number != e.Number {
			b.Errorf("the mark of %s is %+v", id, m)
		}
	}
}

func TestTheWatchFindsWhatNeverArrived(t *testing.T) {
	each(t, func(b *bench) {
		r := b.process("p1")
		began := b.clock.Now()
		b.look(r)
		for i := range 5 {
			b.stripe.happen(fmt.Sprintf("evt_%d", i), b.clock.Now().Add(time.Duration(i)*time.Second))
		}
		b.look(r)
		b.look(r)
		w := b.look(r)
		b.wantFound("evt_0", "evt_1", "evt_2", "evt_3", "evt_4")
		if w.Missed != 5 || !w.CoveredUntil.After(began) || w.LastError != "" || w.Cursor != "" || !w.Until.IsZero() {
			b.Errorf("the watch is %+v", w)
		}
		// Windows overlap, and what is here already is not found again.
		asked := len(b.stripe.asked)
		if w = b.look(r); w.Missed != 5 || len(b.stripe.asked) == asked {
			b.Errorf("the watch is %+v after %d more requests", w, len(b.stripe.asked)-asked)
		}
	})
}

// TestALateRowIsFound: a list may show an event later than one that is younger.
func TestALateRowIsFound(t *testing.T) {
	each(t, func(b *bench) {
		r := b.process("p1")
		b.look(r)
		late := b.clock.Now()
		for range 5 {
			b.look(r)
		}
		b.stripe.happen("evt_late", late)
		b.look(r)
		b.wantFound("evt_late")
	})
}

func TestADeliveryInItsFirstMinuteIsNotMissed(t *testing.T) {
	each(t, func(b *bench) {
		r := b.process("p1")
		b.look(r)
		b.look(r)
		b.stripe.happen("evt_young", b.clock.Now().Add(time.Minute))
		if w := b.look(r); w.Missed != 0 {
			b.Errorf("an event of this second counts as missed: %+v", w)
		}
	})
}

// TestAWindowThatBrokeOffIsGoneOnWith lets Stripe refuse in the middle of a
// window; another process goes on where the first stopped, and only the end
// counts as covered.
func TestAWindowThatBrokeOffIsGoneOnWith(t *testing.T) {
	each(t, func(b *bench) {
		first, second := b.process("p1"), b.process("p2")
		covered := b.look(first).CoveredUntil
		for i := range 6 {
			b.stripe.happen(fmt.Sprintf("evt_%d", i), b.clock.Now())
		}
		b.clock.Advance(2 * time.Minute)
		begun := len(b.stripe.asked)
		b.stripe.refuse = func(n int) int {
			if n == begun+2 {
				return http.StatusInternalServerError
			}
			return http.StatusOK
		}
		w := b.look(first)
		if !w.CoveredUntil.Equal(covered) || w.Cursor != "evt_4" || w.LastError == "" || w.Missed != 2 {
			b.Fatalf("a window that broke off left %+v, covered %s before", w, covered)
		}
		w = b.look(second)
		if got := b.stripe.asked[begun+2]; got != "evt_4" {
			b.Errorf("it went on after %q", got)
		}
		if w.Missed != 6 || !w.CoveredUntil.After(covered) || w.LastError != "" {
			b.Errorf("the watch is %+v", w)
		}
		b.wantFound("evt_0", "evt_1", "evt_2", "evt_3", "evt_4", "evt_5")
	})
}

func TestOneProcessLooks(t *testing.T) {
	each(t, func(b *bench) {
		first, second := b.process("p1"), b.process("p2")
		b.look(first)
		b.clock.Advance(3 * time.Minute)
		before := len(b.stripe.asked)
		var done sync.WaitGroup
		for _, r := range []*reconcile.Reconciler{first, second} {
			done.Go(func() {
				if _, err := r.Sweep(b.ctx); err != nil {
					b.Error(err)
				}
			})
		}
		done.Wait()
		if n := len(b.stripe.asked) - before; n != 1 {
			b.Errorf("two processes asked %d times, want once", n)
		}
	})
}

// TestAGapIsAlarmedAndCompared: nobody looked for longer than Stripe keeps
// events.
func TestAGapIsAlarmedAndCompared(t *testing.T) {
	each(t, func(b *bench) {
		r := b.process("p1")
		covered := b.look(r).CoveredUntil
		b.clock.Advance(45 * 24 * time.Hour)
		w := b.look(r)
		searches, err := b.store.Reconciliations(b.ctx, 10)
		b.must(err)
		if len(searches) != 1 || searches[0].Since.After(covered) || searches[0].Actor.Kind != vezne.ActorSystem {
			b.Fatalf("searches = %+v, covered %s", searches, covered)
		}
		if b.clock.Now().Sub(w.CoveredUntil) > 2*time.Minute {
			b.Errorf("the watch is %+v", w)
		}
		b.look(r)
		if searches, err = b.store.Reconciliations(b.ctx, 10); err != nil || len(searches) != 1 {
			b.Errorf("the gap was compared again: %+v, %v", searches, err)
		}
	})
}

// TestAWrongClockOfOursLosesNothing: the desk's clock is far off Stripe's, before
// the first look and later, and what never arrived is found as with a right one.
func TestAWrongClockOfOursLosesNothing(t *testing.T) {
	for name, off := range map[string]time.Duration{"ahead": 3 * time.Hour, "a month ahead": 31 * 24 * time.Hour, "behind": -3 * time.Hour, "a month behind": -31 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			each(t, func(b *bench) {
				theirs := storetest.NewClock()
				b.stripe.clock = theirs
				r := b.process("p1")
				b.clock.Advance(off)
				var ids []string
				for i := range 40 {
					if i == 20 {
						// Somebody sets the clock right.
						b.clock.Advance(-off)
					}
					// The row comes into the list when its event happens.
					ids = append(ids, fmt.Sprintf("evt_%d", i))
					b.stripe.happen(ids[i], theirs.Now())
					theirs.Advance(time.Minute)
					b.look(r)
				}
				// The leases of before the clock was set back run out.
				b.clock.Advance(max(off, 0))
				theirs.Advance(2 * time.Minute)
				w := b.look(r)
				b.wantFound(ids...)
				if ahead := w.CoveredUntil.Sub(theirs.Now()); ahead > -time.Minute/2 {
					b.Errorf("the watch says that it covers %s of Stripe's future: %+v", ahead, w)
				}
				searches, err := b.store.Reconciliations(b.ctx, 10)
				b.must(err)
				if len(searches) != 0 && off > -24*time.Hour {
					b.Errorf("a wrong clock is no gap: %+v", searches)
				}
			})
		})
	}
}
