package sandbox

import (
	"fmt"
	"slices"
	"sync"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// shape is what all objects of one schema have in common: their keys in order, as they are written, and what a new one
// begins with. Shapes are made at first use and never change.
type shape struct {
	// name is the schema's: payment_intent, payment_method_card. It is "" for a nameless hash.
	name string
	// typ is the value of "object", "" for a hash inside a resource.
	typ string
	// of is the schema that the shape was made of, nil for free hashes.
	of *description.Node
	// free hashes (metadata) have keys of their own.
	free bool
	keys []string
	// index finds a key.
	index keyIndex
	nodes []*description.Node
	// quoted are the keys as JSON writes them.
	quoted   []string
	defaults []any
	// optional are the slots that may be missing and are never null.
	optional []bool
	// asked are the slots that hold a value and are shown only when they are expanded; nil for none.
	asked []bool
	// times are the slots that hold the time of creation, lists those that begin with a list object.
	times, lists []int
	// ids is what the ids of new objects look like; its prefix is empty where they have none, or one of their own choice.
	ids idForm
	// livemode is the slot of that key, -1 when the shape does not have it.
	livemode int
	// indexed are the slots of indexedFields, -1 for those that it does not have.
	indexed []int
	// all is the layout of an object that holds every slot.
	all layout
	// layouts are the packed forms of its objects.
	layouts layouts
}

// freeShape is the shape of all hashes with keys of their own.
var freeShape = newFreeShape()

func newFreeShape() *shape {
	s := &shape{free: true, livemode: -1}
	s.all.shape = s
	return s
}

var (
	shapesMu sync.RWMutex
	shapes   = map[*description.Node]*shape{}
)

// privateShape is the shape of something that the description does not have: pairs of key and default, in order.
func privateShape(typ string, pairs ...any) *shape {
	n := len(pairs) / 2
	s := &shape{name: typ, typ: typ, keys: make([]string, n), quoted: make([]string, n), defaults: make([]any, n), optional: make([]bool, n), nodes: make([]*description.Node, n)}
	s.all.shape = s
	for i := range n {
		s.keys[i], s.defaults[i] = pairs[2*i].(string), pairs[2*i+1]
		s.quoted[i] = string(appendString(nil, s.keys[i])) + ": "
	}
	s.complete()
	privateShapes[typ] = s
	return s
}

// privateShapes are those of privateShape, by type.
var privateShapes = map[string]*shape{}

// shapeNamed is the shape of a named schema. It panics when there is none: a fault of ours.
func shapeNamed(name string) *shape {
	n := description.Load().Schema(name)
	if n == nil {
		panic(fmt.Sprintf("sandbox: the description has no schema %s", name))
	}
	return shapeOf(n)
}

// shapeOf is the shape of a hash's node; one without keys is free.
func shapeOf(n *description.Node) *shape {
	shapesMu.RLock()
	s := shapes[n]
	shapesMu.RUnlock()
	if s != nil {
		return s
	}
	s = newShape(n)
	shapesMu.Lock()
	defer shapesMu.Unlock()
	if made := shapes[n]; made != nil {
		return made
	}
	shapes[n] = s
	return s
}

func newShape(n *description.Node) *shape {
	if len(n.Props) == 0 {
		return freeShape
	}
	s := &shape{name: n.Name, typ: n.Type(), of: n, keys: make([]string, len(n.Props))}
	s.all.shape = s
	s.nodes = make([]*description.Node, len(n.Props))
	s.quoted = make([]string, len(n.Props))
	s.defaults = make([]any, len(n.Props))
	s.optional = make([]bool, len(n.Props))
	if n.Is(description.List) {
		listOrder(s, n)
	}
	for i := range n.Props {
		p := &n.Props[i]
		at := i
		if n.Is(description.List) {
			at = slices.Index(s.keys, p.Name)
		}
		s.keys[at], s.nodes[at] = p.Name, p.Node
		s.quoted[at] = string(appendString(nil, p.Name)) + ": "
		s.defaults[at] = defaultOf(p)
		if !p.Present && nullAtFirst(n.Name, p) {
			s.defaults[at] = nil
		}
		if word, ok := defaultWords[n.Name+"."+p.Name]; ok {
			s.defaults[at] = word
		}
		if includes[s.typ+"."+p.Name] != nil {
			s.defaults[at] = absent // it is shown when it is expanded
		}
		s.optional[at] = !p.Required && !p.Node.Is(description.Null)
		if p.Required && p.Node.Is(description.UnixTime) && !p.Node.Is(description.Null) {
			s.times = append(s.times, at)
		}
	}
	for i, key := range s.keys {
		if whenAsked[n.Name+"."+key] {
			if s.asked == nil {
				s.asked = make([]bool, len(s.keys))
			}
			s.asked[i] = true
		}
	}
	s.complete()
	if s.slot("id") >= 0 {
		s.ids = idFormOf(s.name)
	}
	return s
}

// complete makes what finds slots.
func (s *shape) complete() {
	s.index = newKeyIndex(s.keys)
	s.indexed = make([]int, len(indexedFields))
	for i, field := range indexedFields {
		s.indexed[i] = s.slot(field)
	}
	s.livemode = s.slot("livemode")
	for i, n := range s.nodes {
		if _, hash := s.defaults[i].(*stripeObject); hash && isListNode(n) {
			s.lists = append(s.lists, i)
		}
	}
}

// listOrder puts the keys of a list as Stripe writes them: object, data, has_more, url; keys of other names follow.
func listOrder(s *shape, n *description.Node) {
	keys := []string{"object", "data", "has_more", "url"}
	for _, p := range n.Props {
		if !slices.Contains(keys, p.Name) {
			keys = append(keys, p.Name)
		}
	}
	copy(s.keys, slices.DeleteFunc(keys, func(k string) bool { return n.Prop(k) == nil }))
}

// slot is the position of a key, -1 when the shape does not have it.
func (s *shape) slot(key string) int {
	return s.index.find(s.keys, key)
}

// newHash makes an object of the shape with its defaults.
func (s *shape) newHash() *stripeObject {
	return &stripeObject{layout: &s.all, values: s.defaultSlots(), open: true}
}

// defaultSlots are the slots of a new object.
func (s *shape) defaultSlots() []any {
	values := newSlots(len(s.defaults))
	copy(values, s.defaults)
	return values
}

// newChild makes the embedded hash of a slot that was null.
func (s *shape) newChild(slot int) *stripeObject {
	if s.free {
		return hash()
	}
	n := hashNode(s.nodes[slot])
	if n == nil {
		panic(fmt.Sprintf("sandbox: %s of a %s is no hash", s.keys[slot], s.name))
	}
	return shapeOf(n).newHash()
}

// hashNode is the schema of the hash that a value may be, nil when it may be none. Of several it is the first.
func hashNode(n *description.Node) *description.Node {
	switch {
	case n.Is(description.Hash | description.Map):
		return n
	case n.Is(description.Union) && !n.Is(description.Reference):
		return n.Of[0]
	}
	return nil
}

// defaultOf is what a key of a new object holds. Embedded hashes are shared: Set copies them.
func defaultOf(p *description.Prop) any {
	n := p.Node
	switch {
	case !p.Present:
		return absent
	case p.Name == "metadata" && n.Is(description.Map):
		return closed(hash()) // never null in Stripe's answers, whatever the description allows
	case n.Is(description.Null | description.Reference):
		return nil
	case n.Is(description.Boolean):
		return p.Sample == "true" || len(n.Enum) == 1
	case n.Is(description.String) && p.Name == "id":
		return ""
	case n.Is(description.String):
		return defaultWord(p)
	case n.Is(description.Integer):
		return int64(0)
	case n.Is(description.Number):
		return float64(0)
	case n.Is(description.Array):
		return []any{}
	case n.Is(description.Hash | description.Map):
		return closed(shapeOf(n).newHash())
	case n.Is(description.Union) && len(n.Of) == 0:
		return nil
	case n.Is(description.Union):
		return closed(shapeOf(n.Of[0]).newHash())
	}
	if len(n.Props) > 0 {
		return closed(shapeOf(n).newHash())
	}
	return nil
}

// defaultWords are what keys begin with where it is not the first of their words, by schema and key.
var defaultWords = map[string]string{
	// docs.stripe.com/changelog/clover/2025-09-30/billing-mode-default-flexible
	"subscriptions_resource_billing_mode.type": "flexible",
	// Stripe's sample is an old one; recorded of every product since.
	"product.type": "service",
}

// defaultWord is what a text that is never null begins with.
func defaultWord(p *description.Prop) string {
	switch {
	case p.Sample != "":
		return p.Sample
	case len(p.Node.Enum) > 0:
		return p.Node.Enum[0]
	case p.Node.Is(description.Currency):
		return "usd"
	case p.Node.Is(description.Decimal):
		return "0"
	}
	return ""
}

func closed(o *stripeObject) *stripeObject {
	o.close()
	return o
}
