package sandbox

import (
	"cmp"
	"hash/maphash"
	"maps"
	"slices"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// store holds the newest version of each object of an account, the one before it, and the order in which they were made.
type store struct {
	kinds map[string]*kind
	// gone is what is left of the objects that were deleted.
	gone map[objectKey]*stripeObject
	// ended are their histories, as far as this start of the sandbox saw them.
	ended map[objectKey]*past
	// changes counts what was put and removed.
	changes int64
	last    int64
	// shared are embedded hashes that many objects have in common.
	shared *shared
	// records, steps and places are where new records, steps of histories and lists of one record come from.
	records chunk[record]
	steps   chunk[past]
	places  chunk[*record]
}

// kind is the objects of one type.
type kind struct {
	objects map[string]*record
	// list is in the order of creation; records of objects that are gone stay in it.
	list []*record
	// indexes are lists of the objects whose field has a value, by field and value.
	indexes map[string]map[string][]*record
}

type objectKey struct{ typ, id string }

// record is an object in the store.
type record struct {
	id string
	// seq is the place of the object among all that were made.
	seq int64
	version
}

// version is an object as it is, nil when it is gone, and as it was before its last change.
type version struct {
	object, former *stripeObject
	// past is how the object came to be what it is, as far as this start of the sandbox saw it.
	past *past
}

// replaced is what a change took away, for undo. Gone is, where there was no object, what was left of a deleted one.
type replaced struct {
	record *record
	version
	gone *stripeObject
}

// indexedFields are searched so often that a list is kept for each value.
var indexedFields = []string{"customer", "payment_intent", "charge", "lookup_key", "event", "invoice"}

func newStore() *store {
	return &store{kinds: map[string]*kind{}, gone: map[objectKey]*stripeObject{}, ended: map[objectKey]*past{}, shared: &shared{seed: maphash.MakeSeed()}}
}

// kind is the objects of a type, made when there are none yet.
func (s *store) kind(typ string) *kind {
	k := s.kinds[typ]
	if k == nil {
		k = &kind{objects: map[string]*record{}, indexes: map[string]map[string][]*record{}}
		s.kinds[typ] = k
	}
	return k
}

// record finds an object, nil when there is none.
func (s *store) record(typ, id string) *record {
	if k := s.kinds[typ]; k != nil {
		return k.objects[id]
	}
	return nil
}

// newest is an object as it is, nil when there is none.
func (s *store) newest(typ, id string) *stripeObject {
	if r := s.record(typ, id); r != nil {
		return r.object
	}
	return nil
}

// list is the objects of a type in the order of creation, and some that are gone.
func (s *store) list(typ string) []*record {
	if k := s.kinds[typ]; k != nil {
		return k.list
	}
	return nil
}

// indexed is the objects of a type whose indexed field had a value, in the order of creation.
func (s *store) indexed(typ, field, value string) []*record {
	if k := s.kinds[typ]; k != nil {
		return k.indexes[field][value]
	}
	return nil
}

// alive counts the objects of a type.
func (s *store) alive(typ string) int {
	if k := s.kinds[typ]; k != nil {
		return len(k.objects)
	}
	return 0
}

// put makes o the newest version and returns what was there, for undo. A version that nothing is known of, as those of an
// earlier start, has no cause.
func (s *store) put(key objectKey, o *stripeObject, c *cause) replaced {
	s.changes++
	k := s.kind(key.typ)
	r := k.objects[key.id]
	was := replaced{record: r}
	if r == nil {
		s.last++
		r = s.records.next()
		r.id, r.seq = key.id, s.last
		r.past = s.ended[key]
		k.objects[key.id] = r
		k.list = append(k.list, r)
		was.record, was.gone = r, s.gone[key]
		delete(s.gone, key)
	} else {
		was.version = r.version
	}
	r.former = r.object
	if !hasHistory(key.typ) {
		r.former = nil // nobody reads what an event or a delivery was
	}
	r.object = o
	if c != nil && hasHistory(key.typ) {
		r.past = s.step(r.past, past{object: o, cause: c})
	}
	k.index(r, was.object, &s.places)
	return was
}

// index notes a version in the lists of the values that its indexed fields have now and had not before.
func (k *kind) index(r *record, former *stripeObject, places *chunk[*record]) {
	for i, field := range indexedFields {
		value := r.object.indexed(i)
		if value == "" || former != nil && former.indexed(i) == value {
			continue
		}
		values := k.indexes[field]
		if values == nil {
			values = map[string][]*record{}
			k.indexes[field] = values
		}
		list := values[value]
		at, found := slices.BinarySearchFunc(list, r.seq, bySeq)
		switch {
		case found:
		case list == nil: // most values are of one object alone
			one := places.some(1)
			one[0], values[value] = r, one
		case at == len(list):
			values[value] = append(list, r)
		default: // a walk over the list may be under way
			values[value] = slices.Insert(slices.Clone(list), at, r)
		}
	}
}

func bySeq(r *record, seq int64) int { return cmp.Compare(r.seq, seq) }

// indexed is the value of an indexed field by its place in indexedFields.
func (o *stripeObject) indexed(field int) string {
	if o.shape.free {
		return o.Str(indexedFields[field])
	}
	slot := o.shape.indexed[field]
	if slot < 0 {
		return ""
	}
	value, _ := o.at(slot).(string)
	return value
}

// remove deletes an object and returns what was there, for undo.
func (s *store) remove(key objectKey) replaced {
	s.changes++
	k := s.kind(key.typ)
	r := k.objects[key.id]
	if r == nil {
		return replaced{}
	}
	was := replaced{record: r, version: r.version}
	delete(k.objects, key.id)
	s.gone[key] = remainsOf(r.object)
	s.ended[key] = r.past
	r.version = version{}
	return was
}

// undo brings back what put or remove returned. A record that holds nothing is passed over by walks, and its number is
// never given again.
func (s *store) undo(key objectKey, was replaced) {
	k, r := s.kind(key.typ), was.record
	switch {
	case r == nil: // nothing was removed
	case was.object != nil:
		k.objects[key.id] = r
		r.version = was.version
		delete(s.gone, key)
		delete(s.ended, key)
	default:
		delete(k.objects, key.id)
		r.version = version{}
		if was.gone != nil {
			s.gone[key] = was.gone
		}
		if last := len(k.list) - 1; last >= 0 && k.list[last] == r {
			k.list = k.list[:last]
		}
	}
}

// each walks the objects of a list, newest first, until f answers false.
func (s *store) each(list []*record, f func(*stripeObject) bool) {
	for _, r := range slices.Backward(list) {
		if r.object != nil && !f(r.object) {
			return
		}
	}
}

// clone copies the store for a snapshot: versions are shared, they never change.
func (s *store) clone() *store {
	c := &store{kinds: make(map[string]*kind, len(s.kinds)), gone: maps.Clone(s.gone), ended: maps.Clone(s.ended), changes: s.changes, last: s.last, shared: s.shared}
	for typ, k := range s.kinds {
		c.kinds[typ] = k.clone()
	}
	return c
}

func (k *kind) clone() *kind {
	c := &kind{objects: make(map[string]*record, len(k.objects)), list: make([]*record, len(k.list)), indexes: make(map[string]map[string][]*record, len(k.indexes))}
	records := make([]record, len(k.list))
	for i, r := range k.list {
		records[i] = *r
		c.list[i] = &records[i]
		if r.object != nil {
			c.objects[r.id] = c.list[i]
		}
	}
	for field, values := range k.indexes {
		c.indexes[field] = make(map[string][]*record, len(values))
		for value, list := range values {
			same := make([]*record, 0, len(list))
			for _, r := range list {
				if at, found := slices.BinarySearchFunc(c.list, r.seq, bySeq); found { // else it is listed no more
					same = append(same, c.list[at])
				}
			}
			c.indexes[field][value] = same
		}
	}
	return c
}

// remainsOf is what is left of a deleted object: {id, object, deleted}, and what the description adds for its type.
func remainsOf(o *stripeObject) *stripeObject {
	n := description.Load().Schema("deleted_" + o.Type())
	if n == nil {
		return closed(hash("id", o.ID(), "object", o.Type(), "deleted", true))
	}
	left := shapeOf(n).newHash()
	for _, key := range left.shape.keys {
		if v := o.Get(key); v != nil {
			left.setOwn(key, v)
		}
	}
	return closed(left.Set("deleted", true))
}
