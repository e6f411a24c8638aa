package sandbox_test

import (
	"testing"
	"time"
)

// charge creates a charge over 20.00 usd as clients did before PaymentIntents.
func (s *shop) charge(pairs ...string) object {
	s.t.Helper()
	return s.post("/v1/charges", append([]string{"amount", "2000", "currency", "usd"}, pairs...)...)
}

func TestChargesAreCreatedDirectly(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		token, code, decline string
		events               []string
	}{
		{"tok_visa", "", "", []string{"charge.succeeded"}},
		{"tok_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds", []string{"charge.failed"}},
		{"tok_chargeDeclinedExpiredCard", "expired_card", "", []string{"charge.failed"}},
		{"tok_authenticationRequired", "authentication_required", "authentication_required", []string{"charge.failed"}},
		{"tok_createDispute", "", "", []string{"charge.succeeded", "charge.dispute.created", "charge.dispute.funds_withdrawn"}},
	} {
		t.Run(tc.token, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			if tc.code == "" {
				ch := s.charge("source", tc.token, "description", "Order 7", "metadata[order]", "7")
				ch.want(t, "paid", true, "captured", true, "amount_captured", 2000, "status", "succeeded", "payment_intent", nil, "description", "Order 7", "metadata.order", "7")
				s.get("/v1/balance_transactions/"+ch.str("balance_transaction")).want(t, "amount", 2000, "fee", 88)
			} else {
				e := s.refused("POST", "/v1/charges", "amount", "2000", "currency", "usd", "source", tc.token)
				e.want(t, "status", 402, "type", "card_error", "code", tc.code, "payment_intent", nil)
				if tc.decline != "" {
					e.want(t, "decline_code", tc.decline)
				}
				s.get("/v1/charges/"+e.str("charge")).want(t, "status", "failed", "paid", false, "failure_code", tc.code)
			}
			got := s.events()
			if len(got) > len(tc.events) {
				got = got[:len(tc.events)]
			}
			wantEvents(t, got, tc.events...)
		})
	}
}

func TestADirectChargeIsCapturedLaterAndRefunded(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	held := s.charge("source", "tok_visa", "capture", "false")
	held.want(t, "captured", false, "amount_captured", 0, "balance_transaction", nil, "paid", true)
	s.refused("POST", "/v1/charges/"+held.str("id")+"/capture", "amount", "2001").want(t, "code", "amount_too_large")
	s.events()
	s.post("/v1/charges/"+held.str("id")+"/capture", "amount", "1500").want(t, "captured", true, "amount_captured", 1500)
	s.refused("POST", "/v1/charges/"+held.str("id")+"/capture").want(t, "code", "charge_already_captured")
	s.post("/v1/charges/"+held.str("id")+"/refund", "amount", "500").want(t, "object", "charge", "amount_refunded", 500, "refunded", false)
	s.post("/v1/charges/"+held.str("id")+"/refunds").want(t, "object", "refund", "amount", 1000, "payment_intent", nil)
	wantEvents(t, s.events(), "charge.captured", "refund.created", "charge.refunded", "refund.created", "charge.refunded")

	left := s.charge("source", "tok_visa", "capture", "false")
	s.events()
	s.wait(7 * 24 * time.Hour)
	s.get("/v1/charges/"+left.str("id")).want(t, "refunded", true, "captured", false)
	s.refused("POST", "/v1/charges/"+left.str("id")+"/capture").want(t, "code", "charge_expired_for_capture")
}

func TestCustomersHaveSources(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers", "email", "ayse@example.com").str("id")
	s.refused("POST", "/v1/charges", "amount", "2000", "currency", "usd", "customer", customer).want(t, "status", 402, "code", "missing")
	s.refused("POST", "/v1/customers/"+customer+"/sources", "source", "tok_chargeDeclined").want(t, "status", 402, "code", "card_declined")
	s.events()
	first := s.post("/v1/customers/"+customer+"/sources", "source", "tok_visa")
	first.want(t, "object", "card", "brand", "Visa", "last4", "4242", "customer", customer, "cvc_check", "pass")
	wantEvents(t, s.events(), "customer.source.created", "customer.updated")
	second := s.post("/v1/customers/"+customer+"/sources", "source", "tok_mastercard").str("id")
	wantEvents(t, s.events(), "customer.source.created")
	s.get("/v1/customers/"+customer, "expand[]", "sources").want(t, "default_source", first.str("id"), "sources.data.0.id", second, "sources.data.1.id", first.str("id"))
	s.charge("customer", customer).want(t, "payment_method", first.str("id"), "customer", customer)
	s.charge("customer", customer, "source", second).want(t, "payment_method", second, "payment_method_details.card.brand", "mastercard")
	s.intent("customer", customer, "payment_method", second, "confirm", "true").want(t, "status", "succeeded")
	s.post("/v1/customers/"+customer, "default_source", second).want(t, "default_source", second)
	s.refused("POST", "/v1/customers/"+customer, "default_source", "card_nobody").want(t, "status", 400, "param", "default_source")
	s.events()
	s.must("DELETE", "/v1/customers/"+customer+"/sources/"+second).want(t, "deleted", true)
	wantEvents(t, s.events(), "customer.source.deleted", "customer.updated")
	s.get("/v1/customers/"+customer).want(t, "default_source", first.str("id"))
	s.refused("POST", "/v1/charges", "amount", "2000", "currency", "usd", "customer", customer, "source", second).want(t, "status", 404)
	s.post("/v1/customers", "source", "tok_visa").want(t, "object", "customer")
}

func TestACustomersBalanceIsAdjusted(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers").str("id")
	s.events()
	path := "/v1/customers/" + customer + "/balance_transactions"
	s.post(path, "amount", "-500", "currency", "usd", "description", "Sorry").want(t, "amount", -500, "ending_balance", -500, "type", "adjustment", "description", "Sorry")
	s.post(path, "amount", "200", "currency", "usd").want(t, "ending_balance", -300)
	wantEvents(t, s.events(), "customer.updated", "customer.updated")
	s.get("/v1/customers/"+customer).want(t, "balance", -300, "currency", "usd")
	s.refused("POST", path, "amount", "200", "currency", "eur").want(t, "status", 400, "param", "currency")
	s.get(path).want(t, "data.0.amount", 200, "data.1.amount", -500)
}
