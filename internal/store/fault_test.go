package store_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

// touch is a transaction that writes.
func touch(s *store.Store) error { return s.SetSetting(ctx, "touched", "yes") }

func TestADatabaseThatCannotBeWrittenSaysSo(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := storetest.Open(t, store.Config{URL: url})
		o := insertOrder(t, s, nil)
		statement := "PRAGMA query_only(ON)"
		if s.Dialect() == store.Postgres {
			statement = "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET default_transaction_read_only = on'; END $$"
		}
		if _, err := s.DB().ExecContext(ctx, statement); err != nil {
			t.Fatal(err)
		}
		if s.Dialect() == store.Postgres {
			// The setting counts for new connections.
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			_, err := store.Open(ctx, store.Config{URL: url, Scope: storetest.Scope})
			wantCode(t, "opening it", err, vezne.CodeReadOnly)
			return
		}
		err := touch(s)
		wantCode(t, "a write", err, vezne.CodeReadOnly)
		if vezne.KindOf(err) != vezne.KindUnavailable {
			t.Errorf("kind %q: it is an outage, not a fault of the caller", vezne.KindOf(err))
		}
		if _, err := s.Order(ctx, o.ID); err != nil {
			t.Errorf("reading still works: %v", err)
		}
	})
}

func TestASQLiteFileThatIsOpenedForReadingIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "vezne.db")
	s := storetest.Open(t, store.Config{URL: "sqlite:" + path})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = store.Open(ctx, store.Config{DB: db, Dialect: store.SQLite, Scope: storetest.Scope})
	wantCode(t, "a file that cannot be written", err, vezne.CodeReadOnly)
}

func TestALockedDatabaseIsAnOutage(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		url := storetest.SQLite(t)
		storetest.Open(t, store.Config{URL: url})
		path := strings.TrimPrefix(url, "sqlite:")
		// Without a time-out of its own, so that the test does not wait for it.
		handed, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(0)&_txlock=immediate")
		if err != nil {
			t.Fatal(err)
		}
		defer handed.Close()
		s := storetest.Open(t, store.Config{DB: handed, Dialect: store.SQLite})
		holder, err := storetest.DB(t, url).Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer holder.Close()
		if _, err := holder.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
			t.Fatal(err)
		}
		wantCode(t, "a write while a tool holds the file", touch(s), vezne.CodeStorageUnavailable)
		if _, err := holder.ExecContext(ctx, "ROLLBACK"); err != nil {
			t.Fatal(err)
		}
		wantCode(t, "afterwards", touch(s), "")
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		url := storetest.Postgres(t)
		s := storetest.Open(t, store.Config{URL: url + "&lock_timeout=20"})
		holder := must[*sql.Tx](t)(storetest.DB(t, url).BeginTx(ctx, nil))
		if _, err := holder.ExecContext(ctx, "LOCK TABLE vezne_settings"); err != nil {
			t.Fatal(err)
		}
		wantCode(t, "a write while another holds the table", touch(s), vezne.CodeStorageUnavailable)
		if err := holder.Rollback(); err != nil {
			t.Fatal(err)
		}
		wantCode(t, "afterwards", touch(s), "")
	})
}

func TestADatabaseThatIsGoneIsAnOutageAndComesBack(t *testing.T) {
	t.Parallel()
	server := storetest.NewServer(t)
	s := storetest.Open(t, store.Config{URL: server.URL()})
	o := insertOrder(t, s, nil)
	for _, mode := range []string{"fast", "immediate"} {
		var during error
		err := s.InTx(ctx, func(tx *store.Tx) error {
			if _, err := tx.LockOrder(ctx, o.ID); err != nil {
				return err
			}
			if during == nil {
				server.Stop(mode)
			}
			during = errors.New("seen")
			_, err := tx.LockOrder(ctx, o.ID)
			return err
		})
		wantCode(t, mode+": a transaction in the middle", err, vezne.CodeStorageUnavailable)
		_, err = s.Order(ctx, o.ID)
		wantCode(t, mode+": a read", err, vezne.CodeStorageUnavailable)
		wantCode(t, mode+": a write", touch(s), vezne.CodeStorageUnavailable)
		_, err = s.NextNumber(ctx)
		wantCode(t, mode+": a number", err, vezne.CodeStorageUnavailable)
		_, err = store.Open(ctx, store.Config{URL: server.URL(), Scope: storetest.Scope})
		wantCode(t, mode+": another start", err, vezne.CodeStorageUnavailable)
		server.Start()
		got, err := s.Order(ctx, o.ID)
		if err != nil || got.Revision != o.Revision {
			t.Errorf("%s: when it is back: revision %d, %v; want %d: the transaction was undone", mode, got.Revision, err, o.Revision)
		}
		wantCode(t, mode+": a write when it is back", touch(s), "")
	}
}

func TestAConnectionThatIsCutIsAnOutageNotAFault(t *testing.T) {
	t.Parallel()
	wire := storetest.NewWire(t, storetest.Postgres(t))
	s := storetest.Open(t, store.Config{URL: wire.URL()})
	o := insertOrder(t, s, nil)
	lock := func() error {
		return s.InTx(ctx, func(tx *store.Tx) error { _, err := tx.LockOrder(ctx, o.ID); return err })
	}
	wire.CutAt("update vezne_orders")
	wantCode(t, "in the middle", lock(), vezne.CodeStorageUnavailable)
	wire.CutAt("commit")
	wantCode(t, "at the commit", lock(), vezne.CodeStorageUnavailable)
	wire.CutAt("")
	wantCode(t, "when the wire holds again", lock(), "")
	// The cut commit reached the server: only reading the row tells.
	if got := must[vezne.Order](t)(s.Order(ctx, o.ID)); got.Revision != 3 {
		t.Errorf("revision %d, want 3: made, the commit without an answer, the last one", got.Revision)
	}
}
