package settle

import (
	"context"
	"errors"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/mirror"
	"github.com/vezne/vezne/internal/store"
)

// Preview says what an answer would change.
type Preview struct {
	// Root is what the answer concerns; zero when nothing here does.
	Root vezne.Root
	// Entries are the lines that the timeline would get.
	Entries []vezne.Entry
	// Changed is true when the mirror would learn something.
	Changed bool
	// Before and After are the order's status; empty when it concerns none.
	Before, After vezne.OrderStatus
}

// errPreview undoes the transaction of a preview.
var errPreview = errors.New("a preview changes nothing")

// Preview settles an answer as Answer does and takes everything back. The
// application's hook is not run: what it does outside could not be taken back.
// The codes are those of Answer.
func (s *Settler) Preview(ctx context.Context, a Answer) (Preview, error) {
	snapshots, err := mirror.Snapshots(a.Body, vezne.Interval{Begin: a.Begin})
	if err != nil {
		return Preview{}, vezne.E(vezne.CodeCorrupt, "settle.Preview", "An answer of Stripe cannot be read.").Because(err)
	}
	quiet := *s
	quiet.Hook, quiet.Enqueue, quiet.Wake = nil, nil, nil
	w := &work{Settler: &quiet, answer: a, snapshots: snapshots, asked: a.Cause}
	var p Preview
	err = s.Store.InTx(ctx, func(tx *store.Tx) error {
		p = Preview{}
		w.tx = tx
		root, err := w.findRoot(ctx)
		if err != nil {
			return err
		}
		if root.Kind == vezne.RootOrder {
			o, err := tx.Order(ctx, vezne.OrderID(root.ID))
			if err != nil {
				return err
			}
			p.Before, p.After = o.Status(), o.Status()
		}
		if err := w.settle(ctx, tx); err != nil {
			return err
		}
		p.Root, p.Entries, p.Changed = w.root, w.entries, w.outcome.Changed
		if root.Kind == vezne.RootOrder {
			p.After = w.view.Status()
		}
		return errPreview
	})
	if errors.Is(err, errPreview) {
		err = nil
	}
	return p, err
}
