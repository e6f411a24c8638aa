package mirror_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/mirror"
)

// TestWhatIsRememberedIsWhatTheBodySays asks for the facts of few objects in
// many versions, in any order: each answer is that of the body at hand.
func TestWhatIsRememberedIsWhatTheBodySays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		for range rapid.IntRange(1, 40).Draw(t, "questions") {
			id := vezne.ObjectID(fmt.Sprint("x_", rapid.IntRange(0, 4).Draw(t, "object")))
			amount := int64(rapid.IntRange(0, 3).Draw(t, "amount"))
			s := vezne.Snapshot{ID: id, Body: fmt.Appendf(nil, `{"amount":%d,"status":"succeeded"}`, amount)}
			if rapid.IntRange(0, 9).Draw(t, "broken") == 0 {
				s.Body = fmt.Appendf(nil, `{"amount":"%d"}`, amount)
				if _, err := mirror.Charge(s); err == nil {
					t.Fatalf("%s is read", s.Body)
				}
				continue
			}
			if rapid.Bool().Draw(t, "a refund") {
				if r, err := mirror.Refund(s); err != nil || r.ID != id || r.Amount != amount {
					t.Fatalf("%s as a refund: %+v, %v", s.Body, r, err)
				}
				continue
			}
			if c, err := mirror.Charge(s); err != nil || c.ID != id || c.Amount != amount {
				t.Fatalf("%s as a charge: %+v, %v", s.Body, c, err)
			}
		}
	})
}
