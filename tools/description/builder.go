package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Kinds of values, a set of bits. They are the numbers of package sandbox/internal/description.
const (
	kindString = 1 << iota
	kindInteger
	kindNumber
	kindBoolean
	kindHash
	kindMap
	kindArray
	kindNull
	kindReference
	kindUnion
	kindList
	kindSearch
	kindResource
	kindUnixTime
	kindCurrency
	kindDecimal
	kindFile
)

// Flags of a property.
const (
	flagRequired = 1 << iota
	flagPresent
)

// node is a schema of an answer or a parameter, with its children by number.
type node struct {
	kind      int
	name      string
	enum      []string
	maxLength int
	items     int // number + 1
	of        []int
	props     []prop
}

type prop struct {
	name   string
	node   int
	flags  int
	sample string // of a scalar that is never null; "" for none
}

type operation struct {
	method, path, id  string
	params, answer    int
	multipart, binary bool
}

// builder collects the nodes. Named schemas come first, in the order of their names; nameless ones follow, each content
// once.
type builder struct {
	api        *openAPI
	names      []string
	number     map[string]int
	nodes      []*node
	seen       map[string]int
	operations []operation
}

func newBuilder(api *openAPI) *builder {
	b := &builder{api: api, number: map[string]int{}, seen: map[string]int{}}
	b.names = slices.Sorted(maps.Keys(api.Components.Schemas))
	b.nodes = make([]*node, len(b.names))
	for i, name := range b.names {
		b.number[name] = i
	}
	return b
}

// addSchemas makes the nodes of the named schemas. The samples tell which optional keys Stripe's answers have.
func (b *builder) addSchemas(samples map[string]json.RawMessage) error {
	for i, name := range b.names {
		s := b.api.Components.Schemas[name]
		n, err := b.answerNode(s)
		if err != nil {
			return fmt.Errorf("schema %s: %w", name, err)
		}
		n.name = name
		if s.ResourceID != "" {
			n.kind |= kindResource
		}
		var sample map[string]any
		if raw, ok := samples[name]; ok {
			if err := json.Unmarshal(raw, &sample); err != nil {
				return fmt.Errorf("sample of %s: %w", name, err)
			}
		}
		markPresent(n, s, sample)
		b.nodes[i] = n
	}
	return nil
}

// markPresent says which keys a new object has: those that are required, and of the others those that Stripe's sample has
// or, without a sample, those that may be null. A key that is one of the object's types (payment_method.card) waits until
// it applies. Samples also say what a value that is never null begins with, where only certain words or flags fit.
func markPresent(n *node, s *schema, sample map[string]any) {
	var types []string
	if t := s.Properties.get("type"); t != nil {
		types = t.Enum
	}
	for i := range n.props {
		p := &n.props[i]
		of := s.Properties.get(p.name)
		value, sampled := sample[p.name]
		p.flags &^= flagPresent
		switch {
		case p.flags&flagRequired != 0:
			p.flags |= flagPresent
		case slices.Contains(types, p.name):
		case sample != nil && sampled, sample == nil && of.Nullable:
			p.flags |= flagPresent
		}
		if of.Nullable {
			continue
		}
		switch v := value.(type) {
		case string:
			switch {
			case slices.Contains(of.Enum, v):
				p.sample = v
			case p.name == "id":
				p.sample = idForm(v)
			}
		case bool:
			if v {
				p.sample = "true"
			}
		}
	}
}

// idForm says what ids of a sample's kind look like: the prefix and the number of characters after it, "cus_14". It is ""
// when the sample's id is made up.
func idForm(id string) string {
	i := strings.LastIndexByte(id, '_') + 1
	if i == 0 || len(id)-i < 8 {
		return ""
	}
	return fmt.Sprintf("%s%d", id[:i], len(id)-i)
}

// refName is the schema that a $ref names.
func refName(ref string) string { return strings.TrimPrefix(ref, "#/components/schemas/") }

