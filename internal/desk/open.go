package desk

import (
	"context"
	"net/url"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/apply"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/throttle"
)

// way is how an order is to be paid.
type way struct {
	kind    vezne.AttemptKind
	purpose vezne.CallPurpose
	path    string
	// attempt holds what the attempt keeps of the way.
	attempt vezne.Attempt
	// form returns the parameters of the call that makes the attempt's object.
	form func(o vezne.Order, a vezne.Attempt, customer vezne.ObjectID) [][2]string
	// fits reports whether an attempt of the kind, made by a form, is this way.
	fits func(form url.Values) bool
	// replace closes an open attempt that is another way.
	replace bool
	// client and card are who pays with what, as far as it is known.
	client, card string
}

// opened is an attempt that can be paid, or whose first try was declined.
type opened struct {
	attempt vezne.Attempt
	// form made its object.
	form url.Values
	// body is Stripe's newest answer about the object, maybe an error's.
	body []byte
	// made is true when the answer is that to the form: what the form asked for
	// has been done just now.
	made bool
}

// openTries is how often the state of an order may change under our hands.
const openTries = 6

// open returns the order's open attempt of a way, and makes it if there is
// none. Two callers at once get the same one. Its codes are listed at
// StartCheckout.
func (d *Desk) open(ctx context.Context, by vezne.Actor, id vezne.OrderID, w way) (opened, error) {
	const op = "desk.open"
	for range openTries {
		o, err := d.Store.Order(ctx, id)
		if err != nil {
			return opened{}, err
		}
		if err := payable(&o); err != nil {
			return opened{}, err
		}
		customer, err := d.stripeCustomer(ctx, by, o.CustomerID)
		if err != nil {
			return opened{}, err
		}
		step, err := d.decide(ctx, by, id, w, customer)
		if err != nil {
			return opened{}, err
		}
		got, again, err := d.take(ctx, by, step, w)
		if err != nil || !again {
			return got, err
		}
	}
	return opened{}, vezne.E(vezne.CodeAttemptUnsure, op, "The order is being changed by others. Try again.")
}

// payable says why an order cannot be paid, nil when it can.
func payable(o *vezne.Order) error {
	const op = "desk.payable"
	switch {
	case o.PaidAt != nil:
		return vezne.E(vezne.CodeOrderPaid, op, "")
	case o.Has(vezne.AttentionHeldByHook):
		return vezne.E(vezne.CodeOrderPaid, op, "Stripe has the money; the application has not accepted the order yet.")
	case o.CanceledAt != nil || o.CancelRequestedAt != nil:
		return vezne.E(vezne.CodeOrderCanceled, op, "")
	case o.Has(vezne.AttentionMismatch):
		return vezne.E(vezne.CodeAttemptOpen, op, "Stripe took an amount for this order that nobody asked for. A person must look before it can be paid.")
	}
	return nil
}

// step is what comes next on the way to an open attempt.
type step struct {
	attempt vezne.Attempt
	// create is the call that makes the attempt's object.
	create vezne.Call
	// send is a call to be sent now: create, or one that closes the attempt.
	send vezne.CallID
	// read is the object of the attempt, to be asked for.
	read vezne.ReadMove
	// fits is true when the attempt is the way that is wanted.
	fits bool
}

// decide says, under the order's lock, what comes next. A new attempt and its
// call are written down in the same transaction.
func (d *Desk) decide(ctx context.Context, by vezne.Actor, id vezne.OrderID, w way, customer vezne.ObjectID) (step, error) {
	var s step
	_, err := d.Settler.Order(ctx, id, vezne.Cause{Actor: by}, func(tx *store.Tx, f *vezne.Facts) ([]vezne.Entry, error) {
		s = step{}
		if err := payable(&f.Order); err != nil {
			return nil, err
		}
		if err := d.mayPay(ctx, tx, w.subject(id)); err != nil {
			return nil, err
		}
		for _, a := range f.Attempts {
			if a.Open() {
				return nil, d.existing(ctx, tx, f, a, w, by, &s)
			}
		}
		return d.create(ctx, tx, f, w, by, customer, &s)
	})
	return s, d.written(ctx, err, s.send)
}

