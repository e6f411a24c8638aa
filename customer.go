package vezne

import "time"

// Customer is our record of who buys. One record per reference; one Stripe
// customer per record, however many checkouts start at once.
type Customer struct {
	ID CustomerID
	// Reference is the application's own id of the person, unique in a scope.
	Reference string
	Email     string
	Name      string
	// StripeCustomerID is "cus_…", empty until Stripe answered.
	StripeCustomerID ObjectID
	Revision         int64
	CreatedAt        time.Time
	// ErasedAt is when what tells who it was was erased; nil for never.
	ErasedAt *time.Time
}

// PaymentMethod is a saved card as far as anyone may know it.
type PaymentMethod struct {
	ID       ObjectID
	Customer CustomerID
	// Type is Stripe's: "card", "sepa_debit".
	Type     string
	Brand    string
	Last4    string
	ExpMonth int
	ExpYear  int
	// DetachedAt is when Stripe said it no longer belongs to the customer.
	DetachedAt *time.Time
	CreatedAt  time.Time
}
