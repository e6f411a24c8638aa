package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// answerLimit is how much of an endpoint's answer is read, in bytes; answerExcerpt how much of it is kept.
	answerLimit, answerExcerpt = 64 << 10, 4 << 10
	// idleConnection is how long, in real time, a connection to an endpoint waits for the next delivery.
	idleConnection = time.Second
)

// What deliveries say of themselves, as Stripe's do.
const (
	webhookAgent       = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
	webhookAccept      = "*/*; q=0.5, application/xml"
	webhookContentType = "application/json; charset=utf-8"
)

// outgoing is one request that carries an event.
type outgoing struct {
	url       string
	body      []byte
	signature string
	timeout   time.Duration
}

// carrier takes a request to an endpoint and brings the answer back, the beginning of its body. The body is good until the
// next request.
type carrier interface {
	carry(ctx context.Context, out outgoing) (status int, body []byte, err error)
}

// clientCarrier carries with net/http.
type clientCarrier struct{ client *http.Client }

// newWebhookClient makes the client that carries deliveries. It follows no redirect: to Stripe a redirect is a failure.
func newWebhookClient(transport http.RoundTripper) *http.Client {
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// send carries one event and reports what came back. What goes wrong is part of the report.
func (out outgoing) send(ctx context.Context, by carrier) Attempt {
	began := time.Now()
	attempt := Attempt{SentAt: began.Unix()}
	status, body, err := by.carry(ctx, out)
	switch {
	case err == nil:
		attempt.Status, attempt.Body = status, excerpt(body)
	case isTimeout(err):
		attempt.Error = fmt.Sprintf("no answer within %s", out.timeout)
	default:
		attempt.Error = err.Error()
	}
	attempt.DurationMS = time.Since(began).Milliseconds()
	return attempt
}

func (c clientCarrier) carry(ctx context.Context, out outgoing) (status int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, out.timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, out.url, bytes.NewReader(out.body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", webhookContentType)
	r.Header.Set("User-Agent", webhookAgent)
	r.Header.Set("Accept", webhookAccept)
	r.Header.Set("Cache-Control", "no-cache")
	if out.signature != "" {
		r.Header.Set("Stripe-Signature", out.signature)
	}
	answer, err := c.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	if err != nil {
		return 0, nil, bodyError(err)
	}
	return answer.StatusCode, body, nil
}

func bodyError(err error) error { return fmt.Errorf("the answer's body: %w", err) }

func isTimeout(err error) bool {
	var timed net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timed) && timed.Timeout()
}

// excerpt is the beginning of an answer as text, masked.
func excerpt(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	text := string(body[:min(len(body), answerExcerpt)])
	for len(text) > 0 && len(body) > answerExcerpt { // the cut may go through a letter
		if r, size := utf8.DecodeLastRuneInString(text); r != utf8.RuneError || size != 1 {
			break
		}
		text = text[:len(text)-1]
	}
	return mask(strings.ToValidUTF8(text, "\uFFFD"))
}

// prepare reads what an attempt needs into the courier: the event as it was made, the endpoint as it is now, and every
// secret that lives now. An endpoint that is disabled or gone ends the delivery.
func (c *courier) prepare(tx *accountTx, id string) {
	d := tx.Get(deliveryType, id)
	if d == nil {
		return
	}
	ev, _ := tx.anywhere("event", d.Str("event"))
	endpoint := tx.Get("webhook_endpoint", d.Str("endpoint"))
	if ev == nil || endpoint == nil || endpoint.Str("status") != "enabled" {
		if d.Str("status") == deliveryPending {
			tx.Put(d.Edit().Set("status", deliveryCanceled))
		}
		return
	}
	_, timeout := tx.deliverySettings()
	c.event, c.endpoint, c.pending, c.timeout = ev, endpoint, d.Int("pending"), timeout
	c.secrets = appendSecrets(c.secrets[:0], endpoint, tx.Now())
}

// appendEventBody writes the body of an event for an endpoint: as the event was when it was made, in the endpoint's API
// version.
func appendEventBody(out []byte, ev, endpoint *stripeObject, pending int64) []byte {
	if endpoint.Bool(hiddenThin) || ev.Bool(hiddenV2) {
		return encode(out, notification(ev), nil)
	}
	version := endpoint.Str("api_version")
	if version == "" {
		version = ev.Str("api_version")
	}
	shown := ev.Edit().Set("pending_webhooks", pending).Set("api_version", version).Set("data", dataIn(ev, dialectOf(version)))
	out = encode(out, shown, nil)
	shown.discard()
	return out
}

// object is an attempt as it is stored with its delivery; at is its At as the value of a slot.
func (a Attempt) object(at any) *stripeObject {
	sent := at
	if a.SentAt != a.At {
		sent = a.SentAt
	}
	return &stripeObject{layout: &attemptShape.all, open: true, values: []any{at, sent, a.Automatic, int64(a.Status), a.Error, a.Body, a.DurationMS}}
}

// recordAttempt writes an attempt of a delivery down and plans the next one.
func recordAttempt(tx *accountTx, id string, attempt Attempt) {
	d := tx.Get(deliveryType, id)
	if d == nil {
		return
	}
	former := d.Str("status")
	attempt.At = tx.Now()
	attempts := append(slices.Clip(d.List("attempts")), attempt.object(tx.instant()))
	d = d.Edit().Set("attempts", attempts)
	tries := d.Int("tries")
	if attempt.Automatic {
		tries++
		d.Set("tries", tries)
	}
	retries, _ := tx.deliverySettings()
	switch {
	case attempt.Succeeded() && (attempt.Automatic || former != deliveryPending):
		// A resend that succeeds does not stop automatic attempts that are still planned.
		d.Set("status", deliverySucceeded).Set("next_attempt_at", nil)
	case attempt.Automatic && int(tries) <= len(retries):
		at := tx.Now() + retries[tries-1]
		d.Set("next_attempt_at", at)
		tx.Due(at, dueDelivery, id)
	case attempt.Automatic:
		d.Set("status", deliveryFailed)
	}
	if attempt.Succeeded() && d.Bool("counts") {
		d.Set("counts", false)
		lowerPending(tx, d.Str("event"))
	}
	tx.Put(d)
}

// lowerPending notes on an event that one endpoint more has taken it.
func lowerPending(tx *accountTx, id string) {
	if ev, scope := tx.anywhere("event", id); ev != nil && ev.Int("pending_webhooks") > 0 {
		tx.within(scope, func() { tx.Put(ev.Edit().Set("pending_webhooks", ev.Int("pending_webhooks")-1)) })
	}
}
