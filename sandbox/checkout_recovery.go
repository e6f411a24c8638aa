package sandbox

import "slices"

func init() {
	private("POST /v1/checkout_recoveries/{slug}/visit", recoverSession)
}

// hiddenRecovery is the last part of the address at which an expired session is taken up again.
const hiddenRecovery = "_recovery"

// recoveryDays is how long that address works (docs.stripe.com/payments/checkout/abandoned-carts).
const recoveryDays = 30

// openRecovery gives an expired session the address that makes a copy of it, when the shop asked for one.
func openRecovery(tx *accountTx, session *stripeObject) {
	if !session.Bool("after_expiration.recovery.enabled") {
		return
	}
	slug := tx.NewID("test_", 18)
	session.Set(hiddenRecovery, slug).Set("after_expiration.recovery.url", tx.URL("/r/"+slug)).
		Set("after_expiration.recovery.expires_at", tx.Now()+recoveryDays*day)
	tx.Publish(slug)
}

// recoverSession is a buyer who opens the address of a recovery: it makes a copy of the expired session and answers its
// page. It is 410 once the address is too old.
func recoverSession(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	var session *stripeObject
	tx.EachOf("checkout.session", hiddenRecovery, r.Path("slug"), func(o *stripeObject) bool {
		session = o
		return false
	})
	if session == nil {
		return nil, missing("checkout.session", r.Path("slug"), "slug", 404)
	}
	answer := hash("object", "checkout_recovery", "active", tx.Now() < session.Int("after_expiration.recovery.expires_at"),
		"account", hash("display_name", displayName(tx)))
	if !answer.Bool("active") {
		return answer, nil
	}
	fresh, err := copySession(tx, session)
	if err != nil {
		return nil, err
	}
	return answer.Set("url", fresh.Get("url")), nil
}

// notRecovered are the keys of a session that its copy has of its own.
var notRecovered = []string{
	"id", "object", "created", "livemode", "client_secret", "collected_information", "consent", "customer_details", "expires_at", "invoice", "payment_intent", "payment_status",
	"recovered_from", "setup_intent", "status", "subscription", "url",
}

// copySession makes an open session of an expired one. A discount that no longer applies is left out.
func copySession(tx *accountTx, from *stripeObject) (*stripeObject, error) {
	session := tx.New("checkout.session")
	session.Set("id", tx.NewID("cs_test_a1", 58)).Set("status", sessionOpen).Set("payment_status", paymentUnpaid).Set("expires_at", tx.Now()+day).
		Set("recovered_from", from.ID()).Set("url", tx.URL("/c/pay/"+session.ID()))
	for _, key := range from.Keys() {
		if !slices.Contains(notRecovered, key) {
			session.Set(key, from.Get(key))
		}
	}
	session.Set("after_expiration.recovery.url", nil).Set("after_expiration.recovery.expires_at", nil)
	if from.Bool("after_expiration.recovery.allow_promotion_codes") {
		session.Set("allow_promotion_codes", true)
	}
	if customer := tx.Get("customer", from.Str("customer")); customer != nil || from.Has("customer_email") {
		details := customerDetails(tx, from.Get("customer_email"), nil)
		if customer != nil {
			details = customerDetails(tx, customer.Get("email"), customer.Get("name"))
		}
		session.Set("customer_details", details)
	}
	for _, key := range []string{hiddenIntentData, hiddenCustomerUpdate, hiddenRedisplay, hiddenAllowedTypes} {
		session.Set(key, from.Get(key))
	}
	if session.Str("mode") == "setup" {
		openSetup(tx, session)
		keepOpen(tx, session)
		return session, nil
	}
	items := sessionItems(tx, from)
	for i, item := range items {
		items[i] = item.Edit().Set("id", tx.NewID("li_1", 23))
	}
	session.Set(hiddenItems, items).Set("discounts", []any{})
	takeDiscountOver(tx, session, from)
	if err := addUp(tx, session); err != nil {
		return nil, err
	}
	keepOpen(tx, session)
	return session, nil
}

// takeDiscountOver gives a copied session the discount of the former one, as far as it still applies.
func takeDiscountOver(tx *accountTx, session, from *stripeObject) {
	coupon := tx.Get("coupon", from.Str(hiddenCoupon))
	if coupon == nil {
		return
	}
	code := tx.Get("promotion_code", from.Str(hiddenDiscount+".promotion_code"))
	if refuseDiscount(tx, session, coupon, code) == nil {
		setDiscount(tx, session, coupon, code)
	}
}

// showAbandoned writes what an expired session may tell of its buyer: the address of e-mail only if the shop knew it, or the
// buyer agreed to be written to (docs.stripe.com/payments/checkout/abandoned-carts).
func showAbandoned(tx *accountTx, session *stripeObject) {
	if session.Str("consent_collection.promotions") != "auto" || !session.Has(hiddenEmail) {
		return
	}
	promotions := "opt_out"
	if session.Bool(hiddenPromotions) {
		promotions = "opt_in"
		if !session.Has("customer_details") {
			session.Set("customer_details", customerDetails(tx, session.Get(hiddenEmail), nil))
		}
	}
	session.Set("consent", tx.NewHash("payment_pages_checkout_session_consent").Set("promotions", promotions))
}
