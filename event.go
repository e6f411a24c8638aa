package vezne

import "time"

// EventState says what became of a received event.
type EventState string

// The states of an event in the inbox.
const (
	// EventReceived: stored; its object is marked to be read.
	EventReceived EventState = "received"
	// EventApplied: its object has been read after the event came, and what it
	// said is in the order.
	EventApplied EventState = "applied"
	// EventIgnored: validly signed, of a type that changes nothing here.
	EventIgnored EventState = "ignored"
	// EventQuarantined: validly signed, of another account or mode.
	EventQuarantined EventState = "quarantined"
	// EventDead: its object cannot be applied; a person must look.
	EventDead EventState = "dead"
)

// Event is one event as the inbox keeps it.
type Event struct {
	ID       EventID
	Type     string
	ObjectID ObjectID
	// ObjectType is the "object" key of data.object.
	ObjectType ObjectType
	APIVersion string
	// Account is the connected account of the event, empty for our own.
	Account  string
	Livemode bool
	// Created is Stripe's time, to the second.
	Created    time.Time
	ReceivedAt time.Time
	State      EventState
	// Reason says why it was ignored, quarantined or is dead.
	Reason    string
	AppliedAt *time.Time
	// Deliveries counts how often it arrived with a valid signature.
	Deliveries int
	// Number is the mark's number that it caused.
	Number int64
	// Body is the signed bytes; nil in lists and once they were removed.
	Body []byte
	// Digest is the SHA-256 of bytes that were removed, in lower-case
	// hexadecimal; RemovedAt is when, nil while they are kept.
	Digest    string
	RemovedAt *time.Time
}

// HandledEvent is one line of the table of events that change something.
type HandledEvent struct {
	Type string
	// Object is what the event makes us read.
	Object ObjectType
	// Why says what it is needed for, in one sentence.
	Why string
}

// HandledEvents returns the events that mark an object to be read; all others
// are kept and ignored. docs/reference/events.md is generated from it.
func HandledEvents() []HandledEvent {
	return []HandledEvent{
		{"charge.captured", TypeCharge, "A held amount was captured, here or in Stripe's dashboard."},
		{"charge.dispute.closed", TypeDispute, "A dispute was won, lost or closed."},
		{"charge.dispute.created", TypeDispute, "The holder of the card disputes the payment, or the bank asks."},
		{"charge.dispute.funds_reinstated", TypeDispute, "Money of a won dispute came back."},
		{"charge.dispute.funds_withdrawn", TypeDispute, "The disputed money was taken."},
		{"charge.dispute.updated", TypeDispute, "Evidence or the state of a dispute changed."},
		{"charge.failed", TypeCharge, "A try to pay was declined; the charge tells why."},
		{"charge.refund.updated", TypeRefund, "A refund changed its state."},
		{"charge.refunded", TypeCharge, "Money went back, here or in Stripe's dashboard."},
		{"charge.updated", TypeCharge, "A charge changed after the fact."},
		{"checkout.session.async_payment_failed", TypeCheckoutSession, "A delayed payment of a session failed."},
		{"checkout.session.async_payment_succeeded", TypeCheckoutSession, "A delayed payment of a session came in."},
		{"checkout.session.completed", TypeCheckoutSession, "The customer finished Stripe's page; the money may still be on its way."},
		{"checkout.session.expired", TypeCheckoutSession, "A session can no longer be paid."},
		{"customer.deleted", TypeCustomer, "A customer was deleted at Stripe, with all saved methods."},
		{"payment_intent.amount_capturable_updated", TypePaymentIntent, "An amount is held and can be captured."},
		{"payment_intent.canceled", TypePaymentIntent, "An intent can no longer be paid."},
		{"payment_intent.partially_funded", TypePaymentIntent, "A bank transfer covered a part."},
		{"payment_intent.payment_failed", TypePaymentIntent, "A try to pay was declined or not authenticated."},
		{"payment_intent.processing", TypePaymentIntent, "A delayed payment method is being checked."},
		{"payment_intent.requires_action", TypePaymentIntent, "The customer must authenticate."},
		{"payment_intent.succeeded", TypePaymentIntent, "An intent was paid."},
		{"payment_method.attached", TypePaymentMethod, "A method was saved for a customer."},
		{"payment_method.automatically_updated", TypePaymentMethod, "A card network renewed a saved card."},
		{"payment_method.detached", TypePaymentMethod, "A saved method was removed."},
		{"payment_method.updated", TypePaymentMethod, "A saved method changed."},
		{"refund.created", TypeRefund, "A refund began, here or in Stripe's dashboard."},
		{"refund.failed", TypeRefund, "A refund failed; the money is with us again."},
		{"refund.updated", TypeRefund, "A refund changed its state."},
		{"setup_intent.canceled", TypeSetupIntent, "Saving a method was given up."},
		{"setup_intent.setup_failed", TypeSetupIntent, "Saving a method failed."},
		{"setup_intent.succeeded", TypeSetupIntent, "A method was saved for later payments."},
	}
}
