package sandbox_test

import (
	"testing"
	"time"
)

// money makes an amount available at once, less the fee.
func (s *shop) money(amount string) {
	s.t.Helper()
	s.post("/v1/payment_intents", "amount", amount, "currency", "usd", "payment_method_types[]", "card", "payment_method", "pm_card_bypassPending",
		"confirm", "true", "capture_method", "automatic")
	s.events()
}

func TestAPayoutGoesToTheBank(t *testing.T) {
	t.Parallel()
	s := newShop(t) // Monday, 10:00 UTC
	s.refused("POST", "/v1/payouts", "amount", "1000", "currency", "usd").want(t, "status", 400, "code", "balance_insufficient")
	s.money("10000")
	po := s.post("/v1/payouts", "amount", "1000", "currency", "usd", "expand[]", "balance_transaction", "expand[]", "destination")
	po.want(t, "status", "pending", "automatic", false, "method", "standard", "type", "bank_account", "reconciliation_status", "not_applicable", "arrival_date", start-start%86400+2*86400,
		"balance_transaction.amount", -1000, "balance_transaction.type", "payout", "balance_transaction.status", "available", "destination.object", "bank_account", "destination.last4", "6789", "source_type", "card")
	wantEvents(t, s.events(), "payout.created")
	s.get("/v1/balance").want(t, "available.0.amount", 9680-1000)
	s.wait(14 * time.Hour)
	s.get("/v1/payouts/"+po.str("id")).want(t, "status", "in_transit")
	s.refused("POST", "/v1/payouts/"+po.str("id")+"/cancel").want(t, "status", 400, "message", "This payout cannot be canceled because it has a status of in_transit. Only payouts that are pending can be canceled.")
	s.wait(24 * time.Hour)
	s.get("/v1/payouts/"+po.str("id")).want(t, "status", "paid", "failure_code", nil, "trace_id.status", "supported")
	wantEvents(t, s.events(), "payout.updated", "payout.paid")
	back := s.post("/v1/payouts/"+po.str("id")+"/reverse", "metadata[why]", "mistake", "expand[]", "balance_transaction")
	back.want(t, "amount", -1000, "original_payout", po.str("id"), "status", "pending", "balance_transaction.amount", 1000, "metadata.why", "mistake")
	s.get("/v1/payouts/"+po.str("id")).want(t, "reversed_by", back.str("id"))
	wantEvents(t, s.events(), "payout.created", "payout.updated")
	s.refused("POST", "/v1/payouts/"+po.str("id")+"/reverse").want(t, "status", 400)
}

func TestAPayoutThatIsPendingCanBeCanceled(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.money("10000")
	po := s.post("/v1/payouts", "amount", "1000", "currency", "usd").str("id")
	s.refused("POST", "/v1/payouts/"+po+"/reverse").want(t, "status", 400, "message", "This payout cannot be reversed because it has a status of pending. Please cancel it instead.")
	s.events()
	s.post("/v1/payouts/"+po+"/cancel", "expand[]", "failure_balance_transaction").want(t, "status", "canceled", "failure_balance_transaction.amount", 1000, "failure_balance_transaction.type", "payout_cancel")
	wantEvents(t, s.events(), "payout.canceled")
	s.wait(72 * time.Hour)
	wantEvents(t, s.events())
	s.get("/v1/balance").want(t, "available.0.amount", 9680)
	s.refused("POST", "/v1/payouts/po_1Nobody/cancel").want(t, "status", 404, "param", "payout", "message", "No such payout: 'po_1Nobody'")
}

// Each published test account: what becomes of a payout to it.
func TestPayoutsToEachPublishedAccount(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ token, status, code, event string }{
		{"btok_us_verified", "paid", "", "payout.paid"},
		{"btok_us_verified_noAccount", "failed", "no_account", "payout.failed"},
		{"btok_us_verified_accountClosed", "failed", "account_closed", "payout.failed"},
		{"btok_us_verified_insufficientFunds", "failed", "insufficient_funds", "payout.failed"},
		{"btok_us_verified_debitNotAuthorized", "failed", "debit_not_authorized", "payout.failed"},
		{"btok_us_verified_invalidCurrency", "failed", "invalid_currency", "payout.failed"},
		{"tok_visa_debit_us_transferSuccess", "paid", "", "payout.paid"},
		{"tok_visa_debit_us_transferFail", "failed", "could_not_process", "payout.failed"},
	} {
		t.Run(tc.token, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.money("10000")
			own := s.get("/v1/account").str("id")
			bank := s.post("/v1/accounts/"+own+"/external_accounts", "external_account", tc.token).str("id")
			s.events()
			po := s.post("/v1/payouts", "amount", "9680", "currency", "usd", "destination", bank).str("id")
			s.wait(48 * time.Hour)
			done := s.get("/v1/payouts/" + po)
			done.want(t, "status", tc.status)
			if got := done.str("failure_code"); got != tc.code {
				t.Errorf("failure_code is %q, want %q", got, tc.code)
			}
			left := 0
			if tc.code != "" {
				left = 9680
				s.get("/v1/balance_transactions/"+done.str("failure_balance_transaction")).want(t, "amount", 9680, "type", "payout_failure")
			}
			s.get("/v1/balance").want(t, "available.0.amount", left)
			wantEvents(t, s.events(), "payout.created", "payout.updated", tc.event)
		})
	}
}

