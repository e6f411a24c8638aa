package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// encodeCompact writes an object as one line of JSON, what is hidden in it under the key "_".
func encodeCompact(o *stripeObject) json.RawMessage {
	e := encoder{hidden: true}
	e.object(o, nil)
	return e.out
}

// decodeObject reads an object that encodeCompact wrote. Hashes get the shapes of the description again; one with a key
// that its shape does not have is free.
func decodeObject(typ string, text []byte) (*stripeObject, error) {
	d := objectReader{text: text}
	v, err := d.value(description.Load().Schema(typ))
	if err != nil {
		return nil, err
	}
	o, ok := v.(*stripeObject)
	if !ok {
		return nil, fmt.Errorf("a %s is no object", typ)
	}
	o.close()
	return o, nil
}

// objectReader reads values of JSON. encoding/json's decoder does the same at several times the cost, of which a start over
// much data consists.
type objectReader struct {
	text []byte
	at   int
}

// next is the next letter that is no space, 0 at the end.
func (d *objectReader) next() byte {
	for ; d.at < len(d.text); d.at++ {
		switch c := d.text[d.at]; c {
		case ' ', '\n', '\r', '\t':
		default:
			return c
		}
	}
	return 0
}

// take passes over a letter, and says whether it was there.
func (d *objectReader) take(c byte) bool {
	if d.next() != c {
		return false
	}
	d.at++
	return true
}

func (d *objectReader) wrong() error {
	return fmt.Errorf("an object is no JSON at byte %d", d.at)
}

// value reads the next value; n is what the description says of it, nil for nothing.
func (d *objectReader) value(n *description.Node) (any, error) {
	switch d.next() {
	case '{':
		return d.hash(n)
	case '[':
		return d.array(n)
	case '"':
		return d.string()
	}
	from := d.at
	for d.at < len(d.text) && bytes.IndexByte(delimiters, d.text[d.at]) < 0 {
		d.at++
	}
	switch word := string(d.text[from:d.at]); word {
	case "null":
		return nil, nil
	case "true", "false":
		return word == "true", nil
	default:
		if i, err := strconv.ParseInt(word, 10, 64); err == nil {
			return i, nil
		}
		f, err := strconv.ParseFloat(word, 64)
		if err != nil {
			return nil, d.wrong()
		}
		return f, nil
	}
}

// delimiters end a number or a word.
var delimiters = []byte(",]} \n\r\t")

func (d *objectReader) string() (string, error) {
	if !d.take('"') {
		return "", d.wrong()
	}
	from, plain := d.at, true
	for ; d.at < len(d.text); d.at++ {
		switch d.text[d.at] {
		case '\\':
			d.at, plain = d.at+1, false
		case '"':
			d.at++
			if plain {
				return string(d.text[from : d.at-1]), nil
			}
			var s string
			err := json.Unmarshal(d.text[from-1:d.at], &s)
			return s, err
		}
	}
	return "", d.wrong()
}

func (d *objectReader) array(n *description.Node) (any, error) {
	if n != nil {
		n = n.Items
	}
	list := []any{}
	for d.at++; !d.take(']'); {
		if len(list) > 0 && !d.take(',') {
			return nil, d.wrong()
		}
		v, err := d.value(n)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// hash reads the members of a hash into a free one, and gives it its shape when all fit.
func (d *objectReader) hash(n *description.Node) (any, error) {
	free := hash()
	node := memberSchema(n)
	d.at++
	for first := true; !d.take('}'); first = false {
		if !first && !d.take(',') {
			return nil, d.wrong()
		}
		name, err := d.string()
		if err != nil {
			return nil, err
		}
		if !d.take(':') {
			return nil, d.wrong()
		}
		kind := n != nil && n.Is(description.Union) && len(n.Of) > 1 && name == "object"
		v, err := d.value(schemaOfMember(node, name, kind))
		if err != nil {
			return nil, err
		}
		if name == "_" {
			free.hidden, _ = v.(*stripeObject)
			continue
		}
		if typ, ok := v.(string); ok && kind {
			node = ofType(n, typ)
		}
		free.setOwn(name, v)
	}
	if node == nil {
		// A whole resource inside what is hidden names its own schema.
		node = description.Load().Schema(free.Str("object"))
	}
	return shaped(free, node), nil
}

// schemaOfMember is what the description says of a member, nil for nothing: of what is hidden, and of the name of a kind.
func schemaOfMember(node *description.Node, name string, kind bool) *description.Node {
	if node == nil || name == "_" || kind {
		return nil
	}
	if p := node.Prop(name); p != nil {
		return p.Node
	}
	return node.Items
}

// memberSchema is the schema whose keys the members of a value have, nil when there is no one such.
func memberSchema(n *description.Node) *description.Node {
	switch {
	case n == nil:
		return nil
	case n.Is(description.Union) && len(n.Of) == 1:
		return n.Of[0]
	case n.Is(description.Union):
		return nil
	}
	return n
}

func ofType(n *description.Node, typ string) *description.Node {
	for _, of := range n.Of {
		if of.Type() == typ {
			return of
		}
	}
	return nil
}

// shaped moves the members of a free hash into the shape of a schema; a hash that does not fit stays free.
func shaped(free *stripeObject, n *description.Node) *stripeObject {
	s := privateShapes[free.Str("object")]
	if n != nil && len(n.Props) > 0 {
		s = shapeOf(n)
	}
	if s == nil {
		return free
	}
	o := s.newHash()
	o.hidden = free.hidden
	for i := range o.values {
		o.values[i] = absent
	}
	for i, key := range free.keys {
		at := o.slot(key)
		if at < 0 {
			return free
		}
		o.values[at] = free.values[i]
	}
	return o
}
