package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// openWords are words that Stripe answers where the description's list, by its own mark (x-stripeBypassValidation), is not
// whole; by that list.
var openWords = map[string][]string{
	"eu_bank_transfer jp_bank_transfer": {"gb_bank_transfer", "mx_bank_transfer", "us_bank_transfer"}, // funding_instructions
}

// differences holds a value of an answer against the description: no unknown key, every one that is
// required or that may be null and is not left out for a reason, each of its kind.
func differences(v any, n *description.Node, path string) []string {
	return differencesIn(nil, v, n, path)
}

// differencesIn holds it against the description as a dialect has it.
func differencesIn(d *dialect, v any, n *description.Node, path string) []string {
	n = d.node(n)
	wrong := func(format string, args ...any) []string { return []string{path + ": " + fmt.Sprintf(format, args...)} }
	if v == nil {
		if n.Is(description.Null) {
			return nil
		}
		return wrong("null")
	}
	if n.Is(description.Union | description.Reference) {
		return unionDifferences(d, v, n, path)
	}
	switch v := v.(type) {
	case string:
		if !n.Is(description.String) {
			return wrong("a text")
		}
		if len(n.Enum) > 0 && !slices.Contains(n.Enum, v) && !slices.Contains(openWords[strings.Join(n.Enum, " ")], v) {
			return wrong("the word %q", v)
		}
	case json.Number:
		if !n.Is(description.Integer|description.Number) || strings.Contains(v.String(), ".") && !n.Is(description.Number) {
			return wrong("the number %s", v)
		}
	case bool:
		if !n.Is(description.Boolean) {
			return wrong("a flag")
		}
	case []any:
		if !n.Is(description.Array) {
			return wrong("an array")
		}
		var all []string
		for i, e := range v {
			all = append(all, differencesIn(d, e, n.Items, fmt.Sprintf("%s[%d]", path, i))...)
		}
		return all
	case map[string]any:
		if !n.Is(description.Hash | description.Map) {
			return wrong("a hash")
		}
		return hashDifferences(d, v, n, path)
	}
	return nil
}

func hashDifferences(d *dialect, v map[string]any, n *description.Node, path string) []string {
	var all []string
	if len(n.Props) == 0 && n.Items == nil {
		return nil // a hash of whatever
	}
	for key, e := range v {
		switch p := n.Prop(key); {
		case p != nil:
			all = append(all, differencesIn(d, e, p.Node, path+"."+key)...)
		case n.Is(description.Map):
			all = append(all, differencesIn(d, e, n.Items, path+"."+key)...)
		default:
			all = append(all, path+"."+key+": unknown")
		}
	}
	for _, p := range n.Props {
		if _, ok := v[p.Name]; !ok && (p.Required || nullAtFirst(n.Name, &p)) {
			all = append(all, path+"."+p.Name+": missing")
		}
	}
	return all
}

func unionDifferences(d *dialect, v any, n *description.Node, path string) []string {
	if _, isText := v.(string); isText {
		if n.Is(description.Reference) {
			return nil
		}
		return []string{path + ": a text"}
	}
	var least []string
	for i, of := range n.Of {
		found := differencesIn(d, v, of, path)
		if len(found) == 0 {
			return nil
		}
		if i == 0 || len(found) < len(least) {
			least = found
		}
	}
	return least
}
