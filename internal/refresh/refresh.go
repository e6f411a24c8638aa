// Package refresh reads objects of Stripe that are marked, within Stripe's
// limits: marks, leases, coalescing, priorities, rechecks. What an answer
// changes is decided by settle.
package refresh

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/stripeapi"
	"github.com/vezne/vezne/internal/sweep"
)

// Config is what a Refresher stands on.
type Config struct {
	Store   *store.Store
	Settler *settle.Settler
	Stripe  *stripeapi.Client
	// Owner names this process in leases.
	Owner string
	// Rate and EndpointRate are reads a second, in all and of one kind of
	// object; 0 means 100 and 25. Source: docs.stripe.com/rate-limits.
	Rate, EndpointRate int
	Log                *slog.Logger
}

// Stripe's limits of reads a second.
const (
	defaultRate         = 100
	defaultEndpointRate = 25
)

// Refresher reads objects. It is safe for concurrent use.
type Refresher struct {
	Config
	budget *budget
	loop   *sweep.Loop
	cut    *sweep.Cut
	claims atomic.Int64

	mu      sync.Mutex
	objects map[vezne.ObjectID]*object
	running sync.WaitGroup
}

// object is one that is being read, and the read that those wait for who came
// after that one began; nil when nobody did.
type object struct{ next *reading }

// reading is one read and everybody who waits for it.
type reading struct {
	kind     vezne.ObjectType
	cause    vezne.Cause
	priority int
	// repeat is true when an event announced a change.
	repeat bool
	// turn is its place in the queue, once it has one.
	turn *ticket

	done chan struct{}
	body []byte
	err  error
}

// New returns a Refresher.
func New(cfg Config) *Refresher {
	if cfg.Rate <= 0 {
		cfg.Rate = defaultRate
	}
	if cfg.EndpointRate <= 0 {
		cfg.EndpointRate = defaultEndpointRate
	}
	r := &Refresher{Config: cfg, budget: newBudget(cfg.Rate, cfg.EndpointRate), cut: sweep.NewCut(), objects: map[vezne.ObjectID]*object{}}
	r.loop = sweep.New("marks", batch, r.Sweep, cfg.Log)
	return r
}

// Read reads an object and settles the answer. The read is shared by all who
// wait for the object, but never one that began before this call. It goes on
// when ctx ends. Codes, beside the store's and settle's: CodeStripeUnreachable,
// CodeRateLimited, CodeStripeKeyRefused and CodeStripeRefused by Stripe's
// answer, CodeNotFound when there is no such object.
func (r *Refresher) Read(ctx context.Context, id vezne.ObjectID, t vezne.ObjectType, cause vezne.Cause, priority int) error {
	_, err := r.Fetch(ctx, id, t, cause, priority)
	return err
}

// Fetch is Read, and returns Stripe's answer with the client secrets that are
// never kept.
func (r *Refresher) Fetch(ctx context.Context, id vezne.ObjectID, t vezne.ObjectType, cause vezne.Cause, priority int) ([]byte, error) {
	n := r.join(ctx, id, reading{kind: t, cause: cause, priority: priority})
	select {
	case <-n.done:
		return n.body, n.err
	case <-ctx.Done():
		return nil, vezne.E(vezne.CodeStripeUnreachable, "refresh.Read", "Stripe did not answer in time.").Because(ctx.Err())
	}
}

// join returns the next read of an object that has not begun, and begins it as
// soon as the one that runs is done.
func (r *Refresher) join(ctx context.Context, id vezne.ObjectID, want reading) *reading {
	r.mu.Lock()
	defer r.mu.Unlock()
	o, runs := r.objects[id]
	if !runs {
		o = &object{}
		r.objects[id] = o
	}
	if o.next == nil {
		want.done = make(chan struct{})
		o.next = &want
	} else {
		// Who waits longest is named as the cause, an event before others.
		if want.priority < o.next.priority {
			o.next.priority = want.priority
			if o.next.turn != nil {
				r.budget.raise(o.next.turn, want.priority)
			}
		}
		o.next.repeat = o.next.repeat || want.repeat
		if o.next.cause.EventID == "" && want.cause.EventID != "" {
			o.next.cause = want.cause
		}
	}
	next := o.next
	if !runs {
		r.running.Go(func() { r.run(context.WithoutCancel(ctx), id, o) })
	}
	return next
}

// run does the reads of an object, one after the other, while somebody waits.
func (r *Refresher) run(ctx context.Context, id vezne.ObjectID, o *object) {
	ctx, free := r.cut.Bound(ctx)
	defer free()
	for {
		r.mu.Lock()
		n := o.next
		if n == nil {
			delete(r.objects, id)
			r.mu.Unlock()
			return
		}
		n.turn = r.budget.enter(string(n.kind), n.priority)
		r.mu.Unlock()
		// Whoever comes while this waits for its turn still shares it: the read
		// begins when its number is taken.
		n.body, n.err = r.guarded(ctx, id, n, func() {
			r.mu.Lock()
			o.next = nil
			r.mu.Unlock()
		})
		close(n.done)
	}
}

// guarded reads, and turns a panic into an error, so that one object cannot
// take the process down.
func (r *Refresher) guarded(ctx context.Context, id vezne.ObjectID, n *reading, begin func()) (body []byte, err error) {
	begun := false
	once := func() {
		if !begun {
			begun = true
			begin()
		}
	}
	defer once()
	defer func() {
		if v := recover(); v != nil {
			err = vezne.E(vezne.CodeInternal, "refresh.Read", "").Because(fmt.Errorf("it panicked: %v\n%s", v, debug.Stack()))
		}
	}()
	return r.read(ctx, id, n, once)
}

// Get reads what is no object of the mirror, such as a price, within the
// budget, and returns what Stripe answered. Its codes are those of Read without
// the store's.
func (r *Refresher) Get(ctx context.Context, path string, query url.Values, endpoint string, priority int) (stripeapi.Answer, error) {
	ctx, free := r.cut.Bound(ctx)
	defer free()
	if err := r.budget.wait(ctx, r.budget.enter(endpoint, priority)); err != nil {
		return stripeapi.Answer{}, unreachable(err)
	}
	a, err := r.Stripe.Get(ctx, path, query)
	if err != nil {
		return stripeapi.Answer{}, unreachable(err)
	}
	return a, refused(a)
}

// Cut cuts off what is being read, and reads nothing from now on. What was to be
// read stays marked.
func (r *Refresher) Cut() { r.cut.Now() }

// Wait waits for what is being read, once nothing new begins.
func (r *Refresher) Wait() { r.running.Wait() }

// InFlight returns how many objects this process is reading.
func (r *Refresher) InFlight() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.objects)
}
