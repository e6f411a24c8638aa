package sandbox

import (
	"regexp"
	"slices"
	"strings"
)

func init() {
	behave("POST /v1/payment_links", createPaymentLink)
	behave("POST /v1/payment_links/{payment_link}", updatePaymentLink)
	behave("GET /v1/payment_links/{payment_link}/line_items", listLinkItems)
	private("POST /v1/payment_links/{slug}/visit", visitPaymentLink)
	onExpand("payment_link", "line_items", sessionItems)
}

const (
	// hiddenSlug is the last part of a link's address.
	hiddenSlug = "_slug"
	// hostedConfirmation is the success_url of a link's sessions when the buyer stays on the page.
	hostedConfirmation = "https://stripe.com"
	// linkItems is how many line items a link may have.
	linkItems = 20
)

// linkParams are parameters of a payment link that are no fields of it, or need care.
var linkParams = []string{"line_items", "after_completion", "currency", "restrictions", "shipping_options", "transfer_data", "optional_items"}

func createPaymentLink(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	link := tx.New("payment_link")
	slug := tx.NewID("test_", 18)
	link.Set("active", true).Set(hiddenSlug, slug).Set("url", tx.URL("/b/"+slug)).Set("shipping_options", []any{}).Set("custom_fields", []any{}).
		Set("after_completion", tx.NewHash("payment_links_resource_after_completion").Set("type", "hosted_confirmation").
			Set("hosted_confirmation", tx.NewHash("payment_links_resource_completion_behavior_confirmation_page"))).
		Set("billing_address_collection", "auto").Set("customer_creation", "if_required").Set("payment_method_collection", "always").Set("submit_type", "auto")
	switch n := len(p.List("line_items")); {
	case n == 0:
		return nil, invalid("line_items", "parameter_missing", "Missing required param: line_items.")
	case n > linkItems:
		return nil, invalid("line_items", "", "You can only specify up to %d line items.", linkItems)
	}
	if err := setItems(tx, link, p); err != nil {
		return nil, err
	}
	addUpItems(link)
	if err := setShippingOptions(tx, link, p); err != nil {
		return nil, err
	}
	if err := setPaymentLink(tx, link, p); err != nil {
		return nil, err
	}
	tx.Publish(slug)
	tx.Put(link, "payment_link.created")
	return link, nil
}

// addUpItems writes what the items of a link cost before discounts and taxes.
func addUpItems(link *stripeObject) {
	items := sessionItems(nil, link)
	for i, item := range items {
		cost := itemCost(item)
		items[i] = item.Edit().Set("amount_subtotal", cost).Set("amount_discount", 0).Set("amount_tax", 0).Set("amount_total", cost)
	}
	link.Set(hiddenItems, items)
}

