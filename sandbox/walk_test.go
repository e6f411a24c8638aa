package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// differences holds a value of an answer against the description: no unknown key, every required one, each of its kind.
func differences(v any, n *description.Node, path string) []string {
	wrong := func(format string, args ...any) []string { return []string{path + ": " + fmt.Sprintf(format, args...)} }
	if v == nil {
		if n.Is(description.Null) {
			return nil
		}
		return wrong("null")
	}
	if n.Is(description.Union | description.Reference) {
		return unionDifferences(v, n, path)
	}
	switch v := v.(type) {
	case string:
		if !n.Is(description.String) {
			return wrong("a text")
		}
		if len(n.Enum) > 0 && !slices.Contains(n.Enum, v) {
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
			all = append(all, differences(e, n.Items, fmt.Sprintf("%s[%d]", path, i))...)
		}
		return all
	case map[string]any:
		if !n.Is(description.Hash | description.Map) {
			return wrong("a hash")
		}
		return hashDifferences(v, n, path)
	}
	return nil
}

func hashDifferences(v map[string]any, n *description.Node, path string) []string {
	var all []string
	if len(n.Props) == 0 && n.Items == nil {
		return nil // a hash of whatever
	}
	for key, e := range v {
		switch p := n.Prop(key); {
		case p != nil:
			all = append(all, differences(e, p.Node, path+"."+key)...)
		case n.Is(description.Map):
			all = append(all, differences(e, n.Items, path+"."+key)...)
		default:
			all = append(all, path+"."+key+": unknown")
		}
	}
	for _, p := range n.Props {
		if _, ok := v[p.Name]; p.Required && !ok {
			all = append(all, path+"."+p.Name+": missing")
		}
	}
	return all
}

func unionDifferences(v any, n *description.Node, path string) []string {
	if _, isText := v.(string); isText {
		if n.Is(description.Reference) {
			return nil
		}
		return []string{path + ": a text"}
	}
	var least []string
	for i, of := range n.Of {
		d := differences(v, of, path)
		if len(d) == 0 {
			return nil
		}
		if i == 0 || len(d) < len(least) {
			least = d
		}
	}
	return least
}

// walker calls operations with what the description asks for, and with ids of objects that it made before.
type walker struct {
	t  *testing.T
	sb *Sandbox
	// ids are the objects of each type.
	ids map[string][]string
}

// value makes a good text for a parameter.
func (w *walker) value(name string, n *description.Node) string {
	switch {
	case name == "query":
		return "created>0"
	case strings.HasSuffix(name, "url"):
		return "https://shop.example/back"
	case name == "email":
		return "ayse@shop.example"
	case len(n.Enum) > 0:
		return n.Enum[0]
	case n.Is(description.Currency):
		return "usd"
	case n.Is(description.UnixTime):
		return "1900000000"
	case n.Is(description.Integer):
		return "1500"
	case n.Is(description.Number | description.Decimal):
		return "10"
	case n.Is(description.Boolean):
		return "true"
	}
	for _, typ := range []string{name, "test_helpers." + name, "issuing." + name, "treasury." + name, "billing." + name} {
		if ids := w.ids[typ]; len(ids) > 0 {
			return ids[len(ids)-1]
		}
	}
	if len(w.ids[name]) > 0 {
		return w.ids[name][0]
	}
	return "text"
}

// fill adds what is required, below a path.
func (w *walker) fill(form url.Values, n *description.Node, path string) {
	for _, p := range n.Props {
		if p.Required {
			w.fillValue(form, p.Name, p.Node, below(path, p.Name))
		}
	}
}

func (w *walker) fillValue(form url.Values, name string, n *description.Node, path string) {
	switch {
	case n.Is(description.String | description.Integer | description.Number | description.Boolean):
		form.Set(path, w.value(name, n))
	case n.Is(description.Array):
		w.fillValue(form, name, n.Items, path+"[0]")
	case len(n.Props) > 0:
		before := len(form)
		w.fill(form, n, path)
		if len(form) == before { // a hash of optional keys: one of them makes it be there
			w.fillValue(form, n.Props[0].Name, n.Props[0].Node, below(path, n.Props[0].Name))
		}
	case n.Is(description.Map):
		form.Set(path+"[key]", w.value(name, n.Items))
	}
}

