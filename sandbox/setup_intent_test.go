package sandbox_test

import "testing"

// What each kind of card does when it is saved.
func TestSavingCards(t *testing.T) {
	t.Parallel()
	saved := []string{"setup_intent.created", "payment_method.attached", "setup_intent.succeeded"}
	refused := []string{"setup_intent.created", "setup_intent.setup_failed"}
	for _, tc := range []struct {
		card, status, code, decline, param string
		events                             []string
	}{
		{"pm_card_visa", "succeeded", "", "", "", saved},
		{"pm_card_amex", "succeeded", "", "", "", saved},
		{"pm_card_chargeCustomerFail", "succeeded", "", "", "", saved},
		{"pm_card_authenticationRequiredSetupForOffSession", "succeeded", "", "", "", saved},
		{"pm_card_authenticationRequired", "requires_action", "", "", "", []string{"setup_intent.created", "setup_intent.requires_action"}},
		{"pm_card_authenticationRequiredOnSetup", "requires_action", "", "", "", []string{"setup_intent.created", "setup_intent.requires_action"}},
		{"pm_card_visa_chargeDeclined", "requires_payment_method", "card_declined", "generic_decline", "", refused},
		{"pm_card_visa_chargeDeclinedLostCard", "requires_payment_method", "card_declined", "lost_card", "", refused},
		{"pm_card_chargeDeclinedExpiredCard", "requires_payment_method", "expired_card", "expired_card", "exp_month", refused},
		{"pm_card_chargeDeclinedIncorrectCvc", "requires_payment_method", "incorrect_cvc", "incorrect_cvc", "cvc", refused},
	} {
		t.Run(tc.card, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			customer := s.post("/v1/customers").str("id")
			s.events()
			status, si := s.call("POST", "/v1/setup_intents", "customer", customer, "payment_method_types[]", "card", "payment_method", tc.card, "confirm", "true")
			if tc.code != "" {
				e := si.hash("error")
				e.want(t, "type", "card_error", "code", tc.code, "decline_code", tc.decline)
				if status != 402 || e.str("param") != tc.param {
					t.Errorf("status %d, param %q", status, e.str("param"))
				}
				si = e.hash("setup_intent")
				si.want(t, "last_setup_error.code", tc.code, "payment_method", nil)
			}
			si.want(t, "status", tc.status, "usage", "off_session")
			attempts := s.get("/v1/setup_attempts", "setup_intent", si.str("id")).list("data")
			if len(attempts) != 1 || attempts[0].str("id") != si.str("latest_attempt") {
				t.Errorf("attempts %v, latest %s", attempts, si.str("latest_attempt"))
			}
			wantEvents(t, s.events(), tc.events...)
			if tc.status == "succeeded" {
				s.get("/v1/payment_methods/"+si.str("payment_method")).want(t, "customer", customer, "card.checks.cvc_check", "pass")
			}
		})
	}
}

func TestASetupIsFinishedByItsChallenge(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers").str("id")
	create := func() object {
		return s.post("/v1/setup_intents", "customer", customer, "payment_method_types[]", "card", "payment_method", "pm_card_authenticationRequired", "confirm", "true")
	}
	passed := create()
	s.events()
	s.answer(passed, "succeed")
	s.get("/v1/setup_intents/"+passed.str("id")).want(t, "status", "succeeded")
	wantEvents(t, s.events(), "payment_method.attached", "setup_intent.succeeded")

	failed := create()
	s.events()
	s.answer(failed, "fail")
	s.get("/v1/setup_intents/"+failed.str("id")).want(t, "status", "requires_payment_method", "payment_method", nil,
		"last_setup_error.code", "setup_intent_authentication_failure", "last_setup_error.type", "invalid_request_error")
	wantEvents(t, s.events(), "setup_intent.setup_failed")
}

func TestSetupIntentsInTheWrongState(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const unexpected = "setup_intent_unexpected_state"
	open := s.post("/v1/setup_intents", "payment_method_types[]", "card").str("id")
	done := s.post("/v1/setup_intents", "payment_method_types[]", "card", "payment_method", "pm_card_visa", "confirm", "true").str("id")
	gone := s.post("/v1/setup_intents/" + s.post("/v1/setup_intents", "payment_method_types[]", "card").str("id") + "/cancel").str("id")
	for _, tc := range []struct{ id, verb, code, message string }{
		{open, "confirm", unexpected, "You cannot confirm this SetupIntent because it's missing a payment method. You can either update the SetupIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken."},
		{done, "confirm", unexpected, "You cannot confirm this SetupIntent because it has already succeeded."},
		{done, "cancel", unexpected, "You cannot cancel this SetupIntent because it has a status of succeeded. Only a SetupIntent with one of the following statuses may be canceled: `requires_payment_method`, `requires_confirmation`, or `requires_action`."},
		{gone, "cancel", unexpected, "You cannot cancel this SetupIntent because it is already canceled."},
		{open, "verify_microdeposits", "intent_invalid_state", "This SetupIntent cannot be verified with microdeposits because it does not require verification."},
	} {
		e := s.refused("POST", "/v1/setup_intents/"+tc.id+"/"+tc.verb)
		e.want(t, "status", 400, "code", tc.code, "message", tc.message, "setup_intent.id", tc.id)
	}
	s.refused("POST", "/v1/setup_intents/seti_none/confirm").want(t, "status", 404, "code", "resource_missing", "param", "intent", "message", "No such setupintent: 'seti_none'")
}
