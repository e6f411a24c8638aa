package sandbox

import (
	"cmp"
	"container/heap"
	"fmt"
	"log/slog"
	"time"
)

// dueJob is something that happens by itself at an instant of the account's clock, in seconds.
type dueJob struct {
	at, seq int64
	job, id string
}

// dueHeap has the next job first: by instant, then by the order of planning.
type dueHeap []dueJob

func (h dueHeap) Len() int { return len(h) }
func (h dueHeap) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].at, h[j].at), cmp.Compare(h[i].seq, h[j].seq)) < 0
}
func (h dueHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push and Pop belong to container/heap; push and pop are for others.
func (h *dueHeap) Push(x any) { *h = append(*h, x.(dueJob)) }
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	d := (*h)[last]
	*h = (*h)[:last]
	return d
}
func (h *dueHeap) push(d dueJob) { heap.Push(h, d) }

// remove takes a job out by its number.
func (h *dueHeap) remove(seq int64) {
	for i, d := range *h {
		if d.seq == seq {
			heap.Remove(h, i)
			return
		}
	}
}
func (h *dueHeap) pop() dueJob { return heap.Pop(h).(dueJob) }

// accountClock is the account's time: the sandbox's plus an offset, or frozen.
type accountClock struct {
	offset time.Duration
	frozen bool
	at     time.Time
}

// now is the account's time. The caller holds the account's lock.
func (a *account) now() time.Time {
	if a.clock.frozen {
		return a.clock.at
	}
	return a.sandbox.now().Add(a.clock.offset)
}

// setNow makes the account's time t from now on.
func (a *account) setNow(t time.Time, frozen bool) {
	a.clock = accountClock{frozen: frozen, at: t}
	if !frozen {
		a.clock = accountClock{offset: t.Sub(a.sandbox.now())}
	}
	a.recordClock()
}

// runDue runs what is due by now, each job at its own instant. The caller holds the lock.
func (a *account) runDue() {
	for len(a.jobs) > 0 && a.jobs[0].at <= a.now().Unix() {
		a.runNext()
	}
}

// runNext runs the next job at its own instant.
func (a *account) runNext() {
	d := a.jobs.pop()
	tx := &Tx{account: a, now: d.at, ran: d.seq}
	err := a.transact(tx, func(tx *Tx) (err error) {
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

// arm sets the account's one timer for the next job. What is due already runs at once, in the timer's goroutine, so that
// the answer of the call that planned it comes first. A frozen clock waits for advance. The caller holds the lock.
func (a *account) arm() {
	a.disarm()
	if a.closed || len(a.jobs) == 0 {
		return
	}
	wait := time.Unix(a.jobs[0].at, 0).Sub(a.now())
	if wait > 0 && a.clock.frozen {
		return
	}
	a.sandbox.background.Add(1)
	a.timer = time.AfterFunc(max(wait, 0), a.fire)
}

func (a *account) disarm() {
	if a.timer != nil && a.timer.Stop() {
		a.sandbox.background.Done()
	}
	a.timer = nil
}

// fire is what the timer runs.
func (a *account) fire() {
	defer a.sandbox.background.Done()
	a.mu.Lock()
	if !a.closed {
		a.timer = nil
		a.runDue()
		a.arm()
	}
	a.mu.Unlock()
	if err := a.durable(); err != nil {
		a.sandbox.log.Error("What fell due could not be stored.", slog.String("account", a.name), slog.Any("error", err))
	}
}

// advance moves the clock to an instant, forward only, and then lets it run or keeps it frozen. All that falls due on the
// way runs in order, each job with the clock at its own instant; between two jobs deliveries come to rest. It returns an
// error when the instant is past, or when what changed could not be stored.
func (a *account) advance(to time.Time, frozen bool) error {
	a.advancing.Lock()
	defer a.advancing.Unlock()
	if err := a.advanceTo(to, frozen); err != nil {
		return err
	}
	return a.durable()
}

func (a *account) advanceTo(to time.Time, frozen bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if to.Before(a.now().Truncate(time.Second)) {
		return fmt.Errorf("the clock only goes forward: it is %s", a.now().UTC().Format(time.RFC3339))
	}
	for len(a.jobs) > 0 && a.jobs[0].at <= to.Unix() {
		if at := time.Unix(a.jobs[0].at, 0); at.After(a.now()) {
			a.clock = accountClock{frozen: true, at: at}
		} else {
			a.clock = accountClock{frozen: true, at: a.now()}
		}
		a.disarm()
		a.runNext()
		a.rest()
	}
	a.setNow(to, frozen)
	a.arm()
	return nil
}

// rest waits, without the lock, until deliveries are done with what has been committed.
func (a *account) rest() {
	settled := a.sandbox.seams.settled
	if settled == nil {
		return
	}
	a.mu.Unlock()
	defer a.mu.Lock()
	settled(a)
}

// outstanding says whether a job is due and has not run.
func (a *account) outstanding() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.jobs) > 0 && a.jobs[0].at <= a.now().Unix()
}
