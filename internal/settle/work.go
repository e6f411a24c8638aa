package settle

import (
	"context"
	"time"

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
	// asked is the cause as it was given, cause the one that counts now.
	asked, cause vezne.Cause
	order        vezne.OrderID
	change       func(tx *store.Tx, f *vezne.Facts) ([]vezne.Entry, error)
	held         *hookError

	tx      *store.Tx
	root    vezne.Root
	entries []vezne.Entry
	outcome Outcome
	view    vezne.OrderView
	// changed are the objects of the answer of which the mirror learned something.
	changed map[vezne.ObjectID]bool
	// regressed is true when an object left a final state.
	regressed bool
	wakes     bool
	// erased is true when nothing that tells of a person may come back to the root.
	erased bool
	// linked is true when an object that had no root got one meanwhile.
	linked bool
}

func (w *work) settle(ctx context.Context, tx *store.Tx) error {
	w.tx, w.entries, w.outcome, w.changed, w.regressed, w.wakes, w.linked, w.erased = tx, nil, Outcome{}, map[vezne.ObjectID]bool{}, false, false, false, false
	w.cause = w.asked
	root, err := w.findRoot(ctx)
	if err != nil {
		return err
	}
	w.root, w.outcome.Root = root, root
	switch root.Kind {
	case vezne.RootOrder:
		err = w.settleOrder(ctx)
	case vezne.RootCustomer:
		err = w.settleCustomer(ctx)
	default:
		return w.settleUnlinked(ctx)
	}
	if err != nil {
		return err
	}
	return w.follow(ctx)
}

// repeatPause is how long a read that showed no change waits to be repeated.
const repeatPause = 5 * time.Second

// follow marks what the answer's giver wants to be read. The repeated read has
// no event as its cause, so that it is not repeated again.
func (w *work) follow(ctx context.Context) error {
	for _, r := range w.answer.Read {
		if err := w.mark(ctx, r, 0); err != nil {
			return err
		}
	}
	if w.answer.Repeat == nil || w.outcome.Changed || w.outcome.Again {
		return nil
	}
	w.cause = vezne.Cause{Actor: vezne.Actor{Kind: vezne.ActorSystem}}
	return w.mark(ctx, *w.answer.Repeat, repeatPause)
}

func (w *work) settleOrder(ctx context.Context) error {
	order, err := w.tx.LockOrder(ctx, vezne.OrderID(w.root.ID))
	if err != nil {
		return err
	}
	w.erased = order.ErasedAt != nil
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
	if err := w.tries(ctx, &facts); err != nil {
		return err
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
	answered := map[vezne.ObjectID]bool{}
	for _, s := range w.snapshots {
		answered[s.ID] = true
	}
	for _, s := range w.snapshots {
		parent := parentOf(s)
		// A parent that stands in the same answer is known not to be ours.
		if parent == "" || answered[parent] {
			if err := w.foreign(ctx, s.ID, s.Type); err != nil {
				return err
			}
			continue
		}
		s.Root = vezne.Root{Kind: vezne.RootParent, ID: string(parent)}
		if err := w.mergeOne(ctx, s); err != nil {
			return err
		}
		if w.linked {
			if err := w.mark(ctx, vezne.ReadMove{ID: s.ID, Type: s.Type}, 0); err != nil {
				return err
			}
			continue
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
