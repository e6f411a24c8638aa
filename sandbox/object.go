package sandbox

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// stripeObject is one immutable version of a resource, or of a hash inside one: a shape and its slots. A slot holds nil (null),
// string, int64, float64, bool, *stripeObject, []any, or absent. An expandable field holds the id of what it points to. Slots
// are read with at and all.
type stripeObject struct {
	// layout is the shape, the keys of a free hash, and which slots are in values.
	*layout
	values []any
	// hidden are the values of keys that begin with _: the sandbox knows them and shows them to nobody.
	hidden *stripeObject
	// open says that this copy is private and may be Set. Put closes it.
	open bool
}

// absent is the value of a key that an answer leaves out.
type absence struct{}

var absent any = absence{}

// hash makes a free hash: pairs of key and value, in order. It panics on a key that is no string.
func hash(pairs ...any) *stripeObject {
	o := &stripeObject{layout: &layout{shape: freeShape, keys: make([]string, 0, len(pairs)/2), own: true}, values: make([]any, 0, len(pairs)/2), open: true}
	for i := 0; i+1 < len(pairs); i += 2 {
		o.setKey(pairs[i].(string), pairs[i+1])
	}
	return o
}

// size is the number of slots.
func (o *stripeObject) size() int {
	if o.place != nil {
		return len(o.place)
	}
	return len(o.values)
}

// at is the value of a slot.
func (o *stripeObject) at(slot int) any {
	if o.place == nil {
		return o.values[slot]
	}
	if i := o.place[slot]; i >= 0 {
		return o.values[i]
	}
	return o.shape.defaults[slot]
}

// all are the slots in order, those that are left out too.
func (o *stripeObject) all() iter.Seq2[int, any] {
	return func(yield func(int, any) bool) {
		for i := range o.size() {
			if !yield(i, o.at(i)) {
				return
			}
		}
	}
}

// slot is the position of a key, -1 when the object does not have it.
func (o *stripeObject) slot(key string) int {
	if o.shape.free {
		return slices.Index(o.keys, key)
	}
	return o.shape.slot(key)
}

// key is the name of a slot.
func (o *stripeObject) key(slot int) string {
	if o.shape.free {
		return o.keys[slot]
	}
	return o.shape.keys[slot]
}

// ID is the resource's id, "" for a hash without one.
func (o *stripeObject) ID() string { return o.Str("id") }

// Type is the value of "object": payment_intent, checkout.session. It is "" for a hash inside a resource.
func (o *stripeObject) Type() string { return o.Str("object") }

// Get reads the value at a dotted path: nil when it is null, left out or unknown.
func (o *stripeObject) Get(path string) any {
	for o != nil {
		key, rest, nested := strings.Cut(path, ".")
		if isHidden(key) && o.hidden != nil {
			o = o.hidden
			path = path[1:]
			continue
		}
		i := o.slot(key)
		if i < 0 {
			return nil
		}
		v := o.at(i)
		if v == absent {
			return nil
		}
		if !nested {
			return v
		}
		o, _ = v.(*stripeObject)
		path = rest
	}
	return nil
}

// Str reads a string, "" when there is none. Of an expandable field it is the id.
func (o *stripeObject) Str(path string) string {
	s, _ := o.Get(path).(string)
	return s
}

// Int reads a whole number, 0 when there is none.
func (o *stripeObject) Int(path string) int64 {
	n, _ := o.Get(path).(int64)
	return n
}

// Float reads a number, 0 when there is none.
func (o *stripeObject) Float(path string) float64 {
	switch n := o.Get(path).(type) {
	case float64:
		return n
	case int64:
		return float64(n)
	}
	return 0
}

// Bool reads a flag, false when there is none.
func (o *stripeObject) Bool(path string) bool {
	b, _ := o.Get(path).(bool)
	return b
}

// Has says whether the value is there and not null.
func (o *stripeObject) Has(path string) bool { return o.Get(path) != nil }

// Hash reads an embedded hash, nil when there is none.
func (o *stripeObject) Hash(path string) *stripeObject {
	h, _ := o.Get(path).(*stripeObject)
	return h
}

// List reads an array: the elements of a plain one, or the data of an embedded list object.
func (o *stripeObject) List(path string) []any {
	switch v := o.Get(path).(type) {
	case []any:
		return v
	case *stripeObject:
		return v.List("data")
	}
	return nil
}

// Keys are the keys of the hash in order, without those that are left out.
func (o *stripeObject) Keys() []string {
	keys := make([]string, 0, o.size())
	for i, v := range o.all() {
		if v != absent {
			keys = append(keys, o.key(i))
		}
	}
	return keys
}

