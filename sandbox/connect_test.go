package sandbox_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/vezne/vezne/sandbox"
)

// in is the shop acting in a connected account: its calls carry Stripe-Account.
func (s *shop) in(account string) *shop {
	acting := *s
	acting.account, acting.seen = account, ""
	return &acting
}

// merchant makes a connected account that may take payments and get transfers.
func (s *shop) merchant() object {
	s.t.Helper()
	account := s.post("/v1/accounts", "type", "custom", "country", "US", "external_account", "btok_us_verified",
		"capabilities[card_payments][requested]", "true", "capabilities[transfers][requested]", "true",
		"business_type", "company", "company[name]", "Fırın", "company[tax_id]", "000000000", "company[address][line1]", "1 Main St",
		"company[address][city]", "Boston", "company[address][postal_code]", "02110",
		"business_profile[mcc]", "5734", "business_profile[url]", "https://firin.example", "tos_acceptance[date]", "1793613600", "tos_acceptance[ip]", "127.0.0.1")
	s.wait(5 * time.Second)
	return s.get("/v1/accounts/" + account.str("id"))
}

func TestAConnectedAccountBeginsWhenNothingIsDue(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	made := s.post("/v1/accounts", "type", "custom", "country", "US", "capabilities[transfers][requested]", "true")
	made.want(t, "charges_enabled", false, "payouts_enabled", false, "details_submitted", false, "capabilities.transfers", "inactive", "type", "custom",
		"controller.requirement_collection", "application", "default_currency", "usd", "requirements.disabled_reason", "requirements.past_due", "requirements.currently_due.0", "business_profile.mcc")
	id := made.str("id")
	wantEvents(t, s.events())
	acting := s.in(id)
	wantEvents(t, acting.events(), "capability.updated")
	s.post("/v1/accounts/"+id, "business_type", "individual", "business_profile[mcc]", "5734", "business_profile[url]", "https://firin.example",
		"tos_acceptance[date]", "1793613600", "tos_acceptance[ip]", "127.0.0.1", "individual[first_name]", "Ayşe", "individual[last_name]", "Demir", "individual[email]", "ayse@example.com",
		"individual[dob][day]", "1", "individual[dob][month]", "2", "individual[dob][year]", "1990", "individual[address][line1]", "1 Main St",
		"individual[address][city]", "Boston", "individual[address][postal_code]", "02110").want(t, "requirements.currently_due.0", "external_account", "individual.first_name", "Ayşe")
	updated := acting.happened()
	if len(updated) != 1 {
		t.Fatalf("%d events, want one", len(updated))
	}
	updated[0].want(t, "type", "account.updated", "account", id, "data.previous_attributes.business_type", nil, "data.object.id", id)
	s.post("/v1/accounts/"+id+"/external_accounts", "external_account", "btok_us_verified").want(t, "object", "bank_account", "account", id,
		"default_for_currency", true, "last4", "6789", "routing_number", "110000000", "status", "new")
	wantEvents(t, acting.events(), "account.external_account.created", "account.updated")
	s.get("/v1/accounts/"+id).want(t, "details_submitted", true, "payouts_enabled", false, "external_accounts.data.0.last4", "6789", "external_accounts.total_count", 1)
	s.wait(5 * time.Second)
	s.get("/v1/accounts/"+id).want(t, "payouts_enabled", true, "charges_enabled", false, "capabilities.transfers", "active", "requirements.disabled_reason", nil)
	wantEvents(t, acting.events(), "capability.updated", "account.updated")
	s.get("/v1/accounts/"+id+"/capabilities/transfers").want(t, "status", "active", "requested", true)
	s.get("/v1/accounts/"+id+"/capabilities/card_payments").want(t, "status", "unrequested", "requested", false)
	s.post("/v1/accounts/"+id+"/capabilities/card_payments", "requested", "true").want(t, "status", "inactive")
	s.wait(5 * time.Second)
	s.get("/v1/accounts/"+id+"/capabilities").want(t, "data.0.id", "card_payments", "data.0.status", "active", "data.1.id", "transfers")
	s.get("/v1/accounts").want(t, "data.0.id", id, "data.1", nil)
	s.post("/v1/accounts/"+id+"/reject", "reason", "fraud").want(t, "charges_enabled", false, "payouts_enabled", false, "requirements.disabled_reason", "rejected.fraud", "capabilities.transfers", "inactive")
}

