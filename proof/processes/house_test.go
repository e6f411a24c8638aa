package processes_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	_ "modernc.org/sqlite"             // registers the driver "sqlite"

	"github.com/vezne/vezne/internal/store/storetest"
	"github.com/vezne/vezne/sandbox"
)

// callbackSecret signs call-backs of the service.
const callbackSecret = "whsec_dmV6bmV0ZXN0LXNpZ25zLWNhbGwtYmFja3Mtd2l0aA=="

// buyers is how many people buy at once.
const buyers = 3

// house is one life: Stripe, the application, the service's processes over one
// database, and the buyers. Its fields stay as they are once it is open.
type house struct {
	dir     string
	rng     *rand.Rand
	sandbox *sandbox.Sandbox
	stripe  *sandbox.Account
	keys    sandbox.Ready
	witness *witness
	app     *app
	client  *http.Client
	token   string
	desks   []*desk
	store   store
	roads   roads

	// running ends when the life fails.
	running context.Context
	fail    context.CancelCauseFunc
	// closers end what was begun, the last first.
	closers []func() error
	// buying waits for the buyers, knocking for the witness's own events.
	buying, knocking sync.WaitGroup
	stopBuying       context.CancelFunc
	stopKnocking     context.CancelFunc

	mu      sync.Mutex
	bought  int
	refunds map[string]bool
	broken  []string
	// notes are what the cycles drew, for who looks into a finding.
	notes []string
}

// store is the database that a life stands on.
type store interface {
	// url is where the service finds it.
	url() string
	// open opens it beside the service, which must not run on SQLite then.
	open() (*sql.DB, error)
}

// roads are the ways between the parts; nil where there is no proxy.
type roads struct{ hook, stripe, database, app *storetest.Road }

// plan says what a life is made of.
type plan struct {
	processes int
	// program is another program than the built one, for faults that are planted.
	program string
	// weather is true where every way between the parts has a proxy.
	weather bool
	store   func(h *house) (store, error)
}

// openHouse begins a life. Whoever calls it closes it, also after an error.
func openHouse(ctx context.Context, seed uint64, p plan) (*house, error) {
	h := &house{rng: rand.New(rand.NewPCG(seed, 4)), app: &app{paid: map[string]map[string]bool{}}, refunds: map[string]bool{}}
	h.running, h.fail = context.WithCancelCause(ctx)
	var err error
	if h.dir, err = os.MkdirTemp("", "vezne-life-"); err != nil {
		return h, err
	}
	h.later(func() error { return os.RemoveAll(h.dir) })
	if h.store, err = p.store(h); err != nil {
		return h, err
	}
	for i := range p.processes {
		h.desks = append(h.desks, &desk{name: fmt.Sprintf("desk%d", i+1), program: cmp.Or(p.program, program), dir: h.dir})
	}
	h.witness = newWitness(h.desks)
	h.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32, IdleConnTimeout: 10 * time.Second}, Timeout: 5 * time.Second}
	if err := h.openStripe(seed); err != nil {
		return h, err
	}
	appAddress, err := h.serve(h.app)
	if err != nil {
		return h, err
	}
	stripeURL, appURL, databaseURL := h.keys.Sandbox, "http://"+appAddress, h.store.url()
	if p.weather {
		if stripeURL, appURL, databaseURL, err = h.pave(appAddress); err != nil {
			return h, err
		}
	}
	env := []string{
		"STRIPE_SECRET_KEY=" + h.keys.SecretKey, "STRIPE_PUBLISHABLE_KEY=" + h.keys.PublishableKey, "STRIPE_WEBHOOK_SECRET=" + h.keys.WebhookSecret,
		"STRIPE_API_BASE=" + stripeURL, "VEZNE_ACCOUNT=" + h.keys.Account, "VEZNE_CALLBACK_URL=" + appURL, "VEZNE_CALLBACK_SECRET=" + callbackSecret,
		"VEZNE_DATABASE_URL=" + databaseURL, "VEZNE_SHUTDOWN_TIMEOUT=45s", "PATH=" + os.Getenv("PATH"), "HOME=" + h.dir,
	}
	for _, d := range h.desks {
		d.env = env
	}
	made, err := h.command(ctx, "token", "create", "witness")
	if err != nil {
		return h, err
	}
	h.token = strings.TrimSpace(made)
	for _, d := range h.desks {
		if err := d.start(); err != nil {
			return h, err
		}
		h.later(d.kill)
		if err := d.await(ctx); err != nil {
			return h, err
		}
	}
	// A purchase of which the service heard, so that the witness knows an event.
	return h, h.probe("warm")
}

