package engine_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/veznetest"
)

// scrape returns a line of the metrics.
func scrape(t *testing.T, h *veznetest.House, name string) string {
	t.Helper()
	for line := range strings.Lines(string(h.Call(http.MethodGet, "/metrics", "").Body)) {
		if after, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(after)
		}
	}
	t.Fatalf("there is no metric %s", name)
	return ""
}

// deliver sends a body as Stripe does, signed now.
func deliver(t *testing.T, h *veznetest.House, body []byte) {
	t.Helper()
	at := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(h.Keys.Webhook[0].Reveal()))
	mac.Write([]byte(at + "."))
	mac.Write(body)
	a := h.Call(http.MethodPost, "/webhooks/stripe", string(body), "Stripe-Signature", "t="+at+",v1="+hex.EncodeToString(mac.Sum(nil)))
	if a.Status != http.StatusOK {
		t.Fatalf("an event: %d %s", a.Status, a.Body)
	}
}

func TestOldPayloadsAreRemovedAndWhatComesAgainIsKnown(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		const month = 31 * 24 * time.Hour
		h := veznetest.New(t, veznetest.WithDatabase(database), veznetest.WithConfig(func(c *engine.Config) { c.Retention = month }))
		l := live(t, h)
		// An attempt that stays open needs the form that made it.
		waiting := h.NewOrder(1999, "try")
		intent, err := h.StartPaymentIntent(t.Context(), searcher, waiting.ID, engine.PaymentIntentParams{})
		if err != nil {
			t.Fatal(err)
		}
		h.Idle()
		received, err := h.Events(t.Context(), engine.EventFilter{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		var bodies [][]byte
		count := func() (kept, removed, deliveries int) {
			for _, e := range received {
				full, err := h.Event(t.Context(), e.ID)
				if err != nil {
					t.Fatal(err)
				}
				switch deliveries += full.Deliveries; {
				case full.Body != nil && full.Digest == "" && full.RemovedAt == nil:
					kept++
					bodies = append(bodies, full.Body)
				case full.Body == nil && len(full.Digest) == 64 && full.RemovedAt != nil:
					removed++
				default:
					t.Errorf("event %s is kept as %+v", e.ID, full)
				}
			}
			return kept, removed, deliveries
		}
		all, none, _ := count()
		sent := bodies
		if all < 15 || none > 0 {
			t.Fatalf("%d payloads, %d removed", all, none)
		}
		h.Clock.Advance(month - time.Hour)
		if err := h.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		if kept, removed, _ := count(); removed > 0 || kept != all {
			t.Errorf("before their time %d payloads of %d are kept", kept, all)
		}
		wantSaid(t, h, "retention", vezne.DiagnosisOK, "the oldest is kept for")
		h.Clock.Advance(2 * month)
		wantSaid(t, h, "retention", vezne.DiagnosisProblem, "although")
		if age := scrape(t, h, `vezne_retention_oldest_seconds{what="event"}`); !strings.HasPrefix(age, "8.") || !strings.HasSuffix(age, "e+06") {
			t.Errorf("the oldest payload is %s seconds old, want about 93 days", age)
		}
		if err := h.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		kept, removed, before := count()
		if kept > 0 || removed != all {
			t.Errorf("after their time %d payloads are kept, %d removed of %d", kept, removed, all)
		}
		wantSaid(t, h, "retention", vezne.DiagnosisOK, "")
		for what, table := range map[string]string{"event": "", "effect": "vezne_effects", "call": "vezne_calls"} {
			if n := scrape(t, h, `vezne_retention_removed_total{what="`+what+`"}`); n == "0" {
				t.Errorf("no %s was counted", what)
			}
			if left := traces(t, database); table != "" && slices.ContainsFunc(left, func(s string) bool { return strings.HasPrefix(s, table+".") }) {
				t.Errorf("left in %s: %v", table, left)
			}
		}

		// Stripe sends everything once more, months later: it is known.
		for _, body := range sent {
			deliver(t, h, body)
		}
		h.Idle()
		if k, r, after := count(); k != kept || r != removed || after != before+all {
			t.Errorf("%d payloads are kept and %d removed after %d more deliveries, which brings them from %d to %d", k, r, all, before, after)
		}
		if list, err := h.Events(t.Context(), engine.EventFilter{State: vezne.EventReceived}); err != nil || len(list) > 0 {
			t.Errorf("events wait that were applied before: %+v, %v", list, err)
		}
		for _, id := range []vezne.OrderID{l.paid, l.guest} {
			h.WantPaidOnce(id)
		}
		again, err := h.StartPaymentIntent(t.Context(), searcher, waiting.ID, engine.PaymentIntentParams{})
		if err != nil || again.ID != intent.ID {
			t.Errorf("the open attempt is %+v, %v; it was %s", again, err, intent.ID)
		}
		whole(t, h, false)
	})
}

func TestPayloadsOutliveTheSearchForMissedEvents(t *testing.T) {
	t.Parallel()
	h := veznetest.New(t)
	_, err := engine.Open(t.Context(), engine.Config{Keys: h.Keys, DatabaseURL: "sqlite:" + t.TempDir() + "/x.db", PublicURL: "https://pay.example.com", Retention: 29 * 24 * time.Hour})
	refused(t, err, vezne.CodeConfigInvalid, "VEZNE_RETENTION")
}
