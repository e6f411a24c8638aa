package engine_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/internal/store/storetest"
	"github.com/vezne/vezne/sandbox"
	"github.com/vezne/vezne/veznetest"
)

// refused fails the test unless an error is ours, of a code, says something and
// tells what to do.
func refused(t *testing.T, err error, code vezne.Code, want string) {
	t.Helper()
	e, ok := errors.AsType[*vezne.Error](err)
	if !ok || e.Code != code || !strings.Contains(e.Message, want) {
		t.Fatalf("error = %v, want %s and %q", err, code, want)
	}
	if code == vezne.CodeConfigInvalid && e.Hint == "" {
		t.Errorf("%q has no hint", e.Message)
	}
}

func TestTokensOpenTheAPIUntilTheyAreRevoked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database))
		token, err := h.CreateToken(t.Context(), "shop")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(token.Reveal(), "vz_") || len(token.Reveal()) != 3+64 {
			t.Errorf("the token has %d characters", len(token.Reveal()))
		}
		h.Token = token
		order := h.Call(http.MethodPost, "/v1/orders", `{"currency":"try","lines":[{"name":"Tea","unit_amount":500}]}`)
		if order.Status != http.StatusCreated {
			t.Fatalf("%d: %s", order.Status, order.Body)
		}
		var o vezne.OrderJSON
		if err := order.Decode(&o); err != nil {
			t.Fatal(err)
		}
		timeline, err := h.Timeline(t.Context(), o.ID)
		if err != nil || timeline[0].Actor.String() != "api:shop" {
			t.Errorf("the timeline names %v, %v; want api:shop", timeline, err)
		}
		tokens, err := h.Tokens(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		id := ""
		for _, k := range tokens {
			if strings.Contains(token.Reveal()[9:], k.Prefix[3:]) && len(k.Prefix) > 9 {
				t.Errorf("the prefix %q tells too much", k.Prefix)
			}
			if k.Name == "shop" {
				id = k.ID
			}
		}
		if err := h.RevokeToken(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if a := h.Call(http.MethodGet, "/v1/orders", ""); a.Status != http.StatusUnauthorized {
			t.Errorf("a revoked token: %d: %s", a.Status, a.Body)
		}
		refused(t, h.RevokeToken(t.Context(), id), vezne.CodeNotFound, "no such")
		if _, err := h.CreateToken(t.Context(), " "); err == nil {
			t.Error("a blank name is taken")
		}
		refused(t, h.KeepToken(t.Context(), "dev", vezne.NewSecret("vz_short")), vezne.CodeInvalidRequest, "64 hexadecimal digits")
	})
}

func TestOperatorsSignIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database))
		const password = "correct horse battery"
		if err := h.CreateOperator(t.Context(), "ayse", password); err != nil {
			t.Fatal(err)
		}
		refused(t, h.CreateOperator(t.Context(), "ayse", password), vezne.CodeInvalidRequest, "that name already")
		refused(t, h.CreateOperator(t.Context(), "mehmet", "short"), vezne.CodeInvalidRequest, "less than 15 characters")
		signIn := func(name, password string) int {
			t.Helper()
			form := url.Values{"name": {name}, "password": {password}}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, veznetest.DeskURL+"/admin/sign-in", strings.NewReader(form.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Sec-Fetch-Site", "same-origin")
			return status(t, h, req)
		}
		if got := signIn("ayse", password); got != http.StatusSeeOther {
			t.Errorf("the right password: %d, want %d", got, http.StatusSeeOther)
		}
		for _, tt := range [][2]string{{"ayse", "correct horse staple"}, {"nobody", password}, {"ayse", ""}, {"ayse", strings.Repeat("x", 2000)}} {
			if got := signIn(tt[0], tt[1]); got == http.StatusSeeOther {
				t.Errorf("%q signs in with a wrong password", tt[0])
			}
		}
	})
}

func status(t *testing.T, h *veznetest.House, req *http.Request) int {
	t.Helper()
	res, err := h.Client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode
}

func TestASignInLinkWorksOnceAndNotForEver(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database))
		open := func(link string) int {
			t.Helper()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			return status(t, h, req)
		}
		link, err := h.SignInLink(t.Context(), "dev", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(link, veznetest.DeskURL+"/admin/sign-in?token=") {
			t.Fatalf("link = %q", link)
		}
		if got := open(link); got != http.StatusSeeOther {
			t.Errorf("the first time: %d, want %d", got, http.StatusSeeOther)
		}
		if got := open(link); got == http.StatusSeeOther {
			t.Error("the link works twice")
		}
		late, err := h.SignInLink(t.Context(), "dev", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		h.Advance(61 * time.Minute)
		if got := open(late); got == http.StatusSeeOther {
			t.Error("the link works after its time")
		}
	})
}

