package simulate_test

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
)

// way is how an order is paid.
func (s *somebody) way() string {
	return pickOne(s.rng, "checkout", "checkout", "server", "server", "element", "two tabs", "double click", "held")
}

var methods = []string{
	"pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_mastercard", "pm_card_visa_chargeDeclined", "pm_card_visa_chargeDeclinedInsufficientFunds",
	"pm_card_threeDSecure2Required", "pm_card_authenticationRequired", "pm_card_createDispute", "pm_card_createDisputeInquiry", "pm_card_refundFail", "pm_card_pendingRefund",
}

func (s *somebody) method() string { return pickOne(s.rng, methods...) }

// exchanged is the currency that somebody puts in the place of another.
var exchanged = map[string]string{"usd": "eur", "eur": "usd", "try": "eur", "jpy": "usd"}

var currencies = []vezne.Currency{"usd", "eur", "try", "jpy"}

func (s *somebody) buy() {
	id, ok := s.newOrder(s.rng.IntN(4) > 0)
	if !ok {
		return
	}
	if s.rng.IntN(12) == 0 {
		return
	}
	s.pay(id, s.way())
	if s.rng.IntN(3) > 0 {
		s.land(id)
	}
}

// newOrder makes an order over REST, with a key: however often it is asked for,
// it is one order.
func (s *somebody) newOrder(known bool) (vezne.OrderID, bool) {
	w := s.world
	customer := fmt.Sprintf(`"name":"x%sx"`, s.reference())
	if known {
		customer += fmt.Sprintf(`,"reference":%q`, s.reference())
	}
	body := fmt.Sprintf(`{"currency":%q,"customer":{%s},"lines":[{"name":"Coffee","unit_amount":%d,"quantity":%d}]}`,
		pickOne(s.rng, currencies...), customer, 500+s.rng.IntN(5000), 1+s.rng.IntN(3))
	var order struct {
		ID vezne.OrderID `json:"id"`
	}
	_, ok := s.rest("make an order", http.MethodPost, "/v1/orders", body, s.rng.Uint64(), &order)
	if !ok {
		return "", false
	}
	w.stats.orders++
	return order.ID, true
}

// pay pays an order in a way.
func (s *somebody) pay(id vezne.OrderID, way string) {
	switch way {
	case "checkout":
		s.payCheckout(id, s.rng.IntN(2) == 0)
	case "server":
		s.payServer(id, engine.PaymentIntentParams{PaymentMethod: s.method(), Confirm: true, Replace: s.rng.IntN(2) == 0})
	case "held":
		s.payServer(id, engine.PaymentIntentParams{PaymentMethod: pickOne(s.rng, "pm_card_visa", "pm_card_threeDSecure2Required"), Confirm: true, CaptureMethod: "manual", Replace: true})
	case "element":
		s.payElement(id)
	case "two tabs":
		s.both("another tab", func(o *somebody) { o.payCheckout(id, true) })
		s.think(5 * time.Second)
		s.payElement(id)
	case "double click":
		p := engine.PaymentIntentParams{PaymentMethod: s.method(), Confirm: true, Replace: true}
		s.both("a second click", func(o *somebody) { o.payServer(id, p) })
		s.payServer(id, p)
	}
}

func (s *somebody) payCheckout(id vezne.OrderID, replace bool) {
	var c engine.Checkout
	err := s.desk("check out "+string(id), func(p *process) (err error) {
		c, err = p.StartCheckout(s.ctx, buyer, id, engine.CheckoutParams{Replace: replace})
		return err
	})
	if err != nil || c.SessionID == "" || s.rng.IntN(5) == 0 {
		return
	}
	s.think(3 * time.Minute)
	for range 1 + s.rng.IntN(2) {
		method := s.method()
		if s.rng.IntN(8) == 0 {
			method = "pm_success_de"
		}
		s.world.stripe.simulate(s.ctx, "checkout", map[string]any{"session": string(c.SessionID), "payment_method": method, "email": "ada@example.com"})
		var session struct {
			Intent string `json:"payment_intent"`
			Status string `json:"status"`
		}
		if s.world.stripe.get("/v1/checkout/sessions/"+string(c.SessionID), nil, &session); session.Status != "open" {
			break
		}
		if session.Intent != "" {
			s.authenticate(session.Intent)
		}
		s.think(time.Minute)
	}
}

