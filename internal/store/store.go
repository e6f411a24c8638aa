// Package store is SQL: one set of queries for SQLite and PostgreSQL,
// migrations, and the work queues that live in tables. It decides nothing. A
// Store serves one account and mode, which stand in every key.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store/db"
)

//go:embed migration/*.sql
var migrations embed.FS

// Dialect is the kind of a database.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Config says which database to open, and for whom.
type Config struct {
	// URL is "sqlite:PATH" or "postgres://…".
	URL string
	// DB and Dialect hand in an open database instead; it stays open after Close.
	DB      *sql.DB
	Dialect Dialect
	// Scope is the account and mode that is served.
	Scope vezne.Scope
	// Clock decides leases, due times and stamps. Nil means the database's own
	// clock, so that processes whose clocks differ agree.
	Clock vezne.Clock
	// BodyKey, 32 bytes, encrypts raw event bodies; empty keeps them as they are.
	BodyKey []byte
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	queries
	cfg     Config
	dialect Dialect
	// write is the database; with SQLite it has one connection, the writer.
	write *sql.DB
	// read are more connections for reading; the same as write on PostgreSQL.
	read  *sql.DB
	pool  *pgxpool.Pool
	watch *watch
	lock  *fileLock
	owned bool
	seal  *sealer
	// number is the sequence on SQLite, where one process owns the file: it is
	// written back by every transaction that stores a number.
	number atomic.Int64
	// tombs are the tombstones that this process knows.
	tombs atomic.Pointer[tombstones]
}

// Open opens a database, refuses a SQLite file that another process holds,
// brings the schema up to date and pins the account: the first start writes it,
// and another one is refused with CodeConfigInvalid. CodeStorageUnavailable
// when the database cannot be reached.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	s, err := connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// KeptAccount returns the account id that an earlier start pinned for the
// mode, empty when there was none.
func KeptAccount(ctx context.Context, cfg Config) (string, error) {
	s, err := connect(ctx, cfg)
	if err != nil {
		return "", err
	}
	err = s.migrate(ctx)
	account := ""
	if err == nil {
		account, _, err = s.Setting(ctx, accountSetting(cfg.Scope.Livemode))
	}
	return account, errors.Join(err, s.Close())
}

// Migrate brings the schema up to date, gives the store, which serves nobody
// yet, to also, and closes it.
func Migrate(ctx context.Context, cfg Config, also func(ctx context.Context, s *Store) error) error {
	s, err := connect(ctx, cfg)
	if err != nil {
		return err
	}
	if err = s.migrate(ctx); err == nil {
		err = also(ctx, s)
	}
	return errors.Join(err, s.Close())
}