func TestAnOwnerOpensTheirAccountLink(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.post("/v1/accounts", "type", "express", "country", "DE", "capabilities[transfers][requested]", "true").str("id")
	s.refused("POST", "/v1/accounts/"+id+"/login_links").want(t, "status", 400)
	link := s.post("/v1/account_links", "account", id, "type", "account_onboarding", "return_url", "https://shop.example/back", "refresh_url", "https://shop.example/again")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	visit := func() (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link.str("url"), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		return answer.StatusCode, answer.Header.Get("Location")
	}
	for _, want := range []string{"https://shop.example/back", "https://shop.example/again"} { // a link is good once
		if status, to := visit(); status != http.StatusSeeOther || to != want {
			t.Errorf("%d to %s, want 303 to %s", status, to, want)
		}
	}
	s.get("/v1/accounts/"+id).want(t, "details_submitted", true, "external_accounts.data.0.currency", "eur")
	s.wait(5 * time.Second)
	s.get("/v1/accounts/"+id).want(t, "capabilities.transfers", "active", "payouts_enabled", true)
	s.post("/v1/accounts/"+id+"/login_links").want(t, "object", "login_link")
}

func TestCallsActInTheAccountThatStripeAccountNames(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	a, b := s.in(s.merchant().str("id")), s.in(s.merchant().str("id"))
	customer := a.post("/v1/customers", "email", "a@example.com").str("id")
	a.get("/v1/customers/" + customer)
	s.refused("GET", "/v1/customers/"+customer).want(t, "status", 404)
	b.refused("GET", "/v1/customers/"+customer).want(t, "status", 404)
	if n := len(s.get("/v1/customers").list("data")); n != 0 {
		t.Errorf("the platform lists %d customers, want none", n)
	}
	if n := len(a.get("/v1/customers").list("data")); n != 1 {
		t.Errorf("the account lists %d customers, want one", n)
	}
	a.get("/v1/account").want(t, "id", a.account)
	s.in("acct_1Nobody").refused("GET", "/v1/customers").want(t, "status", 403, "code", "account_invalid", "type", "invalid_request_error",
		"message", "The provided key 'sk_test_****' does not have access to account 'acct_1Nobody' (or that account does not exist). Application access may have been revoked.")
	s.refused("GET", "/v1/accounts/acct_1Nobody").want(t, "status", 403, "code", "account_invalid")
	s.refused("DELETE", "/v1/accounts/"+s.get("/v1/account").str("id")).want(t, "status", 400)
	s.must("DELETE", "/v1/accounts/"+b.account).want(t, "deleted", true, "object", "account")
	b.refused("GET", "/v1/customers").want(t, "status", 403)
}

