package sandbox

import (
	"fmt"
	"slices"
	"strings"
)

func init() {
	behave("POST /v1/payment_intents/{intent}/confirm", confirmPaymentIntent)
}

// confirmation is what a confirm call says beside the intent, found and checked.
type confirmation struct {
	method *stripeObject
	// fresh says that the call made the method.
	fresh bool
	// returnURL is where the buyer comes back to; with sdk, Stripe.js handles the next action instead.
	returnURL string
	sdk       bool
	// offSession says that the buyer is not there.
	offSession bool
	// captcha asks for a captcha instead of 3-D Secure.
	captcha bool
	// byBuyer says that the buyer's browser confirms, and not the server.
	byBuyer bool
	// refuseAction fails the payment when the buyer would have to do something.
	refuseAction bool
	// mandate is the acceptance that the buyer gave now, nil for none.
	mandate *stripeObject
	// token is the confirmation token that the method came from.
	token *stripeObject
	// automatic says that the sandbox confirms by itself, to collect an invoice.
	automatic bool
	// waits says that an authentication for which the buyer is not there waits for them, as invoices do.
	waits bool
}

func confirmPaymentIntent(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	pi, err := findPaymentIntent(tx, r)
	if err != nil {
		return nil, err
	}
	if pi.Str(hiddenSession) != "" {
		return nil, ofCheckout(pi, "confirm")
	}
	pi = pi.Edit()
	open := []string{requiresPaymentMethod, requiresConfirmation, requiresAction}
	if status := pi.Str("status"); !slices.Contains(open, status) {
		return nil, unexpectedState(pi, "This PaymentIntent could not be confirmed because it has a status of %s. Only a PaymentIntent with one of the following statuses may be confirmed: %s.",
			status, strings.Join(open, ", "))
	}
	if r.Publishable() && pi.Str("confirmation_method") == "manual" {
		return nil, unexpectedState(pi, "This PaymentIntent cannot be confirmed using your publishable key because its `confirmation_method` is set to `manual`. Please use your secret key instead, or create a PaymentIntent with `confirmation_method` set to `automatic`.")
	}
	if v := p.Str("capture_method"); v != "" {
		pi.Set("capture_method", v)
	}
	if err := changeMethodTypes(pi, p); err != nil {
		return nil, err
	}
	setMethodOptions(tx, pi, p)
	if err := setIntent(tx, pi, p); err != nil {
		return nil, err
	}
	c, err := readConfirmation(tx, r, pi)
	if err != nil {
		return nil, err
	}
	return confirmPayment(tx, pi, c)
}

// ofCheckout refuses calls on an intent that a Checkout Session made.
func ofCheckout(intent *stripeObject, verb string) *Error {
	return unexpectedState(intent, "You cannot %s this %s because it was created by Checkout. Use the Checkout Session to complete or expire the payment instead.", verb, camelName(intent.Type()))
}

// readConfirmation reads and checks the parameters of a confirmation; nothing is changed or stored yet, so that a refused
// confirmation leaves no trace.
func readConfirmation(tx *accountTx, r *apiRequest, intent *stripeObject) (confirmation, error) {
	p := r.Params()
	c := confirmation{
		byBuyer: r.Publishable(), returnURL: p.Str("return_url"), sdk: p.Bool("use_stripe_sdk"), refuseAction: p.Bool("error_on_requires_action"),
		offSession: p.Bool("off_session") || p.Str("off_session") == "one_off" || p.Str("off_session") == "recurring",
	}
	if acceptance, ok := p.Hash("mandate_data.customer_acceptance"); ok {
		c.mandate = acceptanceOf(tx, acceptance)
	}
	var err error
	if id := p.Str("confirmation_token"); id != "" {
		err = c.useToken(tx, intent, id)
	} else {
		c.method, c.fresh, err = givenMethod(tx, intent, p)
	}
	if err != nil {
		return c, err
	}
	if c.method == nil && intent.Str("payment_method") != "" {
		if c.method = tx.Get("payment_method", intent.Str("payment_method")); c.method != nil {
			if err := checkMethod(intent, c.method); err != nil {
				return c, err
			}
		}
	}
	if c.method == nil && intent.Type() == "payment_intent" {
		c.method = defaultMethod(tx, intent)
	}
	if c.method == nil {
		return c, missingMethodOf(intent)
	}
	if c.returnURL == "" && !c.sdk && !c.offSession && !r.Publishable() && intent.Str("automatic_payment_methods.allow_redirects") == "always" {
		e := invalid("", "", "This %s is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. "+
			"If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.",
			camelName(intent.Type()))
		e.extra = map[string]*stripeObject{intent.Type(): intent}
		return c, e
	}
	if id := p.Str("mandate"); id != "" {
		return c, checkNamedMandate(tx, intent, c.method, id)
	}
	return c, c.checkMandate(tx, intent)
}

