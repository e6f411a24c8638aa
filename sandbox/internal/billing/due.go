package billing

// How long things wait. Sources: reference of the sandbox's billing; recorded
// answers for drafts, API reference (subscription.status) for 23 hours.
const (
	// draftFinalizes and draftAttempts follow an automatic draft's creation.
	draftFinalizes = Hour + 1
	draftAttempts  = Hour
	// paymentWindow is how long a first payment, a pending update or a resumption
	// may take.
	paymentWindow = 23 * Hour
)

// DueDate returns when an invoice that is sent is due: days of 86,400 seconds
// after it was made.
func DueDate(made Instant, days int64) Instant { return made.Add(Day * Seconds(days)) }

// FinalizesAt returns when an automatic draft is finalised by itself.
func FinalizesAt(created Instant) Instant { return created.Add(draftFinalizes) }

// FirstAttempt returns next_payment_attempt of an automatic draft that is
// charged automatically.
func FirstAttempt(created Instant) Instant { return created.Add(draftAttempts) }

// IncompleteExpires returns when a subscription whose first invoice is not paid
// becomes incomplete_expired, and when a resumption that is not paid is given up.
func IncompleteExpires(created Instant) Instant { return created.Add(paymentWindow) }

// PendingUpdateExpires returns when a pending update is given up: after 23 hours,
// or earlier when the trial or the period ends. ends holds these; 0 is none.
func PendingUpdateExpires(made Instant, ends ...Instant) Instant {
	expires := made.Add(paymentWindow)
	for _, end := range ends {
		if end > made {
			expires = min(expires, end)
		}
	}
	return expires
}
