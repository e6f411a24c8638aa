package store

import (
	"context"
	"errors"
	"io/fs"
	"strconv"
	"strings"
)

// Health is the state of a database.
type Health struct {
	// Migration is the newest that was made, Newest the newest that this build
	// knows.
	Migration, Newest int64
	// Unsafe are settings under which a commit may be lost, as "fsync=off".
	Unsafe []string
}

// Health examines the database.
func (s *Store) Health(ctx context.Context) (Health, error) {
	const op = "store.Health"
	h := Health{}
	var err error
	if h.Newest, err = newestMigration(); err != nil {
		return h, storageError(op, err)
	}
	row := s.read.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM vezne_migrations WHERE is_applied")
	if err := row.Scan(&h.Migration); err != nil {
		return h, storageError(op, err)
	}
	if s.dialect == SQLite {
		h.Unsafe, err = s.unsafeSQLite(ctx)
	} else {
		h.Unsafe, err = s.unsafePostgres(ctx)
	}
	return h, storageError(op, err)
}

func newestMigration() (int64, error) {
	names, err := fs.Glob(migrations, "migration/*.sql")
	if err != nil {
		return 0, err
	}
	newest := int64(0)
	for _, name := range names {
		number, _, _ := strings.Cut(strings.TrimPrefix(name, "migration/"), "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, errors.Join(errors.New("a migration has no number: "+name), err)
		}
		newest = max(newest, n)
	}
	return newest, nil
}

// synchronousFull is SQLite's PRAGMA synchronous=FULL. Source:
// sqlite.org/pragma.html#pragma_synchronous.
const synchronousFull = 2

func (s *Store) unsafeSQLite(ctx context.Context) ([]string, error) {
	var level int
	if err := s.write.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&level); err != nil {
		return nil, err
	}
	if level < synchronousFull {
		return []string{"synchronous=" + strconv.Itoa(level)}, nil
	}
	return nil, nil
}

func (s *Store) unsafePostgres(ctx context.Context) ([]string, error) {
	var unsafe []string
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var value string
		if err := s.read.QueryRowContext(ctx, "SELECT current_setting($1)", setting).Scan(&value); err != nil {
			return nil, err
		}
		if value == "off" {
			unsafe = append(unsafe, setting+"=off")
		}
	}
	return unsafe, nil
}