// A direct charge is the connected account's; the platform takes its fee of it.
func TestADirectChargePaysThePlatformsFee(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	shop := s.in(s.merchant().str("id"))
	shop.events()
	pi := shop.intent("payment_method", "pm_card_visa", "confirm", "true", "application_fee_amount", "123", "capture_method", "automatic", "expand[]", "latest_charge.balance_transaction")
	pi.want(t, "application_fee_amount", 123, "latest_charge.application_fee_amount", 123, "latest_charge.balance_transaction.fee", 88+123,
		"latest_charge.balance_transaction.net", 2000-88-123, "latest_charge.balance_transaction.fee_details.0.type", "application_fee",
		"latest_charge.balance_transaction.fee_details.0.amount", 123, "latest_charge.balance_transaction.fee_details.1.type", "stripe_fee")
	wantEvents(t, shop.events(), "payment_intent.created", "charge.succeeded", "payment_intent.succeeded")
	wantEvents(t, s.events(), "application_fee.created")
	fee := s.get("/v1/application_fees/"+pi.str("latest_charge.application_fee"), "expand[]", "balance_transaction", "expand[]", "refunds")
	fee.want(t, "amount", 123, "account", shop.account, "charge", pi.str("latest_charge.id"), "refunded", false, "balance_transaction.amount", 123, "balance_transaction.type", "application_fee",
		"application", pi.str("application"), "originating_transaction", nil)
	s.get("/v1/balance").want(t, "pending.0.amount", 123)
	shop.get("/v1/balance").want(t, "pending.0.amount", 2000-88-123)
	shop.post("/v1/refunds", "payment_intent", pi.str("id"), "amount", "1000", "refund_application_fee", "true")
	s.get("/v1/application_fees/"+fee.str("id")).want(t, "amount_refunded", 62, "refunded", false)
	wantEvents(t, s.events(), "application_fee.refunded")
	s.post("/v1/application_fees/"+fee.str("id")+"/refunds", "amount", "61").want(t, "object", "fee_refund", "amount", 61, "fee", fee.str("id"))
	s.refused("POST", "/v1/application_fees/"+fee.str("id")+"/refunds").want(t, "status", 400, "code", "application_fee_already_refunded")
	s.refused("POST", "/v1/payment_intents", "amount", "2000", "currency", "usd", "application_fee_amount", "100").want(t, "status", 400, "param", "application_fee_amount",
		"message", "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using an OAuth key or Stripe-Account header) or destination payment (using `transfer_data[destination]`).")
}

// A destination charge is the platform's; its money goes on to the connected account.
func TestADestinationChargeIsTransferred(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	to := s.merchant().str("id")
	s.events()
	pi := s.intent("payment_method", "pm_card_visa", "confirm", "true", "transfer_data[destination]", to, "application_fee_amount", "200", "capture_method", "automatic",
		"expand[]", "latest_charge.transfer", "expand[]", "latest_charge.balance_transaction")
	pi.want(t, "transfer_data.destination", to, "latest_charge.transfer.amount", 2000, "latest_charge.transfer.destination", to, "latest_charge.transfer.source_transaction", pi.str("latest_charge.id"),
		"latest_charge.transfer_group", "group_"+pi.str("id"), "latest_charge.balance_transaction.net", 2000-88)
	wantEvents(t, s.events(), "payment_intent.created", "application_fee.created", "transfer.created", "charge.succeeded", "payment_intent.succeeded")
	payment := s.in(to).get("/v1/charges/"+pi.str("latest_charge.transfer.destination_payment"), "expand[]", "balance_transaction")
	payment.want(t, "amount", 2000, "application_fee_amount", 200, "balance_transaction.net", 1800, "balance_transaction.type", "payment", "source_transfer", pi.str("latest_charge.transfer.id"))
	s.get("/v1/application_fees/"+payment.str("application_fee")).want(t, "originating_transaction", pi.str("latest_charge.id"), "charge", payment.str("id"))
	s.get("/v1/balance").want(t, "pending.0.amount", 2000-88-2000+200)
	re := s.post("/v1/refunds", "payment_intent", pi.str("id"), "reverse_transfer", "true", "refund_application_fee", "true", "expand[]", "transfer_reversal")
	re.want(t, "transfer_reversal.amount", 2000, "transfer_reversal.source_refund", re.str("id"), "status", "succeeded")
	s.get("/v1/transfers/"+pi.str("latest_charge.transfer.id")).want(t, "reversed", true, "amount_reversed", 2000, "reversals.data.0.amount", 2000)
	s.in(to).get("/v1/balance").want(t, "pending.0.amount", 0)
	wantEvents(t, s.events(), "application_fee.refunded", "transfer.reversed", "refund.created", "charge.refunded")
}

