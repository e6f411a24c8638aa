package sandbox

import (
	"fmt"
	"slices"
	"strings"
)

func init() {
	behave("POST /v1/checkout/sessions", createSession)
	behave("POST /v1/checkout/sessions/{session}", updateSession)
	behave("POST /v1/checkout/sessions/{session}/expire", expireSession)
	onDue("checkout.session.expire", expireDueSession)
	onExpand("checkout.session", "line_items", sessionItems)
}

// A session's hidden slots.
const (
	// hiddenItems are its line items, whole.
	hiddenItems = "_line_items"
	// hiddenIntentData is what payment_intent_data or setup_intent_data said.
	hiddenIntentData = "_intent_data"
	// hiddenCustomer is the customer that the session made, which it shows once it is complete.
	hiddenCustomer = "_customer"
)

const (
	sessionOpen     = "open"
	sessionComplete = "complete"
	sessionExpired  = "expired"

	paymentUnpaid = "unpaid"
	paymentPaid   = "paid"
	paymentNone   = "no_payment_required"
)

// sessionParams are parameters of a session that are no fields of it, or need care.
var sessionParams = []string{
	"mode", "ui_mode", "line_items", "discounts", "payment_intent_data", "setup_intent_data", "subscription_data", "expires_at", "customer", "customer_email",
	"customer_creation", "customer_update", "currency", "payment_method_types", "payment_method_options", "payment_method_data", "shipping_options",
	"automatic_tax", "custom_text", "custom_fields", "invoice_creation", "phone_number_collection", "payment_method_configuration", "tax_id_collection",
	"after_expiration", "consent_collection", "shipping_address_collection", "saved_payment_method_options", "name_collection", "branding_settings",
	"adaptive_pricing", "optional_items", "permissions", "wallet_options", "managed_payments", "collected_information",
}

func createSession(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	return newSession(tx, r.Params(), nil)
}

// newSession makes a session from its parameters; one of a payment link has the link's items.
func newSession(tx *accountTx, p formParams, link *stripeObject) (*stripeObject, error) {
	session := tx.New("checkout.session")
	session.Set("id", tx.NewID("cs_test_a1", 58))
	mode, ui := p.Str("mode"), orElse(p.Str("ui_mode"), "hosted_page")
	if err := checkSession(tx, p, mode, ui, link); err != nil {
		return nil, err
	}
	types, err := sessionTypes(p)
	if err != nil {
		return nil, err
	}
	expires := p.Int("expires_at")
	if expires == 0 {
		expires = tx.Now() + day
	}
	session.Set("mode", mode).Set("ui_mode", ui).Set("status", sessionOpen).Set("payment_status", paymentUnpaid).Set("expires_at", expires).
		Set("payment_method_types", types).Set("custom_fields", []any{}).
		Set("custom_text", tx.NewHash("payment_pages_checkout_session_custom_text")).
		Set("automatic_tax", tx.NewHash("payment_pages_checkout_session_automatic_tax").Set("enabled", p.Bool("automatic_tax.enabled"))).
		Set("phone_number_collection", tx.NewHash("payment_pages_checkout_session_phone_number_collection").Set("enabled", p.Bool("phone_number_collection.enabled"))).
		Set("shipping_options", []any{}).Set("payment_method_options", sessionMethodOptions(tx, p, types)).
		Set("payment_method_collection", orElse(p.Str("payment_method_collection"), map[string]string{"setup": "always"}[mode])).
		Set("discounts", []any{})
	applyParams(tx, session, p, sessionParams...)
	if session.Str("payment_method_collection") == "" {
		session.Set("payment_method_collection", "if_required")
	}
	if ui == "hosted_page" {
		session.Set("url", tx.URL("/c/pay/"+session.ID()))
	} else {
		session.Set("client_secret", session.ID()+"_secret_"+tx.NewID("", 40))
		session.Set("redirect_on_completion", orElse(p.Str("redirect_on_completion"), "always"))
	}
	if err := setSessionCustomer(tx, session, p); err != nil {
		return nil, err
	}
	if err := setCollection(tx, session, p); err != nil {
		return nil, err
	}
	if mode == "setup" {
		return createSetupSession(tx, session, p)
	}
	if link != nil {
		session.Set("payment_link", link.ID()).Set(hiddenItems, linkItemsFor(tx, link)).Set("currency", link.Str("currency"))
	} else if err := setItems(tx, session, p); err != nil {
		return nil, err
	}
	if err := fitSessionTypes(tx, session, p); err != nil {
		return nil, err
	}
	if err := setShippingOptions(tx, session, p); err != nil {
		return nil, err
	}
	if err := setDiscounts(tx, session, p); err != nil {
		return nil, err
	}
	addUp(tx, session)
	if total, currency := session.Int("amount_total"), session.Str("currency"); total != 0 && total < minimumCharges[currency] {
		return nil, invalid("", "amount_too_small", "The Checkout Session's total amount due must add up to at least %s %s", readable(minimumCharges[currency], currency), currency)
	} else if total > maximumCharge(currency) {
		return nil, invalid("", "amount_too_large", "The Checkout Session's total amount must be no more than %s", readable(maximumCharge(currency), currency))
	}
	invoice := tx.NewHash("payment_pages_checkout_session_invoice_creation").Set("enabled", p.Bool("invoice_creation.enabled")).
		Set("invoice_data", tx.NewHash("payment_pages_checkout_session_invoice_settings").Set("metadata", hash()))
	session.Set("invoice_creation", invoice)
	if data, ok := p.Hash("payment_intent_data"); ok {
		session.Set(hiddenIntentData, frozen(data))
	}
	keepOpen(tx, session)
	return session, nil
}

