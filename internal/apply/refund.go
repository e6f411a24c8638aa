package apply

import "github.com/vezne/vezne"

// refundRefused is the state of a refund that Stripe would not make.
const refundRefused = "refused"

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

// refundFailed reports whether the newest refund failed.
func (d *draft) refundFailed() bool {
	var newest *vezne.Refund
	for i := range d.StripeRefunds {
		r := &d.StripeRefunds[i]
		if newest == nil || r.Created.After(newest.Created) || (r.Created.Equal(newest.Created) && r.ID > newest.ID) {
			newest = r
		}
	}
	return newest != nil && newest.Status == "failed"
}
