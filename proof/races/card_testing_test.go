package races

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/veznetest"
)

// declining are Stripe's test cards that are declined, each another card.
// Source: docs.stripe.com/testing, declined payments.
var declining = []string{
	"4000000000000002", "4000000000009995", "4000000000009987", "4000000000009979", "4000000000000069", "4000000000000127", "4000000000000119", "4000000000006975",
}

// limited opens desks with limits so small that each is reached soon.
func limited(l vezne.Limits) veznetest.Option {
	return veznetest.WithConfig(func(c *engine.Config) { c.Policy.Limits = l })
}

// heldBack fails the test unless an error is that of a limit, and returns how
// long it asks to wait.
func (h *house) heldBack(err error) time.Duration {
	h.t.Helper()
	e, ok := errors.AsType[*vezne.Error](err)
	if !ok || e.Code != vezne.CodePaymentThrottled || e.Kind != vezne.KindRateLimited || e.RetryAfter <= 0 {
		h.t.Fatalf("error = %v, want payment_throttled with a time to wait", err)
	}
	return e.RetryAfter
}

// attack makes an order and tries a card on it for a client, and returns the
// order and what became of it.
func (h *house) attack(client, number string) (vezne.OrderView, error) {
	h.t.Helper()
	order := h.NewOrder(100, "usd")
	i, err := h.intent(order.ID, client)
	if err != nil {
		return order, err
	}
	if status, body := h.buyerPays(i, number); status != http.StatusPaymentRequired {
		h.t.Fatalf("a card that is declined: %d: %v", status, body)
	}
	h.Idle()
	return order, nil
}

func TestManyCardsOfOneClientAreSlowedDown(t *testing.T) {
	each(t, func(h *house) {
		const attacker, buyer = "203.0.113.9", "198.51.100.7"
		tried := 0
		var refused error
		for ; refused == nil && tried < 100; tried++ {
			_, refused = h.attack(attacker, declining[tried%len(declining)])
		}
		if tried != vezne.DefaultClientDeclines+1 {
			h.t.Fatalf("%d cards could be tried within an hour, want %d", tried-1, vezne.DefaultClientDeclines)
		}
		wait := h.heldBack(refused)

		// Whoever comes from elsewhere is not hurt, nor is the attacker's own
		// order when somebody else pays it.
		order := h.NewOrder(1999, "try")
		i, err := h.intent(order.ID, buyer)
		h.must(err)
		if status, body := h.buyerPays(i, "4242424242424242"); status != http.StatusOK {
			h.t.Fatalf("a buyer: %d: %v", status, body)
		}
		h.Idle()
		h.WantStatus(order.ID, vezne.OrderPaid)

		// In a day no more than the limit of each hour gets through.
		h.Advance(wait)
		for tried = 0; tried < 100; tried++ {
			if _, refused = h.attack(attacker, declining[tried%len(declining)]); refused != nil {
				break
			}
		}
		if tried != vezne.DefaultClientDeclines {
			h.t.Errorf("%d cards could be tried in the next hour, want %d", tried, vezne.DefaultClientDeclines)
		}
		if _, _, body := h.visit(http.MethodGet, "/metrics", ""); !strings.Contains(body, `vezne_payments_throttled_total{by="client"} 2`) {
			h.t.Error("the metric does not count what was held back")
		}
	})
}

func TestManyCardsOnOneOrderEndItsPayment(t *testing.T) {
	each(t, func(h *house) {
		order := h.NewOrder(1999, "try")
		// One payment was begun, and the browser goes on by itself with its secret.
		i, err := h.intent(order.ID, "")
		h.must(err)
		tried := 0
		for ; tried < 50; tried++ {
			status, body := h.buyerPays(i, declining[tried%len(declining)])
			if status != http.StatusPaymentRequired {
				if status != http.StatusBadRequest {
					h.t.Fatalf("the intent after %d cards: %d: %v", tried, status, body)
				}
				break
			}
			h.Idle()
		}
		if tried != vezne.DefaultOrderDeclines {
			h.t.Errorf("%d cards could be tried on one intent, want %d", tried, vezne.DefaultOrderDeclines)
		}
		if got := h.dashboard(http.MethodGet, "/v1/payment_intents/"+string(i.ID), "")["status"]; got != "canceled" {
			h.t.Errorf("the intent at Stripe is %v, want canceled", got)
		}
		if o := h.Get(order.ID); !o.Has(vezne.AttentionCardTesting) || o.Status() != vezne.OrderOpen {
			h.t.Errorf("the order is %s with attention %v", o.Status(), o.Attention)
		}
		for range 3 {
			_, err = h.intent(order.ID, "")
			h.heldBack(err)
			_, err = h.StartCheckout(h.t.Context(), by, order.ID, engine.CheckoutParams{Replace: true})
			h.heldBack(err)
		}
		if n := h.Count(order.ID, "payment.throttled"); n != 1 {
			h.t.Errorf("%d lines say that the order was held back, want 1 in a window", n)
		}

		// Later the order can be paid after all, and no person need look at it.
		h.Advance(h.heldBack(err))
		i, err = h.intent(order.ID, "")
		h.must(err)
		if status, body := h.buyerPays(i, "4242424242424242"); status != http.StatusOK {
			h.t.Fatalf("a card that is good: %d: %v", status, body)
		}
		h.Idle()
		if o := h.WantStatus(order.ID, vezne.OrderPaid); len(o.Attention) != 0 {
			h.t.Errorf("a paid order has attention %v", o.Attention)
		}
	})
}