// sessionMethodOptions are the options of a session's methods: Stripe's default for cards, and what was sent for them.
func sessionMethodOptions(tx *accountTx, p formParams, types []string) *stripeObject {
	options := tx.NewHash("checkout_session_payment_method_options")
	if slices.Contains(types, "card") {
		card := tx.NewHash("checkout_card_payment_method_options").Set("request_three_d_secure", "automatic")
		if given, ok := p.Hash("payment_method_options.card"); ok {
			applyParams(tx, card, given)
		}
		options.Set("card", card)
	}
	return options
}

func orElseList(list []string, other ...string) []string {
	if len(list) == 0 {
		return other
	}
	return list
}

// frozen keeps parameters as an object, for a later call.
func frozen(p formParams) *stripeObject {
	o := hash()
	for _, key := range p.Keys() {
		if inner, ok := p.Hash(key); ok {
			o.Set(key, frozen(inner))
		} else if list := p.Strs(key); len(list) > 0 {
			o.Set(key, list)
		} else {
			o.Set(key, paramValue(p, key))
		}
	}
	return o
}

// checkSession refuses parameters that do not go together.
func checkSession(tx *accountTx, p formParams, mode, ui string, link *stripeObject) error {
	both := func(one, other string) error {
		return invalid("", "parameters_exclusive", "You may only specify one of these parameters: %s, %s.", one, other)
	}
	switch mode {
	case "":
		return invalid("mode", "parameter_missing", "Missing required param: mode.")
	case "subscription":
		return invalid("mode", "", "The sandbox has Checkout Sessions in payment and setup mode only.")
	}
	if ui == "hosted_page" && p.Str("success_url") == "" {
		return invalid("success_url", "parameter_missing", "Missing required param: success_url.")
	}
	if ui != "hosted_page" {
		for _, key := range []string{"success_url", "cancel_url"} {
			if p.Has(key) {
				return invalid(key, "", "You can not pass `%s` when `ui_mode` is `%s`.", key, ui)
			}
		}
		if p.Str("return_url") == "" && p.Str("redirect_on_completion") != "never" {
			return invalid("return_url", "parameter_missing", "Missing required param: return_url.")
		}
	} else if p.Has("return_url") {
		return invalid("return_url", "", "You can not pass `return_url` when `ui_mode` is `hosted_page`.")
	}
	for _, key := range []string{"success_url", "cancel_url", "return_url"} {
		if v := p.Str(key); v != "" && !strings.Contains(v, "://") {
			return invalid(key, "url_invalid", "Not a valid URL")
		}
	}
	expires := p.Int("expires_at")
	switch {
	case p.Has("expires_at") && expires < tx.Now()+30*60:
		return invalid("expires_at", "", "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.")
	case p.Has("expires_at") && expires > tx.Now()+day:
		return invalid("expires_at", "", "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.")
	case len(p.Str("client_reference_id")) > 200:
		return invalid("client_reference_id", "", "Invalid string: %s...; must be at most 200 characters", cut(p.Str("client_reference_id"), 10))
	case p.Has("customer") && p.Has("customer_email"):
		return both("customer", "customer_email")
	case p.Bool("allow_promotion_codes") && len(p.List("discounts")) > 0:
		return both("allow_promotion_codes", "discounts")
	case len(p.List("discounts")) > 1:
		return invalid("discounts", "", "You can only specify one discount.")
	case p.Has("customer") && p.Has("customer_creation"):
		return both("customer", "customer_creation")
	case mode == "payment" && link == nil && len(p.List("line_items")) == 0:
		return invalid("line_items", "parameter_missing", "The `line_items` parameter is required in payment mode.")
	case mode == "payment" && len(p.List("line_items")) > 100:
		return invalid("line_items", "", "You can only specify up to 100 line items.")
	case mode == "setup" && p.Has("line_items"):
		return invalid("line_items", "", "You can not pass `line_items` in `setup` mode.")
	case mode == "setup" && p.Has("payment_intent_data"):
		return invalid("payment_intent_data", "", "You can not pass `payment_intent_data` in `setup` mode.")
	case mode == "payment" && p.Has("setup_intent_data"):
		return invalid("setup_intent_data", "", "You can not pass `setup_intent_data` in `payment` mode.")
	case p.Has("payment_intent_data.capture_method") && p.Str("payment_intent_data.capture_method") == "manual" && slices.ContainsFunc(p.Strs("payment_method_types"), func(t string) bool { return debitCurrency[t] != "" }):
		return invalid("payment_intent_data[capture_method]", "", "Payment methods that confirm later do not support capture_method `manual`.")
	}
	return nil
}

