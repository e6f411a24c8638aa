package engine_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/internal/store/storetest"
	"github.com/vezne/vezne/veznetest"
)

// contents returns everything that a database holds, as text, by table.
func contents(t *testing.T, database string) map[string]string {
	t.Helper()
	db := storetest.DB(t, database)
	tables := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if strings.HasPrefix(database, "postgres") {
		tables = "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
	}
	rows, err := db.QueryContext(t.Context(), tables)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		name := ""
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, name := range names {
		found[name] = table(t, database, name)
	}
	return found
}

func table(t *testing.T, database, name string) string {
	t.Helper()
	rows, err := storetest.DB(t, database).QueryContext(t.Context(), "SELECT * FROM "+name)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			if raw, ok := v.([]byte); ok {
				v = string(raw)
			}
			fmt.Fprintf(&b, "%v ", v)
		}
		b.WriteByte('\n')
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestNoCardNumberAndNoKeyStaysAnywhere pays orders in each way, with numbers
// pasted where none belongs, and searches database, log and call-backs.
func TestNoCardNumberAndNoKeyStaysAnywhere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		key := make([]byte, 32)
		if _, err := rand.Read(key); err != nil {
			t.Fatal(err)
		}
		h := veznetest.New(t, veznetest.WithDatabase(database), veznetest.WithConfig(func(c *engine.Config) { c.BodyKey = key }))
		made := h.Call(http.MethodPost, "/v1/orders", `{"currency":"try","lines":[{"name":"Card 4242 4242 4242 4242","unit_amount":500}],
			"customer":{"reference":"u1","name":"Ayşe 4000-0000-0000-9995","email":"ayse@example.com"},"metadata":{"note":"5555555555554444"}}`, "Idempotency-Key", "make")
		if made.Status != http.StatusCreated {
			t.Fatalf("%d: %s", made.Status, made.Body)
		}
		var order vezne.OrderJSON
		if err := made.Decode(&order); err != nil {
			t.Fatal(err)
		}
		intent := h.Call(http.MethodPost, "/v1/orders/"+string(order.ID)+"/payment-intent", `{}`, "Idempotency-Key", "intent")
		var i struct {
			ClientSecret string `json:"client_secret"`
		}
		if err := intent.Decode(&i); err != nil || !strings.Contains(i.ClientSecret, "_secret_") {
			t.Fatalf("the caller gets no client secret: %s, %v", intent.Body, err)
		}
		if again := h.Call(http.MethodPost, "/v1/orders/"+string(order.ID)+"/payment-intent", `{}`, "Idempotency-Key", "intent"); !strings.Contains(string(again.Body), i.ClientSecret) {
			t.Errorf("the replayed answer lacks the client secret: %s", again.Body)
		}
		h.Pay(order.ID, "pm_card_visa")
		other := h.NewOrder(1999, "try")
		session := h.Checkout(other.ID)
		h.CompleteCheckout(session.SessionID, "pm_card_visa")
		if err := h.CreateOperator(t.Context(), "ayse", "correct horse battery"); err != nil {
			t.Fatal(err)
		}
		link, err := h.SignInLink(t.Context(), "ayse", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		h.Idle()
		h.WantPaidOnce(order.ID)
		h.WantPaidOnce(other.ID)
		h.WantNoSecrets()
		secrets := map[string]string{
			"the secret key": h.Keys.Secret.Reveal(), "the signing secret": h.Keys.Webhook[0].Reveal(), "the secret of call-backs": veznetest.Secret,
			"the token": h.Token.Reveal(), "a client secret": "_secret_", "a card number": "4242424242424242", "a card number with blanks": "4242 4242 4242 4242",
			"a card number with dashes": "4000-0000-0000-9995", "another card number": "5555555555554444", "a password": "correct horse battery",
			"a sign-in link": link[strings.Index(link, "=")+1:],
		}
		for where, text := range contents(t, database) {
			for what, secret := range secrets {
				if strings.Contains(text, secret) {
					t.Errorf("%s is in the table %s", what, where)
				}
			}
		}
		for what, secret := range secrets {
			if strings.Contains(h.Log(), secret) {
				t.Errorf("%s is in the log", what)
			}
		}
		// What is encrypted can still be read by those who may.
		events, err := h.Events(t.Context(), engine.EventFilter{Type: "payment_intent.succeeded"})
		if err != nil || len(events) == 0 {
			t.Fatalf("events: %v, %v", events, err)
		}
		full, err := h.Event(t.Context(), events[0].ID)
		if err != nil || !strings.Contains(string(full.Body), "payment_intent") {
			t.Errorf("the body of an event: %.40s, %v", full.Body, err)
		}
		shown := h.Call(http.MethodGet, "/v1/events/"+string(full.ID), "")
		if strings.Contains(string(shown.Body), i.ClientSecret) {
			t.Error("the API shows a client secret in an event")
		}
	})
}
