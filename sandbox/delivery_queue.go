package sandbox

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// endpointWorkers bounds the requests that are under way to one endpoint at a time.
	endpointWorkers = 4
	// reorderPatience is how long, in real time, a delivery that the reorder fault keeps back waits to be overtaken.
	// Idle does not wait that long: when nothing else is under way to the endpoint, what is kept back leaves.
	reorderPatience = 250 * time.Millisecond
)

// parcel is what one worker sends without a break: deliveries of one endpoint, one after the other.
type parcel struct {
	ids []string
	// pause is a delay in real time before the first.
	pause time.Duration
	// back asks to be overtaken by a later delivery.
	back bool
	// manual is a resend, which leaves the automatic attempts as they are.
	manual bool
	// since is when it began to wait for a worker.
	since time.Time
}

// addressed is a parcel with its endpoint.
type addressed struct {
	endpoint string
	parcel   parcel
}

// sender carries an account's deliveries: a queue per endpoint, a few workers for each, none while there is nothing to
// send. A reset or a restore replaces it; what the old one still had under way counts no more.
type sender struct {
	control *control
	ctx     context.Context
	cancel  context.CancelFunc
	workers int

	mu     sync.Mutex
	queues map[string]*endpointQueue
	busy   int
	// waiters counts those who wait for quiet.
	waiters int
	// quiet is closed when nothing is queued or under way any more; nil while nothing is.
	quiet chan struct{}
}

// endpointQueue is what waits for one endpoint.
type endpointQueue struct {
	waiting []parcel
	workers int
	// yields says that one of the workers gives way to calls before it begins.
	yields bool
	// back is what the reorder fault keeps back; the last leaves first.
	back  []parcel
	timer *time.Timer
	// resting are couriers without a worker, whose connections are still open.
	resting []*courier
}

func newSender(c *control) *sender {
	s := &sender{control: c, workers: endpointWorkers, queues: map[string]*endpointQueue{}}
	s.ctx, s.cancel = context.WithCancel(c.account.sandbox.closing)
	if c.deliveryFaults.strict != nil {
		s.workers = 1 // so that the order is the seed's and not the scheduler's
	}
	return s
}

// queue takes a parcel and returns at once.
func (s *sender) queue(endpoint string, p parcel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return
	}
	q := s.queues[endpoint]
	if q == nil {
		q = &endpointQueue{}
		s.queues[endpoint] = q
	}
	if s.busy == 0 {
		s.quiet = make(chan struct{})
	}
	s.busy += len(p.ids)
	if p.back {
		q.back = append(q.back, p)
		if q.timer == nil {
			q.timer = time.AfterFunc(reorderPatience, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.letGo(q)
			})
		}
		return
	}
	if !p.manual {
		p.ids = append(p.ids, q.takeBack()...)
	}
	s.push(q, p)
}

// push gives a parcel to a worker. The caller holds the lock.
func (s *sender) push(q *endpointQueue, p parcel) {
	if s.ctx.Err() != nil {
		return
	}
	p.since = time.Now()
	q.waiting = append(q.waiting, p)
	if q.workers < s.workers && !q.yields {
		q.workers++
		q.yields = s.control.account.sandbox.wired // without a network, as in testing/synctest, nothing is to be spared
		s.control.account.sandbox.background.Go(func() { s.begin(q) })
	}
}

// begin is a worker's start: it gives way to calls that follow each other closely. Those that have come in meanwhile get
// workers too.
func (s *sender) begin(q *endpointQueue) {
	sb := s.control.account.sandbox
	if sb.wired {
		sb.traffic.giveWay(s.ctx)
		s.mu.Lock()
		q.yields = false
		for q.workers < s.workers && q.workers < len(q.waiting) {
			q.workers++
			sb.background.Go(func() { s.work(q) })
		}
		s.mu.Unlock()
	}
	s.work(q)
}

// takeBack gives what the reorder fault kept back, the last first: it follows the delivery that overtook it.
func (q *endpointQueue) takeBack() (ids []string) {
	if q.timer != nil {
		q.timer.Stop()
		q.timer = nil
	}
	for _, p := range slices.Backward(q.back) {
		ids = append(ids, p.ids...)
	}
	q.back = nil
	return ids
}

// letGo sends what nothing overtook, one after the other. The caller holds the lock.
func (s *sender) letGo(q *endpointQueue) {
	if ids := q.takeBack(); len(ids) > 0 {
		s.push(q, parcel{ids: ids})
	}
}

