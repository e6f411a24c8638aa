package sandbox

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// encoder writes objects as JSON, indented by two spaces as Stripe does. Expanded fields are written as the objects that
// they point to.
type encoder struct {
	out      []byte
	depth    int
	expanded *expansion
	// hidden writes what answers never show, for the journal.
	hidden bool
}

// encode renders an object with its expanded fields; expanded may be nil.
func encode(out []byte, o *stripeObject, expanded *expansion) []byte {
	e := encoder{out: out, expanded: expanded}
	var tree *expandTree
	if expanded != nil {
		tree = expanded.tree
	}
	e.object(o, tree)
	return e.out
}

// render is an object as JSON, nothing expanded, as an event or an answer shows it.
func render(o *stripeObject) []byte { return encode(make([]byte, 0, 4096), o, nil) }

// spaces are cut to the depth of a line.
const spaces = "\n                                                                                "

func (e *encoder) line() {
	if e.hidden {
		return // the journal has its lines for itself
	}
	n := 1 + 2*e.depth
	for ; n > len(spaces); n -= len(spaces) - 1 {
		e.out = append(e.out, spaces[1:]...)
	}
	e.out = append(e.out, spaces[:n]...)
}

func (e *encoder) object(o *stripeObject, tree *expandTree) {
	if tree == nil && !e.hidden && o.texts != nil && e.depth < textDepth {
		e.plain(o)
		return
	}
	e.out = append(e.out, '{')
	e.depth++
	first := true
	for i := range o.size() {
		v := o.at(i)
		sub := tree.child(o, i)
		if o.shape.asked != nil && o.shape.asked[i] && sub == nil && !e.hidden {
			continue
		}
		if v == absent {
			if v = e.expanded.included(o, i, sub); v == nil {
				continue
			}
			if v == (shownNull{}) {
				v = nil
			}
		}
		if !first {
			e.out = append(e.out, ',')
		}
		first = false
		e.line()
		if o.shape.free {
			e.out = appendString(e.out, o.keys[i])
			e.out = append(e.out, ':', ' ')
		} else {
			e.out = append(e.out, o.shape.quoted[i]...)
		}
		e.value(v, sub)
	}
	if e.hidden && o.hidden != nil {
		if !first {
			e.out = append(e.out, ',')
		}
		first = false
		e.out = append(e.out, `"_":`...)
		e.object(o.hidden, nil)
	}
	e.depth--
	if !first {
		e.line()
	}
	e.out = append(e.out, '}')
}

func (e *encoder) value(v any, tree *expandTree) {
	switch v := v.(type) {
	case nil:
		e.out = append(e.out, "null"...)
	case string:
		if tree != nil {
			if o := e.expanded.object(v); o != nil {
				e.object(o, tree)
				return
			}
		}
		e.out = appendString(e.out, v)
	case int64:
		e.out = strconv.AppendInt(e.out, v, 10)
	case float64:
		e.out = appendFloat(e.out, v)
	case bool:
		e.out = strconv.AppendBool(e.out, v)
	case *stripeObject:
		e.object(v, tree)
	case []any:
		e.array(v, tree)
	default:
		panic("sandbox: a slot holds a value of an unknown kind")
	}
}

func (e *encoder) array(list []any, tree *expandTree) {
	if len(list) == 0 {
		e.out = append(e.out, '[', ']')
		return
	}
	e.out = append(e.out, '[')
	e.depth++
	for i, v := range list {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		e.line()
		e.value(v, tree)
	}
	e.depth--
	e.line()
	e.out = append(e.out, ']')
}

// appendFloat writes a number with a point, as Stripe writes percentages: 10.0.
func appendFloat(out []byte, f float64) []byte {
	if f == math.Trunc(f) {
		return strconv.AppendFloat(out, f, 'f', 1, 64)
	}
	return strconv.AppendFloat(out, f, 'f', -1, 64)
}

const hexDigits = "0123456789abcdef"

// appendString writes a text as JSON. Bytes that are no UTF-8 become U+FFFD.
func appendString(out []byte, s string) []byte {
	out = append(out, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			out = append(out, s[start:i]...)
			out = appendEscape(out, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			out = append(out, s[start:i]...)
			out = append(out, "\ufffd"...)
			start = i + 1
		}
		i += size
	}
	out = append(out, s[start:]...)
	return append(out, '"')
}

func appendEscape(out []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(out, '\\', c)
	case '\n':
		return append(out, '\\', 'n')
	case '\r':
		return append(out, '\\', 'r')
	case '\t':
		return append(out, '\\', 't')
	}
	return append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}
