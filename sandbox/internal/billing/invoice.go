package billing

import (
	"fmt"
	"math/big"
)

// Draft is what Bill adds up.
type Draft struct {
	Currency Currency
	// At is when the invoice is made; it decides which discounts are active.
	At Instant
	// Lines are in the order of the invoice.
	Lines []Line
	// Discounts apply to all lines, one after the other, each to what is left.
	Discounts []Discount
	// Grants pay usage of meters, one after the other, after discounts and before
	// taxes.
	Grants []Grant
	// TaxRates are the default rates.
	TaxRates    []TaxRate
	TaxRounding TaxRounding
	TaxExempt   TaxExempt
	// StartingBalance is the customer's balance in minor units: negative is
	// credit, positive is owed.
	StartingBalance Amount
	// MinimumCharge is the smallest amount that is charged; what is below goes to
	// the balance. 0 charges everything.
	MinimumCharge Amount
}

// Invoice is a draft added up. All amounts are in minor units.
type Invoice struct {
	Lines []InvoiceLine
	// Subtotal is the lines after their own discounts, before the invoice's and
	// before exclusive tax.
	Subtotal Amount
	// SubtotalExcludingTax is the subtotal without inclusive tax.
	SubtotalExcludingTax Amount
	Total                Amount
	TotalExcludingTax    Amount
	// DiscountAmounts are summed by discount, in the order in which they first
	// appear.
	DiscountAmounts []DiscountAmount
	// Grants are what each grant paid, in the order in which they first appear.
	Grants []GrantAmount
	// Taxes are summed by rate, in the order in which they first appear.
	Taxes []TaxAmount
	// AmountDue is what is to be paid now.
	AmountDue Amount
	// StartingBalance and EndingBalance are the customer's balance before and
	// after; negative is credit.
	StartingBalance, EndingBalance Amount
	// BelowMinimum says that something is owed, but too little to be charged: the
	// invoice is paid without an attempt and the amount waits in the balance.
	BelowMinimum bool
}

// Bill adds up an invoice: discounts, grants, taxes, totals, balance, in this order. It
// serves previews and invoices alike. It returns ErrCoupon, ErrTaxRate or
// ErrAmount.
func Bill(d Draft) (Invoice, error) {
	inv := Invoice{StartingBalance: d.StartingBalance}
	for _, l := range d.Lines {
		inv.Lines = append(inv.Lines, InvoiceLine{Line: l, DiscountAmounts: append([]DiscountAmount(nil), l.Itemised...)})
	}
	own, err := d.discountLines(inv.Lines)
	if err != nil {
		return Invoice{}, err
	}
	d.grantLines(inv.Lines)
	rates := make([][]TaxRate, len(inv.Lines))
	for i, l := range inv.Lines {
		rates[i] = d.TaxRates
		if l.TaxRates != nil {
			rates[i] = l.TaxRates
		}
	}
	if err := d.taxLines(inv.Lines, rates); err != nil {
		return Invoice{}, err
	}
	if err := d.total(&inv, own, rates); err != nil {
		return Invoice{}, err
	}
	return inv, d.settle(&inv)
}

// discountLines gives the lines their discounts and returns what of each line is
// taken by its own.
func (d Draft) discountLines(lines []InvoiceLine) ([]Amount, error) {
	own := make([]Amount, len(lines))
	for i := range lines {
		for _, discount := range lines[i].Discounts {
			before := lines[i].Net()
			if err := d.apply(discount, lines[i:i+1]); err != nil {
				return nil, err
			}
			own[i] += before - lines[i].Net()
		}
	}
	for _, discount := range d.Discounts {
		if err := d.apply(discount, lines); err != nil {
			return nil, err
		}
	}
	return own, nil
}

// apply takes one discount off the lines that it covers.
func (d Draft) apply(discount Discount, lines []InvoiceLine) error {
	if !discount.ActiveAt(d.At) {
		return nil
	}
	var covered []int
	var left []*big.Rat
	for i, l := range lines {
		if l.Discountable && l.Amount > 0 && discount.Coupon.covers(l.Product) {
			covered = append(covered, i)
			left = append(left, whole(int64(l.Net())))
		}
	}
	parts, err := discount.Coupon.takeOff(left, d.Currency, true)
	if err != nil {
		return err
	}
	for j, i := range covered {
		part, err := fit(parts[j].Num())
		if err != nil {
			return err
		}
		lines[i].DiscountAmounts = append(lines[i].DiscountAmounts, DiscountAmount{discount.ID, part})
	}
	return nil
}

func (d Draft) taxLines(lines []InvoiceLine, rates [][]TaxRate) error {
	nets := make([]Amount, len(lines))
	for i, l := range lines {
		nets[i] = l.Net()
	}
	list, err := taxes(nets, rates, d.TaxRounding)
	if err != nil {
		return err
	}
	for i := range lines {
		lines[i].Taxes, lines[i].Rates = list[i], rates[i]
		if d.TaxExempt != Exempt && d.TaxExempt != ReverseCharge {
			continue
		}
		lines[i].BackedOut = contained(list[i])
		for j := range list[i] {
			list[i][j].Amount = 0
		}
	}
	return nil
}

// total sums the lines. own is what each line's own discounts took.
func (d Draft) total(inv *Invoice, own []Amount, rates [][]TaxRate) error {
	before := make([]Amount, len(inv.Lines))
	for i, l := range inv.Lines {
		before[i] = l.Amount - own[i]
		var err error
		if inv.Subtotal, err = plus(inv.Subtotal, before[i]); err != nil {
			return err
		}
		if inv.Total, err = plus(inv.Total, l.Total()); err != nil {
			return err
		}
		if inv.TotalExcludingTax, err = plus(inv.TotalExcludingTax, l.ExcludingTax()); err != nil {
			return err
		}
		for _, a := range l.DiscountAmounts {
			inv.addDiscount(a)
		}
		for _, g := range l.Grants {
			inv.addGrant(g)
		}
		for _, t := range l.Taxes {
			inv.addTax(t)
		}
	}
	list, err := taxes(before, rates, d.TaxRounding)
	if err != nil {
		return err
	}
	inv.SubtotalExcludingTax = inv.Subtotal
	for _, l := range list {
		inv.SubtotalExcludingTax -= contained(l)
	}
	return nil
}

func (inv *Invoice) addDiscount(a DiscountAmount) {
	for i := range inv.DiscountAmounts {
		if inv.DiscountAmounts[i].Discount == a.Discount {
			inv.DiscountAmounts[i].Amount += a.Amount
			return
		}
	}
	inv.DiscountAmounts = append(inv.DiscountAmounts, a)
}

func (inv *Invoice) addTax(t TaxAmount) {
	for i := range inv.Taxes {
		if inv.Taxes[i].Rate == t.Rate {
			inv.Taxes[i].Amount += t.Amount
			inv.Taxes[i].Taxable += t.Taxable
			return
		}
	}
	inv.Taxes = append(inv.Taxes, t)
}

// settle applies the customer's balance and the minimum charge.
func (d Draft) settle(inv *Invoice) error {
	owed, err := plus(inv.Total, d.StartingBalance)
	if err != nil {
		return fmt.Errorf("with the balance: %w", err)
	}
	switch {
	case owed <= 0:
		inv.EndingBalance = owed
	case owed < d.MinimumCharge:
		inv.EndingBalance, inv.BelowMinimum = owed, true
	default:
		inv.AmountDue = owed
	}
	return nil
}
