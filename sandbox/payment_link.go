package sandbox

import (
	"slices"
	"strings"
)

func init() {
	behave("POST /v1/payment_links", createPaymentLink)
	behave("POST /v1/payment_links/{payment_link}", updatePaymentLink)
	behave("GET /v1/payment_links/{payment_link}/line_items", listLinkItems)
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
var linkParams = []string{"line_items", "after_completion", "currency", "restrictions", "shipping_options", "transfer_data", "optional_items", "subscription_data", "invoice_creation"}

func createPaymentLink(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	link := tx.New("payment_link")
	slug := tx.NewID("test_", 18)
	link.Set("active", true).Set(hiddenSlug, slug).Set("url", tx.URL("/b/"+slug)).Set("shipping_options", []any{}).Set("custom_fields", []any{}).
		Set("after_completion", tx.NewHash("payment_links_resource_after_completion").Set("type", "hosted_confirmation").
			Set("hosted_confirmation", tx.NewHash("payment_links_resource_completion_behavior_confirmation_page"))).
		Set("billing_address_collection", "auto").Set("customer_creation", "if_required").Set("payment_method_collection", "always").Set("submit_type", "auto").
		Set("tax_id_collection", tx.NewHash("payment_links_resource_tax_id_collection").Set("enabled", false).Set("required", "never")).
		Set("managed_payments", tx.NewHash("payment_pages_checkout_session_managed_payments").Set("enabled", p.Bool("managed_payments.enabled")))
	switch n := len(p.List("line_items")); {
	case n == 0:
		return nil, invalid("line_items", "parameter_missing", "Missing required param: line_items.")
	case n > linkItems:
		return nil, invalid("line_items", "", "You can only specify up to %d line items.", linkItems)
	}
	if err := setItems(tx, link, p); err != nil {
		return nil, err
	}
	if err := checkLinkMode(link, p); err != nil {
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

// isRecurring says whether the buyers of a link or a session subscribe.
func isRecurring(link *stripeObject) bool {
	return slices.ContainsFunc(sessionItems(nil, link), func(item *stripeObject) bool { return item.Str("price.type") == "recurring" })
}

// checkLinkMode refuses what does not go with the link's prices: some parameters are for subscriptions, some for payments.
func checkLinkMode(link *stripeObject, p formParams) error {
	recurring := isRecurring(link)
	for _, key := range []string{"subscription_data", "application_fee_percent"} {
		if p.Has(key) && !recurring {
			return invalid(key, "", "There must be at least one line item with a recurring price to use `%s`.", key)
		}
	}
	if p.Has("payment_method_collection") && !recurring {
		return invalid("payment_method_collection", "", "You can only set `payment_method_collection` if there are recurring prices.")
	}
	for _, key := range []string{"payment_intent_data", "application_fee_amount", "customer_creation"} {
		if p.Has(key) && recurring {
			return invalid(key, "", "You can not use `%s` when there are line items with recurring prices.", key)
		}
	}
	if p.Bool("invoice_creation.enabled") && recurring {
		return invalid("invoice_creation", "", "You can only enable invoice creation when there are no line items with recurring prices. Invoices of subscriptions are created automatically.")
	}
	return nil
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
	if err := checkFields(p); err != nil {
		return err
	}
	if err := setOptionalItems(tx, link, p); err != nil {
		return err
	}
	applyParams(tx, link, p, linkParams...)
	setLinkData(tx, link, p)
	settleCollection(tx, link, p)
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

// setLinkData writes what a link says of the invoices and subscriptions of its buyers.
func setLinkData(tx *accountTx, link *stripeObject, p formParams) {
	if p.Has("invoice_creation") || !link.Has("invoice_creation") {
		data := tx.NewHash("payment_links_resource_invoice_settings").Set("metadata", hash())
		if given, ok := p.Hash("invoice_creation.invoice_data"); ok {
			applyParams(tx, data, given)
		}
		link.Set("invoice_creation", tx.NewHash("payment_links_resource_invoice_creation").Set("enabled", p.Bool("invoice_creation.enabled")).Set("invoice_data", data))
	}
	if given, ok := p.Hash("subscription_data"); ok {
		former := link.Hash("subscription_data")
		if former == nil {
			former = tx.NewHash("payment_links_resource_subscription_data").Set("metadata", hash()).
				Set("invoice_settings", tx.NewHash("payment_links_resource_subscription_data_invoice_settings").
					Set("issuer", tx.NewHash("connect_account_reference").Set("type", "self")))
		}
		link.Set("subscription_data", applyParams(tx, former.Edit(), given))
	}
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
		if err := setAdjustable(item, given, itemParam(i, "")); err != nil {
			return nil, err
		}
		items[at] = item
	}
	link.Set(hiddenItems, items)
	addUpItems(link)
	if err := checkLinkMode(link, p); err != nil {
		return nil, err
	}
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
