package engine_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/internal/store/storetest"
	"github.com/vezne/vezne/veznetest"
)

// forgetAnswers leaves every caller's key as a process does that died before it
// kept its answer: taken, and never finished.
func forgetAnswers(t *testing.T, database string) {
	t.Helper()
	if _, err := storetest.DB(t, database).ExecContext(t.Context(), "UPDATE vezne_idempotency_keys SET done = FALSE, status = 0, media_type = '', answer = NULL"); err != nil {
		t.Fatal(err)
	}
}

func TestAKeyMakesOneOrderAlthoughItsAnswerWasNeverKept(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database))
		const tea, milk = `{"currency":"try","lines":[{"name":"Tea","unit_amount":500}],"customer":{"reference":"u1"}}`, `{"currency":"try","lines":[{"name":"Milk","unit_amount":700}]}`
		first := h.Call(http.MethodPost, "/v1/orders", tea, "Idempotency-Key", "cart-1")
		var made vezne.OrderJSON
		if err := first.Decode(&made); err != nil || first.Status != http.StatusCreated {
			t.Fatalf("%d, %v: %s", first.Status, err, first.Body)
		}

		forgetAnswers(t, database)
		h.Advance(3 * time.Minute)
		if a := h.Call(http.MethodPost, "/v1/orders", milk, "Idempotency-Key", "cart-1"); a.Status != http.StatusConflict {
			t.Errorf("another body under the key: %d: %s", a.Status, a.Body)
		}
		h.Advance(3 * time.Minute)
		again := h.Call(http.MethodPost, "/v1/orders", tea, "Idempotency-Key", "cart-1")
		var same vezne.OrderJSON
		if err := again.Decode(&same); err != nil || again.Status != http.StatusCreated || same.ID != made.ID || same.Number != made.Number {
			t.Errorf("the key again: %d, %v: %s; want the order %s", again.Status, err, again.Body, made.ID)
		}
		list, err := h.Orders(t.Context(), engine.OrderFilter{})
		if err != nil || len(list) != 1 {
			t.Errorf("%d orders, %v; want 1", len(list), err)
		}

		// Another key, and the key after its life, make another order.
		if a := h.Call(http.MethodPost, "/v1/orders", tea, "Idempotency-Key", "cart-2"); a.Status != http.StatusCreated {
			t.Errorf("another key: %d: %s", a.Status, a.Body)
		}
		h.Advance(25 * time.Hour)
		if err := h.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		if a := h.Call(http.MethodPost, "/v1/orders", tea, "Idempotency-Key", "cart-1"); a.Status != http.StatusCreated || a.Header.Get("Idempotent-Replayed") != "" {
			t.Errorf("the key a day later: %d: %s", a.Status, a.Body)
		}
		if list, err = h.Orders(t.Context(), engine.OrderFilter{}); err != nil || len(list) != 3 {
			t.Errorf("%d orders, %v; want 3", len(list), err)
		}
	})
}

func TestAKeyOfAnOrderThatWasPaidMeanwhileIsThatOrder(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database))
		const body = `{"currency":"try","lines":[{"name":"Tea","unit_amount":500}]}`
		var made, again vezne.OrderJSON
		if err := h.Call(http.MethodPost, "/v1/orders", body, "Idempotency-Key", "k").Decode(&made); err != nil {
			t.Fatal(err)
		}
		h.Pay(made.ID, "pm_card_visa")
		h.Idle()
		forgetAnswers(t, database)
		h.Advance(3 * time.Minute)
		if err := h.Call(http.MethodPost, "/v1/orders", body, "Idempotency-Key", "k").Decode(&again); err != nil {
			t.Fatal(err)
		}
		if again.ID != made.ID || again.Status != vezne.OrderPaid || again.InvoiceNumber == "" {
			t.Errorf("the key again is %+v", again)
		}
	})
}