func TestAnInstantPayoutNeedsADebitCard(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.money("10000")
	s.refused("POST", "/v1/payouts", "amount", "1000", "currency", "usd", "method", "instant").want(t, "status", 400, "param", "method", "code", "instant_payouts_unsupported")
	own := s.get("/v1/account").str("id")
	s.refused("POST", "/v1/accounts/"+own+"/external_accounts", "external_account", "tok_visa").want(t, "status", 400, "code", "invalid_card_type")
	card := s.post("/v1/accounts/"+own+"/external_accounts", "external_account", "tok_visa_debit").str("id")
	po := s.post("/v1/payouts", "amount", "1000", "currency", "usd", "method", "instant", "destination", card).str("id")
	s.wait(time.Minute)
	s.get("/v1/payouts/"+po).want(t, "status", "paid", "type", "card", "method", "instant")
}

// A connected account is paid out every day, as at Stripe; the platform when its balance settings say so.
func TestPayoutsByTheirSchedule(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	shop := s.in(s.merchant().str("id"))
	shop.intent("payment_method", "pm_card_visa", "confirm", "true", "capture_method", "automatic")
	s.intent("payment_method", "pm_card_visa", "confirm", "true", "capture_method", "automatic")
	shop.events()
	s.wait(49 * time.Hour)
	shop.get("/v1/payouts").want(t, "data.0.amount", 1912, "data.0.automatic", true, "data.0.reconciliation_status", "in_progress", "data.1", nil)
	s.get("/v1/payouts").want(t, "data.0", nil)
	s.wait(72 * time.Hour)
	shop.get("/v1/payouts").want(t, "data.0.status", "paid", "data.0.reconciliation_status", "completed")
	wantEvents(t, shop.events(), "balance.available", "payout.created", "payout.updated", "payout.paid", "payout.reconciliation_completed")
	s.refused("POST", "/v1/payouts/"+"po_none"+"/cancel").want(t, "status", 404)
	s.post("/v1/balance_settings", "payments[payouts][schedule][interval]", "daily")
	s.intent("payment_method", "pm_card_visa", "confirm", "true", "capture_method", "automatic")
	s.wait(5 * 24 * time.Hour)
	s.get("/v1/payouts").want(t, "data.0.amount", 1912*2, "data.0.automatic", true)
}

func TestTopups(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ source, status, code, event string }{
		{"btok_us_verified", "succeeded", "", "topup.succeeded"},
		{"btok_us_verified_noAccount", "failed", "no_account", "topup.failed"},
		{"btok_us_verified_accountClosed", "failed", "account_closed", "topup.failed"},
		{"btok_us_verified_insufficientFunds", "failed", "insufficient_funds", "topup.failed"},
	} {
		t.Run(tc.source, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			tu := s.post("/v1/topups", "amount", "2000", "currency", "usd", "description", "January", "source", tc.source)
			tu.want(t, "status", "pending", "balance_transaction", nil, "description", "January")
			s.wait(5 * time.Second)
			done := s.get("/v1/topups/"+tu.str("id"), "expand[]", "balance_transaction")
			done.want(t, "status", tc.status)
			if got := done.str("failure_code"); got != tc.code {
				t.Errorf("failure_code is %q, want %q", got, tc.code)
			}
			if tc.code == "" {
				done.want(t, "balance_transaction.amount", 2000, "balance_transaction.type", "topup", "balance_transaction.status", "available")
			}
			wantEvents(t, s.events(), "topup.created", tc.event)
			s.refused("POST", "/v1/topups/"+tu.str("id")+"/cancel").want(t, "status", 400)
		})
	}
	s := newShop(t)
	tu := s.post("/v1/topups", "amount", "2000", "currency", "usd").str("id")
	s.post("/v1/topups/"+tu+"/cancel").want(t, "status", "canceled")
	wantEvents(t, s.events(), "topup.created", "topup.canceled")
	s.refused("POST", "/v1/topups", "amount", "0", "currency", "usd").want(t, "status", 400, "param", "amount")
	s.refused("POST", "/v1/topups", "amount", "10", "currency", "usd", "source", "src_none").want(t, "status", 400, "code", "resource_missing")
}