func TestTransfers(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	to := s.merchant().str("id")
	s.events()
	poor := s.refused("POST", "/v1/transfers", "amount", "1000", "currency", "usd", "destination", to)
	poor.want(t, "status", 400, "code", "balance_insufficient")
	s.intent("payment_method", "pm_card_bypassPending", "confirm", "true", "capture_method", "automatic")
	s.events()
	tr := s.post("/v1/transfers", "amount", "1000", "currency", "usd", "destination", to, "transfer_group", "ORDER7", "metadata[a]", "b", "expand[]", "destination_payment", "expand[]", "balance_transaction")
	tr.want(t, "amount", 1000, "reversed", false, "transfer_group", "ORDER7", "destination_payment.amount", 1000, "balance_transaction.amount", -1000, "balance_transaction.type", "transfer", "metadata.a", "b", "source_type", "card")
	wantEvents(t, s.events(), "transfer.created")
	s.get("/v1/balance").want(t, "available.0.amount", 912)
	s.in(to).get("/v1/balance").want(t, "available.0.amount", 1000)
	s.post("/v1/transfers/"+tr.str("id")+"/reversals", "amount", "400").want(t, "object", "transfer_reversal", "amount", 400, "transfer", tr.str("id"))
	wantEvents(t, s.events(), "transfer.reversed")
	for _, tc := range []struct {
		pairs []string
		want  []any
	}{
		{[]string{"amount", "700"}, []any{"param", "amount", "message", "Reversal amount ($7.00) is greater than unreversed amount on transfer ($6.00)"}},
		{[]string{"amount", "0"}, []any{"param", "amount", "code", "parameter_invalid_integer"}},
	} {
		s.refused("POST", "/v1/transfers/"+tr.str("id")+"/reversals", tc.pairs...).want(t, append(tc.want, "status", 400)...)
	}
	s.post("/v1/transfers/"+tr.str("id")+"/reversals").want(t, "amount", 600)
	s.refused("POST", "/v1/transfers/"+tr.str("id")+"/reversals").want(t, "status", 400, "code", "transfer_already_reversed")
	s.get("/v1/transfers/"+tr.str("id")+"/reversals").want(t, "data.0.amount", 600, "data.1.amount", 400)
	s.refused("POST", "/v1/transfers", "amount", "1", "currency", "usd", "destination", "acct_1Nobody").want(t, "status", 400, "code", "resource_missing", "param", "destination", "message", "No such destination: 'acct_1Nobody'")
	bare := s.post("/v1/accounts", "type", "custom").str("id")
	s.refused("POST", "/v1/transfers", "amount", "1", "currency", "usd", "destination", bare).want(t, "status", 400, "code", "insufficient_capabilities_for_transfer")
	paid := s.intent("payment_method", "pm_card_visa", "confirm", "true", "capture_method", "automatic").str("latest_charge")
	s.post("/v1/transfers", "amount", "1500", "currency", "usd", "destination", to, "source_transaction", paid).want(t, "source_transaction", paid)
	s.refused("POST", "/v1/transfers", "amount", "501", "currency", "usd", "destination", to, "source_transaction", paid).want(t, "status", 400, "param", "amount")
}

// Endpoints with connect get what happens in connected accounts, and nothing else.
func TestConnectEndpointsGetTheEventsOfConnectedAccounts(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	own, connect := newReceiver(t), newReceiver(t)
	s.post("/v1/webhook_endpoints", "url", own.url, "enabled_events[]", "*")
	s.post("/v1/webhook_endpoints", "url", connect.url, "enabled_events[]", "customer.created", "connect", "true")
	account := s.merchant().str("id")
	inside := s.in(account).post("/v1/customers").str("id")
	outside := s.post("/v1/customers").str("id")
	if err := s.sandbox.Account(s.key).Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := eventsOf(t, connect)
	if len(got) != 1 {
		t.Fatalf("the connect endpoint got %d events, want one: %v", len(got), got)
	}
	got[0].want(t, "type", "customer.created", "account", account, "data.object.id", inside, "pending_webhooks", 1)
	mine := eventsOf(t, own)
	if len(mine) != 1 {
		t.Fatalf("the account's own endpoint got %d events, want one: %v", len(mine), mine)
	}
	mine[0].want(t, "type", "customer.created", "account", nil, "data.object.id", outside)
}

