package server

import (
	"context"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
)

// Desk is what the API asks of the desk.
type Desk interface {
	CreateOrder(ctx context.Context, by vezne.Actor, n desk.NewOrder) (vezne.OrderView, error)
	Order(ctx context.Context, id vezne.OrderID) (vezne.OrderView, error)
	Orders(ctx context.Context, f desk.OrderFilter) ([]vezne.OrderView, error)
	Timeline(ctx context.Context, id vezne.OrderID) ([]vezne.Entry, error)
	Cancel(ctx context.Context, by vezne.Actor, id vezne.OrderID) (vezne.OrderView, error)
	StartCheckout(ctx context.Context, by vezne.Actor, id vezne.OrderID, p desk.CheckoutParams) (desk.Checkout, error)
	StartPaymentIntent(ctx context.Context, by vezne.Actor, id vezne.OrderID, p desk.PaymentIntentParams) (desk.PaymentIntent, error)
	Capture(ctx context.Context, by vezne.Actor, id vezne.OrderID, amount *int64) (vezne.OrderView, error)
	Refund(ctx context.Context, by vezne.Actor, id vezne.OrderID, amount *int64, reason string) (vezne.RefundRequest, vezne.OrderView, error)
	CreateSetupIntent(ctx context.Context, by vezne.Actor, p desk.SetupIntentParams) (desk.SetupIntent, error)
	PaymentMethods(ctx context.Context, reference string) ([]vezne.PaymentMethod, error)
	DetachPaymentMethod(ctx context.Context, by vezne.Actor, reference string, id vezne.ObjectID) error
	ExportCustomer(ctx context.Context, who vezne.CustomerQuery) (vezne.CustomerExport, error)
	EraseCustomer(ctx context.Context, by vezne.Actor, who vezne.CustomerQuery, p desk.EraseParams) (vezne.Erasure, error)
	Erasure(ctx context.Context, id vezne.ErasureID) (vezne.Erasure, error)
	Erasures(ctx context.Context, limit int) ([]vezne.Erasure, error)
	Invoice(ctx context.Context, id vezne.OrderID) (vezne.Invoice, error)
	InvoicePDF(ctx context.Context, id vezne.OrderID) ([]byte, error)
	Events(ctx context.Context, f desk.EventFilter) ([]vezne.Event, error)
	Event(ctx context.Context, id vezne.EventID) (vezne.Event, error)
	PreviewReplay(ctx context.Context, by vezne.Actor, id vezne.EventID) (desk.Replay, error)
	Replay(ctx context.Context, by vezne.Actor, id vezne.EventID) (desk.Replay, error)
	Check(ctx context.Context, by vezne.Actor, id vezne.OrderID) (vezne.OrderView, error)
	Reconcile(ctx context.Context, by vezne.Actor, since time.Time, dryRun bool) (vezne.Reconciliation, error)
	Reconciliation(ctx context.Context, id vezne.ReconciliationID) (vezne.Reconciliation, error)
	Reconciliations(ctx context.Context, limit int) ([]vezne.Reconciliation, error)
	// Secrets fetches what is never kept of an intent or a session.
	Secrets(ctx context.Context, id vezne.ObjectID) (desk.Secrets, error)
}
