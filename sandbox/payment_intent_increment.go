package sandbox

import "slices"

func init() {
	behave("POST /v1/payment_intents/{intent}/increment_authorization", incrementAuthorization)
}

// hiddenIncrements counts the attempts to increment an authorization, declined ones too.
const hiddenIncrements = "_increments"

// maxIncrements is how often an authorization may be incremented (docs.stripe.com/api/payment_intents/increment_authorization).
const maxIncrements = 10

// incrementBrands are the networks that increment (docs.stripe.com/payments/incremental-authorization).
var incrementBrands = []string{"visa", "mastercard", "amex", "discover", "unionpay"}

// mayIncrement says whether an intent asked for incremental authorizations and its card's network has them.
func mayIncrement(pi *stripeObject, card *testCard) bool {
	return pi.Str("payment_method_options.card.request_incremental_authorization") == "if_available" && slices.Contains(incrementBrands, card.brand)
}

// incrementAuthorization asks the card's bank to hold more. What the bank refuses changes nothing: the former amount can
// still be captured.
func incrementAuthorization(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	pi, err := findPaymentIntent(tx, r)
	if err != nil {
		return nil, err
	}
	if status := pi.Str("status"); status != requiresCapture {
		return nil, unexpectedState(pi, "This PaymentIntent's authorization could not be incremented because it has a status of %s. Only a PaymentIntent with one of the following statuses may be incremented: requires_capture.", status)
	}
	ch := tx.Get("charge", pi.Str("latest_charge"))
	if ch.Str("payment_method_details.card.incremental_authorization.status") != "available" {
		return nil, unexpectedState(pi, "This PaymentIntent is not eligible for incremental authorization: its charge's payment_method_details.card.incremental_authorization.status is not `available`.")
	}
	amount := p.Int("amount")
	switch {
	case pi.Int(hiddenIncrements) >= maxIncrements:
		return nil, unexpectedState(pi, "You have reached the maximum number of incremental authorization attempts (%d) for this PaymentIntent.", maxIncrements)
	case amount <= pi.Int("amount"):
		return nil, invalid("amount", "", "The amount must be greater than the currently authorized amount of %s.", readable(pi.Int("amount"), pi.Str("currency")))
	}
	if err := checkCharge(amount, pi.Str("currency"), "amount"); err != nil {
		return nil, err
	}
	if p.Has("application_fee_amount") && tx.scope == "" && pi.Str("transfer_data.destination") == "" {
		return nil, checkConnect(tx, p, amount)
	}
	method := methodOf(tx, pi)
	pi = pi.Edit().Set(hiddenIncrements, pi.Int(hiddenIncrements)+1)
	if forced := forcedDecline(tx); forced != "" {
		tx.Put(pi)
		e := cardError(declineFor(forced))
		e.keepChanges, e.Charge = true, ch.ID()
		e.extra = map[string]*stripeObject{"payment_intent": pi, "payment_method": method}
		return nil, e
	}
	pi.Set("amount", amount).Set("amount_capturable", amount)
	ch = ch.Edit().Set("amount", amount).Set("payment_method_details.card.amount_authorized", amount).
		Set("payment_method_details.card.overcapture.maximum_amount_capturable", amount)
	for _, key := range []string{"description", "statement_descriptor"} {
		if p.Has(key) {
			pi.Set(key, textOrNull(p.Str(key)))
			ch.Set(key, textOrNull(p.Str(key)))
		}
	}
	if p.Has("application_fee_amount") {
		pi.Set("application_fee_amount", p.Int("application_fee_amount"))
		ch.Set("application_fee_amount", p.Int("application_fee_amount"))
	}
	if p.Has("transfer_data.amount") && pi.Has("transfer_data") {
		pi.Set("transfer_data.amount", p.Int("transfer_data.amount"))
		ch.Set("transfer_data.amount", p.Int("transfer_data.amount"))
	}
	applyMetadata(tx, pi, p)
	tx.Put(ch, "charge.updated")
	tx.Put(pi, "payment_intent.amount_capturable_updated")
	return pi, nil
}
