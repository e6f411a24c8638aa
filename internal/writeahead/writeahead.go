// Package writeahead sends the calls that were written down before: byte for
// byte, with the same key, until there is a conclusive answer. The answer is
// settled; what stays unclear is looked up.
package writeahead

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/stripeapi"
	"github.com/vezne/vezne/internal/sweep"
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
type Sender struct {
	Config
	loop    *sweep.Loop
	cut     *sweep.Cut
	claims  atomic.Int64
	mu      sync.Mutex
	flights map[vezne.CallID]*flight
	flying  sync.WaitGroup
	// leaving is closed when the process ends: nobody waits for others any more.
	leaving chan struct{}
	leave   func()
}

// flight is a call that is being sent or looked up by this process.
type flight struct {
	done   chan struct{}
	result Result
	err    error
}

// Result is a call as it stands.
type Result struct {
	Call vezne.Call
	// Body is what Stripe answered just now, of success or of an error, with
	// client secrets and whatever else is never kept. It is nil when the answer
	// came to somebody else or earlier.
	Body []byte
}

const (
	// batch is how many calls a sweep takes at once.
	batch = 8
	// lease is longer than everything that is done under it: one sending
	// (stripeapi.WriteTimeout) or one look-up (lookTime), and what is written
	// before and after it.
	lease = 2 * time.Minute
	// elsewherePause and elsewhereTime say how often, and how long, a call is
	// looked at that another process is sending.
	elsewherePause = 200 * time.Millisecond
	elsewhereTime  = stripeapi.WriteTimeout + 5*time.Second
)

// New returns a Sender.
func New(cfg Config) *Sender {
	leaving := make(chan struct{})
	s := &Sender{Config: cfg, cut: sweep.NewCut(), flights: map[vezne.CallID]*flight{}, leaving: leaving, leave: sync.OnceFunc(func() { close(leaving) })}
	s.loop = sweep.New("calls", batch, s.Sweep, cfg.Log)
	return s
}

// Send sends a call now, settles the answer and returns the call as it stands
// then; a call that Stripe refused is no error. Who asks for a call that is on
// its way waits for it. Its codes are those of Do.
func (s *Sender) Send(ctx context.Context, id vezne.CallID) (vezne.Call, error) {
	r, err := s.Do(ctx, id)
	return r.Call, err
}

// Do is Send with Stripe's answer. It goes on when ctx ends. Codes, beside the
// store's: CodeStripeUnreachable while there is no conclusive answer, then the
// call is sent again or looked up in the background; CodeRateLimited and
// CodeStripeKeyRefused where Stripe gave that as the reason; CodeNotFound.
func (s *Sender) Do(ctx context.Context, id vezne.CallID) (Result, error) {
	f, _ := s.start(id, func() (Result, error) { return s.fly(context.WithoutCancel(ctx), id) })
	select {
	case <-f.done:
		return f.result, f.err
	case <-ctx.Done():
		return Result{}, unclear(ctx.Err())
	}
}

func unclear(cause error) *vezne.Error {
	return vezne.E(vezne.CodeStripeUnreachable, "writeahead.Send", "").Because(cause)
}

// start runs a flight, or returns the one that runs already and false.
func (s *Sender) start(id vezne.CallID, run func() (Result, error)) (*flight, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.flights[id]; ok {
		return f, false
	}
	f := &flight{done: make(chan struct{})}
	s.flights[id] = f
	s.flying.Go(func() {
		defer func() {
			if v := recover(); v != nil {
				f.err = vezne.E(vezne.CodeInternal, "writeahead.Send", "").Because(fmt.Errorf("it panicked: %v\n%s", v, debug.Stack()))
			}
			s.mu.Lock()
			delete(s.flights, id)
			s.mu.Unlock()
			close(f.done)
		}()
		f.result, f.err = run()
	})
	return f, true
}

// claimName names one claim: two claims of one process exclude each other too.
func (s *Sender) claimName() string { return fmt.Sprintf("%s#%d", s.Owner, s.claims.Add(1)) }

