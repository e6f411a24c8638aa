package settle_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

// bench is a database with one order of 19.99 usd and one open attempt.
type bench struct {
	t       *testing.T
	ctx     context.Context
	clock   *storetest.Clock
	store   *store.Store
	settler *settle.Settler
	order   vezne.OrderID
	attempt vezne.AttemptID
}

var webhook = vezne.Cause{Actor: vezne.Actor{Kind: vezne.ActorWebhook}, EventID: "evt_1"}

// each runs a test on both databases.
func each(t *testing.T, change func(*settle.Config), run func(b *bench)) {
	t.Helper()
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(store.Config) *store.Store) {
		clock := storetest.NewClock()
		run(newBench(t, open(store.Config{Clock: clock}), clock, change))
	})
}

func newBench(t *testing.T, s *store.Store, clock *storetest.Clock, change func(*settle.Config)) *bench {
	t.Helper()
	b := &bench{t: t, ctx: context.Background(), clock: clock, store: s, attempt: "att_1"}
	cfg := settle.Config{Store: s, PublicURL: "https://pay.example.com", APIVersion: "2026-03-25.dahlia", HasCallback: true, Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&cfg)
	}
	b.settler = settle.New(cfg)
	v, err := b.settler.NewOrder(b.ctx, webhook, vezne.Order{
		ID: "ord_1", Currency: "usd", Lines: []vezne.OrderLine{{Name: "Tea", UnitAmount: 1999, Quantity: 1, Amount: 1999}}, AmountTotal: 1999, CustomerReference: "u1",
	}, store.OrderKey{})
	b.must(err)
	b.order = v.ID
	_, err = b.settler.Order(b.ctx, b.order, webhook, func(tx *store.Tx, f *vezne.Facts) ([]vezne.Entry, error) {
		a := vezne.Attempt{ID: b.attempt, OrderID: b.order, Number: 1, Kind: vezne.AttemptPaymentIntent, State: vezne.AttemptOpening, Expected: 1999, Currency: "usd", CreatedAt: tx.Now()}
		f.Attempts = append(f.Attempts, a)
		return []vezne.Entry{{Action: "attempt.created"}}, tx.InsertAttempt(b.ctx, a)
	})
	b.must(err)
	return b
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) number() int64 {
	b.t.Helper()
	n, err := b.store.NextNumber(b.ctx)
	b.must(err)
	return n
}

// event keeps an event about an object, which marks it.
func (b *bench) event(id vezne.EventID, kind string, object vezne.ObjectID, t vezne.ObjectType) {
	b.t.Helper()
	_, err := b.store.StoreEvents(b.ctx, []vezne.Event{{ID: id, Type: kind, ObjectID: object, ObjectType: t, State: vezne.EventReceived, Created: b.clock.Now(), Body: []byte("{}")}})
	b.must(err)
}

// answer settles an answer to a read that begins now.
func (b *bench) answer(body string, change ...func(*settle.Answer)) settle.Outcome {
	b.t.Helper()
	a := settle.Answer{Begin: b.number(), Cause: webhook, Body: []byte(body)}
	for _, c := range change {
		c(&a)
	}
	out, err := b.settler.Answer(b.ctx, a)
	b.must(err)
	return out
}

func (b *bench) intent(status string) string {
	received, latest := 0, "null"
	if status == "succeeded" {
		received = 1999
		latest = `{"id":"ch_1","object":"charge","payment_intent":"pi_1","status":"succeeded","amount":1999,"amount_captured":1999,"captured":true,"currency":"usd"}`
	}
	return fmt.Sprintf(`{"id":"pi_1","object":"payment_intent","status":%q,"amount":1999,"amount_received":%d,"currency":"usd","latest_charge":%s,"created":%d,
		"metadata":{"vezne_order":"ord_1","vezne_attempt":"att_1"}}`, status, received, latest, b.clock.Now().Unix())
}

func (b *bench) view() *vezne.Order {
	b.t.Helper()
	o, err := b.store.Order(b.ctx, b.order)
	b.must(err)
	return &o
}

func (b *bench) actions() []string {
	b.t.Helper()
	list, err := b.store.Entries(b.ctx, vezne.Root{Kind: vezne.RootOrder, ID: string(b.order)})
	b.must(err)
	var out []string
	for _, e := range list {
		out = append(out, e.Action)
	}
	return out
}

// marked returns the mark of an object, nil when it has none.
func (b *bench) marked(id vezne.ObjectID) *vezne.Mark {
	b.t.Helper()
	m, err := b.store.Mark(b.ctx, id)
	if vezne.CodeOf(err) == vezne.CodeNotFound {
		return nil
	}
	b.must(err)
	return &m
}

