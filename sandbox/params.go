package sandbox

import (
	"strconv"
	"strings"
)

// formParams are a request's parameters: parsed, and checked against the description's tree. A leaf is string, int64,
// float64, bool or null (sent as "" where that unsets); a branch is a hash or an array.
type formParams struct{ node *paramNode }

// paramNode is one value of a request: a leaf, a hash or an array.
type paramNode struct {
	value any
	null  bool
	keys  []string
	hash  map[string]*paramNode
	list  []*paramNode
	// appended says that elements came as a[], without numbers.
	appended bool
	// file is a file of a multipart form.
	file *sentFile
}

func (p formParams) find(path string) *paramNode {
	n := p.node
	for n != nil && path != "" {
		var key string
		key, path, _ = strings.Cut(path, ".")
		if n.list != nil {
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(n.list) {
				return nil
			}
			n = n.list[i]
			continue
		}
		n = n.hash[key]
	}
	return n
}

// Has says whether the parameter was sent, even if empty.
func (p formParams) Has(path string) bool { return p.find(path) != nil }

// Null says whether the parameter was sent as "" where that unsets.
func (p formParams) Null(path string) bool {
	n := p.find(path)
	return n != nil && n.null
}

// Str reads a text, "" when it was not sent.
func (p formParams) Str(path string) string {
	n := p.find(path)
	if n == nil {
		return ""
	}
	switch v := n.value.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// Int reads a whole number, 0 when it was not sent.
func (p formParams) Int(path string) int64 {
	n := p.find(path)
	if n == nil {
		return 0
	}
	switch v := n.value.(type) {
	case int64:
		return v
	case string: // private routes are not checked
		i, _ := strconv.ParseInt(v, 10, 64)
		return i
	}
	return 0
}

// Float reads a number, 0 when it was not sent.
func (p formParams) Float(path string) float64 {
	n := p.find(path)
	if n == nil {
		return 0
	}
	switch v := n.value.(type) {
	case float64:
		return v
	case int64:
		return float64(v)
	case string:
		f, _ := strconv.ParseFloat(v, 64)
		return f
	}
	return 0
}

// Bool reads a flag, false when it was not sent.
func (p formParams) Bool(path string) bool {
	n := p.find(path)
	if n == nil {
		return false
	}
	if b, ok := n.value.(bool); ok {
		return b
	}
	return n.value == "true"
}

// Hash reads a branch; false when it was not sent as one.
func (p formParams) Hash(path string) (formParams, bool) {
	n := p.find(path)
	if n == nil || n.hash == nil {
		return formParams{}, false
	}
	return formParams{n}, true
}

// List reads an array of hashes.
func (p formParams) List(path string) []formParams {
	n := p.find(path)
	if n == nil {
		return nil
	}
	elements := n.list
	if elements == nil && n.hash != nil { // private routes are not checked
		elements, _ = n.elements()
	}
	list := make([]formParams, len(elements))
	for i, e := range elements {
		list[i] = formParams{e}
	}
	return list
}

// Strs reads an array of texts.
func (p formParams) Strs(path string) []string {
	list := p.List(path)
	if len(list) == 0 {
		return nil
	}
	texts := make([]string, len(list))
	for i, e := range list {
		texts[i] = e.Str("")
	}
	return texts
}

// Map reads a hash of free keys: metadata. A value that was sent empty is "".
func (p formParams) Map(path string) map[string]string {
	h, ok := p.Hash(path)
	if !ok {
		return nil
	}
	m := make(map[string]string, len(h.node.keys))
	for _, k := range h.node.keys {
		m[k] = formParams{h.node.hash[k]}.Str("")
	}
	return m
}

// Keys are the parameters of a branch in the order in which they were sent.
func (p formParams) Keys() []string {
	if p.node == nil {
		return nil
	}
	return p.node.keys
}
