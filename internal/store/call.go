package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store/db"
)

// InsertCall writes a call down before it is sent. A dedupe key that the root
// has used already inserts nothing and reports false.
func (tx *Tx) InsertCall(ctx context.Context, c vezne.Call, dedupe string) (bool, error) {
	n, err := tx.q.InsertCall(ctx, db.InsertCallParams{
		Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(c.ID), RootKind: string(c.Root.Kind), RootID: c.Root.ID, Dedupe: dedupe,
		AttemptID: string(c.Attempt), RefundID: string(c.RefundID), Purpose: string(c.Purpose), Path: c.Path, Form: c.Form, Key: c.Key, ApiVersion: c.APIVersion,
		Number: c.Number, State: string(c.State), Actor: c.Actor.String(), CreatedAt: micros(c.CreatedAt), NextAt: micros(c.NextAt),
	})
	return n == 1, storageError("store.InsertCall", err)
}

// SaveCall writes what became of a call. An end is never taken back, except
// that a late object makes an abandoned call done; a call that has ended is left
// as it is.
func (tx *Tx) SaveCall(ctx context.Context, c vezne.Call) error {
	const op = "store.SaveCall"
	refusal := ""
	if c.Refusal != nil {
		var err error
		if refusal, err = encode(c.Refusal); err != nil {
			return err
		}
	}
	_, err := tx.q.SaveCall(ctx, db.SaveCallParams{
		State: string(c.State), FirstSentAt: microsPtr(c.FirstSentAt), NextAt: micros(c.NextAt), Tries: int64(c.Tries), Unclear: c.Unclear,
		Status: int64(c.Status), ObjectID: string(c.Object), Refusal: refusal, Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(c.ID),
	})
	return storageError(op, err)
}

// Call returns a call. CodeNotFound.
func (q queries) Call(ctx context.Context, id vezne.CallID) (vezne.Call, error) {
	r, err := q.q.GetCall(ctx, db.GetCallParams{Account: q.scope.Account, Livemode: q.scope.Livemode, ID: string(id)})
	if err != nil {
		return vezne.Call{}, notFound("store.Call", "call", err)
	}
	return toCall(r)
}

// Calls lists the calls of a root, oldest first.
func (q queries) Calls(ctx context.Context, root vezne.Root) ([]vezne.Call, error) {
	rows, err := q.q.ListCalls(ctx, db.ListCallsParams{Account: q.scope.Account, Livemode: q.scope.Livemode, RootKind: string(root.Kind), RootID: root.ID})
	if err != nil {
		return nil, storageError("store.Calls", err)
	}
	return collect(rows, toCall)
}

// ClaimCalls leases calls that are due to be sent or looked up, the longest
// due first. Another process does not get them before the lease ends.
func (s *Store) ClaimCalls(ctx context.Context, owner string, limit int, lease time.Duration) ([]vezne.Call, error) {
	due, err := s.isDue(ctx, "store.ClaimCalls", func(now int64) (bool, error) {
		return s.q.HasDueCalls(ctx, db.HasDueCallsParams{Account: s.scope.Account, Livemode: s.scope.Livemode, Now: now})
	})
	if err != nil || !due {
		return nil, err
	}
	var list []vezne.Call
	err = s.InTx(ctx, func(tx *Tx) error {
		rows, err := tx.q.ClaimCalls(ctx, db.ClaimCallsParams{
			Owner: owner, LeaseUntil: micros(tx.now.Add(lease)), Account: tx.scope.Account, Livemode: tx.scope.Livemode, Now: micros(tx.now), RowLimit: rowLimit(limit),
		})
		if err != nil {
			return err
		}
		list, err = collect(rows, toCall)
		// RETURNING has no order.
		slices.SortFunc(list, func(a, b vezne.Call) int { return cmp.Or(a.NextAt.Compare(b.NextAt), cmp.Compare(a.ID, b.ID)) })
		return err
	})
	return list, err
}

