package races

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/sandbox"
	"github.com/vezne/vezne/veznetest"
)

func landing(id vezne.OrderID, session vezne.ObjectID) string {
	return "/pay/" + string(id) + "?landed=1&session_id=" + string(session)
}

// showsPaid reports whether a buyer's page says that the order is paid.
func showsPaid(body string) bool { return strings.Contains(body, "Your payment of") }

func TestD25BrowserClosedBeforeTheRedirect(t *testing.T) {
	each(t, func(h *house) {
		order := h.NewOrder(1999, "try")
		c := h.Checkout(order.ID)
		h.CompleteCheckout(c.SessionID, "pm_card_visa")
		// Nobody comes back, and no time passes: the event alone does it.
		h.Idle()
		h.WantStatus(order.ID, vezne.OrderPaid)
		told := 0
		for _, cb := range h.Callbacks() {
			if cb.Type == "order.paid" && cb.Order.ID == order.ID {
				told++
			}
		}
		if told != 1 {
			h.t.Errorf("the application was told %d times, want once", told)
		}
	})
}

func TestD26WebhookBeforeTheRedirect(t *testing.T) {
	each(t, func(h *house) {
		order := h.NewOrder(1999, "try")
		c := h.Checkout(order.ID)
		h.CompleteCheckout(c.SessionID, "pm_card_visa")
		h.Idle()
		h.Advance(20 * time.Second)
		before, err := h.Timeline(h.t.Context(), order.ID)
		h.must(err)
		status, _, body := h.visit(http.MethodGet, landing(order.ID, c.SessionID), "")
		if status != http.StatusOK || !showsPaid(body) {
			h.t.Errorf("the first paint: %d: %s", status, body)
		}
		h.Idle()
		if after, err := h.Timeline(h.t.Context(), order.ID); err != nil || len(after) != len(before) {
			h.t.Errorf("the visit had an effect: %d lines, were %d; %v", len(after), len(before), err)
		}
	})
}

func TestD27RedirectLongBeforeTheWebhook(t *testing.T) {
	each(t, func(h *house) {
		let := h.hold()
		order, other := h.NewOrder(1999, "try"), h.NewOrder(1999, "try")
		c := h.Checkout(order.ID)
		h.CompleteCheckout(c.SessionID, "pm_card_visa")
		// The address of another order with this session pays nothing.
		if _, _, body := h.visit(http.MethodGet, landing(other.ID, c.SessionID), ""); showsPaid(body) {
			h.t.Error("somebody else's session pays an order")
		}
		h.WantStatus(other.ID, vezne.OrderOpen)
		if _, _, body := h.visit(http.MethodGet, landing(order.ID, c.SessionID), ""); !showsPaid(body) {
			h.t.Errorf("the landing page asked nobody: %s", body)
		}
		h.WantStatus(order.ID, vezne.OrderPaid)
		h.Clock.Advance(10 * time.Minute)
		let("created", 0)
		h.Idle()
		h.WantStatus(other.ID, vezne.OrderOpen)
		h.agrees(time.Hour)
	})
}

func TestD28LandingPageAndWebhookAtTheSameInstant(t *testing.T) {
	each(t, func(h *house) {
		const rounds = 200
		h.LoseEvents()
		orders, sessions := make([]vezne.OrderID, rounds), make([]vezne.ObjectID, rounds)
		for i := range rounds {
			orders[i] = h.NewOrder(1999, "try").ID
			sessions[i] = h.Checkout(orders[i]).SessionID
			h.CompleteCheckout(sessions[i], "pm_card_visa")
		}
		events := h.events("checkout.session.completed")
		if len(events) != rounds {
			h.t.Fatalf("%d events, want %d", len(events), rounds)
		}
		// Eight rounds at a time: both come at one instant, and all are in each
		// other's way.
		for from := 0; from < rounds; from += 8 {
			var all sync.WaitGroup
			for i := from; i < from+8; i++ {
				all.Go(func() {
					if status := h.deliver(sandbox.Forgery{Event: events[rounds-1-i]}); status != http.StatusOK {
						h.t.Errorf("event %d: %d", i, status)
					}
				})
				all.Go(func() {
					h.visitQuietly(landing(orders[i], sessions[i]))
				})
			}
			all.Wait()
			h.must(h.Engine.Idle(h.t.Context()))
		}
		for _, id := range orders {
			h.WantStatus(id, vezne.OrderPaid)
		}
	})
}

