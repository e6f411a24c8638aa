package sandbox

func init() {
	onDue("debit.answer", answerDebit)
	simulation("async_payment", simulateAsyncPayment)
}

// debitCurrency is the only currency of a debit.
var debitCurrency = map[string]string{"sepa_debit": "eur", "us_bank_account": "usd"}

// startDebit sends a debit to the bank: the payment is processing until the bank answers.
func startDebit(tx *accountTx, pi, method *stripeObject, bank *testBank) (*stripeObject, error) {
	if err := checkDebit(pi, bank); err != nil {
		return nil, err
	}
	method = keepMethod(tx, pi, method, authNone)
	ch := newCharge(tx, pi, method, authNone)
	ch.Set("status", "pending").Set("captured", true).Set("amount_captured", pi.Int("amount"))
	tx.Put(ch, "charge.pending")
	pi.Set("status", processing).Set("latest_charge", ch.ID()).Set("next_action", nil)
	tx.Put(pi, "payment_intent.processing")
	if !bank.never {
		tx.Due(tx.Now()+bank.after, "debit.answer", ch.ID())
	}
	return pi, tx.invoiceFollows(pi, nil)
}

// checkDebit refuses payments that cannot be debits.
func checkDebit(pi *stripeObject, bank *testBank) error {
	if want := debitCurrency[bank.typ]; pi.Str("currency") != want {
		return invalid("currency", "", "The currency provided (%s) is invalid for the following payment method types: %s. Payments with %s are made in %s.", pi.Str("currency"), bank.typ, bank.typ, want)
	}
	if pi.Str("capture_method") == "manual" {
		return unexpectedState(pi, "The payment method type %s does not support capture_method `manual`.", bank.typ)
	}
	return nil
}

// answerDebit is the bank's answer to a debit.
func answerDebit(tx *accountTx, id string) error {
	ch := tx.Get("charge", id)
	if ch == nil || ch.Str("status") != "pending" {
		return nil
	}
	bank := banksByName[tx.behaviourName(ch.Str("payment_method"))]
	if bank == nil {
		return nil
	}
	return settleDebit(tx, ch, bank.failure, bank.disputed)
}

// settleDebit ends a pending debit: paid when failure is "", else failed for that reason.
func settleDebit(tx *accountTx, ch *stripeObject, failure string, disputed bool) error {
	pi := tx.Get("payment_intent", ch.Str("payment_intent"))
	if pi != nil {
		pi = pi.Edit()
	}
	ch = ch.Edit()
	if failure == "" {
		ch.Set("status", succeeded).Set("paid", true)
		payIn(tx, ch, ch.Int("amount"))
		tx.Put(ch, "charge.succeeded")
		if disputed {
			openDispute(tx, ch, "general", "")
		}
		if pi == nil { // a source that was charged directly
			return nil
		}
		pi, err := paid(tx, pi, ch.Int("amount"))
		if err != nil {
			return err
		}
		sessionSettled(tx, pi, true)
		return nil
	}
	message := bankFailures[failure]
	ch.Set("status", "failed").Set("amount_captured", 0).Set("captured", false).Set("failure_code", failure).Set("failure_message", message).
		Set("outcome", tx.NewHash("charge_outcome").Set("network_status", "declined_by_network").Set("reason", failure).
			Set("risk_level", "not_assessed").Set("seller_message", message).Set("type", "issuer_declined"))
	tx.Put(ch, "charge.failed")
	if failure == "debit_not_authorized" { // the holder took their agreement back
		moveMandate(tx, methodOf(tx, ch), mandateInactive)
	}
	if pi == nil { // a source that was charged directly
		return nil
	}
	method := methodOf(tx, pi)
	pi.Set("status", requiresPaymentMethod).Set("payment_method", nil).
		Set("last_payment_error", tx.NewHash("api_errors").Set("type", "invalid_request_error").Set("charge", ch.ID()).Set("code", failure).
			Set("doc_url", docURL(failure)).Set("message", message).Set("payment_method", method))
	tx.Put(pi, "payment_intent.payment_failed")
	sessionSettled(tx, pi, false)
	return tx.invoiceFollows(pi, nil)
}

// simulateAsyncPayment is a bank that answers now: {intent, result}.
func simulateAsyncPayment(tx *accountTx, p formParams) (*stripeObject, error) {
	id := p.Str("intent")
	pi := tx.Get("payment_intent", id)
	if pi == nil {
		return nil, missing("payment_intent", id, "intent", 404)
	}
	ch := tx.Get("charge", pi.Str("latest_charge"))
	if pi.Str("status") != processing || ch == nil {
		return nil, invalid("intent", "", "%s does not wait for a bank: its status is %s.", id, pi.Str("status"))
	}
	var err error
	switch result := p.Str("result"); result {
	case "succeed", "succeeded", "success":
		err = settleDebit(tx, ch, "", false)
	case "fail", "failed", "failure":
		err = settleDebit(tx, ch, orElse(p.Str("failure_code"), "payment_intent_payment_attempt_failed"), false)
	default:
		err = invalid("result", "", "Invalid result: must be one of succeed or fail")
	}
	if err != nil {
		return nil, err
	}
	return tx.Get("payment_intent", id), nil
}
