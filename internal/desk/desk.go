package desk

import (
	"context"
	"log/slog"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/refresh"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/stripeapi"
	"github.com/vezne/vezne/internal/writeahead"
)

// Config is what a Desk stands on.
type Config struct {
	Store     *store.Store
	Settler   *settle.Settler
	Sender    *writeahead.Sender
	Refresher *refresh.Refresher
	Stripe    *stripeapi.Client
	// PublicURL is where our pages are, without a slash at its end.
	PublicURL string
	// APIVersion is sent with the calls that are written down here.
	APIVersion string
	Clock      vezne.Clock
	Log        *slog.Logger
}

// Desk answers applications, buyers and operators. It is safe for concurrent
// use.
type Desk struct{ Config }

// New returns a Desk.
func New(cfg Config) *Desk { return &Desk{Config: cfg} }

// Landing is what a page shows to a buyer who came back.
type Landing struct {
	Order vezne.OrderView
	// Checking is true while Stripe has not answered: the order may be further
	// than it shows.
	Checking bool
}

// PaymentState is what a page shows beside an order.
type PaymentState struct {
	// Attempt is the newest attempt, zero when there is none.
	Attempt vezne.Attempt
	// Open is true while that attempt can still be paid.
	Open bool
	// SessionURL is Stripe's page of an open Checkout Session.
	SessionURL string
	// Status is Stripe's status of the intent, or of the session while it has
	// none.
	Status string
	// Processing is true while a delayed payment method is being checked.
	Processing bool
	// Error is why the last try failed, nil when it did not.
	Error *PaymentError
}

// Overview is the state of the desk for operators.
type Overview struct {
	// Orders counts orders by status.
	Orders map[vezne.OrderStatus]int64
	// Attention counts orders that a person should look at.
	Attention int64
	// Events counts events of the inbox by state.
	Events map[vezne.EventState]int64
	// MarksWaiting counts objects that wait to be read, OldestMark says since
	// when the oldest does; zero when none does.
	MarksWaiting int64
	OldestMark   time.Time
	// CallsWaiting counts requests to Stripe without a conclusive answer.
	CallsWaiting int64
}

var errUnbuilt = vezne.E(vezne.CodeInternal, "desk", "")

// CreateOrder makes an order.
func (d *Desk) CreateOrder(ctx context.Context, by vezne.Actor, n NewOrder) (vezne.OrderView, error) {
	return vezne.OrderView{}, errUnbuilt
}

// Order returns an order. CodeNotFound.
func (d *Desk) Order(ctx context.Context, id vezne.OrderID) (vezne.OrderView, error) {
	return vezne.OrderView{}, errUnbuilt
}

// Orders lists orders, newest first.
func (d *Desk) Orders(ctx context.Context, f OrderFilter) ([]vezne.OrderView, error) {
	return nil, errUnbuilt
}

// Timeline returns what happened to an order, oldest first. CodeNotFound.
func (d *Desk) Timeline(ctx context.Context, id vezne.OrderID) ([]vezne.Entry, error) {
	return nil, errUnbuilt
}

// Cancel asks for an order to be canceled.
func (d *Desk) Cancel(ctx context.Context, by vezne.Actor, id vezne.OrderID) (vezne.OrderView, error) {
	return vezne.OrderView{}, errUnbuilt
}

// StartCheckout makes, or gets, the order's open Checkout Session.
func (d *Desk) StartCheckout(ctx context.Context, by vezne.Actor, id vezne.OrderID, p CheckoutParams) (Checkout, error) {
	return Checkout{}, errUnbuilt
}

// StartPaymentIntent makes, or gets, the order's open PaymentIntent.
func (d *Desk) StartPaymentIntent(ctx context.Context, by vezne.Actor, id vezne.OrderID, p PaymentIntentParams) (PaymentIntent, error) {
	return PaymentIntent{}, errUnbuilt
}

// Capture collects held money.
func (d *Desk) Capture(ctx context.Context, by vezne.Actor, id vezne.OrderID, amount *int64) (vezne.OrderView, error) {
	return vezne.OrderView{}, errUnbuilt
}

// Refund gives money of a paid order back.
func (d *Desk) Refund(ctx context.Context, by vezne.Actor, id vezne.OrderID, amount *int64, reason string) (vezne.RefundRequest, vezne.OrderView, error) {
	return vezne.RefundRequest{}, vezne.OrderView{}, errUnbuilt
}

// CreateSetupIntent begins to save a payment method.
func (d *Desk) CreateSetupIntent(ctx context.Context, by vezne.Actor, p SetupIntentParams) (SetupIntent, error) {
	return SetupIntent{}, errUnbuilt
}

// PaymentMethods lists the saved methods of a customer.
func (d *Desk) PaymentMethods(ctx context.Context, reference string) ([]vezne.PaymentMethod, error) {
	return nil, errUnbuilt
}

// DetachPaymentMethod removes a saved method.
func (d *Desk) DetachPaymentMethod(ctx context.Context, by vezne.Actor, reference string, id vezne.ObjectID) error {
	return errUnbuilt
}

// Invoice returns the invoice of a paid order. CodeNotFound.
func (d *Desk) Invoice(ctx context.Context, id vezne.OrderID) (vezne.Invoice, error) {
	return vezne.Invoice{}, errUnbuilt
}

// InvoicePDF draws the invoice of a paid order. CodeNotFound.
func (d *Desk) InvoicePDF(ctx context.Context, id vezne.OrderID) ([]byte, error) {
	return nil, errUnbuilt
}

// Events lists the events of the inbox, newest first.
func (d *Desk) Events(ctx context.Context, f EventFilter) ([]vezne.Event, error) {
	return nil, errUnbuilt
}

// Event returns an event with its body. CodeNotFound.
func (d *Desk) Event(ctx context.Context, id vezne.EventID) (vezne.Event, error) {
	return vezne.Event{}, errUnbuilt
}

// ClientSecret fetches the client secret of an intent or a session.
func (d *Desk) ClientSecret(ctx context.Context, id vezne.ObjectID) (vezne.Secret, error) {
	return vezne.Secret{}, errUnbuilt
}

// Landed asks Stripe about the order's open attempt, for at most 2 seconds.
func (d *Desk) Landed(ctx context.Context, id vezne.OrderID) (Landing, error) {
	return Landing{}, errUnbuilt
}

// Payment returns what a page shows beside an order. CodeNotFound.
func (d *Desk) Payment(ctx context.Context, id vezne.OrderID) (PaymentState, error) {
	return PaymentState{}, errUnbuilt
}

// Overview returns the state of the desk for operators.
func (d *Desk) Overview(ctx context.Context) (Overview, error) { return Overview{}, errUnbuilt }

// Attempts lists the attempts of an order, oldest first. CodeNotFound.
func (d *Desk) Attempts(ctx context.Context, id vezne.OrderID) ([]vezne.Attempt, error) {
	return nil, errUnbuilt
}

// Refunds lists the refunds that were asked for here. CodeNotFound.
func (d *Desk) Refunds(ctx context.Context, id vezne.OrderID) ([]vezne.RefundRequest, error) {
	return nil, errUnbuilt
}