func TestManyCardsOnStripesPageEndItsSession(t *testing.T) {
	each(t, func(h *house) {
		order := h.NewOrder(1999, "try")
		c := h.Checkout(order.ID)
		for range 3 {
			if _, err := h.Stripe.Simulate("checkout", map[string]any{"session": string(c.SessionID), "payment_method": "pm_card_chargeDeclined"}); err == nil {
				h.t.Fatal("a card that is declined pays")
			}
			h.Idle()
		}
		if got := h.dashboard(http.MethodGet, "/v1/checkout/sessions/"+string(c.SessionID), "")["status"]; got != "expired" {
			h.t.Errorf("the session at Stripe is %v, want expired", got)
		}
		_, err := h.StartCheckout(h.t.Context(), by, order.ID, engine.CheckoutParams{})
		h.heldBack(err)
	}, limited(vezne.Limits{OrderDeclines: 3}))
}

func TestOneCardIsKnownAgainAcrossOrdersAndClients(t *testing.T) {
	each(t, func(h *house) {
		const limit = 4
		for i := range limit {
			_, err := h.attack(fmt.Sprintf("203.0.113.%d", i), "4000000000009995")
			h.must(err)
		}
		// Another order, another client: the server learns the card first.
		order := h.NewOrder(100, "usd")
		charges := h.rows("/v1/charges")
		_, err := h.StartPaymentIntent(h.t.Context(), by, order.ID, engine.PaymentIntentParams{PaymentMethod: "pm_card_chargeDeclinedInsufficientFunds", Confirm: true, Client: "192.0.2.1"})
		h.heldBack(err)
		if n := h.rows("/v1/charges"); n != charges {
			h.t.Errorf("the card reached the bank: %d charges, want %d", n, charges)
		}
		// In the browser it is met once more, and the order is closed by that.
		last, err := h.attack("192.0.2.2", "4000000000009995")
		h.must(err)
		if o := h.Get(last.ID); !o.Has(vezne.AttentionCardTesting) {
			h.t.Errorf("the order has attention %v", o.Attention)
		}
		_, err = h.intent(last.ID, "192.0.2.3")
		h.heldBack(err)
		// Its client is known by the card, too; a neighbour with another card is not.
		_, err = h.intent(h.NewOrder(100, "usd").ID, "192.0.2.2")
		h.heldBack(err)
		i, err := h.StartPaymentIntent(h.t.Context(), by, order.ID, engine.PaymentIntentParams{PaymentMethod: "pm_card_visa", Confirm: true, Client: "192.0.2.1"})
		if err != nil || i.Status != "succeeded" {
			h.t.Errorf("another card: %s, %v", i.Status, err)
		}
		// A card that is saved, not charged, is looked at in the same way.
		_, err = h.CreateSetupIntent(h.t.Context(), by, engine.SetupIntentParams{CustomerReference: "u1", PaymentMethod: "pm_card_chargeDeclinedInsufficientFunds", Confirm: true})
		h.heldBack(err)
	}, limited(vezne.Limits{CardDeclines: 4}))
}

func TestManyBuyersBehindOneAddressAreNoAttack(t *testing.T) {
	each(t, func(h *house) {
		const hall = "203.0.113.1"
		// Every fourth mistypes or lacks money at first; all of them pay.
		for n := range 24 {
			order := h.NewOrder(1999, "try")
			i, err := h.intent(order.ID, hall)
			h.must(err)
			if n%4 == 0 {
				h.buyerPays(i, declining[n%len(declining)])
				h.Idle()
			}
			if status, body := h.buyerPays(i, "4242424242424242"); status != http.StatusOK {
				h.t.Fatalf("buyer %d: %d: %v", n, status, body)
			}
			h.Idle()
			h.WantStatus(order.ID, vezne.OrderPaid)
		}
		// Whoever then only tries cards meets the limit soon.
		tried := 0
		for ; tried < 100; tried++ {
			if _, err := h.attack(hall, declining[tried%len(declining)]); err != nil {
				h.heldBack(err)
				break
			}
		}
		if want := 3 + 24 - 6; tried != want {
			h.t.Errorf("%d cards could be tried behind the address of 24 buyers, want %d", tried, want)
		}
	}, limited(vezne.Limits{ClientStarts: 30, ClientDeclines: 3, CardDeclines: -1}))
}

