package races

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/sandbox"
	"github.com/vezne/vezne/veznetest"
)

// keys lets a test roll the keys of a desk that runs.
type keys struct {
	next atomic.Pointer[engine.Secrets]
}

func (k *keys) option() veznetest.Option {
	return veznetest.WithConfig(func(c *engine.Config) {
		if k.next.Load() == nil {
			k.next.Store(&engine.Secrets{Keys: c.Keys, Callback: c.Callback.Secrets})
		}
		c.Reload = func(context.Context) (engine.Secrets, error) { return *k.next.Load(), nil }
	})
}

// use makes the desk use other keys from now on.
func (k *keys) use(h *house, change func(*engine.Keys)) {
	h.t.Helper()
	next := *k.next.Load()
	change(&next.Keys)
	k.next.Store(&next)
	h.must(h.Reload(h.t.Context()))
}

// endpoint returns the id of the account's only webhook endpoint.
func (h *house) endpoint() string {
	h.t.Helper()
	list, ok := h.dashboard(http.MethodGet, "/v1/webhook_endpoints", "")["data"].([]any)
	if !ok || len(list) != 1 {
		h.t.Fatalf("endpoints: %v", list)
	}
	return list[0].(map[string]any)["id"].(string)
}

// paidEvent pays an order whose events are lost, and returns the order and the
// event that tells of it.
func (h *house) paidEvent() (vezne.OrderID, json.RawMessage) {
	h.t.Helper()
	restore := h.LoseEvents()
	order := h.NewOrder(1999, "try")
	c := h.Checkout(order.ID)
	h.CompleteCheckout(c.SessionID, "pm_card_visa")
	h.must(h.Stripe.Idle(h.t.Context()))
	restore()
	return order.ID, h.events("checkout.session.completed")[0]
}

func TestG59SecretRotationWithoutLoss(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sqlite", "postgres"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var k keys
			h := openOn(t, name, k.option())
			endpoint := h.endpoint()
			// Payments come in all the time, while secrets are rolled three times.
			ctx, stop := context.WithCancel(t.Context())
			var load sync.WaitGroup
			made := make(chan error)
			for range 3 {
				load.Go(func() {
					for ctx.Err() == nil {
						o, err := h.CreateOrder(ctx, by, engine.NewOrder{Currency: "try", Lines: []engine.NewLine{{Name: "Tea", UnitAmount: 1999, Quantity: 1}}})
						if err == nil {
							_, err = h.StartPaymentIntent(ctx, by, o.ID, engine.PaymentIntentParams{PaymentMethod: "pm_card_visa", Confirm: true})
						}
						select {
						case made <- err:
						case <-ctx.Done():
						}
					}
				})
			}
			payments := 0
			grown := func(n int) {
				for range n {
					payments++
					if err := <-made; err != nil {
						t.Error(err)
					}
				}
			}
			former := h.Keys.Webhook[0]
			for range 3 {
				grown(4)
				rolled, err := h.Stripe.Roll(endpoint, time.Hour)
				h.must(err)
				grown(4) // Stripe signs with both; the desk knows the former.
				next := vezne.NewSecret(rolled)
				k.use(h, func(keys *engine.Keys) { keys.Webhook = []vezne.Secret{next, former} })
				grown(4)
				h.Clock.Advance(time.Hour + time.Second) // The former signs no more.
				grown(4)
				k.use(h, func(keys *engine.Keys) { keys.Webhook = []vezne.Secret{next} })
				former = next
			}
			grown(4)
			stop()
			load.Wait()
			h.Idle()
			list, err := h.Stripe.Deliveries(sandbox.DeliveryFilter{})
			h.must(err)
			for _, d := range list {
				for _, a := range d.Attempts {
					if a.Status != http.StatusOK {
						t.Fatalf("an event was answered %d %s", a.Status, a.Error)
					}
				}
			}
			if len(list) < payments {
				t.Errorf("%d deliveries for %d payments", len(list), payments)
			}
			h.whole()
		})
	}
}

