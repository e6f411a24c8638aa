package doctor

import (
	"context"
	"time"
)

// spare is how much later than the retention period a payload may be removed:
// the upkeep runs each hour.
const spare = 24 * time.Hour

// retention looks at whether payloads are removed when they are to be.
func (x *examination) retention(ctx context.Context) {
	const check = "retention"
	if x.Retention < 0 {
		x.warn(check, "Set VEZNE_RETENTION, such as 2160h.", "Payloads of events, call-backs and requests, with names and addresses in them, are kept for ever.")
		return
	}
	now, err := x.Store.Now(ctx)
	if err != nil {
		x.storage(check, err)
		return
	}
	oldest, err := x.Store.OldestKept(ctx)
	if err != nil {
		x.storage(check, err)
		return
	}
	var age time.Duration
	for _, since := range []time.Time{oldest.Events, oldest.Effects, oldest.Calls} {
		if !since.IsZero() {
			age = max(age, now.Sub(since))
		}
	}
	if age > x.Retention+spare {
		x.problem(check, "Is the service running? It removes them each hour.", "A payload is kept for %s, although %s are set.", round(age), round(x.Retention))
		return
	}
	x.ok(check, "Payloads that are not needed any more are removed after %s; the oldest is kept for %s.", round(x.Retention), round(age))
}
