package apply_test

import (
	"testing"

	"github.com/vezne/vezne"
)

// checkout is an order with a Checkout attempt whose session and intent are
// complete and right.
func checkout() vezne.Facts {
	f := open()
	a := attempt("att_1", vezne.AttemptCheckout, vezne.AttemptActive)
	a.SessionID = "cs_1"
	s := session("cs_1", "att_1", "complete", "paid")
	s.PaymentIntent = "pi_1"
	f.Attempts, f.Sessions = []vezne.Attempt{a}, []vezne.CheckoutSession{s}
	f.PaymentIntents, f.Charges = []vezne.PaymentIntent{intent("pi_1", "att_1", "succeeded")}, []vezne.Charge{charge("pi_1")}
	return f
}

// elements is an order with an attempt whose intent succeeded.
func elements() vezne.Facts {
	f := checkout()
	f.Attempts[0].Kind, f.Attempts[0].SessionID, f.Sessions = vezne.AttemptPaymentIntent, "", nil
	return f
}

func TestWhatProvesThatAnOrderIsPaid(t *testing.T) {
	t.Parallel()
	const paid, mismatch, unpaid, unproven = "paid", "mismatch", "unpaid", "read again"
	for _, tt := range []struct {
		name   string
		base   func() vezne.Facts
		change func(f *vezne.Facts)
		want   string
		amount int64
	}{
		{"an intent of the right amount", elements, func(*vezne.Facts) {}, paid, 1999},
		{"an intent that waits for a card", elements, func(f *vezne.Facts) { f.PaymentIntents[0] = intent("pi_1", "att_1", "requires_payment_method") }, unpaid, 0},
		{"an intent that is being checked", elements, func(f *vezne.Facts) { f.PaymentIntents[0] = intent("pi_1", "att_1", "processing") }, unpaid, 0},
		{"held money", elements, func(f *vezne.Facts) { f.PaymentIntents[0] = intent("pi_1", "att_1", "requires_capture") }, unpaid, 0},
		{"a smaller amount", elements, func(f *vezne.Facts) { f.PaymentIntents[0].Amount, f.PaymentIntents[0].AmountReceived = 1998, 1998 }, mismatch, 0},
		{"a larger amount", elements, func(f *vezne.Facts) { f.PaymentIntents[0].Amount, f.PaymentIntents[0].AmountReceived = 2000, 2000 }, mismatch, 0},
		{"a part of the amount that nobody asked to capture", elements, func(f *vezne.Facts) { f.PaymentIntents[0].AmountReceived = 1000 }, mismatch, 0},
		{"more than the amount", elements, func(f *vezne.Facts) { f.PaymentIntents[0].AmountReceived = 2999 }, mismatch, 0},
		{"nothing at all", elements, func(f *vezne.Facts) { f.PaymentIntents[0].Amount, f.PaymentIntents[0].AmountReceived = 0, 0 }, mismatch, 0},
		{"another currency", elements, func(f *vezne.Facts) { f.PaymentIntents[0].Currency = "try" }, mismatch, 0},
		{"another mode", elements, func(f *vezne.Facts) { f.PaymentIntents[0].Livemode = true }, mismatch, 0},
		{"the part that we asked to capture", elements, func(f *vezne.Facts) {
			f.Attempts[0].CapturedExpected, f.PaymentIntents[0].AmountReceived = 500, 500
			f.Calls = []vezne.Call{{Attempt: "att_1", Purpose: vezne.CallCapturePaymentIntent, State: vezne.CallDone}}
		}, paid, 500},
		{"another part than the one that we asked to capture", elements, func(f *vezne.Facts) {
			f.Attempts[0].CapturedExpected, f.PaymentIntents[0].AmountReceived = 500, 501
		}, mismatch, 0},
		{"the part of a capture that was given up, made after all", elements, func(f *vezne.Facts) {
			f.PaymentIntents[0].AmountReceived = 500
			f.Calls = []vezne.Call{{Attempt: "att_1", Purpose: vezne.CallCapturePaymentIntent, State: vezne.CallAbandoned, Form: "amount_to_capture=500&expand%5B%5D=latest_charge"}}
		}, paid, 500},
		{"the whole of a capture that was given up, made while a part was asked for", elements, func(f *vezne.Facts) {
			f.Attempts[0].CapturedExpected = 500
			f.Calls = []vezne.Call{
				{Attempt: "att_1", Purpose: vezne.CallCapturePaymentIntent, State: vezne.CallAbandoned, Form: "expand%5B%5D=latest_charge"},
				{Attempt: "att_1", Purpose: vezne.CallCapturePaymentIntent, State: vezne.CallRefused, Form: "amount_to_capture=500&expand%5B%5D=latest_charge"},
			}
		}, paid, 1999},
		{"another part than that of a capture that was given up", elements, func(f *vezne.Facts) {
			f.PaymentIntents[0].AmountReceived = 501
			f.Calls = []vezne.Call{{Attempt: "att_1", Purpose: vezne.CallCapturePaymentIntent, State: vezne.CallAbandoned, Form: "amount_to_capture=500&expand%5B%5D=latest_charge"}}
		}, mismatch, 0},
		{"the part of a capture that Stripe refused", elements, func(f *vezne.Facts) {
			f.PaymentIntents[0].AmountReceived = 500
			f.Calls = []vezne.Call{{Attempt: "att_1", Purpose: vezne.CallCapturePaymentIntent, State: vezne.CallRefused, Form: "amount_to_capture=500&expand%5B%5D=latest_charge"}}
		}, mismatch, 0},
		{"the part of another attempt's capture that was given up", elements, func(f *vezne.Facts) {
			f.PaymentIntents[0].AmountReceived = 500
			f.Calls = []vezne.Call{{Attempt: "att_2", Purpose: vezne.CallCapturePaymentIntent, State: vezne.CallAbandoned, Form: "amount_to_capture=500&expand%5B%5D=latest_charge"}}
		}, mismatch, 0},
		{"a capture that was given up and whose form is gone", elements, func(f *vezne.Facts) {
			f.PaymentIntents[0].AmountReceived = 500
			f.Calls = []vezne.Call{{Attempt: "att_1", Purpose: vezne.CallCapturePaymentIntent, State: vezne.CallAbandoned}}
		}, mismatch, 0},
		{"the whole although we asked for a part", elements, func(f *vezne.Facts) { f.Attempts[0].CapturedExpected = 500 }, mismatch, 0},

		{"a session of the right amount", checkout, func(*vezne.Facts) {}, paid, 1999},
		{"the intent of a session that has not been read", checkout, func(f *vezne.Facts) { f.Sessions = nil }, paid, 1999},
		{"a session with a discount", checkout, func(f *vezne.Facts) {
			f.Sessions[0].AmountDiscount, f.Sessions[0].AmountTotal = 999, 1000
			f.PaymentIntents[0].Amount, f.PaymentIntents[0].AmountReceived = 1000, 1000
		}, paid, 1000},
		{"a session with tax and shipping", checkout, func(f *vezne.Facts) {
			f.Sessions[0].AmountTax, f.Sessions[0].AmountShipping, f.Sessions[0].AmountTotal = 400, 500, 2899
			f.PaymentIntents[0].Amount, f.PaymentIntents[0].AmountReceived = 2899, 2899
		}, paid, 2899},
		{"a breakdown that does not add up", checkout, func(f *vezne.Facts) {
			f.Sessions[0].AmountDiscount, f.Sessions[0].AmountTotal = 998, 1000
			f.PaymentIntents[0].Amount, f.PaymentIntents[0].AmountReceived = 1000, 1000
		}, mismatch, 0},
		{"a session that sold something else", checkout, func(f *vezne.Facts) {
			f.Sessions[0].AmountSubtotal, f.Sessions[0].AmountTotal = 1000, 1000
			f.PaymentIntents[0].Amount, f.PaymentIntents[0].AmountReceived = 1000, 1000
		}, mismatch, 0},
		{"an intent of another amount than its session", checkout, func(f *vezne.Facts) {
			f.Sessions[0].AmountDiscount, f.Sessions[0].AmountTotal = 999, 1000
		}, mismatch, 0},
		{"an explained amount whose session is still open in what we know", checkout, func(f *vezne.Facts) {
			f.Sessions[0].Status, f.Sessions[0].PaymentStatus = "open", "unpaid"
			f.Sessions[0].AmountDiscount, f.Sessions[0].AmountTotal = 999, 1000
			f.PaymentIntents[0].Amount, f.PaymentIntents[0].AmountReceived = 1000, 1000
		}, unproven, 0},
		{"an explained amount whose session has not been read", checkout, func(f *vezne.Facts) {
			f.Sessions, f.Attempts[0].PaymentIntentID = nil, "pi_1"
			f.PaymentIntents[0].Amount, f.PaymentIntents[0].AmountReceived = 1000, 1000
		}, unproven, 0},
		{"a session that required no payment", checkout, func(f *vezne.Facts) {
			f.PaymentIntents, f.Charges = nil, nil
			f.Sessions[0].PaymentIntent, f.Sessions[0].PaymentStatus, f.Sessions[0].AmountDiscount, f.Sessions[0].AmountTotal = "", "no_payment_required", 1999, 0
		}, paid, 0},
		{"a session that required no payment and has a total", checkout, func(f *vezne.Facts) {
			f.PaymentIntents, f.Charges = nil, nil
			f.Sessions[0].PaymentIntent, f.Sessions[0].PaymentStatus = "", "no_payment_required"
		}, mismatch, 0},
		{"a session that is complete while the money is on its way", checkout, func(f *vezne.Facts) {
			f.PaymentIntents, f.Charges = nil, nil
			f.Sessions[0].PaymentStatus = "unpaid"
		}, unpaid, 0},
		{"a session that says paid, without its intent", checkout, func(f *vezne.Facts) { f.PaymentIntents, f.Charges = nil, nil }, unpaid, 0},
	} {
		f := tt.base()
		tt.change(&f)
		m := settle(t, f)
		got := unpaid
		switch {
		case m.Order.PaidAt != nil:
			got = paid
		case m.Order.Has(vezne.AttentionMismatch):
			got = mismatch
		case len(m.Read) > 0:
			got = unproven
		}
		if got != tt.want || m.Order.AmountPaid != tt.amount {
			t.Errorf("%s: %s, %d collected; want %s, %d", tt.name, got, m.Order.AmountPaid, tt.want, tt.amount)
		}
	}
}

func TestWhatPaidAnAttemptStaysItsIntent(t *testing.T) {
	t.Parallel()
	f := open()
	a := attempt("att_1", vezne.AttemptCheckout, vezne.AttemptActive)
	f.Attempts = []vezne.Attempt{a}
	// An intent of the attempt pays; then the session shows another one.
	f.PaymentIntents, f.Charges = []vezne.PaymentIntent{intent("pi_1", "att_1", "succeeded")}, []vezne.Charge{charge("pi_1")}
	m := settle(t, f)
	f.Order, f.Attempts = m.Order, m.Attempts
	s := session("cs_1", "att_1", "open", "unpaid")
	s.PaymentIntent = "pi_2"
	f.Sessions = []vezne.CheckoutSession{s}
	m = settle(t, f)
	if m.Order.Has(vezne.AttentionSurplus) || len(m.Attempts) != 0 && m.Attempts[0].PaymentIntentID != "pi_1" {
		t.Errorf("attention %v, attempts %+v: the payment is taken for a surplus and given back", m.Order.Attention, m.Attempts)
	}
	if got := purposes(m); len(got) != 1 || got[0] != vezne.CallExpireSession {
		t.Errorf("calls %v, want the other door closed", got)
	}
}
