package sandbox

// cardDecline is the reason why a card's bank refuses a payment, "" when it does not.
func cardDecline(tx *accountTx, card *testCard, method *stripeObject) string {
	if forced := forcedDecline(tx); forced != "" {
		return forced
	}
	reason := orElse(card.decline, card.chargeDecline)
	// A code that was not given is not checked.
	if reason == "incorrect_cvc" && !method.Bool(hiddenCVC) {
		return ""
	}
	return reason
}

// chargeCard charges an intent's card: it pays, holds, or fails.
func chargeCard(tx *accountTx, pi, method *stripeObject, how authResult) (*stripeObject, error) {
	card := cardsByName[method.Str(hiddenBehaviour)]
	if method.Str("type") == cardType {
		method = method.Edit() // the bank looks at code and address, whatever it says
		setChecks(method, "card.checks", card, method)
	}
	if reason := cardDecline(tx, card, method); reason != "" {
		return declineCharge(tx, pi, method, declineFor(reason), how)
	}
	method = keepMethod(tx, pi, method, how)
	manual := pi.Str("capture_method") == "manual" || pi.Str("payment_method_options.card.capture_method") == "manual"
	ch := newCharge(tx, pi, method, how)
	ch.Set("status", succeeded).Set("paid", true).Set("captured", !manual)
	pi.Set("latest_charge", ch.ID()).Set("next_action", nil)
	if manual {
		ch.Set("payment_method_details."+method.Str("type")+".capture_before", tx.Now()+holdSeconds(pi, card))
		tx.Put(ch, "charge.succeeded")
		openReview(tx, ch, card)
		pi.Set("review", tx.Get("charge", ch.ID()).Get("review"))
		pi.Set("status", requiresCapture).Set("amount_capturable", pi.Int("amount"))
		tx.Due(tx.Now()+holdSeconds(pi, card), "payment_intent.release", pi.ID())
		tx.Put(pi, "payment_intent.amount_capturable_updated")
		return pi, nil
	}
	ch.Set("amount_captured", pi.Int("amount"))
	if pi.Str("capture_method") == "automatic" {
		payIn(tx, ch, pi.Int("amount"))
	} else {
		tx.Due(tx.Now()+asyncSeconds, "charge.balance_transaction", ch.ID())
	}
	tx.Put(ch, "charge.succeeded")
	openReview(tx, ch, card)
	disputeByCard(tx, tx.Get("charge", ch.ID()), card)
	pi.Set("review", tx.Get("charge", ch.ID()).Get("review"))
	return paid(tx, pi, pi.Int("amount"))
}

// paid writes that an intent is paid, and lets its invoice know.
func paid(tx *accountTx, pi *stripeObject, amount int64) (*stripeObject, error) {
	pi.Set("status", succeeded).Set("amount_received", amount).Set("amount_capturable", 0).Set("next_action", nil)
	tx.Put(pi, "payment_intent.succeeded")
	return pi, tx.invoiceFollows(pi, nil)
}

// keepMethod stores a method after a payment. It attaches it to the intent's customer when the intent asks for it; otherwise
// a method without a customer is used up now.
func keepMethod(tx *accountTx, pi, method *stripeObject, how authResult) *stripeObject {
	usage := pi.Str("setup_future_usage")
	if v := pi.Str("payment_method_options." + method.Str("type") + ".setup_future_usage"); v != "" {
		usage = v
	}
	customer := pi.Str("customer")
	kept := usage != "" && usage != "none" && customer != ""
	switch {
	case kept && usage == "off_session" && how != authAttempt && !method.Bool(hiddenSetUp):
		method = method.writable().Set(hiddenSetUp, true)
	case !kept && method.Str("customer") == "":
		method = method.writable().Set(hiddenUsed, true)
	}
	if method.open {
		tx.Put(method)
	}
	if kept && method.Str("customer") == "" {
		method = attach(tx, method, customer)
	}
	return method
}

// declineCharge records a charge that the bank, or Radar, refused, and fails the payment.
func declineCharge(tx *accountTx, pi, method *stripeObject, d decline, how authResult) (*stripeObject, error) {
	if method.Str("customer") == "" {
		method = method.writable().Set(hiddenUsed, true)
	}
	if method.open {
		tx.Put(method)
	}
	ch := newCharge(tx, pi, method, how)
	ch.Set("status", "failed").Set("failure_code", d.code).Set("failure_message", d.message).Set("outcome", refusedOutcome(tx, method, d))
	tx.Put(ch, "charge.failed")
	return failPayment(tx, pi, method, d, ch)
}

// failPayment sets an intent back to wait for another method. ch is nil when nothing was charged.
func failPayment(tx *accountTx, pi, method *stripeObject, d decline, ch *stripeObject) (*stripeObject, error) {
	e := cardError(d)
	e.keepChanges = true
	last := tx.NewHash("api_errors").Set("type", "card_error").Set("code", d.code).Set("decline_code", d.declineCode).
		Set("doc_url", docURL(d.code)).Set("message", d.message).Set("payment_method", method)
	for key, v := range map[string]string{"param": d.param, "advice_code": d.advice, "network_decline_code": d.network} {
		if v != "" {
			last.Set(key, v)
		}
	}
	if ch != nil {
		e.Charge = ch.ID()
		last.Set("charge", ch.ID())
		pi.Set("latest_charge", ch.ID())
	}
	pi.Set("status", requiresPaymentMethod).Set("payment_method", nil).Set("next_action", nil).Set("last_payment_error", last)
	tx.Put(pi, "payment_intent.payment_failed")
	if err := tx.invoiceFollows(pi, e); err != nil {
		return nil, err
	}
	e.extra = map[string]*stripeObject{"payment_intent": pi, "payment_method": method}
	return nil, e
}
