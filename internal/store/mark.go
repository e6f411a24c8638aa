package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store/db"
)

// SetMark says that an object must be read. Of two marks of one object the
// higher number, the lower priority and the earlier time stay.
func (tx *Tx) SetMark(ctx context.Context, m vezne.Mark) error {
	return storageError("store.SetMark", tx.q.SetMark(ctx, tx.markParams(m)))
}

func (tx *Tx) markParams(m vezne.Mark) db.SetMarkParams {
	return db.SetMarkParams{
		Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(m.ID), Type: string(m.Type), Number: m.Number, Priority: int64(m.Priority),
		Actor: m.Actor.String(), EventID: string(m.EventID), DueAt: micros(m.DueAt), CreatedAt: micros(tx.now),
	}
}

// ClearMark removes the mark of an object if the read that began with the
// number began after it was set, and reports whether it did.
func (tx *Tx) ClearMark(ctx context.Context, id vezne.ObjectID, begin int64) (bool, error) {
	n, err := tx.q.ClearMark(ctx, db.ClearMarkParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(id), NumberBegin: begin})
	return n > 0, storageError("store.ClearMark", err)
}

// SetUnlinked keeps a mark whose object was read but hangs on nothing known.
func (tx *Tx) SetUnlinked(ctx context.Context, id vezne.ObjectID, begin int64) error {
	return storageError("store.SetUnlinked", tx.q.SetUnlinked(ctx, db.SetUnlinkedParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(id), NumberBegin: begin}))
}

// ReviveMarks has objects read that hang on a root and whose marks were kept
// aside because nobody knew it.
func (tx *Tx) ReviveMarks(ctx context.Context, root vezne.Root) error {
	return storageError("store.ReviveMarks", tx.q.ReviveMarks(ctx, db.ReviveMarksParams{
		Account: tx.scope.Account, Livemode: tx.scope.Livemode, RootKind: string(root.Kind), RootID: root.ID,
	}))
}

// Mark returns the mark of an object. CodeNotFound when it has none.
func (q queries) Mark(ctx context.Context, id vezne.ObjectID) (vezne.Mark, error) {
	r, err := q.q.GetMark(ctx, db.GetMarkParams{Account: q.scope.Account, Livemode: q.scope.Livemode, ID: string(id)})
	if err != nil {
		return vezne.Mark{}, notFound("store.Mark", "mark", err)
	}
	return toMark(r), nil
}

// ClaimMarks leases marks that are due, by priority and number.
func (s *Store) ClaimMarks(ctx context.Context, owner string, limit int, lease time.Duration) ([]vezne.Mark, error) {
	due, err := s.isDue(ctx, "store.ClaimMarks", func(now int64) (bool, error) {
		return s.q.HasDueMarks(ctx, db.HasDueMarksParams{Account: s.scope.Account, Livemode: s.scope.Livemode, Now: now})
	})
	if err != nil || !due {
		return nil, err
	}
	var list []vezne.Mark
	err = s.InTx(ctx, func(tx *Tx) error {
		rows, err := tx.q.ClaimMarks(ctx, db.ClaimMarksParams{
			Owner: owner, LeaseUntil: micros(tx.now.Add(lease)), Account: tx.scope.Account, Livemode: tx.scope.Livemode, Now: micros(tx.now), RowLimit: rowLimit(limit),
		})
		list = make([]vezne.Mark, len(rows))
		for i, r := range rows {
			list[i] = toMark(r)
		}
		// RETURNING has no order.
		slices.SortFunc(list, func(a, b vezne.Mark) int {
			return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Number, b.Number))
		})
		return err
	})
	return list, err
}

// isDue asks, before a transaction is begun, whether there is anything to do in
// it: mostly there is not, and SQLite has one writer.
func (s *Store) isDue(ctx context.Context, op string, ask func(now int64) (bool, error)) (bool, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return false, err
	}
	due, err := ask(micros(now))
	return due, storageError(op, err)
}

// MarkRelease says how a read ended that did not clear its mark.
type MarkRelease struct {
	// Number is the mark's as it was claimed. If the mark has a higher one now,
	// a new reason to read came in the meantime: DueAt and Dead do not count.
	Number int64
	// DueAt is when it is tried again.
	DueAt time.Time
	// Tries counts the reads that ended without an answer, Faults those that
	// ended in an error which no other try will mend.
	Tries, Faults int
	// Err is the failure, empty for none.
	Err string
	// Dead stops the tries until there is a new reason to read.
	Dead bool
}

// ReleaseMark gives a lease back.
func (s *Store) ReleaseMark(ctx context.Context, id vezne.ObjectID, owner string, r MarkRelease) error {
	return s.InTx(ctx, func(tx *Tx) error {
		return tx.q.ReleaseMark(ctx, db.ReleaseMarkParams{
			Number: r.Number, DueAt: micros(r.DueAt), Tries: int64(r.Tries), Faults: int64(r.Faults), LastError: r.Err, Dead: r.Dead,
			Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(id), Owner: owner,
		})
	})
}

// MarkStats returns how many objects wait to be read, and since when the
// oldest does.
func (q queries) MarkStats(ctx context.Context) (waiting int64, oldest time.Time, err error) {
	r, err := q.q.MarkStats(ctx, db.MarkStatsParams{Account: q.scope.Account, Livemode: q.scope.Livemode})
	if err != nil {
		return 0, time.Time{}, storageError("store.MarkStats", err)
	}
	return r.Waiting, instant(r.Oldest), nil
}

// MarksUntil counts the objects that wait to be read since an instant or longer.
func (q queries) MarksUntil(ctx context.Context, t time.Time) (int64, error) {
	n, err := q.q.MarksUntil(ctx, db.MarksUntilParams{Account: q.scope.Account, Livemode: q.scope.Livemode, Until: micros(t)})
	return n, storageError("store.MarksUntil", err)
}

func toMark(r db.Mark) vezne.Mark {
	return vezne.Mark{
		ID: vezne.ObjectID(r.ID), Type: vezne.ObjectType(r.Type), Number: r.Number, Priority: int(r.Priority), Actor: vezne.ParseActor(r.Actor),
		EventID: vezne.EventID(r.EventID), DueAt: instant(r.DueAt), Tries: int(r.Tries), Faults: int(r.Faults), Unlinked: r.Unlinked, LastError: r.LastError, CreatedAt: instant(r.CreatedAt),
	}
}
