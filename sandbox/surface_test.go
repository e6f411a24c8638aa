package sandbox

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vezne/vezne/sandbox/internal/description"
)

const surfaceFile = "../docs/reference/sandbox-surface.md"

// The page says what the program does: which operations have a behaviour of their own, and what the others do.
func TestTheSurfacePageIsFresh(t *testing.T) {
	t.Parallel()
	page := surfacePage()
	if *Update {
		if err := os.WriteFile(surfaceFile, page, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	kept, err := os.ReadFile(surfaceFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, page) {
		t.Errorf("%s is not fresh: run make generate and commit what it writes", surfaceFile)
	}
}

// surfaceGroup is what stands under one heading: the operations of a resource.
type surfaceGroup struct {
	name string
	own  int
	rows []string
}

// surfacePage is the page as the program is.
func surfacePage() []byte {
	var groups []*surfaceGroup
	total, own := 0, 0
	api := description.Load()
	for i := range api.Operations {
		op := &api.Operations[i]
		name := surfaceName(op.Path)
		if len(groups) == 0 || groups[len(groups)-1].name != name {
			groups = append(groups, &surfaceGroup{name: name})
		}
		g := groups[len(groups)-1]
		total++
		does, events := "**behaviour**", ""
		if behaviours[op.Method+" "+op.Path] == nil {
			does, events = stateOnly(op)
		} else {
			own++
			g.own++
		}
		g.rows = append(g.rows, fmt.Sprintf("| `%s %s` | %s | %s |\n", op.Method, op.Path, does, events))
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `# What the sandbox acts out

Generated from the program by `+"`make generate`"+`. Of the %d operations of %s, %d have
a **behaviour** written for them. The others are state only: parameters land in
fields of their name, lists filter and page, ids, expand, metadata and errors
are as everywhere, and the events named here are sent. What such an operation
would set off at Stripe beyond that does not happen. What the most used resources
do, state by state, is on [pages of their own](sandbox/README.md).

| resource | operations | with behaviour | state by state |
|---|---|---|---|
`, total, api.Version, own)
	for _, g := range groups {
		fmt.Fprintf(&b, "| [%s](#%s) | %d | %d | %s |\n", g.name, strings.ReplaceAll(g.name, " ", "-"), len(g.rows), g.own, strings.Join(statePages(g.name), ", "))
	}
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## %s\n\n| operation | here | event |\n|---|---|---|\n", g.name)
		for _, row := range g.rows {
			b.WriteString(row)
		}
	}
	b.WriteString(`
## Keys that are left out

A key that may be null is there, as null, in every answer. These are not, for the reason beside them. A key that may not
be null is left out while it has no value.

| key | reason |
|---|---|
`)
	for _, key := range slices.Sorted(maps.Keys(leftOut)) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", key, leftOut[key])
	}
	return b.Bytes()
}

// morePages are pages about a resource that are not called after it.
var morePages = map[string][]string{
	"customers":    {"customer_balance_transaction", "cash_balance"},
	"invoiceitems": {"invoice_item"},
	"invoices":     {"invoice_amount"},
}

// statePages are links to the pages of a resource whose tables are run: of radar early_fraud_warnings
// radar.early_fraud_warning.md.
func statePages(name string) []string {
	singular := strings.TrimSuffix(strings.ReplaceAll(strings.TrimPrefix(name, "test_helpers "), " ", "."), "s")
	var links []string
	for _, page := range append([]string{singular}, morePages[name]...) {
		if _, err := os.Stat("../docs/reference/sandbox/" + page + ".md"); err == nil {
			links = append(links, fmt.Sprintf("[%[1]s](sandbox/%[1]s.md)", page))
		}
	}
	return links
}

// surfaceName is the heading of a path: customers, issuing cards.
func surfaceName(path string) string {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")[1:]
	switch segments[0] {
	case "apps", "billing", "billing_portal", "checkout", "climate", "entitlements", "financial_connections", "forwarding", "identity", "issuing",
		"payment_records", "radar", "reporting", "sigma", "tax", "terminal", "test_helpers", "treasury":
		if len(segments) > 1 && !strings.HasPrefix(segments[1], "{") {
			return segments[0] + " " + segments[1]
		}
	}
	return segments[0]
}

