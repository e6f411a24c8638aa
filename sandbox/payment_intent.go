package sandbox

import (
	"fmt"
	"slices"
	"strings"
)

func init() {
	behave("POST /v1/payment_intents", createPaymentIntent)
	behave("POST /v1/payment_intents/{intent}", updatePaymentIntent)
}

// A PaymentIntent's hidden slots.
const (
	// hiddenReturnURL is where the buyer comes back to after an authentication by redirect.
	hiddenReturnURL = "_return_url"
	// hiddenSession is the Checkout Session that the intent belongs to.
	hiddenSession = "_checkout_session"
	// hiddenAuthenticated is the payment method that passed 3-D Secure and still waits for a confirmation by the server.
	hiddenAuthenticated = "_authenticated"
	// hiddenOffSession is what off_session said at the last confirmation.
	hiddenOffSession = "_off_session"
)

// The statuses of a PaymentIntent and a SetupIntent.
const (
	requiresPaymentMethod = "requires_payment_method"
	requiresConfirmation  = "requires_confirmation"
	requiresAction        = "requires_action"
	requiresCapture       = "requires_capture"
	processing            = "processing"
	succeeded             = "succeeded"
	canceled              = "canceled"
)

// intentParams are parameters of a PaymentIntent that are no fields of it, or need care.
var intentParams = []string{
	"amount", "currency", "confirm", "customer", "payment_method", "payment_method_data", "confirmation_token", "off_session", "return_url", "use_stripe_sdk",
	"mandate", "mandate_data", "error_on_requires_action", "automatic_payment_methods", "radar_options", "payment_method_configuration",
	"payment_method_options", "payment_method_types", "capture_method", "confirmation_method", "client_secret", "setup_future_usage",
}

// intentExceptions are those that an intent's fields are not set from.
var intentExceptions = append(slices.Clone(intentParams), "shipping")

func createPaymentIntent(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	currency := strings.ToLower(p.Str("currency"))
	if err := checkCurrency(currency, "currency"); err != nil {
		return nil, err
	}
	if err := checkCharge(p.Int("amount"), currency, "amount"); err != nil {
		return nil, err
	}
	if err := checkConnect(tx, p, p.Int("amount")); err != nil {
		return nil, err
	}
	if !p.Bool("confirm") {
		for _, only := range []string{"off_session", "return_url", "mandate_data", "mandate", "error_on_requires_action", "confirmation_token"} {
			if p.Has(only) && (only != "off_session" || p.Str(only) != "false") { // off_session=false says nothing (recorded)
				return nil, invalid(only, "", "The parameter `%[1]s` can only be set when `confirm` is `true`: you passed `%[1]s` without it.", only)
			}
		}
	}
	pi := tx.New("payment_intent")
	pi.Set("amount", p.Int("amount")).Set("currency", currency).Set("amount_received", 0).Set("amount_capturable", 0).
		Set("amount_details", tx.NewHash("payment_flows_amount_details").Set("tip", emptyHash)).
		Set("client_secret", pi.ID()+"_secret_"+tx.NewID("", 25)).
		Set("capture_method", orElse(p.Str("capture_method"), "automatic_async")).
		Set("confirmation_method", orElse(p.Str("confirmation_method"), "automatic")).
		Set("status", requiresPaymentMethod)
	if tx.scope != "" {
		pi.Set("application", tx.application())
	}
	if err := setMethodTypes(tx, pi, p); err != nil {
		return nil, err
	}
	if err := setIntent(tx, pi, p); err != nil {
		return nil, err
	}
	if !p.Bool("confirm") {
		method, fresh, err := givenMethod(tx, pi, p)
		if err != nil {
			return nil, err
		}
		if method != nil {
			putFresh(tx, method, fresh)
			pi.Set("payment_method", method.ID()).Set("status", requiresConfirmation)
		}
		tx.Put(pi, "payment_intent.created")
		return pi, nil
	}
	// The event shows the intent as it was before the confirmation. A confirmation that cannot be right makes none.
	c, err := readConfirmation(tx, r, pi)
	if err != nil {
		return nil, withoutIntent(err)
	}
	tx.Put(pi, "payment_intent.created")
	return confirmPayment(tx, pi.Edit(), c)
}

