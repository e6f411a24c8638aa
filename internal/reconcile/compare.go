package reconcile

import (
	"context"
	"fmt"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/mirror"
	"github.com/vezne/vezne/internal/store"
)

// compare looks at the rows of a page and marks what differs from what is kept.
func (r *Reconciler) compare(ctx context.Context, c *store.Claimed, rows []row) ([]vezne.Finding, error) {
	if c.Stage == vezne.StageEvents {
		return r.missedEvents(ctx, c, rows)
	}
	var found []vezne.Finding
	for _, raw := range rows {
		f, err := r.compareObject(ctx, raw)
		if err != nil {
			return nil, err
		}
		if f != nil {
			found = append(found, *f)
		}
	}
	return found, r.act(ctx, c, found)
}

func (r *Reconciler) missedEvents(ctx context.Context, c *store.Claimed, rows []row) ([]vezne.Finding, error) {
	events := r.sort(ctx, rows)
	missing, action := []vezne.Event{}, vezne.ActionMarked
	if c.DryRun {
		action = vezne.ActionWouldMark
		for _, e := range events {
			had, err := r.Store.HasEvent(ctx, e.ID)
			if err != nil {
				return nil, err
			}
			if !had {
				missing = append(missing, e)
			}
		}
	} else {
		var err error
		if missing, err = r.Inbox.Find(ctx, events); err != nil {
			return nil, err
		}
	}
	found := make([]vezne.Finding, len(missing))
	for i, e := range missing {
		found[i] = vezne.Finding{Kind: vezne.FindingMissedEvent, Object: e.ObjectID, Type: e.ObjectType, Event: e.ID, Detail: e.Type, Action: action}
	}
	return found, nil
}

// compareObject returns what is wrong with an object, nil when nothing is or
// when it has nothing to do with this desk.
func (r *Reconciler) compareObject(ctx context.Context, raw row) (*vezne.Finding, error) {
	snapshots, err := mirror.Snapshots(raw.body, vezne.Interval{})
	if err != nil || len(snapshots) == 0 || string(snapshots[0].ID) != raw.id {
		return nil, vezne.E(vezne.CodeCorrupt, "reconcile.compare", "An object in a list of Stripe cannot be read.").Because(err)
	}
	shown := snapshots[0]
	kept, err := r.Store.Snapshot(ctx, shown.ID)
	switch {
	case vezne.CodeOf(err) == vezne.CodeNotFound:
		return r.unknown(ctx, shown)
	case err != nil:
		return nil, err
	case mirror.Same(kept, shown):
		return nil, nil
	}
	return &vezne.Finding{
		Kind: vezne.FindingDiffers, Object: shown.ID, Type: shown.Type, Detail: fmt.Sprintf("kept %s, shown %s", state(kept), state(shown)),
	}, nil
}

// unknown says what an object that was never read is to us.
func (r *Reconciler) unknown(ctx context.Context, shown vezne.Snapshot) (*vezne.Finding, error) {
	o, err := ownerOf(shown)
	if err != nil {
		return nil, vezne.E(vezne.CodeCorrupt, "reconcile.compare", "An object in a list of Stripe cannot be read.").Because(err)
	}
	ours, err := r.ours(ctx, shown, o)
	if err != nil {
		return nil, err
	}
	switch {
	case ours:
		return &vezne.Finding{Kind: vezne.FindingUnknown, Object: shown.ID, Type: shown.Type, Detail: "shown " + state(shown)}, nil
	case o.order != "" || o.customer != "":
		return &vezne.Finding{
			Kind: vezne.FindingOrphan, Object: shown.ID, Type: shown.Type, Action: vezne.ActionNone,
			Detail: fmt.Sprintf("shown %s, names %s%s, which is not here", state(shown), o.order, o.customer),
		}, nil
	}
	return nil, nil
}

