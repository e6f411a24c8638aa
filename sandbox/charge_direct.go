package sandbox

import "strings"

func init() {
	behave("POST /v1/charges", createCharge)
	behave("POST /v1/charges/{charge}/capture", captureCharge)
	onDue("charge.expire", expireCharge)
}

// chargeParams are parameters of a charge that are no fields of it, or need care.
var chargeParams = []string{"amount", "currency", "source", "customer", "capture", "shipping", "receipt_email", "radar_options", "destination", "application_fee"}

// createCharge charges a token or a customer's card at once, as clients did before PaymentIntents.
func createCharge(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	currency := strings.ToLower(p.Str("currency"))
	switch {
	case p.Str("source") == "" && p.Str("customer") == "":
		return nil, invalid("", "parameter_missing", "Must provide source or customer.")
	case !p.Has("amount"):
		return nil, invalid("amount", "parameter_missing", "Missing required param: amount.")
	case currency == "":
		return nil, invalid("currency", "parameter_missing", "Missing required param: currency.")
	}
	if err := checkCurrency(currency, "currency"); err != nil {
		return nil, err
	}
	if err := checkCharge(p.Int("amount"), currency, "amount"); err != nil {
		return nil, err
	}
	if email := p.Str("receipt_email"); email != "" && !validEmail(email) {
		return nil, invalid("receipt_email", "email_invalid", "Invalid email address: %s", email)
	}
	if err := checkConnect(tx, p, p.Int("amount")); err != nil {
		return nil, err
	}
	src, err := chargedSource(tx, p, currency)
	if err != nil {
		return nil, err
	}
	var method *stripeObject
	if src != nil {
		method = methodOfSource(tx, src)
	} else if method, err = chargedMethod(tx, p); err != nil {
		return nil, err
	}
	// What newCharge reads of an intent.
	order := tx.New("payment_intent").Set("amount", p.Int("amount")).Set("currency", currency).Set("customer", textOrNull(p.Str("customer"))).
		Set("receipt_email", textOrNull(p.Str("receipt_email")))
	if tx.scope != "" {
		order.Set("application", tx.application())
	}
	setShipping(tx, order, p)
	applyParams(tx, order, p, chargeParams...)
	ch := newCharge(tx, order, method, authNone).Set("payment_intent", nil)
	switch {
	case src != nil:
		ch.Set("source", src)
	case strings.HasPrefix(method.ID(), "card_"):
		ch.Set("source", cardOf(tx, method))
	}
	if src != nil && src.Str("type") != "card" {
		return chargeSource(tx, ch, src, method)
	}
	card := behaviourOf(method)
	reason := cardDecline(tx, card, method)
	if reason == "" && authentication(card, true, method.Bool(hiddenSetUp), "automatic") == secureRefuse {
		reason = "authentication_required" // nobody can answer the bank
	}
	if reason != "" {
		d := declineFor(reason)
		ch.Set("failure_code", d.code).Set("failure_message", d.message).Set("outcome", refusedOutcome(tx, method, d))
		tx.Put(ch, "charge.failed")
		e := cardError(d)
		e.keepChanges, e.Charge = true, ch.ID()
		return nil, e
	}
	ch.Set("status", succeeded).Set("paid", true)
	if src != nil {
		consumeSource(tx, src, p.Int("amount"))
	}
	if p.Has("capture") && !p.Bool("capture") {
		ch.Set("payment_method_details.card.capture_before", tx.Now()+7*day)
		tx.Due(tx.Now()+7*day, "charge.expire", ch.ID())
		tx.Put(ch, "charge.succeeded")
		openReview(tx, ch, card)
		return tx.Get("charge", ch.ID()), nil
	}
	ch.Set("captured", true).Set("amount_captured", p.Int("amount"))
	payIn(tx, ch, p.Int("amount"))
	tx.Put(ch, "charge.succeeded")
	openReview(tx, ch, card)
	disputeByCard(tx, tx.Get("charge", ch.ID()), card)
	return tx.Get("charge", ch.ID()), nil
}

