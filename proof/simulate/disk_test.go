package simulate_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
)

// errGone is what a database says that cannot be reached, and what everything
// says to a process that is dead.
var errGone = fmt.Errorf("the connection is gone: %w", io.ErrUnexpectedEOF)

// life is one life of the process: from a start to its death. Every step that
// it takes at the database or on the network is counted; at the step that its
// fuse says, it dies: this step and all that follow fail.
type life struct {
	world *world

	mu   sync.Mutex
	dead bool
	// fuse is how many steps are left, 0 for no end.
	fuse int
	// troubled is true once the database refused something or lost an answer.
	troubled bool
	// hurried is true when the database was too slow for somebody since the last
	// look.
	hurried bool
	// refuse is how many steps the database refuses from now on.
	refuse int
	// lose is true when the answer of the next COMMIT is lost.
	lose bool
	// conns are the open connections, which end with the process.
	conns map[*conn]struct{}
	// writer is the connection whose transaction is open, nil for none: the
	// others wait for it, as they do for the one writer of a file.
	writer *conn
}

func newLife(w *world) *life { return &life{world: w, conns: map[*conn]struct{}{}} }

// take counts a step. It returns errGone when the process is dead or the
// database refuses.
func (l *life) take(database bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return errGone
	}
	if l.fuse > 0 {
		if l.fuse--; l.fuse == 0 {
			l.dead = true
			l.world.stats.crashes++
			return errGone
		}
	}
	if database && l.refuse > 0 {
		l.refuse--
		l.troubled = true
		return errGone
	}
	return nil
}

// kill ends the process at this step.
func (l *life) kill() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.dead {
		l.dead = true
		l.world.stats.crashes++
	}
}

// isTroubled reports whether what the process heard may be lost: its database
// failed, or it is dead.
func (l *life) isTroubled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dead || l.troubled || l.hurried
}

func (l *life) isDead() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dead
}

// end closes what the process held open, as the system does. Everybody stands
// still meanwhile.
func (l *life) end() error {
	l.mu.Lock()
	l.dead = true
	conns := l.conns
	l.conns = map[*conn]struct{}{}
	l.mu.Unlock()
	var errs []error
	for c := range conns {
		errs = append(errs, c.hang())
	}
	return errors.Join(errs...)
}

// step stops, then counts.
func (l *life) step(ctx context.Context, label string) error {
	l.world.sched.step(ctx, label)
	return l.take(true)
}

// free reports whether nobody writes, or it does not matter any more.
func (l *life) free() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.writer == nil || l.dead
}

func (l *life) hold(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writer = c
}

// leave ends the connection's transaction.
func (c *conn) leave() {
	c.in = false
	c.life.mu.Lock()
	wrote := c.life.writer == c && !c.closed
	if c.life.writer == c {
		c.life.writer = nil
	}
	c.life.mu.Unlock()
	if wrote {
		c.life.world.undone()
	}
	c.life.world.sched.wake()
}

// connector opens connections of a life through a real driver.
type connector struct {
	life  *life
	inner driver.Driver
	dsn   string
}

// Connect opens a connection.
func (c *connector) Connect(context.Context) (driver.Conn, error) {
	if c.life.isDead() {
		return nil, errGone
	}
	inner, err := c.life.world.pool.open(c.inner, c.dsn)
	if err != nil {
		return nil, err
	}
	opened := &conn{life: c.life, inner: inner}
	c.life.mu.Lock()
	c.life.conns[opened] = struct{}{}
	c.life.mu.Unlock()
	return opened, nil
}

// Driver returns the real driver.
func (c *connector) Driver() driver.Driver { return c.inner }

// conn is a connection whose every step is counted.
type conn struct {
	life  *life
	inner *realConn
	// in is true inside of a transaction; during is its context, and pace says which
	// of its statements take time, nil for none.
	in     bool
	during context.Context
	pace   *slowness
	closed bool
}

// hang leaves the real connection; a transaction that is open is undone.
func (c *conn) hang() error {
	if c.closed {
		return nil
	}
	c.closed = true
	if c.in {
		c.life.world.undone()
	}
	return c.life.world.pool.leave(c.inner)
}

