package engine

import (
	"context"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// Backup writes a copy of a SQLite database to a file that does not exist yet,
// also beside a running service, and returns the moment whose state it holds.
// CodeConfigInvalid for another kind of database or a path that cannot be
// written.
func Backup(ctx context.Context, databaseURL, to string) (time.Time, error) {
	return store.Backup(ctx, databaseURL, to)
}

// RestoreParams say how a database was, or is to be, restored.
type RestoreParams struct {
	// DatabaseURL is the database to be served.
	DatabaseURL string
	// From is a backup of SQLite that is put in its place; empty when the database
	// was restored by its own tools.
	From string
	// AsOf is when the state is from; zero means as the backup says.
	AsOf time.Time
	// SkipInvoices is how many invoice numbers are left out, because they may have
	// been given after the backup was made.
	SkipInvoices int64
}

// Restored is a mode of a database that was restored.
type Restored struct {
	Account vezne.Scope
	// AsOf is when its state is from.
	AsOf time.Time
	// Reconciliation is the search that must be complete before it is open.
	Reconciliation vezne.ReconciliationID
}

// Restore puts a backup in place and marks the database as restored: whoever
// serves it next is read-only until Stripe was asked for everything that
// happened since. CodeConfigInvalid when something is in the way, when the
// backup is none, or when nobody knows what time the state is from.
func Restore(ctx context.Context, p RestoreParams) ([]Restored, error) {
	if p.From != "" {
		if err := store.RestoreFile(ctx, p.From, p.DatabaseURL); err != nil {
			return nil, err
		}
	}
	var out []Restored
	for _, livemode := range []bool{false, true} {
		cfg := store.Config{URL: p.DatabaseURL, Scope: vezne.Scope{Livemode: livemode}}
		account, err := store.KeptAccount(ctx, cfg)
		if err != nil {
			return nil, err
		}
		if account == "" {
			continue
		}
		cfg.Scope.Account = account
		r, err := markRestored(ctx, cfg, p)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return nil, wrong("The database has never been served.", "There is nothing to catch up with: start the service.")
	}
	return out, nil
}

func markRestored(ctx context.Context, cfg store.Config, p RestoreParams) (r Restored, err error) {
	s, err := store.Open(ctx, cfg)
	if err != nil {
		return r, err
	}
	d := newDatabase(s)
	defer func() {
		if closing := d.Close(); err == nil {
			err = closing
		}
	}()
	if p.AsOf.IsZero() {
		if p.AsOf, err = s.BackupTime(ctx); vezne.CodeOf(err) == vezne.CodeNotFound {
			return r, wrong("Nobody knows what time the state is from.", "Say it: --as-of 2026-01-31T00:00:00Z, rather too early than too late.")
		}
	}
	if err != nil {
		return r, err
	}
	search, err := s.MarkRestored(ctx, p.AsOf, p.SkipInvoices)
	return Restored{Account: cfg.Scope, AsOf: p.AsOf, Reconciliation: search.ID}, err
}

// CatchingUp reports whether the database was restored and Stripe is being
// asked for what happened since: until then nothing can be changed.
func (e *Engine) CatchingUp() bool { return e.restoring.Load() }

// catchUpEvery is how often it is looked whether a restored desk may open.
const catchUpEvery = time.Second

// catchUp keeps the desk read-only until it knows what happened since the
// backup, and then lets it send.
func (e *Engine) catchUp(ctx context.Context) {
	e.log.WarnContext(ctx, "the database was restored; nothing is changed until Stripe was asked for what happened since")
	tick := time.NewTicker(catchUpEvery)
	defer tick.Stop()
	for e.restoring.Load() {
		if err := e.caughtUp(ctx); err != nil && ctx.Err() == nil {
			e.log.ErrorContext(ctx, "a restored database cannot be opened yet", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
	e.sender.Run(ctx)
}

// caughtUp opens the desk if everything since the backup was looked at and
// read.
func (e *Engine) caughtUp(ctx context.Context) error {
	id, restored, err := e.store.Restored(ctx)
	if err != nil {
		return err
	}
	if restored {
		done, err := e.searched(ctx, id)
		if err != nil || !done {
			return err
		}
		if err := e.store.ForgetRestored(ctx); err != nil {
			return err
		}
	}
	e.restoring.Store(false)
	e.log.InfoContext(ctx, "the restored database is open")
	return nil
}

// searched reports whether a search is complete and what it marked was read. A
// search that failed is made again.
func (e *Engine) searched(ctx context.Context, id vezne.ReconciliationID) (bool, error) {
	r, err := e.store.Reconciliation(ctx, id)
	if err != nil {
		return false, err
	}
	switch r.State {
	case vezne.ReconciliationComplete:
		// What is marked later is everyday business.
		n, err := e.store.MarksUntil(ctx, *r.EndedAt)
		return n == 0, err
	case vezne.ReconciliationFailed:
		e.log.ErrorContext(ctx, "Stripe could not be asked for what happened since the backup; it is tried again", "stage", string(r.Stage), "err", r.Error)
		_, err := e.store.MarkRestored(ctx, r.Since, 0)
		return false, err
	}
	return false, nil
}
