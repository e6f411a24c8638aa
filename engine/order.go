package engine

import (
	"context"
	"encoding/json"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
)

// NewOrder is an order to be made.
type NewOrder struct {
	Currency vezne.Currency
	Lines    []NewLine
	// Customer is who buys; nil for a guest of whom nothing is known.
	Customer *NewCustomer
	// Locale is "tr", "en" or empty, which is decided per visitor.
	Locale   string
	Metadata map[string]string
}

// NewLine is a line of it: a name and an amount, or a price of Stripe.
type NewLine struct {
	Name string
	// UnitAmount is in the currency's minor unit: 1999 is 19.99 usd.
	UnitAmount int64
	// Price is Stripe's price (price_…), instead of Name and UnitAmount.
	Price    vezne.ObjectID
	Quantity int64
}

// NewCustomer is who buys. With a reference, the application's own id of the
// person, a customer record is kept and cards can be saved.
type NewCustomer struct{ Reference, Email, Name string }

// OrderFilter says which orders to list; zero values do not filter.
type OrderFilter struct {
	Statuses []vezne.OrderStatus
	// CustomerReference is the application's id of the person.
	CustomerReference string
	// Query is a number, an id, or a part of a name or an e-mail address.
	Query           string
	PaymentIntentID vezne.ObjectID
	CreatedAfter    time.Time
	CreatedBefore   time.Time
	// OnlyAttention lists those that a person should look at.
	OnlyAttention bool
	// After is the last order of the former page.
	After vezne.OrderID
	// Limit is how many; 0 means 20.
	Limit int
}

// CreateOrder makes an order. Its codes are those of amounts and currencies,
// and CodeInvalidRequest with the fields that are wrong.
func (e *Engine) CreateOrder(ctx context.Context, by vezne.Actor, n NewOrder) (vezne.OrderView, error) {
	order := desk.NewOrder{Currency: n.Currency, Locale: n.Locale, Metadata: n.Metadata}
	for _, l := range n.Lines {
		line := desk.NewLine{Name: l.Name, Price: l.Price, Quantity: l.Quantity}
		if l.Price == "" {
			line.UnitAmount = &l.UnitAmount
		}
		order.Lines = append(order.Lines, line)
	}
	if n.Customer != nil {
		customer := desk.NewCustomer(*n.Customer)
		order.Customer = &customer
	}
	return e.desk.CreateOrder(ctx, by, order)
}

// Order returns an order. CodeNotFound.
func (e *Engine) Order(ctx context.Context, id vezne.OrderID) (vezne.OrderView, error) {
	return e.desk.Order(ctx, id)
}

// Orders lists orders, newest first.
func (e *Engine) Orders(ctx context.Context, f OrderFilter) ([]vezne.OrderView, error) {
	return e.desk.Orders(ctx, desk.OrderFilter(f))
}

// Timeline returns what happened to an order, oldest first. CodeNotFound.
func (e *Engine) Timeline(ctx context.Context, id vezne.OrderID) ([]vezne.Entry, error) {
	return e.desk.Timeline(ctx, id)
}

// Cancel asks for an order to be canceled: it is once Stripe said of every
// attempt that it cannot be paid any more. CodeNotFound, CodeOrderPaid.
func (e *Engine) Cancel(ctx context.Context, by vezne.Actor, id vezne.OrderID) (vezne.OrderView, error) {
	return e.desk.Cancel(ctx, by, id)
}

// CheckoutParams say how Checkout is to be shown; the zero value is Stripe's
// hosted page, which leads back to the order's own.
type CheckoutParams struct {
	SuccessURL, CancelURL string
	// UIMode is hosted_page, embedded_page or elements.
	UIMode string
	// Client is who pays, as far as Policy.Limits go: an address, or what the
	// application calls its visitor. Empty counts by order and card alone.
	Client string
	// Replace closes an open attempt of another kind first.
	Replace bool
}

// Checkout is an open Checkout Session.
type Checkout struct {
	SessionID vezne.ObjectID
	// URL is where to send the buyer; empty when embedded.
	URL string
	// ClientSecret is for embedded pages; zero for the hosted one.
	ClientSecret vezne.Secret
}

// StartCheckout makes, or gets, the order's open Checkout Session. Two callers
// at once get the same. Its codes are CodeNotFound, CodeOrderPaid,
// CodeOrderCanceled, CodeAttemptOpen, CodeAttemptUnsure and those of Stripe.
func (e *Engine) StartCheckout(ctx context.Context, by vezne.Actor, id vezne.OrderID, p CheckoutParams) (Checkout, error) {
	c, err := e.desk.StartCheckout(ctx, by, id, desk.CheckoutParams(p))
	return Checkout(c), err
}

// PaymentIntentParams say how a PaymentIntent is to be made or confirmed.
type PaymentIntentParams struct {
	// PaymentMethod is "pm_…".
	PaymentMethod string
	Confirm       bool
	// CaptureMethod is automatic or manual; empty means automatic.
	CaptureMethod string
	OffSession    bool
	// SetupFutureUsage is on_session, off_session or empty.
	SetupFutureUsage string
	// ReturnURL is where authentication leads back to; the order's page if empty.
	ReturnURL string
	// Client is who pays, as in CheckoutParams.
	Client string
	// Replace closes an open attempt of another kind first.
	Replace bool
}

