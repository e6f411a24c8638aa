package sandbox

import "slices"

// shape is what all objects of one kind have in common: their keys in order.
type shape struct {
	name string
	// free hashes (metadata) have keys of their own and grow.
	free bool
	keys []string
}

// slot is the position of a key, -1 when the shape does not have it.
func (s *shape) slot(key string) int { return slices.Index(s.keys, key) }

// grow adds a key to a free shape.
func (s *shape) grow(key string) int {
	s.keys = append(s.keys, key)
	return len(s.keys) - 1
}

func (s *shape) clone() *shape {
	return &shape{name: s.name, free: s.free, keys: slices.Clone(s.keys)}
}

// newChild makes the embedded hash of a slot.
func (s *shape) newChild(slot int) *Object { return hash() }
