package sandbox

import "slices"

func init() {
	private("POST /v1/payment_pages/{session}/payment_methods/{method}/detach", detachOnPage)
}

// setSessionMethods writes which methods a session takes and their options.
func setSessionMethods(tx *accountTx, session *stripeObject, p formParams) error {
	types, err := sessionTypes(p)
	if err != nil {
		return err
	}
	options := tx.NewHash("checkout_session_payment_method_options")
	if slices.Contains(types, cardType) {
		options.Set(cardType, tx.NewHash("checkout_card_payment_method_options").Set("request_three_d_secure", "automatic"))
	}
	if given, ok := p.Hash("payment_method_options"); ok {
		applyParams(tx, options, given)
	}
	session.Set("payment_method_types", types).Set("payment_method_options", options).
		Set(hiddenRedisplay, textOrNull(p.Str("payment_method_data.allow_redisplay")))
	return nil
}

// setIntentOptions writes a session's options of methods into its intent, over the defaults of each type.
func setIntentOptions(tx *accountTx, intent, session *stripeObject) {
	setMethodOptions(tx, intent, formParams{})
	options := session.Hash("payment_method_options")
	if options == nil {
		return
	}
	own := intent.Hash("payment_method_options").Edit()
	for _, typ := range options.Keys() {
		if takesMethod(session, typ) && own.Has(typ) {
			own.Set(typ, applyParams(tx, own.Hash(typ).Edit(), formParams{nodeOf(options.Hash(typ))}))
		}
	}
	intent.Set("payment_method_options", own)
}

// savedOnPage are the cards of a session's customer that its page offers, newest first.
func savedOnPage(tx *accountTx, session *stripeObject) []*stripeObject {
	customer := session.Str("customer")
	if customer == "" || session.Str("status") != sessionOpen {
		return nil
	}
	filters := session.List("saved_payment_method_options.allow_redisplay_filters")
	var found []*stripeObject
	for _, method := range ofField(tx, "payment_method", "customer", customer) {
		if slices.Contains(filters, any(orElse(method.Str("allow_redisplay"), "unspecified"))) && method.Str("type") == cardType && takesMethod(session, cardType) {
			found = append(found, method)
		}
	}
	return found
}

// savedMethod finds the saved method that a buyer chose.
func savedMethod(tx *accountTx, session *stripeObject, id string) (*stripeObject, error) {
	for _, method := range savedOnPage(tx, session) {
		if method.ID() == id {
			return method, nil
		}
	}
	return nil, missingMethod(id, "payment_method", 400)
}

// detachOnPage is a customer who removes a saved card, where the session lets them.
func detachOnPage(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	session, err := openOnPage(tx, r)
	if err != nil {
		return nil, err
	}
	if session.Str("saved_payment_method_options.payment_method_remove") != "enabled" {
		return nil, invalid("", "", "This Checkout Session does not let its customer remove saved payment methods.")
	}
	method, err := savedMethod(tx, session, r.Path("method"))
	if err != nil {
		return nil, err
	}
	tx.Put(method.Edit().Set("customer", nil).Set(hiddenUsed, true), "payment_method.detached")
	return pageAnswer(tx, session), nil
}

// redisplay is whether a method that a buyer typed may be offered to them again: as the shop says, always when they ticked
// the box, only here when the shop saves it (docs.stripe.com/payments/checkout/save-during-payment).
func redisplay(session *stripeObject, ticked bool) string {
	switch given := session.Str(hiddenRedisplay); {
	case given != "":
		return given
	case ticked:
		return "always"
	case needsCustomer(session) && (session.Str("mode") != "payment" || intentData(session, "setup_future_usage") != ""):
		return "limited"
	}
	return "unspecified"
}
