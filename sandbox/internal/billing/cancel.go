package billing

import (
	"errors"
	"fmt"
)

// CancelForm is a cancel_at that is not a timestamp.
type CancelForm string

// The forms of cancel_at. Source: API reference, cancel_at.
const (
	// MinPeriodEnd is the earliest end of the items' current periods.
	MinPeriodEnd CancelForm = "min_period_end"
	// MaxPeriodEnd is the latest.
	MaxPeriodEnd CancelForm = "max_period_end"
	// MaxBilledUntil is the latest moment until which an item has been billed, no
	// earlier than its period's end.
	MaxBilledUntil CancelForm = "max_billed_until"
)

// ErrCancelAt says that a form of cancel_at is unknown, that there are no items,
// or that a time is not in the future.
var ErrCancelAt = errors.New("billing: not a time to cancel at")

// CancelTime returns when a form of cancel_at ends the subscription. Ends that
// were brought forward by an earlier cancel_at do not count. It returns
// ErrCancelAt.
func (s Subscription) CancelTime(form CancelForm, now Instant) (Instant, error) {
	if len(s.Items) == 0 {
		return 0, fmt.Errorf("%w: the subscription has no items", ErrCancelAt)
	}
	s.CancelAt = 0
	var least, most, billed Instant
	for n, i := range s.Items {
		end := s.PeriodAt(i, now).End
		until := end
		for _, d := range i.Billed {
			until = max(until, d.Period.End)
		}
		if n == 0 {
			least, most, billed = end, end, until
			continue
		}
		least, most, billed = min(least, end), max(most, end), max(billed, until)
	}
	switch form {
	case MinPeriodEnd:
		return least, nil
	case MaxPeriodEnd:
		return most, nil
	case MaxBilledUntil:
		return billed, nil
	}
	return 0, fmt.Errorf("%w: %q", ErrCancelAt, form)
}

// CheckCancelAt returns ErrCancelAt when a timestamp is not in the future.
func CheckCancelAt(at, now Instant) error {
	if at <= now {
		return fmt.Errorf("%w: %d is not after %d", ErrCancelAt, at, now)
	}
	return nil
}