// openStripe starts the offline Stripe, whose events the witness carries.
func (h *house) openStripe(seed uint64) (err error) {
	h.sandbox, err = sandbox.New(sandbox.Options{
		Account: "witness0000000000", ForwardTo: "http://" + hookHost + hookPath, Transport: h.witness, Seed: seed + 1, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	h.later(h.sandbox.Close)
	server, err := h.sandbox.Listen(h.running, sandbox.Listen{Addr: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve() }()
	h.later(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := server.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = nil // somebody waits for an answer that nobody will hear
		}
		return errors.Join(err, <-served)
	})
	if h.keys, err = h.sandbox.Ready(server); err != nil {
		return err
	}
	h.stripe = h.sandbox.Account(h.keys.SecretKey)
	h.witness.secret = h.keys.WebhookSecret
	_, err = h.stripe.ChangeSettings(func(s *sandbox.Settings) error {
		s.DeliveryTimeoutMS, s.DeliveryRetries = 60_000, []int64{1, 1, 1, 1}
		return nil
	})
	return err
}

// serve serves a handler on a free port.
func (h *house) serve(handler http.Handler) (address string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s := &http.Server{Handler: handler, ReadHeaderTimeout: patience}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	h.later(func() error {
		err := s.Close()
		if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
			err = errors.Join(err, ended)
		}
		return err
	})
	return l.Addr().String(), nil
}

// pave builds a road between every two parts.
func (h *house) pave(appAddress string) (stripeURL, appURL, databaseURL string, err error) {
	for _, r := range []**storetest.Road{&h.roads.hook, &h.roads.stripe, &h.roads.database, &h.roads.app} {
		if *r, err = storetest.NewRoad(); err != nil {
			return "", "", "", err
		}
		h.later((*r).Close)
	}
	h.roads.stripe.Lead("tcp", strings.TrimPrefix(h.keys.Sandbox, "http://"))
	h.roads.app.Lead("tcp", appAddress)
	for _, d := range h.desks {
		d.way = h.roads.hook
	}
	databaseURL, socket := throughTCP(h.store.url(), h.roads.database.Address())
	h.roads.database.Lead("unix", socket)
	return "http://" + h.roads.stripe.Address(), "http://" + h.roads.app.Address(), databaseURL, nil
}

// command runs the program once with the service's settings.
func (h *house) command(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, append(args, "--database", h.store.url())...)
	cmd.Env = []string{"VEZNE_ACCOUNT=" + h.keys.Account}
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("vezne %v: %w\n%s", args, err, said.String())
	}
	return string(out), nil
}

func (h *house) later(end func() error) { h.closers = append(h.closers, end) }

// close ends everything.
func (h *house) close() error {
	h.fail(nil)
	h.buying.Wait()
	h.knocking.Wait()
	var errs []error
	for i := len(h.closers) - 1; i >= 0; i-- {
		errs = append(errs, h.closers[i]())
	}
	h.client.CloseIdleConnections()
	h.witness.client.CloseIdleConnections()
	return errors.Join(errs...)
}

// violate notes that something did not hold that is neither lost nor doubled.
func (h *house) violate(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broken = append(h.broken, fmt.Sprintf(format, args...))
}

// restless is how long customers wait for an answer while everything breaks.
const restless = 3 * time.Second

