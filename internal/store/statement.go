package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
)

// KeepStatements returns SQLite's driver with connections that keep the
// statements which they have prepared. Reading and planning a statement costs
// about as much as running it, and database/sql has it done each time.
func KeepStatements(d driver.Driver) driver.Driver { return keeper{d} }

// openKeeping opens SQLite so that its connections keep their statements.
func openKeeping(dsn string) (*sql.DB, error) {
	plain, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	// It has opened nothing yet: only its driver is of use.
	return sql.OpenDB(connector{KeepStatements(plain.Driver()), dsn}), plain.Close()
}

// connector opens connections by a driver and a name.
type connector struct {
	driver driver.Driver
	name   string
}

// Connect opens a connection.
func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.name) }

// Driver returns the driver.
func (c connector) Driver() driver.Driver { return c.driver }

type keeper struct{ driver.Driver }

// Open opens a connection.
func (k keeper) Open(name string) (driver.Conn, error) {
	opened, err := k.Driver.Open(name)
	if err != nil {
		return nil, err
	}
	inner, ok := opened.(sqliteConn)
	if !ok {
		return nil, errors.Join(errors.ErrUnsupported, opened.Close())
	}
	return &keepingConn{sqliteConn: inner, statements: map[string]*statement{}}, nil
}

// sqliteConn is what a connection of SQLite's driver can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// keepingConn is a connection and the statements that it has prepared. As every
// connection, it is used by one goroutine at a time.
type keepingConn struct {
	sqliteConn
	statements map[string]*statement
}

// statement is one that is kept, and whether somebody still reads its rows.
type statement struct {
	driver.Stmt
	busy bool
}

const (
	// named begins the texts that are worth keeping: those of queries that were
	// generated, here and in River. Others are run once.
	named = "-- name: "
	// maxKept bounds what a connection keeps, for texts that are put together.
	maxKept = 256
)

// ready returns a statement that can be run, nil for one that is not kept or
// whose rows are still read.
func (c *keepingConn) ready(ctx context.Context, query string) (*statement, error) {
	if !strings.HasPrefix(query, named) {
		return nil, nil
	}
	if s, ok := c.statements[query]; ok {
		if s.busy {
			return nil, nil
		}
		return s, nil
	}
	if err := c.makeRoom(); err != nil {
		return nil, err
	}
	prepared, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s := &statement{Stmt: prepared}
	c.statements[query] = s
	return s, nil
}

// makeRoom closes what nobody uses once too much is kept.
func (c *keepingConn) makeRoom() error {
	if len(c.statements) < maxKept {
		return nil
	}
	var errs []error
	for query, s := range c.statements {
		if !s.busy {
			delete(c.statements, query)
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(errs...)
}

// ExecContext runs a statement.
func (c *keepingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.ready(ctx, query)
	if err != nil {
		return nil, err
	}
	if s != nil {
		if run, ok := s.Stmt.(driver.StmtExecContext); ok {
			return run.ExecContext(ctx, args)
		}
	}
	return c.sqliteConn.ExecContext(ctx, query, args)
}

// QueryContext asks a question. Its statement is free again when its rows are
// closed.
func (c *keepingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.ready(ctx, query)
	if err != nil {
		return nil, err
	}
	if s != nil {
		if ask, ok := s.Stmt.(driver.StmtQueryContext); ok {
			rows, err := ask.QueryContext(ctx, args)
			if err != nil {
				return nil, err
			}
			s.busy = true
			return &keptRows{rows, s}, nil
		}
	}
	return c.sqliteConn.QueryContext(ctx, query, args)
}

// keptRows are the rows of a kept statement.
type keptRows struct {
	driver.Rows
	of *statement
}

// Close frees the statement.
func (r *keptRows) Close() error {
	err := r.Rows.Close()
	r.of.busy = false
	return err
}

// Close closes the statements and the connection.
func (c *keepingConn) Close() error {
	var errs []error
	for _, s := range c.statements {
		errs = append(errs, s.Close())
	}
	clear(c.statements)
	return errors.Join(append(errs, c.sqliteConn.Close())...)
}
