package engine_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/sandbox"
	"github.com/vezne/vezne/veznetest"
)

var searcher = vezne.Actor{Kind: vezne.ActorOperator, Name: "ayse"}

// lose makes Stripe's deliveries vanish, until the fault that it returns is
// removed.
func lose(t *testing.T, h *veznetest.House) {
	t.Helper()
	if _, err := h.Stripe.AddDeliveryFault(sandbox.DeliveryFault{Effect: "drop"}); err != nil {
		t.Fatal(err)
	}
}

func kinds(r vezne.Reconciliation) []string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, string(f.Kind)+" "+string(f.Type))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func reconcile(t *testing.T, h *veznetest.House, p engine.ReconcileParams) vezne.Reconciliation {
	t.Helper()
	r, err := h.Reconcile(t.Context(), searcher, p)
	if err != nil {
		t.Fatal(err)
	}
	if r.State != vezne.ReconciliationComplete || r.Error != "" || r.EndedAt == nil {
		t.Fatalf("the search ended %s in stage %s: %s", r.State, r.Stage, r.Error)
	}
	return r
}

// TestWhatWasMissedIsFound loses every event of a payment, a refund made in
// Stripe's dashboard and a dispute, and finds all of them.
func TestWhatWasMissedIsFound(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database))
		refunded, disputed, open := h.NewOrder(1999, "try"), h.NewOrder(2999, "usd"), h.NewOrder(500, "usd")
		var intents []engine.PaymentIntent
		for _, o := range []vezne.OrderView{refunded, disputed} {
			intents = append(intents, h.Pay(o.ID, "pm_card_visa"))
		}
		h.Idle()
		lose(t, h)
		session := h.Checkout(open.ID)
		h.CompleteCheckout(session.SessionID, "pm_card_visa")
		change(t, h, "/v1/refunds", url.Values{"amount": {"500"}, "payment_intent": {string(intents[0].ID)}})
		h.Simulate("dispute", map[string]any{"intent": string(intents[1].ID)})
		// Beyond the time that is left to deliveries, and before anything is rechecked.
		h.Clock.Advance(2 * time.Minute)

		dry := reconcile(t, h, engine.ReconcileParams{Since: h.Clock.Now().Add(-time.Hour), DryRun: true})
		want := []string{
			"differs checkout.session", "missed_event charge", "missed_event checkout.session", "missed_event dispute", "missed_event payment_intent", "missed_event refund",
			"unknown_object dispute", "unknown_object payment_intent", "unknown_object refund",
		}
		if got := kinds(dry); !slices.Equal(got, want) {
			t.Errorf("a dry run found %v, want %v", got, want)
		}
		for _, f := range dry.Findings {
			if f.Action != vezne.ActionWouldMark {
				t.Errorf("a dry run did something: %+v", f)
			}
		}
		h.WantStatus(open.ID, vezne.OrderOpen)
		h.WantStatus(refunded.ID, vezne.OrderPaid)

		var stages []vezne.ReconciliationStage
		r := reconcile(t, h, engine.ReconcileParams{
			Since: h.Clock.Now().Add(-time.Hour), Progress: func(r vezne.Reconciliation) { stages = append(stages, r.Stage) },
		})
		// A person who waits sees how far it is: each stage, after each page.
		if want := vezne.ReconciliationStages(); !slices.Equal(slices.Compact(stages), want[1:]) {
			t.Errorf("it told of the stages %v, want %v", stages, want[1:])
		}
		if r.Found == 0 || r.Seen < r.Found {
			t.Errorf("it saw %d and found %d", r.Seen, r.Found)
		}
		h.WantStatus(open.ID, vezne.OrderPaid)
		h.WantPaidOnce(open.ID)
		h.WantStatus(refunded.ID, vezne.OrderPartiallyRefunded)
		h.WantStatus(disputed.ID, vezne.OrderDisputed)

		if again := reconcile(t, h, engine.ReconcileParams{Since: h.Clock.Now().Add(-time.Hour)}); again.Found != 0 {
			t.Errorf("a second search found %+v", again.Findings)
		}
		timeline, err := h.Timeline(t.Context(), open.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(timeline, func(e vezne.Entry) bool { return e.Action == "order.paid" && e.Actor.Kind == vezne.ActorReconcile }) {
			t.Errorf("the timeline does not say that a search found the payment: %+v", timeline)
		}
	})
}

func TestASearchNeedsAPast(t *testing.T) {
	t.Parallel()
	h := veznetest.New(t)
	for _, since := range []time.Time{{}, h.Clock.Now(), h.Clock.Now().Add(time.Hour)} {
		_, err := h.Reconcile(t.Context(), searcher, engine.ReconcileParams{Since: since})
		refused(t, err, vezne.CodeInvalidRequest, "must lie in the past")
	}
}

