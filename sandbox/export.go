package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

type idAt struct{ path, id string }

// tokenOf is the token of the published test card whose number a hash has, "" for none.
func tokenOf(n *paramNode) string {
	if n == nil || n.hash == nil || n.hash["number"] == nil {
		return ""
	}
	if card := cardsByNumber[onlyDigits(formParams{n}.Str("number"))]; card != nil {
		return "tok_" + card.name
	}
	return ""
}

// idShape is what an id looks like: a prefix and letters and digits, at least one of them no small letter, unlike a
// status.
var idShape = regexp.MustCompile(`^[a-z]+(?:_[a-z]+)*_[0-9A-Za-z]*[0-9A-Z][0-9A-Za-z]{6,}$`)

// idsIn finds the ids in an answer with their paths. It reads the answer line by line, as the encoder writes it: one
// value a line, two spaces for each level.
func idsIn(body []byte) []idAt {
	var found []idAt
	var path []string
	var counts []int // -1 in a hash, else the next index of an array
	for line := range bytes.Lines(body) {
		text := strings.TrimRight(string(bytes.TrimLeft(line, " ")), ",\n")
		if text == "}" || text == "]" {
			if len(path) > 0 {
				path, counts = path[:len(path)-1], counts[:len(counts)-1]
			}
			continue
		}
		key, value, named := strings.Cut(text, `": `)
		if !named || !strings.HasPrefix(key, `"`) {
			key, value = "", text
			if n := len(counts); n > 0 && counts[n-1] >= 0 {
				key = fmt.Sprint(counts[n-1])
				counts[n-1]++
			}
		} else {
			key = key[1:]
		}
		switch {
		case value == "{" || value == "[":
			next := -1
			if value == "[" {
				next = 0
			}
			path, counts = append(path, key), append(counts, next)
		case len(value) > 2 && value[0] == '"' && idShape.MatchString(value[1:len(value)-1]):
			names := append(slices.Clone(path), key)
			found = append(found, idAt{strings.Join(names[1:], "."), value[1 : len(value)-1]})
		}
	}
	return found
}

// Export writes what the account's calls did as a fixture file of the Stripe CLI, which replays it on an empty account:
// ids become references to the calls that made them, card numbers tokens. What people and banks did through Simulate, and
// moves of the clock, are no calls: the file names them under _lacks.
func (a *Account) Export() (json.RawMessage, error) {
	c, err := a.control()
	if err != nil {
		return nil, err
	}
	file := fixtureFile{Fixtures: []fixture{}}
	names, references := map[string]int{}, map[string]string{}
	for _, s := range c.story.list() {
		if s.lacks != "" {
			file.Lacks = append(file.Lacks, missingStep{Lacks: s.lacks, After: len(file.Fixtures)})
			continue
		}
		if s.token != "" {
			references[s.object.ID()] = s.token
			continue
		}
		var params any
		if err := json.Unmarshal(s.params, &params); err != nil {
			return nil, fmt.Errorf("sandbox: the export: %w", err)
		}
		name := fixtureName(s.path, names)
		file.Fixtures = append(file.Fixtures, fixture{Name: name, ExpectedErrorType: s.errorType, Method: strings.ToLower(s.method),
			Path: referPath(s.path, references), Params: referParams(params, references)})
		if s.object == nil {
			continue
		}
		for _, at := range idsIn(render(s.object)) {
			if references[at.id] == "" {
				references[at.id] = "${" + name + ":" + at.path + "}"
			}
		}
	}
	text, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("sandbox: the export: %w", err)
	}
	return text, nil
}

// fixtureName names a call by what it is about: payment_intent, payment_intent_confirm, customer_2.
func fixtureName(path string, used map[string]int) string {
	var words []string
	for part := range strings.SplitSeq(strings.TrimPrefix(path, "/v1/"), "/") {
		if !strings.Contains(part, "_") || !idShape.MatchString(part) {
			words = append(words, strings.TrimSuffix(part, "s"))
		}
	}
	name := strings.Join(words, "_")
	used[name]++
	if n := used[name]; n > 1 {
		return fmt.Sprintf("%s_%d", name, n)
	}
	return name
}

func referPath(path string, references map[string]string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if ref := references[part]; ref != "" {
			parts[i] = ref
		}
	}
	return strings.Join(parts, "/")
}

// referParams are the parameters of a call with references, nil when there are none.
func referParams(params any, references map[string]string) map[string]any {
	m, _ := refer(params, references).(map[string]any)
	if len(m) == 0 {
		return nil
	}
	return m
}

// refer replaces the ids of earlier answers by references to them.
func refer(v any, references map[string]string) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[k] = refer(e, references)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = refer(e, references)
		}
		return list
	case string:
		if ref := references[v]; ref != "" {
			return ref
		}
	}
	return v
}

func getExport(a *Account, _ *http.Request) (any, error) { return a.Export() }
