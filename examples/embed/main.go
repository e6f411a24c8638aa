// Command embed is a shop with the payments desk inside: one program, one
// database. Its own handlers sell coffee; the desk takes the money, and the
// shop's row is written in the transaction that makes an order Paid.
//
// To try it, start `vezne sandbox` and, with the keys and the signing secret
// that it prints:
//
//	vezne sandbox --forward-to http://127.0.0.1:8080/webhooks/stripe
//	export STRIPE_API_BASE=http://127.0.0.1:12111
//	export STRIPE_SECRET_KEY=sk_test_… STRIPE_PUBLISHABLE_KEY=pk_test_… STRIPE_WEBHOOK_SECRET=whsec_…
//	go run ./examples/embed
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run is the program until ctx ends.
func run(ctx context.Context, getenv func(string) string, out io.Writer) (err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", or(getenv("ADDR"), "127.0.0.1:8080"))
	if err != nil {
		return err
	}
	public := or(getenv("PUBLIC_URL"), "http://"+l.Addr().String())
	db, err := sql.Open("sqlite", "file:"+or(getenv("DATABASE"), "shop.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)&_txlock=immediate")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS shipments (order_id TEXT NOT NULL PRIMARY KEY)"); err != nil {
		return err
	}
	keys := engine.Keys{
		Secret: vezne.NewSecret(getenv("STRIPE_SECRET_KEY")), Publishable: getenv("STRIPE_PUBLISHABLE_KEY"),
		Webhook: []vezne.Secret{vezne.NewSecret(getenv("STRIPE_WEBHOOK_SECRET"))},
	}
	log := engine.Logger(os.Stderr, slog.LevelWarn)
	mux := http.NewServeMux()

	// README begins
	desk, err := engine.Open(ctx, engine.Config{
		Keys:      keys,                      // sk_ or rk_, pk_, whsec_
		APIBase:   getenv("STRIPE_API_BASE"), // empty for Stripe, or the sandbox's
		DB:        db,                        // the shop's own database
		Dialect:   engine.SQLite,             // or engine.Postgres
		PublicURL: public,                    // such as https://pay.example.com
		Log:       log,
	})
	if err != nil {
		return err
	}
	desk.OnOrderPaid(func(ctx context.Context, tx *sql.Tx, o vezne.OrderView) error {
		// Inside the transaction that makes the order Paid: all or nothing.
		_, err := tx.ExecContext(ctx, "INSERT INTO shipments (order_id) VALUES ($1)", o.ID)
		return err
	})
	if err := desk.Start(ctx); err != nil {
		return err
	}
	mux.Handle("/", desk.Handler()) // pay pages, REST, webhook, dashboard
	// README ends

	shop := shop{desk: desk, db: db, public: public}
	mux.HandleFunc("GET /{$}", shop.home)
	mux.HandleFunc("POST /buy", shop.buy)
	server := &http.Server{Handler: http.NewCrossOriginProtection().Handler(mux), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	fmt.Fprintln(out, "The shop is open at "+public)
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	desk.Leave(ending)
	return errors.Join(err, server.Shutdown(ending), desk.Close(ending))
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
