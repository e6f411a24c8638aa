// Package inbox receives events: it verifies the signature over the raw bytes,
// keeps them once, marks the object that they name to be read, and answers
// after the commit. It decides nothing.
package inbox

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// Defaults of the group commit.
const (
	// DefaultWaiting is how many events may wait to be stored.
	DefaultWaiting = 2048
	// groupSize is how many are stored in one transaction.
	groupSize = 200
	// writers is how many groups are stored at once on PostgreSQL.
	writers = 2
)

// Config is what an Inbox stands on.
type Config struct {
	Store *store.Store
	// Secrets returns the signing secrets that count now.
	Secrets func() []vezne.Secret
	Clock   vezne.Clock
	// Tolerance is how far a signature's time may lie from ours; 0 is refused,
	// since it would switch the check off or refuse everything.
	Tolerance time.Duration
	// Wake is called after a commit that left something to read.
	Wake func()
	// MaxWaiting bounds what waits to be stored; 0 means DefaultWaiting.
	MaxWaiting int
	Log        *slog.Logger
}

// Receipt says what became of an event.
type Receipt struct {
	ID    vezne.EventID
	State vezne.EventState
	// New is false when it had been received before.
	New bool
}

// Inbox receives events. It is safe for concurrent use.
type Inbox struct {
	cfg     Config
	handled map[string]vezne.ObjectType
	queue   chan waiting
	mu      sync.RWMutex
	closed  bool
	done    sync.WaitGroup
}

type waiting struct {
	event  vezne.Event
	answer chan<- stored
}

type stored struct {
	isNew bool
	err   error
}

// New starts an inbox. CodeConfigInvalid when the tolerance is not positive.
func New(cfg Config) (*Inbox, error) {
	if cfg.Tolerance <= 0 {
		return nil, vezne.E(vezne.CodeConfigInvalid, "inbox.New", "The tolerance of webhook signatures must be greater than 0.").WithHint("Leave it at 5 minutes.")
	}
	if cfg.MaxWaiting <= 0 {
		cfg.MaxWaiting = DefaultWaiting
	}
	in := &Inbox{cfg: cfg, handled: map[string]vezne.ObjectType{}, queue: make(chan waiting, cfg.MaxWaiting)}
	for _, h := range vezne.HandledEvents() {
		in.handled[h.Type] = h.Object
	}
	n := 1
	if cfg.Store.Dialect() == store.Postgres {
		n = writers
	}
	for range n {
		in.done.Go(in.write)
	}
	return in, nil
}

// Receive verifies and keeps an event and returns after the commit. Its codes
// are CodeSignatureInvalid, CodeMalformedBody, CodeOverloaded when too much
// waits, and those of the store.
func (in *Inbox) Receive(ctx context.Context, body []byte, signature string) (Receipt, error) {
	const op = "inbox.Receive"
	now := in.cfg.Clock.Now()
	if err := verify(body, signature, in.cfg.Secrets(), now, in.cfg.Tolerance); err != nil {
		return Receipt{}, err
	}
	e, err := scan(body)
	if err != nil {
		return Receipt{}, vezne.E(vezne.CodeMalformedBody, op, "").Because(err)
	}
	event := in.classify(e)
	event.Body, event.ReceivedAt = body, now
	answer := make(chan stored, 1)
	if err := in.enqueue(waiting{event, answer}); err != nil {
		return Receipt{}, err
	}
	select {
	case s := <-answer:
		return Receipt{ID: event.ID, State: event.State, New: s.isNew}, s.err
	case <-ctx.Done():
		// It may still be stored; Stripe sends it again and it counts once.
		return Receipt{}, vezne.E(vezne.CodeStorageUnavailable, op, "").Because(ctx.Err())
	}
}

// classify says what an event means here, by its envelope alone.
func (in *Inbox) classify(e envelope) vezne.Event {
	scope := in.cfg.Store.Scope()
	event := vezne.Event{
		ID: vezne.EventID(e.id), Type: e.kind, ObjectID: vezne.ObjectID(e.objectID), ObjectType: vezne.ObjectType(e.objectType), APIVersion: e.apiVersion,
		Account: e.account, Livemode: e.livemode, Created: time.Unix(e.created, 0).UTC(), State: vezne.EventReceived,
	}
	object, handled := in.handled[e.kind]
	switch {
	case e.livemode != scope.Livemode:
		event.State, event.Reason = vezne.EventQuarantined, "The event is of the other mode (test or live)."
	case e.account != "" && e.account != scope.Account:
		event.State, event.Reason = vezne.EventQuarantined, "The event is of another account."
	case !handled:
		event.State, event.Reason = vezne.EventIgnored, "Events of this type change nothing here."
	case e.objectID == "":
		event.State, event.Reason = vezne.EventIgnored, "The event names no object."
	default:
		event.ObjectType = object
	}
	return event
}

func (in *Inbox) enqueue(w waiting) error {
	const op = "inbox.Receive"
	in.mu.RLock()
	defer in.mu.RUnlock()
	if in.closed {
		return vezne.E(vezne.CodeStorageUnavailable, op, "The service is ending.")
	}
	select {
	case in.queue <- w:
		return nil
	default:
		return vezne.E(vezne.CodeOverloaded, op, "")
	}
}

// write stores what waits, as much at once as there is.
func (in *Inbox) write() {
	for first := range in.queue {
		group := []waiting{first}
	fill:
		for len(group) < groupSize {
			select {
			case w, ok := <-in.queue:
				if !ok {
					break fill
				}
				group = append(group, w)
			default:
				break fill
			}
		}
		in.store(group)
	}
}

// store keeps a group in one transaction. A group that is refused is split, so
// that one bad row does not refuse its neighbours; an outage refuses all.
func (in *Inbox) store(group []waiting) {
	events := make([]vezne.Event, len(group))
	for i, w := range group {
		events[i] = w.event
	}
	results, err := in.cfg.Store.StoreEvents(context.Background(), events)
	switch {
	case err == nil:
		in.wake(events)
		for i, w := range group {
			w.answer <- stored{isNew: results[i].New}
		}
	case len(group) > 1 && vezne.KindOf(err) != vezne.KindUnavailable:
		in.store(group[:len(group)/2])
		in.store(group[len(group)/2:])
	default:
		for _, w := range group {
			w.answer <- stored{err: err}
		}
	}
}

func (in *Inbox) wake(events []vezne.Event) {
	for _, e := range events {
		if e.State == vezne.EventReceived && in.cfg.Wake != nil {
			in.cfg.Wake()
			return
		}
	}
}

// Close stores what waits and ends. Events that arrive afterwards are refused,
// so that Stripe sends them again.
func (in *Inbox) Close(ctx context.Context) error {
	in.mu.Lock()
	if !in.closed {
		in.closed = true
		close(in.queue)
	}
	in.mu.Unlock()
	done := make(chan struct{})
	go func() { in.done.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return vezne.E(vezne.CodeStorageUnavailable, "inbox.Close", "Events that waited were not stored in time.").Because(ctx.Err())
	}
}