func TestG60ModeMismatch(t *testing.T) {
	each(t, func(h *house) {
		id, event := h.paidEvent()
		live := h.edited(event, map[string]any{"id": "evt_live", "livemode": true, "data.object.livemode": true})
		if status := h.deliver(sandbox.Forgery{Event: live}); status != http.StatusOK {
			h.t.Errorf("an event of the other mode: %d, want 200: Stripe would send it for three days", status)
		}
		h.Idle()
		if e := h.state("evt_live"); e.State != vezne.EventQuarantined || e.Reason == "" {
			h.t.Errorf("the event is %s: %q", e.State, e.Reason)
		}
		h.WantStatus(id, vezne.OrderOpen)
		if _, err := h.Replay(h.t.Context(), by, "evt_live"); err == nil {
			h.t.Error("an event of the other mode can be applied by hand")
		}
		// Keys of two modes never come together.
		mixed := h.Keys
		mixed.Publishable = "pk_" + "live" + "_0000000000"
		if err := mixed.Check(); vezne.CodeOf(err) != vezne.CodeConfigInvalid {
			h.t.Errorf("mixed keys: %v", err)
		}
	})
}

func TestG61EventOfAnotherAccount(t *testing.T) {
	each(t, func(h *house) {
		id, event := h.paidEvent()
		other := h.edited(event, map[string]any{"id": "evt_other", "account": "acct_somebodyelse"})
		if status := h.deliver(sandbox.Forgery{Event: other}); status != http.StatusOK {
			h.t.Errorf("%d, want 200", status)
		}
		h.Idle()
		if e := h.state("evt_other"); e.State != vezne.EventQuarantined || e.Account != "acct_somebodyelse" {
			h.t.Errorf("the event is %s of %q", e.State, e.Account)
		}
		h.WantStatus(id, vezne.OrderOpen)
		// The same event without the account is ours.
		h.deliver(sandbox.Forgery{Event: event})
		h.Idle()
		h.WantStatus(id, vezne.OrderPaid)
	})
}

func TestG62Replay(t *testing.T) {
	each(t, func(h *house) {
		_, event := h.paidEvent()
		for _, tc := range []struct{ age, want int64 }{
			{0, http.StatusOK}, {240, http.StatusOK}, {-240, http.StatusOK}, {360, http.StatusBadRequest}, {-360, http.StatusBadRequest}, {86_400, http.StatusBadRequest},
		} {
			if status := h.deliver(sandbox.Forgery{Event: event, AgeSeconds: tc.age}); status != int(tc.want) {
				h.t.Errorf("signed %d s ago: %d, want %d", tc.age, status, tc.want)
			}
		}
		h.Idle()
		kept, err := h.Events(h.t.Context(), engine.EventFilter{Type: "checkout.session.completed"})
		h.must(err)
		if len(kept) != 1 || kept[0].Deliveries != 3 {
			h.t.Errorf("the inbox holds %+v, want one event of three deliveries", kept)
		}
		cfg := engine.Config{Keys: h.Keys, Account: h.Account().Account, APIBase: veznetest.SandboxURL, DB: h.db, Dialect: engine.Postgres, PublicURL: veznetest.DeskURL, WebhookTolerance: -1}
		if strings.HasPrefix(h.database, "sqlite:") {
			cfg.DB, cfg.DatabaseURL = nil, "sqlite:"+h.t.TempDir()+"/other.db"
		}
		e, err := engine.Open(h.t.Context(), cfg)
		if vezne.CodeOf(err) != vezne.CodeConfigInvalid {
			h.t.Errorf("a tolerance of nothing: %v", err)
		}
		if err == nil {
			h.must(e.Close(h.t.Context()))
		}
	})
}

