package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

func event(id string, object vezne.ObjectID) vezne.Event {
	return vezne.Event{
		ID: vezne.EventID(id), Type: "payment_intent.succeeded", ObjectID: object, ObjectType: vezne.TypePaymentIntent, APIVersion: "2026-01-28.clover",
		Created: time.Date(2026, 1, 15, 11, 59, 58, 0, time.UTC), State: vezne.EventReceived, Body: []byte(`{"id":"` + id + `"}`),
	}
}

func TestAnEventIsStoredOnceAndMarksItsObject(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		clock := storetest.NewClock()
		s := open(store.Config{Clock: clock})
		e := event("evt_1", "pi_1")
		if d := cmp.Diff([]store.Stored{{New: true}}, must[[]store.Stored](t)(s.StoreEvents(ctx, []vezne.Event{e}))); d != "" {
			t.Fatal(d)
		}
		m := must[vezne.Mark](t)(s.Mark(ctx, "pi_1"))
		got := must[vezne.Event](t)(s.Event(ctx, "evt_1"))
		want := e
		want.ReceivedAt, want.Deliveries, want.Number = clock.Now(), 1, m.Number
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
		if m.Number == 0 || m.EventID != "evt_1" || m.Priority != vezne.PriorityOrder || m.Actor.Kind != vezne.ActorWebhook {
			t.Errorf("mark %+v", m)
		}
		in(t, s, func(tx *store.Tx) error { _, err := tx.ClearMark(ctx, "pi_1", m.Number+1); return err })
		clock.Advance(time.Hour)
		if d := cmp.Diff([]store.Stored{{New: false}}, must[[]store.Stored](t)(s.StoreEvents(ctx, []vezne.Event{e}))); d != "" {
			t.Fatal(d)
		}
		want.Deliveries = 2
		if d := cmp.Diff(want, must[vezne.Event](t)(s.Event(ctx, "evt_1"))); d != "" {
			t.Errorf("after the second delivery (-want +got):\n%s", d)
		}
		_, err := s.Mark(ctx, "pi_1")
		wantCode(t, "a second delivery marks nothing", err, vezne.CodeNotFound)
	})
}

func TestOneEventDeliveredByManyAtOnceIsNewOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		const deliveries = 20
		var mu sync.Mutex
		fresh := 0
		var group sync.WaitGroup
		for i := range deliveries {
			group.Go(func() {
				// Beside it in its group stands an event of its own.
				list, err := s.StoreEvents(ctx, []vezne.Event{event("evt_shared", "pi_1"), event(fmt.Sprint("evt_", i), "pi_1")})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				if list[0].New {
					fresh++
				}
				if !list[1].New {
					t.Error("an event of its own was taken for known")
				}
			})
		}
		group.Wait()
		if e := must[vezne.Event](t)(s.Event(ctx, "evt_shared")); fresh != 1 || e.Deliveries != deliveries {
			t.Errorf("new %d times, %d deliveries counted; want 1 and %d", fresh, e.Deliveries, deliveries)
		}
		counts := must[map[vezne.EventState]int64](t)(s.EventCounts(ctx))
		if counts[vezne.EventReceived] != deliveries+1 {
			t.Errorf("%v, want %d received", counts, deliveries+1)
		}
	})
}

func TestTheSameEventTwiceInOneGroupIsNewOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		list := must[[]store.Stored](t)(s.StoreEvents(ctx, []vezne.Event{event("evt_1", "pi_1"), event("evt_1", "pi_1")}))
		if list[0].New == list[1].New {
			t.Errorf("%v, want one of them new", list)
		}
	})
}

func TestAGroupWithOneBadRowIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		bad := event("evt_bad", "pi_bad")
		bad.State = "nonsense"
		_, err := s.StoreEvents(ctx, []vezne.Event{event("evt_a", "pi_a"), bad, event("evt_z", "pi_z")})
		wantCode(t, "the group", err, vezne.CodeInternal)
		if !store.IsConstraint(err) {
			t.Errorf("%v is not known as the schema's refusal", err)
		}
		for _, id := range []vezne.EventID{"evt_a", "evt_bad", "evt_z"} {
			_, err := s.Event(ctx, id)
			wantCode(t, string(id), err, vezne.CodeNotFound)
		}
		_, err = s.Mark(ctx, "pi_a")
		wantCode(t, "the mark of a neighbour", err, vezne.CodeNotFound)
	})
}

func TestEventsThatChangeNothingMarkNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		for _, state := range []vezne.EventState{vezne.EventIgnored, vezne.EventQuarantined} {
			e := event("evt_"+string(state), "pi_1")
			e.State, e.Reason, e.Account, e.Livemode = state, "why", "acct_other", true
			if _, err := s.StoreEvents(ctx, []vezne.Event{e}); err != nil {
				t.Fatal(err)
			}
			got := must[vezne.Event](t)(s.Event(ctx, e.ID))
			if got.Number != 0 || got.Reason != "why" || got.Account != "acct_other" || !got.Livemode {
				t.Errorf("%+v", got)
			}
		}
		_, err := s.Mark(ctx, "pi_1")
		wantCode(t, "the mark", err, vezne.CodeNotFound)
	})
}

func TestEventsFollowTheReadOfTheirObject(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		state := func(id vezne.EventID) vezne.EventState { return must[vezne.Event](t)(s.Event(ctx, id)).State }
		deliver := func(id string, object vezne.ObjectID) int64 {
			if _, err := s.StoreEvents(ctx, []vezne.Event{event(id, object)}); err != nil {
				t.Fatal(err)
			}
			return must[vezne.Event](t)(s.Event(ctx, vezne.EventID(id))).Number
		}
		first := deliver("evt_1", "pi_1")
		second := deliver("evt_2", "pi_1")
		other := deliver("evt_other", "pi_2")
		in(t, s, func(tx *store.Tx) error { return tx.SetEventsApplied(ctx, "pi_1", first+1) })
		if state("evt_1") != vezne.EventApplied || state("evt_2") != vezne.EventReceived || state("evt_other") != vezne.EventReceived {
			t.Error("a read applies the events of its object that came before it, and no others")
		}
		if at := must[vezne.Event](t)(s.Event(ctx, "evt_1")).AppliedAt; at == nil {
			t.Error("when it was applied is not kept")
		}
		in(t, s, func(tx *store.Tx) error { return tx.SetEventsDead(ctx, "pi_1", "unreadable") })
		if e := must[vezne.Event](t)(s.Event(ctx, "evt_2")); e.State != vezne.EventDead || e.Reason != "unreadable" || state("evt_1") != vezne.EventApplied {
			t.Errorf("%+v, want it dead and the applied one left alone", e)
		}
		in(t, s, func(tx *store.Tx) error { return tx.SetEventsApplied(ctx, "pi_1", second+1) })
		if e := must[vezne.Event](t)(s.Event(ctx, "evt_2")); e.State != vezne.EventApplied || e.Reason != "" {
			t.Errorf("%+v, want a dead one applied by a later read", e)
		}
		in(t, s, func(tx *store.Tx) error { return tx.SetEventsIgnored(ctx, "pi_2", other, "not ours") })
		if state("evt_other") != vezne.EventReceived {
			t.Error("an event was let go by a read that began before it came")
		}
		in(t, s, func(tx *store.Tx) error { return tx.SetEventsIgnored(ctx, "pi_2", other+1, "not ours") })
		if state("evt_other") != vezne.EventIgnored {
			t.Error("an event whose object is not ours was not let go")
		}
	})
}

