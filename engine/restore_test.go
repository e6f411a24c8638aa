package engine_test

import (
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/internal/store/storetest"
	"github.com/vezne/vezne/sandbox"
	"github.com/vezne/vezne/veznetest"
)

// backUp copies the database that a desk is serving, and returns how to put the
// copy in its place once the desk has ended.
func backUp(t *testing.T, database string) (restore func(skip int64) []engine.Restored, restored string) {
	t.Helper()
	if !strings.HasPrefix(database, "sqlite:") {
		return nil, ""
	}
	file := filepath.Join(t.TempDir(), "backup.db")
	if _, err := engine.Backup(t.Context(), database, file); err != nil {
		t.Fatal(err)
	}
	restored = storetest.SQLite(t)
	return func(skip int64) []engine.Restored {
		t.Helper()
		r, err := engine.Restore(t.Context(), engine.RestoreParams{DatabaseURL: restored, From: file, SkipInvoices: skip})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}, restored
}

// copyPostgres is the backup of a PostgreSQL database by its own means: a
// database made from it as the template, while nobody is connected.
func copyPostgres(t *testing.T, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	from := strings.TrimPrefix(u.Path, "/")
	u.Path = "/postgres"
	d, err := sql.Open("pgx", u.String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.ExecContext(t.Context(), "CREATE DATABASE "+from+"_copy TEMPLATE "+from); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + from + "_copy"
	return u.String()
}

// TestARestoredDeskCatchesUpBeforeItOpens loses everything that a desk learned
// since its backup: a payment of an order that the backup has, a refund, and an
// order that was made afterwards.
func TestARestoredDeskCatchesUpBeforeItOpens(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		served := database
		h := veznetest.New(t, veznetest.WithConfig(func(c *engine.Config) { c.DatabaseURL = served }))
		paid, waiting := h.NewOrder(1999, "try"), h.NewOrder(2999, "try")
		intent := h.Pay(paid.ID, "pm_card_visa")
		session := h.Checkout(waiting.ID)
		h.Idle()
		var restored []engine.Restored
		var after func()
		restore, copied := backUp(t, database)
		if restore == nil {
			// The server lets nobody be connected while it copies.
			h.Stop()
			if err := h.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			copied = copyPostgres(t, database)
			h.Restart()
			asOf := h.Clock.Now()
			after = func() {
				var err error
				if restored, err = engine.Restore(t.Context(), engine.RestoreParams{DatabaseURL: copied, AsOf: asOf, SkipInvoices: 10}); err != nil {
					t.Fatal(err)
				}
			}
		} else {
			after = func() { restored = restore(10) }
		}

		// What happens now is lost with the database.
		h.CompleteCheckout(session.SessionID, "pm_card_visa")
		change(t, h, "/v1/refunds", url.Values{"amount": {"500"}, "payment_intent": {string(intent.ID)}})
		lost := h.NewOrder(4999, "try")
		h.Pay(lost.ID, "pm_card_visa")
		h.Idle()
		h.WantStatus(waiting.ID, vezne.OrderPaid)

		after()
		served = copied
		if len(restored) != 1 || restored[0].Account.Account == "" {
			t.Fatalf("restored = %+v", restored)
		}
		h.Restart()
		// Restore goes by the machine's clock.
		h.Clock.Advance(time.Hour)
		if !h.CatchingUp() {
			t.Fatal("a restored desk is open at once")
		}
		refused(t, h.Ready(t.Context()), vezne.CodeStorageUnavailable, "starting")
		wantClosed(t, h, waiting.ID)
		h.WantStatus(waiting.ID, vezne.OrderOpen)

		for range 5 {
			h.Idle()
			h.Clock.Advance(10 * time.Second)
		}
		if h.CatchingUp() {
			t.Fatal("the desk did not open")
		}
		h.WantStatus(waiting.ID, vezne.OrderPaid)
		h.WantStatus(paid.ID, vezne.OrderPartiallyRefunded)
		r := h.Call(http.MethodGet, "/v1/reconciliations/"+string(restored[0].Reconciliation), "")
		var search vezne.ReconciliationJSON
		if err := r.Decode(&search); err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(search.Findings, func(f vezne.Finding) bool {
			return f.Kind == vezne.FindingOrphan && strings.Contains(f.Detail, string(lost.ID))
		}) {
			t.Errorf("the lost order is not reported: %+v", search.Findings)
		}
		o, err := h.Order(t.Context(), waiting.ID)
		if err != nil || !strings.HasSuffix(o.InvoiceNumber, "000012") {
			t.Errorf("the invoice is %s, %v; want number 12 after 10 were left out", o.InvoiceNumber, err)
		}
		// It is open for good.
		h.Restart()
		next := h.NewOrder(999, "try")
		h.Pay(next.ID, "pm_card_visa")
		h.Idle()
		h.WantStatus(next.ID, vezne.OrderPaid)
	})
}

