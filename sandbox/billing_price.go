package sandbox

import (
	"fmt"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// billingPrice is a price as the arithmetic of billing takes it. It returns an error for a price that cannot be read.
func billingPrice(tx *accountTx, price *stripeObject) (billing.Price, error) {
	p := billing.Price{
		ID: price.ID(), Product: billing.Product{ID: price.Str("product")}, Currency: billing.Currency(price.Str("currency")),
		TiersMode: billing.TiersMode(price.Str("tiers_mode")), Metered: price.Str("recurring.usage_type") == "metered",
		Recurring: billing.Recurrence{Interval: billing.Interval(price.Str("recurring.interval")), Count: price.Int("recurring.interval_count")},
	}
	if product := tx.Get("product", p.Product.ID); product != nil {
		p.Product.Name, p.Product.UnitLabel = product.Str("name"), product.Str("unit_label")
	}
	if by := price.Int("transform_quantity.divide_by"); by > 0 {
		p.Transform = &billing.Transform{DivideBy: by, Round: billing.Rounding(price.Str("transform_quantity.round"))}
	}
	option, err := billingAmounts(price)
	if err != nil {
		return billing.Price{}, err
	}
	p.UnitAmount, p.Tiers = option.UnitAmount, option.Tiers
	options := price.Hash(hiddenCurrencies)
	if options == nil {
		return p, nil
	}
	p.Options = map[billing.Currency]billing.CurrencyOption{}
	for _, currency := range options.Keys() {
		if p.Options[billing.Currency(currency)], err = billingAmounts(options.Hash(currency)); err != nil {
			return billing.Price{}, err
		}
	}
	return p, nil
}

// billingAmounts are the unit amount and the tiers of a price, or of one of its currencies.
func billingAmounts(o *stripeObject) (billing.CurrencyOption, error) {
	var option billing.CurrencyOption
	var err error
	if text := orElse(o.Str("unit_amount_decimal"), "0"); !o.Has("custom_unit_amount") {
		if option.UnitAmount, err = billing.ParseDecimal(text); err != nil {
			return option, fmt.Errorf("unit_amount_decimal %q: %w", text, err)
		}
	} else {
		option.UnitAmount = billing.Whole(o.Int("custom_unit_amount.preset"))
	}
	for _, v := range o.List("tiers") {
		given, ok := v.(*stripeObject)
		if !ok {
			continue
		}
		tier := billing.Tier{UpTo: given.Int("up_to")}
		if tier.Unit, err = optionalDecimal(given, "unit_amount_decimal"); err != nil {
			return option, err
		}
		if tier.Flat, err = optionalDecimal(given, "flat_amount_decimal"); err != nil {
			return option, err
		}
		option.Tiers = append(option.Tiers, tier)
	}
	return option, nil
}

// optionalDecimal reads a decimal that may be null.
func optionalDecimal(o *stripeObject, key string) (*billing.Decimal, error) {
	if !o.Has(key) {
		return nil, nil
	}
	d, err := billing.ParseDecimal(o.Str(key))
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", key, o.Str(key), err)
	}
	return &d, nil
}
