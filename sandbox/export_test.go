package sandbox

import (
	"encoding/json"
	"flag"
	"strings"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// Update says that golden files are to be written anew.
var Update = flag.Bool("update", false, "write golden files and generated documents anew")

// Keep stores an object of which no call makes the interesting ones yet: a new one of its type with these keys, and events
// of these names. former, unless "", is how it was before.
func Keep(sb *Sandbox, key, typ, former, text string, events ...string) error {
	a, failure := sb.accountOf(key)
	if failure != nil {
		return failure
	}
	return a.do(func(tx *accountTx) error {
		made := tx.New(typ)
		tx.fillReferences(made)
		for i, keys := range []string{former, text} {
			if keys == "" {
				continue
			}
			var members map[string]json.RawMessage
			if err := json.Unmarshal([]byte(keys), &members); err != nil {
				return err
			}
			o := made.Edit()
			for name, member := range members {
				d := objectReader{text: member}
				v, err := d.value(description.Load().Schema(typ).Prop(name).Node)
				if err != nil {
					return err
				}
				o.setOwn(name, v)
			}
			if i == 0 {
				tx.Put(o)
				continue
			}
			tx.Put(o, events...)
		}
		return nil
	})
}

// AnswerFaults holds a good answer of a call against the description: what is unknown, missing or of another kind.
func AnswerFaults(method, path string, text string) []string {
	rt, _ := findRoute(method, path)
	if rt == nil || rt.operation == nil {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return []string{err.Error()}
	}
	return differences(v, rt.operation.Answer, method+" "+path)
}
