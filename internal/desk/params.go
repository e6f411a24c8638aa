// Package desk holds the use cases and the questions: what an application, a
// buyer or an operator asks for. Every change at Stripe is written down first.
package desk

import (
	"encoding/json"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// OrderFilter says which orders to list.
type OrderFilter = store.OrderFilter

// EventFilter says which events to list.
type EventFilter = store.EventFilter

// NewOrder is an order to be made.
type NewOrder struct {
	Currency vezne.Currency
	Lines    []NewLine
	// Customer is who buys; nil for a guest of whom nothing is known.
	Customer *NewCustomer
	// Locale is "tr", "en" or empty.
	Locale   string
	Metadata map[string]string
}

// NewLine is a line of it: a name and an amount, or a price of Stripe.
type NewLine struct {
	Name string
	// UnitAmount is in the minor unit.
	UnitAmount *int64
	Price      vezne.ObjectID
	Quantity   int64
}

// NewCustomer is who buys. With a reference, a customer record is kept.
type NewCustomer struct{ Reference, Email, Name string }

// CheckoutParams say how Checkout is to be shown; zero values are the order's
// own pages on Stripe's hosted page.
type CheckoutParams struct {
	SuccessURL, CancelURL string
	// UIMode is hosted_page, embedded_page or elements.
	UIMode string
	// Client is who pays, as far as limits on tries go: an address, or what the
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
	ID           vezne.ObjectID
	ClientSecret vezne.Secret
	// Status is Stripe's.
	Status     string
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

// SetupIntentParams say whose method is to be saved.
type SetupIntentParams struct {
	CustomerReference, Email, Name string
	PaymentMethod                  string
	Confirm                        bool
	ReturnURL                      string
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
