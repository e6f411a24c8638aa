package sandbox

import (
	"regexp"
	"slices"
	"strconv"
)

// mostAdjustable is the highest quantity that a buyer may choose when the shop names none
// (docs.stripe.com/payments/checkout/adjustable-quantity).
const mostAdjustable = 99

// setAdjustable writes whether a buyer may choose an item's quantity; at is the item's parameter.
func setAdjustable(item *stripeObject, given formParams, at string) error {
	rule, ok := given.Hash("adjustable_quantity")
	if !ok {
		return nil
	}
	if !rule.Bool("enabled") {
		item.Set("adjustable_quantity", nil)
		return nil
	}
	least, most := rule.Int("minimum"), rule.Int("maximum")
	if !rule.Has("maximum") {
		most = mostAdjustable
	}
	param := at + "[adjustable_quantity]"
	switch {
	case most > 999_999:
		return invalid(param+"[maximum]", "", "The maximum quantity must be at most 999999.")
	case least < 0 || least > most:
		return invalid(param+"[minimum]", "", "The minimum quantity must be between 0 and the maximum.")
	case item.Int("quantity") < least || item.Int("quantity") > most:
		return invalid(at+"[quantity]", "", "The quantity must be between the minimum and the maximum of `adjustable_quantity`.")
	}
	item.Set("adjustable_quantity", hash("enabled", true, "maximum", most, "minimum", least))
	return nil
}

// collectionParams are what a session asks of its buyer; their fields have the same names.
var collectionParams = []string{
	"custom_fields", "custom_text", "consent_collection", "shipping_address_collection", "after_expiration", "name_collection", "tax_id_collection", "wallet_options",
}

// setCollection writes what a session asks of the buyer beside a payment, and how its page looks and sounds.
func setCollection(tx *accountTx, session *stripeObject, p formParams) error {
	if err := checkFields(p); err != nil {
		return err
	}
	if p.Has("after_expiration.recovery.allow_promotion_codes") && !p.Bool("after_expiration.recovery.enabled") {
		return invalid("after_expiration[recovery][allow_promotion_codes]", "", "Recovery must be enabled to allow promotion codes on recovered sessions.")
	}
	if p.Bool("after_expiration.recovery.allow_promotion_codes") && len(p.List("discounts")) > 0 {
		return invalid("after_expiration[recovery][allow_promotion_codes]", "", "You cannot allow promotion codes on recovered sessions of a session with `discounts`.")
	}
	session.Set("custom_fields", []any{}).Set("custom_text", tx.NewHash("payment_pages_checkout_session_custom_text")).
		Set("automatic_tax", automaticTax(tx, p)).Set("phone_number_collection", enabled(tx, "phone_number_collection", p.Bool("phone_number_collection.enabled"))).
		Set("adaptive_pricing", enabled(tx, "adaptive_pricing", adaptive(session, p))).
		Set("managed_payments", enabled(tx, "managed_payments", p.Bool("managed_payments.enabled"))).
		Set("payment_method_collection", orElse(p.Str("payment_method_collection"), map[string]string{"payment": "if_required"}[session.Str("mode")]))
	if session.Str("payment_method_collection") == "" {
		session.Set("payment_method_collection", "always")
	}
	for _, key := range p.Keys() {
		if slices.Contains(collectionParams, key) {
			applyParams(tx, session, onlyParam(p, key))
		}
	}
	settleCollection(tx, session, p)
	return nil
}

// enabled is a hash of a session that says only whether something is on.
func enabled(tx *accountTx, name string, on bool) *stripeObject {
	return tx.NewHash("payment_pages_checkout_session_"+name).Set("enabled", on)
}

// adaptive says whether prices may be shown in the buyer's currency: unless the shop says no, where something is paid
// (recorded).
func adaptive(session *stripeObject, p formParams) bool {
	if p.Has("adaptive_pricing.enabled") {
		return p.Bool("adaptive_pricing.enabled")
	}
	return session.Str("mode") != "setup"
}

// onlyParam is one parameter of a call.
func onlyParam(p formParams, key string) formParams {
	return formParams{&paramNode{keys: []string{key}, hash: map[string]*paramNode{key: p.find(key)}}}
}

