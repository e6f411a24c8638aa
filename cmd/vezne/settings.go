package main

import (
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
)

// settings are all settings of all commands. They come from flags, then from
// the environment, then from defaults.
type settings struct {
	Addr            string
	SandboxAddr     string
	Data            string
	DatabaseURL     string
	PublicURL       string
	ReadyFile       string
	ShutdownTimeout time.Duration
	LogLevel        slog.Level

	Keys      engine.Keys
	Account   string
	APIBase   string
	StripeJS  string
	Origins   []string
	Tolerance time.Duration
	Seller    vezne.Seller
	Policy    vezne.Policy
	Shop      bool
	Proxies   []string
	Callback  engine.Callback
	BodyKey   []byte
	Retention time.Duration
	// ReadRate and EndpointReadRate are reads of Stripe a second.
	ReadRate, EndpointReadRate int
	Livemode                   bool
	Server                     string
	Token                      vezne.Secret

	// command is what they were read for.
	command *cobra.Command
	// fromFile is true when a secret came from a file, which may change.
	fromFile bool
}

// option is one setting: a flag, a variable, and what it does.
type option struct {
	// flag is the flag's name; the flag of a secret names a file instead.
	flag string
	// env is the variable; a secret also takes the path of a file in env_FILE.
	env    string
	secret bool
	// file is true when the value may stand in a file though it is no secret.
	file    bool
	boolean bool
	// unset is the default, as a person would write it.
	unset string
	// about is one sentence without a full stop.
	about string
	set   func(s *settings, value string) error
}

