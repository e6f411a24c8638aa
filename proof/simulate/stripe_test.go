package simulate_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/sandbox"
)

// Addresses inside of a world. They exist on its roads only.
const (
	deskURL   = "https://desk.test"
	stripeURL = "http://stripe.test"
	appURL    = "https://app.test/callbacks"
	hookPath  = "/webhooks/stripe"
)

// accountName is what the keys of the account at the sandbox end with.
const accountName = "simulation0000000"

// stripe is the offline Stripe of a world, and what only its owner can do there.
type stripe struct {
	world   *world
	sandbox *sandbox.Sandbox
	account *sandbox.Account
	keys    engine.Keys
	key     string
	// secrets sign events: the newest, and those that are being rolled out.
	secrets []secret
	// asking are requests of the world's own: buyers, banks and the truth.
	asked int
}

// secret is a signing secret and when it ends, the zero time for never.
type secret struct {
	text string
	ends time.Time
}

func newStripe(w *world, seed uint64) (*stripe, error) {
	s := &stripe{world: w}
	var err error
	s.sandbox, err = sandbox.New(sandbox.Options{
		PublicURL: stripeURL, Account: accountName, ForwardTo: deskURL + hookPath, Seed: seed | 1, Transport: postbox{w}, Log: slog.New(slog.DiscardHandler),
		PaymentMethods: []string{"card", "sepa_debit"},
	})
	if err != nil {
		return nil, err
	}
	ready, err := s.sandbox.Ready(nil)
	if err != nil {
		return nil, err
	}
	s.key, s.account = ready.SecretKey, s.sandbox.Account(ready.SecretKey)
	s.secrets = []secret{{text: ready.WebhookSecret}}
	s.keys = engine.Keys{
		Secret: vezne.NewSecret(ready.SecretKey), Publishable: ready.PublishableKey, Webhook: []vezne.Secret{vezne.NewSecret(ready.WebhookSecret)},
	}
	return s, nil
}

// send carries a request of the desk into the sandbox, and its answer back. What
// got there is done, whether or not somebody still waits.
func (s *stripe) send(req *http.Request, body []byte, known *request, later bool) (*http.Response, error) {
	res, err := s.sandbox.Transport().RoundTrip(withBody(req.WithContext(context.WithoutCancel(req.Context())), body))
	if err != nil {
		return nil, err
	}
	said, err := readAnswer(res)
	if err == nil {
		s.world.record.answer(req, known, res, said, later)
	}
	return res, err
}

// ask is a request of the world's own, which no fault meets.
func (s *stripe) ask(method, path string, form url.Values) (int, json.RawMessage) {
	s.asked++
	target, content := stripeURL+path, ""
	if method == http.MethodGet && len(form) > 0 {
		target += "?" + form.Encode()
	} else {
		content = form.Encode()
	}
	req := httptest.NewRequest(method, target, strings.NewReader(content))
	req.Header.Set("Authorization", "Bearer "+s.key)
	req.Header.Set("Stripe-Version", engine.StripeVersion)
	if method != http.MethodGet {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Idempotency-Key", fmt.Sprintf("world-%d", s.asked))
	}
	rec := httptest.NewRecorder()
	s.sandbox.ServeHTTP(rec, req)
	return rec.Code, rec.Body.Bytes()
}

// get reads into a value and reports whether there is such an object.
func (s *stripe) get(path string, query url.Values, into any) bool {
	body, ok := s.read(path, query)
	return ok && s.decode(path, body, into)
}

// read reads and reports whether there is such an object.
func (s *stripe) read(path string, query url.Values) (json.RawMessage, bool) {
	status, body := s.ask(http.MethodGet, path, query)
	if status == http.StatusNotFound {
		return nil, false
	}
	if status != http.StatusOK {
		s.world.violate("the sandbox answers %d to %s: %s", status, path, body)
		return nil, false
	}
	return body, true
}

func (s *stripe) decode(path string, body json.RawMessage, into any) bool {
	if err := json.Unmarshal(body, into); err != nil {
		s.world.violate("the sandbox's answer to %s: %v", path, err)
		return false
	}
	return true
}

// list reads a whole list.
func list[T any](s *stripe, path string, query url.Values) []T {
	var all []T
	q := url.Values{"limit": {"100"}}
	for k, v := range query {
		q[k] = v
	}
	for {
		var page struct {
			Data    []T  `json:"data"`
			HasMore bool `json:"has_more"`
		}
		body, ok := s.read(path, q)
		if !ok || !s.decode(path, body, &page) {
			return all
		}
		all = append(all, page.Data...)
		if !page.HasMore {
			return all
		}
		var ids struct {
			Data []struct {
				ID string `json:"id"`
			} `json:"data"`
		}
		if !s.decode(path, body, &ids) {
			return all
		}
		q.Set("starting_after", ids.Data[len(ids.Data)-1].ID)
	}
}

// simulate is what a person or a bank does. That it can no longer be done is
// nobody's fault.
func (s *stripe) simulate(ctx context.Context, what string, params map[string]any) bool {
	s.world.sched.step(ctx, "at Stripe: "+what)
	_, err := s.account.Simulate(what, params)
	s.world.note("at Stripe: %s %v: %v", what, params, err)
	return err == nil
}

// do is what somebody does at Stripe by a request of their own: a buyer with
// Stripe.js, an operator in Stripe's dashboard.
func (s *stripe) do(ctx context.Context, method, path string, form url.Values) (int, json.RawMessage) {
	s.world.sched.step(ctx, "at Stripe: "+method+" "+path)
	status, body := s.ask(method, path, form)
	s.world.note("at Stripe: %s %s %s: %d", method, path, form.Encode(), status)
	return status, body
}

// sign makes the header of an event with every secret that counts now.
func (s *stripe) sign(body []byte, at time.Time) string {
	var texts []string
	for _, one := range s.secrets {
		if one.ends.IsZero() || at.Before(one.ends) {
			texts = append(texts, one.text)
		}
	}
	// Nobody says in which order the signatures stand.
	if len(body)%2 == 1 {
		slices.Reverse(texts)
	}
	return signature(body, at, texts...)
}

func signature(body []byte, at time.Time, secrets ...string) string {
	header := "t=" + strconv.FormatInt(at.Unix(), 10)
	for _, one := range secrets {
		mac := hmac.New(sha256.New, []byte(one))
		fmt.Fprintf(mac, "%d.", at.Unix())
		mac.Write(body)
		header += ",v1=" + hex.EncodeToString(mac.Sum(nil))
	}
	return header
}

// postbox takes the sandbox's deliveries at once; the world's own post carries
// them to the desk.
type postbox struct{ world *world }

// RoundTrip takes an event.
func (p postbox) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := readAll(req)
	if err != nil {
		return nil, err
	}
	p.world.post.take(body)
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(nil)),
	}, nil
}
