package desk_test

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/sandbox"
)

func TestATimeOutAfterItTookEffectMakesOneObject(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order(withCustomer)
		s.fault(sandbox.Fault{Method: "POST", Path: "/v1/customers", When: "after", Effect: "reset"})
		_, err := s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{})
		s.wants(vezne.CodeStripeUnreachable, err)
		s.fault(sandbox.Fault{Method: "POST", Path: "/v1/checkout/sessions", When: "after", Effect: "reset"})
		_, err = s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{})
		s.wants(vezne.CodeStripeUnreachable, err)
		if list := s.attempts(id); len(list) != 1 || list[0].State != vezne.AttemptOpening {
			s.Fatalf("attempts %+v", list)
		}
		// Asking again joins the same request, with the same key.
		c := s.checkout(id)
		if n := len(s.rows("/v1/checkout/sessions")); n != 1 || len(s.rows("/v1/customers")) != 1 || len(s.attempts(id)) != 1 {
			s.Errorf("%d sessions at Stripe for %+v", n, c)
		}
	})
}

func TestAProcessThatDiedAfterTheCommitIsFollowedByAnother(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		s.fault(sandbox.Fault{Method: "POST", Path: "/v1/payment_intents", Effect: "reset"})
		_, err := s.desk.StartPaymentIntent(s.ctx, by, id, confirm("pm_card_visa"))
		s.wants(vezne.CodeStripeUnreachable, err)
		s.start()
		s.pass(10 * time.Second)
		s.is(id, vezne.OrderPaid)
		if n := len(s.rows("/v1/payment_intents")); n != 1 {
			s.Errorf("%d intents at Stripe", n)
		}
	})
}

func TestAStoredFailureIsLookedUp(t *testing.T) {
	for name, tt := range map[string]struct {
		when string
		want vezne.AttemptState
	}{"and found": {"after", vezne.AttemptActive}, "and not found": {"before", vezne.AttemptUnpaid}} {
		t.Run(name, func(t *testing.T) {
			each(t, func(s *shop) {
				kept := true
				checkout, intent := s.order(), s.order()
				for _, path := range []string{"/v1/checkout/sessions", "/v1/payment_intents"} {
					s.fault(sandbox.Fault{Method: "POST", Path: path, When: tt.when, Effect: "status", Status: 500, Kept: &kept})
				}
				_, err := s.desk.StartCheckout(s.ctx, by, checkout, desk.CheckoutParams{})
				s.wants(vezne.CodeAttemptUnsure, err)
				_, err = s.desk.StartPaymentIntent(s.ctx, by, intent, desk.PaymentIntentParams{})
				s.wants(vezne.CodeAttemptUnsure, err)
				for _, id := range []vezne.OrderID{checkout, intent} {
					if v := s.view(id); !v.Has(vezne.AttentionUnsure) {
						s.Errorf("attention %v", v.Attention)
					}
					// Nothing else may open meanwhile.
					_, err = s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{Replace: true})
					s.wants(vezne.CodeAttemptUnsure, err)
				}
				s.pass(2 * time.Minute)
				for _, id := range []vezne.OrderID{checkout, intent} {
					if a := s.attempts(id)[0]; a.State != tt.want || s.view(id).Has(vezne.AttentionUnsure) {
						s.Errorf("attempt %+v, attention %v", a, s.view(id).Attention)
					}
				}
				s.checkout(checkout)
				s.intent(intent, desk.PaymentIntentParams{})
				if a, b := len(s.rows("/v1/checkout/sessions")), len(s.rows("/v1/payment_intents")); a != 1 || b != 1 {
					s.Errorf("%d sessions and %d intents at Stripe", a, b)
				}
			})
		})
	}
}

// late makes an intent of an attempt at Stripe, as if our request had taken
// effect long after it was given up.
func (s *shop) late(id vezne.OrderID, attempt vezne.AttemptID, card string) vezne.ObjectID {
	s.Helper()
	o := s.call("POST", "/v1/payment_intents", url.Values{
		"amount": {"1999"}, "currency": {"usd"}, "confirm": {"true"}, "payment_method": {card}, "automatic_payment_methods[enabled]": {"true"}, "return_url": {"https://pay.example.com/"},
		"metadata[vezne_order]": {string(id)}, "metadata[vezne_attempt]": {string(attempt)},
	})
	object, ok := o["id"].(string)
	if !ok {
		s.Fatalf("intent %v", o)
	}
	return vezne.ObjectID(object)
}