// target fills the names of a path with ids; ok is false when there is no object for one.
func (w *walker) target(op *description.Operation) (path string, ok bool) {
	path = op.Path
	for strings.Contains(path, "{") {
		start, end := strings.IndexByte(path, '{'), strings.IndexByte(path, '}')
		outer := &defaultOperation{op: op, owner: op.Path[:endOf(op.Path, path[start:end+1])]}
		typ := outer.ownerType()
		if typ == "" {
			typ = newDefault(op).typ()
		}
		ids := w.ids[typ]
		if len(ids) == 0 {
			return path, false
		}
		path = path[:start] + url.PathEscape(ids[len(ids)-1]) + path[end+1:]
	}
	return path, true
}

// do calls an operation and says what was answered; unmet says that there was nothing to call it on.
func (w *walker) do(op *description.Operation) (got reply, unmet bool) {
	path, ok := w.target(op)
	if !ok {
		return reply{}, true
	}
	form := url.Values{}
	w.fill(form, op.Params, "")
	target, body := path, form.Encode()
	if op.Method != http.MethodPost && body != "" {
		target, body = path+"?"+body, ""
	}
	got = call(w.t, w.sb, op.Method, target, body)
	if id, typ := got.str("id"), got.str("object"); got.status == http.StatusOK && id != "" && typ != "" && op.Method == http.MethodPost {
		w.ids[typ] = append(w.ids[typ], id)
	}
	return got, false
}

// check holds an answer against the description.
func (w *walker) check(op *description.Operation, got reply) {
	w.t.Helper()
	name := op.Method + " " + op.Path
	if got.status != http.StatusOK {
		if got.status >= http.StatusInternalServerError || got.str("error.type") == "" || got.str("error.message") == "" {
			w.t.Errorf("%s answered %d: %s", name, got.status, got.body)
		}
		return
	}
	d := json.NewDecoder(strings.NewReader(got.body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		w.t.Errorf("%s: %v", name, err)
		return
	}
	for _, difference := range differences(v, op.Answer, "") {
		w.t.Errorf("%s answers %s", name, difference)
	}
}

func TestEveryOperationAnswersItsShape(t *testing.T) {
	sb := newTest(t, Options{})
	w := &walker{t: t, sb: sb, ids: map[string][]string{"account": {accountID("core")}}}
	api := description.Load()
	order := make([]*description.Operation, 0, len(api.Operations))
	for i := range api.Operations {
		order = append(order, &api.Operations[i])
	}
	// What makes objects comes first, the shortest path before what hangs below it; what deletes them comes last.
	rank := func(op *description.Operation) int {
		switch op.Method {
		case http.MethodPost:
			return 100 + strings.Count(op.Path, "/")*2 + strings.Count(op.Path, "{")
		case http.MethodGet:
			return 200
		}
		return 1000 - strings.Count(op.Path, "/")
	}
	sort.SliceStable(order, func(i, j int) bool { return rank(order[i]) < rank(order[j]) })
	answered, refused, unmet := 0, map[string]string{}, []string{}
	for _, op := range order {
		got, nothing := w.do(op)
		name := op.Method + " " + op.Path
		if nothing {
			unmet = append(unmet, name)
			continue
		}
		w.check(op, got)
		if got.status == http.StatusOK {
			answered++
		} else {
			refused[name] = got.str("error.message")
		}
	}
	t.Logf("%d answered, %d refused, %d without an object to call", answered, len(refused), len(unmet))
	for name, message := range refused {
		t.Log("refused", name, message)
	}
	for _, name := range unmet {
		t.Log("unmet", name)
	}
}
