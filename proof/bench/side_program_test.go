package bench_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/stripe/stripe-go/v85/webhook"
)

// The programs.
const (
	vezneKind = "vezne serve"
	handKind  = "by hand"
	riverKind = "River job"
)

const (
	// serveEnv has this binary serve a rival; urlEnv says over which database.
	serveEnv, urlEnv = "VEZNE_BENCH_SERVE", "VEZNE_BENCH_DATABASE"
	// startTime bounds the start of a program.
	startTime = 30 * time.Second
)

// rates are reads of Stripe a second that the service may make; zero for
// Stripe's own limits.
type rates struct{ all, each int }

// running is a program that is measured.
type running struct {
	kind       string
	cmd        *exec.Cmd
	url        string
	base       string
	postmaster int
	stripe     *stripeSide
	database   string
}

// start starts a program over a database, the service with a sandbox beside it.
func start(t *testing.T, bin, kind, url string, r rates, env ...string) *running {
	t.Helper()
	p := &running{kind: kind, postmaster: postmaster(t, url), database: url}
	dir := t.TempDir()
	ready := filepath.Join(dir, "ready.json")
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	if kind == vezneKind {
		p.stripe = startStripe(t, bin)
		p.cmd = exec.CommandContext(t.Context(), bin, "serve", "--addr", "127.0.0.1:0", "--ready-file", ready, "--log-level", "error")
		if r != (rates{}) {
			p.cmd.Args = append(p.cmd.Args, "--stripe-read-rate", strconv.Itoa(r.all), "--stripe-endpoint-read-rate", strconv.Itoa(r.each))
		}
		env = append(env, "VEZNE_DATABASE_URL="+url, "STRIPE_API_BASE="+p.stripe.url, "STRIPE_SECRET_KEY="+p.stripe.key, "STRIPE_PUBLISHABLE_KEY="+p.stripe.publishable,
			"STRIPE_WEBHOOK_SECRET="+secret, "VEZNE_ACCOUNT="+p.stripe.account)
	} else {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		p.cmd = exec.CommandContext(t.Context(), self)
		env = append(env, serveEnv+"="+kind, urlEnv+"="+url, "READY_FILE="+ready)
	}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = append(os.Environ(), env...), log, log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.stop(t) })
	var said map[string]string
	waitFor(t, ready, log.Name(), &said)
	p.base = said["service"]
	p.url = p.base + map[string]string{vezneKind: "/webhooks/stripe"}[kind]
	return p
}

// waitFor reads a ready file once it is there.
func waitFor(t *testing.T, path, log string, into any) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(startTime)
	for {
		b, err := os.ReadFile(path)
		if err == nil && json.Unmarshal(b, into) == nil {
			return
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		select {
		case <-late:
			said, err := os.ReadFile(log)
			t.Fatalf("a program did not start: %s %v", said, err)
		case <-tick.C:
		}
	}
}

// stop ends a program; a second time does nothing.
func (p *running) stop(t *testing.T) {
	t.Helper()
	if p.cmd.ProcessState == nil {
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Error(err)
		}
		if err := p.cmd.Wait(); err != nil {
			t.Logf("%s ended: %v", p.kind, err)
		}
	}
	if p.stripe != nil {
		p.stripe.stop(t)
	}
}

// postmaster returns the process of a PostgreSQL server, 0 for SQLite.
func postmaster(t *testing.T, url string) int {
	t.Helper()
	if strings.HasPrefix(url, "sqlite:") {
		return 0
	}
	var backend int
	if err := openRival(t, url).QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&backend); err != nil {
		t.Fatal(err)
	}
	parent, err := strconv.Atoi(stat(t, backend)[1])
	if err != nil {
		t.Fatal(err)
	}
	return parent
}

func rivalDSN(url string) (driver, dsn string) {
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		return "sqlite", "file:" + path + "?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)"
	}
	return "pgx", url
}

