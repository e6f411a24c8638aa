package sandbox

import (
	"slices"
	"strconv"
)

// mostAdjustable is the highest quantity that a buyer may choose when the shop names none
// (docs.stripe.com/payments/checkout/adjustable-quantity).
const mostAdjustable = 99

// setAdjustable writes whether a buyer may choose an item's quantity.
func setAdjustable(tx *accountTx, item *stripeObject, given formParams, i int) error {
	at, ok := given.Hash("adjustable_quantity")
	if !ok {
		return nil
	}
	if !at.Bool("enabled") {
		item.Set("adjustable_quantity", nil)
		return nil
	}
	least, most := at.Int("minimum"), at.Int("maximum")
	if !at.Has("maximum") {
		most = mostAdjustable
	}
	param := itemParam(i, "[adjustable_quantity]")
	switch {
	case most > 999_999:
		return invalid(param+"[maximum]", "", "The maximum quantity must be at most 999999.")
	case least < 0 || least > most:
		return invalid(param+"[minimum]", "", "The minimum quantity must be between 0 and the maximum.")
	case item.Int("quantity") < least || item.Int("quantity") > most:
		return invalid(itemParam(i, "[quantity]"), "", "The quantity must be between the minimum and the maximum of `adjustable_quantity`.")
	}
	item.Set("adjustable_quantity", hash("enabled", true, "maximum", most, "minimum", least))
	return nil
}

// setCollection writes what a session asks of the buyer beside a payment: address, custom fields, consent.
func setCollection(tx *accountTx, session *stripeObject, p formParams) error {
	keys := map[string]bool{}
	for i, field := range p.List("custom_fields") {
		key, at := field.Str("key"), "custom_fields["+strconv.Itoa(i)+"]"
		switch {
		case i >= 3:
			return invalid("custom_fields", "", "You can only specify up to 3 custom fields.")
		case keys[key]:
			return invalid(at+"[key]", "", "The keys of custom fields must be unique: %s.", key)
		case field.Str("type") == "dropdown" && len(field.List("dropdown.options")) == 0:
			return invalid(at+"[dropdown][options]", "parameter_missing", "Missing required param: %s[dropdown][options].", at)
		}
		keys[key] = true
	}
	if p.Has("after_expiration.recovery.allow_promotion_codes") && !p.Bool("after_expiration.recovery.enabled") {
		return invalid("after_expiration[recovery][allow_promotion_codes]", "", "Recovery must be enabled to allow promotion codes on recovered sessions.")
	}
	var others []string
	for _, key := range p.Keys() {
		if !slices.Contains([]string{"custom_fields", "custom_text", "consent_collection", "shipping_address_collection", "after_expiration"}, key) {
			others = append(others, key)
		}
	}
	applyParams(tx, session, p, others...)
	for _, f := range session.List("custom_fields") {
		field, ok := f.(*stripeObject)
		if !ok {
			continue
		}
		// The hash of the field's type is always there.
		if typ := field.Str("type"); typ != "" && field.Hash(typ) == nil {
			field.Set(typ, tx.NewHash("payment_pages_checkout_session_custom_fields_"+typ))
		}
		if typ := field.Str("type"); typ != "" && field.Has(typ+".default_value") {
			field.Set(typ+".value", field.Get(typ+".default_value"))
		}
	}
	return nil
}

// collect takes what the buyer typed into a session: quantities, shipping address, custom fields, consent.
func collect(tx *accountTx, session *stripeObject, p formParams) error {
	if err := adjustQuantities(tx, session, p); err != nil {
		return err
	}
	for i, item := range sessionItems(tx, session) {
		if item.Has("price.custom_unit_amount") && itemCost(item) == 0 {
			return invalid(itemParam(i, "[custom_unit_amount]"), "parameter_missing", "Missing required param: %s.", itemParam(i, "[custom_unit_amount]"))
		}
	}
	if err := collectShipping(tx, session, p); err != nil {
		return err
	}
	if err := collectFields(session, p); err != nil {
		return err
	}
	if session.Has("consent_collection") {
		consent := tx.NewHash("payment_pages_checkout_session_consent")
		if session.Str("consent_collection.terms_of_service") == "required" {
			if !p.Bool("consent.terms_of_service") {
				return invalid("consent[terms_of_service]", "", "The buyer must accept the terms of service.")
			}
			consent.Set("terms_of_service", "accepted")
		}
		if session.Str("consent_collection.promotions") == "auto" {
			promotions := "opt_out"
			if p.Bool("consent.promotions") {
				promotions = "opt_in"
			}
			consent.Set("promotions", promotions)
		}
		session.Set("consent", consent)
	}
	if session.Bool("phone_number_collection.enabled") && session.Has("customer_details") && p.Str("phone") != "" {
		session.Set("customer_details.phone", p.Str("phone"))
	}
	return nil
}

