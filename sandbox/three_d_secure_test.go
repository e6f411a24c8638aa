package sandbox_test

import (
	"net/url"
	"strings"
	"testing"
)

// token is the challenge that an intent waits for, from either shape of its next action.
func token(t *testing.T, intent object) string {
	t.Helper()
	address := intent.str("next_action.use_stripe_sdk.stripe_js")
	if address == "" {
		address = intent.str("next_action.redirect_to_url.url")
	}
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(u.Path, "/3ds/") {
		t.Fatalf("no challenge in %v", intent["next_action"])
	}
	return strings.TrimPrefix(u.Path, "/3ds/")
}

// answer is the buyer's answer to a challenge: succeed or fail. The bank's page needs no key.
func (s *shop) answer(intent object, result string) object {
	s.t.Helper()
	key := s.key
	s.key = ""
	defer func() { s.key = key }()
	return s.post("/v1/3ds2/challenges/"+token(s.t, intent), "result", result)
}

// What each card that asks does after its buyer has answered.
func TestChallenges(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, card, result string
		status             string
		lastCode, decline  string
		events             []string
	}{
		{"passed", "pm_card_authenticationRequired", "succeed", "succeeded", "", "", []string{"charge.succeeded", "payment_intent.succeeded"}},
		{"failed", "pm_card_authenticationRequired", "fail", "requires_payment_method", "payment_intent_authentication_failure", "", []string{"payment_intent.payment_failed"}},
		{"passed, 3DS 2", "pm_card_threeDSecure2Required", "succeed", "succeeded", "", "", []string{"charge.succeeded", "payment_intent.succeeded"}},
		{"passed, then no funds", "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "succeed", "requires_payment_method", "card_declined", "insufficient_funds", []string{"charge.failed", "payment_intent.payment_failed"}},
		{"passed, then declined", "pm_card_threeDSecureRequiredChargeDeclined", "succeed", "requires_payment_method", "card_declined", "generic_decline", []string{"charge.failed", "payment_intent.payment_failed"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			pi := s.intent("payment_method", tc.card, "confirm", "true")
			s.events()
			s.answer(pi, tc.result).want(t, "status", map[string]string{"succeed": "succeeded", "fail": "failed"}[tc.result])
			after := s.get("/v1/payment_intents/" + pi.str("id"))
			after.want(t, "status", tc.status, "next_action", nil)
			if tc.lastCode != "" {
				after.want(t, "last_payment_error.code", tc.lastCode, "payment_method", nil)
				if after.str("last_payment_error.decline_code") != tc.decline {
					t.Errorf("decline_code %q, want %q", after.str("last_payment_error.decline_code"), tc.decline)
				}
			} else {
				s.get("/v1/charges/"+after.str("latest_charge")).want(t, "payment_method_details.card.three_d_secure.result", "authenticated",
					"payment_method_details.card.three_d_secure.authentication_flow", "challenge")
			}
			if tc.result == "fail" {
				after.want(t, "latest_charge", nil, "last_payment_error.type", "invalid_request_error",
					"last_payment_error.message", "We are unable to authenticate your payment method. Please choose a different payment method and try again.")
			}
			wantEvents(t, s.events(), tc.events...)
			// An answer stands: a second one changes nothing.
			s.answer(pi, "succeed")
			s.answer(pi, "fail")
			s.get("/v1/payment_intents/"+pi.str("id")).want(t, "status", tc.status)
			wantEvents(t, s.events())
		})
	}
}

// Off-session, the buyer is not there to answer.
func TestOffSessionPayments(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		card  string
		setUp bool
		code  string
	}{
		{"pm_card_visa", false, ""},
		{"pm_card_authenticationRequired", true, "authentication_required"},
		{"pm_card_threeDSecure2Required", true, "authentication_required"},
		{"pm_card_authenticationRequiredOnSetup", false, "authentication_required"},
		{"pm_card_authenticationRequiredOnSetup", true, ""},
		{"pm_card_authenticationRequiredSetupForOffSession", false, ""},
		{"pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", true, "card_declined"},
		{"pm_card_chargeCustomerFail", true, "card_declined"},
	} {
		name := tc.card
		if tc.setUp {
			name += ", set up"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			customer := s.post("/v1/customers").str("id")
			var method string
			if tc.setUp {
				si := s.post("/v1/setup_intents", "customer", customer, "payment_method_types[]", "card", "payment_method", tc.card, "confirm", "true")
				if si.str("status") == "requires_action" {
					s.answer(si, "succeed")
				}
				method = s.get("/v1/setup_intents/" + si.str("id")).str("payment_method")
			} else {
				method = s.post("/v1/payment_methods/"+tc.card+"/attach", "customer", customer).str("id")
			}
			s.events()
			status, o := s.call("POST", "/v1/payment_intents", "amount", "2000", "currency", "usd", "customer", customer, "payment_method", method, "off_session", "true", "confirm", "true")
			switch tc.code {
			case "":
				o.want(t, "status", "succeeded")
				return
			case "authentication_required":
				o.hash("error").want(t, "decline_code", "authentication_required", "message", "Your card was declined. This transaction requires authentication.",
					"charge", nil, "payment_intent.status", "requires_payment_method", "payment_intent.latest_charge", nil)
				wantEvents(t, s.events(), "payment_intent.created", "payment_intent.payment_failed")
			default:
				wantEvents(t, s.events(), "payment_intent.created", "charge.failed", "payment_intent.payment_failed")
			}
			if status != 402 {
				t.Errorf("status %d, want 402", status)
			}
			o.hash("error").want(t, "code", tc.code, "type", "card_error")
		})
	}
}