func TestD29SameEventManyTimesAtOnce(t *testing.T) {
	each(t, func(h *house) {
		h.LoseEvents()
		order := h.NewOrder(1999, "try")
		c := h.Checkout(order.ID)
		h.CompleteCheckout(c.SessionID, "pm_card_visa")
		event := h.events("checkout.session.completed")[0]
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if status := h.deliver(sandbox.Forgery{Event: event}); status != http.StatusOK {
					h.t.Errorf("one of fifty: %d", status)
				}
			})
		}
		all.Wait()
		h.Idle()
		h.WantStatus(order.ID, vezne.OrderPaid)
		kept, err := h.Events(h.t.Context(), engine.EventFilter{Type: "checkout.session.completed"})
		h.must(err)
		if len(kept) != 1 || kept[0].Deliveries != 50 || kept[0].State != vezne.EventApplied {
			h.t.Errorf("the inbox holds %+v, want one event of 50 deliveries", kept)
		}
	})
}

func TestD30TwoEventsForOneFact(t *testing.T) {
	each(t, func(h *house) {
		_, err := h.Stripe.AddDeliveryFault(sandbox.DeliveryFault{Effect: "twin"})
		h.must(err)
		order := h.NewOrder(1999, "try")
		c := h.Checkout(order.ID)
		h.CompleteCheckout(c.SessionID, "pm_card_visa")
		h.Idle()
		h.WantStatus(order.ID, vezne.OrderPaid)
		kept, err := h.Events(h.t.Context(), engine.EventFilter{Type: "checkout.session.completed"})
		h.must(err)
		if len(kept) != 2 || kept[0].ID == kept[1].ID || kept[0].ObjectID != kept[1].ObjectID {
			h.t.Errorf("the inbox holds %+v, want two events of one session", kept)
		}
	})
}

func TestD31ShuffledLife(t *testing.T) {
	each(t, func(h *house) {
		for s := range uint64(6) {
			let := h.hold()
			order := h.NewOrder(10_000, "usd")
			i, err := h.intent(order.ID, "")
			h.must(err)
			h.buyerPays(i, "4000000000009995")
			if status, body := h.buyerPays(i, "4000000000000259"); status != http.StatusOK {
				h.t.Fatalf("%d: %v", status, body)
			}
			disputes, ok := h.dashboard(http.MethodGet, "/v1/disputes", "payment_intent="+string(i.ID))["data"].([]any)
			if !ok || len(disputes) != 1 {
				h.t.Fatalf("disputes: %v", disputes)
			}
			dispute := disputes[0].(map[string]any)["id"].(string)
			h.dashboard(http.MethodPost, "/v1/disputes/"+dispute, "evidence[uncategorized_text]=winning_evidence&submit=true")
			h.Clock.Advance(time.Minute)
			h.must(h.Stripe.Idle(h.t.Context()))
			h.dashboard(http.MethodPost, "/v1/refunds", "payment_intent="+string(i.ID)+"&amount=3000")
			let("random", seed+s)
			h.Idle()
			o := h.WantStatus(order.ID, vezne.OrderPartiallyRefunded)
			if o.AmountRefunded != 3000 || o.AmountDisputed != 0 {
				h.t.Errorf("seed %d: %d refunded, %d disputed", seed+s, o.AmountRefunded, o.AmountDisputed)
			}
		}
		h.agrees(24 * time.Hour)
	})
}

