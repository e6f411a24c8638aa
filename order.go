package vezne

import (
	"slices"
	"time"
)

// OrderStatus is computed from an order's facts and sums; nothing depends on
// reaching it, and it may go back (a refund that fails, a dispute that is won).
type OrderStatus string

// The statuses of an order.
const (
	// OrderOpen: waits for payment.
	OrderOpen OrderStatus = "open"
	// OrderProcessing: a delayed payment method was used; Stripe will say.
	OrderProcessing OrderStatus = "processing"
	// OrderAuthorized: the money is held and waits to be captured.
	OrderAuthorized OrderStatus = "authorized"
	// OrderPaid: Stripe, asked directly, said so.
	OrderPaid OrderStatus = "paid"
	// OrderPartiallyRefunded: paid, and a part went back.
	OrderPartiallyRefunded OrderStatus = "partially_refunded"
	// OrderRefunded: paid, and all of it went back.
	OrderRefunded OrderStatus = "refunded"
	// OrderDisputed: paid, and the holder of the card disputes it or has won.
	OrderDisputed OrderStatus = "disputed"
	// OrderCanceled: no attempt can be paid any more. Final.
	OrderCanceled OrderStatus = "canceled"
)

// OrderStatuses returns all statuses in the order of a life.
func OrderStatuses() []OrderStatus {
	return []OrderStatus{OrderOpen, OrderProcessing, OrderAuthorized, OrderPaid, OrderPartiallyRefunded, OrderRefunded, OrderDisputed, OrderCanceled}
}

// Attention is a reason why a person should look at an order. It stands beside
// the status and never replaces it.
type Attention string

// The reasons for attention.
const (
	// AttentionMismatch: Stripe took an amount, currency, account or mode that
	// the attempt did not ask for. The order is not Paid by it.
	AttentionMismatch Attention = "payment_mismatch"
	// AttentionSurplus: money came in for an order that was paid or canceled,
	// and has not been returned yet.
	AttentionSurplus Attention = "surplus"
	// AttentionHeldByHook: the application's hook refused; Paid is held back.
	AttentionHeldByHook Attention = "held_by_hook"
	// AttentionDisputed: a dispute needs an answer.
	AttentionDisputed Attention = "dispute_open"
	// AttentionInquiry: the bank asks; no money has been withdrawn.
	AttentionInquiry Attention = "dispute_inquiry"
	// AttentionRefundFailed: a refund failed after it was accepted.
	AttentionRefundFailed Attention = "refund_failed"
	// AttentionUnsure: Stripe has not said whether a request took effect.
	AttentionUnsure Attention = "attempt_unsure"
	// AttentionRegression: Stripe showed an object leaving a final state.
	AttentionRegression Attention = "object_regressed"
	// AttentionCancelPending: cancellation was asked for and waits for Stripe.
	AttentionCancelPending Attention = "cancel_pending"
	// AttentionCardTesting: so many payments were declined that no more are
	// taken for a while.
	AttentionCardTesting Attention = "card_testing"
)

// Attentions returns all reasons for attention.
func Attentions() []Attention {
	return []Attention{AttentionMismatch, AttentionSurplus, AttentionHeldByHook, AttentionDisputed, AttentionInquiry,
		AttentionRefundFailed, AttentionUnsure, AttentionRegression, AttentionCancelPending, AttentionCardTesting}
}

// OrderLine is one thing that is bought.
type OrderLine struct {
	Name string
	// PriceID is Stripe's price, when the line was given by price.
	PriceID ObjectID
	// UnitAmount is in the currency's minor unit.
	UnitAmount int64
	Quantity   int64
	// Amount is UnitAmount times Quantity.
	Amount int64
}

// Order is what a customer owes money for. Facts are written once; sums follow
// what Stripe says; the status is computed.
type Order struct {
	ID OrderID
	// Number is what people say: counted up per account and mode, with gaps.
	Number   int64
	Currency Currency
	Lines    []OrderLine
	// AmountTotal is the sum of the lines, in the minor unit.
	AmountTotal int64

	// Sums, all in the minor unit.

	// AmountAuthorized is held and can be captured.
	AmountAuthorized int64
	// AmountPaid is what the payment that made the order Paid collected.
	AmountPaid int64
	// AmountRefunded is what went back of it, pending refunds included.
	AmountRefunded int64
	// AmountDisputed is under dispute or lost by one.
	AmountDisputed int64
	// Processing is true while a delayed payment method is being checked.
	Processing bool

	// Facts, each written once and never unwritten.

	// PaidAt is when we recorded Stripe's word that it is paid.
	PaidAt *time.Time
	// PaidBy is the attempt whose payment made it Paid.
	PaidBy AttemptID
	// CancelRequestedAt is when somebody asked to cancel.
	CancelRequestedAt *time.Time
	// CanceledAt is when every attempt had been read terminal and unpaid.
	CanceledAt *time.Time

	Attention []Attention

	// CustomerID is our customer record; empty for a guest.
	CustomerID CustomerID
	// CustomerReference, CustomerEmail and CustomerName are as given with the
	// order; later changes of the customer do not change them.
	CustomerReference string
	CustomerEmail     string
	CustomerName      string
	// Locale is "tr", "en" or empty (decided per visitor).
	Locale   string
	Metadata map[string]string

	// Revision counts the transactions that changed the order.
	Revision  int64
	CreatedAt time.Time
	UpdatedAt time.Time
	// ErasedAt is when what tells who bought was erased; nil for never.
	ErasedAt *time.Time
}

// Total returns what the order costs.
func (o *Order) Total() Money { return Money{o.AmountTotal, o.Currency} }

// Status computes the status from facts and sums.
func (o *Order) Status() OrderStatus {
	switch {
	case o.PaidAt != nil && o.AmountDisputed > 0:
		return OrderDisputed
	case o.PaidAt != nil && o.AmountRefunded > 0 && o.AmountRefunded >= o.AmountPaid:
		return OrderRefunded
	case o.PaidAt != nil && o.AmountRefunded > 0:
		return OrderPartiallyRefunded
	case o.PaidAt != nil:
		return OrderPaid
	case o.CanceledAt != nil:
		return OrderCanceled
	case o.AmountAuthorized > 0:
		return OrderAuthorized
	case o.Processing:
		return OrderProcessing
	default:
		return OrderOpen
	}
}

// Refundable returns how much may still be refunded, in the minor unit.
func (o *Order) Refundable() int64 {
	if o.PaidAt == nil {
		return 0
	}
	return max(0, o.AmountPaid-o.AmountRefunded)
}

// Has reports whether a reason for attention is raised.
func (o *Order) Has(a Attention) bool { return slices.Contains(o.Attention, a) }

// Clone returns a copy that shares nothing with o.
func (o *Order) Clone() Order {
	c := *o
	c.Lines = slices.Clone(o.Lines)
	c.Attention = slices.Clone(o.Attention)
	if o.Metadata != nil {
		c.Metadata = make(map[string]string, len(o.Metadata))
		for k, v := range o.Metadata {
			c.Metadata[k] = v
		}
	}
	return c
}
