package sandbox

import (
	"fmt"
	"strconv"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// hiddenCouponOptions are a coupon's amounts in other currencies.
const hiddenCouponOptions = "_currency_options"

// hiddenTerms is the coupon of a discount as it was when the discount was made: a coupon that is deleted later goes on
// discounting.
const hiddenTerms = "_terms"

// billingCoupon is a coupon as the arithmetic of billing takes it.
func billingCoupon(coupon *stripeObject) (billing.Coupon, error) {
	c := billing.Coupon{ID: coupon.ID(), AmountOff: billing.Amount(coupon.Int("amount_off")), Currency: billing.Currency(coupon.Str("currency")),
		Duration: billing.Duration(coupon.Str("duration")), Months: coupon.Int("duration_in_months"), Products: texts(coupon.List("applies_to.products"))}
	if coupon.Has("percent_off") {
		var err error
		if c.PercentOff, err = billing.ParseDecimal(decimalOf(coupon.Float("percent_off"))); err != nil {
			return billing.Coupon{}, fmt.Errorf("percent_off: %w", err)
		}
	}
	if options := coupon.Hash(hiddenCouponOptions); options != nil {
		c.Options = map[billing.Currency]billing.Amount{}
		for _, currency := range options.Keys() {
			c.Options[billing.Currency(currency)] = billing.Amount(options.Int(currency + ".amount_off"))
		}
	}
	return c, nil
}

// decimalOf writes a number without an exponent.
func decimalOf(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// billingDiscount is a discount as the arithmetic of billing takes it: its coupon, and when it began.
func billingDiscount(tx *accountTx, discount *stripeObject) (billing.Discount, error) {
	coupon := discount.Hash(hiddenTerms)
	if coupon == nil {
		coupon = tx.Get("coupon", discount.Str("source.coupon"))
	}
	if coupon == nil {
		return billing.Discount{}, missing("coupon", discount.Str("source.coupon"), "coupon", 400)
	}
	c, err := billingCoupon(coupon)
	if err != nil {
		return billing.Discount{}, err
	}
	return billing.Discount{ID: discount.ID(), Coupon: c, Start: billing.Instant(discount.Int("start"))}, nil
}

// billingDiscounts are the discounts of these ids.
func (tx *accountTx) billingDiscounts(ids []any) ([]billing.Discount, error) {
	var list []billing.Discount
	for _, id := range texts(ids) {
		discount := tx.Get("discount", id)
		if discount == nil {
			continue
		}
		d, err := billingDiscount(tx, discount)
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

// billingTaxRate is a tax rate as the arithmetic of billing takes it.
func billingTaxRate(rate *stripeObject) (billing.TaxRate, error) {
	percentage, err := billing.ParseDecimal(decimalOf(rate.Float("percentage")))
	if err != nil {
		return billing.TaxRate{}, fmt.Errorf("percentage of %s: %w", rate.ID(), err)
	}
	return billing.TaxRate{ID: rate.ID(), Percentage: percentage, Inclusive: rate.Bool("inclusive")}, nil
}

// billingTaxRates are the tax rates of these ids: nil for none.
func (tx *accountTx) billingTaxRates(ids []string) ([]billing.TaxRate, error) {
	var list []billing.TaxRate
	for _, id := range ids {
		rate := tx.Get("tax_rate", id)
		if rate == nil {
			return nil, missing("tax rate", id, "tax_rates", 400)
		}
		r, err := billingTaxRate(rate)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}
