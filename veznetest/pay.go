package veznetest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
)

// by is who does what a House does.
var by = vezne.Actor{Kind: vezne.ActorAPI, Name: "veznetest"}

// NewOrder makes an order of one line. The amount is in the currency's minor
// unit: 1999 is ₺19.99.
func (h *House) NewOrder(amount int64, currency vezne.Currency) vezne.OrderView {
	h.t.Helper()
	o, err := h.CreateOrder(h.t.Context(), by, engine.NewOrder{
		Currency: currency, Lines: []engine.NewLine{{Name: "Coffee", UnitAmount: amount, Quantity: 1}},
	})
	if err != nil {
		h.t.Fatalf("veznetest: make an order: %v", err)
	}
	return o
}

// Pay confirms a PaymentIntent for an order on the server, with one of Stripe's
// test methods such as pm_card_visa, and returns its state. A decline is no
// failure of the test.
func (h *House) Pay(id vezne.OrderID, method string) engine.PaymentIntent {
	h.t.Helper()
	i, err := h.StartPaymentIntent(h.t.Context(), by, id, engine.PaymentIntentParams{PaymentMethod: method, Confirm: true})
	if err != nil {
		h.t.Fatalf("veznetest: pay: %v", err)
	}
	return i
}

// Checkout opens a Checkout Session for an order.
func (h *House) Checkout(id vezne.OrderID) engine.Checkout {
	h.t.Helper()
	c, err := h.StartCheckout(h.t.Context(), by, id, engine.CheckoutParams{})
	if err != nil {
		h.t.Fatalf("veznetest: start a checkout: %v", err)
	}
	return c
}

// CompleteCheckout is the buyer on Stripe's page, paying with a test method.
func (h *House) CompleteCheckout(session vezne.ObjectID, method string) {
	h.t.Helper()
	h.Simulate("checkout", map[string]any{"session": string(session), "payment_method": method})
}

// Authenticate is the buyer at the bank's 3-D Secure page: result is
// "succeeded" or "failed".
func (h *House) Authenticate(intent vezne.ObjectID, result string) {
	h.t.Helper()
	h.Simulate("3ds", map[string]any{"intent": string(intent), "result": result})
}

// Simulate is what a person or a bank does at Stripe, by the sandbox's names.
func (h *House) Simulate(what string, params map[string]any) json.RawMessage {
	h.t.Helper()
	answer, err := h.Stripe.Simulate(what, params)
	if err != nil {
		h.t.Fatalf("veznetest: simulate %s: %v", what, err)
	}
	return answer
}

// Answer is what the desk's REST API said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Decode reads the body.
func (a Answer) Decode(into any) error { return json.Unmarshal(a.Body, into) }

// Call calls the REST API with the token. body is JSON, "" for none; headers
// are pairs.
func (h *House) Call(method, path, body string, headers ...string) Answer {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, DeskURL+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatalf("veznetest: %v", err)
	}
	req.Header.Set("Authorization", "Bearer "+h.Token.Reveal())
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := h.Client.Do(req)
	if err != nil {
		h.t.Fatalf("veznetest: %s %s: %v", method, path, err)
	}
	var b bytes.Buffer
	_, err = io.Copy(&b, res.Body)
	if closing := res.Body.Close(); err == nil {
		err = closing
	}
	if err != nil {
		h.t.Fatalf("veznetest: %s %s: %v", method, path, err)
	}
	return Answer{Status: res.StatusCode, Header: res.Header, Body: b.Bytes()}
}