// fieldSchemas begin the names of the schemas of a custom field's kinds, by what has the field.
var fieldSchemas = map[string]string{
	"checkout.session": "payment_pages_checkout_session_custom_fields_",
	"payment_link":     "payment_links_resource_custom_fields_",
}

// settleCollection fills what Stripe always shows of a collection that was asked for. A session's field begins with its
// default.
func settleCollection(tx *accountTx, o *stripeObject, p formParams) {
	fields := hashes(o.List("custom_fields"))
	for i, field := range fields {
		typ := field.Str("type")
		if field = field.Edit(); field.Hash(typ) == nil {
			field.Set(typ, tx.NewHash(fieldSchemas[o.Type()]+typ))
		}
		if o.Type() == "checkout.session" && field.Has(typ+".default_value") {
			field.Set(typ+".value", field.Get(typ+".default_value"))
		}
		fields[i] = field.Set("optional", field.Bool("optional"))
	}
	o.Set("custom_fields", fields)
	if p.Has("tax_id_collection") {
		o.Set("tax_id_collection.required", orElse(p.Str("tax_id_collection.required"), "never"))
	}
	for _, who := range []string{"business", "individual"} {
		if at := "name_collection." + who; o.Has(at) {
			o.Set(at+".optional", o.Bool(at+".optional"))
		}
	}
	if o.Has("after_expiration.recovery") {
		o.Set("after_expiration.recovery.allow_promotion_codes", o.Bool("after_expiration.recovery.allow_promotion_codes"))
	}
}

// checkFields refuses custom fields that cannot be drawn.
func checkFields(p formParams) error {
	keys := map[string]bool{}
	for i, field := range p.List("custom_fields") {
		key, at := field.Str("key"), "custom_fields["+strconv.Itoa(i)+"]"
		typ := field.Str("type")
		options := field.List("dropdown.options")
		byDefault := field.Str(typ + ".default_value")
		switch {
		case i >= 3:
			return invalid("custom_fields", "", "You can only specify up to 3 custom fields.")
		case !fieldKey.MatchString(key):
			return invalid(at+"[key]", "", "The key of a custom field must be alphanumeric: %s.", key)
		case keys[key]:
			return invalid(at+"[key]", "", "The keys of custom fields must be unique: %s.", key)
		case typ == "dropdown" && len(options) == 0:
			return invalid(at+"[dropdown][options]", "parameter_missing", "Missing required param: %s[dropdown][options].", at)
		case len(options) > 200:
			return invalid(at+"[dropdown][options]", "", "A dropdown can have up to 200 options.")
		case typ == "dropdown" && byDefault != "" && !slices.ContainsFunc(options, func(o formParams) bool { return o.Str("value") == byDefault }):
			return invalid(at+"[dropdown][default_value]", "", "The default value is not among the options.")
		case field.Has(typ+".minimum_length") && field.Has(typ+".maximum_length") && field.Int(typ+".minimum_length") > field.Int(typ+".maximum_length"):
			return invalid(at+"["+typ+"][minimum_length]", "", "The minimum length cannot be greater than the maximum length.")
		}
		keys[key] = true
	}
	return nil
}

// fieldKey is what a custom field may be called.
var fieldKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,200}$`)

// The branding of a session that says nothing (recorded).
var branding = map[string]string{"background_color": "#ffffff", "border_style": "rounded", "button_color": "#0074d4", "font_family": "default"}

// setBranding writes how a session's page looks.
func setBranding(tx *accountTx, session *stripeObject, p formParams) {
	look := tx.NewHash("payment_pages_checkout_session_branding_settings")
	for key, v := range branding {
		look.Set(key, orElse(p.Str("branding_settings."+key), v))
	}
	look.Set("display_name", orElse(p.Str("branding_settings.display_name"), displayName(tx)))
	for _, key := range []string{"icon", "logo"} {
		if given, ok := p.Hash("branding_settings." + key); ok {
			picture := tx.NewHash("payment_pages_checkout_session_branding_settings_" + key)
			look.Set(key, applyParams(tx, picture, given))
		}
	}
	session.Set("branding_settings", look)
}
