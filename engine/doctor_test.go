package engine_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/sandbox"
	"github.com/vezne/vezne/veznetest"
)

// patient is a desk of which everything is as it should be.
func patient(t *testing.T, with ...veznetest.Option) *veznetest.House {
	t.Helper()
	return veznetest.New(t, append([]veznetest.Option{veznetest.WithConfig(func(c *engine.Config) {
		c.BodyKey = []byte(strings.Repeat("k", 32))
		c.Seller = vezne.Seller{Name: "Kahve Dükkânı", Address: "İstanbul", TaxID: "1"}
		c.PublicURL = veznetest.DeskURL
	})}, with...)...)
}

// said returns what the doctor says of a check.
func said(t *testing.T, h *veznetest.House, check string) vezne.Diagnosis {
	t.Helper()
	list := h.Doctor(t.Context())
	for _, d := range list {
		if d.Check == check {
			return d
		}
	}
	t.Fatalf("the doctor says nothing of %s: %+v", check, list)
	return vezne.Diagnosis{}
}

func wantSaid(t *testing.T, h *veznetest.House, check string, state vezne.DiagnosisState, words string) {
	t.Helper()
	d := said(t, h, check)
	if d.State != state || !strings.Contains(d.Message, words) {
		t.Errorf("%s is %s: %q; want %s and %q", check, d.State, d.Message, state, words)
	}
	if state != vezne.DiagnosisOK && d.Hint == "" {
		t.Errorf("%s does not say what to do", check)
	}
}

// change calls Stripe's API with the account's key.
func change(t *testing.T, h *veznetest.House, path string, form url.Values) {
	t.Helper()
	stripe(t, h, http.MethodPost, path, form)
}

// endpointID returns the only webhook endpoint's id.
func endpointID(t *testing.T, h *veznetest.House) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, veznetest.SandboxURL+"/v1/webhook_endpoints", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.Keys.Secret.Reveal())
	res, err := h.Client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if err := json.NewDecoder(res.Body).Decode(&list); err != nil || len(list.Data) != 1 {
		t.Fatalf("endpoints = %+v, %v", list, err)
	}
	return list.Data[0].ID
}

func TestTheDoctorFindsNothingWrong(t *testing.T) {
	t.Parallel()
	h := patient(t)
	wantSaid(t, h, "operators", vezne.DiagnosisWarning, "Nobody may sign in")
	if err := h.CreateOperator(t.Context(), "ayse", "a password that is long"); err != nil {
		t.Fatal(err)
	}
	wantSaid(t, h, "operators", vezne.DiagnosisOK, "1")
	order := h.NewOrder(1999, "try")
	h.Pay(order.ID, "pm_card_visa")
	h.Idle()
	if err := h.Stripe.ForgetRequests(); err != nil {
		t.Fatal(err)
	}
	for _, d := range h.Doctor(t.Context()) {
		if d.State != vezne.DiagnosisOK && d.Check != "settings.public_url" && d.Check != "reconcile" {
			t.Errorf("%s is %s: %s", d.Check, d.State, d.Message)
		}
	}
	wantSaid(t, h, "reconcile", vezne.DiagnosisUnknown, "Nobody has looked")
	wantSaid(t, h, "settings.public_url", vezne.DiagnosisWarning, "is not https")
	// A write is probed so that it changes nothing.
	writes, err := h.Stripe.Requests(sandbox.CallFilter{Method: http.MethodPost})
	if err != nil || len(writes) == 0 {
		t.Fatalf("writes = %v, %v", writes, err)
	}
	for _, c := range writes {
		if c.Status != http.StatusBadRequest {
			t.Errorf("the probe %s was answered %d", c.Path, c.Status)
		}
	}
}

func TestTheDoctorExaminesTheEndpoint(t *testing.T) {
	t.Parallel()
	h := patient(t)
	id := endpointID(t, h)
	change(t, h, "/v1/webhook_endpoints/"+id, url.Values{"enabled_events[]": {"payment_intent.succeeded"}})
	wantSaid(t, h, "stripe.endpoint.events", vezne.DiagnosisProblem, "charge.refunded")
	change(t, h, "/v1/webhook_endpoints/"+id, url.Values{"disabled": {"true"}})
	wantSaid(t, h, "stripe.endpoint", vezne.DiagnosisProblem, "is disabled")
	change(t, h, "/v1/webhook_endpoints/"+id, url.Values{"disabled": {"false"}, "enabled_events[]": {"*"}})
	wantSaid(t, h, "stripe.endpoint", vezne.DiagnosisOK, "is enabled")
	wantSaid(t, h, "stripe.endpoint.version", vezne.DiagnosisOK, "The endpoint sends in version")
	change(t, h, "/v1/webhook_endpoints", url.Values{"enabled_events[]": {"*"}, "url": {veznetest.DeskURL + "/webhooks/stripe"}})
	wantSaid(t, h, "stripe.endpoint", vezne.DiagnosisWarning, "2 webhook endpoints")
	change(t, h, "/v1/webhook_endpoints/"+id, url.Values{"url": {"http://elsewhere.test/webhooks"}})
	wantSaid(t, h, "stripe.endpoint", vezne.DiagnosisOK, "is enabled")
}

