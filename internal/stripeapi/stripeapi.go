// Package stripeapi is the only package that talks to Stripe. It sends exact
// bytes, never retries by itself, and returns whatever Stripe answered; who
// called decides what follows.
package stripeapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v85"

	"github.com/vezne/vezne"
)

// Version is the version of Stripe's API that the desk speaks.
const Version = stripe.APIVersion

// Time-outs of one request.
const (
	ReadTimeout  = 5 * time.Second
	WriteTimeout = 30 * time.Second
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 16 << 20

// Config says which account to speak for.
type Config struct {
	SecretKey vezne.Secret
	// Rolled returns the key that counts now, where it may be rolled while the
	// process runs; nil for SecretKey always. Its mode must not change.
	Rolled func() vezne.Secret
	// BaseURL is the API's address; empty for Stripe.
	BaseURL string
	// HTTPClient carries the requests; nil for one with sensible limits.
	HTTPClient *http.Client
}

// Client talks to Stripe. It is safe for concurrent use.
type Client struct {
	backend stripe.RawRequestBackend
	key     func() vezne.Secret
}

// Answer is what Stripe said.
type Answer struct {
	Status int
	// Body is Stripe's JSON, of success or of an error.
	Body      []byte
	RequestID string
	// Date is Stripe's clock, zero when it did not tell.
	Date time.Time
	// Replayed is true when a stored answer was given again.
	Replayed bool
	// ShouldRetry is the header Stripe-Should-Retry: "true", "false" or empty.
	ShouldRetry string
	// Refusal is set when Status is 400 or more.
	Refusal *vezne.StripeError
}

// OK reports whether the request succeeded.
func (a Answer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// New returns a client. It refuses to send a live key anywhere but to Stripe
// over TLS, with CodeConfigInvalid.
func New(cfg Config) (*Client, error) {
	const op = "stripeapi.New"
	client := cfg.HTTPClient
	if client == nil {
		client = &http.Client{Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, MaxIdleConns: 64, MaxIdleConnsPerHost: 64, IdleConnTimeout: 90 * time.Second, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: 10 * time.Second,
		}}
	}
	base := cfg.BaseURL
	if base == "" {
		base = stripe.APIURL
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return nil, vezne.E(vezne.CodeConfigInvalid, op, "The address of Stripe's API is not a URL.").Because(err)
	}
	if isLive(cfg.SecretKey.Reveal()) && base != stripe.APIURL {
		return nil, vezne.E(vezne.CodeConfigInvalid, op, "A live key goes to Stripe only.").WithHint("Remove STRIPE_API_BASE, or use a test key.")
	}
	transport := client.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	recorded := &http.Client{
		Transport: recorder{transport}, Jar: client.Jar, Timeout: client.Timeout,
		// A redirect is no answer of Stripe's API, and must not carry the key on.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL: stripe.String(strings.TrimRight(base, "/")), HTTPClient: recorded, MaxNetworkRetries: stripe.Int64(0), EnableTelemetry: stripe.Bool(false),
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
	})
	raw, ok := backend.(stripe.RawRequestBackend)
	if !ok {
		return nil, vezne.E(vezne.CodeInternal, op, "The Stripe library cannot send raw requests.")
	}
	key := cfg.Rolled
	if key == nil {
		key = func() vezne.Secret { return cfg.SecretKey }
	}
	return &Client{backend: raw, key: key}, nil
}

func isLive(key string) bool {
	_, rest, _ := strings.Cut(key, "_")
	return strings.HasPrefix(rest, "live_")
}

// Get reads an object. It fails only when no answer arrived, with
// CodeStripeUnreachable.
func (c *Client) Get(ctx context.Context, path string, query url.Values) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, ReadTimeout)
	defer cancel()
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return c.do(ctx, http.MethodGet, path, "", nil, Version)
}

// Post sends a form with an idempotency key, byte for byte. It fails only when
// no answer arrived, with CodeStripeUnreachable: then it is not known whether
// the request took effect.
func (c *Client) Post(ctx context.Context, path, form, key, version string) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, WriteTimeout)
	defer cancel()
	return c.do(ctx, http.MethodPost, path, form, &key, version)
}

// Delete deletes an object. Stripe needs no idempotency key for it: what is gone
// cannot be deleted again. It fails as Post does.
// Source: docs.stripe.com/api/idempotent_requests.
func (c *Client) Delete(ctx context.Context, path, version string) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, WriteTimeout)
	defer cancel()
	return c.do(ctx, http.MethodDelete, path, "", nil, version)
}

func (c *Client) do(ctx context.Context, method, path, content string, key *string, version string) (Answer, error) {
	const op = "stripeapi"
	seen := &exchange{}
	params := &stripe.RawParams{Params: stripe.Params{
		Context: context.WithValue(ctx, exchangeKey{}, seen), IdempotencyKey: key, Headers: http.Header{"Stripe-Version": {version}},
	}}
	_, err := c.backend.RawRequest(method, path, c.key().Reveal(), content, params)
	if !seen.complete {
		return Answer{}, vezne.E(vezne.CodeStripeUnreachable, op, "").Because(errors.Join(err, seen.err))
	}
	return seen.answer(), nil
}

// exchange is what went over the wire: the library gives back less than that
// for errors whose body is no JSON.
type exchange struct {
	complete bool
	status   int
	header   http.Header
	body     []byte
	err      error
}

type exchangeKey struct{}

// recorder notes each answer before the library looks at it.
type recorder struct{ next http.RoundTripper }

// RoundTrip carries a request and keeps a copy of the whole answer.
func (r recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := r.next.RoundTrip(req)
	seen, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if !ok || err != nil {
		return res, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if closeErr := res.Body.Close(); err == nil {
		err = closeErr
	}
	if err == nil && len(body) > maxAnswer {
		err = fmt.Errorf("the answer is larger than %d bytes", maxAnswer)
	}
	if err != nil {
		seen.err = err
		return nil, err
	}
	*seen = exchange{complete: true, status: res.StatusCode, header: res.Header, body: body}
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, nil
}

func (e *exchange) answer() Answer {
	a := Answer{
		Status: e.status, Body: e.body, RequestID: e.header.Get("Request-Id"), Replayed: e.header.Get("Idempotent-Replayed") == "true",
		ShouldRetry: e.header.Get("Stripe-Should-Retry"),
	}
	if t, err := http.ParseTime(e.header.Get("Date")); err == nil {
		a.Date = t
	}
	if e.status < 400 {
		return a
	}
	var body struct {
		Error struct {
			Type        string `json:"type"`
			Code        string `json:"code"`
			DeclineCode string `json:"decline_code"`
			AdviceCode  string `json:"advice_code"`
			Param       string `json:"param"`
			Message     string `json:"message"`
		} `json:"error"`
	}
	a.Refusal = &vezne.StripeError{Status: e.status, RequestID: a.RequestID}
	// A gateway's page is no JSON: then the status is all there is to know, and
	// the body must not be taken for an object.
	if err := json.Unmarshal(e.body, &body); err != nil {
		a.Body = nil
		a.Refusal.Message = http.StatusText(e.status)
		return a
	}
	b := body.Error
	a.Refusal.Type, a.Refusal.Code, a.Refusal.DeclineCode, a.Refusal.AdviceCode = b.Type, b.Code, b.DeclineCode, b.AdviceCode
	a.Refusal.Param, a.Refusal.Message = b.Param, b.Message
	return a
}
