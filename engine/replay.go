package engine

import (
	"context"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
)

// Replay is an event that was applied again, or what that would change.
type Replay struct {
	Event vezne.Event
	// OrderID is the order that it concerns, empty for none.
	OrderID vezne.OrderID
	// Before and After are the order's status, empty without an order.
	Before, After vezne.OrderStatus
	// Entries are the lines that the timeline got, or would get.
	Entries []vezne.Entry
}

// PreviewReplay reads an event's object and says what applying the event again
// would change; nothing is. CodeNotFound for an unknown event,
// CodeInvalidRequest for one that changes nothing by its nature.
func (e *Engine) PreviewReplay(ctx context.Context, by vezne.Actor, id vezne.EventID) (Replay, error) {
	return toReplay(e.desk.PreviewReplay(ctx, by, id))
}

// Replay applies an event again, whatever became of it before: its object is
// read anew and settled. The codes are those of PreviewReplay.
func (e *Engine) Replay(ctx context.Context, by vezne.Actor, id vezne.EventID) (Replay, error) {
	return toReplay(e.desk.Replay(ctx, by, id))
}

func toReplay(r desk.Replay, err error) (Replay, error) { return Replay(r), err }

// Check asks Stripe about everything that is known of an order, and returns the
// order as it is then. CodeNotFound.
func (e *Engine) Check(ctx context.Context, by vezne.Actor, id vezne.OrderID) (vezne.OrderView, error) {
	return e.desk.Check(ctx, by, id)
}
