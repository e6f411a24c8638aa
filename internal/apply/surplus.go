package apply

import "github.com/vezne/vezne"

// surplus notices money that came in for an order that was paid otherwise or
// is canceled, flags it, and by default has it refunded. The flag goes when the
// money is back.
func (d *draft) surplus() {
	if d.Order.PaidAt == nil && d.Order.CanceledAt == nil {
		return
	}
	paying := d.payingIntent()
	for _, p := range d.PaymentIntents {
		if p.Status != "succeeded" || p.ID == paying || d.returned(p.ID) {
			continue
		}
		d.raise(vezne.AttentionSurplus)
		if d.charge(p.ID) == nil {
			d.read(vezne.TypePaymentIntent, p.ID)
		}
		if d.policy.KeepSurplus {
			continue
		}
		d.call(vezne.PlannedCall{
			Key: string(d.Order.ID) + ":surplus:" + string(p.ID), Purpose: vezne.CallRefundSurplus, Attempt: p.Attempt, Path: "/v1/refunds",
			Form: [][2]string{
				{"payment_intent", string(p.ID)},
				{"metadata[" + vezne.MetadataOrder + "]", string(d.Order.ID)},
				{"expand[]", "charge"},
			},
		})
	}
}

// returned reports whether all money of an intent has been given back.
func (d *draft) returned(intent vezne.ObjectID) bool {
	c := d.charge(intent)
	return c != nil && c.AmountRefunded >= max(c.AmountCaptured, 1)
}
