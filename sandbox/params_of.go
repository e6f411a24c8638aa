package sandbox

// nodeOf turns a value into parameters, as if it had been sent.
func nodeOf(v any) *paramNode {
	switch v := v.(type) {
	case *stripeObject:
		n := &paramNode{hash: map[string]*paramNode{}}
		for _, key := range v.Keys() {
			if member := v.at(v.slot(key)); member != nil {
				n.keys = append(n.keys, key)
				n.hash[key] = nodeOf(member)
			}
		}
		return n
	case []any:
		n := &paramNode{list: []*paramNode{}}
		for _, e := range v {
			n.list = append(n.list, nodeOf(e))
		}
		return n
	}
	return &paramNode{value: v}
}

// paramValue is a parameter's value as it was sent, nil when it was not.
func paramValue(p formParams, path string) any {
	if n := p.find(path); n != nil {
		return n.value
	}
	return nil
}