func TestTheNextActionHasTwoShapes(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	byScript := s.intent("payment_method", "pm_card_authenticationRequired", "confirm", "true", "use_stripe_sdk", "true", "return_url", "https://shop.example/back")
	byScript.want(t, "next_action.type", "use_stripe_sdk", "next_action.redirect_to_url", nil)

	byRedirect := s.intent("payment_method", "pm_card_authenticationRequired", "confirm", "true", "return_url", "https://shop.example/back?order=7")
	byRedirect.want(t, "next_action.type", "redirect_to_url", "next_action.redirect_to_url.return_url", "https://shop.example/back?order=7")
	back, err := url.Parse(s.answer(byRedirect, "succeed").str("redirect_url"))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"order": "7", "payment_intent": byRedirect.str("id"), "payment_intent_client_secret": byRedirect.str("client_secret"), "redirect_status": "succeeded",
	} {
		if got := back.Query().Get(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}

	failed := s.intent("payment_method", "pm_card_authenticationRequired", "confirm", "true", "return_url", "https://shop.example/back")
	if address := s.answer(failed, "fail").str("redirect_url"); !strings.Contains(address, "redirect_status=failed") {
		t.Errorf("the buyer comes back to %s", address)
	}
}

func TestWithManualConfirmationTheServerPaysAfterTheChallenge(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	pi := s.intent("payment_method", "pm_card_authenticationRequired", "confirm", "true", "confirmation_method", "manual")
	s.answer(pi, "succeed")
	s.get("/v1/payment_intents/"+pi.str("id")).want(t, "status", "requires_confirmation", "latest_charge", nil)
	s.key = "pk_test_shop"
	s.refused("POST", "/v1/payment_intents/"+pi.str("id")+"/confirm", "client_secret", pi.str("client_secret")).want(t, "code", "payment_intent_unexpected_state")
	s.key = "sk_test_shop"
	s.post("/v1/payment_intents/"+pi.str("id")+"/confirm").want(t, "status", "succeeded")
}

func TestAChallengeThatIsAbandonedCanNoLongerBePassed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	pi := s.intent("payment_method", "pm_card_authenticationRequired", "confirm", "true")
	s.post("/v1/payment_intents/"+pi.str("id")+"/confirm", "payment_method", "pm_card_visa").want(t, "status", "succeeded")
	s.answer(pi, "succeed").want(t, "status", "canceled")

	given := s.intent("payment_method", "pm_card_authenticationRequired", "confirm", "true")
	s.post("/v1/payment_intents/" + given.str("id") + "/cancel")
	s.answer(given, "succeed").want(t, "status", "canceled")
	s.get("/v1/payment_intents/"+given.str("id")).want(t, "status", "canceled", "latest_charge", nil)
}

func TestErrorOnRequiresActionRefuses(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.refused("POST", "/v1/payment_intents", "amount", "2000", "currency", "usd", "payment_method_types[]", "card", "payment_method", "pm_card_authenticationRequired",
		"confirm", "true", "error_on_requires_action", "true").
		want(t, "status", 402, "code", "authentication_required", "payment_intent.status", "requires_payment_method")
}

func TestARequestedAuthenticationIsAttempted(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const ask = "payment_method_options[card][request_three_d_secure]"
	visa := s.intent("payment_method", "pm_card_visa", "confirm", "true", ask, "any", "expand[]", "latest_charge")
	visa.want(t, "status", "succeeded", "latest_charge.payment_method_details.card.three_d_secure.result", "attempt_acknowledged")
	s.intent("payment_method", "pm_card_threeDSecureOptional", "confirm", "true", ask, "any").want(t, "status", "requires_action")
	s.intent("payment_method", "pm_card_amex_threeDSecureNotSupported", "confirm", "true", ask, "any", "expand[]", "latest_charge").
		want(t, "status", "succeeded", "latest_charge.payment_method_details.card.three_d_secure", nil)
	s.refused("POST", "/v1/payment_intents", "amount", "2000", "currency", "usd", "payment_method_types[]", "card", "payment_method", "pm_card_threeDSecureOptionalProcessingError", "confirm", "true", ask, "any").
		want(t, "status", 402, "code", "processing_error")
	frictionless := s.post("/v1/payment_methods", "type", "card", "card[number]", "4000000032200000", "card[exp_month]", "12", "card[exp_year]", "2039", "card[cvc]", "123")
	s.intent("payment_method", frictionless.str("id"), "confirm", "true", "expand[]", "latest_charge").
		want(t, "status", "succeeded", "latest_charge.payment_method_details.card.three_d_secure.authentication_flow", "frictionless")
}
