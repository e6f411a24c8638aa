package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/vezne/vezne/internal/store"
)

// counting is SQLite's driver with connections that count what they prepare.
type counting struct {
	driver.Driver
	prepared map[string]int
}

func (d counting) Open(name string) (driver.Conn, error) {
	c, err := d.Driver.Open(name)
	if err != nil {
		return nil, err
	}
	return countingConn{c.(sqliteConn), d.prepared}, nil
}

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

type countingConn struct {
	sqliteConn
	prepared map[string]int
}

func (c countingConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.prepared[query]++
	return c.sqliteConn.PrepareContext(ctx, query)
}

// keeping opens a file over a driver that counts, with one connection.
func keeping(t *testing.T) (*sql.DB, map[string]int) {
	t.Helper()
	plain, err := sql.Open("sqlite", "")
	if err != nil {
		t.Fatal(err)
	}
	prepared := map[string]int{}
	d := store.KeepStatements(counting{plain.Driver(), prepared})
	db := sql.OpenDB(file{d, "file:" + filepath.Join(t.TempDir(), "kept.db")})
	db.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if err := plain.Close(); err != nil {
			t.Error(err)
		}
	})
	run(t, db, "CREATE TABLE cups (id TEXT PRIMARY KEY, size BIGINT NOT NULL)")
	return db, prepared
}

type file struct {
	driver driver.Driver
	name   string
}

func (f file) Connect(context.Context) (driver.Conn, error) { return f.driver.Open(f.name) }
func (f file) Driver() driver.Driver                        { return f.driver }

func run(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(ctx, query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func TestANamedStatementIsPreparedOnce(t *testing.T) {
	t.Parallel()
	db, prepared := keeping(t)
	const insert = "-- name: InsertCup :exec\nINSERT INTO cups (id, size) VALUES ($1, $2)"
	const sizes = "-- name: Sizes :one\nSELECT COALESCE(SUM(size), 0) FROM cups"
	for i := range 5 {
		run(t, db, insert, fmt.Sprint("cup_", i), i)
		// One that fails is as good as new afterwards.
		if _, err := db.ExecContext(ctx, insert, fmt.Sprint("cup_", i), i); err == nil {
			t.Fatal("a cup was inserted twice")
		}
		var sum int64
		if err := db.QueryRowContext(ctx, sizes).Scan(&sum); err != nil || sum != int64(i*(i+1)/2) {
			t.Fatalf("after %d cups their sizes are %d: %v", i+1, sum, err)
		}
	}
	// What the table looks like may change meanwhile.
	run(t, db, "ALTER TABLE cups ADD COLUMN colour TEXT NOT NULL DEFAULT 'white'")
	run(t, db, insert, "cup_9", 9)
	if prepared[insert] != 1 || prepared[sizes] != 1 {
		t.Errorf("prepared %v", prepared)
	}
}

func TestAStatementWhoseRowsAreReadIsNotDisturbed(t *testing.T) {
	t.Parallel()
	db, _ := keeping(t)
	for i := range 3 {
		run(t, db, "INSERT INTO cups (id, size) VALUES ($1, $2)", fmt.Sprint("cup_", i), i)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	const larger = "-- name: Larger :many\nSELECT size FROM cups WHERE size >= $1 ORDER BY size"
	read := func(least int) []int64 {
		rows, err := tx.QueryContext(ctx, larger, least)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var list []int64
		for rows.Next() {
			var size int64
			if err := rows.Scan(&size); err != nil {
				t.Fatal(err)
			}
			list = append(list, size)
			// The same question in the middle of its answer.
			if least == 0 {
				var next int64
				if err := tx.QueryRowContext(ctx, larger, size+1).Scan(&next); size < 2 && (err != nil || next != size+1) {
					t.Errorf("after %d comes %d: %v", size, next, err)
				}
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return list
	}
	for range 2 {
		if all, some := read(0), read(1); fmt.Sprint(all, some) != "[0 1 2] [1 2]" {
			t.Errorf("read %v and %v", all, some)
		}
	}
}

func TestAConnectionKeepsABoundedNumberOfStatements(t *testing.T) {
	t.Parallel()
	db, prepared := keeping(t)
	query := func(i int) string { return fmt.Sprintf("-- name: Q%d :one\nSELECT %d", i, i) }
	for range 2 {
		for i := range 300 {
			var n int
			if err := db.QueryRowContext(ctx, query(i)).Scan(&n); err != nil || n != i {
				t.Fatalf("asked for %d, answered %d: %v", i, n, err)
			}
		}
	}
	if prepared[query(0)] != 2 {
		t.Errorf("the first of 300 statements was prepared %d times; it is kept for ever", prepared[query(0)])
	}
}
