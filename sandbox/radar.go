package sandbox

func init() {
	behave("GET /v1/reviews", listReviews)
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

// answerWarnings ends what may be done about the warnings of a charge that was wholly refunded or is disputed.
func answerWarnings(tx *accountTx, ch *stripeObject) {
	for _, warning := range ofField(tx, "radar.early_fraud_warning", "charge", ch.ID()) {
		if warning.Bool("actionable") {
			tx.Put(warning.Edit().Set("actionable", false), "radar.early_fraud_warning.updated")
		}
	}
}

// simulateFraudWarning is an issuer that suspects fraud: {charge|intent}.
func simulateFraudWarning(tx *accountTx, p formParams) (*stripeObject, error) {
	ch, err := simulatedCharge(tx, p)
	if err != nil {
		return nil, err
	}
	return warnOfFraud(tx, ch), nil
}

// openReview puts a risky payment before a person, when it is authorised: whoever holds first may look before capturing.
// card may be nil.
func openReview(tx *accountTx, ch *stripeObject, card *testCard) {
	if card == nil || card.risk != "elevated" {
		return
	}
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
	return endReview(tx, review, "approved"), nil
}

func endReview(tx *accountTx, review *stripeObject, reason string) *stripeObject {
	review = review.Edit().Set("open", false).Set("closed_reason", reason).Set("reason", reason)
	tx.Put(review, "review.closed")
	return review
}

// closeReview ends the review of a charge that was refunded, disputed or canceled meanwhile, if one is open.
func closeReview(tx *accountTx, ch *stripeObject, reason string) {
	if review := tx.Get("review", ch.Str("review")); review != nil && review.Bool("open") {
		endReview(tx, review, reason)
	}
}

// listReviews lists the reviews that still wait for a person (docs.stripe.com/api/radar/reviews/list).
func listReviews(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	return tx.List(r, "review", func(review *stripeObject) bool { return review.Bool("open") })
}