// adjustQuantities changes the quantities that the buyer may choose: line_items[i][quantity], with
// the item's id or in the order of the items.
func adjustQuantities(tx *accountTx, session *stripeObject, p formParams) error {
	given := p.List("line_items")
	if len(given) == 0 {
		return nil
	}
	items := sessionItems(tx, session)
	var sum int64
	for i, change := range given {
		at := slices.IndexFunc(items, func(item *stripeObject) bool { return item.ID() == change.Str("id") })
		if !change.Has("id") && i < len(items) {
			at = i
		}
		if at < 0 {
			return missing("line item", change.Str("id"), itemParam(i, "[id]"), 400)
		}
		item, n := items[at], change.Int("quantity")
		if amount := change.Int("custom_unit_amount"); change.Has("custom_unit_amount") {
			chosen, err := chooseAmount(item, amount, itemParam(i, "[custom_unit_amount]"))
			if err != nil {
				return err
			}
			item = chosen
		}
		if change.Has("quantity") && n != item.Int("quantity") {
			rule := item.Hash("adjustable_quantity")
			if rule == nil || n < rule.Int("minimum") || n > rule.Int("maximum") {
				return invalid(itemParam(i, "[quantity]"), "", "The quantity of this item cannot be %d.", n)
			}
			item = item.Edit().Set("quantity", n)
		}
		items[at] = item
	}
	for _, item := range items {
		sum += item.Int("quantity")
	}
	if sum == 0 {
		return invalid("line_items", "", "At least one item must remain.")
	}
	session.Set(hiddenItems, items)
	addUp(tx, session)
	return nil
}

// chooseAmount sets the amount of a price that lets buyers choose.
func chooseAmount(item *stripeObject, amount int64, param string) (*stripeObject, error) {
	rule := item.Hash("price.custom_unit_amount")
	switch {
	case rule == nil:
		return nil, invalid(param, "", "The amount of this item cannot be chosen.")
	case amount < max(1, rule.Int("minimum")):
		return nil, invalid(param, "amount_too_small", "The amount must be at least %d.", max(1, rule.Int("minimum")))
	case rule.Has("maximum") && amount > rule.Int("maximum"):
		return nil, invalid(param, "amount_too_large", "The amount must be at most %d.", rule.Int("maximum"))
	}
	return item.Edit().Set("_chosen", amount), nil
}

// collectShipping takes the buyer's address, and the shipping rate that they chose.
func collectShipping(tx *accountTx, session *stripeObject, p formParams) error {
	if id := p.Str("shipping_rate"); id != "" {
		at := slices.IndexFunc(session.List("shipping_options"), func(o any) bool {
			option, ok := o.(*stripeObject)
			return ok && option.Str("shipping_rate") == id
		})
		if at < 0 {
			return missing("shipping rate", id, "shipping_rate", 400)
		}
		chooseShipping(tx, session, session.List("shipping_options")[at].(*stripeObject))
		addUp(tx, session)
	}
	if !session.Has("shipping_address_collection") {
		return nil
	}
	country := p.Str("shipping.address.country")
	switch {
	case p.Str("shipping.name") == "":
		return invalid("shipping[name]", "parameter_missing", "Missing required param: shipping[name].")
	case p.Str("shipping.address.line1") == "":
		return invalid("shipping[address][line1]", "parameter_missing", "Missing required param: shipping[address][line1].")
	case !slices.Contains(session.List("shipping_address_collection.allowed_countries"), any(country)):
		return invalid("shipping[address][country]", "", "This shop does not ship to %s.", orElse(country, "a place without a country"))
	}
	address := tx.NewHash("address")
	for _, key := range []string{"city", "country", "line1", "line2", "postal_code", "state"} {
		address.Set(key, textOrNull(p.Str("shipping.address."+key)))
	}
	if !session.Has("collected_information") {
		session.Set("collected_information", tx.NewHash("payment_pages_checkout_session_collected_information"))
	}
	session.Set("collected_information.shipping_details", tx.NewHash("payment_pages_checkout_session_checkout_address_details").
		Set("address", address).Set("name", p.Str("shipping.name")))
	return nil
}

// collectFields takes the values of custom fields: custom_fields[key].
func collectFields(session *stripeObject, p formParams) error {
	list := session.List("custom_fields")
	fields := make([]any, len(list))
	for i, f := range list {
		field, ok := f.(*stripeObject)
		if !ok {
			continue
		}
		typ, param := field.Str("type"), "custom_fields["+field.Str("key")+"]"
		value := orElse(p.Str("custom_fields."+field.Str("key")), field.Str(typ+".value"))
		rule := field.Hash(typ)
		length := int64(len([]rune(value)))
		switch {
		case value == "" && field.Bool("optional"):
			fields[i] = field
			continue
		case value == "":
			return invalid(param, "parameter_missing", "Missing required param: %s.", param)
		case typ == "dropdown" && !slices.ContainsFunc(rule.List("options"), func(o any) bool {
			option, ok := o.(*stripeObject)
			return ok && option.Str("value") == value
		}):
			return invalid(param, "", "Invalid %s: %s is not among the options.", param, value)
		case typ == "numeric" && onlyDigits(value) != value:
			return invalid(param, "", "Invalid %s: must be digits only.", param)
		case typ != "dropdown" && length < rule.Int("minimum_length"),
			typ != "dropdown" && rule.Has("maximum_length") && length > rule.Int("maximum_length"):
			return invalid(param, "", "Invalid %s: its length is not allowed.", param)
		}
		fields[i] = field.Edit().Set(typ+".value", value)
	}
	session.Set("custom_fields", fields)
	return nil
}
