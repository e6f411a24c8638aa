// Package sweep takes what is due, again and again: each second, and at once
// when somebody says that there is something.
package sweep

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// period is how often a Loop sweeps unasked, atOnce how many sweeps may be
	// under way: one slow answer does not hold up the others.
	period = time.Second
	atOnce = 4
)

// Loop sweeps. It is safe for concurrent use; make it with New.
type Loop struct {
	what  string
	batch int
	sweep func(context.Context) (int, error)
	log   *slog.Logger
	wake  chan struct{}
}

// New returns a Loop over sweep, which takes up to batch of what is due and
// returns how many there were. what names them in the log.
func New(what string, batch int, sweep func(context.Context) (int, error), log *slog.Logger) *Loop {
	return &Loop{what: what, batch: batch, sweep: sweep, log: log, wake: make(chan struct{}, 1)}
}

// Run sweeps each second and on Wake, until ctx ends; then it waits for the
// sweeps that are under way.
func (l *Loop) Run(ctx context.Context) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	under := make(chan struct{}, atOnce)
	var running sync.WaitGroup
	defer running.Wait()
	for {
		select {
		case under <- struct{}{}:
			running.Go(func() {
				defer func() { <-under }()
				l.all(ctx)
			})
		default:
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-l.wake:
		}
	}
}

// all sweeps until less than a batch is due.
func (l *Loop) all(ctx context.Context) {
	for n := l.batch; n == l.batch && ctx.Err() == nil; {
		var err error
		if n, err = l.sweep(ctx); err != nil && ctx.Err() == nil {
			l.log.WarnContext(ctx, l.what+" cannot be swept", "err", err)
			return
		}
	}
}

// Wake makes Run sweep now.
func (l *Loop) Wake() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