func TestG63TamperedBodyAndHeaderGames(t *testing.T) {
	each(t, func(h *house) {
		id, event := h.paidEvent()
		first, err := h.Stripe.Forge(h.t.Context(), sandbox.Forgery{Event: h.edited(event, map[string]any{"id": "evt_first", "livemode": true})})
		h.must(err)
		good := first.Signature // Of another body.
		at, v1, _ := strings.Cut(good, ",")
		header := func(s string) sandbox.Forgery { return sandbox.Forgery{Event: event, Signature: &s} }
		body := string(event)
		for name, f := range map[string]sandbox.Forgery{
			"a signature of another body":        header(good),
			"no header":                          header(""),
			"a time alone":                       header(at),
			"a signature alone":                  header(v1),
			"an older scheme":                    header(strings.Replace(good, "v1=", "v0=", 1)),
			"a time that is no number":           header("t=now," + v1),
			"a negative time":                    header("t=-1," + v1),
			"a time without end":                 header("t=" + strings.Repeat("9", 400) + "," + v1),
			"a signature that is no hexadecimal": header(at + ",v1=" + strings.Repeat("z", 64)),
			"an empty signature":                 header(at + ",v1="),
			"half a signature":                   header(at + ",v1=" + v1[3:35]),
			"a hundred thousand signatures":      header(at + strings.Repeat(",v1="+strings.Repeat("ab", 32), 100_000)),
			"a signature without end":            header(at + ",v1=" + strings.Repeat("ab", 1<<20)),
			"a hundred thousand times":           header(strings.Repeat(at+",", 100_000) + v1),
			"commas":                             header(strings.Repeat(",", 100_000)),
			"the secret of somebody else":        {Event: event, Secret: "whsec_somebodyelse"},
			"no body":                            {Body: ptr("")},
			"half a body":                        {Body: ptr(body[:len(body)/2])},
			"no JSON":                            {Body: ptr("hello")},
			"JSON that is no event":              {Body: ptr(`{"id":"evt_1"}`)},
			"an event twice":                     {Body: ptr(body + body)},
		} {
			if status := h.deliver(f); status != http.StatusBadRequest {
				h.t.Errorf("%s: %d, want 400", name, status)
			}
		}
		h.Idle()
		h.WantStatus(id, vezne.OrderOpen)
		kept, err := h.Events(h.t.Context(), engine.EventFilter{Type: "checkout.session.completed", Limit: 100})
		h.must(err)
		if len(kept) != 1 {
			h.t.Errorf("%d events were kept, want the one of the other mode", len(kept))
		}
		// However many there are, the right one among the first counts.
		right, err := h.Stripe.Forge(h.t.Context(), sandbox.Forgery{Event: event})
		h.must(err)
		if right.Status != http.StatusOK {
			h.t.Fatalf("%d", right.Status)
		}
		at, v1, _ = strings.Cut(right.Signature, ",")
		if status := h.deliver(header(at + strings.Repeat(",v1="+strings.Repeat("ab", 32), 8) + "," + v1)); status != http.StatusOK {
			h.t.Errorf("the right signature as the ninth: %d", status)
		}
		if status := h.deliver(header(at + strings.Repeat(",v1="+strings.Repeat("ab", 32), 1000) + "," + v1)); status != http.StatusBadRequest {
			h.t.Errorf("the right signature behind a thousand others: %d; so many must not be compared", status)
		}
	})
}

func ptr[T any](v T) *T { return &v }

func TestG66KeyMisuse(t *testing.T) {
	each(t, func(h *house) {
		secret := h.Keys.Secret.Reveal()
		signing := h.Keys.Webhook[0].Reveal()
		for name, misuse := range map[string]func(*engine.Keys){
			"a publishable key as the secret one":  func(k *engine.Keys) { k.Secret = vezne.NewSecret(k.Publishable) },
			"the secret key on every page":         func(k *engine.Keys) { k.Publishable = secret },
			"a signing secret as the secret key":   func(k *engine.Keys) { k.Secret = k.Webhook[0] },
			"an API key as the signing secret":     func(k *engine.Keys) { k.Webhook = []vezne.Secret{k.Secret} },
			"no signing secret":                    func(k *engine.Keys) { k.Webhook = nil },
			"a line break behind a key":            func(k *engine.Keys) { k.Secret = vezne.NewSecret(secret + "\n") },
			"a key of a live account in test mode": func(k *engine.Keys) { k.Publishable = "pk_" + "live" + "_0000000000" },
		} {
			k := h.Keys
			misuse(&k)
			_, err := engine.Open(h.t.Context(), engine.Config{Keys: k, APIBase: veznetest.SandboxURL, DatabaseURL: "sqlite:" + h.t.TempDir() + "/v.db", PublicURL: veznetest.DeskURL})
			if vezne.CodeOf(err) != vezne.CodeConfigInvalid {
				h.t.Errorf("%s: %v", name, err)
				continue
			}
			if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), signing) {
				h.t.Errorf("%s: the refusal repeats a key", name)
			}
		}
		// Stripe's keys open nothing here, and are not repeated.
		a := h.Call(http.MethodGet, "/v1/orders", "", "Authorization", "Bearer "+secret)
		if a.Status != http.StatusUnauthorized || strings.Contains(string(a.Body), secret) {
			h.t.Errorf("%d: %s", a.Status, a.Body)
		}
		config := h.Call(http.MethodGet, "/v1/config", "", "Authorization", "")
		if !strings.Contains(string(config.Body), h.Keys.Publishable) || strings.Contains(string(config.Body), secret) {
			h.t.Errorf("the public settings: %s", config.Body)
		}
	})
}

