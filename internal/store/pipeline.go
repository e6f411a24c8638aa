package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/vezne/vezne/internal/store/db"
)

// pipeline collects statements of the generated queries instead of sending them
// one by one: PostgreSQL gets all of them in one round trip.
type pipeline struct{ batch pgx.Batch }

// errQueued is what a query is answered that was only collected.
var errQueued = errors.New("store: the statement is sent later")

// ExecContext collects a statement.
func (p *pipeline) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	p.batch.Queue(query, args...)
	return driver.RowsAffected(0), nil
}

// QueryContext collects a statement, and fails with errQueued.
func (p *pipeline) QueryContext(_ context.Context, query string, args ...any) (*sql.Rows, error) {
	p.batch.Queue(query, args...)
	return nil, errQueued
}

// PrepareContext is not for a pipeline.
func (p *pipeline) PrepareContext(context.Context, string) (*sql.Stmt, error) {
	return nil, errors.ErrUnsupported
}

// QueryRowContext is not for a pipeline: its row would have to be there.
func (p *pipeline) QueryRowContext(context.Context, string, ...any) *sql.Row { return nil }

// pipelined reports whether the transaction can send many statements at once:
// on PostgreSQL, unless somebody wraps the driver.
func (tx *Tx) pipelined() bool {
	if tx.s.dialect != Postgres {
		return false
	}
	pgx := false
	err := tx.conn.Raw(func(conn any) error {
		_, pgx = conn.(*stdlib.Conn)
		return nil
	})
	return err == nil && pgx
}

// send sends what was collected; each is given the answer of a statement, in
// their order.
func (tx *Tx) send(ctx context.Context, p *pipeline, each func(r pgx.BatchResults) error) error {
	return tx.conn.Raw(func(conn any) (err error) {
		c, ok := conn.(*stdlib.Conn)
		if !ok {
			return errors.ErrUnsupported
		}
		results := c.Conn().SendBatch(ctx, &p.batch)
		defer func() { err = errors.Join(err, results.Close()) }()
		for range p.batch.Len() {
			if err := each(results); err != nil {
				return err
			}
		}
		return nil
	})
}

// storeEvents stores events in their order and returns what is kept of each.
func (tx *Tx) storeEvents(ctx context.Context, events []db.StoreEventParams) ([]db.StoreEventRow, error) {
	rows := make([]db.StoreEventRow, 0, len(events))
	if !tx.pipelined() {
		err := tx.repeated(len(events), func(q *db.Queries) error {
			for _, e := range events {
				kept, err := q.StoreEvent(ctx, e)
				if err != nil {
					return err
				}
				rows = append(rows, kept...)
			}
			return nil
		})
		return rows, err
	}
	p := &pipeline{}
	for _, e := range events {
		if _, err := db.New(p).StoreEvent(ctx, e); !errors.Is(err, errQueued) {
			return nil, err
		}
	}
	err := tx.send(ctx, p, func(r pgx.BatchResults) error {
		var row db.StoreEventRow
		err := r.QueryRow().Scan(&row.Deliveries, &row.Number)
		rows = append(rows, row)
		return err
	})
	return rows, err
}

// setMarks sets marks in their order.
func (tx *Tx) setMarks(ctx context.Context, marks []db.SetMarkParams) error {
	all := func(q *db.Queries) error {
		for _, m := range marks {
			if err := q.SetMark(ctx, m); err != nil {
				return err
			}
		}
		return nil
	}
	if len(marks) == 0 || !tx.pipelined() {
		return tx.repeated(len(marks), all)
	}
	p := &pipeline{}
	if err := all(db.New(p)); err != nil {
		return err
	}
	return tx.send(ctx, p, func(r pgx.BatchResults) error {
		_, err := r.Exec()
		return err
	})
}
