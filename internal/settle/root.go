package settle

import (
	"context"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/mirror"
)

// findRoot says what an answer hangs on: what we know of its objects already,
// our own id in their metadata, or the objects that they name. It is zero when
// nothing here does.
func (w *work) findRoot(ctx context.Context) (vezne.Root, error) {
	if w.order != "" {
		return vezne.Root{Kind: vezne.RootOrder, ID: string(w.order)}, nil
	}
	if w.answer.Call != nil {
		return w.answer.Call.Root, nil
	}
	for _, s := range w.snapshots {
		root, err := w.rootOf(ctx, s)
		if err != nil || !root.IsZero() {
			return root, err
		}
	}
	for _, g := range w.answer.Gone {
		root, err := w.knownRoot(ctx, g.ID)
		if err != nil || !root.IsZero() {
			return root, err
		}
	}
	return vezne.Root{}, nil
}

// known turns CodeNotFound into false.
func known(err error) (bool, error) {
	if vezne.CodeOf(err) == vezne.CodeNotFound {
		return false, nil
	}
	return err == nil, err
}

func (w *work) knownRoot(ctx context.Context, id vezne.ObjectID) (vezne.Root, error) {
	if id == "" {
		return vezne.Root{}, nil
	}
	kept, err := w.tx.Snapshot(ctx, id)
	if ok, err := known(err); err != nil || ok && kept.Root.Kind != vezne.RootParent {
		return kept.Root, err
	}
	a, err := w.tx.AttemptByObject(ctx, id)
	if ok, err := known(err); err != nil || ok {
		return vezne.Root{Kind: vezne.RootOrder, ID: string(a.OrderID)}, err
	}
	return vezne.Root{}, nil
}

func (w *work) rootOf(ctx context.Context, s vezne.Snapshot) (vezne.Root, error) {
	if root, err := w.knownRoot(ctx, s.ID); err != nil || !root.IsZero() {
		return root, err
	}
	switch s.Type {
	case vezne.TypePaymentIntent:
		p, err := mirror.PaymentIntent(s)
		if err != nil {
			return vezne.Root{}, unreadable(err)
		}
		return w.orderRoot(ctx, p.Order)
	case vezne.TypeCheckoutSession:
		c, err := mirror.CheckoutSession(s)
		if err != nil {
			return vezne.Root{}, unreadable(err)
		}
		return w.orderRoot(ctx, c.Order)
	case vezne.TypeCharge, vezne.TypeRefund, vezne.TypeDispute:
		return w.knownRoot(ctx, parentOf(s))
	case vezne.TypeSetupIntent:
		i, err := mirror.SetupIntent(s)
		if err != nil {
			return vezne.Root{}, unreadable(err)
		}
		return w.customerRoot(ctx, i.CustomerID, i.Customer)
	case vezne.TypePaymentMethod:
		m, err := mirror.PaymentMethod(s)
		if err != nil {
			return vezne.Root{}, unreadable(err)
		}
		return w.customerRoot(ctx, "", m.Customer)
	case vezne.TypeCustomer:
		c, err := mirror.Customer(s)
		if err != nil {
			return vezne.Root{}, unreadable(err)
		}
		return w.customerRoot(ctx, c.CustomerID, c.ID)
	}
	return vezne.Root{}, nil
}

func unreadable(err error) error {
	return vezne.E(vezne.CodeCorrupt, "settle", "An object of Stripe cannot be read.").Because(err)
}

// parentOf returns the intent that a charge, a refund or a dispute hangs on,
// empty when it names none.
func parentOf(s vezne.Snapshot) vezne.ObjectID {
	switch s.Type {
	case vezne.TypeCharge:
		if c, err := mirror.Charge(s); err == nil {
			return c.PaymentIntent
		}
	case vezne.TypeRefund:
		if r, err := mirror.Refund(s); err == nil {
			return r.PaymentIntent
		}
	case vezne.TypeDispute:
		if d, err := mirror.Dispute(s); err == nil {
			return d.PaymentIntent
		}
	}
	return ""
}

// orderRoot trusts an id from metadata only if there is such an order here.
func (w *work) orderRoot(ctx context.Context, id vezne.OrderID) (vezne.Root, error) {
	if id == "" {
		return vezne.Root{}, nil
	}
	_, err := w.tx.Order(ctx, id)
	if ok, err := known(err); !ok {
		return vezne.Root{}, err
	}
	return vezne.Root{Kind: vezne.RootOrder, ID: string(id)}, nil
}

func (w *work) customerRoot(ctx context.Context, id vezne.CustomerID, stripe vezne.ObjectID) (vezne.Root, error) {
	if id != "" {
		_, err := w.tx.Customer(ctx, id)
		if ok, err := known(err); err != nil || ok {
			return vezne.Root{Kind: vezne.RootCustomer, ID: string(id)}, err
		}
	}
	if stripe != "" {
		c, err := w.tx.CustomerByStripeID(ctx, stripe)
		if ok, err := known(err); err != nil || ok {
			return vezne.Root{Kind: vezne.RootCustomer, ID: string(c.ID)}, err
		}
	}
	return vezne.Root{}, nil
}
