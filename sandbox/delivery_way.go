package sandbox

import (
	"context"
	"sync"
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

	// wayBehind is how long, in real time, a delivery waits for calls that do not end before calls give way to it. An endpoint
	// that takes wayQuick or more, in milliseconds, for an answer is what deliveries wait for themselves.
	wayBehind, wayQuick = 5 * time.Second, 10
	// wayPassed is how many deliveries a call then lets pass: more than calls mostly make. It waits for wayHeld at most, in
	// real time.
	wayPassed, wayHeld = 8, 10 * time.Millisecond
	// wayCrowded is how long, in real time, calls give way after they were told last.
	wayCrowded = 3 * wayTurn
	// wayPause is how long, in real time, a call waits until it looks again.
	wayPause = 200 * time.Microsecond
)

// callTraffic is what the sandbox's calls are doing. While they follow each other closely, deliveries gather and leave
// together: a call is answered sooner, and to carry many in a row costs less than to carry each by itself. When calls never
// pause, deliveries fall behind, and then calls give way to them: they are never later by much more than wayBehind.
type callTraffic struct {
	under atomic.Int32
	// last is when a call ended last, in nanoseconds since 1970.
	last atomic.Int64
	// crowded is when deliveries last found that calls leave them no room, in nanoseconds since 1970.
	crowded atomic.Int64
	// carried counts the deliveries that were carried.
	carried atomic.Int64
	// gate lets calls give way one after the other.
	gate sync.Mutex
}

// begin is the beginning of a call, which gives way to deliveries that are far behind, until ctx ends.
func (t *callTraffic) begin(ctx context.Context) {
	if t.crowded.Load() != 0 {
		t.letPass(ctx)
	}
	t.under.Add(1)
}

func (t *callTraffic) end() {
	t.last.Store(time.Now().UnixNano())
	t.under.Add(-1)
}

// crowd tells calls that deliveries are far behind.
func (t *callTraffic) crowd(now time.Time) { t.crowded.Store(now.UnixNano()) }

// letPass waits until some deliveries were carried, as long as they are far behind, until its patience or ctx ends.
func (t *callTraffic) letPass(ctx context.Context) {
	t.gate.Lock()
	defer t.gate.Unlock()
	began, carried := time.Now(), t.carried.Load()
	for now := began; now.Sub(began) < wayHeld && t.carried.Load()-carried < wayPassed; now = time.Now() {
		if last := t.crowded.Load(); now.UnixNano()-last >= int64(wayCrowded) {
			t.crowded.CompareAndSwap(last, 0)
			return
		}
		if !wait(ctx, wayPause) {
			return
		}
	}
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
