package sandbox

import (
	"slices"
	"strings"
)

func init() {
	behave("POST /v1/payment_methods", createPaymentMethod)
	behave("GET /v1/payment_methods", listPaymentMethods)
	behave("GET /v1/payment_methods/{payment_method}", retrievePaymentMethod)
	behave("POST /v1/payment_methods/{payment_method}", updatePaymentMethod)
	behave("POST /v1/payment_methods/{payment_method}/attach", attachPaymentMethod)
	behave("POST /v1/payment_methods/{payment_method}/detach", detachPaymentMethod)
	behave("GET /v1/customers/{customer}/payment_methods/{payment_method}", retrieveCustomerPaymentMethod)
}

// A payment method's hidden slots: what Stripe knows of a card and does not show.
const (
	// hiddenBehaviour is the name of the test card or test account behind it.
	hiddenBehaviour = "_behaviour"
	// hiddenCVC says that a security code came with the card.
	hiddenCVC = "_cvc"
	// hiddenUsed says that it was used without a customer, or detached: it may not be used again.
	hiddenUsed = "_used"
	// hiddenSetUp says that its holder agreed to off-session payments and was authenticated for them.
	hiddenSetUp = "_set_up"
	// hiddenMandate is the mandate that its holder gave for debits.
	hiddenMandate = "_mandate"
)

const (
	usedMethod       = "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first."
	usedAtAttachment = "This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, and may not be used again."
)

func createPaymentMethod(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	if p.Has("payment_method") {
		return clonePaymentMethod(tx, p)
	}
	method, err := newPaymentMethod(tx, p, "")
	if err != nil {
		return nil, err
	}
	tx.Put(method)
	return method, nil
}

// clonePaymentMethod copies a method of a platform's customer into the connected account that is acted in
// (docs.stripe.com/payments/payment-methods/connect).
func clonePaymentMethod(tx *accountTx, p formParams) (*stripeObject, error) {
	id, owner := p.Str("payment_method"), p.Str("customer")
	if tx.scope == "" {
		return nil, invalid("payment_method", "", "You can only specify `payment_method` when you act in a connected account, with the Stripe-Account header.")
	}
	var method *stripeObject
	tx.within("", func() { method = tx.Get("payment_method", id) })
	switch {
	case method == nil:
		return nil, missingMethod(id, "payment_method", 400)
	case method.Str("customer") != owner:
		return nil, invalid("customer", "", "The payment method %s does not belong to the customer %s.", id, orElse(owner, "that you supplied"))
	}
	method = method.Edit().Set("id", tx.NewID("pm_1", 23)).Set("customer", nil).Set("created", tx.Now()).Set(hiddenUsed, nil).Set(hiddenMandate, nil)
	tx.Put(method)
	return method, nil
}

// magicMethod makes the method that a test id stands for: pm_card_visa, tok_visa, pm_usBankAccount_success, pm_success_de.
// It answers nil when the id is none of them.
func magicMethod(tx *accountTx, id string) *stripeObject {
	if name, ok := strings.CutPrefix(id, "pm_card_"); ok && cardsByName[name] != nil {
		return entryOf(tx, cardsByName[name]).method(tx)
	}
	if name, ok := strings.CutPrefix(id, "pm_"); ok && banksByName[name] != nil {
		method := bankMethod(tx, banksByName[name])
		return method.Set("billing_details.name", "Jenny Rosen").Set("billing_details.email", "jenny@example.com")
	}
	return nil
}

// findMethod finds a payment method by an id that came as a parameter. Test ids make a new method.
func findMethod(tx *accountTx, id, param string, status int) (*stripeObject, error) {
	if method := magicMethod(tx, id); method != nil {
		return method, nil
	}
	if strings.HasPrefix(id, "tok_") {
		return methodOfToken(tx, id, param)
	}
	if method := tx.Get("payment_method", id); method != nil {
		return method, nil
	}
	return nil, missingMethod(id, param, status)
}

func missingMethod(id, param string, status int) *Error {
	err := missing("PaymentMethod", id, param, status)
	err.Message += "; It's possible this PaymentMethod exists on one of your connected accounts, in which case you should retry this request on that connected account. Learn more at https://stripe.com/docs/connect/authentication"
	return err
}

// behaviourOf is the test card behind a method, nil for other types.
func behaviourOf(method *stripeObject) *testCard {
	if method.Str("type") != "card" {
		return nil
	}
	return cardsByName[method.Str(hiddenBehaviour)]
}

// bankOf is the test account behind a method, nil for cards.
func bankOf(method *stripeObject) *testBank { return banksByName[method.Str(hiddenBehaviour)] }

func retrievePaymentMethod(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	id := r.Path("payment_method")
	if method := tx.Get("payment_method", id); method != nil {
		return method, nil
	}
	if method := magicMethod(tx, id); method != nil {
		return method.Set("id", id), nil
	}
	return nil, missingMethod(id, "payment_method", 404)
}

