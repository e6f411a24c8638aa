package sandbox

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Limits of a form. Stripe publishes none; these are far above what its SDKs send.
const (
	maxBody   = 1 << 20 // bytes
	maxPairs  = 10_000
	maxDepth  = 20 // brackets in one name
	maxNumber = 10_000
)

// decodeForm reads application/x-www-form-urlencoded with nested names into a tree: a[b]=1, a[]=1, a[0][b]=1. Values are
// texts; whether a branch with numbers for names is an array is for the description to say. It returns an error of Stripe's
// for a form that cannot be read.
func decodeForm(root *paramNode, form string) error {
	pairs := 0
	for form != "" {
		var pair string
		pair, form, _ = strings.Cut(form, "&")
		if pair == "" {
			continue
		}
		if pairs++; pairs > maxPairs {
			return invalid("", "", "This request has more than %d parameters.", maxPairs)
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil {
			return invalid("", "", "Invalid request: %s is not form-encoded", abbreviate(pair))
		}
		if err := root.insert(name, value); err != nil {
			return err
		}
	}
	return nil
}

// abbreviate keeps an error from repeating a long text, or anything that a caller put after a name.
func abbreviate(pair string) string {
	name, _, _ := strings.Cut(pair, "=")
	if len(name) > 40 {
		name = name[:40] + "…"
	}
	return "'" + strings.ToValidUTF8(name, "\ufffd") + "'"
}

// insert puts a value at a nested name. Of the same name sent twice the last one counts, as at Stripe.
func (n *paramNode) insert(name, value string) error {
	key, rest := name, ""
	if i := strings.IndexByte(name, '['); i > 0 {
		key, rest = name[:i], name[i:]
	}
	at := n.member(key)
	for depth := 0; rest != ""; depth++ {
		end := strings.IndexByte(rest, ']')
		if rest[0] != '[' || end < 0 || depth == maxDepth {
			return invalid("", "", "Invalid request: the parameter name %s cannot be read", abbreviate(name))
		}
		key, rest = rest[1:end], rest[end+1:]
		if key == "" {
			at = at.nextElement(rest)
		} else {
			at = at.member(key)
		}
	}
	*at = paramNode{value: strings.Clone(value)} // a part of the body would keep all of it in memory, a card number too
	return nil
}

// member is the branch or leaf of a key, made when it is new. A leaf that gets members becomes a branch.
func (n *paramNode) member(key string) *paramNode {
	if n.hash == nil {
		n.value, n.hash = nil, map[string]*paramNode{}
		n.keys = make([]string, 0, 4)
	}
	m := n.hash[key]
	if m == nil {
		m, key = &paramNode{}, strings.Clone(key)
		n.hash[key] = m
		n.keys = append(n.keys, key)
	}
	return m
}

// nextElement is where a[] puts its value: a new element, or the last one while rest names a member that it lacks
// (a[][b]=1&a[][c]=2 is one element).
func (n *paramNode) nextElement(rest string) *paramNode {
	n.appended = true
	if last := len(n.keys); last > 0 && rest != "" {
		e := n.hash[n.keys[last-1]]
		if end := strings.IndexByte(rest, ']'); e.hash != nil && end > 1 && e.hash[rest[1:end]] == nil {
			return e
		}
	}
	return n.member(strconv.Itoa(len(n.keys)))
}

// elements are a branch's members as an array, by number: {"0": x, "2": y} is [x, y]. ok is false when a name is no number.
func (n *paramNode) elements() (list []*paramNode, ok bool) {
	type element struct {
		number int
		node   *paramNode
	}
	if len(n.keys) > 0 && !startsWithDigit(n.keys[0]) { // what Atoi says of it costs more
		return nil, false
	}
	numbered := make([]element, 0, len(n.keys))
	for _, k := range n.keys {
		i, err := strconv.Atoi(k)
		if err != nil || i < 0 || i > maxNumber {
			return nil, false
		}
		numbered = append(numbered, element{i, n.hash[k]})
	}
	slices.SortStableFunc(numbered, func(a, b element) int { return a.number - b.number })
	list = make([]*paramNode, len(numbered))
	for i, e := range numbered {
		list[i] = e.node
	}
	return list, true
}

// startsWithDigit says whether a name may be a number, signs included.
func startsWithDigit(name string) bool {
	return name != "" && (name[0] == '+' || name[0] == '-' || '0' <= name[0] && name[0] <= '9')
}

// text is a branch as Stripe's errors repeat it: {"0":"wrong","1":"thing"}.
func (n *paramNode) text() string { return string(n.appendText(nil)) }

func (n *paramNode) appendText(out []byte) []byte {
	if n.hash == nil {
		s, _ := n.value.(string)
		return appendString(out, s)
	}
	out = append(out, '{')
	for i, k := range n.keys {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendString(out, k), ':')
		out = n.hash[k].appendText(out)
	}
	return append(out, '}')
}
