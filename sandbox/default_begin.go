package sandbox

import (
	"net/http"
	"strings"
	"sync"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// beginnings are what a new object of a type has beyond its parameters: the state that it begins in, what it takes over from
// the objects that it names. They may refuse.
var beginnings = map[string]func(tx *accountTx, o *stripeObject, p formParams) error{}

// begin registers a beginning.
func begin(typ string, f func(tx *accountTx, o *stripeObject, p formParams) error) {
	register(beginnings, typ, f)
}

// checkReferences refuses ids in fields of their name that nobody has: "No such location: 'tml_x'". Objects that no call
// makes are not asked for.
func checkReferences(tx *accountTx, s *shape, p formParams) error {
	for _, key := range p.Keys() {
		i := s.slot(key)
		leaf := p.node.hash[key]
		if i < 0 || s.free || leaf == nil || leaf.null || leaf.list != nil || leaf.hash != nil {
			continue
		}
		types := pointedTypes(s.nodes[i])
		if len(types) == 0 {
			continue
		}
		id, found := p.Str(key), false
		for _, typ := range types {
			found = found || !creatable(typ) || tx.Get(typ, id) != nil
		}
		if !found {
			return missing(objectName(types[0]), id, key, http.StatusBadRequest)
		}
	}
	return nil
}

// pointedTypes are the types of the objects that a field may name, or hold whole; none for other fields.
func pointedTypes(n *description.Node) []string {
	if typ := embeddedType(n); typ != "" {
		return []string{typ}
	}
	if !n.Is(description.Reference) {
		return nil
	}
	var types []string
	for _, of := range n.Of {
		if !strings.HasPrefix(of.Name, "deleted_") {
			types = append(types, of.Type())
		}
	}
	return types
}

// embeddedType is the type of the resource that a field holds whole, "" for other fields.
func embeddedType(n *description.Node) string {
	if n.Is(description.Reference) {
		return ""
	}
	if n.Is(description.Union) && len(n.Of) == 1 {
		n = n.Of[0]
	}
	if n.Is(description.Resource) && !n.Is(description.List) && n.Prop("id") != nil {
		return n.Type()
	}
	return ""
}

// makers are the types that some call makes, below no other object.
var makers = sync.OnceValue(func() map[string]bool {
	made := map[string]bool{}
	api := description.Load()
	for i := range api.Operations {
		op := &api.Operations[i]
		d := newDefault(op)
		if op.Method != http.MethodPost || d.owner != "" {
			continue
		}
		for _, n := range d.schemas {
			made[n.Type()] = true
		}
	}
	return made
})

// creatable says whether some call makes objects of a type, so that an id that nobody has is wrong.
func creatable(typ string) bool { return makers()[typ] }
