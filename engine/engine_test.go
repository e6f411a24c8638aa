package engine_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/internal/store/storetest"
	"github.com/vezne/vezne/sandbox"
	"github.com/vezne/vezne/veznetest"
)

// each runs a test on both databases, side by side.
func each(t *testing.T, run func(t *testing.T, database string)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, open(t))
		})
	}
}

func TestAnOrderIsPaidInEachWay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database))
		t.Run("by the Payment Intents API", func(t *testing.T) {
			order := h.NewOrder(1999, "try")
			if i := h.Pay(order.ID, "pm_card_visa"); i.Status != "succeeded" || i.Error != nil {
				t.Fatalf("the intent is %s: %+v", i.Status, i.Error)
			}
			h.Idle()
			h.WantStatus(order.ID, vezne.OrderPaid)
			h.WantPaidOnce(order.ID)
		})
		t.Run("on Stripe's page", func(t *testing.T) {
			order := h.NewOrder(2500, "usd")
			c := h.Checkout(order.ID)
			if again := h.Checkout(order.ID); again.SessionID != c.SessionID {
				t.Errorf("a second click made another session")
			}
			h.CompleteCheckout(c.SessionID, "pm_card_mastercard")
			h.Idle()
			h.WantStatus(order.ID, vezne.OrderPaid)
			h.WantPaidOnce(order.ID)
		})
		t.Run("after 3-D Secure", func(t *testing.T) {
			order := h.NewOrder(2500, "eur")
			i := h.Pay(order.ID, "pm_card_threeDSecure2Required")
			if i.Status != "requires_action" || i.NextAction == nil {
				t.Fatalf("the intent is %s: %+v", i.Status, i.NextAction)
			}
			h.Authenticate(i.ID, "succeeded")
			h.Idle()
			h.WantStatus(order.ID, vezne.OrderPaid)
			h.WantPaidOnce(order.ID)
		})
		t.Run("after a decline", func(t *testing.T) {
			order := h.NewOrder(2500, "eur")
			if i := h.Pay(order.ID, "pm_card_chargeDeclinedInsufficientFunds"); i.Error == nil || i.Error.Code != "card_declined" {
				t.Fatalf("the intent is %s: %+v", i.Status, i.Error)
			}
			h.Idle()
			h.WantStatus(order.ID, vezne.OrderOpen)
			if i := h.Pay(order.ID, "pm_card_visa"); i.Status != "succeeded" {
				t.Fatalf("another card: the intent is %s: %+v", i.Status, i.Error)
			}
			h.Idle()
			h.WantPaidOnce(order.ID)
		})
		h.WantNoSecrets()
		report, err := h.VerifyAudit(t.Context())
		if err != nil || report.Broken != "" || report.Entries == 0 {
			t.Errorf("VerifyAudit = %+v, %v", report, err)
		}
	})
}

// hookTable makes the application's own table in the desk's database.
func hookTable(t *testing.T, database string) *sql.DB {
	t.Helper()
	db := storetest.DB(t, database)
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE shipments (order_id TEXT NOT NULL PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	return db
}

func shipments(t *testing.T, db *sql.DB) int {
	t.Helper()
	n := 0
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM shipments").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func ship(ctx context.Context, tx *sql.Tx, o vezne.OrderView) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO shipments (order_id) VALUES ($1)", string(o.ID))
	return err
}

func TestTheHookWritesInsideTheTransaction(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		db := hookTable(t, database)
		var after []vezne.OrderView
		h := veznetest.New(t, veznetest.WithDatabase(database), veznetest.WithHooks(func(e *engine.Engine) {
			e.OnOrderPaid(func(ctx context.Context, tx *sql.Tx, o vezne.OrderView) error {
				if o.Status() != vezne.OrderPaid || o.AmountPaid != 1999 {
					t.Errorf("the hook got a %s order of %d", o.Status(), o.AmountPaid)
				}
				return ship(ctx, tx, o)
			})
			e.AfterOrderPaid(func(_ context.Context, o vezne.OrderView) error { after = append(after, o); return nil })
		}))
		order := h.NewOrder(1999, "try")
		h.Pay(order.ID, "pm_card_visa")
		h.Idle()
		h.WantPaidOnce(order.ID)
		if n := shipments(t, db); n != 1 {
			t.Errorf("%d shipments, want 1", n)
		}
		if len(after) != 1 || after[0].ID != order.ID || after[0].InvoiceNumber == "" {
			t.Errorf("the after-commit hook got %+v", after)
		}
	})
}

