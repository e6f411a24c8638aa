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

// nextNumbers takes n numbers in one question, rising.
func (tx *Tx) nextNumbers(ctx context.Context, n int) ([]int64, error) {
	const op = "store.nextNumbers"
	list := make([]int64, 0, n)
	if n == 0 {
		return list, nil
	}
	tx.numbered = true
	if tx.s.dialect == SQLite {
		last := tx.s.number.Add(int64(n))
		for i := range n {
			list = append(list, last-int64(n)+1+int64(i))
		}
		return list, nil
	}
	rows, err := tx.tx.QueryContext(ctx, "SELECT nextval('vezne_number') FROM generate_series(1, $1)", n)
	if err != nil {
		return nil, storageError(op, err)
	}
	defer rows.Close()
	for rows.Next() {
		var number int64
		if err := rows.Scan(&number); err != nil {
			return nil, storageError(op, err)
		}
		list = append(list, number)
	}
	return list, storageError(op, rows.Err())
}

// keepNumber has a name, so that a connection keeps it.
const keepNumber = named + `KeepNumber :exec
INSERT INTO vezne_settings (key, value) VALUES ($1, CAST($2 AS TEXT)) ON CONFLICT (key) DO UPDATE SET value = CAST($2 AS TEXT)`

func (tx *Tx) keepNumber(ctx context.Context) error {
	if !tx.numbered || tx.s.dialect == Postgres {
		return nil
	}
	_, err := tx.tx.ExecContext(ctx, keepNumber, numberSetting, tx.s.number.Load())
	return err
}