// withoutIntent takes an intent that was never made out of an error.
func withoutIntent(err error) error {
	if e, ok := err.(*Error); ok { //nolint:errorlint // behaviours return *Error bare
		delete(e.extra, "payment_intent")
		delete(e.extra, "setup_intent")
	}
	return err
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// setMethodTypes decides which methods an intent takes: the ones it was told, or those of the account.
func setMethodTypes(tx *accountTx, intent *stripeObject, p formParams) error {
	types, err := allowedTypes(p, strings.ToLower(p.Str("currency")))
	if err != nil {
		return err
	}
	if types == nil {
		types = p.Strs("payment_method_types")
	}
	if len(types) == 0 {
		currency := ""
		if intent.Type() == "payment_intent" {
			currency = intent.Str("currency")
		}
		var details *stripeObject
		if types, details, err = tx.configuredMethods(p, currency, p.Str("capture_method")); err != nil {
			return err
		}
		schema := "payment_flows_automatic_payment_methods_" + intent.Type()
		if enabled := !p.Has("automatic_payment_methods") || p.Bool("automatic_payment_methods.enabled"); enabled {
			intent.Set("automatic_payment_methods", tx.NewHash(schema).
				Set("allow_redirects", orElse(p.Str("automatic_payment_methods.allow_redirects"), "always")).Set("enabled", true)).
				Set("payment_method_configuration_details", details)
		}
	}
	intent.Set("payment_method_types", types)
	setMethodOptions(tx, intent, p)
	return nil
}

// setMethodOptions writes payment_method_options: Stripe's defaults of each type, and over them what was sent.
func setMethodOptions(tx *accountTx, intent *stripeObject, p formParams) {
	schema := intent.Type() + "_payment_method_options"
	options := intent.Hash("payment_method_options")
	if options == nil {
		options = tx.NewHash(schema)
	} else {
		options = options.Edit()
	}
	for _, typ := range intent.List("payment_method_types") {
		name, ok := typ.(string)
		if !ok || options.Has(name) {
			continue
		}
		if defaults := methodOptionDefaults(tx, schema, name); defaults != nil {
			options.Set(name, defaults)
		}
	}
	if given, ok := p.Hash("payment_method_options"); ok {
		applyParams(tx, options, given)
	}
	intent.Set("payment_method_options", options)
}

func hashKeys(p formParams, at string) []string {
	h, ok := p.Hash(at)
	if !ok {
		return nil
	}
	return h.Keys()
}

// methodOptionDefaults are recorded for cards; of the debits only what the description demands.
func methodOptionDefaults(tx *accountTx, schema, typ string) *stripeObject {
	switch typ {
	case "card":
		return tx.NewHash(schema+"_card").Set("request_three_d_secure", "automatic")
	case "sepa_debit":
		return tx.NewHash(schema + "_sepa_debit")
	case customerBalance:
		return tx.NewHash("payment_method_options_customer_balance").Unset("bank_transfer")
	case "us_bank_account":
		return tx.NewHash(schema+"_us_bank_account").Set("verification_method", "automatic")
	}
	return nil
}

// setIntent copies what create, update and confirm may say about an intent.
func setIntent(tx *accountTx, intent *stripeObject, p formParams) error {
	if id := p.Str("customer"); id != "" {
		customer, err := findCustomer(tx, id, "customer", 400)
		if err != nil {
			return err
		}
		intent.Set("customer", customer.ID())
	} else if p.Null("customer") {
		intent.Set("customer", nil)
	}
	if email := p.Str("receipt_email"); email != "" && !validEmail(email) {
		return invalid("receipt_email", "email_invalid", "Invalid email address: %s", email)
	}
	if p.Has("setup_future_usage") {
		intent.Set("setup_future_usage", textOrNull(p.Str("setup_future_usage")))
	}
	applyParams(tx, intent, p, intentExceptions...)
	setShipping(tx, intent, p)
	return nil
}

// setShipping writes the whole hash with every key, as Stripe answers it.
func setShipping(tx *accountTx, o *stripeObject, p formParams) {
	given, ok := p.Hash("shipping")
	switch {
	case p.Null("shipping"):
		o.Set("shipping", nil)
	case ok:
		shipping := tx.NewHash("shipping").Set("address", tx.NewHash("address"))
		for _, key := range []string{"carrier", "name", "phone", "tracking_number"} {
			shipping.Set(key, textOrNull(given.Str(key)))
		}
		for _, key := range []string{"city", "country", "line1", "line2", "postal_code", "state"} {
			shipping.Set("address."+key, textOrNull(given.Str("address."+key)))
		}
		o.Set("shipping", shipping)
	}
}

// applyMetadata merges metadata: an empty value removes its key, an empty hash removes all.
func applyMetadata(tx *accountTx, o *stripeObject, p formParams) {
	var others []string
	for _, key := range p.Keys() {
		if key != "metadata" {
			others = append(others, key)
		}
	}
	applyParams(tx, o, p, others...)
}

func findPaymentIntent(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	id := r.Path("intent")
	pi := tx.Get("payment_intent", id)
	if pi == nil {
		return nil, missing("payment_intent", id, "intent", 404)
	}
	return pi, nil
}

func camelName(typ string) string {
	if typ == "setup_intent" {
		return "SetupIntent"
	}
	return "PaymentIntent"
}

// unexpectedState is the refusal of a call that an intent's status does not allow.
func unexpectedState(intent *stripeObject, format string, args ...any) *Error {
	err := invalid("", intent.Type()+"_unexpected_state", format, args...)
	err.extra = map[string]*stripeObject{intent.Type(): intent}
	return err
}

func updatePaymentIntent(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	pi, err := findPaymentIntent(tx, r)
	if err != nil {
		return nil, err
	}
	if p.Has("amount") || p.Has("currency") || p.Has("customer") {
		if err := ofInvoice(tx, pi, "change the amount, currency or customer of"); err != nil {
			return nil, err
		}
	}
	pi = pi.Edit()
	status := pi.Str("status")
	open := []string{requiresPaymentMethod, requiresConfirmation, requiresAction}
	for _, key := range []string{"amount", "currency", "customer", "payment_method", "payment_method_data", "payment_method_types", "setup_future_usage"} {
		if p.Has(key) && !slices.Contains(open, status) {
			state := unexpectedState(pi, "This PaymentIntent's %s could not be updated because it has a status of %s. You may only update the %s of a PaymentIntent with one of the following statuses: %s.",
				key, status, key, strings.Join(open, ", "))
			state.Param = key
			return nil, state
		}
	}
	currency := orElse(strings.ToLower(p.Str("currency")), pi.Str("currency"))
	if err := checkCurrency(currency, "currency"); err != nil {
		return nil, err
	}
	amount := pi.Int("amount")
	if p.Has("amount") {
		amount = p.Int("amount")
	}
	if p.Has("amount") || p.Has("currency") {
		if err := checkCharge(amount, currency, "amount"); err != nil {
			return nil, err
		}
	}
	if p.Has("application_fee_amount") || p.Has("transfer_data.amount") {
		if err := checkConnect(tx, p, amount); err != nil && pi.Str("transfer_data.destination") == "" {
			return nil, err
		}
	}
	pi.Set("amount", amount).Set("currency", currency)
	if err := changeMethodTypes(pi, p); err != nil {
		return nil, err
	}
	if v := p.Str("capture_method"); v != "" {
		pi.Set("capture_method", v)
	}
	setMethodOptions(tx, pi, p)
	if err := setIntent(tx, pi, p); err != nil {
		return nil, err
	}
	method, fresh, err := givenMethod(tx, pi, p)
	if err != nil {
		return nil, err
	}
	if method != nil {
		putFresh(tx, method, fresh)
		pi.Set("payment_method", method.ID()).Set("status", requiresConfirmation)
		abandonChallenge(pi)
	}
	// There is no payment_intent.updated.
	tx.Put(pi)
	return pi, nil
}

// putFresh stores a method that this call made. A method has no event until it is attached.
func putFresh(tx *accountTx, method *stripeObject, fresh bool) {
	if fresh {
		tx.Put(method)
	}
}

// givenMethod finds the method that a call names, nil when it names none. fresh says that the call made it.
func givenMethod(tx *accountTx, intent *stripeObject, p formParams) (method *stripeObject, fresh bool, err error) {
	switch {
	case p.Str("payment_method") != "":
		id := p.Str("payment_method")
		if method, err = findMethod(tx, id, "payment_method", 400); err != nil {
			return nil, false, err
		}
		fresh = method.ID() != id
	case p.Has("payment_method_data"):
		data, _ := p.Hash("payment_method_data")
		if method, err = newPaymentMethod(tx, data, "payment_method_data"); err != nil {
			return nil, false, err
		}
		fresh = true
	default:
		return nil, false, nil
	}
	return method, fresh, checkMethod(intent, method)
}

// checkMethod refuses a method that an intent cannot use: of another customer, of another type, used up.
func checkMethod(intent, method *stripeObject) error {
	owner, customer := method.Str("customer"), intent.Str("customer")
	name := camelName(intent.Type())
	switch {
	case owner != "" && customer == "":
		return invalid("source", "parameter_missing", "The `payment_method` parameter supplied %s belongs to the Customer %s. Please include the Customer in the `customer` parameter on the %s.",
			method.ID(), owner, name)
	case owner != "" && owner != customer:
		return invalid("payment_method", "", "The PaymentMethod %s does not belong to the Customer you supplied %s. Please use this PaymentMethod with the Customer that it belongs to instead.",
			method.ID(), customer)
	case method.Bool(hiddenUsed):
		return invalid("", "", usedMethod)
	}
	types := intent.List("payment_method_types")
	if typ := method.Str("type"); !slices.Contains(types, any(typ)) {
		return invalid("", "", "The PaymentMethod provided (%s) is not allowed for this %s. Please attach a PaymentMethod of one of the following types: %s. Alternatively, update the allowed payment_method_types for this %s to include %q",
			typ, name, joined(types), name, typ)
	}
	return nil
}

func joined(values []any) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprint(v)
	}
	return strings.Join(texts, ", ")
}
