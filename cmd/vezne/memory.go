package main

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// garbageRoom is how much garbage the sandbox lets gather before it is collected, in bytes, however little it keeps.
const garbageRoom = 256 << 20

// leaveRoom lets garbage gather to garbageRoom, or to the size of what is kept when that is more, as Go does. With
// nothing kept Go would collect every few megabytes, which is a good part of what a call costs. When nothing is done any
// more, until ctx ends, the garbage is collected and its memory given back. Whoever sets GOGC or GOMEMLIMIT has decided
// otherwise.
func leaveRoom(ctx context.Context) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	(&garbage{percent: 100}).follow()
	go giveBack(ctx)
}

// restLook is how often giveBack looks whether the program rests.
const restLook = 2 * time.Second

// giveBack gives memory back to the system when the program has come to rest, until ctx ends.
func giveBack(ctx context.Context) {
	look := time.NewTicker(restLook)
	defer look.Stop()
	allocated := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(allocated)
	r := rest{last: allocated[0].Value.Uint64(), given: allocated[0].Value.Uint64()}
	for {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
		if metrics.Read(allocated); r.begins(allocated[0].Value.Uint64()) {
			debug.FreeOSMemory()
		}
	}
}

// rest finds out when a program that was busy does nothing any more.
type rest struct {
	// last is how many bytes had been allocated at the last look, given when memory was last given back.
	last, given uint64
}

// begins says whether the program rests and has garbage to give back, now that so many bytes were allocated.
func (r *rest) begins(allocated uint64) bool {
	const little, much = 1 << 20, 8 << 20
	rests := allocated-r.last < little
	r.last = allocated
	if !rests || allocated-r.given < much {
		return false
	}
	r.given = allocated
	return true
}

// garbage sets, after each collection, how much more may gather until the next one.
type garbage struct{ percent int }

// follow runs once after each collection: what it leaves behind is the first to be collected by the next.
func (g *garbage) follow() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	percent := roomPercent(live[0].Value.Uint64())
	if percent != g.percent { // setting it stops the program for a moment
		g.percent = percent
		debug.SetGCPercent(percent)
	}
	mark := &struct{ of *garbage }{g}
	runtime.AddCleanup(mark, (*garbage).follow, g)
}

// roomPercent is GOGC for a heap of which live bytes are kept, in steps of fifty.
func roomPercent(live uint64) int {
	const least = 4 << 20 // the first collection has not been yet, or nothing is kept
	percent := garbageRoom * 100 / max(live, least)
	return max(100, int(percent/50*50))
}
