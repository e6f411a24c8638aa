package apply_test

import (
	"testing"

	"github.com/vezne/vezne"
)

func TestMoneyThatNoAttemptAskedForIsNeverSilence(t *testing.T) {
	t.Parallel()
	f := open()
	stray := intent("pi_9", "att_elsewhere", "succeeded")
	f.PaymentIntents = []vezne.PaymentIntent{stray}
	m := settle(t, f)
	if m.Order.PaidAt != nil || !m.Order.Has(vezne.AttentionMismatch) {
		t.Errorf("paid %v, attention %v; want a mismatch", m.Order.PaidAt, m.Order.Attention)
	}
}

func TestAMismatchBesideAProofIsASurplusAtOnce(t *testing.T) {
	t.Parallel()
	f := open()
	wrong, right := attempt("att_1", vezne.AttemptPaymentIntent, vezne.AttemptActive), attempt("att_2", vezne.AttemptPaymentIntent, vezne.AttemptActive)
	right.Number = 2
	f.Attempts = []vezne.Attempt{wrong, right}
	p := intent("pi_1", "att_1", "succeeded")
	p.AmountReceived = 1000
	f.PaymentIntents = []vezne.PaymentIntent{p, intent("pi_2", "att_2", "succeeded")}
	f.Charges = []vezne.Charge{charge("pi_1"), charge("pi_2")}
	m := settle(t, f)
	if m.Order.PaidBy != "att_2" || m.Order.Has(vezne.AttentionMismatch) || !m.Order.Has(vezne.AttentionSurplus) {
		t.Errorf("paid by %q, attention %v; want att_2 and a surplus", m.Order.PaidBy, m.Order.Attention)
	}
}

func TestAPartialCaptureThatWasRefusedIsForgotten(t *testing.T) {
	t.Parallel()
	for state, want := range map[vezne.CallState]int64{vezne.CallPending: 500, vezne.CallLooking: 500, vezne.CallDone: 500, vezne.CallRefused: 0, vezne.CallAbandoned: 0} {
		f := open()
		a := attempt("att_1", vezne.AttemptPaymentIntent, vezne.AttemptActive)
		a.PaymentIntentID, a.ManualCapture, a.CapturedExpected = "pi_1", true, 500
		f.Attempts = []vezne.Attempt{a}
		p := intent("pi_1", "att_1", "requires_capture")
		p.AmountCapturable = 1999
		f.PaymentIntents = []vezne.PaymentIntent{p}
		f.Calls = []vezne.Call{{ID: "call_c", Attempt: "att_1", Purpose: vezne.CallCapturePaymentIntent, State: state}}
		m := settle(t, f)
		got := a.CapturedExpected
		for _, changed := range m.Attempts {
			got = changed.CapturedExpected
		}
		if got != want {
			t.Errorf("after a call that is %s, %d is expected; want %d", state, got, want)
		}
	}
}
