package store_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

var errRollback = errors.New("undone on purpose")

func TestNumbersRiseAndAreNeverGivenTwice(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		var mu sync.Mutex
		var all []int64
		note := func(own *[]int64, n int64, err error) {
			if err != nil {
				t.Error(err)
				return
			}
			if k := len(*own); k > 0 && (*own)[k-1] >= n {
				t.Errorf("after %d came %d", (*own)[k-1], n)
			}
			*own = append(*own, n)
		}
		var group sync.WaitGroup
		for worker := range 6 {
			group.Go(func() {
				var own []int64
				for range 10 {
					if worker%2 == 0 {
						n, err := s.NextNumber(ctx)
						note(&own, n, err)
						continue
					}
					err := s.InTx(ctx, func(tx *store.Tx) error {
						n, err := tx.NextNumber(ctx)
						note(&own, n, err)
						if worker == 1 {
							return errRollback
						}
						return nil
					})
					if err != nil && !errors.Is(err, errRollback) {
						t.Error(err)
					}
				}
				mu.Lock()
				defer mu.Unlock()
				all = append(all, own...)
			})
		}
		group.Wait()
		slices.Sort(all)
		if n := len(slices.Compact(slices.Clone(all))); n != 60 {
			t.Errorf("%d different numbers of 60 draws: %v", n, all)
		}
	})
}

func TestANumberThatWasKeptIsNotGivenAgainAfterARestart(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		mark := func(s *store.Store, id vezne.ObjectID) int64 {
			var n int64
			in(t, s, func(tx *store.Tx) error {
				n = must[int64](t)(tx.NextNumber(ctx))
				return tx.SetMark(ctx, vezne.Mark{ID: id, Type: vezne.TypePaymentIntent, Number: n, DueAt: tx.Now()})
			})
			return n
		}
		highest := mark(s, "pi_1")
		for range 3 {
			// Reads take numbers outside of a transaction; what they bring is kept
			// by one that takes another.
			highest = max(highest, must[int64](t)(s.NextNumber(ctx)))
		}
		highest = max(highest, mark(s, "pi_2"))
		for range 3 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = open(store.Config{})
			if n := must[int64](t)(s.NextNumber(ctx)); n <= highest {
				t.Fatalf("after the restart came %d, kept is %d", n, highest)
			}
			highest = mark(s, "pi_3")
		}
	})
}

func TestTwoProcessesShareOneSequence(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	a, b := storetest.Open(t, store.Config{URL: url}), storetest.Open(t, store.Config{URL: url})
	last := int64(0)
	for i := range 20 {
		n := must[int64](t)([]*store.Store{a, b}[i%2].NextNumber(ctx))
		if n <= last {
			t.Fatalf("after %d came %d: a process takes numbers in advance", last, n)
		}
		last = n
	}
}
