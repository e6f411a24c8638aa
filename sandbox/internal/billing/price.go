package billing

import (
	"errors"
	"fmt"
	"math/big"
)

// Product is what of a product shows on a line.
type Product struct {
	ID, Name string
	// UnitLabel stands behind the quantity: "1 user × …". Empty is none.
	UnitLabel string
}

// Price is what one unit of a product costs, and how often. It has a unit
// amount or tiers.
type Price struct {
	ID       string
	Product  Product
	Currency Currency
	// UnitAmount is in minor units, fractions included.
	UnitAmount Decimal
	// Tiers replace the unit amount when there are any.
	Tiers     []Tier
	TiersMode TiersMode
	// Transform turns units into packages before they are priced; not with tiers.
	Transform *Transform
	// Recurring is zero for a price that is paid once.
	Recurring Recurrence
	// Metered prices bill the usage of a period after it; others bill the
	// quantity before it.
	Metered bool
	// Options are the prices in other currencies.
	Options map[Currency]CurrencyOption
}

// CurrencyOption is a price's amount in another currency.
type CurrencyOption struct {
	UnitAmount Decimal
	Tiers      []Tier
}

// TiersMode says how tiers price a quantity.
type TiersMode string

const (
	// Graduated prices each unit by the tier in which it lies.
	Graduated TiersMode = "graduated"
	// Volume prices every unit by the tier in which the whole quantity lies.
	Volume TiersMode = "volume"
)

// Tier is a range of quantities. Unit and Flat are in minor units; nil is not
// set, and costs nothing.
type Tier struct {
	// UpTo is the last unit of the tier; 0 is Stripe's inf and ends the list.
	UpTo int64
	Unit *Decimal
	// Flat is added once when the tier is reached. The first tier is reached by
	// quantity 0.
	Flat *Decimal
}

// Rounding is how a transformed quantity becomes whole.
type Rounding string

// The roundings of transform_quantity.
const (
	RoundUp   Rounding = "up"
	RoundDown Rounding = "down"
)

// Transform divides a quantity into packages.
type Transform struct {
	DivideBy int64
	Round    Rounding
}

var (
	// ErrPrice says that a price contradicts itself.
	ErrPrice = errors.New("billing: not a price")
	// ErrQuantity says that a quantity is negative.
	ErrQuantity = errors.New("billing: the quantity is negative")
	// ErrCurrency says that a price has no amount in a currency.
	ErrCurrency = errors.New("billing: the price has no amount in this currency")
)

// Check returns ErrPrice or ErrRecurrence when the price contradicts itself.
func (p Price) Check() error {
	if p.Recurring != (Recurrence{}) {
		if err := p.Recurring.Check(); err != nil {
			return err
		}
	}
	if p.Transform != nil && (len(p.Tiers) > 0 || p.Transform.DivideBy < 1 || (p.Transform.Round != RoundUp && p.Transform.Round != RoundDown)) {
		return fmt.Errorf("%w: transform_quantity", ErrPrice)
	}
	return checkTiers(p.Tiers, p.TiersMode)
}

func checkTiers(tiers []Tier, mode TiersMode) error {
	if len(tiers) == 0 {
		return nil
	}
	if mode != Graduated && mode != Volume {
		return fmt.Errorf("%w: tiers_mode %q", ErrPrice, mode)
	}
	last := int64(0)
	for _, t := range tiers[:len(tiers)-1] {
		if t.UpTo <= last {
			return fmt.Errorf("%w: tiers do not rise at up_to %d", ErrPrice, t.UpTo)
		}
		last = t.UpTo
	}
	if tiers[len(tiers)-1].UpTo != 0 {
		return fmt.Errorf("%w: the last tier must go up to inf", ErrPrice)
	}
	return nil
}

// In returns the price in a currency: itself, or one of its options. It returns
// ErrCurrency when there is none.
func (p Price) In(c Currency) (Price, error) {
	if p.Currency == c {
		return p, nil
	}
	option, ok := p.Options[c]
	if !ok {
		return Price{}, fmt.Errorf("%w: %q", ErrCurrency, c)
	}
	p.Currency, p.UnitAmount, p.Tiers, p.Options = c, option.UnitAmount, option.Tiers, nil
	return p, nil
}

// Part is what one line of an invoice shows of a price: all units, the units of
// a tier, or a tier's flat amount.
type Part struct {
	// Tier is the number of the tier from 1, or 0 for a price without tiers.
	Tier int
	// Flat says that the part is the tier's flat amount; its quantity is 0.
	Flat     bool
	Quantity Decimal
	// Each is the unit amount, or the flat amount, in minor units.
	Each Decimal
	// Amount is rounded by roundLine.
	Amount Amount
}

