package sandbox

import (
	"slices"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// applyParams copies parameters into the fields of their names and returns o; metadata is merged by Stripe's rules, and a
// parameter that was sent empty makes its field null. Parameters without a field of their name are passed over.
func applyParams(tx *accountTx, o *stripeObject, p formParams, except ...string) *stripeObject {
	for _, key := range p.Keys() {
		if key == "expand" || slices.Contains(except, key) {
			continue
		}
		i := o.slot(key)
		if i < 0 {
			continue
		}
		n := p.node.hash[key]
		if key == "metadata" {
			o.Set(key, mergeMetadata(o.Hash(key), n))
			continue
		}
		if typ := namedWhole(o, i, n); typ != "" {
			if whole := tx.Get(typ, (formParams{n}).Str("")); whole != nil {
				o.setOwn(key, whole)
			}
			continue
		}
		var was any
		if v := o.at(i); v != absent {
			was = v
		}
		if v, fits := fieldValue(o.shape.node(i), n, was); fits {
			o.setOwn(key, v)
		}
	}
	return o
}

// namedWhole is the type of the object that a parameter names by its id and the field shows whole: the cardholder of an
// issued card. It is "" for other parameters.
func namedWhole(o *stripeObject, slot int, n *paramNode) string {
	if _, text := n.value.(string); !text || o.shape.free {
		return ""
	}
	return embeddedType(o.shape.nodes[slot])
}

// node is the schema of a slot, nil in a free hash.
func (s *shape) node(slot int) *description.Node {
	if s.free {
		return nil
	}
	return s.nodes[slot]
}

// mergeMetadata adds and replaces keys; an empty value removes its key, and empty metadata removes all.
func mergeMetadata(was *stripeObject, n *paramNode) *stripeObject {
	if n.null || was == nil {
		was = hash()
	}
	m := was.Edit()
	for _, k := range n.keys {
		v, _ := n.hash[k].value.(string)
		if v == "" {
			m.Unset(k)
			continue
		}
		m.setOwn(k, v)
	}
	return m
}

// fieldValue turns a parameter into the value of a field. It does not fit when the field is of another kind.
func fieldValue(field *description.Node, n *paramNode, was any) (v any, fits bool) {
	if n.null {
		return nil, field == nil || field.Is(description.Null|description.Reference)
	}
	if field == nil {
		return plainValue(n), true
	}
	switch {
	case n.list != nil:
		return arrayValue(field, n)
	case n.hash != nil:
		return hashValue(field, n, was)
	}
	return leafValue(field, n.value)
}

func leafValue(field *description.Node, value any) (v any, fits bool) {
	text := formParams{&paramNode{value: value}}
	switch {
	case field.Is(description.Array | description.Hash | description.Map | description.List):
		return nil, false
	case field.Is(description.Reference):
		return text.Str(""), true
	case field.Is(description.Union):
		return nil, false
	case field.Is(description.String):
		if s := text.Str(""); len(field.Enum) == 0 || slices.Contains(field.Enum, s) {
			return s, true
		}
		return nil, false
	case field.Is(description.Integer):
		i, ok := value.(int64)
		return i, ok
	case field.Is(description.Number):
		switch value.(type) {
		case float64, int64:
			return text.Float(""), true
		}
		return nil, false
	case field.Is(description.Boolean):
		b, ok := value.(bool)
		return b, ok
	}
	return nil, false
}

func arrayValue(field *description.Node, n *paramNode) (v any, fits bool) {
	if !field.Is(description.Array) {
		return nil, false
	}
	list := make([]any, 0, len(n.list))
	for _, e := range n.list {
		v, fits := fieldValue(field.Items, e, nil)
		if !fits {
			return nil, false
		}
		list = append(list, v)
	}
	return list, true
}

// hashValue writes the members of a parameter into the embedded hash: the former one, or a new one.
func hashValue(field *description.Node, n *paramNode, was any) (v any, fits bool) {
	if field.Is(description.List) {
		return nil, false
	}
	node := hashNode(field)
	if node == nil {
		return nil, false
	}
	var o *stripeObject
	if former, ok := was.(*stripeObject); ok {
		o = former.Edit()
	} else {
		o = shapeOf(node).newHash()
	}
	for _, k := range n.keys {
		i := o.slot(k)
		member, inner := node.Items, any(nil) // of a free key
		switch {
		case i >= 0 && !o.shape.free:
			member = o.shape.nodes[i]
		case !o.shape.free:
			continue
		}
		if i >= 0 && o.at(i) != absent {
			inner = o.at(i)
		}
		if v, fits := fieldValue(member, n.hash[k], inner); fits {
			o.setOwn(k, v)
		}
	}
	return o, pointsSomewhere(o)
}

// pointsSomewhere says whether every field of a hash that always points to an object does so.
func pointsSomewhere(o *stripeObject) bool {
	for i, n := range o.shape.nodes {
		if o.at(i) == nil && n.Is(description.Reference) && !n.Is(description.Null) {
			return false
		}
	}
	return true
}

// plainValue turns a parameter into a value of no particular shape.
func plainValue(n *paramNode) any {
	switch {
	case n.null:
		return nil
	case n.list != nil:
		list := make([]any, 0, len(n.list))
		for _, e := range n.list {
			list = append(list, plainValue(e))
		}
		return list
	case n.hash != nil:
		o := hash()
		for _, k := range n.keys {
			o.setOwn(k, plainValue(n.hash[k]))
		}
		return o
	}
	return n.value
}
