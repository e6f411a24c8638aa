package desk

import (
	"context"
	"sync"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/mirror"
)

// landingTime is how long a landing page waits for Stripe.
const landingTime = 2 * time.Second

// Landing is what a page shows to a buyer who came back.
type Landing struct {
	Order vezne.OrderView
	// Checking is true while Stripe has not answered: the order may be further
	// than it shows.
	Checking bool
}

// Landed asks Stripe about the order's open attempt, for at most 2 seconds, and
// returns the order as it is then. The read is shared by all who wait, but
// never one that began before this call. It does not fail because Stripe is
// slow. Codes: CodeNotFound and the store's.
func (d *Desk) Landed(ctx context.Context, id vezne.OrderID) (Landing, error) {
	v, err := d.Order(ctx, id)
	if err != nil || v.PaidAt != nil || v.CanceledAt != nil {
		return Landing{Order: v}, err
	}
	open, err := d.openAttempt(ctx, id)
	if err != nil || open == nil {
		return Landing{Order: v}, err
	}
	if !d.landings.allow(string(id), d.Clock.Now()) {
		return Landing{Order: v, Checking: true}, nil
	}
	asking, cancel := context.WithTimeout(ctx, landingTime)
	defer cancel()
	asked := d.ask(asking, *open)
	if v, err = d.Order(context.WithoutCancel(ctx), id); err != nil {
		return Landing{}, err
	}
	// Money that the application has not accepted yet is not Paid either.
	return Landing{Order: v, Checking: asked != nil || v.Has(vezne.AttentionHeldByHook)}, nil
}

func (d *Desk) openAttempt(ctx context.Context, id vezne.OrderID) (*vezne.Attempt, error) {
	list, err := d.Store.Attempts(ctx, id)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Open() {
			return &list[i], nil
		}
	}
	return nil, nil
}

// ask reads an attempt's object, or waits for the answer that makes it.
func (d *Desk) ask(ctx context.Context, a vezne.Attempt) error {
	if a.State == vezne.AttemptOpening {
		_, err := d.Sender.Do(ctx, a.CreateCall)
		return err
	}
	m := objectOf(a)
	return d.Refresher.Read(ctx, m.ID, m.Type, vezne.Cause{Actor: vezne.Actor{Kind: vezne.ActorLandingPage}}, vezne.PriorityLandingPage)
}

// A page that is loaded again and again asks Stripe a few times, then once in a
// while.
const (
	landingBurst  = 3
	landingEvery  = 2 * time.Second
	landingForget = 10_000
)

// pace counts what each order has left of its burst. The zero value is
// ready.
type pace struct {
	mu   sync.Mutex
	full map[string]time.Time
}

// allow reports whether one more is allowed now. full holds when a key has its
// whole burst again; each use moves that by landingEvery.
func (t *pace) allow(key string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.full == nil {
		t.full = map[string]time.Time{}
	}
	if len(t.full) >= landingForget {
		for k, at := range t.full {
			if !at.After(now) {
				delete(t.full, k)
			}
		}
	}
	at := t.full[key]
	if at.Before(now) {
		at = now
	}
	if at.Sub(now) > (landingBurst-1)*landingEvery {
		return false
	}
	t.full[key] = at.Add(landingEvery)
	return true
}

// PaymentState is what a page shows beside an order.
type PaymentState struct {
	// Attempt is the newest attempt, zero when there is none.
	Attempt vezne.Attempt
	// Open is true while that attempt can still be paid.
	Open bool
	// SessionURL is Stripe's page of an open Checkout Session.
	SessionURL string
	// Status is Stripe's status of the intent, or of the session while it has
	// none; empty while neither is known.
	Status string
	// Processing is true while a delayed payment method is being checked.
	Processing bool
	// Error is why the last try failed, nil when it did not.
	Error *PaymentError
}

// Payment returns what a page shows beside an order, from what is known here.
// CodeNotFound.
func (d *Desk) Payment(ctx context.Context, id vezne.OrderID) (PaymentState, error) {
	o, err := d.Store.Order(ctx, id)
	if err != nil {
		return PaymentState{}, err
	}
	list, err := d.Store.Attempts(ctx, id)
	if err != nil || len(list) == 0 {
		return PaymentState{}, err
	}
	a := list[len(list)-1]
	state := PaymentState{Attempt: a, Open: a.Open(), Processing: o.Processing}
	if s, err := known(ctx, d, a.SessionID, mirror.CheckoutSession); err != nil {
		return state, err
	} else if s != nil {
		state.Status = s.Status
		if s.Status == "open" {
			state.SessionURL = s.URL
		}
	}
	p, err := known(ctx, d, a.PaymentIntentID, mirror.PaymentIntent)
	if err != nil || p == nil {
		return state, err
	}
	state.Status = p.Status
	if p.Status == "requires_payment_method" {
		state.Error = declined(p.LastError)
	}
	return state, nil
}

// known returns what is kept of an object, nil when nothing is.
func known[T any](ctx context.Context, d *Desk, id vezne.ObjectID, read func(vezne.Snapshot) (T, error)) (*T, error) {
	if id == "" {
		return nil, nil
	}
	s, err := d.Store.Snapshot(ctx, id)
	if vezne.CodeOf(err) == vezne.CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v, err := read(s)
	if err != nil {
		return nil, vezne.E(vezne.CodeCorrupt, "desk.known", "").Because(err)
	}
	return &v, nil
}
