package billing

import (
	"errors"
	"fmt"
)

// Formula is how a meter makes one number of a period's events.
type Formula string

// The formulas of a meter's default_aggregation.
const (
	Sum   Formula = "sum"
	Count Formula = "count"
	Last  Formula = "last"
)

// Usage is one event of a meter.
type Usage struct {
	// Identifier is unique; a second event with the same one is the same event.
	// Empty is no identifier.
	Identifier string
	At         Instant
	Value      Decimal
	// Cancelled events do not count.
	Cancelled bool
}

// ErrFormula says that a formula is unknown.
var ErrFormula = errors.New("billing: not an aggregation formula")

// Aggregate returns the usage within a period. Events may come in any order; of
// two at one second the later in the list is the last. Without events it is 0.
// It returns ErrFormula, or ErrDecimal when a sum does not fit.
func Aggregate(f Formula, events []Usage, p Period) (Decimal, error) {
	if f != Sum && f != Count && f != Last {
		return Decimal{}, fmt.Errorf("%w: %q", ErrFormula, f)
	}
	seen := map[string]bool{}
	var total Decimal
	var lastAt Instant
	found := false
	for _, e := range events {
		if e.Identifier != "" && seen[e.Identifier] {
			continue
		}
		seen[e.Identifier] = true
		if e.Cancelled || !p.Contains(e.At) {
			continue
		}
		var err error
		switch f {
		case Sum:
			total, err = total.Plus(e.Value)
		case Count:
			total, err = total.Plus(Whole(1))
		case Last:
			if !found || e.At >= lastAt {
				total, lastAt, found = e.Value, e.At, true
			}
		}
		if err != nil {
			return Decimal{}, err
		}
	}
	return total, nil
}
