package races

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/sandbox"
)

// paidWith makes an order that is paid in the browser with a card.
func (h *house) paidWith(amount int64, number string) (vezne.OrderView, engine.PaymentIntent) {
	h.t.Helper()
	order := h.NewOrder(amount, "usd")
	i, err := h.intent(order.ID, "")
	h.must(err)
	if status, body := h.buyerPays(i, number); status != http.StatusOK {
		h.t.Fatalf("%d: %v", status, body)
	}
	h.Idle()
	return h.Get(order.ID), i
}

// refund asks for a refund by the API, and returns status and code.
func (h *house) refund(id vezne.OrderID, body string, headers ...string) (status int, code string) {
	h.t.Helper()
	a := h.Call(http.MethodPost, "/v1/orders/"+string(id)+"/refunds", body, headers...)
	var problem struct{ Code string }
	h.must(a.Decode(&problem))
	return a.Status, problem.Code
}

// disputeOf returns the id of the dispute of an intent.
func (h *house) disputeOf(i engine.PaymentIntent) string {
	h.t.Helper()
	list, ok := h.dashboard(http.MethodGet, "/v1/disputes", "payment_intent="+string(i.ID))["data"].([]any)
	if !ok || len(list) != 1 {
		h.t.Fatalf("disputes: %v", list)
	}
	return list[0].(map[string]any)["id"].(string)
}

// answer sends evidence for a dispute, and waits for the bank.
func (h *house) answer(dispute, evidence string) {
	h.t.Helper()
	h.dashboard(http.MethodPost, "/v1/disputes/"+dispute, "evidence[uncategorized_text]="+evidence+"&submit=true")
	h.Advance(time.Minute)
}

func TestE39CurrenciesWithNoTwoAndThreeDecimals(t *testing.T) {
	each(t, func(h *house) {
		for _, tc := range []struct {
			currency vezne.Currency
			amount   int64
			shown    string
		}{
			{"jpy", 500, "500"}, {"usd", 1999, "19.99"}, {"try", 123_456, "1,234.56"}, {"kwd", 12_340, "12.340"}, {"isk", 50_000, "500"}, {"huf", 19_900, "199"},
		} {
			order := h.NewOrder(tc.amount, tc.currency)
			c := h.Checkout(order.ID)
			session := h.dashboard(http.MethodGet, "/v1/checkout/sessions/"+string(c.SessionID), "")
			if session["amount_total"] != float64(tc.amount) || session["currency"] != string(tc.currency) {
				h.t.Errorf("%s: Stripe asks for %v %v", tc.currency, session["amount_total"], session["currency"])
			}
			_, _, page := h.visit(http.MethodGet, "/pay/"+string(order.ID)+"?lang=en", "")
			if !strings.Contains(page, tc.shown) {
				h.t.Errorf("%s: the page does not show %s", tc.currency, tc.shown)
			}
			h.CompleteCheckout(c.SessionID, "pm_card_visa")
			h.Idle()
			if o := h.WantStatus(order.ID, vezne.OrderPaid); o.AmountPaid != tc.amount {
				h.t.Errorf("%s: %d paid, want %d", tc.currency, o.AmountPaid, tc.amount)
			}
		}
		// What a currency has not, nobody can be asked for.
		for currency, amount := range map[vezne.Currency]int64{"kwd": 12_345, "isk": 50_050, "ugx": 10_050} {
			_, err := h.CreateOrder(h.t.Context(), by, engine.NewOrder{Currency: currency, Lines: []engine.NewLine{{Name: "Tea", UnitAmount: amount, Quantity: 1}}})
			if vezne.CodeOf(err) != vezne.CodeAmountInvalid {
				h.t.Errorf("%d %s: %v", amount, currency, err)
			}
		}
	})
}