func TestSavingCardsIsLimitedToo(t *testing.T) {
	each(t, func(h *house) {
		save := func(person, client string) error {
			_, err := h.CreateSetupIntent(h.t.Context(), by, engine.SetupIntentParams{CustomerReference: person, Client: client})
			return err
		}
		for n := range 3 {
			h.must(save(fmt.Sprintf("u%d", n), "203.0.113.9"))
		}
		h.heldBack(save("u9", "203.0.113.9"))
		h.must(save("u9", "203.0.113.10"))
	}, limited(vezne.Limits{ClientStarts: 3}))
}

func TestTheCallerOfTheAPIIsToldToWait(t *testing.T) {
	each(t, func(h *house) {
		pay := func(client string) veznetest.Answer {
			order := h.NewOrder(500, "usd")
			return h.Call(http.MethodPost, "/v1/orders/"+string(order.ID)+"/payment-intent", fmt.Sprintf(`{"payment_method":"pm_card_chargeDeclined","confirm":true,"client":%q}`, client))
		}
		for range 2 {
			if a := pay("visitor-7"); a.Status != http.StatusOK {
				h.t.Fatalf("%d: %s", a.Status, a.Body)
			}
			h.Idle()
		}
		a := pay("visitor-7")
		var problem struct{ Code, Detail string }
		h.must(a.Decode(&problem))
		if a.Status != http.StatusTooManyRequests || problem.Code != "payment_throttled" || problem.Detail == "" || a.Header.Get("Retry-After") != "3601" {
			h.t.Errorf("%d, Retry-After %q: %s", a.Status, a.Header.Get("Retry-After"), a.Body)
		}
		if a := pay("visitor-8"); a.Status != http.StatusOK {
			h.t.Errorf("another visitor: %d: %s", a.Status, a.Body)
		}
		order := h.NewOrder(500, "usd")
		if a := h.Call(http.MethodPost, "/v1/orders/"+string(order.ID)+"/checkout", fmt.Sprintf(`{"client":%q}`, strings.Repeat("x", 201))); a.Status != http.StatusUnprocessableEntity {
			h.t.Errorf("a name without end: %d: %s", a.Status, a.Body)
		}
	}, limited(vezne.Limits{ClientDeclines: 2}))
}

func TestABuyersPageSaysInBothLanguagesToWait(t *testing.T) {
	each(t, func(h *house) {
		from := func(client string) []string { return []string{"X-Forwarded-For", "10.9.8.7, " + client} }
		for range 2 {
			order := h.NewOrder(500, "usd")
			if status, _, body := h.visit(http.MethodPost, "/pay/"+string(order.ID)+"/intent", "a=b", from("203.0.113.9")...); status != http.StatusOK {
				h.t.Fatalf("%d: %s", status, body)
			}
		}
		order := h.NewOrder(500, "usd")
		page := "/pay/" + string(order.ID)
		for lang, want := range map[string]string{"en": "Too many payments were tried here.", "tr": "Burada çok fazla ödeme denendi."} {
			for _, way := range []string{"/intent", "/checkout"} {
				status, header, body := h.visit(http.MethodPost, page+way+"?lang="+lang, "a=b", from("203.0.113.9")...)
				if status != http.StatusTooManyRequests || header.Get("Retry-After") == "" || !strings.Contains(body, want) {
					h.t.Errorf("%s in %s: %d, Retry-After %q: %s", way, lang, status, header.Get("Retry-After"), body)
				}
			}
		}
		if status, _, body := h.visit(http.MethodPost, page+"/intent", "a=b", from("203.0.113.10")...); status != http.StatusOK {
			h.t.Errorf("a neighbour: %d: %s", status, body)
		}
	}, limited(vezne.Limits{ClientStarts: 2}))
}

func TestAForgedAddressIsNobodysAddress(t *testing.T) {
	each(t, func(h *house) {
		// Nobody is trusted: whatever the header says, all of these are one client.
		for n := range 3 {
			order := h.NewOrder(500, "usd")
			status, _, body := h.visit(http.MethodPost, "/pay/"+string(order.ID)+"/intent", "a=b", "X-Forwarded-For", fmt.Sprintf("203.0.113.%d", n))
			if want := map[bool]int{true: http.StatusTooManyRequests, false: http.StatusOK}[n == 2]; status != want {
				h.t.Errorf("try %d: %d, want %d: %s", n, status, want, body)
			}
		}
		if n := strings.Count(h.Log(), "set --trusted-proxies"); n != 1 {
			h.t.Errorf("the log says %d times that a proxy is not trusted, want once", n)
		}
	}, limited(vezne.Limits{ClientStarts: 2}), veznetest.WithConfig(func(c *engine.Config) { c.TrustedProxies = []string{} }))
}
