package desk

import (
	"context"
	"time"

	"github.com/vezne/vezne"
)

// Reconcile has everything that Stripe made since an instant compared with what
// is kept here, by whichever process comes first; a dry run changes nothing.
// CodeInvalidRequest when the instant does not lie in the past.
func (d *Desk) Reconcile(ctx context.Context, by vezne.Actor, since time.Time, dryRun bool) (vezne.Reconciliation, error) {
	return d.Reconciler.Ask(ctx, vezne.Reconciliation{Since: since.UTC(), DryRun: dryRun, Actor: by})
}

// Reconciliation returns a search with what it found so far. CodeNotFound.
func (d *Desk) Reconciliation(ctx context.Context, id vezne.ReconciliationID) (vezne.Reconciliation, error) {
	return d.Store.Reconciliation(ctx, id)
}

// Reconciliations lists the newest searches.
func (d *Desk) Reconciliations(ctx context.Context, limit int) ([]vezne.Reconciliation, error) {
	return d.Store.Reconciliations(ctx, limit)
}
