package apply

import (
	"net/url"
	"slices"

	"github.com/vezne/vezne"
)

// closing has what can still be paid closed at Stripe when the order needs it
// no more: it was paid by another attempt, or its cancellation was asked for. An
// attempt whose object is not known yet waits until it is. The objects of one
// that was given up are closed always: another one may have been opened in its
// place. What waits for another card is closed, too, when too many were tried:
// the buyer's page holds its client secret, and could go on without us.
func (d *draft) closing() {
	ended := d.Order.PaidAt != nil || d.Order.CancelRequestedAt != nil
	tested := d.LimitedBy != "" && !ended
	for i := range d.Sessions {
		s := &d.Sessions[i]
		a := d.owner(s.Attempt, func(a vezne.Attempt) bool { return a.SessionID == s.ID })
		own := a != nil && a.SessionID == s.ID && (s.PaymentIntent == "" || s.PaymentIntent == a.PaymentIntentID)
		if s.Status == "open" && (closes(a, ended, own) || tested && (s.PaymentIntent == "" || takesCards(d.intent(s.PaymentIntent)))) {
			d.call(CloseSession(d.Order.ID, s.Attempt, s.ID))
		}
	}
	for i := range d.PaymentIntents {
		p := &d.PaymentIntents[i]
		a := d.owner(p.Attempt, func(a vezne.Attempt) bool { return a.PaymentIntentID == p.ID })
		if (closes(a, ended, false) || tested && takesCards(p)) && closable(a, p) {
			d.call(CloseIntent(d.Order.ID, p.Attempt, p))
		}
	}
}

// takesCards reports whether an intent waits for a card: nothing is under way
// that could still pay. Of one that is not known nobody can say.
func takesCards(p *vezne.PaymentIntent) bool {
	return p != nil && p.Status == "requires_payment_method"
}

// Close returns the request that closes what an attempt made, and false when
// there is nothing that could be closed now.
func Close(f vezne.Facts, a vezne.Attempt) (vezne.PlannedCall, bool) {
	d := &draft{Facts: f}
	if s := d.session(a.SessionID); s != nil && s.Status == "open" {
		return CloseSession(f.Order.ID, a.ID, s.ID), true
	}
	if p := d.intent(a.PaymentIntentID); p != nil && closable(&a, p) {
		return CloseIntent(f.Order.ID, a.ID, p), true
	}
	return vezne.PlannedCall{}, false
}

// owner returns the attempt that has an object, or else the one that the
// object's metadata names: one that has another object by now. It is nil when
// there is none.
func (d *draft) owner(named vezne.AttemptID, has func(vezne.Attempt) bool) *vezne.Attempt {
	var found *vezne.Attempt
	for i := range d.Attempts {
		if has(d.Attempts[i]) {
			return &d.Attempts[i]
		}
		if d.Attempts[i].ID == named {
			found = &d.Attempts[i]
		}
	}
	return found
}

// closes reports whether an object of an attempt, nil for none, is to be
// closed. The own session of a paid attempt has ended by itself, whatever an
// older look at it says.
func closes(a *vezne.Attempt, ended, own bool) bool {
	switch {
	case a == nil:
		return ended
	case a.State == vezne.AttemptPaid:
		return ended && !own
	}
	return ended || a.State == vezne.AttemptUnpaid
}

// closable reports whether an intent can be closed by itself now. One of a
// session is closed with the session, its door, unless money is held.
func closable(a *vezne.Attempt, p *vezne.PaymentIntent) bool {
	switch p.Status {
	case "requires_capture":
		return true
	case "requires_payment_method", "requires_confirmation", "requires_action":
		return a == nil || a.Kind == vezne.AttemptPaymentIntent
	}
	return false
}

// CloseSession is the request that expires a Checkout Session.
// Source: docs.stripe.com/api/checkout/sessions/expire.
func CloseSession(order vezne.OrderID, a vezne.AttemptID, id vezne.ObjectID) vezne.PlannedCall {
	return vezne.PlannedCall{
		Key: string(order) + ":close:" + string(id), Purpose: vezne.CallExpireSession, Attempt: a,
		Path: "/v1/checkout/sessions/" + url.PathEscape(string(id)) + "/expire", Form: [][2]string{{"expand[]", "payment_intent"}},
	}
}

// CloseIntent is the request that cancels a PaymentIntent. Its key holds the
// status, so that an intent which could not be canceled once can be later.
// Source: docs.stripe.com/api/payment_intents/cancel.
func CloseIntent(order vezne.OrderID, a vezne.AttemptID, p *vezne.PaymentIntent) vezne.PlannedCall {
	return vezne.PlannedCall{
		Key: string(order) + ":close:" + string(p.ID) + ":" + p.Status, Purpose: vezne.CallCancelPaymentIntent, Attempt: a,
		Path: "/v1/payment_intents/" + url.PathEscape(string(p.ID)) + "/cancel", Form: [][2]string{{"expand[]", "latest_charge"}},
	}
}

// canceled writes CanceledAt once every attempt has been read terminal and
// unpaid, or took another amount than it asked for and gave all of it back.
func (d *draft) canceled() {
	if d.Order.CancelRequestedAt == nil || d.Order.CanceledAt != nil || d.Order.PaidAt != nil {
		return
	}
	for _, a := range d.Attempts {
		undone := a.State == vezne.AttemptPaid && slices.Contains(d.strange, a.PaymentIntentID) && d.returned(a.PaymentIntentID)
		if a.State != vezne.AttemptUnpaid && !undone {
			d.raise(vezne.AttentionCancelPending)
			return
		}
	}
	at := d.now
	d.Order.CanceledAt = &at
}
