package billing

import (
	"fmt"
	"math/big"
)

// How an exact fraction of a minor unit becomes a whole one. Each rule is one
// line to change.
var (
	// roundProration: nearest, an exact half towards minus infinity. Recorded:
	// -2.5 is -3, 4.5 is 4, 7.5 is 7, 24999.997 is 25000, -2499.996 is -2500.
	roundProration = halfDown
	// roundLine: unit amount times quantity. Recorded: 31 at 3.6 is 112. The
	// exact half is our choice.
	roundLine = halfUp
	// roundDiscount: percent of a line. The exact half is our choice.
	roundDiscount = halfUp
	// roundTax: Stripe's own example taxes 4.50 at 5 % with 0.23.
	roundTax = halfUp
)

// halfDown rounds to the nearest integer, an exact half towards minus infinity.
// It returns ErrAmount when the result does not fit.
func halfDown(x *big.Rat) (Amount, error) { return nearest(x, false) }

// halfUp rounds to the nearest integer, an exact half away from zero, so that a
// credit mirrors its charge. It returns ErrAmount when the result does not fit.
func halfUp(x *big.Rat) (Amount, error) { return nearest(x, x.Sign() > 0) }

func nearest(x *big.Rat, up bool) (Amount, error) {
	// DivMod is Euclidean: the remainder is never negative, so this is the floor.
	floor, rest := new(big.Int).DivMod(x.Num(), x.Denom(), new(big.Int))
	half := rest.Lsh(rest, 1).Cmp(x.Denom())
	if half > 0 || (half == 0 && up) {
		floor.Add(floor, big.NewInt(1))
	}
	return fit(floor)
}

func fit(n *big.Int) (Amount, error) {
	if !n.IsInt64() {
		return 0, fmt.Errorf("%w: %s", ErrAmount, n)
	}
	return Amount(n.Int64()), nil
}

func whole(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

// mul multiplies into a new number.
func mul(list ...*big.Rat) *big.Rat {
	x := whole(1)
	for _, y := range list {
		x.Mul(x, y)
	}
	return x
}