func TestAHookThatRefusesHoldsTheOrderBackVisibly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		hook func(ctx context.Context, tx *sql.Tx, o vezne.OrderView) error
		want string
	}{
		{"it fails", func(ctx context.Context, tx *sql.Tx, o vezne.OrderView) error {
			// What it wrote before must not stay.
			return errors.Join(ship(ctx, tx, o), errors.New("the warehouse is on fire"))
		}, "the warehouse is on fire"},
		{"it panics", func(context.Context, *sql.Tx, vezne.OrderView) error { panic("no warehouse") }, "it panicked: no warehouse"},
		{"its own statement fails", func(ctx context.Context, tx *sql.Tx, _ vezne.OrderView) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO nowhere (id) VALUES (1)")
			return err
		}, "nowhere"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, database string) {
				db := hookTable(t, database)
				var well atomic.Bool
				h := veznetest.New(t, veznetest.WithDatabase(database), veznetest.WithHooks(func(e *engine.Engine) {
					e.OnOrderPaid(func(ctx context.Context, tx *sql.Tx, o vezne.OrderView) error {
						if well.Load() {
							return ship(ctx, tx, o)
						}
						return tt.hook(ctx, tx, o)
					})
				}))
				order := h.NewOrder(1999, "try")
				h.Pay(order.ID, "pm_card_visa")
				h.Idle()
				held := h.WantStatus(order.ID, vezne.OrderOpen)
				if !held.Has(vezne.AttentionHeldByHook) || held.InvoiceNumber != "" {
					t.Errorf("attention %v, invoice %q; want held_by_hook and none", held.Attention, held.InvoiceNumber)
				}
				if n := shipments(t, db); n != 0 {
					t.Errorf("%d shipments of a hook that refused, want 0", n)
				}
				entries, err := h.Timeline(t.Context(), order.ID)
				if err != nil {
					t.Fatal(err)
				}
				reason := ""
				for _, e := range entries {
					if e.Action == "order.held_by_hook" {
						reason, _ = e.Detail["reason"].(string)
					}
				}
				if !strings.Contains(reason, tt.want) {
					t.Errorf("the timeline says %q, want %q", reason, tt.want)
				}
				well.Store(true)
				h.Advance(11 * time.Minute)
				paid := h.WantStatus(order.ID, vezne.OrderPaid)
				if paid.Has(vezne.AttentionHeldByHook) {
					t.Errorf("attention %v after the hook let go", paid.Attention)
				}
				h.WantPaidOnce(order.ID)
				if n := shipments(t, db); n != 1 {
					t.Errorf("%d shipments, want 1", n)
				}
			})
		})
	}
}

func TestAHookThatHangsIsLetGoAfterTwoSeconds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		db := hookTable(t, database)
		var well atomic.Bool
		gone := make(chan error, 10)
		h := veznetest.New(t, veznetest.WithDatabase(database), veznetest.WithHooks(func(e *engine.Engine) {
			e.OnOrderPaid(func(ctx context.Context, tx *sql.Tx, o vezne.OrderView) error {
				if well.Load() {
					return ship(ctx, tx, o)
				}
				<-ctx.Done()
				gone <- ship(context.WithoutCancel(ctx), tx, o)
				return nil
			})
		}))
		order := h.NewOrder(1999, "try")
		h.Pay(order.ID, "pm_card_visa")
		h.Idle()
		if held := h.WantStatus(order.ID, vezne.OrderOpen); !held.Has(vezne.AttentionHeldByHook) {
			t.Errorf("attention %v, want held_by_hook", held.Attention)
		}
		// Whether or not it could still write: it is undone.
		if err := <-gone; err != nil {
			t.Logf("the hook that was let go: %v", err)
		}
		if n := shipments(t, db); n != 0 {
			t.Errorf("%d shipments of a hook that was let go, want 0", n)
		}
		well.Store(true)
		h.Advance(11 * time.Minute)
		h.WantPaidOnce(order.ID)
	})
}

func TestARestartInBetweenLosesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database))
		order := h.NewOrder(1999, "try")
		c := h.Checkout(order.ID)
		h.Stop()
		// The buyer pays while nobody listens; Stripe sends again later.
		h.CompleteCheckout(c.SessionID, "pm_card_visa")
		h.AnswerCallbacks(500)
		h.Restart()
		h.Advance(24 * time.Hour)
		h.WantStatus(order.ID, vezne.OrderPaid)
		h.Restart()
		h.AnswerCallbacks(200)
		h.Advance(24 * time.Hour)
		h.WantPaidOnce(order.ID)
		paid := 0
		var body string
		for _, cb := range h.Callbacks() {
			if cb.Type != "order.paid" {
				continue
			}
			if body == "" {
				body = string(cb.Body)
			}
			if string(cb.Body) != body {
				t.Error("a call-back that was sent again says something else")
			}
			paid++
		}
		if paid < 2 {
			t.Errorf("%d deliveries of a call-back that was refused at first, want 2 or more", paid)
		}
	})
}

func TestEventsThatNeverComeAreMadeGood(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database))
		h.LoseEvents()
		order := h.NewOrder(1999, "try")
		c := h.Checkout(order.ID)
		h.CompleteCheckout(c.SessionID, "pm_card_visa")
		h.Idle()
		h.WantStatus(order.ID, vezne.OrderOpen)
		h.Advance(2 * time.Hour)
		h.WantStatus(order.ID, vezne.OrderPaid)
		h.WantPaidOnce(order.ID)
	})
}

func TestARequestThatTookEffectAndTimedOutIsNotMadeTwice(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database))
		order := h.NewOrder(1999, "try")
		h.Fault(sandbox.Fault{Method: "POST", Path: "/v1/payment_intents", When: "after", Effect: "reset"})
		_, err := h.StartPaymentIntent(t.Context(), vezne.Actor{Kind: vezne.ActorAPI}, order.ID, engine.PaymentIntentParams{PaymentMethod: "pm_card_visa", Confirm: true})
		if code := vezne.CodeOf(err); code != vezne.CodeStripeUnreachable {
			t.Fatalf("error = %v, want %s", err, vezne.CodeStripeUnreachable)
		}
		h.Advance(time.Hour)
		h.WantStatus(order.ID, vezne.OrderPaid)
		h.WantPaidOnce(order.ID)
		calls, err := h.Stripe.Requests(sandbox.CallFilter{Method: "POST", Path: "/v1/payment_intents"})
		if err != nil {
			t.Fatal(err)
		}
		keys := map[string]bool{}
		for _, c := range calls {
			keys[c.IdempotencyKey] = true
		}
		if len(keys) != 1 {
			t.Errorf("%d idempotency keys in %d calls, want 1", len(keys), len(calls))
		}
	})
}

func TestTheWorkInTheBackgroundDoesTheSame(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database), veznetest.Started())
		if err := h.Ready(t.Context()); err != nil {
			t.Fatalf("not ready: %v", err)
		}
		for range 3 {
			order := h.NewOrder(1999, "try")
			c := h.Checkout(order.ID)
			h.CompleteCheckout(c.SessionID, "pm_card_visa")
			h.Idle()
			h.WantStatus(order.ID, vezne.OrderPaid)
			h.WantPaidOnce(order.ID)
		}
		if n := len(h.Callbacks()); n != 3 {
			t.Errorf("%d call-backs, want 3", n)
		}
	})
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