func TestAStandingSignInLinkWorksUntilTheProcessEnds(t *testing.T) {
	t.Parallel()
	h := veznetest.New(t)
	link, err := h.StandingSignInLink("dev")
	if err != nil {
		t.Fatal(err)
	}
	open := func() int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		return status(t, h, req)
	}
	for range 2 {
		if got := open(); got != http.StatusSeeOther {
			t.Errorf("status %d, want %d", got, http.StatusSeeOther)
		}
	}
	h.Restart()
	if got := open(); got != http.StatusUnauthorized {
		t.Errorf("after a restart: %d, want %d", got, http.StatusUnauthorized)
	}
}

func TestSecretsAreRolledWithoutARestart(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		var next atomic.Pointer[engine.Secrets]
		h := veznetest.New(t, veznetest.WithDatabase(database), veznetest.WithConfig(func(c *engine.Config) {
			next.Store(&engine.Secrets{Keys: c.Keys, Callback: c.Callback.Secrets})
			c.Reload = func(context.Context) (engine.Secrets, error) { return *next.Load(), nil }
		}))
		endpoint := endpointOf(t, h)
		rolled, err := h.Stripe.Roll(endpoint, 0)
		if err != nil {
			t.Fatal(err)
		}
		order := h.NewOrder(1999, "try")
		c := h.Checkout(order.ID)
		h.CompleteCheckout(c.SessionID, "pm_card_visa")
		h.Idle()
		h.WantStatus(order.ID, vezne.OrderOpen) // The new secret is not known yet.

		wrong := *next.Load()
		wrong.Keys.Publishable = wrong.Keys.Secret.Reveal()
		former := next.Swap(&wrong)
		refused(t, h.Reload(t.Context()), vezne.CodeConfigInvalid, "every visitor could read it")
		good := *former
		good.Keys.Webhook = []vezne.Secret{vezne.NewSecret(rolled), former.Keys.Webhook[0]}
		next.Store(&good)
		if err := h.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		failed, err := h.Stripe.Deliveries(sandbox.DeliveryFilter{Types: []string{"checkout.session.completed"}})
		if err != nil || len(failed) != 1 {
			t.Fatalf("deliveries: %v, %v", failed, err)
		}
		if _, err := h.Stripe.Resend(failed[0].ID); err != nil {
			t.Fatal(err)
		}
		h.Idle()
		h.WantPaidOnce(order.ID)
	})
}

func endpointOf(t *testing.T, h *veznetest.House) string {
	t.Helper()
	order := h.NewOrder(1000, "try")
	h.Pay(order.ID, "pm_card_visa")
	h.Idle()
	d, err := h.Stripe.Deliveries(sandbox.DeliveryFilter{})
	if err != nil || len(d) == 0 {
		t.Fatalf("deliveries: %v, %v", d, err)
	}
	return d[0].Endpoint
}

func TestTheAccountIsPinned(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		var cfg engine.Config
		h := veznetest.New(t, veznetest.WithDatabase(database), veznetest.WithConfig(func(c *engine.Config) { cfg = *c }))
		if got := h.Account().Account; !strings.HasPrefix(got, "acct_") {
			t.Fatalf("the account is %q", got)
		}
		if err := h.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		try := func(change func(*engine.Config)) error {
			t.Helper()
			c := cfg
			change(&c)
			e, err := engine.Open(t.Context(), c)
			if err == nil {
				t.Error("it opens")
				return e.Close(t.Context())
			}
			return err
		}
		refused(t, try(func(c *engine.Config) {
			c.Keys.Secret, c.Keys.Publishable = vezne.NewSecret("sk_test_anotheraccount"), "pk_test_anotheraccount"
		}), vezne.CodeConfigInvalid, "is expected")
		refused(t, try(func(c *engine.Config) { c.Account = "acct_1Another00000000" }), vezne.CodeConfigInvalid, "the database belongs to")
		refused(t, try(func(c *engine.Config) { c.Account = "another" }), vezne.CodeConfigInvalid, "VEZNE_ACCOUNT is not an account id")
		refused(t, try(func(c *engine.Config) { c.PublicURL = "https://shop.example/pay" }), vezne.CodeConfigInvalid, "VEZNE_PUBLIC_URL holds a path")
		refused(t, try(func(c *engine.Config) { c.PublicURL = "shop" }), vezne.CodeConfigInvalid, "VEZNE_PUBLIC_URL is not a URL")
		refused(t, try(func(c *engine.Config) { c.PublicURL = "" }), vezne.CodeConfigInvalid, "VEZNE_PUBLIC_URL is missing")
		refused(t, try(func(c *engine.Config) { c.DatabaseURL = "mysql://x" }), vezne.CodeConfigInvalid, "neither sqlite")
		refused(t, try(func(c *engine.Config) { c.DatabaseURL = "" }), vezne.CodeConfigInvalid, "VEZNE_DATABASE_URL is missing")
		refused(t, try(func(c *engine.Config) { c.BodyKey = []byte("short") }), vezne.CodeConfigInvalid, "32 bytes")
		refused(t, try(func(c *engine.Config) { c.WebhookTolerance = -1 }), vezne.CodeConfigInvalid, "tolerance")
		refused(t, try(func(c *engine.Config) { c.Callback.Secrets = nil }), vezne.CodeConfigInvalid, "no secret")
		refused(t, try(func(c *engine.Config) { c.APIBase = "nowhere" }), vezne.CodeConfigInvalid, "STRIPE_API_BASE is not a URL")
		refused(t, try(func(c *engine.Config) {
			live := func(kind string) string { return kind + "_" + "live_51AbCdEfGh" }
			c.Keys.Secret, c.Keys.Publishable = vezne.NewSecret(live("sk")), live("pk")
		}), vezne.CodeConfigInvalid, "points away from Stripe")
	})
}

