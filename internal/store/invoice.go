package store

import (
	"context"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store/db"
)

// NextInvoiceSeq draws the next number of a series. It holds the series until
// the transaction ends, so that a rollback leaves no gap: draw it last.
func (tx *Tx) NextInvoiceSeq(ctx context.Context, series string) (int64, error) {
	n, err := tx.q.NextCounter(ctx, db.NextCounterParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, Name: "invoice:" + series})
	return n, storageError("store.NextInvoiceSeq", err)
}

// InsertInvoice writes an invoice: one per order, one per number.
func (tx *Tx) InsertInvoice(ctx context.Context, i vezne.Invoice) error {
	content, err := encode(i)
	if err != nil {
		return err
	}
	return storageError("store.InsertInvoice", tx.q.InsertInvoice(ctx, db.InsertInvoiceParams{
		Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(i.ID), OrderID: string(i.OrderID), Series: i.Series, Seq: i.Seq, Number: i.Number,
		Total: i.AmountPaid, Content: content,
	}))
}

// Invoice returns the invoice of an order. CodeNotFound while it is not Paid.
func (q queries) Invoice(ctx context.Context, id vezne.OrderID) (vezne.Invoice, error) {
	r, err := q.q.GetInvoice(ctx, db.GetInvoiceParams{Account: q.scope.Account, Livemode: q.scope.Livemode, OrderID: string(id)})
	if err != nil {
		return vezne.Invoice{}, notFound("store.Invoice", "invoice", err)
	}
	var i vezne.Invoice
	err = decode("store.Invoice", r.Content, &i)
	return i, err
}
