package vezne

import "time"

// EffectKind is what happens after a commit.
type EffectKind string

// The kinds of effects.
const (
	// EffectHook: the embedding program's after-commit hook.
	EffectHook EffectKind = "hook"
	// EffectCallback: a signed request to the application.
	EffectCallback EffectKind = "callback"
)

// Effect is a row of the outbox: something that must reach the outside at
// least once because a transaction committed. Its payload is frozen then.
type Effect struct {
	ID string
	// Key makes it unique: "order.paid:ord_…" exists once.
	Key  string
	Kind EffectKind
	// Topic is "order.paid", "order.refunded", "order.disputed",
	// "order.canceled", "order.updated".
	Topic string
	Root  Root
	// Revision is the order's revision at commit; receivers order by it.
	Revision int64
	// Payload is JSON.
	Payload   []byte
	CreatedAt time.Time
	// SentAt is when the receiver accepted it.
	SentAt *time.Time
	// NextAt is when it is delivered, or tried again.
	NextAt time.Time
	Tries  int
	// LastError is for operators.
	LastError string
}
