package sandbox

import (
	"slices"
	"strings"
)

func init() {
	private("GET /v1/payment_pages/{session}", retrievePage)
	private("POST /v1/payment_pages/{session}/confirm", confirmPage)
	private("POST /v1/payment_pages/{session}/promotion_code", redeemOnPage)
	private("GET /v1/elements/sessions", retrieveElementsSession)
	simulation("checkout", simulateCheckout)
}

// buyer is what a person, or a simulation of one, gives to a Checkout Session.
type buyer struct {
	email string
	// method makes the payment method; it is not called when nothing is to be paid.
	method func() (*stripeObject, error)
	// fresh says that method makes a new one.
	fresh   bool
	mandate *stripeObject
	// form is what else the buyer typed: quantities, shipping, custom fields, consent.
	form formParams
}

func retrievePage(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	session, err := findSession(tx, r.Path("session"), "session")
	if err != nil {
		return nil, err
	}
	return pageAnswer(tx, session), nil
}

// pageAnswer is what the hosted page shows of a session. What is between the shop and Stripe stays out: anyone with the
// link may ask.
func pageAnswer(tx *accountTx, session *stripeObject) *stripeObject {
	var lines []*stripeObject
	for _, item := range sessionItems(tx, session) {
		price := item.Hash("price")
		lines = append(lines, hash(
			"id", item.ID(), "adjustable_quantity", item.Get("adjustable_quantity"), "custom_unit_amount", price.Get("custom_unit_amount"), "description", item.Get("description"), "quantity", item.Int("quantity"), "unit_amount", linePrice(price, 1),
			"amount_total", item.Int("amount_total"), "currency", item.Str("currency")))
	}
	shown := session.Edit().Unset("metadata").Unset("client_reference_id").Set("payment_intent", nil).Set("setup_intent", nil)
	shown.Set("customer_email", textOrNull(knownEmail(tx, session)))
	if session.Str("status") != sessionOpen && session.Str("customer") == "" {
		shown.Set("customer_details", nil)
	}
	answer := hash(
		"object", "payment_page", "session", shown, "line_items", lines, "payment_method_types", session.Get("payment_method_types"),
		"publishable_key", tx.PublishableKey(), "account", hash("display_name", displayName(tx)), "redirect_url", redirectOf(session))
	for _, typ := range []string{"payment_intent", "setup_intent"} {
		if intent := tx.Get(typ, session.Str(typ)); intent != nil {
			answer.Set(typ, redact(intent))
		}
	}
	return answer
}

// knownEmail is the address that the shop gave, which the buyer cannot change; "" when the buyer types one.
func knownEmail(tx *accountTx, session *stripeObject) string {
	if customer := tx.Get("customer", session.Str("customer")); customer != nil && session.Str("status") == sessionOpen {
		return customer.Str("email")
	}
	return session.Str("customer_email")
}

// redirectOf is where a buyer goes who is done; null when they stay.
func redirectOf(session *stripeObject) any {
	if session.Str("status") != sessionComplete {
		return nil
	}
	address := session.Str("success_url")
	if session.Str("ui_mode") != "hosted_page" {
		if session.Str("redirect_on_completion") != "always" {
			return nil
		}
		address = session.Str("return_url")
	}
	if session.Str("payment_link") != "" && address == hostedConfirmation {
		return nil
	}
	return textOrNull(strings.ReplaceAll(address, "{CHECKOUT_SESSION_ID}", session.ID()))
}

func confirmPage(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	session, err := findSession(tx, r.Path("session"), "session")
	if err != nil {
		return nil, err
	}
	p := r.Params()
	b := buyer{email: p.Str("email"), fresh: true, mandate: acceptanceOf(tx, formParams{}), form: p}
	b.method = func() (*stripeObject, error) {
		data, ok := p.Hash("payment_method_data")
		if !ok {
			return nil, invalid("payment_method_data", "parameter_missing", "Missing required param: payment_method_data.")
		}
		return newPaymentMethod(tx, data, "payment_method_data")
	}
	session, err = payPage(tx, session, b)
	if err != nil {
		return nil, err
	}
	return pageAnswer(tx, session), nil
}

