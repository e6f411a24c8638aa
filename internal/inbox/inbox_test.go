package inbox_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v85/webhook"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/inbox"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

var ctx = context.Background()

const secret, rolled = "whsec_new", "whsec_old"

func open(t *testing.T, s *store.Store, clock vezne.Clock, edit func(c *inbox.Config)) *inbox.Inbox {
	t.Helper()
	cfg := inbox.Config{Store: s, Clock: clock, Tolerance: 5 * time.Minute, Log: slog.New(slog.DiscardHandler),
		Secrets: func() []vezne.Secret { return []vezne.Secret{vezne.NewSecret(secret), vezne.NewSecret(rolled)} }}
	if edit != nil {
		edit(&cfg)
	}
	in, err := inbox.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return in
}

func sign(body string, at time.Time, key string) string {
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(webhook.ComputeSignature(at, []byte(body), key)))
}

func event(id, kind string, rest string) string {
	return fmt.Sprintf(`{"id":%q,"object":"event","api_version":"2026-01-28.clover","created":1764000000,%s"data":{"object":{"id":"pi_1","object":"payment_intent"}},"livemode":false,"type":%q}`, id, rest, kind)
}

func TestWhatBecomesOfAnEvent(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, openStore func(cfg store.Config) *store.Store) {
		clock := storetest.NewClock()
		s := openStore(store.Config{Clock: clock})
		in := open(t, s, clock, nil)
		now := clock.Now()
		const paid = "payment_intent.succeeded"
		good := event("evt_good", paid, "")
		for _, tt := range []struct {
			name, body, signature string
			want                  vezne.Code
			state                 vezne.EventState
			again                 bool
			marked                vezne.ObjectID
		}{
			{name: "a good event", body: good, signature: sign(good, now, secret), state: vezne.EventReceived, marked: "pi_1"},
			{name: "the same again", body: good, signature: sign(good, now, secret), state: vezne.EventReceived, again: true},
			{name: "signed by a secret that is being rolled", body: event("evt_rolled", paid, ""), signature: sign(event("evt_rolled", paid, ""), now, rolled), state: vezne.EventReceived},
			{name: "signed by nobody we know", body: good, signature: sign(good, now, "whsec_wrong"), want: vezne.CodeSignatureInvalid},
			{name: "not signed", body: good, want: vezne.CodeSignatureInvalid},
			{name: "signed for another body", body: good + " ", signature: sign(good, now, secret), want: vezne.CodeSignatureInvalid},
			{name: "signed in time", body: good, signature: sign(good, now.Add(-5*time.Minute), secret), state: vezne.EventReceived, again: true},
			{name: "signed too long ago", body: good, signature: sign(good, now.Add(-5*time.Minute-time.Second), secret), want: vezne.CodeSignatureInvalid},
			{name: "signed in the future", body: good, signature: sign(good, now.Add(5*time.Minute+time.Second), secret), want: vezne.CodeSignatureInvalid},
			{name: "by another scheme only", body: good, signature: strings.Replace(sign(good, now, secret), "v1=", "v0=", 1), want: vezne.CodeSignatureInvalid},
			{name: "no JSON", body: "{", signature: sign("{", now, secret), want: vezne.CodeMalformedBody},
			{name: "nothing", signature: sign("", now, secret), want: vezne.CodeMalformedBody},
			{name: "no event", body: `{"type":"x"}`, signature: sign(`{"type":"x"}`, now, secret), want: vezne.CodeMalformedBody},
			{name: "data of a wrong type", body: `{"id":"evt_x","type":"x","data":[]}`, signature: sign(`{"id":"evt_x","type":"x","data":[]}`, now, secret), want: vezne.CodeMalformedBody},
			{name: "a type that changes nothing", body: event("evt_type", "product.created", ""), signature: sign(event("evt_type", "product.created", ""), now, secret), state: vezne.EventIgnored},
			{name: "a handled type without an object", body: `{"id":"evt_none","type":"payment_intent.succeeded","livemode":false}`,
				signature: sign(`{"id":"evt_none","type":"payment_intent.succeeded","livemode":false}`, now, secret), state: vezne.EventIgnored},
			{name: "of our own account, by name", body: event("evt_own", paid, `"account":"`+storetest.Scope.Account+`",`), signature: sign(event("evt_own", paid, `"account":"`+storetest.Scope.Account+`",`), now, secret), state: vezne.EventReceived},
			{name: "of another account", body: event("evt_other", paid, `"account":"acct_other",`), signature: sign(event("evt_other", paid, `"account":"acct_other",`), now, secret), state: vezne.EventQuarantined},
			{name: "of another mode", body: strings.Replace(event("evt_live", paid, ""), "false", "true", 1), signature: sign(strings.Replace(event("evt_live", paid, ""), "false", "true", 1), now, secret), state: vezne.EventQuarantined},
			{name: "of another mode and of a type that changes nothing", body: strings.Replace(event("evt_live2", "product.created", ""), "false", "true", 1),
				signature: sign(strings.Replace(event("evt_live2", "product.created", ""), "false", "true", 1), now, secret), state: vezne.EventQuarantined},
		} {
			r, err := in.Receive(ctx, []byte(tt.body), tt.signature)
			if got := vezne.CodeOf(err); got != tt.want {
				t.Errorf("%s: code %q, want %q (%v)", tt.name, got, tt.want, err)
			}
			if err != nil {
				continue
			}
			if r.State != tt.state || r.New == tt.again {
				t.Errorf("%s: %s, new %v; want %s, %v", tt.name, r.State, r.New, tt.state, !tt.again)
			}
			e, err := s.Event(ctx, r.ID)
			if err != nil || e.State != tt.state || string(e.Body) != tt.body || (tt.state == vezne.EventReceived) == (e.Reason != "") {
				t.Errorf("%s: kept as %+v, %v", tt.name, e, err)
			}
			if tt.marked != "" {
				if m, err := s.Mark(ctx, tt.marked); err != nil || m.EventID != r.ID {
					t.Errorf("%s: mark %+v, %v", tt.name, m, err)
				}
			}
		}
		e, err := s.Event(ctx, "evt_good")
		if err != nil {
			t.Fatal(err)
		}
		want := vezne.Event{ID: "evt_good", Type: paid, ObjectID: "pi_1", ObjectType: vezne.TypePaymentIntent, APIVersion: "2026-01-28.clover", Created: time.Unix(1764000000, 0).UTC(),
			ReceivedAt: now, State: vezne.EventReceived, Deliveries: 3, Number: e.Number, Body: []byte(good)}
		if d := cmp.Diff(want, e); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
	})
}