// authenticate answers a bank's challenge, or leaves it half-way.
func (s *somebody) authenticate(intent string) {
	var i intentTruth
	if !s.world.stripe.get("/v1/payment_intents/"+intent, nil, &i) || i.Status != "requires_action" {
		return
	}
	s.think(2 * time.Minute)
	if result := pickOne(s.rng, "succeed", "succeed", "succeed", "fail", "abandon", ""); result != "" {
		s.world.stripe.simulate(s.ctx, "3ds", map[string]any{"intent": intent, "result": result})
	}
}

func (s *somebody) payServer(id vezne.OrderID, p engine.PaymentIntentParams) {
	var i engine.PaymentIntent
	err := s.desk("pay "+string(id)+" with "+p.PaymentMethod, func(d *process) (err error) {
		i, err = d.StartPaymentIntent(s.ctx, buyer, id, p)
		return err
	})
	if err == nil && i.Status == "requires_action" {
		s.authenticate(string(i.ID))
	}
	if err == nil && i.Status == "requires_payment_method" && s.rng.IntN(2) == 0 {
		s.think(time.Minute)
		p.PaymentMethod = s.method()
		_ = s.desk("pay "+string(id)+" with another card", func(d *process) (err error) {
			i, err = d.StartPaymentIntent(s.ctx, buyer, id, p)
			return err
		})
	}
}

// payElement is our page: the desk makes the intent, the buyer's browser
// confirms it at Stripe.
func (s *somebody) payElement(id vezne.OrderID) {
	var i engine.PaymentIntent
	err := s.desk("make an intent for "+string(id), func(d *process) (err error) {
		i, err = d.StartPaymentIntent(s.ctx, buyer, id, engine.PaymentIntentParams{Replace: s.rng.IntN(3) > 0})
		return err
	})
	if err != nil || i.ID == "" {
		return
	}
	s.world.handed[string(i.ID)] = true
	if s.rng.IntN(6) == 0 {
		return
	}
	s.think(time.Minute)
	if s.rng.IntN(3) == 0 {
		// The page is loaded just before it is paid, and again as soon as it is.
		s.both("a page that is loaded meanwhile", func(o *somebody) { o.come(id) })
		defer s.come(id)
	}
	for range 1 + s.rng.IntN(2) {
		s.world.stripe.do(s.ctx, http.MethodPost, "/v1/payment_intents/"+string(i.ID)+"/confirm", url.Values{"payment_method": {s.method()}, "return_url": {deskURL + "/pay/" + string(id)}})
		s.authenticate(string(i.ID))
	}
}

// payOldPage is a buyer who finds a page still open, and pays there whatever
// has happened since.
func (s *somebody) payOldPage() {
	for _, i := range s.intents() {
		if s.world.handed[i.ID] && i.Status != "succeeded" && i.Status != "canceled" {
			s.world.stripe.do(s.ctx, http.MethodPost, "/v1/payment_intents/"+i.ID+"/confirm", url.Values{"payment_method": {"pm_card_visa"}, "return_url": {deskURL}})
			return
		}
	}
	for _, session := range texts(s.world, "SELECT a.session_id FROM vezne_attempts a JOIN vezne_orders o ON o.id = a.order_id WHERE a.session_id <> '' AND o.search LIKE $1 ORDER BY a.id", "%x"+s.reference()+"x%") {
		s.world.stripe.simulate(s.ctx, "checkout", map[string]any{"session": session, "payment_method": "pm_card_visa", "email": "ada@example.com"})
	}
}
