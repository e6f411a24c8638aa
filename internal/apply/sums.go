package apply

import "github.com/vezne/vezne"

// sums follow what Stripe says now; they may go back.
func (d *draft) sums() {
	o := &d.Order
	o.AmountAuthorized, o.AmountRefunded, o.AmountDisputed, o.Processing = 0, 0, 0, false
	paying := d.payingIntent()
	for _, a := range d.Attempts {
		s, p := d.session(a.SessionID), d.intent(a.PaymentIntentID)
		if p != nil && p.Status == "requires_capture" {
			o.AmountAuthorized += p.AmountCapturable
		}
		if o.PaidAt != nil || !a.Open() {
			continue
		}
		waits := s != nil && s.Status == "complete" && s.PaymentStatus == "unpaid" && (p == nil || p.Status == "processing")
		if waits || (p != nil && p.Status == "processing") {
			o.Processing = true
		}
	}
	if c := d.charge(paying); c != nil {
		o.AmountRefunded = c.AmountRefunded
	} else if p := d.intent(paying); p != nil && p.Status == "succeeded" {
		d.read(vezne.TypePaymentIntent, p.ID)
	}
	for _, dispute := range d.Disputes {
		if paying != "" && d.disputedIntent(dispute) == paying && dispute.Withdrawn() {
			o.AmountDisputed += dispute.Amount
		}
	}
}

// payingIntent is the intent whose payment made the order Paid, empty if none
// did or Checkout required no payment.
func (d *draft) payingIntent() vezne.ObjectID {
	for _, a := range d.Attempts {
		if d.Order.PaidAt != nil && a.ID == d.Order.PaidBy {
			return a.PaymentIntentID
		}
	}
	return ""
}

// disputedIntent finds the intent of a dispute, by its charge if need be.
func (d *draft) disputedIntent(dispute vezne.Dispute) vezne.ObjectID {
	if dispute.PaymentIntent != "" {
		return dispute.PaymentIntent
	}
	for _, c := range d.Charges {
		if c.ID == dispute.Charge {
			return c.PaymentIntent
		}
	}
	return ""
}
