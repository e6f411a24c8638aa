package store

import (
	"context"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store/db"
)

// ClaimWatch leases the continuous search if it is due; nil when it is not, or
// another process has it. At the first time everything before now counts as
// covered: there was nothing here that could miss it.
func (s *Store) ClaimWatch(ctx context.Context, owner string, lease time.Duration) (*vezne.Watch, error) {
	var out *vezne.Watch
	err := s.InTx(ctx, func(tx *Tx) error {
		out = nil
		if err := tx.q.InitWatch(ctx, db.InitWatchParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, CoveredUntil: micros(tx.now)}); err != nil {
			return err
		}
		rows, err := tx.q.ClaimWatch(ctx, db.ClaimWatchParams{
			Owner: owner, LeaseUntil: micros(tx.now.Add(lease)), Account: tx.scope.Account, Livemode: tx.scope.Livemode, Now: micros(tx.now),
		})
		for _, r := range rows {
			w := toWatch(r)
			out = &w
		}
		return err
	})
	return out, err
}

// SaveWatch writes how far the continuous search has come, and reports whether
// the process has its lease still; without it nothing is written. w.Missed is
// added to what was counted. A lease of 0 gives it back until next.
func (s *Store) SaveWatch(ctx context.Context, owner string, w vezne.Watch, next time.Time, lease time.Duration) (bool, error) {
	kept := false
	err := s.InTx(ctx, func(tx *Tx) error {
		until := int64(0)
		if !w.Until.IsZero() {
			until = micros(w.Until)
		}
		n, err := tx.q.SaveWatch(ctx, db.SaveWatchParams{
			CoveredUntil: micros(w.CoveredUntil), UntilAt: until, Cursor: w.Cursor, Missed: w.Missed, LastError: w.LastError, NextAt: micros(next),
			LeaseUntil: leaseUntil(tx, lease), Account: tx.scope.Account, Livemode: tx.scope.Livemode, Owner: owner,
		})
		kept = n > 0
		return err
	})
	return kept, err
}

func leaseUntil(tx *Tx, lease time.Duration) int64 {
	if lease == 0 {
		return 0
	}
	return micros(tx.now.Add(lease))
}

// Watch returns how far the continuous search has come. CodeNotFound before
// its first time.
func (q queries) Watch(ctx context.Context) (vezne.Watch, error) {
	r, err := q.q.GetWatch(ctx, db.GetWatchParams{Account: q.scope.Account, Livemode: q.scope.Livemode})
	if err != nil {
		return vezne.Watch{}, notFound("store.Watch", "watch", err)
	}
	return toWatch(r), nil
}

func toWatch(r db.Watch) vezne.Watch {
	w := vezne.Watch{CoveredUntil: instant(r.CoveredUntil), Cursor: r.Cursor, Missed: r.Missed, LastError: r.LastError}
	if r.UntilAt != 0 {
		w.Until = instant(r.UntilAt)
	}
	return w
}

// InsertReconciliation writes a search down that is to be made.
func (s *Store) InsertReconciliation(ctx context.Context, r vezne.Reconciliation) (vezne.Reconciliation, error) {
	r.State, r.Stage = vezne.ReconciliationRunning, vezne.ReconciliationStages()[0]
	err := s.InTx(ctx, func(tx *Tx) error {
		r.CreatedAt = tx.now
		if r.Until.IsZero() {
			r.Until = tx.now
		}
		return tx.q.InsertReconciliation(ctx, db.InsertReconciliationParams{
			Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(r.ID), SinceAt: micros(r.Since), UntilAt: micros(r.Until), DryRun: r.DryRun,
			Stage: string(r.Stage), Actor: r.Actor.String(), CreatedAt: micros(r.CreatedAt),
		})
	})
	return r, err
}

// Reconciliation returns a search. CodeNotFound.
func (q queries) Reconciliation(ctx context.Context, id vezne.ReconciliationID) (vezne.Reconciliation, error) {
	r, err := q.q.GetReconciliation(ctx, db.GetReconciliationParams{Account: q.scope.Account, Livemode: q.scope.Livemode, ID: string(id)})
	if err != nil {
		return vezne.Reconciliation{}, notFound("store.Reconciliation", "reconciliation", err)
	}
	return toReconciliation(r)
}

