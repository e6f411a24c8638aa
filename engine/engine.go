// Package engine wires the parts of Vezne together. Open builds a desk over a
// database and a Stripe account; Handler serves its REST API, its pages and
// the webhook route; Start begins the work in the background. The binary and
// programs that embed Vezne use the same door.
package engine

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/internal/ids"
	"github.com/vezne/vezne/internal/inbox"
	"github.com/vezne/vezne/internal/jobs"
	"github.com/vezne/vezne/internal/outbox"
	"github.com/vezne/vezne/internal/reconcile"
	"github.com/vezne/vezne/internal/redact"
	"github.com/vezne/vezne/internal/refresh"
	"github.com/vezne/vezne/internal/server"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/stripeapi"
	"github.com/vezne/vezne/internal/web"
	"github.com/vezne/vezne/internal/writeahead"
)

// Engine is an open desk. It is safe for concurrent use once Start was called.
type Engine struct {
	*Database

	cfg     Config
	log     *slog.Logger
	secrets atomic.Pointer[Secrets]
	hooks   hooks
	// restoring is true while a restored database catches up.
	restoring atomic.Bool

	stripe     *stripeapi.Client
	settler    *settle.Settler
	sender     *writeahead.Sender
	refresher  *refresh.Refresher
	reconciler *reconcile.Reconciler
	inbox      *inbox.Inbox
	desk       *desk.Desk
	outbox     *outbox.Outbox
	jobs       *jobs.Jobs
	metrics    *metrics
	handler    http.Handler

	// mu guards what follows: starting and ending.
	mu         sync.Mutex
	state      state
	background sync.WaitGroup
	cancel     context.CancelFunc
	// leaving guards the first Leave, left frees what it took, and jobsEnded hears
	// how the jobs ended after it.
	leaving   sync.Once
	left      context.CancelFunc
	jobsEnded chan error
}

type state int

const (
	stateOpen state = iota
	stateStarted
	stateClosed
)

// Logger returns a logger of JSON lines that can write neither a card number
// nor a key, for Config.Log.
func Logger(w io.Writer, level slog.Leveler) *slog.Logger { return redact.Logger(w, level) }

// Open checks the configuration, opens the database and builds the desk.
// Settings that are wrong are errors of CodeConfigInvalid, which name the
// setting and say what to do; others are those of the database, and
// CodeStripeUnreachable at the first start.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, log: cfg.Log, jobsEnded: make(chan error, 1)}
	e.secrets.Store(&Secrets{Keys: cfg.Keys, Callback: cfg.Callback.Secrets})
	var err error
	if e.stripe, err = stripeapi.New(stripeapi.Config{SecretKey: cfg.Keys.Secret, Rolled: e.secretKey, BaseURL: cfg.APIBase, HTTPClient: cfg.HTTPClient}); err != nil {
		return nil, err
	}
	id, err := account(ctx, cfg, e.stripe)
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, cfg.storage(id))
	if err != nil {
		return nil, err
	}
	e.Database = newDatabase(s)
	_, restored, err := s.Restored(ctx)
	if err != nil {
		return nil, errors.Join(err, e.Close(ctx))
	}
	e.restoring.Store(restored)
	if err := e.build(ctx); err != nil {
		return nil, errors.Join(err, e.Close(ctx))
	}
	return e, nil
}