func connect(ctx context.Context, cfg Config) (*Store, error) {
	const op = "store.Open"
	s := &Store{cfg: cfg, dialect: cfg.Dialect, owned: cfg.DB == nil}
	var err error
	if s.seal, err = newSealer(cfg.BodyKey); err != nil {
		return nil, vezne.E(vezne.CodeConfigInvalid, op, "The key for event bodies cannot be used.").Because(err)
	}
	switch path, isSQLite := strings.CutPrefix(cfg.URL, "sqlite:"); {
	case cfg.DB != nil && (cfg.Dialect == SQLite || cfg.Dialect == Postgres):
		s.write, s.read = cfg.DB, cfg.DB
		if cfg.Dialect == SQLite {
			// One writer: an embedder's pool would otherwise lock itself out.
			cfg.DB.SetMaxOpenConns(1)
		}
	case cfg.DB != nil:
		return nil, vezne.E(vezne.CodeConfigInvalid, op, "The dialect of the database that was handed in is not known.").WithHint(`Say "sqlite" or "postgres".`)
	case isSQLite && path != "":
		s.dialect = SQLite
		err = s.openSQLite(path)
	case strings.HasPrefix(cfg.URL, "postgres://") || strings.HasPrefix(cfg.URL, "postgresql://"):
		s.dialect = Postgres
		err = s.openPostgres(ctx)
	default:
		return nil, vezne.E(vezne.CodeConfigInvalid, op, "The database URL is neither sqlite:PATH nor postgres://….").WithHint("Use sqlite:vezne.db, or postgres://user@host/name.")
	}
	if err != nil {
		return nil, err
	}
	s.queries = queries{q: db.New(s.read), scope: cfg.Scope, seal: s.seal}
	if err := s.Ping(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// busyTimeout is how long SQLite waits for a lock that a tool outside holds.
const busyTimeout = 5 * time.Second

// readers is how many connections read a SQLite file at once.
const readers = 4

func (s *Store) openSQLite(path string) error {
	const op = "store.Open"
	abs, err := filepath.Abs(path)
	if err != nil {
		return vezne.E(vezne.CodeConfigInvalid, op, "The database path cannot be used.").Because(err)
	}
	// Two names of one file are one database.
	if resolved, err := filepath.EvalSymlinks(abs); err == nil {
		abs = resolved
	}
	if s.lock, err = lockFile(abs + ".lock"); err != nil {
		return err
	}
	if err := makePrivate(abs); err != nil {
		return errors.Join(err, s.lock.release())
	}
	pragmas := url.Values{"_pragma": {
		"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
	}}
	dsn := "file:" + (&url.URL{Path: abs}).EscapedPath() + "?"
	open := func(extra url.Values, conns int) (*sql.DB, error) {
		q := url.Values{}
		for _, v := range []url.Values{pragmas, extra} {
			for k, list := range v {
				q[k] = append(q[k], list...)
			}
		}
		d, err := openKeeping(dsn + q.Encode())
		if err != nil {
			return nil, vezne.E(vezne.CodeConfigInvalid, op, "The database cannot be opened.").Because(err)
		}
		d.SetMaxOpenConns(conns)
		d.SetMaxIdleConns(conns)
		return d, nil
	}
	if s.write, err = open(url.Values{"_txlock": {"immediate"}}, 1); err != nil {
		return errors.Join(err, s.lock.release())
	}
	if s.read, err = open(url.Values{"_pragma": {"query_only(ON)"}}, readers); err != nil {
		return errors.Join(err, s.write.Close(), s.lock.release())
	}
	return nil
}

// makePrivate makes the file if there is none: what SQLite makes itself can be
// read by everybody on the machine.
func makePrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return vezne.E(vezne.CodeConfigInvalid, "store.Open", "The database cannot be made.").Because(err).WithHint("Check the path and the rights of its folder.")
	}
	return nil
}

// poolSize is how many connections a process opens to PostgreSQL at most, when
// the URL does not say (pool_max_conns). One of them listens for jobs.
const poolSize = 16

func (s *Store) openPostgres(ctx context.Context) error {
	cfg, err := pgxpool.ParseConfig(s.cfg.URL)
	if err == nil && !strings.Contains(s.cfg.URL, "pool_max_conns=") {
		cfg.MaxConns = poolSize
	}
	var pool *pgxpool.Pool
	if err == nil {
		s.watch = newWatch(cfg)
		pool, err = pgxpool.NewWithConfig(ctx, cfg)
	}
	if err != nil {
		return vezne.E(vezne.CodeConfigInvalid, "store.Open", "The database URL cannot be used.").Because(err).WithHint("Check it: postgres://user@host:5432/name?sslmode=…")
	}
	s.pool = pool
	s.watch.start(pool.Reset)
	s.write = stdlib.OpenDBFromPool(pool)
	s.read = s.write
	return nil
}

// migrationLock is the key of PostgreSQL's advisory lock during a migration.
const migrationLock = 0x76657a6e65 // "vezne"

func (s *Store) prepare(ctx context.Context) error {
	if err := s.migrate(ctx); err != nil {
		return err
	}
	if s.cfg.Scope.Account == "" {
		return vezne.E(vezne.CodeConfigInvalid, "store.Open", "The Stripe account is not known.").WithHint("Set VEZNE_ACCOUNT to the account id (acct_…).")
	}
	if err := s.pinAccount(ctx); err != nil {
		return err
	}
	if err := s.freeLeases(ctx); err != nil {
		return err
	}
	return s.loadNumber(ctx)
}

// freeLeases ends the leases of a process that died: whoever holds the lock of
// a SQLite file knows that nobody else lives. On PostgreSQL they end by
// themselves.
func (s *Store) freeLeases(ctx context.Context) error {
	if s.lock == nil {
		return nil
	}
	return s.InTx(ctx, func(tx *Tx) error {
		if err := tx.q.FreeMarks(ctx); err != nil {
			return err
		}
		if err := tx.q.FreeCalls(ctx); err != nil {
			return err
		}
		if err := tx.q.FreeWatches(ctx); err != nil {
			return err
		}
		return tx.q.FreeReconciliations(ctx)
	})
}

