package store

import (
	"context"
	"slices"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store/db"
)

// TryKind says what a try to pay was.
type TryKind string

// The kinds of tries.
const (
	// TryStart: a payment was begun.
	TryStart TryKind = "start"
	// TryDecline: a payment was declined.
	TryDecline TryKind = "decline"
	// TryPaid: an order was paid. Its id is the order's.
	TryPaid TryKind = "paid"
	// TryRefused: a payment was refused here.
	TryRefused TryKind = "refused"
)

// NewTry is a try to be kept.
type NewTry struct {
	Kind TryKind
	// ID tells tries of a kind apart.
	ID string
	// Root is the order, or the customer whose card is saved.
	Root string
	// Client is a digest of who tried, Card is Stripe's fingerprint; empty when
	// it is not known.
	Client, Card string
	// Stale lets the try be kept anew when it was kept at that instant or before;
	// zero for never.
	Stale time.Time
}

// Try is a try that is kept.
type Try struct {
	Kind TryKind
	At   time.Time
}

// maxTries is how many tries are looked at, newest first: more than any limit
// that makes sense.
const maxTries = 10_000

// NoteTry keeps a try, and reports whether it was not kept before.
func (tx *Tx) NoteTry(ctx context.Context, t NewTry) (bool, error) {
	stale := int64(-1)
	if !t.Stale.IsZero() {
		stale = micros(t.Stale)
	}
	n, err := tx.q.NoteTry(ctx, db.NoteTryParams{
		Account: tx.scope.Account, Livemode: tx.scope.Livemode, Kind: string(t.Kind), ID: t.ID, RootID: t.Root, Client: t.Client, Card: t.Card, Now: micros(tx.now), Stale: stale,
	})
	return n == 1, storageError("store.NoteTry", err)
}

// LockTries makes others who count the tries of the same subjects wait until
// the transaction ends. Subjects are locked in one order, after the root's row.
func (tx *Tx) LockTries(ctx context.Context, subjects ...string) error {
	for _, s := range slices.Sorted(slices.Values(subjects)) {
		if err := tx.q.LockTries(ctx, db.LockTriesParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, Subject: s, Now: micros(tx.now)}); err != nil {
			return storageError("store.LockTries", err)
		}
	}
	return nil
}

// TriesOfRoot lists the tries of an order or a customer, newest first.
func (q queries) TriesOfRoot(ctx context.Context, root string, since time.Time) ([]Try, error) {
	rows, err := q.q.ListRootTries(ctx, db.ListRootTriesParams{Account: q.scope.Account, Livemode: q.scope.Livemode, RootID: root, Since: micros(since), RowLimit: maxTries})
	return tries(rows, err, func(r db.ListRootTriesRow) Try { return Try{TryKind(r.Kind), instant(r.At)} })
}

// TriesOfClient lists the tries of a client, newest first, without payments
// that were begun for an order which is paid.
func (q queries) TriesOfClient(ctx context.Context, client string, since time.Time) ([]Try, error) {
	rows, err := q.q.ListClientTries(ctx, db.ListClientTriesParams{Account: q.scope.Account, Livemode: q.scope.Livemode, Client: client, Since: micros(since), RowLimit: maxTries})
	return tries(rows, err, func(r db.ListClientTriesRow) Try { return Try{TryKind(r.Kind), instant(r.At)} })
}

// TriesOfCard lists the tries of a card, newest first.
func (q queries) TriesOfCard(ctx context.Context, card string, since time.Time) ([]Try, error) {
	rows, err := q.q.ListCardTries(ctx, db.ListCardTriesParams{Account: q.scope.Account, Livemode: q.scope.Livemode, Card: card, Since: micros(since), RowLimit: maxTries})
	return tries(rows, err, func(r db.ListCardTriesRow) Try { return Try{TryKind(r.Kind), instant(r.At)} })
}

func tries[R any](rows []R, err error, convert func(R) Try) ([]Try, error) {
	if err != nil {
		return nil, storageError("store.Tries", err)
	}
	list := make([]Try, len(rows))
	for i, r := range rows {
		list[i] = convert(r)
	}
	return list, nil
}

// TriedCards lists the cards that were declined for a root or for a client.
func (q queries) TriedCards(ctx context.Context, root, client string, since time.Time) ([]string, error) {
	list, err := q.q.ListTriedCards(ctx, db.ListTriedCardsParams{
		Account: q.scope.Account, Livemode: q.scope.Livemode, RootID: root, Client: client, Since: micros(since), RowLimit: maxTries,
	})
	return list, storageError("store.TriedCards", err)
}

// HotCards counts the cards that met at least so many declines.
func (q queries) HotCards(ctx context.Context, declines int, since time.Time) (int64, error) {
	n, err := q.q.CountHotCards(ctx, db.CountHotCardsParams{Account: q.scope.Account, Livemode: q.scope.Livemode, Since: micros(since), Least: int64(declines)})
	return n, storageError("store.HotCards", err)
}

// ClientOfRoot returns who began the newest payment of an order, empty when
// that is not known.
func (q queries) ClientOfRoot(ctx context.Context, root string, since time.Time) (string, error) {
	client, err := q.q.GetClientOfRoot(ctx, db.GetClientOfRootParams{Account: q.scope.Account, Livemode: q.scope.Livemode, RootID: root, Since: micros(since)})
	err = notFound("store.ClientOfRoot", "client", err)
	if vezne.CodeOf(err) == vezne.CodeNotFound {
		return "", nil
	}
	return client, err
}