func TestE40PartialRefundsAndOverRefund(t *testing.T) {
	each(t, func(h *house) {
		order, _ := h.paidWith(10_000, "4242424242424242")
		for range 2 {
			if status, code := h.refund(order.ID, `{"amount":3000}`); status != http.StatusCreated {
				h.t.Fatalf("%d %s", status, code)
			}
			h.Idle()
			h.WantStatus(order.ID, vezne.OrderPartiallyRefunded)
		}
		h.must(h.Stripe.ForgetRequests())
		if status, code := h.refund(order.ID, `{"amount":5000}`); status != http.StatusUnprocessableEntity || code != string(vezne.CodeRefundTooLarge) {
			h.t.Errorf("50.00 of 40.00: %d %s", status, code)
		}
		if n := h.asked(http.MethodPost, "/v1/refunds"); n != 0 {
			h.t.Errorf("Stripe was asked %d times for too much", n)
		}
		// A double click is one refund.
		var clicks sync.WaitGroup
		for range 4 {
			clicks.Go(func() {
				h.Call(http.MethodPost, "/v1/orders/"+string(order.ID)+"/refunds", `{"amount":1000}`, "Idempotency-Key", "click")
			})
		}
		clicks.Wait()
		h.Idle()
		if o := h.WantStatus(order.ID, vezne.OrderPartiallyRefunded); o.AmountRefunded != 7000 || h.rows("/v1/refunds") != 3 {
			h.t.Errorf("%d refunded by %d refunds, want 7000 by 3", o.AmountRefunded, h.rows("/v1/refunds"))
		}
	})
}

func TestE41FullRefundPendingAndFailing(t *testing.T) {
	each(t, func(h *house) {
		whole, _ := h.paidWith(1999, "4242424242424242")
		h.refund(whole.ID, `{}`)
		h.Idle()
		h.WantStatus(whole.ID, vezne.OrderRefunded)

		// A refund that is on its way counts as given, and comes to its end.
		pending, _ := h.paidWith(1999, "4000000000007726")
		h.refund(pending.ID, `{}`)
		h.Idle()
		h.WantStatus(pending.ID, vezne.OrderRefunded)
		if status, code := h.refund(pending.ID, `{}`); status != http.StatusUnprocessableEntity || code != string(vezne.CodeRefundTooLarge) {
			h.t.Errorf("a second refund: %d %s", status, code)
		}
		h.Advance(24 * time.Hour)
		h.WantStatus(pending.ID, vezne.OrderRefunded)

		// One that fails later is set back, and a person is told.
		failing, _ := h.paidWith(1999, "4000000000005126")
		h.refund(failing.ID, `{}`)
		h.Idle()
		h.Advance(24 * time.Hour)
		if o := h.WantStatus(failing.ID, vezne.OrderPaid); !o.Has(vezne.AttentionRefundFailed) || o.AmountRefunded != 0 {
			h.t.Errorf("attention %v, %d refunded", o.Attention, o.AmountRefunded)
		}
	})
}

func TestE42DisputeLost(t *testing.T) {
	each(t, func(h *house) {
		order, i := h.paidWith(1999, "4000000000000259")
		if o := h.WantStatus(order.ID, vezne.OrderDisputed); !o.Has(vezne.AttentionDisputed) {
			h.t.Errorf("attention %v", o.Attention)
		}
		due := false
		lines, err := h.Timeline(h.t.Context(), order.ID)
		h.must(err)
		for _, l := range lines {
			_, named := l.Detail["evidence_due_by"]
			due = due || l.Action == "dispute.created" && named
		}
		if !due {
			h.t.Error("nobody is told until when to answer")
		}
		h.answer(h.disputeOf(i), "losing_evidence")
		o := h.WantStatus(order.ID, vezne.OrderDisputed)
		if o.AmountDisputed != 1999 || o.Has(vezne.AttentionDisputed) {
			h.t.Errorf("%d disputed, attention %v", o.AmountDisputed, o.Attention)
		}
		if h.Count(order.ID, "dispute.lost") != 1 {
			h.t.Error("the loss is not in the timeline")
		}
		if status, code := h.refund(order.ID, `{}`); status != http.StatusConflict || code != string(vezne.CodeOrderDisputed) {
			h.t.Errorf("a refund of what is lost: %d %s", status, code)
		}
	})
}

