package settle

import (
	"context"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/mirror"
)

// load reads everything that is known of the order.
func (w *work) load(ctx context.Context, order vezne.Order) (vezne.Facts, error) {
	f := vezne.Facts{Order: order, Scope: w.Store.Scope()}
	var err error
	if f.Attempts, err = w.tx.Attempts(ctx, order.ID); err != nil {
		return f, err
	}
	if f.Calls, err = w.tx.Calls(ctx, w.root); err != nil {
		return f, err
	}
	if f.Refunds, err = w.tx.RefundRequests(ctx, order.ID); err != nil {
		return f, err
	}
	snapshots, err := w.tx.Snapshots(ctx, w.root)
	if err != nil {
		return f, err
	}
	for _, s := range snapshots {
		if s.Deleted {
			continue
		}
		if err := addFacts(&f, s); err != nil {
			return f, unreadable(err)
		}
	}
	return f, nil
}

func addFacts(f *vezne.Facts, s vezne.Snapshot) error {
	switch s.Type {
	case vezne.TypePaymentIntent:
		o, err := mirror.PaymentIntent(s)
		f.PaymentIntents = append(f.PaymentIntents, o)
		return err
	case vezne.TypeCheckoutSession:
		o, err := mirror.CheckoutSession(s)
		f.Sessions = append(f.Sessions, o)
		return err
	case vezne.TypeCharge:
		o, err := mirror.Charge(s)
		f.Charges = append(f.Charges, o)
		return err
	case vezne.TypeRefund:
		o, err := mirror.Refund(s)
		f.StripeRefunds = append(f.StripeRefunds, o)
		return err
	case vezne.TypeDispute:
		o, err := mirror.Dispute(s)
		f.Disputes = append(f.Disputes, o)
		return err
	}
	return nil
}
