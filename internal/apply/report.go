package apply

import (
	"fmt"

	"github.com/vezne/vezne"
)

// report writes down what changed: audit lines by comparing the order before
// and after, and the effects that the outside hears of. Everything of being
// Paid hangs on the write of PaidAt, never on a status.
func (d *draft) report() {
	b, o := d.before, d.Order
	statusBefore, statusAfter := string(b.Status()), string(o.Status())
	change := func(action, topic string, object vezne.ObjectID, before, after map[string]any) {
		before["status"], after["status"] = statusBefore, statusAfter
		d.entry(action, object, before, after)
		if topic != "" {
			d.effect(topic, fmt.Sprintf("%s:%s:%d", topic, o.ID, o.Revision))
		}
	}
	amounts := func(name string, from, to int64) (before, after map[string]any) {
		return map[string]any{name: from}, map[string]any{name: to}
	}
	if m := d.moves.Paid; m != nil {
		d.entry("order.paid", m.PaymentIntent, map[string]any{"status": statusBefore},
			map[string]any{"status": statusAfter, "amount_paid": o.AmountPaid, "attempt": string(o.PaidBy)})
		d.effect("order.paid", "order.paid:"+string(o.ID))
	}
	if o.AmountAuthorized != b.AmountAuthorized {
		before, after := amounts("amount_authorized", b.AmountAuthorized, o.AmountAuthorized)
		switch {
		case o.AmountAuthorized > b.AmountAuthorized:
			change("order.authorized", "order.authorized", "", before, after)
		case o.PaidAt == nil:
			change("order.authorization_released", "", "", before, after)
		}
	}
	if o.Processing != b.Processing && d.moves.Paid == nil {
		if o.Processing {
			change("order.processing", "order.processing", "", map[string]any{}, map[string]any{})
		} else {
			change("order.processing_ended", "order.payment_failed", "", map[string]any{}, map[string]any{})
		}
	}
	if o.AmountRefunded != b.AmountRefunded {
		before, after := amounts("amount_refunded", b.AmountRefunded, o.AmountRefunded)
		if o.AmountRefunded > b.AmountRefunded {
			change("order.refunded", "order.refunded", "", before, after)
		} else {
			change("order.refund_reversed", "order.refund_failed", "", before, after)
		}
	}
	if o.AmountDisputed != b.AmountDisputed {
		before, after := amounts("amount_disputed", b.AmountDisputed, o.AmountDisputed)
		if o.AmountDisputed > b.AmountDisputed {
			change("order.disputed", "order.disputed", "", before, after)
		} else {
			change("order.dispute_closed", "order.dispute_closed", "", before, after)
		}
	}
	if o.CanceledAt != nil && b.CanceledAt == nil {
		d.entry("order.canceled", "", map[string]any{"status": statusBefore}, map[string]any{"status": statusAfter})
		d.effect("order.canceled", "order.canceled:"+string(o.ID))
	}
	for _, a := range o.Attention {
		if !b.Has(a) {
			d.effect("order.attention", fmt.Sprintf("order.attention:%s:%d", o.ID, o.Revision))
			break
		}
	}
	for _, c := range d.moves.Calls {
		d.entryBy(vezne.Actor{Kind: vezne.ActorSystem}, string(c.Purpose)+".planned", "", nil, map[string]any{"key": c.Key})
	}
}

func (d *draft) effect(topic, key string) {
	d.moves.Effects = append(d.moves.Effects, vezne.Effect{Key: key, Topic: topic, Root: d.root(), Revision: d.Order.Revision})
}
