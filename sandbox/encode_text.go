package sandbox

import "sync/atomic"

// textDepth is how deep an object may stand for its text to be kept.
const textDepth = 8

// layoutTexts are the texts of a layout by depth, made when an object of it is first written there.
type layoutTexts [textDepth]atomic.Pointer[layoutText]

// layoutText is what all objects of a layout have in common when they are written: keys, and the values that are the
// shape's own. Each member ends with a comma.
type layoutText struct {
	// before is what stands before each value that an object holds, its key last; key is where that begins.
	before []string
	key    []int
	// after is what follows the last value, close the end of the object.
	after, close string
	// unasked are the values that are shown only when they are asked for.
	unasked []bool
}

// text gives the text of the encoder's depth.
func (l *layout) text(depth int) *layoutText {
	if t := l.texts[depth].Load(); t != nil {
		return t
	}
	t := newLayoutText(l, depth)
	l.texts[depth].Store(t)
	return t
}

func newLayoutText(l *layout, depth int) *layoutText {
	t := &layoutText{unasked: make([]bool, len(l.held))}
	e := encoder{depth: depth + 1}
	for slot, at := range l.place {
		unasked := l.shape.asked != nil && l.shape.asked[slot]
		begins := len(e.out)
		if at < 0 && (unasked || l.shape.defaults[slot] == absent) {
			continue
		}
		e.line()
		e.out = append(e.out, l.shape.quoted[slot]...)
		if at < 0 {
			e.value(l.shape.defaults[slot], nil)
			e.out = append(e.out, ',')
			continue
		}
		t.before, t.key = append(t.before, string(e.out)), append(t.key, begins)
		t.unasked[at] = unasked
		e.out = e.out[:0]
	}
	t.after = string(e.out)
	e.out, e.depth = e.out[:0], depth
	e.line()
	t.close = string(append(e.out, '}'))
	return t
}

// plain writes a packed object of which nothing is expanded.
func (e *encoder) plain(o *stripeObject) {
	t := o.text(e.depth)
	e.out = append(e.out, '{')
	begins := len(e.out)
	e.depth++
	for i, v := range o.values {
		if v == absent || t.unasked[i] {
			e.out = append(e.out, t.before[i][:t.key[i]]...)
			continue
		}
		e.out = append(e.out, t.before[i]...)
		e.value(v, nil)
		e.out = append(e.out, ',')
	}
	e.depth--
	e.out = append(e.out, t.after...)
	if len(e.out) == begins {
		e.out = append(e.out, '}')
		return
	}
	e.out = append(e.out[:len(e.out)-1], t.close...)
}