func TestEventsAreFilteredAndPaged(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		clock := storetest.NewClock()
		s := open(store.Config{Clock: clock})
		for i := range 6 {
			e := event(fmt.Sprint("evt_", i), vezne.ObjectID(fmt.Sprint("pi_", i%3)))
			if i == 4 {
				e.Type, e.State = "charge.expired", vezne.EventIgnored
			}
			if _, err := s.StoreEvents(ctx, []vezne.Event{e}); err != nil {
				t.Fatal(err)
			}
			if i%2 == 1 {
				clock.Advance(time.Second) // two of each instant
			}
		}
		for _, tt := range []struct {
			name   string
			filter store.EventFilter
			want   []vezne.EventID
		}{
			{"all, newest first", store.EventFilter{}, []vezne.EventID{"evt_5", "evt_4", "evt_3", "evt_2", "evt_1", "evt_0"}},
			{"a page that ends within an instant", store.EventFilter{Limit: 3}, []vezne.EventID{"evt_5", "evt_4", "evt_3"}},
			{"the page after it", store.EventFilter{Limit: 3, After: "evt_3"}, []vezne.EventID{"evt_2", "evt_1", "evt_0"}},
			{"by state", store.EventFilter{State: vezne.EventIgnored}, []vezne.EventID{"evt_4"}},
			{"by type", store.EventFilter{Type: "payment_intent.succeeded", Limit: 2}, []vezne.EventID{"evt_5", "evt_3"}},
			{"by object", store.EventFilter{ObjectID: "pi_0"}, []vezne.EventID{"evt_3", "evt_0"}},
		} {
			got := []vezne.EventID{}
			for _, e := range must[[]vezne.Event](t)(s.Events(ctx, tt.filter)) {
				if e.Body != nil {
					t.Errorf("%s: a list holds a body", tt.name)
				}
				got = append(got, e.ID)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("%s (-want +got):\n%s", tt.name, d)
			}
		}
		_, err := s.Events(ctx, store.EventFilter{After: "evt_none"})
		wantCode(t, "a page after an event that is not there", err, vezne.CodeNotFound)
	})
}

func TestBodiesAreEncryptedAndBlanked(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		clock := storetest.NewClock()
		plain := open(store.Config{Clock: clock})
		marker := []byte("buyer@example.com")
		e := event("evt_plain", "pi_1")
		e.Body = append([]byte("{} "), marker...)
		if _, err := plain.StoreEvents(ctx, []vezne.Event{e}); err != nil {
			t.Fatal(err)
		}
		if err := plain.Close(); err != nil {
			t.Fatal(err)
		}
		key := bytes.Repeat([]byte{7}, 32)
		s := open(store.Config{Clock: clock, BodyKey: key})
		sealed := e
		sealed.ID = "evt_sealed"
		if _, err := s.StoreEvents(ctx, []vezne.Event{sealed}); err != nil {
			t.Fatal(err)
		}
		for _, id := range []vezne.EventID{"evt_plain", "evt_sealed"} {
			if got := must[vezne.Event](t)(s.Event(ctx, id)); !bytes.Equal(got.Body, e.Body) {
				t.Errorf("%s: body %q, want %q", id, got.Body, e.Body)
			}
		}
		var kept []byte
		if err := s.DB().QueryRowContext(ctx, "SELECT body FROM vezne_events WHERE id = 'evt_sealed'").Scan(&kept); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(kept, marker) || len(kept) < len(e.Body) {
			t.Errorf("the kept body can be read: %q", kept)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		for _, wrong := range [][]byte{nil, bytes.Repeat([]byte{8}, 32)} {
			s := open(store.Config{Clock: clock, BodyKey: wrong})
			_, err := s.Event(ctx, "evt_sealed")
			wantCode(t, "another key", err, vezne.CodeCorrupt)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		s = open(store.Config{Clock: clock, BodyKey: key})
		in(t, s, func(tx *store.Tx) error { return tx.SetEventsApplied(ctx, "pi_1", 1<<40) })
		waiting := event("evt_waiting", "pi_9")
		if _, err := s.StoreEvents(ctx, []vezne.Event{waiting}); err != nil {
			t.Fatal(err)
		}
		if n := must[store.Retained[int64]](t)(s.RemoveOld(ctx, clock.Now(), 10)); n.Events != 0 {
			t.Errorf("%d bodies of now were removed as older than now", n.Events)
		}
		later := clock.Advance(time.Hour)
		for _, want := range []int64{1, 1, 0} {
			if n := must[store.Retained[int64]](t)(s.RemoveOld(ctx, later, 1)); n.Events != want {
				t.Errorf("%d removed by a batch of one, want %d of the two that are applied", n.Events, want)
			}
		}
		sum := sha256.Sum256(e.Body)
		if got := must[vezne.Event](t)(s.Event(ctx, "evt_sealed")); got.Body != nil || got.Digest != hex.EncodeToString(sum[:]) || got.RemovedAt == nil {
			t.Errorf("a removed body is %q, its digest %q, removed at %v", got.Body, got.Digest, got.RemovedAt)
		}
		if got := must[vezne.Event](t)(s.Event(ctx, "evt_waiting")); got.Body == nil {
			t.Error("the body of an event that waits was removed")
		}
	})
}

