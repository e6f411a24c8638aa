package billing

import (
	"errors"
	"fmt"
	"time"
)

// AnchorConfig is billing_cycle_anchor_config: the anchor by its parts. What is
// nil follows the time of creation. It is for months and years only.
type AnchorConfig struct {
	// DayOfMonth is 1 to 31.
	DayOfMonth int
	// Month is 1 to 12.
	Month *int
	// Hour is 0 to 23; Minute and Second are 0 to 59.
	Hour, Minute, Second *int
}

// ErrAnchor says that an anchor's parts are no date, or that the recurrence
// cannot have one.
var ErrAnchor = errors.New("billing: not a billing cycle anchor")

// Anchor returns the first moment from created on that has the parts. Without a
// month it starts in the first month whose day (or last day) is not past, and
// goes on by whole recurrences until a month really has the day: every two
// months on the 31st, created in February, is anchored on 31 August, though its
// first full period begins at the end of February. With a month it is the next
// such month that has the day. A day that never comes (30 February) is the
// month's last. It returns ErrAnchor for parts out of range and for days and
// weeks.
//
// Source: docs.stripe.com/billing/subscriptions/billing-cycle.
func (a AnchorConfig) Anchor(created Instant, every Recurrence) (Instant, error) {
	if err := every.Check(); err != nil {
		return 0, err
	}
	if every.months() == 0 {
		return 0, fmt.Errorf("%w: billing_cycle_anchor_config needs months or years, not %q", ErrAnchor, every.Interval)
	}
	if a.DayOfMonth < 1 || a.DayOfMonth > 31 || !in(a.Month, 1, 12) || !in(a.Hour, 0, 23) || !in(a.Minute, 0, 59) || !in(a.Second, 0, 59) {
		return 0, fmt.Errorf("%w: a part is out of range", ErrAnchor)
	}
	c := created.Time()
	clock := time.Date(c.Year(), c.Month(), 1, or(a.Hour, c.Hour()), or(a.Minute, c.Minute()), or(a.Second, c.Second()), 0, time.UTC)
	first := clock
	if a.Month != nil {
		first = time.Date(c.Year(), time.Month(*a.Month), 1, 0, 0, 0, 0, time.UTC)
	}
	start, step := 1, int(every.months())
	if a.Month != nil {
		start, step = 12, 12
	}
	for dayOf(first.Year(), first.Month(), a.DayOfMonth, clock) < created {
		first = first.AddDate(0, start, 0)
	}
	// Within eight years every day of every month comes that ever comes.
	for month := first; month.Year() <= first.Year()+8; month = month.AddDate(0, step, 0) {
		if a.DayOfMonth <= daysIn(month.Year(), month.Month()) {
			return dayOf(month.Year(), month.Month(), a.DayOfMonth, clock), nil
		}
	}
	return dayOf(first.Year(), first.Month(), a.DayOfMonth, clock), nil
}

func in(n *int, least, most int) bool { return n == nil || (*n >= least && *n <= most) }

func or(n *int, otherwise int) int {
	if n != nil {
		return *n
	}
	return otherwise
}
