package web

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/vezne/vezne"
)

// How often somebody may try to sign in: a few times at once, then slowly, for
// each address and for each name from an address.
const (
	signInBurst = 8
	signInEvery = 10 * time.Second
	// maxThrottled is how many addresses and names are remembered.
	maxThrottled = 10_000
)

// throttle slows down who tries passwords. It is kept per process.
type throttle struct {
	clock vezne.Clock
	mu    sync.Mutex
	known map[string]*rate.Limiter
}

func newThrottle(clock vezne.Clock) *throttle {
	return &throttle{clock: clock, known: map[string]*rate.Limiter{}}
}

// wait returns how long to wait before the next try of all keys; 0 allows one
// now.
func (t *throttle) wait(keys ...string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock.Now()
	longest := time.Duration(0)
	var taken []*rate.Reservation
	for _, key := range keys {
		l := t.known[key]
		if l == nil {
			t.forget(now)
			l = rate.NewLimiter(rate.Every(signInEvery), signInBurst)
			t.known[key] = l
		}
		r := l.ReserveN(now, 1)
		taken = append(taken, r)
		longest = max(longest, r.DelayFrom(now))
	}
	if longest > 0 {
		for _, r := range taken {
			r.CancelAt(now)
		}
	}
	return longest
}

// forget makes room: first those who have their full number of tries again,
// and all when that is not enough.
func (t *throttle) forget(now time.Time) {
	if len(t.known) < maxThrottled {
		return
	}
	for key, l := range t.known {
		if l.TokensAt(now) >= signInBurst {
			delete(t.known, key)
		}
	}
	if len(t.known) >= maxThrottled {
		clear(t.known)
	}
}

// succeeded forgets the tries of keys: whoever knows the password is no guesser.
func (t *throttle) succeeded(keys ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range keys {
		delete(t.known, key)
	}
}
