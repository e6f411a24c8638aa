package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

func init() {
	private("GET /v2/core/events", listThinEvents)
	private("GET /v2/core/events/{id}", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		if ev := tx.Get("event", snapshotID(r.Path("id"))); ev != nil && alive(tx, ev) && thinID(ev) == r.Path("id") {
			return thinEvent(tx, ev, r.Version), nil
		}
		return nil, missing("event", r.Path("id"), "id", http.StatusNotFound)
	})
}

const (
	// hiddenV2 marks events that only the second generation of the API has.
	hiddenV2 = "_v2"

	// thinPrefix begins the ids of thin events. What follows is the id of the event with its object, of which a thin one is
	// another view: nothing of it is stored.
	thinPrefix = "evt_test_61"
)

func thinID(ev *stripeObject) string { return thinPrefix + strings.TrimPrefix(ev.ID(), "evt_") }

// snapshotID is the id of the event that a thin one is a view of.
func snapshotID(thin string) string {
	rest, ok := strings.CutPrefix(thin, thinPrefix)
	if !ok {
		return ""
	}
	return "evt_" + rest
}

// thinType is the name of a thin event: v1.payment_intent.succeeded. Those of the second generation have their own.
func thinType(name string) string {
	if strings.HasPrefix(name, "v2.") {
		return name
	}
	return "v1." + name
}

// relatedObject names what an event is about: the id is missing where an account has only one, and all of it is null where
// no address reads it.
func relatedObject(o *stripeObject) *stripeObject {
	if o == nil {
		return nil
	}
	typ, id := o.Type(), o.ID()
	switch base := paths()[typ]; {
	case typ == destinationType:
		return hash("id", id, "type", typ, "url", "/v2/core/event_destinations/"+id)
	case typ == "balance":
		return hash("type", typ, "url", "/v1/balance")
	case typ == "account":
		return hash("id", id, "type", typ, "url", "/v1/accounts/"+id)
	case base == "" || id == "":
		return nil
	default:
		return hash("id", id, "type", typ, "url", base+"/"+id)
	}
}

// thinEvent is an event as the second generation shows it in a version.
func thinEvent(tx *accountTx, ev *stripeObject, version string) *stripeObject {
	thin := notification(ev)
	if ev.Has(hiddenThinData) {
		thin.Set("data", ev.Hash(hiddenThinData))
	}
	reason := hash("type", "request")
	if ev.Has("request.id") {
		thin.Set("reason", reason.Set("request", hash("id", ev.Str("request.id"), "idempotency_key", ev.Str("request.idempotency_key"))))
	}
	if version >= "2026-09-30.endive" && !ev.Bool(hiddenV2) {
		thin.Set("snapshot_event", ev.ID())
	}
	return closed(thin)
}

// notification is what a destination with thin events is sent: what happened, when, and to what.
func notification(ev *stripeObject) *stripeObject {
	return hash("id", thinID(ev), "object", "v2.core.event", "type", thinType(ev.Str("type")), "livemode", false, "created", v2Time(ev.Int("created")),
		"related_object", relatedObject(ev.Hash("data.object")))
}

// listThinEvents lists the last 30 days, filtered by names, by what they are about and by time.
func listThinEvents(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	types := p.Strs("types")
	created := createdRangeV2(p)
	var found []*stripeObject
	tx.Each("event", func(ev *stripeObject) bool {
		if alive(tx, ev) && (len(types) == 0 || slices.Contains(types, thinType(ev.Str("type")))) && (!p.Has("object_id") || ev.Str("data.object.id") == p.Str("object_id")) && created.includes(ev.Int("created")) {
			found = append(found, ev)
		}
		return true
	})
	return pageOfV2(r, found, func(ev *stripeObject) *stripeObject { return thinEvent(tx, ev, r.Version) })
}

// createdRangeV2 reads a range of times that are written as text.
func createdRangeV2(p formParams) timeRange {
	t := timeRange{from: minInstant, to: maxInstant}
	bound := func(key string, set func(at int64)) {
		if at, err := parseV2Time(p.Str("created." + key)); err == nil {
			set(at)
		}
	}
	bound("gt", func(at int64) { t.from = max(t.from, at+1) })
	bound("gte", func(at int64) { t.from = max(t.from, at) })
	bound("lt", func(at int64) { t.to = min(t.to, at-1) })
	bound("lte", func(at int64) { t.to = min(t.to, at) })
	return t
}

// pingDestination sends a destination a thin event that says nothing but that it can be reached.
func pingDestination(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o, err := findDestination(tx, r)
	if err != nil {
		return nil, err
	}
	tx.Event(destinationType+".ping", closed(hash("id", o.ID(), "object", destinationType)), nil)
	ev := tx.events[len(tx.events)-1]
	ev.only = o.ID()
	ev.object.Set(hiddenV2, true)
	return thinEvent(tx, ev.object, r.Version), nil
}
