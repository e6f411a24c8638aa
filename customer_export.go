package vezne

import (
	"encoding/json"
	"time"
)

// ExportVersion is the version of the shape of CustomerExport. It only grows.
const ExportVersion = 1

// CustomerExport is everything that is kept of a person, as one document.
// Amounts are in the currency's minor unit, times are RFC 3339 in UTC.
type CustomerExport struct {
	Object     string    `json:"object" doc:"Always \"customer_export\""`
	Version    int       `json:"version" doc:"Version of this shape; it only grows"`
	ExportedAt time.Time `json:"exported_at"`
	Account    string    `json:"account" doc:"Stripe's account"`
	Livemode   bool      `json:"livemode"`
	// Customers are the records of the person: one for each reference.
	Customers []ExportedCustomer `json:"customers"`
	Orders    []ExportedOrder    `json:"orders"`
	// Events are those whose payload is kept and tells of the person.
	Events []ExportedEvent `json:"events" doc:"Events of Stripe whose payload tells of the person"`
	// Answers are kept for a day under idempotency keys.
	Answers []ExportedAnswer `json:"answers" doc:"Answers of the API that are kept for a day under idempotency keys"`
}

// ExportedCustomer is a record of a person.
type ExportedCustomer struct {
	ID               CustomerID              `json:"id"`
	Reference        string                  `json:"reference" doc:"The application's own id of the person"`
	Email            string                  `json:"email"`
	Name             string                  `json:"name"`
	StripeCustomerID ObjectID                `json:"stripe_customer_id"`
	CreatedAt        time.Time               `json:"created_at"`
	PaymentMethods   []ExportedPaymentMethod `json:"payment_methods"`
	ExportedRoot
}

// ExportedPaymentMethod is what may be known of a saved method.
type ExportedPaymentMethod struct {
	ID         ObjectID   `json:"id"`
	Type       string     `json:"type"`
	Brand      string     `json:"brand"`
	Last4      string     `json:"last4"`
	ExpMonth   int        `json:"exp_month"`
	ExpYear    int        `json:"exp_year"`
	CreatedAt  time.Time  `json:"created_at"`
	DetachedAt *time.Time `json:"detached_at"`
}

// ExportedOrder is an order with everything that hangs on it.
type ExportedOrder struct {
	Order    OrderJSON         `json:"order"`
	Attempts []ExportedAttempt `json:"attempts"`
	Refunds  []ExportedRefund  `json:"refunds"`
	// Invoice is nil while the order is not Paid.
	Invoice *ExportedInvoice `json:"invoice"`
	ExportedRoot
}

// ExportedAttempt is one try to collect an order's money.
type ExportedAttempt struct {
	ID              AttemptID  `json:"id"`
	Number          int        `json:"number"`
	Kind            string     `json:"kind"`
	State           string     `json:"state"`
	Amount          int64      `json:"amount"`
	Currency        Currency   `json:"currency"`
	SessionID       ObjectID   `json:"session_id"`
	PaymentIntentID ObjectID   `json:"payment_intent_id"`
	CreatedAt       time.Time  `json:"created_at"`
	ClosedAt        *time.Time `json:"closed_at"`
}

// ExportedRefund is a refund that was asked for here.
type ExportedRefund struct {
	ID             RefundID  `json:"id"`
	Amount         int64     `json:"amount"`
	Reason         string    `json:"reason"`
	State          string    `json:"state"`
	StripeRefundID ObjectID  `json:"stripe_refund_id"`
	CreatedAt      time.Time `json:"created_at"`
}

// ExportedInvoice is the document of a paid order.
type ExportedInvoice struct {
	ID            InvoiceID       `json:"id"`
	Number        string          `json:"number"`
	IssuedAt      time.Time       `json:"issued_at"`
	Currency      Currency        `json:"currency"`
	Lines         []OrderLineJSON `json:"lines"`
	AmountTotal   int64           `json:"amount_total"`
	AmountPaid    int64           `json:"amount_paid"`
	CustomerName  string          `json:"customer_name"`
	CustomerEmail string          `json:"customer_email"`
	Card          string          `json:"card"`
}

// ExportedRoot is what hangs on an order or a customer.
type ExportedRoot struct {
	Timeline []ExportedEntry  `json:"timeline" doc:"The audit trail, oldest first"`
	Requests []ExportedCall   `json:"requests" doc:"Requests to Stripe that change something, with what was sent"`
	Effects  []ExportedEffect `json:"effects" doc:"Call-backs and hooks, with their payloads"`
	Objects  []ExportedObject `json:"objects" doc:"Objects of Stripe as they are kept"`
}

// ExportedEntry is a line of the audit trail.
type ExportedEntry struct {
	At     time.Time      `json:"at"`
	Actor  string         `json:"actor"`
	Action string         `json:"action"`
	Object ObjectID       `json:"object,omitempty"`
	Event  EventID        `json:"event,omitempty"`
	Before map[string]any `json:"before,omitempty"`
	After  map[string]any `json:"after,omitempty"`
	Detail map[string]any `json:"detail,omitempty"`
}

// ExportedCall is a request to Stripe.
type ExportedCall struct {
	ID        CallID              `json:"id"`
	Purpose   CallPurpose         `json:"purpose"`
	Path      string              `json:"path"`
	Form      map[string][]string `json:"form"`
	State     CallState           `json:"state"`
	Object    ObjectID            `json:"object"`
	CreatedAt time.Time           `json:"created_at"`
}

// ExportedEffect is a call-back or a hook.
type ExportedEffect struct {
	ID        string          `json:"id"`
	Kind      EffectKind      `json:"kind"`
	Topic     string          `json:"topic"`
	Payload   json.RawMessage `json:"payload"`
	CreatedAt time.Time       `json:"created_at"`
	SentAt    *time.Time      `json:"sent_at"`
}

// ExportedObject is an object of Stripe.
type ExportedObject struct {
	ID   ObjectID        `json:"id"`
	Type ObjectType      `json:"type"`
	Body json.RawMessage `json:"body"`
}

// ExportedEvent is an event of Stripe.
type ExportedEvent struct {
	ID         EventID         `json:"id"`
	Type       string          `json:"type"`
	ObjectID   ObjectID        `json:"object_id"`
	State      EventState      `json:"state"`
	Created    time.Time       `json:"created"`
	ReceivedAt time.Time       `json:"received_at"`
	Payload    json.RawMessage `json:"payload" doc:"As Stripe sent it, without secrets"`
}

// ExportedAnswer is an answer that is kept under a caller's idempotency key.
type ExportedAnswer struct {
	Route string          `json:"route"`
	Body  json.RawMessage `json:"body"`
}
