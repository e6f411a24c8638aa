package processes_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// way is how somebody buys.
type way int

const (
	// atOnce has the service confirm the payment, whose answer says that it is paid.
	atOnce way = iota
	// byEvent pays at Stripe, of which the service hears by an event only.
	byEvent
	// byCheckout pays on Stripe's page.
	byCheckout
	// andRefund pays as byEvent does and wants the money back.
	andRefund
	ways = iota
)

// customer is somebody who buys, at some of the processes.
type customer struct {
	rng   *rand.Rand
	name  string
	desks []*desk
	// patience is how long one answer is waited for; then the customer leaves.
	patience time.Duration
}

// errLeft says that a customer left, because no answer came.
var errLeft = errors.New("there was no answer for long, and the customer left")

// purchase buys something, and asks again and again where no answer comes. It
// returns once the buyer has paid, and an error when the service refuses what
// it has no reason to refuse.
func (h *house) purchase(ctx context.Context, c customer, name string, by way) (id string, err error) {
	var made struct{ ID string }
	form := fmt.Sprintf(`{"currency":"usd","lines":[{"name":"Coffee","unit_amount":%d}]}`, 500+c.rng.Int64N(9000))
	name = c.name + "-" + name
	if err := h.insist(ctx, c, http.MethodPost, "/v1/orders", form, name, &made); err != nil {
		return "", err
	}
	if err := h.pay(ctx, c, made.ID, name, by); err != nil {
		return made.ID, err
	}
	if by == andRefund {
		if err := h.giveBack(ctx, c, made.ID, name); err != nil {
			return made.ID, err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bought++
	return made.ID, nil
}

func (h *house) pay(ctx context.Context, c customer, id, name string, by way) error {
	if by == byCheckout {
		var session struct {
			ID string `json:"session_id"`
		}
		if err := h.insist(ctx, c, http.MethodPost, "/v1/orders/"+id+"/checkout", "{}", name+"-pay", &session); err != nil {
			return err
		}
		_, err := h.stripe.Simulate("checkout", map[string]any{"session": session.ID, "payment_method": "pm_card_visa"})
		return err
	}
	form := "{}"
	if by == atOnce {
		form = `{"payment_method":"pm_card_visa","confirm":true}`
	}
	var intent struct {
		ID     string `json:"payment_intent_id"`
		Status string `json:"status"`
	}
	if err := h.insist(ctx, c, http.MethodPost, "/v1/orders/"+id+"/payment-intent", form, name+"-pay", &intent); err != nil || intent.Status == "succeeded" || intent.ID == "" {
		return err
	}
	return h.askStripe(ctx, http.MethodPost, "/v1/payment_intents/"+intent.ID+"/confirm", url.Values{"payment_method": {"pm_card_visa"}, "return_url": {"https://shop.example/back"}}, nil)
}

// known waits until the service says that an order is paid.
func (h *house) known(ctx context.Context, c customer, id string) error {
	began := time.Now()
	for {
		var o order
		if err := h.insist(ctx, c, http.MethodGet, "/v1/orders/"+id, "", "", &o); err != nil {
			return err
		}
		if o.PaidAt != nil {
			return nil
		}
		if time.Since(began) > c.patience {
			return fmt.Errorf("%s is %s for %s: %w", id, o.Status, c.patience, errLeft)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(again):
		}
	}
}

// giveBack waits until the order is known to be paid and asks for the money.
func (h *house) giveBack(ctx context.Context, c customer, id, name string) error {
	if err := h.known(ctx, c, id); err != nil {
		return err
	}
	var r struct{ Status string }
	if err := h.insist(ctx, c, http.MethodPost, "/v1/orders/"+id+"/refunds", "{}", name+"-refund", &r); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refunds[id] = true
	return nil
}

// insist asks the service until it answers. Of an order that is paid or
// refunded already it takes a refusal for an answer: the first one was lost. A
// key that a dead process holds is left behind, as by somebody who clicks again.
func (h *house) insist(ctx context.Context, c customer, method, path, body, key string, into any) error {
	began, first := time.Now(), c.rng.IntN(len(c.desks))
	for n := first; ; n++ {
		d := c.desks[n%len(c.desks)]
		status, answer, err := d.call(ctx, h.client, h.token, method, path, body, key)
		switch {
		case err != nil || status >= 500 || status == http.StatusTooManyRequests:
		case status < 300:
			return json.Unmarshal(answer, into)
		default:
			var problem struct{ Code string }
			if err := json.Unmarshal(answer, &problem); err != nil {
				return err
			}
			switch problem.Code {
			case "idempotency_key_in_use":
				key += "+"
			case "attempt_open", "attempt_unsure":
			case "order_paid", "refund_too_large":
				return nil
			default:
				return fmt.Errorf("%s %s: %d %s", method, path, status, answer)
			}
		}
		if time.Since(began) > c.patience {
			return fmt.Errorf("%s %s at %s: %d %s: %w", method, path, d.name, status, answer, errors.Join(err, errLeft))
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(again):
		}
	}
}

// askStripe calls Stripe as the buyer's browser, or as an accountant: on a road of one's own.
func (h *house) askStripe(ctx context.Context, method, path string, form url.Values, into any) error {
	r, err := http.NewRequestWithContext(ctx, method, h.keys.Sandbox+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+h.keys.SecretKey)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := h.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("Stripe's %s %s: %d %s", method, path, answer.StatusCode, body)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(body, into)
}