func (e *Engine) build(ctx context.Context) error {
	owner, err := ids.New("proc_")
	if err != nil {
		return vezne.E(vezne.CodeInternal, "engine.Open", "").Because(err)
	}
	e.outbox, err = outbox.New(outbox.Config{
		Store: e.store, CallbackURL: e.cfg.Callback.URL, Secrets: e.callbackSecrets, Transport: e.cfg.Callback.Transport, Hook: e.hooks.afterCommit,
		Clock: vezne.SystemClock{}, Log: e.log,
	})
	if err != nil {
		return err
	}
	e.metrics = newMetrics(e.store)
	e.jobs, err = jobs.New(ctx, jobs.Config{Store: e.store, Outbox: e.outbox, Retention: e.cfg.Retention, Removed: e.metrics.removedPayloads, Log: e.log})
	if err != nil {
		return err
	}
	e.settler = settle.New(settle.Config{
		Store: e.store, Policy: e.cfg.Policy, Seller: e.cfg.Seller, PublicURL: e.cfg.PublicURL, APIVersion: stripeapi.Version, Enqueue: e.jobs.Enqueue,
		HasCallback: e.cfg.Callback.URL != "", Wake: e.wake, Log: e.log,
	})
	e.sender = writeahead.New(writeahead.Config{Store: e.store, Settler: e.settler, Stripe: e.stripe, Owner: owner, Log: e.log})
	e.refresher = refresh.New(refresh.Config{
		Store: e.store, Settler: e.settler, Stripe: e.stripe, Owner: owner, Rate: e.cfg.ReadRate, EndpointRate: e.cfg.EndpointReadRate, Log: e.log,
	})
	e.inbox, err = inbox.New(inbox.Config{
		Store: e.store, Secrets: e.webhookSecrets, Tolerance: e.cfg.WebhookTolerance, Wake: e.wake, Log: e.log,
		// Whoever signs does so in real time, whatever clock orders follow.
		Clock: vezne.SystemClock{},
	})
	if err != nil {
		return err
	}
	e.reconciler = reconcile.New(reconcile.Config{Store: e.store, Refresher: e.refresher, Inbox: e.inbox, Owner: owner, Wake: e.wake, Log: e.log})
	e.desk = desk.New(desk.Config{
		Store: e.store, Settler: e.settler, Sender: e.sender, Refresher: e.refresher, Reconciler: e.reconciler, ReadOnly: e.restoring.Load, PublicURL: e.cfg.PublicURL,
		APIVersion: stripeapi.Version, Limits: e.cfg.Policy.Limits, Throttled: e.metrics.throttled, Clock: e.cfg.clock(), Log: e.log,
	})
	pages, err := web.New(web.Config{
		Desk: e.desk, Operators: e.people, Sessions: sessions{e.store}, Submissions: submissions{e.store}, PublishableKey: e.cfg.Keys.Publishable,
		Livemode: e.cfg.Keys.Livemode(), StripeJS: e.cfg.StripeJS, StripeOrigins: e.cfg.StripeOrigins, PublicURL: e.cfg.PublicURL, Seller: e.cfg.Seller,
		Shop: e.cfg.Shop, Clock: e.cfg.clock(), Log: e.log,
	})
	if err != nil {
		return err
	}
	proxies, err := e.cfg.proxies()
	if err != nil {
		return err
	}
	e.handler = e.metrics.observe(server.New(server.Config{
		Desk: e.desk, Inbox: receiver{e.inbox, e.metrics}, Access: access{e.store}, Keys: idempotency{e.store}, Ready: e.Ready, Doctor: e.Doctor, Metrics: e.metrics.handler(),
		Web: pages, PublishableKey: e.cfg.Keys.Publishable, Livemode: e.cfg.Keys.Livemode(), PublicURL: e.cfg.PublicURL, TrustedProxies: proxies, Clock: e.cfg.clock(),
		Log: e.log,
	}))
	return nil
}

// Handler serves the whole desk: /v1, /pay, /admin, /webhooks/stripe, /healthz,
// /readyz, /metrics and the documents. Mount it at the root of a host.
func (e *Engine) Handler() http.Handler { return e.handler }

// Ready says whether the desk is started and its database answers.
func (e *Engine) Ready(ctx context.Context) error {
	e.mu.Lock()
	started := e.state == stateStarted
	e.mu.Unlock()
	if !started {
		return vezne.E(vezne.CodeStorageUnavailable, "engine.Ready", "The service is starting or ending.")
	}
	if e.restoring.Load() {
		return vezne.E(vezne.CodeReadOnly, "engine.Ready", "The database was restored and catches up with Stripe.")
	}
	return e.store.Ping(ctx)
}

// wake makes the sweepers look now instead of at their next second.
func (e *Engine) wake() {
	if e.refresher != nil {
		e.refresher.Wake()
	}
	if e.sender != nil {
		e.sender.Wake()
	}
}

func (e *Engine) secretKey() vezne.Secret         { return e.secrets.Load().Keys.Secret }
func (e *Engine) webhookSecrets() []vezne.Secret  { return e.secrets.Load().Keys.Webhook }
func (e *Engine) callbackSecrets() []vezne.Secret { return e.secrets.Load().Callback }