// setSessionCustomer writes who the buyer is, as far as the shop knows.
func setSessionCustomer(tx *accountTx, session *stripeObject, p formParams) error {
	switch {
	case p.Str("customer") != "":
		customer, err := findCustomer(tx, p.Str("customer"), "customer", 400)
		if err != nil {
			return err
		}
		session.Set("customer", customer.ID()).Set("customer_details", customerDetails(tx, customer.Get("email"), customer.Get("name")))
		return nil
	case p.Str("customer_email") != "":
		email := p.Str("customer_email")
		if !validEmail(email) {
			return invalid("customer_email", "email_invalid", "Invalid email address: %s", email)
		}
		session.Set("customer_email", email).Set("customer_details", customerDetails(tx, email, nil))
	}
	creation := orElse(p.Str("customer_creation"), "if_required")
	if session.Str("mode") == "setup" {
		creation = "always"
	}
	session.Set("customer_creation", creation)
	return nil
}

func customerDetails(tx *accountTx, email, name any) *stripeObject {
	return tx.NewHash("payment_pages_checkout_session_customer_details").Set("email", email).Set("name", name).Set("tax_exempt", "none").Set("tax_ids", []any{})
}

// createSetupSession makes the SetupIntent of a session that saves a method.
func createSetupSession(tx *accountTx, session *stripeObject, p formParams) (*stripeObject, error) {
	if currency := strings.ToLower(p.Str("currency")); currency != "" {
		if err := checkCurrency(currency, "currency"); err != nil {
			return nil, err
		}
		session.Set("currency", currency)
	}
	if err := fitSessionTypes(tx, session, p); err != nil {
		return nil, err
	}
	session.Set("payment_status", paymentNone)
	si := tx.New("setup_intent")
	si.Set("client_secret", si.ID()+"_secret_"+tx.NewID("", 25)).Set("usage", "off_session").Set("status", requiresPaymentMethod).
		Set("customer", session.Get("customer")).Set("payment_method_types", session.Get("payment_method_types")).Set(hiddenSession, session.ID())
	if data, ok := p.Hash("setup_intent_data"); ok {
		applyParams(tx, si, data)
	}
	setMethodOptions(tx, si, formParams{})
	tx.Put(si, "setup_intent.created")
	session.Set("setup_intent", si.ID())
	keepOpen(tx, session)
	return session, nil
}

