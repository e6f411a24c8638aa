package sandbox

import (
	"hash/maphash"
	"maps"
	"slices"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// store holds the newest version of each object of an account, the one before it, and the order in which they were made.
type store struct {
	objects map[objectKey]version
	// lists are the ids of a type in the order of creation; ids of objects that are gone stay in them.
	lists map[string][]entry
	// indexes are lists of the objects of a type whose field has a value.
	indexes map[indexKey][]entry
	// gone is what is left of the objects that were deleted.
	gone map[objectKey]*stripeObject
	// ended are their histories, as far as this start of the sandbox saw them.
	ended map[objectKey]*past
	// alive counts the objects of a type.
	alive map[string]int
	// changes counts what was put and removed.
	changes int64
	last    int64
	// shared are embedded hashes that many objects have in common.
	shared *shared
}

type objectKey struct{ typ, id string }

// version is an object as it is and as it was before its last change.
type version struct {
	object, former *stripeObject
	// past is how the object came to be what it is, as far as this start of the sandbox saw it.
	past *past
	// seq is the place of the object among all that were made.
	seq int64
	// gone is, of what was there before, what was left of it when it had been deleted.
	gone *stripeObject
}

type entry struct {
	seq int64
	id  string
}

type indexKey struct{ typ, field, value string }

// indexedFields are searched so often that a list is kept for each value.
var indexedFields = []string{"customer", "payment_intent", "charge", "lookup_key", "event", "invoice"}

func newStore() *store {
	return &store{objects: map[objectKey]version{}, lists: map[string][]entry{}, indexes: map[indexKey][]entry{}, gone: map[objectKey]*stripeObject{},
		ended: map[objectKey]*past{}, alive: map[string]int{}, shared: &shared{seed: maphash.MakeSeed()}}
}

// put makes o the newest version and returns what was there, for undo. A version that nothing is known of, as those of an
// earlier start, has no cause.
func (s *store) put(key objectKey, o *stripeObject, c *cause) version {
	was := s.objects[key]
	now := version{object: o, former: was.object, seq: was.seq, past: was.past}
	if key.typ == deliveryType {
		now.former = nil // nobody reads what a delivery was
	}
	s.changes++
	if was.object == nil {
		s.last++
		now.seq = s.last
		s.lists[key.typ] = append(s.lists[key.typ], entry{now.seq, key.id})
		was.gone = s.gone[key]
		now.past = s.ended[key]
		delete(s.gone, key)
		s.alive[key.typ]++
	}
	if c != nil && hasHistory(key.typ) {
		now.past = now.past.add(past{object: o, cause: c})
	}
	s.objects[key] = now
	s.index(key, o, was.object, now.seq)
	return was
}

func (s *store) index(key objectKey, o, former *stripeObject, seq int64) {
	for _, field := range indexedFields {
		value := o.Str(field)
		if value == "" || former != nil && former.Str(field) == value {
			continue
		}
		k := indexKey{key.typ, field, value}
		list := s.indexes[k]
		at, found := slices.BinarySearchFunc(list, seq, func(e entry, seq int64) int { return int(e.seq - seq) })
		switch {
		case found:
		case at == len(list):
			s.indexes[k] = append(list, entry{seq, key.id})
		default: // a walk over the list may be under way
			s.indexes[k] = slices.Insert(slices.Clone(list), at, entry{seq, key.id})
		}
	}
}

// remove deletes an object and returns what was there, for undo.
func (s *store) remove(key objectKey) version {
	was := s.objects[key]
	delete(s.objects, key)
	s.gone[key] = remainsOf(was.object)
	s.changes++
	if was.object != nil {
		s.alive[key.typ]--
		s.ended[key] = was.past
	}
	return was
}

// undo brings back what put or remove returned. An entry of a list or an index that points nowhere is passed over by
// walks, and its number is never given again.
func (s *store) undo(key objectKey, was version) {
	isThere := s.objects[key].object != nil
	if was.object == nil {
		if isThere {
			s.alive[key.typ]--
		}
		delete(s.objects, key)
		if was.gone != nil {
			s.gone[key] = was.gone
		}
		if list := s.lists[key.typ]; len(list) > 0 && list[len(list)-1].id == key.id {
			s.lists[key.typ] = list[:len(list)-1]
		}
		return
	}
	if !isThere {
		s.alive[key.typ]++
		delete(s.ended, key)
	}
	s.objects[key] = was
	delete(s.gone, key)
}

// each walks the objects of a list, newest first, until f answers false.
func (s *store) each(typ string, list []entry, f func(*stripeObject) bool) {
	for _, e := range slices.Backward(list) {
		v := s.objects[objectKey{typ, e.id}]
		if v.object != nil && v.seq == e.seq && !f(v.object) {
			return
		}
	}
}

// clone copies the store for a snapshot: versions are shared, they never change.
func (s *store) clone() *store {
	c := &store{objects: make(map[objectKey]version, len(s.objects)), lists: make(map[string][]entry, len(s.lists)), last: s.last, shared: s.shared}
	c.indexes, c.gone = make(map[indexKey][]entry, len(s.indexes)), make(map[objectKey]*stripeObject, len(s.gone))
	for k, v := range s.objects {
		c.objects[k] = v
	}
	for k, v := range s.lists {
		c.lists[k] = slices.Clip(v)
	}
	for k, v := range s.indexes {
		c.indexes[k] = slices.Clone(v)
	}
	for k, o := range s.gone {
		c.gone[k] = o
	}
	c.ended, c.alive, c.changes = maps.Clone(s.ended), maps.Clone(s.alive), s.changes
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
