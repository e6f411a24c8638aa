package simulate_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/sandbox"
)

// empty is a database that the desk has prepared, with a token and the
// witness's table, from which each world starts.
var empty struct {
	once  sync.Once
	file  []byte
	token vezne.Secret
	err   error
}

func emptyDatabase() ([]byte, error) {
	empty.once.Do(func() { empty.file, empty.token, empty.err = prepare() })
	return empty.file, empty.err
}

// The witness's table, and indexes by which the world looks on.
const witness = `CREATE TABLE ships (order_id TEXT NOT NULL);
CREATE INDEX look_received ON vezne_events (object_id, number) WHERE state = 'received';
CREATE INDEX look_told ON vezne_effects (root_id) WHERE topic = 'order.paid' AND kind = 'callback';
CREATE INDEX look_unsent ON vezne_effects (next_at) WHERE sent_at IS NULL;
CREATE INDEX look_recheck ON vezne_snapshots (recheck_at) WHERE recheck_at IS NOT NULL;
CREATE INDEX look_calls ON vezne_calls (id) WHERE state IN ('pending', 'looking');
CREATE INDEX look_seal ON vezne_entries (at) WHERE chain_seq IS NULL;
CREATE INDEX look_paid ON vezne_entries (root_id) WHERE action = 'order.paid';
CREATE INDEX look_canceled ON vezne_entries (root_id) WHERE action = 'order.canceled';
CREATE INDEX look_parent ON vezne_snapshots (root_kind, root_id, id);
CREATE INDEX look_kind ON vezne_snapshots (id, root_kind);
CREATE INDEX look_unlinked ON vezne_marks (id) WHERE unlinked;
CREATE INDEX look_held ON vezne_orders (id) WHERE paid_at IS NULL AND attention <> '[]';
CREATE INDEX look_revision ON vezne_orders (id, revision);
CREATE INDEX look_dead ON vezne_marks (id) WHERE dead`

func prepare() (file []byte, token vezne.Secret, err error) {
	dir, err := os.MkdirTemp(memoryDir(), "vezne-sim-")
	if err != nil {
		return nil, token, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	sb, err := sandbox.New(sandbox.Options{Account: accountName, ForwardTo: deskURL + hookPath, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, token, err
	}
	defer func() { err = errors.Join(err, sb.Close()) }()
	ready, err := sb.Ready(nil)
	if err != nil {
		return nil, token, err
	}
	path := filepath.Join(dir, "vezne.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_pragma=foreign_keys(ON)")
	if err != nil {
		return nil, token, err
	}
	ctx := context.Background()
	e, err := engine.Open(ctx, engine.Config{
		Keys:    engine.Keys{Secret: vezne.NewSecret(ready.SecretKey), Publishable: ready.PublishableKey, Webhook: []vezne.Secret{vezne.NewSecret(ready.WebhookSecret)}},
		APIBase: stripeURL, HTTPClient: &http.Client{Transport: sb.Transport()}, DB: db, Dialect: engine.SQLite, PublicURL: deskURL,
	})
	if err == nil {
		if token, err = e.CreateToken(ctx, "simulation"); err == nil {
			_, err = db.ExecContext(ctx, witness+";"+noticing)
		}
		err = errors.Join(err, e.Close(ctx))
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return nil, token, err
	}
	file, err = os.ReadFile(path)
	return file, token, err
}