func TestD32EndpointDownThenReconcile(t *testing.T) {
	each(t, func(h *house) {
		_, err := h.Stripe.ChangeSettings(func(s *sandbox.Settings) error {
			s.DeliveryRetries = []int64{60, 600, 1800}
			return nil
		})
		h.must(err)
		var orders []vezne.OrderID
		var sessions []vezne.ObjectID
		for range 40 {
			orders = append(orders, h.NewOrder(1999, "try").ID)
			sessions = append(sessions, h.Checkout(orders[len(orders)-1]).SessionID)
		}
		h.Idle()
		h.Stop()
		for _, s := range sessions {
			h.Clock.Advance(time.Minute)
			h.CompleteCheckout(s, "pm_card_visa")
		}
		for _, pause := range []time.Duration{0, time.Minute, 10 * time.Minute, 30 * time.Minute, 80 * time.Minute} {
			h.Clock.Advance(pause)
			h.must(h.Stripe.Idle(h.t.Context()))
		}
		failed, err := h.Stripe.Deliveries(sandbox.DeliveryFilter{Types: []string{"checkout.session.completed"}, Status: "failed"})
		h.must(err)
		for _, d := range failed {
			if d.NextAttemptAt != nil {
				h.t.Fatal("Stripe has not given up yet")
			}
		}
		if len(failed) != 40 {
			h.t.Fatalf("%d deliveries failed, want 40", len(failed))
		}
		h.Restart()
		r, err := h.Reconcile(h.t.Context(), by, engine.ReconcileParams{Since: h.Clock.Now().Add(-3 * time.Hour)})
		if err != nil || r.State != vezne.ReconciliationComplete || r.Found == 0 {
			h.t.Fatalf("the search is %s with %d findings, %v %s", r.State, r.Found, err, r.Error)
		}
		for _, id := range orders {
			h.WantStatus(id, vezne.OrderPaid)
		}
		h.Idle()
		before := h.count("SELECT COUNT(*) FROM vezne_entries WHERE action = 'order.paid'")
		for _, d := range failed {
			_, err := h.Stripe.Resend(d.ID)
			h.must(err)
		}
		h.Idle()
		if after := h.count("SELECT COUNT(*) FROM vezne_entries WHERE action = 'order.paid'"); after != before || after != 40 {
			h.t.Errorf("%d orders were paid, then %d; want 40", before, after)
		}
		h.agrees(4 * time.Hour)
	})
}

func TestD33GapOlderThanThirtyDays(t *testing.T) {
	each(t, func(h *house) {
		restore := h.LoseEvents()
		order := h.NewOrder(1999, "try")
		c := h.Checkout(order.ID)
		h.CompleteCheckout(c.SessionID, "pm_card_visa")
		// Nobody listens and nobody looks for more than a month.
		h.Clock.Advance(35 * 24 * time.Hour)
		h.must(h.Stripe.Idle(h.t.Context()))
		restore()
		if events := h.events("checkout.session.completed"); len(events) != 0 {
			h.t.Fatalf("Stripe still lists %d events", len(events))
		}
		h.WantStatus(order.ID, vezne.OrderOpen)
		r, err := h.Reconcile(h.t.Context(), by, engine.ReconcileParams{Since: h.Clock.Now().Add(-40 * 24 * time.Hour)})
		if err != nil || r.State != vezne.ReconciliationComplete {
			h.t.Fatalf("the search is %s, %v %s", r.State, err, r.Error)
		}
		h.WantStatus(order.ID, vezne.OrderPaid)
		h.agrees(40 * 24 * time.Hour)
	})
}

func TestD34TwoTabsPayTheSameOrder(t *testing.T) {
	each(t, func(h *house) {
		for round := range 12 {
			order := h.NewOrder(1999, "try")
			// One tab shows the card form; the other turns to Stripe's page at the
			// instant at which the first pays.
			i, err := h.intent(order.ID, "")
			h.must(err)
			var tabs sync.WaitGroup
			tabs.Go(func() { h.buyerPays(i, "4242424242424242") })
			tabs.Go(func() {
				c, err := h.StartCheckout(h.t.Context(), by, order.ID, engine.CheckoutParams{Replace: true})
				switch vezne.CodeOf(err) {
				case "":
					h.CompleteCheckout(c.SessionID, "pm_card_visa")
				case vezne.CodeOrderPaid, vezne.CodeAttemptOpen, vezne.CodeAttemptUnsure:
				default:
					h.t.Errorf("round %d: the second tab: %v", round, err)
				}
			})
			tabs.Wait()
			h.Idle()
			if n := h.paidAtStripe(order.ID); n != 1999 {
				h.t.Errorf("round %d: Stripe keeps %d for the order, want 1999", round, n)
			}
			h.WantStatus(order.ID, vezne.OrderPaid)
		}
	})
}

