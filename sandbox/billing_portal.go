package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func init() {
	behave("POST /v1/billing_portal/configurations", createPortalConfiguration)
	behave("POST /v1/billing_portal/configurations/{configuration}", updatePortalConfiguration)
	behave("POST /v1/billing_portal/sessions", createPortalSession)
}

const (
	portalConfigurationType = "billing_portal.configuration"
	portalSessionType       = "billing_portal.session"

	// hiddenToken is the last part of a portal session's address.
	hiddenToken = "_token"
)

func createPortalConfiguration(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	c := tx.New(portalConfigurationType).Set("livemode", false).Set("active", true).Set("is_default", false)
	if err := checkPortalAddresses(r.Params()); err != nil {
		return nil, err
	}
	applyParams(tx, c, r.Params())
	tx.setLoginPage(c)
	if err := checkPortalFeatures(tx, c); err != nil {
		return nil, err
	}
	tx.Put(c, "billing_portal.configuration.created")
	return c, nil
}

func updatePortalConfiguration(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	c := tx.Get(portalConfigurationType, r.Path("configuration"))
	if c == nil {
		return nil, missingInPath(r, "billing portal configuration", "configuration")
	}
	if r.Params().Has("active") && !r.Params().Bool("active") && c.Bool("is_default") {
		return nil, invalid("active", "", "The default configuration cannot be deactivated.")
	}
	if err := checkPortalAddresses(r.Params()); err != nil {
		return nil, err
	}
	changed := c.Edit()
	applyParams(tx, changed, r.Params())
	tx.setLoginPage(changed)
	if err := checkPortalFeatures(tx, changed); err != nil {
		return nil, err
	}
	if equalObjects(c, changed) {
		return c, nil
	}
	tx.Put(changed.Set("updated", tx.Now()), "billing_portal.configuration.updated")
	return changed, nil
}

// checkPortalAddresses refuses addresses that are none.
func checkPortalAddresses(p formParams) error {
	for _, path := range []string{"default_return_url", "business_profile.privacy_policy_url", "business_profile.terms_of_service_url"} {
		if address := p.Str(path); address != "" && !strings.Contains(address, "://") {
			return invalid(paramOf(path), "url_invalid", "Not a valid URL")
		}
	}
	return nil
}

// paramOf is a dotted path as errors name a parameter.
func paramOf(path string) string {
	first, rest, nested := strings.Cut(path, ".")
	if !nested {
		return first
	}
	return first + "[" + strings.ReplaceAll(rest, ".", "][") + "]"
}

// setLoginPage gives a configuration whose login page is on the page's address, and takes it from one whose page is off.
func (tx *accountTx) setLoginPage(c *stripeObject) {
	switch on := c.Bool("login_page.enabled"); {
	case on && !c.Has("login_page.url"):
		c.Set("login_page.url", tx.URL("/p/login/"+tx.NewID("test_", 20)))
	case !on && c.Has("login_page.url"):
		c.Set("login_page.url", nil)
	}
}

// checkPortalFeatures refuses features that are on and say too little.
func checkPortalFeatures(tx *accountTx, c *stripeObject) error {
	if c.Bool("features.customer_update.enabled") && len(c.List("features.customer_update.allowed_updates")) == 0 {
		return invalid("features[customer_update][allowed_updates]", "parameter_missing", "Missing required param: features[customer_update][allowed_updates].")
	}
	if !c.Bool("features.subscription_update.enabled") {
		return nil
	}
	if len(c.List("features.subscription_update.default_allowed_updates")) == 0 {
		return invalid("features[subscription_update][default_allowed_updates]", "parameter_missing", "Missing required param: features[subscription_update][default_allowed_updates].")
	}
	products := hashes(c.List("features.subscription_update.products"))
	if slices.Contains(c.List("features.subscription_update.default_allowed_updates"), any("price")) && len(products) == 0 {
		return invalid("features[subscription_update][products]", "parameter_missing", "Missing required param: features[subscription_update][products].")
	}
	for _, product := range products {
		for _, id := range product.List("prices") {
			price := tx.Get("price", id.(string))
			if price == nil || price.Str("product") != product.Str("product") || price.Str("type") != "recurring" {
				return missing("price", id.(string), "features[subscription_update][products]", http.StatusBadRequest)
			}
		}
	}
	return nil
}

