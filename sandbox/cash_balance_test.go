package sandbox_test

import (
	"testing"
	"time"
)

// transfer creates and confirms a payment of 20.00 usd by bank transfer.
func (s *shop) transfer(customer string, pairs ...string) object {
	s.t.Helper()
	return s.post("/v1/payment_intents", append([]string{"amount", "2000", "currency", "usd", "customer", customer, "payment_method_types[]", "customer_balance",
		"payment_method_data[type]", "customer_balance", "payment_method_options[customer_balance][funding_type]", "bank_transfer",
		"payment_method_options[customer_balance][bank_transfer][type]", "us_bank_transfer", "confirm", "true"}, pairs...)...)
}

func (s *shop) fund(customer, amount string, pairs ...string) object {
	s.t.Helper()
	return s.post("/v1/test_helpers/customers/"+customer+"/fund_cash_balance", append([]string{"amount", amount, "currency", "usd"}, pairs...)...)
}

func TestAPaymentByBankTransfer(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers", "name", "Jenny Rosen").str("id")
	s.get("/v1/customers/"+customer+"/cash_balance").want(t, "available", nil, "settings.reconciliation_mode", "automatic", "settings.using_merchant_default", true, "customer", customer)
	s.events()
	pi := s.transfer(customer)
	pi.want(t, "status", "requires_action", "next_action.type", "display_bank_transfer_instructions", "next_action.display_bank_transfer_instructions.amount_remaining", 2000,
		"next_action.display_bank_transfer_instructions.currency", "usd", "next_action.display_bank_transfer_instructions.type", "us_bank_transfer",
		"next_action.display_bank_transfer_instructions.financial_addresses.0.type", "aba", "next_action.display_bank_transfer_instructions.financial_addresses.1.type", "swift", "latest_charge", nil)
	wantEvents(t, s.events(), "payment_intent.created", "payment_intent.requires_action")
	s.fund(customer, "500").want(t, "type", "funded", "net_amount", 500, "ending_balance", 500, "funded.bank_transfer.type", "us_bank_transfer")
	wantEvents(t, s.events(), "customer_cash_balance_transaction.created", "customer_cash_balance_transaction.created", "payment_intent.partially_funded")
	s.get("/v1/payment_intents/"+pi.str("id")).want(t, "status", "requires_action", "next_action.display_bank_transfer_instructions.amount_remaining", 1500)
	s.fund(customer, "1800")
	wantEvents(t, s.events(), "customer_cash_balance_transaction.created", "customer_cash_balance_transaction.created", "charge.succeeded", "payment_intent.succeeded", "cash_balance.funds_available")
	done := s.get("/v1/payment_intents/"+pi.str("id"), "expand[]", "latest_charge.balance_transaction")
	done.want(t, "status", "succeeded", "amount_received", 2000, "latest_charge.payment_method_details.type", "customer_balance", "latest_charge.balance_transaction.amount", 2000)
	s.get("/v1/customers/"+customer, "expand[]", "cash_balance").want(t, "cash_balance.available.usd", 300)
	list := s.get("/v1/customers/" + customer + "/cash_balance_transactions").list("data")
	for i, want := range [][]any{
		{"type", "applied_to_payment", "net_amount", -1500, "ending_balance", 300, "applied_to_payment.payment_intent", pi.str("id")},
		{"type", "funded", "net_amount", 1800, "ending_balance", 1800},
		{"type", "applied_to_payment", "net_amount", -500, "ending_balance", 0},
		{"type", "funded", "net_amount", 500},
	} {
		list[i].want(t, want...)
		s.get("/v1/customers/"+customer+"/cash_balance_transactions/"+list[i].str("id")).want(t, want...)
	}
	re := s.post("/v1/refunds", "payment_intent", pi.str("id"), "amount", "700")
	re.want(t, "status", "succeeded", "destination_details.type", "customer_cash_balance")
	s.get("/v1/customers/"+customer+"/cash_balance").want(t, "available.usd", 1000)
	s.events()
	back := s.post("/v1/refunds", "origin", "customer_balance", "customer", customer, "amount", "1000", "currency", "usd")
	back.want(t, "status", "pending", "charge", nil)
	wantEvents(t, s.events(), "customer_cash_balance_transaction.created", "refund.created")
	s.wait(5 * time.Second)
	s.get("/v1/refunds/"+back.str("id")).want(t, "status", "succeeded")
	s.get("/v1/customers/"+customer+"/cash_balance").want(t, "available.usd", 0)
	s.refused("POST", "/v1/refunds", "origin", "customer_balance", "customer", customer, "amount", "1", "currency", "usd").want(t, "status", 400, "param", "amount")
}

// Money that came first pays at once; what is not enough waits for more.
func TestACashBalanceIsSpentFirst(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers").str("id")
	s.fund(customer, "2500")
	s.events()
	s.transfer(customer).want(t, "status", "succeeded", "next_action", nil)
	wantEvents(t, s.events(), "payment_intent.created", "customer_cash_balance_transaction.created", "charge.succeeded", "payment_intent.succeeded")
	part := s.transfer(customer)
	part.want(t, "status", "requires_action", "next_action.display_bank_transfer_instructions.amount_remaining", 1500)
	wantEvents(t, s.events(), "payment_intent.created", "payment_intent.requires_action", "customer_cash_balance_transaction.created", "payment_intent.partially_funded")
	s.post("/v1/payment_intents/"+part.str("id")+"/cancel").want(t, "status", "canceled")
	wantEvents(t, s.events(), "customer_cash_balance_transaction.created", "cash_balance.funds_available", "payment_intent.canceled")
	s.get("/v1/customers/"+customer+"/cash_balance").want(t, "available.usd", 500)
}