// useToken takes method and answers from a confirmation token.
func (c *confirmation) useToken(tx *accountTx, intent *stripeObject, id string) error {
	token := tx.Get("confirmation_token", id)
	switch {
	case token == nil:
		return missing("confirmation token", id, "confirmation_token", 400)
	case token.Str("payment_intent") != "" || token.Str("setup_intent") != "":
		return invalid("confirmation_token", "", "This ConfirmationToken has already been used to confirm a PaymentIntent or SetupIntent and may not be used again.")
	case token.Int("expires_at") <= tx.Now():
		return invalid("confirmation_token", "", "This ConfirmationToken has expired.")
	}
	c.token = token
	c.method = tx.Get("payment_method", token.Str(hiddenTokenMethod))
	c.returnURL = orElse(c.returnURL, token.Str("return_url"))
	c.sdk = c.sdk || token.Bool("use_stripe_sdk")
	if token.Has("mandate_data") && c.mandate == nil {
		c.mandate = acceptanceOf(tx, formParams{})
	}
	if v := token.Str("setup_future_usage"); v != "" && intent.Type() == "payment_intent" && !intent.Has("setup_future_usage") {
		intent.Set("setup_future_usage", v)
	}
	if shipping := token.Hash("shipping"); shipping != nil && intent.Type() == "payment_intent" && !intent.Has("shipping") {
		intent.Set("shipping", tx.NewHash("shipping").Set("address", shipping.Hash("address")).Set("name", shipping.Get("name")).Set("phone", shipping.Get("phone")))
	}
	return checkMethod(intent, c.method)
}

// defaultMethod is the method of the intent's customer for invoices; Stripe looks for it when a confirmation names none.
func defaultMethod(tx *accountTx, intent *stripeObject) *stripeObject {
	customer := tx.Get("customer", intent.Str("customer"))
	if customer == nil {
		return nil
	}
	return tx.Get("payment_method", customer.Str("invoice_settings.default_payment_method"))
}

func missingMethodOf(intent *stripeObject) *Error {
	name := camelName(intent.Type())
	if id := intent.Str("customer"); id != "" && intent.Type() == "payment_intent" {
		return unexpectedState(intent, "You cannot confirm this %[1]s because it's missing a payment method. To confirm the %[1]s with %s, specify a payment method attached to this customer along with the customer ID.", name, id)
	}
	return unexpectedState(intent, "You cannot confirm this %[1]s because it's missing a payment method. You can either update the %[1]s with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.", name)
}

// checkMandate refuses a debit to which the buyer has not agreed.
func (c confirmation) checkMandate(tx *accountTx, intent *stripeObject) error {
	if bankOf(c.method) == nil || c.mandate != nil || mandateOf(tx, c.method) != nil {
		return nil
	}
	e := invalid("", "", "This %s requires a mandate, but no existing mandate was found. Collect mandate acceptance from the customer and try again, providing acceptance data in the mandate_data parameter.", camelName(intent.Type()))
	e.extra = map[string]*stripeObject{intent.Type(): intent}
	return e
}

