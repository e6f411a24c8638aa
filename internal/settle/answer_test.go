package settle_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/store"
)

func TestADisputeThatComesBeforeItsPaymentIsAdopted(t *testing.T) {
	each(t, nil, func(b *bench) {
		b.event("evt_1", "charge.dispute.created", "du_1", vezne.TypeDispute)
		b.answer(disputed)
		if m := b.marked("du_1"); m == nil || !m.Unlinked {
			b.t.Fatalf("mark %+v, want it unlinked", m)
		}
		b.answer(b.intent("succeeded"))
		if o := b.view(); o.Status() != vezne.OrderDisputed || !o.Has(vezne.AttentionDisputed) || b.marked("du_1") != nil || b.eventState("evt_1") != vezne.EventApplied {
			b.t.Errorf("%s, attention %v, mark %+v, event %s", o.Status(), o.Attention, b.marked("du_1"), b.eventState("evt_1"))
		}
		if !slices.Contains(b.actions(), "dispute.created") {
			b.t.Errorf("the timeline does not tell of the dispute: %v", b.actions())
		}
	})
}

func TestAnObjectThatIsGoneClearsItsMark(t *testing.T) {
	each(t, nil, func(b *bench) {
		b.answer(b.intent("requires_action"))
		b.event("evt_1", "payment_intent.processing", "pi_1", vezne.TypePaymentIntent)
		b.event("evt_2", "payment_intent.succeeded", "pi_none", vezne.TypePaymentIntent)
		for _, id := range []vezne.ObjectID{"pi_1", "pi_none"} {
			b.answer("", func(a *settle.Answer) { a.Gone = []vezne.ReadMove{{ID: id, Type: vezne.TypePaymentIntent}} })
			if m := b.marked(id); m != nil {
				b.t.Errorf("%s is still marked: %+v", id, m)
			}
		}
		if b.eventState("evt_1") != vezne.EventApplied || b.eventState("evt_2") != vezne.EventIgnored {
			b.t.Errorf("events %s and %s", b.eventState("evt_1"), b.eventState("evt_2"))
		}
	})
}

func TestWhatIsNotFinalIsLookedAtAgain(t *testing.T) {
	each(t, nil, func(b *bench) {
		at := func() *time.Time {
			s, err := b.store.Snapshot(b.ctx, "pi_1")
			b.must(err)
			return s.RecheckAt
		}
		b.answer(b.intent("requires_action"))
		if due := at(); due == nil || due.Sub(b.clock.Now()) != 15*time.Second {
			b.t.Errorf("looked at again at %v", due)
		}
		b.clock.Advance(15 * time.Second)
		if n, err := b.store.MarkRechecks(b.ctx, 10); err != nil || n != 1 {
			b.t.Errorf("%d marked, %v", n, err)
		}
		b.answer(b.intent("succeeded"))
		if due := at(); due != nil || b.marked("pi_1") != nil {
			b.t.Errorf("a final object is looked at again at %v, mark %+v", due, b.marked("pi_1"))
		}
	})
}

// A charge that comes inside of its refund was not asked for its disputes: when
// it is looked at itself must not move away with each look at the refund.
func TestWhatComesInsideOfAnotherKeepsItsOwnLook(t *testing.T) {
	each(t, nil, func(b *bench) {
		at := func(id vezne.ObjectID) time.Time {
			s, err := b.store.Snapshot(b.ctx, id)
			b.must(err)
			if s.RecheckAt == nil {
				return time.Time{}
			}
			return *s.RecheckAt
		}
		charge := func(refunded int) string {
			return fmt.Sprintf(`{"id":"ch_1","object":"charge","payment_intent":"pi_1","status":"succeeded","currency":"try","amount":1999,"amount_captured":1999,"amount_refunded":%d,"captured":true,"created":%d}`,
				refunded, b.clock.Now().Add(-time.Minute).Unix())
		}
		refund := func(refunded int) string {
			return fmt.Sprintf(`{"id":"re_1","object":"refund","charge":%s,"payment_intent":"pi_1","status":"succeeded","currency":"try","amount":%[2]d,"created":1}`, charge(refunded), refunded)
		}
		b.answer(b.intent("succeeded"))
		b.answer(charge(0))
		own := at("ch_1")
		if own.Sub(b.clock.Now()) != time.Hour {
			b.t.Fatalf("the charge is looked at again at %s", own)
		}
		for _, refunded := range []int{100, 100, 200} {
			b.clock.Advance(10 * time.Minute)
			b.answer(refund(refunded))
			if now := at("ch_1"); !now.Equal(own) {
				b.t.Errorf("after its refund of %d was read, the charge is looked at at %s instead of %s", refunded, now, own)
			}
		}
		b.clock.Advance(10 * time.Minute)
		b.answer(charge(200))
		if now := at("ch_1"); now.Sub(b.clock.Now()) != time.Hour {
			b.t.Errorf("after it was read itself, the charge is looked at at %s", now)
		}
		b.clock.Advance(time.Hour)
		if _, err := b.store.MarkRechecks(b.ctx, 10); err != nil {
			b.t.Fatal(err)
		}
		b.answer(refund(200))
		if now := at("ch_1"); now.Sub(b.clock.Now()) != time.Hour {
			b.t.Errorf("a charge that is to be looked at at no other time is looked at at %s", now)
		}
	})
}

