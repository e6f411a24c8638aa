package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/vezne/vezne/sandbox/internal/description"
	"pgregory.net/rapid"
)

// randomForm draws a form that the description allows: some of the optional parameters, any of the choices.
func (w *walker) randomForm(rt *rapid.T, form url.Values, n *description.Node, path string, depth int) {
	for _, p := range n.Props {
		at := below(path, p.Name)
		if p.Name == "expand" || !p.Required && rapid.IntRange(0, 5+depth*4).Draw(rt, "take "+at) > 0 {
			continue
		}
		w.randomValue(rt, form, p.Name, p.Node, at, depth)
	}
}

func (w *walker) randomValue(rt *rapid.T, form url.Values, name string, n *description.Node, path string, depth int) {
	if n.Is(description.Null) && rapid.IntRange(0, 5).Draw(rt, "unset "+path) == 0 {
		form.Set(path, "")
		return
	}
	switch {
	case n.Is(description.Array):
		for i := range rapid.IntRange(1, 2).Draw(rt, "elements of "+path) {
			w.randomValue(rt, form, name, n.Items, path+"["+strconv.Itoa(i)+"]", depth+1)
		}
	case len(n.Props) > 0 && (n.Kind&^description.Null == description.Hash || rapid.Bool().Draw(rt, "as a hash "+path)):
		w.randomForm(rt, form, n, path, depth+1)
	case n.Is(description.Map) && n.Items != nil:
		w.randomValue(rt, form, name, n.Items, path+"[key]", depth+1)
	case len(n.Enum) > 0:
		form.Set(path, rapid.SampledFrom(n.Enum).Draw(rt, path))
	case n.Is(description.UnixTime):
		form.Set(path, rapid.SampledFrom([]string{"0", "1500000000", "1900000000"}).Draw(rt, path))
	case n.Is(description.Integer):
		form.Set(path, rapid.SampledFrom([]string{"0", "1", "-1", "50", "1500", "100000000"}).Draw(rt, path))
	case n.Is(description.Boolean) && !n.Is(description.String):
		form.Set(path, strconv.FormatBool(rapid.Bool().Draw(rt, path)))
	default:
		form.Set(path, w.value(name, n))
	}
}

// Whatever is asked within the description, in whatever order, is answered in the described shape or refused with a whole
// error.
func TestRandomCallsAnswerTheirShape(t *testing.T) {
	t.Parallel()
	walkAtRandom(t, func(string) bool { return true })
}

// The same among the operations that have behaviours, where the states are.
func TestRandomPaymentsAnswerTheirShape(t *testing.T) {
	t.Parallel()
	walkAtRandom(t, func(name string) bool { return behaviours[name] != nil })
}

func walkAtRandom(t *testing.T, within func(name string) bool) {
	rapid.Check(t, newWalker(t).atRandom(t, within))
}

// atRandom draws calls of operations and holds each answer against the description.
func (w *walker) atRandom(t testing.TB, within func(name string) bool) func(*rapid.T) {
	var operations []*description.Operation
	for _, op := range walkOrder() {
		if within(op.Method + " " + op.Path) {
			operations = append(operations, op)
		}
	}
	return func(rt *rapid.T) {
		var story []string
		var wrong []string
		for range rapid.IntRange(1, 8).Draw(rt, "calls") {
			op := rapid.SampledFrom(operations).Draw(rt, "operation")
			target, ok := w.target(op)
			if !ok {
				continue
			}
			form := url.Values{}
			w.randomForm(rt, form, op.Params, "", 0)
			body := form.Encode()
			if op.Method != http.MethodPost {
				target, body = target+"?"+body, ""
			}
			story = append(story, fmt.Sprintf("%s %s %s", op.Method, target, body))
			got := call(t, w.sb, op.Method, target, body)
			if id, typ := got.str("id"), got.str("object"); got.status == http.StatusOK && id != "" && typ != "" && op.Method == http.MethodPost {
				w.ids[typ] = append(w.ids[typ], id)
			}
			wrong = append(wrong, w.faults(op, got)...)
		}
		if len(wrong) > 0 {
			rt.Fatalf("%s\nafter\n%s", strings.Join(wrong, "\n"), strings.Join(story, "\n"))
		}
	}
}
