package store

import (
	"context"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store/db"
)

// SaveSnapshot keeps an object as an answer showed it.
func (tx *Tx) SaveSnapshot(ctx context.Context, s vezne.Snapshot) error {
	return storageError("store.SaveSnapshot", tx.q.SaveSnapshot(ctx, db.SaveSnapshotParams{
		Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(s.ID), Type: string(s.Type), RootKind: string(s.Root.Kind), RootID: s.Root.ID,
		Body: string(s.Body), Deleted: s.Deleted, Terminal: s.Terminal, NumberBegin: s.Interval.Begin, NumberEnd: s.Interval.End, RecheckAt: microsPtr(s.RecheckAt),
	}))
}

// SaveUnlinked keeps an object that hangs on an intent which is not known. It
// reports false, and changes nothing, when somebody has linked it to a root in
// the meantime: its mark brings it there.
func (tx *Tx) SaveUnlinked(ctx context.Context, s vezne.Snapshot) (bool, error) {
	n, err := tx.q.SaveUnlinked(ctx, db.SaveUnlinkedParams{
		Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(s.ID), Type: string(s.Type), RootID: s.Root.ID, Body: string(s.Body),
		Deleted: s.Deleted, Terminal: s.Terminal, NumberBegin: s.Interval.Begin, NumberEnd: s.Interval.End, RecheckAt: microsPtr(s.RecheckAt),
	})
	return n == 1, storageError("store.SaveUnlinked", err)
}

// Snapshot returns the kept form of an object. CodeNotFound.
func (q queries) Snapshot(ctx context.Context, id vezne.ObjectID) (vezne.Snapshot, error) {
	r, err := q.q.GetSnapshot(ctx, db.GetSnapshotParams{Account: q.scope.Account, Livemode: q.scope.Livemode, ID: string(id)})
	if err != nil {
		return vezne.Snapshot{}, notFound("store.Snapshot", "object", err)
	}
	return toSnapshot(r), nil
}

// Snapshots lists what is kept of a root's objects.
func (q queries) Snapshots(ctx context.Context, root vezne.Root) ([]vezne.Snapshot, error) {
	rows, err := q.q.ListSnapshots(ctx, db.ListSnapshotsParams{Account: q.scope.Account, Livemode: q.scope.Livemode, RootKind: string(root.Kind), RootID: root.ID})
	if err != nil {
		return nil, storageError("store.Snapshots", err)
	}
	list := make([]vezne.Snapshot, len(rows))
	for i, r := range rows {
		list[i] = toSnapshot(r)
	}
	return list, nil
}

func toSnapshot(r db.Snapshot) vezne.Snapshot {
	return vezne.Snapshot{
		ID: vezne.ObjectID(r.ID), Type: vezne.ObjectType(r.Type), Root: vezne.Root{Kind: vezne.RootKind(r.RootKind), ID: r.RootID}, Body: []byte(r.Body),
		Deleted: r.Deleted, Terminal: r.Terminal, Interval: vezne.Interval{Begin: r.NumberBegin, End: r.NumberEnd}, RecheckAt: instantPtr(r.RecheckAt),
	}
}

// MarkRechecks marks objects whose time to be read again has come, and returns
// how many.
func (s *Store) MarkRechecks(ctx context.Context, limit int) (int, error) {
	due, err := s.isDue(ctx, "store.MarkRechecks", func(now int64) (bool, error) {
		return s.q.HasDueRechecks(ctx, db.HasDueRechecksParams{Account: s.scope.Account, Livemode: s.scope.Livemode, Now: &now})
	})
	if err != nil || !due {
		return 0, err
	}
	marked := 0
	err = s.InTx(ctx, func(tx *Tx) error {
		due, err := tx.q.DueRechecks(ctx, db.DueRechecksParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, Now: ptr(micros(tx.now)), RowLimit: rowLimit(limit)})
		if err != nil {
			return err
		}
		marked = len(due)
		for _, d := range due {
			n, err := tx.NextNumber(ctx)
			if err != nil {
				return err
			}
			m := vezne.Mark{ID: vezne.ObjectID(d.ID), Type: vezne.ObjectType(d.Type), Number: n, Priority: vezne.PriorityRecheck, Actor: vezne.Actor{Kind: vezne.ActorSystem}, DueAt: tx.now}
			if err := tx.SetMark(ctx, m); err != nil {
				return err
			}
			if err := tx.q.ClearRecheck(ctx, db.ClearRecheckParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: d.ID, Now: ptr(micros(tx.now))}); err != nil {
				return err
			}
		}
		return nil
	})
	return marked, err
}

func ptr[T any](v T) *T { return &v }
