package billing_test

import (
	"testing"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func TestRetriesAndDueDates(t *testing.T) {
	t.Parallel()
	var days []int64
	for attempts := 0; attempts <= 9; attempts++ {
		next, ok := billing.DefaultRetries.Next(0, attempts)
		if ok != (attempts >= 1 && attempts <= 8) {
			t.Errorf("after %d attempts: %t", attempts, ok)
		}
		if ok {
			days = append(days, int64(next)/86400)
		}
	}
	same(t, "days of the retries", days, []int64{1, 2, 4, 6, 8, 10, 12, 14})
	same(t, "then", billing.DefaultRetries.End, billing.EndCanceled)
	same(t, "a stolen card needs another", billing.NeedsNewMethod("stolen_card"), true)
	same(t, "an empty account does not", billing.NeedsNewMethod("insufficient_funds"), false)
	made := at(t, "2026-03-28 12:00:00")
	same(t, "due", billing.DueDate(made, 30), at(t, "2026-04-27 12:00:00"))
	same(t, "due at once", billing.DueDate(made, 0), made)
	same(t, "incomplete", billing.IncompleteExpires(made), at(t, "2026-03-29 11:00:00"))
	same(t, "pending update", billing.PendingUpdateExpires(made, 0, made.Add(billing.Hour), made.Add(billing.Day)), made.Add(billing.Hour))
	same(t, "pending update in a long period", billing.PendingUpdateExpires(made, 0, made.Add(billing.Week)), at(t, "2026-03-29 11:00:00"))
}
