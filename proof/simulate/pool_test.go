package simulate_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"sync"

	"github.com/vezne/vezne/internal/store"
)

// pool are real connections to a world's database that nobody uses. What a
// process leaves behind when it dies, the next one takes over, once its
// transaction is undone: the file is as if the connection had been closed, and
// opening one costs more than all that most processes ask.
type pool struct {
	mu   sync.Mutex
	idle []*realConn
}

// open takes a connection that is left, or opens one.
func (p *pool) open(d driver.Driver, dsn string) (*realConn, error) {
	if c := p.take(); c != nil {
		return c, nil
	}
	opened, err := store.KeepStatements(d).Open(dsn)
	if err != nil {
		return nil, err
	}
	inner, ok := opened.(sqliteConn)
	if !ok {
		return nil, errors.Join(errors.ErrUnsupported, opened.Close())
	}
	return &realConn{sqliteConn: inner}, nil
}

// take takes a connection that is left, nil when there is none.
func (p *pool) take() *realConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return nil
	}
	c := p.idle[n-1]
	p.idle = p.idle[:n-1]
	return c
}

// leave takes a connection back. One whose rows somebody still reads is closed.
func (p *pool) leave(c *realConn) error {
	if c.tx != nil {
		if err := c.tx.Rollback(); err != nil {
			return errors.Join(err, c.Close())
		}
	}
	if c.reading > 0 {
		return c.Close()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, c)
	return nil
}

// close closes what is left.
func (p *pool) close() error {
	var errs []error
	for _, c := range p.idle {
		errs = append(errs, c.Close())
	}
	p.idle = nil
	return errors.Join(errs...)
}

// sqliteConn is what the world uses of a connection.
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
}

// realConn is a real connection that knows what is open on it.
type realConn struct {
	sqliteConn
	tx      *realTx
	reading int
}

// BeginTx begins a transaction.
func (c *realConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := c.sqliteConn.BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	c.tx = &realTx{tx, c}
	return c.tx, nil
}

// QueryContext asks a question.
func (c *realConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.sqliteConn.QueryContext(ctx, query, args)
	if err != nil {
		return nil, err
	}
	c.reading++
	return &realRows{rows, c}, nil
}

// PrepareContext prepares a statement. Nobody says when it is closed, so that the
// connection is not taken over any more.
func (c *realConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.reading++
	return c.sqliteConn.PrepareContext(ctx, query)
}

// realRows are rows that somebody reads.
type realRows struct {
	driver.Rows
	of *realConn
}

// Close ends the reading.
func (r *realRows) Close() error {
	r.of.reading--
	return r.Rows.Close()
}

// realTx is a transaction that is open until its end.
type realTx struct {
	driver.Tx
	of *realConn
}

// Commit ends it.
func (t *realTx) Commit() error {
	t.of.tx = nil
	return t.Tx.Commit()
}

// Rollback undoes it.
func (t *realTx) Rollback() error {
	t.of.tx = nil
	return t.Tx.Rollback()
}
