package sandbox

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// accountTx is the changes of one request or one due job, under the account's lock: all of them are kept, or none.
type accountTx struct {
	account *account
	request *apiRequest
	// scope is the connected account that is acted in, "" for the account itself.
	scope string
	now   int64
	// moment is what Now said last, as the value of a slot: most objects of a accountTx are made at the same one.
	moment any
	// clock is the id of the test clock that rules what the accountTx does, "" for the account's; frozen is its time.
	clock  string
	frozen int64
	// ranClock is the test clock on which the accountTx's job was planned, ranAt its instant.
	ranClock string
	ranAt    int64
	// held is the id of the subscription whose changes are told at the end of a call or a job, "" for none.
	held string
	// stamped is the id of the customer whose first currency the present call tells at its end, "" for none.
	stamped string
	// answer is what the call is answered with, nil for an error.
	answer *stripeObject
	// told is what the export tells of the accountTx, nil for nothing.
	told *step
	// outside names what made the changes when it was no call of the API, for the export.
	outside string
	// entitled are the customers whose entitlements are looked at in the end.
	entitled []string
	// undo are the former versions of what was changed, in order.
	undo   []change
	events []*event
	due    []dueJob
	// published are ids that pages may ask for without a key.
	published []string
	// ran is the number of the due job that the accountTx belongs to, 0 for a request.
	ran int64
	// job is that job's name.
	job string
	// made is what its versions are made by, made once.
	made *cause
	// after is what happens when the accountTx was kept, under the account's lock.
	after []func()
	// cause is the event's request hash, made once.
	cause *stripeObject
}

// change is an object that a accountTx changed: as it was before and as it is now, nil when it was deleted.
type change struct {
	key objectKey
	was replaced
	now *stripeObject
}

// Now is the account's clock in seconds, or that of the test clock which rules the customer; while a due job runs, the
// instant at which it was due.
func (tx *accountTx) Now() int64 {
	if tx.clock != "" {
		return tx.frozen
	}
	return tx.now
}

// instant is Now as the value of a slot.
func (tx *accountTx) instant() any { return tx.slotOf(tx.Now()) }

// slotOf is an instant as the value of a slot: the one that was made last when it is the same.
func (tx *accountTx) slotOf(at int64) any {
	if tx.moment != at {
		tx.moment = at
	}
	return tx.moment
}

// Request is the call that the changes belong to, nil in due jobs.
func (tx *accountTx) Request() *apiRequest { return tx.request }

// New makes a resource of a type with every key of its shape: id, created, livemode false, defaults, the rest null. Keys
// that Stripe shows only when they apply are left out until they are Set. It is not stored until Put.
func (tx *accountTx) New(typ string) *stripeObject {
	s := shapeNamed(typ)
	o := s.newHash()
	for _, i := range s.times {
		o.values[i] = tx.instant()
	}
	if s.livemode >= 0 { // some of Stripe's samples are of live accounts
		o.values[s.livemode] = false
	}
	if s.ids.prefix != "" {
		o.Set("id", tx.newID(s.ids))
	}
	for _, i := range s.lists {
		o.values[i] = o.values[i].(*stripeObject).Edit().Set("url", nestedURL(o, s.keys[i]))
	}
	return o
}

// NewHash makes an embedded hash with all keys of a schema of the description: null where Stripe allows it, else empty.
// It panics when there is no such schema.
func (tx *accountTx) NewHash(schema string) *stripeObject { return shapeNamed(schema).newHash() }

// Get reads the newest version, nil when there is none or it was deleted. A planted fault makes a call read the version
// before it of the object that its path names.
func (tx *accountTx) Get(typ, id string) *stripeObject {
	kept := tx.account.store.record(tx.scoped(typ), id)
	if kept == nil {
		return nil
	}
	if r := tx.request; r != nil && r.stale && hasHistory(typ) && r.names(id) {
		return kept.former
	}
	return kept.object
}

// Deleted says whether there was such an object.
func (tx *accountTx) Deleted(typ, id string) bool { return tx.Remains(typ, id) != nil }

