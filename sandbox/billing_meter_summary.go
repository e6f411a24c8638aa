package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func init() { behave("GET /v1/billing/meters/{id}/event_summaries", listMeterSummaries) }

const (
	minute = 60
	hour   = 60 * minute
)

// listMeterSummaries adds up what a customer used: over all of a time, or in windows of it. Windows are listed newest
// first, as lists are; those without use are left out. Source: API reference, list billing meter event summaries.
func listMeterSummaries(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	meter, err := findMeter(tx, r.Path("id"), "id", http.StatusNotFound)
	if err != nil {
		return nil, err
	}
	p := r.Params()
	customer, err := findCustomer(tx, p.Str("customer"), "customer", http.StatusBadRequest)
	if err != nil {
		return nil, err
	}
	start, end := p.Int("start_time"), p.Int("end_time")
	step, aligned := end-start, int64(minute)
	switch p.Str("value_grouping_window") {
	case "hour":
		step, aligned = hour, hour
	case "day":
		step, aligned = day, day
	}
	switch {
	case end <= start:
		return nil, invalid("end_time", "", "end_time must be after start_time.")
	case start%aligned != 0:
		return nil, invalid("start_time", "", "start_time must be aligned with minute boundaries, or with UTC hours or days where they are the value_grouping_window.")
	case end%aligned != 0:
		return nil, invalid("end_time", "", "end_time must be aligned with minute boundaries, or with UTC hours or days where they are the value_grouping_window.")
	}
	var list []*stripeObject
	for from := end - step; from >= start; from -= step {
		used, err := tx.usedIn(meter, customer.ID(), billing.Period{Start: billing.Instant(from), End: billing.Instant(from + step)})
		if err != nil {
			return nil, err
		}
		if used.Sign() == 0 && step != end-start {
			continue
		}
		value, _ := used.Rat().Float64()
		list = append(list, closed(tx.New("billing.meter_event_summary").Set("id", summaryID(meter.ID(), customer.ID(), from, step)).Set("livemode", false).Set("meter", meter.ID()).Set("aggregated_value", value).
			Set("start_time", from).Set("end_time", from+step)))
	}
	return tx.ListObjects(r, list)
}

// summaryID is the same for the same window, so that lists can be paged.
func summaryID(meter, customer string, from, step int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d %d", meter, customer, from, step))
	return "mtrusg_test_61" + hex.EncodeToString(sum[:15])
}