// chargedSource finds the source that a charge names, or the customer's default one; nil when it is none.
func chargedSource(tx *accountTx, p formParams, currency string) (*stripeObject, error) {
	id, owner := p.Str("source"), p.Str("customer")
	if customer := tx.Get("customer", owner); id == "" && customer != nil {
		id = customer.Str("default_source")
	}
	src := tx.Get("source", id)
	if src == nil {
		return nil, nil //nolint:nilnil // no source is no fault: it may be a card or a token
	}
	return src, checkSource(src, owner, p.Int("amount"), currency)
}

// chargeSource charges a source that is no card: its owner agreed already. A debit is pending until the bank answers.
func chargeSource(tx *accountTx, ch, src, method *stripeObject) (*stripeObject, error) {
	amount := ch.Int("amount")
	ch.Set("id", tx.NewID("py_1", 23)).Set("captured", true).Set("amount_captured", amount)
	consumeSource(tx, src, amount)
	if bank := bankOf(method); bank != nil {
		ch.Set("status", "pending")
		tx.Put(ch, "charge.pending")
		if !bank.never {
			tx.Due(tx.Now()+bank.after, "debit.answer", ch.ID())
		}
		return ch, nil
	}
	ch.Set("status", succeeded).Set("paid", true).Set("outcome.risk_level", "not_assessed")
	payIn(tx, ch, amount)
	tx.Put(ch, "charge.succeeded")
	return ch, nil
}

// chargedMethod finds what a charge is to be taken from: a token, one of the customer's cards, or their default one.
func chargedMethod(tx *accountTx, p formParams) (*stripeObject, error) {
	source, owner := p.Str("source"), p.Str("customer")
	if owner != "" {
		customer, err := findCustomer(tx, owner, "customer", 400)
		if err != nil {
			return nil, err
		}
		if source == "" {
			source = customer.Str("default_source")
		}
		method := tx.Get("payment_method", source)
		switch {
		case source == "":
			return nil, &Error{Status: 402, Type: "card_error", Code: "missing", Message: "Cannot charge a customer that has no active card"}
		case method == nil || method.Str("customer") != owner || behaviourOf(method) == nil:
			return nil, missing("source", source, "source", 404)
		}
		return method, nil
	}
	if !strings.HasPrefix(source, "tok_") {
		return nil, missing("token", source, "source", 400)
	}
	method, err := methodOfToken(tx, source, "source")
	if err != nil {
		return nil, err
	}
	method.Set("id", newCardID(tx)).Set(hiddenUsed, true)
	tx.Put(method)
	return method, nil
}

// captureCharge captures a charge that was created directly; a PaymentIntent's is captured with it.
func captureCharge(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	ch, err := findCharge(tx, r.Path("charge"), "id", 404)
	if err != nil {
		return nil, err
	}
	amount := ch.Int("amount")
	if p.Has("amount") {
		amount = p.Int("amount")
	}
	switch {
	case ch.Bool("captured"):
		return nil, invalid("", "charge_already_captured", "Charge %s has already been captured.", ch.ID())
	case ch.Str("payment_intent") != "":
		return nil, invalid("", "", "This uncaptured Charge was created by a PaymentIntent (%[1]s). You must capture the PaymentIntent instead: make a POST to /v1/payment_intents/%[1]s/capture.", ch.Str("payment_intent"))
	case ch.Str("status") != succeeded:
		return nil, invalid("", "", "Charge %s did not succeed, so it cannot be captured.", ch.ID())
	case ch.Bool("refunded"):
		return nil, invalid("", "charge_expired_for_capture", "Charge %s has been refunded or has expired; it cannot be captured.", ch.ID())
	case amount < 1:
		return nil, invalid("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case amount > ch.Int("amount"):
		return nil, invalid("amount", "amount_too_large", "You cannot capture a charge for an amount greater than it already has.")
	}
	if err := checkDigits(amount, ch.Str("currency"), "amount"); err != nil {
		return nil, err
	}
	ch = ch.Edit().Set("captured", true).Set("amount_captured", amount)
	payIn(tx, ch, amount)
	tx.Put(ch, "charge.captured")
	return ch, nil
}

// expireCharge releases what a bank held for a charge that nobody captured.
func expireCharge(tx *accountTx, id string) error {
	ch := tx.Get("charge", id)
	if ch == nil || ch.Bool("captured") || ch.Bool("refunded") {
		return nil
	}
	tx.Put(ch.Edit().Set("amount_refunded", ch.Int("amount")).Set("refunded", true), "charge.expired")
	return nil
}
