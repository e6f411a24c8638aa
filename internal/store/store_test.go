package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/ids"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

var ctx = context.Background()

// in runs fn in a transaction that must succeed.
func in(t *testing.T, s *store.Store, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := s.InTx(ctx, fn); err != nil {
		t.Fatal(err)
	}
}

// wantCode compares the code of an error; "" means no error.
func wantCode(t *testing.T, what string, err error, want vezne.Code) {
	t.Helper()
	if got := vezne.CodeOf(err); got != want {
		t.Errorf("%s: code %q, want %q (%v)", what, got, want, err)
	}
}

func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func id[T ~string](t *testing.T, prefix string) T {
	t.Helper()
	s, err := ids.New(prefix)
	if err != nil {
		t.Fatal(err)
	}
	return T(s)
}

// insertOrder writes an order of 19.99 usd, changed by edit.
func insertOrder(t *testing.T, s *store.Store, edit func(o *vezne.Order)) vezne.Order {
	t.Helper()
	o := vezne.Order{
		ID: id[vezne.OrderID](t, vezne.OrderPrefix), Currency: "usd", AmountTotal: 1999, CustomerName: "Ada", CustomerEmail: "ada@example.com",
		Lines: []vezne.OrderLine{{Name: "Tea", UnitAmount: 1999, Quantity: 1, Amount: 1999}}, Metadata: map[string]string{"cart": "7"},
	}
	if edit != nil {
		edit(&o)
	}
	in(t, s, func(tx *store.Tx) error {
		var err error
		o, err = tx.InsertOrder(ctx, o)
		return err
	})
	return o
}

func attempt(t *testing.T, o vezne.Order, number int, state vezne.AttemptState) vezne.Attempt {
	t.Helper()
	return vezne.Attempt{
		ID: id[vezne.AttemptID](t, vezne.AttemptPrefix), OrderID: o.ID, Number: number, Kind: vezne.AttemptPaymentIntent, State: state, Expected: o.AmountTotal,
		Currency: o.Currency, CreatedAt: o.CreatedAt,
	}
}

func root(o vezne.Order) vezne.Root { return vezne.Root{Kind: vezne.RootOrder, ID: string(o.ID)} }

// append writes audit lines of an order's root.
func appendEntries(s *store.Store, r vezne.Root, actions ...string) error {
	return s.InTx(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockOrder(ctx, vezne.OrderID(r.ID)); err != nil {
			return err
		}
		var entries []vezne.Entry
		for _, a := range actions {
			entries = append(entries, vezne.Entry{Root: r, Action: a, Actor: vezne.Actor{Kind: vezne.ActorSystem}, After: map[string]any{"action": a}})
		}
		return tx.AppendEntries(ctx, entries)
	})
}

func TestATransactionOfWhichAPartFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		refusal := errors.New("no")
		var lost vezne.OrderID
		err := s.InTx(ctx, func(tx *store.Tx) error {
			o, err := tx.InsertOrder(ctx, vezne.Order{ID: id[vezne.OrderID](t, vezne.OrderPrefix), Currency: "usd", AmountTotal: 1})
			lost = o.ID
			return errors.Join(err, refusal)
		})
		if !errors.Is(err, refusal) {
			t.Errorf("the error of the function is lost: %v", err)
		}
		_, err = s.Order(ctx, lost)
		wantCode(t, "the order of the transaction that failed", err, vezne.CodeNotFound)
	})
}

func TestATransactionThatPanicsFreesTheWriter(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = s.InTx(ctx, func(*store.Tx) error { panic("boom") })
		}()
		insertOrder(t, s, nil)
	})
}

func TestASavepointUndoesItsPartOnly(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		o := insertOrder(t, s, nil)
		in(t, s, func(tx *store.Tx) error {
			if err := tx.InsertAttempt(ctx, attempt(t, o, 1, vezne.AttemptOpening)); err != nil {
				return err
			}
			for number := 1; number <= 2; number++ {
				wantCode(t, fmt.Sprintf("a second open attempt, number %d", number), tx.InsertAttempt(ctx, attempt(t, o, number, vezne.AttemptActive)), vezne.CodeAttemptOpen)
			}
			return tx.InsertAttempt(ctx, attempt(t, o, 2, vezne.AttemptUnpaid))
		})
		if list := must[[]vezne.Attempt](t)(s.Attempts(ctx, o.ID)); len(list) != 2 {
			t.Errorf("%d attempts, want the first and the closed one", len(list))
		}
	})
}

func TestTransactionsThatMeetAreRunAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		a, b := insertOrder(t, s, nil), insertOrder(t, s, nil)
		// Two transactions lock two orders in opposite ways: PostgreSQL ends one
		// of them, SQLite has one writer. Both must have happened in the end.
		done := make(chan error, 2)
		for _, pair := range [][2]vezne.OrderID{{a.ID, b.ID}, {b.ID, a.ID}} {
			go func() {
				done <- s.InTx(ctx, func(tx *store.Tx) error {
					_, err := tx.LockOrder(ctx, pair[0])
					if err == nil {
						_, err = tx.LockOrder(ctx, pair[1])
					}
					return err
				})
			}()
		}
		if err := errors.Join(<-done, <-done); err != nil {
			t.Fatal(err)
		}
		for _, o := range []vezne.Order{a, b} {
			if got := must[vezne.Order](t)(s.Order(ctx, o.ID)); got.Revision != 3 {
				t.Errorf("revision %d, want 3: made, and locked twice", got.Revision)
			}
		}
	})
}

func TestATransactionOutlivesTheRequestThatBeganIt(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		o := insertOrder(t, s, nil)
		request, gone := context.WithCancel(ctx)
		err := s.InTx(request, func(tx *store.Tx) error {
			gone()
			return tx.InsertAttempt(ctx, attempt(t, o, 1, vezne.AttemptOpening))
		})
		wantCode(t, "the commit", err, "")
		if list := must[[]vezne.Attempt](t)(s.Attempts(ctx, o.ID)); len(list) != 1 {
			t.Errorf("%d attempts, want 1", len(list))
		}
	})
}

func TestTheClockOfTheStoreStampsATransactionOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		clock := storetest.NewClock()
		s := open(store.Config{Clock: clock})
		at := clock.Advance(1500 * time.Nanosecond).Truncate(time.Microsecond)
		in(t, s, func(tx *store.Tx) error {
			clock.Advance(time.Hour)
			if !tx.Now().Equal(at) {
				t.Errorf("the stamp is %v, want %v to the microsecond", tx.Now(), at)
			}
			return nil
		})
	})
}

func TestADatabaseTellsTheTimeWhenNoClockIsGiven(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		first := must[time.Time](t)(s.Now(ctx))
		second := must[time.Time](t)(s.Now(ctx))
		if first.Location() != time.UTC || second.Before(first) || first.Nanosecond()%1000 != 0 {
			t.Errorf("%v then %v: want UTC, not backwards, to the microsecond", first, second)
		}
	})
}