// portalConfiguration is the configuration that a call names, or the account's default: the first time one that lets
// customers do everything but change their plan, as if somebody had saved the dashboard's page of it.
func portalConfiguration(tx *accountTx, id string) (*stripeObject, error) {
	if id != "" {
		c := tx.Get(portalConfigurationType, id)
		if c == nil {
			return nil, missing("configuration", id, "configuration", http.StatusBadRequest)
		}
		if !c.Bool("active") {
			return nil, invalid("configuration", "", "The configuration `%s` is not active.", id)
		}
		return c, nil
	}
	var found *stripeObject
	tx.Each(portalConfigurationType, func(c *stripeObject) bool {
		if c.Bool("is_default") {
			found = c
		}
		return found == nil
	})
	if found != nil {
		return found, nil
	}
	c := tx.New(portalConfigurationType).Set("livemode", false).Set("active", true).Set("is_default", true).
		Set("features.customer_update.enabled", true).Set("features.customer_update.allowed_updates", []string{"email", "address", "shipping", "phone", "tax_id"}).
		Set("features.invoice_history.enabled", true).Set("features.payment_method_update.enabled", true).
		Set("features.subscription_cancel.enabled", true).Set("features.subscription_cancel.mode", "at_period_end").Set("features.subscription_cancel.proration_behavior", "none").
		Set("features.subscription_cancel.cancellation_reason.enabled", true).Set("features.subscription_cancel.cancellation_reason.options", cancellationReasons)
	tx.Put(c)
	return c, nil
}

// cancellationReasons are those that the default configuration asks for: all that Stripe knows.
var cancellationReasons = []string{"customer_service", "low_quality", "missing_features", "other", "switched_service", "too_complex", "too_expensive", "unused"}

// portalFlows are the flows of a session, the parameter that each needs and the feature that must be on for it.
var portalFlows = map[string]struct{ subscription, feature string }{
	"customer_update":             {"", "customer_update"},
	"payment_method_update":       {"", "payment_method_update"},
	"subscription_cancel":         {"subscription_cancel.subscription", "subscription_cancel"},
	"subscription_update":         {"subscription_update.subscription", "subscription_update"},
	"subscription_update_confirm": {"subscription_update_confirm.subscription", "subscription_update"},
}

func createPortalSession(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	customer, err := findCustomer(tx, p.Str("customer"), "customer", http.StatusBadRequest)
	if err != nil {
		return nil, err
	}
	config, err := portalConfiguration(tx, p.Str("configuration"))
	if err != nil {
		return nil, err
	}
	if address := p.Str("return_url"); address != "" && !strings.Contains(address, "://") {
		return nil, invalid("return_url", "url_invalid", "Not a valid URL")
	}
	session := tx.New(portalSessionType).Set("livemode", false).Set("customer", customer.ID()).Set("configuration", config.ID()).Set("created", tx.now).
		Set("return_url", textOrNull(orElse(p.Str("return_url"), config.Str("default_return_url")))).Set("locale", textOrNull(p.Str("locale"))).
		Set("on_behalf_of", textOrNull(p.Str("on_behalf_of")))
	token := tx.NewID("test_", 40)
	session.Set("url", tx.URL("/p/session/"+token)).Set(hiddenToken, token)
	if flow, ok := p.Hash("flow_data"); ok {
		if err := setPortalFlow(tx, session, config, customer, flow); err != nil {
			return nil, err
		}
	}
	tx.Publish(token)
	tx.Put(session, "billing_portal.session.created")
	return session, nil
}

