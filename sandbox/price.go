package sandbox

import (
	"math/big"
	"strings"
)

func init() {
	behave("POST /v1/prices", createPrice)
	behave("POST /v1/prices/{price}", updatePrice)
}

// priceParams are parameters of a price that need care.
var priceParams = []string{"product", "product_data", "unit_amount", "unit_amount_decimal", "currency", "recurring", "transfer_lookup_key", "lookup_key", "tiers", "transform_quantity", "custom_unit_amount", "currency_options"}

func createPrice(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	var product *stripeObject
	var err error
	data, made := p.Hash("product_data")
	switch {
	case made:
		if product, err = newProduct(tx, data); err == nil {
			product.Set("active", !data.Has("active") || data.Bool("active"))
		}
	case p.Str("product") != "":
		product, err = findProduct(tx, p.Str("product"), "product", 400)
	default:
		err = invalid("product", "parameter_missing", "Missing required param: product.")
	}
	if err != nil {
		return nil, err
	}
	price, err := newPrice(tx, p, product, "")
	if err != nil {
		return nil, err
	}
	if made {
		tx.Put(product, "product.created")
	}
	if err := takeLookupKey(tx, price, p); err != nil {
		return nil, err
	}
	tx.Put(price, "price.created")
	return price, nil
}

// creditable says whether the price that a call describes may be below 0: that of an item which the call adds to an invoice,
// as a proration of the caller's own. Source: docs.stripe.com/billing/subscriptions/prorations.
func creditable(p formParams, at string) bool {
	return strings.Contains(at, "add_invoice_items") && !p.Has("recurring")
}

// newPrice makes a price of a product; at is the name of the parameter that holds p, for errors.
func newPrice(tx *accountTx, p formParams, product *stripeObject, at string) (*stripeObject, error) {
	currency := strings.ToLower(p.Str("currency"))
	if err := checkCurrency(currency, under(at, "currency")); err != nil {
		return nil, err
	}
	price := tx.New("price").Set("active", !p.Has("active") || p.Bool("active")).Set("currency", currency).Set("product", product.ID()).
		Set("billing_scheme", orElse(p.Str("billing_scheme"), "per_unit")).Set("tax_behavior", orElse(p.Str("tax_behavior"), "unspecified")).Set("type", "one_time")
	switch {
	case p.Has("unit_amount"):
		amount := p.Int("unit_amount")
		if amount < 0 && !creditable(p, at) {
			return nil, invalid(under(at, "unit_amount"), "parameter_invalid_integer", "Invalid non-negative integer")
		}
		if err := checkDigits(amount, currency, under(at, "unit_amount")); err != nil {
			return nil, err
		}
		price.Set("unit_amount", amount).Set("unit_amount_decimal", big.NewInt(amount).String())
	case p.Has("unit_amount_decimal"):
		amount, ok := new(big.Rat).SetString(p.Str("unit_amount_decimal"))
		if !ok || amount.Sign() < 0 && !creditable(p, at) {
			return nil, invalid(under(at, "unit_amount_decimal"), "parameter_invalid_string_empty", "Invalid decimal: %s; must contain at maximum 12 decimal places.", p.Str("unit_amount_decimal"))
		}
		price.Set("unit_amount_decimal", p.Str("unit_amount_decimal"))
		if amount.IsInt() {
			price.Set("unit_amount", amount.Num().Int64())
		}
	case p.Has("custom_unit_amount"):
		price.Set("custom_unit_amount", customAmount(tx, p, "custom_unit_amount"))
	case len(p.List("tiers")) > 0:
		if p.Str("billing_scheme") != "tiered" || p.Str("tiers_mode") == "" {
			return nil, invalid(under(at, "tiers"), "", "`tiers` needs `billing_scheme` tiered and a `tiers_mode`.")
		}
		if p.Has("transform_quantity") {
			return nil, invalid(under(at, "transform_quantity"), "", "`transform_quantity` cannot be used with `tiers`.")
		}
		if last := p.List("tiers")[len(p.List("tiers"))-1]; last.Str("up_to") != "inf" {
			return nil, invalid(under(at, "tiers"), "", "The last tier must have `up_to` inf.")
		}
		price.Set("tiers", priceTiers(tx, p.List("tiers")))
	default:
		return nil, invalid(under(at, "unit_amount"), "parameter_missing", "Missing required param: %s.", under(at, "unit_amount"))
	}
	if err := checkMeter(tx, p, at); err != nil {
		return nil, err
	}
	if recurring, ok := p.Hash("recurring"); ok {
		price.Set("type", "recurring").Set("recurring", tx.NewHash("recurring").Set("interval", recurring.Str("interval")).
			Set("interval_count", max(1, recurring.Int("interval_count"))).Set("usage_type", orElse(recurring.Str("usage_type"), "licensed")).
			Set("meter", textOrNull(recurring.Str("meter"))))
		if recurring.Has("trial_period_days") {
			price.Set(planTrial, recurring.Int("trial_period_days"))
		}
	}
	if transform, ok := p.Hash("transform_quantity"); ok {
		price.Set("transform_quantity", tx.NewHash("transform_quantity").Set("divide_by", transform.Int("divide_by")).Set("round", transform.Str("round")))
	}
	if err := setCurrencyOptions(tx, price, p, at); err != nil {
		return nil, err
	}
	applyParams(tx, price, p, priceParams...)
	return price, nil
}

// takeLookupKey gives a price its key, which no other active price may have; with transfer_lookup_key it takes the key
// from the price that has it.
func takeLookupKey(tx *accountTx, price *stripeObject, p formParams) error {
	key := p.Str("lookup_key")
	if key == "" {
		return nil
	}
	for _, other := range ofField(tx, "price", "lookup_key", key) {
		if other.ID() == price.ID() {
			continue
		}
		if !p.Bool("transfer_lookup_key") {
			return invalid("lookup_key", "", "A price (`%s`) already uses that lookup key.", other.ID())
		}
		tx.Put(other.Edit().Set("lookup_key", nil), "price.updated")
	}
	price.Set("lookup_key", key)
	return nil
}

func findPrice(tx *accountTx, id, param string, status int) (*stripeObject, error) {
	if price := tx.Get("price", id); price != nil {
		return price, nil
	}
	return nil, missing("price", id, param, status)
}

func updatePrice(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	price, err := findPrice(tx, r.Path("price"), "id", 404)
	if err != nil {
		return nil, err
	}
	price = price.Edit()
	if v := p.Str("tax_behavior"); v != "" && v != price.Str("tax_behavior") && price.Str("tax_behavior") != "unspecified" {
		return nil, invalid("tax_behavior", "", "You cannot change the tax behavior of a price once it is set to inclusive or exclusive.")
	}
	if err := takeLookupKey(tx, price, p); err != nil {
		return nil, err
	}
	if err := setCurrencyOptions(tx, price, p, ""); err != nil {
		return nil, err
	}
	applyParams(tx, price, p, priceParams...)
	tx.Put(price, "price.updated")
	return price, nil
}
