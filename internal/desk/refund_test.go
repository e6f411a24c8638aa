package desk_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/sandbox"
)

// paid makes an order that is paid with a card.
func (s *shop) paid(card string) vezne.OrderID {
	s.Helper()
	id := s.order()
	if i := s.intent(id, confirm(card)); i.Status != "succeeded" {
		s.Fatalf("the intent is %s", i.Status)
	}
	s.quiet()
	return id
}

func TestRefundsInPartsUpToTheWhole(t *testing.T) {
	each(t, func(s *shop) {
		id := s.paid("pm_card_visa")
		r, v, err := s.desk.Refund(s.ctx, by, id, amount(600), "requested_by_customer")
		s.must(err)
		if r.State != "succeeded" || r.StripeRefundID == "" || r.Amount != 600 || v.Status() != vezne.OrderPartiallyRefunded || v.AmountRefunded != 600 {
			s.Fatalf("refund %+v, order %+v", r, v)
		}
		_, _, err = s.desk.Refund(s.ctx, by, id, amount(1400), "")
		s.wants(vezne.CodeRefundTooLarge, err)
		_, v, err = s.desk.Refund(s.ctx, by, id, nil, "")
		s.must(err)
		if v.Status() != vezne.OrderRefunded || v.AmountRefunded != 1999 {
			s.Errorf("order %+v", v)
		}
		_, _, err = s.desk.Refund(s.ctx, by, id, nil, "")
		s.wants(vezne.CodeRefundTooLarge, err)
		list, err := s.desk.Refunds(s.ctx, id)
		s.must(err)
		if rows := s.rows("/v1/refunds"); len(rows) != 2 || len(list) != 2 {
			s.Errorf("%d refunds at Stripe, %d here", len(rows), len(list))
		}
		s.quiet()
		s.is(id, vezne.OrderRefunded)
	})
}

func TestRefundsAtOnceNeverGiveBackTooMuch(t *testing.T) {
	each(t, func(s *shop) {
		id := s.paid("pm_card_visa")
		var wg sync.WaitGroup
		var mu sync.Mutex
		done := 0
		for range 6 {
			wg.Go(func() {
				_, _, err := s.desk.Refund(s.ctx, by, id, amount(900), "")
				mu.Lock()
				defer mu.Unlock()
				switch vezne.CodeOf(err) {
				case "":
					done++
				case vezne.CodeRefundTooLarge:
				default:
					s.Error(err)
				}
			})
		}
		wg.Wait()
		if rows := s.rows("/v1/refunds"); done != 2 || len(rows) != 2 {
			s.Errorf("%d refunds, %d at Stripe", done, len(rows))
		}
		calls, err := s.stripe.Requests(sandbox.CallFilter{})
		s.must(err)
		asked := 0
		for _, c := range calls {
			if c.Method == "POST" && c.Path == "/v1/refunds" {
				asked++
			}
		}
		if asked != 2 {
			s.Errorf("Stripe was asked %d times", asked)
		}
	})
}

func TestARefundWithTheSameKeyIsTheSameRefund(t *testing.T) {
	each(t, func(s *shop) {
		id := s.paid("pm_card_visa")
		ctx := desk.WithKey(s.ctx, "token\nPOST /v1/orders\nk1")
		s.fault(sandbox.Fault{Method: "POST", Path: "/v1/refunds", When: "after", Effect: "reset"})
		first, _, err := s.desk.Refund(ctx, by, id, amount(500), "")
		s.must(err)
		if first.State != "pending" || first.StripeRefundID != "" {
			s.Fatalf("without an answer the refund is %+v", first)
		}
		second, v, err := s.desk.Refund(ctx, by, id, amount(500), "")
		s.must(err)
		if second.ID != first.ID || second.State != "succeeded" || v.AmountRefunded != 500 || len(s.rows("/v1/refunds")) != 1 {
			s.Errorf("refunds %+v and %+v, %d refunded", first, second, v.AmountRefunded)
		}
		_, v, err = s.desk.Refund(s.ctx, by, id, amount(500), "")
		s.must(err)
		if v.AmountRefunded != 1000 {
			s.Errorf("%d refunded", v.AmountRefunded)
		}
	})
}

func TestARefundIsSentByWhoeverLives(t *testing.T) {
	each(t, func(s *shop) {
		id := s.paid("pm_card_visa")
		s.fault(sandbox.Fault{Method: "POST", Path: "/v1/refunds", Effect: "reset"})
		_, v, err := s.desk.Refund(s.ctx, by, id, amount(500), "")
		s.must(err)
		if v.Status() != vezne.OrderPaid {
			s.Fatalf("order %+v", v)
		}
		s.start()
		s.pass(30 * time.Second)
		s.is(id, vezne.OrderPartiallyRefunded)
	})
}