func (b *bench) eventState(id vezne.EventID) vezne.EventState {
	b.t.Helper()
	e, err := b.store.Event(b.ctx, id)
	b.must(err)
	return e.State
}

func TestAnOrderIsPaidOnceWhateverComesTwice(t *testing.T) {
	each(t, nil, func(b *bench) {
		b.event("evt_1", "payment_intent.succeeded", "pi_1", vezne.TypePaymentIntent)
		for range 3 {
			b.answer(b.intent("succeeded"))
		}
		o := b.view()
		if o.Status() != vezne.OrderPaid || o.AmountPaid != 1999 || o.PaidBy != b.attempt {
			b.t.Fatalf("order %+v", o)
		}
		n := 0
		for _, a := range b.actions() {
			if a == "order.paid" {
				n++
			}
		}
		effects, err := b.store.Effects(b.ctx, store.EffectFilter{})
		b.must(err)
		inv, err := b.store.Invoice(b.ctx, b.order)
		b.must(err)
		if n != 1 || len(effects) != 1 || inv.Seq != 1 || b.marked("pi_1") != nil || b.eventState("evt_1") != vezne.EventApplied {
			b.t.Errorf("paid %d times, %d effects, invoice %d, mark %v, event %s", n, len(effects), inv.Seq, b.marked("pi_1"), b.eventState("evt_1"))
		}
	})
}

func TestAReadThatBeganBeforeAMarkDoesNotClearIt(t *testing.T) {
	each(t, nil, func(b *bench) {
		begin := b.number()
		b.event("evt_1", "payment_intent.succeeded", "pi_1", vezne.TypePaymentIntent)
		b.answer(b.intent("requires_action"), func(a *settle.Answer) { a.Begin = begin })
		if b.marked("pi_1") == nil || b.eventState("evt_1") != vezne.EventReceived {
			b.t.Error("the mark is gone, although nobody looked since")
		}
	})
}

func TestADoubtIsSettledByAnotherReadAtOnce(t *testing.T) {
	each(t, nil, func(b *bench) {
		b.event("evt_1", "payment_intent.processing", "pi_1", vezne.TypePaymentIntent)
		early := b.number()
		b.answer(b.intent("requires_action"))
		out := b.answer(b.intent("processing"), func(a *settle.Answer) { a.Begin = early })
		m := b.marked("pi_1")
		if !out.Again || m == nil || m.DueAt.After(b.clock.Now()) || m.EventID != "evt_1" {
			b.t.Fatalf("outcome %+v, mark %+v; want a mark that is due, by the event's cause", out, m)
		}
		b.answer(b.intent("processing"))
		if b.marked("pi_1") != nil || b.view().Status() != vezne.OrderProcessing {
			b.t.Errorf("mark %+v, status %s", b.marked("pi_1"), b.view().Status())
		}
	})
}

func TestAnImpossibleAnswerIsKeptOutAndReadAgainSlowly(t *testing.T) {
	each(t, nil, func(b *bench) {
		b.answer(b.intent("succeeded"))
		b.event("evt_2", "payment_intent.processing", "pi_1", vezne.TypePaymentIntent)
		claimed, err := b.store.ClaimMarks(b.ctx, "p1", 10, time.Minute)
		b.must(err)
		b.answer(b.intent("processing"))
		m := b.marked("pi_1")
		if len(claimed) != 1 || m == nil || m.DueAt.Sub(b.clock.Now()) != time.Minute || !b.view().Has(vezne.AttentionRegression) || b.view().PaidAt == nil {
			b.t.Errorf("mark %+v, attention %v", m, b.view().Attention)
		}
	})
}

func TestAReadThatShowsNoChangeIsRepeatedOnce(t *testing.T) {
	each(t, nil, func(b *bench) {
		repeat := func(a *settle.Answer) { a.Repeat = &vezne.ReadMove{ID: "pi_1", Type: vezne.TypePaymentIntent} }
		b.answer(b.intent("processing"), repeat)
		if b.marked("pi_1") != nil {
			b.t.Fatal("a read that showed something is repeated")
		}
		b.answer(b.intent("processing"), repeat)
		m := b.marked("pi_1")
		if m == nil || m.DueAt.Sub(b.clock.Now()) != 5*time.Second || m.EventID != "" {
			b.t.Errorf("mark %+v, want one in 5 s without an event", m)
		}
	})
}

