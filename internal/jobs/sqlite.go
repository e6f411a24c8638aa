package jobs

import (
	"context"
	"database/sql"
	"log/slog"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// sqliteQueue is River on SQLite. It shares the one writing connection.
type sqliteQueue struct{ client *river.Client[*sql.Tx] }

func newSQLite(ctx context.Context, j *Jobs) (queue, error) {
	if err := migrateSQLite(ctx, j.cfg.Store.DB(), j.quietLog()); err != nil {
		return nil, outdated(err)
	}
	client, err := river.NewClient(riversqlite.New(j.cfg.Store.DB()), j.riverConfig())
	if err != nil {
		return nil, vezne.E(vezne.CodeInternal, "jobs.New", "").Because(err)
	}
	return &sqliteQueue{client}, nil
}

func migrateSQLite(ctx context.Context, db *sql.DB, log *slog.Logger) error {
	migrator, err := rivermigrate.New(riversqlite.New(db), &rivermigrate.Config{Logger: log})
	if err == nil {
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	}
	return err
}

func (q *sqliteQueue) insert(ctx context.Context, tx *store.Tx, jobs []river.InsertManyParams) error {
	_, err := q.client.InsertManyTx(ctx, tx.SQL(), jobs)
	return err
}

func (q *sqliteQueue) start(ctx context.Context) error { return q.client.Start(ctx) }

func (q *sqliteQueue) stop(ctx context.Context) error { return stop(ctx, q.client) }

func (q *sqliteQueue) close() {}

// stop ends a client, by force once the context ends.
func stop[T any](ctx context.Context, c *river.Client[T]) error {
	if c.Stop(ctx) == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelTime)
	defer cancel()
	return c.StopAndCancel(ctx)
}
