package sandbox

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Objects of the journal are read as encoding/json reads them; what it refuses is an error, and never a panic.
func TestObjectsOfTheJournalAreReadAsJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{}`, ` { "a" : [ 1 , -2.50 , 1e3 , true , false , null ] , "b" : { "c" : [ ] , "_" : { "d" : 1 } } } `,
		`{"a":"\"\\\/\b\f\n\r\t\u003c\u00e7\ud83d\ude00","ç\u0131\n":"ğ"}`, `{"a":9223372036854775807,"b":9223372036854775808}`,
		`{"a":""}`, `{"":"a"}`, `{"a":[[],[{}]]}`,
	} {
		o, err := decodeObject("", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var want, got any
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		kept := encodeCompact(o)
		if err := json.Unmarshal(kept, &got); err != nil {
			t.Errorf("%s is written as %s: %v", text, kept, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: encoding/json (-), the journal (+):\n%s", text, diff)
		}
		for end := range len(text) - 1 {
			if cut := text[:end]; !json.Valid([]byte(cut)) {
				if _, err := decodeObject("", []byte(cut)); err == nil {
					t.Errorf("%q is read", cut)
				}
			}
		}
	}
	for _, text := range []string{``, `[]`, `1`, `{"a" 1}`, `{"a":1 "b":2}`, `{"a":[1 2]}`, `{"a":nul}`, `{"a":1x}`, `{1:2}`, `{"a":"\x"}`, `{"a":"\`, `{,}`} {
		if o, err := decodeObject("", []byte(text)); err == nil {
			t.Errorf("%q is read as %s", text, encodeCompact(o))
		}
	}
}
