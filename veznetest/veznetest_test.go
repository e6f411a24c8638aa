package veznetest_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/sandbox"
	"github.com/vezne/vezne/veznetest"
)

func TestAnOrderIsPaid(t *testing.T) {
	t.Parallel()
	h := veznetest.New(t)
	order := h.NewOrder(1999, "try")
	if i := h.Pay(order.ID, "pm_card_visa"); i.Status != "succeeded" {
		t.Fatalf("the intent is %s", i.Status)
	}
	h.Idle()
	h.WantStatus(order.ID, vezne.OrderPaid)
	h.WantPaidOnce(order.ID)
	h.WantNoSecrets()
	callbacks := h.Callbacks()
	if len(callbacks) != 1 || callbacks[0].Type != "order.paid" || callbacks[0].Order.ID != order.ID || callbacks[0].Revision == 0 {
		t.Errorf("call-backs: %+v", callbacks)
	}
}

func TestHousesNeverMeet(t *testing.T) {
	t.Parallel()
	a, b := veznetest.New(t), veznetest.New(t)
	order := a.NewOrder(1999, "try")
	a.Pay(order.ID, "pm_card_visa")
	a.Idle()
	b.Idle()
	if _, err := b.Order(t.Context(), order.ID); vezne.CodeOf(err) != vezne.CodeNotFound {
		t.Errorf("the other desk: %v, want %s", err, vezne.CodeNotFound)
	}
	if n := len(b.Callbacks()); n != 0 {
		t.Errorf("the other application got %d call-backs", n)
	}
}

func TestEventsCanBeLostAndComeAgain(t *testing.T) {
	t.Parallel()
	h := veznetest.New(t)
	restore := h.LoseEvents()
	order := h.NewOrder(1999, "try")
	session := h.Checkout(order.ID)
	h.CompleteCheckout(session.SessionID, "pm_card_visa")
	h.Idle()
	h.WantStatus(order.ID, vezne.OrderOpen)
	restore()
	lost, err := h.Stripe.Deliveries(sandbox.DeliveryFilter{Types: []string{"checkout.session.completed"}})
	if err != nil || len(lost) != 1 {
		t.Fatalf("deliveries: %+v, %v", lost, err)
	}
	if _, err := h.Stripe.Resend(lost[0].ID); err != nil {
		t.Fatal(err)
	}
	h.Idle()
	h.WantPaidOnce(order.ID)
}

func TestAForgedEventChangesNothing(t *testing.T) {
	t.Parallel()
	h := veznetest.New(t)
	order := h.NewOrder(1999, "try")
	session := h.Checkout(order.ID)
	event, err := json.Marshal(map[string]any{
		"id": "evt_forged", "object": "event", "type": "checkout.session.completed", "livemode": false, "created": h.Clock.Now().Unix(),
		"data": map[string]any{"object": map[string]any{"id": string(session.SessionID), "object": "checkout.session", "payment_status": "paid"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	forged, err := h.Stripe.Forge(t.Context(), sandbox.Forgery{Event: event, Secret: "whsec_wrong"})
	if err != nil || forged.Status != http.StatusBadRequest {
		t.Fatalf("a wrong signature: %+v, %v", forged, err)
	}
	// Even one that is signed rightly only says what to read.
	if forged, err = h.Stripe.Forge(t.Context(), sandbox.Forgery{Event: event}); err != nil || forged.Status != http.StatusOK {
		t.Fatalf("a right signature: %+v, %v", forged, err)
	}
	h.Idle()
	h.WantStatus(order.ID, vezne.OrderOpen)
}

func TestADeskThatIsAwayHearsOfEverythingLater(t *testing.T) {
	t.Parallel()
	h := veznetest.New(t)
	order := h.NewOrder(1999, "try")
	session := h.Checkout(order.ID)
	h.Stop()
	h.CompleteCheckout(session.SessionID, "pm_card_visa")
	h.Idle()
	h.WantStatus(order.ID, vezne.OrderOpen)
	h.Resume()
	h.Advance(24 * time.Hour)
	h.WantPaidOnce(order.ID)
}

func TestInAStrictWorldOrdersArePaidOnce(t *testing.T) {
	t.Parallel()
	h := veznetest.New(t, veznetest.WithSandbox(func(o *sandbox.Options) { o.StrictWorld, o.Seed = true, 7 }))
	var orders []vezne.OrderView
	for range 8 {
		order := h.NewOrder(1999, "try")
		session := h.Checkout(order.ID)
		h.CompleteCheckout(session.SessionID, "pm_card_visa")
		orders = append(orders, order)
	}
	h.Idle()
	h.Advance(24 * time.Hour)
	for _, o := range orders {
		h.WantPaidOnce(o.ID)
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
