package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// paramsText writes parameters as JSON that may be kept: hashes with their keys in the order of the alphabet, numbers of
// cards and secrets masked.
type paramsText struct {
	out []byte
	// replay writes them as a fixture has them: numbers and flags as such; the details of a published test card become its
	// token; the client_secret, which proves a page's right, is left out, since a fixture has a secret key. Without it every
	// leaf is a text, as it was sent.
	replay bool
}

// write appends a node; key is its name.
func (t *paramsText) write(n *paramNode, key string) {
	if n == nil {
		t.out = append(t.out, "null"...)
		return
	}
	if array := n.array(); array != nil {
		t.array(array, key)
		return
	}
	if n.hash != nil {
		t.hash(n, key)
		return
	}
	t.leaf(n, key)
}

func (t *paramsText) array(list []*paramNode, key string) {
	t.out = append(t.out, '[')
	for i, e := range list {
		if i > 0 {
			t.out = append(t.out, ',')
		}
		t.write(e, key)
	}
	t.out = append(t.out, ']')
}

func (t *paramsText) hash(n *paramNode, key string) {
	if token := ""; t.replay && key == "card" {
		if token = tokenOf(n); token != "" {
			t.out = append(appendString(append(t.out, `{"token":`...), token), '}')
			return
		}
	}
	var room [16]string
	keys := append(room[:0], n.keys...)
	slices.Sort(keys)
	t.out = append(t.out, '{')
	begins := len(t.out)
	for _, k := range keys {
		if t.replay && k == "client_secret" {
			continue
		}
		if len(t.out) > begins {
			t.out = append(t.out, ',')
		}
		t.out = append(appendString(t.out, k), ':')
		t.write(n.hash[k], k)
	}
	t.out = append(t.out, '}')
}

func (t *paramsText) leaf(n *paramNode, key string) {
	text, isText := n.value.(string)
	switch {
	case t.replay && n.null:
		text = ""
	case t.replay && isText:
		text = maskParam(text, key)
	case t.replay:
		t.value(n.value)
		return
	default:
		if text = (formParams{n}).Str(""); text != "" {
			text = maskParam(text, key)
		}
	}
	t.out = appendString(t.out, text)
}

// value writes what a check made of a text, or what stood in a JSON body.
func (t *paramsText) value(v any) {
	switch v := v.(type) {
	case int64:
		t.out = strconv.AppendInt(t.out, v, 10)
	case bool:
		t.out = strconv.AppendBool(t.out, v)
	default:
		text, err := json.Marshal(v)
		if err != nil {
			panic(fmt.Sprintf("sandbox: a parameter of an unknown kind: %v", err)) // a fault of ours
		}
		t.out = append(t.out, text...)
	}
}

// maskParam masks a parameter's text: some are masked whatever they hold.
func maskParam(text, key string) string {
	if f := maskedKeys[key]; f != nil {
		return f(text)
	}
	return mask(text)
}

// keptParams are parameters as the journal of calls keeps them, and replayedParams as the story does.
func keptParams(scratch []byte, n *paramNode) []byte {
	t := paramsText{out: scratch[:0]}
	t.write(n, "")
	return t.out
}

func replayedParams(scratch []byte, n *paramNode) []byte {
	t := paramsText{out: scratch[:0], replay: true}
	t.write(n, "")
	return t.out
}
