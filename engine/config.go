package engine

import (
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/outbox"
	"github.com/vezne/vezne/internal/redact"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/stripeapi"
)

// StripeJS is where Stripe.js of the API version that the desk speaks comes
// from. Source: docs.stripe.com/sdks/stripejs-versioning.
const StripeJS = "https://js.stripe.com/dahlia/stripe.js"

// StripeVersion is the version of Stripe's API that the desk speaks. Webhook
// endpoints may have any: an event only says what to read.
const StripeVersion = stripeapi.Version

// DefaultTolerance is how far the time of an event's signature may lie from
// ours, as in Stripe's own libraries.
const DefaultTolerance = 5 * time.Minute

// DefaultTrustedProxies are what a proxy on the same machine connects from.
var DefaultTrustedProxies = []string{"127.0.0.0/8", "::1"}

// DefaultRetention is how long payloads are kept that are not needed any more.
const DefaultRetention = 90 * 24 * time.Hour

// MinRetention is the shortest time that may be set: as long as Stripe lists
// events, so that what a search for missed events finds can be looked at.
// Source: docs.stripe.com/api/events.
const MinRetention = 30 * 24 * time.Hour

// Dialect is the kind of a database that is handed in.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Config is what a desk stands on. Keys, a database and PublicURL are needed;
// everything else may be left at its zero value.
type Config struct {
	Keys Keys
	// Account is Stripe's account id ("acct_…"). Empty means the one that the
	// database knows, or at the first start the one that Stripe names.
	Account string
	// APIBase is the address of Stripe's API; empty for Stripe, or the sandbox's.
	APIBase string
	// HTTPClient carries requests to Stripe; nil for one with sensible limits.
	HTTPClient *http.Client

	// DatabaseURL is "sqlite:PATH" or "postgres://…".
	DatabaseURL string
	// DB is an open database that is used instead, with its Dialect; it stays
	// open after Close. SQLite must be opened with modernc.org/sqlite and is
	// limited to one connection; PostgreSQL must be opened with pgx's stdlib.
	DB      *sql.DB
	Dialect Dialect

	// PublicURL is where buyers reach Handler, such as https://pay.example.com.
	PublicURL string
	// Seller stands on pages and invoices.
	Seller vezne.Seller
	Policy vezne.Policy
	// Callback says who hears of orders; the zero value is nobody.
	Callback Callback
	// Reload returns secrets that may have been rolled since; nil when they
	// cannot change. It is asked every few seconds and by Engine.Reload. Secrets
	// that are refused leave the former ones in place.
	Reload func(ctx context.Context) (Secrets, error)
	// BodyKey, 32 bytes, encrypts the raw bodies of events; empty keeps them as
	// they are until Retention ends.
	BodyKey []byte
	// Retention is how long payloads are kept that are not needed any more: of
	// settled events, of call-backs that were accepted, and of requests to Stripe
	// that were answered. The rows stay, and the digest of an event's payload. 0
	// means DefaultRetention, less than 0 for ever, less than MinRetention is
	// refused.
	Retention time.Duration
	// ReadRate and EndpointReadRate are how many objects are read from Stripe a
	// second, in all and of one kind; 0 means Stripe's limits, 100 and 25. Raise
	// them where Stripe has raised its own.
	ReadRate, EndpointReadRate int
	// WebhookTolerance is how far the time of an event's signature may lie from
	// ours; 0 means DefaultTolerance.
	WebhookTolerance time.Duration

	// TrustedProxies are addresses, or ranges such as 10.0.0.0/8, that are
	// believed when they say in X-Forwarded-For who asks. Nil means
	// DefaultTrustedProxies, an empty list trusts nobody.
	TrustedProxies []string

	// Shop serves a demo shop.
	Shop bool
	// StripeJS is the address of Stripe.js; empty means StripeJS, or that of the
	// sandbox at APIBase.
	StripeJS string
	// StripeOrigins are further origins that pages may load from and send to,
	// such as a domain of one's own for Checkout.
	StripeOrigins []string

	// Clock decides what time it is for orders, leases and due times. Nil means
	// the database's own clock.
	Clock vezne.Clock
	// Log takes what happens; nil discards it. Card numbers and keys are masked
	// before they reach it. Logger makes one whose writer masks as well.
	Log *slog.Logger
}

// Callback says where call-backs go and what signs them.
type Callback struct {
	URL string
	// Secrets sign, by the Standard Webhooks rules: whsec_ and the base64 of 24
	// to 64 bytes. Several sign while one is being rolled.
	Secrets []vezne.Secret
	// Transport carries call-backs; nil for one with sensible limits.
	Transport http.RoundTripper
}

