package billing

import (
	"errors"
	"fmt"
)

// MaxTrialDays is the longest trial. Source: docs.stripe.com/billing/subscriptions/trials.
const MaxTrialDays = 730

// trialNotice is how long before a trial's end trial_will_end is sent. Source:
// docs.stripe.com/api/events/types.
const trialNotice = 3 * Day

// ErrTrial says that a trial has no length or is longer than 730 days.
var ErrTrial = errors.New("billing: a trial lasts between 1 second and 730 days")

// TrialDays returns a trial of whole days of 86,400 seconds, as
// trial_period_days asks for it. It returns ErrTrial.
func TrialDays(start Instant, days int64) (Period, error) {
	if days < 1 || days > MaxTrialDays {
		return Period{}, fmt.Errorf("%w: %d days", ErrTrial, days)
	}
	return TrialUntil(start, start.Add(Day*Seconds(days)))
}

// TrialUntil returns the trial that ends at a moment, as trial_end asks for it.
// It returns ErrTrial.
func TrialUntil(start, end Instant) (Period, error) {
	p := Period{start, end}
	if p.Length() < 1 || p.Length() > MaxTrialDays*Day {
		return Period{}, fmt.Errorf("%w: %d seconds", ErrTrial, p.Length())
	}
	return p, nil
}

// TrialWillEnd returns when trial_will_end is due: three days before the end, or
// at once when less is left.
func TrialWillEnd(trial Period, now Instant) Instant {
	return max(now, trial.End.Add(-trialNotice))
}
