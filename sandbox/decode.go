package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// encodeCompact writes an object as one line of JSON, what is hidden in it under the key "_".
func encodeCompact(o *stripeObject) json.RawMessage {
	e := encoder{hidden: true}
	e.object(o, nil)
	var out bytes.Buffer
	if err := json.Compact(&out, e.out); err != nil {
		panic(fmt.Sprintf("sandbox: an object cannot be written: %v", err))
	}
	return out.Bytes()
}

// decodeObject reads an object that encodeCompact wrote. Hashes get the shapes of the description again; one with a key
// that its shape does not have is free.
func decodeObject(typ string, text []byte) (*stripeObject, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := decodeValue(d, description.Load().Schema(typ))
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

// decodeValue reads the next value; n is what the description says of it, nil for nothing.
func decodeValue(d *json.Decoder, n *description.Node) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '[' {
			return decodeArray(d, n)
		}
		return decodeHash(d, n)
	case json.Number:
		if i, err := t.Int64(); err == nil {
			return i, nil
		}
		return t.Float64()
	}
	return t, nil // string, bool or nil
}

func decodeArray(d *json.Decoder, n *description.Node) (any, error) {
	if n != nil {
		n = n.Items
	}
	list := []any{}
	for d.More() {
		v, err := decodeValue(d, n)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token() // the bracket
	return list, err
}

// decodeHash reads the members of a hash into a free one, and gives it its shape when all fit.
func decodeHash(d *json.Decoder, n *description.Node) (any, error) {
	free := hash()
	node := memberSchema(n)
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		name := key.(string)
		if name == "_" {
			v, err := decodeValue(d, nil)
			if err != nil {
				return nil, err
			}
			free.hidden, _ = v.(*stripeObject)
			continue
		}
		var member *description.Node
		if node != nil {
			if p := node.Prop(name); p != nil {
				member = p.Node
			} else {
				member = node.Items
			}
		}
		if n != nil && n.Is(description.Union) && len(n.Of) > 1 && name == "object" {
			v, err := decodeValue(d, nil)
			if err != nil {
				return nil, err
			}
			if typ, ok := v.(string); ok {
				node = ofType(n, typ)
			}
			free.setOwn(name, v)
			continue
		}
		v, err := decodeValue(d, member)
		if err != nil {
			return nil, err
		}
		free.setOwn(name, v)
	}
	if _, err := d.Token(); err != nil { // the brace
		return nil, err
	}
	if node == nil {
		// A whole resource inside what is hidden names its own schema.
		node = description.Load().Schema(free.Str("object"))
	}
	return shaped(free, node), nil
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
	if n == nil || len(n.Props) == 0 {
		return free
	}
	o := shapeOf(n).newHash()
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
