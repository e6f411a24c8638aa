package sandbox

import (
	"context"
	"net/http"
)

// control is what an account has beside its objects: the way of its events to endpoints, its planted faults and the
// journal of its calls.
type control struct {
	account        *account
	client         *http.Client
	closing        context.Context
	sender         *sender
	faults         faults
	deliveryFaults deliveryFaults
	calls          callLog
	rate           rate
	snapshots      map[string]*savedState
}

// newControl makes the control of an account that came into being.
func newControl(a *account) *control {
	sb := a.sandbox
	c := &control{account: a, client: sb.deliveries, closing: sb.closing, snapshots: map[string]*savedState{}}
	if sb.options.StrictWorld {
		c.deliveryFaults.strict = newStrictWorld(sb.options.Seed, a.name)
	}
	c.sender = newSender(c)
	return c
}

// background runs a Tx for a sender that is still the account's; what an old one did counts no more. An error is a
// fault of the store, which Close reports.
func (c *control) background(s *sender, f func(tx *Tx) error) {
	err := c.account.do(func(tx *Tx) error {
		if c.sender != s {
			return nil
		}
		return f(tx)
	})
	if err != nil {
		c.account.sandbox.fail(err)
	}
}

// committed takes the events of a Tx that was kept. It runs under the account's lock and does not block.
func (c *control) committed(events []*event) {
	var parcels []addressed
	for _, ev := range events {
		parcels = append(parcels, ev.parcels...)
	}
	if c.deliveryFaults.strict != nil {
		c.deliveryFaults.shuffle(parcels)
	}
	for _, p := range parcels {
		c.sender.queue(p.endpoint, p.parcel)
	}
}
