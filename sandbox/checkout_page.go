package sandbox

import (
	"strings"
)

func init() {
	private("GET /v1/payment_pages/{session}", retrievePage)
	private("POST /v1/payment_pages/{session}", chooseOnPage)
	private("POST /v1/payment_pages/{session}/confirm", confirmPage)
	private("GET /v1/elements/sessions", retrieveElementsSession)
}

// buyer is what a person, or a simulation of one, gives to a Checkout Session.
type buyer struct {
	email string
	// method makes the payment method; it is not called when nothing is to be paid.
	method func() (*stripeObject, error)
	// fresh says that method makes a new one, saves that the buyer wants it kept.
	fresh, saves bool
	mandate      *stripeObject
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

// openOnPage finds the session of a page's call, ready to be changed. One that is paid or expired is refused.
func openOnPage(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	session, err := findSession(tx, r.Path("session"), "session")
	if err != nil {
		return nil, err
	}
	if session.Str("status") != sessionOpen {
		return nil, invalid("", "", "This Checkout Session is no longer open.")
	}
	return session.Edit(), nil
}

// pageAnswer is what the hosted page shows of a session. What is between the shop and Stripe stays out: anyone with the
// link may ask.
func pageAnswer(tx *accountTx, session *stripeObject) *stripeObject {
	shown := session.Edit().Unset("metadata").Unset("client_reference_id").Set("payment_intent", nil).Set("setup_intent", nil)
	shown.Set("customer_email", textOrNull(knownEmail(tx, session)))
	if session.Str("status") != sessionOpen && session.Str("customer") == "" {
		shown.Set("customer_details", nil)
	}
	answer := hash(
		"object", "payment_page", "session", shown, "line_items", pageItems(session), "optional_items", pageOptional(tx, session),
		"shipping_options", pageShipping(tx, session), "saved_payment_methods", pageSaved(tx, session), "payment_method_types", session.Get("payment_method_types"),
		"promotion_code", pageCode(tx, session), "trial_days", trialDays(tx, session), "prefilled_email", session.Get(hiddenPrefilled), "after_completion", pageCompletion(tx, session),
		"publishable_key", tx.PublishableKey(), "account", hash("display_name", orElse(session.Str("branding_settings.display_name"), displayName(tx))),
		"redirect_url", redirectOf(session))
	for _, typ := range []string{"payment_intent", "setup_intent"} {
		if intent := tx.Get(typ, session.Str(typ)); intent != nil {
			answer.Set(typ, redact(intent))
		}
	}
	return answer
}

// pageItems are the lines of an order as its page shows them.
func pageItems(session *stripeObject) []*stripeObject {
	var lines []*stripeObject
	for _, item := range sessionItems(nil, session) {
		each := itemCost(item)
		if n := item.Int("quantity"); n > 0 {
			each /= n
		}
		lines = append(lines, hash(
			"id", item.ID(), "adjustable_quantity", item.Get("adjustable_quantity"), "custom_unit_amount", item.Get("price.custom_unit_amount"),
			"description", item.Get("description"), "quantity", item.Int("quantity"), "unit_amount", each, "amount_subtotal", item.Int("amount_subtotal"),
			"recurring", item.Get("price.recurring"), "optional", item.Get(hiddenOptional), "amount_total", item.Int("amount_total"), "currency", item.Str("currency")))
	}
	return lines
}

// pageOptional are the items that a buyer may still add.
func pageOptional(tx *accountTx, session *stripeObject) []*stripeObject {
	var offers []*stripeObject
	for _, offer := range hashes(session.List("optional_items")) {
		price := tx.Get("price", offer.Str("price"))
		if price == nil || optionalItem(session, price.ID()) != nil {
			continue
		}
		item := hash("price", price, "currency", session.Str("currency"), "quantity", offer.Int("quantity"))
		offers = append(offers, hash("price", price.ID(), "description", productName(tx, price), "quantity", offer.Int("quantity"), "amount", itemCost(item)))
	}
	return offers
}

// pageShipping are the ways of shipping with what they are called and how long they take.
func pageShipping(tx *accountTx, session *stripeObject) []*stripeObject {
	var options []*stripeObject
	for _, option := range hashes(session.List("shipping_options")) {
		if rate := tx.Get("shipping_rate", option.Str("shipping_rate")); rate != nil {
			options = append(options, hash("id", rate.ID(), "display_name", rate.Get("display_name"), "delivery_estimate", rate.Get("delivery_estimate"),
				"amount", option.Int("shipping_amount"), "chosen", session.Str("shipping_cost.shipping_rate") == rate.ID()))
		}
	}
	return options
}

// pageSaved are the cards that a known customer may pay with again.
func pageSaved(tx *accountTx, session *stripeObject) []*stripeObject {
	var cards []*stripeObject
	for _, method := range savedOnPage(tx, session) {
		cards = append(cards, hash("id", method.ID(), "brand", method.Get("card.brand"), "last4", method.Get("card.last4"),
			"exp_month", method.Get("card.exp_month"), "exp_year", method.Get("card.exp_year")))
	}
	return cards
}

// pageCode is the text of the code that is applied, null for none.
func pageCode(tx *accountTx, session *stripeObject) any {
	if code := tx.Get("promotion_code", session.Str(hiddenDiscount+".promotion_code")); code != nil {
		return code.Get("code")
	}
	return nil
}

// knownEmail is the address that the shop gave, which the buyer cannot change; "" when the buyer types one.
func knownEmail(tx *accountTx, session *stripeObject) string {
	if customer := tx.Get("customer", session.Str("customer")); customer != nil && session.Str("status") == sessionOpen {
		return customer.Str("email")
	}
	return session.Str("customer_email")
}

// redirectOf is where a buyer goes who is done; null when they stay. UTM codes with which they came go along.
func redirectOf(session *stripeObject) any {
	if session.Str("status") != sessionComplete {
		return nil
	}
	address := session.Str("success_url")
	if session.Str("ui_mode") != hostedPage {
		if session.Str("redirect_on_completion") == "never" || session.Str("redirect_on_completion") == "if_required" {
			return nil
		}
		address = session.Str("return_url")
	}
	if session.Str("payment_link") != "" && address == hostedConfirmation {
		return nil
	}
	return textOrNull(withCampaign(session, strings.ReplaceAll(address, "{CHECKOUT_SESSION_ID}", session.ID())))
}

// chooseOnPage is a buyer who changes the order before paying: quantities, optional items, the way of shipping. The place
// that taxes depend on, the address of e-mail and the word on promotions are kept for an abandoned session. Stripe has no
// event for it.
func chooseOnPage(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	session, err := openOnPage(tx, r)
	if err != nil {
		return nil, err
	}
	if email := p.Str("email"); validEmail(email) {
		session.Set(hiddenEmail, email)
	}
	if p.Has("consent.promotions") {
		session.Set(hiddenPromotions, p.Bool("consent.promotions"))
	}
	if place, ok := p.Hash("place"); ok {
		session.Set(hiddenBuyerPlace, addressOf(tx, place))
	}
	if err := takeChoices(tx, session, p); err != nil {
		return nil, err
	}
	if session.Str("mode") != "setup" {
		noteTaxStatus(tx, session)
		if err := addUp(tx, session); err != nil {
			return nil, err
		}
		if err := checkTotal(session, ""); err != nil {
			return nil, err
		}
	}
	tx.Put(session)
	return pageAnswer(tx, session), nil
}

func confirmPage(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	session, err := findSession(tx, r.Path("session"), "session")
	if err != nil {
		return nil, err
	}
	p := r.Params()
	b := buyer{email: p.Str("email"), fresh: !p.Has("payment_method"), saves: p.Bool("save_payment_method"), mandate: acceptanceOf(tx, formParams{}), form: p}
	b.method = func() (*stripeObject, error) {
		if id := p.Str("payment_method"); id != "" {
			return savedMethod(tx, session, id)
		}
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