// options are all settings, by flag. Commands name those that they take.
var options = slices.Concat(limitOptions, []option{
	{flag: "addr", env: "VEZNE_ADDR", unset: "127.0.0.1:4242", about: "Address to listen on; port 0 picks a free one",
		set: func(s *settings, v string) error { s.Addr = v; return nil }},
	{flag: "sandbox-addr", env: "VEZNE_SANDBOX_ADDR", unset: "127.0.0.1:12111", about: "Address of the sandbox; port 0 picks a free one",
		set: func(s *settings, v string) error { s.SandboxAddr = v; return nil }},
	{flag: "data", env: "VEZNE_DATA", unset: ".vezne", about: "Folder that keeps everything for the next start",
		set: func(s *settings, v string) error { s.Data = v; return nil }},
	{flag: "database", env: "VEZNE_DATABASE_URL", file: true, about: "Database: sqlite:PATH or postgres://user@host/name",
		set: func(s *settings, v string) error { s.DatabaseURL = strings.TrimSpace(v); return nil }},
	{flag: "public-url", env: "VEZNE_PUBLIC_URL", about: "Address at which buyers reach the service; the address listened on if empty",
		set: func(s *settings, v string) error { s.PublicURL = v; return nil }},
	{flag: "ready-file", env: "VEZNE_READY_FILE", about: "File that is written, as JSON, once everything answers",
		set: func(s *settings, v string) error { s.ReadyFile = v; return nil }},
	{flag: "shutdown-timeout", env: "VEZNE_SHUTDOWN_TIMEOUT", unset: "20s", about: "How long work may take to finish at the end; what gets no answer is cut off after three quarters of it, and done again by the next start",
		set: func(s *settings, v string) (err error) { s.ShutdownTimeout, err = positive(v); return err }},
	{flag: "log-level", env: "VEZNE_LOG_LEVEL", unset: "info", about: "debug, info, warn or error",
		set: func(s *settings, v string) error { return s.LogLevel.UnmarshalText([]byte(v)) }},

	{flag: "stripe-secret-key", env: "STRIPE_SECRET_KEY", secret: true, about: "Stripe's secret key (sk_…) or, better, a restricted key (rk_…)",
		set: func(s *settings, v string) error { s.Keys.Secret = vezne.NewSecret(v); return nil }},
	{flag: "stripe-publishable-key", env: "STRIPE_PUBLISHABLE_KEY", about: "Stripe's publishable key (pk_…), which pages carry",
		set: func(s *settings, v string) error { s.Keys.Publishable = v; return nil }},
	{flag: "stripe-webhook-secret", env: "STRIPE_WEBHOOK_SECRET", secret: true, about: "Signing secret (whsec_…) of the webhook endpoint; several, parted by commas, while one is being rolled",
		set: func(s *settings, v string) error { s.Keys.Webhook = secrets(v); return nil }},
	{flag: "stripe-api-base", env: "STRIPE_API_BASE", about: "Address of Stripe's API; empty for Stripe, or the sandbox's",
		set: func(s *settings, v string) error { s.APIBase = v; return nil }},
	{flag: "stripe-js", env: "VEZNE_STRIPE_JS", about: "Address of Stripe.js; empty for Stripe's, or the sandbox's where STRIPE_API_BASE is one",
		set: func(s *settings, v string) error { s.StripeJS = v; return nil }},
	{flag: "stripe-origins", env: "VEZNE_STRIPE_ORIGINS", about: "Further origins that pages may load from and send to, parted by commas, such as a domain of one's own for Checkout",
		set: func(s *settings, v string) error { s.Origins = list(v); return nil }},
	{flag: "account", env: "VEZNE_ACCOUNT", about: "Stripe's account id (acct_…); empty for the one that the database knows, or that Stripe names at the first start",
		set: func(s *settings, v string) error { s.Account = v; return nil }},
	{flag: "webhook-tolerance", env: "VEZNE_WEBHOOK_TOLERANCE", unset: "5m", about: "How far the time of an event's signature may lie from ours",
		set: func(s *settings, v string) (err error) { s.Tolerance, err = positive(v); return err }},

	{flag: "callback-url", env: "VEZNE_CALLBACK_URL", about: "Where the application hears of its orders; empty for nowhere",
		set: func(s *settings, v string) error { s.Callback.URL = v; return nil }},
	{flag: "callback-secret", env: "VEZNE_CALLBACK_SECRET", secret: true, about: "What signs call-backs: whsec_ and the base64 of 24 to 64 bytes; several, parted by commas, while one is being rolled",
		set: func(s *settings, v string) error { s.Callback.Secrets = secrets(v); return nil }},
	{flag: "body-key", env: "VEZNE_BODY_KEY", secret: true, about: "Base64 of 32 bytes that encrypt the raw bodies of events; empty keeps them as they are",
		set: func(s *settings, v string) (err error) {
			if s.BodyKey, err = base64.StdEncoding.DecodeString(strings.TrimSpace(v)); err != nil || (v != "" && len(s.BodyKey) != 32) {
				return errors.New("it is not the base64 of 32 bytes; make one with `openssl rand -base64 32`")
			}
			return nil
		}},
	{flag: "retention", env: "VEZNE_RETENTION", unset: "2160h", about: "How long payloads are kept that are not needed any more: of settled events, accepted call-backs and answered requests to Stripe; at least 720h, 0 for ever",
		set: func(s *settings, v string) (err error) {
			if s.Retention, err = time.ParseDuration(v); err == nil && s.Retention == 0 {
				s.Retention = -1
			}
			return err
		}},
	{flag: "stripe-read-rate", env: "VEZNE_STRIPE_READ_RATE", unset: "100", about: "How many objects are read from Stripe a second; raise it where Stripe has raised its limit",
		set: func(s *settings, v string) (err error) { s.ReadRate, err = count(v); return err }},
	{flag: "stripe-endpoint-read-rate", env: "VEZNE_STRIPE_ENDPOINT_READ_RATE", unset: "25", about: "How many of one kind are read from Stripe a second; raise it where Stripe has raised its limit",
		set: func(s *settings, v string) (err error) { s.EndpointReadRate, err = count(v); return err }},
	{flag: "keep-surplus", env: "VEZNE_KEEP_SURPLUS", boolean: true, unset: "false", about: "Keep money that comes in for a paid or canceled order, flagged, instead of refunding it",
		set: func(s *settings, v string) (err error) { s.Policy.KeepSurplus, err = strconv.ParseBool(v); return err }},
	{flag: "shop", env: "VEZNE_SHOP", boolean: true, unset: "false", about: "Serve the demo shop under /shop",
		set: func(s *settings, v string) (err error) { s.Shop, err = strconv.ParseBool(v); return err }},

	{flag: "seller-name", env: "VEZNE_SELLER_NAME", about: "Who sells, on pages and invoices",
		set: func(s *settings, v string) error { s.Seller.Name = v; return nil }},
	{flag: "seller-address", env: "VEZNE_SELLER_ADDRESS", about: "The seller's address, on invoices",
		set: func(s *settings, v string) error { s.Seller.Address = v; return nil }},
	{flag: "seller-tax-id", env: "VEZNE_SELLER_TAX_ID", about: "The seller's tax number, on invoices",
		set: func(s *settings, v string) error { s.Seller.TaxID = v; return nil }},
	{flag: "seller-email", env: "VEZNE_SELLER_EMAIL", about: "The seller's e-mail address, on pages and invoices",
		set: func(s *settings, v string) error { s.Seller.Email = v; return nil }},

	{flag: "live", env: "VEZNE_LIVE", boolean: true, unset: "false", about: "Real money instead of test mode",
		set: func(s *settings, v string) (err error) { s.Livemode, err = strconv.ParseBool(v); return err }},
	{flag: "server", env: "VEZNE_SERVER", about: "Address of a running service to ask, instead of a database",
		set: func(s *settings, v string) error { s.Server = strings.TrimRight(v, "/"); return nil }},
	{flag: "token", env: "VEZNE_TOKEN", secret: true, about: "Token of the REST API (vz_…) for the running service",
		set: func(s *settings, v string) error { s.Token = vezne.NewSecret(strings.TrimSpace(v)); return nil }},
})

func positive(v string) (time.Duration, error) {
	d, err := time.ParseDuration(v)
	if err == nil && d <= 0 {
		err = errors.New("it must be more than 0")
	}
	return d, err
}

func count(v string) (int, error) {
	n, err := strconv.Atoi(v)
	if err == nil && n <= 0 {
		err = errors.New("it must be more than 0")
	}
	return n, err
}

