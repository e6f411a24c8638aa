package sandbox

import (
	"slices"
)

func init() {
	behave("POST /v1/setup_intents", createSetupIntent)
	behave("POST /v1/setup_intents/{intent}", updateSetupIntent)
	behave("POST /v1/setup_intents/{intent}/confirm", confirmSetupIntent)
	behave("POST /v1/setup_intents/{intent}/cancel", cancelSetupIntent)
}

func createSetupIntent(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	si := tx.New("setup_intent")
	// Stripe takes usage, and answers off_session whatever it was (recorded).
	si.Set("client_secret", si.ID()+"_secret_"+tx.NewID("", 25)).Set("usage", "off_session").Set("status", requiresPaymentMethod)
	if err := setMethodTypes(tx, si, p); err != nil {
		return nil, err
	}
	if err := setSetupIntent(tx, si, p); err != nil {
		return nil, err
	}
	if !p.Bool("confirm") {
		method, fresh, err := givenMethod(tx, si, p)
		if err != nil {
			return nil, err
		}
		if method != nil {
			putFresh(tx, method, fresh)
			si.Set("payment_method", method.ID()).Set("status", requiresConfirmation)
		}
		tx.Put(si, "setup_intent.created")
		return si, nil
	}
	c, err := readConfirmation(tx, r, si)
	if err != nil {
		return nil, withoutIntent(err)
	}
	tx.Put(si, "setup_intent.created")
	return confirmSetup(tx, si.Edit(), c)
}

func setSetupIntent(tx *accountTx, si *stripeObject, p formParams) error {
	if id := p.Str("customer"); id != "" {
		customer, err := findCustomer(tx, id, "customer", 400)
		if err != nil {
			return err
		}
		si.Set("customer", customer.ID())
	}
	applyParams(tx, si, p, append(slices.Clone(intentParams), "usage", "single_use")...)
	return nil
}

func findSetupIntent(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	id := r.Path("intent")
	si := tx.Get("setup_intent", id)
	if si == nil {
		return nil, missing("setupintent", id, "intent", 404)
	}
	return si, nil
}

func updateSetupIntent(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	si, err := findSetupIntent(tx, r)
	if err != nil {
		return nil, err
	}
	if status := si.Str("status"); status == succeeded || status == canceled {
		for _, key := range []string{"customer", "payment_method", "payment_method_data", "payment_method_types"} {
			if p.Has(key) {
				return nil, unexpectedState(si, "You cannot update this SetupIntent because it has a status of %s.", status)
			}
		}
	}
	si = si.Edit()
	if err := changeMethodTypes(si, p); err != nil {
		return nil, err
	}
	setMethodOptions(tx, si, p)
	if err := setSetupIntent(tx, si, p); err != nil {
		return nil, err
	}
	method, fresh, err := givenMethod(tx, si, p)
	if err != nil {
		return nil, err
	}
	if method != nil {
		putFresh(tx, method, fresh)
		abandonChallenge(si)
		si.Set("payment_method", method.ID()).Set("status", requiresConfirmation)
	}
	// There is no setup_intent.updated.
	tx.Put(si)
	return si, nil
}

func confirmSetupIntent(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	si, err := findSetupIntent(tx, r)
	if err != nil {
		return nil, err
	}
	si = si.Edit()
	if err := changeMethodTypes(si, p); err != nil {
		return nil, err
	}
	setMethodOptions(tx, si, p)
	// The method is looked for before the state (recorded).
	c, err := readConfirmation(tx, r, si)
	if err != nil {
		return nil, err
	}
	switch status := si.Str("status"); status {
	case succeeded:
		return nil, unexpectedState(si, "You cannot confirm this SetupIntent because it has already succeeded.")
	case canceled, processing:
		return nil, unexpectedState(si, "You cannot confirm this SetupIntent because it has a status of %s. Only a SetupIntent with one of the following statuses may be confirmed: `requires_payment_method`, `requires_confirmation`, or `requires_action`.", status)
	}
	if si.Str(hiddenSession) != "" {
		return nil, ofCheckout(si, "confirm")
	}
	return confirmSetup(tx, si, c)
}

// confirmSetup confirms a SetupIntent: the method is saved, waits for the buyer, or is refused.
func confirmSetup(tx *accountTx, si *stripeObject, c confirmation) (*stripeObject, error) {
	method := c.take(tx, si)
	si.Set("last_setup_error", nil).Set("payment_method", method.ID())
	card := behaviourOf(method)
	if card == nil && needsDeposits(si, method) {
		si = sendDeposits(tx, si)
		si.Set("latest_attempt", newAttempt(tx, si, method, requiresAction, authNone, nil).ID())
		tx.Put(si, "setup_intent.requires_action")
		return si, nil
	}
	if card == nil {
		return saveMethod(tx, si, method, authNone)
	}
	if forced := orElse(forcedDecline(tx), card.decline); forced != "" && (forced != "incorrect_cvc" || method.Bool(hiddenCVC)) {
		return failSetup(tx, si, method, declineFor(forced))
	}
	if card.captcha && c.byBuyer {
		c.captcha = true
		return askSetup(tx, si, method, c)
	}
	switch card.secure {
	case secureAlways, secureOnSetup:
		return askSetup(tx, si, method, c)
	case secureOptional:
		if requested := requestedSecure(si, card); requested == "any" || requested == "challenge" {
			return askSetup(tx, si, method, c)
		}
	case secureLookupFails:
		return failSetup(tx, si, method, declineFor("generic_decline"))
	case secureFrictionless:
		return saveMethod(tx, si, method, authFrictionless)
	case secureNever, secureUnsupported, secureSetUp, secureOptionalFails:
	}
	return saveMethod(tx, si, method, authNone)
}

