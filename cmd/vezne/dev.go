package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/sandbox"
)

func (a *app) dev() *cobra.Command {
	cmd := &cobra.Command{
		Use: "dev", Short: "Run everything on this machine: sandbox, service, demo shop, dashboard", Args: words(),
		Long: `Dev runs the sandbox, the service, a demo shop and the dashboard on this machine.
It needs no key, no account and no network, and moves no real money. Everything
is kept in a folder, and the next start finds it again. Ctrl-C ends it.`,
		Example: `  vezne dev
  vezne dev --addr 127.0.0.1:0 --sandbox-addr 127.0.0.1:0 --ready-file ready.json`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runDev(cmd.Context()) },
	}
	take(cmd, "addr", "sandbox-addr", "data", "database", "callback-url", "callback-secret", "ready-file", "shutdown-timeout", "log-level")
	take(cmd, limitFlags...)
	level := cmd.Flags().Lookup("log-level")
	level.DefValue = "warn"
	if err := level.Value.Set(level.DefValue); err != nil {
		panic(err)
	}
	cmd.Flags().Lookup("database").Usage = "Database: sqlite:PATH or postgres://user@host/name; a SQLite file in --data if empty"
	return cmd
}

// devReady is what the ready file of dev says: all that a program needs to go
// on. Admin signs in, as often as it is opened.
type devReady struct {
	Service        string `json:"service"`
	Shop           string `json:"shop"`
	Admin          string `json:"admin"`
	Sandbox        string `json:"sandbox"`
	APIToken       string `json:"api_token"`
	SecretKey      string `json:"secret_key"`
	PublishableKey string `json:"publishable_key"`
	WebhookSecret  string `json:"webhook_secret"`
	Database       string `json:"database"`
}

// devKeep is what dev keeps beside the databases, for the next start.
type devKeep struct {
	// Account is what the sandbox's keys end with.
	Account string `json:"account"`
	// APIToken is a token of the REST API.
	APIToken string `json:"api_token"`
	// BodyKey encrypts the raw bodies of events, as base64.
	BodyKey string `json:"body_key"`
}

// household is all that runs under dev, in the order in which it began.
type household struct {
	end []func(ctx context.Context) error
}

func (h *household) add(end func(ctx context.Context) error) { h.end = append(h.end, end) }

// close ends everything, the last first.
func (h *household) close(ctx context.Context) error {
	var errs []error
	for i := len(h.end) - 1; i >= 0; i-- {
		errs = append(errs, h.end[i](ctx))
	}
	return errors.Join(errs...)
}

func (a *app) runDev(ctx context.Context) (err error) {
	s := &a.settings
	var house household
	defer func() {
		deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.ShutdownTimeout)
		defer cancel()
		err = errors.Join(err, house.close(deadline))
	}()
	log := engine.Logger(a.err, s.LogLevel)
	l, err := listen(ctx, "--addr", s.Addr)
	if err != nil {
		return err
	}
	house.add(func(context.Context) error { return closed(l.Close()) })
	lock, err := lockFolder(s.Data)
	if err != nil {
		return err
	}
	house.add(func(context.Context) error { return lock.Close() })
	kept, err := keep(filepath.Join(s.Data, "dev.json"))
	if err != nil {
		return err
	}
	stripe, err := a.startSandbox(ctx, &house, sandbox.Options{
		Data: filepath.Join(s.Data, "sandbox"), Account: kept.Account, ForwardTo: address(l) + "/webhooks/stripe", DisplayName: "Vezne demo",
		PaymentMethods: []string{"card", "sepa_debit", "us_bank_account"}, Log: log,
	}, sandbox.Listen{Addr: s.SandboxAddr}, "--sandbox-addr")
	if err != nil {
		return err
	}
	if s.DatabaseURL == "" {
		s.DatabaseURL = "sqlite:" + filepath.Join(s.Data, "vezne.db")
	}
	if s.BodyKey, err = base64.StdEncoding.DecodeString(kept.BodyKey); err != nil {
		return wrong(filepath.Join(s.Data, "dev.json")+" is damaged.", "Choose another folder with --data, or remove this one.")
	}
	s.Keys = engine.Keys{
		Secret: vezne.NewSecret(stripe.SecretKey), Publishable: stripe.PublishableKey, Webhook: []vezne.Secret{vezne.NewSecret(stripe.WebhookSecret)},
	}
	s.Account, s.APIBase, s.Shop, s.Seller = stripe.Account, stripe.Sandbox, true, vezne.Seller{Name: "Vezne demo"}
	e, err := engine.Open(ctx, s.engine(address(l), log))
	if err != nil {
		return err
	}
	house.add(e.Close)
	if err := e.KeepToken(ctx, "dev", vezne.NewSecret(kept.APIToken)); err != nil {
		return err
	}
	admin, err := e.StandingSignInLink("dev")
	if err != nil {
		return err
	}
	if err := e.Start(ctx); err != nil {
		return err
	}
	w := serveOn(l, e.Handler(), log)
	house.add(func(ctx context.Context) error {
		e.Leave(ctx)
		return w.end(ctx)
	})
	ready := devReady{
		Service: address(l), Shop: address(l) + "/shop", Admin: admin, Sandbox: stripe.Sandbox, APIToken: kept.APIToken, SecretKey: stripe.SecretKey,
		PublishableKey: stripe.PublishableKey, WebhookSecret: stripe.WebhookSecret, Database: s.DatabaseURL,
	}
	if err := writeReady(s.ReadyFile, ready); err != nil {
		return err
	}
	house.add(func(context.Context) error { return removeReady(s.ReadyFile) })
	if err := a.greet(ready); err != nil {
		return err
	}
	select {
	case err := <-w.failed:
		return err
	case <-ctx.Done():
		log.LogAttrs(context.WithoutCancel(ctx), slog.LevelInfo, "ending")
		return nil
	}
}