func list(v string) []string {
	if v == "" {
		return nil
	}
	return strings.Split(v, ",")
}

// secrets splits at commas and trims nothing: what stands around a secret is
// looked at where secrets are checked.
func secrets(v string) []vezne.Secret {
	var out []vezne.Secret
	for _, s := range list(v) {
		out = append(out, vezne.NewSecret(s))
	}
	return out
}

// Annotations of a flag, by which the reference is written.
const (
	annotationEnv    = "vezne-env"
	annotationSecret = "vezne-secret"
	annotationFile   = "vezne-file"
)

// fileSuffix ends the name of a variable that holds a path instead of a value,
// and, with a dash, of the flag of a secret.
const (
	fileSuffix     = "_FILE"
	fileFlagSuffix = "-file"
)

func (o option) flagName() string {
	if o.secret {
		return o.flag + fileFlagSuffix
	}
	return o.flag
}

// take gives a command the flags of settings.
func take(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		i := slices.IndexFunc(options, func(o option) bool { return o.flag == name })
		o := options[i]
		about := o.about
		if o.secret {
			about = "File that holds: " + about
		}
		flags := cmd.Flags()
		if o.boolean {
			flags.Bool(o.flagName(), o.unset == "true", about)
		} else {
			flags.String(o.flagName(), o.unset, about)
		}
		flag := flags.Lookup(o.flagName())
		flag.Annotations = map[string][]string{annotationEnv: {o.env}}
		if o.secret {
			flag.Annotations[annotationSecret] = []string{"true"}
		}
		if o.file {
			flag.Annotations[annotationFile] = []string{"true"}
		}
	}
}

// resolve reads the settings that a command takes.
func (s *settings) resolve(cmd *cobra.Command) error {
	s.command = cmd
	for _, o := range options {
		flag := cmd.Flags().Lookup(o.flagName())
		if flag == nil || len(flag.Annotations[annotationEnv]) == 0 {
			continue
		}
		name, value, err := s.value(o, flag)
		if err != nil {
			return err
		}
		if err := o.set(s, value); err != nil {
			return wrong(name+" cannot be used: "+strings.TrimSuffix(problem(err), ".")+".", "It says: "+strings.ToLower(o.about[:1])+o.about[1:]+".")
		}
	}
	return nil
}

// again reads the settings again from where they came from.
func (s *settings) again() (settings, error) {
	var next settings
	err := next.resolve(s.command)
	return next, err
}

// problem says what is wrong with a value without repeating it.
func problem(err error) string {
	if e, ok := errors.AsType[*strconv.NumError](err); ok {
		return e.Err.Error()
	}
	if strings.HasPrefix(err.Error(), "time: ") {
		return "it is not a duration such as 90s, 5m or 24h"
	}
	if strings.HasPrefix(err.Error(), "slog: ") {
		return "it is no level"
	}
	return err.Error()
}

// value returns where a setting comes from and what it is.
func (s *settings) value(o option, flag *pflag.Flag) (name, value string, err error) {
	switch {
	case flag.Changed && !o.secret:
		return "--" + flag.Name, flag.Value.String(), nil
	case flag.Changed:
		s.fromFile = true
		value, err = readSecret("--"+flag.Name, flag.Value.String())
		return "--" + flag.Name, value, err
	}
	if v, ok := os.LookupEnv(o.env); ok && v != "" {
		return o.env, v, nil
	}
	if path := os.Getenv(o.env + fileSuffix); path != "" && (o.secret || o.file) {
		s.fromFile = s.fromFile || o.secret
		value, err = readSecret(o.env+fileSuffix, path)
		return o.env + fileSuffix, value, err
	}
	return "--" + flag.Name, flag.DefValue, nil
}

// maxSecret bounds what is read of a file, in bytes.
const maxSecret = 64 << 10

// readSecret reads a file as it is: a line break in it is seen, and refused,
// where the secret is checked.
func readSecret(name, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", wrong(name+" names a file that cannot be read.", "Check the path and its rights: "+cause(err)+".")
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSecret))
	if err = errors.Join(err, f.Close()); err != nil {
		return "", wrong(name+" names a file that cannot be read.", "Check the path and its rights: "+cause(err)+".")
	}
	return string(b), nil
}

// cause returns what the system said, without the path that it said it about.
func cause(err error) string {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

// engine returns what the service is opened with, where it listens at an address.
func (s *settings) engine(listening string, log *slog.Logger) engine.Config {
	public := s.PublicURL
	if public == "" {
		public = listening
	}
	return engine.Config{
		Keys: s.Keys, Account: s.Account, APIBase: s.APIBase, DatabaseURL: s.DatabaseURL, PublicURL: public, Seller: s.Seller, Policy: s.Policy,
		Callback: s.Callback, BodyKey: s.BodyKey, Retention: s.Retention, ReadRate: s.ReadRate, EndpointReadRate: s.EndpointReadRate, WebhookTolerance: s.Tolerance, Shop: s.Shop, StripeJS: s.StripeJS,
		StripeOrigins: s.Origins, TrustedProxies: s.Proxies, Log: log,
	}
}
