package billing

import (
	"math"
	"math/big"
	"slices"
)

// Change is a subscription that changes at a moment. After is Before with the
// change made, its items' Billed kept. Prices are told apart by their ids.
type Change struct {
	Before, After Subscription
	// At is the time of the change, or the proration_date: fraction, periods and
	// texts of the lines follow it.
	At Instant
}

// Prorations are the lines that a change makes.
type Prorations struct {
	// Credits give back time that was billed; Debits bill the rest of a period.
	Credits, Debits []Line
	// Full are whole periods that begin at the change, because the anchor was reset
	// or a trial began or ended. They are billed whatever the proration behaviour.
	Full []Line
}

// Lines returns the lines in Stripe's order: credits first.
func (p Prorations) Lines() []Line { return slices.Concat(p.Credits, p.Debits, p.Full) }

// Lines compares the two sides and returns what the change credits and charges.
//
// An item whose price or quantity changes, that is removed or added, is credited
// and charged as a whole, never by the difference. An item that only ends earlier
// or later, because cancel_at moved, is credited or charged for the time between.
// When the anchor is reset, or a trial begins or ends, every item is credited and
// starts anew. Discounts, tax rates and metered items alone change nothing, and
// within a trial nothing is credited or charged.
//
// Whether to prorate is the caller's: without, it uses Full only. Lines returns
// the errors of Subscription.Start.
func (c Change) Lines() (Prorations, error) {
	for _, s := range []Subscription{c.Before, c.After} {
		if err := s.check(); err != nil {
			return Prorations{}, err
		}
	}
	was, is := c.Before.InTrial(c.At), c.After.InTrial(c.At)
	if was && is {
		return Prorations{}, nil
	}
	if was != is || c.Before.Anchor != c.After.Anchor {
		return c.restart()
	}
	return c.prorate()
}

// restart credits everything and starts anew.
func (c Change) restart() (Prorations, error) {
	var p Prorations
	for _, i := range c.Before.Items {
		lines, err := c.Before.credit(i, c.At)
		if err != nil {
			return Prorations{}, err
		}
		p.Credits = append(p.Credits, lines...)
	}
	var err error
	p.Full, err = c.After.Start(c.At)
	return p, err
}

func (c Change) prorate() (Prorations, error) {
	var p Prorations
	credit := func(i Item, from Instant) error {
		lines, err := c.Before.credit(i, from)
		p.Credits = append(p.Credits, lines...)
		return err
	}
	debit := func(i Item, from Instant) error {
		span := Period{from, c.After.PeriodAt(i, c.At).End}
		if i.Price.Metered || span.End <= span.Start {
			return nil
		}
		l, err := c.After.debit(i, span, c.At)
		p.Debits = append(p.Debits, l)
		return err
	}
	for _, old := range c.Before.Items {
		n := c.After.find(old.ID)
		if n < 0 || c.After.Items[n].Price.ID != old.Price.ID || c.After.Items[n].Quantity != old.Quantity {
			if err := credit(old, c.At); err != nil {
				return Prorations{}, err
			}
			continue
		}
		before, after := c.Before.PeriodAt(old, c.At).End, c.After.PeriodAt(c.After.Items[n], c.At).End
		if after < before {
			if err := credit(old, after); err != nil {
				return Prorations{}, err
			}
		}
	}
	for _, item := range c.After.Items {
		from := c.At
		if n := c.Before.find(item.ID); n >= 0 && c.Before.Items[n].Price.ID == item.Price.ID && c.Before.Items[n].Quantity == item.Quantity {
			from = max(c.Before.PeriodAt(item, c.At).End, c.Before.standing(c.Before.Items[n]))
		}
		if err := debit(item, from); err != nil {
			return Prorations{}, err
		}
	}
	return p, nil
}

// standing returns the moment until which what was billed of an item has not been
// given back: an end that was planned without prorating gave nothing back, and
// costs nothing when it is taken away. Classic mode does not remember.
func (s Subscription) standing(i Item) Instant {
	until := Instant(math.MinInt64)
	if s.Mode == Classic {
		return until
	}
	for _, d := range i.Billed {
		until = max(until, d.Until)
	}
	return until
}

func (s Subscription) find(id string) int {
	return slices.IndexFunc(s.Items, func(i Item) bool { return i.ID == id })
}

// credit returns the lines that give back an item's time from a moment on.
func (s Subscription) credit(i Item, from Instant) ([]Line, error) {
	if i.Price.Metered {
		return nil, nil
	}
	if s.Mode == Classic {
		return s.classicCredit(i, from)
	}
	var list []Line
	for _, d := range i.Billed {
		l, stands, err := d.credit(i.ID, from, s.ProrationDiscounts == Itemised)
		if err != nil {
			return nil, err
		}
		if stands {
			list = append(list, l)
		}
	}
	return list, nil
}

