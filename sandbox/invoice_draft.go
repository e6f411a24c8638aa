package sandbox

import (
	"github.com/vezne/vezne/sandbox/internal/billing"
)

// invoiceDraft is what an invoice is made of. A preview and an invoice are made of the same.
type invoiceDraft struct {
	customer *stripeObject
	// subscription is what the invoice bills, nil for one of its own.
	subscription *stripeObject
	// reason is billing_reason: manual, subscription_create, subscription_cycle, …
	reason string
	// currency is that of all lines; "" takes the subscription's, or the customer's.
	currency string
	// lines are the subscription's, before discounts and taxes. Pending invoice items come before them.
	lines []billing.Line
	// period is period_start and period_end; the zero value is the moment of the making.
	period billing.Period
	// collection is collection_method; "" is charge_automatically.
	collection   string
	daysUntilDue int64
	dueDate      int64
	// discounts are objects of the type discount that apply to all lines, one after the other.
	discounts []*stripeObject
	// taxRates are the ids of the default tax rates.
	taxRates []string
	// method and source are default_payment_method and default_source of the invoice; "" leaves them to the subscription
	// and the customer.
	method, source string
	// advances is auto_advance: the draft is finalised by itself after an hour, and collected.
	advances bool
	// pending takes the pending invoice items in: those of the subscription and those of the customer that have none.
	pending bool
}
