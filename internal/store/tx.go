package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store/db"
)

// queries are the questions that a Store asks outside and a Tx inside of a
// transaction.
type queries struct {
	q     *db.Queries
	scope vezne.Scope
	seal  *sealer
}

// Tx is a transaction. It is used by one goroutine.
type Tx struct {
	queries
	s  *Store
	tx *sql.Tx
	// conn is what the transaction runs on.
	conn *sql.Conn
	now  time.Time
	// numbered is true once a number was taken, which SQLite writes back.
	numbered bool
}

const (
	// txTimeout bounds a transaction, whatever its caller's context says.
	txTimeout = 20 * time.Second
	// txTries is how often a transaction that met another is run again.
	txTries = 8
	// txPause is the first pause between two tries.
	txPause = 5 * time.Millisecond
)

// InTx runs fn in a transaction and commits if fn returns nil. The transaction
// does not end when the caller's context does. If it meets another one
// (deadlock, serialisation, a lock), fn runs again from the start, so it must
// have no effect outside. Errors of fn pass unchanged; those of the database
// become CodeStorageUnavailable, CodeReadOnly or CodeInternal. After an error
// of the commit itself it is not known whether it happened: read the row.
func (s *Store) InTx(ctx context.Context, fn func(tx *Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), txTimeout)
	defer cancel()
	pause := txPause
	for try := 1; ; try++ {
		err := s.once(ctx, fn)
		if err == nil || try == txTries || classify(err) != failureRetry {
			return storageError("store.InTx", err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return storageError("store.InTx", errors.Join(err, ctx.Err()))
		case <-timer.C:
		}
		pause *= 2
	}
}

func (s *Store) once(ctx context.Context, fn func(tx *Tx) error) (err error) {
	now, err := s.Now(ctx)
	if err != nil {
		return err
	}
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if closing := conn.Close(); closing != nil && !errors.Is(closing, sql.ErrConnDone) {
			err = errors.Join(err, closing)
		}
	}()
	sqlTx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		// Also when fn panics: a transaction left open would hold SQLite's writer.
		if rollback := sqlTx.Rollback(); rollback != nil && !errors.Is(rollback, sql.ErrTxDone) {
			err = errors.Join(err, rollback)
		}
	}()
	tx := &Tx{queries: queries{q: db.New(sqlTx), scope: s.cfg.Scope, seal: s.seal}, s: s, tx: sqlTx, conn: conn, now: now}
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.keepNumber(ctx); err != nil {
		return err
	}
	return sqlTx.Commit()
}

// SQL returns the transaction for queries outside of this package.
func (tx *Tx) SQL() *sql.Tx { return tx.tx }

// Raw gives f the driver's connection that the transaction runs on, for
// libraries that do not speak database/sql. f must not keep it, and must leave
// the transaction to the store.
func (tx *Tx) Raw(f func(driverConn any) error) error { return tx.conn.Raw(f) }

// Store returns the store that the transaction belongs to.
func (tx *Tx) Store() *Store { return tx.s }

// Now returns the transaction's one stamp, in UTC to the microsecond.
func (tx *Tx) Now() time.Time { return tx.now }

// Savepoint runs fn so that its writes can fail alone: if it returns an error,
// they are undone and the transaction goes on. The error is returned.
func (tx *Tx) Savepoint(ctx context.Context, fn func() error) error {
	const op = "store.Savepoint"
	if _, err := tx.tx.ExecContext(ctx, "SAVEPOINT vezne_part"); err != nil {
		return storageError(op, err)
	}
	failed := fn()
	end := context.WithoutCancel(ctx)
	if failed != nil {
		if _, err := tx.tx.ExecContext(end, "ROLLBACK TO SAVEPOINT vezne_part"); err != nil {
			return storageError(op, errors.Join(err, failed))
		}
	}
	if _, err := tx.tx.ExecContext(end, "RELEASE SAVEPOINT vezne_part"); err != nil {
		return storageError(op, errors.Join(err, failed))
	}
	return failed
}
