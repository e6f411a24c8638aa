package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

func newCall(t *testing.T, s *store.Store, o vezne.Order, edit func(c *vezne.Call)) vezne.Call {
	t.Helper()
	c := vezne.Call{ID: id[vezne.CallID](t, vezne.CallPrefix), Root: root(o), Purpose: vezne.CallCreatePaymentIntent, Path: "/v1/payment_intents",
		Form: "amount=1999&currency=usd&metadata%5Bnote%5D=%C3%A7a%C4%9Fr%C4%B1", APIVersion: "2026-01-28.clover", State: vezne.CallPending,
		Actor: vezne.Actor{Kind: vezne.ActorAPI, Name: "shop"}}
	c.Key = string(c.ID)
	in(t, s, func(tx *store.Tx) error {
		c.Number, c.CreatedAt, c.NextAt = must[int64](t)(tx.NextNumber(ctx)), tx.Now(), tx.Now()
		if edit != nil {
			edit(&c)
		}
		_, err := tx.InsertCall(ctx, c, "")
		return err
	})
	return c
}

func TestACallIsReadBackByteForByte(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		o := insertOrder(t, s, nil)
		c := newCall(t, s, o, func(c *vezne.Call) { c.Attempt, c.RefundID = "att_1", "rfd_1" })
		if d := cmp.Diff(c, must[vezne.Call](t)(s.Call(ctx, c.ID))); d != "" {
			t.Errorf("-written +read:\n%s", d)
		}
		c.State, c.Status, c.Tries, c.Unclear, c.FirstSentAt, c.Object = vezne.CallRefused, 402, 2, true, new(c.CreatedAt), "pi_1"
		c.Refusal = &vezne.StripeError{Status: 402, Type: "card_error", Code: "card_declined", DeclineCode: "lost_card", Message: "No.", RequestID: "req_1"}
		in(t, s, func(tx *store.Tx) error { return tx.SaveCall(ctx, c) })
		if d := cmp.Diff([]vezne.Call{c}, must[[]vezne.Call](t)(s.Calls(ctx, root(o)))); d != "" {
			t.Errorf("-saved +read:\n%s", d)
		}
		_, err := s.Call(ctx, "call_none")
		wantCode(t, "a call that is not there", err, vezne.CodeNotFound)
	})
}

func TestWhatFollowsFromFactsIsPlannedOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		o, other := insertOrder(t, s, nil), insertOrder(t, s, nil)
		plan := func(o vezne.Order, key, dedupe string) bool {
			inserted := false
			in(t, s, func(tx *store.Tx) error {
				var err error
				inserted, err = tx.InsertCall(ctx, vezne.Call{ID: id[vezne.CallID](t, vezne.CallPrefix), Root: root(o), Purpose: vezne.CallExpireSession, Key: key, State: vezne.CallPending}, dedupe)
				return err
			})
			return inserted
		}
		for _, tt := range []struct {
			name, key, dedupe string
			o                 vezne.Order
			want              bool
		}{
			{"the first", "k1", "close:cs_1", o, true},
			{"the same again, with another key", "k2", "close:cs_1", o, false},
			{"something else", "k3", "close:cs_2", o, true},
			{"the same of another order", "k4", "close:cs_1", other, true},
			{"a call that is no plan", "k5", "", o, true},
			{"and another", "k6", "", o, true},
			{"a key of the past", "k6", "", o, false},
		} {
			if got := plan(tt.o, tt.key, tt.dedupe); got != tt.want {
				t.Errorf("%s: inserted %v, want %v", tt.name, got, tt.want)
			}
		}
	})
}

