package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// schema keeps River's tables apart from those of an application that uses
// River itself in the same database, perhaps in another version.
const schema = "vezne_jobs"

// poolSize is how many connections jobs take of a database that was handed in.
const poolSize = 4

// migrationLock is the key of the advisory lock during a migration.
const migrationLock = 0x76657a6e656a // "veznej"

// postgresQueue is River on PostgreSQL.
type postgresQueue struct {
	client *river.Client[pgx.Tx]
	pool   *pgxpool.Pool
	// owned is true when the pool was made here.
	owned bool
}

func newPostgres(ctx context.Context, j *Jobs) (queue, error) {
	const op = "jobs.New"
	q := &postgresQueue{pool: j.cfg.Store.Pool()}
	if q.pool == nil {
		pool, err := poolOf(ctx, j.cfg.Store)
		if err != nil {
			return nil, err
		}
		q.pool, q.owned = pool, true
	}
	if err := migratePostgres(ctx, q.pool, j.quietLog()); err != nil {
		q.close()
		return nil, outdated(err).WithHint("The role needs the right to create the schema " + schema + " in this database; or let its owner run `vezne migrate` once.")
	}
	cfg := j.riverConfig()
	cfg.Schema = schema
	client, err := river.NewClient(riverpgxv5.New(q.pool), cfg)
	if err != nil {
		q.close()
		return nil, vezne.E(vezne.CodeInternal, op, "").Because(err)
	}
	q.client = client
	return q, nil
}

// poolOf opens a small pool to the database that was handed in: River speaks
// pgx, not database/sql.
func poolOf(ctx context.Context, s *store.Store) (pool *pgxpool.Pool, err error) {
	const op = "jobs.New"
	refuse := func(cause error) error {
		return vezne.E(vezne.CodeConfigInvalid, op, "The PostgreSQL database that was handed in was not opened with pgx.").Because(cause).
			WithHint(`Open it with sql.Open("pgx", url) after importing github.com/jackc/pgx/v5/stdlib, or hand in its URL.`)
	}
	conn, err := s.DB().Conn(ctx)
	if err != nil {
		return nil, vezne.E(vezne.CodeStorageUnavailable, op, "").Because(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	cfg, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, vezne.E(vezne.CodeInternal, op, "").Because(err)
	}
	err = conn.Raw(func(driverConn any) error {
		c, ok := driverConn.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the driver's connection is a %T", driverConn)
		}
		cfg.ConnConfig = c.Conn().Config()
		// The copy would hand notifications to the connection that it is copied of.
		cfg.ConnConfig.OnNotification = nil
		return nil
	})
	if err != nil {
		return nil, refuse(err)
	}
	cfg.MaxConns = poolSize
	if pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return nil, refuse(err)
	}
	return pool, nil
}

func migratePostgres(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) (err error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return err
	}
	defer func() {
		_, unlock := conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(migrationLock))
		err = errors.Join(err, unlock)
	}()
	// A role that may not create anything can still use what is there.
	exists := false
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)", schema).Scan(&exists); err != nil {
		return err
	}
	if !exists {
		if _, err := conn.Exec(ctx, "CREATE SCHEMA "+schema); err != nil {
			return err
		}
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: log, Schema: schema})
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// insert puts jobs into the store's transaction: both run on one connection.
func (q *postgresQueue) insert(ctx context.Context, tx *store.Tx, jobs []river.InsertManyParams) error {
	return tx.Raw(func(driverConn any) error {
		c, ok := driverConn.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("jobs: the driver's connection is a %T", driverConn)
		}
		_, err := q.client.InsertManyTx(ctx, view{c.Conn()}, jobs)
		return err
	})
}

func (q *postgresQueue) start(ctx context.Context) error { return q.client.Start(ctx) }

func (q *postgresQueue) stop(ctx context.Context) error { return stop(ctx, q.client) }

func (q *postgresQueue) close() {
	if q.owned {
		q.pool.Close()
	}
}

// view shows a connection, which is inside a transaction of database/sql, as
// the transaction that River wants. River only runs statements on it; whoever
// began the transaction ends it.
type view struct{ conn *pgx.Conn }

var errNotOurs = errors.New("jobs: the transaction belongs to the store")

// Begin is refused.
func (v view) Begin(context.Context) (pgx.Tx, error) { return nil, errNotOurs }

// Commit is refused.
func (v view) Commit(context.Context) error { return errNotOurs }

// Rollback is refused.
func (v view) Rollback(context.Context) error { return errNotOurs }

// CopyFrom copies rows into a table.
func (v view) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	return v.conn.CopyFrom(ctx, table, columns, rows)
}

// SendBatch sends statements together.
func (v view) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return v.conn.SendBatch(ctx, b)
}

// LargeObjects is not used.
func (v view) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

// Prepare prepares a statement.
func (v view) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	return v.conn.Prepare(ctx, name, sql)
}

// Exec runs a statement.
func (v view) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return v.conn.Exec(ctx, sql, args...)
}

// Query runs a query.
func (v view) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return v.conn.Query(ctx, sql, args...)
}

// QueryRow runs a query for one row.
func (v view) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return v.conn.QueryRow(ctx, sql, args...)
}

// Conn returns the connection.
func (v view) Conn() *pgx.Conn { return v.conn }
