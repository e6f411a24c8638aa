package desk

import (
	"context"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

const (
	// cancelTime is how long Cancel waits for Stripe's answers.
	cancelTime = 5 * time.Second
	// cancelRounds is how often an answer may lead to another request.
	cancelRounds = 4
)

// Cancel asks for an order to be canceled: open attempts are closed at Stripe
// and held money is released. The order is canceled once every attempt has been
// read terminal and unpaid; Cancel waits a little for that and returns the order
// as it is then. Codes, beside the store's: CodeNotFound, CodeOrderPaid.
func (d *Desk) Cancel(ctx context.Context, by vezne.Actor, id vezne.OrderID) (vezne.OrderView, error) {
	const op = "desk.Cancel"
	if err := d.writable(op); err != nil {
		return vezne.OrderView{}, err
	}
	_, err := d.Settler.Order(ctx, id, vezne.Cause{Actor: by}, func(tx *store.Tx, f *vezne.Facts) ([]vezne.Entry, error) {
		if f.Order.PaidAt != nil || f.Order.Has(vezne.AttentionHeldByHook) {
			return nil, vezne.E(vezne.CodeOrderPaid, op, "")
		}
		if f.Order.CanceledAt != nil || f.Order.CancelRequestedAt != nil {
			return nil, nil
		}
		at := tx.Now()
		f.Order.CancelRequestedAt = &at
		// What certainly never reached Stripe need not be closed there.
		for i := range f.Calls {
			c := &f.Calls[i]
			if c.State != vezne.CallPending || (c.Purpose != vezne.CallCreateSession && c.Purpose != vezne.CallCreatePaymentIntent) {
				continue
			}
			gone, err := tx.WithdrawCall(ctx, c.ID)
			if err != nil {
				return nil, err
			}
			if gone {
				c.State = vezne.CallRefused
			}
		}
		return []vezne.Entry{{Action: "order.cancel_requested", Before: map[string]any{"cancel_requested": false}, After: map[string]any{"cancel_requested": true}}}, nil
	})
	if err != nil {
		return vezne.OrderView{}, err
	}
	if err := d.hurry(ctx, id); err != nil {
		return vezne.OrderView{}, err
	}
	return d.Order(ctx, id)
}

// hurry sends what an order waits for now, instead of leaving it to a sweep. It
// fails only when the database does: what Stripe does not answer goes on in the
// background.
func (d *Desk) hurry(ctx context.Context, id vezne.OrderID) error {
	ctx, cancel := context.WithTimeout(ctx, cancelTime)
	defer cancel()
	tried := map[vezne.CallID]bool{}
	for range cancelRounds {
		calls, err := d.Store.Calls(context.WithoutCancel(ctx), orderRoot(id))
		if err != nil {
			return err
		}
		before := len(tried)
		for _, c := range calls {
			if c.State != vezne.CallPending || tried[c.ID] {
				continue
			}
			tried[c.ID] = true
			if _, err := d.Sender.Do(ctx, c.ID); err != nil && vezne.KindOf(err) == vezne.KindInternal {
				return err
			}
		}
		if len(tried) == before || ctx.Err() != nil {
			return nil
		}
	}
	return nil
}
