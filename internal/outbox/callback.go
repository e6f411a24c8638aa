package outbox

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/vezne/vezne"
)

const (
	// callbackTimeout bounds one call-back, from dialling to the last byte.
	callbackTimeout = 15 * time.Second
	// maxAnswer is how much of an answer is read, in bytes: enough to use the
	// connection again, and no more than a receiver has reason to send.
	maxAnswer = 64 << 10
	// maxRetryAfter bounds what a receiver may ask for.
	maxRetryAfter = 24 * time.Hour
)

// Envelope is the body of a call-back, in the form that the Standard Webhooks
// specification recommends. It is made of the frozen outbox row alone, so that
// every try sends the same bytes.
type Envelope struct {
	// Type is the topic: "order.paid".
	Type string `json:"type"`
	// Timestamp is when the transaction that caused it committed.
	Timestamp time.Time `json:"timestamp"`
	// Revision is the order's revision then: the higher one is newer.
	Revision int64 `json:"revision"`
	// Data is the order as it was then.
	Data json.RawMessage `json:"data"`
}

// Sign returns the headers that a call-back carries: webhook-id,
// webhook-timestamp, and webhook-signature with one signature a secret.
func Sign(id string, at time.Time, body []byte, secrets []vezne.Secret) (http.Header, error) {
	signatures := make([]string, 0, len(secrets))
	for _, s := range secrets {
		wh, err := standardwebhooks.NewWebhook(s.Reveal())
		if err != nil {
			return nil, errors.New("a signing secret is no base64")
		}
		signature, err := wh.Sign(id, at, body)
		if err != nil {
			return nil, err
		}
		signatures = append(signatures, signature)
	}
	h := http.Header{}
	h.Set(standardwebhooks.HeaderWebhookID, id)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	h.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return h, nil
}

func (o *Outbox) callback(ctx context.Context, e vezne.Effect) *failure {
	if o.cfg.CallbackURL == "" {
		return &failure{reason: "there is no address for call-backs any more"}
	}
	body, err := json.Marshal(Envelope{Type: e.Topic, Timestamp: e.CreatedAt, Revision: e.Revision, Data: e.Payload})
	if err != nil {
		return &failure{reason: "the call-back cannot be written", cause: err}
	}
	headers, err := Sign(e.ID, o.cfg.Clock.Now(), body, o.cfg.Secrets())
	if err != nil {
		return &failure{reason: "the call-back cannot be signed", cause: err}
	}
	ctx, cancel := context.WithTimeout(ctx, callbackTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.cfg.CallbackURL, bytes.NewReader(body))
	if err != nil {
		return &failure{reason: "the call-back cannot be addressed", cause: withoutURL(err)}
	}
	req.Header = headers
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Vezne-Callback/1")
	res, err := o.client.Do(req)
	if err != nil {
		return &failure{reason: "the receiver did not answer", cause: withoutURL(err)}
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, maxAnswer)); err != nil {
		return &failure{reason: "the receiver's answer broke off", cause: withoutURL(err)}
	}
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		return nil
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return &failure{reason: fmt.Sprintf("the receiver answered %d; redirects are not followed", res.StatusCode)}
	}
	return &failure{reason: fmt.Sprintf("the receiver answered %d", res.StatusCode), retryAfter: o.retryAfter(res)}
}

// retryAfter reads how long the receiver asks to be left alone. Source: RFC
// 9110, 10.2.3.
func (o *Outbox) retryAfter(res *http.Response) time.Duration {
	value := res.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return min(max(0, time.Duration(min(seconds, int(maxRetryAfter/time.Second)))*time.Second), maxRetryAfter)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(0, at.Sub(o.cfg.Clock.Now())), maxRetryAfter)
	}
	return 0
}

// withoutURL drops the address from an error, since it may hold a password.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

func client(transport http.RoundTripper) *http.Client {
	if transport == nil {
		transport = &http.Transport{
			Proxy: http.ProxyFromEnvironment, MaxIdleConns: 16, MaxIdleConnsPerHost: 16, MaxConnsPerHost: 32, IdleConnTimeout: 60 * time.Second,
			ForceAttemptHTTP2: true, TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: callbackTimeout, MaxResponseHeaderBytes: maxAnswer,
		}
	}
	return &http.Client{
		Transport: transport,
		// Whoever answers elsewhere has not accepted, and a signed order must not
		// be carried to an address that nobody configured.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Close ends idle connections.
func (o *Outbox) Close() { o.client.CloseIdleConnections() }

// CheckURL refuses an address that call-backs cannot go to. CodeConfigInvalid.
func CheckURL(address string) error {
	const op = "outbox.CheckURL"
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return vezne.E(vezne.CodeConfigInvalid, op, "The address of call-backs is not a URL.").WithHint("Give it as https://shop.example/vezne.")
	}
	return nil
}

// Lengths of a signing secret in bytes. Source: the Standard Webhooks
// specification, "Signature scheme".
const (
	minSecret = 24
	maxSecret = 64
)

// CheckSecrets refuses secrets that cannot sign call-backs: whsec_ and the
// base64 of 24 to 64 bytes. CodeConfigInvalid; a secret is never repeated.
func CheckSecrets(secrets []vezne.Secret) error {
	const (
		op   = "outbox.CheckSecrets"
		hint = "Make one: printf whsec_; head -c 32 /dev/urandom | base64"
	)
	if len(secrets) == 0 {
		return vezne.E(vezne.CodeConfigInvalid, op, "Call-backs have an address, but no secret to sign them.").WithHint(hint)
	}
	for _, s := range secrets {
		value, ok := strings.CutPrefix(s.Reveal(), "whsec_")
		key, err := base64.StdEncoding.DecodeString(value)
		if !ok || err != nil || len(key) < minSecret || len(key) > maxSecret {
			return vezne.E(vezne.CodeConfigInvalid, op, "The secret of call-backs is not whsec_ and the base64 of 24 to 64 bytes.").WithHint(hint)
		}
	}
	return nil
}
