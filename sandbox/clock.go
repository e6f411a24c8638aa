package sandbox

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// accountClock is the account's time: the sandbox's plus an offset, or frozen.
type accountClock struct {
	offset time.Duration
	frozen bool
	at     time.Time
}

// instant is the account's time. The caller holds the account's lock.
func (a *account) instant() time.Time {
	if a.clock.frozen {
		return a.clock.at
	}
	return a.sandbox.now().Add(a.clock.offset)
}

// now is the account's time in seconds. The caller holds the account's lock.
func (a *account) now() int64 { return a.instant().Unix() }

// date is the header Date of the account's answers, and false while the account goes by the clock of this machine, whose
// time the server writes.
func (a *account) date() (string, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sandbox.options.Clock == nil && !a.clock.frozen && a.clock.offset == 0 {
		return "", false
	}
	return a.instant().UTC().Format(http.TimeFormat), true
}

// setInstant makes the account's time t from now on.
func (a *account) setInstant(t time.Time, frozen bool) {
	a.clock = accountClock{frozen: frozen, at: t}
	if !frozen {
		a.clock = accountClock{offset: t.Sub(a.sandbox.now())}
	}
}

// freeze stops the clock where it is, or lets it go on from there. It returns the error of storing that.
func (a *account) freeze(frozen bool) error {
	a.advancing.Lock()
	defer a.advancing.Unlock()
	since, err := a.sandbox.journal.enter()
	if err != nil {
		return err
	}
	a.locked(func() {
		if a.clock.frozen != frozen && a.sandbox.journal.failure() == nil {
			a.setInstant(a.instant(), frozen)
			a.recordClock()
		}
		a.arm()
	})
	return a.durable(since)
}

// advance moves the clock forward to an instant in seconds. All that falls due on the way runs in order, each job with the
// clock at its own instant, and deliveries come to rest before the next instant. It returns the context's error when that
// ended first, with the clock where it got to; an error for an instant that is past; or the error of storing.
func (a *account) advance(ctx context.Context, to int64) error {
	return a.move(ctx, func(int64) int64 { return to })
}

// advanceBy moves the clock forward by seconds from where it stands when it is its turn.
func (a *account) advanceBy(ctx context.Context, n int64) error {
	return a.move(ctx, func(now int64) int64 { return now + n })
}

// move moves the clock to what target makes of the present time.
func (a *account) move(ctx context.Context, target func(now int64) int64) error {
	a.advancing.Lock()
	defer a.advancing.Unlock()
	since, err := a.sandbox.journal.enter()
	if err != nil {
		return err
	}
	var frozen, moved bool
	var to int64
	a.locked(func() {
		if err = a.sandbox.journal.failure(); err != nil {
			return
		}
		frozen, to = a.clock.frozen, target(a.now())
		if to < a.now() {
			err = invalid("now", "", "Invalid now: the clock only goes forward: it is %d", a.now())
			return
		}
		if moved = to > a.now(); moved { // stand still while jobs run
			a.setInstant(a.instant(), true)
			a.disarm()
		}
	})
	if err != nil {
		return err
	}
	err = a.runTo(ctx, to)
	a.locked(func() {
		if a.sandbox.journal.failure() != nil {
			return // the clock is set back to what is stored
		}
		if at := time.Unix(to, 0); err == nil && at.After(a.instant()) {
			a.setInstant(at, frozen)
		} else {
			a.setInstant(a.instant(), frozen)
		}
		if moved {
			a.control.story.add(step{lacks: clockStep})
			a.write(&journalLine{Step: &journalStep{Lacks: clockStep}})
		}
		a.recordClock()
		a.arm()
	})
	if err != nil {
		return err
	}
	return a.durable(since)
}

// runDue runs what is due by now, deliveries included. It returns the context's error when that ended first.
func (a *account) runDue(ctx context.Context) error {
	a.advancing.Lock()
	defer a.advancing.Unlock()
	since, err := a.sandbox.journal.enter()
	if err != nil {
		return err
	}
	var to int64
	a.locked(func() { to = a.now() })
	if err := a.runTo(ctx, to); err != nil {
		return err
	}
	return a.durable(since)
}

// runTo runs the jobs that fall due up to an instant, one instant after the other.
func (a *account) runTo(ctx context.Context, to int64) error {
	for {
		if err := errors.Join(ctx.Err(), a.sandbox.journal.failure()); err != nil {
			return err
		}
		ran := false
		a.locked(func() {
			if len(a.jobs) == 0 || a.jobs[0].at > to {
				return
			}
			ran = true
			if at := time.Unix(a.jobs[0].at, 0); at.After(a.instant()) && a.clock.frozen {
				a.clock.at = at
			}
			a.runPast()
			a.arm()
		})
		if settled := a.sandbox.seams.settled; settled != nil {
			if err := settled(ctx, a); err != nil {
				return err
			}
		}
		if !ran && !a.dueBy(to) { // what came to rest may have planned more
			return nil
		}
	}
}

// dueBy says whether a job falls due up to an instant.
func (a *account) dueBy(to int64) (due bool) {
	a.locked(func() { due = len(a.jobs) > 0 && a.jobs[0].at <= to })
	return due
}

// outstanding says whether a job is due and has not run.
func (a *account) outstanding() (due bool) {
	a.locked(func() { due = len(a.jobs) > 0 && a.jobs[0].at <= a.now() })
	return due
}
