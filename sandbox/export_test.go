package sandbox

import (
	"encoding/json"
	"strings"
)

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
