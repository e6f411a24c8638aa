package vezne

import "time"

// ErasureID names one erasure of a person: "ers_…".
type ErasureID string

// ErasurePrefix begins the ids of erasures.
const ErasurePrefix = "ers_"

// CustomerQuery says who is meant. Exactly one field is set.
type CustomerQuery struct {
	// Reference is the application's own id of the person.
	Reference string
	// StripeCustomer is Stripe's id: "cus_…".
	StripeCustomer ObjectID
	// Email means everybody who has or had the address here, guests too; case
	// does not matter.
	Email string
}

// ErasureCounts says how much was erased.
type ErasureCounts struct {
	// Customers and Orders are records that now say nothing of a person.
	Customers int64 `json:"customers" doc:"Records that say nothing of a person now"`
	Orders    int64 `json:"orders" doc:"Orders that say nothing of a person now; their money stays"`
	// PaymentMethods were deleted.
	PaymentMethods int64 `json:"payment_methods" doc:"Saved methods that were deleted"`
	// Objects of Stripe keep ids, states, money, instants and codes.
	Objects int64 `json:"objects" doc:"Objects of Stripe of which ids, states, money, instants and codes stay"`
	// Calls lost their form, Effects their payload's personal part.
	Calls   int64 `json:"calls" doc:"Requests to Stripe that lost their form"`
	Effects int64 `json:"effects" doc:"Call-backs and hooks that lost what they said of a person"`
	// Entries of the audit trail have their digest left.
	Entries int64 `json:"entries" doc:"Lines of the audit trail that have their digest left"`
	// Answers are those kept under callers' idempotency keys.
	Answers int64 `json:"answers" doc:"Answers kept under idempotency keys that were emptied"`
	// Events lost their payload; a digest stays.
	Events int64 `json:"events" doc:"Events that lost their payload; its digest stays"`
}

// KeptInvoice is an invoice that stays as it is: the law that has it written
// also has it kept.
type KeptInvoice struct {
	OrderID  OrderID   `json:"order_id"`
	Number   string    `json:"number"`
	IssuedAt time.Time `json:"issued_at"`
}

// Blocker is something of a person that is under way.
type Blocker struct {
	// What names the thing: "orders.ord_…".
	What string `json:"what"`
	// Why says what is under way and what brings it to an end.
	Why string `json:"why"`
}

// Erasure is one erasure of a person, or what it would do.
type Erasure struct {
	ID    ErasureID
	Actor Actor
	// DryRun is true when nothing was changed.
	DryRun bool
	// Customers and Orders are those that were erased.
	Customers []CustomerID
	Orders    []OrderID
	Counts    ErasureCounts
	// Invoices are those that stay.
	Invoices []KeptInvoice
	// Blockers are why it would be refused; empty for one that happened.
	Blockers []Blocker
	// Calls ask Stripe to delete its customers; empty when nobody wanted that.
	Calls     []CallID
	CreatedAt time.Time
	// CompletedAt is when also what arrived during the erasure was looked
	// through; nil until then.
	CompletedAt *time.Time
}

// ErasureJSON is the JSON form of an erasure. It only grows.
type ErasureJSON struct {
	ID          ErasureID     `json:"id" doc:"ers_…; empty for a dry run"`
	Object      string        `json:"object" doc:"Always \"customer_erasure\""`
	DryRun      bool          `json:"dry_run"`
	Actor       string        `json:"actor"`
	Customers   []CustomerID  `json:"customers"`
	Orders      []OrderID     `json:"orders"`
	Erased      ErasureCounts `json:"erased"`
	Invoices    []KeptInvoice `json:"kept_invoices" doc:"Invoices that stay as they are, because the law has them kept"`
	Blockers    []Blocker     `json:"blockers" doc:"Why it would be refused; empty when it would not"`
	Calls       []CallID      `json:"calls" doc:"Requests to Stripe to delete its customers"`
	CreatedAt   time.Time     `json:"created_at"`
	CompletedAt *time.Time    `json:"completed_at" doc:"When also what arrived during the erasure was looked through; null until then"`
}

// JSON returns the JSON form.
func (e Erasure) JSON() ErasureJSON {
	return ErasureJSON{
		ID: e.ID, Object: "customer_erasure", DryRun: e.DryRun, Actor: e.Actor.String(), Customers: append([]CustomerID{}, e.Customers...),
		Orders: append([]OrderID{}, e.Orders...), Erased: e.Counts, Invoices: append([]KeptInvoice{}, e.Invoices...),
		Blockers: append([]Blocker{}, e.Blockers...), Calls: append([]CallID{}, e.Calls...), CreatedAt: e.CreatedAt, CompletedAt: e.CompletedAt,
	}
}
