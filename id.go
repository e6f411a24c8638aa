package vezne

// Our own identifiers are a prefix and a random, time-ordered body; those of
// Stripe are kept as Stripe writes them.
type (
	// OrderID names an order: "ord_…". It appears in public URLs and is
	// unguessable.
	OrderID string
	// AttemptID names one attempt to collect an order's money: "att_…".
	AttemptID string
	// CallID names one request to Stripe that was written down before it was
	// sent: "call_…".
	CallID string
	// CustomerID names our record of a customer: "cst_…". Stripe's own id is
	// StripeCustomerID on the record.
	CustomerID string
	// InvoiceID names an invoice of ours: "inv_…".
	InvoiceID string
	// RefundID names a refund that was asked for here: "rfd_…".
	RefundID string
	// EventID is Stripe's event id: "evt_…".
	EventID string
	// ObjectID is the id of any object at Stripe: "pi_…", "cs_…", "ch_…".
	ObjectID string
)

// Prefixes of our own identifiers.
const (
	OrderPrefix    = "ord_"
	AttemptPrefix  = "att_"
	CallPrefix     = "call_"
	CustomerPrefix = "cst_"
	InvoicePrefix  = "inv_"
	RefundPrefix   = "rfd_"
	EffectPrefix   = "eff_"
	TokenPrefix    = "vz_"
)

// Metadata keys under which our ids travel on Stripe's objects, so that an
// object which we never saw made still finds its root.
const (
	MetadataOrder    = "vezne_order"
	MetadataAttempt  = "vezne_attempt"
	MetadataRefund   = "vezne_refund"
	MetadataCustomer = "vezne_customer"
	// MetadataCall tells objects apart that have no other id of ours.
	MetadataCall = "vezne_call"
)

// Scope is the Stripe account and mode that a process serves. It is part of
// every key in the database; objects of two scopes never meet.
type Scope struct {
	// Account is Stripe's account id ("acct_…").
	Account string
	// Livemode is true for real money.
	Livemode bool
}

// RootKind says what an object at Stripe hangs on.
type RootKind string

// The roots. What concerns one root is serialised by its row.
const (
	RootOrder    RootKind = "order"
	RootCustomer RootKind = "customer"
	// RootParent is no root: it holds what hangs on an object that is not known
	// yet, under that object's id, until it is.
	RootParent RootKind = "parent"
)

// Root names the row that is locked before anything of it changes.
type Root struct {
	Kind RootKind
	// ID is an OrderID or a CustomerID.
	ID string
}

// IsZero reports whether the root is unknown.
func (r Root) IsZero() bool { return r.ID == "" }
