package sweep

import "context"

// Cut is the moment from which a process that ends waits for nobody any more:
// what it asked of others is cut off, and done again by the next start. Make it
// with NewCut. It is safe for concurrent use.
type Cut struct {
	ctx context.Context //nolint:containedctx // its end is the moment; nothing else is read of it
	now context.CancelFunc
}

// NewCut returns a Cut that has not come.
func NewCut() *Cut {
	ctx, now := context.WithCancel(context.Background())
	return &Cut{ctx: ctx, now: now}
}

// Now makes it come.
func (c *Cut) Now() { c.now() }

// Came reports whether it came.
func (c *Cut) Came() bool { return c.ctx.Err() != nil }

// Bound returns ctx with the cut as a further end. Free it as any context.
func (c *Cut) Bound(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(c.ctx, cancel)
	return ctx, func() { stop(); cancel() }
}
