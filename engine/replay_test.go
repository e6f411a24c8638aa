package engine_test

import (
	"context"
	"database/sql"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/sandbox"
	"github.com/vezne/vezne/veznetest"
)

// deadEvent makes an event that could not be applied: Stripe refused every read
// of its object.
func deadEvent(t *testing.T, h *veznetest.House, order vezne.OrderID) vezne.EventID {
	t.Helper()
	session := h.Checkout(order)
	if _, err := h.Stripe.AddFault(sandbox.Fault{Method: http.MethodGet, Path: "/v1/checkout/sessions/*", Effect: "status", Status: http.StatusBadRequest, Count: 5}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Stripe.AddFault(sandbox.Fault{Method: http.MethodGet, Path: "/v1/payment_intents/*", Effect: "status", Status: http.StatusBadRequest, Count: 5}); err != nil {
		t.Fatal(err)
	}
	h.CompleteCheckout(session.SessionID, "pm_card_visa")
	for range 6 {
		h.Idle()
		h.Clock.Advance(10 * time.Minute)
	}
	dead, err := h.Events(t.Context(), engine.EventFilter{State: vezne.EventDead, Type: "checkout.session.completed"})
	if err != nil || len(dead) != 1 || dead[0].Reason == "" {
		t.Fatalf("dead events = %+v, %v", dead, err)
	}
	return dead[0].ID
}

func TestADeadEventIsAppliedAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database))
		order := h.NewOrder(1999, "try")
		id := deadEvent(t, h, order.ID)
		h.WantStatus(order.ID, vezne.OrderOpen)
		before, err := h.Timeline(t.Context(), order.ID)
		if err != nil {
			t.Fatal(err)
		}

		p, err := h.PreviewReplay(t.Context(), searcher, id)
		if err != nil || p.OrderID != order.ID || p.Before != vezne.OrderOpen || p.After != vezne.OrderPaid || len(p.Entries) == 0 {
			t.Fatalf("the preview = %+v, %v", p, err)
		}
		h.WantStatus(order.ID, vezne.OrderOpen)
		if after, err := h.Timeline(t.Context(), order.ID); err != nil || len(after) != len(before) {
			t.Errorf("a preview wrote into the timeline: %v, %v", after, err)
		}
		if e, err := h.Event(t.Context(), id); err != nil || e.State != vezne.EventDead {
			t.Errorf("a preview left the event %s, %v", e.State, err)
		}

		r, err := h.Replay(t.Context(), searcher, id)
		if err != nil || r.Event.State != vezne.EventApplied || r.After != vezne.OrderPaid || len(r.Entries) == 0 {
			t.Fatalf("the replay = %+v, %v", r, err)
		}
		h.WantStatus(order.ID, vezne.OrderPaid)
		h.WantPaidOnce(order.ID)

		// Again it changes nothing.
		r, err = h.Replay(t.Context(), searcher, id)
		if err != nil || r.Before != vezne.OrderPaid || len(r.Entries) != 0 {
			t.Errorf("a second replay = %+v, %v", r, err)
		}
		h.WantPaidOnce(order.ID)
		if o, err := h.Check(t.Context(), searcher, order.ID); err != nil || o.Status() != vezne.OrderPaid {
			t.Errorf("the check = %s, %v", o.Status(), err)
		}
	})
}

func TestAHookIsNotRunByAPreview(t *testing.T) {
	t.Parallel()
	runs := 0
	h := veznetest.New(t, veznetest.WithHooks(func(e *engine.Engine) {
		e.OnOrderPaid(func(context.Context, *sql.Tx, vezne.OrderView) error { runs++; return nil })
	}))
	order := h.NewOrder(1999, "try")
	id := deadEvent(t, h, order.ID)
	if p, err := h.PreviewReplay(t.Context(), searcher, id); err != nil || p.After != vezne.OrderPaid {
		t.Fatalf("the preview = %+v, %v", p, err)
	}
	if runs != 0 {
		t.Errorf("a preview ran the hook %d times", runs)
	}
	if _, err := h.Replay(t.Context(), searcher, id); err != nil || runs != 1 {
		t.Errorf("the replay ran the hook %d times, %v", runs, err)
	}
}

func TestWhatCannotBeReplayed(t *testing.T) {
	t.Parallel()
	h := veznetest.New(t)
	_, err := h.Replay(t.Context(), searcher, "evt_nowhere")
	refused(t, err, vezne.CodeNotFound, "no such event")
	order := h.NewOrder(1999, "try")
	h.Pay(order.ID, "pm_card_visa")
	h.Idle()
	ignored, err := h.Events(t.Context(), engine.EventFilter{State: vezne.EventIgnored, Type: "charge.succeeded"})
	if err != nil || len(ignored) == 0 {
		t.Fatalf("ignored = %v, %v", ignored, err)
	}
	_, err = h.Replay(t.Context(), searcher, ignored[0].ID)
	refused(t, err, vezne.CodeInvalidRequest, "change nothing here")

	a := h.Call(http.MethodPost, "/v1/events/"+string(ignored[0].ID)+"/replay", `{"preview":true}`)
	if a.Status != http.StatusUnprocessableEntity || !strings.Contains(string(a.Body), "change nothing here") {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if a = h.Call(http.MethodPost, "/v1/orders/"+string(order.ID)+"/check", ""); a.Status != http.StatusOK || !strings.Contains(string(a.Body), `"status":"paid"`) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}
