package vezne

import "time"

// AttemptKind is the way in which an attempt collects the money.
type AttemptKind string

// The kinds of attempts.
const (
	// AttemptCheckout: a Checkout Session on Stripe's page or embedded.
	AttemptCheckout AttemptKind = "checkout_session"
	// AttemptPaymentIntent: a PaymentIntent, confirmed by our page (Elements)
	// or by the server (Payment Intents API).
	AttemptPaymentIntent AttemptKind = "payment_intent"
)

// AttemptState says how far an attempt is. At most one attempt of an order is
// in a state that Open reports.
type AttemptState string

// The states of an attempt.
const (
	// AttemptOpening: written down; Stripe's answer is not known.
	AttemptOpening AttemptState = "opening"
	// AttemptActive: the object exists at Stripe and can be paid.
	AttemptActive AttemptState = "active"
	// AttemptPaid: the object was read as paid. Final.
	AttemptPaid AttemptState = "paid"
	// AttemptUnpaid: the object was read terminal and unpaid, or Stripe refused
	// to make it. Final, but watched: an object that appears later is closed or
	// its money returned.
	AttemptUnpaid AttemptState = "unpaid"
)

// Attempt is one try to collect an order's money, written down before Stripe
// hears of it. Its id travels in the metadata of whatever it makes.
type Attempt struct {
	ID      AttemptID
	OrderID OrderID
	// Number counts the attempts of an order from 1.
	Number int
	Kind   AttemptKind
	State  AttemptState

	// Expected is what this attempt asks Stripe for, in the order's currency
	// and minor unit.
	Expected int64
	Currency Currency
	// CapturedExpected is what our own partial capture asked for; 0 means the
	// whole.
	CapturedExpected int64
	// ManualCapture is true when the money is to be held first.
	ManualCapture bool
	// OffSession is true when the customer is not there to authenticate.
	OffSession bool
	// UIMode is Checkout's ui_mode, empty for intents.
	UIMode string

	// SessionID is "cs_…" of a Checkout attempt, once known.
	SessionID ObjectID
	// PaymentIntentID is "pi_…", once known (for Checkout: once the customer
	// tries to pay).
	PaymentIntentID ObjectID
	// CreateCall is the request that makes the object.
	CreateCall CallID

	CreatedAt time.Time
	ClosedAt  *time.Time
}

// Open reports whether the attempt may still be paid, which forbids another.
func (a *Attempt) Open() bool { return a.State == AttemptOpening || a.State == AttemptActive }

// ExpectedPaid returns what a successful payment of this attempt collects.
func (a *Attempt) ExpectedPaid() int64 {
	if a.CapturedExpected > 0 {
		return a.CapturedExpected
	}
	return a.Expected
}