func TestAnAnswerThatCannotBeReadChangesNothing(t *testing.T) {
	each(t, nil, func(b *bench) {
		b.event("evt_1", "payment_intent.succeeded", "pi_1", vezne.TypePaymentIntent)
		before := b.view()
		for _, body := range []string{"<html>", "[]", `{"id":"pi_1","object":"payment_intent","amount":"much","metadata":{"vezne_order":"ord_1"}}`} {
			_, err := b.settler.Answer(b.ctx, settle.Answer{Begin: b.number(), Cause: webhook, Body: []byte(body)})
			if vezne.CodeOf(err) != vezne.CodeCorrupt {
				b.t.Errorf("%s: %v", body, err)
			}
		}
		if after := b.view(); after.Revision != before.Revision || b.marked("pi_1") == nil {
			b.t.Errorf("revision %d, then %d; mark %+v", before.Revision, after.Revision, b.marked("pi_1"))
		}
	})
}

func TestAChangeThatIsRefusedLeavesNothing(t *testing.T) {
	each(t, nil, func(b *bench) {
		refusal := vezne.E(vezne.CodeOrderPaid, "test", "")
		before := b.view()
		_, err := b.settler.Order(b.ctx, b.order, webhook, func(tx *store.Tx, f *vezne.Facts) ([]vezne.Entry, error) {
			f.Order.CancelRequestedAt = new(tx.Now())
			return nil, errors.Join(tx.InsertRefundRequest(b.ctx, vezne.RefundRequest{ID: "rfd_1", OrderID: b.order, Amount: 1, State: "pending"}), refusal)
		})
		if vezne.CodeOf(err) != vezne.CodeOrderPaid {
			b.t.Errorf("the refusal is lost: %v", err)
		}
		refunds, err := b.store.RefundRequests(b.ctx, b.order)
		b.must(err)
		if o := b.view(); o.CancelRequestedAt != nil || o.Revision != before.Revision || len(refunds) != 0 {
			b.t.Errorf("%+v, %d refunds", o, len(refunds))
		}
	})
}

func TestEffectsAreFrozenWithTheTransaction(t *testing.T) {
	each(t, func(c *settle.Config) { c.HasAfterHook = true }, func(b *bench) {
		b.answer(b.intent("succeeded"))
		paid := b.view()
		b.answer(disputed)
		effects, err := b.store.Effects(b.ctx, store.EffectFilter{})
		b.must(err)
		kinds := map[vezne.EffectKind]int{}
		for _, e := range effects {
			kinds[e.Kind]++
			var o vezne.OrderJSON
			b.must(json.Unmarshal(e.Payload, &o))
			if e.Topic == "order.paid" && (o.Status != vezne.OrderPaid || o.Revision != paid.Revision || e.Revision != paid.Revision || o.InvoiceNumber == "") {
				b.t.Errorf("%s: revision %d, payload %s", e.Key, e.Revision, e.Payload)
			}
		}
		if kinds[vezne.EffectHook] != 1 || kinds[vezne.EffectCallback] < 2 {
			b.t.Errorf("%v: want one for the after-commit hook, and a call-back for each change", kinds)
		}
	})
}

func TestAnOutboxThatRefusesUndoesThePayment(t *testing.T) {
	refusal := errors.New("the queue is full")
	each(t, func(c *settle.Config) {
		c.Enqueue = func(context.Context, *store.Tx, []vezne.Effect) error { return refusal }
	}, func(b *bench) {
		_, err := b.settler.Answer(b.ctx, settle.Answer{Begin: b.number(), Cause: webhook, Body: []byte(b.intent("succeeded"))})
		if !errors.Is(err, refusal) || b.view().PaidAt != nil {
			b.t.Errorf("%v, paid at %v", err, b.view().PaidAt)
		}
	})
}

func TestACommitThatLeavesWorkWakesWhoeverDoesIt(t *testing.T) {
	woken := make(chan struct{}, 100)
	each(t, func(c *settle.Config) { c.Wake = func() { woken <- struct{}{} } }, func(b *bench) {
		b.answer(b.intent("succeeded"))
		second := `{"id":"pi_2","object":"payment_intent","status":"succeeded","amount":1999,"amount_received":1999,"currency":"usd","metadata":{"vezne_order":"ord_1"}}`
		b.answer(second)
		calls, err := b.store.Calls(b.ctx, vezne.Root{Kind: vezne.RootOrder, ID: string(b.order)})
		b.must(err)
		if len(calls) != 1 || calls[0].Purpose != vezne.CallRefundSurplus || calls[0].State != vezne.CallPending || calls[0].Number == 0 || calls[0].APIVersion == "" {
			b.t.Fatalf("%+v, want the surplus to be given back", calls)
		}
		select {
		case <-woken:
		default:
			b.t.Error("nobody was woken to send it")
		}
		b.answer(second)
		if calls, err = b.store.Calls(b.ctx, vezne.Root{Kind: vezne.RootOrder, ID: string(b.order)}); err != nil || len(calls) != 1 {
			b.t.Errorf("planned %d times, %v", len(calls), err)
		}
	})
}