// setPortalFlow writes the one thing that a session is for.
func setPortalFlow(tx *accountTx, session, config, customer *stripeObject, p formParams) error {
	typ := p.Str("type")
	flow := portalFlows[typ]
	if !config.Bool("features." + flow.feature + ".enabled") {
		return invalid("flow_data[type]", "", "You cannot use the flow `%s` because the feature `%s` of the portal configuration is disabled.", typ, flow.feature)
	}
	if flow.subscription != "" {
		param := under("flow_data", strings.ReplaceAll(flow.subscription, ".", "[")+"]")
		id := p.Str(flow.subscription)
		sub := tx.Get("subscription", id)
		switch {
		case id == "":
			return invalid(param, "parameter_missing", "Missing required param: %s.", param)
		case sub == nil || sub.Str("customer") != customer.ID():
			return missing("subscription", id, param, http.StatusBadRequest)
		case subscriptionOver(sub):
			return invalid(param, "", "The subscription `%s` is canceled and cannot be changed.", id)
		case typ == "subscription_cancel" && (sub.Bool("cancel_at_period_end") || sub.Has("cancel_at")):
			return invalid(param, "", "The subscription `%s` is already set to be canceled.", id)
		}
	}
	if p.Str("after_completion.type") == "redirect" && p.Str("after_completion.redirect.return_url") == "" {
		return invalid("flow_data[after_completion][redirect][return_url]", "parameter_missing", "Missing required param: flow_data[after_completion][redirect][return_url].")
	}
	if typ == "subscription_update_confirm" {
		if err := tx.checkConfirmation(config, tx.Get("subscription", p.Str(flow.subscription)), p); err != nil {
			return err
		}
	}
	if id := p.Str("subscription_cancel.retention.coupon_offer.coupon"); id != "" && tx.Get("coupon", id) == nil {
		return missing("coupon", id, "flow_data[subscription_cancel][retention][coupon_offer][coupon]", http.StatusBadRequest)
	}
	shown := tx.NewHash("portal_flows_flow").Set("type", typ).
		Set("after_completion", embedded(tx, "portal_flows_flow_after_completion", "type", orElse(p.Str("after_completion.type"), "portal_homepage")))
	for _, key := range []string{"hosted_confirmation", "redirect"} {
		if given, ok := p.Hash("after_completion." + key); ok {
			shown.Set("after_completion."+key, plainHash(given))
		}
	}
	if given, ok := p.Hash(typ); ok {
		details := tx.NewHash("portal_flows_flow_" + typ)
		applyParams(tx, details, given)
		shown.Set(typ, details)
	}
	if typ == "customer_update" {
		shown.Set(typ, tx.NewHash("portal_flows_flow_customer_update"))
	}
	session.Set("flow", shown)
	return nil
}

// checkConfirmation refuses a change that a customer could only be asked to confirm, and that the configuration does not offer.
func (tx *accountTx) checkConfirmation(config, sub *stripeObject, p formParams) error {
	rules := config.Hash("features.subscription_update")
	for i, given := range p.List("subscription_update_confirm.items") {
		at := "flow_data[subscription_update_confirm][items][" + strconv.Itoa(i) + "]"
		if indexOfItem(subscriptionItems(sub), given.Str("id")) < 0 {
			return invalid(at+"[id]", "", "Invalid subscription_item id: %s", given.Str("id"))
		}
		if id := given.Str("price"); id != "" {
			price := tx.Get("price", id)
			if price == nil {
				return missing("price", id, at+"[price]", http.StatusBadRequest)
			}
			if !offersPrice(rules, price) {
				return invalid(at+"[price]", "", "The portal's configuration does not offer the price `%s`.", id)
			}
		}
	}
	return nil
}

// offersPrice says whether customers may change to a price.
func offersPrice(rules, price *stripeObject) bool {
	return slices.Contains(rules.List("default_allowed_updates"), any("price")) && slices.ContainsFunc(hashes(rules.List("products")), func(o *stripeObject) bool {
		return o.Str("product") == price.Str("product") && slices.Contains(o.List("prices"), any(price.ID()))
	})
}

// plainHash is a branch of parameters as a hash of free keys.
func plainHash(p formParams) *stripeObject { return frozen(p) }