// payPage is a buyer who presses the button: the session is paid, saved, or waits for the bank.
func payPage(tx *accountTx, session *stripeObject, b buyer) (*stripeObject, error) {
	if status := session.Str("status"); status != sessionOpen {
		return nil, invalid("", "", "This Checkout Session cannot be paid because it has a status of %s.", status)
	}
	email := orElse(knownEmail(tx, session), b.email)
	if !validEmail(email) {
		return nil, invalid("email", "email_invalid", "Invalid email address: %s", email)
	}
	session = session.Edit()
	if !session.Has("customer_details") {
		session.Set("customer_details", customerDetails(tx, email, nil))
	}
	session.Set("customer_details.email", email)
	if link := tx.Get("payment_link", session.Str("payment_link")); link != nil && limitReached(link) {
		return nil, invalid("", "", "This payment link has been paid as often as it may be.")
	}
	if err := collect(tx, session, b.form); err != nil {
		return nil, err
	}
	if session.Str("mode") == "payment" && session.Int("amount_total") == 0 {
		return completeSession(tx, session, paymentNone), nil
	}
	method, err := b.method()
	if err != nil {
		return nil, err
	}
	if types := session.List("payment_method_types"); !slices.Contains(types, any(method.Str("type"))) {
		return nil, invalid("payment_method_data[type]", "", "This Checkout Session does not take %s. It takes: %s.", method.Str("type"), joined(types))
	}
	if name := method.Get("billing_details.name"); name != nil {
		session.Set("customer_details.name", name)
	}
	if method.Str("billing_details.address.country") != "" && session.Str("mode") == "payment" {
		session.Set("customer_details.address", method.Get("billing_details.address"))
	}
	c := confirmation{method: method, fresh: b.fresh, sdk: true, mandate: b.mandate}
	if session.Str("mode") == "setup" {
		return saveOnPage(tx, session, c)
	}
	return chargeOnPage(tx, session, c)
}

// chargeOnPage pays a session. Its PaymentIntent is made when a buyer first tries.
func chargeOnPage(tx *accountTx, session *stripeObject, c confirmation) (*stripeObject, error) {
	customer := sessionCustomer(tx, session, intentData(session, "setup_future_usage") != "")
	pi := tx.Get("payment_intent", session.Str("payment_intent"))
	if pi == nil {
		pi = newSessionIntent(tx, session)
		pi.Set("customer", textOrNull(customer))
		session.Set("payment_intent", pi.ID())
		tx.Put(pi, "payment_intent.created")
	}
	pi = pi.Edit().Set("amount", session.Int("amount_total"))
	if err := checkMethod(pi, c.method); err != nil {
		return nil, err
	}
	tx.Put(session)
	session = session.Edit()
	pi, err := confirmPayment(tx, pi, c)
	if err != nil {
		return nil, err
	}
	if done := settledSession(tx, session, pi); done != nil {
		return done, nil
	}
	return tx.Get("checkout.session", session.ID()), nil
}

// settledSession completes a session whose intent got as far as the buyer can bring it, and answers it; nil when the
// buyer must do more.
func settledSession(tx *accountTx, session, intent *stripeObject) *stripeObject {
	switch status := intent.Str("status"); {
	case intent.Type() == "setup_intent" && status == succeeded:
		return completeSession(tx, session, paymentNone)
	case status == succeeded:
		return completeSession(tx, session, paymentPaid)
	case status == processing, status == requiresCapture:
		return completeSession(tx, session, paymentUnpaid)
	}
	return nil
}

// saveOnPage saves a method for later.
func saveOnPage(tx *accountTx, session *stripeObject, c confirmation) (*stripeObject, error) {
	customer := sessionCustomer(tx, session, true)
	si := tx.Get("setup_intent", session.Str("setup_intent")).Edit().Set("customer", textOrNull(customer))
	tx.Put(session)
	session = session.Edit()
	si, err := confirmSetup(tx, si, c)
	if err != nil {
		return nil, err
	}
	if done := settledSession(tx, session, si); done != nil {
		return done, nil
	}
	return tx.Get("checkout.session", session.ID()), nil
}

// intentData reads what payment_intent_data said.
func intentData(session *stripeObject, key string) string {
	return session.Str(hiddenIntentData + "." + key)
}

