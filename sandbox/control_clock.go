package sandbox

import (
	"context"
	"net/http"
	"time"
)

// Clock is an account's clock.
type Clock struct {
	// Now is in seconds since 1970.
	Now int64 `json:"now"`
	// Frozen says that it stands still until it is advanced or let go.
	Frozen bool `json:"frozen"`
}

// ClockChange is a change of an account's clock. It cannot go back.
type ClockChange struct {
	// Now is the new time in seconds since 1970; AdvanceSeconds goes on from the time that it is. At most one is given.
	Now            *int64 `json:"now"`
	AdvanceSeconds *int64 `json:"advance_seconds"`
	// Frozen stops the clock or lets it go on; nil leaves that as it is.
	Frozen *bool `json:"frozen"`
}

// Clock reads the account's clock.
func (a *Account) Clock() (Clock, error) {
	c, err := a.control()
	if err != nil {
		return Clock{}, err
	}
	return c.account.clockNow(), nil
}

// clockNow reads the clock.
func (a *account) clockNow() (c Clock) {
	a.locked(func() { c = Clock{a.now(), a.clock.frozen} })
	return c
}

// SetClock changes the account's clock and returns after all that was due ran, each step at its own instant, deliveries
// included. It returns an *Error for a change that is not possible, and the context's error when that ended first: the
// clock then stands where it got to.
func (a *Account) SetClock(ctx context.Context, change ClockChange) (Clock, error) {
	c, err := a.control()
	if err != nil {
		return Clock{}, err
	}
	if change.Now != nil && change.AdvanceSeconds != nil {
		return Clock{}, invalid("now", "", "Give now or advance_seconds, not both")
	}
	switch now := c.account.clockNow().Now; {
	case change.Now != nil && *change.Now < now:
		return Clock{}, invalid("now", "", "Invalid now: the clock stands at %d and cannot go back", now)
	case change.AdvanceSeconds != nil && *change.AdvanceSeconds < 0:
		return Clock{}, invalid("advance_seconds", "", "Invalid advance_seconds: the clock cannot go back")
	case change.Now != nil && *change.Now > lastInstant, change.AdvanceSeconds != nil && *change.AdvanceSeconds > lastInstant-now:
		return Clock{}, invalid("now", "", "Invalid now: the clock goes up to %d, the end of the year 9999", int64(lastInstant))
	}
	if change.Frozen != nil && *change.Frozen {
		if err := c.account.freeze(true); err != nil {
			return Clock{}, err
		}
	}
	switch {
	case change.Now != nil:
		err = c.account.advance(ctx, *change.Now)
	case change.AdvanceSeconds != nil:
		err = c.account.advanceBy(ctx, *change.AdvanceSeconds)
	default:
		err = c.account.runDue(ctx)
	}
	if err != nil {
		return Clock{}, err
	}
	if change.Frozen != nil && !*change.Frozen {
		if err := c.account.freeze(false); err != nil {
			return Clock{}, err
		}
	}
	return c.account.clockNow(), nil
}

// lastInstant is the last second of the year 9999, beyond which no application can write a time.
const lastInstant = 253402300799

// Advance puts the clock forward by whole seconds and runs what falls due on the way.
func (a *Account) Advance(ctx context.Context, by time.Duration) (Clock, error) {
	n, err := seconds(by, "advance_seconds")
	if err != nil {
		return Clock{}, err
	}
	return a.SetClock(ctx, ClockChange{AdvanceSeconds: &n})
}

// Freeze stops the clock where it stands; only Advance moves it on.
func (a *Account) Freeze(ctx context.Context) (Clock, error) {
	frozen := true
	return a.SetClock(ctx, ClockChange{Frozen: &frozen})
}

// Unfreeze lets the clock go on from where it stands.
func (a *Account) Unfreeze(ctx context.Context) (Clock, error) {
	frozen := false
	return a.SetClock(ctx, ClockChange{Frozen: &frozen})
}

func getClock(a *Account, _ *http.Request) (any, error) { return a.Clock() }

func postClock(a *Account, r *http.Request) (any, error) {
	var change ClockChange
	if err := decodeControl(r, &change); err != nil {
		return nil, err
	}
	return a.SetClock(r.Context(), change)
}
