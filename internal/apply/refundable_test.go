package apply_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/apply"
)

func TestNoRowOfRefundsTakesMoreThanWasPaid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := elements()
		m := apply.Order(f, vezne.Cause{}, vezne.Policy{}, now)
		f.Order, f.Attempts = m.Order, m.Attempts
		given := int64(0) // what Stripe gave back, or is on its way to
		for i := range rapid.IntRange(1, 8).Draw(t, "refunds") {
			left := apply.Refundable(f)
			if left < 0 || left+given > f.Order.AmountPaid {
				t.Fatalf("%d may be given back, %d is on its way, %d was paid", left, given, f.Order.AmountPaid)
			}
			if left == 0 {
				break
			}
			amount := rapid.Int64Range(1, left).Draw(t, "amount")
			given += amount
			r := vezne.RefundRequest{ID: vezne.RefundID(fmt.Sprint("rfd_", i)), OrderID: "ord_1", Amount: amount, State: apply.RefundPending}
			s := vezne.Refund{ID: vezne.ObjectID(fmt.Sprint("re_", i)), PaymentIntent: "pi_1", Charge: "ch_pi_1", Amount: amount, RefundID: r.ID, Created: now}
			switch rapid.IntRange(0, 4).Draw(t, "how") {
			case 0: // Stripe has not answered
			case 1: // accepted; the charge does not show it yet
				s.Status = "pending"
				f.StripeRefunds = append(f.StripeRefunds, s)
			case 2: // through, and the charge shows it
				s.Status = "succeeded"
				f.StripeRefunds = append(f.StripeRefunds, s)
				f.Charges[0].AmountRefunded += amount
			case 3: // failed: the money is with us again
				s.Status = "failed"
				f.StripeRefunds = append(f.StripeRefunds, s)
				given -= amount
			case 4: // from Stripe's dashboard, without a request of ours
				f.Charges[0].AmountRefunded += amount
				s.RefundID, s.Status = "", "succeeded"
				f.StripeRefunds = append(f.StripeRefunds, s)
				r.ID = ""
			}
			if r.ID != "" {
				f.Refunds = append(f.Refunds, r)
			}
			m := apply.Order(f, vezne.Cause{}, vezne.Policy{}, now)
			f = after(f, m)
		}
	})
}
