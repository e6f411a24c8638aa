package simulate_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"math/rand/v2"
	"time"
)

// In some worlds the disk is slow: a step at the database takes time, in which
// everybody else goes on. SQLite has one writer: whoever wants to write meanwhile
// waits behind it, as long as its context lets it, and whoever reads sees what was
// committed before.
//
// A step that takes time ends with a stop, so that two that end at one instant
// go on one after the other.

// slowness is how long steps of one kind take: mostly no time at all.
type slowness struct {
	rng *rand.Rand
	// one of so many steps takes time.
	of int
}

// The shares of the steps that take time, in a world whose disk is slow.
const (
	// slowSteps: one of so many begins, commits and questions.
	slowSteps = 6
	// slowStatements: one of so many statements inside of a transaction, which has
	// many of them.
	slowStatements = 60
)

// draw is how long a step takes. Most that are slow take what a busy disk takes,
// some longer than people think, and a few longer than any lease.
func (s slowness) draw() time.Duration {
	if s.rng.IntN(s.of) > 0 {
		return 0
	}
	limit := 300 * time.Millisecond
	switch n := s.rng.IntN(100); {
	case n < 1:
		limit = 4 * time.Minute
	case n < 4:
		limit = 40 * time.Second
	case n < 25:
		limit = 5 * time.Second
	}
	return time.Millisecond + time.Duration(s.rng.Int64N(int64(limit)))
}

// slow is how long a step at the database takes now.
func (w *weather) slow() time.Duration {
	if !w.climate.slow || w.clear || w.world.without["disk"] {
		return 0
	}
	return slowness{w.disk, slowSteps}.draw()
}

// pace says which statements of a transaction that begins take time, nil for
// none. It has a source of its own: they are not stops.
func (w *weather) pace() *slowness {
	if !w.climate.slow || w.clear || w.world.without["disk"] {
		return nil
	}
	return &slowness{rand.New(rand.NewPCG(w.disk.Uint64(), 0x57a7)), slowStatements}
}

// slowly lets a step take its time. Who is in it is at the disk: what it heard
// or read is not in the database yet, so that nothing can be said of it.
func (l *life) slowly(ctx context.Context, label string, d time.Duration) error {
	if d == 0 {
		return nil
	}
	l.world.stats.slow++
	l.enter(1)
	defer l.enter(-1)
	pause(ctx, d)
	l.world.sched.step(ctx, "end of "+label)
	return l.heard(ctx)
}

// heard returns an error when nobody is there any more who could hear an answer.
func (l *life) heard(ctx context.Context) error {
	if l.isDead() {
		return errGone
	}
	return l.tooLate(ctx.Err())
}

// tooLate notes that somebody had no time to write down what it heard.
func (l *life) tooLate(err error) error {
	if err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.hurried = true
	}
	return err
}

// inTime forgets who was too late: what they heard has been looked at.
func (l *life) inTime() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hurried = false
}

// slowly lets a statement of a transaction take its time. When the transaction's
// time is over, database/sql waits, by a lock that does not count as waiting in a
// bubble, for the statement to come back: it does so at once, without a stop.
func (c *conn) slowly(ctx context.Context, label string, d time.Duration) error {
	l := c.life
	if d == 0 {
		return nil
	}
	l.world.stats.slow++
	l.enter(1)
	defer l.enter(-1)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		l.world.sched.step(ctx, "end of "+label)
		return l.heard(ctx)
	case <-c.during.Done():
		return l.tooLate(c.during.Err())
	case <-ctx.Done():
		return l.tooLate(ctx.Err())
	}
}

// enter counts those who are at the disk, or wait for it, while time passes.
func (l *life) enter(n int) {
	l.world.mu.Lock()
	defer l.world.mu.Unlock()
	l.world.atDisk += n
}

// atWork reports whether somebody is in the middle of a step at the database.
func (w *world) atWork() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.atDisk > 0
}

// queue waits for the one writer's place, as long as the context lets it.
func (l *life) queue(ctx context.Context) error {
	l.enter(1)
	defer l.enter(-1)
	// Nobody arrives when a context ends: the scheduler is told.
	defer context.AfterFunc(ctx, l.world.sched.wake)()
	l.world.sched.await(ctx, "BEGIN", func() bool { return ctx.Err() != nil || l.free() })
	if l.isDead() {
		return nil
	}
	return l.tooLate(ctx.Err())
}

// gathered are rows that were read at once, and are handed over later.
type gathered struct {
	columns []string
	rows    [][]driver.Value
}

// gather reads all rows. What is kept is as it was when the question was asked.
func gather(of driver.Rows) (*gathered, error) {
	defer of.Close()
	g := &gathered{columns: of.Columns()}
	for {
		row := make([]driver.Value, len(g.columns))
		switch err := of.Next(row); {
		case errors.Is(err, io.EOF):
			return g, nil
		case err != nil:
			return nil, err
		}
		g.rows = append(g.rows, row)
	}
}

// Columns returns the names.
func (g *gathered) Columns() []string { return g.columns }

// Close lets go of what was not read.
func (g *gathered) Close() error { return nil }

// Next gives a row.
func (g *gathered) Next(into []driver.Value) error {
	if len(g.rows) == 0 {
		return io.EOF
	}
	copy(into, g.rows[0])
	g.rows = g.rows[1:]
	return nil
}
