package apply

import "github.com/vezne/vezne"

// judgement says whether what an attempt collected is what it asked for.
type judgement int

const (
	// unpaid: it collected nothing.
	unpaid judgement = iota
	// unproven: it collected something, and more must be read to judge.
	unproven
	// mismatch: it collected something else than it asked for.
	mismatch
	// proven: it collected what it asked for.
	proven
)

// paid writes PaidAt when an attempt proves it: an intent that succeeded, or a
// session that required no payment, with the amount, currency and mode that
// this attempt asked for. It is possible once.
func (d *draft) paid() {
	judged := map[vezne.ObjectID]bool{}
	for _, a := range d.Attempts {
		verdict, move := d.judge(a)
		judged[a.PaymentIntentID] = true
		switch verdict {
		case unproven:
			d.read(vezne.TypeCheckoutSession, a.SessionID)
			d.read(vezne.TypePaymentIntent, a.PaymentIntentID)
		case mismatch:
			d.strange = append(d.strange, a.PaymentIntentID)
		case proven:
			if d.Order.PaidAt != nil || d.Order.CanceledAt != nil {
				continue
			}
			at := d.now
			d.Order.PaidAt, d.Order.PaidBy, d.Order.AmountPaid = &at, a.ID, move.AmountPaid
			d.moves.Paid = &move
		}
	}
	for _, p := range d.PaymentIntents {
		if p.Status == "succeeded" && !judged[p.ID] {
			d.strange = append(d.strange, p.ID)
		}
	}
}

// mismatched raises the alarm for money that no attempt asked for, unless it is
// money for a paid or canceled order, which is a surplus and returned as such.
func (d *draft) mismatched() {
	if d.Order.PaidAt != nil || d.Order.CanceledAt != nil {
		return
	}
	for _, id := range d.strange {
		if !d.returned(id) {
			d.raise(vezne.AttentionMismatch)
		}
	}
}

func (d *draft) judge(a vezne.Attempt) (judgement, vezne.PaidMove) {
	move := vezne.PaidMove{Attempt: a, PaymentIntent: a.PaymentIntentID, Charge: d.charge(a.PaymentIntentID)}
	s, p := d.session(a.SessionID), d.intent(a.PaymentIntentID)
	if p == nil {
		if s == nil || s.Status != "complete" || s.PaymentStatus != "no_payment_required" {
			return unpaid, move
		}
		if !d.explained(a, s) || s.AmountTotal != 0 {
			return mismatch, move
		}
		move.AmountDiscount, move.AmountShipping, move.AmountTax = s.AmountDiscount, s.AmountShipping, s.AmountTax
		return proven, move
	}
	if p.Status != "succeeded" {
		return unpaid, move
	}
	move.AmountPaid = p.AmountReceived
	if p.Currency != a.Currency || p.Livemode != d.Scope.Livemode || p.Amount <= 0 {
		return mismatch, move
	}
	if p.AmountReceived != asked(a, p) {
		return mismatch, move
	}
	if p.Amount == a.Expected && (s == nil || s.AmountTotal == a.Expected) {
		return proven, move
	}
	// Another amount is right only if Checkout's own breakdown explains it.
	switch {
	case a.Kind != vezne.AttemptCheckout:
		return mismatch, move
	case s == nil || s.Status != "complete":
		return unproven, move
	case !d.explained(a, s) || s.PaymentIntent != p.ID || s.AmountTotal != p.Amount:
		return mismatch, move
	}
	move.AmountDiscount, move.AmountShipping, move.AmountTax = s.AmountDiscount, s.AmountShipping, s.AmountTax
	return proven, move
}

// explained reports whether a session sells what the attempt asked for and its
// breakdown leads from there to its total.
func (d *draft) explained(a vezne.Attempt, s *vezne.CheckoutSession) bool {
	return s.Currency == a.Currency && s.Livemode == d.Scope.Livemode && s.AmountSubtotal == a.Expected &&
		s.AmountTotal == s.AmountSubtotal-s.AmountDiscount+s.AmountShipping+s.AmountTax
}
