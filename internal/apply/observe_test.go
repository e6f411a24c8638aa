package apply_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/apply"
)

func TestWhatIsSeenBetweenTwoLooks(t *testing.T) {
	t.Parallel()
	declined := &vezne.StripeError{Code: "card_declined", DeclineCode: "lost_card", Message: "No."}
	failed := vezne.Charge{ID: "ch_1", PaymentIntent: "pi_1", Status: "failed", Amount: 5, Failure: declined, CardBrand: "visa", CardLast4: "0002"}
	waits := vezne.PaymentIntent{ID: "pi_1", Status: "requires_action", NextActionType: "use_stripe_sdk", Amount: 5}
	unauthenticated := vezne.PaymentIntent{ID: "pi_1", Status: "requires_payment_method", Amount: 5, LastError: &vezne.StripeError{Code: "payment_intent_authentication_failure"}}
	dispute := vezne.Dispute{ID: "du_1", Status: "needs_response", Reason: "fraudulent", Amount: 5, EvidenceDueBy: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)}
	won := dispute
	won.Status, won.EvidenceDueBy = "won", time.Time{}
	elsewhere := vezne.Refund{ID: "re_1", Status: "succeeded", Amount: 5}
	broken := elsewhere
	broken.Status, broken.FailureReason = "failed", "lost_or_stolen_card"
	ours := elsewhere
	ours.RefundID = "rfd_1"
	withCharge := unauthenticated
	withCharge.LatestCharge = "ch_1"
	for _, tt := range []struct {
		name string
		got  []vezne.Entry
		want []vezne.Entry
	}{
		{"a declined charge", apply.ObserveCharge(nil, failed), []vezne.Entry{{Action: "payment.failed", Object: "ch_1", After: map[string]any{"amount": int64(5), "payment_intent": "pi_1"},
			Detail: map[string]any{"code": "card_declined", "decline_code": "lost_card", "message": "No.", "card": "visa 0002"}}}},
		{"the same charge again", apply.ObserveCharge(&failed, failed), nil},
		{"a charge that succeeded", apply.ObserveCharge(nil, vezne.Charge{Status: "succeeded"}), nil},
		{"authentication is asked for", apply.ObservePaymentIntent(nil, waits), []vezne.Entry{{Action: "payment.requires_action", Object: "pi_1", After: map[string]any{"next_action": "use_stripe_sdk"}}}},
		{"it is still asked for", apply.ObservePaymentIntent(&waits, waits), nil},
		{"it failed, without a charge", apply.ObservePaymentIntent(&waits, unauthenticated), []vezne.Entry{{Action: "payment.failed", Object: "pi_1", After: map[string]any{"amount": int64(5)},
			Detail: map[string]any{"code": "payment_intent_authentication_failure"}}}},
		{"a failure that has a charge is told by the charge", apply.ObservePaymentIntent(&waits, withCharge), nil},
		{"a dispute", apply.ObserveDispute(nil, dispute), []vezne.Entry{{Action: "dispute.created", Object: "du_1", After: map[string]any{"status": "needs_response", "amount": int64(5)},
			Detail: map[string]any{"reason": "fraudulent", "evidence_due_by": "2026-02-01T00:00:00Z"}}}},
		{"a dispute that is won", apply.ObserveDispute(&dispute, won), []vezne.Entry{{Action: "dispute.won", Object: "du_1", Before: map[string]any{"status": "needs_response"},
			After: map[string]any{"status": "won", "amount": int64(5)}, Detail: map[string]any{"reason": "fraudulent"}}}},
		{"a dispute without news", apply.ObserveDispute(&won, won), nil},
		{"a refund from Stripe's dashboard", apply.ObserveRefund(nil, elsewhere), []vezne.Entry{{Action: "refund.succeeded", Object: "re_1", After: map[string]any{"state": "succeeded", "amount": int64(5)}}}},
		{"it fails later", apply.ObserveRefund(&elsewhere, broken), []vezne.Entry{{Action: "refund.failed", Object: "re_1", Before: map[string]any{"state": "succeeded"},
			After: map[string]any{"state": "failed", "amount": int64(5)}, Detail: map[string]any{"failure_reason": "lost_or_stolen_card"}}}},
		{"a refund of ours has lines of its own", apply.ObserveRefund(nil, ours), nil},
	} {
		if d := cmp.Diff(tt.want, tt.got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

func TestAKeyIsNotUsedWhenItMayBeForgotten(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		sent *time.Time
		want bool
	}{
		{"never sent", nil, false},
		{"sent just now", new(now), false},
		{"sent a moment before the limit", new(now.Add(-apply.KeyLife + time.Second)), false},
		{"sent at the limit", new(now.Add(-apply.KeyLife)), true},
	} {
		if got := apply.Expired(vezne.Call{FirstSentAt: tt.sent}, now); got != tt.want {
			t.Errorf("%s: expired %v, want %v", tt.name, got, tt.want)
		}
	}
}
