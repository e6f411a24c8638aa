package main

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
)

// encode writes the file: a magic line, then unsigned varints.
//
//	text     count, the length of each, then all of them joined; the most used come first
//	version  text
//	nodes    count, count of named ones, total of properties, of words, of alternatives, then each node
//	routes   count, then each operation
//
// Package sandbox/internal/description reads it.
func (b *builder) encode() []byte {
	words := b.words()
	number := make(map[string]uint64, len(words))
	e := &encoder{number: number}
	e.bytes = append(e.bytes, "vezne description 1\n"...)
	e.int(len(words))
	for i, w := range words {
		number[w] = uint64(i)
		e.int(len(w))
	}
	e.bytes = append(e.bytes, strings.Join(words, "")...)
	e.word(b.api.Info.Version)

	var props, enums, of int
	for _, n := range b.nodes {
		props += len(n.props)
		enums += len(n.enum)
		of += len(n.of)
	}
	for _, n := range []int{len(b.nodes), len(b.names), props, enums, of} {
		e.int(n)
	}
	for _, n := range b.nodes {
		e.node(n)
	}
	e.int(len(b.operations))
	for _, o := range b.operations {
		e.word(o.method)
		e.word(o.path)
		e.word(o.id)
		e.int(o.params)
		e.int(o.answer)
		flags := 0
		if o.multipart {
			flags |= 1
		}
		if o.binary {
			flags |= 2
		}
		e.int(flags)
	}
	return e.bytes
}

// words are all texts of the description, the most used first.
func (b *builder) words() []string {
	uses := map[string]int{b.api.Info.Version: 1, "": 1}
	for _, n := range b.nodes {
		uses[n.name]++
		for _, w := range n.enum {
			uses[w]++
		}
		for _, p := range n.props {
			uses[p.name]++
			uses[p.sample]++
		}
	}
	for _, o := range b.operations {
		uses[o.method]++
		uses[o.path]++
		uses[o.id]++
	}
	return slices.SortedFunc(maps.Keys(uses), func(x, y string) int {
		return cmp.Or(cmp.Compare(uses[y], uses[x]), cmp.Compare(x, y))
	})
}

type encoder struct {
	bytes  []byte
	number map[string]uint64
}

func (e *encoder) int(n int)     { e.bytes = binary.AppendUvarint(e.bytes, uint64(n)) }
func (e *encoder) word(w string) { e.bytes = binary.AppendUvarint(e.bytes, e.number[w]) }

func (e *encoder) node(n *node) {
	e.int(n.kind)
	e.word(n.name)
	e.int(len(n.enum))
	for _, w := range n.enum {
		e.word(w)
	}
	e.int(n.maxLength)
	e.int(n.items)
	e.int(len(n.of))
	for _, i := range n.of {
		e.int(i)
	}
	e.int(len(n.props))
	for _, p := range n.props {
		e.word(p.name)
		e.int(p.node)
		e.int(p.flags)
		e.word(p.sample)
	}
}
