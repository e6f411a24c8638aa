package sandbox

import (
	"fmt"
	"slices"
	"strings"
)

func init() {
	behave("POST /v1/checkout/sessions", createSession)
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
	// hiddenCustomerUpdate is what customer_update said, hiddenRedisplay what payment_method_data[allow_redisplay] said.
	hiddenCustomerUpdate = "_customer_update"
	hiddenRedisplay      = "_allow_redisplay"
)

const (
	sessionOpen     = "open"
	sessionComplete = "complete"
	sessionExpired  = "expired"

	paymentUnpaid = "unpaid"
	paymentPaid   = "paid"
	paymentNone   = "no_payment_required"
)

// The ways in which a session is shown, as dahlia names them.
const (
	hostedPage   = "hosted_page"
	embeddedPage = "embedded_page"
	elementsMode = "elements"
)

// sessionParams are parameters of a session that are no fields of it, or need care.
var sessionParams = []string{
	"mode", "ui_mode", "line_items", "discounts", "payment_intent_data", "setup_intent_data", "subscription_data", "expires_at", "customer", "customer_email",
	"customer_creation", "customer_update", "currency", "payment_method_types", "payment_method_options", "payment_method_data", "shipping_options",
	"automatic_tax", "custom_text", "custom_fields", "invoice_creation", "phone_number_collection", "payment_method_configuration", "tax_id_collection",
	"after_expiration", "consent_collection", "shipping_address_collection", "saved_payment_method_options", "name_collection", "branding_settings",
	"adaptive_pricing", "optional_items", "managed_payments", "collected_information", "payment_method_collection", "redirect_on_completion",
}

func createSession(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	return newSession(tx, r.Params(), nil)
}

// newSession makes a session from its parameters; one of a payment link has the link's items.
func newSession(tx *accountTx, p formParams, link *stripeObject) (*stripeObject, error) {
	mode, ui := p.Str("mode"), orElse(p.Str("ui_mode"), hostedPage)
	if err := checkSession(tx, p, mode, ui, link); err != nil {
		return nil, err
	}
	session := tx.New("checkout.session")
	session.Set("id", tx.NewID("cs_test_a1", 58)).Set("mode", mode).Set("ui_mode", ui).Set("status", sessionOpen).Set("payment_status", paymentUnpaid).
		Set("expires_at", orElseInt(p.Int("expires_at"), tx.Now()+day)).Set("discounts", []any{}).Set("shipping_options", []any{})
	applyParams(tx, session, p, sessionParams...)
	openPlace(tx, session, p)
	if err := setSessionMethods(tx, session, p); err != nil {
		return nil, err
	}
	if err := setSessionCustomer(tx, session, p); err != nil {
		return nil, err
	}
	if err := setCollection(tx, session, p); err != nil {
		return nil, err
	}
	switch mode {
	case "setup":
		session.Set("discounts", nil)
		return createSetupSession(tx, session, p)
	case "subscription":
		return createSubscriptionSession(tx, session, p, link)
	default:
		return createPaymentSession(tx, session, p, link)
	}
}

func orElseInt(n, other int64) int64 {
	if n == 0 {
		return other
	}
	return n
}

// openPlace writes where the buyer meets a session: an address of its own, or the shop's page with a secret.
func openPlace(tx *accountTx, session *stripeObject, p formParams) {
	ui := session.Str("ui_mode")
	if ui == hostedPage {
		session.Set("url", tx.URL("/c/pay/"+session.ID()))
	} else {
		session.Set("client_secret", session.ID()+"_secret_"+tx.NewID("", 40))
	}
	if ui == embeddedPage {
		session.Set("redirect_on_completion", orElse(p.Str("redirect_on_completion"), "always"))
	}
	if ui != elementsMode {
		setBranding(tx, session, p)
	}
}

// createPaymentSession writes what an order costs and stores its session.
func createPaymentSession(tx *accountTx, session *stripeObject, p formParams, link *stripeObject) (*stripeObject, error) {
	if link != nil {
		session.Set("payment_link", link.ID()).Set(hiddenItems, linkItemsFor(tx, link)).Set("currency", link.Str("currency"))
	} else if err := setItems(tx, session, p); err != nil {
		return nil, err
	}
	for _, set := range []func(*accountTx, *stripeObject, formParams) error{setOptionalItems, fitSessionTypes, setShippingOptions, setDiscounts, setSessionTax} {
		if err := set(tx, session, p); err != nil {
			return nil, err
		}
	}
	if err := addUp(tx, session); err != nil {
		return nil, err
	}
	if err := checkTotal(session, ""); err != nil {
		return nil, err
	}
	session.Set("invoice_creation", invoiceCreation(tx, p))
	if data, ok := p.Hash("payment_intent_data"); ok {
		session.Set(hiddenIntentData, frozen(data))
	}
	keepOpen(tx, session)
	return session, nil
}

