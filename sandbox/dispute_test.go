package sandbox_test

import (
	"testing"
	"time"
)

// disputed pays with a card that is disputed, and answers the dispute.
func (s *shop) disputed(card string) object {
	s.t.Helper()
	pi := s.intent("payment_method", card, "confirm", "true")
	list := s.get("/v1/disputes", "payment_intent", pi.str("id")).list("data")
	if len(list) == 0 {
		s.t.Fatalf("%s is not disputed", card)
	}
	s.wait(2 * time.Second)
	s.events()
	return list[0]
}

func TestDisputesByCard(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		card, reason, code, kind, status string
		refundable                       bool
	}{
		{"pm_card_createDispute", "fraudulent", "10.4", "chargeback", "needs_response", false},
		{"pm_card_createDisputeProductNotReceived", "product_not_received", "13.1", "chargeback", "needs_response", false},
		{"pm_card_createDisputeInquiry", "general", "10", "inquiry", "warning_needs_response", true},
	} {
		t.Run(tc.card, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			du := s.disputed(tc.card)
			du.want(t, "reason", tc.reason, "status", tc.status, "amount", 2000, "is_charge_refundable", tc.refundable,
				"payment_method_details.card.network_reason_code", tc.code, "payment_method_details.card.case_type", tc.kind,
				"evidence_details.due_by", start-start%86400+9*86400-1, "evidence_details.submission_count", 0, "evidence_details.has_evidence", false)
			s.get("/v1/charges/"+du.str("charge")).want(t, "disputed", true)
			if tc.kind == "chargeback" {
				du.want(t, "balance_transactions.0.amount", -2000, "balance_transactions.0.fee", 1500, "balance_transactions.0.net", -3500,
					"balance_transactions.0.type", "adjustment", "balance_transactions.0.reporting_category", "dispute",
					"balance_transactions.0.description", "Chargeback withdrawal for "+du.str("charge"))
			} else if len(du.list("balance_transactions")) != 0 {
				t.Error("an inquiry took money")
			}
			if du.str("id")[:3] != "du_" {
				t.Errorf("id %s", du.str("id"))
			}
		})
	}
}

// What evidence and closing do, by kind of dispute.
func TestAnsweringDisputes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, card, verb, text string
		at, after              string
		now, later             []string
	}{
		{"winning evidence", "pm_card_createDispute", "", "winning_evidence", "under_review", "won",
			[]string{"charge.dispute.updated", "charge.updated"}, []string{"charge.dispute.funds_reinstated", "charge.dispute.closed"}},
		{"losing evidence", "pm_card_createDispute", "", "losing_evidence", "under_review", "lost",
			[]string{"charge.dispute.updated", "charge.updated"}, []string{"charge.dispute.closed"}},
		{"other evidence waits for the bank", "pm_card_createDispute", "", "We delivered it.", "under_review", "under_review",
			[]string{"charge.dispute.updated", "charge.updated"}, nil},
		{"closing accepts it", "pm_card_createDispute", "/close", "", "lost", "lost", []string{"charge.dispute.closed", "charge.updated"}, nil},
		{"an inquiry that evidence ends", "pm_card_createDisputeInquiry", "", "winning_evidence", "warning_under_review", "warning_closed",
			[]string{"charge.dispute.updated", "charge.updated"}, []string{"charge.dispute.closed"}},
		{"an inquiry that becomes a dispute", "pm_card_createDisputeInquiry", "", "escalate_inquiry_evidence", "warning_under_review", "needs_response",
			[]string{"charge.dispute.updated", "charge.updated"}, []string{"charge.dispute.updated", "charge.dispute.funds_withdrawn"}},
		{"an inquiry that is closed", "pm_card_createDisputeInquiry", "/close", "", "warning_closed", "warning_closed", []string{"charge.dispute.closed", "charge.updated"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			du := s.disputed(tc.card)
			path := "/v1/disputes/" + du.str("id")
			var params []string
			if tc.text != "" {
				params = []string{"evidence[uncategorized_text]", tc.text}
			}
			s.post(path+tc.verb, params...).want(t, "status", tc.at)
			wantEvents(t, s.events(), tc.now...)
			s.wait(5 * time.Second)
			after := s.get(path)
			after.want(t, "status", tc.after)
			wantEvents(t, s.events(), tc.later...)
			if tc.text != "" {
				after.want(t, "evidence_details.submission_count", 1, "evidence_details.has_evidence", true, "evidence.uncategorized_text", tc.text)
			}
			switch tc.after {
			case "won":
				after.want(t, "balance_transactions.1.amount", 2000, "balance_transactions.1.fee", 0, "balance_transactions.1.reporting_category", "dispute_reversal", "is_charge_refundable", true)
			case "lost", "warning_closed":
				s.refused("POST", path+"/close").want(t, "status", 400, "code", nil, "message", "This dispute is already closed")
			case "needs_response":
				after.want(t, "balance_transactions.0.amount", -2000, "is_charge_refundable", false)
			}
		})
	}
}

