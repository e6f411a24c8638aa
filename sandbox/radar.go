package sandbox

func init() {
	behave("POST /v1/reviews/{review}/approve", approveReview)
	simulation("radar_warning", simulateFraudWarning)
}

// warnOfFraud is an issuer's early warning: nothing happens to the money.
func warnOfFraud(tx *accountTx, ch *stripeObject) *stripeObject {
	warning := tx.New("radar.early_fraud_warning").Set("actionable", true).Set("charge", ch.ID()).Set("fraud_type", "made_with_stolen_card")
	if id := ch.Str("payment_intent"); id != "" {
		warning.Set("payment_intent", id)
	}
	tx.Put(warning, "radar.early_fraud_warning.created")
	return warning
}

// simulateFraudWarning is an issuer that suspects fraud: {charge|intent}.
func simulateFraudWarning(tx *accountTx, p formParams) (*stripeObject, error) {
	ch, err := simulatedCharge(tx, p)
	if err != nil {
		return nil, err
	}
	return warnOfFraud(tx, ch), nil
}

// openReview puts a risky payment before a person.
func openReview(tx *accountTx, ch *stripeObject) {
	review := tx.New("review").Set("charge", ch.ID()).Set("open", true).Set("opened_reason", "rule").Set("reason", "rule")
	if id := ch.Str("payment_intent"); id != "" {
		review.Set("payment_intent", id)
	}
	tx.Put(review, "review.opened")
	tx.Put(tx.Get("charge", ch.ID()).Edit().Set("review", review.ID()))
}

func approveReview(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	review := tx.Get("review", r.Path("review"))
	switch {
	case review == nil:
		return nil, missing("review", r.Path("review"), "review", 404)
	case !review.Bool("open"):
		return nil, invalid("", "", "This review has already been closed.")
	}
	review = review.Edit().Set("open", false).Set("closed_reason", "approved").Set("reason", "approved")
	tx.Put(review, "review.closed")
	if ch := tx.Get("charge", review.Str("charge")); ch != nil {
		tx.Put(ch.Edit().Set("review", nil))
	}
	return review, nil
}