// setPaymentLink copies what both calls may say about a link.
func setPaymentLink(tx *accountTx, link *stripeObject, p formParams) error {
	applyParams(tx, link, p, linkParams...)
	switch typ := p.Str("after_completion.type"); {
	case typ == "redirect":
		to := p.Str("after_completion.redirect.url")
		if to == "" {
			return invalid("after_completion[redirect][url]", "parameter_missing", "Missing required param: after_completion[redirect][url].")
		}
		if !strings.Contains(to, "://") {
			return invalid("after_completion[redirect][url]", "url_invalid", "Not a valid URL")
		}
		link.Set("after_completion", tx.NewHash("payment_links_resource_after_completion").Set("type", typ).
			Set("redirect", tx.NewHash("payment_links_resource_completion_behavior_redirect").Set("url", to)))
	case typ != "":
		link.Set("after_completion", tx.NewHash("payment_links_resource_after_completion").Set("type", typ).
			Set("hosted_confirmation", tx.NewHash("payment_links_resource_completion_behavior_confirmation_page").
				Set("custom_message", textOrNull(p.Str("after_completion.hosted_confirmation.custom_message")))))
	}
	switch at := "restrictions.completed_sessions.limit"; {
	case p.Null("restrictions"):
		link.Set("restrictions", nil)
	case p.Has(at) && p.Int(at) < 1:
		return invalid("restrictions[completed_sessions][limit]", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case p.Has(at):
		count := link.Int("restrictions.completed_sessions.count")
		link.Set("restrictions", tx.NewHash("payment_links_resource_restrictions").
			Set("completed_sessions", tx.NewHash("payment_links_resource_completed_sessions").Set("count", count).Set("limit", p.Int(at))))
	}
	if limitReached(link) && p.Bool("active") {
		return invalid("active", "", "This payment link cannot be active: its limit of %d completed sessions is reached.", link.Int("restrictions.completed_sessions.limit"))
	}
	return nil
}

// limitReached says whether a link has been paid as often as it may be.
func limitReached(link *stripeObject) bool {
	limit := link.Int("restrictions.completed_sessions.limit")
	return limit > 0 && link.Int("restrictions.completed_sessions.count") >= limit
}

func findPaymentLink(tx *accountTx, id string) (*stripeObject, error) {
	if link := tx.Get("payment_link", id); link != nil {
		return link, nil
	}
	return nil, missing("payment_link", id, "payment_link", 404)
}

func updatePaymentLink(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	link, err := findPaymentLink(tx, r.Path("payment_link"))
	if err != nil {
		return nil, err
	}
	link = link.Edit()
	items := sessionItems(tx, link)
	for i, given := range p.List("line_items") {
		at := slices.IndexFunc(items, func(item *stripeObject) bool { return item.ID() == given.Str("id") })
		if at < 0 {
			return nil, missing("line item", given.Str("id"), itemParam(i, "[id]"), 400)
		}
		item := items[at].Edit()
		if given.Has("quantity") {
			if given.Int("quantity") < 1 {
				return nil, invalid(itemParam(i, "[quantity]"), "parameter_invalid_integer", "This value must be greater than or equal to 1.")
			}
			item.Set("quantity", given.Int("quantity"))
		}
		if err := setAdjustable(tx, item, given, i); err != nil {
			return nil, err
		}
		items[at] = item
	}
	link.Set(hiddenItems, items)
	addUpItems(link)
	if err := setPaymentLink(tx, link, p); err != nil {
		return nil, err
	}
	tx.Put(link, "payment_link.updated")
	return link, nil
}

func listLinkItems(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	link, err := findPaymentLink(tx, r.Path("payment_link"))
	if err != nil {
		return nil, err
	}
	return tx.ListObjects(r, sessionItems(tx, link))
}

// clientReference is what a link's address may say as client_reference_id; anything else is passed over
// (docs.stripe.com/payment-links/url-parameters).
var clientReference = regexp.MustCompile(`^[A-Za-z0-9_-]{1,200}$`)

// sessionFields are what a link's sessions take over from it.
var sessionFields = []string{
	"allow_promotion_codes", "billing_address_collection", "consent_collection", "custom_fields", "custom_text", "customer_creation", "payment_intent_data",
	"payment_method_types", "phone_number_collection", "shipping_address_collection", "submit_type", "metadata", "name_collection",
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

// newLinkSession makes a session as the shop would have, with what the link says.
func newLinkSession(tx *accountTx, link *stripeObject, visit formParams) (*stripeObject, error) {
	given := hash("mode", "payment", "success_url", orElse(link.Str("after_completion.redirect.url"), hostedConfirmation), "cancel_url", hostedConfirmation)
	for _, key := range sessionFields {
		if v := link.Get(key); v != nil {
			given.Set(key, v)
		}
	}
	if ref := visit.Str("client_reference_id"); clientReference.MatchString(ref) {
		given.Set("client_reference_id", ref)
	}
	if email := visit.Str("locked_prefilled_email"); validEmail(email) {
		given.Set("customer_email", email)
	}
	var options []any
	for _, o := range link.List("shipping_options") {
		if option, ok := o.(*stripeObject); ok {
			options = append(options, hash("shipping_rate", option.Str("shipping_rate")))
		}
	}
	if len(options) > 0 {
		given.Set("shipping_options", options)
	}
	session, err := newSession(tx, formParams{nodeOf(given)}, link)
	if err != nil {
		return nil, err
	}
	if code := activeCode(tx, visit.Str("prefilled_promo_code")); code != nil && session.Bool("allow_promotion_codes") {
		if coupon := tx.Get("coupon", code.Str("promotion.coupon")); coupon != nil && checkDiscount(tx, session, coupon, code) == nil {
			session = session.Edit()
			setDiscount(tx, session, coupon, code)
			addUp(tx, session)
			tx.Put(session)
		}
	}
	return session, nil
}

// nodeOf turns a value into parameters, as if it had been sent.
func nodeOf(v any) *paramNode {
	switch v := v.(type) {
	case *stripeObject:
		n := &paramNode{hash: map[string]*paramNode{}}
		for _, key := range v.Keys() {
			if member := v.at(v.slot(key)); member != nil {
				n.keys = append(n.keys, key)
				n.hash[key] = nodeOf(member)
			}
		}
		return n
	case []any:
		n := &paramNode{list: []*paramNode{}}
		for _, e := range v {
			n.list = append(n.list, nodeOf(e))
		}
		return n
	}
	return &paramNode{value: v}
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
