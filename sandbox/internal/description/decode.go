package description

import "fmt"

const magic = "vezne description 1\n"

// reader walks the file. The file is our own and checked by a test: a broken one panics.
type reader struct {
	file  string
	at    int
	words []string
}

// int reads an unsigned varint.
func (r *reader) int() int {
	var n, shift int
	for {
		b := r.file[r.at]
		r.at++
		n |= int(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
		shift += 7
	}
}

func (r *reader) word() string { return r.words[r.int()] }

// decode reads a file that tools/description wrote; encode there explains the order. Texts are slices of the file.
func decode(file string) *API {
	if len(file) < len(magic) || file[:len(magic)] != magic {
		panic(fmt.Sprintf("description: the file does not begin with %q", magic))
	}
	r := &reader{file: file, at: len(magic)}
	r.readWords()
	api := &API{Version: r.word()}
	nodes := r.readNodes(api)
	api.Operations = make([]Operation, r.int())
	for i := range api.Operations {
		o := &api.Operations[i]
		o.Method, o.Path, o.ID = r.word(), r.word(), r.word()
		o.Params, o.Answer = &nodes[r.int()], &nodes[r.int()]
		flags := r.int()
		o.Multipart, o.Binary = flags&1 != 0, flags&2 != 0
	}
	return api
}

func (r *reader) readWords() {
	r.words = make([]string, r.int())
	lengths := make([]int, len(r.words))
	for i := range lengths {
		lengths[i] = r.int()
	}
	for i, n := range lengths {
		r.words[i] = r.file[r.at : r.at+n]
		r.at += n
	}
}

// readNodes reads all nodes into one array, and their keys, words and alternatives into three more.
func (r *reader) readNodes(api *API) []Node {
	nodes := make([]Node, r.int())
	named := r.int()
	props := make([]Prop, r.int())
	enums := make([]string, r.int())
	of := make([]*Node, r.int())
	for i := range nodes {
		n := &nodes[i]
		n.Kind = Kind(r.int())
		n.Name = r.word()
		var own int
		own = r.int()
		n.Enum, enums = take(enums, own)
		for j := range n.Enum {
			n.Enum[j] = r.word()
		}
		n.MaxLength = r.int()
		if items := r.int(); items > 0 {
			n.Items = &nodes[items-1]
		}
		own = r.int()
		n.Of, of = take(of, own)
		for j := range n.Of {
			n.Of[j] = &nodes[r.int()]
		}
		own = r.int()
		n.Props, props = take(props, own)
		for j := range n.Props {
			p := &n.Props[j]
			p.Name = r.word()
			p.Node = &nodes[r.int()]
			flags := r.int()
			p.Required, p.Present = flags&1 != 0, flags&2 != 0
			p.Sample = r.word()
		}
	}
	api.schemas = make(map[string]*Node, named)
	for i := range nodes[:named] {
		api.schemas[nodes[i].Name] = &nodes[i]
	}
	return nodes
}

// take cuts n elements off a list; none is nil.
func take[T any](list []T, n int) (own, rest []T) {
	if n == 0 {
		return nil, list
	}
	return list[:n:n], list[n:]
}