// invoiceCreation is what a session says of the invoice that follows its payment.
func invoiceCreation(tx *accountTx, p formParams) *stripeObject {
	data := tx.NewHash("payment_pages_checkout_session_invoice_settings").Set("metadata", hash())
	if given, ok := p.Hash("invoice_creation.invoice_data"); ok {
		applyParams(tx, data, given)
	}
	return tx.NewHash("payment_pages_checkout_session_invoice_creation").Set("enabled", p.Bool("invoice_creation.enabled")).Set("invoice_data", data)
}

// checkTotal refuses a sum that cannot be charged.
func checkTotal(session *stripeObject, param string) error {
	switch total, currency := session.Int("amount_total"), session.Str("currency"); {
	case total != 0 && total < minimumCharges[currency]:
		return invalid(param, "amount_too_small", "The Checkout Session's total amount due must add up to at least %s %s", readable(minimumCharges[currency], currency), currency)
	case total > maximumCharge(currency):
		return invalid(param, "amount_too_large", "The Checkout Session's total amount must be no more than %s", readable(maximumCharge(currency), currency))
	}
	return nil
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
	if data, ok := p.Hash("setup_intent_data"); ok {
		session.Set(hiddenIntentData, frozen(data))
	}
	openSetup(tx, session)
	keepOpen(tx, session)
	return session, nil
}

// openSetup gives a session the SetupIntent that it confirms.
func openSetup(tx *accountTx, session *stripeObject) {
	si := tx.New("setup_intent")
	si.Set("client_secret", si.ID()+"_secret_"+tx.NewID("", 25)).Set("usage", "off_session").Set("status", requiresPaymentMethod).
		Set("customer", session.Get("customer")).Set("payment_method_types", session.Get("payment_method_types")).Set(hiddenSession, session.ID())
	if data := session.Hash(hiddenIntentData); data != nil {
		applyParams(tx, si, formParams{nodeOf(data)})
	}
	setIntentOptions(tx, si, session)
	tx.Put(si, "setup_intent.created")
	session.Set("payment_status", paymentNone).Set("setup_intent", si.ID())
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

func expireSession(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	session, err := findSession(tx, r.Path("session"), "session")
	if err != nil {
		return nil, err
	}
	if status := session.Str("status"); status != sessionOpen {
		return nil, invalid("", "", "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of %s.", status)
	}
	return endSession(tx, session)
}

func expireDueSession(tx *accountTx, id string) error {
	if session := tx.Get("checkout.session", id); session != nil && session.Str("status") == sessionOpen {
		_, err := endSession(tx, session)
		return err
	}
	return nil
}

// endSession expires a session; its intent, which nobody will pay, is canceled. A session that can be recovered gets the
// address of its recovery.
func endSession(tx *accountTx, session *stripeObject) (*stripeObject, error) {
	if err := tx.dropBegun(session); err != nil {
		return nil, err
	}
	if pi := tx.Get("payment_intent", session.Str("payment_intent")); pi != nil && pi.Str("status") != canceled {
		cancelIntent(tx, pi, "automatic")
	}
	if si := tx.Get("setup_intent", session.Str("setup_intent")); si != nil && si.Str("status") != canceled {
		cancelSetup(tx, si, "abandoned")
	}
	session = session.Edit().Set("status", sessionExpired).Set("url", nil)
	showAbandoned(tx, session)
	openRecovery(tx, session)
	tx.Put(session, "checkout.session.expired")
	return session, nil
}

// sessionItems are a session's line items, whole.
func sessionItems(_ *accountTx, session *stripeObject) []*stripeObject {
	return hashes(session.List(hiddenItems))
}

// hashes are the hashes of an array.
func hashes(list []any) []*stripeObject {
	found := make([]*stripeObject, 0, len(list))
	for _, e := range list {
		if o, ok := e.(*stripeObject); ok {
			found = append(found, o)
		}
	}
	return found
}

// itemParam names a parameter of the i-th line item.
func itemParam(i int, name string) string { return fmt.Sprintf("line_items[%d]%s", i, name) }

func orElseList(list []string, other ...string) []string {
	if len(list) == 0 {
		return other
	}
	return list
}

// frozen keeps parameters as an object, for a later call.
func frozen(p formParams) *stripeObject {
	if o, ok := plainValue(p.node).(*stripeObject); ok {
		return o
	}
	return hash()
}

// takesMethod says whether a session takes methods of a type.
func takesMethod(session *stripeObject, typ string) bool {
	return slices.Contains(session.List("payment_method_types"), any(typ))
}
