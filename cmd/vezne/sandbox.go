package main

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/sandbox"
)

// mockTLSAddr is where stripe-mock listens for HTTPS.
const mockTLSAddr = "127.0.0.1:12112"

func (a *app) sandbox() *cobra.Command {
	cmd := &cobra.Command{
		Use: "sandbox", Short: "Run the offline Stripe alone", Args: words(),
		Long: `Sandbox runs a stateful Stripe without a network: the API, hosted pages, a
stand-in for Stripe.js, signed events. Point a Stripe library's base URL at it
and use any key such as sk_test_shop; each name is an account of its own.`,
		Example: `  vezne sandbox
  vezne sandbox --forward-to http://127.0.0.1:8000/webhooks --data .sandbox
  vezne sandbox --forward-to http://127.0.0.1:8000/webhooks --strict-world`,
	}
	take(cmd, "ready-file", "shutdown-timeout", "log-level")
	level := cmd.Flags().Lookup("log-level")
	level.DefValue = "warn"
	if err := level.Value.Set(level.DefValue); err != nil {
		panic(err)
	}
	var o sandbox.Options
	var l sandbox.Listen
	var fixtures string
	flags := cmd.Flags()
	flags.StringVar(&l.Addr, "addr", "127.0.0.1:12111", "Address to listen on; port 0 picks a free one")
	flags.StringVar(&l.TLSAddr, "tls-addr", "", "Address for HTTPS and HTTP/2, with a certificate made at the start")
	flags.StringVar(&l.UnixSocket, "unix-socket", "", "Path of a socket to listen on as well")
	flags.StringVar(&o.PublicURL, "public-url", "", "How browsers reach the sandbox, for URLs in answers; the request's own host if empty")
	flags.StringVar(&o.Data, "data", "", "Folder that keeps everything for the next start; memory if empty")
	flags.StringVar(&o.ForwardTo, "forward-to", "", "Register an endpoint that gets every event, and print its signing secret")
	flags.BoolVar(&o.StrictKeys, "strict-keys", false, "Know only keys that were issued")
	flags.BoolVar(&o.Lenient, "lenient", false, "Answer ids that nobody created from the description's examples")
	flags.BoolVar(&o.StripeMock, "stripe-mock", false, "Stand in for stripe-mock: lenient, no call with right parameters fails; HTTPS on 127.0.0.1:12112 unless --tls-addr says more")
	flags.BoolVar(&o.StrictWorld, "strict-world", false, "Let events come late, twice and in any order, as Stripe warns that they may")
	flags.Uint64Var(&o.Seed, "seed", 0, "Make ids and the strict world repeatable: the same seed and calls meet the same; random if 0")
	flags.StringVar(&fixtures, "fixtures", "", "File in the Stripe CLI's fixture format to run at the start")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		ctx := cmd.Context()
		if o.StrictWorld && o.Seed == 0 {
			o.Seed = 1 + rand.Uint64N(1_000_000)
		}
		o.Log = engine.Logger(a.err, a.settings.LogLevel)
		leaveRoom(ctx)
		if err := leaveStart(); err != nil { // it only costs memory
			o.Log.Debug("The pages of the start stay in memory.", slog.Any("error", err))
		}
		if o.StripeMock && l.TLSAddr == "" {
			l.TLSAddr = mockTLSAddr
		}
		var house household
		defer func() {
			deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.settings.ShutdownTimeout)
			defer cancel()
			err = errors.Join(err, house.close(deadline))
		}()
		return a.runSandbox(ctx, &house, o, l, fixtures)
	}
	return cmd
}

func (a *app) runSandbox(ctx context.Context, house *household, o sandbox.Options, l sandbox.Listen, fixtures string) error {
	var script []byte
	if fixtures != "" {
		var err error
		if script, err = os.ReadFile(fixtures); err != nil {
			return wrong("The fixtures cannot be read.", "Check the path: "+cause(err)+".")
		}
	}
	running, err := a.startSandbox(ctx, house, o, l, "--addr")
	if err != nil {
		return err
	}
	if script != nil {
		if err := running.sandbox.Account(running.SecretKey).RunFixtures(ctx, script); err != nil {
			return wrong("The fixtures cannot be run: "+sentence(err.Error()), "They are in the format of `stripe fixtures`.")
		}
	}
	if err := a.writeSandboxReady(house, running); err != nil {
		return err
	}
	if err := a.say("The sandbox is ready at %s.\n\n  secret key       %s\n  publishable key  %s", running.Sandbox, running.SecretKey, running.PublishableKey); err != nil {
		return err
	}
	if running.WebhookSecret != "" {
		if err := a.say("  signing secret   %s", running.WebhookSecret); err != nil {
			return err
		}
	}
	if o.StrictWorld {
		if err := a.say("\nThe strict world: events come late, twice and in any order; none is lost. Again with --seed %d.", o.Seed); err != nil {
			return err
		}
	}
	if err := a.say("\nAny other name makes an account of its own: sk_test_shop. Ctrl-C ends it."); err != nil {
		return err
	}
	select {
	case err := <-running.failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

// writeSandboxReady writes the ready file, and beside it the certificate that
// clients of the HTTPS address trust.
func (a *app) writeSandboxReady(house *household, running *runningSandbox) error {
	path := a.settings.ReadyFile
	if path != "" && len(running.certificate) > 0 {
		certificate, err := filepath.Abs(path + ".pem")
		if err == nil {
			err = os.WriteFile(certificate, running.certificate, 0o644) // it is public
		}
		if err != nil {
			return wrong("The certificate cannot be written beside the ready file.", "Check the folder of --ready-file: "+cause(err)+".")
		}
		running.Certificate = certificate
		house.add(func(context.Context) error { return removeReady(certificate) })
	}
	if err := writeReady(path, running.Ready); err != nil {
		return err
	}
	house.add(func(context.Context) error { return removeReady(path) })
	return nil
}

// runningSandbox is a sandbox that answers.
type runningSandbox struct {
	sandbox.Ready
	// certificate is the PEM text of the HTTPS address, nil without one.
	certificate []byte
	sandbox     *sandbox.Sandbox
	failed      chan error
}

// startSandbox starts a sandbox under a household. flag is the flag of its
// address.
func (a *app) startSandbox(ctx context.Context, house *household, o sandbox.Options, l sandbox.Listen, flag string) (*runningSandbox, error) {
	sb, err := sandbox.New(o)
	if err != nil {
		return nil, wrong("The sandbox cannot start: "+sentence(err.Error()), "Check the folder and the addresses.")
	}
	house.add(func(context.Context) error { return sb.Close() })
	server, err := sb.Listen(ctx, l)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, wrong("Another program listens on "+l.Addr+", where the sandbox is to.", "End it, or choose another address with "+flag+"; port 0 picks a free one.")
	case err != nil:
		return nil, wrong("The sandbox cannot listen: "+sentence(err.Error()), "Give addresses as 127.0.0.1:12111.")
	}
	running := &runningSandbox{sandbox: sb, certificate: server.Certificate, failed: make(chan error, 1)}
	go func() {
		if err := server.Serve(); err != nil {
			running.failed <- vezne.E(vezne.CodeInternal, "vezne", "The sandbox ended.").Because(err)
		}
	}()
	house.add(server.Shutdown)
	if running.Ready, err = sb.Ready(server); err != nil {
		return nil, vezne.E(vezne.CodeInternal, "vezne", "The sandbox does not say how it is reached.").Because(err)
	}
	return running, nil
}