// ClaimCall leases one call, whether or not it is due. An owner is a process, a
// hash and which of its claims: a lease that the process left behind is taken
// over, so that no two of one process may be at a call at once. It reports false
// when another process has it or it has ended.
func (s *Store) ClaimCall(ctx context.Context, id vezne.CallID, owner string, lease time.Duration) (bool, error) {
	claimed := false
	process, _, _ := strings.Cut(owner, "#")
	err := s.InTx(ctx, func(tx *Tx) error {
		n, err := tx.q.ClaimCall(ctx, db.ClaimCallParams{
			Process: process + "#", Owner: owner, LeaseUntil: micros(tx.now.Add(lease)), Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(id), Now: micros(tx.now),
		})
		claimed = n == 1
		return err
	})
	return claimed, err
}

// BeginCall notes that a call is about to be sent: from now on it is unclear
// until its end is known. CodeNotFound when the lease is lost or the call has
// ended, and then it must not be sent.
func (s *Store) BeginCall(ctx context.Context, id vezne.CallID, owner string) (vezne.Call, error) {
	var c vezne.Call
	err := s.InTx(ctx, func(tx *Tx) error {
		r, err := tx.q.BeginCall(ctx, db.BeginCallParams{Now: ptr(micros(tx.now)), Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(id), Owner: owner})
		if err != nil {
			return notFound("store.BeginCall", "call that waits to be sent", err)
		}
		c, err = toCall(r)
		return err
	})
	return c, err
}

// WithdrawCall ends a call that certainly had no effect, because it was never
// sent or each sending was turned away. It reports false for any other.
func (tx *Tx) WithdrawCall(ctx context.Context, id vezne.CallID) (bool, error) {
	n, err := tx.q.WithdrawCall(ctx, db.WithdrawCallParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(id)})
	return n == 1, storageError("store.WithdrawCall", err)
}

// ReleaseCall gives a lease back; the call is due again at nextAt.
func (s *Store) ReleaseCall(ctx context.Context, id vezne.CallID, owner string, nextAt time.Time) error {
	return s.InTx(ctx, func(tx *Tx) error {
		return tx.q.ReleaseCall(ctx, db.ReleaseCallParams{NextAt: micros(nextAt), Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(id), Owner: owner})
	})
}

// CallStats returns how many requests have no conclusive answer, and since when
// the oldest waits for one.
func (q queries) CallStats(ctx context.Context) (pending int64, oldest time.Time, err error) {
	r, err := q.q.CallStats(ctx, db.CallStatsParams{Account: q.scope.Account, Livemode: q.scope.Livemode})
	if err != nil {
		return 0, time.Time{}, storageError("store.CallStats", err)
	}
	return r.Pending, instant(r.Oldest), nil
}

func toCall(r db.Call) (vezne.Call, error) {
	c := vezne.Call{
		ID: vezne.CallID(r.ID), Root: vezne.Root{Kind: vezne.RootKind(r.RootKind), ID: r.RootID}, Attempt: vezne.AttemptID(r.AttemptID), RefundID: vezne.RefundID(r.RefundID),
		Purpose: vezne.CallPurpose(r.Purpose), Path: r.Path, Form: r.Form, Key: r.Key, APIVersion: r.ApiVersion, Number: r.Number, State: vezne.CallState(r.State),
		Actor: vezne.ParseActor(r.Actor), CreatedAt: instant(r.CreatedAt), FirstSentAt: instantPtr(r.FirstSentAt), NextAt: instant(r.NextAt), Tries: int(r.Tries),
		Unclear: r.Unclear, Status: int(r.Status), Object: vezne.ObjectID(r.ObjectID),
	}
	if r.Refusal != "" {
		c.Refusal = &vezne.StripeError{}
		if err := decode("store.Call", r.Refusal, c.Refusal); err != nil {
			return c, err
		}
	}
	return c, nil
}
