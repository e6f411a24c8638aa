package billing

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Instant is a moment in Unix seconds, UTC, as Stripe's timestamps are.
type Instant int64

// Seconds is a length of time.
type Seconds int64

// Lengths of fixed intervals. Months and years have none.
const (
	Hour Seconds = 3600
	Day  Seconds = 24 * Hour
	Week Seconds = 7 * Day
)

// At returns the second in which t lies.
func At(t time.Time) Instant { return Instant(t.Unix()) }

// Time returns the moment in UTC.
func (t Instant) Time() time.Time { return time.Unix(int64(t), 0).UTC() }

// Add returns the moment s seconds later.
func (t Instant) Add(s Seconds) Instant { return t + Instant(s) }

// Period is the time from Start until just before End.
type Period struct{ Start, End Instant }

// Length returns how many seconds the period has.
func (p Period) Length() Seconds { return Seconds(p.End - p.Start) }

// Contains reports whether t lies in the period; its end does not.
func (p Period) Contains(t Instant) bool { return p.Start <= t && t < p.End }

// Interval is Stripe's word for the unit of a recurrence.
type Interval string

// The intervals of a price.
const (
	Daily   Interval = "day"
	Weekly  Interval = "week"
	Monthly Interval = "month"
	Yearly  Interval = "year"
)

// Recurrence is how often a price bills: every Count intervals. Count 0 is 1.
type Recurrence struct {
	Interval Interval
	Count    int64
}

// ErrRecurrence says that a recurrence has no known interval or a negative count.
var ErrRecurrence = errors.New("billing: not a recurrence")

// maxIntervals is Stripe's limit of three years by interval.
// Source: API reference, price recurring.interval_count.
var maxIntervals = map[Interval]int64{Daily: 1095, Weekly: 156, Monthly: 36, Yearly: 3}

// Check returns ErrRecurrence when the interval is unknown or the count is not
// between 0 and three years.
func (r Recurrence) Check() error {
	limit, ok := maxIntervals[r.Interval]
	if !ok || r.Count < 0 || r.Count > limit {
		return fmt.Errorf("%w: every %d %q", ErrRecurrence, r.Count, r.Interval)
	}
	return nil
}

func (r Recurrence) count() int64 { return max(r.Count, 1) }

// months returns the recurrence in months, 0 when it is counted in seconds.
func (r Recurrence) months() int64 {
	switch r.Interval {
	case Monthly:
		return r.count()
	case Yearly:
		return 12 * r.count()
	}
	return 0
}

// seconds returns the recurrence in seconds, 0 when it is counted in months.
func (r Recurrence) seconds() Seconds {
	switch r.Interval {
	case Daily:
		return Day * Seconds(r.count())
	case Weekly:
		return Week * Seconds(r.count())
	}
	return 0
}

// Aligned reports whether prices with these recurrences may bill together on one
// subscription in flexible mode: each is a multiple of the shortest, so month and
// year, day and month, not week and month.
//
// Source: docs.stripe.com/billing/subscriptions/mixed-interval.
func Aligned(list []Recurrence) bool {
	for _, shortest := range list {
		if !slices.ContainsFunc(list, func(r Recurrence) bool { return !r.multipleOf(shortest) }) {
			return true
		}
	}
	return len(list) == 0
}

// multipleOf reports whether a recurrence is a whole number of another. Months
// and years are whole days, and no whole number of anything longer but months.
func (r Recurrence) multipleOf(of Recurrence) bool {
	switch {
	case of.months() > 0:
		return r.months() > 0 && r.months()%of.months() == 0
	case r.months() > 0:
		return of.seconds() == Day
	}
	return r.seconds()%of.seconds() == 0
}

// Cycle tiles all time, before the anchor too, with periods of one recurrence.
// The anchor is a boundary; it gives the time of day, the weekday, the day of
// the month and, for years, the month. A day that a month lacks becomes its last
// day, and the anchor itself does not move: 31 January, 28 February, 31 March.
// Source: docs.stripe.com/billing/subscriptions/billing-cycle.
type Cycle struct {
	Anchor Instant
	Every  Recurrence
}

// Boundary returns the n-th boundary after the anchor, before it for n < 0.
func (c Cycle) Boundary(n int64) Instant {
	if m := c.Every.months(); m > 0 {
		return addMonths(c.Anchor, n*m)
	}
	return c.Anchor.Add(Seconds(n) * c.Every.seconds())
}

// Containing returns the period in which t lies. A boundary starts its period.
func (c Cycle) Containing(t Instant) Period {
	n := c.index(t)
	return Period{c.Boundary(n), c.Boundary(n + 1)}
}

// Next returns the first boundary after t.
func (c Cycle) Next(t Instant) Instant { return c.Containing(t).End }

// index returns the number of the last boundary that is not after t.
func (c Cycle) index(t Instant) int64 {
	m := c.Every.months()
	if m == 0 {
		return floorDiv(int64(t-c.Anchor), int64(c.Every.seconds()))
	}
	a, b := c.Anchor.Time(), t.Time()
	between := int64(b.Year()-a.Year())*12 + int64(b.Month()-a.Month())
	n := floorDiv(between, m)
	if c.Boundary(n) > t {
		n--
	}
	return n
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// addMonths moves t by n months; a day that the month lacks becomes its last.
func addMonths(t Instant, n int64) Instant {
	u := t.Time()
	month := int64(u.Year())*12 + int64(u.Month()) - 1 + n
	year := floorDiv(month, 12)
	return dayOf(int(year), time.Month(month-year*12+1), u.Day(), u)
}

// dayOf returns a day of a month, the last if it has no such day, at the time of
// day of clock.
func dayOf(year int, month time.Month, day int, clock time.Time) Instant {
	day = min(day, daysIn(year, month))
	return At(time.Date(year, month, day, clock.Hour(), clock.Minute(), clock.Second(), 0, time.UTC))
}

func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