// listPaymentMethods lists a customer's methods; without a customer the list is empty (recorded).
func listPaymentMethods(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	customer := p.Str("customer")
	if customer != "" {
		if _, err := findCustomer(tx, customer, "customer", 400); err != nil {
			return nil, err
		}
	}
	return tx.ListOf(r, "payment_method", "customer", customer, func(method *stripeObject) bool {
		typ := p.Str("type")
		return customer != "" && (typ == "" || method.Str("type") == typ)
	})
}

func retrieveCustomerPaymentMethod(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	customer, err := findCustomer(tx, r.Path("customer"), "customer", 404)
	if err != nil {
		return nil, err
	}
	id := r.Path("payment_method")
	if method := tx.Get("payment_method", id); method != nil && method.Str("customer") == customer.ID() {
		return method, nil
	}
	return nil, missingMethod(id, "payment_method", 404)
}

func updatePaymentMethod(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	method := tx.Get("payment_method", r.Path("payment_method"))
	if method == nil {
		return nil, missingMethod(r.Path("payment_method"), "payment_method", 404)
	}
	if method.Str("customer") == "" {
		return nil, invalid("", "", "You must save this PaymentMethod to a customer before you can update it.")
	}
	method = method.Edit()
	for _, field := range []string{"exp_month", "exp_year"} {
		if p.Has("card." + field) {
			method.Set("card."+field, p.Int("card."+field))
		}
	}
	if v := p.Str("allow_redisplay"); v != "" {
		method.Set("allow_redisplay", v)
	}
	setBilling(tx, method, p)
	applyMetadata(tx, method, p)
	tx.Put(method, "payment_method.updated")
	return method, nil
}

func attachPaymentMethod(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	id := p.Str("customer")
	if id == "" {
		return nil, invalid("customer", "parameter_missing", "Must provide customer or customer_account.")
	}
	method, err := findMethod(tx, r.Path("payment_method"), "payment_method", 404)
	if err != nil {
		return nil, err
	}
	customer, err := findCustomer(tx, id, "customer", 400)
	if err != nil {
		return nil, err
	}
	switch method.Str("customer") {
	case customer.ID():
		return method, nil
	case "":
	default:
		return nil, invalid("", "", "The payment method you provided has already been attached to a customer.")
	}
	if method.Bool(hiddenUsed) {
		return nil, invalid("", "", usedAtAttachment)
	}
	if err := refusedAtAttachment(method); err != nil {
		return nil, err
	}
	return attach(tx, method, customer.ID()), nil
}

// refusedAtAttachment is the answer of a bank that refuses a card when it is attached, nil when it does not. Such an answer
// has an empty param where there is none (recorded).
func refusedAtAttachment(method *stripeObject) error {
	card := behaviourOf(method)
	if card == nil || card.decline == "" {
		return nil
	}
	e := cardError(declineFor(card.decline))
	e.blankParam = true
	return e
}

// attach gives a method to a customer, with its event. Attaching checks the card's code.
func attach(tx *accountTx, method *stripeObject, customer string) *stripeObject {
	method = method.Edit().Set("customer", customer)
	if card := behaviourOf(method); card != nil {
		setChecks(method, "card.checks", card, method)
	}
	tx.Put(method, "payment_method.attached")
	return method
}

func detachPaymentMethod(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	method := tx.Get("payment_method", r.Path("payment_method"))
	if method == nil {
		return nil, missingMethod(r.Path("payment_method"), "payment_method", 404)
	}
	customer := tx.Get("customer", method.Str("customer"))
	if method.Str("customer") == "" {
		return nil, invalid("", "", "The payment method you provided is not attached to a customer so detachment is impossible.")
	}
	method = method.Edit().Set("customer", nil).Set(hiddenUsed, true)
	tx.Put(method, "payment_method.detached")
	moveMandate(tx, method, mandateInactive)
	if customer != nil && customer.Str("invoice_settings.default_payment_method") == method.ID() {
		tx.Put(customer.Edit().Set("invoice_settings.default_payment_method", nil), "customer.updated")
	}
	return method, nil
}

// codeVerdict is what a bank says of a card's code. A payment that Radar blocks reaches no bank (recorded).
func codeVerdict(card *testCard) string {
	switch {
	case card.checks == "cvc":
		return "fail"
	case card.risk == "highest":
		return "unavailable"
	}
	return "pass"
}

// setChecks writes what the bank said of code and address into checks at a path, as far as they were given with the
// method.
func setChecks(o *stripeObject, at string, card *testCard, method *stripeObject) {
	verdict := func(fails ...string) string {
		switch {
		case card.checks == "unchecked":
			return "unavailable"
		case slices.Contains(fails, card.checks):
			return "fail"
		}
		return "pass"
	}
	if method.Bool(hiddenCVC) {
		o.Set(at+".cvc_check", codeVerdict(card))
	}
	if method.Str("billing_details.address.line1") != "" {
		o.Set(at+".address_line1_check", verdict("line1", "address"))
	}
	if method.Str("billing_details.address.postal_code") != "" {
		o.Set(at+".address_postal_code_check", verdict("zip", "address"))
	}
}
