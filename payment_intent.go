package vezne

import "time"

// The types below hold the facts of Stripe's objects that decisions are made
// on; statuses are Stripe's own strings. They are decoded from snapshots.

// PaymentIntent holds the facts of a PaymentIntent.
// Source: docs.stripe.com/api/payment_intents/object.
type PaymentIntent struct {
	ID ObjectID
	// Status is requires_payment_method, requires_confirmation,
	// requires_action, processing, requires_capture, succeeded or canceled.
	Status   string
	Livemode bool
	Currency Currency
	// Amounts are in the minor unit.
	Amount           int64
	AmountReceived   int64
	AmountCapturable int64
	CaptureMethod    string
	// SetupFutureUsage is on_session, off_session or empty: whether the method is
	// saved for the customer.
	SetupFutureUsage string
	PaymentMethod    ObjectID
	LatestCharge     ObjectID
	Customer         ObjectID
	// Attempt and Order come from the metadata that we sent along.
	Attempt AttemptID
	Order   OrderID
	// LastError is why the last try failed, nil when it did not.
	LastError *StripeError
	// NextActionType is "redirect_to_url", "use_stripe_sdk" or empty.
	NextActionType string
	// NextActionURL is where to send the customer, when there is such a place.
	NextActionURL string
	Created       time.Time
}

// Terminal reports whether the intent can never change its outcome again.
func (p *PaymentIntent) Terminal() bool { return p.Status == "succeeded" || p.Status == "canceled" }

// CheckoutSession holds the facts of a Checkout Session.
// Source: docs.stripe.com/api/checkout/sessions/object.
type CheckoutSession struct {
	ID       ObjectID
	Livemode bool
	// Mode is payment, setup or subscription.
	Mode string
	// Status is open, complete or expired.
	Status string
	// PaymentStatus is paid, unpaid or no_payment_required.
	PaymentStatus string
	Currency      Currency
	// Amounts are in the minor unit: subtotal before and total after the
	// breakdown of discounts, shipping and taxes.
	AmountSubtotal int64
	AmountTotal    int64
	AmountDiscount int64
	AmountShipping int64
	AmountTax      int64
	PaymentIntent  ObjectID
	SetupIntent    ObjectID
	Customer       ObjectID
	Attempt        AttemptID
	Order          OrderID
	URL            string
	Created        time.Time
}

// Terminal reports whether the session can never change again. A complete one
// whose delayed payment is on its way still does.
func (s *CheckoutSession) Terminal() bool {
	return s.Status == "expired" || (s.Status == "complete" && s.PaymentStatus != "unpaid")
}

// Charge holds the facts of a charge. Source: docs.stripe.com/api/charges/object.
type Charge struct {
	ID            ObjectID
	PaymentIntent ObjectID
	// Status is succeeded, pending or failed.
	Status   string
	Livemode bool
	Currency Currency
	// Amounts are in the minor unit.
	Amount         int64
	AmountCaptured int64
	AmountRefunded int64
	Captured       bool
	Disputed       bool
	// CardBrand and CardLast4 are what may be shown of a card.
	CardBrand string
	CardLast4 string
	// CardFingerprint is the same for each use of a card in the account.
	CardFingerprint string
	// Failure is why the charge failed, nil when it did not.
	Failure *StripeError
	Created time.Time
}

// Refund holds the facts of a refund. Source: docs.stripe.com/api/refunds/object.
type Refund struct {
	ID            ObjectID
	Charge        ObjectID
	PaymentIntent ObjectID
	// Status is pending, requires_action, succeeded, failed or canceled.
	Status   string
	Currency Currency
	// Amount is in the minor unit.
	Amount        int64
	Reason        string
	FailureReason string
	// RefundID is ours, when the refund was asked for here.
	RefundID RefundID
	Created  time.Time
}

// Dispute holds the facts of a dispute. Source: docs.stripe.com/api/disputes/object.
type Dispute struct {
	ID            ObjectID
	Charge        ObjectID
	PaymentIntent ObjectID
	// Status is warning_needs_response, warning_under_review, warning_closed,
	// needs_response, under_review, won, lost or prevented.
	Status   string
	Reason   string
	Currency Currency
	// Amount is in the minor unit.
	Amount int64
	// EvidenceDueBy is when an answer must be in, zero when none is due.
	EvidenceDueBy time.Time
	Created       time.Time
}

// Inquiry reports whether the bank only asks and no money was withdrawn.
func (d *Dispute) Inquiry() bool {
	return d.Status == "warning_needs_response" || d.Status == "warning_under_review" || d.Status == "warning_closed"
}

// Withdrawn reports whether the disputed money is gone for now or for good.
func (d *Dispute) Withdrawn() bool {
	return d.Status == "needs_response" || d.Status == "under_review" || d.Status == "lost"
}

// SetupIntent holds the facts of a SetupIntent.
// Source: docs.stripe.com/api/setup_intents/object.
type SetupIntent struct {
	ID ObjectID
	// Status is requires_payment_method, requires_confirmation,
	// requires_action, processing, succeeded or canceled.
	Status        string
	Livemode      bool
	Customer      ObjectID
	PaymentMethod ObjectID
	// CustomerID is ours, from the metadata.
	CustomerID     CustomerID
	LastError      *StripeError
	NextActionType string
	NextActionURL  string
	Created        time.Time
}