// subject is who tries to pay an order this way.
func (w way) subject(id vezne.OrderID) throttle.Subject {
	return throttle.Subject{Root: string(id), Client: w.client, Card: w.card}
}

// create writes down a new attempt and the call that makes its object.
func (d *Desk) create(ctx context.Context, tx *store.Tx, f *vezne.Facts, w way, by vezne.Actor, customer vezne.ObjectID, s *step) ([]vezne.Entry, error) {
	id, err := newID[vezne.AttemptID](vezne.AttemptPrefix)
	if err != nil {
		return nil, err
	}
	call, err := newID[vezne.CallID](vezne.CallPrefix)
	if err != nil {
		return nil, err
	}
	if err := d.begin(ctx, tx, w.subject(f.Order.ID)); err != nil {
		return nil, err
	}
	a := w.attempt
	a.ID, a.OrderID, a.Number, a.Kind, a.State = id, f.Order.ID, len(f.Attempts)+1, w.kind, vezne.AttemptOpening
	a.Expected, a.Currency, a.CreateCall, a.CreatedAt = f.Order.AmountTotal, f.Order.Currency, call, tx.Now()
	if err := tx.InsertAttempt(ctx, a); err != nil {
		return nil, err
	}
	c, err := d.write(ctx, tx, plan{
		id: call, root: orderRoot(f.Order.ID), purpose: w.purpose, path: w.path, form: w.form(f.Order, a, customer), attempt: id, by: by,
	})
	if err != nil {
		return nil, err
	}
	f.Attempts, f.Calls = append(f.Attempts, a), append(f.Calls, c)
	*s = step{attempt: a, create: c, send: c.ID, fits: true}
	return []vezne.Entry{{Action: "attempt.opened", After: map[string]any{"attempt": string(a.ID), "number": int64(a.Number), "kind": string(a.Kind), "amount": a.Expected}}}, nil
}

// existing says what to do about an attempt that is open: use it, wait for
// Stripe's answer, close it, or give up.
func (d *Desk) existing(ctx context.Context, tx *store.Tx, f *vezne.Facts, a vezne.Attempt, w way, by vezne.Actor, s *step) error {
	const op = "desk.existing"
	s.attempt = a
	var create *vezne.Call
	for i := range f.Calls {
		if f.Calls[i].ID == a.CreateCall {
			create = &f.Calls[i]
		}
	}
	if create == nil {
		return vezne.E(vezne.CodeCorrupt, op, "The attempt's request is missing.")
	}
	s.create = *create
	form, err := url.ParseQuery(create.Form)
	if err != nil {
		return vezne.E(vezne.CodeCorrupt, op, "The attempt's request cannot be read.").Because(err)
	}
	s.fits = a.Kind == w.kind && w.fits(form)
	if !s.fits && !w.replace {
		return vezne.E(vezne.CodeAttemptOpen, op, "")
	}
	if create.State == vezne.CallLooking {
		return vezne.E(vezne.CodeAttemptUnsure, op, "")
	}
	if a.State == vezne.AttemptOpening {
		if !s.fits {
			// What certainly had no effect is withdrawn, and the attempt ends with it.
			gone, err := tx.WithdrawCall(ctx, create.ID)
			if err != nil {
				return err
			}
			if gone {
				create.State = vezne.CallRefused
				return nil
			}
		}
		s.send = create.ID
		return nil
	}
	s.read = objectOf(a)
	if s.fits {
		return nil
	}
	if _, held := heldBy(f, a); held {
		return vezne.E(vezne.CodeAttemptOpen, op, "Money is held for this order. Capture it, or cancel the order.")
	}
	return d.close(ctx, tx, f, a, by, s)
}

