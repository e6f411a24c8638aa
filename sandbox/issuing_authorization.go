package sandbox

import "net/http"

func init() {
	begin("issuing.authorization", beginAuthorization)
	for _, verb := range []string{"approve", "decline"} {
		behave("POST /v1/issuing/authorizations/{authorization}/"+verb, answerAuthorization(verb == "approve"))
	}
	behave("POST /v1/test_helpers/issuing/authorizations/{authorization}/capture", captureIssued)
	behave("POST /v1/test_helpers/issuing/authorizations/{authorization}/expire", expireIssued)
	behave("POST /v1/test_helpers/issuing/authorizations/{authorization}/finalize_amount", finalizeIssued)
	behave("POST /v1/test_helpers/issuing/authorizations/{authorization}/fraud_challenges/respond", respondToChallenge)
	behave("POST /v1/test_helpers/issuing/authorizations/{authorization}/increment", incrementIssued)
	behave("POST /v1/test_helpers/issuing/authorizations/{authorization}/reverse", reverseIssued)
}

// beginAuthorization asks an issued card for money: an active card gives it, another declines and the authorization is
// closed at once.
func beginAuthorization(_ *accountTx, o *stripeObject, p formParams) error {
	card := o.Hash("card")
	if !p.Has("currency") {
		o.Set("currency", card.Str("currency"))
	}
	if !p.Has("merchant_amount") {
		o.Set("merchant_amount", o.Int("amount"))
	}
	if !p.Has("merchant_currency") {
		o.Set("merchant_currency", o.Str("currency"))
	}
	reason, approved := "webhook_approved", true
	switch {
	case card.Str("status") == "canceled":
		reason, approved = "card_canceled", false
	case card.Str("status") != "active":
		reason, approved = "card_inactive", false
	case card.Str("cardholder.status") != "active":
		reason, approved = "cardholder_inactive", false
	}
	o.Set("cardholder", card.Str("cardholder.id")).Set("approved", approved).Set("status", "pending")
	if !approved {
		o.Set("status", "closed")
	}
	o.Set("request_history", []*stripeObject{requestOf(o, reason)})
	return nil
}

// requestOf is what an authorization's history says of how it was answered.
func requestOf(o *stripeObject, reason string) *stripeObject {
	asked := shapeNamed("issuing_authorization_request").newHash().Set("reason", reason)
	for _, key := range []string{"amount", "amount_details", "approved", "currency", "merchant_amount", "merchant_currency"} {
		asked.Set(key, o.Get(key))
	}
	return asked
}

// openIssued finds an authorization that is still open.
func openIssued(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o := tx.Get("issuing.authorization", r.Path("authorization"))
	switch {
	case o == nil:
		return nil, missing("issuing.authorization", r.Path("authorization"), "authorization", http.StatusNotFound)
	case o.Str("status") != "pending":
		return nil, invalid("", "", "This authorization cannot be changed because it has a status of %s.", o.Str("status"))
	}
	return o.Edit(), nil
}

// changeIssued changes an open authorization.
func changeIssued(tx *accountTx, r *apiRequest, change func(o *stripeObject, p formParams) error) (*stripeObject, error) {
	o, err := openIssued(tx, r)
	if err != nil {
		return nil, err
	}
	if err := change(o, r.Params()); err != nil {
		return nil, err
	}
	applyMetadata(tx, o, r.Params())
	tx.Put(o, "issuing_authorization.updated")
	return o, nil
}

func answerAuthorization(approved bool) operation {
	return func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		return changeIssued(tx, r, func(o *stripeObject, p formParams) error {
			if p.Has("amount") {
				o.Set("amount", p.Int("amount"))
			}
			o.Set("approved", approved).Set("pending_request", nil)
			reason := "webhook_approved"
			if !approved {
				o.Set("status", "closed")
				reason = "webhook_declined"
			}
			o.Set("request_history", append(objectsIn(o.List("request_history")), requestOf(o, reason)))
			return nil
		})
	}
}

// captureIssued takes the money, or a part of it: a transaction of the card.
func captureIssued(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	return changeIssued(tx, r, func(o *stripeObject, p formParams) error {
		amount := o.Int("amount")
		if p.Has("capture_amount") {
			amount = p.Int("capture_amount")
		}
		if amount < 1 {
			return invalid("capture_amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
		}
		taken := tx.issuedTransaction(o.Hash("card"), "capture", -amount, o.Str("currency")).Set("authorization", o.ID()).
			Set("merchant_data", o.Get("merchant_data")).Set("wallet", nil)
		applyParams(tx, taken, p, "metadata")
		tx.Put(taken, "issuing_transaction.created")
		o.Set("transactions", append(objectsIn(o.List("transactions")), taken))
		if !p.Has("close_authorization") || p.Bool("close_authorization") {
			o.Set("status", "closed")
		}
		return nil
	})
}

func expireIssued(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	return changeIssued(tx, r, func(o *stripeObject, _ formParams) error {
		o.Set("status", "expired")
		return nil
	})
}

// reverseIssued gives back what was authorized, or a part of it.
func reverseIssued(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	return changeIssued(tx, r, func(o *stripeObject, p formParams) error {
		amount := o.Int("amount")
		if p.Has("reverse_amount") {
			amount = p.Int("reverse_amount")
		}
		if amount < 0 || amount > o.Int("amount") {
			return invalid("reverse_amount", "", "The reverse_amount must be between 0 and the authorization's amount.")
		}
		o.Set("amount", o.Int("amount")-amount).Set("merchant_amount", max(0, o.Int("merchant_amount")-amount))
		if o.Int("amount") == 0 {
			o.Set("status", "reversed")
		}
		return nil
	})
}

func incrementIssued(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	return changeIssued(tx, r, func(o *stripeObject, p formParams) error {
		more := p.Int("increment_amount")
		if more < 1 {
			return invalid("increment_amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
		}
		o.Set("amount", o.Int("amount")+more).Set("merchant_amount", o.Int("merchant_amount")+more)
		return nil
	})
}

func finalizeIssued(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	return changeIssued(tx, r, func(o *stripeObject, p formParams) error {
		amount := p.Int("final_amount")
		if amount < 0 {
			return invalid("final_amount", "parameter_invalid_integer", "Invalid non-negative integer")
		}
		o.Set("amount", amount).Set("merchant_amount", amount).Set("pending_request", nil)
		return nil
	})
}

// respondToChallenge is the cardholder's answer to Stripe's question whether it was them. An authorization that nobody
// asked about is asked in the same moment: nothing else sends a challenge here.
func respondToChallenge(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o := tx.Get("issuing.authorization", r.Path("authorization"))
	if o == nil {
		return nil, missing("issuing.authorization", r.Path("authorization"), "authorization", http.StatusNotFound)
	}
	confirmed, state := r.Params().Bool("confirmed"), "rejected"
	if confirmed {
		state = "verified"
	}
	challenge := tx.NewHash("issuing_authorization_fraud_challenge").Set("channel", "sms").Set("status", state).Set("undeliverable_reason", nil)
	o = o.Edit().Set("fraud_challenges", []*stripeObject{challenge}).Set("verified_by_fraud_challenge", confirmed)
	tx.Put(o, "issuing_authorization.updated")
	return o, nil
}
