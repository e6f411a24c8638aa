package billing

import (
	"math"
	"math/big"
	"slices"
)

// Debit is an amount that was billed in advance for a period of an item, and how
// much of it still stands. Flexible billing mode credits debits, never prices.
type Debit struct {
	// Lines are the ids of the lines that billed it.
	Lines []string
	// Amount is what was billed for Period after discounts, in minor units.
	Amount Amount
	// Discounts are what was taken off, for itemised credits.
	Discounts []DiscountAmount
	Period    Period
	// Until is where the part that is not credited ends.
	Until Instant
	// What a credit of it shows.
	Price, Product, Phrase string
	Quantity               Decimal
	// TaxRates are those that taxed the lines; nil takes the invoice's default.
	TaxRates []TaxRate
}

// tail returns the part of an amount of the debit's that lies after from, as
// rounded for a credit. What a series of credits gives back is the difference of
// tails, so that together they are never more than the amount.
func (d Debit) tail(a Amount, from Instant, round func(*big.Rat) (Amount, error)) (Amount, error) {
	x := mul(whole(-int64(a)), big.NewRat(int64(d.Period.End-from), int64(d.Period.Length())))
	n, err := round(x)
	return -n, err
}

// between returns the part of an amount that lies in [from, Until).
func (d Debit) between(a Amount, from Instant, round func(*big.Rat) (Amount, error)) (Amount, error) {
	all, err := d.tail(a, from, round)
	if err != nil {
		return 0, err
	}
	credited, err := d.tail(a, d.Until, round)
	return all - credited, err
}

// credit returns the line that gives back what stands from a moment on, and
// false when nothing does.
func (d Debit) credit(item string, from Instant, itemised bool) (Line, bool, error) {
	from = max(from, d.Period.Start)
	if from >= d.Until {
		return Line{}, false, nil
	}
	amount, err := d.between(d.Amount, from, roundProration)
	if err != nil {
		return Line{}, false, err
	}
	l := Line{
		Kind: KindCredit, Item: item, Price: d.Price, Product: d.Product, Description: unused(d.Phrase, from),
		Quantity: d.Quantity, Period: Period{from, d.Until}, Amount: -amount, Proration: true,
		TaxRates: d.TaxRates, Credited: slices.Clone(d.Lines),
	}
	if !itemised {
		return l, true, nil
	}
	for _, taken := range d.Discounts {
		part, err := d.between(taken.Amount, from, roundDiscount)
		if err != nil {
			return Line{}, false, err
		}
		l.Itemised = append(l.Itemised, DiscountAmount{taken.Discount, -part})
		l.Amount -= part
	}
	return l, true, nil
}

// Settle returns the subscription with its items' debits as they are after lines
// were made: what is credited no longer stands, what is billed in advance does.
// Call it once for each line: with the lines of an invoice when it is made, with
// prorations when they become pending invoice items.
func (s Subscription) Settle(lines []InvoiceLine) Subscription {
	s.Items = slices.Clone(s.Items)
	for n := range s.Items {
		s.Items[n].Billed, s.Items[n].Used = settle(s.Items[n], lines), usedUntil(s.Items[n], lines)
	}
	return s
}

// usedUntil is the moment until which an item's usage has been billed, after
// lines. What a threshold bills is kept by Counted: its period goes on.
func usedUntil(i Item, lines []InvoiceLine) Instant {
	until := i.Used
	for _, l := range lines {
		counted := slices.ContainsFunc(i.Counted, func(c Counted) bool { return c.Until == l.Period.End })
		if l.Item == i.ID && l.Kind == KindUsage && !counted {
			until = max(until, l.Period.End)
		}
	}
	return until
}

func settle(i Item, lines []InvoiceLine) []Debit {
	billed := slices.Clone(i.Billed)
	for _, l := range lines {
		if l.Item != i.ID || l.Kind != KindCredit {
			continue
		}
		for n := range billed {
			billed[n].Until = min(billed[n].Until, l.Period.Start)
		}
	}
	for _, l := range lines {
		if l.Item != i.ID || (l.Kind != KindPeriod && l.Kind != KindDebit) {
			continue
		}
		// The lines of a tiered price are one debit.
		last := len(billed) - 1
		if l.Kind == KindPeriod && last >= 0 && billed[last].Period == l.Period && billed[last].Price == l.Price && billed[last].Until == l.Period.End {
			billed[last].add(l)
			continue
		}
		d := Debit{
			Period: l.Period, Until: l.Period.End, Price: l.Price, Product: l.Product, Phrase: l.Phrase,
			Quantity: l.Whole, TaxRates: l.TaxRates,
		}
		if l.Rates != nil {
			d.TaxRates = l.Rates
		}
		d.add(l)
		billed = append(billed, d)
	}
	// What ended before the newest whole period is of no more use.
	begun := Instant(math.MinInt64)
	for _, l := range lines {
		if l.Item == i.ID && l.Kind == KindPeriod {
			begun = max(begun, l.Period.Start)
		}
	}
	return slices.DeleteFunc(billed, func(d Debit) bool { return d.Until <= d.Period.Start || d.Until <= begun })
}

func (d *Debit) add(l InvoiceLine) {
	if l.ID != "" {
		d.Lines = append(slices.Clip(d.Lines), l.ID)
	}
	d.Amount += l.Net()
	for _, a := range l.DiscountAmounts {
		at := slices.IndexFunc(d.Discounts, func(b DiscountAmount) bool { return b.Discount == a.Discount })
		if at < 0 {
			d.Discounts = append(slices.Clip(d.Discounts), a)
			continue
		}
		d.Discounts = slices.Clone(d.Discounts)
		d.Discounts[at].Amount += a.Amount
	}
}
