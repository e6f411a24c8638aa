package sandbox

func init() {
	onDue("debit.answer", answerDebit)
	simulation("async_payment", simulateAsyncPayment)
}

// acceptanceOf is a buyer's agreement to a mandate. What the browser is (infer_from_client) is filled in.
func acceptanceOf(tx *accountTx, given formParams) *stripeObject {
	typ := orElse(given.Str("type"), "online")
	acceptance := tx.NewHash("customer_acceptance").Set("type", typ).Set("accepted_at", tx.Now())
	if typ == "offline" {
		return acceptance.Set("offline", hash())
	}
	address, agent := given.Str("online.ip_address"), given.Str("online.user_agent")
	return acceptance.Set("online", tx.NewHash("online_acceptance").Set("ip_address", orElse(address, "127.0.0.1")).Set("user_agent", textOrNull(agent)))
}

// giveMandate makes the mandate that a debit needs, and answers its method. Cards need none.
func giveMandate(tx *accountTx, intent, method, acceptance *stripeObject) *stripeObject {
	typ := method.Str("type")
	if bankOf(method) == nil {
		return method
	}
	mandate := tx.New("mandate").Set("customer_acceptance", acceptance).Set("payment_method", method.ID()).Set("status", "active").
		Set("payment_method_details", tx.NewHash("mandate_payment_method_details").Set("type", typ))
	switch typ {
	case "sepa_debit":
		reference := tx.NewID("", 16)
		mandate.Set("payment_method_details.sepa_debit", tx.NewHash("mandate_sepa_debit").Set("reference", reference).
			Set("url", tx.URL("/mandates/"+mandate.ID())))
	case "us_bank_account":
		mandate.Set("payment_method_details.us_bank_account", tx.NewHash("mandate_us_bank_account"))
	}
	if intent.Type() == "payment_intent" && intent.Str("setup_future_usage") == "" {
		mandate.Set("type", "single_use").Set("single_use", tx.NewHash("mandate_single_use").Set("amount", intent.Int("amount")).Set("currency", intent.Str("currency")))
	} else {
		mandate.Set("type", "multi_use").Set("multi_use", tx.NewHash("mandate_multi_use"))
	}
	tx.Put(mandate)
	method = method.Edit().Set(hiddenMandate, mandate.ID())
	tx.Put(method)
	return method
}

// debitCurrency is the only currency of a debit.
var debitCurrency = map[string]string{"sepa_debit": "eur", "us_bank_account": "usd"}

// startDebit sends a debit to the bank: the payment is processing until the bank answers.
func startDebit(tx *accountTx, pi, method *stripeObject, bank *testBank) (*stripeObject, error) {
	if want := debitCurrency[bank.typ]; pi.Str("currency") != want {
		return nil, invalid("currency", "", "The currency provided (%s) is invalid for the following payment method types: %s. Payments with %s are made in %s.", pi.Str("currency"), bank.typ, bank.typ, want)
	}
	if pi.Str("capture_method") == "manual" {
		return nil, unexpectedState(pi, "The payment method type %s does not support capture_method `manual`.", bank.typ)
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
