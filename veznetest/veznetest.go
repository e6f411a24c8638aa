// Package veznetest is for tests of programs that use Vezne: a desk and an
// offline Stripe in one line, without a network, with a clock that stands until
// the test moves it.
//
//	func TestAnOrderIsPaid(t *testing.T) {
//		h := veznetest.New(t)
//		order := h.NewOrder(1999, "try")
//		h.Pay(order.ID, "pm_card_visa")
//		h.Idle()
//		h.WantStatus(order.ID, vezne.OrderPaid)
//	}
//
// Nothing sleeps: Idle does everything that is due, at Stripe and at the desk,
// and returns once nothing is left. Faults are planted through Stripe, which is
// the sandbox's control over the account.
package veznetest

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/sandbox"
)

// Addresses inside of a House. They exist on its transport only.
const (
	DeskURL    = "http://desk.test"
	SandboxURL = "http://sandbox.test"
	AppURL     = "http://app.test/callbacks"
)

// Secret signs the call-backs of a House.
const Secret = "whsec_dmV6bmV0ZXN0LXNpZ25zLWNhbGwtYmFja3Mtd2l0aA=="

// account names the sandbox's account: its keys end with it.
const account = "veznetest00000000"

// patience is how long anything in a House may take.
const patience = time.Minute

// House is a desk and an offline Stripe. It ends with its test. Everything of
// the engine can be called on it; what has a shorter form here ends the test
// when it fails.
type House struct {
	*engine.Engine
	// Sandbox is the offline Stripe, Stripe the control over its account: faults,
	// deliveries, simulated people and banks.
	Sandbox *sandbox.Sandbox
	Stripe  *sandbox.Account
	// Clock tells orders, leases and the account at Stripe what time it is.
	Clock *Clock
	// Client reaches the desk, the sandbox and the application by their
	// addresses.
	Client *http.Client
	// Keys are those of the account, Token is one of the REST API.
	Keys  engine.Keys
	Token vezne.Secret

	t       testing.TB
	options options
	handler atomic.Pointer[http.Handler]
	app     *application
	log     *logBuffer
}

type options struct {
	database string
	configs  []func(*engine.Config)
	sandbox  []func(*sandbox.Options)
	hooks    []func(*engine.Engine)
	started  bool
}

// Option changes a House.
type Option func(*options)

// WithDatabase puts the desk into a database, such as PostgreSQL's
// postgres://…, instead of a SQLite file of the test's own.
func WithDatabase(url string) Option { return func(o *options) { o.database = url } }

// WithConfig changes how the desk is opened, at each opening.
func WithConfig(change func(*engine.Config)) Option {
	return func(o *options) { o.configs = append(o.configs, change) }
}

// WithSandbox changes how the sandbox starts.
func WithSandbox(change func(*sandbox.Options)) Option {
	return func(o *options) { o.sandbox = append(o.sandbox, change) }
}

// WithHooks registers hooks, at each opening.
func WithHooks(register func(*engine.Engine)) Option {
	return func(o *options) { o.hooks = append(o.hooks, register) }
}

// Started runs the desk's work in the background as in production, beside what
// Idle does. The clock stands all the same.
func Started() Option { return func(o *options) { o.started = true } }