// newSessionIntent makes the PaymentIntent of a session.
func newSessionIntent(tx *accountTx, session *stripeObject) *stripeObject {
	pi := tx.New("payment_intent")
	pi.Set("amount", session.Int("amount_total")).Set("currency", session.Str("currency")).
		Set("amount_details", tx.NewHash("payment_flows_amount_details").Set("tip", hash())).
		Set("client_secret", pi.ID()+"_secret_"+tx.NewID("", 25)).
		Set("capture_method", orElse(intentData(session, "capture_method"), "automatic_async")).
		Set("confirmation_method", "automatic").Set("status", requiresPaymentMethod).
		Set("payment_method_types", session.Get("payment_method_types")).Set(hiddenSession, session.ID())
	for _, key := range []string{"description", "receipt_email", "setup_future_usage", "statement_descriptor", "statement_descriptor_suffix", "transfer_group", "on_behalf_of"} {
		if v := intentData(session, key); v != "" {
			pi.Set(key, v)
		}
	}
	if metadata := session.Hash(hiddenIntentData + ".metadata"); metadata != nil {
		pi.Set("metadata", metadata)
	}
	if shipping := session.Hash(hiddenIntentData + ".shipping"); shipping != nil {
		to := tx.NewHash("shipping").Set("address", tx.NewHash("address"))
		for _, key := range []string{"carrier", "name", "phone", "tracking_number", "address.city", "address.country", "address.line1", "address.line2", "address.postal_code", "address.state"} {
			if v := shipping.Str(key); v != "" {
				to.Set(key, v)
			}
		}
		pi.Set("shipping", to)
	}
	setMethodOptions(tx, pi, formParams{})
	for _, key := range []string{"request_three_d_secure", "capture_method", "setup_future_usage"} {
		if v := session.Str("payment_method_options.card." + key); v != "" {
			pi.Set("payment_method_options.card."+key, v)
		}
	}
	return pi
}

// sessionCustomer is the id of the session's customer, made now when one is needed, "" when none is.
func sessionCustomer(tx *accountTx, session *stripeObject, needed bool) string {
	if id := orElse(session.Str("customer"), session.Str(hiddenCustomer)); id != "" {
		return id
	}
	if !needed && session.Str("customer_creation") != "always" {
		return ""
	}
	customer := newCustomer(tx).Set("email", session.Get("customer_details.email")).Set("name", session.Get("customer_details.name")).
		Set("address", session.Get("customer_details.address"))
	tx.Put(customer, "customer.created")
	session.Set(hiddenCustomer, customer.ID())
	return customer.ID()
}

// completeSession ends a session well.
func completeSession(tx *accountTx, session *stripeObject, payment string) *stripeObject {
	if session.Str("customer") == "" && session.Str(hiddenCustomer) == "" {
		sessionCustomer(tx, session, false)
	}
	if id := session.Str(hiddenCustomer); id != "" {
		session.Set("customer", id)
	}
	session.Set("status", sessionComplete).Set("payment_status", payment).Set("url", nil)
	for _, d := range session.List("discounts") {
		if discount, ok := d.(*stripeObject); ok {
			redeem(tx, session.Str("_coupon"), discount.Str("promotion_code"))
		}
	}
	tx.Put(session, "checkout.session.completed")
	countLinkSession(tx, session)
	return session
}

// sessionAttempted lets the session of an intent know that its buyer has answered the bank.
func sessionAttempted(tx *accountTx, intent *stripeObject) {
	session := tx.Get("checkout.session", intent.Str(hiddenSession))
	if session == nil || session.Str("status") != sessionOpen {
		return
	}
	settledSession(tx, session.Edit(), intent)
}

// sessionSettled lets the session of an intent know that the money came, or did not, after the buyer was done.
func sessionSettled(tx *accountTx, pi *stripeObject, came bool) {
	session := tx.Get("checkout.session", pi.Str(hiddenSession))
	if session == nil || session.Str("status") != sessionComplete {
		return
	}
	if came {
		tx.Put(session.Edit().Set("payment_status", paymentPaid), "checkout.session.async_payment_succeeded")
		return
	}
	tx.Put(session, "checkout.session.async_payment_failed")
}

