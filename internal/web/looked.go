package web

import (
	"sync"
	"time"

	"github.com/vezne/vezne"
)

const (
	// freshFor is how long an answer of Stripe's about an order counts as new.
	freshFor = 2 * time.Second
	// maxLooked is how many orders are remembered.
	maxLooked = 10_000
)

// looked remembers when the script of an order's page last learned how the
// order stands. The desk asks Stripe about one order so often and no oftener; a
// page that its own script loads anew must not use that up a second time.
type looked struct {
	mu sync.Mutex
	at map[vezne.OrderID]time.Time
}

// note remembers an answer.
func (l *looked) note(id vezne.OrderID, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.at == nil || len(l.at) >= maxLooked {
		l.at = map[vezne.OrderID]time.Time{}
	}
	l.at[id] = now
}

// fresh reports whether Stripe has just answered.
func (l *looked) fresh(id vezne.OrderID, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.at[id]
	return ok && now.Sub(at) < freshFor
}
