package sandbox

import (
	"slices"
	"strings"
)

func init() {
	behave("GET /v1/checkout/sessions/{session}/line_items", listSessionItems)
}

// setItems writes a session's line items from prices or price_data.
func setItems(tx *accountTx, session *stripeObject, p formParams) error {
	var items []*stripeObject
	currency, chosen := "", strings.ToLower(p.Str("currency"))
	for i, given := range p.List("line_items") {
		price, name, err := itemPrice(tx, given, i)
		if err != nil {
			return err
		}
		switch {
		case price.Str("type") == "recurring":
			return invalid(itemParam(i, "[price]"), "", "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.")
		case !given.Has("quantity") && !given.Has("adjustable_quantity"):
			return invalid(itemParam(i, "[quantity]"), "parameter_missing", "Quantity is required. Add `quantity` to `%s`", itemParam(i, ""))
		case given.Has("quantity") && given.Int("quantity") < 1:
			return invalid(itemParam(i, "[quantity]"), "parameter_invalid_integer", "This value must be greater than or equal to 1.")
		case chosen != "" && price.Str("currency") != chosen && !price.Has(hiddenCurrencies+"."+chosen):
			return invalid("currency", "", "The currency %s is not available for the prices of this Checkout Session, which are in %s.", chosen, price.Str("currency"))
		case chosen == "" && currency != "" && price.Str("currency") != currency:
			return invalid("", "", "All prices on a Checkout session must have the same `currency` after taking into account `currency_options`. If you meant to use an alternative currency specified in each price's `currency_options`, ensure that each price supports that currency.")
		}
		currency = orElse(chosen, price.Str("currency"))
		item := tx.New("item").Set("id", tx.NewID("li_1", 23)).Set("currency", currency).Set("description", name).
			Set("price", price).Set("quantity", max(1, given.Int("quantity")))
		if err := setAdjustable(tx, item, given, i); err != nil {
			return err
		}
		applyMetadata(tx, item, onlyMetadata(given))
		rates, err := findRates(tx, given.Strs("tax_rates"), itemParam(i, "[tax_rates]"))
		if err != nil {
			return err
		}
		item.Set("_tax_rates", rates)
		items = append(items, item)
	}
	session.Set(hiddenItems, items).Set("currency", currency)
	return nil
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
	price.Set("active", false)
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

// shippingSchemas are the schemas of a shipping option by what has it.
var shippingSchemas = map[string]string{
	"checkout.session": "payment_pages_checkout_session_shipping_option",
	"payment_link":     "payment_links_resource_shipping_option",
}

// setShippingOptions writes what shipping may cost; the first option is chosen until the buyer chooses.
func setShippingOptions(tx *accountTx, session *stripeObject, p formParams) error {
	var options []*stripeObject
	for _, given := range p.List("shipping_options") {
		rate := tx.Get("shipping_rate", given.Str("shipping_rate"))
		if data, ok := given.Hash("shipping_rate_data"); ok {
			rate = tx.New("shipping_rate").Set("active", true).Set("type", "fixed_amount").Set("display_name", data.Str("display_name")).
				Set("tax_behavior", orElse(data.Str("tax_behavior"), "unspecified")).
				Set("fixed_amount", tx.NewHash("shipping_rate_fixed_amount").Set("amount", data.Int("fixed_amount.amount")).Set("currency", strings.ToLower(data.Str("fixed_amount.currency"))))
			tx.Put(rate)
		}
		switch {
		case rate == nil:
			return missing("shipping rate", given.Str("shipping_rate"), "shipping_options[shipping_rate]", 400)
		case rate.Str("fixed_amount.currency") != session.Str("currency"):
			return invalid("shipping_options", "", "The shipping rate %s is in %s, but the Checkout Session is in %s.", rate.ID(), rate.Str("fixed_amount.currency"), session.Str("currency"))
		}
		options = append(options, tx.NewHash(shippingSchemas[session.Type()]).
			Set("shipping_amount", rate.Int("fixed_amount.amount")).Set("shipping_rate", rate.ID()))
	}
	if len(options) == 0 {
		return nil
	}
	session.Set("shipping_options", options)
	if session.Type() == "payment_link" {
		return nil // each of its sessions chooses
	}
	chooseShipping(tx, session, options[0])
	return nil
}

func chooseShipping(tx *accountTx, session, option *stripeObject) {
	amount := option.Int("shipping_amount")
	session.Set("shipping_cost", tx.NewHash("payment_pages_checkout_session_shipping_cost").Set("amount_subtotal", amount).Set("amount_tax", 0).
		Set("amount_total", amount).Set("shipping_rate", option.Str("shipping_rate")))
}

// setDiscounts writes the discount that the shop gives.
func setDiscounts(tx *accountTx, session *stripeObject, p formParams) error {
	for _, given := range p.List("discounts") {
		coupon, code := given.Str("coupon"), given.Str("promotion_code")
		var pc *stripeObject
		if code != "" {
			if pc = tx.Get("promotion_code", code); pc == nil {
				return missing("promotion code", code, "discounts[0][promotion_code]", 400)
			}
			coupon = pc.Str("promotion.coupon")
		}
		c := tx.Get("coupon", coupon)
		if c == nil {
			return missing("coupon", coupon, "discounts[0][coupon]", 400)
		}
		if err := checkDiscount(tx, session, c, pc); err != nil {
			return err
		}
		setDiscount(tx, session, c, pc)
	}
	return nil
}

func setDiscount(tx *accountTx, session, coupon, code *stripeObject) {
	discount := tx.NewHash("payment_pages_checkout_session_discount").Set("coupon", coupon.ID())
	if code != nil {
		discount.Set("coupon", nil).Set("promotion_code", code.ID())
	}
	session.Set("discounts", []any{discount}).Set("_coupon", coupon.ID())
}

// checkDiscount refuses a coupon or code that does not apply to a session.
func checkDiscount(tx *accountTx, session, coupon, code *stripeObject) error {
	switch {
	case code != nil && (!code.Bool("active") || code.Has("expires_at") && code.Int("expires_at") <= tx.Now()):
		return invalid("discounts[0][promotion_code]", "", "This promotion code is expired or inactive.")
	case !coupon.Bool("valid"):
		return invalid("discounts[0][coupon]", "coupon_expired", "Coupon expired: %s", coupon.ID())
	case coupon.Has("amount_off") && coupon.Str("currency") != session.Str("currency"):
		return invalid("discounts", "", "The coupon %s is in %s, but the Checkout Session is in %s.", coupon.ID(), coupon.Str("currency"), session.Str("currency"))
	}
	if code == nil {
		return nil
	}
	least := code.Int("restrictions.minimum_amount")
	switch customer := code.Str("customer"); {
	case customer != "" && customer != session.Str("customer"):
		return invalid("discounts[0][promotion_code]", "", "This promotion code cannot be redeemed by this customer.")
	case least > 0 && (code.Str("restrictions.minimum_amount_currency") != session.Str("currency") || subtotal(session) < least):
		return invalid("discounts[0][promotion_code]", "", "This promotion code cannot be redeemed because the order does not reach the minimum amount.")
	case code.Bool("restrictions.first_time_transaction") && hasPaid(tx, session.Str("customer")):
		return invalid("discounts[0][promotion_code]", "", "This promotion code cannot be redeemed because the associated customer has prior transactions.")
	}
	return nil
}

// hasPaid says whether a customer has a payment behind them.
func hasPaid(tx *accountTx, customer string) bool {
	if customer == "" {
		return false
	}
	return slices.ContainsFunc(ofField(tx, "payment_intent", "customer", customer), func(pi *stripeObject) bool { return pi.Str("status") == succeeded })
}

func subtotal(session *stripeObject) int64 {
	var sum int64
	for _, item := range sessionItems(nil, session) {
		sum += itemCost(item)
	}
	return sum
}

// addUp computes a session's amounts from its items, discount, taxes and shipping. Discounts come before taxes; taxes are
// rounded per line.
func addUp(tx *accountTx, session *stripeObject) {
	items := sessionItems(tx, session)
	lines := make([]int64, len(items))
	for i, item := range items {
		lines[i] = itemCost(item)
	}
	coupon := tx.Get("coupon", session.Str("_coupon"))
	discounts := discountLines(items, lines, coupon)
	var sub, off, taxes, total int64
	summed := make([]*stripeObject, len(items))
	for i, item := range items {
		tax, added, list := taxLine(tx, item, lines[i]-discounts[i])
		item = item.Edit().Set("amount_subtotal", lines[i]).Set("amount_discount", discounts[i]).Set("amount_tax", tax).
			Set("amount_total", lines[i]-discounts[i]+added)
		// The lists of taxes and discounts are shown only where they are expanded; the sums are always there.
		item.Set("_taxes", list)
		summed[i] = item
		sub, off, taxes, total = sub+lines[i], off+discounts[i], taxes+tax, total+item.Int("amount_total")
	}
	shipping := session.Int("shipping_cost.amount_total")
	session.Set(hiddenItems, summed).Set("amount_subtotal", sub).Set("amount_total", total+shipping).
		Set("total_details", tx.NewHash("payment_pages_checkout_session_total_details").
			Set("amount_discount", off).Set("amount_shipping", shipping).Set("amount_tax", taxes).
			Set(hiddenBreakdown, breakdown(tx, session, summed, off)))
}

// discountLines spreads a coupon over the lines that it applies to. The rest of rounding an amount falls on the last line.
func discountLines(items []*stripeObject, lines []int64, coupon *stripeObject) []int64 {
	discounts := make([]int64, len(lines))
	if coupon == nil {
		return discounts
	}
	products := coupon.List("applies_to.products")
	var eligible []int
	var sum int64
	for i, item := range items {
		if len(products) == 0 || slices.Contains(products, item.Get("price.product")) {
			eligible = append(eligible, i)
			sum += lines[i]
		}
	}
	if coupon.Has("percent_off") {
		for _, i := range eligible {
			discounts[i] = share(lines[i], coupon.Float("percent_off"))
		}
		return discounts
	}
	left := min(coupon.Int("amount_off"), sum)
	for n, i := range eligible {
		part := left
		if n < len(eligible)-1 && sum > 0 {
			part = rounded(left*lines[i], sum)
		}
		discounts[i] = part
		left, sum = left-part, sum-lines[i]
	}
	return discounts
}

// taxLine taxes an amount: tax is all of it, added what comes on top of the price.
func taxLine(tx *accountTx, item *stripeObject, amount int64) (tax, added int64, list []*stripeObject) {
	for _, r := range item.List("_tax_rates") {
		rate, ok := r.(*stripeObject)
		if !ok {
			continue
		}
		percent := rate.Float("percentage")
		var part int64
		if rate.Bool("inclusive") {
			part = amount - rounded(amount*1_000_000, 1_000_000+int64(percent*10_000+0.5))
		} else {
			part = share(amount, percent)
			added += part
		}
		tax += part
		list = append(list, tx.NewHash("line_items_tax_amount").Set("amount", part).Set("rate", rate).Set("taxable_amount", amount))
	}
	return tax, added, list
}

// listSessionItems answers a session's line items, a page at a time.
func listSessionItems(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	session, err := findSession(tx, r.Path("session"), "session")
	if err != nil {
		return nil, err
	}
	return tx.ListObjects(r, sessionItems(tx, session))
}