func openRival(t *testing.T, url string) *sql.DB {
	t.Helper()
	driver, dsn := rivalDSN(url)
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

// serveRival is the main function of a rival: it serves until it is told to end.
func serveRival(kind string) error {
	ctx := context.Background()
	driver, dsn := rivalDSN(os.Getenv(urlEnv))
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(16)
	blob := "BYTEA"
	if driver == "sqlite" {
		db.SetMaxOpenConns(1)
		blob = "BLOB"
	}
	if _, err := db.ExecContext(ctx, "CREATE TABLE by_hand (id TEXT NOT NULL PRIMARY KEY, object TEXT NOT NULL, body "+blob+" NOT NULL, received_at BIGINT NOT NULL, done_at BIGINT)"); err != nil {
		return err
	}
	keep := func(ctx context.Context, id, object string, body []byte) error {
		_, err := db.ExecContext(ctx, insertByHand, id, object, body, time.Now().UnixMicro())
		return err
	}
	if kind == riverKind {
		if keep, err = riverKeep(ctx, db, driver); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ready, err := json.Marshal(map[string]string{"service": "http://" + listener.Addr().String()})
	if err != nil {
		return err
	}
	if err := os.WriteFile(os.Getenv("READY_FILE"), ready, 0o600); err != nil {
		return err
	}
	return (&http.Server{Handler: byHandHandler(keep), ReadHeaderTimeout: time.Minute}).Serve(listener)
}

const insertByHand = "INSERT INTO by_hand (id, object, body, received_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"

// byHandHandler is what Stripe's documentation shows, and one row for each event.
func byHandHandler(keep func(ctx context.Context, id, object string, body []byte) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "body", http.StatusBadRequest)
			return
		}
		e, err := webhook.ConstructEventWithOptions(body, r.Header.Get("Stripe-Signature"), secret, webhook.ConstructEventOptions{IgnoreAPIVersionMismatch: true})
		if err != nil {
			http.Error(w, "signature", http.StatusBadRequest)
			return
		}
		object, _ := e.Data.Object["id"].(string)
		if err := keep(r.Context(), e.ID, object, body); err != nil {
			http.Error(w, "storage", http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusOK)
	})
}

// settleArgs are the arguments of the one job of an event.
type settleArgs struct {
	Event string `json:"event"`
}

// Kind returns the job's kind.
func (settleArgs) Kind() string { return "settle" }

type settleWorker struct {
	river.WorkerDefaults[settleArgs]
	db *sql.DB
}

// Work does the least that a job of an event does: it notes that it was done.
func (w *settleWorker) Work(ctx context.Context, job *river.Job[settleArgs]) error {
	_, err := w.db.ExecContext(ctx, "UPDATE by_hand SET done_at = $1 WHERE id = $2", time.Now().UnixMicro(), job.Args.Event)
	return err
}

func riverConfig(db *sql.DB) *river.Config {
	workers := river.NewWorkers()
	river.AddWorker(workers, &settleWorker{db: db})
	return &river.Config{
		Workers: workers, Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 100}}, FetchCooldown: 5 * time.Millisecond,
		FetchPollInterval: 100 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
	}
}

// riverKeep stores an event and queues its job in one transaction, with River as
// its documentation has it.
func riverKeep(ctx context.Context, db *sql.DB, driver string) (func(context.Context, string, string, []byte) error, error) {
	if driver == "sqlite" {
		migrator, err := rivermigrate.New(riversqlite.New(db), nil)
		if err != nil {
			return nil, err
		}
		if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
			return nil, err
		}
		client, err := river.NewClient(riversqlite.New(db), riverConfig(db))
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, id, object string, body []byte) error {
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			defer tx.Rollback()
			if _, err := tx.ExecContext(ctx, insertByHand, id, object, body, time.Now().UnixMicro()); err != nil {
				return err
			}
			if _, err := client.InsertTx(ctx, tx, settleArgs{id}, nil); err != nil {
				return err
			}
			return tx.Commit()
		}, client.Start(ctx)
	}
	pool, err := pgxpool.New(ctx, os.Getenv(urlEnv))
	if err != nil {
		return nil, err
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return nil, err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, err
	}
	client, err := river.NewClient(riverpgxv5.New(pool), riverConfig(db))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, id, object string, body []byte) error {
		return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, insertByHand, id, object, body, time.Now().UnixMicro()); err != nil {
				return err
			}
			_, err := client.InsertTx(ctx, tx, settleArgs{id}, nil)
			return err
		})
	}, client.Start(ctx)
}
