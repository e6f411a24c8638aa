package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// defaultBehaviour is what an operation does when no behaviour was written for it: it creates, reads, updates, lists or
// deletes objects of the shape that it answers, or, for a verb behind an object, changes that object.
func defaultBehaviour(op *description.Operation) operation {
	d := newDefault(op)
	switch {
	case op.Binary:
		return d.noFile
	case op.Answer.Is(description.Search):
		return d.search
	case op.Answer.Is(description.List):
		return d.list
	case op.Method == http.MethodDelete:
		return d.remove
	case op.Method == http.MethodGet:
		return d.read
	}
	return d.write
}

// defaultOperation is what can be told of an operation from its path and its answer.
type defaultOperation struct {
	op *description.Operation
	// schemas are those of the objects that it answers, living ones only.
	schemas []*description.Node
	// owner is the path up to its last name, owned the name; verb is what follows. Without a name owner is "".
	owner, owned, verb string
}

func newDefault(op *description.Operation) *defaultOperation {
	d := &defaultOperation{op: op}
	n := op.Answer
	if n.Is(description.List | description.Search) {
		n = n.Element()
	}
	d.schemas = preferred(livingSchemas(n, nil), op.Path)
	if end := strings.LastIndexByte(op.Path, '}'); end > 0 {
		start := strings.LastIndexByte(op.Path, '{')
		d.owner, d.owned, d.verb = op.Path[:end+1], op.Path[start+1:end], strings.TrimPrefix(op.Path[end+1:], "/")
	}
	return d
}

// livingSchemas are the schemas that a value may have, without those of deleted objects; a deleted one stands for the
// object that it was.
func livingSchemas(n *description.Node, found []*description.Node) []*description.Node {
	if n == nil {
		return found
	}
	if n.Is(description.Union) {
		for _, of := range n.Of {
			found = livingSchemas(of, found)
		}
		return found
	}
	if name, deleted := strings.CutPrefix(n.Name, "deleted_"); deleted {
		n = description.Load().Schema(name)
	}
	if n == nil || slices.Contains(found, n) {
		return found
	}
	return append(found, n)
}

// preferred leaves accounts out of what several kinds of objects may be, and puts first what the path speaks of: bank
// accounts, or else cards, which most callers add to a customer.
func preferred(schemas []*description.Node, path string) []*description.Node {
	if len(schemas) < 2 {
		return schemas
	}
	first := "card"
	if strings.Contains(path, "/bank_accounts") {
		first = "bank_account"
	}
	schemas = slices.DeleteFunc(schemas, func(n *description.Node) bool { return n.Name == "account" })
	if i := slices.IndexFunc(schemas, func(n *description.Node) bool { return n.Name == first }); i > 0 {
		schemas[0], schemas[i] = schemas[i], schemas[0]
	}
	return schemas
}

// typ is the type of the objects that the operation answers.
func (d *defaultOperation) typ() string {
	if len(d.schemas) == 0 {
		return ""
	}
	return d.schemas[0].Name
}

// find looks for an object of any of the answer's types.
func (d *defaultOperation) find(tx *accountTx, id string) *stripeObject {
	for _, n := range d.schemas {
		if o := tx.Get(n.Type(), id); o != nil {
			return o
		}
	}
	return nil
}

// ownerType is the type of the object that the path names last, "" when the description does not tell.
func (d *defaultOperation) ownerType() string {
	api := description.Load()
	for _, path := range []string{d.owner, strings.Replace(d.owner, "/test_helpers", "", 1)} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			op := api.Find(method + " " + path)
			if op == nil {
				op = findSamePath(method, path)
			}
			if op == nil {
				continue
			}
			if schemas := preferred(livingSchemas(op.Answer, nil), op.Path); len(schemas) > 0 {
				return schemas[0].Name
			}
		}
	}
	return ""
}

// findSamePath finds an operation whose path differs in the names only.
func findSamePath(method, path string) *description.Operation {
	api := description.Load()
	for i := range api.Operations {
		if op := &api.Operations[i]; op.Method == method && nameless(op.Path) == nameless(path) {
			return op
		}
	}
	return nil
}

// nameless is a path with all its names alike.
func nameless(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if strings.HasPrefix(s, "{") {
			segments[i] = "{}"
		}
	}
	return strings.Join(segments, "/")
}

// singular reports a type that an account has only one of: its objects have no id.
func (d *defaultOperation) singular() bool {
	return len(d.schemas) > 0 && d.schemas[0].Prop("id") == nil
}

// fieldOf is the field of a type that points to its owner: customer in a tax_id. It is "" when there is none.
func fieldOf(n *description.Node, ownerType string) string {
	name := ownerType[strings.LastIndexByte(ownerType, '.')+1:]
	if p := n.Prop(name); p != nil && p.Node.Is(description.Reference|description.String) {
		return name
	}
	return ""
}

// noFile answers a route of files, which the sandbox does not draw.
func (d *defaultOperation) noFile(_ *accountTx, r *apiRequest) (*stripeObject, error) {
	return nil, missing("file", r.Path(d.owned), d.owned, http.StatusNotFound)
}

// eventNames are the events that eventName found, by type and word.
var eventNames sync.Map

// eventName finds the event of a type that ends in a word: subscription, created → customer.subscription.created. It is ""
// when Stripe has none.
func eventName(typ, word string) string {
	key := [2]string{typ, word}
	if name, ok := eventNames.Load(key); ok {
		return name.(string)
	}
	name := findEventName(typ, word)
	eventNames.Store(key, name)
	return name
}

func findEventName(typ, word string) (suffix string) {
	flat := strings.ReplaceAll(typ, ".", "_")
	for _, name := range description.Load().EventNames() {
		switch {
		case name == typ+"."+word, name == flat+"."+word:
			return name
		case strings.HasSuffix(name, "."+typ+"."+word):
			suffix = name
		}
	}
	return suffix
}
