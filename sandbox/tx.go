package sandbox

import (
	"math/rand/v2"
	"slices"
)

// Tx is the changes of one request or one due job, under the account's lock: all of them are kept, or none.
type Tx struct {
	account *account
	request *Request
	now     int64
	// changed maps an id to its new version, nil when it was deleted.
	changed map[objectKey]*Object
	order   []objectKey
	events  []*event
	due     []dueJob
}

type objectKey struct{ typ, id string }

// event is what happened to an object: the event's own object, and its number in the account's order.
type event struct {
	seq    int64
	name   string
	object *Object
}

// dueJob is something that happens by itself at an instant of the account's clock.
type dueJob struct {
	at, seq int64
	job, id string
}

// Now is the account's clock in seconds; while a due job runs, the instant at which it was due.
func (tx *Tx) Now() int64 { return tx.now }

// Account is the account's object: id, display name, settings.
func (tx *Tx) Account() *Object { return tx.account.object }

// Request is the call that the changes belong to, nil in due jobs.
func (tx *Tx) Request() *Request { return tx.request }

// New makes a resource of a type with every key of its shape: id, created, livemode false, defaults, the rest null.
// It is not stored until Put.
func (tx *Tx) New(typ string) *Object {
	o := hash("id", tx.NewID(typ+"_", 24), "object", typ, "created", tx.now, "livemode", false, "metadata", hash())
	return o
}

// NewHash makes an embedded hash with all keys of a schema of the description.
func (tx *Tx) NewHash(schema string) *Object { return hash() }

// Get reads the newest version, nil when there is none or it was deleted.
func (tx *Tx) Get(typ, id string) *Object {
	key := objectKey{typ, id}
	if o, ok := tx.changed[key]; ok {
		return o
	}
	return tx.account.objects[key]
}

// Put stores a version and appends events of these names, in order.
func (tx *Tx) Put(o *Object, events ...string) {
	key := objectKey{o.Type(), o.ID()}
	former := tx.Get(key.typ, key.id)
	o.close()
	tx.set(key, o)
	for _, name := range events {
		tx.Event(name, o, former)
	}
}

func (tx *Tx) set(key objectKey, o *Object) {
	if _, ok := tx.changed[key]; !ok {
		tx.order = append(tx.order, key)
	}
	tx.changed[key] = o
}

// Event appends an event without a change of the store, or with a former version of the caller's choice.
func (tx *Tx) Event(name string, o, former *Object) {
	tx.events = append(tx.events, &event{name: name, object: hash("id", tx.NewID("evt_", 24), "object", "event", "type", name, "created", tx.now, "data", hash("object", o))})
}

// Delete removes an object; the event, unless "", carries it as it was.
func (tx *Tx) Delete(o *Object, event string) {
	key := objectKey{o.Type(), o.ID()}
	tx.set(key, nil)
	if event != "" {
		tx.Event(event, o, nil)
	}
}

// Each walks the objects of a type, newest first, until f answers false.
func (tx *Tx) Each(typ string, f func(*Object) bool) {
	for _, key := range slices.Backward(tx.order) {
		if key.typ == typ && tx.account.objects[key] == nil && tx.changed[key] != nil && !f(tx.changed[key]) {
			return
		}
	}
	for _, id := range slices.Backward(tx.account.ids[typ]) {
		if o := tx.Get(typ, id); o != nil && !f(o) {
			return
		}
	}
}

// EachOf walks the objects of a type whose field has a value, newest first, until f answers false.
func (tx *Tx) EachOf(typ, field, value string, f func(*Object) bool) {
	tx.Each(typ, func(o *Object) bool {
		if o.Str(field) != value {
			return true
		}
		return f(o)
	})
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// NewID makes an id: the prefix and n letters and digits from the sandbox's seeded source.
func (tx *Tx) NewID(prefix string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = base62[rand.IntN(len(base62))]
	}
	return prefix + string(b)
}

// Due plans a registered job for an instant of the account's clock, in seconds. Jobs run in the order of their instants,
// those of one instant in the order in which they were planned.
func (tx *Tx) Due(at int64, job, id string) {
	tx.due = append(tx.due, dueJob{at: at, job: job, id: id})
}

// applyParams copies parameters into the fields of their names and returns o; metadata is merged by Stripe's rules.
func applyParams(tx *Tx, o *Object, p Params, except ...string) *Object {
	for _, key := range p.Keys() {
		if slices.Contains(except, key) {
			continue
		}
		o.Set(key, p.find(key).value)
	}
	return o
}