func TestARestrictedKeyOpensTheDesk(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database), veznetest.WithConfig(func(c *engine.Config) { c.DatabaseURL = storetest.SQLite(t) }))
		key, err := h.Stripe.AddKey(map[string]string{
			"checkout_sessions": "write", "payment_intents": "write", "setup_intents": "write", "payment_methods": "write", "customers": "write",
			"refunds": "write", "charges": "read", "disputes": "read", "events": "read", "prices": "read",
		})
		if err != nil {
			t.Fatal(err)
		}
		cfg := engine.Config{
			Keys: h.Keys, APIBase: veznetest.SandboxURL, HTTPClient: &http.Client{Transport: h.Sandbox.Transport()}, DatabaseURL: database,
			PublicURL: "http://other.test",
		}
		cfg.Keys.Secret = vezne.NewSecret(key.Key)
		// It may not read its account: at the first start somebody must say whose it is.
		_, err = engine.Open(t.Context(), cfg)
		refused(t, err, vezne.CodeConfigInvalid, "may not read its account")
		cfg.Account = h.Account().Account
		e, err := engine.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := e.Close(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
		by := vezne.Actor{Kind: vezne.ActorAPI}
		order, err := e.CreateOrder(t.Context(), by, engine.NewOrder{Currency: "try", Lines: []engine.NewLine{{Name: "Tea", UnitAmount: 900, Quantity: 2}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.StartPaymentIntent(t.Context(), by, order.ID, engine.PaymentIntentParams{PaymentMethod: "pm_card_visa", Confirm: true}); err != nil {
			t.Fatal(err)
		}
		if order, err = e.Order(t.Context(), order.ID); err != nil || order.Status() != vezne.OrderPaid || order.AmountPaid != 1800 {
			t.Errorf("the order: %+v, %v", order, err)
		}
	})
}

func TestADatabaseThatWasHandedInServesBoth(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		dialect engine.Dialect
		open    func(t *testing.T) (*sql.DB, error)
	}{
		{engine.SQLite, func(t *testing.T) (*sql.DB, error) {
			return sql.Open("sqlite", "file:"+strings.TrimPrefix(storetest.SQLite(t), "sqlite:"))
		}},
		{engine.Postgres, func(t *testing.T) (*sql.DB, error) { return sql.Open("pgx", storetest.EmptyPostgres(t)) }},
	} {
		t.Run(string(tt.dialect), func(t *testing.T) {
			t.Parallel()
			db, err := tt.open(t)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
			// The application has tables of its own, of names that one thinks of.
			for _, table := range []string{"shipments (order_id TEXT NOT NULL PRIMARY KEY)", "orders (id TEXT)", "customers (id TEXT)", "events (id TEXT)", "sessions (id TEXT)"} {
				if _, err := db.ExecContext(t.Context(), "CREATE TABLE "+table); err != nil {
					t.Fatal(err)
				}
			}
			h := veznetest.New(t, veznetest.Started(), veznetest.WithConfig(func(c *engine.Config) {
				c.DatabaseURL, c.DB, c.Dialect = "", db, tt.dialect
			}), veznetest.WithHooks(func(e *engine.Engine) { e.OnOrderPaid(ship) }))
			order := h.NewOrder(1999, "try")
			h.Pay(order.ID, "pm_card_visa")
			h.Idle()
			h.WantPaidOnce(order.ID)
			if n := len(h.Callbacks()); n != 1 {
				t.Errorf("%d call-backs, want 1", n)
			}
			if n := shipments(t, db); n != 1 {
				t.Errorf("%d shipments, want 1", n)
			}
			h.Restart()
			h.WantStatus(order.ID, vezne.OrderPaid)
		})
	}
}

