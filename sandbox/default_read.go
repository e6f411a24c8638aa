package sandbox

import (
	"net/http"
	"slices"
	"strings"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// read answers one object: by the id at the end of the path, by its owner, or the only one that the account has.
func (d *defaultOperation) read(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	switch {
	case d.owner != "" && d.verb == "":
		id := r.Path(d.owned)
		if o := d.find(tx, id); o != nil {
			return o, d.checkOwners(tx, r, o)
		}
		if d.typ() != "" && tx.Deleted(d.typ(), id) && answersDeleted(d.op.Answer) {
			return tx.Remains(d.typ(), id), nil
		}
		return nil, missingInPath(r, d.typ(), d.owned)
	case d.owner != "":
		return d.readOwned(tx, r)
	case d.typ() == "account":
		return tx.Account(), nil
	case d.singular():
		return d.only(tx, d.typ()), nil
	}
	return d.readFound(tx, r)
}

// answersDeleted says whether an operation may answer what is left of a deleted object.
func answersDeleted(n *description.Node) bool {
	deleted := func(of *description.Node) bool { return strings.HasPrefix(of.Name, "deleted_") }
	return deleted(n) || slices.ContainsFunc(n.Of, deleted)
}

// named is the object that the path names last, as far as it belongs to those before it.
func (d *defaultOperation) named(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o := d.find(tx, r.Path(d.owned))
	if o == nil {
		return nil, missingInPath(r, d.typ(), d.owned)
	}
	return o, d.checkOwners(tx, r, o)
}

// checkOwners makes sure that the objects before the last one in the path exist, and that the last one points to no other.
func (d *defaultOperation) checkOwners(tx *accountTx, r *apiRequest, o *stripeObject) error {
	for _, name := range r.route.names[:max(len(r.route.names)-1, 0)] {
		end := endOf(d.op.Path, "{"+name+"}")
		outer := &defaultOperation{op: d.op, owner: d.op.Path[:end]}
		typ := outer.ownerType()
		if typ == "" {
			continue
		}
		if tx.Get(typ, r.Path(name)) == nil {
			return missingInPath(r, typ, name)
		}
		if to := o.Str(typ[strings.LastIndexByte(typ, '.')+1:]); to != "" && to != r.Path(name) {
			return missingInPath(r, o.Type(), d.owned)
		}
	}
	return nil
}

// getOwner reads the object that the path names last.
func (d *defaultOperation) getOwner(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	typ := d.ownerType()
	if typ == "" {
		typ = d.typ()
	}
	if o := tx.Get(typ, r.Path(d.owned)); o != nil {
		return o, d.checkOwners(tx, r, o)
	}
	return nil, missingInPath(r, typ, d.owned)
}

// readOwned answers the object that belongs to the owner in the path: /v1/charges/{charge}/dispute.
func (d *defaultOperation) readOwned(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	owner, err := d.getOwner(tx, r)
	if err != nil {
		return nil, err
	}
	if d.singular() {
		return d.only(tx, d.typ()+" "+owner.ID()), nil
	}
	if o := d.ownedBy(tx, owner); o != nil {
		return o, nil
	}
	return nil, &Error{
		Status: http.StatusNotFound, Type: "invalid_request_error", Code: "resource_missing", Param: d.owned,
		Message: "No " + objectName(d.typ()) + " for " + objectName(owner.Type()) + ": " + owner.ID(),
	}
}

// ownedBy is the newest object of the answer's type that points to the owner, nil when there is none.
func (d *defaultOperation) ownedBy(tx *accountTx, owner *stripeObject) (found *stripeObject) {
	field := fieldOf(d.schemas[0], owner.Type())
	if field == "" {
		return nil
	}
	tx.EachOf(d.typ(), field, owner.ID(), func(o *stripeObject) bool {
		found = o
		return false
	})
	return found
}

// onlyID names the objects without an id in the store.
const onlyID = "only"

// only is the one object of a type without ids, made at first use.
func (d *defaultOperation) only(tx *accountTx, key string) *stripeObject {
	if o := tx.Get(key, onlyID); o != nil {
		return o
	}
	made := tx.New(d.typ())
	tx.fillReferences(made)
	return made
}

// readFound answers the newest object whose fields are what the parameters ask for: /v1/tax/associations/find.
func (d *defaultOperation) readFound(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	var found *stripeObject
	tx.Each(d.typ(), func(o *stripeObject) bool {
		if d.matches(r, o) {
			found = o
		}
		return found == nil
	})
	if found == nil {
		if strings.HasSuffix(d.op.Path, "/find") {
			return nil, invalid("", "resource_missing", "No such %s", objectName(d.typ()))
		}
		made := applyParams(tx, tx.New(d.typ()), r.params)
		tx.fillReferences(made)
		return made, nil
	}
	return found, nil
}

// list answers a page of the objects of the answer's type. Parameters with the name of a field filter by it.
func (d *defaultOperation) list(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	match := func(o *stripeObject) bool { return d.matches(r, o) }
	if err := d.checkFilters(tx, r); err != nil {
		return nil, err
	}
	if d.owner == "" {
		for _, field := range indexedFields {
			if r.params.Has(field) && d.schemas[0].Prop(field) != nil {
				return tx.ListOf(r, d.typ(), field, r.params.Str(field), match)
			}
		}
		return tx.List(r, d.typ(), match)
	}
	owner, err := d.getOwner(tx, r)
	if err != nil {
		return nil, err
	}
	key := d.verb[strings.LastIndexByte(d.verb, '/')+1:]
	if held := owner.Hash(key); held != nil && isList(held) && len(held.List("data")) > 0 {
		return tx.ListObjects(r, objectsOf(held.List("data")))
	}
	if field := fieldOf(d.schemas[0], owner.Type()); field != "" {
		return tx.ListOf(r, d.typ(), field, owner.ID(), match)
	}
	if fill := includes[owner.Type()+"."+key]; fill != nil {
		return tx.ListObjects(r, fill(tx, owner))
	}
	return tx.ListObjects(r, nil)
}

// referringFilters are filters that name an object, which must exist. Source: recorded answers.
var referringFilters = []string{"charge", "customer", "invoice", "payment_intent", "price", "product", "subscription"}

// checkFilters refuses a filter by an object that never existed. One that was deleted still filters.
func (d *defaultOperation) checkFilters(tx *accountTx, r *apiRequest) error {
	for _, name := range referringFilters {
		id := r.params.Str(name)
		if id == "" || !filterable(d.schemas[0], name) || tx.Get(name, id) != nil || tx.Deleted(name, id) {
			continue
		}
		return missing(objectName(name), id, name, http.StatusBadRequest)
	}
	return nil
}

func objectsOf(values []any) []*stripeObject {
	var objects []*stripeObject
	for _, v := range values {
		if o, ok := v.(*stripeObject); ok {
			objects = append(objects, o)
		}
	}
	return objects
}

// matches says whether an object is what the filters among the parameters ask for.
func (d *defaultOperation) matches(r *apiRequest, o *stripeObject) bool {
	if o.Has("test_clock") && !r.params.Has("test_clock") && !r.params.Has("customer") {
		return false // objects of a test clock are listed only when asked for
	}
	if ids := r.params.Strs("ids"); len(ids) > 0 && !slices.Contains(ids, o.ID()) {
		return false
	}
	for _, key := range r.params.Keys() {
		if !filterable(d.schemas[0], key) {
			continue
		}
		n := r.params.node.hash[key]
		p := formParams{n}
		switch {
		case n.null:
			if o.Has(key) {
				return false
			}
		case n.list != nil:
			if !slices.Contains(p.Strs(""), textOf(o.Get(key))) {
				return false
			}
		case n.hash != nil:
			if at, isTime := o.Get(key).(int64); isTime {
				if !rangeOf(r.params, key).includes(at) {
					return false
				}
				continue
			}
			for _, part := range p.Keys() {
				if textOf(o.Get(key+"."+part)) != p.Str(part) {
					return false
				}
			}
		case textOf(o.Get(key)) != p.Str(""):
			return false
		}
	}
	return true
}

// textOf is a value as a parameter writes it.
func textOf(v any) string { return formParams{&paramNode{value: v}}.Str("") }
