package apply

import (
	"net/url"
	"strconv"

	"github.com/vezne/vezne"
)

// attempts brings each attempt to the state that its objects show. An attempt
// that was closed unpaid is still watched: an object of it that appears later
// is linked, and closed or its money returned.
func (d *draft) attempts() {
	for _, a := range d.Attempts {
		next := a
		d.link(&next)
		d.advance(&next)
		d.captured(&next)
		if next == a {
			continue
		}
		if next.State != a.State {
			d.entry("attempt."+string(next.State), firstID(next.PaymentIntentID, next.SessionID),
				map[string]any{"attempt": string(a.ID), "state": string(a.State)}, map[string]any{"attempt": string(a.ID), "state": string(next.State)})
		}
		d.saveAttempt(next)
	}
}

func firstID(list ...vezne.ObjectID) vezne.ObjectID {
	for _, id := range list {
		if id != "" {
			return id
		}
	}
	return ""
}

// link finds the objects of an attempt by the id that travels in their
// metadata. What paid an attempt stays its intent, whatever else turns up: that
// is a surplus.
func (d *draft) link(a *vezne.Attempt) {
	for _, s := range d.Sessions {
		if s.Attempt == a.ID && a.SessionID == "" {
			a.SessionID = s.ID
		}
	}
	if a.State == vezne.AttemptPaid {
		return
	}
	if s := d.session(a.SessionID); s != nil && s.PaymentIntent != "" {
		a.PaymentIntentID = s.PaymentIntent
	}
	for _, p := range d.PaymentIntents {
		if p.Attempt == a.ID && a.PaymentIntentID == "" {
			a.PaymentIntentID = p.ID
		}
	}
}

func (d *draft) advance(a *vezne.Attempt) {
	if a.State == vezne.AttemptPaid {
		return
	}
	s, p := d.session(a.SessionID), d.intent(a.PaymentIntentID)
	switch {
	case p != nil && p.Status == "succeeded", s != nil && s.Status == "complete" && s.PaymentStatus == "no_payment_required":
		a.State = vezne.AttemptPaid
	case a.State == vezne.AttemptUnpaid:
		return
	case p != nil && p.Status == "canceled" && (s == nil || s.Terminal() || s.Status == "complete"):
		a.State = vezne.AttemptUnpaid
	case s != nil && s.Status == "expired" && (p == nil || p.Status == "canceled" || !mayStillPay(p)):
		a.State = vezne.AttemptUnpaid
	case s != nil && s.Status == "complete" && s.PaymentStatus == "unpaid" && p != nil && p.Status == "requires_payment_method" && p.LastError != nil:
		// A delayed payment failed, and the session that was its door is closed.
		a.State = vezne.AttemptUnpaid
	case s != nil || p != nil:
		a.State = vezne.AttemptActive
	case d.createEnded(a):
		a.State = vezne.AttemptUnpaid
	}
	if !a.Open() && a.ClosedAt == nil {
		at := d.now
		a.ClosedAt = &at
	}
}

// mayStillPay reports whether an intent of an expired session can still bring
// money: one that waits for the buyer cannot, since the session was its door.
func mayStillPay(p *vezne.PaymentIntent) bool {
	return p.Status == "processing" || p.Status == "requires_capture"
}

// captured keeps what a partial capture asked for in step with what Stripe made
// of it: it is forgotten if Stripe did not make it, and known again if Stripe
// made it after all, long after it had answered that it failed.
func (d *draft) captured(a *vezne.Attempt) {
	if p := d.intent(a.PaymentIntentID); p != nil && p.Status == "succeeded" && p.AmountReceived != asked(*a, p) {
		for _, c := range d.Calls {
			if part, ok := givenUp(c, a.ID); ok && (part == p.AmountReceived || part == 0 && p.Amount == p.AmountReceived) {
				a.CapturedExpected = part
				return
			}
		}
	}
	if a.CapturedExpected == 0 || a.State == vezne.AttemptPaid {
		return
	}
	for _, c := range d.Calls {
		if c.Purpose == vezne.CallCapturePaymentIntent && c.Attempt == a.ID && c.State != vezne.CallRefused && c.State != vezne.CallAbandoned {
			return
		}
	}
	a.CapturedExpected = 0
}

// asked is what an attempt's captures, if any, leave to be received of its
// intent.
func asked(a vezne.Attempt, p *vezne.PaymentIntent) int64 {
	if a.CapturedExpected > 0 {
		return a.CapturedExpected
	}
	return p.Amount
}

// givenUp returns the part that a capture of an attempt asked for which was
// looked up and seemed to have had no effect, 0 for the whole. What it asked
// for cannot be told once its form was erased.
func givenUp(c vezne.Call, attempt vezne.AttemptID) (int64, bool) {
	if c.Purpose != vezne.CallCapturePaymentIntent || c.Attempt != attempt || c.State != vezne.CallAbandoned || c.Form == "" {
		return 0, false
	}
	form, err := url.ParseQuery(c.Form)
	if err != nil {
		return 0, false
	}
	if !form.Has("amount_to_capture") {
		return 0, true
	}
	part, err := strconv.ParseInt(form.Get("amount_to_capture"), 10, 64)
	return part, err == nil
}

// createEnded reports whether the request that makes the object ended without
// making it.
func (d *draft) createEnded(a *vezne.Attempt) bool {
	for _, c := range d.Calls {
		if c.ID == a.CreateCall {
			return c.State == vezne.CallRefused || c.State == vezne.CallAbandoned
		}
	}
	return false
}
