package simulate_test

import (
	"cmp"
	"context"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"testing/synctest"
	"time"
)

// The scheduler makes a program of many goroutines deterministic. Everything
// that a goroutine does to the world, a step at the database or on the network,
// stops first and waits to be let go. Once every goroutine of the bubble stops
// or waits for time (synctest.Wait), the scheduler lets one go, chosen by the
// seed. Between two stops a goroutine touches memory only. Time passes when
// nobody stops any more.
type scheduler struct {
	rng *rand.Rand
	// arrived says that somebody stops.
	arrived chan struct{}

	mu      sync.Mutex
	stopped []*stop
	steps   int
	// trace is a sum over all that was let go: two runs of a seed have one.
	trace uint64
}

// stop is a goroutine that waits to be let go.
type stop struct {
	strand, label string
	// free reports whether it can go on now; nil is always.
	free func() bool
	gone chan struct{}
}

type strandKey struct{}

// strand names what a context belongs to: the name travels with the context
// through the whole engine to the database and the network.
func strand(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, strandKey{}, name)
}

func newScheduler(seed uint64) *scheduler {
	return &scheduler{rng: rand.New(rand.NewPCG(seed, 0x5c4ed)), arrived: make(chan struct{}, 1)}
}

// step stops until the scheduler lets the goroutine go on.
func (s *scheduler) step(ctx context.Context, label string) { s.await(ctx, label, nil) }

// await is step for somebody who can only go on while free says so, as one who
// waits for a lock.
func (s *scheduler) await(ctx context.Context, label string, free func() bool) {
	name, _ := ctx.Value(strandKey{}).(string)
	p := &stop{strand: name, label: label, free: free, gone: make(chan struct{})}
	s.mu.Lock()
	s.stopped = append(s.stopped, p)
	s.mu.Unlock()
	s.wake()
	<-p.gone
}

// wake has the scheduler look who can go on, instead of letting more time pass.
func (s *scheduler) wake() {
	select {
	case s.arrived <- struct{}{}:
	default:
	}
}

// release lets one go, and reports false when nobody stops. Those who stop are
// in an order that does not depend on who came first.
func (s *scheduler) release() bool {
	s.mu.Lock()
	if len(s.stopped) == 0 {
		s.mu.Unlock()
		return false
	}
	slices.SortStableFunc(s.stopped, func(a, b *stop) int {
		return cmp.Or(cmp.Compare(a.strand, b.strand), cmp.Compare(a.label, b.label))
	})
	var free []int
	for i, p := range s.stopped {
		if p.free == nil || p.free() {
			free = append(free, i)
		}
	}
	if len(free) == 0 {
		s.mu.Unlock()
		return false
	}
	i := free[s.rng.IntN(len(free))]
	p := s.stopped[i]
	s.stopped = slices.Delete(s.stopped, i, i+1)
	s.steps++
	h := fnv.New64a()
	h.Write([]byte(p.strand + "\x00" + p.label))
	s.trace = s.trace*1099511628211 ^ h.Sum64() ^ uint64(time.Now().UnixNano())
	s.mu.Unlock()
	close(p.gone)
	return true
}

// sleep lets time pass until an instant, or until somebody stops.
func (s *scheduler) sleep(until time.Time) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-s.arrived:
	case <-timer.C:
	}
}

// drain has everybody who can go on do so, without letting time pass.
func (s *scheduler) drain() {
	for {
		synctest.Wait()
		if !s.release() {
			return
		}
	}
}
