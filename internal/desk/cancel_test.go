package desk_test

import (
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/sandbox"
)

func TestCancelClosesWhatIsOpen(t *testing.T) {
	each(t, func(s *shop) {
		untouched, withSession, withIntent := s.order(), s.order(), s.order()
		c := s.checkout(withSession)
		i := s.intent(withIntent, desk.PaymentIntentParams{})
		held := s.hold()
		for _, id := range []vezne.OrderID{untouched, withSession, withIntent, held} {
			v, err := s.desk.Cancel(s.ctx, by, id)
			s.must(err)
			if v.Status() != vezne.OrderCanceled || v.AmountAuthorized != 0 || len(v.Attention) != 0 {
				s.Errorf("order %+v", v)
			}
			again, err := s.desk.Cancel(s.ctx, by, id)
			s.must(err)
			if again.Status() != vezne.OrderCanceled {
				s.Errorf("canceled twice: %s", again.Status())
			}
			_, err = s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{})
			s.wants(vezne.CodeOrderCanceled, err)
			_, err = s.desk.Capture(s.ctx, by, id, nil)
			s.wants(vezne.CodeOrderCanceled, err)
		}
		if s.get("/v1/checkout/sessions/" + string(c.SessionID))["status"] != "expired" || s.get("/v1/payment_intents/" + string(i.ID))["status"] != "canceled" ||
			s.get("/v1/payment_intents/" + string(s.attempts(held)[0].PaymentIntentID))["status"] != "canceled" {
			s.Error("something is open at Stripe")
		}
	})
}

func TestCancelOfAPaidOrderIsRefused(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		s.pay(id)
		_, err := s.desk.Cancel(s.ctx, by, id)
		s.wants(vezne.CodeOrderPaid, err)
	})
}

func TestCancelThatMeetsAPaymentEndsPaid(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		c := s.checkout(id)
		s.buyer("checkout", map[string]any{"session": string(c.SessionID), "payment_method": "pm_card_visa"})
		// Nobody has told us yet. Stripe refuses to expire the session, and is read.
		v, err := s.desk.Cancel(s.ctx, by, id)
		s.must(err)
		if v.CanceledAt != nil {
			s.Fatalf("canceled, although it is paid: %+v", v)
		}
		s.quiet()
		if v := s.is(id, vezne.OrderPaid); v.Has(vezne.AttentionCancelPending) {
			s.Errorf("attention %v", v.Attention)
		}
	})
}

func TestCancelWaitsForWhatIsUnclear(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		s.fault(sandbox.Fault{Method: "POST", Path: "/v1/checkout/sessions", When: "after", Effect: "reset", Count: 2})
		_, err := s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{})
		s.wants(vezne.CodeStripeUnreachable, err)
		v, err := s.desk.Cancel(s.ctx, by, id)
		s.must(err)
		if v.CanceledAt != nil || !v.Has(vezne.AttentionCancelPending) {
			s.Fatalf("order %+v", v)
		}
		s.pass(time.Minute)
		s.is(id, vezne.OrderCanceled)
		rows := s.rows("/v1/checkout/sessions")
		if len(rows) != 1 || rows[0]["status"] != "expired" {
			s.Errorf("sessions %v", rows)
		}
	})
}

func TestCancelWithdrawsWhatNeverReachedStripe(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		s.fault(sandbox.Fault{Method: "POST", Path: "/v1/checkout/sessions", Effect: "rate_limit", Count: -1})
		_, err := s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{})
		s.wants(vezne.CodeRateLimited, err)
		v, err := s.desk.Cancel(s.ctx, by, id)
		s.must(err)
		if v.Status() != vezne.OrderCanceled {
			s.Errorf("order %+v", v)
		}
	})
}

func TestMoneyForACanceledOrderGoesBack(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		s.checkout(id)
		attempt := s.attempts(id)[0]
		_, err := s.desk.Cancel(s.ctx, by, id)
		s.must(err)
		s.late(id, attempt.ID, "pm_card_visa")
		s.pass(time.Minute)
		v := s.is(id, vezne.OrderCanceled)
		refunds := s.rows("/v1/refunds")
		if len(refunds) != 1 || len(v.Attention) != 0 {
			s.Errorf("refunds %v, attention %v", refunds, v.Attention)
		}
	})
}
