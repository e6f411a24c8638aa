// Package explore walks through every interleaving of what can happen between
// Stripe, the network and our processes, over the real rules of the house: the
// merge rule and the marks of package mirror, and the decisions of package
// apply. It checks what DESIGN.md promises at every step and at the end of every
// path, and it must find each rule broken when the rule is broken on purpose.
package explore

import "slices"

// Step is something that can happen next.
type Step[S comparable] struct {
	Label string
	To    S
	// Maybe is true for what may never happen: the world is at rest when nothing
	// else is left.
	Maybe bool
}

// Model is a world that can be explored. Its states are small and comparable,
// and states that differ in nothing that matters are equal.
type Model[S comparable] interface {
	Start() S
	Next(s S) []Step[S]
	// Check says what is wrong with a state, "" for nothing. rest is true when
	// nothing is left that must happen.
	Check(s S, rest bool) string
}

// Result is what a search found.
type Result struct {
	// States is how many were seen.
	States int
	// Broken says what is wrong, "" for nothing.
	Broken string
	// Trace is the shortest way to it.
	Trace []string
	// Whole is true when every state was seen.
	Whole bool
}

// Search looks at all states, nearest first, until one is broken or more than
// limit were seen.
func Search[S comparable](m Model[S], limit int) Result {
	start := m.Start()
	seen := map[S]int32{start: 0}
	states, from := []S{start}, []int32{-1}
	trace := func(i int32) []string {
		var way []string
		for ; from[i] >= 0; i = from[i] {
			for _, n := range m.Next(states[from[i]]) {
				if n.To == states[i] {
					way = append(way, n.Label)
					break
				}
			}
		}
		slices.Reverse(way)
		return way
	}
	for i := 0; i < len(states); i++ {
		next := m.Next(states[i])
		rest := !slices.ContainsFunc(next, func(n Step[S]) bool { return !n.Maybe })
		if broken := m.Check(states[i], rest); broken != "" {
			return Result{States: len(states), Broken: broken, Trace: trace(int32(i))}
		}
		for _, n := range next {
			if _, known := seen[n.To]; known {
				continue
			}
			if len(states) >= limit {
				return Result{States: len(states)}
			}
			seen[n.To] = int32(len(states))
			states, from = append(states, n.To), append(from, int32(i))
		}
	}
	if circle := endless(m, states, seen); circle >= 0 {
		return Result{States: len(states), Broken: "what must happen never ends", Trace: trace(circle)}
	}
	return Result{States: len(states), Whole: true}
}

// endless returns a state from which steps that must happen lead back to it, -1
// if there is none: in a sound world they come to rest.
func endless[S comparable](m Model[S], states []S, index map[S]int32) int32 {
	const (
		unseen = iota
		open
		done
	)
	colour := make([]uint8, len(states))
	type frame struct {
		state int32
		next  []int32
	}
	must := func(i int32) []int32 {
		var list []int32
		for _, n := range m.Next(states[i]) {
			if !n.Maybe {
				list = append(list, index[n.To])
			}
		}
		return list
	}
	for i := range states {
		if colour[i] != unseen {
			continue
		}
		colour[i] = open
		stack := []frame{{int32(i), must(int32(i))}}
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if len(top.next) == 0 {
				colour[top.state] = done
				stack = stack[:len(stack)-1]
				continue
			}
			n := top.next[0]
			top.next = top.next[1:]
			switch colour[n] {
			case open:
				return n
			case unseen:
				colour[n] = open
				stack = append(stack, frame{n, must(n)})
			}
		}
	}
	return -1
}
