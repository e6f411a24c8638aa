package sandbox

import (
	"net/url"
	"strings"
)

func init() {
	private("GET /v1/3ds2/challenges/{token}", retrieveChallenge)
	private("POST /v1/3ds2/challenges/{token}", answerChallenge)
	simulation("3ds", simulateThreeDSecure)
}

// hiddenChallenges are the challenges of an intent by token: pending, succeeded, failed, or abandoned. At most one is pending.
const hiddenChallenges = "_challenges"

// What became of a challenge.
const (
	challengePending   = "pending"
	challengeSucceeded = "succeeded"
	challengeFailed    = "failed"
	challengeAbandoned = "canceled"
)

// challengeBuyer makes an intent wait for the buyer's answer to a new challenge, and answers the intent. The caller stores
// it.
func challengeBuyer(tx *accountTx, intent *stripeObject, c confirmation) *stripeObject {
	token := intent.ID() + "_" + tx.NewID("", 20)
	challenges := intent.Hash(hiddenChallenges)
	if challenges == nil {
		challenges = hash()
	}
	intent.Set(hiddenChallenges, challenges.Edit().Set(token, challengePending))
	address := tx.URL("/3ds/" + token)
	tx.Publish(token)
	schema := intent.Type() + "_next_action"
	action := tx.NewHash(schema)
	if c.sdk || c.returnURL == "" || c.captcha {
		kind := "three_d_secure_redirect"
		if c.captcha {
			kind = "intent_confirmation_challenge"
		}
		action.Set("type", "use_stripe_sdk").Set("use_stripe_sdk", hash(
			"type", kind, "source", tx.NewID("src_", 24), "stripe_js", address))
	} else {
		action.Set("type", "redirect_to_url").Set("redirect_to_url", tx.NewHash(schema+"_redirect_to_url").Set("return_url", c.returnURL).Set("url", address))
	}
	return intent.Set("status", requiresAction).Set("next_action", action)
}

// abandonChallenge ends the challenge that an intent waits for, without an answer.
func abandonChallenge(intent *stripeObject) {
	challenges := intent.Hash(hiddenChallenges)
	if challenges == nil {
		return
	}
	for _, token := range challenges.Keys() {
		if challenges.Str(token) == challengePending {
			intent.Set(hiddenChallenges, challenges.Edit().Set(token, challengeAbandoned)).Set("next_action", nil)
		}
	}
}

// challengeIntent finds the intent that a challenge's token belongs to, nil when there is none.
func challengeIntent(tx *accountTx, token string) *stripeObject {
	cutAt := strings.LastIndex(token, "_")
	if cutAt < 0 {
		return nil
	}
	typ := "payment_intent"
	if strings.HasPrefix(token, "seti_") {
		typ = "setup_intent"
	}
	intent := tx.Get(typ, token[:cutAt])
	if intent == nil || intent.Str(hiddenChallenges+"."+token) == "" {
		return nil
	}
	return intent
}

func retrieveChallenge(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	token := r.Path("token")
	intent := challengeIntent(tx, token)
	if intent == nil {
		return nil, missing("challenge", token, "token", 404)
	}
	method := methodOf(tx, intent)
	status := intent.Str(hiddenChallenges + "." + token)
	answer := hash(
		"object", "three_d_secure_challenge", "status", status, "merchant", displayName(tx),
		"card", hash("brand", method.Str("card.brand"), "last4", method.Str("card.last4")),
		"return_url", intent.Get(hiddenReturnURL), "redirect_url", returnAddress(intent, status))
	if intent.Type() == "payment_intent" {
		answer.Set("amount", intent.Int("amount")).Set("currency", intent.Str("currency"))
	}
	return answer, nil
}

// displayName is the merchant's name as buyers see it.
func displayName(tx *accountTx) string {
	return orElse(tx.Account().Str("settings.dashboard.display_name"), "Sandbox")
}

