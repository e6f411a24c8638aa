package sandbox

import (
	"slices"
	"sort"
	"strconv"
)

const (
	// homeRows is how many rows a page of a list has.
	homeRows = 50
	// homeBudget is how many entries a filter looks at for one page: a page never walks a whole account.
	homeBudget = 5000
)

// homeWindow is a part of a list: the objects of one page, newest first, with their places.
type homeWindow struct {
	objects []*stripeObject
	// first and last are the places of the newest and of the oldest entry that was looked at.
	first, last int64
	// newer and older say that there are more entries; stopped that the budget ended before the page was full.
	newer, older, stopped bool
}

// window reads a page of a list: what came before a place, or after one; 0 is the newest. Match chooses; nil takes all.
// The caller holds the account's lock.
func (s *store) window(list []*record, before, after int64, match func(*stripeObject) bool) homeWindow {
	var w homeWindow
	left := homeBudget
	look := func(e *record) (on bool) {
		if left == 0 {
			w.stopped = true
			return false
		}
		if len(w.objects) == homeRows {
			return false
		}
		left--
		w.first, w.last = max(w.first, e.seq), e.seq
		if e.object != nil && (match == nil || match(e.object)) {
			w.objects = append(w.objects, e.object)
		}
		return true
	}
	if after > 0 {
		at := sort.Search(len(list), func(i int) bool { return list[i].seq > after })
		w.older = at > 0
		for ; at < len(list); at++ {
			if !look(list[at]) {
				w.newer = true
				break
			}
		}
		slices.Reverse(w.objects)
		w.last = after + 1
		return w
	}
	at := len(list)
	if before > 0 {
		at = sort.Search(len(list), func(i int) bool { return list[i].seq >= before })
		w.newer = at < len(list)
		w.first = before - 1
	}
	for at--; at >= 0; at-- {
		if !look(list[at]) {
			w.older = true
			break
		}
	}
	return w
}

// homePager are the ways on from a page of a list; what is "" does not exist.
type homePager struct {
	Newest, Newer, Older string
	// Stopped says how many entries were looked at without filling the page, "" when the page is full or the list at its
	// end.
	Stopped string
}

// pager makes the links of a window at an address with the pairs of its filter.
func (p *homePage) pager(w homeWindow, address string, filter ...string) homePager {
	link := func(key string, place int64) string {
		return p.with(address, append(slices.Clone(filter), key, strconv.FormatInt(place, 10))...)
	}
	var g homePager
	if w.newer {
		g.Newest, g.Newer = p.with(address, filter...), link("after", w.first)
	}
	if w.older {
		g.Older = link("before", w.last)
	}
	if w.stopped {
		g.Stopped = strconv.Itoa(homeBudget)
	}
	return g
}

// place reads a place of a list out of an address; what is none is the newest.
func place(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return max(n, 0)
}
