package sandbox

import (
	"strings"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// materialise makes the objects that a call names and nobody created: those in its path, and those that parameters with the
// name of a type point to. They have the defaults of their shapes and tell no events. Only a lenient sandbox does so, for
// suites that were written for a Stripe without a memory.
func (tx *accountTx) materialise(r *apiRequest) {
	op := r.route.operation
	if op == nil {
		return
	}
	for _, name := range r.route.names {
		outer := &defaultOperation{op: op, owner: op.Path[:endOf(op.Path, "{"+name+"}")]}
		typ := outer.ownerType()
		if typ == "" {
			typ = newDefault(op).typ()
		}
		tx.materialiseOne(typ, r.Path(name))
	}
	for _, key := range r.params.Keys() {
		id := r.params.Str(key)
		if prefix := idPrefix(key); prefix != "" && strings.HasPrefix(id, prefix) {
			tx.materialiseOne(key, id)
		}
	}
}

// idPrefix is how ids of a type begin, "" when there is no such type.
func idPrefix(typ string) string {
	n := description.Load().Schema(typ)
	if n == nil || !n.Is(description.Resource) {
		return ""
	}
	prefix := idFormOf(typ).prefix
	return prefix[:strings.LastIndexByte(prefix, '_')+1]
}

func (tx *accountTx) materialiseOne(typ, id string) {
	if typ == "" || id == "" || tx.Get(typ, id) != nil || tx.Deleted(typ, id) {
		return
	}
	o := tx.New(typ)
	if o.slot("id") < 0 || o.Type() == "" {
		return
	}
	o.Set("id", id)
	if kind := o.Str("type"); kind != "" && o.slot(kind) >= 0 && !o.Has(kind) {
		o.Set(kind, o.shape.newChild(o.slot(kind))) // a payment method of type card has a card
	}
	tx.fillReferences(o)
	tx.Put(o)
}