// confirmPayment confirms a PaymentIntent: it pays, waits for the buyer, waits for the bank, or fails. A failure is an
// *Error that keeps what happened.
func confirmPayment(tx *accountTx, pi *stripeObject, c confirmation) (*stripeObject, error) {
	method := c.take(tx, pi)
	pi.Set("last_payment_error", nil).Set("payment_method", method.ID())
	if method.Str("type") == customerBalance {
		return payByTransfer(tx, pi, method)
	}
	if bank := bankOf(method); bank != nil {
		if needsDeposits(pi, method) {
			if err := checkDebit(pi, bank); err != nil {
				return nil, err
			}
			pi = sendDeposits(tx, pi)
			tx.Put(pi, "payment_intent.requires_action")
			return pi, tx.invoiceFollows(pi, nil)
		}
		return startDebit(tx, pi, method, bank)
	}
	card := behaviourOf(method)
	if card == nil {
		return nil, invalid("payment_method", "", "The sandbox does not simulate payments with %s yet.", method.Str("type"))
	}
	authenticated := pi.Str(hiddenAuthenticated) == method.ID()
	pi.Set(hiddenAuthenticated, nil)
	requested := requestedSecure(pi, card)
	next := authentication(card, c.offSession, method.Bool(hiddenSetUp), requested)
	if next == secureRefuse && c.waits {
		next = secureChallenge
	}
	switch {
	case forcedDecline(tx) != "" || authenticated:
	case next == secureRefuse, next == secureChallenge && c.refuseAction:
		return failPayment(tx, pi, method, declineFor("authentication_required"), nil)
	case next == secureFails:
		return declineCharge(tx, pi, method, declineFor("generic_decline"), authFailed)
	case next == secureError:
		return declineCharge(tx, pi, method, declineFor("processing_error"), authFailed)
	case next == secureChallenge, card.captcha && c.byBuyer:
		c.captcha = card.captcha
		pi = challengeBuyer(tx, pi, c)
		tx.Put(pi, "payment_intent.requires_action")
		return pi, tx.invoiceFollows(pi, nil)
	}
	how := authNone
	switch {
	case authenticated:
		how = authChallenge
	case next == secureSilent:
		how = authFrictionless
	case next == secureAttempt:
		how = authAttempt
	}
	return chargeCard(tx, pi, method, how)
}

// take writes what a confirmation says into the intent, stores a method that it made, and answers the method.
func (c confirmation) take(tx *accountTx, intent *stripeObject) *stripeObject {
	abandonChallenge(intent)
	intent.Set(hiddenReturnURL, textOrNull(c.returnURL)).Set(hiddenOffSession, c.offSession)
	if intent.Has(hiddenInvoice) {
		intent.Set(hiddenAutomatic, c.automatic).Set(hiddenTryCounted, false)
	}
	putFresh(tx, c.method, c.fresh)
	if c.token != nil {
		tx.Put(c.token.Edit().Set(intent.Type(), intent.ID()))
	}
	if c.mandate != nil {
		return giveMandate(tx, intent, c.method, c.mandate)
	}
	return c.method
}

// forcedDecline is the decline code that a planted fault wants of this call, "" for none.
func forcedDecline(tx *accountTx) string {
	if r := tx.Request(); r != nil {
		return r.decline
	}
	return ""
}

// What authentication asks for.
type secureNext int

const (
	secureNone      secureNext = iota
	secureChallenge            // the buyer must answer
	secureSilent               // authenticated without asking
	secureAttempt              // the bank acknowledged the attempt
	secureRefuse               // the buyer is not there to answer
	secureFails                // the look-up fails, the payment with it
	secureError                // the attempt ends in a processing error
)

// requestedSecure is what an intent wants of 3-D Secure. An Indian card's mandate is agreed to with it
// (docs.stripe.com/india-recurring-payments).
func requestedSecure(intent *stripeObject, card *testCard) string {
	if card.country == "IN" && intent.Has("payment_method_options.card.mandate_options") {
		return "challenge"
	}
	return orElse(intent.Str("payment_method_options.card.request_three_d_secure"), "automatic")
}

// authentication decides what a payment with a card needs first (docs.stripe.com/testing, 3D Secure).
func authentication(card *testCard, offSession, setUp bool, requested string) secureNext {
	asked := requested == "any" || requested == "challenge"
	switch card.secure {
	case secureAlways:
		if offSession {
			return secureRefuse
		}
		return secureChallenge
	case secureOnSetup:
		if !offSession {
			return secureChallenge
		}
		if !setUp {
			return secureRefuse
		}
	case secureSetUp:
		if !offSession {
			return secureChallenge
		}
	case secureFrictionless:
		return secureSilent
	case secureLookupFails:
		return secureFails
	case secureOptional:
		if asked && !offSession {
			return secureChallenge
		}
	case secureOptionalFails:
		if asked && !offSession {
			return secureError
		}
	case secureNever:
		if asked && !offSession {
			return secureAttempt
		}
	case secureUnsupported:
	}
	return secureNone
}

// docURL is where Stripe explains an error code.
func docURL(code string) string {
	return fmt.Sprintf("https://stripe.com/docs/error-codes/%s", strings.ReplaceAll(code, "_", "-"))
}
