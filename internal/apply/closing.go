package apply

import (
	"net/url"

	"github.com/vezne/vezne"
)

// closing has open attempts closed at Stripe when the order needs them no
// more: it was paid by another one, or its cancellation was asked for. An
// attempt whose object is not known yet waits until it is. One that was given
// up and whose object appears after all is closed always: another one may have
// been opened in its place.
func (d *draft) closing() {
	ended := d.Order.PaidAt != nil || d.Order.CancelRequestedAt != nil
	for _, a := range d.Attempts {
		if a.State == vezne.AttemptPaid || (a.Open() && !ended) {
			continue
		}
		if c, ok := d.closeCall(a); ok {
			d.call(c)
		}
	}
}

// Close returns the request that closes what an attempt made, and false when
// there is nothing that could be closed now.
func Close(f vezne.Facts, a vezne.Attempt) (vezne.PlannedCall, bool) {
	return (&draft{Facts: f}).closeCall(a)
}

// closeCall returns the request that closes an attempt's object, and false when
// there is nothing that could be closed now.
func (d *draft) closeCall(a vezne.Attempt) (vezne.PlannedCall, bool) {
	s, p := d.session(a.SessionID), d.intent(a.PaymentIntentID)
	if s != nil && s.Status == "open" {
		return CloseSession(d.Order.ID, a.ID, s.ID), true
	}
	if p == nil {
		return vezne.PlannedCall{}, false
	}
	switch p.Status {
	case "requires_capture":
		return CloseIntent(d.Order.ID, a.ID, p), true
	case "requires_payment_method", "requires_confirmation", "requires_action":
		// An intent of a session is closed with the session.
		return CloseIntent(d.Order.ID, a.ID, p), a.Kind == vezne.AttemptPaymentIntent
	}
	return vezne.PlannedCall{}, false
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
// unpaid.
func (d *draft) canceled() {
	if d.Order.CancelRequestedAt == nil || d.Order.CanceledAt != nil || d.Order.PaidAt != nil {
		return
	}
	for _, a := range d.Attempts {
		if a.State != vezne.AttemptUnpaid {
			d.raise(vezne.AttentionCancelPending)
			return
		}
	}
	at := d.now
	d.Order.CanceledAt = &at
}
