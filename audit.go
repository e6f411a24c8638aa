package vezne

import (
	"strings"
	"time"
)

// Actor is who caused something: a kind, and for people a name.
type Actor struct {
	Kind ActorKind
	// Name tells operators and tokens apart; empty for the others.
	Name string
}

// ActorKind is the kind of an actor.
type ActorKind string

// The kinds of actors.
const (
	// ActorCustomer: the buyer, on a page of ours.
	ActorCustomer ActorKind = "customer"
	// ActorOperator: a person signed in to the dashboard or the command line.
	ActorOperator ActorKind = "operator"
	// ActorAPI: the application, by a token.
	ActorAPI ActorKind = "api"
	// ActorWebhook: an event of Stripe.
	ActorWebhook ActorKind = "webhook"
	// ActorLandingPage: the page a buyer comes back to, asking Stripe.
	ActorLandingPage ActorKind = "landing_page"
	// ActorReconcile: the search for what was missed.
	ActorReconcile ActorKind = "reconcile"
	// ActorSystem: the desk itself, such as a recheck or a returned surplus.
	ActorSystem ActorKind = "system"
)

// String returns "kind" or "kind:name".
func (a Actor) String() string {
	if a.Name == "" {
		return string(a.Kind)
	}
	return string(a.Kind) + ":" + a.Name
}

// ParseActor reads what String wrote.
func ParseActor(s string) Actor {
	kind, name, _ := strings.Cut(s, ":")
	return Actor{Kind: ActorKind(kind), Name: name}
}

// Entry is one line of an order's timeline, and of the audit trail: append
// only, sealed later into a hash chain.
type Entry struct {
	Root Root
	// Seq counts the entries of a root from 1.
	Seq int64
	// At is when it was recorded.
	At    time.Time
	Actor Actor
	// Action is "order.created", "order.paid", "refund.requested", ….
	Action string
	// EventID is the event that made us look, if one did.
	EventID EventID
	// Object is the object at Stripe that it is about, if any.
	Object ObjectID
	// Before and After hold only what changed. Values are strings, integers,
	// booleans or nil; amounts are in the minor unit.
	Before map[string]any
	After  map[string]any
	// Detail holds what an operator wants to know, such as the true decline
	// code. It never goes to a buyer's page.
	Detail map[string]any
	// ErasedAt is when Before, After and Detail were erased with the person they
	// told of; nil for never.
	ErasedAt *time.Time
}

// SealedEntry is an entry with its place in the chain.
type SealedEntry struct {
	Entry
	// ChainSeq counts the sealed entries of the scope from 1, without gaps.
	ChainSeq int64
	// Salt, Digest and Hash are lower-case hexadecimal: Digest is over salt and
	// content, Hash over the former hash and the digest.
	Salt   string
	Digest string
	Hash   string
}
