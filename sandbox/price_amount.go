package sandbox

import (
	"math/big"
	"strings"
)

func init() {
	onExpand("price", "currency_options", func(tx *accountTx, price *stripeObject) []*stripeObject {
		if options := price.Hash(hiddenCurrencies); options != nil {
			return []*stripeObject{ownOption(tx, price, options.Edit())}
		}
		return nil
	})
}

// ownOption adds the price's own currency to the amounts in others, as Stripe shows them together.
func ownOption(tx *accountTx, price, options *stripeObject) *stripeObject {
	own := tx.NewHash("currency_option")
	for _, key := range []string{"custom_unit_amount", "tax_behavior", "tiers", "unit_amount", "unit_amount_decimal"} {
		if price.Has(key) {
			own.Set(key, price.Get(key))
		}
	}
	return options.Set(price.Str("currency"), own)
}

// hiddenCurrencies are a price's amounts in other currencies, shown when they are expanded.
const hiddenCurrencies = "_currency_options"

// setCurrencyOptions writes a price's amounts in other currencies: currency_options[eur][unit_amount]. Those that a call
// does not name stay.
func setCurrencyOptions(tx *accountTx, price *stripeObject, p formParams, at string) error {
	given, ok := p.Hash("currency_options")
	if !ok {
		return nil
	}
	options := price.Hash(hiddenCurrencies)
	if options == nil {
		options = hash()
	} else {
		options = options.Edit()
	}
	for _, code := range given.Keys() {
		param := under(at, "currency_options["+code+"]")
		currency := strings.ToLower(code)
		if err := checkCurrency(currency, param); err != nil {
			return err
		}
		if currency == price.Str("currency") {
			return invalid(param, "", "`currency_options` cannot name the price's own currency, %s.", currency)
		}
		option := tx.NewHash("currency_option").Set("tax_behavior", orElse(given.Str(code+".tax_behavior"), "unspecified"))
		switch {
		case given.Has(code + ".unit_amount"):
			amount := given.Int(code + ".unit_amount")
			if err := checkDigits(amount, currency, param+"[unit_amount]"); err != nil {
				return err
			}
			option.Set("unit_amount", amount).Set("unit_amount_decimal", big.NewInt(amount).String())
		case given.Has(code + ".unit_amount_decimal"):
			option.Set("unit_amount_decimal", given.Str(code+".unit_amount_decimal"))
		case len(given.List(code+".tiers")) > 0:
			option.Set("tiers", priceTiers(tx, given.List(code+".tiers")))
		case given.Has(code + ".custom_unit_amount"):
			option.Set("custom_unit_amount", customAmount(tx, given, code+".custom_unit_amount"))
		default:
			return invalid(param+"[unit_amount]", "parameter_missing", "Missing required param: %s[unit_amount].", param)
		}
		options.Set(currency, option)
	}
	price.Set(hiddenCurrencies, options)
	return nil
}

// priceTiers are tiers as a price holds them.
func priceTiers(tx *accountTx, list []formParams) []*stripeObject {
	var tiers []*stripeObject
	for _, given := range list {
		tier := tx.NewHash("price_tier")
		for _, key := range []string{"flat_amount", "unit_amount"} {
			if given.Has(key) {
				tier.Set(key, given.Int(key)).Set(key+"_decimal", big.NewInt(given.Int(key)).String())
			}
		}
		for _, key := range []string{"flat_amount_decimal", "unit_amount_decimal"} {
			if given.Has(key) {
				tier.Set(key, given.Str(key))
			}
		}
		if given.Str("up_to") != "inf" {
			tier.Set("up_to", given.Int("up_to"))
		}
		tiers = append(tiers, tier)
	}
	return tiers
}

// customAmount is what buyers may choose of a price whose amount is theirs.
func customAmount(tx *accountTx, p formParams, at string) *stripeObject {
	custom := tx.NewHash("custom_unit_amount")
	for _, key := range []string{"maximum", "minimum", "preset"} {
		if p.Has(at + "." + key) {
			custom.Set(key, p.Int(at+"."+key))
		}
	}
	return custom
}

// itemCost is what a line item costs in its own currency: what its buyer chose, or what its price says.
func itemCost(item *stripeObject) int64 {
	if item.Has("_chosen") {
		return item.Int("_chosen") * item.Int("quantity")
	}
	price := item.Hash("price")
	if option := price.Hash(hiddenCurrencies + "." + item.Str("currency")); option != nil && price.Str("currency") != item.Str("currency") {
		return amountOf(option, packages(price, item.Int("quantity")), price.Str("tiers_mode"))
	}
	return linePrice(price, item.Int("quantity"))
}

// linePrice is what a quantity of a price costs, in the currency's minor unit, rounded half up.
func linePrice(price *stripeObject, quantity int64) int64 {
	return amountOf(price, packages(price, quantity), price.Str("tiers_mode"))
}

// packages is a quantity as it is charged: transform_quantity divides it.
func packages(price *stripeObject, quantity int64) int64 {
	by := price.Int("transform_quantity.divide_by")
	if by <= 0 {
		return quantity
	}
	if price.Str("transform_quantity.round") == "up" {
		quantity += by - 1
	}
	return quantity / by
}

// amountOf is what a quantity costs by unit_amount, tiers, or a preset.
func amountOf(price *stripeObject, quantity int64, mode string) int64 {
	switch {
	case price.Has("unit_amount"):
		return price.Int("unit_amount") * quantity
	case price.Has("custom_unit_amount"):
		return price.Int("custom_unit_amount.preset") * quantity
	case len(price.List("tiers")) > 0:
		return tiered(price.List("tiers"), quantity, mode)
	}
	return roundedHalfUp(new(big.Rat).Mul(decimal(price, "unit_amount"), new(big.Rat).SetInt64(quantity)))
}

// tiered is what a quantity costs by tiers. volume: all of it at the tier in which it ends; graduated: each part at its
// own tier, with the flat amounts of every tier that is reached.
func tiered(tiers []any, quantity int64, mode string) int64 {
	total, from := new(big.Rat), int64(0)
	for _, t := range tiers {
		tier, ok := t.(*stripeObject)
		if !ok {
			continue
		}
		upTo, open := tier.Int("up_to"), !tier.Has("up_to")
		within := open || quantity <= upTo
		if mode == "volume" && !within {
			continue
		}
		part := quantity - from
		switch {
		case mode == "volume":
			part = quantity
		case !within:
			part = upTo - from
		}
		total.Add(total, decimal(tier, "flat_amount"))
		total.Add(total, new(big.Rat).Mul(decimal(tier, "unit_amount"), new(big.Rat).SetInt64(part)))
		if within {
			break
		}
		from = upTo
	}
	return roundedHalfUp(total)
}

// decimal reads an amount of up to 12 places behind the point, 0 when there is none.
func decimal(o *stripeObject, key string) *big.Rat {
	if amount, ok := new(big.Rat).SetString(orElse(o.Str(key+"_decimal"), "0")); ok {
		return amount
	}
	return new(big.Rat)
}

func roundedHalfUp(amount *big.Rat) int64 {
	amount = new(big.Rat).Add(amount, big.NewRat(1, 2))
	return new(big.Int).Div(amount.Num(), amount.Denom()).Int64()
}