func TestAKeyForBodiesHas32Bytes(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 16, 31, 33} {
		_, err := store.Open(context.Background(), store.Config{URL: storetest.SQLite(t), Scope: storetest.Scope, BodyKey: make([]byte, n)})
		wantCode(t, fmt.Sprint(n, " bytes"), err, vezne.CodeConfigInvalid)
	}
}

func TestEffectsAreUniqueAndAccepted(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		clock := storetest.NewClock()
		s := open(store.Config{Clock: clock})
		o := insertOrder(t, s, nil)
		effect := func(key string) vezne.Effect {
			return vezne.Effect{Key: key, Kind: vezne.EffectCallback, Topic: "order.paid", Root: root(o), Revision: 2, Payload: []byte(`{"id":"x"}`)}
		}
		insert := func(keys ...string) []vezne.Effect {
			var list, inserted []vezne.Effect
			for _, k := range keys {
				list = append(list, effect(k))
			}
			in(t, s, func(tx *store.Tx) error {
				var err error
				inserted, err = tx.InsertEffects(ctx, list)
				return err
			})
			return inserted
		}
		first := insert("a", "b")
		if len(first) != 2 {
			t.Fatalf("%d inserted, want 2", len(first))
		}
		if again := insert("b", "c", "a", "c"); len(again) != 1 || again[0].Key != "c" {
			t.Errorf("%+v, want only c", again)
		}
		want := effect("a")
		want.ID, want.CreatedAt = first[0].ID, clock.Now()
		got := must[vezne.Effect](t)(s.Effect(ctx, first[0].ID))
		if d := cmp.Diff(want, got, cmpopts.IgnoreFields(vezne.Effect{}, "NextAt")); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
		if err := s.SetEffectFailed(ctx, first[0].ID, "500", time.Minute); err != nil {
			t.Fatal(err)
		}
		if err := s.SetEffectSent(ctx, first[0].ID); err != nil {
			t.Fatal(err)
		}
		if err := s.SetEffectFailed(ctx, first[0].ID, "too late", time.Minute); err != nil {
			t.Fatal(err)
		}
		got = must[vezne.Effect](t)(s.Effect(ctx, first[0].ID))
		if got.SentAt == nil || got.Tries != 2 || got.LastError != "" {
			t.Errorf("%+v, want it accepted at the second try, and so it stays", got)
		}
		if list := must[[]vezne.Effect](t)(s.Effects(ctx, store.EffectFilter{Root: root(o), Unsent: true})); len(list) != 2 {
			t.Errorf("%d unsent, want 2", len(list))
		}
		unsent, oldest, err := s.EffectStats(ctx)
		if err != nil || unsent != 2 || !oldest.Equal(clock.Now()) {
			t.Errorf("%d since %v, %v", unsent, oldest, err)
		}
		if err := s.SetEffectFailed(ctx, first[1].ID, "500", time.Minute); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Second)
		due := must[[]vezne.Effect](t)(s.DueEffects(ctx, 0, 10))
		if len(due) != 1 || due[0].Key != "c" {
			t.Errorf("%+v are due, want only the one that was not put off", due)
		}
		_, err = s.Effect(ctx, "eff_none")
		wantCode(t, "an effect that is not there", err, vezne.CodeNotFound)
	})
}
