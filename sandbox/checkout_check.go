package sandbox

import (
	"slices"
	"strings"
)

// checkSession refuses parameters that do not go together.
func checkSession(tx *accountTx, p formParams, mode, ui string, link *stripeObject) error {
	if mode == "" {
		return invalid("mode", "parameter_missing", "Missing required param: mode.")
	}
	for _, check := range []func() error{
		func() error { return checkPlace(p, ui) },
		func() error { return checkMode(p, mode, link) },
		func() error { return checkExclusive(p) },
		func() error { return checkExpiry(tx, p) },
		func() error { return checkCustomerUpdate(p) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	switch {
	case len(p.Str("client_reference_id")) > 200:
		return invalid("client_reference_id", "", "Invalid string: %s...; must be at most 200 characters", cut(p.Str("client_reference_id"), 10))
	case len(p.List("discounts")) > 1:
		return invalid("discounts", "", "You can only specify one discount.")
	case p.Str("payment_intent_data.capture_method") == "manual" && slices.ContainsFunc(p.Strs("payment_method_types"), func(t string) bool { return debitCurrency[t] != "" }):
		return invalid("payment_intent_data[capture_method]", "", "Payment methods that confirm later do not support capture_method `manual`.")
	}
	return nil
}

// outsidePages are what a session of Elements cannot say, since the shop draws its own page; the reference says so of each.
var outsidePages = []string{"after_expiration", "branding_settings", "custom_fields", "custom_text", "optional_items", "origin_context", "submit_type"}

// checkPlace holds the addresses against the way in which the session is shown. Elements need a return_url only where a
// method may lead away, and none of those that the sandbox acts out does.
func checkPlace(p formParams, ui string) error {
	if ui == hostedPage {
		switch {
		case p.Str("success_url") == "":
			return invalid("success_url", "parameter_missing", "Missing required param: success_url.")
		case p.Has("return_url"):
			return invalid("return_url", "", "You can not pass `return_url` when `ui_mode` is `hosted_page`.")
		case p.Has("permissions"):
			return invalid("permissions", "", "You can not pass `permissions` when `ui_mode` is `hosted_page`.")
		}
	} else {
		for _, key := range []string{"success_url", "cancel_url"} {
			if p.Has(key) {
				return invalid(key, "", "You can not pass `%s` when `ui_mode` is `%s`.", key, ui)
			}
		}
		if p.Str("return_url") == "" && p.Str("redirect_on_completion") != "never" && (ui != elementsMode || len(p.Strs("payment_method_types")) == 0) {
			return invalid("return_url", "parameter_missing", "Missing required param: return_url.")
		}
		if p.Has("return_url") && p.Str("redirect_on_completion") == "never" {
			return invalid("return_url", "", "You can not pass `return_url` when `redirect_on_completion` is `never`.")
		}
	}
	if ui == hostedPage && p.Has("redirect_on_completion") {
		return invalid("redirect_on_completion", "", "You can not pass `redirect_on_completion` when `ui_mode` is `%s`.", ui)
	}
	for _, key := range outsidePages {
		if ui == elementsMode && p.Has(key) {
			return invalid(key, "", "You can not pass `%s` when `ui_mode` is `elements`.", key)
		}
	}
	for _, key := range []string{"success_url", "cancel_url", "return_url"} {
		if v := p.Str(key); v != "" && !strings.Contains(v, "://") {
			return invalid(key, "url_invalid", "Not a valid URL")
		}
	}
	return nil
}

// modeParams are the parameters that some modes alone have.
var modeParams = map[string][]string{
	"line_items": {"payment", "subscription"}, "discounts": {"payment", "subscription"}, "allow_promotion_codes": {"payment", "subscription"},
	"optional_items": {"payment", "subscription"}, "shipping_options": {"payment", "subscription"}, "shipping_address_collection": {"payment", "subscription"},
	"submit_type": {"payment", "subscription"}, "saved_payment_method_options": {"payment", "subscription"},
	"payment_intent_data": {"payment"}, "setup_intent_data": {"setup"}, "subscription_data": {"subscription"},
}

// checkMode refuses what the session's mode does not have.
func checkMode(p formParams, mode string, link *stripeObject) error {
	for _, key := range p.Keys() {
		if modes := modeParams[key]; modes != nil && !slices.Contains(modes, mode) {
			return invalid(key, "", "You can not pass `%s` in `%s` mode.", key, mode)
		}
	}
	items := len(p.List("line_items"))
	switch {
	case p.Has("customer_creation") && mode == "subscription":
		return invalid("customer_creation", "", "`customer_creation` can only be used in `payment` and `setup` mode.")
	case p.Bool("invoice_creation.enabled") && mode != "payment":
		return invalid("invoice_creation", "", "You can only enable invoice creation when `mode` is set to `payment`. Invoices are created automatically when `mode` is set to `subscription`.")
	case p.Has("payment_method_collection") && mode != "subscription" && link == nil:
		return invalid("payment_method_collection", "", "You can only set `payment_method_collection` if there are recurring prices.")
	case mode == "setup" && p.Str("currency") == "" && len(p.Strs("payment_method_types")) == 0 && len(p.Strs("allowed_payment_method_types")) == 0:
		return invalid("currency", "parameter_missing", "Missing required param: currency.")
	case mode != "setup" && link == nil && items == 0:
		return invalid("line_items", "parameter_missing", "The `line_items` parameter is required in %s mode.", mode)
	case mode == "payment" && items > mostItems:
		return invalid("line_items", "", "You can only specify up to %d line items.", mostItems)
	}
	return nil
}

// checkExclusive refuses pairs of parameters of which Stripe takes one, whatever their values.
func checkExclusive(p formParams) error {
	for _, pair := range [][2]string{
		{"customer", "customer_email"}, {"customer", "customer_creation"}, {"customer", "customer_account"}, {"allow_promotion_codes", "discounts"},
		{"payment_method_types", "excluded_payment_method_types"}, {"payment_method_types", "payment_method_configuration"},
	} {
		if p.Has(pair[0]) && p.Has(pair[1]) {
			return invalid("", "parameters_exclusive", "You may only specify one of these parameters: %s, %s.", pair[0], pair[1])
		}
	}
	return nil
}

// checkExpiry keeps the end of a session between 30 minutes and 24 hours from now.
func checkExpiry(tx *accountTx, p formParams) error {
	expires := p.Int("expires_at")
	switch {
	case p.Has("expires_at") && expires < tx.Now()+30*60:
		return invalid("expires_at", "", "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.")
	case p.Has("expires_at") && expires > tx.Now()+day:
		return invalid("expires_at", "", "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.")
	}
	return nil
}

// checkCustomerUpdate refuses what would change a customer without leave to.
func checkCustomerUpdate(p formParams) error {
	switch {
	case p.Has("customer_update") && !p.Has("customer"):
		return invalid("customer_update", "", "`customer_update` can only be used with `customer`.")
	case p.Has("customer") && p.Bool("tax_id_collection.enabled") && p.Str("customer_update.name") != "auto":
		return invalid("tax_id_collection", "", "Tax ID collection requires updating business name on the customer. To enable tax ID collection for an existing customer, please set `customer_update[name]` to `auto`.")
	case p.Str("customer_update.shipping") == "auto" && !p.Has("shipping_address_collection"):
		return invalid("customer_update[shipping]", "", "`customer_update[shipping]` can only be set to `auto` when `shipping_address_collection` is set.")
	}
	return nil
}
