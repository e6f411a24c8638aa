package refresh

import (
	"cmp"
	"container/heap"
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// budget keeps reads within Stripe's limits. Of those that wait, who matters
// most goes first, then who came first; a read whose kind has used its share
// does not hold up the others.
type budget struct {
	each int

	mu        sync.Mutex
	all       *rate.Limiter
	endpoints map[string]*rate.Limiter
	waiting   queue
	arrivals  int64
	pumping   bool
	// kick tells the pump that somebody may have to wait less than it does.
	kick chan struct{}
}

// ticket is one read that waits for its turn.
type ticket struct {
	endpoint string
	priority int
	arrival  int64
	granted  chan struct{}
	gone     bool
}

func newBudget(all, each int) *budget {
	return &budget{each: each, all: rate.NewLimiter(rate.Limit(all), all), endpoints: map[string]*rate.Limiter{}, kick: make(chan struct{}, 1)}
}

// enter takes a place in the queue.
func (b *budget) enter(endpoint string, priority int) *ticket {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.arrivals++
	t := &ticket{endpoint: endpoint, priority: priority, arrival: b.arrivals, granted: make(chan struct{})}
	heap.Push(&b.waiting, t)
	b.look()
	return t
}

// look grants what can be granted now, and has the pump see to the rest.
func (b *budget) look() {
	pause := b.grant(time.Now())
	switch {
	case pause > 0 && !b.pumping:
		b.pumping = true
		go b.pump(pause)
	case b.pumping:
		select {
		case b.kick <- struct{}{}:
		default:
		}
	}
}

// raise moves a read forward that matters more than was thought.
func (b *budget) raise(t *ticket, priority int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t.priority = priority
	heap.Init(&b.waiting)
}

// wait returns when it is the read's turn. It fails only when ctx ends, and then
// also if the turn has come.
func (b *budget) wait(ctx context.Context, t *ticket) error {
	if err := ctx.Err(); err != nil {
		b.leave(t)
		return err
	}
	select {
	case <-t.granted:
		return nil
	case <-ctx.Done():
		b.leave(t)
		return ctx.Err()
	}
}

// leave gives a place in the queue up.
func (b *budget) leave(t *ticket) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t.gone = true
}

// pump grants turns as time brings them, until nobody waits.
func (b *budget) pump(pause time.Duration) {
	for {
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-b.kick:
			timer.Stop()
		}
		b.mu.Lock()
		pause = b.grant(time.Now())
		if pause == 0 {
			b.pumping = false
			b.mu.Unlock()
			return
		}
		b.mu.Unlock()
	}
}

// grant gives turns to all who may go now, and returns how long the next one
// has to wait; 0 when nobody waits any more.
func (b *budget) grant(now time.Time) time.Duration {
	var held []*ticket
	pause := time.Duration(0)
	shorter := func(d time.Duration) {
		if d = max(d, time.Millisecond); pause == 0 || d < pause {
			pause = d
		}
	}
	for b.waiting.Len() > 0 {
		if missing := 1 - b.all.TokensAt(now); missing > 0 {
			shorter(time.Duration(missing / float64(b.all.Limit()) * float64(time.Second)))
			break
		}
		t, ok := heap.Pop(&b.waiting).(*ticket)
		if !ok || t.gone {
			continue
		}
		l := b.endpoints[t.endpoint]
		if l == nil {
			l = rate.NewLimiter(rate.Limit(b.each), b.each)
			b.endpoints[t.endpoint] = l
		}
		if missing := 1 - l.TokensAt(now); missing > 0 {
			shorter(time.Duration(missing / float64(l.Limit()) * float64(time.Second)))
			held = append(held, t)
			continue
		}
		b.all.AllowN(now, 1)
		l.AllowN(now, 1)
		close(t.granted)
	}
	for _, t := range held {
		heap.Push(&b.waiting, t)
	}
	if b.waiting.Len() == 0 {
		return 0
	}
	return max(pause, time.Millisecond)
}

// queue is a heap of tickets.
type queue []*ticket

// Len returns how many wait.
func (q queue) Len() int { return len(q) }

// Less puts who matters most first, then who came first.
func (q queue) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[i].priority, q[j].priority), cmp.Compare(q[i].arrival, q[j].arrival)) < 0
}

// Swap swaps two.
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push appends a ticket.
func (q *queue) Push(x any) {
	if t, ok := x.(*ticket); ok {
		*q = append(*q, t)
	}
}

// Pop takes the last ticket.
func (q *queue) Pop() any {
	old := *q
	t := old[len(old)-1]
	*q = old[:len(old)-1]
	return t
}
