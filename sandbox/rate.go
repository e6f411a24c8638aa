package sandbox

import (
	"sync"
	"time"
)

// rate counts an account's calls of the present second, in real time, when its settings limit them.
type rate struct {
	mu sync.Mutex
	// most is the limit of the account, mostOfOne that of one method and route; 0 is none.
	most, mostOfOne int64
	second, total   int64
	routes          map[string]int64
}

func (l *rate) set(most, mostOfOne int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.most, l.mostOfOne = most, mostOfOne
}

// take counts a call. It gives the reason of Stripe's header when the call is one too many, "" when it may run.
func (l *rate) take(now time.Time, route string) (reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.most == 0 && l.mostOfOne == 0 {
		return ""
	}
	if second := now.Unix(); second != l.second || l.routes == nil {
		l.second, l.total, l.routes = second, 0, map[string]int64{}
	}
	switch {
	case l.most > 0 && l.total >= l.most:
		return "global-rate"
	case l.mostOfOne > 0 && l.routes[route] >= l.mostOfOne:
		return "endpoint-rate"
	}
	l.total++
	l.routes[route]++
	return ""
}
