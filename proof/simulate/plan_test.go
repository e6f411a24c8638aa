package simulate_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// entry is one thing that somebody does, or that happens, in a world. What it
// does is drawn from its own seed, so that it stays the same when others are
// left out: that is how a failing plan is made short.
type entry struct {
	id   int
	at   time.Duration
	kind string
	// who is the customer, -1 for the world.
	who  int
	seed uint64
}

// share is how often something is drawn among its kind.
type share struct {
	kind  string
	times int
}

// deeds are what customers, operators and banks do on a customer's day.
var deeds = []share{
	{"buy", 46}, {"pay again", 10}, {"land", 5}, {"cancel", 7}, {"refund", 12}, {"capture", 6}, {"save a card", 4}, {"buy with a saved card", 6}, {"detach a card", 2},
	{"dispute", 5}, {"dispute ends", 4}, {"refund at Stripe", 3}, {"cancel at Stripe", 2}, {"debit ends", 4}, {"customer deleted at Stripe", 1}, {"amount changed at Stripe", 2}, {"clash", 7}, {"pay an old page", 3}, {"check", 2}, {"charged again at Stripe", 2}, {"detach at Stripe", 1},
}

// events are what happens to the world on a day.
var events = []share{
	{"crash", 30}, {"database refuses", 12}, {"commit unanswered", 12}, {"network", 14}, {"post", 16}, {"clock", 5}, {"secret", 4}, {"build", 5}, {"forged", 10}, {"hook refuses", 4},
	{"app refuses", 5}, {"stop", 3}, {"backup", 2}, {"restore", 1}, {"prune", 3}, {"key refused", 2}, {"reload", 3}, {"reconcile", 3},
}

const day = 24 * time.Hour

// plan is what would happen to so many customers in so many days.
func plan(seed uint64, customers, days int) []entry {
	var list []entry
	draw := func(rng *rand.Rand, who int, of []share, at time.Duration) {
		list = append(list, entry{at: at, kind: pick(rng, of), who: who, seed: rng.Uint64()})
	}
	for c := range customers {
		rng := rand.New(rand.NewPCG(seed, uint64(c)+1))
		for d := range days {
			for range 1 + rng.IntN(3) {
				draw(rng, c, deeds, time.Duration(d)*day+time.Duration(rng.Int64N(int64(day))))
			}
		}
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	for d := range days {
		// The world is as busy as its people: about one thing for two of them.
		for range 1 + customers/2 {
			at := time.Duration(d)*day + time.Duration(rng.Int64N(int64(day)))
			if deed := list[rng.IntN(len(list))]; rng.IntN(3) > 0 && deed.who >= 0 {
				// Most bad things happen while somebody does something.
				at = deed.at + time.Duration(rng.Int64N(int64(2*time.Second)))
			}
			draw(rng, -1, events, at)
		}
	}
	slices.SortStableFunc(list, func(a, b entry) int { return cmp.Compare(a.at, b.at) })
	for i := range list {
		list[i].id = i + 1
	}
	return list
}

func pick(rng *rand.Rand, of []share) string {
	sum := 0
	for _, s := range of {
		sum += s.times
	}
	n := rng.IntN(sum)
	for _, s := range of {
		if n -= s.times; n < 0 {
			return s.kind
		}
	}
	panic("the shares do not add up")
}

func pickOne[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }
