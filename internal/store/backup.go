package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/vezne/vezne"
)

// settingBackupAt is when a copy was begun, in the copy.
const settingBackupAt = "backup_at"

// Backup writes a copy of a SQLite database to a file that does not exist yet,
// beside a running service if there is one: a consistent state of one moment.
// It returns that moment. CodeConfigInvalid for another kind of database, a
// file that exists, or a path that cannot be written; CodeCorrupt when the copy
// does not pass SQLite's check.
func Backup(ctx context.Context, databaseURL, to string) (time.Time, error) {
	const op = "store.Backup"
	path, ok := strings.CutPrefix(databaseURL, "sqlite:")
	if !ok {
		return time.Time{}, vezne.E(vezne.CodeConfigInvalid, op, "Only a SQLite database is one file to copy.").
			WithHint("PostgreSQL has tools of its own: pg_dump, pg_basebackup, archived WAL. Restore with them, then run `vezne restore --as-of`.")
	}
	if _, err := os.Stat(path); err != nil {
		return time.Time{}, vezne.E(vezne.CodeConfigInvalid, op, "There is no such database.").Because(err).WithHint("Check the path.")
	}
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return time.Time{}, vezne.E(vezne.CodeConfigInvalid, op, "The backup's file is there already.").Because(err).WithHint("Choose another name: a backup is never written over.")
	}
	at := time.Now().UTC()
	partial := to + ".partial"
	err := copyDatabase(ctx, path, partial, at)
	if err == nil {
		err = os.Rename(partial, to)
	}
	if err == nil {
		err = syncPath(filepath.Dir(to))
	}
	if err != nil {
		return at, backupError(op, errors.Join(err, removePartial(partial)))
	}
	return at, nil
}

func removePartial(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func backupError(op string, err error) error {
	if _, ours := errors.AsType[*vezne.Error](err); ours {
		return err
	}
	return vezne.E(vezne.CodeConfigInvalid, op, "The backup could not be written.").Because(err).WithHint("Check the folder's rights and the space on the disk.")
}

func copyDatabase(ctx context.Context, from, to string, at time.Time) error {
	// What SQLite makes itself could be read by everybody on the machine.
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return err
	}
	source, err := openPlain(from, "ro")
	if err != nil {
		return err
	}
	_, err = source.ExecContext(ctx, "VACUUM INTO ?", to)
	if err = errors.Join(err, source.Close()); err != nil {
		return fmt.Errorf("store: copy the database: %w", err)
	}
	return stamp(ctx, to, at)
}

// stamp checks a copy and writes down when it was begun.
func stamp(ctx context.Context, path string, at time.Time) error {
	d, err := openPlain(path, "rw")
	if err != nil {
		return err
	}
	err = check(ctx, d)
	if err == nil {
		_, err = d.ExecContext(ctx, "INSERT INTO vezne_settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", settingBackupAt, at.Format(time.RFC3339Nano))
	}
	if err = errors.Join(err, d.Close()); err != nil {
		return err
	}
	return syncPath(path)
}

// check has SQLite look through a file.
func check(ctx context.Context, d *sql.DB) error {
	var verdict string
	if err := d.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil {
		return vezne.E(vezne.CodeCorrupt, "store.Backup", "The file is no SQLite database, or damaged.").Because(err)
	}
	if verdict != "ok" {
		return vezne.E(vezne.CodeCorrupt, "store.Backup", "The database file is damaged.").Because(errors.New(verdict))
	}
	var tables int
	if err := d.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_master WHERE name IN ('vezne_settings', 'vezne_orders')").Scan(&tables); err != nil || tables != 2 {
		return vezne.E(vezne.CodeConfigInvalid, "store.Backup", "The file is no database of Vezne.").Because(err).WithHint("Check the path.")
	}
	return nil
}

// openPlain opens a SQLite file without the lock that keeps a second service
// away.
func openPlain(path, mode string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	q := url.Values{"mode": {mode}, "_pragma": {fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds())}}
	d, err := sql.Open("sqlite", "file:"+(&url.URL{Path: abs}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, err
	}
	d.SetMaxOpenConns(1)
	return d, nil
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// RestoreFile puts a backup in the place of a SQLite database that is not there
// any more. CodeConfigInvalid when something is in the way or the backup is
// none; CodeCorrupt when it is damaged.
func RestoreFile(ctx context.Context, from, databaseURL string) error {
	const op = "store.RestoreFile"
	path, ok := strings.CutPrefix(databaseURL, "sqlite:")
	if !ok {
		return vezne.E(vezne.CodeConfigInvalid, op, "Only a SQLite database is restored from a file.").WithHint("Restore PostgreSQL with its own tools, then run `vezne restore --as-of`.")
	}
	for _, p := range []string{path, path + "-wal", path + "-shm"} {
		if _, err := os.Lstat(p); !errors.Is(err, fs.ErrNotExist) {
			return vezne.E(vezne.CodeConfigInvalid, op, "A database is in the way: "+p+".").Because(err).WithHint("End the service and move it away with its -wal and -shm; nothing is written over.")
		}
	}
	source, err := openPlain(from, "ro")
	if err != nil {
		return backupError(op, err)
	}
	if err := errors.Join(check(ctx, source), source.Close()); err != nil {
		return err
	}
	if err := copyFile(from, path+".partial"); err != nil {
		return backupError(op, errors.Join(err, removePartial(path+".partial")))
	}
	if err := os.Rename(path+".partial", path); err != nil {
		return backupError(op, err)
	}
	if err := syncPath(filepath.Dir(path)); err != nil {
		return backupError(op, err)
	}
	return nil
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
