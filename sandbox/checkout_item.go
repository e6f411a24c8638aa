package sandbox

import (
	"slices"
	"strings"
)

func init() {
	behave("GET /v1/checkout/sessions/{session}/line_items", listSessionItems)
	onExpand("item", "taxes", func(_ *accountTx, item *stripeObject) []*stripeObject { return hashes(item.List(hiddenTaxes)) })
	onExpand("item", "discounts", func(_ *accountTx, item *stripeObject) []*stripeObject { return hashes(item.List(hiddenOff)) })
}

// mostItems is how many line items an order of one-time prices may have, optional ones included.
const mostItems = 100

// A line item's hidden slots: its tax rates, the amount that the buyer chose, the optional item that it came from.
const (
	hiddenItemRates = "_tax_rates"
	hiddenChosen    = "_chosen"
	hiddenOptional  = "_optional"
)

// setItems writes a session's line items from prices or price_data. Those that name an item of the session keep it, with
// what they change.
func setItems(tx *accountTx, session *stripeObject, p formParams) error {
	former := sessionItems(tx, session)
	var items []*stripeObject
	currency, chosen := "", strings.ToLower(p.Str("currency"))
	for i, given := range p.List("line_items") {
		item, err := givenItem(tx, former, given, i)
		if err != nil {
			return err
		}
		price := item.Hash("price")
		switch {
		case price.Str("type") == "recurring" && session.Str("mode") == "payment":
			return invalid(itemParam(i, "[price]"), "", "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.")
		case chosen != "" && price.Str("currency") != chosen && !price.Has(hiddenCurrencies+"."+chosen):
			return invalid("currency", "", "The currency %s is not available for the prices of this Checkout Session, which are in %s.", chosen, price.Str("currency"))
		case chosen == "" && currency != "" && price.Str("currency") != currency:
			return invalid("", "", "All prices on a Checkout session must have the same `currency` after taking into account `currency_options`. If you meant to use an alternative currency specified in each price's `currency_options`, ensure that each price supports that currency.")
		}
		currency = orElse(chosen, price.Str("currency"))
		items = append(items, item.Set("currency", currency))
	}
	session.Set(hiddenItems, items).Set("currency", currency)
	return nil
}

// givenItem is the i-th line item of a call: a new one, or one of the former ones as the call changes it.
func givenItem(tx *accountTx, former []*stripeObject, given formParams, i int) (*stripeObject, error) {
	item, err := itemBefore(tx, former, given, i)
	if err != nil {
		return nil, err
	}
	if !given.Has("id") || given.Has("price") || given.Has("price_data") {
		price, name, err := itemPrice(tx, given, i)
		if err != nil {
			return nil, err
		}
		item.Set("price", price).Set("description", name)
	}
	switch {
	case item.Str("price.recurring.usage_type") == "metered":
		if given.Has("quantity") {
			return nil, invalid(itemParam(i, "[quantity]"), "", "You cannot set the quantity for metered plans.")
		}
		item.Set("quantity", 0)
	case !given.Has("quantity") && !given.Has("adjustable_quantity") && !given.Has("id"):
		return nil, invalid(itemParam(i, "[quantity]"), "parameter_missing", "Quantity is required. Add `quantity` to `%s`", itemParam(i, ""))
	case given.Has("quantity") && given.Int("quantity") < 1:
		return nil, invalid(itemParam(i, "[quantity]"), "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case given.Has("quantity"):
		item.Set("quantity", given.Int("quantity"))
	}
	if err := setAdjustable(item, given, itemParam(i, "")); err != nil {
		return nil, err
	}
	applyMetadata(tx, item, onlyMetadata(given))
	if given.Has("tax_rates") || !given.Has("id") {
		rates, err := findRates(tx, given.Strs("tax_rates"), itemParam(i, "[tax_rates]"))
		if err != nil {
			return nil, err
		}
		item.Set(hiddenItemRates, rates)
	}
	return item, nil
}

// itemBefore is the item that a call names by its id, or an empty new one.
func itemBefore(tx *accountTx, former []*stripeObject, given formParams, i int) (*stripeObject, error) {
	if !given.Has("id") {
		return newItem(tx), nil
	}
	at := slices.IndexFunc(former, func(item *stripeObject) bool { return item.ID() == given.Str("id") })
	if at < 0 {
		return nil, missing("line item", given.Str("id"), itemParam(i, "[id]"), 400)
	}
	return former[at].Edit(), nil
}

func newItem(tx *accountTx) *stripeObject {
	return tx.New("item").Set("id", tx.NewID("li_1", 23)).Set("quantity", 1)
}

// onlyMetadata is a hash of parameters without everything but metadata.
func onlyMetadata(p formParams) formParams {
	if _, ok := p.Hash("metadata"); !ok {
		return formParams{}
	}
	return formParams{&paramNode{keys: []string{"metadata"}, hash: map[string]*paramNode{"metadata": p.find("metadata")}}}
}

// itemPrice finds or makes the price of a line item, and the name that buyers see.
func itemPrice(tx *accountTx, given formParams, i int) (price *stripeObject, name string, err error) {
	if id := given.Str("price"); id != "" {
		if price, err = findPrice(tx, id, itemParam(i, "[price]"), 400); err != nil {
			return nil, "", err
		}
		if !price.Bool("active") {
			return nil, "", invalid(itemParam(i, "[price]"), "", "The price specified is inactive. This field only accepts active prices.")
		}
		if product := tx.Get("product", price.Str("product")); product != nil {
			if !product.Bool("active") {
				return nil, "", invalid(itemParam(i, "[price]"), "product_inactive", "The price's product is inactive: %s.", product.ID())
			}
			name = product.Str("name")
		}
		return price, name, nil
	}
	data, ok := given.Hash("price_data")
	if !ok {
		return nil, "", invalid(itemParam(i, "[price]"), "parameter_missing", "You must specify either `price` or `price_data` for %s.", itemParam(i, ""))
	}
	var product *stripeObject
	if inline, ok := data.Hash("product_data"); ok {
		if inline.Str("name") == "" {
			return nil, "", invalid(itemParam(i, "[price_data][product_data][name]"), "parameter_invalid_empty", "You passed an empty string for '%s'.", itemParam(i, "[price_data][product_data][name]"))
		}
		if product, err = newProduct(tx, inline); err != nil {
			return nil, "", err
		}
		// Products and prices made inside a session are not offered again.
		tx.Put(product.Set("active", false))
	} else if product, err = findProduct(tx, data.Str("product"), itemParam(i, "[price_data][product]"), 400); err != nil {
		return nil, "", err
	}
	if price, err = newPrice(tx, data, product, itemParam(i, "[price_data]")); err != nil {
		return nil, "", err
	}
	price.Set("active", false).Set(hiddenInline, true)
	tx.Put(price)
	return price, product.Str("name"), nil
}

func findRates(tx *accountTx, ids []string, param string) ([]*stripeObject, error) {
	var rates []*stripeObject
	for _, id := range ids {
		rate := tx.Get("tax_rate", id)
		if rate == nil {
			return nil, missing("tax rate", id, param, 400)
		}
		rates = append(rates, rate)
	}
	return rates, nil
}

// listSessionItems answers a session's line items, a page at a time.
func listSessionItems(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	session, err := findSession(tx, r.Path("session"), "session")
	if err != nil {
		return nil, err
	}
	return tx.ListObjects(r, sessionItems(tx, session))
}