func TestD34MoneyThatComesTwiceGoesBackWithinAMinute(t *testing.T) {
	each(t, func(h *house) {
		order := h.NewOrder(1999, "try")
		i := h.Pay(order.ID, "pm_card_visa")
		h.Idle()
		// A second payment of the same attempt, as an older build or a lost answer
		// would leave one.
		second := h.dashboard(http.MethodPost, "/v1/payment_intents", fmt.Sprintf(
			"amount=1999&currency=try&payment_method=pm_card_mastercard&confirm=true&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never&metadata[%s]=%s&metadata[%s]=%s",
			vezne.MetadataOrder, order.ID, vezne.MetadataAttempt, h.attempt(order.ID)))
		if second["status"] != "succeeded" || second["id"] == string(i.ID) {
			h.t.Fatalf("the second payment: %v", second)
		}
		h.Advance(time.Minute)
		if n := h.paidAtStripe(order.ID); n != 1999 {
			h.t.Errorf("a minute later Stripe keeps %d, want 1999", n)
		}
		h.WantStatus(order.ID, vezne.OrderPaid)
		if h.Count(order.ID, "attention.raised") == 0 {
			h.t.Error("nobody was told of the surplus")
		}
	})
}

// attempt returns the id of an order's first attempt.
func (h *house) attempt(id vezne.OrderID) string {
	h.t.Helper()
	lines, err := h.Timeline(h.t.Context(), id)
	h.must(err)
	for _, l := range lines {
		if l.Action == "attempt.opened" {
			return l.After["attempt"].(string)
		}
	}
	h.t.Fatal("the order has no attempt")
	return ""
}

// paidAtStripe returns what Stripe took for an order and has not given back, in
// the minor unit.
func (h *house) paidAtStripe(id vezne.OrderID) int64 {
	h.t.Helper()
	sum := 0.0
	list, ok := h.dashboard(http.MethodGet, "/v1/charges", "limit=100")["data"].([]any)
	if !ok {
		h.t.Fatal("Stripe lists no charges")
	}
	for _, c := range list {
		charge := c.(map[string]any)
		if charge["status"] != "succeeded" {
			continue
		}
		intent := h.dashboard(http.MethodGet, "/v1/payment_intents/"+charge["payment_intent"].(string), "")
		if intent["metadata"].(map[string]any)[vezne.MetadataOrder] == string(id) {
			sum += charge["amount"].(float64) - charge["amount_refunded"].(float64)
		}
	}
	return int64(sum)
}

func TestD35DoubleClickOnPay(t *testing.T) {
	each(t, func(h *house) {
		order := h.NewOrder(1999, "try")
		page := "/pay/" + string(order.ID) + "/checkout"
		var clicks sync.WaitGroup
		led := make([]string, 3)
		for i := range led {
			clicks.Go(func() {
				_, header, _ := h.visit(http.MethodPost, page, "a=b")
				led[i] = header.Get("Location")
			})
		}
		clicks.Wait()
		// "Confirm resubmission": the browser sends the form again later.
		_, header, _ := h.visit(http.MethodPost, page, "a=b")
		for _, location := range append(led, header.Get("Location")) {
			if location == "" || location != led[0] {
				h.t.Errorf("clicks lead to %q and %q", led[0], location)
			}
		}
		if n := h.rows("/v1/checkout/sessions"); n != 1 {
			h.t.Errorf("%d sessions at Stripe, want 1", n)
		}
	})
}

