package jobs_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/jobs"
	"github.com/vezne/vezne/internal/outbox"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

const secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// patience is how long a test waits for what must come.
const patience = time.Minute

// application hears call-backs.
type application struct {
	ids    chan string
	refuse atomic.Bool
}

func (a *application) RoundTrip(r *http.Request) (*http.Response, error) {
	code := http.StatusOK
	if a.refuse.Load() {
		code = http.StatusInternalServerError
	}
	a.ids <- r.Header.Get("webhook-id")
	return &http.Response{StatusCode: code, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

func (a *application) next(t *testing.T) string {
	t.Helper()
	select {
	case id := <-a.ids:
		return id
	case <-time.After(patience):
		t.Fatal("no call-back came")
		return ""
	}
}

type house struct {
	store *store.Store
	clock *storetest.Clock
	app   *application
	jobs  *jobs.Jobs
}

func newHouse(t *testing.T, s *store.Store, clock *storetest.Clock) *house {
	t.Helper()
	h := &house{store: s, clock: clock, app: &application{ids: make(chan string, 100)}}
	log := slog.New(slog.DiscardHandler)
	box, err := outbox.New(outbox.Config{
		Store: s, CallbackURL: "https://shop.example/vezne", Transport: h.app, Clock: vezne.SystemClock{}, Log: log,
		Secrets: func() []vezne.Secret { return []vezne.Secret{vezne.NewSecret(secret)} },
	})
	if err != nil {
		t.Fatal(err)
	}
	if h.jobs, err = jobs.New(t.Context(), jobs.Config{Store: s, Outbox: box, Retention: time.Hour, Log: log}); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) start(t *testing.T) {
	t.Helper()
	if err := h.jobs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.stop(t) })
}

func (h *house) stop(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	if err := h.jobs.Stop(ctx); err != nil {
		t.Error(err)
	}
}

var errUndo = errors.New("undo")

// insert writes an effect and, if it is to be queued, its job.
func (h *house) insert(t *testing.T, key string, enqueue, commit bool) string {
	t.Helper()
	id := ""
	err := h.store.InTx(t.Context(), func(tx *store.Tx) error {
		rows, err := tx.InsertEffects(t.Context(), []vezne.Effect{{
			Key: key, Kind: vezne.EffectCallback, Topic: "order.paid", Root: vezne.Root{Kind: vezne.RootOrder, ID: "ord_1"}, Revision: 1, Payload: []byte("{}"),
		}})
		if err != nil {
			return err
		}
		id = rows[0].ID
		if enqueue {
			if err := h.jobs.Enqueue(t.Context(), tx, rows); err != nil {
				return err
			}
		}
		if !commit {
			return errUndo
		}
		return nil
	})
	if commit && err != nil || !commit && !errors.Is(err, errUndo) {
		t.Fatal(err)
	}
	return id
}

func (h *house) queued(t *testing.T, db *sql.DB) int {
	t.Helper()
	table := "river_job"
	if h.store.Dialect() == store.Postgres {
		table = "vezne_jobs.river_job"
	}
	n := 0
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table+" WHERE kind = 'vezne_deliver'").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func each(t *testing.T, run func(t *testing.T, h *house)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, open func(store.Config) *store.Store) {
		clock := storetest.NewClock()
		run(t, newHouse(t, open(store.Config{Clock: clock}), clock))
	})
}

func TestAnEffectIsDeliveredIfAndOnlyIfItsTransactionCommits(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.insert(t, "undone", true, false)
		if n := h.queued(t, h.store.DB()); n != 0 {
			t.Errorf("%d jobs after a rollback, want 0", n)
		}
		h.start(t)
		h.insert(t, "undone too", true, false)
		id := h.insert(t, "done", true, true)
		if n := h.queued(t, h.store.DB()); n != 1 {
			t.Errorf("%d jobs after a commit, want 1", n)
		}
		if got := h.app.next(t); got != id {
			t.Errorf("delivered %q, want %q", got, id)
		}
	})
}

func TestWhatWasQueuedBeforeAStopIsDeliveredAfterTheNextStart(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(store.Config) *store.Store) {
		s := open(store.Config{})
		first := newHouse(t, s, nil)
		first.start(t)
		first.stop(t)
		id := first.insert(t, "while nobody works", true, true)
		second := newHouse(t, s, nil)
		second.start(t)
		if got := second.app.next(t); got != id {
			t.Errorf("delivered %q, want %q", got, id)
		}
	})
}