// classicCredit gives back the item's current price for the rest of its period,
// whether it was billed or not; in a trial nothing is.
func (s Subscription) classicCredit(i Item, from Instant) ([]Line, error) {
	if s.InTrial(from) {
		return nil, nil
	}
	span := Period{from, s.PeriodAt(i, from).End}
	if span.End <= span.Start {
		return nil, nil
	}
	l, err := s.debit(i, span, from)
	if err != nil {
		return nil, err
	}
	cost, _, err := s.cost(i, from)
	if err != nil {
		return nil, err
	}
	l.Kind, l.Description = KindCredit, unused(l.Phrase, from)
	l.Amount, err = roundProration(s.fraction(i, span, cost.Neg(cost)))
	return []Line{l}, err
}

// debit returns the line that bills an item for a part of its period; at decides
// which discounts count.
func (s Subscription) debit(i Item, span Period, at Instant) (Line, error) {
	cost, taken, err := s.cost(i, at)
	if err != nil {
		return Line{}, err
	}
	l := i.line(KindDebit, i.Quantity, span)
	l.Proration, l.Discounts = true, nil
	l.Phrase, l.Whole = prorationPhrase(i.Price, i.Quantity, s.discountsOf(i, at)), i.Quantity
	l.Description = remaining(l.Phrase, span.Start)
	if l.Amount, err = roundProration(s.fraction(i, span, cost)); err != nil {
		return Line{}, err
	}
	if s.Mode == Classic || s.ProrationDiscounts != Itemised {
		return l, nil
	}
	for _, t := range taken {
		part, err := roundDiscount(s.fraction(i, span, t.amount))
		if err != nil {
			return Line{}, err
		}
		l.Itemised = append(l.Itemised, DiscountAmount{t.discount, part})
		l.Amount += part
	}
	return l, nil
}

// fraction returns x times the part that span is of the item's whole period.
func (s Subscription) fraction(i Item, span Period, x *big.Rat) *big.Rat {
	natural := s.cycle(i).Containing(span.Start)
	return mul(x, big.NewRat(int64(span.Length()), int64(natural.Length())))
}

// taking is what a discount takes off a whole period, exactly.
type taking struct {
	discount string
	amount   *big.Rat
}

// cost returns what an item costs for a whole period after discounts, exactly,
// and what the discounts take. In flexible mode an amount off is divided among
// the items as on an invoice; in classic mode the item takes all of it.
// Source: docs.stripe.com/billing/subscriptions/prorations, coupons applied to
// multiple subscription items.
func (s Subscription) cost(item Item, at Instant) (*big.Rat, []taking, error) {
	items := s.Items
	if s.Mode == Classic {
		items = []Item{item}
	}
	var ids, products []string
	var left []*big.Rat
	for _, i := range items {
		if i.Price.Metered {
			continue
		}
		x, err := i.Price.exact(i.Quantity)
		if err != nil {
			return nil, nil, err
		}
		ids, products, left = append(ids, i.ID), append(products, i.Price.Product.ID), append(left, x)
	}
	self := slices.Index(ids, item.ID)
	var list []taking
	take := func(d Discount, from, to int) error {
		if !d.ActiveAt(at) {
			return nil
		}
		var covered []int
		var rest []*big.Rat
		for n := from; n < to; n++ {
			if d.Coupon.covers(products[n]) {
				covered, rest = append(covered, n), append(rest, left[n])
			}
		}
		parts, err := d.Coupon.takeOff(rest, item.Price.Currency, false)
		if n := slices.Index(covered, self); err == nil && n >= 0 {
			list = append(list, taking{d.ID, parts[n]})
		}
		return err
	}
	for n, i := range slices.DeleteFunc(slices.Clone(items), func(i Item) bool { return i.Price.Metered }) {
		for _, d := range i.Discounts {
			if err := take(d, n, n+1); err != nil {
				return nil, nil, err
			}
		}
	}
	for _, d := range s.Discounts {
		if err := take(d, 0, len(left)); err != nil {
			return nil, nil, err
		}
	}
	return left[self], list, nil
}

// AnchorAfter returns the anchor of a subscription whose items change at a
// moment. Flexible subscriptions keep theirs. Classic ones start anew when an
// item's interval changes, or when the first paid price comes to a free
// subscription. It returns the errors of Price.Parts.
//
// Source: docs.stripe.com/billing/subscriptions/billing-cycle and change-price.
func AnchorAfter(before, after Subscription, at Instant) (Instant, error) {
	if before.Mode != Classic {
		return before.Anchor, nil
	}
	for _, i := range after.Items {
		if n := before.find(i.ID); n >= 0 && before.Items[n].Price.Recurring.normal() != i.Price.Recurring.normal() {
			return at, nil
		}
	}
	free, err := before.free()
	if err != nil || !free {
		return before.Anchor, err
	}
	if free, err = after.free(); err != nil || free {
		return before.Anchor, err
	}
	return at, nil
}

// free reports whether no price of the subscription asks for anything. A price
// times a quantity of 0 is not free.
func (s Subscription) free() (bool, error) {
	for _, i := range s.Items {
		x, err := i.Price.exact(Whole(1))
		if err != nil || x.Sign() != 0 {
			return false, err
		}
	}
	return len(s.Items) > 0, nil
}

func (r Recurrence) normal() Recurrence { return Recurrence{r.Interval, r.count()} }
