package vezne

import "time"

// Clock tells the time. Everything that compares instants takes one, so that
// tests and simulations decide what time it is.
type Clock interface {
	// Now returns the current instant in UTC.
	Now() time.Time
}

// SystemClock is the machine's own clock.
type SystemClock struct{}

// Now returns the machine's time in UTC, cut to microseconds, which is what
// both databases keep.
func (SystemClock) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
