package store

import (
	"context"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store/db"
)

// InsertRefundRequest writes a refund down before Stripe hears of it.
func (tx *Tx) InsertRefundRequest(ctx context.Context, r vezne.RefundRequest) error {
	return storageError("store.InsertRefundRequest", tx.q.InsertRefundRequest(ctx, db.InsertRefundRequestParams{
		Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(r.ID), OrderID: string(r.OrderID), Amount: r.Amount, Reason: r.Reason,
		Actor: r.Actor.String(), StripeRefundID: string(r.StripeRefundID), State: r.State, CreatedAt: micros(r.CreatedAt),
	}))
}

// SaveRefundRequest writes what became of a refund. CodeNotFound.
func (tx *Tx) SaveRefundRequest(ctx context.Context, r vezne.RefundRequest) error {
	n, err := tx.q.SaveRefundRequest(ctx, db.SaveRefundRequestParams{
		StripeRefundID: string(r.StripeRefundID), State: r.State, Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(r.ID),
	})
	return oneRow("store.SaveRefundRequest", "refund", n, err)
}

// RefundRequests lists the refunds that were asked for here, oldest first.
func (q queries) RefundRequests(ctx context.Context, id vezne.OrderID) ([]vezne.RefundRequest, error) {
	rows, err := q.q.ListRefundRequests(ctx, db.ListRefundRequestsParams{Account: q.scope.Account, Livemode: q.scope.Livemode, OrderID: string(id)})
	if err != nil {
		return nil, storageError("store.RefundRequests", err)
	}
	list := make([]vezne.RefundRequest, len(rows))
	for i, r := range rows {
		list[i] = vezne.RefundRequest{
			ID: vezne.RefundID(r.ID), OrderID: vezne.OrderID(r.OrderID), Amount: r.Amount, Reason: r.Reason, Actor: vezne.ParseActor(r.Actor),
			StripeRefundID: vezne.ObjectID(r.StripeRefundID), State: r.State, CreatedAt: instant(r.CreatedAt),
		}
	}
	return list, nil
}
