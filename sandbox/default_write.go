package sandbox

import (
	"net/http"
	"strings"
	"unicode"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// write creates an object, changes the one that the path names, or does what a verb behind it says.
func (d *defaultOperation) write(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	switch {
	case d.owner == "" && d.singular():
		return d.writeOnly(tx, r, d.typ())
	case d.owner == "":
		return d.create(tx, r, nil)
	case d.verb == "":
		o, err := d.named(tx, r)
		if err != nil {
			return nil, err
		}
		return d.change(tx, r, o)
	}
	owner, err := d.getOwner(tx, r)
	if err != nil {
		return nil, err
	}
	switch {
	case owner.Type() == d.typ():
		return d.act(tx, r, owner)
	case d.singular():
		return d.writeOnly(tx, r, d.typ()+" "+owner.ID())
	case strings.Contains(d.verb, "/"): // /v1/charges/{charge}/dispute/close
		if o := d.ownedBy(tx, owner); o != nil {
			return d.act(tx, r, o)
		}
	}
	return d.create(tx, r, owner)
}

// create makes an object from the parameters that have the names of its fields.
func (d *defaultOperation) create(tx *accountTx, r *apiRequest, owner *stripeObject) (*stripeObject, error) {
	n := d.schemas[0]
	o := tx.New(n.Name)
	if o.ID() == "" && !r.params.Has("id") {
		o.Set("id", tx.NewID(idFormOf(n.Type()).prefix, 24))
	}
	if err := checkReferences(tx, o.shape, r.params); err != nil {
		return nil, err
	}
	applyParams(tx, o, r.params)
	if owner != nil {
		if field := fieldOf(n, owner.Type()); field != "" {
			o.Set(field, owner.ID())
		}
	}
	if begin := beginnings[n.Name]; begin != nil {
		if err := begin(tx, o, r.params); err != nil {
			return nil, err
		}
	}
	if tx.Get(n.Type(), o.ID()) != nil {
		return nil, invalid("id", "resource_already_exists", "%s already exists.", sentenceName(n.Type()))
	}
	tx.fillReferences(o)
	tx.Put(o, existing(eventName(n.Type(), "created"))...)
	return o, nil
}

// fillReferences lets each field that always points to an object point to one: the newest of its type, or an id that
// nobody has.
func (tx *accountTx) fillReferences(o *stripeObject) {
	for i, n := range o.shape.nodes {
		if child, ok := o.at(i).(*stripeObject); ok && !child.shape.free {
			edited := child.Edit()
			tx.fillReferences(edited)
			o.values[i] = edited
		}
		if o.at(i) != nil || !n.Is(description.Reference) || n.Is(description.Null) {
			continue
		}
		typ := n.Of[0].Type()
		o.values[i] = tx.newID(idFormOf(typ))
		tx.Each(typ, func(target *stripeObject) bool {
			o.values[i] = target.ID()
			return false
		})
	}
}

// sentenceName is a type at the beginning of a sentence: Coupon.
func sentenceName(typ string) string {
	name := []rune(strings.ReplaceAll(objectName(typ), "_", " "))
	name[0] = unicode.ToUpper(name[0])
	return string(name)
}

func existing(event string) []string {
	if event == "" {
		return nil
	}
	return []string{event}
}

// change writes the parameters that have the names of fields. The event is the update's, and only when something changed.
func (d *defaultOperation) change(tx *accountTx, r *apiRequest, o *stripeObject) (*stripeObject, error) {
	if err := checkReferences(tx, o.shape, r.params); err != nil {
		return nil, err
	}
	changed := applyParams(tx, o.Edit(), r.params, "id")
	if equalObjects(o, changed) {
		return o, nil
	}
	changed.touch(tx)
	tx.Put(changed, existing(eventName(o.Type(), "updated"))...)
	return changed, nil
}

// touch moves the time of the last change, where a type has one.
func (o *stripeObject) touch(tx *accountTx) {
	if i := o.slot("updated"); i >= 0 && o.shape.node(i).Is(description.UnixTime) {
		o.Set("updated", tx.Now())
	}
}

// pastOf is the word of a verb's event: cancel → canceled, close → closed.
func pastOf(verb string) string {
	switch {
	case strings.HasSuffix(verb, "e"):
		return verb + "d"
	case verb == "send":
		return "sent"
	}
	return verb + "ed"
}

// writeOnly changes the one object of a type without ids; one that only a call makes (an account link) is not kept.
func (d *defaultOperation) writeOnly(tx *accountTx, r *apiRequest, key string) (*stripeObject, error) {
	o := applyParams(tx, d.only(tx, key).Edit(), r.params)
	tx.fillReferences(o)
	if findSamePath(http.MethodGet, d.op.Path) != nil {
		o.close()
		tx.put(objectKey{key, onlyID}, o)
	}
	return o, nil
}

// remove deletes the object that the path names and answers what is left of it.
func (d *defaultOperation) remove(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	find := d.named
	if d.verb != "" {
		find = d.readOwned
	}
	o, err := find(tx, r)
	if err != nil {
		return nil, err
	}
	if o.ID() == tx.account.id {
		return nil, invalid(d.owned, "", "The account that a key belongs to cannot be deleted with it.")
	}
	if _, acts := actions["DELETE "+d.op.Path]; acts {
		return d.act(tx, r, o)
	}
	tx.Delete(o, eventName(o.Type(), "deleted"))
	if answersDeleted(d.op.Answer) {
		return tx.Remains(o.Type(), o.ID()), nil
	}
	return o, nil
}