// PaymentIntent is the state of an intent.
type PaymentIntent struct {
	ID vezne.ObjectID
	// ClientSecret goes to the page that pays with it, and nowhere else.
	ClientSecret vezne.Secret
	// Status is Stripe's.
	Status string
	// NextAction is what the buyer must do, nil when nothing.
	NextAction *NextAction
	// Error is why the last try failed, nil when it did not.
	Error *PaymentError
}

// NextAction is what the buyer must do.
type NextAction struct {
	// Type is redirect_to_url or use_stripe_sdk.
	Type string
	// URL is where to send the buyer, empty if there is no such place.
	URL string
	// Raw is Stripe's next_action as it is.
	Raw json.RawMessage
}

// PaymentError is why a try failed, without anything that must not be told.
type PaymentError struct {
	// Code is Stripe's error code; declines share card_declined.
	Code string
	// MessageKey is the key of the sentence for the buyer.
	MessageKey string
	// Param is the card field that it concerns: number, expiry, cvc, postal.
	Param string
}

// StartPaymentIntent makes, or gets, the order's open PaymentIntent, and
// confirms it if asked to. A decline is no error: it stands in the intent. Its
// codes are as StartCheckout's.
func (e *Engine) StartPaymentIntent(ctx context.Context, by vezne.Actor, id vezne.OrderID, p PaymentIntentParams) (PaymentIntent, error) {
	i, err := e.desk.StartPaymentIntent(ctx, by, id, desk.PaymentIntentParams(p))
	return PaymentIntent{
		ID: i.ID, ClientSecret: i.ClientSecret, Status: i.Status, NextAction: (*NextAction)(i.NextAction), Error: (*PaymentError)(i.Error),
	}, err
}

// Capture collects held money: amount in the minor unit, or all when nil. What
// is not collected is released. CodeNothingToCapture, CodeCaptureTooLarge.
func (e *Engine) Capture(ctx context.Context, by vezne.Actor, id vezne.OrderID, amount *int64) (vezne.OrderView, error) {
	return e.desk.Capture(ctx, by, id, amount)
}

// Refund gives money of a paid order back: amount in the minor unit, or all
// that is left when nil. reason is duplicate, fraudulent,
// requested_by_customer or empty. CodeOrderNotPaid, CodeRefundTooLarge,
// CodeOrderDisputed.
func (e *Engine) Refund(ctx context.Context, by vezne.Actor, id vezne.OrderID, amount *int64, reason string) (vezne.RefundRequest, vezne.OrderView, error) {
	return e.desk.Refund(ctx, by, id, amount, reason)
}

// Invoice returns the invoice of a paid order. CodeNotFound.
func (e *Engine) Invoice(ctx context.Context, id vezne.OrderID) (vezne.Invoice, error) {
	return e.desk.Invoice(ctx, id)
}

// InvoicePDF draws the invoice of a paid order. CodeNotFound.
func (e *Engine) InvoicePDF(ctx context.Context, id vezne.OrderID) ([]byte, error) {
	return e.desk.InvoicePDF(ctx, id)
}

// SetupIntentParams say whose payment method is to be saved.
type SetupIntentParams struct {
	CustomerReference, Email, Name string
	// PaymentMethod is "pm_…".
	PaymentMethod string
	Confirm       bool
	// ReturnURL is where authentication leads back to.
	ReturnURL string
	// Client is who saves it, as in CheckoutParams.
	Client string
}

// SetupIntent is the state of a SetupIntent.
type SetupIntent struct {
	ID           vezne.ObjectID
	ClientSecret vezne.Secret
	// Status is Stripe's.
	Status     string
	NextAction *NextAction
	Error      *PaymentError
}

// CreateSetupIntent begins to save a payment method of a customer.
func (e *Engine) CreateSetupIntent(ctx context.Context, by vezne.Actor, p SetupIntentParams) (SetupIntent, error) {
	i, err := e.desk.CreateSetupIntent(ctx, by, desk.SetupIntentParams(p))
	return SetupIntent{
		ID: i.ID, ClientSecret: i.ClientSecret, Status: i.Status, NextAction: (*NextAction)(i.NextAction), Error: (*PaymentError)(i.Error),
	}, err
}

// PaymentMethods lists the saved payment methods of a customer.
func (e *Engine) PaymentMethods(ctx context.Context, reference string) ([]vezne.PaymentMethod, error) {
	return e.desk.PaymentMethods(ctx, reference)
}

// DetachPaymentMethod removes a saved payment method. CodeNotFound.
func (e *Engine) DetachPaymentMethod(ctx context.Context, by vezne.Actor, reference string, id vezne.ObjectID) error {
	return e.desk.DetachPaymentMethod(ctx, by, reference, id)
}
