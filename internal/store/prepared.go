package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/vezne/vezne/internal/store/db"
)

// prepared runs the generated queries inside a transaction and prepares each
// text once, for statements that are repeated many times: SQLite reads and plans
// a statement anew each time otherwise, which costs as much as running it. It is
// not safe for concurrent use. Whoever made it closes it.
type prepared struct {
	tx         *sql.Tx
	statements map[string]*sql.Stmt
}

var _ db.DBTX = (*prepared)(nil)

func newPrepared(tx *sql.Tx) *prepared {
	return &prepared{tx: tx, statements: map[string]*sql.Stmt{}}
}

// PrepareContext prepares a text that was not prepared yet.
func (p *prepared) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := p.statements[query]; ok {
		return s, nil
	}
	s, err := p.tx.PrepareContext(ctx, query)
	if err == nil {
		p.statements[query] = s
	}
	return s, err
}

// ExecContext runs a statement.
func (p *prepared) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s, err := p.PrepareContext(ctx, query) //nolint:sqlclosecheck // close closes it
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

// QueryContext runs a query.
func (p *prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := p.PrepareContext(ctx, query) //nolint:sqlclosecheck // close closes it
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// QueryRowContext runs a query for one row. One that cannot be prepared is run as
// it is, which says why.
func (p *prepared) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	s, err := p.PrepareContext(ctx, query) //nolint:sqlclosecheck // close closes it
	if err != nil {
		return p.tx.QueryRowContext(ctx, query, args...)
	}
	return s.QueryRowContext(ctx, args...)
}

// close gives the statements back. The end of the transaction would too.
func (p *prepared) close() error {
	var errs []error
	for _, s := range p.statements {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// repeated runs f with queries that are prepared once, where there are more than
// one to run and the connection does not keep them by itself.
func (tx *Tx) repeated(times int, f func(q *db.Queries) error) (err error) {
	if times < 2 || tx.s.owned {
		return f(tx.q)
	}
	p := newPrepared(tx.tx)
	defer func() { err = errors.Join(err, p.close()) }()
	return f(db.New(p))
}
