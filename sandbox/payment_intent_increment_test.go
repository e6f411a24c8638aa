package sandbox_test

import (
	"testing"

	"github.com/vezne/vezne/sandbox"
)

func TestAnAuthorizationIsIncremented(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	pi := s.intent("capture_method", "manual", "payment_method", "pm_card_visa", "confirm", "true", "payment_method_options[card][request_incremental_authorization]", "if_available", "expand[]", "latest_charge")
	pi.want(t, "latest_charge.payment_method_details.card.incremental_authorization.status", "available")
	path := "/v1/payment_intents/" + pi.str("id")
	s.events()
	more := s.post(path+"/increment_authorization", "amount", "2500", "metadata[nights]", "3", "description", "Three nights")
	more.want(t, "status", "requires_capture", "amount", 2500, "amount_capturable", 2500, "amount_received", 0, "metadata.nights", "3", "description", "Three nights")
	wantEvents(t, s.events(), "charge.updated", "payment_intent.amount_capturable_updated")
	s.get("/v1/charges/"+pi.str("latest_charge.id")).want(t, "amount", 2500, "payment_method_details.card.amount_authorized", 2500, "description", "Three nights", "captured", false)
	for _, tc := range []struct {
		amount string
		want   []any
	}{
		{"2500", []any{"param", "amount", "message", "The amount must be greater than the currently authorized amount of $25.00."}},
		{"100", []any{"param", "amount"}},
		{"999999999", []any{"param", "amount", "code", "amount_too_large"}},
	} {
		s.refused("POST", path+"/increment_authorization", "amount", tc.amount).want(t, append(tc.want, "status", 400)...)
	}
	s.post(path+"/capture").want(t, "status", "succeeded", "amount_received", 2500)
	s.refused("POST", path+"/increment_authorization", "amount", "3000").want(t, "status", 400, "code", "payment_intent_unexpected_state", "payment_intent.status", "succeeded")
}

func TestWhoMayNotIncrement(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for name, pairs := range map[string][]string{
		"not asked for":       {"payment_method", "pm_card_visa"},
		"another card scheme": {"payment_method", "pm_card_jcb", "payment_method_options[card][request_incremental_authorization]", "if_available"},
	} {
		pi := s.intent(append(pairs, "capture_method", "manual", "confirm", "true", "expand[]", "latest_charge")...)
		if got := pi.str("latest_charge.payment_method_details.card.incremental_authorization.status"); got != "unavailable" {
			t.Errorf("%s: %s, want unavailable", name, got)
		}
		s.refused("POST", "/v1/payment_intents/"+pi.str("id")+"/increment_authorization", "amount", "2500").want(t, "status", 400, "code", "payment_intent_unexpected_state")
	}
	s.refused("POST", "/v1/payment_intents/pi_none/increment_authorization", "amount", "2500").want(t, "status", 404)
}

// A bank that refuses more leaves the former amount to be captured; ten attempts are all there are.
func TestAnIncrementThatIsDeclined(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	pi := s.intent("capture_method", "manual", "payment_method", "pm_card_mastercard", "confirm", "true", "payment_method_options[card][request_incremental_authorization]", "if_available")
	path := "/v1/payment_intents/" + pi.str("id")
	account := s.sandbox.Account(s.key)
	for range 10 {
		if _, err := account.AddFault(sandbox.Fault{Method: "POST", Effect: "decline", DeclineCode: "insufficient_funds"}); err != nil {
			t.Fatal(err)
		}
		s.refused("POST", path+"/increment_authorization", "amount", "2500").want(t, "status", 402, "type", "card_error", "code", "card_declined", "decline_code", "insufficient_funds", "payment_intent.amount", 2000)
	}
	s.refused("POST", path+"/increment_authorization", "amount", "2500").want(t, "status", 400, "code", "payment_intent_unexpected_state")
	s.post(path+"/capture").want(t, "status", "succeeded", "amount_received", 2000)
}
