package store

import (
	"context"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store/db"
)

// Retained says how much was taken away, or since when the oldest is kept, of
// each kind that retention concerns.
type Retained[T any] struct {
	// Events are payloads of events that are settled, Effects those of effects
	// that were sent, Calls forms of requests that have ended.
	Events, Effects, Calls T
}

// RemoveOld takes, of what is older than t, at most limit payloads of each
// kind, in one transaction: of events that are settled, whose digests stay; of
// effects that were sent; and the forms of calls that have ended. The rows
// stay, so that what comes again is known.
func (s *Store) RemoveOld(ctx context.Context, t time.Time, limit int) (Retained[int64], error) {
	var done Retained[int64]
	before := micros(t)
	err := s.InTx(ctx, func(tx *Tx) error {
		done = Retained[int64]{}
		for _, part := range []struct {
			count  *int64
			remove func(ctx context.Context, before int64, limit int) (int64, error)
		}{{&done.Events, tx.removeOldBodies}, {&done.Effects, tx.removeOldEffects}, {&done.Calls, tx.removeOldCalls}} {
			var err error
			if *part.count, err = part.remove(ctx, before, limit); err != nil {
				return storageError("store.RemoveOld", err)
			}
		}
		return nil
	})
	return done, err
}

func (tx *Tx) removeOldBodies(ctx context.Context, before int64, limit int) (int64, error) {
	rows, err := tx.q.OldBodies(ctx, db.OldBodiesParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, Before: before, RowLimit: rowLimit(limit)})
	if err != nil {
		return 0, err
	}
	var n int64
	for _, r := range rows {
		body, err := tx.seal.open(r.Body)
		if err != nil {
			// Who has no key can still let go of it; what is kept is its digest.
			body = r.Body
		}
		removed, err := tx.removeBody(ctx, vezne.EventID(r.ID), body)
		if err != nil {
			return 0, err
		}
		n += removed
	}
	return n, nil
}

func (tx *Tx) removeOldEffects(ctx context.Context, before int64, limit int) (int64, error) {
	list, err := tx.q.OldEffects(ctx, db.OldEffectsParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, Before: ptr(before), RowLimit: rowLimit(limit)})
	if err != nil {
		return 0, err
	}
	for _, id := range list {
		if err := tx.q.EraseEffect(ctx, db.EraseEffectParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: id}); err != nil {
			return 0, err
		}
	}
	return int64(len(list)), nil
}

func (tx *Tx) removeOldCalls(ctx context.Context, before int64, limit int) (int64, error) {
	rows, err := tx.q.OldCalls(ctx, db.OldCallsParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, Before: before, RowLimit: rowLimit(limit)})
	if err != nil {
		return 0, err
	}
	for _, r := range rows {
		c, err := toCall(r)
		if err != nil {
			return 0, err
		}
		if err := tx.EraseCall(ctx, c); err != nil {
			return 0, err
		}
	}
	return int64(len(rows)), nil
}

// OldestKept returns since when the oldest of each is kept that retention may
// take away; the zero time when there is none.
func (s *Store) OldestKept(ctx context.Context) (Retained[time.Time], error) {
	r, err := s.q.OldestKept(ctx, db.OldestKeptParams{Account: s.scope.Account, Livemode: s.scope.Livemode})
	if err != nil {
		return Retained[time.Time]{}, storageError("store.OldestKept", err)
	}
	since := func(m int64) time.Time {
		if m == 0 {
			return time.Time{}
		}
		return instant(m)
	}
	return Retained[time.Time]{Events: since(r.Events), Effects: since(r.Effects), Calls: since(r.Calls)}, nil
}
