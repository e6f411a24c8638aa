package sandbox

import (
	"slices"
	"strings"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func init() {
	behave("POST /v1/invoiceitems", createInvoiceItem)
	behave("POST /v1/invoiceitems/{invoiceitem}", updateInvoiceItem)
	behave("DELETE /v1/invoiceitems/{invoiceitem}", deleteInvoiceItem)
	behave("GET /v1/invoiceitems", listInvoiceItems)
}

func createInvoiceItem(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	invoice, err := tx.draftFor(p.Str("invoice"))
	if err != nil {
		return nil, err
	}
	id := p.Str("customer")
	if id == "" && invoice != nil {
		id = invoice.Str("customer")
	}
	if id == "" {
		return nil, invalid("customer", "parameter_missing", "Missing required param: customer.")
	}
	customer, err := findCustomer(tx, id, "customer", 400)
	if err != nil {
		return nil, err
	}
	if invoice != nil && invoice.Str("customer") != customer.ID() {
		return nil, invalid("invoice", "", "The invoice %s does not belong to the customer %s.", invoice.ID(), customer.ID())
	}
	item, err := tx.itemFromParams(customer, invoice, p, "")
	if err != nil {
		return nil, err
	}
	tx.Put(item, "invoiceitem.created")
	if invoice != nil {
		if err := tx.addItems(invoice, []*stripeObject{item}); err != nil {
			return nil, err
		}
	}
	tx.stampCurrency(customer.ID(), item.Str("currency"))
	return tx.Get("invoiceitem", item.ID()), nil
}

// draftFor is the draft of an id, nil for no id.
func (tx *accountTx) draftFor(id string) (*stripeObject, error) {
	if id == "" {
		return nil, nil
	}
	inv := tx.Get("invoice", id)
	if inv == nil {
		return nil, missing("invoice", id, "invoice", 400)
	}
	return inv, editable(inv)
}

// editable refuses what may be done with drafts only.
func editable(inv *stripeObject) error {
	if inv.Str("status") == invoiceDraftStatus {
		return nil
	}
	return invalid("", "invoice_not_editable", "Invalid invoice: This invoice is no longer editable")
}

// stampCurrency gives a customer the currency that they are billed in.
func (tx *accountTx) stampCurrency(id, currency string) {
	if customer := tx.Get("customer", id); customer != nil && customer.Str("currency") == "" && id != tx.stamped {
		tx.Put(customer.Edit().Set("currency", currency), "customer.updated")
	}
}

// itemFromParams makes the invoice item that parameters describe. at is the name of the parameter that holds them.
func (tx *accountTx) itemFromParams(customer, invoice *stripeObject, p formParams, at string) (*stripeObject, error) {
	currency := strings.ToLower(orElse(p.Str("currency"), orElse(p.Str("price_data.currency"), invoice.str("currency"))))
	if price := tx.Get("price", orElse(p.Str("pricing.price"), p.Str("price"))); price != nil && currency == "" {
		currency = price.Str("currency")
	}
	currency = orElse(currency, orElse(customer.Str("currency"), tx.defaultCurrency()))
	if err := checkCurrency(currency, under(at, "currency")); err != nil {
		return nil, err
	}
	if invoice != nil && invoice.Str("currency") != currency {
		return nil, invalid(under(at, "currency"), "", "The invoice's currency is %s; an item in %s cannot be added to it.", invoice.Str("currency"), currency)
	}
	item := tx.newItem(customer, currency)
	item.Set(hiddenBatch, tx.nextBatch())
	if sub := p.Str("subscription"); sub != "" {
		if tx.Get("subscription", sub) == nil {
			return nil, missing("subscription", sub, under(at, "subscription"), 400)
		}
		item.Set("parent", tx.itemParent(sub, ""))
	}
	if !p.Has("amount") && !hasUnit(p) {
		return nil, invalid(under(at, "amount"), "parameter_missing", "You must specify one of `amount`, `pricing[price]`, `price_data` or `unit_amount_decimal`.")
	}
	return item, tx.setItem(item, p, at)
}

// hasUnit says whether parameters price an item by the unit.
func hasUnit(p formParams) bool {
	return slices.ContainsFunc([]string{"pricing", "price", "price_data", "unit_amount_decimal", "unit_amount"}, p.Has)
}

// setItem writes what calls may say about an invoice item: what it costs, for how long, its discounts and taxes.
func (tx *accountTx) setItem(item *stripeObject, p formParams, at string) error {
	if err := tx.priceItem(item, p, at); err != nil {
		return err
	}
	for _, key := range []string{"description", "discountable"} {
		if p.Has(key) {
			item.Set(key, paramValue(p, key))
		}
	}
	if item.Str("description") == "" {
		item.Set("description", nil)
	}
	if p.Has("period") {
		if p.Int("period.end") < p.Int("period.start") {
			return invalid(under(at, "period[end]"), "", "`period[end]` must not be before `period[start]`.")
		}
		item.Set("period", linePeriod(tx, billing.Period{Start: billing.Instant(p.Int("period.start")), End: billing.Instant(p.Int("period.end"))}))
	}
	if p.Has("tax_rates") {
		rates, err := findRates(tx, p.Strs("tax_rates"), under(at, "tax_rates"))
		if err != nil {
			return err
		}
		item.Set("tax_rates", rates)
	}
	if p.Has("tax_behavior") {
		item.Set(hiddenAutomaticTax, p.Str("tax_behavior"))
	}
	if p.Has("discounts") {
		discounts, err := tx.discountsFrom(p, under(at, "discounts"), "invoice_item", item.ID(), item.Str("customer"))
		if err != nil {
			return err
		}
		item.Set("discounts", objectIDs(discounts))
	}
	applyMetadata(tx, item, p)
	return nil
}

// priceItem writes an item's price, quantity and amount.
func (tx *accountTx) priceItem(item *stripeObject, p formParams, at string) error {
	if p.Has("quantity_decimal") || p.Has("quantity") {
		text := orElse(p.Str("quantity_decimal"), p.Str("quantity"))
		quantity, err := billing.ParseDecimal(text)
		if err != nil || quantity.Sign() < 0 {
			return invalid(under(at, "quantity"), "parameter_invalid_integer", "Invalid non-negative number: %s", text)
		}
		item.Set("quantity", quantity.Truncate()).Set("quantity_decimal", quantity.String())
	}
	switch {
	case p.Has("amount") && hasUnit(p):
		return invalid(under(at, "amount"), "parameters_exclusive", "You may only specify one of these parameters: amount, pricing, price_data, unit_amount_decimal.")
	case p.Has("amount"):
		amount := p.Int("amount")
		if err := checkDigits(amount, item.Str("currency"), under(at, "amount")); err != nil {
			return err
		}
		item.Set("quantity", 1).Set("quantity_decimal", "1").Set("amount", amount)
		return tx.priceByHand(item, p.Str("description"), billing.Whole(amount))
	case p.Has("unit_amount_decimal") || p.Has("unit_amount"):
		unit, err := billing.ParseDecimal(orElse(p.Str("unit_amount_decimal"), p.Str("unit_amount")))
		if err != nil {
			return invalid(under(at, "unit_amount_decimal"), "", "Invalid decimal: %s; must contain at maximum 12 decimal places.", p.Str("unit_amount_decimal"))
		}
		if err := tx.priceByHand(item, p.Str("description"), unit); err != nil {
			return err
		}
	case hasUnit(p):
		if err := tx.priceFrom(item, p, at); err != nil {
			return err
		}
	case !p.Has("quantity") && !p.Has("quantity_decimal"):
		return nil
	}
	return tx.amountByPrice(item)
}

// priceFrom lets an item have a price that exists, or one that is described in the call.
func (tx *accountTx) priceFrom(item *stripeObject, p formParams, at string) error {
	var price *stripeObject
	var err error
	if data, ok := p.Hash("price_data"); ok {
		price, err = tx.inlinePrice(data, under(at, "price_data"))
	} else {
		name := "pricing.price"
		if p.Has("price") {
			name = "price"
		}
		price, err = findPrice(tx, p.Str(name), under(at, strings.Replace(name, ".price", "[price]", 1)), 400)
	}
	switch {
	case err != nil:
		return err
	case price.Str("type") == "recurring":
		return invalid(under(at, "price"), "", "The price specified is set to `type=recurring` but this field only accepts prices with `type=one_time`.")
	case !p.Has("price_data") && !price.Bool("active") && !price.Bool(hiddenInline):
		return invalid(under(at, "price"), "", "The price specified is inactive. This field only accepts active prices.")
	case price.Str("currency") != item.Str("currency") && !price.Has(hiddenCurrencies+"."+item.Str("currency")):
		return invalid(under(at, "price"), "", "The price specified is in %s and has no amount in %s.", price.Str("currency"), item.Str("currency"))
	}
	if product := tx.Get("product", price.Str("product")); product != nil && !item.Has("description") {
		item.Set("description", product.Str("name"))
	}
	item.Set("pricing", tx.linePricing(billing.Line{Price: price.ID(), Product: price.Str("product")}))
	return nil
}

// inlinePrice makes the price that a call describes: it is not offered again.
func (tx *accountTx) inlinePrice(data formParams, at string) (*stripeObject, error) {
	var product *stripeObject
	var err error
	if inline, ok := data.Hash("product_data"); ok {
		if product, err = newProduct(tx, inline); err == nil {
			tx.Put(product.Set("active", false))
		}
	} else {
		product, err = findProduct(tx, data.Str("product"), under(at, "product"), 400)
	}
	if err != nil {
		return nil, err
	}
	price, err := newPrice(tx, data, product, at)
	if err != nil {
		return nil, err
	}
	tx.Put(price.Set("active", false))
	return price, nil
}

// priceByHand gives an item of an amount the price that Stripe makes for it: inactive, of an inactive product.
func (tx *accountTx) priceByHand(item *stripeObject, name string, unit billing.Decimal) error {
	product := tx.New("product").Set("active", false).Set("name", orElse(name, orElse(item.Str("description"), "Invoice item")))
	tx.Put(product)
	price := tx.New("price").Set("active", false).Set("currency", item.Str("currency")).Set("product", product.ID()).Set("billing_scheme", "per_unit").
		Set("tax_behavior", "unspecified").Set("type", "one_time").Set("unit_amount_decimal", unit.String()).Set("unit_amount", nil)
	if unit == billing.Whole(unit.Truncate()) {
		price.Set("unit_amount", unit.Truncate())
	}
	tx.Put(price)
	item.Set("pricing", tx.linePricing(billing.Line{Price: price.ID(), Product: product.ID(), Each: &unit}))
	return nil
}

// amountByPrice computes an item's amount from its price and its quantity.
func (tx *accountTx) amountByPrice(item *stripeObject) error {
	price := tx.Get("price", item.Str("pricing.price_details.price"))
	if price == nil {
		return nil
	}
	terms, err := billingPrice(tx, price)
	if err != nil {
		return err
	}
	if terms, err = terms.In(billing.Currency(item.Str("currency"))); err != nil {
		return err
	}
	quantity, err := billing.ParseDecimal(item.Str("quantity_decimal"))
	if err != nil {
		return err
	}
	amount, err := terms.Amount(quantity)
	if err != nil {
		return invalid("quantity", "", "The amount is too large.")
	}
	item.Set("amount", int64(amount))
	if len(terms.Tiers) == 0 {
		item.Set("pricing.unit_amount_decimal", terms.UnitAmount.String())
	}
	return nil
}

func findInvoiceItem(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	id := r.Path("invoiceitem")
	if item := tx.Get("invoiceitem", id); item != nil {
		return item, nil
	}
	return nil, &Error{Status: 404, Type: "invalid_request_error", Code: "resource_missing", Param: "invoiceitem", Message: "No such invoiceitem: '" + id + "'"}
}

func updateInvoiceItem(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	item, err := findInvoiceItem(tx, r)
	if err != nil {
		return nil, err
	}
	if keys := p.Keys(); !slices.ContainsFunc(keys, func(key string) bool { return key != "metadata" && key != "expand" }) {
		item = item.Edit()
		applyMetadata(tx, item, p)
		tx.Put(item)
		return item, nil
	}
	if err := tx.checkItem(item, p); err != nil {
		return nil, err
	}
	item = item.Edit()
	if err := tx.setItem(item, p, ""); err != nil {
		return nil, err
	}
	tx.Put(item)
	if inv := tx.Get("invoice", item.Str("invoice")); inv != nil {
		return item, tx.refreshLine(inv, item)
	}
	return item, nil
}

// checkItem refuses to change an item that is billed, and what is frozen of a proration.
func (tx *accountTx) checkItem(item *stripeObject, p formParams) error {
	if item.Has("invoice") {
		inv := tx.Get("invoice", item.Str("invoice"))
		if inv == nil {
			return invalid("", "", "This invoice item has been deleted.")
		}
		if err := editable(inv); err != nil {
			return err
		}
	}
	for field, names := range map[string][]string{
		"pricing": {"amount", "pricing", "price", "price_data", "unit_amount_decimal"}, "quantity": {"quantity", "quantity_decimal"}, "discounts": {"discounts", "discountable"},
	} {
		if !slices.Contains(texts(item.List("frozen_fields")), field) {
			continue
		}
		if i := slices.IndexFunc(names, p.Has); i >= 0 {
			return invalid(names[i], "", "The %s of this invoice item cannot be changed: it is a proration.", field)
		}
	}
	return nil
}

// refreshLine writes an item that changed into the line that bills it.
func (tx *accountTx) refreshLine(inv, item *stripeObject) error {
	inv = inv.Edit()
	lines := invoiceLines(inv)
	for i, line := range lines {
		if line.ID() == item.Str(hiddenLineOf) {
			lines[i] = tx.newItemLine(inv, item).Set("id", line.ID())
		}
	}
	setInvoiceLines(inv, lines)
	if err := tx.retotal(inv); err != nil {
		return err
	}
	tx.Put(inv, "invoice.updated")
	return nil
}

func deleteInvoiceItem(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	item, err := findInvoiceItem(tx, r)
	if err != nil {
		return nil, err
	}
	inv := tx.Get("invoice", item.Str("invoice"))
	if inv != nil && inv.Str("status") != invoiceDraftStatus {
		return nil, invalid("", "", "You can't delete an invoice item that belongs to an invoice that is no longer editable.")
	}
	tx.Delete(item, "invoiceitem.deleted")
	if inv != nil {
		if err := tx.dropLines(inv, []string{item.Str(hiddenLineOf)}); err != nil {
			return nil, err
		}
	}
	return tx.Remains("invoiceitem", item.ID()), nil
}

func listInvoiceItems(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	match := func(item *stripeObject) bool {
		return (!p.Has("pending") || p.Bool("pending") != item.Has("invoice")) &&
			(p.Str("invoice") == "" || item.Str("invoice") == p.Str("invoice")) &&
			(p.Has("customer") || p.Has("invoice") || !item.Has("test_clock"))
	}
	if id := p.Str("customer"); id != "" {
		return tx.ListOf(r, "invoiceitem", "customer", id, match)
	}
	return tx.List(r, "invoiceitem", match)
}