// Remains is what is left of an object that was deleted: {id, object, deleted}. It is nil when there was none.
func (tx *accountTx) Remains(typ, id string) *stripeObject {
	return tx.account.store.gone[objectKey{tx.scoped(typ), id}]
}

// Put stores a version and appends events of these names, in order. From then on o is closed: go on with o.Edit().
func (tx *accountTx) Put(o *stripeObject, events ...string) {
	key := objectKey{o.Type(), o.ID()}
	if key.typ == "" || key.id == "" {
		panic(fmt.Sprintf("sandbox: Put of a %q with id %q", key.typ, key.id))
	}
	tx.account.store.shared.close(o)
	former := tx.put(key, o)
	for _, name := range events {
		tx.Event(name, o, former)
	}
}

// put stores a version and returns the former one.
func (tx *accountTx) put(key objectKey, o *stripeObject) *stripeObject {
	key.typ = tx.scoped(key.typ)
	was := tx.account.store.put(key, o, tx.origin())
	tx.undo = append(tx.undo, change{key, was, o})
	return was.object
}

// Delete removes an object; the event, unless "", carries it as it was.
func (tx *accountTx) Delete(o *stripeObject, event string) {
	key := objectKey{tx.scoped(o.Type()), o.ID()}
	was := tx.account.store.remove(key)
	tx.undo = append(tx.undo, change{key, was, nil})
	if event != "" {
		tx.Event(event, o, nil)
	}
}

// Each walks the objects of a type, newest first, until f answers false.
func (tx *accountTx) Each(typ string, f func(*stripeObject) bool) {
	s := tx.account.store
	s.each(s.list(tx.scoped(typ)), f)
}

// EachOf walks the objects of a type whose field has a value, newest first, until f answers false. It is quick for
// customer, payment_intent, charge, lookup_key and event.
func (tx *accountTx) EachOf(typ, field, value string, f func(*stripeObject) bool) {
	s := tx.account.store
	typ = tx.scoped(typ)
	list := s.list(typ)
	if value != "" && slices.Contains(indexedFields, field) {
		list = s.indexed(typ, field, value)
	}
	s.each(list, func(o *stripeObject) bool {
		if o.Str(field) != value {
			return true
		}
		return f(o)
	})
}

// Due plans a registered job for an instant of the clock that Now tells, in seconds. Jobs run in the order of their instants,
// those of one instant in the order in which they were planned; one that is already due runs right after this accountTx. It
// panics when no such job is registered.
func (tx *accountTx) Due(at int64, job, id string) {
	if dueJobs[job] == nil {
		panic("sandbox: no job is registered as " + job)
	}
	tx.due = append(tx.due, dueJob{at: at, job: job, id: id, clock: tx.clock, scope: tx.scope})
}

// Publish lets pages ask for an id without a key: a Checkout Session's, a challenge's token. Private routes find the
// account by it.
func (tx *accountTx) Publish(id string) {
	tx.published = append(tx.published, scopedText(id, tx.scope))
}

// PublishableKey is a key that the account's pages use.
func (tx *accountTx) PublishableKey() string { return "pk_test_" + tx.account.name }

// URL is the address of a path of the sandbox, as browsers reach it.
func (tx *accountTx) URL(path string) string {
	base := tx.account.sandbox.options.PublicURL
	if base == "" && tx.request != nil && tx.request.http != nil {
		r := tx.request.http
		u := url.URL{Scheme: "http", Host: r.Host}
		if r.TLS != nil {
			u.Scheme = "https"
		}
		base = u.String()
		tx.account.baseURL = base
	}
	if base == "" {
		base = tx.account.baseURL
	}
	return strings.TrimSuffix(base, "/") + path
}

// afterCommit runs f when the accountTx was kept, still under the account's lock: f must not block.
func (tx *accountTx) afterCommit(f func()) { tx.after = append(tx.after, f) }

// rollback takes all changes back.
func (tx *accountTx) rollback() {
	for _, c := range slices.Backward(tx.undo) {
		tx.account.store.undo(c.key, c.was)
	}
	tx.undo, tx.events, tx.due, tx.published, tx.after = nil, nil, nil, nil, nil
}
