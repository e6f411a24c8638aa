package sandbox

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	// quietTime is how long, in real time, no call may have been under way for deliveries to leave at once.
	quietTime = time.Millisecond
	// wayPatience is how long, in real time, deliveries give way to calls that do not end; wayTurn is how long they then go
	// on, until they give way again.
	wayPatience, wayTurn = 100 * time.Millisecond, 10 * time.Millisecond
	// wayLook is how long, in real time, they wait at most until they look again.
	wayLook = 4 * time.Millisecond
)

// callTraffic is what the sandbox's calls are doing. While they follow each other closely, deliveries gather and leave
// together: a call is answered sooner, and to carry many in a row costs less than to carry each by itself. What is left behind
// by calls that never pause is carried when they do.
type callTraffic struct {
	under atomic.Int32
	// last is when a call ended last, in nanoseconds since 1970.
	last atomic.Int64
}

func (t *callTraffic) begin() { t.under.Add(1) }

func (t *callTraffic) end() {
	t.last.Store(time.Now().UnixNano())
	t.under.Add(-1)
}

// quiet says whether no call is under way and none was a moment ago.
func (t *callTraffic) quiet(now time.Time) bool {
	return t.under.Load() == 0 && now.UnixNano()-t.last.Load() >= int64(quietTime)
}

// giveWay waits until there is no traffic, until its patience or ctx ends.
func (t *callTraffic) giveWay(ctx context.Context) {
	began, look := time.Now(), quietTime
	for now := began; !t.quiet(now) && now.Sub(began) < wayPatience; now = time.Now() {
		if !wait(ctx, look) {
			return
		}
		look = min(2*look, wayLook)
	}
}