// TestAFailedSearchIsNotComplete refuses a list for good.
func TestAFailedSearchIsNotComplete(t *testing.T) {
	t.Parallel()
	h := veznetest.New(t)
	if _, err := h.Stripe.AddFault(sandbox.Fault{Method: http.MethodGet, Path: "/v1/refunds", Effect: "status", Status: http.StatusForbidden, Count: 10}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := h.Reconcile(ctx, searcher, engine.ReconcileParams{
		Since: h.Clock.Now().Add(-time.Hour), Progress: func(r vezne.Reconciliation) {
			if r.Error != "" {
				h.Clock.Advance(time.Hour)
			}
		},
	})
	if err != nil || r.State != vezne.ReconciliationFailed || r.Stage != vezne.StageRefunds || r.Error == "" {
		t.Errorf("the search ended %s in stage %s: %q, %v", r.State, r.Stage, r.Error, err)
	}
}

// TestASearchByTheAPI asks for a search over REST and gets what it found.
func TestASearchByTheAPI(t *testing.T) {
	t.Parallel()
	h := veznetest.New(t, veznetest.Started())
	order := h.NewOrder(1999, "try")
	lose(t, h)
	session := h.Checkout(order.ID)
	h.CompleteCheckout(session.SessionID, "pm_card_visa")
	since := h.Clock.Now().Add(-time.Hour).Format(time.RFC3339)
	h.Clock.Advance(2 * time.Minute)
	asked := h.Call(http.MethodPost, "/v1/reconciliations", `{"since":"`+since+`"}`)
	var r vezne.ReconciliationJSON
	if err := asked.Decode(&r); err != nil || asked.Status != http.StatusAccepted || r.State != vezne.ReconciliationRunning {
		t.Fatalf("%d %s", asked.Status, asked.Body)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for r.State == vezne.ReconciliationRunning {
		a := h.Call(http.MethodGet, "/v1/reconciliations/"+string(r.ID), "")
		if err := a.Decode(&r); err != nil || ctx.Err() != nil {
			t.Fatalf("%d %s %v", a.Status, a.Body, ctx.Err())
		}
	}
	if r.State != vezne.ReconciliationComplete {
		t.Errorf("it ended %s: %s", r.State, r.Error)
	}
	h.Idle()
	h.WantStatus(order.ID, vezne.OrderPaid)
	list := h.Call(http.MethodGet, "/v1/reconciliations", "")
	if !strings.Contains(string(list.Body), string(r.ID)) {
		t.Errorf("the list lacks it: %s", list.Body)
	}
	for body, want := range map[string]int{`{}`: http.StatusUnprocessableEntity, `{"since":"2999-01-01T00:00:00Z"}`: http.StatusUnprocessableEntity} {
		if a := h.Call(http.MethodPost, "/v1/reconciliations", body); a.Status != want {
			t.Errorf("%s: %d %s", body, a.Status, a.Body)
		}
	}
	if a := h.Call(http.MethodGet, "/v1/reconciliations/rec_nowhere", ""); a.Status != http.StatusNotFound {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// TestASearchThatBrokeOffGoesOnWhereItStopped breaks a search off between two
// pages, as Ctrl-C or the end of the process does.
func TestASearchThatBrokeOffGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database))
		for range 120 {
			h.Pay(h.NewOrder(1999, "try").ID, "pm_card_visa")
		}
		h.Idle()
		pages := func(path string) int {
			list, err := h.Stripe.Requests(sandbox.CallFilter{Method: http.MethodGet, Path: path})
			if err != nil {
				t.Fatal(err)
			}
			if err := h.Stripe.ForgetRequests(); err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		pages("")
		h.Fault(sandbox.Fault{Method: http.MethodGet, Path: "/v1/payment_intents", Nth: 2, Effect: "status", Status: http.StatusServiceUnavailable})
		since := h.Clock.Now().Add(-time.Hour)
		h.Clock.Advance(2 * time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		first, err := h.Reconcile(ctx, searcher, engine.ReconcileParams{Since: since, Progress: func(r vezne.Reconciliation) {
			if r.Error != "" {
				cancel()
			}
		}})
		if err == nil || first.State != vezne.ReconciliationRunning || first.Stage != vezne.StagePaymentIntents || first.Cursor == "" {
			t.Fatalf("the search broke off %s in stage %s behind %q, %v", first.State, first.Stage, first.Cursor, err)
		}
		events := pages("/v1/events")

		h.Restart()
		h.Clock.Advance(time.Hour)
		second, err := h.Reconcile(t.Context(), searcher, engine.ReconcileParams{Since: h.Clock.Now().Add(-time.Minute)})
		if err != nil || second.State != vezne.ReconciliationComplete {
			t.Fatalf("another search: %s, %v", second.State, err)
		}
		var r vezne.ReconciliationJSON
		if err := h.Call(http.MethodGet, "/v1/reconciliations/"+string(first.ID), "").Decode(&r); err != nil {
			t.Fatal(err)
		}
		if r.State != vezne.ReconciliationComplete || r.Seen <= first.Seen || r.Error != "" {
			t.Errorf("the search that broke off is %s with %d seen, had %d: %s", r.State, r.Seen, first.Seen, r.Error)
		}
		// The other search looks at one page of events; the first does not begin again.
		if n := pages("/v1/events"); events < 2 || n != 1 {
			t.Errorf("%d pages of events were looked at before, %d afterwards; want at least 2, and 1", events, n)
		}
	})
}
