package sandbox_test

import (
	"net/http"
	"testing"
	"time"
)

// visit opens an address without following it on, and answers where it leads.
func (s *shop) visit(address string) string {
	s.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("%s: status %d, want 303", address, answer.StatusCode)
	}
	return answer.Header.Get("Location")
}

func TestASourceWithARedirectIsChargedOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	src := s.post("/v1/sources", "type", "ideal", "amount", "1099", "currency", "eur", "owner[name]", "Jenny Rosen", "redirect[return_url]", "https://shop.example/back?x=1")
	src.want(t, "object", "source", "status", "pending", "flow", "redirect", "usage", "single_use", "amount", 1099, "owner.name", "Jenny Rosen", "redirect.status", "pending",
		"redirect.return_url", "https://shop.example/back?x=1")
	wantEvents(t, s.events())
	s.refused("POST", "/v1/charges", "amount", "1099", "currency", "eur", "source", src.str("id")).want(t, "status", 400)
	if got, want := s.visit(src.str("redirect.url")), "https://shop.example/back?client_secret="+src.str("client_secret")+"&source="+src.str("id")+"&x=1"; got != want {
		t.Errorf("sent on to %s, want %s", got, want)
	}
	s.get("/v1/sources/"+src.str("id")).want(t, "status", "chargeable", "redirect.status", "succeeded")
	wantEvents(t, s.events(), "source.chargeable")
	ch := s.post("/v1/charges", "amount", "1099", "currency", "eur", "source", src.str("id"), "expand[]", "balance_transaction")
	ch.want(t, "status", "succeeded", "paid", true, "payment_method_details.type", "ideal", "balance_transaction.amount", 1099, "billing_details.name", "Jenny Rosen")
	wantEvents(t, s.events(), "charge.succeeded")
	s.get("/v1/sources/"+src.str("id")).want(t, "status", "consumed")
	s.refused("POST", "/v1/charges", "amount", "1099", "currency", "eur", "source", src.str("id")).want(t, "status", 400)
	s.post("/v1/refunds", "charge", ch.str("id")).want(t, "status", "succeeded")
}

func TestASourceThatItsOwnerRefusesOrForgets(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	make := func() object {
		return s.post("/v1/sources", "type", "bancontact", "amount", "1099", "currency", "eur", "owner[name]", "Jenny Rosen", "redirect[return_url]", "https://shop.example/back")
	}
	refused, forgotten := make(), make()
	s.visit(refused.str("redirect.url") + "?result=fail")
	s.get("/v1/sources/"+refused.str("id")).want(t, "status", "failed", "redirect.status", "failed")
	wantEvents(t, s.events(), "source.failed")
	s.wait(6 * time.Hour)
	s.get("/v1/sources/"+forgotten.str("id")).want(t, "status", "canceled")
	wantEvents(t, s.events(), "source.canceled")
}

func TestASourceOfACardIsKeptByACustomer(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers").str("id")
	s.events()
	src := s.post("/v1/sources", "type", "card", "token", "tok_visa")
	src.want(t, "status", "chargeable", "flow", "none", "usage", "reusable", "card.last4", "4242", "card.brand", "Visa", "card.three_d_secure", "optional")
	wantEvents(t, s.events(), "source.chargeable")
	s.post("/v1/customers/"+customer+"/sources", "source", src.str("id")).want(t, "object", "source", "customer", customer)
	wantEvents(t, s.events(), "customer.source.created", "customer.updated")
	s.get("/v1/customers/"+customer, "expand[]", "sources").want(t, "default_source", src.str("id"), "sources.data.0.id", src.str("id"))
	for range 2 {
		s.post("/v1/charges", "amount", "1099", "currency", "usd", "customer", customer).want(t, "status", "succeeded", "payment_method_details.card.last4", "4242", "customer", customer)
	}
	s.post("/v1/payment_intents", "amount", "1099", "currency", "usd", "customer", customer, "payment_method", src.str("id"), "payment_method_types[]", "card", "confirm", "true").want(t, "status", "succeeded")
	s.events()
	s.must("DELETE", "/v1/customers/"+customer+"/sources/"+src.str("id")).want(t, "status", "consumed")
	wantEvents(t, s.events(), "customer.source.deleted", "customer.updated")
	declined := s.post("/v1/sources", "type", "card", "token", "tok_chargeDeclined").str("id")
	s.refused("POST", "/v1/customers/"+customer+"/sources", "source", declined).want(t, "status", 402, "code", "card_declined")
	s.refused("POST", "/v1/charges", "amount", "1099", "currency", "usd", "source", declined).want(t, "status", 402, "code", "card_declined")
}

// The published test values: an e-mail that names the amount received, and the amounts of the deposits.
func TestSourcesThatWaitForMoneyOrAWord(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	src := s.post("/v1/sources", "type", "ach_credit_transfer", "currency", "usd", "owner[email]", "amount_4242@stripe.com")
	src.want(t, "status", "chargeable", "flow", "receiver", "receiver.amount_received", 4242, "receiver.amount_charged", 0, "ach_credit_transfer.routing_number", "110000000")
	s.post("/v1/charges", "amount", "4000", "currency", "usd", "source", src.str("id"))
	s.get("/v1/sources/"+src.str("id")).want(t, "status", "chargeable", "receiver.amount_charged", 4000)
	s.refused("POST", "/v1/charges", "amount", "300", "currency", "usd", "source", src.str("id")).want(t, "status", 400, "param", "amount")
	debit := s.post("/v1/sources", "type", "sepa_debit", "currency", "eur", "sepa_debit[iban]", "DE89370400440532013000", "owner[name]", "Jenny Rosen")
	debit.want(t, "status", "chargeable", "sepa_debit.last4", "3000", "sepa_debit.country", "DE")
	ch := s.post("/v1/charges", "amount", "1099", "currency", "eur", "source", debit.str("id"))
	ch.want(t, "status", "pending", "payment_method_details.sepa_debit.last4", "3000")
	s.events()
	s.wait(5 * time.Second)
	s.get("/v1/charges/"+ch.str("id")).want(t, "status", "succeeded", "paid", true)
	wantEvents(t, s.events(), "charge.succeeded")
	bank := s.post("/v1/sources", "type", "ach_debit", "currency", "usd").str("id")
	s.refused("POST", "/v1/sources/"+bank+"/verify", "values[]", "1", "values[]", "2").want(t, "status", 400, "param", "values")
	s.get("/v1/sources/"+bank).want(t, "code_verification.attempts_remaining", 4)
	s.post("/v1/sources/"+bank+"/verify", "values[]", "32", "values[]", "45").want(t, "status", "chargeable", "code_verification.status", "succeeded")
	s.refused("POST", "/v1/sources", "type", "carrots").want(t, "status", 400, "param", "type", "message", "Invalid source type: carrots")
	s.refused("POST", "/v1/sources", "type", "ideal", "amount", "100").want(t, "status", 400, "param", "redirect[return_url]")
	s.refused("POST", "/v1/sources", "type", "card", "carrots", "1").want(t, "status", 400, "code", "parameter_unknown")
}
