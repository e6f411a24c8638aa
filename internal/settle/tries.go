package settle

import (
	"context"
	"strconv"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/throttle"
)

// tries counts the declines that the answer told of, and says in the facts
// whether the order has reached a limit by them.
func (w *work) tries(ctx context.Context, f *vezne.Facts) error {
	var failed []vezne.Entry
	for _, e := range w.entries {
		if e.Action == "payment.failed" {
			failed = append(failed, e)
		}
	}
	if len(failed) == 0 && !f.Order.Has(vezne.AttentionCardTesting) || f.Order.PaidAt != nil || f.Order.CanceledAt != nil {
		return nil
	}
	limits := w.Policy.Limits
	root := string(f.Order.ID)
	client, err := w.tx.ClientOfRoot(ctx, root, w.tx.Now().Add(-limits.Window))
	if err != nil {
		return err
	}
	for i, e := range failed {
		// An object fails once in an answer; an intent may fail again later.
		id := string(e.Object) + ":" + strconv.FormatInt(w.answer.Begin, 10) + ":" + strconv.Itoa(i)
		if _, err := w.tx.NoteTry(ctx, store.NewTry{Kind: store.TryDecline, ID: id, Root: root, Client: client, Card: fingerprint(f, e.Object)}); err != nil {
			return err
		}
	}
	v, err := throttle.Check(ctx, w.tx, limits, w.tx.Now(), throttle.Subject{Root: root, Client: client}, false)
	f.LimitedBy = v.By
	return err
}

// fingerprint returns the card of a charge, empty when the object is none.
func fingerprint(f *vezne.Facts, id vezne.ObjectID) string {
	for _, c := range f.Charges {
		if c.ID == id {
			return c.CardFingerprint
		}
	}
	return ""
}

// countPaid notes that an order was paid: its client is a buyer.
func (w *work) countPaid(ctx context.Context, id vezne.OrderID) error {
	client, err := w.tx.ClientOfRoot(ctx, string(id), w.tx.Now().Add(-w.Policy.Limits.Window))
	if err != nil {
		return err
	}
	_, err = w.tx.NoteTry(ctx, store.NewTry{Kind: store.TryPaid, ID: string(id), Root: string(id), Client: client})
	return err
}