// returnAddress is where a buyer goes back to after a challenge by redirect: the return_url with Stripe's parameters, ""
// when there is none.
func returnAddress(intent *stripeObject, status string) any {
	address := intent.Str(hiddenReturnURL)
	if address == "" || status == challengePending {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	verdict := "failed"
	if status == challengeSucceeded {
		verdict = "succeeded"
	}
	query := u.Query()
	query.Set(intent.Type(), intent.ID())
	query.Set(intent.Type()+"_client_secret", intent.Str("client_secret"))
	query.Set("redirect_status", verdict)
	u.RawQuery = query.Encode()
	return u.String()
}

func answerChallenge(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	token, result := r.Path("token"), r.Params().Str("result")
	if result != "succeed" && result != "fail" {
		return nil, invalid("result", "", "Invalid result: must be one of succeed or fail")
	}
	intent := challengeIntent(tx, token)
	if intent == nil {
		return nil, missing("challenge", token, "token", 404)
	}
	// An answer that was given already stands.
	if intent.Str(hiddenChallenges+"."+token) == challengePending {
		if err := settleChallenge(tx, intent, token, result == "succeed"); err != nil {
			return nil, err
		}
	}
	return retrieveChallenge(tx, r)
}

// settleChallenge goes on with an intent after the buyer's answer. A payment that then fails is no failure of the answer.
func settleChallenge(tx *accountTx, intent *stripeObject, token string, passed bool) error {
	method := methodOf(tx, intent)
	intent = intent.Edit()
	status := challengeFailed
	if passed {
		status = challengeSucceeded
	}
	intent.Set(hiddenChallenges+"."+token, status).Set("next_action", nil)
	var err error
	switch {
	case intent.Type() == "setup_intent":
		err = settleSetupChallenge(tx, intent, method, passed)
	case !passed:
		if err = failAuthentication(tx, intent, method); err == nil {
			err = sessionAttempted(tx, intent)
		}
	case intent.Str("confirmation_method") == "manual":
		// The server confirms once more, and then pays.
		tx.Put(intent.Set("status", requiresConfirmation).Set(hiddenAuthenticated, method.ID()))
	default:
		how := authChallenge
		if card := behaviourOf(method); card != nil && card.captcha {
			how = authNone // a captcha authenticates nobody
		}
		if intent, err = chargeCard(tx, intent, method, how); err == nil {
			err = sessionAttempted(tx, intent)
		}
	}
	if e, ok := err.(*Error); ok && e.keepChanges { //nolint:errorlint // behaviours return *Error bare
		return nil
	}
	return err
}

const authenticationFailed = "We are unable to authenticate your payment method. Please choose a different payment method and try again."

// authenticationError is what an intent keeps of a challenge that was not passed.
func authenticationError(tx *accountTx, intent, method *stripeObject) *stripeObject {
	code := intent.Type() + "_authentication_failure"
	return tx.NewHash("api_errors").Set("type", "invalid_request_error").Set("code", code).Set("doc_url", docURL(code)).
		Set("message", authenticationFailed).Set("payment_method", method)
}

// failAuthentication sets a payment back after a challenge that was not passed. Nothing was charged.
func failAuthentication(tx *accountTx, pi, method *stripeObject) error {
	if method.Str("customer") == "" {
		method = method.Edit().Set(hiddenUsed, true)
		tx.Put(method)
	}
	pi.Set("status", requiresPaymentMethod).Set("payment_method", nil).Set("last_payment_error", authenticationError(tx, pi, method))
	tx.Put(pi, "payment_intent.payment_failed")
	return tx.invoiceFollows(pi, nil)
}

// simulateThreeDSecure answers the challenge that an intent waits for, as its buyer would: {intent, result}.
func simulateThreeDSecure(tx *accountTx, p formParams) (*stripeObject, error) {
	id := p.Str("intent")
	typ := "payment_intent"
	if strings.HasPrefix(id, "seti_") {
		typ = "setup_intent"
	}
	intent := tx.Get(typ, id)
	if intent == nil {
		return nil, missing(typ, id, "intent", 404)
	}
	var passed bool
	switch result := p.Str("result"); result {
	case "succeed", "succeeded", "success":
		passed = true
	case "fail", "failed", "failure":
	case "abandon", "abandoned":
		// Nobody answers: the intent goes on waiting.
		return intent, nil
	default:
		return nil, invalid("result", "", "Invalid result: must be one of succeed, fail, or abandon")
	}
	challenges := intent.Hash(hiddenChallenges)
	if challenges != nil {
		for _, token := range challenges.Keys() {
			if challenges.Str(token) == challengePending {
				if err := settleChallenge(tx, intent, token, passed); err != nil {
					return nil, err
				}
				return tx.Get(typ, id), nil
			}
		}
	}
	return nil, invalid("intent", "", "%s does not wait for 3D Secure: its status is %s.", id, intent.Str("status"))
}
