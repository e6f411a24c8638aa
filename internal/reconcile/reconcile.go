// Package reconcile asks Stripe what was missed: its list of events, in windows
// that overlap and without an end, and, when somebody asks or a database comes
// from a backup, its lists of objects. What it finds is marked to be read; it
// changes nothing itself, since a row of a list only says what to read.
package reconcile

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/inbox"
	"github.com/vezne/vezne/internal/refresh"
	"github.com/vezne/vezne/internal/store"
)

// Config is what a Reconciler stands on.
type Config struct {
	Store *store.Store
	// Refresher reads lists within Stripe's budget of reads.
	Refresher *refresh.Refresher
	Inbox     *inbox.Inbox
	// Owner names this process in leases.
	Owner string
	// Wake is called when something was marked.
	Wake func()
	Log  *slog.Logger
}

const (
	// watchEvery is how often the continuous search looks.
	watchEvery = time.Minute
	// overlap is how much of what was covered is looked at again: a list may show
	// an event later than one that is younger.
	overlap = 10 * time.Minute
	// grace leaves what is younger to its delivery.
	grace = time.Minute
	// kept is how long Stripe lists events; a day less, for the clocks.
	// Source: docs.stripe.com/api/events ("up to 30 days").
	kept = 29 * 24 * time.Hour
	// lease is longer than a page and what follows from it.
	lease = 2 * time.Minute
	// Pauses after a page that could not be had.
	againFirst = 5 * time.Second
	againLast  = 5 * time.Minute
	// period is how often Run looks whether something is due.
	period = 5 * time.Second
)

// Reconciler searches. It is safe for concurrent use.
type Reconciler struct {
	Config
	claims atomic.Int64
	wake   chan struct{}
}

// New returns a Reconciler.
func New(cfg Config) *Reconciler { return &Reconciler{Config: cfg, wake: make(chan struct{}, 1)} }

// Run searches what is due, until ctx ends.
func (r *Reconciler) Run(ctx context.Context) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		if _, err := r.Sweep(ctx); err != nil && ctx.Err() == nil {
			r.Log.WarnContext(ctx, "the search for missed events could not look", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-r.wake:
		}
	}
}

// Sweep does what is due of the continuous search and of those that were asked
// for, and returns how many that was. What Stripe refused is written down and
// tried again later; an error means that the database could not be asked.
func (r *Reconciler) Sweep(ctx context.Context) (int, error) {
	done := 0
	looked, err := r.watch(ctx)
	if err != nil {
		return done, err
	}
	if looked {
		done++
	}
	for ctx.Err() == nil {
		searched, err := r.search(ctx, nil)
		if err != nil || !searched {
			return done, err
		}
		done++
	}
	return done, nil
}

// owner names one claim: two sweeps of one process are two owners.
func (r *Reconciler) owner() string { return fmt.Sprintf("%s#%d", r.Owner, r.claims.Add(1)) }

// again returns the pause after a number of tries in a row that failed.
func again(tries int) time.Duration {
	pause := againFirst
	for range min(tries, 10) {
		pause *= 2
	}
	return min(pause, againLast)
}

// marked wakes those who read.
func (r *Reconciler) marked() {
	if r.Wake != nil {
		r.Wake()
	}
}

// Ask writes a search down and has it begun. Since must lie before now:
// CodeInvalidRequest.
func (r *Reconciler) Ask(ctx context.Context, want vezne.Reconciliation) (vezne.Reconciliation, error) {
	const op = "reconcile.Ask"
	now, err := r.Store.Now(ctx)
	if err != nil {
		return want, err
	}
	if want.Since.IsZero() || !want.Since.Before(now) {
		return want, vezne.E(vezne.CodeInvalidRequest, op, "The time to search from must lie in the past.").WithHint("Give it as 24h, 90d or 2026-01-31T00:00:00Z.")
	}
	return r.begin(ctx, want)
}

// begin writes a search down and wakes whoever makes it.
func (r *Reconciler) begin(ctx context.Context, want vezne.Reconciliation) (vezne.Reconciliation, error) {
	var err error
	if want.ID, err = newID(); err != nil {
		return want, err
	}
	want, err = r.Store.InsertReconciliation(ctx, want)
	if err != nil {
		return want, err
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
	return want, nil
}
