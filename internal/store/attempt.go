package store

import (
	"context"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store/db"
)

// InsertAttempt writes an attempt. CodeAttemptOpen when the order has an open
// one already.
func (tx *Tx) InsertAttempt(ctx context.Context, a vezne.Attempt) error {
	const op = "store.InsertAttempt"
	err := tx.Savepoint(ctx, func() error {
		return tx.q.InsertAttempt(ctx, db.InsertAttemptParams{
			Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(a.ID), OrderID: string(a.OrderID), Number: int64(a.Number), Kind: string(a.Kind),
			State: string(a.State), Expected: a.Expected, Currency: string(a.Currency), CapturedExpected: a.CapturedExpected, ManualCapture: a.ManualCapture,
			OffSession: a.OffSession, UiMode: a.UIMode, SessionID: string(a.SessionID), PaymentIntentID: string(a.PaymentIntentID),
			CreateCall: string(a.CreateCall), CreatedAt: micros(a.CreatedAt), ClosedAt: microsPtr(a.ClosedAt),
		})
	})
	if IsConstraint(err) {
		return vezne.E(vezne.CodeAttemptOpen, op, "").Because(err)
	}
	return storageError(op, err)
}

// SaveAttempt writes state, amounts and objects of an attempt. CodeNotFound.
func (tx *Tx) SaveAttempt(ctx context.Context, a vezne.Attempt) error {
	n, err := tx.q.SaveAttempt(ctx, db.SaveAttemptParams{
		State: string(a.State), CapturedExpected: a.CapturedExpected, SessionID: string(a.SessionID), PaymentIntentID: string(a.PaymentIntentID),
		ClosedAt: microsPtr(a.ClosedAt), Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(a.ID),
	})
	return oneRow("store.SaveAttempt", "attempt", n, err)
}

// oneRow turns an update of no row into CodeNotFound.
func oneRow(op, what string, n int64, err error) error {
	if err == nil && n != 1 {
		return vezne.E(vezne.CodeNotFound, op, "There is no such "+what+".")
	}
	return storageError(op, err)
}

// Attempt returns an attempt. CodeNotFound.
func (q queries) Attempt(ctx context.Context, id vezne.AttemptID) (vezne.Attempt, error) {
	r, err := q.q.GetAttempt(ctx, db.GetAttemptParams{Account: q.scope.Account, Livemode: q.scope.Livemode, ID: string(id)})
	if err != nil {
		return vezne.Attempt{}, notFound("store.Attempt", "attempt", err)
	}
	return toAttempt(r), nil
}

// AttemptByObject returns the attempt that a session or an intent belongs to.
// CodeNotFound.
func (q queries) AttemptByObject(ctx context.Context, id vezne.ObjectID) (vezne.Attempt, error) {
	if id == "" {
		// An attempt whose objects are not known yet has no id of theirs.
		return vezne.Attempt{}, vezne.E(vezne.CodeNotFound, "store.AttemptByObject", "")
	}
	r, err := q.q.GetAttemptByObject(ctx, db.GetAttemptByObjectParams{Account: q.scope.Account, Livemode: q.scope.Livemode, ObjectID: string(id)})
	if err != nil {
		return vezne.Attempt{}, notFound("store.AttemptByObject", "attempt", err)
	}
	return toAttempt(r), nil
}

// Attempts lists the attempts of an order by number.
func (q queries) Attempts(ctx context.Context, id vezne.OrderID) ([]vezne.Attempt, error) {
	rows, err := q.q.ListAttempts(ctx, db.ListAttemptsParams{Account: q.scope.Account, Livemode: q.scope.Livemode, OrderID: string(id)})
	if err != nil {
		return nil, storageError("store.Attempts", err)
	}
	list := make([]vezne.Attempt, len(rows))
	for i, r := range rows {
		list[i] = toAttempt(r)
	}
	return list, nil
}

func toAttempt(r db.Attempt) vezne.Attempt {
	return vezne.Attempt{
		ID: vezne.AttemptID(r.ID), OrderID: vezne.OrderID(r.OrderID), Number: int(r.Number), Kind: vezne.AttemptKind(r.Kind), State: vezne.AttemptState(r.State),
		Expected: r.Expected, Currency: vezne.Currency(r.Currency), CapturedExpected: r.CapturedExpected, ManualCapture: r.ManualCapture,
		OffSession: r.OffSession, UIMode: r.UiMode, SessionID: vezne.ObjectID(r.SessionID), PaymentIntentID: vezne.ObjectID(r.PaymentIntentID),
		CreateCall: vezne.CallID(r.CreateCall), CreatedAt: instant(r.CreatedAt), ClosedAt: instantPtr(r.ClosedAt),
	}
}