func TestEachHandledTypeMarksItsObject(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	s := storetest.Open(t, store.Config{URL: storetest.SQLite(t), Clock: clock})
	woken := 0
	in := open(t, s, clock, func(c *inbox.Config) { c.Wake = func() { woken++ } })
	for i, h := range vezne.HandledEvents() {
		object := fmt.Sprint("obj_", i)
		body := fmt.Sprintf(`{"id":"evt_%d","type":%q,"livemode":false,"data":{"object":{"id":%q,"object":"whatever"}}}`, i, h.Type, object)
		if _, err := in.Receive(ctx, []byte(body), sign(body, clock.Now(), secret)); err != nil {
			t.Fatal(err)
		}
		if m, err := s.Mark(ctx, vezne.ObjectID(object)); err != nil || m.Type != h.Object {
			t.Errorf("%s: mark %+v, %v; want a %s", h.Type, m, err, h.Object)
		}
	}
	if woken != len(vezne.HandledEvents()) {
		t.Errorf("woken %d times for %d events", woken, len(vezne.HandledEvents()))
	}
	body := event("evt_ignored", "product.created", "")
	if _, err := in.Receive(ctx, []byte(body), sign(body, clock.Now(), secret)); err != nil || woken != len(vezne.HandledEvents()) {
		t.Errorf("an event that changes nothing woke somebody (%v)", err)
	}
}

func TestAToleranceOfNothingIsRefused(t *testing.T) {
	t.Parallel()
	for _, tolerance := range []time.Duration{0, -time.Second} {
		if _, err := inbox.New(inbox.Config{Tolerance: tolerance}); vezne.CodeOf(err) != vezne.CodeConfigInvalid {
			t.Errorf("%s: %v", tolerance, err)
		}
	}
}

