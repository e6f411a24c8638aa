package apply_test

import (
	"slices"
	"testing"

	"github.com/vezne/vezne"
)

func TestALateObjectOfAnAttemptThatWasGivenUpIsClosed(t *testing.T) {
	t.Parallel()
	given := attempt("att_1", vezne.AttemptCheckout, vezne.AttemptUnpaid)
	next := attempt("att_2", vezne.AttemptPaymentIntent, vezne.AttemptActive)
	next.Number, next.PaymentIntentID = 2, "pi_2"
	for name, tt := range map[string]struct {
		late func(*vezne.Facts)
		want vezne.CallPurpose
	}{
		"a session": {func(f *vezne.Facts) {
			f.Sessions = append(f.Sessions, session("cs_1", "att_1", "open", "unpaid"))
		}, vezne.CallExpireSession},
		"an intent that waits for a card": {func(f *vezne.Facts) {
			f.Attempts[0].Kind = vezne.AttemptPaymentIntent
			f.PaymentIntents = append(f.PaymentIntents, intent("pi_1", "att_1", "requires_payment_method"))
		}, vezne.CallCancelPaymentIntent},
		"held money": {func(f *vezne.Facts) {
			f.Attempts[0].Kind = vezne.AttemptPaymentIntent
			f.PaymentIntents = append(f.PaymentIntents, intent("pi_1", "att_1", "requires_capture"))
		}, vezne.CallCancelPaymentIntent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := open()
			f.Attempts = []vezne.Attempt{given, next}
			f.PaymentIntents = []vezne.PaymentIntent{intent("pi_2", "att_2", "requires_payment_method")}
			tt.late(&f)
			m := settle(t, f)
			if got := purposes(m); !slices.Equal(got, []vezne.CallPurpose{tt.want}) || m.Calls[0].Attempt != "att_1" {
				t.Errorf("calls %+v, want one %s of the first attempt", m.Calls, tt.want)
			}
			if m.Order.PaidAt != nil || stateAfter(f, m, "att_2") != vezne.AttemptActive {
				t.Errorf("the open attempt was touched: %+v", m)
			}
		})
	}
}

func stateAfter(f vezne.Facts, m vezne.Moves, id vezne.AttemptID) vezne.AttemptState {
	for _, a := range append(slices.Clone(m.Attempts), f.Attempts...) {
		if a.ID == id {
			return a.State
		}
	}
	return ""
}

func TestADelayedPaymentThatFailedOpensTheOrderAgain(t *testing.T) {
	t.Parallel()
	f := open()
	a := attempt("att_1", vezne.AttemptCheckout, vezne.AttemptActive)
	a.SessionID, a.PaymentIntentID = "cs_1", "pi_1"
	f.Attempts = []vezne.Attempt{a}
	s := session("cs_1", "att_1", "complete", "unpaid")
	s.PaymentIntent = "pi_1"
	f.Sessions = []vezne.CheckoutSession{s}

	f.PaymentIntents = []vezne.PaymentIntent{intent("pi_1", "att_1", "processing")}
	m := settle(t, f)
	if m.Order.Status() != vezne.OrderProcessing {
		t.Fatalf("status %s while the bank checks", m.Order.Status())
	}

	f.Order = m.Order
	failed := intent("pi_1", "att_1", "requires_payment_method")
	failed.LastError = &vezne.StripeError{Type: "card_error", Code: "payment_intent_payment_attempt_failed"}
	f.PaymentIntents = []vezne.PaymentIntent{failed}
	m = settle(t, f)
	if m.Order.Status() != vezne.OrderOpen || stateOf(t, m, "att_1") != vezne.AttemptUnpaid {
		t.Errorf("status %s, attempts %+v; want open and unpaid", m.Order.Status(), m.Attempts)
	}
}

func TestAnOrderWhoseWrongPaymentWasReturnedIsCanceledAsWished(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		refunded int64
		canceled bool
	}{
		{"nothing returned", 0, false}, {"a part returned", 999, false}, {"all of it returned", 1000, true},
	} {
		f := open()
		at := now
		f.Order.CancelRequestedAt = &at
		f.Attempts = []vezne.Attempt{attempt("att_1", vezne.AttemptPaymentIntent, vezne.AttemptPaid)}
		f.Attempts[0].PaymentIntentID, f.Attempts[0].ClosedAt = "pi_1", &at
		p := intent("pi_1", "att_1", "succeeded")
		p.Amount, p.AmountReceived = 1000, 1000
		c := charge("pi_1")
		c.Amount, c.AmountCaptured, c.AmountRefunded = 1000, 1000, tc.refunded
		f.PaymentIntents, f.Charges = []vezne.PaymentIntent{p}, []vezne.Charge{c}
		m := settle(t, f)
		if canceled := m.Order.CanceledAt != nil; canceled != tc.canceled || m.Order.PaidAt != nil || m.Order.Has(vezne.AttentionCancelPending) == tc.canceled {
			t.Errorf("%s: canceled %v, paid %v, attention %v", tc.name, m.Order.CanceledAt, m.Order.PaidAt, m.Order.Attention)
		}
	}
}

func TestWhatCardsWereTestedOnIsClosedUnlessItMayStillPay(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		kind   vezne.AttemptKind
		intent string
		want   []vezne.CallPurpose
	}{
		{"an intent that waits for a card", vezne.AttemptPaymentIntent, "requires_payment_method", []vezne.CallPurpose{vezne.CallCancelPaymentIntent}},
		{"an intent at its bank", vezne.AttemptPaymentIntent, "requires_action", nil},
		{"an intent that is being checked", vezne.AttemptPaymentIntent, "processing", nil},
		{"held money", vezne.AttemptPaymentIntent, "requires_capture", nil},
		{"a session without an intent", vezne.AttemptCheckout, "", []vezne.CallPurpose{vezne.CallExpireSession}},
		{"a session whose intent waits for a card", vezne.AttemptCheckout, "requires_payment_method", []vezne.CallPurpose{vezne.CallExpireSession}},
		{"a session whose intent is at its bank", vezne.AttemptCheckout, "requires_action", nil},
		{"a session whose intent is not known", vezne.AttemptCheckout, "unknown", nil},
	} {
		f := open()
		f.LimitedBy = vezne.LimitedByOrder
		a := attempt("att_1", tc.kind, vezne.AttemptActive)
		if tc.intent != "" {
			a.PaymentIntentID = "pi_1"
		}
		if tc.kind == vezne.AttemptCheckout {
			a.SessionID = "cs_1"
			s := session("cs_1", "att_1", "open", "unpaid")
			s.PaymentIntent = a.PaymentIntentID
			f.Sessions = []vezne.CheckoutSession{s}
		}
		f.Attempts = []vezne.Attempt{a}
		if tc.intent != "" && tc.intent != "unknown" {
			f.PaymentIntents = []vezne.PaymentIntent{intent("pi_1", "att_1", tc.intent)}
		}
		m := settle(t, f)
		if got := purposes(m); !slices.Equal(got, tc.want) || !m.Order.Has(vezne.AttentionCardTesting) {
			t.Errorf("%s: calls %v, attention %v; want %v", tc.name, got, m.Order.Attention, tc.want)
		}
		f.Order, f.LimitedBy = m.Order, ""
		if m := settle(t, f); m.Order.Has(vezne.AttentionCardTesting) || len(m.Calls) != 0 {
			t.Errorf("%s: once the limit is not reached any more: %v, %v", tc.name, m.Order.Attention, purposes(m))
		}
	}
}
