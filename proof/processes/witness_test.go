package processes_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stripe/stripe-go/v85/webhook"
)

const (
	// hookHost is where Stripe thinks that the service is; the witness knows better.
	hookHost = "desk.test"
	hookPath = "/webhooks/stripe"
	// again is the pause before an event that was not taken is sent again:
	// Stripe is as patient, only slower.
	again = 10 * time.Millisecond
	// tryTime bounds one try to hand an event over, as Stripe bounds it.
	tryTime = 3 * time.Second
	// knockEvery is the pause between two events that the witness sends itself,
	// each without waiting for the one before.
	knockEvery = 20 * time.Millisecond
)

// witness stands at Stripe's end of the road to the service: it carries every
// event, and writes down which the service said that it has. It reads nothing
// of the service's own.
type witness struct {
	client *http.Client
	desks  []*desk
	secret string

	// refusals counts answers that were none.
	refusals atomic.Int64

	mu sync.Mutex
	// acks is how often each event was acknowledged.
	acks map[string]int
	// sample is an event that was once sent, from which knocks are made.
	sample map[string]any
	knocks int
	next   int
	// downSince is when what the service stands on was gone, zero while it is there.
	downSince time.Time
	// wrongly counts acknowledgements of events that were sent after that.
	wrongly int
	// since is from when the first acknowledgement is waited for; first is how
	// long after that it came, by desk.
	since time.Time
	first map[*desk]time.Duration
	// late is by how much its own clock ticked late since then, at most.
	late time.Duration
	// came is closed and made anew at each first acknowledgement.
	came chan struct{}
}

func newWitness(desks []*desk) *witness {
	return &witness{
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32, IdleConnTimeout: 10 * time.Second}, Timeout: tryTime},
		desks:  desks, acks: map[string]int{}, first: map[*desk]time.Duration{}, came: make(chan struct{}),
	}
}

// RoundTrip carries an event of Stripe's until it is taken.
func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var event map[string]any
	if err := json.Unmarshal(body, &event); err != nil {
		return nil, err
	}
	w.mu.Lock()
	if event["type"] == "payment_intent.succeeded" {
		w.sample = event
	}
	w.mu.Unlock()
	id, signature := event["id"].(string), r.Header.Get("Stripe-Signature")
	for {
		if d := w.turn(); w.carry(r.Context(), d, id, body, signature) {
			return &http.Response{Status: "200 OK", StatusCode: http.StatusOK, Body: http.NoBody, Request: r, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}}, nil
		}
		select {
		case <-r.Context().Done():
			return nil, r.Context().Err()
		case <-time.After(again):
		}
	}
}

// turn picks the process that gets the next event.
func (w *witness) turn() *desk {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next++
	return w.desks[w.next%len(w.desks)]
}

// carry hands an event over once, and reports whether it was acknowledged.
func (w *witness) carry(ctx context.Context, d *desk, id string, body []byte, signature string) bool {
	url := d.url.Load()
	if url == nil {
		return false
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, *url+hookPath, bytes.NewReader(body))
	if err != nil {
		return false
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("Stripe-Signature", signature)
	sent := time.Now()
	answer, err := w.client.Do(r)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, answer.Body) // the status has said it all
	_ = answer.Body.Close()                 // it was only read
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		w.refusals.Add(1)
		return false
	}
	w.acknowledged(d, id, sent, time.Now())
	return true
}

func (w *witness) acknowledged(d *desk, id string, sent, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acks[id]++
	if !w.downSince.IsZero() && sent.After(w.downSince) {
		w.wrongly++
	}
	if w.since.IsZero() || at.Before(w.since) {
		return
	}
	if _, had := w.first[d]; !had {
		w.first[d] = at.Sub(w.since)
		close(w.came)
		w.came = make(chan struct{})
	}
}

// down says that what the service stands on is gone from now on, so that
// nothing that is sent from now on may be acknowledged.
func (w *witness) down() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.downSince = time.Now()
}

// coming says that it may be back at any moment.
func (w *witness) coming() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.downSince = time.Time{}
}

// up says that it is back since an instant, from which first acknowledgements
// are waited for.
func (w *witness) up(since time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.downSince, w.since, w.late = time.Time{}, since, 0
	clear(w.first)
}

// lateness is by how much its own clock ticked late since the store is back.
func (w *witness) lateness() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.late
}

// deceived reports whether something was acknowledged while the store was gone.
func (w *witness) deceived() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.wrongly > 0
}

// firsts waits until each of these has acknowledged something and returns the
// longest time that it took.
func (w *witness) firsts(ctx context.Context, desks ...*desk) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		w.mu.Lock()
		longest, missing, came := time.Duration(0), "", w.came
		for _, d := range desks {
			took, has := w.first[d]
			longest = max(longest, took)
			if !has {
				missing = d.name
			}
		}
		w.mu.Unlock()
		if missing == "" {
			return longest, nil
		}
		select {
		case <-ctx.Done():
			return longest, fmt.Errorf("%s acknowledges nothing any more: %w", missing, ctx.Err())
		case <-came:
		}
	}
}

// knock sends events of the witness's own to every process, again and again,
// whether or not the former were answered, until ctx ends; then it waits for
// the answers that are missing.
func (w *witness) knock(ctx context.Context) error {
	tick := time.NewTicker(knockEvery)
	defer tick.Stop()
	var waiting sync.WaitGroup
	defer waiting.Wait()
	for {
		select {
		case <-ctx.Done():
			return nil
		case at := <-tick.C:
			w.mu.Lock()
			w.late = max(w.late, time.Since(at))
			w.mu.Unlock()
		}
		for _, d := range w.desks {
			if d.url.Load() == nil {
				continue
			}
			id, body, err := w.forge()
			if err != nil {
				return err
			}
			now := time.Now()
			signature := fmt.Sprintf("t=%d,v1=%x", now.Unix(), webhook.ComputeSignature(now, body, w.secret))
			waiting.Go(func() { w.carry(context.WithoutCancel(ctx), d, id, body, signature) })
		}
	}
}

// forge makes an event that says once more what Stripe has said.
func (w *witness) forge() (id string, body []byte, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sample == nil {
		return "", nil, errors.New("nothing was paid yet")
	}
	w.knocks++
	id = fmt.Sprintf("evt_knock%06d", w.knocks)
	event := map[string]any{}
	for k, v := range w.sample {
		event[k] = v
	}
	event["id"] = id
	body, err = json.Marshal(event)
	return id, body, err
}

// app is the application: it counts the effects that reach it, by order.
type app struct {
	mu sync.Mutex
	// paid are the ids of the effects that said "order.paid", by order.
	paid map[string]map[string]bool
	// took is how many effects of any kind were taken.
	took int
}

// ServeHTTP takes a call-back.
func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var envelope struct {
		Type string
		Data struct{ ID string }
	}
	if err := json.NewDecoder(r.Body).Decode(&envelope); err != nil {
		http.Error(w, "The body ended early.", http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.took++
	if envelope.Type != "order.paid" {
		return
	}
	if a.paid[envelope.Data.ID] == nil {
		a.paid[envelope.Data.ID] = map[string]bool{}
	}
	a.paid[envelope.Data.ID][r.Header.Get("webhook-id")] = true
}