func TestE43DisputeWon(t *testing.T) {
	each(t, func(h *house) {
		order, i := h.paidWith(1999, "4000000000002685")
		h.WantStatus(order.ID, vezne.OrderDisputed)
		h.answer(h.disputeOf(i), "winning_evidence")
		if o := h.WantStatus(order.ID, vezne.OrderPaid); o.AmountDisputed != 0 || len(o.Attention) != 0 {
			h.t.Errorf("%d disputed, attention %v", o.AmountDisputed, o.Attention)
		}
		if status, code := h.refund(order.ID, `{}`); status != http.StatusCreated {
			h.t.Errorf("a refund after the dispute was won: %d %s", status, code)
		}
	})
}

func TestE44InquiryFraudWarningAndPrevented(t *testing.T) {
	each(t, func(h *house) {
		inquiry, i := h.paidWith(1999, "4000000000001976")
		if o := h.WantStatus(inquiry.ID, vezne.OrderPaid); !o.Has(vezne.AttentionInquiry) || o.AmountDisputed != 0 {
			h.t.Errorf("an inquiry: attention %v, %d disputed", o.Attention, o.AmountDisputed)
		}
		h.answer(h.disputeOf(i), "winning_evidence")
		if o := h.WantStatus(inquiry.ID, vezne.OrderPaid); len(o.Attention) != 0 {
			h.t.Errorf("an inquiry that was answered: attention %v", o.Attention)
		}
		warned, _ := h.paidWith(1999, "4000000000005423")
		h.WantStatus(warned.ID, vezne.OrderPaid)
		kept, err := h.Events(h.t.Context(), engine.EventFilter{Type: "radar.early_fraud_warning.created"})
		h.must(err)
		if len(kept) != 1 || kept[0].State != vezne.EventIgnored {
			h.t.Errorf("the warning is %+v, want one event that is kept and changes nothing", kept)
		}
		// A dispute that Stripe prevented by a refund is no dispute of ours.
		prevented, i := h.paidWith(1999, "4242424242424242")
		charge := h.dashboard(http.MethodGet, "/v1/payment_intents/"+string(i.ID), "")["latest_charge"].(string)
		h.Simulate("dispute", map[string]any{"charge": charge, "kind": "prevented"})
		h.Idle()
		if o := h.Get(prevented.ID); o.Status() != vezne.OrderPaid && o.Status() != vezne.OrderRefunded || o.AmountDisputed != 0 || o.Has(vezne.AttentionDisputed) {
			h.t.Errorf("a prevented dispute: %s, %d disputed, attention %v", o.Status(), o.AmountDisputed, o.Attention)
		}
	})
}

func TestE45SignedEventWithAWrongAmount(t *testing.T) {
	each(t, func(h *house) {
		h.LoseEvents()
		paid, open := h.NewOrder(1999, "try"), h.NewOrder(1999, "try")
		c := h.Checkout(paid.ID)
		h.CompleteCheckout(c.SessionID, "pm_card_visa")
		i, err := h.intent(open.ID, "")
		h.must(err)
		event := h.events("payment_intent.succeeded")[0]
		// It names an intent of the open order, and says that it succeeded.
		lie := h.edited(event, map[string]any{"id": "evt_lie", "data.object.id": string(i.ID), "data.object.amount_received": 1999, "data.object.metadata." + vezne.MetadataOrder: string(open.ID)})
		if status := h.deliver(sandbox.Forgery{Event: lie}); status != http.StatusOK {
			h.t.Errorf("%d", status)
		}
		h.Idle()
		h.WantStatus(open.ID, vezne.OrderOpen)
		// It says another amount than Stripe does, when asked: what counts is the answer.
		wrong := h.edited(event, map[string]any{"id": "evt_wrong", "data.object.amount": 1, "data.object.amount_received": 1})
		h.deliver(sandbox.Forgery{Event: wrong})
		h.Idle()
		if o := h.WantStatus(paid.ID, vezne.OrderPaid); o.AmountPaid != 1999 || len(o.Attention) != 0 {
			h.t.Errorf("%d paid, attention %v", o.AmountPaid, o.Attention)
		}
		h.Advance(2 * time.Hour)
		h.WantStatus(open.ID, vezne.OrderOpen)
	})
}