func TestEvidenceMayBeKeptBack(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	du := s.disputed("pm_card_createDispute")
	s.post("/v1/disputes/"+du.str("id"), "evidence[product_description]", "Coffee", "submit", "false").
		want(t, "status", "needs_response", "evidence_details.has_evidence", true, "evidence_details.submission_count", 0)
	wantEvents(t, s.events(), "charge.dispute.updated")
}

func TestADisputeThatNobodyAnswersIsLost(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	du := s.disputed("pm_card_createDispute")
	s.wait(8 * 24 * time.Hour)
	s.get("/v1/disputes/"+du.str("id")).want(t, "status", "needs_response")
	s.wait(24 * time.Hour)
	s.get("/v1/disputes/"+du.str("id")).want(t, "status", "lost", "evidence_details.past_due", true)
}

func TestInquiriesLeaveTheChargeRefundable(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	du := s.disputed("pm_card_createDisputeInquiry")
	s.post("/v1/refunds", "charge", du.str("charge"), "amount", "500").want(t, "status", "succeeded")
	s.refused("GET", "/v1/disputes/du_none").want(t, "status", 404, "param", "dispute")
	undisputed := s.intent("payment_method", "pm_card_visa", "confirm", "true").str("latest_charge")
	s.refused("GET", "/v1/charges/"+undisputed+"/dispute").want(t, "status", 404, "message", "No dispute for charge: "+undisputed)
	s.get("/v1/charges/"+du.str("charge")+"/dispute").want(t, "id", du.str("id"))
}

func TestAnEscalatedInquiryUndoesWhatWasJustRefunded(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before   time.Duration
		status   string
		refunded int
	}{
		"a moment before": {time.Second, "failed", 0},
		"long before":     {5 * time.Minute, "succeeded", 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			du := s.disputed("pm_card_createDisputeInquiry")
			re := s.post("/v1/refunds", "charge", du.str("charge"), "amount", "500")
			s.wait(tc.before)
			s.post("/v1/disputes/"+du.str("id"), "evidence[uncategorized_text]", "escalate_inquiry_evidence")
			s.wait(5 * time.Second)
			s.get("/v1/disputes/"+du.str("id")).want(t, "status", "needs_response", "balance_transactions.0.amount", -2000)
			s.get("/v1/refunds/"+re.str("id")).want(t, "status", tc.status)
			s.get("/v1/charges/"+du.str("charge")).want(t, "amount_refunded", tc.refunded, "disputed", true)
			s.refused("POST", "/v1/refunds", "charge", du.str("charge")).want(t, "code", "charge_disputed")
		})
	}
}

func TestHeldChargesAreDisputedAfterTheCapture(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	pi := s.intent("payment_method", "pm_card_createDispute", "confirm", "true", "capture_method", "manual")
	wantEvents(t, s.events(), "payment_intent.created", "charge.succeeded", "payment_intent.amount_capturable_updated")
	s.post("/v1/payment_intents/" + pi.str("id") + "/capture")
	wantEvents(t, s.events(), "charge.captured", "charge.dispute.created", "charge.dispute.funds_withdrawn", "payment_intent.succeeded")
}

func TestTheBalanceIsTheSumOfItsTransactions(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.intent("payment_method", "pm_card_bypassPending", "confirm", "true", "capture_method", "automatic")
	s.intent("payment_method", "pm_card_visa", "confirm", "true", "capture_method", "automatic")
	s.get("/v1/balance").want(t, "available.0.amount", 1912, "available.0.currency", "usd", "pending.0.amount", 1912)
	s.wait(2 * 24 * time.Hour)
	s.get("/v1/balance").want(t, "available.0.amount", 3824, "pending.0.amount", 0)
	list := s.get("/v1/balance_transactions", "type", "charge").list("data")
	if len(list) != 2 {
		t.Errorf("%d transactions, want two", len(list))
	}
}
