package throttle_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
	"github.com/vezne/vezne/internal/throttle"
)

// limits are so small that each can be reached alone.
var limits = vezne.Limits{Window: time.Hour, ClientStarts: 5, ClientDeclines: 3, OrderStarts: 4, OrderDeclines: 3, CardDeclines: 2}

func TestAClientIsOneHoweverItsAddressIsWritten(t *testing.T) {
	t.Parallel()
	for _, same := range [][2]string{
		{"203.0.113.9", " 203.0.113.9 "}, {"203.0.113.9", "::ffff:203.0.113.9"}, {"2001:db8:1:2::1", "2001:DB8:1:2:ffff::9"}, {"fe80::1%eth0", "fe80::1"}, {"visitor 7", "visitor 7"},
	} {
		if throttle.Client(same[0]) != throttle.Client(same[1]) {
			t.Errorf("%q and %q are two clients", same[0], same[1])
		}
	}
	for _, other := range [][2]string{{"203.0.113.9", "203.0.113.8"}, {"2001:db8:1:2::1", "2001:db8:1:3::1"}, {"visitor 7", "Visitor 7"}} {
		if throttle.Client(other[0]) == throttle.Client(other[1]) {
			t.Errorf("%q and %q are one client", other[0], other[1])
		}
	}
	if throttle.Client("  ") != "" || throttle.Client("203.0.113.9") == "203.0.113.9" {
		t.Error("nobody is somebody, or an address is kept as it is")
	}
}

// act is something that was tried, so long after the beginning.
type act struct {
	after        time.Duration
	kind         store.TryKind
	root         string
	client, card string
}

