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