// busy lets people buy until idle is called.
func (h *house) busy() {
	ctx, cancel := context.WithCancel(h.running)
	h.stopBuying = cancel
	for i := range buyers {
		c := customer{rng: rand.New(rand.NewPCG(h.rng.Uint64(), uint64(i))), name: fmt.Sprint("buyer", i), desks: h.desks, patience: restless}
		h.buying.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if _, err := h.purchase(h.running, c, fmt.Sprint(n), way(c.rng.IntN(ways))); err != nil && !errors.Is(err, errLeft) {
					h.fail(err)
					return
				}
			}
		})
	}
}

// probe buys once at each process alone and sees it through to the end: none
// needs a restart.
func (h *house) probe(name string) error {
	for _, d := range h.desks {
		c := customer{rng: rand.New(rand.NewPCG(1, 1)), name: name + "-" + d.name, desks: []*desk{d}, patience: patience}
		id, err := h.purchase(h.running, c, "probe", byEvent)
		if err == nil {
			err = h.known(h.running, c, id)
		}
		if err != nil {
			return fmt.Errorf("%s does not work any more: %w\n%s", d.name, err, d.said())
		}
	}
	return nil
}

// idle waits until everybody has what they wanted.
func (h *house) idle() error {
	h.stopBuying()
	h.buying.Wait()
	return context.Cause(h.running)
}

// knock lets the witness send events of its own until quiet is called.
func (h *house) knock() {
	ctx, cancel := context.WithCancel(h.running)
	h.stopKnocking = cancel
	h.knocking.Go(func() {
		if err := h.witness.knock(ctx); err != nil {
			h.fail(err)
		}
	})
}

func (h *house) quiet() {
	h.stopKnocking()
	h.knocking.Wait()
}

// pause lets the load go on for a while.
func (h *house) pause(d time.Duration) error {
	select {
	case <-h.running.Done():
		return context.Cause(h.running)
	case <-time.After(d):
		return nil
	}
}

// felt waits until the service has refused an event, or has taken one that it
// must not.
func (h *house) felt() error {
	began := h.witness.refusals.Load()
	ctx, cancel := context.WithTimeout(h.running, patience)
	defer cancel()
	for h.witness.refusals.Load() == began && !h.witness.deceived() {
		select {
		case <-ctx.Done():
			return errors.Join(errors.New("the service refuses nothing"), context.Cause(h.running), ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// back waits until every process has acknowledged something after the store
// came back, which must not take long.
func (h *house) back(since time.Time) (time.Duration, error) {
	h.witness.up(since)
	took, err := h.witness.firsts(h.running, h.desks...)
	if err != nil {
		return took, errors.Join(err, context.Cause(h.running), h.stuck())
	}
	if took > bound+late*h.witness.lateness() {
		h.violate("the first acknowledgement came %s after the store did", took.Round(time.Millisecond))
	}
	for _, d := range h.desks {
		if err := d.deserted(); err != nil {
			return took, err
		}
	}
	return took, h.pause(h.between(0, 150*time.Millisecond))
}

// stuck has every process say where it stands, which ends it.
func (h *house) stuck() error {
	var errs []error
	for _, d := range h.desks {
		d.process.expected.Store(true)
		if err := d.process.cmd.Process.Signal(syscall.SIGQUIT); err != nil {
			errs = append(errs, err)
			continue
		}
		<-d.process.gone
		errs = append(errs, fmt.Errorf("%s stood here: %w\n%s", d.name, d.process.err, d.said()))
	}
	return errors.Join(errs...)
}

// between draws a duration.
func (h *house) between(from, to time.Duration) time.Duration {
	return from + time.Duration(h.rng.Int64N(int64(to-from)))
}

// sqliteStore is a file.
type sqliteStore struct{ path string }

func newSQLite(h *house) (store, error) { return sqliteStore{filepath.Join(h.dir, "vezne.db")}, nil }

func (s sqliteStore) url() string { return "sqlite:" + s.path }

func (s sqliteStore) open() (*sql.DB, error) { return sql.Open("sqlite", "file:"+s.path) }

// postgresStore is a database of a server.
type postgresStore string

func (s postgresStore) url() string { return string(s) }

func (s postgresStore) open() (*sql.DB, error) { return sql.Open("pgx", string(s)) }
