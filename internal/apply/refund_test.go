package apply_test

import (
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/apply"
)

func TestWhatIsLeftToRefundCountsWhatIsOnItsWay(t *testing.T) {
	t.Parallel()
	paid := func() vezne.Facts {
		f := open()
		a := attempt("att_1", vezne.AttemptPaymentIntent, vezne.AttemptPaid)
		a.PaymentIntentID = "pi_1"
		f.Attempts = []vezne.Attempt{a}
		f.PaymentIntents = []vezne.PaymentIntent{intent("pi_1", "att_1", "succeeded")}
		f.Charges = []vezne.Charge{charge("pi_1")}
		at := now
		f.Order.PaidAt, f.Order.PaidBy, f.Order.AmountPaid = &at, "att_1", 1999
		return f
	}
	request := func(id vezne.RefundID, amount int64, state string, stripe vezne.ObjectID) vezne.RefundRequest {
		return vezne.RefundRequest{ID: id, OrderID: "ord_1", Amount: amount, State: state, StripeRefundID: stripe}
	}
	refund := func(id vezne.ObjectID, amount int64, status string) vezne.Refund {
		return vezne.Refund{ID: id, PaymentIntent: "pi_1", Charge: "ch_pi_1", Amount: amount, Status: status, Currency: "usd"}
	}
	for _, tt := range []struct {
		name   string
		change func(*vezne.Facts)
		want   int64
	}{
		{"nothing yet", func(*vezne.Facts) {}, 1999},
		{"not paid", func(f *vezne.Facts) { f.Order.PaidAt = nil }, 0},
		{"one that Stripe has not answered", func(f *vezne.Facts) {
			f.Refunds = []vezne.RefundRequest{request("rfd_1", 500, "pending", "")}
		}, 1499},
		{"one that Stripe refused", func(f *vezne.Facts) {
			f.Refunds = []vezne.RefundRequest{request("rfd_1", 500, "refused", "")}
		}, 1999},
		{"one that the charge shows", func(f *vezne.Facts) {
			f.Refunds = []vezne.RefundRequest{request("rfd_1", 500, "succeeded", "re_1")}
			f.StripeRefunds = []vezne.Refund{refund("re_1", 500, "succeeded")}
			f.Charges[0].AmountRefunded = 500
		}, 1499},
		{"one that the charge does not show yet", func(f *vezne.Facts) {
			f.Refunds = []vezne.RefundRequest{request("rfd_1", 500, "pending", "re_1")}
			f.StripeRefunds = []vezne.Refund{refund("re_1", 500, "pending")}
		}, 1499},
		{"one that failed", func(f *vezne.Facts) {
			f.Refunds = []vezne.RefundRequest{request("rfd_1", 500, "failed", "re_1")}
			f.StripeRefunds = []vezne.Refund{refund("re_1", 500, "failed")}
		}, 1999},
		{"one from Stripe's dashboard", func(f *vezne.Facts) { f.Charges[0].AmountRefunded = 1999 }, 0},
		{"a surplus that went back", func(f *vezne.Facts) {
			f.StripeRefunds = []vezne.Refund{{ID: "re_9", PaymentIntent: "pi_9", Amount: 1999, Status: "succeeded"}}
		}, 1999},
	} {
		f := paid()
		tt.change(&f)
		if got := apply.Refundable(f); got != tt.want {
			t.Errorf("%s: %d is left, want %d", tt.name, got, tt.want)
		}
	}
}
