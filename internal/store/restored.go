package store

import (
	"context"
	"errors"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/ids"
	"github.com/vezne/vezne/internal/store/db"
)

func restoredSetting(livemode bool) string {
	if livemode {
		return "restored:live"
	}
	return "restored:test"
}

// margin is how much before the backup is looked at again.
const margin = time.Hour

// BackupTime returns when the copy was begun that this database was restored
// from: as the backup says, or as far as the search for missed events had come.
// CodeNotFound when neither is known.
func (s *Store) BackupTime(ctx context.Context) (time.Time, error) {
	value, ok, err := s.Setting(ctx, settingBackupAt)
	if err != nil {
		return time.Time{}, err
	}
	if ok {
		at, err := time.Parse(time.RFC3339Nano, value)
		if err != nil {
			return time.Time{}, vezne.E(vezne.CodeCorrupt, "store.BackupTime", "").Because(err)
		}
		return at, nil
	}
	w, err := s.Watch(ctx)
	return w.CoveredUntil, err
}

// MarkRestored writes down that the database is as it was at an instant:
// whoever serves it stays read-only until Stripe was asked for everything since.
// The numbers of every series of invoices go on skip further, so that none is
// given twice that was given after the instant.
func (s *Store) MarkRestored(ctx context.Context, asOf time.Time, skip int64) (vezne.Reconciliation, error) {
	const op = "store.MarkRestored"
	id, err := ids.New(vezne.ReconciliationPrefix)
	if err != nil {
		return vezne.Reconciliation{}, vezne.E(vezne.CodeInternal, op, "").Because(err)
	}
	r := vezne.Reconciliation{ID: vezne.ReconciliationID(id), Since: asOf.Add(-margin), Actor: vezne.Actor{Kind: vezne.ActorSystem}}
	if r, err = s.InsertReconciliation(ctx, r); err != nil {
		return r, err
	}
	err = s.InTx(ctx, func(tx *Tx) error {
		skipping := tx.q.SkipInvoiceNumbers(ctx, db.SkipInvoiceNumbersParams{Skip: skip, Account: tx.scope.Account, Livemode: tx.scope.Livemode})
		return errors.Join(skipping, tx.q.SetSetting(ctx, db.SetSettingParams{Key: restoredSetting(s.scope.Livemode), Value: id}))
	})
	return r, err
}

// Restored returns the search that must be complete before the database is
// served; false when it was not restored.
func (s *Store) Restored(ctx context.Context) (vezne.ReconciliationID, bool, error) {
	value, ok, err := s.Setting(ctx, restoredSetting(s.scope.Livemode))
	return vezne.ReconciliationID(value), ok && value != "", err
}

// ForgetRestored opens a restored database for writing.
func (s *Store) ForgetRestored(ctx context.Context) error {
	return s.SetSetting(ctx, restoredSetting(s.scope.Livemode), "")
}