func TestAnEndOfACallIsNotTakenBack(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		o := insertOrder(t, s, nil)
		for _, tt := range []struct {
			from, to, want vezne.CallState
		}{
			{vezne.CallPending, vezne.CallLooking, vezne.CallLooking},
			{vezne.CallLooking, vezne.CallPending, vezne.CallPending},
			{vezne.CallPending, vezne.CallDone, vezne.CallDone},
			{vezne.CallDone, vezne.CallPending, vezne.CallDone},
			{vezne.CallDone, vezne.CallRefused, vezne.CallDone},
			{vezne.CallRefused, vezne.CallPending, vezne.CallRefused},
			{vezne.CallRefused, vezne.CallAbandoned, vezne.CallRefused},
			{vezne.CallAbandoned, vezne.CallDone, vezne.CallDone},
			{vezne.CallAbandoned, vezne.CallPending, vezne.CallAbandoned},
			{vezne.CallAbandoned, vezne.CallLooking, vezne.CallAbandoned},
			{vezne.CallAbandoned, vezne.CallRefused, vezne.CallAbandoned},
		} {
			c := newCall(t, s, o, nil)
			for _, state := range []vezne.CallState{tt.from, tt.to} {
				c.State = state
				in(t, s, func(tx *store.Tx) error { return tx.SaveCall(ctx, c) })
			}
			if got := must[vezne.Call](t)(s.Call(ctx, c.ID)); got.State != tt.want {
				t.Errorf("%s, then %s: state %s, want %s", tt.from, tt.to, got.State, tt.want)
			}
		}
	})
}

func TestCallsAreLeased(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		clock := storetest.NewClock()
		s := open(store.Config{Clock: clock})
		o := insertOrder(t, s, nil)
		clock.Advance(time.Second)
		soon := newCall(t, s, o, func(c *vezne.Call) { c.NextAt = clock.Now() })
		now := newCall(t, s, o, func(c *vezne.Call) { c.NextAt = clock.Now().Add(-time.Second); c.State = vezne.CallLooking })
		later := newCall(t, s, o, func(c *vezne.Call) { c.NextAt = clock.Now().Add(time.Hour) })
		newCall(t, s, o, func(c *vezne.Call) { c.State = vezne.CallDone })
		claim := func(owner string) []vezne.CallID {
			ids := []vezne.CallID{}
			for _, c := range must[[]vezne.Call](t)(s.ClaimCalls(ctx, owner, 9, lease)) {
				ids = append(ids, c.ID)
			}
			return ids
		}
		one := func(id vezne.CallID, owner string) bool { return must[bool](t)(s.ClaimCall(ctx, id, owner, lease)) }
		if d := cmp.Diff([]vezne.CallID{now.ID, soon.ID}, claim("p1")); d != "" {
			t.Errorf("the longest due first (-want +got):\n%s", d)
		}
		if got := claim("p2"); len(got) != 0 || one(now.ID, "p2") {
			t.Errorf("%v were given to a second process", got)
		}
		if !one(now.ID, "p1") {
			t.Error("the owner cannot extend its lease")
		}
		if !one(later.ID, "p2") {
			t.Error("a call that is asked for by name is given before its time")
		}
		if err := s.ReleaseCall(ctx, now.ID, "p2", clock.Now()); err != nil {
			t.Fatal(err)
		}
		if one(now.ID, "p2") {
			t.Error("a process released the lease of another")
		}
		if err := s.ReleaseCall(ctx, now.ID, "p1", clock.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if got := claim("p2"); len(got) != 0 {
			t.Errorf("%v were given before their time", got)
		}
		clock.Advance(time.Minute)
		if d := cmp.Diff([]vezne.CallID{now.ID}, claim("p2")); d != "" {
			t.Errorf("after the pause (-want +got):\n%s", d)
		}
		c := now
		c.State = vezne.CallDone
		in(t, s, func(tx *store.Tx) error { return tx.SaveCall(ctx, c) })
		if one(now.ID, "p2") {
			t.Error("a call that has ended was given")
		}
		pending, oldest, err := s.CallStats(ctx)
		if err != nil || pending != 2 || !oldest.Equal(soon.CreatedAt) {
			t.Errorf("%d pending since %v, %v; want 2 since %v", pending, oldest, err, soon.CreatedAt)
		}
	})
}

func TestACallIsClaimedByOneOfMany(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		c := newCall(t, s, insertOrder(t, s, nil), nil)
		var mu sync.Mutex
		claims := 0
		var group sync.WaitGroup
		for p := range 8 {
			group.Go(func() {
				got, err := s.ClaimCall(ctx, c.ID, fmt.Sprint("p", p), lease)
				if err != nil {
					t.Error(err)
				}
				if got {
					mu.Lock()
					claims++
					mu.Unlock()
				}
			})
		}
		group.Wait()
		if claims != 1 {
			t.Errorf("%d processes send the call, want 1", claims)
		}
	})
}
