package store_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

func TestTheAccountOfADatabaseIsPinnedByTheFirstStart(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		first := storetest.Open(t, store.Config{URL: url, Scope: vezne.Scope{Account: "acct_first"}})
		again := func(account string, livemode bool) error {
			s, err := store.Open(ctx, store.Config{URL: url, Scope: vezne.Scope{Account: account, Livemode: livemode}})
			if err == nil {
				err = s.Close()
			}
			return err
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		kept := must[string](t)(store.KeptAccount(ctx, store.Config{URL: url}))
		if kept != "acct_first" {
			t.Errorf("kept account %q", kept)
		}
		wantCode(t, "the same account", again("acct_first", false), "")
		err := again("acct_second", false)
		wantCode(t, "another account", err, vezne.CodeConfigInvalid)
		if err == nil || !strings.Contains(err.Error(), "acct_first") || !strings.Contains(err.Error(), "acct_second") {
			t.Errorf("%v: want both accounts named", err)
		}
		wantCode(t, "no account", again("", false), vezne.CodeConfigInvalid)
		// The live mode has its own pin.
		wantCode(t, "another account in live mode", again("acct_live", true), "")
		wantCode(t, "and a third", again("acct_third", true), vezne.CodeConfigInvalid)
		live := must[string](t)(store.KeptAccount(ctx, store.Config{URL: url, Scope: vezne.Scope{Livemode: true}}))
		if live != "acct_live" {
			t.Errorf("kept live account %q", live)
		}
	})
}

func TestAFreshDatabaseHasNoAccount(t *testing.T) {
	t.Parallel()
	for _, url := range []string{storetest.SQLite(t), storetest.EmptyPostgres(t)} {
		if kept := must[string](t)(store.KeptAccount(ctx, store.Config{URL: url})); kept != "" {
			t.Errorf("kept account %q", kept)
		}
	}
}

func TestASecondProcessOnASQLiteFileIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "vezne.db")
	s := storetest.Open(t, store.Config{URL: "sqlite:" + path})
	alias := filepath.Join(dir, "alias.db")
	if err := os.Symlink(path, alias); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, filepath.Join(dir, ".", "sub", "..", "vezne.db"), alias} {
		_, err := store.Open(ctx, store.Config{URL: "sqlite:" + p, Scope: storetest.Scope})
		wantCode(t, p, err, vezne.CodeConfigInvalid)
		if err == nil || !strings.Contains(err.Error(), "Another process") {
			t.Errorf("%s: %v: want it said that another process has it", p, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	storetest.Open(t, store.Config{URL: "sqlite:" + alias})
}

func TestManyProcessesMayOpenOnePostgresAtOnce(t *testing.T) {
	t.Parallel()
	url := storetest.EmptyPostgres(t)
	results := make(chan error, 4)
	for range cap(results) {
		go func() {
			s, err := store.Open(ctx, store.Config{URL: url, Scope: storetest.Scope})
			if err == nil {
				_, err = s.OrderCounts(ctx)
				err = errors.Join(err, s.Close())
			}
			results <- err
		}()
	}
	for range cap(results) {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

func TestAnAddressThatCannotBeUsedIsRefusedWithWhatToDo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		cfg  store.Config
		want vezne.Code
	}{
		{"nothing", store.Config{}, vezne.CodeConfigInvalid},
		{"another database", store.Config{URL: "mysql://localhost/x"}, vezne.CodeConfigInvalid},
		{"no path", store.Config{URL: "sqlite:"}, vezne.CodeConfigInvalid},
		{"a folder that is not there", store.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "none", "x.db")}, vezne.CodeConfigInvalid},
		{"an address of PostgreSQL that means nothing", store.Config{URL: "postgres://host:port/x"}, vezne.CodeConfigInvalid},
		{"a PostgreSQL that is not there", store.Config{URL: "postgres://127.0.0.1:1/x?connect_timeout=2"}, vezne.CodeStorageUnavailable},
		{"a database handed in of no kind", store.Config{DB: new(sql.DB)}, vezne.CodeConfigInvalid},
	} {
		tt.cfg.Scope = storetest.Scope
		_, err := store.Open(ctx, tt.cfg)
		wantCode(t, tt.name, err, tt.want)
	}
}

func TestAFileThatIsNoDatabaseIsNotTouched(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notes.txt")
	content := []byte(strings.Repeat("these are notes, not a database\n", 200))
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(ctx, store.Config{URL: "sqlite:" + path, Scope: storetest.Scope})
	wantCode(t, "a file of notes", err, vezne.CodeCorrupt)
	if got := must[[]byte](t)(os.ReadFile(path)); string(got) != string(content) {
		t.Error("the file was changed")
	}
}

func TestMigrationsRunTwiceChangeNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		o := insertOrder(t, s, nil)
		before := schema(t, s)
		for range 2 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = open(store.Config{})
		}
		if after := schema(t, s); after != before || before == "" {
			t.Errorf("the schema changed:\n%s\n%s", before, after)
		}
		must[vezne.Order](t)(s.Order(ctx, o.ID))
	})
}

// schema returns a text that changes when a table or a column does.
func schema(t *testing.T, s *store.Store) string {
	t.Helper()
	query := "SELECT COALESCE(group_concat(sql, ';'), '') FROM (SELECT sql FROM sqlite_master ORDER BY name)"
	if s.Dialect() == store.Postgres {
		query = `SELECT string_agg(table_name || '.' || column_name || ' ' || data_type, ';' ORDER BY table_name, ordinal_position)
			FROM information_schema.columns WHERE table_schema = 'public'`
	}
	var text string
	if err := s.DB().QueryRowContext(ctx, query).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAnOlderBuildWorksOnANewerSchema(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		o := insertOrder(t, s, nil)
		// What a later build may do, since migrations only go forward and only
		// add: a column with a default, a table, and its own mark in the list.
		for _, statement := range []string{
			"ALTER TABLE vezne_orders ADD COLUMN later_note TEXT NOT NULL DEFAULT ''",
			"CREATE TABLE later_things (id TEXT NOT NULL PRIMARY KEY)",
			"INSERT INTO vezne_migrations (version_id, is_applied) VALUES (9001, TRUE)",
		} {
			if _, err := s.DB().ExecContext(ctx, statement); err != nil {
				t.Fatal(err)
			}
		}
		newer := schema(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(store.Config{})
		in(t, s, func(tx *store.Tx) error {
			o, err := tx.LockOrder(ctx, o.ID)
			if err != nil {
				return err
			}
			o.PaidAt, o.PaidBy = new(tx.Now()), "att_1"
			return tx.SaveOrder(ctx, o)
		})
		if got := must[[]vezne.Order](t)(s.Orders(ctx, store.OrderFilter{})); len(got) != 1 || got[0].PaidAt == nil {
			t.Errorf("%+v", got)
		}
		insertOrder(t, s, nil)
		if schema(t, s) != newer {
			t.Error("the older build changed the newer schema")
		}
	})
}

func TestADatabaseThatWasHandedInStaysOpen(t *testing.T) {
	t.Parallel()
	for dialect, url := range map[store.Dialect]string{store.SQLite: storetest.SQLite(t), store.Postgres: storetest.EmptyPostgres(t)} {
		db := storetest.DB(t, url)
		s, err := store.Open(ctx, store.Config{DB: db, Dialect: dialect, Scope: storetest.Scope})
		if err != nil {
			t.Fatal(err)
		}
		insertOrder(t, s, nil)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := db.PingContext(ctx); err != nil {
			t.Errorf("%s: closing the store closed what was handed in: %v", dialect, err)
		}
	}
}