// Reconciliations lists the searches, newest first.
func (q queries) Reconciliations(ctx context.Context, limit int) ([]vezne.Reconciliation, error) {
	rows, err := q.q.ListReconciliations(ctx, db.ListReconciliationsParams{Account: q.scope.Account, Livemode: q.scope.Livemode, RowLimit: rowLimit(limit)})
	if err != nil {
		return nil, storageError("store.Reconciliations", err)
	}
	return collect(rows, toReconciliation)
}

// Claimed is a search that this process goes on with.
type Claimed struct {
	vezne.Reconciliation
	// Tries counts the pages in a row that could not be had.
	Tries int
}

// ClaimReconciliation leases the oldest search that is due and that nobody is
// at; nil when there is none.
func (s *Store) ClaimReconciliation(ctx context.Context, owner string, lease time.Duration) (*Claimed, error) {
	var out *Claimed
	err := s.InTx(ctx, func(tx *Tx) error {
		out = nil
		rows, err := tx.q.ClaimReconciliation(ctx, db.ClaimReconciliationParams{
			Owner: owner, LeaseUntil: micros(tx.now.Add(lease)), Account: tx.scope.Account, Livemode: tx.scope.Livemode, Now: micros(tx.now),
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		r, err := toReconciliation(rows[0])
		out = &Claimed{Reconciliation: r, Tries: int(rows[0].Tries)}
		return err
	})
	return out, err
}

// SaveReconciliation writes how far a search has come, and reports whether the
// process has its lease still; without it nothing is written. A lease of 0
// gives it back until next.
func (s *Store) SaveReconciliation(ctx context.Context, owner string, c Claimed, next time.Time, lease time.Duration) (bool, error) {
	findings, err := encode(c.Findings)
	if err != nil {
		return false, err
	}
	kept := false
	err = s.InTx(ctx, func(tx *Tx) error {
		n, err := tx.q.SaveReconciliation(ctx, db.SaveReconciliationParams{
			State: string(c.State), Stage: string(c.Stage), Cursor: c.Cursor, Seen: c.Seen, Found: c.Found, Findings: findings, Error: c.Error, EndedAt: microsPtr(c.EndedAt),
			NextAt: micros(next), Tries: int64(c.Tries), LeaseUntil: leaseUntil(tx, lease), Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(c.ID), Owner: owner,
		})
		kept = n > 0
		return err
	})
	return kept, err
}

func toReconciliation(r db.Reconciliation) (vezne.Reconciliation, error) {
	out := vezne.Reconciliation{
		ID: vezne.ReconciliationID(r.ID), Since: instant(r.SinceAt), Until: instant(r.UntilAt), DryRun: r.DryRun, State: vezne.ReconciliationState(r.State),
		Stage: vezne.ReconciliationStage(r.Stage), Cursor: r.Cursor, Seen: r.Seen, Found: r.Found, Error: r.Error, Actor: vezne.ParseActor(r.Actor),
		CreatedAt: instant(r.CreatedAt), EndedAt: instantPtr(r.EndedAt),
	}
	return out, decode("store.Reconciliation", r.Findings, &out.Findings)
}

// OpenObjects counts the objects that have not come to an end.
func (q queries) OpenObjects(ctx context.Context) (int64, error) {
	n, err := q.q.CountOpenSnapshots(ctx, db.CountOpenSnapshotsParams{Account: q.scope.Account, Livemode: q.scope.Livemode})
	return n, storageError("store.OpenObjects", err)
}

// RecheckNow has every object that has not come to an end read now, and returns
// how many.
func (s *Store) RecheckNow(ctx context.Context) (int64, error) {
	var n int64
	err := s.InTx(ctx, func(tx *Tx) error {
		var err error
		n, err = tx.q.RecheckNow(ctx, db.RecheckNowParams{Now: ptr(micros(tx.now)), Account: tx.scope.Account, Livemode: tx.scope.Livemode})
		return err
	})
	return n, err
}
