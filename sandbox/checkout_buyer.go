package sandbox

import (
	"slices"
	"strings"
)

// What a session's hidden slots keep of a buyer who has not paid yet: the address of e-mail, the word on promotions, and the
// place that taxes are computed for.
const (
	hiddenEmail      = "_email"
	hiddenPromotions = "_promotions"
	hiddenBuyerPlace = "_place"
)

// collect takes what the buyer typed into a session, as a whole: what is demanded and missing is refused.
func collect(tx *accountTx, session *stripeObject, p formParams) error {
	if err := takeChoices(tx, session, p); err != nil {
		return err
	}
	for i, item := range sessionItems(tx, session) {
		if item.Has("price.custom_unit_amount") && itemCost(item) == 0 {
			return invalid(itemParam(i, "[custom_unit_amount]"), "parameter_missing", "Missing required param: %s.", itemParam(i, "[custom_unit_amount]"))
		}
	}
	for _, take := range []func(*accountTx, *stripeObject, formParams) error{collectShipping, collectFields, collectConsent, collectNames, collectTaxID} {
		if err := take(tx, session, p); err != nil {
			return err
		}
	}
	if session.Str("mode") != "setup" {
		noteTaxStatus(tx, session)
		return addUp(tx, session)
	}
	return nil
}

// takeChoices takes what changes the order's sum: quantities, amounts, optional items, the way of shipping.
func takeChoices(tx *accountTx, session *stripeObject, p formParams) error {
	if err := adjustItems(tx, session, p); err != nil {
		return err
	}
	if err := chooseOptional(tx, session, p); err != nil {
		return err
	}
	if id := p.Str("shipping_rate"); id != "" {
		if err := chooseRate(tx, session, id); err != nil {
			return err
		}
	}
	if len(p.List("line_items"))+len(p.List("optional_items")) == 0 {
		return nil
	}
	var sum int64
	for _, item := range sessionItems(tx, session) {
		sum += item.Int("quantity")
	}
	if sum == 0 {
		return invalid("line_items", "", "At least one item must remain.")
	}
	return nil
}

// adjustItems changes the quantities and amounts that are the buyer's: line_items[i][quantity], with the item's id or in
// the order of the items. Of an optional item 0 is always allowed, and takes it away.
func adjustItems(tx *accountTx, session *stripeObject, p formParams) error {
	items := sessionItems(tx, session)
	for i, change := range p.List("line_items") {
		at := slices.IndexFunc(items, func(item *stripeObject) bool { return item.ID() == change.Str("id") })
		if !change.Has("id") && i < len(items) {
			at = i
		}
		if at < 0 {
			return missing("line item", change.Str("id"), itemParam(i, "[id]"), 400)
		}
		item, n := items[at], change.Int("quantity")
		if change.Has("custom_unit_amount") {
			chosen, err := chooseAmount(item, change.Int("custom_unit_amount"), itemParam(i, "[custom_unit_amount]"))
			if err != nil {
				return err
			}
			item = chosen
		}
		if change.Has("quantity") && n != item.Int("quantity") {
			if !mayHave(item, n) && (n != 0 || item.Str(hiddenOptional) == "") {
				return invalid(itemParam(i, "[quantity]"), "", "The quantity of this item cannot be %d.", n)
			}
			item = item.Edit().Set("quantity", n)
		}
		items[at] = item
	}
	items = slices.DeleteFunc(items, func(item *stripeObject) bool { return item.Int("quantity") == 0 && item.Str(hiddenOptional) != "" })
	session.Set(hiddenItems, items)
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
	return item.Edit().Set(hiddenChosen, amount), nil
}

// collectShipping takes the buyer's address, unless it is the shop's server that says it.
func collectShipping(tx *accountTx, session *stripeObject, p formParams) error {
	if !session.Has("shipping_address_collection") {
		return nil
	}
	if session.Str("permissions.update_shipping_details") == serverOnly {
		if !session.Has("collected_information.shipping_details") {
			return invalid("shipping", "", "The shop has not set the shipping details of this Checkout Session.")
		}
		return nil
	}
	given, _ := p.Hash("shipping")
	country := given.Str("address.country")
	switch {
	case given.Str("name") == "":
		return invalid("shipping[name]", "parameter_missing", "Missing required param: shipping[name].")
	case given.Str("address.line1") == "":
		return invalid("shipping[address][line1]", "parameter_missing", "Missing required param: shipping[address][line1].")
	case !slices.Contains(session.List("shipping_address_collection.allowed_countries"), any(country)):
		return invalid("shipping[address][country]", "", "This shop does not ship to %s.", orElse(country, "a place without a country"))
	}
	keepShipping(tx, session, given)
	return nil
}