// answerNode makes the node of an answer's schema.
func (b *builder) answerNode(s *schema) (*node, error) {
	n := &node{}
	if s.Nullable {
		n.kind |= kindNull
	}
	switch {
	case s.Ref != "":
		i, ok := b.number[refName(s.Ref)]
		if !ok {
			return nil, fmt.Errorf("unknown %s", s.Ref)
		}
		n.kind |= kindUnion
		n.of = []int{i}
		return n, nil
	case len(s.AnyOf) > 0:
		n.kind |= kindUnion
		if s.Expansion != nil {
			n.kind |= kindReference
		}
		for _, a := range s.AnyOf {
			if a.Ref == "" {
				if a.Type != "string" {
					return nil, fmt.Errorf("anyOf a %s", a.Type)
				}
				n.maxLength = a.MaxLength
				continue
			}
			n.of = append(n.of, b.number[refName(a.Ref)])
		}
		return n, nil
	}
	if err := b.scalar(n, s); err != nil {
		return nil, err
	}
	switch s.Type {
	case "array":
		n.kind |= kindArray
		return n, b.setItems(n, s.Items, b.answerNode)
	case "object":
		return n, b.setHash(n, s, b.answerNode, idFirst(s.Properties))
	}
	return n, nil
}

// paramNode makes the node of a parameter. Its alternatives are merged: a time or a range, a hash or "" that unsets it.
func (b *builder) paramNode(s *schema) (*node, error) {
	n := &node{}
	if len(s.AnyOf) > 0 {
		for _, a := range s.AnyOf {
			m, err := b.paramNode(a)
			if err != nil {
				return nil, err
			}
			if err := n.merge(m); err != nil {
				return nil, err
			}
		}
		return n, nil
	}
	if s.isEmptyString() {
		n.kind = kindNull
		return n, nil
	}
	if err := b.scalar(n, s); err != nil {
		return nil, err
	}
	switch s.Type {
	case "array":
		n.kind |= kindArray
		return n, b.setItems(n, s.Items, b.paramNode)
	case "object":
		return n, b.setHash(n, s, b.paramNode, s.Properties)
	case "":
		n.kind |= kindHash | kindMap // anything
	}
	return n, nil
}

// merge adds the alternatives of m.
func (n *node) merge(m *node) error {
	if n.kind&m.kind&(kindArray|kindMap) != 0 {
		return fmt.Errorf("two alternatives of kind %b", n.kind&m.kind)
	}
	if n.kind&kindHash != 0 && m.kind&kindHash != 0 {
		n.mergeProps(m.props)
	} else {
		n.props = append(n.props, m.props...)
	}
	n.kind |= m.kind
	n.enum = append(n.enum, m.enum...)
	n.maxLength = max(n.maxLength, m.maxLength)
	if m.items != 0 {
		n.items = m.items
	}
	return nil
}

// mergeProps joins the keys of two hashes; only what both require is required.
func (n *node) mergeProps(props []prop) {
	in := func(list []prop, name string) int {
		return slices.IndexFunc(list, func(p prop) bool { return p.name == name })
	}
	for i := range n.props {
		j := in(props, n.props[i].name)
		if j < 0 || props[j].flags&flagRequired == 0 {
			n.props[i].flags &^= flagRequired
		}
	}
	for _, p := range props {
		if in(n.props, p.name) < 0 {
			p.flags &^= flagRequired
			n.props = append(n.props, p)
		}
	}
}

