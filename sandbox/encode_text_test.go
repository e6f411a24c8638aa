package sandbox

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// compact is an object as JSON without spaces, written at a depth. From textDepth on nothing is written from kept texts.
func compact(t *testing.T, o *stripeObject, depth int) string {
	t.Helper()
	e := encoder{depth: depth}
	e.object(o, nil)
	var out bytes.Buffer
	if err := json.Compact(&out, e.out); err != nil {
		t.Fatalf("a %s at depth %d: %v in %s", o.shape.name, depth, err, e.out)
	}
	return out.String()
}

// What is written from the texts of a layout is what is written slot by slot, for every type that an operation answers:
// as it begins, with every text changed, and with every slot left out that may be.
func TestKeptTextsAreWhatIsWrittenSlotBySlot(t *testing.T) {
	t.Parallel()
	tried := map[*shape]bool{}
	api := description.Load()
	for i := range api.Operations {
		n := answerSchema(api.Operations[i].Answer)
		if n == nil || len(n.Props) == 0 || tried[shapeOf(n)] {
			continue
		}
		s := shapeOf(n)
		tried[s] = true
		changed, bare := s.newHash(), s.newHash()
		for slot := range s.keys {
			if _, isText := changed.values[slot].(string); isText {
				changed.values[slot] = "\"ü\"\n"
			}
			if s.optional[slot] {
				bare.values[slot] = absent
			}
		}
		for _, o := range []*stripeObject{closed(s.newHash()), closed(changed), closed(bare)} {
			want := compact(t, o, textDepth)
			for _, depth := range []int{0, 1, textDepth - 1} {
				if got := compact(t, o, depth); got != want {
					t.Errorf("a %s at depth %d:\n%s\nwant\n%s", s.name, depth, got, want)
				}
			}
		}
	}
	if len(tried) < 100 {
		t.Errorf("%d types were tried: there are more", len(tried))
	}
}
