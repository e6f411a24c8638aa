package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

func TestWhoOpensASQLiteFileTakesUpWhatADeadProcessHeld(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	cfg := store.Config{URL: storetest.SQLite(t), Scope: storetest.Scope, Clock: storetest.NewClock()}
	s, err := store.Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	event := vezne.Event{ID: "evt_1", Type: "payment_intent.succeeded", ObjectID: "pi_1", ObjectType: vezne.TypePaymentIntent, State: vezne.EventReceived, Body: []byte("{}")}
	if _, err := s.StoreEvents(ctx, []vezne.Event{event}); err != nil {
		t.Fatal(err)
	}
	claim := func(s *store.Store, owner string) int {
		t.Helper()
		marks, err := s.ClaimMarks(ctx, owner, 10, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return len(marks)
	}
	if claim(s, "p1") != 1 || claim(s, "p2") != 0 {
		t.Fatal("the lease is not kept")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if claim(storetest.Open(t, cfg), "p2") != 1 {
		t.Error("the lease of the process that is gone is kept")
	}
}

// SQLite has one writer. Whoever looks for work once a second, mostly in vain,
// must not wait for it, nor have it wait.
func TestLookingForWorkDoesNotWaitForTheWriter(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, store.Config{URL: storetest.SQLite(t)})
	err := s.InTx(ctx, func(*store.Tx) error {
		if n, err := s.MarkRechecks(ctx, 10); err != nil || n != 0 {
			t.Errorf("%d are to be looked at again: %v", n, err)
		}
		if list, err := s.ClaimMarks(ctx, "p1", 10, time.Minute); err != nil || len(list) != 0 {
			t.Errorf("%d are to be read: %v", len(list), err)
		}
		if list, err := s.ClaimCalls(ctx, "p1", 10, time.Minute); err != nil || len(list) != 0 {
			t.Errorf("%d are to be sent: %v", len(list), err)
		}
		if n, err := s.Seal(ctx, 10); err != nil || n != 0 {
			t.Errorf("%d are to be sealed: %v", n, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
