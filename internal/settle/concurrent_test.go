package settle_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

const disputed = `{"id":"du_1","object":"dispute","status":"needs_response","amount":1999,"currency":"usd","payment_intent":"pi_1","charge":{"id":"ch_1","object":"charge",
	"payment_intent":"pi_1","status":"succeeded","amount":1999,"amount_captured":1999,"captured":true,"currency":"usd"}}`

// settleDown reads what is marked until nothing is.
func (b *bench) settleDown() {
	b.t.Helper()
	for range 20 {
		again := false
		for id, body := range map[vezne.ObjectID]string{"pi_1": b.intent("succeeded"), "du_1": disputed} {
			if m := b.marked(id); m != nil && !m.Unlinked {
				b.answer(body)
				again = true
			}
		}
		if !again {
			return
		}
	}
	b.t.Fatal("it never comes to rest")
}

func TestAPaymentAndItsDisputeDoNotPassEachOther(t *testing.T) {
	each(t, nil, func(b *bench) {
		var group sync.WaitGroup
		for i := range 12 {
			body := []string{b.intent("succeeded"), disputed, b.intent("succeeded")}[i%3]
			begin := b.number()
			group.Go(func() {
				if _, err := b.settler.Answer(b.ctx, settle.Answer{Begin: begin, Cause: webhook, Body: []byte(body)}); err != nil {
					b.t.Error(err)
				}
			})
		}
		group.Wait()
		b.settleDown()
		o := b.view()
		if o.Status() != vezne.OrderDisputed || o.AmountDisputed != 1999 || o.AmountPaid != 1999 {
			b.t.Errorf("%s, paid %d, disputed %d", o.Status(), o.AmountPaid, o.AmountDisputed)
		}
		if n := b.count("SELECT COUNT(*) FROM vezne_entries WHERE action = 'order.paid'"); n != 1 {
			b.t.Errorf("%d lines order.paid", n)
		}
		if n := b.count("SELECT COUNT(*) FROM vezne_entries WHERE action = 'dispute.created'"); n != 1 {
			b.t.Errorf("%d lines dispute.created", n)
		}
	})
}

func TestADisputeWaitsForThePaymentThatIsBeingSettled(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	watch := storetest.DB(t, url)
	clock := storetest.NewClock()
	paying, waits := make(chan struct{}), make(chan struct{})
	b := newBench(t, storetest.Open(t, store.Config{URL: url, Clock: clock}), clock, func(c *settle.Config) {
		c.HookTime = time.Minute
		c.Hook = func(ctx context.Context, _ *sql.Tx, _ vezne.OrderView) error {
			close(paying)
			// The dispute's transaction is seen waiting for the order's row.
			for {
				var n int
				if err := watch.QueryRowContext(ctx, "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()").Scan(&n); err != nil {
					return err
				}
				if n > 0 {
					close(waits)
					return nil
				}
			}
		}
	})
	b.answer(b.intent("requires_action")) // the intent is known, and its root
	begin := b.number()
	done := make(chan error, 2)
	go func() {
		_, err := b.settler.Answer(b.ctx, settle.Answer{Begin: begin, Cause: webhook, Body: []byte(b.intent("succeeded"))})
		done <- err
	}()
	<-paying
	go func() {
		n, err := b.store.NextNumber(b.ctx)
		if err == nil {
			_, err = b.settler.Answer(b.ctx, settle.Answer{Begin: n, Cause: webhook, Body: []byte(disputed)})
		}
		done <- err
	}()
	b.must(errors.Join(<-done, <-done))
	<-waits
	if o := b.view(); o.Status() != vezne.OrderDisputed {
		t.Errorf("%s: the dispute was settled by what it saw before the payment", o.Status())
	}
}

