package vezne

import "time"

// RefundRequest is a refund that was asked for here, written down before
// Stripe hears of it. What became of it is told by the Refund it made.
type RefundRequest struct {
	ID      RefundID
	OrderID OrderID
	// Amount is in the order's currency and minor unit.
	Amount int64
	// Reason is duplicate, fraudulent, requested_by_customer or empty.
	Reason string
	Actor  Actor
	// StripeRefundID is "re_…", once known.
	StripeRefundID ObjectID
	// State is "pending" until Stripe answered, then Stripe's status, or
	// "refused".
	State     string
	CreatedAt time.Time
}
