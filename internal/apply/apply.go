// Package apply says what follows from the facts of an order: a pure function
// from everything that is known to the next state and everything that is
// written with it. It has no clock, no network and no database.
package apply

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/vezne/vezne"
)

// draft is an order on its way to its next state.
type draft struct {
	vezne.Facts
	// before is the order as it was.
	before vezne.Order
	cause  vezne.Cause
	policy vezne.Policy
	now    time.Time
	moves  vezne.Moves
	// strange are intents that took money which no attempt asked for.
	strange []vezne.ObjectID
	// raised are the reasons for attention that the facts give.
	raised []vezne.Attention
}

// Order returns what follows from the facts. Applied to its own result it
// returns no moves, and the order in which facts became known does not matter.
func Order(f vezne.Facts, cause vezne.Cause, policy vezne.Policy, now time.Time) vezne.Moves {
	d := &draft{Facts: f, before: f.Order, cause: cause, policy: policy, now: now}
	d.Order = f.Order.Clone()
	d.Attempts = slices.Clone(f.Attempts)
	d.Refunds = slices.Clone(f.Refunds)
	d.attempts()
	d.paid()
	d.canceled()
	d.mismatched()
	d.sums()
	d.surplus()
	d.closing()
	d.refunds()
	d.disputes()
	d.attention()
	d.report()
	d.moves.Order = d.Order
	d.moves.Changed = !reflect.DeepEqual(d.before, d.Order) || len(d.moves.Attempts)+len(d.moves.Refunds)+len(d.moves.Calls)+len(d.moves.Entries) > 0
	return d.moves
}

func (d *draft) root() vezne.Root { return vezne.Root{Kind: vezne.RootOrder, ID: string(d.Order.ID)} }

func (d *draft) raise(a vezne.Attention) {
	if !slices.Contains(d.raised, a) {
		d.raised = append(d.raised, a)
	}
}

// entry adds an audit line by the cause that made us look.
func (d *draft) entry(action string, object vezne.ObjectID, before, after map[string]any) {
	d.entryBy(d.cause.Actor, action, object, before, after)
}

func (d *draft) entryBy(actor vezne.Actor, action string, object vezne.ObjectID, before, after map[string]any) {
	d.moves.Entries = append(d.moves.Entries, vezne.Entry{
		Root: d.root(), At: d.now, Actor: actor, Action: action, EventID: d.cause.EventID, Object: object, Before: before, After: after,
	})
}

// read asks for an object to be read.
func (d *draft) read(t vezne.ObjectType, id vezne.ObjectID) {
	m := vezne.ReadMove{ID: id, Type: t}
	if id != "" && !slices.Contains(d.moves.Read, m) {
		d.moves.Read = append(d.moves.Read, m)
	}
}

// call plans a request to Stripe, unless the order has made it before. One that
// was looked up and did not happen is planned again, under another key: the old
// one would only replay the failure.
func (d *draft) call(c vezne.PlannedCall) {
	for key, n := c.Key, 2; ; n++ {
		i := slices.IndexFunc(d.Calls, func(known vezne.Call) bool { return known.Key == key })
		if i < 0 {
			c.Key = key
			d.moves.Calls = append(d.moves.Calls, c)
			return
		}
		if d.Calls[i].State != vezne.CallAbandoned {
			return
		}
		key = fmt.Sprintf("%s:%d", c.Key, n)
	}
}

// saveAttempt notes that an attempt changed.
func (d *draft) saveAttempt(a vezne.Attempt) {
	for i := range d.Attempts {
		if d.Attempts[i].ID == a.ID {
			d.Attempts[i] = a
		}
	}
	for i := range d.moves.Attempts {
		if d.moves.Attempts[i].ID == a.ID {
			d.moves.Attempts[i] = a
			return
		}
	}
	d.moves.Attempts = append(d.moves.Attempts, a)
}

func (d *draft) intent(id vezne.ObjectID) *vezne.PaymentIntent {
	for i := range d.PaymentIntents {
		if id != "" && d.PaymentIntents[i].ID == id {
			return &d.PaymentIntents[i]
		}
	}
	return nil
}

func (d *draft) session(id vezne.ObjectID) *vezne.CheckoutSession {
	for i := range d.Sessions {
		if id != "" && d.Sessions[i].ID == id {
			return &d.Sessions[i]
		}
	}
	return nil
}

// charge returns the charge of an intent that took the money, nil if there is
// none or it is not known.
func (d *draft) charge(intent vezne.ObjectID) *vezne.Charge {
	for i := range d.Charges {
		if c := &d.Charges[i]; intent != "" && c.PaymentIntent == intent && c.Status == "succeeded" {
			return c
		}
	}
	return nil
}
