package vezne

import "time"

// ObjectType is the value of Stripe's "object" key.
type ObjectType string

// The types that the mirror keeps.
const (
	TypePaymentIntent   ObjectType = "payment_intent"
	TypeCharge          ObjectType = "charge"
	TypeRefund          ObjectType = "refund"
	TypeDispute         ObjectType = "dispute"
	TypeCheckoutSession ObjectType = "checkout.session"
	TypeSetupIntent     ObjectType = "setup_intent"
	TypePaymentMethod   ObjectType = "payment_method"
	TypeCustomer        ObjectType = "customer"
)

// Interval is the span of sequence numbers in which an answer of Stripe was
// true: Begin was taken before the request was first sent, End when the answer
// was merged. Two answers whose intervals do not overlap have a known order.
type Interval struct {
	Begin int64
	End   int64
}

// Snapshot is one object of Stripe as the mirror keeps it. It comes only from
// the answer to a read by id or to our own call.
type Snapshot struct {
	ID   ObjectID
	Type ObjectType
	// Root is what the object hangs on; zero while unlinked.
	Root Root
	// Body is the object's JSON, without client_secret.
	Body []byte
	// Deleted is true when Stripe said the object is gone.
	Deleted bool
	// Terminal is true when the state can never change again.
	Terminal bool
	Interval Interval
	// RecheckAt is when it is read again if nothing is heard; nil when never.
	RecheckAt *time.Time
}

// Mark says that an object must be read. A mark is cleared only by an answer
// whose interval begins after the mark's number.
type Mark struct {
	ID     ObjectID
	Type   ObjectType
	Number int64
	// Priority: lower is read first.
	Priority int
	// Actor and EventID say why: the webhook's event, a landing page, a recheck.
	Actor   Actor
	EventID EventID
	// DueAt is when it may be read.
	DueAt time.Time
	// Tries counts reads since the mark was set that ended without an answer.
	Tries int
	// Faults counts reads since then that ended in an error which no other try
	// will mend.
	Faults int
	// Unlinked is true when it was read, but its root is not known.
	Unlinked bool
	// LastError is the last failure, for operators.
	LastError string
	CreatedAt time.Time
}

// Priorities of reads under the budget of requests to Stripe.
const (
	PriorityLandingPage = 0
	PriorityOrder       = 10
	PriorityRefund      = 20
	PriorityCustomer    = 30
	PriorityRecheck     = 40
)