func askSetup(tx *accountTx, si, method *stripeObject, c confirmation) (*stripeObject, error) {
	si = challengeBuyer(tx, si, c)
	si.Set("latest_attempt", newAttempt(tx, si, method, requiresAction, authNone, nil).ID())
	tx.Put(si, "setup_intent.requires_action")
	return si, nil
}

// saveMethod ends a SetupIntent well: the method belongs to its customer and may be charged off-session.
func saveMethod(tx *accountTx, si, method *stripeObject, how authResult) (*stripeObject, error) {
	method = method.Edit().Set(hiddenSetUp, true)
	tx.Put(method)
	if customer := si.Str("customer"); customer != "" && method.Str("customer") == "" {
		method = attach(tx, method, customer)
	}
	si.Set("status", succeeded).Set("next_action", nil).Set("mandate", method.Get(hiddenMandate)).
		Set("latest_attempt", newAttempt(tx, si, method, succeeded, how, nil).ID())
	tx.Put(si, "setup_intent.succeeded")
	return si, tx.subscriptionSetUp(si)
}

// newAttempt records one attempt to set a method up.
func newAttempt(tx *accountTx, si, method *stripeObject, status string, how authResult, fault *stripeObject) *stripeObject {
	typ := method.Str("type")
	details := tx.NewHash("setup_attempt_payment_method_details").Set("type", typ)
	if card := behaviourOf(method); card != nil {
		of := tx.NewHash("setup_attempt_payment_method_details_card").Set("network", card.brand).
			Set("checks", tx.NewHash("setup_attempt_payment_method_details_card_checks"))
		for _, key := range []string{"brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4"} {
			of.Set(key, method.Get("card."+key))
		}
		setChecks(of, "checks", card, method)
		if how == authChallenge || how == authFrictionless {
			of.Set("three_d_secure", tx.NewHash("three_d_secure_details").Set("result", "authenticated").Set("version", "2.2.0"))
		}
		details.Set("card", of)
	}
	attempt := tx.New("setup_attempt").Set("customer", si.Get("customer")).Set("payment_method", method.ID()).
		Set("payment_method_details", details).Set("setup_intent", si.ID()).Set("status", status).
		Set("usage", si.Str("usage")).Set("setup_error", fault)
	tx.Put(attempt)
	return attempt
}

// failSetup sets a SetupIntent back after a refusal.
func failSetup(tx *accountTx, si, method *stripeObject, d decline) (*stripeObject, error) {
	last := tx.NewHash("api_errors").Set("type", "card_error").Set("code", d.code).Set("decline_code", d.declineCode).
		Set("doc_url", docURL(d.code)).Set("message", d.message).Set("payment_method", method)
	if d.param != "" {
		last.Set("param", d.param)
	}
	endSetup(tx, si, method, last)
	e := cardError(d)
	e.keepChanges = true
	e.extra = map[string]*stripeObject{"setup_intent": si, "payment_method": method}
	return nil, e
}

func endSetup(tx *accountTx, si, method, fault *stripeObject) {
	si.Set("status", requiresPaymentMethod).Set("payment_method", nil).Set("next_action", nil).Set("last_setup_error", fault).
		Set("latest_attempt", newAttempt(tx, si, method, "failed", authNone, fault).ID())
	tx.Put(si, "setup_intent.setup_failed")
}

// settleSetupChallenge goes on after the buyer's answer.
func settleSetupChallenge(tx *accountTx, si, method *stripeObject, passed bool) error {
	if !passed {
		endSetup(tx, si, method, authenticationError(tx, si, method))
		return nil
	}
	si, err := saveMethod(tx, si, method, authChallenge)
	if err != nil {
		return err
	}
	return sessionAttempted(tx, si)
}

func cancelSetupIntent(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	si, err := findSetupIntent(tx, r)
	if err != nil {
		return nil, err
	}
	switch status := si.Str("status"); {
	case si.Str(hiddenSession) != "":
		return nil, ofCheckout(si, "cancel")
	case status == canceled:
		return nil, unexpectedState(si, "You cannot cancel this SetupIntent because it is already canceled.")
	case status == succeeded || status == processing:
		return nil, unexpectedState(si, "You cannot cancel this SetupIntent because it has a status of %s. Only a SetupIntent with one of the following statuses may be canceled: `requires_payment_method`, `requires_confirmation`, or `requires_action`.", status)
	}
	return cancelSetup(tx, si, r.Params().Str("cancellation_reason")), nil
}

func cancelSetup(tx *accountTx, si *stripeObject, reason string) *stripeObject {
	si = si.Edit()
	abandonChallenge(si)
	si.Set("status", canceled).Set("cancellation_reason", textOrNull(reason)).Set("next_action", nil)
	tx.Put(si, "setup_intent.canceled")
	return si
}
