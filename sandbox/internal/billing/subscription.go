package billing

import (
	"errors"
	"fmt"
	"slices"
)

// BillingMode is a subscription's billing_mode[type].
type BillingMode string

const (
	// Flexible credits what was really billed, and keeps the anchor. It is the
	// default since 2025-09-30.clover.
	Flexible BillingMode = "flexible"
	// Classic credits the item's current price, billed or not.
	Classic BillingMode = "classic"
)

// ProrationDiscounts is billing_mode[flexible][proration_discounts].
type ProrationDiscounts string

const (
	// Included takes discounts off a proration's amount.
	Included ProrationDiscounts = "included"
	// Itemised shows the amount before discounts, and the discounts beside it.
	Itemised ProrationDiscounts = "itemized"
)

// Subscription is what of a subscription decides its lines.
type Subscription struct {
	Mode               BillingMode
	ProrationDiscounts ProrationDiscounts
	// Began is when the subscription was created; no period starts before it.
	Began Instant
	// Anchor is the billing cycle anchor. It may lie in the future.
	Anchor Instant
	// Trial is zero without one.
	Trial Period
	// CancelAt is 0, or when the subscription ends; it cuts the period in which it
	// lies.
	CancelAt Instant
	// Items are in the order of their lines.
	Items     []Item
	Discounts []Discount
}

// Item is a subscription item.
type Item struct {
	ID    string
	Price Price
	// Quantity is not used by metered prices.
	Quantity Decimal
	// Discounts are the item's own; they apply before the subscription's.
	Discounts []Discount
	TaxRates  []TaxRate
	// Billed is what has been billed in advance and not been credited. Settle keeps
	// it; flexible credits are taken from it.
	Billed []Debit
	// Used is the moment until which usage has been billed. Settle keeps it.
	Used Instant
	// Counted is usage of periods that invoices before their end have billed.
	Counted []Counted
}

var (
	// ErrItem says that an item has no recurring price.
	ErrItem = errors.New("billing: a subscription item needs a recurring price")
	// ErrProrationDate says that a proration date lies outside the current period.
	ErrProrationDate = errors.New("billing: the proration date lies outside the current period")
)

// InTrial reports whether t lies in the trial.
func (s Subscription) InTrial(t Instant) bool { return s.Trial.Contains(t) }

func (s Subscription) cycle(i Item) Cycle { return Cycle{s.Anchor, i.Price.Recurring} }

// PeriodAt returns the item's period in which t lies: the trial, or the period of
// its cycle, which begins no earlier than the subscription or the trial's end and
// ends no later than the subscription. The subscription's own current period ends
// with the earliest of its items'.
func (s Subscription) PeriodAt(i Item, t Instant) Period {
	if s.InTrial(t) {
		return s.Trial
	}
	p := s.cycle(i).Containing(t)
	p.Start = max(p.Start, s.Began)
	if s.Trial.End <= t {
		p.Start = max(p.Start, s.Trial.End)
	}
	p.End = s.cut(p.End)
	return p
}

func (s Subscription) cut(end Instant) Instant {
	if s.CancelAt != 0 {
		return min(end, s.CancelAt)
	}
	return end
}

// CheckProrationDate returns ErrProrationDate when date does not lie in the
// period that each item has now.
func (s Subscription) CheckProrationDate(date, now Instant) error {
	for _, i := range s.Items {
		if p := s.PeriodAt(i, now); !p.Contains(date) {
			return fmt.Errorf("%w: %d is not from %d to before %d", ErrProrationDate, date, p.Start, p.End)
		}
	}
	return nil
}

func (s Subscription) check() error {
	for _, i := range s.Items {
		if i.Price.Recurring == (Recurrence{}) {
			return fmt.Errorf("%w: %s", ErrItem, i.ID)
		}
		if err := i.Price.Check(); err != nil {
			return err
		}
	}
	return nil
}

// Start returns the lines of a subscription that begins at a moment, when it is
// created, when its trial ends, when its anchor is reset: a line of 0 for the
// trial, else each item's full period, or the rest until the first boundary as a
// proration. Metered items have nothing to bill yet. It returns ErrItem and the
// errors of Price.Parts and of discounts.
func (s Subscription) Start(at Instant) ([]Line, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	var list []Line
	for _, i := range s.Items {
		if i.Price.Metered {
			continue
		}
		if s.InTrial(at) {
			l := i.line(KindTrial, i.Quantity, Period{at, s.Trial.End})
			l.Description = s.trialText(i)
			l.Discountable, l.Each = true, new(Decimal)
			list = append(list, l)
			continue
		}
		lines, err := s.advance(i, at)
		if err != nil {
			return nil, err
		}
		list = append(list, lines...)
	}
	return list, nil
}

