package billing

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// CreditNote is what a credit note takes of an invoice. Amounts are in minor
// units and have the sign of the invoice's.
type CreditNote struct {
	Lines []CreditLine
	// Subtotal is before the invoice's discounts and exclusive tax.
	Subtotal, SubtotalExcludingTax Amount
	Total, TotalExcludingTax       Amount
	DiscountAmounts                []DiscountAmount
	Taxes                          []TaxAmount
}

// CreditLine is the credited part of an invoice's line.
type CreditLine struct {
	// Index is the line's place in the invoice.
	Index int
	InvoiceLine
}

// CreditRequest asks to credit a line by its amount before discounts and
// exclusive tax.
type CreditRequest struct {
	// Index is the line's place in the invoice.
	Index  int
	Amount Amount
}

// ErrCredit says that more would be credited than is left.
var ErrCredit = errors.New("billing: the credit is more than what is left of the invoice")

// CreditLines credits parts of lines. Discounts and taxes follow in proportion,
// rounded so that credit notes which together credit a line credit exactly its
// discounts and taxes. previous are the notes that are already issued and not
// void. It returns ErrCredit or ErrAmount.
func (inv Invoice) CreditLines(previous []CreditNote, requests []CreditRequest) (CreditNote, error) {
	var note CreditNote
	for _, r := range requests {
		if r.Index < 0 || r.Index >= len(inv.Lines) {
			return CreditNote{}, fmt.Errorf("%w: there is no line %d", ErrCredit, r.Index)
		}
		line, before := inv.Lines[r.Index], creditedOf(previous, r.Index)
		for _, l := range note.Lines {
			if l.Index == r.Index {
				return CreditNote{}, fmt.Errorf("%w: line %d is named twice", ErrCredit, r.Index)
			}
		}
		after, err := plus(before.Amount, r.Amount)
		if err != nil {
			return CreditNote{}, err
		}
		if !within(r.Amount, line.Amount) || !within(after, line.Amount) {
			return CreditNote{}, fmt.Errorf("%w: %d of line %d", ErrCredit, r.Amount, r.Index)
		}
		l, err := line.part(before, big.NewRat(int64(after), int64(line.Amount)))
		if err != nil {
			return CreditNote{}, err
		}
		l.Amount = r.Amount
		note.Lines = append(note.Lines, CreditLine{r.Index, l})
	}
	return note, note.sum()
}

// CreditQuantity returns the amount of a line that a quantity of it has. It
// returns ErrCredit when the line has fewer, or ErrAmount.
func (l InvoiceLine) CreditQuantity(quantity Decimal) (Amount, error) {
	if quantity.Sign() <= 0 || quantity.Cmp(l.Quantity) > 0 {
		return 0, fmt.Errorf("%w: %s of %s", ErrCredit, quantity, l.Quantity)
	}
	x := mul(whole(int64(l.Amount)), quantity.Rat())
	return roundLine(x.Quo(x, l.Quantity.Rat()))
}

// CreditTotal credits an amount, tax and discounts included, of all lines in
// proportion to what is left of them. It returns ErrCredit or ErrAmount.
func (inv Invoice) CreditTotal(previous []CreditNote, total Amount) (CreditNote, error) {
	left := inv.Total
	for _, n := range previous {
		left -= n.Total
	}
	if total <= 0 || total > left {
		return CreditNote{}, fmt.Errorf("%w: %d of %d", ErrCredit, total, left)
	}
	var note CreditNote
	// The steps of a rounded running sum add up exactly.
	running, given := new(big.Rat), Amount(0)
	for n, line := range inv.Lines {
		before := creditedOf(previous, n)
		running.Add(running, big.NewRat(int64(line.Total()-before.Total()), 1))
		upTo, err := halfDown(mul(running, big.NewRat(int64(total), int64(left))))
		if err != nil {
			return CreditNote{}, err
		}
		part := upTo - given
		given = upTo
		if part == 0 && total != left || line.Total() == 0 {
			continue
		}
		l, err := line.part(before, big.NewRat(int64(before.Total()+part), int64(line.Total())))
		if err != nil {
			return CreditNote{}, err
		}
		l.Amount = 0
		l.Amount = part - l.Total()
		note.Lines = append(note.Lines, CreditLine{n, l})
	}
	return note, note.sum()
}

