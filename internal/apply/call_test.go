package apply_test

import (
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/apply"
)

func TestWhatFollowsFromTheEndOfASending(t *testing.T) {
	t.Parallel()
	sent, old := now.Add(-time.Minute), now.Add(-apply.KeyLife)
	asked := vezne.Call{State: vezne.CallPending, FirstSentAt: &sent, Tries: 1, Actor: vezne.Actor{Kind: vezne.ActorAPI}}
	unclear, planned, aged := asked, asked, asked
	unclear.Unclear = true
	planned.Actor.Kind = vezne.ActorSystem
	aged.FirstSentAt = &old
	stripe := "invalid_request_error"
	for _, tt := range []struct {
		name    string
		call    vezne.Call
		outcome apply.CallOutcome
		want    apply.CallAction
		unclear bool
	}{
		{"success", asked, apply.CallOutcome{Status: 200}, apply.CallSettle, false},
		{"a decline", asked, apply.CallOutcome{Status: 402, ErrorType: "card_error"}, apply.CallRefuse, false},
		{"a refusal", asked, apply.CallOutcome{Status: 400, ErrorType: stripe}, apply.CallRefuse, false},
		{"a refusal after a time-out, which Stripe would have replayed", unclear, apply.CallOutcome{Status: 400, ErrorType: stripe}, apply.CallRefuse, false},
		{"no answer", asked, apply.CallOutcome{}, apply.CallAgain, true},
		{"no answer from an old key", aged, apply.CallOutcome{}, apply.CallLook, true},
		{"a gateway", asked, apply.CallOutcome{Status: 502}, apply.CallAgain, true},
		{"a fault of Stripe, stored", asked, apply.CallOutcome{Status: 500, ErrorType: "api_error"}, apply.CallLook, true},
		{"a fault of Stripe that may be tried again", asked, apply.CallOutcome{Status: 500, ErrorType: "api_error", ShouldRetry: "true"}, apply.CallAgain, true},
		{"in flight", asked, apply.CallOutcome{Status: 409, ErrorType: stripe}, apply.CallAgain, false},
		{"too many", asked, apply.CallOutcome{Status: 429, ErrorType: stripe}, apply.CallAgain, false},
		{"too many after a time-out", unclear, apply.CallOutcome{Status: 429, ErrorType: stripe}, apply.CallAgain, true},
		{"other parameters", asked, apply.CallOutcome{Status: 400, ErrorType: "idempotency_error"}, apply.CallLook, true},
		{"a key that Stripe refuses", asked, apply.CallOutcome{Status: 401, ErrorType: stripe}, apply.CallRefuse, false},
		{"the same after a time-out", unclear, apply.CallOutcome{Status: 401, ErrorType: stripe}, apply.CallAgain, true},
		{"the same for what nobody asked for", planned, apply.CallOutcome{Status: 403, ErrorType: stripe}, apply.CallAgain, false},
		{"a page of a proxy", asked, apply.CallOutcome{Status: 403}, apply.CallAgain, true},
		{"a redirect", asked, apply.CallOutcome{Status: 302}, apply.CallAgain, true},
		{"something that is not found on the way", asked, apply.CallOutcome{Status: 404}, apply.CallAgain, true},
	} {
		step := apply.AfterCall(tt.call, tt.outcome, now)
		if step.Action != tt.want || step.Unclear != tt.unclear {
			t.Errorf("%s: %s, unclear %v; want %s, %v", tt.name, step.Action, step.Unclear, tt.want, tt.unclear)
		}
		if step.Action == apply.CallAgain && !step.At.After(now) {
			t.Errorf("%s: again at once", tt.name)
		}
	}
}

func TestPausesGrowAndEnd(t *testing.T) {
	t.Parallel()
	last := time.Duration(0)
	for tries := 1; tries < 40; tries++ {
		sent := now
		pause := apply.AfterCall(vezne.Call{FirstSentAt: &sent, Tries: tries}, apply.CallOutcome{}, now).At.Sub(now)
		if pause < last || pause > 15*time.Minute {
			t.Fatalf("after %d tries it waits %s, before that %s", tries, pause, last)
		}
		last = pause
	}
}
