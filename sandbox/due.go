package sandbox

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"
)

// dueJob is something that happens by itself at an instant of the account's clock, or of a test clock, in seconds.
type dueJob struct {
	at, seq int64
	job, id string
	// clock is the id of the test clock, "" for the account's.
	clock string
	// scope is the connected account that it belongs to, "" for the account itself.
	scope string
}

// dueHeap has the next job first: by instant, then by the order of planning.
type dueHeap []dueJob

func (h dueHeap) less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].at, h[j].at), cmp.Compare(h[i].seq, h[j].seq)) < 0
}

// push adds a job. container/heap would do the same with an allocation for each job.
func (h *dueHeap) push(d dueJob) {
	*h = append(*h, d)
	h.up(len(*h) - 1)
}

// pop takes the next job.
func (h *dueHeap) pop() dueJob { return h.take(0) }

// remove takes a job out by its number, and says whether it was there.
func (h *dueHeap) remove(seq int64) bool {
	i := slices.IndexFunc(*h, func(d dueJob) bool { return d.seq == seq })
	if i >= 0 {
		h.take(i)
	}
	return i >= 0
}

// take takes the job at a place. The last one takes its place, and moves to where it belongs.
func (h *dueHeap) take(at int) dueJob {
	jobs, last := *h, len(*h)-1
	d := jobs[at]
	jobs[at], jobs[last] = jobs[last], dueJob{}
	*h = jobs[:last]
	if at < last {
		h.down(at)
		h.up(at)
	}
	return d
}

// up moves a job before those that are due after it.
func (h dueHeap) up(at int) {
	for above := (at - 1) / 2; at > 0 && h.less(at, above); above = (at - 1) / 2 {
		h[at], h[above] = h[above], h[at]
		at = above
	}
}

// down moves a job behind those that are due before it.
func (h dueHeap) down(at int) {
	for {
		next := 2*at + 1
		if next+1 < len(h) && h.less(next+1, next) {
			next++
		}
		if next >= len(h) || !h.less(next, at) {
			return
		}
		h[at], h[next] = h[next], h[at]
		at = next
	}
}

// plan puts a job on the heap of its clock.
func (a *account) plan(d dueJob) {
	if d.clock == "" {
		a.jobs.push(d)
		return
	}
	h := a.clocks[d.clock]
	if h == nil {
		h = &dueHeap{}
		a.clocks[d.clock] = h
	}
	h.push(d)
}

// unplan takes the job of a number off its heap.
func (a *account) unplan(seq int64) {
	if a.jobs.remove(seq) {
		return
	}
	for _, h := range a.clocks {
		if h.remove(seq) {
			return
		}
	}
}

// planned are all jobs of the account, those of its test clocks too.
func (a *account) planned() []dueJob {
	all := slices.Clone([]dueJob(a.jobs))
	for _, id := range slices.Sorted(maps.Keys(a.clocks)) {
		all = append(all, *a.clocks[id]...)
	}
	return all
}

// runPast runs what is due by now, each job at its own instant. Nothing runs when nothing can be stored. The caller holds the
// lock.
func (a *account) runPast() {
	a.wake()
	for a.sandbox.journal.failure() == nil && len(a.jobs) > 0 && a.jobs[0].at <= a.now() {
		a.runNext()
	}
}

// runNext runs the next job at its own instant.
func (a *account) runNext() {
	d := a.jobs.pop()
	if d.job == clockJob {
		a.runClock(d.id)
	}
	a.runJob(&accountTx{account: a, now: d.at}, d)
}

// runJob runs a job that was taken off its heap.
func (a *account) runJob(tx *accountTx, d dueJob) {
	tx.ran, tx.job, tx.scope = d.seq, d.job, d.scope
	err := a.transact(tx, func(tx *accountTx) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v", p)
			}
		}()
		return dueJobs[d.job](tx, d.id)
	})
	if err != nil {
		if !keepsChanges(err) {
			a.recordRan(d)
		}
		a.fail(d, err)
	}
}

// alarm is what a timer was set for.
type alarm struct {
	at    int64
	clock accountClock
}

// arm sets the account's one timer for the next job. What is due already runs at once, in the timer's goroutine, so that
// the answer of the call that planned it comes first. A frozen clock waits for advance. The caller holds the lock.
func (a *account) arm() {
	if a.closed || len(a.jobs) == 0 || a.sandbox.journal.failure() != nil {
		a.disarm()
		return
	}
	next := alarm{a.jobs[0].at, a.clock}
	if a.timer != nil && a.alarm == next && a.sandbox.options.Clock == nil { // a clock of the caller's may have jumped
		return
	}
	a.disarm()
	wait := time.Unix(next.at, 0).Sub(a.instant())
	if wait > 0 && a.clock.frozen {
		return
	}
	a.sandbox.background.Add(1)
	a.alarm = next
	var timer *time.Timer
	timer = time.AfterFunc(max(wait, 0), func() { a.fire(&timer) })
	a.timer = timer
}

func (a *account) disarm() {
	if a.timer != nil && a.timer.Stop() {
		a.sandbox.background.Done()
	}
	a.timer = nil
}

// fire is what a timer runs.
func (a *account) fire(timer **time.Timer) {
	defer a.sandbox.background.Done()
	since, err := a.sandbox.journal.enter()
	a.mu.Lock()
	if a.timer == *timer { // else another one has taken its place meanwhile
		a.timer = nil
	}
	if !a.closed {
		a.runPast()
		a.arm()
	}
	a.mu.Unlock()
	if err == nil {
		err = a.durable(since)
	}
	if err != nil {
		a.sandbox.log.Error("What fell due could not be stored.", slog.String("account", a.name), slog.Any("error", err))
	}
}