// Parts prices a quantity for a whole period, as the lines that Stripe makes of
// it: a tiered price has a line for the units of each tier that is reached, and,
// if any of its tiers has a flat amount, one for the flat amount of each. It
// returns ErrPrice, ErrRecurrence, ErrQuantity or ErrAmount.
func (p Price) Parts(quantity Decimal) ([]Part, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	if quantity.Sign() < 0 {
		return nil, fmt.Errorf("%w: %s", ErrQuantity, quantity)
	}
	if len(p.Tiers) == 0 {
		amount, err := roundLine(mul(p.packages(quantity), p.UnitAmount.Rat()))
		return []Part{{Quantity: quantity, Each: p.UnitAmount, Amount: amount}}, err
	}
	spans, err := p.spans(quantity)
	if err != nil {
		return nil, err
	}
	var list []Part
	for _, s := range spans {
		amount, err := roundLine(mul(s.quantity.Rat(), s.unit.Rat()))
		if err != nil {
			return nil, err
		}
		list = append(list, Part{Tier: s.tier, Quantity: s.quantity, Each: s.unit, Amount: amount})
		if !p.hasFlat() {
			continue
		}
		if amount, err = roundLine(s.flat.Rat()); err != nil {
			return nil, err
		}
		list = append(list, Part{Tier: s.tier, Flat: true, Each: s.flat, Amount: amount})
	}
	return list, nil
}

// Amount returns the sum of the parts, and the errors of Parts.
func (p Price) Amount(quantity Decimal) (Amount, error) {
	parts, err := p.Parts(quantity)
	if err != nil {
		return 0, err
	}
	var sum Amount
	for _, part := range parts {
		if sum, err = plus(sum, part.Amount); err != nil {
			return 0, err
		}
	}
	return sum, nil
}

// exact returns what a quantity costs for a whole period before any rounding,
// with the errors of Parts.
func (p Price) exact(quantity Decimal) (*big.Rat, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	if quantity.Sign() < 0 {
		return nil, fmt.Errorf("%w: %s", ErrQuantity, quantity)
	}
	if len(p.Tiers) == 0 {
		return mul(p.packages(quantity), p.UnitAmount.Rat()), nil
	}
	spans, err := p.spans(quantity)
	if err != nil {
		return nil, err
	}
	sum := new(big.Rat)
	for _, s := range spans {
		sum.Add(sum, mul(s.quantity.Rat(), s.unit.Rat()))
		sum.Add(sum, s.flat.Rat())
	}
	return sum, nil
}

// packages returns how many units are priced: the quantity, or its packages.
func (p Price) packages(quantity Decimal) *big.Rat {
	if p.Transform == nil {
		return quantity.Rat()
	}
	x := mul(quantity.Rat(), big.NewRat(1, p.Transform.DivideBy))
	n, rest := new(big.Int).DivMod(x.Num(), x.Denom(), new(big.Int))
	if p.Transform.Round == RoundUp && rest.Sign() > 0 {
		n.Add(n, big.NewInt(1))
	}
	return new(big.Rat).SetInt(n)
}

// span is the part of a quantity that lies in a tier.
type span struct {
	tier       int
	quantity   Decimal
	unit, flat Decimal
}

// spans divides a quantity among the tiers that it reaches.
func (p Price) spans(quantity Decimal) ([]span, error) {
	var list []span
	below := Decimal{}
	for i, t := range p.Tiers {
		top := quantity
		if limit := Whole(t.UpTo); t.UpTo != 0 && limit.Cmp(quantity) < 0 {
			top = limit
		}
		s := span{tier: i + 1, unit: orZero(t.Unit), flat: orZero(t.Flat)}
		var err error
		if s.quantity, err = top.Minus(below); err != nil {
			return nil, err
		}
		if p.TiersMode == Graduated {
			list = append(list, s)
		}
		if t.UpTo == 0 || quantity.Cmp(Whole(t.UpTo)) <= 0 {
			if p.TiersMode == Volume {
				s.quantity = quantity
				list = append(list, s)
			}
			return list, nil
		}
		below = Whole(t.UpTo)
	}
	return list, nil
}

func (p Price) hasFlat() bool {
	for _, t := range p.Tiers {
		if t.Flat != nil {
			return true
		}
	}
	return false
}

func orZero(d *Decimal) Decimal {
	if d == nil {
		return Decimal{}
	}
	return *d
}