// stall holds the table of events until it is released.
func stall(t *testing.T, url string) (release func()) {
	t.Helper()
	conn, err := storetest.DB(t, url).Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	statements := []string{"BEGIN", "LOCK TABLE vezne_events"}
	if strings.HasPrefix(url, "sqlite:") {
		statements = []string{"BEGIN IMMEDIATE"}
	}
	for _, statement := range statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		t.Helper()
		if _, err := conn.ExecContext(ctx, "ROLLBACK"); err != nil {
			t.Error(err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTooMuchThatWaitsIsRefusedAtOnceAndTheRestIsKept(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock()
		s := storetest.Open(t, store.Config{URL: url, Clock: clock})
		// At most two writers hold a group of 200 each.
		const waiting, senders, held = 8, 700, 2 * 200
		in := open(t, s, clock, func(c *inbox.Config) { c.MaxWaiting = waiting })
		release := stall(t, url)
		type result struct {
			id  string
			err error
		}
		results := make(chan result, senders)
		for i := range senders {
			go func() {
				id := fmt.Sprint("evt_", i)
				body := event(id, "payment_intent.succeeded", "")
				_, err := in.Receive(ctx, []byte(body), sign(body, clock.Now(), secret))
				results <- result{id, err}
			}()
		}
		// While nothing can be stored, most are refused, and without waiting for
		// the store: they come back before it is released. What is in the writers'
		// hands and what waits is bounded.
		const surely = senders - held - waiting
		for range surely {
			if r := <-results; vezne.CodeOf(r.err) != vezne.CodeOverloaded {
				t.Errorf("while the store stands still: %v", r.err)
			}
		}
		release()
		kept := 0
		for range senders - surely {
			r := <-results
			switch vezne.CodeOf(r.err) {
			case "":
				kept++
				if _, err := s.Event(ctx, vezne.EventID(r.id)); err != nil {
					t.Errorf("%s was acknowledged and is lost: %v", r.id, err)
				}
			case vezne.CodeOverloaded:
			default:
				t.Errorf("%s: %v", r.id, r.err)
			}
		}
		counts, err := s.EventCounts(ctx)
		if err != nil || counts[vezne.EventReceived] != int64(kept) {
			t.Errorf("%d acknowledged, %v kept, %v", kept, counts, err)
		}
		// And now there is room again.
		body := event("evt_later", "payment_intent.succeeded", "")
		if _, err := in.Receive(ctx, []byte(body), sign(body, clock.Now(), secret)); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestAGroupOfWhichOneIsRefusedIsSplit(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock()
		s := storetest.Open(t, store.Config{URL: url, Clock: clock})
		statement := "CREATE TRIGGER refuse BEFORE INSERT ON vezne_events WHEN NEW.id = 'evt_13' BEGIN SELECT RAISE(ABORT, 'refused'); END"
		if s.Dialect() == store.Postgres {
			statement = "ALTER TABLE vezne_events ADD CONSTRAINT refuse CHECK (id <> 'evt_13')"
		}
		if _, err := s.DB().ExecContext(ctx, statement); err != nil {
			t.Fatal(err)
		}
		in := open(t, s, clock, nil)
		release := stall(t, url)
		var group sync.WaitGroup
		for i := range 40 {
			group.Go(func() {
				id := fmt.Sprint("evt_", i)
				body := event(id, "payment_intent.succeeded", "")
				_, err := in.Receive(ctx, []byte(body), sign(body, clock.Now(), secret))
				if want := i == 13; (err != nil) != want {
					t.Errorf("%s: %v", id, err)
				}
			})
		}
		release()
		group.Wait()
		counts, err := s.EventCounts(ctx)
		if err != nil || counts[vezne.EventReceived] != 39 {
			t.Errorf("%v, %v: one bad row refused its neighbours", counts, err)
		}
	})
}

func TestWhatWaitsIsKeptWhenTheServiceEnds(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock()
		s := storetest.Open(t, store.Config{URL: url, Clock: clock})
		in := open(t, s, clock, nil)
		release := stall(t, url)
		results := make(chan error, 20)
		for i := range cap(results) {
			go func() {
				body := event(fmt.Sprint("evt_", i), "payment_intent.succeeded", "")
				_, err := in.Receive(ctx, []byte(body), sign(body, clock.Now(), secret))
				results <- err
			}()
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if err := in.Close(ended); err != nil && vezne.CodeOf(err) != vezne.CodeStorageUnavailable {
			t.Errorf("an end that has no time: %v", err)
		}
		release()
		if err := in.Close(ctx); err != nil {
			t.Errorf("an end that has time: %v", err)
		}
		kept := 0
		for range cap(results) {
			switch err := <-results; vezne.CodeOf(err) {
			case "":
				kept++
			case vezne.CodeStorageUnavailable: // it came after the end; Stripe sends it again
			default:
				t.Error(err)
			}
		}
		counts, err := s.EventCounts(ctx)
		if err != nil || counts[vezne.EventReceived] != int64(kept) {
			t.Errorf("%d acknowledged, %v kept, %v", kept, counts, err)
		}
		body := event("evt_late", "payment_intent.succeeded", "")
		if _, err := in.Receive(ctx, []byte(body), sign(body, clock.Now(), secret)); vezne.CodeOf(err) != vezne.CodeStorageUnavailable {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestASenderThatLeavesIsNotToldThatItIsKept(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock()
		s := storetest.Open(t, store.Config{URL: url, Clock: clock})
		in := open(t, s, clock, nil)
		release := stall(t, url)
		gone, leave := context.WithCancel(ctx)
		leave()
		body := event("evt_1", "payment_intent.succeeded", "")
		signature := sign(body, clock.Now(), secret)
		if _, err := in.Receive(gone, []byte(body), signature); vezne.CodeOf(err) != vezne.CodeStorageUnavailable || !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		release()
		// Stripe sends it again; it counts once.
		if _, err := in.Receive(ctx, []byte(body), signature); err != nil {
			t.Error(err)
		}
		if m, err := s.Mark(ctx, "pi_1"); err != nil || m.EventID != "evt_1" {
			t.Errorf("mark %+v, %v", m, err)
		}
	})
}
