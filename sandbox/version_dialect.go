package sandbox

import (
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// dialect is how the API versions of a train differ from what the sandbox keeps. It is made once and safe for several
// goroutines. A nil dialect is that of the sandbox's own shapes.
type dialect struct {
	// name is the first of its versions, as a key of hashes.
	name    string
	changes []*versionChange
	// shapes are the changes of each schema, by its name, those nearest to the sandbox's shapes first.
	shapes map[string][]*shapeChange
	routes *routeNode

	nodes   sync.Map // of *description.Node: the schema as the dialect has it
	touched sync.Map // of *shape: whether its objects look different
	trees   sync.Map // of *route: its parameters
	calls   sync.Map // of *route: its changes, those furthest from the sandbox's parameters first
}

func newDialect(version string, changes []*versionChange) *dialect {
	d := &dialect{name: strings.ReplaceAll(version, ".", "_"), changes: changes, shapes: map[string][]*shapeChange{}, routes: &routeNode{}}
	for _, c := range changes {
		for i := range c.shapes {
			s := &c.shapes[i]
			d.shapes[s.schema] = append(d.shapes[s.schema], s)
		}
		for i := range c.routes {
			d.routes.add(c.routes[i].route())
		}
	}
	return d
}

// node is a schema as the dialect has it. What is inside a schema stays as it is: it is looked up in its turn.
func (d *dialect) node(n *description.Node) *description.Node {
	if d == nil || n == nil || n.Name == "" || d.shapes[n.Name] == nil {
		return n
	}
	if edited, ok := d.nodes.Load(n); ok {
		return edited.(*description.Node)
	}
	edited := copyNode(n)
	for _, s := range d.shapes[n.Name] {
		for _, edit := range s.edit {
			edit(edited)
		}
	}
	kept, _ := d.nodes.LoadOrStore(n, edited)
	return kept.(*description.Node)
}

// touches says whether objects of a shape look different in the dialect, by themselves or by what they hold.
func (d *dialect) touches(s *shape) bool {
	if s.free || s.of == nil {
		return true
	}
	if known, ok := d.touched.Load(s); ok {
		return known.(bool)
	}
	touched := d.reaches(s.of, map[*description.Node]bool{})
	d.touched.Store(s, touched)
	return touched
}

// reaches says whether a value of a schema holds one that the dialect changes. References hold ids.
func (d *dialect) reaches(n *description.Node, seen map[*description.Node]bool) bool {
	switch {
	case n == nil || seen[n] || n.Is(description.Reference):
		return false
	case n.Name != "" && d.shapes[n.Name] != nil:
		return true
	}
	seen[n] = true
	for i := range n.Props {
		if d.reaches(n.Props[i].Node, seen) {
			return true
		}
	}
	return d.reaches(n.Items, seen) || slices.ContainsFunc(n.Of, func(of *description.Node) bool { return d.reaches(of, seen) })
}

// params is the tree of a route's parameters.
func (d *dialect) params(rt *route) *description.Node {
	if d == nil {
		return rt.params
	}
	if tree, ok := d.trees.Load(rt); ok {
		return tree.(*description.Node)
	}
	tree := rt.params
	calls := d.callsOf(rt)
	for _, c := range slices.Backward(calls) {
		if len(c.edit) > 0 {
			tree = copyNode(tree)
		}
		for _, edit := range c.edit {
			edit(tree)
		}
	}
	kept, _ := d.trees.LoadOrStore(rt, tree)
	return kept.(*description.Node)
}

// callsOf are the changes of a route's parameters in the order in which they are brought up.
func (d *dialect) callsOf(rt *route) []*callChange {
	if calls, ok := d.calls.Load(rt); ok {
		return calls.([]*callChange)
	}
	calls := []*callChange{}
	for _, c := range slices.Backward(d.changes) {
		for i := range c.calls {
			if call := &c.calls[i]; call.concerns(rt.operation) {
				calls = append(calls, call)
			}
		}
	}
	kept, _ := d.calls.LoadOrStore(rt, calls)
	return kept.([]*callChange)
}

// refuse answers what the dialect's version says of parameters that it no longer takes.
func (d *dialect) refuse(rt *route, p formParams) error {
	if d == nil {
		return nil
	}
	for _, c := range d.callsOf(rt) {
		if c.refuse == nil {
			continue
		}
		if err := c.refuse(p); err != nil {
			return err
		}
	}
	return nil
}

// up brings checked parameters to those of the sandbox's own operation.
func (d *dialect) up(tx *accountTx, r *apiRequest) error {
	if r.route.up != nil {
		if err := r.route.up(tx, r.params.node); err != nil {
			return err
		}
	}
	for _, c := range d.callsOf(r.route) {
		if c.up == nil {
			continue
		}
		if err := c.up(tx, r.params.node); err != nil {
			return err
		}
	}
	return nil
}

// blame tells an error of an operation in the caller's words.
func (d *dialect) blame(rt *route, e *Error) {
	for _, c := range slices.Backward(d.callsOf(rt)) {
		rename(e, c.names)
		if c.words != nil {
			e.Message = c.words.Replace(e.Message)
		}
	}
	rename(e, rt.oldNames)
}

// rename tells the parameter that an error is about, or the one that it is below, by another name.
func rename(e *Error, names map[string]string) {
	for now, before := range names {
		if rest, ok := strings.CutPrefix(e.Param, now); ok && (rest == "" || rest[0] == '[') {
			e.Param = before + rest
			return
		}
	}
}

// oldRoute is a route that only the versions before a change have. It is answered by another one.
type oldRoute struct {
	method, path string
	// by is the "METHOD /path" that answers it.
	by string
	// edit makes its parameters of the other's; up brings them back.
	edit []nodeEdit
	up   func(tx *accountTx, p *paramNode) error
	// names are what errors call its parameters: from the other's name to its own.
	names map[string]string
	// down makes its answer of the other's; field is the key of the other's answer that it shows, "" for all of it.
	down  func(tx *accountTx, r *apiRequest, o *stripeObject) (*stripeObject, error)
	field string
}

func (old *oldRoute) route() *route {
	op := description.Load().Find(old.by)
	run := behaviours[old.by]
	if run == nil {
		run = defaultBehaviour(op)
	}
	rt := &route{method: old.method, path: old.path, operation: op, params: copyNode(paramsOfOperation(op)), answer: op.Answer, up: old.up, oldNames: old.names}
	for _, edit := range old.edit {
		edit(rt.params)
	}
	if old.field != "" {
		rt.answer = op.Answer.Prop(old.field).Node
	}
	rt.run = func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		o, err := run(tx, r)
		if err != nil {
			return nil, err
		}
		return old.down(tx, r, o)
	}
	return rt
}

// find gives the old route of a path, nil when the dialect has none.
func (d *dialect) find(method string, u *url.URL) (*route, map[string]string) {
	if d == nil || d.routes.fixed == nil {
		return nil, nil
	}
	return d.routes.lookUp(method, u.EscapedPath())
}
