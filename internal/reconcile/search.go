package reconcile

import (
	"context"
	"slices"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// maxTries is how many times in a row a page may be refused for good.
const maxTries = 3

// paths are Stripe's lists of the objects that orders and customers hang on.
var paths = map[vezne.ReconciliationStage]string{
	vezne.StageEvents:         "/v1/events",
	vezne.StagePaymentIntents: "/v1/payment_intents",
	vezne.StageSessions:       "/v1/checkout/sessions",
	vezne.StageRefunds:        "/v1/refunds",
	vezne.StageDisputes:       "/v1/disputes",
	vezne.StageSetupIntents:   "/v1/setup_intents",
}

// search goes on with a search that was asked for, and reports whether there
// was one. told hears after each page how far it is; nil hears nothing.
func (r *Reconciler) search(ctx context.Context, told func(vezne.Reconciliation)) (bool, error) {
	owner := r.owner()
	c, err := r.Store.ClaimReconciliation(ctx, owner, lease)
	if err != nil || c == nil {
		return false, err
	}
	for c.State == vezne.ReconciliationRunning && ctx.Err() == nil {
		mine, err := r.step(ctx, owner, c)
		if err != nil || !mine {
			return true, err
		}
		if told != nil {
			told(c.Reconciliation)
		}
		if c.Tries > 0 {
			// It waits for its next try.
			return true, nil
		}
	}
	return true, nil
}

// step looks at one page and writes down how far it came. It reports whether
// the search is this process's still.
func (r *Reconciler) step(ctx context.Context, owner string, c *store.Claimed) (bool, error) {
	failed := r.look(ctx, c)
	ctx = context.WithoutCancel(ctx)
	now, err := r.Store.Now(ctx)
	if err != nil {
		return false, err
	}
	if failed == nil {
		c.Tries = 0
		if c.State != vezne.ReconciliationRunning {
			c.EndedAt = &now
			return r.Store.SaveReconciliation(ctx, owner, *c, now, 0)
		}
		return r.Store.SaveReconciliation(ctx, owner, *c, now, lease)
	}
	if code := vezne.CodeOf(failed); code == vezne.CodeStorageUnavailable || code == vezne.CodeReadOnly {
		// Our own database; the lease ends by itself.
		return false, failed
	}
	c.Tries++
	c.Error = cause(failed)
	r.Log.WarnContext(ctx, "a reconciliation could not go on", "reconciliation", string(c.ID), "stage", string(c.Stage), "err", failed)
	if refusedForGood(failed) && c.Tries >= maxTries {
		c.State, c.EndedAt = vezne.ReconciliationFailed, &now
	}
	return r.Store.SaveReconciliation(ctx, owner, *c, now.Add(again(c.Tries)), 0)
}

// look looks at the next page of the search's stage, or goes to the next stage.
func (r *Reconciler) look(ctx context.Context, c *store.Claimed) error {
	if c.Stage == vezne.StageOpen {
		return r.open(ctx, c)
	}
	l := list{path: paths[c.Stage], endpoint: string(c.Stage), from: c.Since, to: c.Until, cursor: c.Cursor}
	if c.Stage == vezne.StageEvents {
		// The youngest may be on their way; their objects are in the other lists.
		l.to = l.to.Add(-grace)
	}
	p, err := r.page(ctx, l)
	if err != nil {
		return err
	}
	found, err := r.compare(ctx, c, p.Data)
	if err != nil {
		return err
	}
	c.Error = ""
	c.Seen += int64(len(p.Data))
	c.Found += int64(len(found))
	c.Findings = append(c.Findings, found[:min(len(found), max(vezne.MaxFindings-len(c.Findings), 0))]...)
	if !p.last() {
		c.Cursor = p.cursor()
		return nil
	}
	stages := vezne.ReconciliationStages()
	c.Stage, c.Cursor = stages[slices.Index(stages, c.Stage)+1], ""
	return nil
}

// open has everything read again that has not come to an end, and ends the
// search.
func (r *Reconciler) open(ctx context.Context, c *store.Claimed) error {
	count := r.Store.RecheckNow
	if c.DryRun {
		count = r.Store.OpenObjects
	}
	n, err := count(ctx)
	if err != nil {
		return err
	}
	c.Seen += n
	c.State = vezne.ReconciliationComplete
	if !c.DryRun {
		r.marked()
	}
	return nil
}

// Wait goes on with searches until one has ended, and tells how far it is. It
// returns the search, and the error of the context or the database.
func (r *Reconciler) Wait(ctx context.Context, id vezne.ReconciliationID, progress func(vezne.Reconciliation)) (vezne.Reconciliation, error) {
	for {
		// Its own search or one before it, which holds it up.
		if _, err := r.search(ctx, progress); err != nil {
			return vezne.Reconciliation{}, err
		}
		now, err := r.Store.Reconciliation(context.WithoutCancel(ctx), id)
		if err != nil || now.State != vezne.ReconciliationRunning {
			return now, err
		}
		select {
		case <-ctx.Done():
			return now, vezne.E(vezne.CodeStripeUnreachable, "reconcile.Wait", "The search was broken off; it goes on where it stopped.").Because(ctx.Err())
		case <-time.After(time.Second):
		}
	}
}