// redeemOnPage applies the code that a buyer typed.
func redeemOnPage(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	session, err := findSession(tx, r.Path("session"), "session")
	if err != nil {
		return nil, err
	}
	code := strings.TrimSpace(r.Params().Str("promotion_code"))
	pc := activeCode(tx, code)
	switch {
	case session.Str("status") != sessionOpen:
		return nil, invalid("", "", "This Checkout Session is no longer open.")
	case !session.Bool("allow_promotion_codes"):
		return nil, invalid("promotion_code", "", "This Checkout Session does not allow promotion codes.")
	case pc == nil:
		return nil, missing("promotion code", code, "promotion_code", 400)
	}
	coupon := tx.Get("coupon", pc.Str("promotion.coupon"))
	if coupon == nil {
		return nil, missing("promotion code", code, "promotion_code", 400)
	}
	if err := checkDiscount(tx, session, coupon, pc); err != nil {
		return nil, err
	}
	session = session.Edit()
	setDiscount(tx, session, coupon, pc)
	addUp(tx, session)
	if total, currency := session.Int("amount_total"), session.Str("currency"); total != 0 && total < minimumCharges[currency] {
		return nil, invalid("promotion_code", "amount_too_small", "The Checkout Session's total amount due must add up to at least %s %s", readable(minimumCharges[currency], currency), currency)
	}
	tx.Put(session)
	return pageAnswer(tx, session), nil
}

// retrieveElementsSession tells an Element what an intent takes; without one, what the account takes.
func retrieveElementsSession(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	types := any(orElseList(p.Strs("payment_method_types"), tx.accountMethods(strings.ToLower(p.Str("currency")), p.Str("capture_method"))...))
	if secret := p.Str("client_secret"); secret != "" {
		id, _, _ := strings.Cut(secret, "_secret_")
		typ := "payment_intent"
		if strings.HasPrefix(id, "seti_") {
			typ = "setup_intent"
		}
		intent := tx.Get(typ, id)
		if intent == nil || intent.Str("client_secret") != secret {
			return nil, missing(typ, id, "client_secret", 404)
		}
		types = intent.Get("payment_method_types")
	}
	return hash("object", "elements_session", "payment_method_types", types), nil
}

// simulateCheckout is a buyer without a browser: {session, payment_method, email}. A method that asks for 3-D Secure
// leaves the session open; go on with simulate 3ds.
func simulateCheckout(tx *accountTx, p formParams) (*stripeObject, error) {
	session, err := findSession(tx, p.Str("session"), "session")
	if err != nil {
		return nil, err
	}
	id := orElse(p.Str("payment_method"), "pm_card_visa")
	b := buyer{email: orElse(p.Str("email"), "buyer@example.com"), mandate: acceptanceOf(tx, formParams{}), form: willing(session, p)}
	method, err := findMethod(tx, id, "payment_method", 404)
	if err != nil {
		return nil, err
	}
	b.fresh = method.ID() != id
	b.method = func() (*stripeObject, error) { return method, nil }
	return payPage(tx, session, b)
}

// willing is a form with all that a session demands: what was sent, and made-up answers for the rest.
func willing(session *stripeObject, p formParams) formParams {
	form := &paramNode{hash: map[string]*paramNode{}}
	for _, key := range p.Keys() {
		form.keys = append(form.keys, key)
		form.hash[key] = p.node.hash[key]
	}
	fill := func(key string, v *stripeObject) {
		if !p.Has(key) {
			form.keys = append(form.keys, key)
			form.hash[key] = nodeOf(v)
		}
	}
	if countries := session.List("shipping_address_collection.allowed_countries"); len(countries) > 0 {
		fill("shipping", hash("name", "Jenny Rosen", "address", hash("line1", "1 Main Street", "city", "Springfield", "postal_code", "12345", "country", countries[0])))
	}
	if session.Has("consent_collection") {
		fill("consent", hash("terms_of_service", true))
	}
	answers := hash()
	for _, f := range session.List("custom_fields") {
		field, ok := f.(*stripeObject)
		if !ok || field.Bool("optional") {
			continue
		}
		answer := strings.Repeat("1", int(max(1, field.Int(field.Str("type")+".minimum_length"))))
		if options := field.List("dropdown.options"); len(options) > 0 {
			if option, ok := options[0].(*stripeObject); ok {
				answer = option.Str("value")
			}
		}
		answers.Set(field.Str("key"), answer)
	}
	if len(answers.Keys()) > 0 {
		fill("custom_fields", answers)
	}
	return formParams{form}
}
