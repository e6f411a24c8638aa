package billing

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// Amount is money in the minor unit of its currency as Stripe counts it: 1999
// is 19.99 usd and 1999 jpy. Credits are negative.
type Amount int64

// Currency is a lower-case ISO 4217 code as Stripe writes it: "usd", "jpy".
type Currency string

// ErrAmount says that an amount does not fit into 64 bits.
var ErrAmount = errors.New("billing: the amount is too large")

// zeroDecimal and threeDecimal list the currencies whose minor unit is not a
// hundredth. isk and ugx have no minor unit but are sent with two decimals.
// Source: docs.stripe.com/currencies.
const (
	zeroDecimal  = " bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf "
	threeDecimal = " bhd jod kwd omr tnd "
)

// Decimals returns how many digits of an amount stand behind the point.
func (c Currency) Decimals() int {
	switch {
	case c == "":
		return 2
	case strings.Contains(zeroDecimal, " "+string(c)+" "):
		return 0
	case strings.Contains(threeDecimal, " "+string(c)+" "):
		return 3
	}
	return 2
}

// minimumCharges holds the smallest amount that Stripe charges, by settlement
// currency. Source: docs.stripe.com/currencies, minimum and maximum charge
// amounts.
var minimumCharges = map[Currency]Amount{
	"usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250,
	"eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300,
	"nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}

// MinimumCharge returns the smallest amount that is charged in c, in minor
// units. It is 1 where Stripe publishes none.
func (c Currency) MinimumCharge() Amount {
	if m, ok := minimumCharges[c]; ok {
		return m
	}
	return 1
}

// Fee is what a payment costs: a percentage of the amount and a fixed part.
type Fee struct {
	// Percent is out of 100: 2.9.
	Percent Decimal
	// Fixed is in minor units.
	Fixed Amount
}

// On returns the fee for a payment of a minor units, rounded half up. It
// returns ErrAmount when the fee does not fit.
func (f Fee) On(a Amount) (Amount, error) {
	x := mul(whole(int64(a)), f.Percent.Rat(), big.NewRat(1, 100))
	return halfUp(x.Add(x, whole(int64(f.Fixed))))
}

// plus adds amounts. It returns ErrAmount when the sum does not fit.
func plus(list ...Amount) (Amount, error) {
	var sum Amount
	for _, a := range list {
		next := sum + a
		if (a > 0 && next < sum) || (a < 0 && next > sum) {
			return 0, fmt.Errorf("%w: %d + %d", ErrAmount, sum, a)
		}
		sum = next
	}
	return sum, nil
}
