package sandbox

import (
	"slices"
	"strings"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// nodeEdit changes a private copy of a node of the description.
type nodeEdit func(n *description.Node)

// copyNode is a copy of a node whose keys may be changed. What is below is shared.
func copyNode(n *description.Node) *description.Node {
	c := *n
	c.Props = slices.Clone(n.Props)
	return &c
}

// without leaves keys out.
func without(names ...string) nodeEdit {
	return func(n *description.Node) {
		n.Props = slices.DeleteFunc(n.Props, func(p description.Prop) bool { return slices.Contains(names, p.Name) })
	}
}

// with adds a key that is always there, or is there when it applies.
func with(name string, node *description.Node) nodeEdit {
	return func(n *description.Node) {
		addProp(n, description.Prop{Name: name, Node: node, Required: true, Present: true})
	}
}

func withOptional(name string, node *description.Node) nodeEdit {
	return func(n *description.Node) { addProp(n, description.Prop{Name: name, Node: node}) }
}

// addProp puts a key where Stripe writes it: after id and object, in the order of the alphabet.
func addProp(n *description.Node, p description.Prop) {
	at := len(n.Props)
	for i, other := range n.Props {
		if other.Name != "id" && other.Name != "object" && strings.Compare(other.Name, p.Name) >= 0 {
			at = i
			break
		}
	}
	if at < len(n.Props) && n.Props[at].Name == p.Name {
		n.Props[at] = p
		return
	}
	n.Props = slices.Insert(n.Props, at, p)
}

// withWords puts other words in the place of a key's.
func withWords(name string, words ...string) nodeEdit {
	return at(name, func(n *description.Node) { n.Enum = words })
}

// at edits what is below a key; a path has dots, and goes through arrays to their elements.
func at(path string, edits ...nodeEdit) nodeEdit {
	return func(n *description.Node) {
		name, rest, nested := strings.Cut(path, ".")
		i := slices.IndexFunc(n.Props, func(p description.Prop) bool { return p.Name == name })
		if i < 0 {
			return
		}
		below := copyNode(n.Props[i].Node)
		n.Props[i].Node = below
		for below.Is(description.Array) && below.Items != nil && (nested || len(below.Items.Props) > 0) {
			below.Items = copyNode(below.Items)
			below = below.Items
		}
		if nested {
			at(rest, edits...)(below)
			return
		}
		for _, edit := range edits {
			edit(below)
		}
	}
}

// The kinds of values that versions add or take away.
func aText() *description.Node   { return &description.Node{Kind: description.String} }
func aNumber() *description.Node { return &description.Node{Kind: description.Integer} }
func aTime() *description.Node {
	return &description.Node{Kind: description.Integer | description.UnixTime}
}
func aFlag() *description.Node   { return &description.Node{Kind: description.Boolean} }
func anyHash() *description.Node { return &description.Node{Kind: description.Map} }
func nullable(n *description.Node) *description.Node {
	c := *n
	c.Kind |= description.Null
	return &c
}
func wordOf(words ...string) *description.Node {
	return &description.Node{Kind: description.String, Enum: words}
}
func arrayOf(items *description.Node) *description.Node {
	return &description.Node{Kind: description.Array, Items: items}
}

// hashOf is a hash of keys that are always there.
func hashOf(props ...description.Prop) *description.Node {
	return &description.Node{Kind: description.Hash, Props: props}
}
func prop(name string, n *description.Node) description.Prop {
	return description.Prop{Name: name, Node: n, Required: true, Present: true}
}

// whole is an object inside another; referenceTo is its id, or the object when it is expanded.
func whole(schema string) *description.Node {
	return &description.Node{Kind: description.Union, Of: []*description.Node{description.Load().Schema(schema)}}
}
func referenceTo(schema string) *description.Node {
	return &description.Node{Kind: description.Union | description.Reference, Of: []*description.Node{description.Load().Schema(schema)}}
}
