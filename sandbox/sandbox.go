package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// Options are how a sandbox starts. The zero value works.
type Options struct {
	// Clock tells the time; nil is the real one. Timers wait by the real time (inside testing/synctest, by the bubble's).
	Clock func() time.Time
	// Seed makes ids repeatable; 0 takes random ones.
	Seed uint64
	// Data is a folder that keeps everything over a restart; "" keeps it in memory.
	Data string
	// PublicURL begins the URLs of answers, as browsers reach the sandbox; "" takes the Host of each request.
	PublicURL string
	// StrictKeys knows only keys that were issued.
	StrictKeys bool
	// Lenient answers ids that nobody created.
	Lenient bool
	// StripeMock answers suites that were written for stripe-mock: beside what Lenient does, a call with right parameters never
	// fails, a list is never empty, and answers say stripe-mock's version.
	StripeMock bool
	// DefaultAPIVersion is used by requests without Stripe-Version; "" is the newest.
	DefaultAPIVersion string
	// DisplayName is the name of new accounts.
	DisplayName string
	// PaymentMethods are the types that new accounts take when an intent is told none; empty for cards alone.
	PaymentMethods []string
	// Transport carries deliveries to webhook endpoints; nil is the network, through Dial where that is set.
	Transport http.RoundTripper
	// Dial opens the connections of deliveries; nil is the network's.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Account names the account of ForwardTo and of Ready: its keys are sk_test_X and pk_test_X. "" is "sandbox".
	Account string
	// ForwardTo is the URL of a webhook endpoint that the account has from the start, for all events.
	ForwardTo string
	// StrictWorld lets events come late, twice, as twins and in any order, as Stripe warns that they may; none is lost. The
	// same Seed and the same calls meet the same world.
	StrictWorld bool
	// Log gets what has no caller to be told to: due jobs that failed, faults of the sandbox's own. Nil is silent.
	Log *slog.Logger
}

// Sandbox is the offline Stripe. It is an http.Handler without a port or global state.
type Sandbox struct {
	options Options
	log     *slog.Logger
	pages   *pages
	seams   seams
	// ids makes the ids of requests.
	ids *source
	// secret keys the hashes of what idempotent calls asked for.
	secret [32]byte
	// fingerprints are hashes with that key, to be used again.
	fingerprints sync.Pool
	// run counts the starts over the same data.
	run uint64
	// owners are the accounts that published an id; keyOwners those that a key was issued for.
	owners, keyOwners sync.Map
	// background counts the timers of all accounts.
	background sync.WaitGroup
	journal    *journal

	// webhooks carries deliveries; those to plain addresses go over a wire of their own when wired.
	webhooks *http.Client
	wired    bool
	traffic  callTraffic
	// closing ends when Close begins.
	closing context.Context
	leave   context.CancelFunc

	mu       sync.Mutex
	accounts map[string]*account
	closed   bool
	// replaying says that accounts are being read from the data.
	replaying bool
}

// New makes a sandbox. It returns an error when Data cannot be read or written, or when DefaultAPIVersion is unknown.
func New(o Options) (*Sandbox, error) {
	sb := &Sandbox{options: o, log: o.Log, accounts: map[string]*account{}}
	if sb.log == nil {
		sb.log = slog.New(slog.DiscardHandler)
	}
	if o.DefaultAPIVersion != "" {
		if err := checkVersion(o.DefaultAPIVersion); err != nil {
			return nil, fmt.Errorf("sandbox: %w", err)
		}
	}
	sb.secret = newSecret()
	sb.attachControl()
	if err := sb.open(); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	sb.ids = newSource(o.Seed, sb.run, "requests")
	sb.pages = newPages(http.HandlerFunc(sb.serveAPI), publishedNumbers(), currencyDecimals)
	sb.pages.addHome(sb)
	if err := sb.begin(); err != nil {
		return nil, errors.Join(fmt.Errorf("sandbox: %w", err), sb.Close())
	}
	return sb, nil
}

// now is the sandbox's time, before the offset of an account.
func (sb *Sandbox) now() time.Time {
	if sb.options.Clock != nil {
		return sb.options.Clock()
	}
	return time.Now()
}

// ServeHTTP answers the API, the pages and the control routes.
func (sb *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if sb.options.StripeMock {
		w.Header().Set(mockHeader, mockVersion)
	}
	if sb.pages != nil && sb.pages.owns(r.URL.Path) {
		sb.pages.ServeHTTP(w, r)
		return
	}
	corsHeaders(w.Header())
	switch {
	case r.Method == http.MethodOptions:
		preflight(w, r)
	case sb.seams.serve != nil && strings.HasPrefix(r.URL.Path, "/_sandbox/"):
		sb.seams.serve.ServeHTTP(w, r)
	default:
		sb.serveAPI(w, r)
	}
}

// Close ends what runs in the background and closes the data. No goroutine is left when it returns. It returns an error
// when what was last changed could not be stored.
func (sb *Sandbox) Close() error {
	if sb.seams.closing != nil {
		sb.seams.closing()
	}
	sb.mu.Lock()
	sb.closed = true
	accounts := make([]*account, 0, len(sb.accounts))
	for _, a := range sb.accounts {
		accounts = append(accounts, a)
	}
	sb.mu.Unlock()
	for _, a := range accounts {
		a.mu.Lock()
		a.closed = true
		a.disarm()
		a.mu.Unlock()
	}
	sb.background.Wait()
	return sb.journal.close()
}

// reportPanic logs a fault of ours with where it happened.
func (sb *Sandbox) reportPanic(r *apiRequest, p any) {
	sb.log.Error("An operation panicked.", slog.String("operation", r.route.name()), slog.String("request", r.RequestID), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
}