// close has an open attempt closed at Stripe. One that cannot be closed now is
// read instead: it may have ended.
func (d *Desk) close(ctx context.Context, tx *store.Tx, f *vezne.Facts, a vezne.Attempt, by vezne.Actor, s *step) error {
	planned, ok := apply.Close(*f, a)
	if !ok {
		return nil
	}
	for _, c := range f.Calls {
		if c.Key == planned.Key {
			if c.State == vezne.CallPending {
				s.send = c.ID
			}
			return nil
		}
	}
	c, err := d.write(ctx, tx, plan{root: orderRoot(f.Order.ID), purpose: planned.Purpose, path: planned.Path, form: planned.Form, attempt: a.ID, key: planned.Key, by: by})
	if err != nil {
		return err
	}
	f.Calls = append(f.Calls, c)
	s.send = c.ID
	return nil
}

// objectOf returns what is read to know how an attempt stands.
func objectOf(a vezne.Attempt) vezne.ReadMove {
	if a.SessionID != "" {
		return vezne.ReadMove{ID: a.SessionID, Type: vezne.TypeCheckoutSession}
	}
	return vezne.ReadMove{ID: a.PaymentIntentID, Type: vezne.TypePaymentIntent}
}

// take does a step: it sends or asks, and reports whether to decide again.
func (d *Desk) take(ctx context.Context, by vezne.Actor, s step, w way) (got opened, again bool, err error) {
	const op = "desk.open"
	got = opened{attempt: s.attempt}
	if got.form, err = url.ParseQuery(s.create.Form); err != nil {
		return got, false, vezne.E(vezne.CodeCorrupt, op, "The attempt's request cannot be read.").Because(err)
	}
	switch {
	case s.send != "" && s.send == s.create.ID:
		return d.opening(ctx, by, s, got)
	case s.send != "":
		return d.closing(ctx, s)
	case s.read.ID == "":
		return got, true, nil
	}
	got.body, err = d.Refresher.Fetch(ctx, s.read.ID, s.read.Type, vezne.Cause{Actor: by}, vezne.PriorityLandingPage)
	if err != nil {
		return got, false, err
	}
	// The answer may have ended the attempt.
	if got.attempt, err = d.Store.Attempt(ctx, s.attempt.ID); err != nil || !got.attempt.Open() {
		return got, true, err
	}
	if !s.fits {
		return got, false, vezne.E(vezne.CodeAttemptOpen, op, "The other attempt to pay this order cannot be closed now: its payment is being checked.")
	}
	return got, false, nil
}

// closing sends the request that closes an attempt, and lets the order be
// looked at again: it may be free, or paid.
func (d *Desk) closing(ctx context.Context, s step) (opened, bool, error) {
	_, err := d.Sender.Do(ctx, s.send)
	return opened{}, true, err
}

// opening sends the request that makes an attempt's object, or waits for whoever
// is sending it.
func (d *Desk) opening(ctx context.Context, by vezne.Actor, s step, got opened) (opened, bool, error) {
	const op = "desk.open"
	r, err := d.Sender.Do(ctx, s.send)
	if err != nil {
		if r.Call.State == vezne.CallLooking {
			err = vezne.E(vezne.CodeAttemptUnsure, op, "").Because(err)
		}
		return got, false, err
	}
	switch {
	case r.Call.State == vezne.CallAbandoned, !s.fits:
		return got, true, nil
	case r.Call.State == vezne.CallRefused && r.Call.Object == "":
		if gone, err := d.customerGone(ctx, by, r.Call, got.form); err != nil || gone {
			return got, gone, err
		}
		return got, false, refusal(op, r.Call)
	case r.Body == nil:
		// Somebody else heard the answer: look at what it made.
		return got, true, nil
	}
	got.body, got.made = r.Body, true
	got.attempt, err = d.Store.Attempt(ctx, s.attempt.ID)
	return got, false, err
}
