package apply

import "github.com/vezne/vezne"

// The states of a refund that Stripe's own do not cover.
const (
	// RefundPending: asked for here; Stripe has not answered.
	RefundPending = "pending"
	// refundRefused: Stripe would not make it.
	refundRefused = "refused"
)

// refunds brings each refund that was asked for here to Stripe's state of it.
func (d *draft) refunds() {
	for i, r := range d.Refunds {
		next := r
		for _, s := range d.StripeRefunds {
			if s.RefundID == r.ID || (r.StripeRefundID != "" && s.ID == r.StripeRefundID) {
				next.StripeRefundID, next.State = s.ID, s.Status
			}
		}
		if next.StripeRefundID == "" {
			for _, c := range d.Calls {
				if c.RefundID == r.ID && (c.State == vezne.CallRefused || c.State == vezne.CallAbandoned) {
					next.State = refundRefused
				}
			}
		}
		if next == r {
			continue
		}
		d.Refunds[i] = next
		d.moves.Refunds = append(d.moves.Refunds, next)
		if next.State != r.State {
			d.entry("refund."+next.State, next.StripeRefundID, map[string]any{"refund": string(r.ID), "state": r.State, "amount": r.Amount},
				map[string]any{"refund": string(r.ID), "state": next.State, "amount": r.Amount})
		}
	}
	if d.refundFailed() {
		d.raise(vezne.AttentionRefundFailed)
	}
}

// refundFailed reports whether the newest refund of a payment failed. One that
// gave back the money of another payment says nothing about it.
func (d *draft) refundFailed() bool {
	newest := map[vezne.ObjectID]vezne.Refund{}
	for _, r := range d.StripeRefunds {
		n, found := newest[r.PaymentIntent]
		if !found || r.Created.After(n.Created) || (r.Created.Equal(n.Created) && r.ID > n.ID) {
			newest[r.PaymentIntent] = r
		}
	}
	for _, r := range newest {
		if r.Status == "failed" {
			return true
		}
	}
	return false
}

// Refundable returns how much of what paid the order may still be given back,
// in the minor unit. What is on its way counts as given: refunds that Stripe
// has not answered, and those that the charge does not show yet.
func Refundable(f vezne.Facts) int64 {
	if f.Order.PaidAt == nil {
		return 0
	}
	paying := vezne.ObjectID("")
	for _, a := range f.Attempts {
		if a.ID == f.Order.PaidBy {
			paying = a.PaymentIntentID
		}
	}
	shown, known, asked := int64(0), int64(0), int64(0)
	for _, c := range f.Charges {
		if paying != "" && c.PaymentIntent == paying && c.Status == "succeeded" {
			shown = c.AmountRefunded
		}
	}
	for _, r := range f.StripeRefunds {
		if r.PaymentIntent == paying && r.Status != "failed" && r.Status != "canceled" {
			known += r.Amount
		}
	}
	for _, r := range f.Refunds {
		if r.StripeRefundID == "" && r.State == RefundPending {
			asked += r.Amount
		}
	}
	return max(0, f.Order.AmountPaid-max(shown, known)-asked)
}
