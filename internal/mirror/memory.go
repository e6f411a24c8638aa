package mirror

import (
	"bytes"
	"hash/maphash"
	"sync"

	"github.com/vezne/vezne"
)

// A settlement asks the same of one snapshot half a dozen times: whether it is
// final, whether it says something new, when to look again. Reading a body is
// the dear part, so what the newest ones said is remembered. It depends on the
// body alone, and nobody changes what is returned.
const (
	memorySlots = 64
	// memoryDepth is for what is kept of an object, and what replaces it.
	memoryDepth = 2
)

var memory struct {
	mu    sync.Mutex
	seed  maphash.Seed
	slots [memorySlots][memoryDepth]said
}

// said is what a snapshot said.
type said struct {
	id    vezne.ObjectID
	body  []byte
	facts any
}

func init() { memory.seed = maphash.MakeSeed() }

// remember returns what read makes of a snapshot, without reading it again if
// it was read a moment ago. Errors are not remembered.
func remember[T any](s vezne.Snapshot, read func(vezne.Snapshot) (T, error)) (T, error) {
	slot := &memory.slots[maphash.String(memory.seed, string(s.ID))%memorySlots]
	memory.mu.Lock()
	for _, known := range slot {
		if facts, ok := known.facts.(T); ok && known.id == s.ID && bytes.Equal(known.body, s.Body) {
			memory.mu.Unlock()
			return facts, nil
		}
	}
	memory.mu.Unlock()
	facts, err := read(s)
	if err != nil {
		return facts, err
	}
	memory.mu.Lock()
	defer memory.mu.Unlock()
	copy(slot[1:], slot[:memoryDepth-1])
	slot[0] = said{s.ID, s.Body, facts}
	return facts, nil
}