// scalar sets what strings, numbers and flags have.
func (b *builder) scalar(n *node, s *schema) error {
	switch s.Type {
	case "string":
		n.kind |= kindString
	case "integer":
		n.kind |= kindInteger
	case "number":
		n.kind |= kindNumber
	case "boolean":
		n.kind |= kindBoolean
	case "array", "object", "":
	default:
		return fmt.Errorf("unknown type %q", s.Type)
	}
	switch s.Format {
	case "unix-time":
		n.kind |= kindUnixTime
	case "currency":
		n.kind |= kindCurrency
	case "decimal":
		n.kind |= kindDecimal
	case "binary":
		n.kind |= kindFile
	case "":
	default:
		return fmt.Errorf("unknown format %q", s.Format)
	}
	n.maxLength = s.MaxLength
	for _, e := range s.Enum {
		if e == "" {
			n.kind |= kindNull
			continue
		}
		n.enum = append(n.enum, e)
	}
	return nil
}

func (b *builder) setItems(n *node, items *schema, make func(*schema) (*node, error)) error {
	m, err := make(items)
	if err != nil {
		return err
	}
	n.items = b.intern(m) + 1
	return nil
}

func (b *builder) setHash(n *node, s *schema, make func(*schema) (*node, error), props properties) error {
	free, err := s.freeKeys()
	if err != nil {
		return err
	}
	if free != nil {
		n.kind |= kindMap
		if err := b.setItems(n, free, make); err != nil {
			return err
		}
	}
	if len(props) > 0 || free == nil {
		n.kind |= kindHash
	}
	if o := s.Properties.get("object"); o != nil && len(o.Enum) == 1 && s.Properties.get("data") != nil {
		switch o.Enum[0] {
		case "list":
			n.kind |= kindList
		case "search_result":
			n.kind |= kindSearch
		}
	}
	for _, p := range props {
		m, err := make(p.schema)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		q := prop{name: p.name, node: b.intern(m)}
		if slices.Contains(s.Required, p.name) {
			q.flags = flagRequired | flagPresent
		} else if p.schema.Nullable {
			q.flags = flagPresent
		}
		n.props = append(n.props, q)
	}
	return nil
}

// intern gives the number of a nameless node; equal ones share it. A plain reference is the schema that it names.
func (b *builder) intern(n *node) int {
	if n.kind == kindUnion && len(n.of) == 1 {
		return n.of[0]
	}
	key := fmt.Sprintf("%+v", *n)
	if i, ok := b.seen[key]; ok {
		return i
	}
	b.nodes = append(b.nodes, n)
	b.seen[key] = len(b.nodes) - 1
	return len(b.nodes) - 1
}

// addOperations makes the routes in the order of path and method.
func (b *builder) addOperations() error {
	for _, path := range slices.Sorted(maps.Keys(b.api.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(b.api.Paths[path])) {
			o := b.api.Paths[path][method]
			op := operation{method: strings.ToUpper(method), path: path, id: o.OperationID}
			params, err := b.operationParams(o, &op)
			if err != nil {
				return fmt.Errorf("%s %s: %w", method, path, err)
			}
			op.params = b.intern(params)
			answer := o.Responses["200"].Content
			if _, ok := answer["application/pdf"]; ok {
				op.binary = true
			}
			s := answer["application/json"].Schema
			if s == nil {
				s = &schema{Type: "string"}
			}
			n, err := b.answerNode(s)
			if err != nil {
				return fmt.Errorf("%s %s: %w", method, path, err)
			}
			op.answer = b.intern(n)
			b.operations = append(b.operations, op)
		}
	}
	return nil
}

// operationParams joins the parameters of the query and of the body.
func (b *builder) operationParams(o *openOperation, op *operation) (*node, error) {
	n := &node{kind: kindHash}
	for _, p := range o.Parameters {
		if p.In != "query" {
			continue
		}
		m, err := b.paramNode(p.Schema)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		q := prop{name: p.Name, node: b.intern(m)}
		if p.Required {
			q.flags = flagRequired
		}
		n.props = append(n.props, q)
	}
	for content, body := range o.RequestBody.Content {
		op.multipart = content == "multipart/form-data"
		m, err := b.paramNode(body.Schema)
		if err != nil {
			return nil, err
		}
		n.props = append(n.props, m.props...)
	}
	return n, nil
}
