package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func init() {
	behave("POST /v1/billing/meter_events", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		p := r.Params()
		given := meterEvent{name: p.Str("event_name"), identifier: p.Str("identifier"), payload: p.Map("payload")}
		if p.Has("timestamp") {
			given.at = p.Int("timestamp")
		}
		use, err := tx.recordUse(&given)
		if err != nil {
			return nil, err
		}
		if err := tx.keepUse(use); err != nil {
			return nil, err
		}
		payload := hash()
		for _, key := range slices.Sorted(maps.Keys(given.payload)) {
			payload.Set(key, given.payload[key])
		}
		return tx.New("billing.meter_event").Set("created", tx.now).Set("livemode", false).Set("event_name", given.name).Set("identifier", given.identifier).
			Set("timestamp", given.at).Set("payload", payload), nil
	})
	behave("POST /v1/billing/meter_event_adjustments", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		p := r.Params()
		if err := tx.cancelUse(p.Str("event_name"), p.Str("cancel.identifier")); err != nil {
			return nil, err
		}
		return tx.New("billing.meter_event_adjustment").Set("livemode", false).Set("event_name", p.Str("event_name")).Set("type", "cancel").Set("status", "pending").
			Set("cancel", embedded(tx, "billing_meter_resource_billing_meter_event_adjustment_cancel", "identifier", p.Str("cancel.identifier"))), nil
	})
}

// meterUse is the type under which what a meter event told is kept; no route shows it.
const meterUse = "meter_use"

const (
	// eventsFrom and eventsUntil bound the time of a meter event. Source: API reference, create a meter event.
	eventsFrom  = 35 * day
	eventsUntil = 5 * 60
	// cancelWithin is how long an event can be cancelled after it was received. Source: the same.
	cancelWithin = day
)

// meterEvent is one event of a meter as a caller sends it. What is left out is filled in.
type meterEvent struct {
	name, identifier string
	payload          map[string]string
	// at is in seconds, 0 for now.
	at int64
}

// recordUse checks a meter event and returns what is to be kept of it. Its codes are those that Stripe's error reports have:
// docs.stripe.com/billing/subscriptions/usage-based/recording-usage-api.
func (tx *accountTx) recordUse(given *meterEvent) (*stripeObject, error) {
	meter := meterNamed(tx, given.name)
	if meter == nil {
		for _, m := range ofField(tx, meterType, "event_name", given.name) {
			return nil, invalid("event_name", "archived_meter", "The meter `%s` of event_name `%s` is inactive.", m.ID(), given.name)
		}
		return nil, invalid("event_name", "no_meter", "No active meter found with event_name `%s`.", given.name)
	}
	key := meter.Str("customer_mapping.event_payload_key")
	customer := tx.Get("customer", given.payload[key])
	switch {
	case given.payload[key] == "":
		return nil, invalid("payload", "meter_event_no_customer_defined", "Customer mapping key %s not found in payload.", key)
	case customer == nil:
		return nil, invalid("payload["+key+"]", "meter_event_customer_not_found", "No such customer: '%s'", given.payload[key])
	}
	tx.onClock(customer.clockOfCustomer())
	value, err := tx.usedValue(meter, given)
	if err != nil {
		return nil, err
	}
	if given.at == 0 {
		given.at = tx.Now()
	}
	switch {
	case given.at < tx.Now()-eventsFrom:
		return nil, invalid("timestamp", "timestamp_too_far_in_past", "The timestamp must be within the past 35 days.")
	case given.at > tx.Now()+eventsUntil:
		return nil, invalid("timestamp", "timestamp_in_future", "The timestamp must be no more than 5 minutes in the future.")
	}
	if given.identifier == "" {
		given.identifier = tx.NewID("", 32)
	}
	if tx.Get(meterUse, given.identifier) != nil {
		return nil, invalid("identifier", "resource_already_exists", "An event already exists with identifier %s.", given.identifier)
	}
	return hash("id", given.identifier, "object", meterUse, "customer", customer.ID(), "meter", meter.ID(), "event_name", given.name, "at", given.at, "value", value,
		"received", tx.now, "canceled", false), nil
}

// keepUse keeps a use, and plans a look at what waits for it.
func (tx *accountTx) keepUse(use *stripeObject) error {
	tx.Put(use)
	if err := tx.tellAlerts(use); err != nil {
		return err
	}
	return tx.watchThresholds(use.Str("customer"))
}

// usedValue is the value of an event. A count needs none.
func (tx *accountTx) usedValue(meter *stripeObject, given *meterEvent) (string, error) {
	key := meter.Str("value_settings.event_payload_key")
	text := strings.TrimSpace(given.payload[key])
	if text == "" && meter.Str("default_aggregation.formula") == string(billing.Count) {
		return "1", nil
	}
	if text == "" {
		return "", invalid("payload", "meter_event_value_not_found", "Value key %s not found in payload.", key)
	}
	if _, err := billing.ParseDecimal(text); err != nil {
		return "", invalid("payload["+key+"]", "meter_event_invalid_value", "The value `%s` is not a number.", text)
	}
	return text, nil
}

// cancelUse takes an event back.
func (tx *accountTx) cancelUse(name, identifier string) error {
	if identifier == "" {
		return invalid("cancel[identifier]", "parameter_missing", "Missing required param: cancel[identifier].")
	}
	use := tx.Get(meterUse, identifier)
	switch {
	case use == nil || use.Str("event_name") != name:
		return missing("meter event", identifier, "cancel[identifier]", http.StatusBadRequest)
	case use.Bool("canceled"):
		return invalid("cancel[identifier]", "", "The event with identifier %s is cancelled already.", identifier)
	case use.Int("received") < tx.now-cancelWithin:
		return invalid("cancel[identifier]", "", "You can only cancel events within 24 hours of Stripe receiving them.")
	}
	tx.Put(use.Edit().Set("canceled", true))
	return nil
}

// usedIn returns what a customer used of a meter in a period.
func (tx *accountTx) usedIn(meter *stripeObject, customer string, period billing.Period) (billing.Decimal, error) {
	return tx.usedWhere(meter, customer, period, func(*stripeObject) bool { return true })
}

// usedWhere returns what a customer used of a meter in a period, of the uses that count.
func (tx *accountTx) usedWhere(meter *stripeObject, customer string, period billing.Period, counts func(use *stripeObject) bool) (billing.Decimal, error) {
	var list []billing.Usage
	var fault error
	tx.EachOf(meterUse, "customer", customer, func(use *stripeObject) bool {
		at := billing.Instant(use.Int("at"))
		if use.Str("meter") != meter.ID() || at < period.Start || at >= period.End || !counts(use) {
			return true
		}
		value, err := billing.ParseDecimal(use.Str("value"))
		if err != nil {
			fault = err
		}
		list = append(list, billing.Usage{Identifier: use.ID(), At: at, Value: value, Cancelled: use.Bool("canceled")})
		return fault == nil
	})
	if fault != nil {
		return billing.Decimal{}, fault
	}
	// The store walks backwards; of two events at one second the later one is the last.
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return billing.Aggregate(billing.Formula(meter.Str("default_aggregation.formula")), list, period)
}
