package sandbox

import "sync"

// The slots of open objects are used again: an object has all of them only until it is closed, most often within one call.
var (
	slots16  = sync.Pool{New: func() any { return new([16]any) }}
	slots32  = sync.Pool{New: func() any { return new([32]any) }}
	slots64  = sync.Pool{New: func() any { return new([64]any) }}
	slots128 = sync.Pool{New: func() any { return new([packedSlots]any) }}
)

// newSlots gives n slots, which hold whatever they held before.
func newSlots(n int) []any {
	switch {
	case n == 0:
		return nil
	case n <= 16:
		return slots16.Get().(*[16]any)[:n]
	case n <= 32:
		return slots32.Get().(*[32]any)[:n]
	case n <= 64:
		return slots64.Get().(*[64]any)[:n]
	case n <= packedSlots:
		return slots128.Get().(*[packedSlots]any)[:n]
	}
	return make([]any, n)
}

// freeSlots takes slots back that nobody looks at any more.
func freeSlots(slots []any) {
	switch cap(slots) {
	case 16:
		slots16.Put((*[16]any)(slots[:16]))
	case 32:
		slots32.Put((*[32]any)(slots[:32]))
	case 64:
		slots64.Put((*[64]any)(slots[:64]))
	case packedSlots:
		slots128.Put((*[packedSlots]any)(slots[:packedSlots]))
	}
}

// discard lets go of an open copy that was made to be written once.
func (o *stripeObject) discard() {
	o.open = false
	freeSlots(o.values)
	o.values = nil
}
