package simulate_test

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/vezne/vezne"
)

// land is a buyer who comes back to the order's page.
func (s *somebody) land(id vezne.OrderID) {
	s.think(30 * time.Second)
	if s.rng.IntN(3) == 0 {
		s.come(id)
	}
	res, err := s.world.call(s.ctx, http.MethodGet, "/pay/"+string(id)+"?landed=1", "")
	if err != nil {
		return
	}
	s.world.note("land on %s: %d", id, res.StatusCode)
	if res.StatusCode >= 500 && res.StatusCode != http.StatusServiceUnavailable {
		s.world.violate("the page of %s answers %d", id, res.StatusCode)
	}
}

// come is the page asking how the order stands.
func (s *somebody) come(id vezne.OrderID) {
	before := s.taken(id)
	res, err := s.world.call(s.ctx, http.MethodPost, "/pay/"+string(id)+"/state", "")
	if err != nil {
		return
	}
	var state struct {
		Stage string `json:"stage"`
	}
	page := readBody(s.world, res)
	s.world.note("the page of %s: %d %s", id, res.StatusCode, page)
	if res.StatusCode != http.StatusOK {
		return
	}
	if err := json.Unmarshal(page, &state); err != nil {
		s.world.violate("the page of %s answers %s", id, page)
	}
	// Stripe had the money before the buyer came back: the page says so, or that
	// it is still asking.
	if before != "" && (state.Stage == "pay" || state.Stage == "action") && !s.world.restored {
		s.world.violate("the page of %s asks for money that Stripe had taken by %s before", id, before)
	}
}

// taken is the intent by which Stripe has an order's money now, as its newest
// attempt asked for it; empty when it has not.
func (s *somebody) taken(id vezne.OrderID) string {
	s.world.sched.step(s.ctx, "remembers")
	for _, intent := range texts(s.world, "SELECT payment_intent_id FROM vezne_attempts WHERE order_id = $1 AND payment_intent_id <> '' ORDER BY number DESC LIMIT 1", string(id)) {
		var i intentTruth
		if s.world.stripe.get("/v1/payment_intents/"+intent, nil, &i) && i.Status == "succeeded" && !s.world.altered[intent] {
			return intent
		}
	}
	return ""
}
