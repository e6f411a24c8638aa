package store

import (
	"context"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/ids"
	"github.com/vezne/vezne/internal/store/db"
)

// InsertEffects writes outbox rows and returns those that are new: a key that
// exists inserts nothing.
func (tx *Tx) InsertEffects(ctx context.Context, effects []vezne.Effect) ([]vezne.Effect, error) {
	const op = "store.InsertEffects"
	var inserted []vezne.Effect
	for _, e := range effects {
		id, err := ids.New(vezne.EffectPrefix)
		if err != nil {
			return nil, vezne.E(vezne.CodeInternal, op, "").Because(err)
		}
		e.ID, e.CreatedAt = id, tx.now
		n, err := tx.q.InsertEffect(ctx, db.InsertEffectParams{
			Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: e.ID, Key: e.Key, Kind: string(e.Kind), Topic: e.Topic, RootKind: string(e.Root.Kind),
			RootID: e.Root.ID, Revision: e.Revision, Payload: string(e.Payload), CreatedAt: micros(tx.now),
		})
		if err != nil {
			return nil, storageError(op, err)
		}
		if n == 1 {
			inserted = append(inserted, e)
		}
	}
	return inserted, nil
}

// EffectFilter says which effects to list; zero values do not filter.
type EffectFilter struct {
	Root vezne.Root
	// Unsent lists those that nobody has accepted yet.
	Unsent bool
	// Limit is how many; 0 means 20.
	Limit int
}

// Effect returns an outbox row. CodeNotFound.
func (q queries) Effect(ctx context.Context, id string) (vezne.Effect, error) {
	r, err := q.q.GetEffect(ctx, db.GetEffectParams{Account: q.scope.Account, Livemode: q.scope.Livemode, ID: id})
	if err != nil {
		return vezne.Effect{}, notFound("store.Effect", "effect", err)
	}
	return toEffect(r), nil
}

// Effects lists outbox rows, oldest first.
func (q queries) Effects(ctx context.Context, f EffectFilter) ([]vezne.Effect, error) {
	var rows []db.Effect
	var err error
	if f.Root.IsZero() {
		rows, err = q.q.ListEffects(ctx, db.ListEffectsParams{Account: q.scope.Account, Livemode: q.scope.Livemode, Unsent: f.Unsent, RowLimit: rowLimit(f.Limit)})
	} else {
		rows, err = q.q.ListRootEffects(ctx, db.ListRootEffectsParams{
			Account: q.scope.Account, Livemode: q.scope.Livemode, RootKind: string(f.Root.Kind), RootID: f.Root.ID, Unsent: f.Unsent, RowLimit: rowLimit(f.Limit),
		})
	}
	if err != nil {
		return nil, storageError("store.Effects", err)
	}
	list := make([]vezne.Effect, len(rows))
	for i, r := range rows {
		list[i] = toEffect(r)
	}
	return list, nil
}

// SetEffectSent notes that the receiver accepted an effect.
func (s *Store) SetEffectSent(ctx context.Context, id string) error {
	return s.InTx(ctx, func(tx *Tx) error {
		return tx.q.SetEffectSent(ctx, db.SetEffectSentParams{SentAt: ptr(micros(tx.now)), Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: id})
	})
}

// SetEffectFailed notes why a delivery failed and after which pause it is tried
// again.
func (s *Store) SetEffectFailed(ctx context.Context, id, reason string, pause time.Duration) error {
	return s.InTx(ctx, func(tx *Tx) error {
		return tx.q.SetEffectFailed(ctx, db.SetEffectFailedParams{
			LastError: reason, NextAt: micros(tx.now.Add(pause)), Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: id,
		})
	})
}

// DueEffects lists what nobody has accepted and was to be delivered more than
// overdue ago, the longest due first.
func (s *Store) DueEffects(ctx context.Context, overdue time.Duration, limit int) ([]vezne.Effect, error) {
	const op = "store.DueEffects"
	now, err := s.Now(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.q.DueEffects(ctx, db.DueEffectsParams{Account: s.scope.Account, Livemode: s.scope.Livemode, Now: micros(now.Add(-overdue)), RowLimit: rowLimit(limit)})
	if err != nil {
		return nil, storageError(op, err)
	}
	list := make([]vezne.Effect, len(rows))
	for i, r := range rows {
		list[i] = toEffect(r)
	}
	return list, nil
}

// EffectStats returns how many effects nobody has accepted yet, and since when
// the oldest waits.
func (q queries) EffectStats(ctx context.Context) (unsent int64, oldest time.Time, err error) {
	r, err := q.q.EffectStats(ctx, db.EffectStatsParams{Account: q.scope.Account, Livemode: q.scope.Livemode})
	if err != nil {
		return 0, time.Time{}, storageError("store.EffectStats", err)
	}
	return r.Unsent, instant(r.Oldest), nil
}

func toEffect(r db.Effect) vezne.Effect {
	return vezne.Effect{
		ID: r.ID, Key: r.Key, Kind: vezne.EffectKind(r.Kind), Topic: r.Topic, Root: vezne.Root{Kind: vezne.RootKind(r.RootKind), ID: r.RootID}, Revision: r.Revision,
		Payload: []byte(r.Payload), CreatedAt: instant(r.CreatedAt), SentAt: instantPtr(r.SentAt), NextAt: instant(r.NextAt), Tries: int(r.Tries), LastError: r.LastError,
	}
}

// DueWork counts what is due now, whether or not somebody is at it.
type DueWork struct {
	// Marks are objects to be read, Calls requests to be sent or looked up,
	// Effects deliveries to be made.
	Marks, Calls, Effects int64
}

// IsZero reports whether nothing is due.
func (d DueWork) IsZero() bool { return d == DueWork{} }

// DueWork counts what is due.
func (s *Store) DueWork(ctx context.Context) (DueWork, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return DueWork{}, err
	}
	r, err := s.q.DueWork(ctx, db.DueWorkParams{Account: s.scope.Account, Livemode: s.scope.Livemode, Now: micros(now)})
	if err != nil {
		return DueWork{}, storageError("store.DueWork", err)
	}
	return DueWork(r), nil
}