// SplitCredit divides a credit note's total: the invoice's amount_remaining comes
// first, the excess goes back to the customer, by refund, to the balance or out
// of band. refundable is what was paid and has not gone back. It returns
// ErrCredit when the excess is more than that.
//
// Source: API reference, create a credit note.
func SplitCredit(total, remaining, refundable Amount) (prePayment, postPayment Amount, err error) {
	prePayment = min(total, remaining)
	postPayment = total - prePayment
	if total <= 0 || postPayment > refundable {
		return 0, 0, fmt.Errorf("%w: %d", ErrCredit, total)
	}
	return prePayment, postPayment, nil
}

// part returns a line with the discounts and taxes that belong to a fraction of
// it, less those before. Its amount is the line's and the caller's to set.
func (l InvoiceLine) part(before InvoiceLine, fraction *big.Rat) (InvoiceLine, error) {
	step := func(of, done Amount) (Amount, error) {
		upTo, err := halfUp(mul(whole(int64(of)), fraction))
		return upTo - done, err
	}
	l.DiscountAmounts, l.Taxes = slices.Clone(l.DiscountAmounts), slices.Clone(l.Taxes)
	var err error
	for n := range l.DiscountAmounts {
		done := Amount(0)
		if len(before.DiscountAmounts) > n {
			done = before.DiscountAmounts[n].Amount
		}
		if l.DiscountAmounts[n].Amount, err = step(l.DiscountAmounts[n].Amount, done); err != nil {
			return InvoiceLine{}, err
		}
	}
	for n := range l.Taxes {
		done := TaxAmount{}
		if len(before.Taxes) > n {
			done = before.Taxes[n]
		}
		if l.Taxes[n].Amount, err = step(l.Taxes[n].Amount, done.Amount); err != nil {
			return InvoiceLine{}, err
		}
		if l.Taxes[n].Taxable, err = step(l.Taxes[n].Taxable, done.Taxable); err != nil {
			return InvoiceLine{}, err
		}
	}
	l.BackedOut, err = step(l.BackedOut, before.BackedOut)
	return l, err
}

// creditedOf sums what notes credit of a line.
func creditedOf(notes []CreditNote, index int) (sum InvoiceLine) {
	for _, note := range notes {
		for _, l := range note.Lines {
			if l.Index != index {
				continue
			}
			sum.Amount += l.Amount
			sum.BackedOut += l.BackedOut
			if sum.DiscountAmounts == nil && sum.Taxes == nil {
				sum.DiscountAmounts = slices.Clone(l.DiscountAmounts)
				sum.Taxes = slices.Clone(l.Taxes)
				continue
			}
			// A note whose taxes its caller gave may have others than the line.
			for n := range min(len(sum.DiscountAmounts), len(l.DiscountAmounts)) {
				sum.DiscountAmounts[n].Amount += l.DiscountAmounts[n].Amount
			}
			for n := range min(len(sum.Taxes), len(l.Taxes)) {
				sum.Taxes[n].Amount += l.Taxes[n].Amount
				sum.Taxes[n].Taxable += l.Taxes[n].Taxable
			}
		}
	}
	return sum
}

// within reports whether a lies between 0 and limit, on the limit's side.
func within(a, limit Amount) bool {
	if limit < 0 {
		return a < 0 && a >= limit
	}
	return a > 0 && a <= limit
}

// sum adds up the note's lines.
func (note *CreditNote) sum() error {
	totals := Invoice{}
	for _, l := range note.Lines {
		var err error
		if note.Total, err = plus(note.Total, l.Total()); err != nil {
			return err
		}
		note.Subtotal += l.Amount
		note.SubtotalExcludingTax += l.Amount - contained(l.Taxes)
		note.TotalExcludingTax += l.ExcludingTax()
		for _, a := range l.DiscountAmounts {
			totals.addDiscount(a)
		}
		for _, t := range l.Taxes {
			totals.addTax(t)
		}
	}
	note.DiscountAmounts, note.Taxes = totals.DiscountAmounts, totals.Taxes
	return nil
}
