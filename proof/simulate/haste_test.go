package simulate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
)

// hasty has somebody do something to what Stripe has just done for the desk,
// before the desk hears of it: a buyer in another window, a bank, an operator
// in Stripe's dashboard. What the desk then hears is old news.
func (w *world) hasty(res *http.Response) {
	body, err := readAnswer(res)
	if err != nil {
		w.violate("an answer breaks off: %v", err)
		return
	}
	var o struct {
		ID     string          `json:"id"`
		Object string          `json:"object"`
		Intent json.RawMessage `json:"payment_intent"`
	}
	if json.Unmarshal(body, &o) != nil {
		return
	}
	intent := o.ID
	if o.Object == "refund" {
		intent = ""
		if json.Unmarshal(o.Intent, &intent) != nil {
			return
		}
	}
	if intent == "" || o.Object != "payment_intent" && o.Object != "refund" {
		return
	}
	rng := rand.New(rand.NewPCG(w.weather.rng.Uint64(), 0x4a57e))
	w.note("somebody is quicker than the answer about %s", intent)
	w.strand("haste", func(ctx context.Context) { w.interfere(ctx, intent, rng) })
}

// interfere does something that fits an intent's state.
func (w *world) interfere(ctx context.Context, intent string, rng *rand.Rand) {
	st := w.stripe
	for range 1 + rng.IntN(2) {
		var i intentTruth
		if !st.get("/v1/payment_intents/"+intent, nil, &i) {
			return
		}
		switch i.Status {
		case "requires_action":
			st.simulate(ctx, "3ds", map[string]any{"intent": intent, "result": pickOne(rng, "succeed", "succeed", "fail")})
		case "requires_payment_method":
			st.do(ctx, http.MethodPost, "/v1/payment_intents/"+intent+"/confirm", url.Values{"payment_method": {pickOne(rng, "pm_card_visa", "pm_card_chargeDeclined")}, "return_url": {deskURL}})
		case "requires_capture":
			st.do(ctx, http.MethodPost, "/v1/payment_intents/"+intent+"/"+pickOne(rng, "cancel", "capture"), nil)
		case "succeeded":
			if rng.IntN(3) == 0 {
				st.simulate(ctx, "dispute", map[string]any{"intent": intent, "kind": pickOne(rng, "chargeback", "inquiry")})
				break
			}
			st.do(ctx, http.MethodPost, "/v1/refunds", url.Values{"payment_intent": {intent}, "amount": {fmt.Sprint(1 + rng.IntN(200))}})
		default:
			return
		}
		pause(ctx, w.weather.pause(1_000_000_000))
	}
}