// Close closes the connection.
func (c *conn) Close() error {
	c.life.mu.Lock()
	delete(c.life.conns, c)
	c.life.mu.Unlock()
	return c.hang()
}

// statement is a step of one statement.
func (c *conn) statement(ctx context.Context, query string) error {
	if !c.in {
		if err := c.life.step(ctx, name(query)); err != nil {
			return err
		}
		return c.life.slowly(ctx, name(query), c.life.world.weather.slow())
	}
	// Nobody else writes meanwhile: it is counted only.
	if err := c.life.take(true); err != nil || c.pace == nil {
		return err
	}
	return c.slowly(ctx, name(query), c.pace.draw())
}

// name shortens a statement to what tells it from others.
func name(query string) string {
	if rest, ok := strings.CutPrefix(query, "-- name: "); ok {
		query, _, _ = strings.Cut(rest, " ")
		return query
	}
	return strings.TrimSpace(query[:min(len(query), 48)])
}

// ExecContext runs a statement.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.statement(ctx, query); err != nil {
		return nil, err
	}
	return c.inner.ExecContext(ctx, query, args)
}

// QueryContext asks a question. Outside of a transaction the answer may be on its
// way for long: then it is as it was when it was asked.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.statement(ctx, query); err != nil {
		return nil, err
	}
	found, err := c.inner.QueryContext(ctx, query, args)
	if err != nil || c.in {
		return found, err
	}
	d := c.life.world.weather.slow()
	if d == 0 {
		return found, nil
	}
	kept, err := gather(found)
	if err == nil {
		err = c.life.slowly(ctx, "answer of "+name(query), d)
	}
	return kept, err
}

// Prepare is not used by the store; it is counted by what is run on it.
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext prepares a statement.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.statement(ctx, query); err != nil {
		return nil, err
	}
	return c.inner.PrepareContext(ctx, query)
}

// Begin begins a transaction.
func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// BeginTx begins a transaction.
func (c *conn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	w := c.life.world
	if err := errors.Join(c.life.queue(ctx), c.life.take(true)); err != nil {
		return nil, err
	}
	c.in, c.during, c.pace = true, ctx, w.weather.pace()
	c.life.hold(c)
	if err := c.life.slowly(ctx, "BEGIN", w.weather.slow()); err != nil {
		c.leave()
		return nil, err
	}
	tx, err := c.inner.BeginTx(ctx, o)
	if err != nil {
		c.leave()
		return nil, err
	}
	return &transaction{conn: c, inner: tx, ctx: ctx}, nil
}

// Ping asks whether the database is there.
func (c *conn) Ping(context.Context) error { return c.life.take(true) }

// IsValid reports whether the pool may keep the connection.
func (c *conn) IsValid() bool { return !c.closed && !c.life.isDead() }

// transaction is one whose end is a step.
type transaction struct {
	conn  *conn
	inner driver.Tx
	ctx   context.Context
}

// Commit commits. The process may die before or after it, and the answer may be
// late, or lost on the way. It does not end with its context.
func (t *transaction) Commit() error {
	l, ctx := t.conn.life, context.WithoutCancel(t.ctx)
	err := l.step(ctx, "COMMIT")
	if err == nil {
		err = l.slowly(ctx, "COMMIT", l.world.weather.slow())
	}
	if err != nil {
		defer t.conn.leave()
		if t.conn.closed {
			return err
		}
		return errors.Join(err, t.inner.Rollback())
	}
	err = t.inner.Commit()
	l.world.committed()
	t.conn.leave()
	if err != nil {
		return err
	}
	if err := l.slowly(ctx, "answer of COMMIT", l.world.weather.slow()); err != nil {
		return err
	}
	l.mu.Lock()
	lost := l.lose
	l.lose = false
	l.troubled = l.troubled || lost
	l.mu.Unlock()
	if lost {
		l.world.stats.lostCommits++
		return errGone
	}
	return l.take(false)
}

// Rollback undoes. It needs no answer.
func (t *transaction) Rollback() error {
	defer t.conn.leave()
	if t.conn.closed {
		return errGone
	}
	return t.inner.Rollback()
}