// stateOnly says in a word what the default does, and which event it sends.
func stateOnly(op *description.Operation) (does, event string) {
	d := newDefault(op)
	tell := func(does, word string) (string, string) {
		event := eventName(d.typ(), word)
		if event != "" {
			event = "`" + event + "`"
		}
		return does, event
	}
	verb := d.verb[strings.LastIndexByte(d.verb, '/')+1:]
	switch {
	case op.Binary:
		return "no file is drawn: 404", ""
	case op.Answer.Is(description.Search):
		return "searches", ""
	case op.Answer.Is(description.List):
		return "lists", ""
	case op.Method == http.MethodDelete && actions["DELETE "+op.Path].event != "":
		return "ends" + actionFields(op), "`" + actions["DELETE "+op.Path].event + "`"
	case op.Method == http.MethodDelete:
		return tell("deletes", "deleted")
	case op.Method == http.MethodGet:
		return "reads", ""
	case d.singular() && findSamePath(http.MethodGet, op.Path) != nil:
		return "changes the only one", ""
	case d.singular():
		return "answers a new one", ""
	case d.owner == "":
		return tell("creates", "created")
	case d.verb == "":
		return tell("updates", "updated")
	case d.ownerType() == d.typ() || strings.Contains(d.verb, "/"):
		does, _ := tell("acts: "+verb, "")
		if event = d.actEvent(d.typ()); event != "" {
			event = "`" + event + "`"
		}
		return does + actionFields(op), event
	}
	return tell("creates below its owner", "created")
}

// actionFields are the fields that the verb moves.
func actionFields(op *description.Operation) string {
	set := actions[op.Method+" "+op.Path].set
	text := ""
	for i, field := range slices.Sorted(maps.Keys(set)) {
		value := fmt.Sprint(set[field])
		switch set[field] {
		case theTime:
			value = "now"
		case nil:
			value = "null"
		}
		text += map[bool]string{true: "; ", false: ", "}[i == 0] + "`" + field + "` " + value
	}
	return text
}

// Each action is one of an operation that exists, moves fields that its object has to words that they may be, and sends
// an event that Stripe has.
func TestActionsFitTheDescription(t *testing.T) {
	t.Parallel()
	api := description.Load()
	for name, do := range actions {
		op := api.Find(name)
		if op == nil {
			t.Errorf("there is no %s", name)
			continue
		}
		if do.event != "" && !slices.Contains(api.EventNames(), do.event) {
			t.Errorf("%s: there is no event %s", name, do.event)
		}
		where := "status"
		if _, ships := do.set["shipping.status"]; ships {
			where = "shipping.status"
		}
		for _, state := range do.from {
			n := newDefault(op).schemas[0]
			for key := range strings.SplitSeq(where, ".") {
				n = memberNode(n, key)
			}
			if !slices.Contains(n.Enum, state) {
				t.Errorf("%s: %s is never %s but %v", name, where, state, n.Enum)
			}
		}
		for field, value := range do.set {
			n := newDefault(op).schemas[0]
			for key := range strings.SplitSeq(field, ".") {
				if n = memberNode(n, key); n == nil {
					t.Errorf("%s: a %s has no %s", name, newDefault(op).typ(), field)
					break
				}
			}
			word, _ := value.(string)
			if n != nil && word != "" && len(n.Enum) > 0 && !slices.Contains(n.Enum, word) {
				t.Errorf("%s: %s is never %s but %v", name, field, word, n.Enum)
			}
		}
	}
}

func memberNode(n *description.Node, key string) *description.Node {
	if n.Is(description.Union) {
		n = n.Of[0]
	}
	if p := n.Prop(key); p != nil {
		return p.Node
	}
	return nil
}

// Each key on the list of those that are left out is one that would otherwise be there as null. A sample of a customer's card
// may have what a token's card lacks.
func TestLeftOutKeysAreNeeded(t *testing.T) {
	t.Parallel()
	for name, reason := range leftOut {
		sampled := includes[name] == nil && reason != onACustomer
		i := strings.LastIndexByte(name, '.')
		n := description.Load().Schema(name[:i])
		if n == nil {
			t.Errorf("there is no schema %s", name[:i])
			continue
		}
		if p := n.Prop(name[i+1:]); p == nil || p.Required || p.Present && sampled || !p.Node.Is(description.Null) {
			t.Errorf("%s is left out without need", name)
		}
	}
}