func TestATransferFindsItsPayment(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers").str("id")
	first, second, third := s.transfer(customer), s.transfer(customer), s.transfer(customer, "amount", "2000")
	s.fund(customer, "2000", "reference", second.str("next_action.display_bank_transfer_instructions.reference"))
	s.get("/v1/payment_intents/"+second.str("id")).want(t, "status", "succeeded")
	s.fund(customer, "100")
	s.get("/v1/payment_intents/"+first.str("id")).want(t, "next_action.display_bank_transfer_instructions.amount_remaining", 1900)
	s.fund(customer, "2000") // exactly the third's
	s.get("/v1/payment_intents/"+third.str("id")).want(t, "status", "succeeded")
	s.get("/v1/payment_intents/"+first.str("id")).want(t, "status", "requires_action")
}

func TestReconciliationByHand(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers").str("id")
	s.post("/v1/customers/"+customer+"/cash_balance", "settings[reconciliation_mode]", "manual").want(t, "settings.reconciliation_mode", "manual", "settings.using_merchant_default", false)
	pi := s.transfer(customer).str("id")
	s.fund(customer, "2500")
	apply := "/v1/payment_intents/" + pi + "/apply_customer_balance"
	s.refused("POST", apply, "amount", "2001").want(t, "status", 400, "param", "amount", "code", "amount_too_large")
	s.refused("POST", apply, "currency", "eur").want(t, "status", 400, "param", "currency")
	s.events()
	s.post(apply, "amount", "800").want(t, "status", "requires_action", "next_action.display_bank_transfer_instructions.amount_remaining", 1200)
	wantEvents(t, s.events(), "customer_cash_balance_transaction.created", "payment_intent.partially_funded")
	s.post(apply).want(t, "status", "succeeded")
	s.refused("POST", apply).want(t, "status", 400, "code", "payment_intent_unexpected_state")
	s.refused("POST", "/v1/payment_intents/"+s.transfer(customer).str("id")+"/apply_customer_balance", "amount", "1000").want(t, "status", 400, "code", "customer_balance_insufficient")
	card := s.intent().str("id")
	s.refused("POST", "/v1/payment_intents/"+card+"/apply_customer_balance").want(t, "status", 400, "code", "payment_intent_unexpected_state")
}

func TestWhatBankTransfersRefuse(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers").str("id")
	base := []string{"amount", "2000", "payment_method_types[]", "customer_balance", "payment_method_data[type]", "customer_balance", "confirm", "true"}
	for _, tc := range []struct {
		pairs []string
		param string
	}{
		{[]string{"currency", "usd"}, "customer"},
		{[]string{"currency", "usd", "customer", customer}, "payment_method_options[customer_balance][funding_type]"},
		{[]string{"currency", "try", "customer", customer}, "currency"},
		{[]string{"currency", "eur", "customer", customer, "payment_method_options[customer_balance][funding_type]", "bank_transfer", "payment_method_options[customer_balance][bank_transfer][type]", "us_bank_transfer"}, "payment_method_options[customer_balance][bank_transfer][type]"},
		{[]string{"currency", "eur", "customer", customer, "payment_method_options[customer_balance][funding_type]", "bank_transfer", "payment_method_options[customer_balance][bank_transfer][type]", "eu_bank_transfer"}, "payment_method_options[customer_balance][bank_transfer][eu_bank_transfer][country]"},
	} {
		s.refused("POST", "/v1/payment_intents", append(base, tc.pairs...)...).want(t, "status", 400, "param", tc.param)
	}
	helper := "/v1/test_helpers/customers/" + customer + "/fund_cash_balance"
	s.refused("POST", helper, "amount", "0", "currency", "usd").want(t, "status", 400, "param", "amount")
	s.refused("POST", helper, "amount", "10", "currency", "try").want(t, "status", 400, "param", "currency")
	s.refused("POST", "/v1/test_helpers/customers/cus_none/fund_cash_balance", "amount", "1", "currency", "usd").want(t, "status", 404)
	for currency, kind := range map[string]string{"eur": "iban", "gbp": "sort_code", "jpy": "zengin", "mxn": "spei", "usd": "aba"} {
		of := map[string]string{"eur": "eu", "gbp": "gb", "jpy": "jp", "mxn": "mx", "usd": "us"}[currency] + "_bank_transfer"
		s.post("/v1/customers/"+customer+"/funding_instructions", "currency", currency, "funding_type", "bank_transfer", "bank_transfer[type]", of, "bank_transfer[eu_bank_transfer][country]", "DE").
			want(t, "bank_transfer.type", of, "bank_transfer.financial_addresses.0.type", kind, "currency", currency)
	}
}
