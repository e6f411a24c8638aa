package sandbox

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Meter events of the second generation of the API: one at a time, or many through a session, whose errors are told by
// events afterwards. Sources: docs.stripe.com/api/v2/billing-meter, docs.stripe.com/api/v2/billing-meter-stream.
func init() {
	private("POST /v2/billing/meter_events", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		given, err := meterEventV2(r.Params())
		if err != nil {
			return nil, err
		}
		use, err := tx.recordUse(&given)
		if err != nil {
			return nil, err
		}
		if err := tx.keepUse(use); err != nil {
			return nil, err
		}
		return closed(hash("object", "v2.billing.meter_event", "created", v2Time(tx.now), "event_name", given.name, "identifier", given.identifier, "livemode", false,
			"payload", textHash(given.payload), "timestamp", v2Time(given.at))), nil
	})
	private("POST /v2/billing/meter_event_adjustments", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		p := r.Params()
		if err := tx.cancelUse(p.Str("event_name"), p.Str("cancel.identifier")); err != nil {
			return nil, err
		}
		return closed(hash("id", tx.NewID("mtr_adj_test_61", 30), "object", "v2.billing.meter_event_adjustment", "cancel", hash("identifier", p.Str("cancel.identifier")),
			"created", v2Time(tx.now), "event_name", p.Str("event_name"), "livemode", false, "status", "pending", "type", "cancel")), nil
	})
	private("POST /v2/billing/meter_event_session", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		session := hash("id", tx.NewID("mtr_session_test_61", 30), "object", meterSession, "authentication_token", tx.NewID(tokenPrefix, 40), "expires_at", tx.now+sessionSeconds)
		tx.Put(session)
		tx.Publish(session.Str("authentication_token"))
		return closed(hash("id", session.ID(), "object", "v2.billing.meter_event_session", "authentication_token", session.Str("authentication_token"), "created", v2Time(tx.now),
			"expires_at", v2Time(session.Int("expires_at")), "livemode", false)), nil
	})
	private("POST "+streamRoute, streamMeterEvents)
}

const (
	meterSession = "meter_event_session"
	// sessionSeconds is how long a session's token is good. Source: API reference, create a meter event stream
	// authentication session.
	sessionSeconds = 15 * 60
	// maxStream is how many events a call may bring. Source: API reference, create a meter event stream.
	maxStream = 100
)

// meterEventV2 reads an event of the second generation, whose times are texts.
func meterEventV2(p formParams) (meterEvent, error) {
	given := meterEvent{name: p.Str("event_name"), identifier: p.Str("identifier"), payload: p.Map("payload")}
	for _, key := range []string{"event_name", "payload"} {
		if !p.Has(key) {
			return given, invalid(key, "parameter_missing", "Missing required param: %s.", key)
		}
	}
	if text := p.Str("timestamp"); text != "" {
		at, err := parseV2Time(text)
		if err != nil {
			return given, invalid("timestamp", "", "Invalid timestamp: %s", text)
		}
		given.at = at
	}
	return given, nil
}

func textHash(m map[string]string) *stripeObject {
	h := hash()
	for key, value := range m {
		h.Set(key, value)
	}
	return h
}

// streamMeterEvents takes up to a hundred events. What is wrong with one is told by an event, not by the answer: Stripe
// looks at them afterwards.
func streamMeterEvents(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	if err := checkMeterSession(tx, r); err != nil {
		return nil, err
	}
	list := r.Params().List("events")
	if len(list) == 0 || len(list) > maxStream {
		return nil, invalid("events", "", "Send between 1 and %d events at once.", maxStream)
	}
	faults := map[string][]meterFault{}
	for _, p := range list {
		given, err := meterEventV2(p)
		var use *stripeObject
		if err == nil {
			use, err = tx.recordUse(&given)
		}
		if err == nil {
			err = tx.keepUse(use)
		}
		if err == nil {
			continue
		}
		var fault *Error
		if !errors.As(err, &fault) {
			return nil, err
		}
		meter := ""
		if m := meterNamed(tx, given.name); m != nil {
			meter = m.ID()
		}
		faults[meter] = append(faults[meter], meterFault{fault.Code, fault.Message, given.identifier})
	}
	tx.tellMeterFaults(faults)
	return closed(hash()), nil
}

// meterFault is what is wrong with an event of a stream.
type meterFault struct{ code, message, identifier string }

// tellMeterFaults sends the reports of a stream: one for each meter, and one for what has none.
func (tx *accountTx) tellMeterFaults(faults map[string][]meterFault) {
	for _, meter := range slices.Sorted(maps.Keys(faults)) {
		name, about := "billing.meter.no_meter_found", closed(hash("id", "", "object", meterType))
		if meter != "" {
			name, about = "billing.meter.error_report_triggered", tx.Get(meterType, meter)
		}
		tx.Event(name, about, nil)
		tx.events[len(tx.events)-1].object.Set(hiddenV2, true).Set(hiddenThinData, meterReport(tx, faults[meter]))
	}
}

// hiddenThinData is what a thin event says beyond its object.
const hiddenThinData = "_thin_data"

// meterReport says how many events of a stream were wrong, and why.
func meterReport(tx *accountTx, list []meterFault) *stripeObject {
	var types []*stripeObject
	byCode := map[string]*stripeObject{}
	for _, f := range list {
		t := byCode[f.code]
		if t == nil {
			t = hash("code", f.code, "error_count", 0, "sample_errors", []any{})
			byCode[f.code] = t
			types = append(types, t)
		}
		sample := hash("error_message", f.message, "request", hash("identifier", f.identifier))
		t.Set("error_count", t.Int("error_count")+1).Set("sample_errors", append(t.List("sample_errors"), sample))
	}
	summary := "There is 1 invalid event"
	if len(list) > 1 {
		summary = "There are " + strconv.Itoa(len(list)) + " invalid events"
	}
	return closed(hash("developer_message_summary", summary, "reason", hash("error_count", len(list), "error_types", types),
		"validation_start", v2Time(tx.now), "validation_end", v2Time(tx.now)))
}

// tokenPrefix begins the tokens of meter event sessions, which stand in the place of a key.
const tokenPrefix = "token_"

const streamRoute = "/v2/billing/meter_event_stream"

// checkMeterSession refuses a token whose session is over.
func checkMeterSession(tx *accountTx, r *apiRequest) error {
	if !strings.HasPrefix(r.Key, tokenPrefix) {
		return nil
	}
	for _, session := range ofField(tx, meterSession, "authentication_token", r.Key) {
		if session.Int("expires_at") > tx.now {
			return nil
		}
	}
	return &Error{Status: http.StatusUnauthorized, Type: "temporary_session_expired", Code: "billing_meter_event_session_expired", Message: "The meter event session has expired. Create a new one."}
}
