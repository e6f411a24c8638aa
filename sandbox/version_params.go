package sandbox

// Parameters are rewritten as checked trees: a leaf holds text, int64, float64 or bool.

func leafOf(v any) *paramNode { return &paramNode{value: v} }

func listOfNodes(elements ...*paramNode) *paramNode { return &paramNode{list: elements} }

// branchOf is a hash of one member.
func branchOf(key string, v *paramNode) *paramNode {
	n := &paramNode{}
	n.put(key, v)
	return n
}

// put sets a member.
func (n *paramNode) put(key string, v *paramNode) { *n.member(key) = *v }

// take removes a member and answers it, nil when it was not sent.
func (n *paramNode) take(key string) *paramNode {
	m := n.hash[key]
	if m == nil {
		return nil
	}
	delete(n.hash, key)
	for i, k := range n.keys {
		if k == key {
			n.keys = append(n.keys[:i:i], n.keys[i+1:]...)
			break
		}
	}
	return m
}

// branch is a member that is a hash, made when it was not sent.
func (n *paramNode) branch(key string) *paramNode {
	m := n.member(key)
	if m.hash == nil {
		*m = paramNode{hash: map[string]*paramNode{}}
	}
	return m
}

// each runs f on the elements of an array below a path of keys.
func (n *paramNode) each(path []string, f func(*paramNode)) {
	for _, key := range path {
		if n = n.hash[key]; n == nil {
			return
		}
	}
	for _, e := range n.list {
		f(e)
	}
}