// Secrets are what may be rolled while the process runs.
type Secrets struct {
	Keys Keys
	// Callback are the secrets that sign call-backs.
	Callback []vezne.Secret
}

// complete checks a configuration and fills in what was left out.
func (c *Config) complete() error {
	if err := c.Keys.Check(); err != nil {
		return err
	}
	if err := checkBase(c.Keys, c.APIBase); err != nil {
		return err
	}
	if c.DatabaseURL == "" && c.DB == nil {
		return wrong("VEZNE_DATABASE_URL is missing.", "Use sqlite:vezne.db, or postgres://user@host/name.")
	}
	u, err := url.Parse(c.PublicURL)
	switch {
	case c.PublicURL == "":
		return wrong("VEZNE_PUBLIC_URL is missing.", "Give the address at which buyers reach the service, such as https://pay.example.com.")
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.RawQuery != "" || u.Fragment != "":
		return wrong("VEZNE_PUBLIC_URL is not a URL.", "Give it as https://pay.example.com.")
	case strings.Trim(u.Path, "/") != "":
		return wrong("VEZNE_PUBLIC_URL holds a path.", "The pages need a host of their own, such as https://pay.example.com.")
	case c.Keys.Livemode() && u.Scheme != "https":
		return wrong("VEZNE_PUBLIC_URL is not https while the keys are live.", "Stripe.js takes real cards on https pages only: put a proxy with TLS in front and give its address.")
	}
	c.PublicURL = u.Scheme + "://" + u.Host
	if n := len(c.BodyKey); n != 0 && n != 32 {
		return wrong("VEZNE_BODY_KEY does not hold 32 bytes.", "Make one: openssl rand -base64 32")
	}
	if c.Callback.URL != "" {
		if err := outbox.CheckURL(c.Callback.URL); err != nil {
			return err
		}
		if err := outbox.CheckSecrets(c.Callback.Secrets); err != nil {
			return err
		}
	}
	if c.WebhookTolerance == 0 {
		c.WebhookTolerance = DefaultTolerance
	}
	if c.TrustedProxies == nil {
		c.TrustedProxies = DefaultTrustedProxies
	}
	if _, err := c.proxies(); err != nil {
		return err
	}
	if w := c.Policy.Limits.Window; w < 0 || w > vezne.MaxLimitWindow {
		return wrong("The window of the limits on tries to pay is less than nothing or more than a day.", "Give --limit-window a duration such as 1h, 24h at most.")
	}
	c.Policy.Limits = c.Policy.Limits.WithDefaults()
	if c.Retention == 0 {
		c.Retention = DefaultRetention
	}
	if c.Retention > 0 && c.Retention < MinRetention {
		return wrong("VEZNE_RETENTION is shorter than 720h.", "Stripe lists events for 30 days: keep payloads at least as long, or 0 for ever.")
	}
	if c.StripeJS == "" {
		c.StripeJS = StripeJS
		if base := strings.TrimRight(c.APIBase, "/"); base != "" && base != "https://api.stripe.com" {
			// Pages of a sandbox's keys must not ask the real Stripe.
			c.StripeJS = base + "/dahlia/stripe.js"
		}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	// Whatever the logger is, it says neither a card number nor a key.
	c.Log = slog.New(redact.Handler(c.Log.Handler()))
	return nil
}

// proxies returns the ranges of the trusted proxies.
func (c *Config) proxies() ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, s := range c.TrustedProxies {
		s = strings.TrimSpace(s)
		if a, err := netip.ParseAddr(s); err == nil {
			list = append(list, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, wrong("VEZNE_TRUSTED_PROXIES holds something that is no address and no range.", "Give them as 10.0.0.7 or 10.0.0.0/8, parted by commas.")
		}
		list = append(list, p.Masked())
	}
	return list, nil
}

// storage returns what the store is opened with, for an account.
func (c *Config) storage(account string) store.Config {
	return store.Config{
		URL: c.DatabaseURL, DB: c.DB, Dialect: store.Dialect(c.Dialect), Clock: c.Clock, BodyKey: c.BodyKey,
		Scope: vezne.Scope{Account: account, Livemode: c.Keys.Livemode()},
	}
}

// clock returns the clock for what is not decided by the database.
func (c *Config) clock() vezne.Clock {
	if c.Clock != nil {
		return c.Clock
	}
	return vezne.SystemClock{}
}
