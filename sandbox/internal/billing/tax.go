package billing

import (
	"errors"
	"fmt"
	"math/big"
)

// TaxRate is a percentage that a price contains or that is added to it.
type TaxRate struct {
	ID string
	// Percentage is out of 100.
	Percentage Decimal
	Inclusive  bool
}

// TaxAmount is the tax of one rate, in minor units.
type TaxAmount struct {
	Rate      string
	Inclusive bool
	Amount    Amount
	// Taxable is the amount that is taxed, without the tax.
	Taxable Amount
}

// TaxRounding is the account's setting for manual tax rates.
type TaxRounding string

const (
	// RoundPerLine rounds each line's tax and adds. It is the zero value's meaning
	// and our choice of default; Stripe does not say which is its own.
	RoundPerLine TaxRounding = "line_item"
	// RoundPerInvoice adds the exact taxes of a rate over all lines and rounds the
	// sum; the lines then show parts that add up to it.
	RoundPerInvoice TaxRounding = "invoice"
)

// TaxExempt is a customer's tax_exempt.
type TaxExempt string

// The exemptions. Exempt and reverse customers pay no tax, and inclusive tax is
// taken out of the price.
const (
	NotExempt     TaxExempt = "none"
	Exempt        TaxExempt = "exempt"
	ReverseCharge TaxExempt = "reverse"
)

// ErrTaxRate says that a percentage is negative or above 100.
var ErrTaxRate = errors.New("billing: not a tax rate")

// lineTax is what one rate takes of one line before rounding.
type lineTax struct {
	rate  TaxRate
	exact *big.Rat
}

// taxes returns the taxes of each line in the order of its rates. Inclusive tax
// of amount a at p % is a*p/(100+sum of inclusive p); exclusive tax is p % of
// what the inclusive taxes leave. It returns ErrTaxRate or ErrAmount.
//
// Source: docs.stripe.com/billing/taxes/tax-rates, rounding and discounts.
func taxes(nets []Amount, rates [][]TaxRate, mode TaxRounding) ([][]TaxAmount, error) {
	list := make([][]TaxAmount, len(nets))
	running := map[string]*big.Rat{}
	// Inclusive taxes first: exclusive ones tax what they leave.
	for _, inclusive := range []bool{true, false} {
		for i, net := range nets {
			exact, err := exactTaxes(net, rates[i], list[i], inclusive, mode)
			if err != nil {
				return nil, err
			}
			for _, t := range exact {
				amount, err := roundTaxAmount(t, running, mode)
				if err != nil {
					return nil, err
				}
				list[i] = append(list[i], TaxAmount{Rate: t.rate.ID, Inclusive: inclusive, Amount: amount})
			}
			left, err := plus(net, -contained(list[i]))
			if err != nil {
				return nil, err
			}
			for j := range list[i] {
				list[i][j].Taxable = left
			}
		}
	}
	return list, nil
}

func exactTaxes(net Amount, rates []TaxRate, known []TaxAmount, inclusive bool, mode TaxRounding) ([]lineTax, error) {
	contained100 := whole(100)
	for _, r := range rates {
		if r.Percentage.Sign() < 0 || r.Percentage.Cmp(Whole(100)) > 0 {
			return nil, fmt.Errorf("%w: %s %%", ErrTaxRate, r.Percentage)
		}
		if r.Inclusive {
			contained100.Add(contained100, r.Percentage.Rat())
		}
	}
	base := whole(int64(net))
	switch {
	case inclusive:
	case mode == RoundPerInvoice:
		// net without inclusive tax, unrounded: net*100/(100+sum).
		base.Quo(mul(base, whole(100)), contained100)
	default:
		base.Sub(base, whole(int64(contained(known))))
	}
	var list []lineTax
	for _, r := range rates {
		if r.Inclusive != inclusive {
			continue
		}
		x := mul(base, r.Percentage.Rat())
		if inclusive {
			x.Quo(x, contained100)
		} else {
			x.Quo(x, whole(100))
		}
		list = append(list, lineTax{r, x})
	}
	return list, nil
}

// roundTaxAmount rounds a line's tax: alone, or as the step by which the rounded
// sum of its rate grows.
func roundTaxAmount(t lineTax, running map[string]*big.Rat, mode TaxRounding) (Amount, error) {
	if mode != RoundPerInvoice {
		return roundTax(t.exact)
	}
	sum := running[t.rate.ID]
	if sum == nil {
		sum = new(big.Rat)
		running[t.rate.ID] = sum
	}
	before, err := roundTax(sum)
	if err != nil {
		return 0, err
	}
	after, err := roundTax(sum.Add(sum, t.exact))
	return after - before, err
}

// contained returns the inclusive taxes in a list.
func contained(list []TaxAmount) (sum Amount) {
	for _, t := range list {
		if t.Inclusive {
			sum += t.Amount
		}
	}
	return sum
}

// added returns the exclusive taxes in a list.
func added(list []TaxAmount) (sum Amount) {
	for _, t := range list {
		if !t.Inclusive {
			sum += t.Amount
		}
	}
	return sum
}
