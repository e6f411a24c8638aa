package billing

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Decimal is an exact number with at most 12 digits behind the point: a unit
// amount in fractions of a minor unit, a quantity, a percentage. The zero value
// is 0. Decimals may be compared with ==.
type Decimal struct {
	// The value is units + pico/10^12; both parts have the same sign.
	units, pico int64
}

const (
	decimalPlaces = 12
	picoPerUnit   = 1_000_000_000_000
)

// ErrDecimal says that a text or a result is no Decimal.
var ErrDecimal = errors.New("billing: not a decimal number with at most 12 decimal places")

// Whole returns n as a Decimal.
func Whole(n int64) Decimal { return Decimal{units: n} }

// ParseDecimal reads a number as Stripe's parameters write it: digits, at most
// one point with 1 to 12 digits behind it, a minus sign in front if negative. It
// returns ErrDecimal for everything else, exponents and spaces included.
func ParseDecimal(s string) (Decimal, error) {
	digits, negative := strings.CutPrefix(s, "-")
	units, fraction, point := strings.Cut(digits, ".")
	if !isDigits(units) || (point && !isDigits(fraction)) || len(fraction) > decimalPlaces {
		return Decimal{}, fmt.Errorf("%w: %q", ErrDecimal, s)
	}
	var d Decimal
	var err error
	if d.units, err = strconv.ParseInt(units, 10, 64); err != nil {
		return Decimal{}, fmt.Errorf("%w: %q", ErrDecimal, s)
	}
	if point {
		padded := fraction + strings.Repeat("0", decimalPlaces-len(fraction))
		if d.pico, err = strconv.ParseInt(padded, 10, 64); err != nil {
			return Decimal{}, fmt.Errorf("%w: %q", ErrDecimal, s)
		}
	}
	if negative {
		d.units, d.pico = -d.units, -d.pico
	}
	return d, nil
}

func isDigits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}

// String writes the number without needless zeros: "12.5", "-0.05", "3".
func (d Decimal) String() string {
	if d.pico == 0 {
		return strconv.FormatInt(d.units, 10)
	}
	sign, units, pico := "", d.units, d.pico
	if pico < 0 {
		sign, units, pico = "-", -units, -pico
	}
	return strings.TrimRight(fmt.Sprintf("%s%d.%012d", sign, units, pico), "0")
}

// Rat returns the number as a fraction that the caller may change.
func (d Decimal) Rat() *big.Rat {
	x := new(big.Rat).SetFrac64(d.pico, picoPerUnit)
	return x.Add(x, whole(d.units))
}

// Sign is -1, 0 or 1.
func (d Decimal) Sign() int {
	switch {
	case d.units < 0 || d.pico < 0:
		return -1
	case d.units > 0 || d.pico > 0:
		return 1
	}
	return 0
}

// Cmp compares two numbers: -1, 0 or 1.
func (d Decimal) Cmp(e Decimal) int {
	switch {
	case d == e:
		return 0
	case d.units < e.units || (d.units == e.units && d.pico < e.pico):
		return -1
	}
	return 1
}

// Truncate returns the part before the point, as Stripe's quantity shows a
// quantity_decimal.
func (d Decimal) Truncate() int64 { return d.units }

// Plus adds two numbers. It returns ErrDecimal when the sum does not fit.
func (d Decimal) Plus(e Decimal) (Decimal, error) {
	x := d.Rat()
	return fromRat(x.Add(x, e.Rat()))
}

// Minus subtracts e. It returns ErrDecimal when the difference does not fit.
func (d Decimal) Minus(e Decimal) (Decimal, error) {
	x := d.Rat()
	return fromRat(x.Sub(x, e.Rat()))
}

func fromRat(x *big.Rat) (Decimal, error) {
	n := new(big.Int).Mul(x.Num(), big.NewInt(picoPerUnit))
	n, rest := n.QuoRem(n, x.Denom(), new(big.Int))
	units, pico := new(big.Int).QuoRem(n, big.NewInt(picoPerUnit), new(big.Int))
	if rest.Sign() != 0 || !units.IsInt64() {
		return Decimal{}, fmt.Errorf("%w: %s", ErrDecimal, x)
	}
	return Decimal{units.Int64(), pico.Int64()}, nil
}
