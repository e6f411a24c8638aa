package sandbox_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// typedAccount are the parameters of a bank account that a buyer typed in, and of their agreement.
func typedAccount(number string) []string {
	return []string{"payment_method_types[]", "us_bank_account", "payment_method_data[type]", "us_bank_account", "payment_method_data[us_bank_account][account_number]", number,
		"payment_method_data[us_bank_account][routing_number]", "110000000", "payment_method_data[us_bank_account][account_holder_type]", "individual",
		"payment_method_data[billing_details][name]", "Jenny Rosen", "mandate_data[customer_acceptance][type]", "offline", "confirm", "true"}
}

// Each published value of a test deposit, for payments and for set-ups: what is answered, what becomes of the intent.
func TestEachPublishedMicrodeposit(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		pairs []string
		code  string
	}{
		{"amounts", []string{"amounts[]", "32", "amounts[]", "45"}, ""},
		{"descriptor code", []string{"descriptor_code", "SM11AA"}, ""},
		{"too many attempts by amounts", []string{"amounts[]", "10", "amounts[]", "11"}, "payment_method_microdeposit_verification_attempts_exceeded"},
		{"too many attempts by code", []string{"descriptor_code", "SM33CC"}, "payment_method_microdeposit_verification_attempts_exceeded"},
		{"too late by amounts", []string{"amounts[]", "40", "amounts[]", "41"}, "payment_method_microdeposit_verification_timeout"},
		{"too late by code", []string{"descriptor_code", "SM44DD"}, "payment_method_microdeposit_verification_timeout"},
	} {
		for _, kind := range []string{"payment_intent", "setup_intent"} {
			t.Run(kind+" "+tc.name, func(t *testing.T) {
				t.Parallel()
				s := newShop(t)
				pairs := typedAccount("000123456789")
				if kind == "payment_intent" {
					pairs = append(pairs, "amount", "2000", "currency", "usd")
				}
				intent := s.post("/v1/"+kind+"s", pairs...)
				intent.want(t, "status", "requires_action", "next_action.type", "verify_with_microdeposits", "next_action.verify_with_microdeposits.microdeposit_type", "descriptor_code",
					"next_action.verify_with_microdeposits.arrival_date", start-start%86400+86400)
				if !strings.HasPrefix(intent.str("next_action.verify_with_microdeposits.hosted_verification_url"), s.server.URL+"/microdeposits/") {
					t.Errorf("hosted_verification_url is %s", intent.str("next_action.verify_with_microdeposits.hosted_verification_url"))
				}
				wantEvents(t, s.events(), kind+".created", kind+".requires_action")
				path := "/v1/" + kind + "s/" + intent.str("id")
				if tc.code != "" {
					s.refused("POST", path+"/verify_microdeposits", tc.pairs...).want(t, "status", 400, "type", "invalid_request_error", "code", tc.code, kind+".status", "requires_payment_method")
					last, event := "last_payment_error", "payment_intent.payment_failed"
					if kind == "setup_intent" {
						last, event = "last_setup_error", "setup_intent.setup_failed"
					}
					s.get(path).want(t, "status", "requires_payment_method", "next_action", nil, last+".code", tc.code)
					wantEvents(t, s.events(), "mandate.updated", event)
					return
				}
				verified := s.post(path+"/verify_microdeposits", tc.pairs...)
				if kind == "setup_intent" {
					verified.want(t, "status", "succeeded", "next_action", nil)
					s.get("/v1/mandates/"+verified.str("mandate")).want(t, "status", "active", "type", "multi_use")
					wantEvents(t, s.events(), "mandate.updated", "setup_intent.succeeded")
					return
				}
				verified.want(t, "status", "processing", "next_action", nil)
				wantEvents(t, s.events(), "mandate.updated", "charge.pending", "payment_intent.processing")
				s.wait(5 * time.Second)
				s.get(path).want(t, "status", "succeeded")
				s.refused("POST", path+"/verify_microdeposits", tc.pairs...).want(t, "status", 400, "code", "intent_invalid_state")
			})
		}
	}
}

func TestWrongMicrodepositsCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	pi := s.post("/v1/payment_intents", append(typedAccount("000123456789"), "amount", "2000", "currency", "usd")...).str("id")
	verify := "/v1/payment_intents/" + pi + "/verify_microdeposits"
	s.refused("POST", verify).want(t, "status", 400, "code", "parameter_missing")
	s.refused("POST", verify, "amounts[]", "1").want(t, "status", 400, "param", "amounts", "code", "payment_method_microdeposit_verification_amounts_invalid")
	s.refused("POST", verify, "amounts[]", "1", "amounts[]", "2", "descriptor_code", "SM11AA").want(t, "status", 400, "code", "parameters_exclusive")
	s.refused("POST", verify, "amounts[]", "1", "amounts[]", "2").want(t, "status", 400, "param", "amounts", "code", "payment_method_microdeposit_verification_amounts_mismatch",
		"message", "The amounts provided do not match the amounts that were sent to the bank account. You have 9 verification attempts remaining.", "payment_intent.status", "requires_action")
	for left := 8; left > 0; left-- {
		s.refused("POST", verify, "descriptor_code", "SM00XX").want(t, "code", "payment_method_microdeposit_verification_descriptor_code_mismatch",
			"message", fmt.Sprintf("The descriptor code provided does not match the one that was sent to the bank account. You have %d verification attempts remaining.", left))
	}
	s.refused("POST", verify, "descriptor_code", "SM00XX").want(t, "status", 400, "code", "payment_method_microdeposit_verification_attempts_exceeded")
	forgotten := s.post("/v1/payment_intents", append(typedAccount("000123456789"), "amount", "2000", "currency", "usd")...).str("id")
	s.events()
	s.wait(10 * 24 * time.Hour)
	s.get("/v1/payment_intents/"+forgotten).want(t, "status", "requires_payment_method", "last_payment_error.code", "payment_method_microdeposit_verification_timeout")
	wantEvents(t, s.events(), "mandate.updated", "payment_intent.payment_failed")
}

// An account that was verified once is not asked again.
func TestAVerifiedAccountIsDebitedAtOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers").str("id")
	si := s.post("/v1/setup_intents", append(typedAccount("000123456789"), "customer", customer)...)
	s.post("/v1/setup_intents/"+si.str("id")+"/verify_microdeposits", "descriptor_code", "SM11AA")
	pi := s.post("/v1/payment_intents", "amount", "2000", "currency", "usd", "customer", customer, "payment_method", si.str("payment_method"), "payment_method_types[]", "us_bank_account", "confirm", "true", "off_session", "true")
	pi.want(t, "status", "processing")
	mandate := s.get("/v1/setup_intents/" + si.str("id")).str("mandate")
	named := []string{"amount", "2000", "currency", "usd", "customer", customer, "payment_method", si.str("payment_method"), "payment_method_types[]", "us_bank_account", "confirm", "true", "mandate"}
	s.post("/v1/payment_intents", append(named, mandate)...).want(t, "status", "processing")
	s.refused("POST", "/v1/payment_intents", append(named, "mandate_none")...).want(t, "status", 400, "param", "mandate", "code", "resource_missing")
	s.events()
	s.post("/v1/payment_methods/" + si.str("payment_method") + "/detach")
	s.get("/v1/mandates/"+mandate).want(t, "status", "inactive")
	wantEvents(t, s.events(), "payment_method.detached", "mandate.updated")
}

// A holder who tells their bank that they never agreed takes the mandate back.
func TestADebitThatWasNotAuthorizedEndsItsMandate(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers").str("id")
	si := s.post("/v1/setup_intents", "customer", customer, "payment_method_types[]", "us_bank_account", "payment_method", "pm_usBankAccount_debitNotAuthorized", "mandate_data[customer_acceptance][type]", "offline", "confirm", "true")
	si.want(t, "status", "succeeded")
	pay := []string{"amount", "2000", "currency", "usd", "customer", customer, "payment_method", si.str("payment_method"), "payment_method_types[]", "us_bank_account", "confirm", "true"}
	s.post("/v1/payment_intents", pay...)
	s.events()
	s.wait(5 * time.Second)
	wantEvents(t, s.events(), "charge.failed", "mandate.updated", "payment_intent.payment_failed")
	s.get("/v1/mandates/"+si.str("mandate")).want(t, "status", "inactive")
	s.refused("POST", "/v1/payment_intents", append(pay, "mandate", si.str("mandate"))...).want(t, "status", 400, "code", "payment_intent_mandate_invalid",
		"message", "The provided mandate is invalid and can not be used for the payment intent.")
}

func TestTheHostedPageVerifiesAnAccount(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	pi := s.post("/v1/payment_intents", append(typedAccount("000123456789"), "amount", "2000", "currency", "usd")...)
	open := func(query string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, pi.str("next_action.verify_with_microdeposits.hosted_verification_url")+query, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	for _, step := range []struct {
		query, shows string
		status       int
	}{
		{"", "ending in 6789", 200},
		{"?descriptor_code=SM00XX", "You have 9 verification attempts remaining.", 200},
		{"?descriptor_code=SM11AA", "Account verified", 200},
		{"", "", 404},
	} {
		if status, text := open(step.query); status != step.status || !strings.Contains(text, step.shows) {
			t.Errorf("%q: status %d, want %d with %q:\n%s", step.query, status, step.status, step.shows, text)
		}
	}
	s.get("/v1/payment_intents/"+pi.str("id")).want(t, "status", "processing")
}
