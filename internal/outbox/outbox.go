// Package outbox delivers effects after the commit that caused them: signed
// call-backs to the application, and the embedding program's after-commit hook.
// An effect is delivered at least once and in no order; each carries the
// revision of its order, by which a receiver tells old from new.
package outbox

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// Config is what an Outbox stands on.
type Config struct {
	Store *store.Store
	// CallbackURL is where call-backs go; empty for nowhere.
	CallbackURL string
	// Secrets returns the secrets that sign call-backs now: the first is the
	// newest, the others count while one is being rolled.
	Secrets func() []vezne.Secret
	// Transport carries call-backs; nil for one with sensible limits.
	Transport http.RoundTripper
	// Hook returns the after-commit hook, nil when there is none.
	Hook func() func(ctx context.Context, o vezne.OrderView) error
	// Clock stamps signatures. Receivers compare it with their own, so it is the
	// real time, whatever clock orders and leases follow.
	Clock vezne.Clock
	Log   *slog.Logger
}

// Outbox delivers. It is safe for concurrent use; within a process, one effect
// is delivered by one caller at a time.
type Outbox struct {
	cfg    Config
	client *http.Client
	mu     sync.Mutex
	busy   map[string]chan struct{}
}

// New returns an Outbox. CodeConfigInvalid when the address or a secret of
// call-backs cannot be used.
func New(cfg Config) (*Outbox, error) {
	if cfg.CallbackURL != "" {
		if err := CheckURL(cfg.CallbackURL); err != nil {
			return nil, err
		}
		if err := CheckSecrets(cfg.Secrets()); err != nil {
			return nil, err
		}
	}
	return &Outbox{cfg: cfg, client: client(cfg.Transport), busy: map[string]chan struct{}{}}, nil
}

// Outcome says how a delivery ended.
type Outcome struct {
	// Sent is true when the receiver accepted it, now or before.
	Sent bool
	// Again is the pause until it is due again, when it was not sent.
	Again time.Duration
	// Failure is why the receiver did not accept it, nil when it was not due.
	Failure error
}

// Deliver delivers an effect that is due. That a receiver does not accept it
// is no error: it is noted, and the outcome says when it is due again. Errors
// are the store's, and CodeNotFound.
func (o *Outbox) Deliver(ctx context.Context, id string) (Outcome, error) {
	free, err := o.take(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	defer free()
	e, err := o.cfg.Store.Effect(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	if e.SentAt != nil {
		return Outcome{Sent: true}, nil
	}
	now, err := o.cfg.Store.Now(ctx)
	if err != nil {
		return Outcome{}, err
	}
	if wait := e.NextAt.Sub(now); wait > 0 {
		return Outcome{Again: wait}, nil
	}
	failure := o.attempt(ctx, e)
	if failure == nil {
		return Outcome{Sent: true}, o.cfg.Store.SetEffectSent(ctx, id)
	}
	again := max(pause(e.Tries+1), failure.retryAfter)
	o.cfg.Log.WarnContext(ctx, "an effect was not accepted", "effect", e.ID, "kind", string(e.Kind), "topic", e.Topic, "root", e.Root.ID, "try", e.Tries+1,
		"again_after", again, "err", failure)
	return Outcome{Again: again, Failure: failure}, o.cfg.Store.SetEffectFailed(ctx, id, failure.Error(), again)
}

func (o *Outbox) attempt(ctx context.Context, e vezne.Effect) *failure {
	switch e.Kind {
	case vezne.EffectCallback:
		return o.callback(ctx, e)
	case vezne.EffectHook:
		return o.hook(ctx, e)
	}
	return &failure{reason: "effects of this kind are not known here"}
}

// failure is why a receiver did not accept an effect. It never holds what the
// receiver answered, which may be anything.
type failure struct {
	reason string
	cause  error
	// retryAfter is how long the receiver asks to be left alone.
	retryAfter time.Duration
}

// Error returns the reason.
func (f *failure) Error() string {
	if f.cause != nil {
		return f.reason + ": " + f.cause.Error()
	}
	return f.reason
}

// Unwrap returns the cause.
func (f *failure) Unwrap() error { return f.cause }

// pauses are how long an effect rests after its first, second, … failure; the
// last repeats for ever. Stripe's and the Standard Webhooks' recommended
// schedules reach over some days in the same manner.
var pauses = []time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour,
}

func pause(failures int) time.Duration { return pauses[min(failures, len(pauses))-1] }

// take waits until nobody else in the process delivers the effect.
func (o *Outbox) take(ctx context.Context, id string) (free func(), err error) {
	for {
		o.mu.Lock()
		other, taken := o.busy[id]
		if !taken {
			done := make(chan struct{})
			o.busy[id] = done
			o.mu.Unlock()
			return func() {
				o.mu.Lock()
				delete(o.busy, id)
				o.mu.Unlock()
				close(done)
			}, nil
		}
		o.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, vezne.E(vezne.CodeStorageUnavailable, "outbox.Deliver", "The effect is being delivered by somebody else.").Because(ctx.Err())
		}
	}
}
