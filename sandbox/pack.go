package sandbox

import "sync"

const (
	// packedSlots is how many slots a packed object may have at most.
	packedSlots = 128
	// maxLayouts bounds the layouts of a shape; objects of further ones stay unpacked.
	maxLayouts = 512
)

// slotSet is a set of slots.
type slotSet [packedSlots / 64]uint64

// layout says which slots of a shape a packed object holds itself. Most slots of most objects hold what the shape begins
// with: null, an empty list, a constant. Objects with the same slots have their layout in common.
type layout struct {
	// slots are those of the values, in order.
	slots []uint8
	// place is where the value of a slot stands, -1 when it is the shape's default.
	place []int8
}

// layouts are those of a shape.
type layouts struct {
	mu sync.RWMutex
	of map[slotSet]*layout
}

// find gives the layout of a set of slots, nil when the shape has too many already.
func (l *layouts) find(set slotSet, size int) *layout {
	l.mu.RLock()
	known := l.of[set]
	l.mu.RUnlock()
	if known != nil {
		return known
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.of[set]; known != nil || len(l.of) >= maxLayouts {
		return known
	}
	made := &layout{place: make([]int8, size)}
	for i := range size {
		made.place[i] = -1
		if set[i/64]&(1<<(i%64)) != 0 {
			made.place[i] = int8(len(made.slots))
			made.slots = append(made.slots, uint8(i))
		}
	}
	if l.of == nil {
		l.of = map[slotSet]*layout{}
	}
	l.of[set] = made
	return made
}

// pack lets go of the slots that hold what the shape begins with. The object is closed.
func (o *stripeObject) pack() {
	s := o.shape
	if s.free || o.packed != nil || len(o.values) > packedSlots {
		return
	}
	var set slotSet
	n := 0
	for i, v := range o.values {
		if !isDefault(v, s.defaults[i]) {
			set[i/64] |= 1 << (i % 64)
			n++
		}
	}
	l := s.layouts.find(set, len(o.values))
	if l == nil {
		return
	}
	kept := make([]any, n)
	for i, slot := range l.slots {
		kept[i] = o.values[slot]
	}
	o.packed, o.values = l, kept
}

// unpacked copies the slots, all of them.
func (o *stripeObject) unpacked() []any {
	if o.packed == nil {
		return append([]any(nil), o.values...)
	}
	values := append([]any(nil), o.shape.defaults...)
	for i, slot := range o.packed.slots {
		values[slot] = o.values[i]
	}
	return values
}

// isDefault says whether a slot holds what its shape begins with.
func isDefault(v, begin any) bool {
	if list, ok := v.([]any); ok {
		other, same := begin.([]any)
		return same && len(list) == 0 && len(other) == 0
	}
	if _, ok := begin.([]any); ok {
		return false
	}
	return v == begin
}