func TestTheDoctorNamesPermissionsThatAreLacking(t *testing.T) {
	t.Parallel()
	var keys engine.Keys
	h := patient(t, veznetest.WithConfig(func(c *engine.Config) {
		c.Reload = func(context.Context) (engine.Secrets, error) {
			return engine.Secrets{Keys: keys, Callback: c.Callback.Secrets}, nil
		}
	}))
	key, err := h.Stripe.AddKey(map[string]string{"*": "write", "refunds": "read", "events": "none", "payment_methods": "read", "account": "none", "webhook_endpoints": "none"})
	if err != nil {
		t.Fatal(err)
	}
	keys = h.Keys
	keys.Secret = vezne.NewSecret(key.Key)
	if err := h.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := said(t, h, "stripe.permissions")
	if d.State != vezne.DiagnosisProblem || !strings.HasSuffix(d.Message, "lacks: PaymentMethods (write), Refunds (write), Events (read).") {
		t.Errorf("%s: %s", d.State, d.Message)
	}
	wantSaid(t, h, "stripe.account", vezne.DiagnosisUnknown, "may not say whose it is")
	wantSaid(t, h, "stripe.endpoint", vezne.DiagnosisUnknown, "may not list")
	if strings.Contains(d.Message+d.Hint, key.Key) {
		t.Error("the doctor shows the key")
	}
}

// skewed is Stripe with another clock.
type skewed struct {
	next http.RoundTripper
	by   *time.Duration
}

func (s skewed) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := s.next.RoundTrip(r)
	if err == nil {
		theirs, err := http.ParseTime(res.Header.Get("Date"))
		if err != nil {
			return nil, err
		}
		res.Header.Set("Date", theirs.Add(*s.by).Format(http.TimeFormat))
	}
	return res, err
}

func TestTheDoctorComparesClocks(t *testing.T) {
	t.Parallel()
	off := time.Duration(0)
	h := patient(t, veznetest.WithConfig(func(c *engine.Config) {
		c.HTTPClient = &http.Client{Transport: skewed{c.HTTPClient.Transport, &off}}
	}))
	wantSaid(t, h, "stripe.clock", vezne.DiagnosisOK, "agrees")
	off = -2 * time.Minute
	wantSaid(t, h, "stripe.clock", vezne.DiagnosisWarning, "off Stripe's")
	off = time.Hour
	wantSaid(t, h, "stripe.clock", vezne.DiagnosisProblem, "every event is refused")
}

func TestTheDoctorWarnsOfLimitsThatAreOff(t *testing.T) {
	t.Parallel()
	wantSaid(t, patient(t), "settings.limits", vezne.DiagnosisOK, "client, card and order")
	h := patient(t, veznetest.WithConfig(func(c *engine.Config) { c.Policy.Limits.CardDeclines = -1 }))
	wantSaid(t, h, "settings.limits", vezne.DiagnosisWarning, "--limit-card-declines")
}

func TestTheDoctorSeesWhatWaitsAndWhatGaveUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := patient(t, veznetest.WithDatabase(database))
		order := h.NewOrder(1999, "try")
		deadEvent(t, h, order.ID)
		wantSaid(t, h, "events.dead", vezne.DiagnosisProblem, "could not be applied")
		h.AnswerCallbacks(http.StatusServiceUnavailable)
		other := h.NewOrder(2999, "try")
		h.Pay(other.ID, "pm_card_visa")
		h.Idle()
		h.Clock.Advance(10 * time.Minute)
		wantSaid(t, h, "queues.effects", vezne.DiagnosisWarning, "1 call-backs")
		h.Clock.Advance(2 * time.Hour)
		wantSaid(t, h, "queues.effects", vezne.DiagnosisProblem, "2h")
		durability, words := vezne.DiagnosisOK, "survives"
		if strings.HasPrefix(database, "postgres") {
			// The tests' server is quick because it survives no power cut.
			durability, words = vezne.DiagnosisProblem, "fsync=off"
		}
		wantSaid(t, h, "database.durability", durability, words)
		wantSaid(t, h, "database.schema", vezne.DiagnosisOK, "migration")
	})
}

func TestTheDoctorByTheAPI(t *testing.T) {
	t.Parallel()
	h := patient(t)
	a := h.Call(http.MethodGet, "/v1/doctor", "")
	if a.Status != http.StatusOK || !strings.Contains(string(a.Body), `"check":"stripe.account","state":"ok"`) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	h.Token = vezne.NewSecret("vz_0")
	if a = h.Call(http.MethodGet, "/v1/doctor", ""); a.Status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", a.Status)
	}
}
