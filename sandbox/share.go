package sandbox

import (
	"hash/maphash"
	"slices"
)

// sharedHashes is how many hashes a store remembers to be used again, sharedTexts how many texts; powers of two.
const (
	sharedHashes = 512
	sharedTexts  = 4096
	sharedKeys   = 256
)

// shared remembers embedded hashes, so that the many payments with the same card details, options or outcome hold them
// once. It forgets one when another takes its place, so that it never grows.
type shared struct {
	seed   maphash.Seed
	hashes [sharedHashes]*stripeObject
	// texts are values of slots: an id stands in the object, in what points to it, in its events.
	texts [sharedTexts]any
	// keys are layouts of free hashes: many have the same keys.
	keys [sharedKeys]*layout
}

// close ends the time in which o and what is inside it may be Set. Embedded hashes that are as ones before become those.
func (s *shared) close(o *stripeObject) {
	if o == nil || !o.open {
		return
	}
	s.close(o.hidden)
	if o.own {
		o.layout = s.sameKeys(o.layout)
	}
	for i, v := range o.values {
		switch v := v.(type) {
		case *stripeObject:
			o.values[i] = s.shareOpen(v)
		case []any:
			for at, e := range v {
				if e, ok := e.(*stripeObject); ok && e != nil && e.open {
					v[at] = s.shareOpen(e)
				}
			}
		case string:
			o.values[i] = s.text(v, o.values[i])
		}
	}
	o.close()
}

// shareOpen closes a hash that is still open and gives the one that stands for it.
func (s *shared) shareOpen(h *stripeObject) *stripeObject {
	if h == nil || !h.open {
		return h
	}
	s.close(h)
	return s.share(h)
}

// sameKeys gives the layout that has been there with the same keys, or one with those of l from now on.
func (s *shared) sameKeys(l *layout) *layout {
	var sum uint64
	for _, key := range l.keys {
		sum = sum*0x9e3779b97f4a7c15 + maphash.String(s.seed, key)
	}
	at := &s.keys[sum%sharedKeys]
	if *at == nil || !slices.Equal((*at).keys, l.keys) {
		*at = freeLayout(slices.Clone(l.keys)...)
	}
	return *at
}

// text gives the value that has been there with the same text, or v from now on.
func (s *shared) text(text string, v any) any {
	at := &s.texts[maphash.String(s.seed, text)%sharedTexts]
	if known, ok := (*at).(string); ok && known == text {
		return *at
	}
	*at = v
	return v
}

// emptyHash stands for every free hash without a key.
var emptyHash = closed(hash())

// share gives the hash that has been there with the same content, or h from now on. Hashes with keys of their own and
// those with hidden values are mostly of one object only: they stay as they are.
func (s *shared) share(h *stripeObject) *stripeObject {
	if h.shape.free && len(h.values) == 0 && h.hidden == nil {
		return emptyHash
	}
	if h.place == nil || h.hidden != nil {
		return h
	}
	sum, ok := s.sum(h)
	if !ok {
		return h
	}
	at := &s.hashes[sum%sharedHashes]
	if known := *at; known != nil && sameSlots(known, h) {
		return known
	}
	*at = h
	return h
}

// sum hashes a shaped hash. An array of arrays is not looked into: ok is then false.
func (s *shared) sum(h *stripeObject) (sum uint64, ok bool) {
	sum = maphash.Comparable(s.seed, h.layout)
	for i, v := range h.values {
		list, isArray := v.([]any)
		if !isArray {
			sum = s.add(sum, i, v)
			continue
		}
		for _, e := range list {
			if _, inner := e.([]any); inner {
				return 0, false
			}
			sum = s.add(sum, i, e)
		}
	}
	return sum ^ sum>>32, true
}

// add mixes the value of a slot into a sum; what is null or left out adds nothing.
func (s *shared) add(sum uint64, slot int, v any) uint64 {
	switch v := v.(type) {
	case nil, absence:
		return sum
	case string:
		sum ^= maphash.String(s.seed, v) + uint64(slot)
	default:
		sum ^= maphash.Comparable(s.seed, v) + uint64(slot)
	}
	return sum * 0x9e3779b97f4a7c15
}

// sameSlots says whether two hashes hold the same values, embedded ones being the very same. None is an array of arrays.
func sameSlots(a, b *stripeObject) bool {
	if a.layout != b.layout {
		return false
	}
	for i, v := range a.values {
		list, isArray := v.([]any)
		other, isOther := b.values[i].([]any)
		switch {
		case isArray != isOther:
			return false
		case isArray:
			if (list == nil) != (other == nil) || !slices.Equal(list, other) {
				return false
			}
		case v != b.values[i]:
			return false
		}
	}
	return true
}
