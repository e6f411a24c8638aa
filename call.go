package vezne

import "time"

// CallPurpose says why a request to Stripe is made.
type CallPurpose string

// The purposes of requests that change something at Stripe.
const (
	CallCreateCustomer       CallPurpose = "customer.create"
	CallCreateSession        CallPurpose = "checkout_session.create"
	CallExpireSession        CallPurpose = "checkout_session.expire"
	CallCreatePaymentIntent  CallPurpose = "payment_intent.create"
	CallConfirmPaymentIntent CallPurpose = "payment_intent.confirm"
	CallCapturePaymentIntent CallPurpose = "payment_intent.capture"
	CallCancelPaymentIntent  CallPurpose = "payment_intent.cancel"
	CallCreateRefund         CallPurpose = "refund.create"
	CallRefundSurplus        CallPurpose = "refund.surplus"
	CallCreateSetupIntent    CallPurpose = "setup_intent.create"
	CallDetachPaymentMethod  CallPurpose = "payment_method.detach"
	CallDeleteCustomer       CallPurpose = "customer.delete"
)

// CallState says what is known of a request to Stripe.
type CallState string

// The states of a call.
const (
	// CallPending: written down; no conclusive answer yet. It is sent again,
	// byte for byte and with the same key, until there is one.
	CallPending CallState = "pending"
	// CallLooking: re-sending would only replay a stored failure, or the key is
	// too old; whether it took effect is being looked up.
	CallLooking CallState = "looking"
	// CallDone: Stripe answered with success. Final.
	CallDone CallState = "done"
	// CallRefused: Stripe answered that it will not. Final.
	CallRefused CallState = "refused"
	// CallAbandoned: the look-up found nothing. Final, yet an object that
	// appears later is still recognised by its metadata.
	CallAbandoned CallState = "abandoned"
)

// Call is one request that changes something at Stripe. It is committed before
// it is sent, and re-sent byte for byte: nothing in it is ever recomputed.
type Call struct {
	ID      CallID
	Root    Root
	Attempt AttemptID
	// RefundID is our refund, for refund calls.
	RefundID RefundID
	Purpose  CallPurpose
	// Path is "/v1/payment_intents". The method is POST, except to delete a
	// customer.
	Path string
	// Form is the exact body, form-encoded; empty once it was removed.
	Form string
	// Key is the idempotency key.
	Key string
	// APIVersion is sent as Stripe-Version.
	APIVersion string
	// Number is the call's sequence number, taken when it was written; a
	// replayed answer keeps it.
	Number int64
	State  CallState
	// Actor is who asked.
	Actor Actor

	CreatedAt   time.Time
	FirstSentAt *time.Time
	// NextAt is when it is sent, or looked up, again if nobody hears.
	NextAt time.Time
	// Tries counts how often it was sent.
	Tries int
	// Unclear is true once a sending ended without a conclusive answer: from
	// then on a refusal does not prove that nothing happened.
	Unclear bool
	// Status is the HTTP status of the conclusive answer.
	Status int
	// Object is the id of the object that the answer named.
	Object ObjectID
	// Refusal is what Stripe said when it refused.
	Refusal *StripeError
}