// New opens a House.
func New(t testing.TB, with ...Option) *House {
	t.Helper()
	h := &House{t: t, Clock: NewClock(time.Now().UTC().Truncate(time.Second)), app: &application{}, log: &logBuffer{}}
	for _, o := range with {
		o(&h.options)
	}
	if h.options.database == "" {
		h.options.database = "sqlite:" + filepath.Join(t.TempDir(), "vezne.db")
	}
	h.Client = &http.Client{Transport: roads{h}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	o := sandbox.Options{
		Clock: h.Clock.Now, PublicURL: SandboxURL, Account: account, ForwardTo: DeskURL + "/webhooks/stripe", Transport: roads{h}, Log: slog.New(slog.DiscardHandler),
	}
	for _, change := range h.options.sandbox {
		change(&o)
	}
	var err error
	if h.Sandbox, err = sandbox.New(o); err != nil {
		t.Fatalf("veznetest: %v", err)
	}
	t.Cleanup(func() {
		if err := h.Sandbox.Close(); err != nil {
			t.Errorf("veznetest: the sandbox ends: %v", err)
		}
	})
	ready, err := h.Sandbox.Ready(nil)
	if err != nil {
		t.Fatalf("veznetest: %v", err)
	}
	h.Keys = engine.Keys{
		Secret: vezne.NewSecret(ready.SecretKey), Publishable: ready.PublishableKey, Webhook: []vezne.Secret{vezne.NewSecret(ready.WebhookSecret)},
	}
	h.Stripe = h.Sandbox.Account(ready.SecretKey)
	h.open()
	t.Cleanup(h.close)
	if h.Token, err = h.CreateToken(t.Context(), "veznetest"); err != nil {
		t.Fatalf("veznetest: %v", err)
	}
	return h
}

func (h *House) open() {
	h.t.Helper()
	cfg := engine.Config{
		Keys: h.Keys, APIBase: SandboxURL, HTTPClient: &http.Client{Transport: h.Sandbox.Transport()}, DatabaseURL: h.options.database, PublicURL: DeskURL,
		Callback: engine.Callback{URL: AppURL, Secrets: []vezne.Secret{vezne.NewSecret(Secret)}, Transport: roads{h}}, Clock: h.Clock,
		Log: engine.Logger(h.log, slog.LevelDebug),
	}
	for _, change := range h.options.configs {
		change(&cfg)
	}
	e, err := engine.Open(h.t.Context(), cfg)
	if err != nil {
		h.t.Fatalf("veznetest: %v", err)
	}
	for _, register := range h.options.hooks {
		register(e)
	}
	if h.options.started {
		if err := e.Start(h.t.Context()); err != nil {
			h.t.Fatalf("veznetest: %v", err)
		}
	}
	h.Engine = e
	handler := e.Handler()
	h.handler.Store(&handler)
}

func (h *House) close() {
	h.t.Helper()
	h.handler.Store(nil)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.t.Context()), patience)
	defer cancel()
	if err := h.Close(ctx); err != nil {
		h.t.Errorf("veznetest: the desk ends: %v", err)
	}
}

// Restart closes the desk and opens it again over the same database. Stripe
// goes on; what it sends in between is refused and sent again.
func (h *House) Restart() {
	h.t.Helper()
	h.close()
	h.open()
}

// Stop takes the desk off the network until Start puts it back: requests and
// events find nobody.
func (h *House) Stop() { h.handler.Store(nil) }

// Resume puts the desk back on the network after Stop.
func (h *House) Resume() {
	handler := h.Handler()
	h.handler.Store(&handler)
}

// Idle does everything that is due now at Stripe and at the desk, and returns
// once nothing is left.
func (h *House) Idle() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	for {
		before := h.deliveries()
		if err := h.Stripe.Idle(ctx); err != nil {
			h.t.Fatalf("veznetest: Stripe is not idle: %v", err)
		}
		if err := h.Engine.Idle(ctx); err != nil {
			h.t.Fatalf("veznetest: the desk is not idle: %v", err)
		}
		// What the desk did may have made Stripe send something, and so on.
		if after := h.deliveries(); after == before {
			return
		}
	}
}

// deliveries counts what Stripe sent or is to send, each attempt as one.
func (h *House) deliveries() int {
	h.t.Helper()
	list, err := h.Stripe.Deliveries(sandbox.DeliveryFilter{})
	if err != nil {
		h.t.Fatalf("veznetest: %v", err)
	}
	n := len(list)
	for _, d := range list {
		n += len(d.Attempts)
	}
	return n
}

// Advance moves the clock and does what falls due on the way: at Stripe each at
// its own instant, at the desk afterwards.
func (h *House) Advance(d time.Duration) {
	h.t.Helper()
	h.Clock.Advance(d)
	h.Idle()
}

// Log returns what the desk logged so far, as JSON lines.
func (h *House) Log() string { return h.log.String() }

// roads lead requests to the desk, the sandbox and the application without a
// network.
type roads struct{ house *House }

// RoundTrip carries a request to whoever has the host.
func (r roads) RoundTrip(req *http.Request) (*http.Response, error) {
	switch "http://" + req.URL.Host {
	case SandboxURL:
		return r.house.Sandbox.Transport().RoundTrip(req)
	case DeskURL:
		h := r.house.handler.Load()
		if h == nil {
			return nil, closing(req, errDown)
		}
		return carry(*h, req)
	}
	return carry(r.house.app, req)
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write keeps a line.
func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns all lines.
func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var _ io.Writer = (*logBuffer)(nil)