// A card that the platform keeps for a buyer is copied into the account that charges it.
func TestAPlatformsCardIsClonedIntoAnAccount(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	shop := s.in(s.merchant().str("id"))
	customer := s.post("/v1/customers").str("id")
	card := s.post("/v1/payment_methods/pm_card_visa/attach", "customer", customer).str("id")
	clone := shop.post("/v1/payment_methods", "customer", customer, "payment_method", card)
	clone.want(t, "card.last4", "4242", "customer", nil)
	if clone.str("id") == card {
		t.Error("the clone has the id of the original")
	}
	shop.intent("payment_method", clone.str("id"), "confirm", "true").want(t, "status", "succeeded")
	shop.refused("POST", "/v1/payment_methods", "payment_method", card).want(t, "status", 400, "param", "customer")
	s.refused("POST", "/v1/payment_methods", "customer", customer, "payment_method", card).want(t, "status", 400, "param", "payment_method")
}

// A page of a connected account needs no header: its address says whose it is.
func TestAPageOfAConnectedAccount(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	shop := s.in(s.merchant().str("id"))
	session := shop.post("/v1/checkout/sessions", "mode", "payment", "success_url", "https://shop.example", "line_items[0][quantity]", "1", "line_items[0][price_data][currency]", "usd",
		"line_items[0][price_data][unit_amount]", "500", "line_items[0][price_data][product_data][name]", "Kahve").str("id")
	for _, key := range []string{"", "pk_test_shop"} {
		buyer := *s
		buyer.key = key
		if status, page := buyer.call("GET", "/v1/payment_pages/"+session); status != http.StatusOK {
			t.Errorf("with key %q the page is answered %d: %v", key, status, page)
		}
	}
	if _, err := s.sandbox.Account(s.key).Simulate("checkout", map[string]any{"session": session, "stripe_account": shop.account}); err != nil {
		t.Fatal(err)
	}
	shop.get("/v1/checkout/sessions/"+session).want(t, "payment_status", "paid")
}

// What is in a connected account outlives a restart, keys of idempotent calls and jobs included.
func TestConnectedAccountsAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := func() (*shop, func()) {
		t.Helper()
		sb, err := sandbox.New(sandbox.Options{Data: dir})
		if err != nil {
			t.Fatal(err)
		}
		return shopOf(t, sb), func() {
			if err := sb.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	s, closeFirst := open()
	id := s.post("/v1/accounts", "type", "custom", "external_account", "btok_us_verified").str("id")
	customer := s.in(id).post("/v1/customers", "name", "Ada").str("id")
	gone := s.in(id).post("/v1/customers").str("id")
	s.in(id).must("DELETE", "/v1/customers/"+gone)
	closeFirst()
	s, closeSecond := open()
	defer closeSecond()
	s.get("/v1/accounts/"+id).want(t, "external_accounts.data.0.last4", "6789")
	acting := s.in(id)
	acting.get("/v1/customers/"+customer).want(t, "name", "Ada")
	acting.get("/v1/customers/"+gone).want(t, "deleted", true)
	s.refused("GET", "/v1/customers/"+customer).want(t, "status", 404)
	wantEvents(t, acting.events(), "account.external_account.created", "customer.created", "customer.created", "customer.deleted")
	wantEvents(t, s.events())
}

// eventsOf are the events that a receiver got.
func eventsOf(t *testing.T, r *receiver) []object {
	t.Helper()
	var list []object
	for _, got := range r.all() {
		var o object
		if err := json.Unmarshal(got.body, &o); err != nil {
			t.Fatal(err)
		}
		list = append(list, o)
	}
	return list
}