func TestWhatComesBeforeItsIntentIsAdopted(t *testing.T) {
	each(t, nil, func(b *bench) {
		const refund = `{"id":"re_1","object":"refund","payment_intent":"pi_1","charge":{"id":"ch_1","object":"charge","payment_intent":"pi_1","status":"succeeded","amount":1999,
			"amount_captured":1999,"amount_refunded":500,"captured":true,"currency":"usd"},"status":"succeeded","amount":500,"currency":"usd"}`
		b.event("evt_1", "refund.created", "re_1", vezne.TypeRefund)
		b.answer(refund)
		if m := b.marked("re_1"); m == nil || !m.Unlinked || b.eventState("evt_1") != vezne.EventReceived {
			b.t.Fatalf("mark %+v, want it unlinked", m)
		}
		if m := b.marked("pi_1"); m == nil || m.Type != vezne.TypePaymentIntent {
			b.t.Fatalf("the intent is not marked: %+v", m)
		}
		b.answer(strings.Replace(b.intent("succeeded"), `"amount_captured":1999`, `"amount_captured":1999,"amount_refunded":500`, 1))
		o := b.view()
		if o.Status() != vezne.OrderPartiallyRefunded || o.AmountRefunded != 500 || b.marked("re_1") != nil || b.eventState("evt_1") != vezne.EventApplied {
			b.t.Errorf("status %s, refunded %d, mark %+v, event %s", o.Status(), o.AmountRefunded, b.marked("re_1"), b.eventState("evt_1"))
		}
	})
}

func TestAPaymentOfSomebodyElseIsReadOnceAndLetGo(t *testing.T) {
	each(t, nil, func(b *bench) {
		const foreign = `{"id":"pi_9","object":"payment_intent","status":"succeeded","amount":5,"amount_received":5,"currency":"usd",
			"latest_charge":{"id":"ch_9","object":"charge","payment_intent":"pi_9","status":"succeeded","amount":5,"currency":"usd"}}`
		b.event("evt_1", "payment_intent.succeeded", "pi_9", vezne.TypePaymentIntent)
		b.event("evt_2", "charge.updated", "ch_9", vezne.TypeCharge)
		b.answer(foreign)
		if b.marked("pi_9") != nil || b.marked("ch_9") != nil {
			b.t.Errorf("marks %+v and %+v: it is read for ever", b.marked("pi_9"), b.marked("ch_9"))
		}
		if b.eventState("evt_1") != vezne.EventIgnored || b.eventState("evt_2") != vezne.EventIgnored {
			b.t.Errorf("events %s and %s", b.eventState("evt_1"), b.eventState("evt_2"))
		}
	})
}

func TestAHookThatRefusesHoldsPaidBackVisibly(t *testing.T) {
	for name, hook := range map[string]func() error{
		"an error": func() error { return errors.New("no stock") },
		"a panic":  func() error { panic("on purpose") },
	} {
		t.Run(name, func(t *testing.T) {
			refuses := true
			each(t, func(c *settle.Config) {
				c.Hook = func(ctx context.Context, tx *sql.Tx, o vezne.OrderView) error {
					if o.PaidAt == nil {
						return errors.New("the order is not Paid in its own hook")
					}
					if refuses {
						return hook()
					}
					return nil
				}
			}, func(b *bench) {
				b.answer(b.intent("succeeded"))
				o := b.view()
				if o.PaidAt != nil || !o.Has(vezne.AttentionHeldByHook) || b.marked("pi_1") == nil {
					b.t.Fatalf("order %+v, mark %+v", o, b.marked("pi_1"))
				}
				if _, err := b.store.Invoice(b.ctx, b.order); vezne.CodeOf(err) != vezne.CodeNotFound {
					b.t.Errorf("there is an invoice: %v", err)
				}
			})
		})
	}
}

func TestAHookThatComesRoundLeavesNoGap(t *testing.T) {
	each(t, func(c *settle.Config) {
		n := 0
		c.Hook = func(context.Context, *sql.Tx, vezne.OrderView) error {
			if n++; n == 1 {
				return errors.New("not yet")
			}
			return nil
		}
	}, func(b *bench) {
		b.answer(b.intent("succeeded"))
		b.answer(b.intent("succeeded"))
		inv, err := b.store.Invoice(b.ctx, b.order)
		b.must(err)
		o := b.view()
		if o.Status() != vezne.OrderPaid || o.Has(vezne.AttentionHeldByHook) || inv.Seq != 1 || !slices.Contains(b.actions(), "order.held_by_hook") {
			b.t.Errorf("order %+v, invoice %d, actions %v", o, inv.Seq, b.actions())
		}
	})
}
