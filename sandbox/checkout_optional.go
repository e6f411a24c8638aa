package sandbox

import (
	"slices"
	"strconv"
)

// mostOptional is how many optional items a session or a payment link may have.
const mostOptional = 10

// optionalSchemas are the schemas of an optional item by what has it.
var optionalSchemas = map[string]string{
	"checkout.session": "payment_pages_checkout_session_optional_item",
	"payment_link":     "payment_links_resource_optional_item",
}

// setOptionalItems writes what a buyer may add to the order (docs.stripe.com/payments/checkout/optional-items).
func setOptionalItems(tx *accountTx, o *stripeObject, p formParams) error {
	if !p.Has("optional_items") {
		return nil
	}
	given := p.List("optional_items")
	switch {
	case len(given) > mostOptional:
		return invalid("optional_items", "", "You can only specify up to %d optional items.", mostOptional)
	case len(given)+len(sessionItems(tx, o)) > mostItems:
		return invalid("optional_items", "", "You can only specify up to %d line items and optional items combined.", mostItems)
	}
	items := make([]*stripeObject, 0, len(given))
	for i, one := range given {
		at := "optional_items[" + strconv.Itoa(i) + "]"
		price, err := findPrice(tx, one.Str("price"), at+"[price]", 400)
		switch {
		case err != nil:
			return err
		case !price.Bool("active"):
			return invalid(at+"[price]", "", "The price specified is inactive. This field only accepts active prices.")
		case price.Str("type") == "recurring" && o.Str("mode") == "payment":
			return invalid(at+"[price]", "", "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.")
		case price.Has("custom_unit_amount"):
			return invalid(at+"[price]", "", "Optional items cannot have prices with a `custom_unit_amount`.")
		case o.Str("currency") != price.Str("currency") && !price.Has(hiddenCurrencies+"."+o.Str("currency")):
			return invalid(at+"[price]", "", "The price %s is in %s, but the order is in %s.", price.ID(), price.Str("currency"), o.Str("currency"))
		case one.Int("quantity") < 1:
			return invalid(at+"[quantity]", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
		}
		item := tx.NewHash(optionalSchemas[o.Type()]).Set("price", price.ID()).Set("quantity", one.Int("quantity"))
		if err := setAdjustable(item, one, at); err != nil {
			return err
		}
		items = append(items, item)
	}
	o.Set("optional_items", items)
	return nil
}

// chooseOptional adds and removes the optional items of a session: optional_items[i][price] and [quantity], 0 for none.
func chooseOptional(tx *accountTx, session *stripeObject, p formParams) error {
	offered := hashes(session.List("optional_items"))
	for i, change := range p.List("optional_items") {
		at := "optional_items[" + strconv.Itoa(i) + "]"
		n := slices.IndexFunc(offered, func(item *stripeObject) bool { return item.Str("price") == change.Str("price") })
		if n < 0 {
			return missing("optional item", change.Str("price"), at+"[price]", 400)
		}
		if err := chooseOptionalItem(tx, session, offered[n], change, at); err != nil {
			return err
		}
	}
	return nil
}

func chooseOptionalItem(tx *accountTx, session, offer *stripeObject, change formParams, at string) error {
	items := sessionItems(tx, session)
	n := slices.IndexFunc(items, func(item *stripeObject) bool { return item.Str(hiddenOptional) == offer.Str("price") })
	quantity := offer.Int("quantity")
	if change.Has("quantity") {
		quantity = change.Int("quantity")
	}
	switch {
	case quantity == 0:
		if n >= 0 {
			session.Set(hiddenItems, slices.Delete(items, n, n+1))
		}
		return nil
	case quantity != offer.Int("quantity") && !mayHave(offer, quantity):
		return invalid(at+"[quantity]", "", "The quantity of this item cannot be %d.", quantity)
	case n >= 0:
		items[n] = items[n].Edit().Set("quantity", quantity)
	default:
		price, err := findPrice(tx, offer.Str("price"), at+"[price]", 400)
		if err != nil {
			return err
		}
		item := newItem(tx).Set("price", price).Set("description", productName(tx, price)).Set("currency", session.Str("currency")).
			Set("quantity", quantity).Set("adjustable_quantity", adjustableItem(offer)).Set(hiddenOptional, price.ID()).Set(hiddenItemRates, []any{})
		items = append(items, item)
	}
	session.Set(hiddenItems, items)
	return nil
}

// optionalItem is the line item that an optional item of a price became, nil when the buyer did not add it.
func optionalItem(session *stripeObject, price string) *stripeObject {
	for _, item := range sessionItems(nil, session) {
		if item.Str(hiddenOptional) == price {
			return item
		}
	}
	return nil
}

// mayHave says whether the rule of an item's quantity allows n.
func mayHave(item *stripeObject, n int64) bool {
	rule := item.Hash("adjustable_quantity")
	return rule != nil && rule.Bool("enabled") && n >= rule.Int("minimum") && n <= rule.Int("maximum")
}

// adjustableItem is an optional item's rule of quantity as its line item has it.
func adjustableItem(offer *stripeObject) any {
	rule := offer.Hash("adjustable_quantity")
	if rule == nil || !rule.Bool("enabled") {
		return nil
	}
	return hash("enabled", true, "maximum", rule.Int("maximum"), "minimum", rule.Int("minimum"))
}

func productName(tx *accountTx, price *stripeObject) any {
	if product := tx.Get("product", price.Str("product")); product != nil {
		return product.Get("name")
	}
	return nil
}
