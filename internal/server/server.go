// Package server is HTTP in: the REST API under /v1 with its OpenAPI
// description, the webhook route, health and metrics. It checks tokens, decodes
// and refuses bad input, and writes every error in one place; what is done is
// the desk's business. It mounts the pages.
package server

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/vezne/vezne"
)

// Config is what the server stands on.
type Config struct {
	Desk Desk
	// Inbox receives events.
	Inbox Inbox
	// Access checks bearer tokens.
	Access Access
	// Keys remembers answers by the caller's Idempotency-Key.
	Keys Idempotency
	// Ready says whether the database answers.
	Ready func(ctx context.Context) error
	// Doctor examines the desk.
	Doctor func(ctx context.Context) []vezne.Diagnosis
	// Metrics serves /metrics; nil for none.
	Metrics http.Handler
	// Web serves everything that is not the server's own.
	Web            http.Handler
	PublishableKey string
	Livemode       bool
	PublicURL      string
	// TrustedProxies are believed when they say in X-Forwarded-For who asks.
	TrustedProxies []netip.Prefix
	Clock          vezne.Clock
	Log            *slog.Logger
}

// Version is the version of the REST API; it only grows.
const Version = "1.0.0"

// MaxBody is the largest request body, in bytes.
const MaxBody = 1 << 20

type server struct {
	Config
	api huma.API
	// untold is done once somebody was told of a proxy that is not trusted.
	untold sync.Once
}

// New returns the handler of the whole service.
func New(cfg Config) http.Handler {
	s := &server{Config: cfg}
	mux := http.NewServeMux()
	api := http.NewServeMux()
	s.api = humago.New(api, s.openAPI())
	s.orders()
	s.payments()
	s.customers()
	s.erasures()
	s.events()
	s.reconciliations()
	s.doctor()
	s.settings()
	v1 := s.guard(api)
	mux.Handle("/v1/", v1)
	mux.Handle("GET /openapi.json", http.HandlerFunc(s.serveOpenAPI))
	mux.Handle("GET /docs", http.HandlerFunc(s.serveDocs))
	mux.Handle("GET /docs/docs.css", http.HandlerFunc(serveDocsStyle))
	mux.Handle(webhookPath, http.HandlerFunc(s.webhook))
	mux.Handle("GET /healthz", http.HandlerFunc(healthy))
	mux.Handle("GET /readyz", http.HandlerFunc(s.ready))
	if cfg.Metrics != nil {
		mux.Handle("GET /metrics", cfg.Metrics)
	}
	if cfg.Web != nil {
		mux.Handle("/", cfg.Web)
	}
	return s.forwarded(s.observe(s.exact(mux)))
}

func (s *server) openAPI() huma.Config {
	cfg := huma.DefaultConfig("Vezne", Version)
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "", "", ""
	cfg.CreateHooks = nil
	cfg.RejectUnknownQueryParameters = true
	cfg.Transformers = []huma.Transformer{s.transformError}
	cfg.Info.Description = "The payments desk between an application and Stripe. Amounts are integers in the currency's minor unit as Stripe counts it. " +
		"Times are RFC 3339 in UTC. The API grows only additively."
	cfg.Servers = []*huma.Server{{URL: s.PublicURL}}
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "A token made with `vezne token create`: vz_…"},
	}
	cfg.Security = []map[string][]string{{"token": {}}}
	return cfg
}

// route describes one operation of the API.
type route struct {
	id, method, path, summary, description, tag string
	status                                      int
	// open needs no token.
	open bool
}

// handle registers an operation; every error of its handler becomes a problem.
func handle[I, O any](s *server, r route, h func(ctx context.Context, in *I) (*O, error)) {
	op := huma.Operation{
		OperationID: r.id, Method: r.method, Path: r.path, Summary: r.summary, Description: r.description,
		Tags: []string{r.tag}, DefaultStatus: r.status, MaxBodyBytes: MaxBody + 1,
		Responses: map[string]*huma.Response{"default": s.problemResponse()},
	}
	if r.open {
		op.Security = []map[string][]string{}
	}
	if r.method == http.MethodPost {
		op.Parameters = []*huma.Param{{
			Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: "string"},
			Description: "The same key and body give the same answer for 24 hours, with Idempotent-Replayed: true",
		}}
	}
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

func (s *server) serveOpenAPI(w http.ResponseWriter, r *http.Request) {
	b, err := s.api.OpenAPI().MarshalJSON()
	if err != nil {
		s.writeProblem(w, r, vezne.E(vezne.CodeInternal, "server.openapi", "").Because(err))
		return
	}
	w.Header().Set("Content-Type", "application/openapi+json")
	w.Write(b)
}

func healthy(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write([]byte("ok\n"))
}

// readyTimeout bounds the look at the database.
const readyTimeout = 2 * time.Second

func (s *server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		s.writeProblem(w, r, err)
		return
	}
	healthy(w, r)
}