// trialText describes the line of an item in a trial. Source:
// docs.stripe.com/billing/subscriptions/billing-mode/compare.
func (s Subscription) trialText(i Item) string {
	if s.Mode == Classic {
		return "Trial period for " + i.Price.Product.Name
	}
	return "Free trial for " + phrase(i.Price.Product, i.Quantity)
}

// Renew returns the lines of a boundary: for metered items whose period ends, its
// usage by item id; for others whose period begins, the period to come. Within a
// trial there are no boundaries. It returns the errors of Start.
func (s Subscription) Renew(at Instant, usage map[string]Decimal) ([]Line, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	var list []Line
	for _, i := range s.Items {
		if s.InTrial(at) || s.cycle(i).Containing(at).Start != at {
			continue
		}
		lines, err := s.advance(i, at)
		if i.Price.Metered {
			lines, err = s.arrears(i, at, usage[i.ID])
		}
		if err != nil {
			return nil, err
		}
		list = append(list, lines...)
	}
	return list, nil
}

// Close returns lines for the usage of periods that end early, at a cancellation
// or a reset of the anchor. It returns the errors of Start.
func (s Subscription) Close(at Instant, usage map[string]Decimal) ([]Line, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	var list []Line
	for _, i := range s.Items {
		if !i.Price.Metered {
			continue
		}
		lines, err := s.arrears(i, at, usage[i.ID])
		if err != nil {
			return nil, err
		}
		list = append(list, lines...)
	}
	return list, nil
}

// advance returns the lines of the period that begins at a moment; none when the
// subscription ends there. A period that is cut, at its beginning or its end, is
// a proration.
func (s Subscription) advance(i Item, at Instant) ([]Line, error) {
	natural := s.cycle(i).Containing(at)
	p := Period{at, s.cut(natural.End)}
	if p.End <= p.Start || i.Price.Metered {
		return nil, nil
	}
	if p != natural {
		l, err := s.debit(i, p, at)
		return []Line{l}, err
	}
	return s.full(KindPeriod, i, i.Quantity, p)
}

// arrears returns the lines of a metered item's usage until a moment.
func (s Subscription) arrears(i Item, at Instant, usage Decimal) ([]Line, error) {
	start := max(s.PeriodAt(i, at-1).Start, i.Used)
	if s.InTrial(at-1) || start >= at {
		return nil, nil
	}
	return s.used(i, usage, Period{start, at})
}

func (s Subscription) full(kind Kind, i Item, quantity Decimal, p Period) ([]Line, error) {
	parts, err := i.Price.Parts(quantity)
	if err != nil {
		return nil, err
	}
	return s.lines(kind, i, parts, quantity, p), nil
}

func (s Subscription) lines(kind Kind, i Item, parts []Part, quantity Decimal, p Period) []Line {
	var list []Line
	for _, part := range parts {
		l := i.line(kind, part.Quantity, p)
		l.Description = describePart(i.Price, part)
		l.Phrase, l.Whole = prorationPhrase(i.Price, quantity, s.discountsOf(i, p.Start)), quantity
		each := part.Each
		l.Amount, l.Each = part.Amount, &each
		l.Discountable = true
		list = append(list, l)
	}
	return list
}

func (i Item) line(kind Kind, quantity Decimal, p Period) Line {
	return Line{
		Kind: kind, Item: i.ID, Price: i.Price.ID, Product: i.Price.Product.ID, Quantity: quantity, Period: p,
		Discounts: i.Discounts, TaxRates: i.TaxRates,
	}
}

// discountsOf returns the discounts that lower the item's price at a moment, the
// item's own first.
func (s Subscription) discountsOf(i Item, at Instant) []Discount {
	var list []Discount
	for _, d := range slices.Concat(i.Discounts, s.Discounts) {
		if d.ActiveAt(at) && d.Coupon.covers(i.Price.Product.ID) {
			list = append(list, d)
		}
	}
	return list
}