func TestASecondProcessIsKeptOffASQLiteFile(t *testing.T) {
	t.Parallel()
	database := storetest.SQLite(t)
	h := veznetest.New(t, veznetest.WithDatabase(database))
	_, err := engine.OpenDatabase(t.Context(), engine.DatabaseConfig{URL: database})
	refused(t, err, vezne.CodeConfigInvalid, "Another process has the database open")
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	d, err := engine.OpenDatabase(t.Context(), engine.DatabaseConfig{URL: database})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAnExportOfTheAuditTrailCanBeCheckedWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database))
		order := h.NewOrder(1999, "try")
		h.Pay(order.ID, "pm_card_visa")
		h.Idle()
		var export bytes.Buffer
		written, err := h.ExportAudit(t.Context(), &export)
		if err != nil || written.Entries < 3 {
			t.Fatalf("ExportAudit = %+v, %v", written, err)
		}
		checked, err := engine.VerifyExport(bytes.NewReader(export.Bytes()))
		if err != nil || checked != written {
			t.Errorf("VerifyExport = %+v, %v, want %+v", checked, err, written)
		}
		kept, err := h.VerifyAudit(t.Context())
		if err != nil || kept != written {
			t.Errorf("VerifyAudit = %+v, %v, want %+v", kept, err, written)
		}
		lines := strings.SplitAfter(strings.TrimSuffix(export.String(), "\n"), "\n")
		for name, tampered := range map[string]string{
			"an amount changed":   strings.Replace(export.String(), "1999", "1998", 1),
			"a line taken out":    strings.Join(append(append([]string{}, lines[:1]...), lines[2:]...), ""),
			"two lines exchanged": strings.Join(append([]string{lines[1], lines[0]}, lines[2:]...), ""),
			"an actor changed":    strings.Replace(export.String(), "veznetest", "somebody", 1),
		} {
			r, err := engine.VerifyExport(strings.NewReader(tampered))
			if err != nil || r.Broken == "" || r.BrokenAt == 0 {
				t.Errorf("%s: %+v, %v, want a break", name, r, err)
			}
		}
		_, err = engine.VerifyExport(strings.NewReader("{}\nnonsense"))
		if err == nil {
			return // The first line breaks the chain before the second is read.
		}
		refused(t, err, vezne.CodeInvalidRequest, "not a line of an export")
	})
}

func TestMetricsTellWhatWaits(t *testing.T) {
	t.Parallel()
	h := veznetest.New(t, veznetest.Started())
	h.AnswerCallbacks(500)
	order := h.NewOrder(1999, "try")
	h.Pay(order.ID, "pm_card_visa")
	h.Idle()
	h.Clock.Advance(4 * time.Second)
	text := string(h.Call(http.MethodGet, "/metrics", "").Body)
	for _, want := range []string{
		`vezne_waiting{what="effects"} 1`, `vezne_waiting_oldest_seconds{what="effects"} 4`, `vezne_waiting{what="calls"} 0`,
		`vezne_inbox_deliveries_total{result="received"}`, `vezne_http_request_duration_seconds_count{area="webhooks",method="POST",status="200"}`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	if a := h.Call(http.MethodGet, "/readyz", ""); a.Status != http.StatusOK {
		t.Errorf("/readyz: %d", a.Status)
	}
	h.Call("BREW", "/v1/nowhere-"+base64.RawURLEncoding.EncodeToString([]byte("x")), "")
	if text := string(h.Call(http.MethodGet, "/metrics", "").Body); strings.Contains(text, "BREW") || strings.Contains(text, "nowhere") {
		t.Error("strangers choose labels")
	}
}

func TestHooksAreRegisteredBeforeTheStart(t *testing.T) {
	t.Parallel()
	h := veznetest.New(t, veznetest.Started())
	defer func() {
		if recover() == nil {
			t.Error("a hook that comes late is taken")
		}
	}()
	h.AfterOrderPaid(func(context.Context, vezne.OrderView) error { return nil })
}