// keepShipping writes a name and address into a session.
func keepShipping(tx *accountTx, session *stripeObject, given formParams) {
	address, _ := given.Hash("address")
	setCollected(tx, session, "shipping_details", tx.NewHash("payment_pages_checkout_session_checkout_address_details").
		Set("address", addressOf(tx, address)).Set("name", given.Str("name")))
}

// addressOf is an address as objects hold it.
func addressOf(tx *accountTx, given formParams) *stripeObject {
	address := tx.NewHash("address")
	for _, key := range []string{"city", "country", "line1", "line2", "postal_code", "state"} {
		address.Set(key, textOrNull(given.Str(key)))
	}
	return address
}

// setCollected writes one thing that a session collected.
func setCollected(tx *accountTx, session *stripeObject, key string, v any) {
	if !session.Has("collected_information") {
		session.Set("collected_information", tx.NewHash("payment_pages_checkout_session_collected_information"))
	}
	session.Set("collected_information."+key, v)
}

// collectFields takes the values of custom fields: custom_fields[key].
func collectFields(_ *accountTx, session *stripeObject, p formParams) error {
	fields := hashes(session.List("custom_fields"))
	for i, field := range fields {
		typ, param := field.Str("type"), "custom_fields["+field.Str("key")+"]"
		value := orElse(p.Str("custom_fields."+field.Str("key")), field.Str(typ+".value"))
		rule := field.Hash(typ)
		length := int64(len([]rune(value)))
		switch {
		case value == "" && field.Bool("optional"):
			continue
		case value == "":
			return invalid(param, "parameter_missing", "Missing required param: %s.", param)
		case typ == "dropdown" && !slices.ContainsFunc(hashes(rule.List("options")), func(o *stripeObject) bool { return o.Str("value") == value }):
			return invalid(param, "", "Invalid %s: %s is not among the options.", param, value)
		case typ == "numeric" && onlyDigits(value) != value:
			return invalid(param, "", "Invalid %s: must be digits only.", param)
		case typ != "dropdown" && length < rule.Int("minimum_length"),
			typ != "dropdown" && rule.Has("maximum_length") && length > rule.Int("maximum_length"),
			length > 255:
			return invalid(param, "", "Invalid %s: its length is not allowed.", param)
		}
		fields[i] = field.Edit().Set(typ+".value", value)
	}
	session.Set("custom_fields", fields)
	return nil
}

// collectConsent takes what the buyer agreed to.
func collectConsent(tx *accountTx, session *stripeObject, p formParams) error {
	if !session.Has("consent_collection") {
		return nil
	}
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
	return nil
}

// collectNames takes the phone number and the names that the session asks for.
func collectNames(tx *accountTx, session *stripeObject, p formParams) error {
	if session.Bool("phone_number_collection.enabled") {
		phone := strings.TrimSpace(orElse(p.Str("phone"), session.Str("customer_details.phone")))
		if phone == "" {
			return invalid("phone", "parameter_missing", "Missing required param: phone.")
		}
		if len(onlyDigits(phone)) < 5 || len(phone) > 20 {
			return invalid("phone", "", "Invalid phone number: %s", phone)
		}
		session.Set("customer_details.phone", phone)
	}
	for _, who := range []string{"business", "individual"} {
		rule, key := session.Hash("name_collection."+who), who+"_name"
		if rule == nil || !rule.Bool("enabled") {
			continue
		}
		name := strings.TrimSpace(p.Str(key))
		if name == "" && !rule.Bool("optional") {
			return invalid(key, "parameter_missing", "Missing required param: %s.", key)
		}
		if name != "" {
			setCollected(tx, session, key, name)
			session.Set("customer_details."+key, name)
		}
	}
	return nil
}