func TestG67RestrictedKeyWithoutAPermission(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sqlite", "postgres"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var k keys
			h := openOn(t, name, k.option())
			order := h.NewOrder(1999, "try")
			h.Pay(order.ID, "pm_card_visa")
			h.Idle()
			restricted, err := h.Stripe.AddKey(map[string]string{"*": "write", "refunds": "read"})
			h.must(err)
			k.use(h, func(keys *engine.Keys) { keys.Secret = vezne.NewSecret(restricted.Key) })
			told := false
			for _, d := range h.Doctor(h.t.Context()) {
				told = told || d.Check == "stripe.permissions" && d.State == vezne.DiagnosisProblem && strings.Contains(d.Message, "Refunds (write)")
			}
			if !told {
				h.t.Error("the doctor does not name the permission")
			}
			if status, code := h.refund(order.ID, `{}`); status != http.StatusServiceUnavailable || code != string(vezne.CodeStripeKeyRefused) {
				h.t.Errorf("a refund: %d %s", status, code)
			}
			if _, _, page := h.visit(http.MethodGet, "/pay/"+string(order.ID), ""); strings.Contains(page, "permission") || !showsPaid(page) {
				h.t.Error("the buyer sees what is no business of theirs")
			}
			other := h.NewOrder(2999, "try")
			h.Pay(other.ID, "pm_card_visa")
			h.Idle()
			h.WantStatus(other.ID, vezne.OrderPaid)
			h.WantStatus(order.ID, vezne.OrderPaid)
			h.whole()
		})
	}
}

// skewed is Stripe with another clock.
type skewed struct {
	next http.RoundTripper
	by   *atomic.Int64
}

// RoundTrip changes the answer's date.
func (s skewed) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := s.next.RoundTrip(r)
	if err == nil {
		theirs, err := http.ParseTime(res.Header.Get("Date"))
		if err != nil {
			return nil, err
		}
		res.Header.Set("Date", theirs.Add(time.Duration(s.by.Load())).Format(http.TimeFormat))
	}
	return res, err
}

func TestG68ClockSkew(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sqlite", "postgres"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var off atomic.Int64
			tolerance := time.Nanosecond // Stripe's clock counts seconds: it is always off by more.
			h := openOn(t, name, veznetest.WithConfig(func(c *engine.Config) {
				c.HTTPClient = &http.Client{Transport: skewed{c.HTTPClient.Transport, &off}}
				c.WebhookTolerance = tolerance
			}))
			for _, by := range []time.Duration{10 * time.Minute, -10 * time.Minute} {
				off.Store(int64(by))
				told := false
				for _, d := range h.Doctor(h.t.Context()) {
					told = told || d.Check == "stripe.clock" && d.State == vezne.DiagnosisProblem && d.Hint != ""
				}
				if !told {
					h.t.Errorf("the doctor does not see that the clock is off by %v", by)
				}
			}
			off.Store(0)
			order := h.NewOrder(1999, "try")
			c := h.Checkout(order.ID)
			h.CompleteCheckout(c.SessionID, "pm_card_visa")
			h.must(h.Stripe.Idle(h.t.Context()))
			if !strings.Contains(h.Log(), "compare the clocks") {
				h.t.Error("the log does not say why events are refused")
			}
			if kept, err := h.Events(h.t.Context(), engine.EventFilter{}); err != nil || len(kept) != 0 {
				h.t.Fatalf("%d events were kept, %v", len(kept), err)
			}
			// Once the clock is right, Stripe's retries bring all of it.
			tolerance = engine.DefaultTolerance
			h.Restart()
			h.Advance(24 * time.Hour)
			list, err := h.Stripe.Deliveries(sandbox.DeliveryFilter{})
			h.must(err)
			for _, d := range list {
				if d.Status != "succeeded" || h.state(d.Event).State == "" {
					h.t.Errorf("the event %s is %s", d.Type, d.Status)
				}
			}
			h.WantStatus(order.ID, vezne.OrderPaid)
			h.whole()
		})
	}
}
