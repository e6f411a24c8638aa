package sandbox_test

import (
	"testing"
	"time"
)

// An account that its platform rejected comes back by unreject: what was verified works again.
func TestARejectedAccountComesBack(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	account := s.post("/v1/accounts", "type", "custom", "capabilities[card_payments][requested]", "true", "capabilities[transfers][requested]", "true").str("id")
	s.refused("POST", "/v1/accounts/"+account+"/unreject").want(t, "status", 400, "param", "account")
	if status, answer := s.simulate(`{"type":"account_onboarding","account":"` + account + `"}`); status != 200 {
		t.Fatal(answer)
	}
	s.wait(5 * time.Second)
	s.get("/v1/accounts/"+account).want(t, "charges_enabled", true, "payouts_enabled", true)
	s.post("/v1/accounts/"+account+"/reject", "reason", "fraud").want(t, "charges_enabled", false, "payouts_enabled", false,
		"capabilities.transfers", "inactive", "requirements.disabled_reason", "rejected.fraud")
	s.wait(5 * time.Second)
	s.get("/v1/accounts/"+account).want(t, "charges_enabled", false)
	s.post("/v1/accounts/"+account+"/unreject").want(t, "requirements.disabled_reason", nil)
	s.wait(5 * time.Second)
	s.get("/v1/accounts/"+account).want(t, "charges_enabled", true, "payouts_enabled", true, "capabilities.transfers", "active")
}

// Bank accounts of customers are made from tokens and details, and verified by the amounts of two deposits.
func TestACustomersBankAccountIsVerified(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers").str("id")
	path := "/v1/customers/" + customer + "/sources"
	bank := s.post(path, "bank_account[country]", "US", "bank_account[currency]", "usd", "bank_account[account_number]", "000123456789",
		"bank_account[routing_number]", "110000000", "bank_account[account_holder_name]", "Ada")
	bank.want(t, "object", "bank_account", "customer", customer, "last4", "6789", "status", "new", "account_holder_name", "Ada")
	if _, there := bank["account"]; there {
		t.Error("a customer's bank account belongs to an account, too")
	}
	verify := path + "/" + bank.str("id") + "/verify"
	s.refused("POST", verify, "amounts[]", "32", "amounts[]", "46").want(t, "status", 402, "code", "bank_account_verification_failed")
	s.post(verify, "amounts[]", "45", "amounts[]", "32").want(t, "id", bank.str("id"), "status", "verified")
	s.refused("POST", verify, "amounts[]", "32", "amounts[]", "45").want(t, "status", 400)
	s.post("/v1/customers/"+customer+"/bank_accounts", "source", "btok_us_verified").want(t, "status", "verified")
	s.get("/v1/customers/"+customer+"/bank_accounts").want(t, "data.0.status", "verified", "data.1.id", bank.str("id"), "data.2", nil)
	s.get("/v1/customers/"+customer).want(t, "default_source", bank.str("id"))
}

// A secret of an app has one value for a name in a scope, shown when it is expanded, and ends when it is deleted.
func TestAnAppsSecretIsReplacedAndDeleted(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	scope := []string{"name", "token", "scope[type]", "account"}
	first := s.post("/v1/apps/secrets", append(scope, "payload", "one")...)
	second := s.post("/v1/apps/secrets", append(scope, "payload", "two", "expand[]", "payload")...)
	second.want(t, "id", first.str("id"), "payload", "two")
	s.get("/v1/apps/secrets", "scope[type]", "account").want(t, "data.0.id", first.str("id"), "data.1", nil)
	s.post("/v1/apps/secrets/delete", scope...).want(t, "deleted", true)
	s.get("/v1/apps/secrets", "scope[type]", "account").want(t, "data.0", nil)
	s.refused("POST", "/v1/apps/secrets/delete", scope...).want(t, "status", 400, "code", "resource_missing")
}

// Reports end a few seconds after they were asked for, with a file of the columns; climate orders can be cancelled for a day.
func TestReportsEndAndClimateOrdersAreCancelled(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	run := s.post("/v1/reporting/report_runs", "report_type", "balance.summary.1", "parameters[columns][]", "category", "parameters[columns][]", "net_amount")
	run.want(t, "status", "pending", "result", nil)
	s.wait(5 * time.Second)
	s.get("/v1/reporting/report_runs/"+run.str("id")).want(t, "status", "succeeded", "result.object", "file", "result.type", "csv", "result.size", 20)
	wantEvents(t, s.events(), "file.created", "reporting.report_run.succeeded")

	order := s.post("/v1/climate/orders", "product", "climsku_frontier_offtake_portfolio_2027", "metric_tons", "1.5")
	order.want(t, "status", "open", "amount_subtotal", 75000, "amount_total", 77250, "currency", "usd")
	s.refused("POST", "/v1/climate/orders", "product", "climsku_frontier_offtake_portfolio_2027").want(t, "status", 400, "param", "amount")
	s.post("/v1/climate/orders/"+order.str("id")+"/cancel").want(t, "status", "canceled", "cancellation_reason", "requested")
	s.refused("POST", "/v1/climate/orders/"+order.str("id")+"/cancel").want(t, "status", 400)
	late := s.post("/v1/climate/orders", "product", "climsku_frontier_offtake_portfolio_2027", "amount", "5000")
	late.want(t, "metric_tons", "0.10")
	s.wait(25 * time.Hour)
	s.refused("POST", "/v1/climate/orders/"+late.str("id")+"/cancel").want(t, "status", 400)
	s.post("/v1/payment_method_domains", "domain_name", "shop.example").want(t, "apple_pay.status", "active")
}

// What a parameter names must be there, where some call makes such objects; otherwise it is the caller's word.
func TestIDsThatNobodyHasAreRefusedInFieldsOfTheirName(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.refused("POST", "/v1/terminal/readers", "registration_code", "simulated-wpe", "location", "tml_nobody").want(t, "status", 400, "code", "resource_missing", "param", "location")
	location := s.post("/v1/terminal/locations", "display_name", "Kadikoy", "address[country]", "TR", "address[line1]", "1 Cad", "address[city]", "Istanbul").str("id")
	s.post("/v1/terminal/readers", "registration_code", "simulated-wpe", "location", location).want(t, "location", location)
}