func TestARefundThatFailsLaterIsSetBack(t *testing.T) {
	each(t, func(s *shop) {
		id := s.paid("pm_card_refundFail")
		_, v, err := s.desk.Refund(s.ctx, by, id, nil, "")
		s.must(err)
		if v.Status() != vezne.OrderRefunded {
			s.Fatalf("order %+v", v)
		}
		s.pass(time.Hour)
		v = *s.is(id, vezne.OrderPaid)
		if v.AmountRefunded != 0 || !v.Has(vezne.AttentionRefundFailed) || !slices.Contains(s.actions(id), "order.refund_reversed") {
			s.Errorf("order %+v, timeline %v", v, s.actions(id))
		}
		list, err := s.desk.Refunds(s.ctx, id)
		s.must(err)
		if list[0].State != "failed" {
			s.Errorf("refund %+v", list[0])
		}
	})
}

func TestAPendingRefundCountsAsGiven(t *testing.T) {
	each(t, func(s *shop) {
		id := s.paid("pm_card_pendingRefund")
		r, v, err := s.desk.Refund(s.ctx, by, id, nil, "")
		s.must(err)
		if r.State != "pending" || r.StripeRefundID == "" {
			s.Fatalf("refund %+v, order %+v", r, v)
		}
		_, _, err = s.desk.Refund(s.ctx, by, id, amount(1), "")
		s.wants(vezne.CodeRefundTooLarge, err)
		s.pass(time.Hour)
		s.is(id, vezne.OrderRefunded)
	})
}

func TestADisputedPaymentIsNotRefunded(t *testing.T) {
	each(t, func(s *shop) {
		id := s.paid("pm_card_createDispute")
		s.pass(time.Minute)
		v := s.is(id, vezne.OrderDisputed)
		if !v.Has(vezne.AttentionDisputed) || v.AmountDisputed != 1999 {
			s.Fatalf("order %+v", v)
		}
		_, _, err := s.desk.Refund(s.ctx, by, id, nil, "")
		s.wants(vezne.CodeOrderDisputed, err)
		s.buyer("dispute", map[string]any{"dispute": fmt.Sprint(s.rows("/v1/disputes")[0]["id"]), "result": "won"})
		s.pass(time.Minute)
		if v = s.is(id, vezne.OrderPaid); len(v.Attention) != 0 {
			s.Errorf("attention %v", v.Attention)
		}
	})
}

func TestADisputeThatWeDoNotKnowOfIsLearnedFromTheRefusal(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		s.pay(id)
		s.buyer("dispute", map[string]any{"charge": fmt.Sprint(s.rows("/v1/charges")[0]["id"])})
		_, _, err := s.desk.Refund(s.ctx, by, id, nil, "")
		s.wants(vezne.CodeOrderDisputed, err)
		s.quiet()
		s.is(id, vezne.OrderDisputed)
	})
}

func TestARefundFromStripesDashboardIsSeen(t *testing.T) {
	each(t, func(s *shop) {
		id := s.paid("pm_card_visa")
		s.call("POST", "/v1/refunds", map[string][]string{"payment_intent": {string(s.attempts(id)[0].PaymentIntentID)}, "amount": {"700"}})
		_, _, err := s.desk.Refund(s.ctx, by, id, nil, "")
		s.wants(vezne.CodeStripeRefused, err)
		s.quiet()
		if v := s.is(id, vezne.OrderPartiallyRefunded); v.AmountRefunded != 700 {
			s.Errorf("%d refunded", v.AmountRefunded)
		}
		_, v, err := s.desk.Refund(s.ctx, by, id, nil, "")
		s.must(err)
		if v.Status() != vezne.OrderRefunded {
			s.Errorf("order %+v", v)
		}
	})
}

func TestRefundsRefuseWhatCannotBe(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		_, _, err := s.desk.Refund(s.ctx, by, id, nil, "")
		s.wants(vezne.CodeOrderNotPaid, err)
		_, _, err = s.desk.Refund(s.ctx, by, id, amount(0), "")
		s.wants(vezne.CodeAmountInvalid, err)
		_, _, err = s.desk.Refund(s.ctx, by, id, nil, "changed_my_mind")
		s.wants(vezne.CodeInvalidRequest, err)
		_, _, err = s.desk.Refund(s.ctx, by, "ord_other", nil, "")
		s.wants(vezne.CodeNotFound, err)
	})
}
