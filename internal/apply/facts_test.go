package apply_test

import (
	"slices"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/apply"
)

var now = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// open is an order of 19.99 usd with nothing else.
func open() vezne.Facts {
	return vezne.Facts{
		Order: vezne.Order{ID: "ord_1", Number: 1001, Currency: "usd", AmountTotal: 1999, Revision: 2, CreatedAt: now},
		Scope: vezne.Scope{Account: "acct_1"},
	}
}

func attempt(id vezne.AttemptID, kind vezne.AttemptKind, state vezne.AttemptState) vezne.Attempt {
	return vezne.Attempt{ID: id, OrderID: "ord_1", Number: 1, Kind: kind, State: state, Expected: 1999, Currency: "usd", CreateCall: vezne.CallID("call_" + id), CreatedAt: now}
}

func intent(id vezne.ObjectID, a vezne.AttemptID, status string) vezne.PaymentIntent {
	p := vezne.PaymentIntent{ID: id, Status: status, Currency: "usd", Amount: 1999, Attempt: a, Order: "ord_1", Created: now}
	if status == "succeeded" {
		p.AmountReceived, p.LatestCharge = 1999, "ch_"+id
	}
	return p
}

func charge(intent vezne.ObjectID) vezne.Charge {
	return vezne.Charge{ID: "ch_" + intent, PaymentIntent: intent, Status: "succeeded", Currency: "usd", Amount: 1999, AmountCaptured: 1999, Captured: true}
}

func session(id vezne.ObjectID, a vezne.AttemptID, status, paymentStatus string) vezne.CheckoutSession {
	return vezne.CheckoutSession{ID: id, Mode: "payment", Status: status, PaymentStatus: paymentStatus, Currency: "usd", AmountSubtotal: 1999, AmountTotal: 1999, Attempt: a, Order: "ord_1"}
}

// settle applies the facts and checks what holds for all: the result applied
// again has no moves.
func settle(t *testing.T, f vezne.Facts) vezne.Moves {
	t.Helper()
	m := apply.Order(f, vezne.Cause{Actor: vezne.Actor{Kind: vezne.ActorWebhook}}, vezne.Policy{}, now)
	again := f
	again.Order = m.Order
	again.Attempts = slices.Clone(f.Attempts)
	for _, a := range m.Attempts {
		for i := range again.Attempts {
			if again.Attempts[i].ID == a.ID {
				again.Attempts[i] = a
			}
		}
	}
	for _, c := range m.Calls {
		again.Calls = append(slices.Clone(again.Calls), vezne.Call{Key: c.Key, Purpose: c.Purpose, Attempt: c.Attempt, State: vezne.CallPending})
	}
	again.Refunds = slices.Clone(f.Refunds)
	for _, r := range m.Refunds {
		for i := range again.Refunds {
			if again.Refunds[i].ID == r.ID {
				again.Refunds[i] = r
			}
		}
	}
	if second := apply.Order(again, vezne.Cause{}, vezne.Policy{}, now); second.Changed || second.Paid != nil {
		t.Errorf("applied to its own result it moves again: %+v", second)
	}
	return m
}

func stateOf(t *testing.T, m vezne.Moves, id vezne.AttemptID) vezne.AttemptState {
	t.Helper()
	for _, a := range m.Attempts {
		if a.ID == id {
			return a.State
		}
	}
	t.Fatalf("attempt %s did not change", id)
	return ""
}

func purposes(m vezne.Moves) []vezne.CallPurpose {
	var list []vezne.CallPurpose
	for _, c := range m.Calls {
		list = append(list, c.Purpose)
	}
	return list
}
