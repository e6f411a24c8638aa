// Package storetest opens databases for tests: a SQLite file, and a database
// of a private PostgreSQL server that lives as long as the test process. A
// machine without PostgreSQL fails the test; nothing is skipped.
package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// Scope is the account and mode that databases are opened for when a test does
// not say.
var Scope = vezne.Scope{Account: "acct_1VezneTest00000"}

// template is the database with the schema, from which others are copied.
const template = "vezne_template"

// server is the one server of a test process, of a kind.
type server struct {
	durable bool

	once    sync.Once
	cluster *cluster
	err     error

	mu   sync.Mutex
	made int
}

var (
	quick   = &server{}
	durable = &server{durable: true}
)

// Postgres returns the URL of a database of the test's own with the schema in
// it. It is fast because it survives no power cut.
func Postgres(t testing.TB) string {
	t.Helper()
	return quick.database(t, template)
}

// EmptyPostgres returns the URL of a database without a schema.
func EmptyPostgres(t testing.TB) string {
	t.Helper()
	return quick.database(t, "template0")
}

// DurablePostgres is Postgres on a server that syncs every commit to the disk:
// for benchmarks.
func DurablePostgres(t testing.TB) string {
	t.Helper()
	return durable.database(t, template)
}

func (s *server) start() {
	c, err := newCluster(s.durable, "")
	if err != nil {
		s.err = err
		return
	}
	s.cluster = c
	s.fill()
}

// fill makes the template.
func (s *server) fill() {
	if s.err = s.run("CREATE DATABASE " + template + " TEMPLATE template0"); s.err != nil {
		return
	}
	// Asking for the account brings the schema up to date and pins nothing.
	_, s.err = store.KeptAccount(context.Background(), store.Config{URL: s.cluster.url(template)})
}

func (s *server) run(statement string) error {
	return s.with(statement, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, statement)
		return err
	})
}

// ask returns the one value that a question is answered with.
func (s *server) ask(question string) (answer string, err error) {
	err = s.with(question, func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, question).Scan(&answer)
	})
	return answer, err
}

// with does something over a connection of its own; what names it in an error.
func (s *server) with(what string, do func(ctx context.Context, conn *pgx.Conn) error) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.cluster.url("postgres"))
	if err != nil {
		return fmt.Errorf("storetest: connect: %w", err)
	}
	defer conn.Close(ctx) //nolint:errcheck // closing what was only used for one statement
	if err := do(ctx, conn); err != nil {
		return fmt.Errorf("storetest: %s: %w", what, err)
	}
	return nil
}

func (s *server) database(t testing.TB, from string) string {
	t.Helper()
	s.once.Do(s.start)
	if s.err != nil {
		t.Fatal(s.err)
	}
	// A template is copied by one at a time.
	s.mu.Lock()
	s.made++
	name := "t" + strconv.Itoa(s.made)
	err := s.run("CREATE DATABASE " + name + " TEMPLATE " + from)
	s.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.run("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return s.cluster.url(name)
}

// SQLite returns the URL of a SQLite file that does not exist yet.
func SQLite(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "vezne.db")
}

// Open opens a store and closes it with the test. Scope is filled in when it is
// not given; an error ends the test.
func Open(t testing.TB, cfg store.Config) *store.Store {
	t.Helper()
	if cfg.Scope == (vezne.Scope{}) {
		cfg.Scope = Scope
	}
	s, err := store.Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Each runs a test on SQLite and on PostgreSQL, side by side. open opens the
// one database of the subtest, again if it is called again; URL of its Config is
// filled in.
func Each(t *testing.T, run func(t *testing.T, open func(cfg store.Config) *store.Store)) {
	t.Helper()
	EachURL(t, func(t *testing.T, url string) {
		run(t, func(cfg store.Config) *store.Store {
			t.Helper()
			cfg.URL = url
			return Open(t, cfg)
		})
	})
}

// EachURL is Each for tests that open the database themselves.
func EachURL(t *testing.T, run func(t *testing.T, url string)) {
	t.Helper()
	for dialect, url := range map[store.Dialect]func(testing.TB) string{store.SQLite: SQLite, store.Postgres: Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			run(t, url(t))
		})
	}
}

// DB opens a plain connection to the database of a store's URL, for what a
// store does not do: tampering, locking. It closes with the test.
func DB(t testing.TB, url string) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", url
	if path, ok := sqlitePath(url); ok {
		driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(0)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