// owner is what an object names.
type owner struct {
	order    vezne.OrderID
	customer vezne.CustomerID
	// parent is the intent that it hangs on.
	parent vezne.ObjectID
	// stripe is Stripe's customer.
	stripe vezne.ObjectID
}

func ownerOf(s vezne.Snapshot) (owner, error) {
	switch s.Type {
	case vezne.TypePaymentIntent:
		p, err := mirror.PaymentIntent(s)
		return owner{order: p.Order}, err
	case vezne.TypeCheckoutSession:
		c, err := mirror.CheckoutSession(s)
		return owner{order: c.Order}, err
	case vezne.TypeRefund:
		f, err := mirror.Refund(s)
		return owner{parent: f.PaymentIntent}, err
	case vezne.TypeDispute:
		d, err := mirror.Dispute(s)
		return owner{parent: d.PaymentIntent}, err
	case vezne.TypeSetupIntent:
		i, err := mirror.SetupIntent(s)
		return owner{customer: i.CustomerID, stripe: i.Customer}, err
	}
	return owner{}, nil
}

// ours reports whether something here has to do with an object.
func (r *Reconciler) ours(ctx context.Context, shown vezne.Snapshot, o owner) (bool, error) {
	questions := []func() error{func() error { _, err := r.Store.AttemptByObject(ctx, shown.ID); return err }}
	if o.order != "" {
		questions = append(questions, func() error { _, err := r.Store.Order(ctx, o.order); return err })
	}
	if o.customer != "" {
		questions = append(questions, func() error { _, err := r.Store.Customer(ctx, o.customer); return err })
	}
	if o.stripe != "" {
		questions = append(questions, func() error { _, err := r.Store.CustomerByStripeID(ctx, o.stripe); return err })
	}
	if o.parent != "" {
		questions = append(questions,
			func() error { _, err := r.Store.AttemptByObject(ctx, o.parent); return err },
			func() error { _, err := r.Store.Snapshot(ctx, o.parent); return err })
	}
	for _, ask := range questions {
		err := ask()
		if err == nil {
			return true, nil
		}
		if vezne.CodeOf(err) != vezne.CodeNotFound {
			return false, err
		}
	}
	return false, nil
}

// act marks what was found to be read, in one transaction.
func (r *Reconciler) act(ctx context.Context, c *store.Claimed, found []vezne.Finding) error {
	marks := 0
	for i := range found {
		f := &found[i]
		switch {
		case f.Action != "":
		case c.DryRun:
			f.Action = vezne.ActionWouldMark
		default:
			f.Action = vezne.ActionMarked
			marks++
		}
	}
	if marks == 0 {
		return nil
	}
	err := r.Store.InTx(ctx, func(tx *store.Tx) error {
		for _, f := range found {
			if f.Action != vezne.ActionMarked {
				continue
			}
			n, err := tx.NextNumber(ctx)
			if err != nil {
				return err
			}
			m := vezne.Mark{ID: f.Object, Type: f.Type, Number: n, Priority: store.PriorityOf(f.Type), Actor: vezne.Actor{Kind: vezne.ActorReconcile}, DueAt: tx.Now()}
			if err := tx.SetMark(ctx, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		r.marked()
	}
	return err
}

// state is an object's state in a word.
func state(s vezne.Snapshot) string {
	switch s.Type {
	case vezne.TypePaymentIntent:
		if p, err := mirror.PaymentIntent(s); err == nil {
			return p.Status
		}
	case vezne.TypeCheckoutSession:
		if c, err := mirror.CheckoutSession(s); err == nil {
			return c.Status + "/" + c.PaymentStatus
		}
	case vezne.TypeRefund:
		if f, err := mirror.Refund(s); err == nil {
			return f.Status
		}
	case vezne.TypeDispute:
		if d, err := mirror.Dispute(s); err == nil {
			return d.Status
		}
	case vezne.TypeSetupIntent:
		if i, err := mirror.SetupIntent(s); err == nil {
			return i.Status
		}
	}
	return "unreadable"
}