// givenUp is an order whose first attempt was looked for and not found.
func (s *shop) givenUp() (vezne.OrderID, vezne.AttemptID) {
	s.Helper()
	id, kept := s.order(), true
	s.fault(sandbox.Fault{Method: "POST", Path: "/v1/payment_intents", Effect: "status", Status: 500, Kept: &kept})
	_, err := s.desk.StartPaymentIntent(s.ctx, by, id, desk.PaymentIntentParams{})
	s.wants(vezne.CodeAttemptUnsure, err)
	s.pass(2 * time.Minute)
	a := s.attempts(id)[0]
	if a.State != vezne.AttemptUnpaid {
		s.Fatalf("attempt %+v", a)
	}
	return id, a.ID
}

func TestALateObjectIsClosed(t *testing.T) {
	each(t, func(s *shop) {
		id, attempt := s.givenUp()
		second := s.intent(id, desk.PaymentIntentParams{})
		late := s.late(id, attempt, "pm_card_authenticationRequired")
		s.pass(time.Minute)
		if o := s.get("/v1/payment_intents/" + string(late)); o["status"] != "canceled" {
			s.Errorf("the late intent is %v", o["status"])
		}
		if paid := s.pay(id); paid.ID != second.ID {
			s.Errorf("paid by %s", paid.ID)
		}
	})
}

func TestLatePaymentPaysAnOpenOrder(t *testing.T) {
	each(t, func(s *shop) {
		id, attempt := s.givenUp()
		second := s.intent(id, desk.PaymentIntentParams{})
		s.late(id, attempt, "pm_card_visa")
		s.pass(time.Minute)
		if v := s.is(id, vezne.OrderPaid); v.PaidBy != attempt {
			s.Errorf("paid by %s", v.PaidBy)
		}
		if o := s.get("/v1/payment_intents/" + string(second.ID)); o["status"] != "canceled" {
			s.Errorf("the other intent is %v", o["status"])
		}
	})
}

func TestWhatIsPaidTwiceGoesBackOnce(t *testing.T) {
	each(t, func(s *shop) {
		id, attempt := s.givenUp()
		paid := s.pay(id)
		late := s.late(id, attempt, "pm_card_visa")
		s.deliver(s.pending())
		_, err := s.reader.Sweep(s.ctx)
		s.must(err)
		if v := s.is(id, vezne.OrderPaid); !v.Has(vezne.AttentionSurplus) {
			s.Errorf("attention %v", v.Attention)
		}
		s.pass(time.Minute)
		v := s.is(id, vezne.OrderPaid)
		refunds := s.rows("/v1/refunds")
		if len(refunds) != 1 || refunds[0]["payment_intent"] != string(late) || v.AmountRefunded != 0 || len(v.Attention) != 0 {
			s.Errorf("refunds %v, refunded %d, attention %v (paid by %s)", refunds, v.AmountRefunded, v.Attention, paid.ID)
		}
		if !slices.Contains(s.actions(id), "refund.surplus.planned") {
			s.Errorf("timeline %v", s.actions(id))
		}
	})
}

func TestEventsLostTwiceShuffledOrTooLateEndInTheSameState(t *testing.T) {
	each(t, func(s *shop) {
		for name, mangle := range map[string]func([]vezne.Event) []vezne.Event{
			"in order": func(e []vezne.Event) []vezne.Event { return e },
			"reversed": func(e []vezne.Event) []vezne.Event { slices.Reverse(e); return e },
			"twice":    func(e []vezne.Event) []vezne.Event { return append(e, e...) },
			"lost":     func([]vezne.Event) []vezne.Event { return nil },
			"only one": func(e []vezne.Event) []vezne.Event { return e[:1] },
		} {
			id := s.order()
			c := s.checkout(id)
			s.buyer("checkout", map[string]any{"session": string(c.SessionID), "payment_method": "pm_card_visa"})
			events := mangle(s.pending())
			for _, e := range events {
				s.deliver([]vezne.Event{e})
				_, err := s.reader.Sweep(s.ctx)
				s.must(err)
			}
			s.pass(time.Minute)
			if v := s.is(id, vezne.OrderPaid); v.AmountPaid != 1999 || len(v.Attention) != 0 {
				s.Errorf("%s: %+v", name, v)
			}
		}
	})
}
