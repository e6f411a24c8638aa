package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/vezne/vezne/engine"
)

// stripeSettings are the settings of an account at Stripe.
var stripeSettings = []string{"stripe-secret-key", "stripe-publishable-key", "stripe-webhook-secret", "stripe-api-base", "account"}

func (a *app) serve() *cobra.Command {
	cmd := &cobra.Command{
		Use: "serve", Short: "Serve orders, pages and events with the keys of a Stripe account", Args: words(),
		Long: `Serve runs the service for an account at Stripe: the REST API under /v1, the
pages under /pay and /admin, and the route /webhooks/stripe, to be entered in
Stripe's dashboard. Logs are JSON lines on the standard error.

Secrets that come from files are read again when they change; SIGHUP reads them
at once. With PostgreSQL any number of processes may serve the same database; a
SQLite file serves one.`,
		Example: `  export STRIPE_SECRET_KEY=rk_test_… STRIPE_PUBLISHABLE_KEY=pk_test_… STRIPE_WEBHOOK_SECRET=whsec_…
  vezne serve --database sqlite:vezne.db --public-url https://pay.example.com`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runServe(cmd.Context()) },
	}
	take(cmd, "addr", "database", "public-url")
	take(cmd, stripeSettings...)
	take(cmd, "stripe-js", "stripe-origins", "stripe-read-rate", "stripe-endpoint-read-rate", "webhook-tolerance", "callback-url", "callback-secret", "body-key", "retention", "keep-surplus", "shop",
		"seller-name", "seller-address", "seller-tax-id", "seller-email", "ready-file", "shutdown-timeout", "log-level")
	take(cmd, limitFlags...)
	return cmd
}

// serveReady is what the ready file of serve says.
type serveReady struct {
	Service string `json:"service"`
	Admin   string `json:"admin"`
	Account string `json:"account"`
}

func (a *app) runServe(ctx context.Context) (err error) {
	s := &a.settings
	log := engine.Logger(a.err, s.LogLevel)
	l, err := listen(ctx, "--addr", s.Addr)
	if err != nil {
		return err
	}
	cfg := s.engine(address(l), log)
	if s.fromFile {
		cfg.Reload = s.reload
	}
	e, err := engine.Open(ctx, cfg)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	ending := func(err error) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.ShutdownTimeout)
		defer cancel()
		return errors.Join(err, e.Close(ctx))
	}
	if err := e.Start(ctx); err != nil {
		return ending(errors.Join(err, l.Close()))
	}
	w := serveOn(l, e.Handler(), log)
	if err := writeReady(s.ReadyFile, serveReady{Service: address(l), Admin: address(l) + "/admin", Account: e.Account().Account}); err != nil {
		return ending(errors.Join(err, w.end(ctx)))
	}
	log.InfoContext(ctx, "serving", "address", address(l), "public_url", cfg.PublicURL, "account", e.Account().Account, "livemode", e.Account().Livemode)
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-hangup:
			if err := e.Reload(ctx); err != nil {
				log.ErrorContext(ctx, "secrets could not be loaded anew; the former ones stay", "err", err)
			} else {
				log.InfoContext(ctx, "secrets were loaded anew")
			}
			continue
		case err = <-w.failed:
		case <-ctx.Done():
			log.LogAttrs(context.WithoutCancel(ctx), slog.LevelInfo, "ending")
		}
		break
	}
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.ShutdownTimeout)
	defer cancel()
	e.Leave(deadline)
	return errors.Join(err, removeReady(s.ReadyFile), w.end(deadline), e.Close(deadline))
}

// reload reads the secrets again from where they came from.
func (s *settings) reload(context.Context) (engine.Secrets, error) {
	next, err := s.again()
	return engine.Secrets{Keys: next.Keys, Callback: next.Callback.Secrets}, err
}
