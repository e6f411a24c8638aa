package sandbox

import (
	"testing"

	"pgregory.net/rapid"
)

func TestKeysAreFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-c_]{0,6}`), 0, 70, rapid.ID).Draw(t, "keys")
		x := newKeyIndex(keys)
		for i, key := range keys {
			if at := x.find(keys, key); at != i {
				t.Errorf("%q is found at %d, stands at %d", key, at, i)
			}
		}
		other := rapid.StringMatching(`[a-c_]{0,7}x`).Draw(t, "other")
		if at := x.find(keys, other); at != -1 {
			t.Errorf("%q, which is none of them, is found at %d", other, at)
		}
	})
}
