package engine

import (
	"context"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// EventFilter says which events of the inbox to list; zero values do not
// filter.
type EventFilter struct {
	State    vezne.EventState
	Type     string
	ObjectID vezne.ObjectID
	// After is the last event of the former page.
	After vezne.EventID
	// Limit is how many; 0 means 20.
	Limit int
}

// Events lists the events of the inbox without their bodies, newest first.
func (d *Database) Events(ctx context.Context, f EventFilter) ([]vezne.Event, error) {
	return d.store.Events(ctx, store.EventFilter(f))
}

// Event returns an event with its body. CodeNotFound.
func (d *Database) Event(ctx context.Context, id vezne.EventID) (vezne.Event, error) {
	return d.store.Event(ctx, id)
}