// keepOpen stores a new session; its page may be asked for from now on, and it expires by the clock.
func keepOpen(tx *accountTx, session *stripeObject) {
	tx.Publish(session.ID())
	tx.Due(session.Int("expires_at"), "checkout.session.expire", session.ID())
	tx.Put(session)
}

func findSession(tx *accountTx, id, param string) (*stripeObject, error) {
	if session := tx.Get("checkout.session", id); session != nil {
		return session, nil
	}
	return nil, missing("checkout.session", id, param, 404)
}

// updateSession changes what may change while nobody has paid; metadata always may.
func updateSession(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	session, err := findSession(tx, r.Path("session"), "session")
	if err != nil {
		return nil, err
	}
	session = session.Edit()
	if session.Str("status") != sessionOpen {
		for _, key := range p.Keys() {
			if key != "metadata" && key != "expand" {
				return nil, invalid(key, "", "You can only update `metadata` of a Checkout Session with a status of %s.", session.Str("status"))
			}
		}
	}
	if len(p.List("line_items")) > 0 {
		if err := setItems(tx, session, p); err != nil {
			return nil, err
		}
	}
	if len(p.List("shipping_options")) > 0 {
		if err := setShippingOptions(tx, session, p); err != nil {
			return nil, err
		}
	}
	if session.Str("mode") == "payment" {
		addUp(tx, session)
	}
	applyMetadata(tx, session, p)
	tx.Put(session)
	return session, nil
}

func expireSession(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	session, err := findSession(tx, r.Path("session"), "session")
	if err != nil {
		return nil, err
	}
	if status := session.Str("status"); status != sessionOpen {
		return nil, invalid("", "", "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of %s.", status)
	}
	return endSession(tx, session), nil
}

func expireDueSession(tx *accountTx, id string) error {
	if session := tx.Get("checkout.session", id); session != nil && session.Str("status") == sessionOpen {
		endSession(tx, session)
	}
	return nil
}

// endSession expires a session; its intent, which nobody will pay, is canceled.
func endSession(tx *accountTx, session *stripeObject) *stripeObject {
	if pi := tx.Get("payment_intent", session.Str("payment_intent")); pi != nil && pi.Str("status") != canceled {
		cancelIntent(tx, pi, "automatic")
	}
	if si := tx.Get("setup_intent", session.Str("setup_intent")); si != nil && si.Str("status") != canceled {
		cancelSetup(tx, si, "abandoned")
	}
	session = session.Edit().Set("status", sessionExpired).Set("url", nil)
	tx.Put(session, "checkout.session.expired")
	return session
}

// sessionItems are a session's line items, whole.
func sessionItems(_ *accountTx, session *stripeObject) []*stripeObject {
	list := session.List(hiddenItems)
	items := make([]*stripeObject, 0, len(list))
	for _, item := range list {
		if o, ok := item.(*stripeObject); ok {
			items = append(items, o)
		}
	}
	return items
}

// itemParam names a parameter of the i-th line item.
func itemParam(i int, name string) string { return fmt.Sprintf("line_items[%d]%s", i, name) }
