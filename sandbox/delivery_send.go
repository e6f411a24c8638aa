package sandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// answerLimit is how much of an endpoint's answer is read, in bytes; answerExcerpt how much of it is kept.
	answerLimit, answerExcerpt = 64 << 10, 4 << 10
	// idleConnection is how long, in real time, a connection to an endpoint waits for the next delivery.
	idleConnection = time.Second
	// webhookAgent is the User-Agent of Stripe's deliveries.
	webhookAgent = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
)

// outgoing is one request that carries an event.
type outgoing struct {
	url       string
	body      []byte
	signature string
	timeout   time.Duration
}

// signEvent makes the Stripe-Signature header: the instant in seconds since 1970, and one v1 for each secret.
// Source: docs.stripe.com/webhooks, "Verify webhook signatures manually".
func signEvent(at int64, body []byte, secrets ...string) string {
	header := "t=" + strconv.FormatInt(at, 10)
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		fmt.Fprintf(mac, "%d.", at)
		mac.Write(body)
		header += ",v1=" + hex.EncodeToString(mac.Sum(nil))
	}
	return header
}

// newWebhookClient makes the client that carries deliveries. It follows no redirect: to Stripe a redirect is a failure.
func newWebhookClient(transport http.RoundTripper) *http.Client {
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// send carries one event and reports what came back. What goes wrong is part of the report.
func (out outgoing) send(ctx context.Context, client *http.Client) Attempt {
	began := time.Now()
	attempt := Attempt{SentAt: began.Unix()}
	ctx, cancel := context.WithTimeout(ctx, out.timeout)
	defer cancel()
	err := out.exchange(ctx, client, &attempt)
	switch {
	case err == nil:
	case errors.Is(err, context.DeadlineExceeded):
		attempt.Status, attempt.Error = 0, fmt.Sprintf("no answer within %s", out.timeout)
	default:
		attempt.Status, attempt.Error = 0, err.Error()
	}
	attempt.DurationMS = time.Since(began).Milliseconds()
	return attempt
}

func (out outgoing) exchange(ctx context.Context, client *http.Client, attempt *Attempt) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, out.url, bytes.NewReader(out.body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("User-Agent", webhookAgent)
	r.Header.Set("Accept", "*/*; q=0.5, application/xml")
	r.Header.Set("Cache-Control", "no-cache")
	if out.signature != "" {
		r.Header.Set("Stripe-Signature", out.signature)
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	if err != nil {
		return fmt.Errorf("the answer's body: %w", err)
	}
	attempt.Status, attempt.Body = answer.StatusCode, excerpt(body)
	return nil
}

// excerpt is the beginning of an answer as text, masked.
func excerpt(body []byte) string {
	text := string(body[:min(len(body), answerExcerpt)])
	for len(text) > 0 && len(body) > answerExcerpt { // the cut may go through a letter
		if r, size := utf8.DecodeLastRuneInString(text); r != utf8.RuneError || size != 1 {
			break
		}
		text = text[:len(text)-1]
	}
	return mask(strings.ToValidUTF8(text, "\uFFFD"))
}

// deliver makes one attempt and writes down what came of it.
func (s *sender) deliver(id string, manual bool) {
	out, ok := s.prepare(id)
	if !ok {
		return
	}
	attempt := out.send(s.ctx, s.control.account.sandbox.webhooks)
	attempt.Automatic = !manual
	if s.ctx.Err() == nil {
		s.record(id, attempt)
	}
}

// prepare reads what an attempt needs: the event as it was made, the endpoint as it is now, and every secret that lives
// now. An endpoint that is disabled or gone ends the delivery.
func (s *sender) prepare(id string) (out outgoing, ok bool) {
	var ev, endpoint *stripeObject
	var pending int64
	var secrets []string
	stored := s.control.background(s, func(tx *accountTx) {
		d := tx.Get(deliveryType, id)
		if d == nil {
			return
		}
		ev, _ = tx.anywhere("event", d.Str("event"))
		endpoint = tx.Get("webhook_endpoint", d.Str("endpoint"))
		if ev == nil || endpoint == nil || endpoint.Str("status") != "enabled" {
			if d.Str("status") == deliveryPending {
				tx.Put(d.Edit().Set("status", deliveryCanceled))
			}
			return
		}
		out = outgoing{url: endpoint.Str("url"), timeout: tx.settings().deliveryTimeout()}
		pending, secrets, ok = d.Int("pending"), liveSecrets(endpoint, tx.Now()), true
	})
	ok = ok && stored // what could not be stored was refused: nobody hears of it
	if ok {           // versions never change: they are written without the account's lock
		out.body = eventBody(ev, endpoint, pending)
		out.signature = signEvent(time.Now().Unix(), out.body, secrets...)
	}
	return out, ok
}

// eventBody is the body of an event for an endpoint: as the event was when it was made, in the endpoint's API version.
func eventBody(ev, endpoint *stripeObject, pending int64) []byte {
	if endpoint.Bool(hiddenThin) || ev.Bool(hiddenV2) {
		return render(notification(ev))
	}
	version := endpoint.Str("api_version")
	if version == "" {
		version = ev.Str("api_version")
	}
	return render(ev.Edit().Set("pending_webhooks", pending).Set("api_version", version).Set("data", dataIn(ev, dialectOf(version))))
}

// object is an attempt as it is stored with its delivery.
func (a Attempt) object() *stripeObject {
	return &stripeObject{layout: attemptLayout, values: []any{a.At, a.SentAt, a.Automatic, int64(a.Status), a.Error, a.Body, a.DurationMS}}
}

// record writes an attempt down and plans the next one.
func (s *sender) record(id string, attempt Attempt) {
	s.control.background(s, func(tx *accountTx) {
		d := tx.Get(deliveryType, id)
		if d == nil {
			return
		}
		former := d.Str("status")
		attempt.At = tx.Now()
		attempts := append(slices.Clip(d.List("attempts")), attempt.object())
		d = d.Edit().Set("attempts", attempts)
		tries := d.Int("tries")
		if attempt.Automatic {
			tries++
			d.Set("tries", tries)
		}
		retries := tx.settings().DeliveryRetries
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
	})
}

// lowerPending notes on an event that one endpoint more has taken it.
func lowerPending(tx *accountTx, id string) {
	if ev, scope := tx.anywhere("event", id); ev != nil && ev.Int("pending_webhooks") > 0 {
		tx.within(scope, func() { tx.Put(ev.Edit().Set("pending_webhooks", ev.Int("pending_webhooks")-1)) })
	}
}
