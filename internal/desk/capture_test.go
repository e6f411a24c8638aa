package desk_test

import (
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/sandbox"
)

// hold holds the money of a new order.
func (s *shop) hold() vezne.OrderID {
	s.Helper()
	id := s.order()
	i := s.intent(id, desk.PaymentIntentParams{PaymentMethod: "pm_card_visa", Confirm: true, CaptureMethod: "manual"})
	if i.Status != "requires_capture" {
		s.Fatalf("the intent is %s", i.Status)
	}
	if v := s.is(id, vezne.OrderAuthorized); v.AmountAuthorized != 1999 {
		s.Fatalf("%d are held", v.AmountAuthorized)
	}
	return id
}

func TestHeldMoneyIsCapturedWholeOrInPart(t *testing.T) {
	each(t, func(s *shop) {
		for _, tt := range []struct {
			amount *int64
			paid   int64
		}{{nil, 1999}, {amount(1999), 1999}, {amount(500), 500}} {
			id := s.hold()
			v, err := s.desk.Capture(s.ctx, by, id, tt.amount)
			s.must(err)
			if v.Status() != vezne.OrderPaid || v.AmountPaid != tt.paid || v.AmountAuthorized != 0 {
				s.Errorf("order %+v", v)
			}
			_, err = s.desk.Capture(s.ctx, by, id, nil)
			s.wants(vezne.CodeOrderPaid, err)
			s.quiet()
			if v := s.is(id, vezne.OrderPaid); v.AmountRefunded != 0 || len(v.Attention) != 0 {
				s.Errorf("refunded %d, attention %v", v.AmountRefunded, v.Attention)
			}
		}
	})
}

func TestHeldMoneyIsNotLetGoByAnotherTab(t *testing.T) {
	each(t, func(s *shop) {
		id := s.hold()
		_, err := s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{Replace: true})
		s.wants(vezne.CodeAttemptOpen, err)
		_, err = s.desk.StartPaymentIntent(s.ctx, by, id, desk.PaymentIntentParams{CaptureMethod: "automatic", Replace: true})
		s.wants(vezne.CodeAttemptOpen, err)
		if i := s.intent(id, confirm("pm_card_visa")); i.Status != "requires_capture" {
			s.Errorf("the intent is %s", i.Status)
		}
		s.is(id, vezne.OrderAuthorized)
	})
}

func TestTooMuchIsNotCaptured(t *testing.T) {
	each(t, func(s *shop) {
		id := s.hold()
		_, err := s.desk.Capture(s.ctx, by, id, amount(2000))
		s.wants(vezne.CodeCaptureTooLarge, err)
		_, err = s.desk.Capture(s.ctx, by, id, amount(0))
		s.wants(vezne.CodeAmountInvalid, err)
		calls, err := s.stripe.Requests(sandbox.CallFilter{})
		s.must(err)
		for _, c := range calls {
			if c.Method == "POST" && c.Path != "/v1/payment_intents" {
				s.Errorf("Stripe was asked: %s", c.Path)
			}
		}
		_, err = s.desk.Capture(s.ctx, by, s.order(), nil)
		s.wants(vezne.CodeNothingToCapture, err)
	})
}

func TestACaptureThatStripeRefusedIsForgotten(t *testing.T) {
	each(t, func(s *shop) {
		id := s.hold()
		s.fault(sandbox.Fault{Method: "POST", Path: "/v1/payment_intents/*/capture", Effect: "status", Status: 400})
		_, err := s.desk.Capture(s.ctx, by, id, amount(500))
		s.wants(vezne.CodeStripeRefused, err)
		if a := s.attempts(id)[0]; a.CapturedExpected != 0 {
			s.Errorf("%d are expected", a.CapturedExpected)
		}
		v, err := s.desk.Capture(s.ctx, by, id, nil)
		s.must(err)
		if v.AmountPaid != 1999 || len(v.Attention) != 0 {
			s.Errorf("order %+v", v)
		}
	})
}

func TestACaptureWhoseAnswerIsLostHappensOnce(t *testing.T) {
	each(t, func(s *shop) {
		id := s.hold()
		s.fault(sandbox.Fault{Method: "POST", Path: "/v1/payment_intents/*/capture", When: "after", Effect: "reset"})
		_, err := s.desk.Capture(s.ctx, by, id, amount(500))
		s.wants(vezne.CodeStripeUnreachable, err)
		_, err = s.desk.Capture(s.ctx, by, id, amount(700))
		s.wants(vezne.CodeAttemptUnsure, err)
		v, err := s.desk.Capture(s.ctx, by, id, amount(500))
		s.must(err)
		if v.Status() != vezne.OrderPaid || v.AmountPaid != 500 {
			s.Errorf("order %+v", v)
		}
	})
}

func TestMoneyThatStripesDashboardCapturedInPartIsNoPayment(t *testing.T) {
	each(t, func(s *shop) {
		id := s.hold()
		s.call("POST", "/v1/payment_intents/"+string(s.attempts(id)[0].PaymentIntentID)+"/capture", map[string][]string{"amount_to_capture": {"300"}})
		s.quiet()
		v := s.view(id)
		if v.PaidAt != nil || !v.Has(vezne.AttentionMismatch) {
			s.Errorf("order %+v", v)
		}
		_, err := s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{})
		s.wants(vezne.CodeAttemptOpen, err)
	})
}