func ended(c vezne.Call) bool { return c.State != vezne.CallPending && c.State != vezne.CallLooking }

// fly claims a call and sends it, or looks it up if its time has come.
func (s *Sender) fly(ctx context.Context, id vezne.CallID) (Result, error) {
	call, err := s.Store.Call(ctx, id)
	if err != nil || ended(call) {
		return Result{Call: call}, err
	}
	return s.claim(ctx, call)
}

// claim takes a call and does what it needs. One that another process has is
// waited for, and taken when its lease ends.
func (s *Sender) claim(ctx context.Context, call vezne.Call) (Result, error) {
	waiting, cancel := context.WithTimeout(ctx, elsewhereTime)
	defer cancel()
	tick := time.NewTicker(elsewherePause)
	defer tick.Stop()
	owner := s.claimName()
	for {
		claimed, err := s.Store.ClaimCall(ctx, call.ID, owner, lease)
		if err != nil {
			// A COMMIT without an answer may have claimed it.
			return Result{Call: call}, errors.Join(err, s.Store.ReleaseCall(ctx, call.ID, owner, call.NextAt))
		}
		// As it is now: whoever had it before may have written down how it ended.
		if call, err = s.Store.Call(ctx, call.ID); err != nil || ended(call) {
			return Result{Call: call}, err
		}
		if claimed {
			return s.process(ctx, call, owner)
		}
		select {
		case <-waiting.Done():
		case <-s.leaving:
		case <-tick.C:
		}
		if err := s.over(waiting); err != nil {
			return Result{Call: call}, unclear(err)
		}
	}
}

// over says why nobody waits for another process any longer, nil while somebody
// does. A tick that came beside it, while the database was slow, changes nothing.
func (s *Sender) over(waiting context.Context) error {
	select {
	case <-s.leaving:
		return context.Canceled
	default:
		return waiting.Err()
	}
}

// Sweep sends or looks up what is due and returns how much that was. What
// becomes of each call is written in it; an error means that the database could
// not be asked.
func (s *Sender) Sweep(ctx context.Context) (int, error) {
	if s.cut.Came() {
		return 0, nil
	}
	owner := s.claimName()
	calls, err := s.Store.ClaimCalls(ctx, owner, batch, lease)
	if err != nil {
		return 0, err
	}
	flights := make([]*flight, len(calls))
	for i, c := range calls {
		f, ours := s.start(c.ID, func() (Result, error) { return s.process(context.WithoutCancel(ctx), c, owner) })
		if !ours {
			// Somebody here waits for the lease: let them have it.
			if err := s.Store.ReleaseCall(ctx, c.ID, owner, c.NextAt); err != nil {
				return 0, err
			}
		}
		flights[i] = f
	}
	for i, f := range flights {
		<-f.done
		if f.err != nil && vezne.KindOf(f.err) == vezne.KindInternal {
			s.Log.ErrorContext(ctx, "a call cannot be settled", "call", string(calls[i].ID), "purpose", string(calls[i].Purpose), "err", f.err)
		}
	}
	return len(calls), nil
}

// Run sweeps each second and on Wake, until ctx ends; then it waits for what
// is on its way.
func (s *Sender) Run(ctx context.Context) {
	defer context.AfterFunc(ctx, s.leave)()
	s.loop.Run(ctx)
	s.Wait()
}

// Wake makes Run sweep now.
func (s *Sender) Wake() { s.loop.Wake() }

// Cut cuts off what is on its way, and sends nothing from now on. A call that is
// cut off is like one whose answer was lost: it is sent again, byte for byte, by
// the next start or another process.
func (s *Sender) Cut() {
	s.leave()
	s.cut.Now()
}

// InFlight returns how many calls this process is sending or looking up.
func (s *Sender) InFlight() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.flights)
}

// Wait waits for what this process has on its way, once nothing new begins. Who
// waits for another process is sent away.
func (s *Sender) Wait() {
	s.leave()
	s.flying.Wait()
}
