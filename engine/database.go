package engine

import (
	"context"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/jobs"
	"github.com/vezne/vezne/internal/store"
)

// Database is what can be asked of a desk's database and done in it without
// Stripe: tokens, operators, the inbox and the audit trail. An Engine is one;
// OpenDatabase opens one alone, for command-line tools.
type Database struct {
	store  *store.Store
	people *operators
}

func newDatabase(s *store.Store) *Database { return &Database{store: s, people: newOperators(s)} }

// DatabaseConfig says which database to open, and for whom.
type DatabaseConfig struct {
	// URL is "sqlite:PATH" or "postgres://…".
	URL string
	// Account is Stripe's account id; empty means the one that the database
	// knows.
	Account string
	// Livemode is true for real money.
	Livemode bool
	// BodyKey is as Config's.
	BodyKey []byte
}

// OpenDatabase opens a database and brings its schema up to date.
// CodeConfigInvalid when it cannot be opened so, as when another process has a
// SQLite file, or no account is known.
func OpenDatabase(ctx context.Context, cfg DatabaseConfig) (*Database, error) {
	if cfg.URL == "" {
		return nil, wrong("VEZNE_DATABASE_URL is missing.", "Use sqlite:vezne.db, or postgres://user@host/name.")
	}
	storage := store.Config{URL: cfg.URL, BodyKey: cfg.BodyKey, Scope: vezne.Scope{Account: cfg.Account, Livemode: cfg.Livemode}}
	if storage.Scope.Account == "" {
		kept, err := store.KeptAccount(ctx, storage)
		if err != nil {
			return nil, err
		}
		if kept == "" {
			return nil, wrong("The database belongs to no account in this mode yet.", "Start the service once, or set VEZNE_ACCOUNT to the account id (acct_…).")
		}
		storage.Scope.Account = kept
	}
	s, err := store.Open(ctx, storage)
	if err != nil {
		return nil, err
	}
	return newDatabase(s), nil
}

// Account returns Stripe's account and the mode that is served.
func (d *Database) Account() vezne.Scope { return d.store.Scope() }

// Close closes the database, unless it was handed in.
func (d *Database) Close() error { return d.store.Close() }

// Migrate brings a database's schema up to date and does nothing else: for
// where the service's own role may not change it.
func Migrate(ctx context.Context, databaseURL string) error {
	if databaseURL == "" {
		return wrong("VEZNE_DATABASE_URL is missing.", "Use sqlite:vezne.db, or postgres://user@host/name.")
	}
	return store.Migrate(ctx, store.Config{URL: databaseURL}, jobs.Migrate)
}
