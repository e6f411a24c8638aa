package sandbox

import (
	"slices"
	"sync"
	"sync/atomic"
)

const (
	// packedSlots is how many slots a packed object may have at most.
	packedSlots = 128
	// maxLayouts bounds the layouts of a shape; objects of further ones stay unpacked.
	maxLayouts = 512
)

// slotSet is a set of slots.
type slotSet [packedSlots / 64]uint64

// layout says how the values of an object stand for its slots. Most slots of most objects hold what their shape begins with:
// null, an empty list, a constant. A closed object holds the others only, and has its layout in common with those that hold
// the same ones. A layout never changes, but for the keys of a hash that has it for its own.
type layout struct {
	shape *shape
	// keys are those of a free hash; the shape has the keys of the others.
	keys []string
	// own says that one hash alone has the layout, which may grow.
	own bool
	// held are the slots of the values, in order. Place is where the value of a slot stands, -1 when it is the shape's
	// default. Both are nil when the values are all the slots.
	held  []uint8
	place []int8
	// texts are how its objects are written, by depth; nil for the layouts that are no packed ones.
	texts *layoutTexts
	// set is the slots of held.
	set slotSet
}

// whole is the layout of a copy that may be Set.
func (l *layout) whole() *layout {
	switch {
	case l.place != nil:
		return &l.shape.all
	case l.own:
		return &layout{shape: l.shape, keys: slices.Clip(l.keys)}
	}
	return l
}

// freeLayout is the layout of free hashes with these keys.
func freeLayout(keys ...string) *layout { return &layout{shape: freeShape, keys: keys} }

// layouts are those of a shape.
type layouts struct {
	// recent are some of them by a mix of their slots: most objects of a shape have one of a few.
	recent [8]atomic.Pointer[layout]
	mu     sync.RWMutex
	of     map[slotSet]*layout
}

// find gives the layout of a set of slots, nil when the shape has too many already.
func (l *layouts) find(s *shape, set slotSet) *layout {
	recent := &l.recent[(set[0]^set[1])*0x9e3779b97f4a7c15>>61]
	if known := recent.Load(); known != nil && known.set == set {
		return known
	}
	known := l.lookUp(s, set)
	if known != nil {
		recent.Store(known)
	}
	return known
}

func (l *layouts) lookUp(s *shape, set slotSet) *layout {
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
	made := &layout{shape: s, held: []uint8{}, place: make([]int8, len(s.keys)), texts: &layoutTexts{}, set: set}
	for i := range s.keys {
		made.place[i] = -1
		if set[i/64]&(1<<(i%64)) != 0 {
			made.place[i] = int8(len(made.held))
			made.held = append(made.held, uint8(i))
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
	if s.free || o.place != nil || len(o.values) > packedSlots {
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
	l := s.layouts.find(s, set)
	if l == nil {
		return
	}
	kept := make([]any, n)
	for i, slot := range l.held {
		kept[i] = o.values[slot]
	}
	freeSlots(o.values)
	o.layout, o.values = l, kept
}

// unpacked copies the slots, all of them.
func (o *stripeObject) unpacked() []any {
	if o.place == nil {
		return append([]any(nil), o.values...)
	}
	values := o.shape.defaultSlots()
	for i, slot := range o.held {
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
