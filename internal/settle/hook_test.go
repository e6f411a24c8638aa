package settle_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

// reason is what the timeline says of a hook that held Paid back.
func (b *bench) reason() string {
	b.t.Helper()
	list, err := b.store.Entries(b.ctx, vezne.Root{Kind: vezne.RootOrder, ID: string(b.order)})
	b.must(err)
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Action == "order.held_by_hook" {
			text, ok := list[i].Detail["reason"].(string)
			if !ok {
				b.t.Fatalf("%+v", list[i])
			}
			return text
		}
	}
	return ""
}

// count runs a query that counts.
func (b *bench) count(query string) int {
	b.t.Helper()
	var n int
	b.must(b.store.DB().QueryRowContext(b.ctx, query).Scan(&n))
	return n
}

func TestWhatTheHookWritesIsCommittedWithPaidOrNotAtAll(t *testing.T) {
	var refuse atomic.Bool
	refuse.Store(true)
	for _, later := range []bool{false, true} {
		t.Run(map[bool]string{false: "refused", true: "accepted"}[later], func(t *testing.T) {
			each(t, func(c *settle.Config) {
				c.Hook = func(ctx context.Context, tx *sql.Tx, o vezne.OrderView) error {
					if _, err := tx.ExecContext(ctx, "INSERT INTO ships (order_id) VALUES ($1)", string(o.ID)); err != nil {
						return err
					}
					if !later {
						return errors.New("no stock")
					}
					return nil
				}
			}, func(b *bench) {
				if _, err := b.store.DB().ExecContext(b.ctx, "CREATE TABLE ships (order_id TEXT NOT NULL)"); err != nil {
					b.t.Fatal(err)
				}
				for range 2 {
					b.answer(b.intent("succeeded"))
				}
				want := 0
				if later {
					want = 1
				}
				if n := b.count("SELECT COUNT(*) FROM ships"); n != want || (b.view().PaidAt != nil) != later {
					b.t.Errorf("%d shipped, paid %v", n, b.view().PaidAt)
				}
			})
		})
	}
}

func TestAHookThatHangsIsCutAndSaid(t *testing.T) {
	each(t, func(c *settle.Config) {
		c.HookTime = time.Millisecond
		c.Hook = func(ctx context.Context, _ *sql.Tx, _ vezne.OrderView) error {
			<-ctx.Done()
			return ctx.Err()
		}
	}, func(b *bench) {
		b.answer(b.intent("succeeded"))
		if o := b.view(); o.PaidAt != nil || !o.Has(vezne.AttentionHeldByHook) || !strings.Contains(b.reason(), "did not return in time") {
			b.t.Errorf("attention %v, reason %q", o.Attention, b.reason())
		}
		// The writer is free again.
		b.answer(b.intent("succeeded"))
	})
}

func TestAHookThatNeverReturnsDoesNotHoldTheHouse(t *testing.T) {
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	each(t, func(c *settle.Config) {
		c.HookTime = time.Millisecond
		c.Hook = func(context.Context, *sql.Tx, vezne.OrderView) error {
			<-release
			return nil
		}
	}, func(b *bench) {
		b.answer(b.intent("succeeded"))
		if o := b.view(); o.PaidAt != nil || !o.Has(vezne.AttentionHeldByHook) {
			b.t.Errorf("paid %v, attention %v", o.PaidAt, o.Attention)
		}
	})
}

func TestAHookThatUsesAnotherConnectionOfASQLiteFileIsToldSo(t *testing.T) {
	t.Parallel()
	for name, hook := range map[string]func(s *store.Store, path string) func(ctx context.Context, tx *sql.Tx, o vezne.OrderView) error{
		"the store's own pool": func(s *store.Store, _ string) func(context.Context, *sql.Tx, vezne.OrderView) error {
			return func(ctx context.Context, _ *sql.Tx, _ vezne.OrderView) error {
				_, err := s.DB().ExecContext(ctx, "CREATE TABLE ships (order_id TEXT)")
				return err
			}
		},
		"one that it opens": func(_ *store.Store, path string) func(context.Context, *sql.Tx, vezne.OrderView) error {
			return func(ctx context.Context, _ *sql.Tx, _ vezne.OrderView) error {
				db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(0)")
				if err != nil {
					return err
				}
				defer db.Close()
				_, err = db.ExecContext(ctx, "CREATE TABLE ships (order_id TEXT)")
				return err
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "vezne.db")
			clock := storetest.NewClock()
			b := newBench(t, storetest.Open(t, store.Config{URL: "sqlite:" + path, Clock: clock}), clock, func(c *settle.Config) {
				c.HookTime = 50 * time.Millisecond
				calls := 0
				inner := hook(c.Store, path)
				c.Hook = func(ctx context.Context, tx *sql.Tx, o vezne.OrderView) error {
					if calls++; calls > 1 {
						t.Error("the whole transaction was run again in vain")
					}
					return inner(ctx, tx, o)
				}
			})
			b.answer(b.intent("succeeded"))
			if o := b.view(); o.PaidAt != nil || !o.Has(vezne.AttentionHeldByHook) || !strings.Contains(b.reason(), "connection") {
				t.Errorf("attention %v, reason %q: want it said that it used another connection", o.Attention, b.reason())
			}
		})
	}
}

func TestTheInvoicesNumberIsDrawnAfterTheHook(t *testing.T) {
	each(t, func(c *settle.Config) {
		c.Hook = func(ctx context.Context, tx *sql.Tx, o vezne.OrderView) error {
			var n int
			if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM vezne_invoices WHERE order_id = $1", string(o.ID)).Scan(&n); err != nil {
				return err
			}
			if n != 0 || o.InvoiceNumber != "" {
				return errors.New("the number was drawn before the hook, and holds the series while it runs")
			}
			// What the hook may look at is written.
			if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM vezne_entries WHERE action = 'order.paid' AND root_id = $1", string(o.ID)).Scan(&n); err != nil || n != 1 {
				return errors.Join(err, errors.New("the order is not written before the hook"))
			}
			return nil
		}
	}, func(b *bench) {
		b.answer(b.intent("succeeded"))
		if b.view().PaidAt == nil {
			b.t.Errorf("held: %s", b.reason())
		}
	})
}

func TestThePauseBetweenTwoCallsOfAHookGrows(t *testing.T) {
	each(t, func(c *settle.Config) {
		c.Hook = func(context.Context, *sql.Tx, vezne.OrderView) error { return errors.New("not yet") }
	}, func(b *bench) {
		last := time.Duration(0)
		for range 12 {
			b.answer(b.intent("succeeded"))
			pause := b.marked("pi_1").DueAt.Sub(b.clock.Now())
			if pause < last || pause < 2*time.Second || pause > 10*time.Minute {
				b.t.Fatalf("%s after %s", pause, last)
			}
			last = pause
			b.clock.Advance(pause)
		}
		if last != 10*time.Minute {
			b.t.Errorf("the last pause is %s", last)
		}
	})
}

func TestAHookIsAskedOnlyInTheTransactionThatPays(t *testing.T) {
	var calls atomic.Int64
	each(t, func(c *settle.Config) {
		c.Hook = func(context.Context, *sql.Tx, vezne.OrderView) error { calls.Add(1); return nil }
	}, func(b *bench) {
		before := calls.Load()
		b.answer(b.intent("requires_action"))
		if calls.Load() != before {
			b.t.Error("asked for an order that is not paid")
		}
		for range 3 {
			b.answer(b.intent("succeeded"))
		}
	})
	t.Cleanup(func() {
		if n := calls.Load(); n != 2 {
			t.Errorf("asked %d times by two databases, want once each", n)
		}
	})
}
