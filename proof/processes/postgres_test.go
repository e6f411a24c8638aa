package processes_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vezne/vezne/internal/store/storetest"
)

// server is the one server that lives of a test share which do not need one
// for themselves. It starts with the first of them.
type server struct {
	*storetest.Server
	t     *testing.T
	lives atomic.Int64
}

// database makes a database.
func (s *server) database() (postgresStore, error) {
	name := fmt.Sprint("life", s.lives.Add(1))
	return postgresStore(s.Database(name)), found(s.Server, name)
}

// found makes a database with the schema in it, before anything in it counts.
func found(s *storetest.Server, name string) (err error) {
	s.Unsynced(func() {
		s.Run("CREATE DATABASE " + name)
		var out []byte
		if out, err = exec.Command(program, "migrate", "--database", s.Database(name)).CombinedOutput(); err != nil {
			err = fmt.Errorf("vezne migrate: %w\n%s", err, out)
		}
	})
	return err
}

// throughTCP turns the address of a database at a socket into one behind a
// road, which leads to the socket.
func throughTCP(address, road string) (through, socket string) {
	base, query, _ := strings.Cut(address, "?host=")
	return strings.Replace(base, "@/", "@"+road+"/", 1) + "?sslmode=disable", filepath.Join(query, ".s.PGSQL.5432")
}

// returned waits until the witness itself can commit something at one of these
// addresses, and returns when that was.
func returned(ctx context.Context, addresses ...string) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		var errs []error
		for _, address := range addresses {
			err := commit(ctx, address)
			if err == nil {
				return time.Now(), nil
			}
			errs = append(errs, err)
		}
		select {
		case <-ctx.Done():
			return time.Time{}, errors.Join(errs...)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// commit commits a transaction that has written something.
func commit(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "SELECT pg_current_xact_id()")
	return errors.Join(err, conn.Close(ctx))
}

// onServer is a life on a database of the shared server.
func onServer(shared *server, weather bool) func(t *testing.T) plan {
	return func(*testing.T) plan {
		if shared.Server == nil {
			shared.Server = storetest.NewServer(shared.t)
		}
		return plan{processes: 1, weather: weather, store: func(*house) (store, error) { return shared.database() }}
	}
}

// stopPostgres crashes the database server and starts it again.
func stopPostgres(shared *server) func(h *house) (time.Duration, error) {
	return func(h *house) (time.Duration, error) {
		shared.Stop("immediate")
		h.witness.down()
		if err := h.pause(h.between(0, 300*time.Millisecond)); err != nil {
			return 0, err
		}
		h.witness.coming()
		since := make(chan time.Time, 1)
		failed := make(chan error, 1)
		go func() {
			at, err := returned(h.running, h.store.url())
			since <- at
			failed <- err
		}()
		shared.Start()
		at, err := <-since, <-failed
		if err != nil {
			return 0, err
		}
		return h.back(at)
	}
}

// freezePostgres makes the whole server read-only for a while.
func freezePostgres(shared *server) func(h *house) (time.Duration, error) {
	reload := func(value string) {
		shared.Run("ALTER SYSTEM SET default_transaction_read_only = " + value)
		shared.Run("SELECT pg_reload_conf()")
	}
	return func(h *house) (time.Duration, error) {
		reload("on")
		// Every session takes it over before its next statement, once it got the
		// server's signal.
		if err := h.pause(100 * time.Millisecond); err != nil {
			return 0, err
		}
		h.witness.down()
		if err := h.felt(); err != nil {
			return 0, err
		}
		if err := h.pause(h.between(0, 200*time.Millisecond)); err != nil {
			return 0, err
		}
		h.witness.coming()
		reload("off")
		at, err := returned(h.running, h.store.url())
		if err != nil {
			return 0, err
		}
		return h.back(at)
	}
}

// pair is a primary and a standby that every commit waits for, at two places
// that stay while the servers change.
type pair struct {
	t                *testing.T
	dir              string
	primary, standby *storetest.Server
	first            bool // whether the primary is at the first place
	// road is the one address that leads to whoever is the primary, where the
	// service does not know both places.
	road *storetest.Road
}

const pairDatabase = "life"

// newPair makes a pair. The service knows both places, or, as the seed has it, one
// address that is turned to the new primary, as a proxy or a name does.
func newPair(t *testing.T, h *house) (store, error) {
	p := &pair{t: t, dir: h.dir, primary: storetest.NewServer(t), first: true}
	if err := found(p.primary, pairDatabase); err != nil {
		return nil, err
	}
	p.standby = p.primary.Standby()
	if err := errors.Join(p.point(true, p.primary), p.point(false, p.standby)); err != nil {
		return nil, err
	}
	if h.rng.IntN(2) == 0 {
		var err error
		if p.road, err = storetest.NewRoad(); err != nil {
			return nil, err
		}
		h.later(p.road.Close)
		p.turn()
	}
	h.notes = append(h.notes, fmt.Sprintf("one address: %t", p.road != nil))
	return p, p.follow(h.running)
}

// turn makes the one address lead to the primary. Whoever was connected is cut off.
func (p *pair) turn() {
	_, socket := throughTCP(p.primary.Database(pairDatabase), "")
	p.road.Lead("unix", socket)
	p.road.Reset()
}

func (p *pair) place(first bool) string {
	if first {
		return filepath.Join(p.dir, "a")
	}
	return filepath.Join(p.dir, "b")
}

// point makes a place lead to a server.
func (p *pair) point(first bool, s *storetest.Server) error {
	if err := os.Remove(p.place(first)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Symlink(s.Dir(), p.place(first))
}

func (p *pair) url() string {
	if p.road != nil {
		through, _ := throughTCP(p.primary.Database(pairDatabase), p.road.Address())
		return through
	}
	q := url.Values{"host": {p.place(true) + "," + p.place(false)}, "port": {"5432,5432"}, "target_session_attrs": {"read-write"}}
	return "postgres://postgres@/" + pairDatabase + "?" + q.Encode()
}

// follow waits until every commit at the primary waits for the standby.
func (p *pair) follow(ctx context.Context) error {
	p.primary.Run("ALTER SYSTEM SET synchronous_standby_names = '*'")
	p.primary.Run("SELECT pg_reload_conf()")
	conn, err := pgx.Connect(ctx, p.primary.Database("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for {
		var n int
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'").Scan(&n); err != nil || n > 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// failOver crashes the primary, makes the standby the primary, and gives it a
// standby of its own.
func failOver(h *house) (time.Duration, error) {
	p := h.store.(*pair)
	p.primary.Stop("immediate")
	h.witness.down()
	if err := h.pause(h.between(0, 200*time.Millisecond)); err != nil {
		return 0, err
	}
	h.witness.coming()
	since := make(chan time.Time, 1)
	failed := make(chan error, 1)
	go func() {
		at, err := returned(h.running, p.standby.Database(pairDatabase))
		since <- at
		failed <- err
	}()
	p.standby.Run("SELECT pg_promote()")
	at, err := <-since, <-failed
	if err != nil {
		return 0, err
	}
	former := p.primary
	p.primary, p.first = p.standby, !p.first
	if p.road != nil {
		p.turn()
		at = time.Now()
	}
	took, err := h.back(at)
	if err != nil {
		return took, err
	}
	former.Remove()
	p.standby = p.primary.Standby()
	if err := p.point(!p.first, p.standby); err != nil {
		return took, err
	}
	return took, p.follow(h.running)
}

func (p *pair) open() (*sql.DB, error) { return sql.Open("pgx", p.url()) }