// Edit makes a private copy that may be Set; the original never changes.
func (o *stripeObject) Edit() *stripeObject {
	return &stripeObject{layout: o.whole(), values: o.unpacked(), hidden: o.hidden, open: true}
}

// writable is o while it may be Set, else a private copy of it.
func (o *stripeObject) writable() *stripeObject {
	if o.open {
		return o
	}
	return o.Edit()
}

// isHidden says whether a key is one that answers never show.
func isHidden(key string) bool { return key != "" && key[0] == '_' }

// Set writes a value at a dotted path and returns o. An int is taken as int64, a nil *stripeObject as null. Null parents of a
// dotted path are made from the description. A key that begins with _ is kept with the version and never shown. Null
// leaves a key out of answers when the description says that it may be missing and is never null. Set panics on a key that
// the shape does not have and on a version that is already stored: both are faults of ours.
func (o *stripeObject) Set(path string, v any) *stripeObject {
	at := o
	key, rest, nested := strings.Cut(path, ".")
	for ; nested; key, rest, nested = strings.Cut(rest, ".") {
		at = at.openChild(key)
	}
	at.setKey(key, v)
	return o
}

// openChild gives the private copy of an embedded hash, made when it is null.
func (o *stripeObject) openChild(key string) *stripeObject {
	if isHidden(key) {
		return o.openHidden().openChild(key[1:])
	}
	i := o.mustSlot(key)
	child, _ := o.values[i].(*stripeObject)
	switch {
	case child == nil:
		child = o.shape.newChild(i)
	case !child.open:
		child = child.Edit()
	default:
		return child
	}
	o.values[i] = child
	return child
}

// openHidden gives the private copy of what is hidden in o.
func (o *stripeObject) openHidden() *stripeObject {
	o.mustBeOpen("_")
	switch {
	case o.hidden == nil:
		o.hidden = hash()
	case !o.hidden.open:
		o.hidden = o.hidden.Edit()
	}
	return o.hidden
}

func (o *stripeObject) setKey(key string, v any) {
	if isHidden(key) {
		o.openHidden().setOwn(key[1:], v)
		return
	}
	o.setOwn(key, v)
}

// setOwn writes a key as it is: one of a caller's choice may begin with _ or have dots in it.
func (o *stripeObject) setOwn(key string, v any) {
	i := o.mustSlot(key)
	switch n := v.(type) {
	case int:
		v = int64(n)
	case *stripeObject:
		if n == nil {
			v = nil
		}
	case []string:
		list := make([]any, len(n))
		for j, s := range n {
			list[j] = s
		}
		v = list
	case []*stripeObject:
		list := make([]any, len(n))
		for j, e := range n {
			list[j] = e
		}
		v = list
	}
	if v == nil && !o.shape.free && o.shape.optional[i] {
		v = absent
	}
	o.values[i] = v
}

func (o *stripeObject) mustBeOpen(key string) {
	if !o.open {
		panic(fmt.Sprintf("sandbox: Set of %s on a stored %s; Edit it first", key, o.shape.name))
	}
}

// mustSlot finds the slot of a key for writing; a free hash grows by it.
func (o *stripeObject) mustSlot(key string) int {
	o.mustBeOpen(key)
	i := o.slot(key)
	if i >= 0 {
		return i
	}
	if !o.shape.free {
		panic(fmt.Sprintf("sandbox: a %s has no %s", o.shape.name, key))
	}
	if !o.own {
		o.layout = &layout{shape: freeShape, keys: slices.Clip(o.keys), own: true}
	}
	o.keys = append(o.keys, key)
	o.values = append(o.values, nil)
	return len(o.values) - 1
}

// Unset removes a key of a free hash (metadata), or leaves it out of a resource's answers. It returns o.
func (o *stripeObject) Unset(key string) *stripeObject {
	if o.slot(key) < 0 {
		return o
	}
	i := o.mustSlot(key)
	if !o.shape.free {
		o.values[i] = absent
		return o
	}
	o.layout = &layout{shape: freeShape, keys: slices.Delete(slices.Clone(o.keys), i, i+1), own: true}
	o.values = slices.Delete(o.values, i, i+1)
	return o
}

// close ends the time in which o and what is inside it may be Set.
func (o *stripeObject) close() {
	if o == nil || !o.open {
		return
	}
	o.open = false
	o.hidden.close()
	for _, v := range o.values {
		closeValue(v)
	}
	o.pack()
}

func closeValue(v any) {
	switch v := v.(type) {
	case *stripeObject:
		v.close()
	case []any:
		for _, e := range v {
			closeValue(e)
		}
	}
}