func (s *Store) migrate(ctx context.Context) error {
	const op = "store.migrate"
	fsys, err := fs.Sub(migrations, "migration")
	if err != nil {
		return vezne.E(vezne.CodeInternal, op, "").Because(err)
	}
	dialect := goose.DialectSQLite3
	if s.dialect == Postgres {
		dialect = goose.DialectPostgres
		conn, err := s.write.Conn(ctx)
		if err != nil {
			return storageError(op, err)
		}
		defer conn.Close() //nolint:errcheck // it goes back to the pool
		if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
			return storageError(op, err)
		}
		// The lock belongs to the connection: it goes with it if this fails.
		defer conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(migrationLock)) //nolint:errcheck // see above
		// A role that may not create anything can still use what is there.
		exists := false
		if err := conn.QueryRowContext(ctx, "SELECT to_regclass('vezne_number') IS NOT NULL").Scan(&exists); err != nil {
			return storageError(op, err)
		}
		if !exists {
			if _, err := conn.ExecContext(ctx, "CREATE SEQUENCE vezne_number CACHE 1"); err != nil {
				return storageError(op, err)
			}
		}
	}
	provider, err := goose.NewProvider(dialect, s.write, fsys, goose.WithDisableGlobalRegistry(true), goose.WithTableName("vezne_migrations"))
	if err != nil {
		return vezne.E(vezne.CodeInternal, op, "").Because(err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return storageError(op, err)
	}
	return nil
}

func accountSetting(livemode bool) string {
	if livemode {
		return "account:live"
	}
	return "account:test"
}

func (s *Store) pinAccount(ctx context.Context) error {
	key := accountSetting(s.cfg.Scope.Livemode)
	err := s.InTx(ctx, func(tx *Tx) error {
		return tx.q.InitSetting(ctx, db.InitSettingParams{Key: key, Value: s.cfg.Scope.Account})
	})
	if err != nil {
		return err
	}
	kept, _, err := s.Setting(ctx, key)
	if err != nil {
		return err
	}
	if kept != s.cfg.Scope.Account {
		return vezne.E(vezne.CodeConfigInvalid, "store.Open", fmt.Sprintf("This database belongs to the Stripe account %s, but the keys are those of %s.", kept, s.cfg.Scope.Account)).
			WithHint("Use the keys of that account, or another database.")
	}
	return nil
}

// Close closes the database, unless it was handed in, and frees the file. A
// second time does nothing.
func (s *Store) Close() error {
	var errs []error
	if s.owned {
		if s.read != nil && s.read != s.write {
			errs = append(errs, s.read.Close())
		}
		if s.write != nil {
			errs = append(errs, s.write.Close())
		}
		if s.pool != nil {
			s.watch.close()
			s.pool.Close()
		}
	}
	if s.lock != nil {
		errs = append(errs, s.lock.release())
	}
	return errors.Join(errs...)
}

// Scope returns the account and mode that is served.
func (s *Store) Scope() vezne.Scope { return s.cfg.Scope }

// Dialect returns the kind of the database.
func (s *Store) Dialect() Dialect { return s.dialect }

// DB returns the database handle that transactions run on.
func (s *Store) DB() *sql.DB { return s.write }

// Pool returns PostgreSQL's pool, nil with SQLite or a database handed in.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// pingTimeout bounds the look at the database.
const pingTimeout = 5 * time.Second

// Ping says whether the database answers. CodeStorageUnavailable when not.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if err := s.read.PingContext(ctx); err != nil {
		return storageError("store.Ping", err)
	}
	return nil
}

// Now returns the time by the clock that leases and due times follow, in UTC
// to the microsecond.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	if s.cfg.Clock != nil {
		return s.cfg.Clock.Now().UTC().Truncate(time.Microsecond), nil
	}
	if s.dialect == SQLite {
		// One process owns the file: its clock is the database's.
		return vezne.SystemClock{}.Now(), nil
	}
	var t time.Time
	if err := s.read.QueryRowContext(ctx, "SELECT clock_timestamp()").Scan(&t); err != nil {
		return time.Time{}, storageError("store.Now", err)
	}
	return t.UTC().Truncate(time.Microsecond), nil
}