func TestACommitThatMetAnotherOneIsRunAgain(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	var calls atomic.Int64
	clock := storetest.NewClock()
	b := newBench(t, storetest.Open(t, store.Config{URL: url, Clock: clock}), clock, func(c *settle.Config) {
		c.Hook = func(context.Context, *sql.Tx, vezne.OrderView) error { calls.Add(1); return nil }
	})
	// The first two commits that make an order Paid fail as those do that met
	// another transaction. A sequence is not undone, so it counts them.
	for _, statement := range []string{
		"CREATE SEQUENCE commits",
		`CREATE FUNCTION meet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF nextval('commits') <= 2 THEN RAISE EXCEPTION 'could not serialize' USING ERRCODE = '40001'; END IF;
			RETURN NULL; END $$`,
		"CREATE CONSTRAINT TRIGGER meet AFTER INSERT ON vezne_invoices DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION meet()",
	} {
		if _, err := b.store.DB().ExecContext(b.ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	b.answer(b.intent("succeeded"))
	inv, err := b.store.Invoice(b.ctx, b.order)
	b.must(err)
	o := b.view()
	effects, err := b.store.Effects(b.ctx, store.EffectFilter{})
	b.must(err)
	if o.Status() != vezne.OrderPaid || inv.Seq != 1 || len(effects) != 1 || effects[0].Revision != o.Revision || calls.Load() != 3 {
		t.Errorf("%s, invoice %d, %d effects of revision %d in %d, the hook ran %d times", o.Status(), inv.Seq, len(effects), effects[0].Revision, o.Revision, calls.Load())
	}
}

func TestACommitWithoutAnAnswerIsSettledByTheNextRead(t *testing.T) {
	t.Parallel()
	wire := storetest.NewWire(t, storetest.Postgres(t))
	clock := storetest.NewClock()
	b := newBench(t, storetest.Open(t, store.Config{URL: wire.URL(), Clock: clock}), clock, nil)
	b.event("evt_1", "payment_intent.succeeded", "pi_1", vezne.TypePaymentIntent)
	begin := b.number()
	wire.CutAt("commit")
	_, err := b.settler.Answer(b.ctx, settle.Answer{Begin: begin, Cause: webhook, Body: []byte(b.intent("succeeded"))})
	if vezne.CodeOf(err) != vezne.CodeStorageUnavailable {
		t.Fatalf("the commit without an answer: %v", err)
	}
	wire.CutAt("")
	// The server had heard it. Whoever does not know reads again.
	b.answer(b.intent("succeeded"))
	if o := b.view(); o.Status() != vezne.OrderPaid {
		t.Errorf("%s", o.Status())
	}
	if n := b.count("SELECT COUNT(*) FROM vezne_entries WHERE action = 'order.paid'"); n != 1 {
		t.Errorf("%d lines order.paid", n)
	}
	if n := b.count("SELECT COUNT(*) FROM vezne_invoices"); n != 1 {
		t.Errorf("%d invoices", n)
	}
}

func TestManyOrdersArePaidAtOnceWithNumbersInARow(t *testing.T) {
	var refused atomic.Int64
	each(t, func(c *settle.Config) {
		c.Hook = func(_ context.Context, _ *sql.Tx, o vezne.OrderView) error {
			if o.Number%3 == 0 && refused.Add(1) < 5 {
				return errors.New("not yet")
			}
			return nil
		}
	}, func(b *bench) {
		const n = 12
		body := func(i int) string {
			return fmt.Sprintf(`{"id":"pi_m%d","object":"payment_intent","status":"succeeded","amount":1999,"amount_received":1999,"currency":"usd","metadata":{"vezne_order":"ord_m%d","vezne_attempt":"att_m%d"}}`, i, i, i)
		}
		for i := range n {
			id := vezne.OrderID(fmt.Sprint("ord_m", i))
			_, err := b.settler.NewOrder(b.ctx, webhook, vezne.Order{ID: id, Currency: "usd", AmountTotal: 1999}, store.OrderKey{})
			b.must(err)
			_, err = b.settler.Order(b.ctx, id, webhook, func(tx *store.Tx, f *vezne.Facts) ([]vezne.Entry, error) {
				a := vezne.Attempt{ID: vezne.AttemptID(fmt.Sprint("att_m", i)), OrderID: id, Number: 1, Kind: vezne.AttemptPaymentIntent, State: vezne.AttemptOpening, Expected: 1999, Currency: "usd", CreatedAt: tx.Now()}
				f.Attempts = append(f.Attempts, a)
				return nil, tx.InsertAttempt(b.ctx, a)
			})
			b.must(err)
		}
		for range 4 { // those that were held come round
			var group sync.WaitGroup
			for i := range n {
				begin := b.number()
				group.Go(func() {
					if _, err := b.settler.Answer(b.ctx, settle.Answer{Begin: begin, Cause: webhook, Body: []byte(body(i))}); err != nil {
						b.t.Error(err)
					}
				})
			}
			group.Wait()
		}
		seqs := map[int64]bool{}
		for i := range n {
			inv, err := b.store.Invoice(b.ctx, vezne.OrderID(fmt.Sprint("ord_m", i)))
			b.must(err)
			seqs[inv.Seq] = true
		}
		for i := range int64(n) {
			if !seqs[i+1] {
				b.t.Fatalf("numbers %v have a gap", seqs)
			}
		}
	})
}
