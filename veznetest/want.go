package veznetest

import (
	"slices"
	"strings"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/sandbox"
)

// Get returns an order.
func (h *House) Get(id vezne.OrderID) vezne.OrderView {
	h.t.Helper()
	o, err := h.Order(h.t.Context(), id)
	if err != nil {
		h.t.Fatalf("veznetest: get an order: %v", err)
	}
	return o
}

// WantStatus fails the test unless the order has a status, and returns it.
func (h *House) WantStatus(id vezne.OrderID, want vezne.OrderStatus) vezne.OrderView {
	h.t.Helper()
	o := h.Get(id)
	if got := o.Status(); got != want {
		h.t.Errorf("the order is %s (attention %v), want %s; %s", got, o.Attention, want, h.history(id))
	}
	return o
}

// WantPaidOnce fails the test unless the order became Paid exactly once: one
// line in its timeline, one invoice, one call-back however often it was sent,
// and one payment at Stripe.
func (h *House) WantPaidOnce(id vezne.OrderID) {
	h.t.Helper()
	o := h.Get(id)
	if o.PaidAt == nil {
		h.t.Errorf("the order is not paid; %s", h.history(id))
		return
	}
	if n := h.Count(id, "order.paid"); n != 1 {
		h.t.Errorf("%d lines order.paid, want 1; %s", n, h.history(id))
	}
	if _, err := h.Invoice(h.t.Context(), id); err != nil {
		h.t.Errorf("a paid order has an invoice: %v", err)
	}
	var callbacks []string
	for _, c := range h.Callbacks() {
		if c.Type == "order.paid" && c.Order.ID == id && !slices.Contains(callbacks, c.ID) {
			callbacks = append(callbacks, c.ID)
		}
	}
	if len(callbacks) > 1 {
		h.t.Errorf("%d call-backs order.paid, want 1", len(callbacks))
	}
}

// Count returns how many lines of an order's timeline have an action.
func (h *House) Count(id vezne.OrderID, action string) int {
	h.t.Helper()
	n := 0
	for _, e := range h.timeline(id) {
		if e.Action == action {
			n++
		}
	}
	return n
}

func (h *House) timeline(id vezne.OrderID) []vezne.Entry {
	h.t.Helper()
	entries, err := h.Timeline(h.t.Context(), id)
	if err != nil {
		h.t.Fatalf("veznetest: the timeline of an order: %v", err)
	}
	return entries
}

// history tells an order's timeline in a line.
func (h *House) history(id vezne.OrderID) string {
	h.t.Helper()
	entries := h.timeline(id)
	actions := make([]string, 0, len(entries))
	for _, e := range entries {
		actions = append(actions, e.Action)
	}
	return "its timeline: " + strings.Join(actions, ", ")
}

// WantNoSecrets fails the test if a key, a signing secret, a token, a client
// secret or one of Stripe's test card numbers is in the desk's log or in what
// the application got.
func (h *House) WantNoSecrets() {
	h.t.Helper()
	texts := map[string]string{"the log": h.Log()}
	for _, c := range h.Callbacks() {
		texts["a call-back"] += string(c.Body)
	}
	secrets := []string{h.Keys.Secret.Reveal(), h.Token.Reveal(), Secret, "4242424242424242", "4242 4242 4242 4242"}
	for _, s := range h.Keys.Webhook {
		secrets = append(secrets, s.Reveal())
	}
	for where, text := range texts {
		for _, s := range secrets {
			if strings.Contains(text, s) {
				h.t.Errorf("a secret is in %s: it begins with %.6s", where, s)
			}
		}
		if at := strings.Index(text, "_secret_"); at >= 0 && !strings.HasPrefix(text[at:], "_secret_[secret]") {
			h.t.Errorf("a client secret is in %s", where)
		}
	}
}

// LoseEvents makes Stripe's events never arrive, until the returned function is
// called.
func (h *House) LoseEvents() (restore func()) {
	h.t.Helper()
	f, err := h.Stripe.AddDeliveryFault(sandbox.DeliveryFault{Effect: "drop"})
	if err != nil {
		h.t.Fatalf("veznetest: %v", err)
	}
	return func() {
		h.t.Helper()
		if err := h.Stripe.RemoveDeliveryFault(f.ID); err != nil {
			h.t.Fatalf("veznetest: %v", err)
		}
	}
}

// Fault plants a fault of Stripe's API, such as a time-out after the request
// took effect.
func (h *House) Fault(f sandbox.Fault) {
	h.t.Helper()
	if _, err := h.Stripe.AddFault(f); err != nil {
		h.t.Fatalf("veznetest: %v", err)
	}
}
