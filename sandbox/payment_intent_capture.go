package sandbox

import "slices"

func init() {
	behave("POST /v1/payment_intents/{intent}/capture", capturePaymentIntent)
	behave("POST /v1/payment_intents/{intent}/cancel", cancelPaymentIntent)
	onDue("payment_intent.release", releaseHold)
}

// holdSeconds is how long a bank holds an uncaptured amount: seven days; for Visa, when the buyer was not there, 4 days
// and 18 hours (docs.stripe.com/payments/place-a-hold-on-a-payment-method).
func holdSeconds(pi *stripeObject, card *testCard) int64 {
	if card.brand == "visa" && pi.Bool(hiddenOffSession) {
		return 4*day + 18*60*60
	}
	return 7 * day
}

func capturePaymentIntent(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	pi, err := findPaymentIntent(tx, r)
	if err != nil {
		return nil, err
	}
	status := pi.Str("status")
	if status == succeeded {
		return nil, unexpectedState(pi, "The remaining amount on this PaymentIntent could not be captured because the remainder of the authorized amount has been released.")
	}
	if status != requiresCapture {
		return nil, unexpectedState(pi, "This PaymentIntent could not be captured because it has a status of %s. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.", status)
	}
	amount := pi.Int("amount_capturable")
	if p.Has("amount_to_capture") {
		switch given := p.Int("amount_to_capture"); {
		case given < 0:
			return nil, invalid("amount_to_capture", "", "Invalid non-negative integer")
		case given == 0:
			return nil, invalid("amount_to_capture", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
		case given > amount:
			e := invalid("amount_to_capture", "amount_too_large", "The payment could not be captured because the requested capture amount is greater than the amount you can capture for this charge. Contact us via https://support.stripe.com/contact/ for help.")
			e.extra = map[string]*stripeObject{"payment_intent": pi}
			return nil, e
		default:
			if err := checkDigits(given, pi.Str("currency"), "amount_to_capture"); err != nil {
				return nil, err
			}
			amount = given
		}
	}
	ch := tx.Get("charge", pi.Str("latest_charge")).Edit()
	ch.Set("captured", true).Set("amount_captured", amount)
	if p.Has("application_fee_amount") {
		ch.Set("application_fee_amount", p.Int("application_fee_amount"))
	}
	if p.Has("transfer_data.amount") && ch.Has("transfer_data") {
		ch.Set("transfer_data.amount", p.Int("transfer_data.amount"))
	}
	payIn(tx, ch, amount)
	for _, key := range []string{"statement_descriptor", "statement_descriptor_suffix"} {
		if v := p.Str(key); v != "" {
			ch.Set(key, v)
		}
	}
	tx.Put(ch, "charge.captured")
	pi = pi.Edit()
	applyMetadata(tx, pi, p)
	disputeByCard(tx, ch, cardsByName[tx.behaviourName(pi.Str("payment_method"))])
	if pi, err = paid(tx, pi, amount); err != nil {
		return nil, err
	}
	if session := tx.Get("checkout.session", pi.Str(hiddenSession)); session != nil {
		tx.Put(session.Edit().Set("payment_status", paymentPaid)) // no event is known for this
	}
	return pi, nil
}

func cancelPaymentIntent(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	pi, err := findPaymentIntent(tx, r)
	if err != nil {
		return nil, err
	}
	status := pi.Str("status")
	if err := ofInvoice(tx, pi, "cancel"); err != nil {
		return nil, err
	}
	debited := status == processing && bankOf(methodOf(tx, pi)) != nil
	switch {
	case pi.Str(hiddenSession) != "" && status != requiresCapture:
		return nil, ofCheckout(pi, "cancel")
	case !debited && !slices.Contains([]string{requiresPaymentMethod, requiresCapture, requiresConfirmation, requiresAction}, status):
		return nil, unexpectedState(pi, "You cannot cancel this PaymentIntent because it has a status of %s. Only a PaymentIntent with one of the following statuses may be canceled: "+
			"requires_payment_method, requires_capture, requires_reauthorization, requires_confirmation, requires_action, expired, processing.", status)
	}
	return cancelIntent(tx, pi, r.Params().Str("cancellation_reason")), nil
}

// methodOf is an intent's payment method; an empty one when it has none.
func methodOf(tx *accountTx, intent *stripeObject) *stripeObject {
	if method := tx.Get("payment_method", intent.Str("payment_method")); method != nil {
		return method
	}
	return hash()
}

// cancelIntent cancels a PaymentIntent; what its bank holds is released, a debit under way is called back.
func cancelIntent(tx *accountTx, pi *stripeObject, reason string) *stripeObject {
	pi = pi.Edit()
	abandonChallenge(pi)
	returnCash(tx, pi)
	if ch := tx.Get("charge", pi.Str("latest_charge")); ch != nil {
		switch pi.Str("status") {
		case requiresCapture:
			event := "charge.refunded"
			if reason == "automatic" {
				event = "charge.expired"
			}
			tx.Put(ch.Edit().Set("amount_refunded", ch.Int("amount")).Set("refunded", true), event)
			closeReview(tx, ch, "canceled")
		case processing:
			tx.Put(ch.Edit().Set("status", "failed").Set("failure_code", "charge_canceled").Set("failure_message", "The payment was canceled."), "charge.failed")
		}
	}
	pi.Set("status", canceled).Set("canceled_at", tx.Now()).Set("cancellation_reason", textOrNull(reason)).
		Set("amount_capturable", 0).Set("next_action", nil)
	tx.Put(pi, "payment_intent.canceled")
	return pi
}

// releaseHold cancels an intent whose hold ran out.
func releaseHold(tx *accountTx, id string) error {
	pi := tx.Get("payment_intent", id)
	if pi == nil || pi.Str("status") != requiresCapture {
		return nil
	}
	cancelIntent(tx, pi, "automatic")
	return nil
}