// work sends what waits for an endpoint and ends when nothing does.
func (s *sender) work(q *endpointQueue) {
	c := s.courier(q)
	began := time.Now()
	for {
		e := s.nextOrEnd(q, c)
		if e == nil {
			return
		}
		for loaded := false; e != nil; {
			if e.pause > 0 {
				wait(s.ctx, e.pause)
			}
			if !loaded {
				c.turn(nil, Attempt{}, e)
			}
			attempt, done := c.attempt(*e)
			next, over := s.next(q, c), s.turnOver(q, began, attempt)
			if loaded = done && next != nil && next.pause == 0 && !over; loaded {
				c.turn(e, attempt, next)
			} else if done {
				c.turn(e, attempt, nil)
			}
			s.finished()
			s.control.account.sandbox.traffic.carried.Add(1)
			if over {
				s.control.account.sandbox.traffic.giveWay(s.ctx)
				began = time.Now()
			}
			e = next
		}
	}
}

// turnOver says whether a worker who began at an instant, and whose last attempt is known, gives way to calls again. Who
// waits for quiet is not kept waiting. What has waited for wayBehind is carried on, and calls are told when it is not the
// endpoint that takes so long.
func (s *sender) turnOver(q *endpointQueue, began time.Time, last Attempt) bool {
	sb, now := s.control.account.sandbox, time.Now()
	if !sb.wired || now.Sub(began) < wayTurn {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	behind := len(q.waiting) > 0 && now.Sub(q.waiting[0].since) >= wayBehind
	if behind && last.DurationMS < wayQuick {
		sb.traffic.crowd(now)
	}
	return s.waiters == 0 && !behind
}

// next is the courier's next errand, nil when nothing waits or the sender was stopped.
func (s *sender) next(q *endpointQueue, c *courier) *errand {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.take(q, c)
}

// take is next for a caller who holds the lock.
func (s *sender) take(q *endpointQueue, c *courier) *errand {
	if s.ctx.Err() != nil {
		return nil
	}
	pause := time.Duration(0)
	if len(c.parcel.ids) == 0 {
		if len(q.waiting) == 0 {
			return nil
		}
		c.parcel, q.waiting = q.waiting[0], q.waiting[1:]
		pause = c.parcel.pause
	}
	e := &errand{id: c.parcel.ids[0], pause: pause, manual: c.parcel.manual}
	c.parcel.ids = c.parcel.ids[1:]
	return e
}

// nextOrEnd is next; when there is nothing, the worker is counted no more and its courier rests.
func (s *sender) nextOrEnd(q *endpointQueue, c *courier) *errand {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.take(q, c); e != nil {
		return e
	}
	q.workers--
	if q.workers == 0 && s.waiters > 0 {
		s.letGo(q)
	}
	s.rest(q, c)
	return nil
}

// finished counts a delivery as done.
func (s *sender) finished() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy--; s.busy == 0 {
		close(s.quiet)
		s.quiet = nil
	}
}

// courier is one that rests, or a new one.
func (s *sender) courier(q *endpointQueue) *courier {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(q.resting) - 1
	if last < 0 {
		return &courier{sender: s}
	}
	c := q.resting[last]
	q.resting = q.resting[:last]
	c.idle.Stop()
	return c
}

// rest keeps a courier for the next worker; it hangs up after a while. The caller holds the lock.
func (s *sender) rest(q *endpointQueue, c *courier) {
	if s.ctx.Err() != nil || c.wire == nil {
		c.hangUp()
		return
	}
	q.resting = append(q.resting, c)
	if c.idle != nil {
		c.idle.Reset(idleConnection)
		return
	}
	c.idle = time.AfterFunc(idleConnection, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if i := slices.Index(q.resting, c); i >= 0 {
			q.resting = slices.Delete(q.resting, i, i+1)
			c.hangUp()
		}
	})
}

// settled waits until nothing is queued or under way. It returns the context's error when that ended first.
func (s *sender) settled(ctx context.Context) error {
	s.mu.Lock()
	s.waiters++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.waiters--
		s.mu.Unlock()
	}()
	for {
		s.mu.Lock()
		if s.ctx.Err() != nil || s.busy == 0 {
			s.mu.Unlock()
			return nil
		}
		for _, q := range s.queues {
			if q.workers == 0 {
				s.letGo(q)
			}
		}
		quiet := s.quiet
		s.mu.Unlock()
		select {
		case <-quiet:
		case <-s.ctx.Done():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// stop ends everything under way; what is sent after it is not recorded.
func (s *sender) stop() {
	s.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.queues {
		if q.timer != nil {
			q.timer.Stop()
			q.timer = nil
		}
		q.back, q.waiting = nil, nil
		for _, c := range q.resting {
			c.idle.Stop()
			c.hangUp()
		}
		q.resting = nil
	}
}