func TestARefusedDeliverySleepsUntilItIsDueAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.app.refuse.Store(true)
		id := h.insert(t, "refused", true, true)
		h.start(t)
		if got := h.app.next(t); got != id {
			t.Fatalf("delivered %q, want %q", got, id)
		}
		// Not due, not sent: whoever delivers directly finds nothing to do.
		h.stop(t)
		if n, err := h.jobs.DeliverDue(t.Context()); err != nil || n != 0 || len(h.app.ids) != 0 {
			t.Fatalf("DeliverDue = %d, %v, %d more requests", n, err, len(h.app.ids))
		}
		h.app.refuse.Store(false)
		h.clock.Advance(5 * time.Second)
		if n, err := h.jobs.DeliverDue(t.Context()); err != nil || n != 1 {
			t.Fatalf("DeliverDue = %d, %v", n, err)
		}
		kept, err := h.store.Effect(t.Context(), id)
		if err != nil || kept.SentAt == nil || kept.Tries != 2 {
			t.Errorf("row: %+v, %v", kept, err)
		}
	})
}

func TestAnEffectWhoseJobIsLostIsQueuedAgainOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		db := h.store.DB()
		if err := h.jobs.Tend(t.Context()); err != nil {
			t.Fatal(err)
		}
		id := h.insert(t, "lost", false, true)
		h.clock.Advance(time.Minute)
		if err := h.jobs.Tend(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := h.queued(t, db); n != 0 {
			t.Fatalf("%d jobs after a minute, want 0: its own job may still run", n)
		}
		h.clock.Advance(2 * time.Minute)
		for range 3 {
			if err := h.jobs.Tend(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := h.queued(t, db); n != 1 {
			t.Fatalf("%d jobs, want 1", n)
		}
		h.start(t)
		if got := h.app.next(t); got != id {
			t.Errorf("delivered %q, want %q", got, id)
		}
	})
}

func TestTheAuditTrailIsSealedAndBodiesAreBlanked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		root := vezne.Root{Kind: vezne.RootOrder, ID: "ord_1"}
		err := h.store.InTx(ctx, func(tx *store.Tx) error {
			if _, err := tx.InsertOrder(ctx, vezne.Order{ID: "ord_1", Currency: "try", AmountTotal: 100, CreatedAt: tx.Now()}); err != nil {
				return err
			}
			return tx.AppendEntries(ctx, []vezne.Entry{{Root: root, Action: "order.created"}, {Root: root, Action: "order.noted"}})
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.store.StoreEvents(ctx, []vezne.Event{{ID: "evt_1", Type: "plan.created", State: vezne.EventIgnored, Created: h.clock.Now(), Body: []byte(`{}`)}}); err != nil {
			t.Fatal(err)
		}
		if err := h.jobs.Tend(ctx); err != nil {
			t.Fatal(err)
		}
		report, err := h.store.VerifyAudit(ctx)
		if err != nil || report.Entries != 2 || report.Broken != "" {
			t.Errorf("VerifyAudit = %+v, %v", report, err)
		}
		if seq, hash, err := h.store.AuditHead(ctx); err != nil || seq != 2 || hash != report.Head {
			t.Errorf("AuditHead = %d, %q, %v", seq, hash, err)
		}
		body := func() string {
			e, err := h.store.Event(ctx, "evt_1")
			if err != nil {
				t.Fatal(err)
			}
			return string(e.Body)
		}
		if err := h.jobs.Prune(ctx); err != nil || body() != "{}" {
			t.Fatalf("Prune: %v; body %q before the retention period ended", err, body())
		}
		h.clock.Advance(2 * time.Hour)
		if err := h.jobs.Prune(ctx); err != nil || body() != "" {
			t.Fatalf("Prune: %v; body %q after the retention period", err, body())
		}
	})
}

func TestADatabaseThatWasHandedInWorks(t *testing.T) {
	t.Parallel()
	open := map[store.Dialect]func(t *testing.T) *sql.DB{
		store.SQLite: func(t *testing.T) *sql.DB {
			db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(storetest.SQLite(t), "sqlite:"))
			if err != nil {
				t.Fatal(err)
			}
			return db
		},
		store.Postgres: func(t *testing.T) *sql.DB {
			db, err := sql.Open("pgx", storetest.EmptyPostgres(t))
			if err != nil {
				t.Fatal(err)
			}
			return db
		},
	}
	for dialect, open := range open {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			db := open(t)
			t.Cleanup(func() {
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
			h := newHouse(t, storetest.Open(t, store.Config{DB: db, Dialect: dialect}), nil)
			h.start(t)
			id := h.insert(t, "handed in", true, true)
			if got := h.app.next(t); got != id {
				t.Errorf("delivered %q, want %q", got, id)
			}
			h.stop(t)
			if err := db.PingContext(t.Context()); err != nil {
				t.Errorf("the database was closed: %v", err)
			}
		})
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
