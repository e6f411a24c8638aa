// Package description tells what Stripe's API looks like: its routes, the tree of each operation's parameters, and the
// shape of each answer. It is read from one file that tools/description makes from Stripe's OpenAPI description; it owns
// no behaviour.
package description

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed description.bin
var file string

// API is the whole description. It is immutable and shared.
type API struct {
	// Version is the API version that is described: 2026-08-26.dahlia.
	Version string
	// Operations are all routes, sorted by path and method.
	Operations []Operation

	schemas map[string]*Node
}

// Operation is one route.
type Operation struct {
	// Method is GET, POST or DELETE.
	Method string
	// Path is a template: /v1/payment_intents/{intent}/confirm.
	Path string
	// ID is Stripe's name of the operation: PostPaymentIntentsIntentConfirm.
	ID string
	// Params is the tree of parameters: a hash.
	Params *Node
	// Answer is the shape of a good answer.
	Answer *Node
	// Multipart says that the body is a form with a file; Binary that the answer is no JSON.
	Multipart, Binary bool
}

// Kind is a set of what a value may be.
type Kind uint32

// The kinds. A parameter may be several: a time or a hash of a range.
const (
	String Kind = 1 << iota
	Integer
	Number
	Boolean
	// Hash has the keys of Props.
	Hash
	// Map has keys of the caller's choice, with values of Items.
	Map
	// Array has elements of Items.
	Array
	// Null is null in an answer; in a parameter, the empty string that unsets it.
	Null
	// Reference is the id of one of Of, or that object when it is expanded.
	Reference
	// Union is one of the named schemas of Of.
	Union
	// List and Search are hashes with a page of objects in data.
	List
	Search
	// Resource is a named schema with an id of its own.
	Resource
	// UnixTime is a time in seconds; Currency a code of three letters; Decimal a number written as text; File a file's bytes.
	UnixTime
	Currency
	Decimal
	File
)

// Node is the schema of an answer or of a parameter.
type Node struct {
	Kind Kind
	// Name is the schema's name in the description, "" for a nameless one.
	Name string
	// Enum are the only words that fit, nil when others do. The flag that is always true has the word "true".
	Enum []string
	// MaxLength is the longest text in characters, 0 for no limit.
	MaxLength int
	// Items is the schema of elements and of the values of a Map, nil for none.
	Items *Node
	// Of are the schemas of a Union or Reference.
	Of []*Node
	// Props are the keys of a hash in order.
	Props []Prop
}

// Prop is a key of a hash.
type Prop struct {
	Name string
	Node *Node
	// Required says that the key is always there: in every answer, or in every call.
	Required bool
	// Present says that a new object has the key: it is required, or Stripe's own sample has it.
	Present bool
	// Sample is what a word or flag that is never null begins with, "" for nothing in particular.
	Sample string
}

// Is says whether the value may be of a kind.
func (n *Node) Is(k Kind) bool { return n.Kind&k != 0 }

// Prop finds a key, nil when the hash does not have it.
func (n *Node) Prop(name string) *Prop {
	for i := range n.Props {
		if n.Props[i].Name == name {
			return &n.Props[i]
		}
	}
	return nil
}

// Type is the value of "object" in objects of this schema: payment_intent. It is "" for other hashes.
func (n *Node) Type() string {
	if p := n.Prop("object"); p != nil && len(p.Node.Enum) == 1 {
		return p.Node.Enum[0]
	}
	return ""
}

// Element is the schema of the objects in a List or Search, nil for other nodes.
func (n *Node) Element() *Node {
	if data := n.Prop("data"); n.Is(List|Search) && data != nil {
		return data.Node.Items
	}
	return nil
}

// Load decodes the description once; later calls answer the same.
var Load = sync.OnceValue(func() *API { return decode(file) })

// Schema finds a named schema: payment_intent, payment_method_card, deleted_customer. It is nil when there is none.
func (a *API) Schema(name string) *Node { return a.schemas[name] }

// Find gives an operation by "METHOD /path", nil when there is none.
func (a *API) Find(op string) *Operation {
	method, path, _ := strings.Cut(op, " ")
	for i := range a.Operations {
		if o := &a.Operations[i]; o.Path == path && o.Method == method {
			return o
		}
	}
	return nil
}

// EventNames are the events that a webhook endpoint can ask for, without "*".
func (a *API) EventNames() []string {
	names := a.Find("POST /v1/webhook_endpoints").Params.Prop("enabled_events").Node.Items.Enum
	return names[1:]
}
