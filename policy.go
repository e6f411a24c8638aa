package vezne

// Policy holds the choices of a shop that decisions depend on. The zero value
// is the safe choice.
type Policy struct {
	// KeepSurplus leaves money that came in for a paid or canceled order where
	// it is, flagged, instead of refunding it.
	KeepSurplus bool
	// Limits keep card testing slow.
	Limits Limits
}

// Facts is everything that is known of one order inside its transaction.
type Facts struct {
	Order          Order
	Attempts       []Attempt
	Calls          []Call
	Refunds        []RefundRequest
	PaymentIntents []PaymentIntent
	Sessions       []CheckoutSession
	Charges        []Charge
	StripeRefunds  []Refund
	Disputes       []Dispute
	// Scope is the account and mode that the process serves.
	Scope Scope
	// LimitedBy is the limit on tries that the order has reached, empty for none.
	LimitedBy LimitedBy
}

// Cause is what made us look: it becomes the actor of what follows.
type Cause struct {
	Actor   Actor
	EventID EventID
}

// Moves is what follows from the facts: the whole next state of an order and
// everything that must be written with it in one transaction.
type Moves struct {
	// Changed is false when nothing is to be written.
	Changed bool
	Order   Order
	// Attempts and Refunds are those that changed.
	Attempts []Attempt
	Refunds  []RefundRequest
	// Paid is set exactly when these moves write PaidAt.
	Paid *PaidMove
	// Entries are audit lines, without Seq.
	Entries []Entry
	// Effects are outbox rows, without ID and Payload.
	Effects []Effect
	// Calls are requests to Stripe to write down now and send after the commit.
	Calls []PlannedCall
	// Read are objects that must be read again, with the reason.
	Read []ReadMove
}

// PaidMove says what paid the order.
type PaidMove struct {
	Attempt Attempt
	// PaymentIntent is empty when Checkout required no payment.
	PaymentIntent ObjectID
	Charge        *Charge
	// AmountPaid and the breakdown are in the minor unit.
	AmountPaid     int64
	AmountDiscount int64
	AmountShipping int64
	AmountTax      int64
}

// PlannedCall is a request to Stripe that follows from the facts. Key makes it
// unique for the order, so that it is planned once however often it follows.
type PlannedCall struct {
	Key     string
	Purpose CallPurpose
	Attempt AttemptID
	Path    string
	// Form holds the parameters in the order in which they are encoded.
	Form [][2]string
}

// ReadMove asks for an object to be read.
type ReadMove struct {
	ID   ObjectID
	Type ObjectType
}
