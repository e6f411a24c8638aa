package sandbox

import (
	"net/http"
	"time"
)

// Options are how a sandbox starts. The zero value works.
type Options struct {
	// Clock tells the time; nil is the real one.
	Clock func() time.Time
	// Seed makes ids repeatable; 0 takes random ones.
	Seed uint64
	// Data is a folder that keeps everything over a restart; "" keeps it in memory.
	Data string
	// PublicURL begins the URLs of answers, as browsers reach the sandbox; "" takes the Host of each request.
	PublicURL string
	// StrictKeys knows only keys that were issued.
	StrictKeys bool
	// Lenient answers ids that nobody created.
	Lenient bool
	// DefaultAPIVersion is used by requests without Stripe-Version; "" is the newest.
	DefaultAPIVersion string
	// DisplayName is the name of new accounts.
	DisplayName string
}

// Sandbox is the offline Stripe. It is an http.Handler without a port or global state.
type Sandbox struct {
	options Options
}

// New makes a sandbox. It returns an error when Data cannot be read or written.
func New(o Options) (*Sandbox, error) {
	return &Sandbox{options: o}, nil
}

// ServeHTTP answers the API, the pages and the control routes.
func (sb *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

// Close ends what runs in the background. No goroutine is left when it returns.
func (sb *Sandbox) Close() error { return nil }
