package settle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// defaultHookTime is how long the application's hook has inside the
// transaction.
const defaultHookTime = 2 * time.Second

// hookError is a hook's refusal: it undoes the transaction, and Paid is held
// back in a second one.
type hookError struct {
	order vezne.OrderID
	cause error
}

// Error returns the refusal.
func (e *hookError) Error() string { return fmt.Sprintf("the hook of order %s: %v", e.order, e.cause) }

// Unwrap returns what the hook returned.
func (e *hookError) Unwrap() error { return e.cause }

// errHookHangs is what a hook gets for not returning. On SQLite the usual
// reason is that it waits for a second connection while this transaction holds
// the only writer.
var errHookHangs = errors.New("it did not return in time; it must use the transaction that it is given, no other connection, and leave slow work to the after-commit hook")

// errHookElsewhere is what a hook gets that another connection of a SQLite file
// refused: this transaction holds the only writer.
var errHookElsewhere = errors.New("it used another connection than the transaction that it is given, which holds the database")

// runHook calls the application's hook. A hook that panics or hangs has
// refused; the transaction is undone, so that one that still holds it ends with
// an error instead of writing.
func (w *work) runHook(ctx context.Context, order vezne.Order) error {
	if w.Hook == nil {
		return nil
	}
	limit := w.HookTime
	if limit <= 0 {
		limit = defaultHookTime
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan error, 1)
	// A hook that hangs outlives this settling, which is then run again.
	hook, tx, view := w.Hook, w.tx.SQL(), w.View(order, "")
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- fmt.Errorf("it panicked: %v", v)
			}
		}()
		done <- hook(ctx, tx, view)
	}()
	select {
	case err := <-done:
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return &hookError{order.ID, errHookHangs}
		case w.Store.Dialect() == store.SQLite && store.IsBusy(err):
			// The error itself would have the whole transaction run again in vain.
			return &hookError{order.ID, errHookElsewhere}
		}
		return &hookError{order.ID, err}
	case <-ctx.Done():
		return &hookError{order.ID, errHookHangs}
	}
}

// The hook is asked again after a pause that doubles from first to last.
const (
	holdFirst = 2 * time.Second
	holdLast  = 10 * time.Minute
)

// hold records that Paid is held back: what Stripe said is kept, the order
// says why it waits, and its payment is marked to be read again.
func (w *work) hold(ctx context.Context, f vezne.Facts) error {
	order := f.Order
	if !order.Has(vezne.AttentionHeldByHook) {
		order.Attention = append(order.Attention, vezne.AttentionHeldByHook)
	}
	if err := w.tx.SaveOrder(ctx, order); err != nil {
		return err
	}
	former, err := w.tx.Entries(ctx, w.root)
	if err != nil {
		return err
	}
	pause := holdFirst
	for _, e := range former {
		if e.Action == "order.held_by_hook" {
			pause = min(pause*2, holdLast)
		}
	}
	w.entries = append(w.entries, vezne.Entry{
		Action: "order.held_by_hook", After: map[string]any{"attention": string(vezne.AttentionHeldByHook)},
		Detail: map[string]any{"reason": w.held.cause.Error(), "again_after_seconds": int64(pause / time.Second)},
	})
	if err := w.tx.AppendEntries(ctx, complete(w.entries, w.root, w.cause, w.tx)); err != nil {
		return err
	}
	w.view, w.outcome.Changed = w.View(order, ""), true
	for _, p := range f.PaymentIntents {
		if p.Status == "succeeded" {
			return w.mark(ctx, vezne.ReadMove{ID: p.ID, Type: vezne.TypePaymentIntent}, pause)
		}
	}
	for _, s := range f.Sessions {
		if s.Terminal() {
			return w.mark(ctx, vezne.ReadMove{ID: s.ID, Type: vezne.TypeCheckoutSession}, pause)
		}
	}
	return nil
}