func TestD36PriceChangedBetweenCartAndPayment(t *testing.T) {
	each(t, func(h *house) {
		product := h.dashboard(http.MethodPost, "/v1/products", "name=Tea")["id"].(string)
		price := vezne.ObjectID(h.dashboard(http.MethodPost, "/v1/prices", "currency=usd&unit_amount=1000&product="+product)["id"].(string))
		order, err := h.CreateOrder(h.t.Context(), by, engine.NewOrder{Currency: "usd", Lines: []engine.NewLine{{Price: price, Quantity: 2}}})
		h.must(err)
		// The shop raises its price, and withdraws the old one.
		h.dashboard(http.MethodPost, "/v1/prices", "currency=usd&unit_amount=1500&product="+product)
		h.dashboard(http.MethodPost, "/v1/prices/"+string(price), "active=false")
		if _, err := h.StartCheckout(h.t.Context(), by, order.ID, engine.CheckoutParams{}); vezne.CodeOf(err) != vezne.CodeStripeRefused {
			h.t.Errorf("a withdrawn price is sold: %v", err)
		}
		h.dashboard(http.MethodPost, "/v1/prices/"+string(price), "active=true")
		c := h.Checkout(order.ID)
		h.CompleteCheckout(c.SessionID, "pm_card_visa")
		h.Idle()
		if o := h.WantStatus(order.ID, vezne.OrderPaid); o.AmountTotal != 2000 || o.AmountPaid != 2000 {
			h.t.Errorf("the order costs %d and %d were paid, want what the buyer was shown: 2000", o.AmountTotal, o.AmountPaid)
		}
		// An amount that somebody changes at Stripe while the buyer pays is no payment of this order.
		other := h.NewOrder(1999, "usd")
		i, err := h.intent(other.ID, "")
		h.must(err)
		h.dashboard(http.MethodPost, "/v1/payment_intents/"+string(i.ID), "amount=100")
		h.buyerPays(i, "4242424242424242")
		h.Idle()
		if o := h.WantStatus(other.ID, vezne.OrderOpen); !o.Has(vezne.AttentionMismatch) {
			h.t.Errorf("attention %v", o.Attention)
		}
	})
}

func TestD37SessionExpiresAndMoneyComesForACanceledOrder(t *testing.T) {
	each(t, func(h *house) {
		order := h.NewOrder(1999, "try")
		h.Checkout(order.ID)
		h.Advance(25 * time.Hour)
		first := h.attempt(order.ID)
		if h.Count(order.ID, "attempt.unpaid") != 1 {
			h.t.Fatal("the attempt did not end with its session")
		}
		h.WantStatus(order.ID, vezne.OrderOpen)
		h.Checkout(order.ID) // Another one can be opened.
		_, err := h.Cancel(h.t.Context(), by, order.ID)
		h.must(err)
		h.Idle()
		h.WantStatus(order.ID, vezne.OrderCanceled)
		// Money that comes all the same goes back, and the order stays canceled.
		h.dashboard(http.MethodPost, "/v1/payment_intents", fmt.Sprintf(
			"amount=1999&currency=try&payment_method=pm_card_visa&confirm=true&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never&metadata[%s]=%s&metadata[%s]=%s",
			vezne.MetadataOrder, order.ID, vezne.MetadataAttempt, first))
		h.Advance(time.Minute)
		h.WantStatus(order.ID, vezne.OrderCanceled)
		if n := h.paidAtStripe(order.ID); n != 0 {
			h.t.Errorf("Stripe keeps %d for a canceled order", n)
		}
		if h.shipped(order.ID) != 0 {
			h.t.Error("a canceled order was shipped")
		}
	})
}

func TestD38LandingPageFlood(t *testing.T) {
	each(t, func(h *house) {
		order := h.NewOrder(1999, "try")
		c := h.Checkout(order.ID)
		h.Idle()
		h.must(h.Stripe.ForgetRequests())
		for second := range 10 {
			var flood sync.WaitGroup
			for range 10 {
				flood.Go(func() {
					for range 10 {
						if status := h.visitQuietly(landing(order.ID, c.SessionID)); status != http.StatusOK {
							h.t.Errorf("second %d: %d", second, status)
						}
					}
				})
			}
			flood.Wait()
			h.Clock.Advance(time.Second)
		}
		// A burst of three, then one in two seconds.
		if n := h.asked(http.MethodGet, ""); n == 0 || n > 3+5 {
			h.t.Errorf("Stripe was asked %d times in 10 seconds, want 8 at most", n)
		}
		h.CompleteCheckout(c.SessionID, "pm_card_visa")
		h.Clock.Advance(2 * time.Second)
		if _, _, body := h.visit(http.MethodGet, landing(order.ID, c.SessionID), ""); !showsPaid(body) {
			h.t.Error("after the flood the buyer is not told")
		}
	})
}

// visitQuietly is visit for goroutines: it ends no test.
func (h *house) visitQuietly(path string) int {
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, veznetest.DeskURL+path, http.NoBody)
	if err != nil {
		h.t.Error(err)
		return 0
	}
	res, err := h.Client.Do(req)
	if err != nil {
		h.t.Error(err)
		return 0
	}
	if err := res.Body.Close(); err != nil {
		h.t.Error(err)
	}
	return res.StatusCode
}
