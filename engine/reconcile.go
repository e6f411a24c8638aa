package engine

import (
	"context"
	"time"

	"github.com/vezne/vezne"
)

// ReconcileParams say what to compare.
type ReconcileParams struct {
	// Since: what Stripe made before is not looked at.
	Since time.Time
	// DryRun finds and changes nothing.
	DryRun bool
	// Progress, if set, is told how far the search is.
	Progress func(vezne.Reconciliation)
}

// Reconcile asks Stripe what was missed since an instant, marks it, and reads
// what was marked. It returns what it found once the search has ended; look at
// State: only complete says that everything was looked at. It works whether or
// not Start was called, and a search that broke off goes on with the next
// start. CodeInvalidRequest when the instant does not lie in the past.
func (e *Engine) Reconcile(ctx context.Context, by vezne.Actor, p ReconcileParams) (vezne.Reconciliation, error) {
	r, err := e.desk.Reconcile(ctx, by, p.Since, p.DryRun)
	if err != nil {
		return r, err
	}
	if r, err = e.reconciler.Wait(ctx, r.ID, p.Progress); err != nil || p.DryRun {
		return r, err
	}
	return r, e.read(ctx)
}

// read reads what is marked and due, until nothing is.
func (e *Engine) read(ctx context.Context) error {
	for {
		n, err := e.refresher.Sweep(ctx)
		if err != nil || n == 0 {
			return err
		}
		if err := ctx.Err(); err != nil {
			return vezne.E(vezne.CodeStripeUnreachable, "engine.Reconcile", "There was still something to read when the time was over.").Because(err)
		}
	}
}