// greet says where everything is and what to try.
func (a *app) greet(r devReady) error {
	return a.say(`Vezne is ready. Nothing here moves real money.

  Shop       %s
  Dashboard  %s
             (signs in while this runs)
  API        %s/docs
             token %s
  Sandbox    %s
             the offline Stripe, key %s

To try: open the shop, fill a cart, and pay with any later date and any CVC.
  4242 4242 4242 4242  is paid
  4000 0025 0000 3155  asks for 3-D Secure
  4000 0000 0000 9995  is declined

Everything is kept in %s. Ctrl-C ends it.`,
		r.Shop, r.Admin, r.Service, r.APIToken, r.Sandbox, r.SecretKey, a.settings.Data)
}

// lockFolder makes a folder and keeps other processes off it. The system frees
// the lock when the process ends, however it ends.
func lockFolder(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, wrong("The folder "+dir+" cannot be made.", "Choose another one with --data: "+cause(err)+".")
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, wrong("The folder "+dir+" cannot be written.", "Check its rights, or choose another one with --data: "+cause(err)+".")
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(wrong("Another process uses the folder "+dir+".", "End it, or choose another folder with --data."), f.Close())
	}
	return f, nil
}

// keep reads what a former start kept, or makes it.
func keep(path string) (devKeep, error) {
	var k devKeep
	b, err := os.ReadFile(path)
	switch {
	case err == nil:
		if err := json.Unmarshal(b, &k); err != nil || k.Account == "" || k.APIToken == "" {
			return k, wrong(path+" is damaged.", "Choose another folder with --data, or remove this one.")
		}
		return k, nil
	case !errors.Is(err, fs.ErrNotExist):
		return k, wrong(path+" cannot be read.", "Check its rights, or choose another folder with --data: "+cause(err)+".")
	}
	raw := make([]byte, 32+32)
	if _, err := rand.Read(raw); err != nil {
		return k, err
	}
	k = devKeep{
		Account: strings.ToLower(rand.Text()), APIToken: vezne.TokenPrefix + hex.EncodeToString(raw[:32]), BodyKey: base64.StdEncoding.EncodeToString(raw[32:]),
	}
	if err := writeJSON(path, k); err != nil {
		return k, wrong(path+" cannot be written.", "Check the rights of the folder, or choose another one with --data: "+cause(err)+".")
	}
	return k, nil
}

// closed lets a socket that the server closed before be closed again.
func closed(err error) error {
	if errors.Is(err, os.ErrClosed) || (err != nil && strings.Contains(err.Error(), "use of closed")) {
		return nil
	}
	return err
}
