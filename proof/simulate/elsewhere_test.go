package simulate_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/vezne/vezne"
)

// elsewhere is what banks do, and operators in Stripe's own dashboard.
func (s *somebody) elsewhere(kind string) {
	intents := s.intents()
	if len(intents) == 0 && !strings.Contains(kind, "customer") && !strings.Contains(kind, "detach") {
		return
	}
	st := s.world.stripe
	if s.rng.IntN(4) == 0 {
		s.world.weather.silent = time.Now()
	}
	status := func(want ...string) (intentTruth, bool) {
		var fit []intentTruth
		for _, i := range intents {
			for _, s := range want {
				if i.Status == s {
					fit = append(fit, i)
				}
			}
		}
		if len(fit) == 0 {
			return intentTruth{}, false
		}
		return fit[s.rng.IntN(len(fit))], true
	}
	switch kind {
	case "dispute":
		if i, ok := status("succeeded"); ok {
			st.simulate(s.ctx, "dispute", map[string]any{"intent": i.ID, "kind": pickOne(s.rng, "chargeback", "chargeback", "inquiry")})
		}
	case "dispute ends":
		for _, d := range list[disputeTruth](st, "/v1/disputes", nil) {
			if d.Status == "needs_response" || d.Status == "warning_needs_response" || d.Status == "under_review" {
				result := pickOne(s.rng, "won", "lost")
				if strings.HasPrefix(d.Status, "warning") {
					result = pickOne(s.rng, "escalated", "closed")
				}
				st.simulate(s.ctx, "dispute", map[string]any{"dispute": d.ID, "result": result})
				return
			}
		}
	case "refund at Stripe":
		if i, ok := status("succeeded"); ok {
			form := url.Values{"payment_intent": {i.ID}}
			if s.rng.IntN(2) == 0 {
				form.Set("amount", fmt.Sprint(1+s.rng.IntN(400)))
			}
			st.do(s.ctx, http.MethodPost, "/v1/refunds", form)
		}
	case "amount changed at Stripe":
		if i, ok := status("requires_capture"); ok {
			code, _ := st.do(s.ctx, http.MethodPost, "/v1/payment_intents/"+i.ID+"/capture", url.Values{"amount_to_capture": {fmt.Sprint(i.Amount/2 + 1)}})
			s.world.altered[i.ID] = s.world.altered[i.ID] || code == http.StatusOK
			return
		}
		if i, ok := status("requires_payment_method"); ok {
			other := url.Values{"amount": {fmt.Sprint(i.Amount + 100)}}
			if s.rng.IntN(2) == 0 {
				other = url.Values{"currency": {exchanged[i.Currency]}}
			}
			code, _ := st.do(s.ctx, http.MethodPost, "/v1/payment_intents/"+i.ID, other)
			if code == http.StatusOK {
				s.world.altered[i.ID] = true
				st.do(s.ctx, http.MethodPost, "/v1/payment_intents/"+i.ID+"/confirm", url.Values{"payment_method": {"pm_card_visa"}, "return_url": {deskURL}})
			}
		}
	case "charged again at Stripe":
		// Somebody at Stripe charges once more for what was paid: it must go back.
		if i, ok := status("succeeded"); ok && len(texts(s.world, "SELECT id FROM vezne_orders WHERE id = $1 AND paid_at IS NOT NULL", i.Metadata[vezne.MetadataOrder])) > 0 {
			_, body := st.do(s.ctx, http.MethodPost, "/v1/payment_intents", url.Values{
				"amount": {fmt.Sprint(i.Amount)}, "currency": {i.Currency}, "payment_method": {"pm_card_visa"}, "confirm": {"true"}, "payment_method_types[]": {"card"},
				"metadata[" + vezne.MetadataOrder + "]": {i.Metadata[vezne.MetadataOrder]},
			})
			var made intentTruth
			if err := json.Unmarshal(body, &made); err != nil || made.Status != "succeeded" {
				s.world.violate("a second charge: %s", body)
			}
			s.world.again[made.ID] = i.Metadata[vezne.MetadataOrder]
		}
	case "cancel at Stripe":
		if i, ok := status("requires_payment_method", "requires_capture", "requires_action"); ok {
			st.do(s.ctx, http.MethodPost, "/v1/payment_intents/"+i.ID+"/cancel", nil)
		}
	case "debit ends":
		if i, ok := status("processing"); ok {
			st.simulate(s.ctx, "async_payment", map[string]any{"intent": i.ID, "result": pickOne(s.rng, "succeed", "succeed", "fail")})
		}
	case "customer deleted at Stripe", "detach at Stripe":
		for _, c := range list[customerTruth](st, "/v1/customers", nil) {
			if c.Name != "x"+s.reference()+"x" {
				continue
			}
			if kind == "customer deleted at Stripe" {
				st.do(s.ctx, http.MethodDelete, "/v1/customers/"+c.ID, nil)
				return
			}
			for _, m := range list[methodTruth](st, "/v1/customers/"+c.ID+"/payment_methods", nil) {
				st.do(s.ctx, http.MethodPost, "/v1/payment_methods/"+m.ID+"/detach", nil)
				return
			}
		}
	}
}

// intents are those at Stripe that belong to the customer's orders.
func (s *somebody) intents() []intentTruth {
	s.world.sched.step(s.ctx, "looks at Stripe")
	mine := map[string]bool{}
	for _, id := range texts(s.world, "SELECT id FROM vezne_orders WHERE search LIKE $1", "%x"+s.reference()+"x%") {
		mine[id] = true
	}
	var out []intentTruth
	for _, i := range list[intentTruth](s.world.stripe, "/v1/payment_intents", nil) {
		if mine[i.Metadata[vezne.MetadataOrder]] {
			out = append(out, i)
		}
	}
	return out
}
