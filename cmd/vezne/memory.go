package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// garbageRoom is how much garbage the sandbox lets gather before it is collected, in bytes, however little it keeps.
const garbageRoom = 64 << 20

// leaveRoom lets garbage gather to garbageRoom, or to the size of what is kept when that is more, as Go does. With
// nothing kept Go would collect every few megabytes, which is a good part of what a call costs. Whoever sets GOGC or
// GOMEMLIMIT has decided otherwise.
func leaveRoom() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	(&garbage{percent: 100}).follow()
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