// wantClosed tries everything that changes something.
func wantClosed(t *testing.T, h *veznetest.House, id vezne.OrderID) {
	t.Helper()
	ctx := t.Context()
	_, err := h.CreateOrder(ctx, searcher, engine.NewOrder{Currency: "try", Lines: []engine.NewLine{{Name: "Tea", UnitAmount: 500, Quantity: 1}}})
	refused(t, err, vezne.CodeReadOnly, "catching up")
	_, err = h.StartCheckout(ctx, searcher, id, engine.CheckoutParams{})
	refused(t, err, vezne.CodeReadOnly, "catching up")
	_, err = h.StartPaymentIntent(ctx, searcher, id, engine.PaymentIntentParams{PaymentMethod: "pm_card_visa", Confirm: true})
	refused(t, err, vezne.CodeReadOnly, "catching up")
	_, _, err = h.Refund(ctx, searcher, id, nil, "")
	refused(t, err, vezne.CodeReadOnly, "catching up")
	_, err = h.Cancel(ctx, searcher, id)
	refused(t, err, vezne.CodeReadOnly, "catching up")
	_, err = h.Capture(ctx, searcher, id, nil)
	refused(t, err, vezne.CodeReadOnly, "catching up")
	if a := h.Call(http.MethodPost, "/v1/orders", `{"currency":"try","lines":[{"name":"Tea","unit_amount":500}]}`); a.Status != http.StatusServiceUnavailable {
		t.Errorf("an order by the API: %d %s", a.Status, a.Body)
	}
	if _, err := h.Order(ctx, id); err != nil {
		t.Errorf("a restored desk cannot be read: %v", err)
	}
}

// TestARestoredDeskStaysClosedWhileStripeIsAway tries the search again until
// Stripe answers.
func TestARestoredDeskStaysClosedWhileStripeIsAway(t *testing.T) {
	t.Parallel()
	served := storetest.SQLite(t)
	h := veznetest.New(t, veznetest.WithConfig(func(c *engine.Config) { c.DatabaseURL = served }))
	restore, copied := backUp(t, served)
	restore(0)
	served = copied
	h.Restart()
	fault, err := h.Stripe.AddFault(sandbox.Fault{Method: http.MethodGet, Path: "/v1/refunds", Effect: "status", Status: http.StatusForbidden, Count: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		h.Idle()
		h.Clock.Advance(10 * time.Minute)
	}
	if !h.CatchingUp() {
		t.Fatal("the desk opened though a list could not be read")
	}
	if err := h.Stripe.RemoveFault(fault.ID); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		h.Idle()
		h.Clock.Advance(10 * time.Minute)
	}
	if h.CatchingUp() {
		t.Error("the desk did not open when Stripe answered again")
	}
}

// TestAStartedDeskOpensByItself runs the work in the background.
func TestAStartedDeskOpensByItself(t *testing.T) {
	t.Parallel()
	served := storetest.SQLite(t)
	h := veznetest.New(t, veznetest.Started(), veznetest.WithConfig(func(c *engine.Config) { c.DatabaseURL = served }))
	order := h.NewOrder(1999, "try")
	session := h.Checkout(order.ID)
	restore, copied := backUp(t, served)
	h.CompleteCheckout(session.SessionID, "pm_card_visa")
	restore(0)
	served = copied
	h.Restart()
	refused(t, h.Ready(t.Context()), vezne.CodeReadOnly, "catches up")
	h.Clock.Advance(time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for h.CatchingUp() {
		select {
		case <-ctx.Done():
			t.Fatal("the desk did not open")
		case <-time.After(20 * time.Millisecond):
			h.Clock.Advance(time.Second)
		}
	}
	if err := h.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	h.Idle()
	h.WantStatus(order.ID, vezne.OrderPaid)
}

func TestWhatCannotBeBackedUpOrRestored(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := veznetest.New(t)
	database := storetest.SQLite(t)
	_, err := engine.Backup(t.Context(), "postgres://host/name", filepath.Join(dir, "a"))
	refused(t, err, vezne.CodeConfigInvalid, "Only a SQLite")
	_, err = engine.Backup(t.Context(), "sqlite:"+filepath.Join(dir, "nowhere"), filepath.Join(dir, "a"))
	refused(t, err, vezne.CodeConfigInvalid, "no such database")
	_, err = engine.Restore(t.Context(), engine.RestoreParams{DatabaseURL: "sqlite:" + filepath.Join(dir, "new.db"), From: filepath.Join(dir, "nowhere")})
	if err == nil {
		t.Error("a backup that is not there was restored")
	}
	_, err = engine.Restore(t.Context(), engine.RestoreParams{DatabaseURL: database})
	refused(t, err, vezne.CodeConfigInvalid, "never been served")
	_ = h
}
