package sandbox

import (
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// route is an operation of the description, or a private one, with what answers it.
type route struct {
	// method and path are the operation's: POST, /v1/payment_intents/{intent}.
	method, path string
	// names are the parts of the path that stand for something: intent.
	names []string
	// operation is nil for private routes; params is the tree of its parameters, answer the schema of its answer.
	operation      *description.Operation
	params, answer *description.Node
	// up rewrites the parameters of a route that only older versions have, and oldNames are what it calls them; nil for none.
	up       func(tx *accountTx, p *paramNode) error
	oldNames map[string]string
	run      operation
	// named is its name, made when the route is.
	named string
}

// name is "METHOD /path".
func (rt *route) name() string {
	if rt.named != "" {
		return rt.named
	}
	return rt.method + " " + rt.path
}

// routeNode is a place in the tree of path segments.
type routeNode struct {
	fixed  map[string]*routeNode
	any    *routeNode
	routes []*route
}

// routes is the tree of all routes, built at the first request.
var routes = sync.OnceValue(func() *routeNode {
	root := &routeNode{}
	api := description.Load()
	for i := range api.Operations {
		op := &api.Operations[i]
		rt := &route{method: op.Method, path: op.Path, operation: op, params: paramsOfOperation(op), answer: op.Answer}
		if rt.run = behaviours[rt.name()]; rt.run == nil {
			rt.run = defaultBehaviour(op)
		}
		root.add(rt)
	}
	for name, run := range privates {
		method, path, _ := strings.Cut(name, " ")
		root.add(&route{method: method, path: path, run: run})
	}
	return root
})

func (n *routeNode) add(rt *route) {
	rt.named = rt.name()
	for segment := range strings.SplitSeq(rt.path[1:], "/") {
		if strings.HasPrefix(segment, "{") {
			rt.names = append(rt.names, segment[1:len(segment)-1])
			if n.any == nil {
				n.any = &routeNode{}
			}
			n = n.any
			continue
		}
		if n.fixed == nil {
			n.fixed = map[string]*routeNode{}
		}
		if n.fixed[segment] == nil {
			n.fixed[segment] = &routeNode{}
		}
		n = n.fixed[segment]
	}
	n.routes = append(n.routes, rt)
}

// find gives the route of a path and the values of its names, nil when there is none. A fixed segment goes before a name.
func (n *routeNode) find(method, path string, values []string) (*route, []string) {
	if path == "" {
		for _, rt := range n.routes {
			if rt.method == method {
				return rt, values
			}
		}
		return nil, nil
	}
	segment, rest, _ := strings.Cut(path[1:], "/")
	if rest != "" || strings.HasSuffix(path, "/") && len(path) > len(segment)+1 {
		rest = "/" + rest
	}
	if next := n.fixed[segment]; next != nil {
		if rt, v := next.find(method, rest, values); rt != nil {
			return rt, v
		}
	}
	if n.any == nil || segment == "" {
		return nil, nil
	}
	value, err := url.PathUnescape(segment)
	if err != nil {
		return nil, nil
	}
	return n.any.find(method, rest, append(values, value))
}

// findRoute gives the route of a request and the parts of its path by name. HEAD is answered as GET.
func findRoute(method, escapedPath string) (*route, map[string]string) {
	if method == "HEAD" {
		method = "GET"
	}
	if escapedPath == "" || escapedPath[0] != '/' {
		return nil, nil
	}
	return routes().lookUp(method, escapedPath)
}

// lookUp gives the route of a path and the parts of the path by name.
func (n *routeNode) lookUp(method, escapedPath string) (*route, map[string]string) {
	rt, values := n.find(method, escapedPath, nil)
	if rt == nil {
		return nil, nil
	}
	path := make(map[string]string, len(values))
	for i, name := range rt.names {
		path[name] = values[i]
	}
	return rt, path
}

// amendments are how parameters of an operation differ from the description, by "METHOD /path".
var amendments = map[string][]nodeEdit{
	// The description ends with its own version.
	"POST /v1/webhook_endpoints": {at("api_version", func(n *description.Node) { n.Enum = slices.Concat(n.Enum, laterVersions) })},
	// Recorded: an empty name or description leaves a customer without one.
	"POST /v1/customers":            {maybeEmpty("name", "email", "description", "phone"), maybeEmpty(addressParts...)},
	"POST /v1/customers/{customer}": {maybeEmpty("name", "email", "description", "phone"), maybeEmpty(addressParts...)},
	// Recorded, too.
	"POST /v1/subscriptions/{subscription_exposed_id}": {maybeEmpty("default_payment_method")},
}

// addressParts are the parts of a customer's address.
var addressParts = []string{"address.line1", "address.line2", "address.city", "address.state", "address.postal_code", "address.country"}

// maybeEmpty lets texts be empty, which unsets them, where the description does not say so.
func maybeEmpty(names ...string) nodeEdit {
	return func(n *description.Node) {
		for _, name := range names {
			at(name, func(n *description.Node) { n.Kind |= description.Null })(n)
		}
	}
}

// paramsOfOperation is the tree of an operation's parameters.
func paramsOfOperation(op *description.Operation) *description.Node {
	edits := amendments[op.Method+" "+op.Path]
	if len(edits) == 0 {
		return op.Params
	}
	tree := copyNode(op.Params)
	for _, edit := range edits {
		edit(tree)
	}
	return tree
}

// paths are where the objects of a type are: the path of one, by its type, without the id.
var paths = sync.OnceValue(func() map[string]string {
	found := map[string]string{}
	api := description.Load()
	for i := range api.Operations {
		op := &api.Operations[i]
		parent, last := cutLast(op.Path)
		if op.Method != "GET" || !strings.HasPrefix(last, "{") || strings.Contains(parent, "{") {
			continue
		}
		if n := answerSchema(op.Answer); n != nil && found[n.Type()] == "" {
			found[n.Type()] = parent
		}
	}
	return found
})

// nestedURL is the address of a list inside an object: /v1/charges/ch_x/refunds.
func nestedURL(o *stripeObject, key string) string {
	base := paths()[o.Type()]
	if base == "" {
		base = "/v1/" + strings.ReplaceAll(o.Type(), ".", "/") + "s"
	}
	switch {
	case o.ID() == "", o.Type() == "invoice" && key == "payments": // the latter without the id, as recorded
		return base + "/" + key
	case o.Type() == "subscription" && key == "items":
		return "/v1/subscription_items?subscription=" + o.ID()
	}
	return base + "/" + o.ID() + "/" + key
}

func cutLast(path string) (parent, last string) {
	i := strings.LastIndexByte(path, '/')
	return path[:i], path[i+1:]
}

// isListNode says whether a value is an embedded list.
func isListNode(n *description.Node) bool { return n.Is(description.List) }

// answerSchema is the schema of the one object that an operation answers, the living one where it may be a deleted one;
// nil when it answers a list or several kinds.
func answerSchema(n *description.Node) *description.Node {
	switch {
	case n.Is(description.List | description.Search):
		return nil
	case n.Is(description.Union) && len(n.Of) > 0:
		return n.Of[0]
	case n.Name != "":
		return n
	}
	return nil
}
