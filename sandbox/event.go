package sandbox

import "strings"

// event is something that happened: the event's own object, its name, and its number in the account's order.
type event struct {
	seq    int64
	name   string
	object *stripeObject
	// scope is the connected account in which it happened, "" for the account itself.
	scope string
	// former is what the object was before, nil when the event does not tell.
	former *stripeObject
	// twin says that a planted fault made the event, only names the endpoint that it is for.
	twin bool
	only string
	// parcels are what is sent when the event is kept.
	parcels []addressed
}

// The hashes of an event.
var (
	eventDataLayout    = freeLayout("object")
	eventUpdatedLayout = freeLayout("object", "previous_attributes")
	eventRequestLayout = freeLayout("id", "idempotency_key")
)

// Event appends an event without a change of the store, or with a former version of the caller's choice. The object is
// shown as it is now; names that end in updated or tell of a change carry what it was in former.
func (tx *accountTx) Event(name string, o, former *stripeObject) {
	tx.account.store.shared.close(o)
	if !carriesChanges(name) {
		former = nil
	}
	ev := tx.New("event").
		Set("id", tx.newID(eventIDForm(o.Type()))).
		Set("created", tx.slotOf(tx.now)). // events tell the account's time, also of what a test clock rules
		Set("type", name).
		Set("api_version", tx.account.apiVersion()).
		Set("data", eventData(o, former)).
		Set("request", tx.requestHash()).
		Set("pending_webhooks", 0)
	if tx.scope != "" {
		ev.Set("account", tx.scope)
	}
	tx.put(objectKey{"event", ev.ID()}, ev)
	tx.events = append(tx.events, &event{name: name, object: ev, former: former, scope: tx.scope})
}

// eventData is what an event tells: the object, and what it was in former, nil when it does not tell.
func eventData(o, former *stripeObject) *stripeObject {
	if former == nil {
		return eventDataWith(o, nil)
	}
	return eventDataWith(o, changedLeaves(former, o))
}

// eventDataWith is what an event tells when it is known what changed, nil for nothing.
func eventDataWith(o, previous *stripeObject) *stripeObject {
	if previous == nil {
		return &stripeObject{layout: eventDataLayout, values: []any{o}}
	}
	return &stripeObject{layout: eventUpdatedLayout, values: []any{o, previous}}
}

// listedEvents is how long events are listed, in seconds.
const listedEvents = 30 * 24 * 60 * 60

// pruneEvents forgets events that are no longer listed.
func (a *account) pruneEvents() {
	for typ := range a.store.kinds {
		if plainType(typ) == "event" {
			a.pruneEventsOf(typ)
		}
	}
}

// pruneEventsOf forgets events of the account itself, or of one connected account.
func (a *account) pruneEventsOf(typ string) {
	s := a.store
	k := s.kind(typ)
	oldest := a.now() - listedEvents
	for len(k.list) > 0 {
		if r := k.list[0]; r.object != nil {
			if r.object.Int("created") >= oldest {
				break
			}
			delete(k.objects, r.id)
		}
		k.list = k.list[1:]
	}
}

// requestHash tells which call caused an event; both are null for what happens by itself.
func (tx *accountTx) requestHash() *stripeObject {
	r := tx.request
	if r == nil {
		return noRequest
	}
	if tx.cause == nil {
		tx.cause = &stripeObject{layout: eventRequestLayout, values: []any{r.RequestID, nil}}
		if r.IdempotencyKey != "" {
			tx.cause.values[1] = r.IdempotencyKey
		}
	}
	return tx.cause
}

// noRequest is the request of events that no call caused.
var noRequest = &stripeObject{layout: eventRequestLayout, values: []any{nil, nil}}

// eventIDForm is what an event's id looks like: those of payments begin with evt_3.
func eventIDForm(typ string) idForm {
	switch typ {
	case "payment_intent", "charge", "refund":
		return idForm{"evt_3", 23}
	}
	return idForm{"evt_1", 23}
}

// changeVerbs end the names of events that carry previous_attributes, besides "updated".
// Source: recorded events (charge.captured, charge.refunded, payment_method.detached, subscription_schedule.canceled).
var changeVerbs = map[string]bool{
	"updated": true, "automatically_updated": true, "captured": true, "refunded": true, "detached": true,
}

func carriesChanges(name string) bool {
	verb := name[strings.LastIndexByte(name, '.')+1:]
	return changeVerbs[verb] || name == "subscription_schedule.canceled"
}

// changedLeaves is the old value of each leaf that is another now, nested hashes with their changed keys only. A key that
// was not there before is null.
func changedLeaves(former, o *stripeObject) *stripeObject {
	changed := hash()
	for i, now := range o.all() {
		key := o.key(i)
		var was any
		if former.shape == o.shape && !o.shape.free {
			was = former.at(i)
		} else if at := former.slot(key); at >= 0 {
			was = former.at(at)
		} else {
			was = absent
		}
		addChange(changed, key, was, now)
	}
	if former.shape.free {
		for i, was := range former.values {
			if o.slot(former.keys[i]) < 0 {
				addChange(changed, former.keys[i], was, absent)
			}
		}
	}
	changed.close()
	return changed
}

func addChange(changed *stripeObject, key string, was, now any) {
	if equalValues(was, now) {
		return
	}
	if was == absent {
		was = nil
	}
	before, isHash := was.(*stripeObject)
	after, still := now.(*stripeObject)
	if isHash && still && !isList(before) {
		was = changedLeaves(before, after)
	}
	changed.setOwn(key, was)
}

// isList says whether a hash is a list object: its previous value is told whole.
func isList(o *stripeObject) bool { return o.Str("object") == "list" }

// equalValues compares two values as they would be written.
func equalValues(a, b any) bool {
	switch a := a.(type) {
	case *stripeObject:
		b, ok := b.(*stripeObject)
		return ok && equalObjects(a, b)
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !equalValues(a[i], b[i]) {
				return false
			}
		}
		return true
	}
	if _, isObject := b.(*stripeObject); isObject {
		return false
	}
	if _, isArray := b.([]any); isArray {
		return false
	}
	return a == b
}

func equalObjects(a, b *stripeObject) bool {
	if a == b {
		return true
	}
	if a.size() != b.size() {
		return false
	}
	for i, v := range a.all() {
		j := i
		if a.shape.free || a.shape != b.shape {
			if j = b.slot(a.key(i)); j < 0 {
				return false
			}
		}
		if !equalValues(v, b.at(j)) {
			return false
		}
	}
	return true
}
