package store

import (
	"context"
	"database/sql"
	"errors"
)

// numberSetting holds the sequence on SQLite.
const numberSetting = "number"

// loadNumber reads where the sequence stands. On SQLite one process owns the
// file, so the sequence is counted in memory and written back by every
// transaction that took a number: whatever stores a number stores at least that
// count, so no number that stands anywhere is ever given again.
func (s *Store) loadNumber(ctx context.Context) error {
	if s.dialect == Postgres {
		return nil
	}
	var n int64
	err := s.write.QueryRowContext(ctx, "SELECT CAST(value AS BIGINT) FROM vezne_settings WHERE key = $1", numberSetting).Scan(&n)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return storageError("store.loadNumber", err)
	}
	s.number.Store(n)
	return nil
}

// NextNumber takes the next number of the one sequence that orders marks,
// reads and calls. It is never cached and never given twice.
func (s *Store) NextNumber(ctx context.Context) (int64, error) {
	if s.dialect == SQLite {
		return s.number.Add(1), nil
	}
	var n int64
	if err := s.write.QueryRowContext(ctx, "SELECT nextval('vezne_number')").Scan(&n); err != nil {
		return 0, storageError("store.NextNumber", err)
	}
	return n, nil
}

// NextNumber takes the next number inside the transaction.
func (tx *Tx) NextNumber(ctx context.Context) (int64, error) {
	tx.numbered = true
	if tx.s.dialect == SQLite {
		return tx.s.number.Add(1), nil
	}
	var n int64
	if err := tx.tx.QueryRowContext(ctx, "SELECT nextval('vezne_number')").Scan(&n); err != nil {
		return 0, storageError("store.NextNumber", err)
	}
	return n, nil
}

func (tx *Tx) keepNumber(ctx context.Context) error {
	if !tx.numbered || tx.s.dialect == Postgres {
		return nil
	}
	_, err := tx.tx.ExecContext(ctx, "INSERT INTO vezne_settings (key, value) VALUES ($1, CAST($2 AS TEXT)) ON CONFLICT (key) DO UPDATE SET value = CAST($2 AS TEXT)",
		numberSetting, tx.s.number.Load())
	return err
}
