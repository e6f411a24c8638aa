package sandbox

import "errors"

// translation brings objects to the shapes of a dialect. It reads what an older version shows in full (the coupon of a discount)
// from the store, so that it runs under the account's lock.
type translation struct {
	tx *accountTx
	d  *dialect
}

// shown is an object as the caller's version has it.
func (tx *accountTx) shown(o *stripeObject) *stripeObject {
	if tx.request == nil || tx.request.dialect == nil || o == nil {
		return o
	}
	return (&translation{tx, tx.request.dialect}).object(o)
}

// shownError tells an error in the caller's version: what it names, and the objects that it carries.
func (tx *accountTx) shownError(err error) error {
	var e *Error
	if tx.request == nil || tx.request.dialect == nil || !errors.As(err, &e) {
		return err
	}
	tx.request.dialect.blame(tx.request.route, e)
	for key, o := range e.extra {
		e.extra[key] = tx.shown(o)
	}
	return err
}

// object is an object in the dialect; one that looks the same is answered as it is. An event keeps the version in which
// it was made.
func (t *translation) object(o *stripeObject) *stripeObject {
	if o == nil || !t.d.touches(o.shape) || o.shape.typ == "event" {
		return o
	}
	changes := t.d.shapes[o.shape.name]
	if o.shape.free || len(changes) == 0 {
		return t.inside(o)
	}
	s := shapeOf(t.d.node(o.shape.of))
	to := s.newHash()
	to.hidden = o.hidden
	for i, key := range s.keys {
		if at := o.slot(key); at >= 0 {
			to.values[i] = t.value(o.at(at))
		}
	}
	for _, c := range changes {
		if c.fill != nil {
			c.fill(t, o, to)
		}
	}
	to.close()
	return to
}

// inside is an object of which only what it holds may look different.
func (t *translation) inside(o *stripeObject) *stripeObject {
	shown := o
	for i, was := range o.all() {
		now := t.value(was)
		if sameValue(was, now) {
			continue
		}
		if shown == o {
			shown = o.Edit()
		}
		shown.values[i] = now
	}
	if shown != o {
		shown.close()
	}
	return shown
}

func (t *translation) value(x any) any {
	switch x := x.(type) {
	case *stripeObject:
		return t.object(x)
	case []any:
		return t.list(x)
	}
	return x
}

func (t *translation) list(list []any) []any {
	shown, copied := list, false
	for i, was := range list {
		now := t.value(was)
		if sameValue(was, now) {
			continue
		}
		if !copied {
			shown, copied = append([]any(nil), list...), true
		}
		shown[i] = now
	}
	return shown
}

// sameValue says whether bringing a value down left it as it was.
func sameValue(was, now any) bool {
	switch was := was.(type) {
	case *stripeObject:
		return was == now
	case []any:
		list, _ := now.([]any)
		return len(was) == 0 || &was[0] == &list[0]
	}
	return true
}

// whole is an object of the store in full, in the dialect, or what is left of one that was deleted; nil when there is none.
func (t *translation) whole(typ, id string) *stripeObject {
	if id == "" {
		return nil
	}
	if o := t.tx.Get(typ, id); o != nil {
		return t.object(o)
	}
	return t.tx.Remains(typ, id)
}
