package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestRecordedFacts asks what Stripe's recorded answers were asked, and holds our answers against them. Each file of
// testdata/pairs is one conversation with an account of its own, in our own words: a fact each, not a copy of a recording.
//
//	# A remark.
//	POST /v1/customers
//	name=Ada&email=ada@example.org
//	Stripe-Version: 2025-10-29.clover
//	< 200
//	id = {customer}
//	name = "Ada"
//	deleted -
//	keys invoice_settings = custom_fields, default_payment_method, footer, rendering_options
//
// A path of keys is followed by = and JSON, by = and a {name} that stands for the text found there from then on, by =
// {name} that was found before and must come again, by * for any value but null, or by - for a key that is left out. keys
// gives all keys of a hash, . for the answer itself. Control calls under /_sandbox/ have JSON for a body.
func TestRecordedFacts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/pairs/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no pairs: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			talk := conversation{handler: newTest(t, Options{}), file: file, found: map[string]string{}}
			talk.hold(t, string(text))
		})
	}
}

// conversation is a file of pairs while it runs.
type conversation struct {
	handler http.Handler
	file    string
	line    int
	found   map[string]string
}

// hold runs the pairs in order.
func (c *conversation) hold(t *testing.T, text string) {
	var method, target, body string
	var headers []string
	var got reply
	asked := false
	for line := range strings.Lines(text) {
		c.line++
		line = strings.TrimSpace(line)
		verb, rest, _ := strings.Cut(line, " ")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case slices.Contains([]string{"GET", "POST", "DELETE"}, verb):
			method, target, body, headers, asked = verb, c.filled(rest), "", nil, false
		case verb == "<":
			if strings.HasPrefix(target, "/_sandbox/") {
				headers = append(headers, "Content-Type", "application/json")
			}
			got, asked = call(t, c.handler, method, target, body, headers...), true
			if want, err := strconv.Atoi(rest); err != nil || got.status != want {
				t.Fatalf("%s:%d: %s %s answered %d, want %s: %s", c.file, c.line, method, target, got.status, rest, got.body)
			}
		case asked:
			if err := c.holds(got, line); err != nil {
				t.Errorf("%s:%d: %s: %v", c.file, c.line, line, err)
			}
		case strings.HasSuffix(verb, ":"):
			headers = append(headers, strings.TrimSuffix(verb, ":"), c.filled(rest))
		default:
			body += c.filled(line)
		}
	}
}

// filled puts what was found for a {name}; other braces stay.
func (c *conversation) filled(s string) string {
	for name, id := range c.found {
		s = strings.ReplaceAll(s, "{"+name+"}", id)
	}
	return s
}

// holds checks one statement about an answer.
func (c *conversation) holds(got reply, statement string) error {
	if path, names, ok := strings.Cut(strings.TrimPrefix(statement, "keys "), " = "); ok && strings.HasPrefix(statement, "keys ") {
		return sameKeys(got, path, strings.Split(names, ", "))
	}
	path, want, ok := strings.Cut(statement, " ")
	v, there := stated(got.json, path)
	switch {
	case !ok:
		return fmt.Errorf("no statement")
	case want == "-":
		if there {
			return fmt.Errorf("there is %v", v)
		}
		return nil
	case !there:
		return fmt.Errorf("the key is missing in %s", got.body)
	case want == "*":
		if v == nil {
			return fmt.Errorf("null")
		}
		return nil
	}
	want = strings.TrimPrefix(want, "= ")
	if name, named := strings.CutPrefix(want, "{"); named && strings.HasSuffix(name, "}") && !strings.ContainsAny(name, `":`) && name != "}" {
		return c.same(strings.TrimSuffix(name, "}"), v)
	}
	var value any
	if err := json.Unmarshal([]byte(c.filled(want)), &value); err != nil {
		return err
	}
	if !reflect.DeepEqual(v, value) {
		return fmt.Errorf("got %#v", v)
	}
	return nil
}

// same keeps the text found for a name, or checks that it is the one found before.
func (c *conversation) same(name string, v any) error {
	text, ok := v.(string)
	if !ok || text == "" {
		return fmt.Errorf("got %#v, want a text for {%s}", v, name)
	}
	if known := cmp.Or(c.found[name], text); known != text {
		return fmt.Errorf("got %s, want {%s}, which is %s", text, name, known)
	}
	c.found[name] = text
	return nil
}

// stated finds a dotted path with numbers for elements; . is the whole.
func stated(v any, path string) (any, bool) {
	if path == "." {
		return v, true
	}
	for key := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			var ok bool
			if v, ok = at[key]; !ok {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(at) {
				return nil, false
			}
			v = at[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// sameKeys compares all keys of a hash.
func sameKeys(got reply, path string, want []string) error {
	v, _ := stated(got.json, path)
	hash, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("%s is %#v", path, v)
	}
	keys := make([]string, 0, len(hash))
	for key := range hash {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	slices.Sort(want)
	if !slices.Equal(keys, want) {
		return fmt.Errorf("got %s", strings.Join(keys, ", "))
	}
	return nil
}
