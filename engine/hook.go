package engine

import (
	"context"
	"database/sql"
	"sync/atomic"

	"github.com/vezne/vezne"
)

// PaidHook runs inside the transaction that makes an order Paid.
type PaidHook func(ctx context.Context, tx *sql.Tx, o vezne.OrderView) error

// AfterHook runs after that transaction was committed.
type AfterHook func(ctx context.Context, o vezne.OrderView) error

type hooks struct {
	paid  atomic.Pointer[PaidHook]
	after atomic.Pointer[AfterHook]
}

func (h *hooks) afterCommit() func(ctx context.Context, o vezne.OrderView) error {
	if f := h.after.Load(); f != nil {
		return *f
	}
	return nil
}

// any reports whether the application hears of orders inside the process.
func (h *hooks) any() bool { return h.paid.Load() != nil || h.after.Load() != nil }

// OnOrderPaid registers the hook that runs inside the transaction that makes an
// order Paid: what it writes through tx commits with it, or not at all. It has
// 2 seconds, must use no other connection, and must not commit. If it fails,
// the order is held back (attention held_by_hook) and the hook is asked again
// later. It may run more than once for an order, but only one run commits.
// Register before Start.
func (e *Engine) OnOrderPaid(hook PaidHook) {
	e.register()
	e.hooks.paid.Store(&hook)
	e.settler.Hook = hook
}

// AfterOrderPaid registers the hook for slow work: it runs after the commit, at
// least once, until it returns nil. Its order is as it was at the commit.
// Register before Start.
func (e *Engine) AfterOrderPaid(hook AfterHook) {
	e.register()
	e.hooks.after.Store(&hook)
	e.settler.HasAfterHook = true
}

func (e *Engine) register() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state != stateOpen {
		panic("engine: hooks are registered before Start")
	}
}