func TestWhoMustWaitAndHowLong(t *testing.T) {
	t.Parallel()
	many := func(n int, a act) []act {
		list := make([]act, n)
		for i := range list {
			list[i] = a
			list[i].after = time.Duration(i) * time.Minute
		}
		return list
	}
	decline := func(root, client, card string) act { return act{0, store.TryDecline, root, client, card} }
	tests := []struct {
		name  string
		acts  []act
		asks  throttle.Subject
		start bool
		by    vezne.LimitedBy
		wait  time.Duration
	}{
		{"nothing was tried", nil, throttle.Subject{Root: "o"}, true, "", 0},
		{"one decline fewer than an order may meet", many(2, decline("o", "", "")), throttle.Subject{Root: "o"}, true, "", 0},
		{"as many declines as an order may meet", many(3, decline("o", "", "")), throttle.Subject{Root: "o"}, false, vezne.LimitedByOrder, 50 * time.Minute},
		{"another order", many(3, decline("o", "", "")), throttle.Subject{Root: "p"}, true, "", 0},
		{"as many payments as may be begun for an order", many(4, act{0, store.TryStart, "o", "", ""}), throttle.Subject{Root: "o"}, true, vezne.LimitedByOrder, 50 * time.Minute},
		{"an open payment of that order goes on", many(4, act{0, store.TryStart, "o", "", ""}), throttle.Subject{Root: "o"}, false, "", 0},
		{"a client with too many declines", many(3, decline("o", "c", "")), throttle.Subject{Root: "p", Client: "c"}, false, vezne.LimitedByClient, 50 * time.Minute},
		{"another client", many(3, decline("o", "c", "")), throttle.Subject{Root: "p", Client: "d"}, true, "", 0},
		{"a client who is not known", many(3, decline("o", "", "")), throttle.Subject{Root: "p"}, true, "", 0},
		{"a client who paid meanwhile may meet one more", append(many(3, decline("o", "c", "")), act{0, store.TryPaid, "q", "c", ""}), throttle.Subject{Root: "p", Client: "c"}, false, "", 0},
		{"a client who began too many payments", many(5, act{0, store.TryStart, "o", "c", ""}), throttle.Subject{Root: "p", Client: "c"}, true, vezne.LimitedByClient, 50 * time.Minute},
		{"payments of an order that is paid are no tries", append(many(5, act{0, store.TryStart, "o", "c", ""}), act{0, store.TryPaid, "o", "c", ""}), throttle.Subject{Root: "p", Client: "c"}, true, "", 0},
		{"a card with too many declines, known before it is used", many(2, decline("o", "", "f")), throttle.Subject{Root: "p", Card: "f"}, false, vezne.LimitedByCard, 50 * time.Minute},
		{"another card", many(2, decline("o", "", "f")), throttle.Subject{Root: "p", Card: "g"}, false, "", 0},
		{"an order that used such a card", many(2, decline("o", "", "f")), throttle.Subject{Root: "o"}, false, vezne.LimitedByCard, 50 * time.Minute},
		{"a client who used such a card", many(2, decline("o", "c", "f")), throttle.Subject{Root: "p", Client: "c"}, false, vezne.LimitedByCard, 50 * time.Minute},
		{"the limit that takes longest is named", append(many(3, decline("o", "c", "")), act{9 * time.Minute, store.TryDecline, "x", "", "f"}, act{9 * time.Minute, store.TryDecline, "x", "", "f"}),
			throttle.Subject{Root: "o", Card: "f"}, false, vezne.LimitedByCard, 59 * time.Minute},
	}
	storetest.Each(t, func(t *testing.T, open func(store.Config) *store.Store) {
		clock := storetest.NewClock()
		begin := clock.Now()
		s := open(store.Config{Clock: clock})
		for i, test := range tests {
			// Each row is a world of its own: its names hold its number.
			in := func(name string) string {
				if name == "" {
					return ""
				}
				return fmt.Sprintf("%d-%s", i, name)
			}
			for n, a := range test.acts {
				clock.Advance(begin.Add(a.after).Sub(clock.Now()))
				id := fmt.Sprintf("%d-%d", i, n)
				if a.kind == store.TryPaid {
					id = in(a.root)
				}
				err := s.InTx(t.Context(), func(tx *store.Tx) error {
					_, err := tx.NoteTry(t.Context(), store.NewTry{Kind: a.kind, ID: id, Root: in(a.root), Client: in(a.client), Card: in(a.card)})
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			now := clock.Advance(begin.Add(10 * time.Minute).Sub(clock.Now()))
			who := throttle.Subject{Root: in(test.asks.Root), Client: in(test.asks.Client), Card: in(test.asks.Card)}
			v, err := throttle.Check(t.Context(), s, limits, now, who, test.start)
			if err != nil || v.By != test.by || v.Wait != test.wait {
				t.Errorf("%s: held back by %q for %v, %v; want %q, %v", test.name, v.By, v.Wait, err, test.by, test.wait)
			}
			if v.Allowed() {
				continue
			}
			// A moment before the wait is over nothing has changed, then it has.
			if v, err := throttle.Check(t.Context(), s, limits, now.Add(test.wait-time.Microsecond), who, test.start); err != nil || v.Allowed() {
				t.Errorf("%s: allowed too early, %v", test.name, err)
			}
			if v, err := throttle.Check(t.Context(), s, limits, now.Add(test.wait), who, test.start); err != nil || !v.Allowed() {
				t.Errorf("%s: still held back by %q after the wait, %v", test.name, v.By, err)
			}
		}
	})
}

func TestNoLimitHoldsNobodyBack(t *testing.T) {
	t.Parallel()
	none := vezne.Limits{Window: time.Hour, ClientStarts: -1, ClientDeclines: -1, OrderStarts: -1, OrderDeclines: -1, CardDeclines: -1}.WithDefaults()
	storetest.Each(t, func(t *testing.T, open func(store.Config) *store.Store) {
		s := open(store.Config{Clock: storetest.NewClock()})
		for i := range 300 {
			err := s.InTx(t.Context(), func(tx *store.Tx) error {
				v, err := throttle.Take(t.Context(), tx, none, throttle.Subject{Root: "o", Client: "c", Card: "f"}, fmt.Sprint(i))
				if !v.Allowed() {
					t.Errorf("try %d is held back by %q", i, v.By)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestTheLastOneIsTakenOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(store.Config) *store.Store) {
		clock := storetest.NewClock()
		s := open(store.Config{Clock: clock})
		var taken, held atomic.Int64
		var all sync.WaitGroup
		// Many orders of one client at once, as from many processes: each begins
		// its own transaction, and none sees what the others have not committed.
		for i := range 24 {
			all.Go(func() {
				var v throttle.Verdict
				err := s.InTx(context.Background(), func(tx *store.Tx) (err error) {
					v, err = throttle.Take(context.Background(), tx, limits, throttle.Subject{Root: fmt.Sprintf("o%d", i), Client: "c"}, fmt.Sprint(i))
					return err
				})
				switch {
				case err != nil:
					t.Error(err)
				case v.Allowed():
					taken.Add(1)
				default:
					held.Add(1)
				}
			})
		}
		all.Wait()
		if taken.Load() != int64(limits.ClientStarts) || taken.Load()+held.Load() != 24 {
			t.Errorf("%d were taken and %d held back, want %d and the rest", taken.Load(), held.Load(), limits.ClientStarts)
		}
		// What no limit knows any more is removed.
		clock.Advance(vezne.MaxLimitWindow + time.Second)
		if n, err := s.Prune(t.Context()); err != nil || n != int64(limits.ClientStarts)+24+1 {
			t.Errorf("%d rows were removed, %v; want the tries, and a lock for each order and the client", n, err)
		}
	})
}
