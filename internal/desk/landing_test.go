package desk_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/sandbox"
)

// reads counts the reads that reached Stripe.
func (s *shop) reads() int {
	s.Helper()
	calls, err := s.stripe.Requests(sandbox.CallFilter{})
	s.must(err)
	n := 0
	for _, c := range calls {
		if c.Method == "GET" && (strings.HasPrefix(c.Path, "/v1/checkout/sessions/") || strings.HasPrefix(c.Path, "/v1/payment_intents/")) {
			n++
		}
	}
	return n
}

func TestTheLandingPageAsksStripeItself(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		c := s.checkout(id)
		l, err := s.desk.Landed(s.ctx, id)
		s.must(err)
		if l.Order.Status() != vezne.OrderOpen || l.Checking {
			s.Fatalf("landing %+v", l)
		}
		s.buyer("checkout", map[string]any{"session": string(c.SessionID), "payment_method": "pm_card_visa"})
		l, err = s.desk.Landed(s.ctx, id)
		s.must(err)
		if l.Order.Status() != vezne.OrderPaid || l.Order.InvoiceNumber == "" || l.Checking {
			s.Errorf("landing %+v", l)
		}
		list, err := s.desk.Timeline(s.ctx, id)
		s.must(err)
		if last := list[len(list)-1]; last.Actor.Kind != vezne.ActorLandingPage {
			s.Errorf("last line %+v", last)
		}
		if l, err = s.desk.Landed(s.ctx, s.order()); err != nil || l.Checking {
			s.Errorf("an order without an attempt: %+v, %v", l, err)
		}
		_, err = s.desk.Landed(s.ctx, "ord_other")
		s.wants(vezne.CodeNotFound, err)
	})
}

func TestTheLandingPageDoesNotFailWithStripe(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		s.checkout(id)
		s.fault(sandbox.Fault{Method: "GET", Path: "/v1/checkout/sessions/*", Effect: "reset"})
		l, err := s.desk.Landed(s.ctx, id)
		s.must(err)
		if !l.Checking || l.Order.Status() != vezne.OrderOpen {
			s.Errorf("landing %+v", l)
		}
	})
}

func TestAFloodOfLandingPagesAsksStripeAFewTimes(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		c := s.checkout(id)
		before := s.reads()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, err := s.desk.Landed(s.ctx, id); err != nil {
					s.Error(err)
				}
			})
		}
		wg.Wait()
		if n := s.reads() - before; n > 3 {
			s.Errorf("%d reads for one order at one instant", n)
		}
		for range 100 {
			s.clock.Advance(100 * time.Millisecond)
			if _, err := s.desk.Landed(s.ctx, id); err != nil {
				s.Error(err)
			}
		}
		if n := s.reads() - before; n > 3+5 {
			s.Errorf("%d reads in 10 s", n)
		}
		s.buyer("checkout", map[string]any{"session": string(c.SessionID), "payment_method": "pm_card_visa"})
		s.clock.Advance(2 * time.Second)
		l, err := s.desk.Landed(s.ctx, id)
		s.must(err)
		if l.Order.Status() != vezne.OrderPaid {
			s.Errorf("landing %+v", l)
		}
	})
}

func TestThePageKnowsWhatIsOpen(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		if p, err := s.desk.Payment(s.ctx, id); err != nil || p != (desk.PaymentState{}) {
			s.Errorf("payment %+v, %v", p, err)
		}
		c := s.checkout(id)
		p, err := s.desk.Payment(s.ctx, id)
		s.must(err)
		if !p.Open || p.SessionURL != c.URL || p.Status != "open" || p.Attempt.Kind != vezne.AttemptCheckout {
			s.Errorf("payment %+v", p)
		}
		s.buyer("checkout", map[string]any{"session": string(c.SessionID), "payment_method": "pm_card_visa"})
		s.quiet()
		p, err = s.desk.Payment(s.ctx, id)
		s.must(err)
		if p.Open || p.SessionURL != "" || p.Status != "succeeded" {
			s.Errorf("payment %+v", p)
		}
	})
}
