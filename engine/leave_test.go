package engine_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/veznetest"
)

// silence is a transport that gives no answer to requests of a method, once it
// is on: each waits until whoever sent it gives up.
type silence struct {
	next   http.RoundTripper
	method string
	// waiting gets a value for each request that waits.
	waiting chan struct{}

	mu   sync.Mutex
	on   bool
	sent []string
}

// RoundTrip notes a request of the method, key and form, and keeps it waiting.
func (s *silence) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != s.method {
		return s.next.RoundTrip(r)
	}
	form := ""
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		form = string(b)
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(strings.NewReader(form))
	}
	s.mu.Lock()
	s.sent = append(s.sent, r.URL.Path+" "+r.Header.Get("Idempotency-Key")+" "+form)
	on := s.on
	s.mu.Unlock()
	if !on {
		return s.next.RoundTrip(r)
	}
	s.waiting <- struct{}{}
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func (s *silence) turn(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = on
}

// requests are those of the method, each as path, key and form.
func (s *silence) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

// quiet returns a silence that is off, and the option that puts it before Stripe.
func quiet(method string) (*silence, veznetest.Option) {
	s := &silence{method: method, waiting: make(chan struct{}, 100)}
	return s, veznetest.WithConfig(func(c *engine.Config) {
		s.next = c.HTTPClient.Transport
		c.HTTPClient = &http.Client{Transport: s}
	})
}

var buyer = vezne.Actor{Kind: vezne.ActorAPI, Name: "test"}

// A call that Stripe does not answer does not hold up the end of a process: it
// is cut off when the time is over, whoever waits is told, and the next start
// sends it again, byte for byte.
func TestACallWithoutAnAnswerIsCutOffWhenTheProcessLeaves(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		stripe, silenced := quiet(http.MethodPost)
		h := veznetest.New(t, veznetest.WithDatabase(database), silenced)
		order, late := h.NewOrder(1999, "try"), h.NewOrder(500, "try")
		stripe.turn(true)
		paying := make(chan error, 1)
		go func() {
			_, err := h.StartCheckout(t.Context(), buyer, order.ID, engine.CheckoutParams{})
			paying <- err
		}()
		<-stripe.waiting
		leaving, over := context.WithCancel(t.Context())
		h.Leave(leaving)
		select {
		case err := <-paying:
			t.Fatalf("the call was cut off before its time: %v", err)
		default:
		}
		over()
		if err := <-paying; vezne.CodeOf(err) != vezne.CodeStripeUnreachable {
			t.Errorf("whoever waits for the call gets %v", err)
		}
		// Who comes later is told at once: the call is written down, and not sent.
		if _, err := h.StartCheckout(t.Context(), buyer, late.ID, engine.CheckoutParams{}); vezne.CodeOf(err) != vezne.CodeStripeUnreachable {
			t.Errorf("who comes later gets %v", err)
		}
		first := stripe.requests()
		if len(first) != 1 {
			t.Errorf("sent %q, want one request", first)
		}

		stripe.turn(false)
		h.Restart()
		h.Advance(time.Minute)
		if sent := stripe.requests(); len(sent) != 3 || !slices.Contains(sent[1:], first[0]) {
			t.Fatalf("sent %q; want the first twice, and the one that was only written down", sent)
		}
		for _, o := range []vezne.OrderView{order, late} {
			h.CompleteCheckout(h.Checkout(o.ID).SessionID, "pm_card_visa")
			h.Idle()
			h.WantPaidOnce(o.ID)
		}
	})
}

// A read that Stripe does not answer is cut off as well; the object stays
// marked, and the next start reads it.
func TestAReadWithoutAnAnswerIsCutOffWhenTheProcessLeaves(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		stripe, silenced := quiet(http.MethodGet)
		h := veznetest.New(t, veznetest.WithDatabase(database), silenced)
		order := h.NewOrder(1999, "try")
		session := h.Checkout(order.ID).SessionID
		stripe.turn(true)
		h.CompleteCheckout(session, "pm_card_visa")
		if err := h.Stripe.Idle(t.Context()); err != nil {
			t.Fatal(err)
		}
		sweeping := make(chan error, 1)
		go func() {
			_, err := h.Sweep(t.Context())
			sweeping <- err
		}()
		<-stripe.waiting
		leaving, over := context.WithCancel(t.Context())
		h.Leave(leaving)
		over()
		if err := <-sweeping; err != nil {
			t.Errorf("sweeping: %v", err)
		}
		stripe.turn(false)
		h.Restart()
		h.Advance(time.Minute)
		h.WantPaidOnce(order.ID)
	})
}

// deaf is an application that takes call-backs and does not answer.
type deaf struct{ called chan struct{} }

// RoundTrip waits until the sender gives up.
func (d deaf) RoundTrip(r *http.Request) (*http.Response, error) {
	d.called <- struct{}{}
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// An application that does not answer a call-back does not hold up the end
// either: the delivery is cut off, and done again.
func TestADeliveryWithoutAnAnswerIsCutOffWhenTheProcessLeaves(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		app := deaf{make(chan struct{}, 100)}
		first := true
		h := veznetest.New(t, veznetest.WithDatabase(database), veznetest.Started(), veznetest.WithConfig(func(c *engine.Config) {
			if first {
				c.Callback.Transport = app
			}
			first = false
		}))
		order := h.NewOrder(1999, "try")
		h.Pay(order.ID, "pm_card_visa")
		<-app.called
		leaving, over := context.WithCancel(t.Context())
		h.Leave(leaving)
		over()
		h.Restart()
		h.Advance(time.Minute)
		h.WantPaidOnce(order.ID)
		if len(h.Callbacks()) == 0 {
			t.Error("the application heard nothing after the next start")
		}
	})
}
