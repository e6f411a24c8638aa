package billing

// RetryPolicy says when a failed invoice is tried again and what follows.
type RetryPolicy struct {
	// After are the times of the retries, counted from the first attempt.
	After []Seconds
	// End is what becomes of the subscription when the last retry has failed.
	End DunningEnd
}

// DunningEnd is what follows the last retry.
type DunningEnd string

// The ends of dunning: the statuses that a subscription takes.
const (
	EndCanceled DunningEnd = "canceled"
	EndUnpaid   DunningEnd = "unpaid"
	// EndPastDue leaves the subscription as it is.
	EndPastDue DunningEnd = "past_due"
)

// DefaultRetries is the sandbox's own schedule. Stripe's default is 8 retries
// within two weeks at times that a model chooses, so no fixed one is right; this
// one is ours, on days 1, 2, 4, 6, 8, 10, 12 and 14.
var DefaultRetries = RetryPolicy{After: []Seconds{1 * Day, 2 * Day, 4 * Day, 6 * Day, 8 * Day, 10 * Day, 12 * Day, 14 * Day}, End: EndCanceled}

// Next returns when an invoice is tried again whose first attempt was at first
// and whose attempt_count is attempts, and false when there is no further retry.
func (p RetryPolicy) Next(first Instant, attempts int) (Instant, bool) {
	if attempts < 1 || attempts > len(p.After) {
		return 0, false
	}
	return first.Add(p.After[attempts-1]), true
}

// needsNewMethod are the decline codes after which no retry reaches the bank
// until the customer has another payment method; attempt_count rises all the
// same. Source: docs.stripe.com/billing/revenue-recovery/smart-retries.
var needsNewMethod = map[string]bool{
	"incorrect_number": true, "lost_card": true, "pickup_card": true, "stolen_card": true, "revocation_of_authorization": true,
	"revocation_of_all_authorizations": true, "authentication_required": true, "highest_risk_level": true, "transaction_not_allowed": true,
}

// NeedsNewMethod reports whether a retry after this decline code would not reach
// the bank.
func NeedsNewMethod(declineCode string) bool { return needsNewMethod[declineCode] }
