package store

import (
	"context"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store/db"
)

// OrderKey is a caller's key of an order that is to be made.
type OrderKey struct {
	// Key and Content are digests: of the key, and of what was asked for. An
	// empty Key binds nothing.
	Key, Content string
	// Life is how long the key means the order.
	Life time.Duration
}

// BindOrderKey binds a key to an order in the transaction that makes it, and
// returns the order that the key means: another one when it was used before.
// Whoever uses a key at the same time waits here. CodeIdempotencyMismatch when
// it was used for something else.
func (tx *Tx) BindOrderKey(ctx context.Context, k OrderKey, id vezne.OrderID) (vezne.OrderID, error) {
	const op = "store.BindOrderKey"
	if k.Key == "" {
		return id, nil
	}
	n, err := tx.q.BindOrderKey(ctx, db.BindOrderKeyParams{
		Account: tx.scope.Account, Livemode: tx.scope.Livemode, Key: k.Key, Content: k.Content, OrderID: string(id), ExpiresAt: micros(tx.now.Add(k.Life)), Now: micros(tx.now),
	})
	if err != nil || n == 1 {
		return id, storageError(op, err)
	}
	bound, err := tx.q.GetOrderKey(ctx, db.GetOrderKeyParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, Key: k.Key})
	if err != nil {
		return "", storageError(op, err)
	}
	if bound.Content != k.Content {
		return "", vezne.E(vezne.CodeIdempotencyMismatch, op, "").WithHint("Use a new key for a new request.")
	}
	return vezne.OrderID(bound.OrderID), nil
}
