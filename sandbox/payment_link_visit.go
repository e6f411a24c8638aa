package sandbox

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/vezne/vezne/sandbox/internal/description"
)

func init() {
	private("POST /v1/payment_links/{slug}/visit", visitPaymentLink)
}

const (
	// hiddenPrefilled is the address of e-mail that a link's page offers and the buyer may change.
	hiddenPrefilled = "_prefilled_email"
	// hiddenCampaign are the UTM codes with which a buyer came; they go along when the buyer leaves.
	hiddenCampaign = "_campaign"
)

// What a link's address may say; anything else is passed over without a word (docs.stripe.com/payment-links/url-parameters).
var (
	clientReference = regexp.MustCompile(`^[A-Za-z0-9_-]{1,200}$`)
	campaignCode    = regexp.MustCompile(`^[A-Za-z0-9_-]{1,150}$`)
	campaignCodes   = []string{"utm_source", "utm_content", "utm_medium", "utm_term", "utm_campaign"}
)

// sessionFields are what a link's sessions take over from it.
var sessionFields = []string{
	"allow_promotion_codes", "automatic_tax", "billing_address_collection", "consent_collection", "custom_fields", "custom_text", "customer_creation",
	"invoice_creation", "managed_payments", "metadata", "name_collection", "optional_items", "payment_intent_data", "payment_method_options", "payment_method_types",
	"phone_number_collection", "shipping_address_collection", "submit_type", "subscription_data", "tax_id_collection",
}

// visitPaymentLink is a buyer who opens a link: it makes a Checkout Session and tells its address. An inactive link tells
// its message instead.
func visitPaymentLink(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	var link *stripeObject
	tx.EachOf("payment_link", hiddenSlug, r.Path("slug"), func(o *stripeObject) bool {
		link = o
		return false
	})
	if link == nil {
		return nil, missing("payment_link", r.Path("slug"), "payment_link", 404)
	}
	answer := hash("object", "payment_link_visit", "active", link.Bool("active"), "inactive_message", link.Get("inactive_message"),
		"account", hash("display_name", displayName(tx)))
	if !link.Bool("active") {
		return answer, nil
	}
	session, err := newLinkSession(tx, link, r.Params())
	if err != nil {
		return nil, err
	}
	return answer.Set("url", session.Get("url")), nil
}

// newLinkSession makes a session as the shop would have, with what the link and its address say. Recurring prices make it one
// of a subscription.
func newLinkSession(tx *accountTx, link *stripeObject, visit formParams) (*stripeObject, error) {
	given := hash("mode", "payment", "success_url", orElse(link.Str("after_completion.redirect.url"), hostedConfirmation), "cancel_url", hostedConfirmation)
	leave := []string{}
	if isRecurring(link) {
		given.Set("mode", "subscription").Set("payment_method_collection", link.Get("payment_method_collection"))
		leave = append(leave, "customer_creation", "payment_intent_data", "invoice_creation")
	}
	for _, key := range sessionFields {
		if v := link.Get(key); v != nil && !slices.Contains(leave, key) {
			given.Set(key, v)
		}
	}
	if ref := visit.Str("client_reference_id"); clientReference.MatchString(ref) {
		given.Set("client_reference_id", ref)
	}
	if email := visit.Str("locked_prefilled_email"); validEmail(email) {
		given.Set("customer_email", email)
	}
	if locale := visit.Str("locale"); isLocale(locale) {
		given.Set("locale", locale)
	}
	var options []any
	for _, option := range hashes(link.List("shipping_options")) {
		options = append(options, hash("shipping_rate", option.Str("shipping_rate")))
	}
	if len(options) > 0 {
		given.Set("shipping_options", options)
	}
	session, err := newSession(tx, formParams{nodeOf(given)}, link)
	if err != nil {
		return nil, err
	}
	session = session.Edit()
	if err := prefill(tx, session, visit); err != nil {
		return nil, err
	}
	tx.Put(session)
	return session, nil
}

// isLocale says whether Stripe's pages speak a language.
func isLocale(locale string) bool {
	return slices.Contains(description.Load().Schema("checkout.session").Prop("locale").Node.Enum, locale)
}

// prefill writes what the link's address says to the buyer's page.
func prefill(tx *accountTx, session *stripeObject, visit formParams) error {
	if email := visit.Str("prefilled_email"); validEmail(email) && !session.Has("customer_email") {
		session.Set(hiddenPrefilled, email)
	}
	campaign := hash()
	for _, code := range campaignCodes {
		if v := visit.Str(code); campaignCode.MatchString(v) {
			campaign.Set(code, v)
		}
	}
	if len(campaign.Keys()) > 0 {
		session.Set(hiddenCampaign, campaign)
	}
	code := activeCode(tx, visit.Str("prefilled_promo_code"))
	if code == nil || !session.Bool("allow_promotion_codes") {
		return nil
	}
	if coupon := tx.Get("coupon", code.Str("promotion.coupon")); coupon != nil && refuseDiscount(tx, session, coupon, code) == nil {
		setDiscount(tx, session, coupon, code)
		return addUp(tx, session)
	}
	return nil
}

// withCampaign adds the UTM codes with which a buyer came to the address to which they leave.
func withCampaign(session *stripeObject, address string) string {
	campaign := session.Hash(hiddenCampaign)
	if campaign == nil {
		return address
	}
	query := url.Values{}
	for _, code := range campaign.Keys() {
		query.Set(code, campaign.Str(code))
	}
	address, fragment, found := strings.Cut(address, "#")
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	address += separator + query.Encode()
	if found {
		address += "#" + fragment
	}
	return address
}

// pageCompletion is what the page says to a buyer of a link who is done: the shop's message, null for none.
func pageCompletion(tx *accountTx, session *stripeObject) any {
	link := tx.Get("payment_link", session.Str("payment_link"))
	if link == nil {
		return nil
	}
	return link.Get("after_completion.hosted_confirmation.custom_message")
}

// linkItemsFor are a link's items as those of a new session.
func linkItemsFor(tx *accountTx, link *stripeObject) []*stripeObject {
	items := sessionItems(tx, link)
	for i, item := range items {
		items[i] = item.Edit().Set("id", tx.NewID("li_1", 23))
	}
	return items
}

// countLinkSession counts a completed session of a link; the last one that its restriction allows deactivates it.
func countLinkSession(tx *accountTx, session *stripeObject) {
	link := tx.Get("payment_link", session.Str("payment_link"))
	if link == nil || !link.Has("restrictions") {
		return
	}
	link = link.Edit().Set("restrictions.completed_sessions.count", link.Int("restrictions.completed_sessions.count")+1)
	if limitReached(link) {
		link.Set("active", false)
	}
	tx.Put(link, "payment_link.updated")
}
