package sandbox

import "math/bits"

// keyIndex finds the place of a key among those of a shape. A map does the same with a hash of the whole key; a few of its
// letters tell the keys of one shape apart almost always.
type keyIndex struct {
	// places are those of the keys, counted from 1, from where their hash points to on; 0 is an empty one.
	places []int16
}

// newKeyIndex makes the index of keys that never change.
func newKeyIndex(keys []string) keyIndex {
	if len(keys) == 0 {
		return keyIndex{}
	}
	x := keyIndex{make([]int16, 4<<bits.Len(uint(len(keys)-1)))}
	for i, key := range keys {
		at := x.start(key)
		for x.places[at] != 0 {
			at = x.next(at)
		}
		x.places[at] = int16(i + 1)
	}
	return x
}

// find is the place of a key among those that the index was made of, -1 when it is none of them.
func (x keyIndex) find(keys []string, key string) int {
	if len(x.places) == 0 {
		return -1
	}
	for at := x.start(key); ; at = x.next(at) {
		i := int(x.places[at]) - 1
		if i < 0 || keys[i] == key {
			return i
		}
	}
}

// start is where the search for a key begins.
func (x keyIndex) start(key string) int {
	n := len(key)
	if n == 0 {
		return 0
	}
	h := uint32(n)
	for _, letter := range [...]byte{key[0], key[n/4], key[n/2], key[n-1-n/4], key[n-1]} {
		h = h*31 + uint32(letter)
	}
	return int(h*0x9e3779b1>>16) & (len(x.places) - 1)
}

func (x keyIndex) next(at int) int { return (at + 1) & (len(x.places) - 1) }
