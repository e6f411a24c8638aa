package settle

import (
	"context"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/apply"
	"github.com/vezne/vezne/internal/store"
)

// work is one settling: an answer, or a change from our side. It is run from
// the start when the transaction is tried again.
type work struct {
	*Settler
	answer    Answer
	snapshots []vezne.Snapshot
	cause     vezne.Cause
	order     vezne.OrderID
	change    func(tx *store.Tx, f *vezne.Facts) ([]vezne.Entry, error)
	held      *hookError

	tx      *store.Tx
	root    vezne.Root
	entries []vezne.Entry
	outcome Outcome
	view    vezne.OrderView
	// regressed is true when an object left a final state.
	regressed bool
	wakes     bool
}

func (w *work) settle(ctx context.Context, tx *store.Tx) error {
	w.tx, w.entries, w.outcome, w.regressed, w.wakes = tx, nil, Outcome{}, false, false
	root, err := w.findRoot(ctx)
	if err != nil {
		return err
	}
	w.root, w.outcome.Root = root, root
	switch root.Kind {
	case vezne.RootOrder:
		return w.settleOrder(ctx)
	case vezne.RootCustomer:
		return w.settleCustomer(ctx)
	}
	return w.settleUnlinked(ctx)
}

func (w *work) settleOrder(ctx context.Context) error {
	order, err := w.tx.LockOrder(ctx, vezne.OrderID(w.root.ID))
	if err != nil {
		return err
	}
	if err := w.merge(ctx); err != nil {
		return err
	}
	facts, err := w.load(ctx, order)
	if err != nil {
		return err
	}
	if w.regressed && !facts.Order.Has(vezne.AttentionRegression) {
		facts.Order.Attention = append(facts.Order.Attention, vezne.AttentionRegression)
	}
	if w.change != nil {
		lines, err := w.change(w.tx, &facts)
		if err != nil {
			return err
		}
		w.entries = append(w.entries, lines...)
	}
	moves := apply.Order(facts, w.cause, w.Policy, w.tx.Now())
	if moves.Paid != nil && w.held != nil {
		// The hook refused: everything stands but Paid and what hangs on it.
		return w.hold(ctx, facts)
	}
	return w.record(ctx, facts, moves)
}

// settleUnlinked keeps what hangs on an object that is not known yet, and lets
// go of what belongs to nothing here.
func (w *work) settleUnlinked(ctx context.Context) error {
	for _, s := range w.snapshots {
		parent := parentOf(s)
		if parent == "" {
			if err := w.foreign(ctx, s.ID, s.Type); err != nil {
				return err
			}
			continue
		}
		s.Root = vezne.Root{Kind: vezne.RootParent, ID: string(parent)}
		if err := w.mergeOne(ctx, s); err != nil {
			return err
		}
		if err := w.tx.SetUnlinked(ctx, s.ID, w.answer.Begin); err != nil {
			return err
		}
		if err := w.mark(ctx, vezne.ReadMove{ID: parent, Type: vezne.TypePaymentIntent}, 0); err != nil {
			return err
		}
	}
	for _, g := range w.answer.Gone {
		if err := w.foreign(ctx, g.ID, g.Type); err != nil {
			return err
		}
	}
	return nil
}

const notOurs = "The object belongs to no order and no customer of this desk."

// foreign clears the mark of an object that nothing here has to do with, and
// of what hangs on it.
func (w *work) foreign(ctx context.Context, id vezne.ObjectID, kind vezne.ObjectType) error {
	let := func(id vezne.ObjectID) error {
		if err := w.tx.SetEventsIgnored(ctx, id, w.answer.Begin, notOurs); err != nil {
			return err
		}
		_, err := w.tx.ClearMark(ctx, id, w.answer.Begin)
		return err
	}
	if err := let(id); err != nil || kind != vezne.TypePaymentIntent {
		return err
	}
	children, err := w.tx.Snapshots(ctx, vezne.Root{Kind: vezne.RootParent, ID: string(id)})
	if err != nil {
		return err
	}
	for _, c := range children {
		if err := let(c.ID); err != nil {
			return err
		}
	}
	return nil
}
