package billing

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// Duration is how long a coupon discounts.
type Duration string

// The durations of a coupon.
const (
	// Once discounts the next invoice; the caller then drops the discount.
	Once      Duration = "once"
	Repeating Duration = "repeating"
	Forever   Duration = "forever"
)

// Coupon is a percentage or an amount off.
type Coupon struct {
	ID string
	// PercentOff is out of 100; 0 when the coupon has an amount.
	PercentOff Decimal
	// AmountOff is in minor units of Currency.
	AmountOff Amount
	Currency  Currency
	// Options are the amounts off in other currencies.
	Options  map[Currency]Amount
	Duration Duration
	// Months is how long a repeating coupon lasts.
	Months int64
	// Products limits the coupon to lines of these products; empty is all.
	Products []string
}

// Discount is a coupon that was applied at a moment.
type Discount struct {
	ID     string
	Coupon Coupon
	Start  Instant
}

// DiscountAmount is what a discount takes off a line or an invoice, in minor
// units: positive on charges, negative on credits.
type DiscountAmount struct {
	Discount string
	Amount   Amount
}

// ErrCoupon says that a coupon has neither a percentage up to 100 nor a positive
// amount, or both.
var ErrCoupon = errors.New("billing: not a coupon")

// Check returns ErrCoupon when the coupon contradicts itself.
func (c Coupon) Check() error {
	percent, amount := c.PercentOff.Sign(), c.AmountOff
	if percent < 0 || amount < 0 || (percent > 0) == (amount > 0) || c.PercentOff.Cmp(Whole(100)) > 0 {
		return fmt.Errorf("%w: %s %% and %d off", ErrCoupon, c.PercentOff, amount)
	}
	if c.Duration == Repeating && c.Months < 1 {
		return fmt.Errorf("%w: repeating for %d months", ErrCoupon, c.Months)
	}
	return nil
}

// End returns when a repeating discount ends; others have no end. Every invoice
// made before it is discounted, whatever its interval.
// Source: API reference, discount.end; docs.stripe.com/billing/subscriptions/coupons.
func (d Discount) End() (Instant, bool) {
	if d.Coupon.Duration != Repeating {
		return 0, false
	}
	return addMonths(d.Start, d.Coupon.Months), true
}

// ActiveAt reports whether an invoice made at t is discounted.
func (d Discount) ActiveAt(t Instant) bool {
	end, ends := d.End()
	return !ends || t < end
}

// covers reports whether the coupon is for a product.
func (c Coupon) covers(product string) bool {
	return len(c.Products) == 0 || slices.Contains(c.Products, product)
}

// amountIn returns the amount off in a currency; 0 when the coupon has none,
// which is how Stripe ignores an amount in another currency.
func (c Coupon) amountIn(currency Currency) Amount {
	if c.Currency == currency {
		return c.AmountOff
	}
	return c.Options[currency]
}

// takeOff subtracts the coupon from what is left of some lines and returns what
// it took from each. A percentage is taken line by line, rounded by
// roundDiscount if round is set. An amount is divided in proportion to what is
// left, each share cut to whole units, and the rest goes to the last line; no
// line goes below zero, and what the last cannot bear goes to those before it.
// It returns ErrCoupon or ErrAmount.
//
// Source: docs.stripe.com/billing/subscriptions/prorations: 500 over 1000 and
// 2000 is 166 and 334.
func (c Coupon) takeOff(left []*big.Rat, currency Currency, round bool) ([]*big.Rat, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	parts := make([]*big.Rat, len(left))
	if c.PercentOff.Sign() > 0 {
		for i, l := range left {
			parts[i] = mul(l, c.PercentOff.Rat(), big.NewRat(1, 100))
			if !round {
				continue
			}
			rounded, err := roundDiscount(parts[i])
			if err != nil {
				return nil, err
			}
			parts[i] = whole(int64(rounded))
		}
	} else {
		divide(whole(int64(c.amountIn(currency))), left, parts)
	}
	for i := range left {
		left[i].Sub(left[i], parts[i])
	}
	return parts, nil
}

// divide fills parts with shares of amount in proportion to left.
func divide(amount *big.Rat, left, parts []*big.Rat) {
	sum := new(big.Rat)
	for _, l := range left {
		sum.Add(sum, l)
	}
	if amount.Cmp(sum) > 0 {
		amount.Set(sum)
	}
	rest := new(big.Rat).Set(amount)
	for i, l := range left {
		parts[i] = new(big.Rat)
		if sum.Sign() > 0 {
			x := mul(amount, l)
			x.Quo(x, sum)
			parts[i].SetInt(new(big.Int).Div(x.Num(), x.Denom()))
			rest.Sub(rest, parts[i])
		}
	}
	for i := len(left) - 1; i >= 0 && rest.Sign() > 0; i-- {
		room := new(big.Rat).Sub(left[i], parts[i])
		if rest.Cmp(room) < 0 {
			room.Set(rest)
		}
		parts[i].Add(parts[i], room)
		rest.Sub(rest, room)
	}
}
