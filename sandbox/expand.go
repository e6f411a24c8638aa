package sandbox

import (
	"slices"
	"strings"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// expandTree is what expand[] asks for, by key: latest_charge → balance_transaction.
type expandTree struct{ keys map[string]*expandTree }

// child is what is asked below a slot, nil for nothing.
func (t *expandTree) child(o *stripeObject, slot int) *expandTree {
	if t == nil || t.keys == nil {
		return nil
	}
	return t.keys[o.key(slot)]
}

// expansion is the tree of a request and what was found for it, so that an answer can be written without the store.
type expansion struct {
	tree *expandTree
	// objects are the expanded objects by id.
	objects map[string]*stripeObject
	// lists are what an object shows only when asked: a list object (charge.refunds), a hash, or an array of hashes.
	lists map[includeKey]any
}

type includeKey struct {
	o    *stripeObject
	slot int
}

// object is what an id was expanded to, nil when it was not.
func (x *expansion) object(id string) *stripeObject {
	if x == nil {
		return nil
	}
	return x.objects[id]
}

// included is what a left-out slot shows, nil when it stays out.
func (x *expansion) included(o *stripeObject, slot int, asked *expandTree) any {
	if x == nil || asked == nil {
		return nil
	}
	return x.lists[includeKey{o, slot}]
}

// shownNull is what an expanded key shows when there is nothing behind it: null.
type shownNull struct{}

// each is the expansion with every object as f sees it.
func (x *expansion) each(f func(*stripeObject) *stripeObject) *expansion {
	if x == nil {
		return nil
	}
	seen := &expansion{tree: x.tree, objects: make(map[string]*stripeObject, len(x.objects)), lists: make(map[includeKey]any, len(x.lists))}
	for id, o := range x.objects {
		seen.objects[id] = f(o)
	}
	for key, shown := range x.lists {
		at := includeKey{f(key.o), key.slot}
		switch shown := shown.(type) {
		case *stripeObject:
			seen.lists[at] = f(shown)
		case []any:
			members := make([]any, len(shown))
			for i, m := range shown {
				members[i] = f(m.(*stripeObject))
			}
			seen.lists[at] = members
		default:
			seen.lists[at] = shown
		}
	}
	return seen
}

// expandLimit is how deep expand[] may go, the data of lists counted (docs.stripe.com/api/expanding_objects).
const expandLimit = 4

// parseExpand builds the tree of expand[] and checks it against the shape of the answer. It returns Stripe's errors.
func parseExpand(paths []string, answer *description.Node, d *dialect) (*expandTree, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	root := &expandTree{}
	for _, path := range paths {
		keys := strings.Split(path, ".")
		if len(keys) > expandLimit {
			return nil, invalid("", "", "You cannot expand more than %d levels of a property. Property: %s", expandLimit, path)
		}
		if answer != nil && !expandable(answer, keys, d) {
			hint := ""
			if e := answer.Element(); e != nil && expandable(e, keys, d) {
				hint = " You may want to try expanding 'data." + path + "' instead."
			}
			return nil, invalid("", "", "This property cannot be expanded (%s).%s", path, hint)
		}
		at := root
		for _, key := range keys {
			if at.keys == nil {
				at.keys = map[string]*expandTree{}
			}
			next := at.keys[key]
			if next == nil {
				next = &expandTree{}
				at.keys[key] = next
			}
			at = next
		}
	}
	return root, nil
}

// expandable says whether a path of keys leads to something that can be expanded. A hash or list on the way, or at the
// end, is already there: expanding it changes nothing, as `expand[]=data`.
func expandable(n *description.Node, keys []string, d *dialect) bool {
	for n.Is(description.Array) && n.Items != nil {
		n = n.Items
	}
	n = d.node(n)
	if len(keys) == 0 {
		return n.Is(description.Hash | description.Map | description.Reference | description.Union)
	}
	if n.Is(description.Union | description.Reference) {
		for _, of := range n.Of {
			if expandable(of, keys, d) {
				return true
			}
		}
		return false
	}
	if keys[0] == "total_count" && n.Is(description.List|description.Search) {
		return len(keys) == 1
	}
	if len(keys) == 1 && whenAsked[n.Name+"."+keys[0]] {
		return true
	}
	p := n.Prop(keys[0])
	return p != nil && expandable(p.Node, keys[1:], d)
}

// includes are the lists that objects show only when expanded, by type and key.
var includes = map[string]func(tx *accountTx, o *stripeObject) []*stripeObject{}

// onExpand registers what expand[]=field shows of a type's list, or of a schema's without a type, that answers leave out otherwise.
func onExpand(typ, field string, f func(tx *accountTx, o *stripeObject) []*stripeObject) {
	register(includes, typ+"."+field, f)
}

// resolve finds what the tree asks for in an answer. It runs under the account's lock.
func (tx *accountTx) resolve(answer *stripeObject, tree *expandTree) *expansion {
	if tree == nil || answer == nil {
		return nil
	}
	x := &expansion{tree: tree, objects: map[string]*stripeObject{}, lists: map[includeKey]any{}}
	tx.expandHash(x, answer, tree)
	return x
}

func (tx *accountTx) expandHash(x *expansion, o *stripeObject, tree *expandTree) {
	for key, sub := range tree.keys {
		i := o.slot(key)
		if i < 0 {
			continue
		}
		if o.at(i) == absent {
			tx.include(x, o, i, sub)
			continue
		}
		var node *description.Node
		if !o.shape.free {
			node = o.shape.nodes[i]
		}
		tx.expandValue(x, o.at(i), node, sub)
	}
}

func (tx *accountTx) expandValue(x *expansion, v any, n *description.Node, tree *expandTree) {
	switch v := v.(type) {
	case *stripeObject:
		tx.expandHash(x, v, tree)
	case []any:
		if n != nil && n.Is(description.Array) {
			n = n.Items
		}
		for _, e := range v {
			tx.expandValue(x, e, n, tree)
		}
	case string:
		if n == nil || !n.Is(description.Reference) {
			return
		}
		o := x.objects[v]
		if o == nil {
			if o = tx.shown(tx.refer(n, v)); o == nil {
				return
			}
			x.objects[v] = o
		}
		tx.expandHash(x, o, tree)
	}
}

// refer finds the object that an expandable field points to. One that was deleted is {id, object, deleted}.
func (tx *accountTx) refer(n *description.Node, id string) *stripeObject {
	for _, of := range n.Of {
		typ := of.Type()
		if o := tx.Get(typ, id); o != nil {
			return o
		}
		if left := tx.Remains(typ, id); left != nil {
			return left
		}
		if tx.scope == "" { // a platform sees its connected accounts' objects
			if o, _ := tx.anywhere(typ, id); o != nil {
				return o
			}
		}
	}
	return nil
}

// include fills a key that answers leave out unless it is expanded.
func (tx *accountTx) include(x *expansion, o *stripeObject, slot int, tree *expandTree) {
	key := o.key(slot)
	fill := includes[o.Type()+"."+key]
	if fill == nil {
		fill = includes[o.shape.name+"."+key]
	}
	if fill == nil {
		return
	}
	members := fill(tx, o)
	if tx.request != nil && tx.request.dialect != nil {
		members = slices.Clone(members)
		for i, m := range members {
			members[i] = tx.shown(m)
		}
	}
	n := o.shape.nodes[slot]
	if n.Is(description.Array) {
		shown := make([]any, len(members))
		for i, m := range members {
			shown[i] = m
			tx.expandHash(x, m, tree)
		}
		x.lists[includeKey{o, slot}] = shown
		return
	}
	if !n.Is(description.List) {
		x.lists[includeKey{o, slot}] = shownNull{}
		if len(members) > 0 && members[0] != nil {
			x.lists[includeKey{o, slot}] = members[0]
			tx.expandHash(x, members[0], tree)
		}
		return
	}
	if len(members) == 0 && tx.account.sandbox.options.StripeMock {
		members = []*stripeObject{closed(tx.sample(n.Element().Name))}
	}
	list := shapeOf(n).newHash().Set("data", members).Set("has_more", false).Set("url", nestedURL(o, key))
	if list.slot("total_count") >= 0 {
		list.Set("total_count", len(members))
	}
	list.close()
	x.lists[includeKey{o, slot}] = list
	if data := tree.keys["data"]; data != nil {
		for _, m := range members {
			tx.expandHash(x, m, data)
		}
	}
}
