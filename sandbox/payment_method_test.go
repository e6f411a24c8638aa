package sandbox_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/sandbox"
)

// card are the parameters of a card that a form has.
func card(number string, more ...string) []string {
	return append([]string{"type", "card", "card[number]", number, "card[exp_month]", "12", "card[exp_year]", "2039", "card[cvc]", "123"}, more...)
}

func TestAttachingAndDetaching(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers", "email", "ayse@example.com").str("id")
	method := s.post("/v1/payment_methods", card("4242424242424242", "billing_details[name]", "Ayşe", "billing_details[address][postal_code]", "34710", "metadata[order]", "7")...)
	method.want(t, "card.last4", "4242", "card.brand", "visa", "card.funding", "credit", "card.country", "US", "card.exp_month", 12, "card.exp_year", 2039, "customer", nil,
		"card.checks.cvc_check", "unchecked", "card.display_brand", "visa", "card.networks.available.0", "visa", "card.three_d_secure_usage.supported", true,
		"billing_details.name", "Ayşe", "metadata.order", "7", "allow_redisplay", "unspecified", "card.generated_from", nil)
	path := "/v1/payment_methods/" + method.str("id")
	s.events()
	s.refused("POST", path, "metadata[order]", "8").want(t, "status", 400, "message", "You must save this PaymentMethod to a customer before you can update it.")
	s.refused("POST", path+"/attach").want(t, "status", 400, "code", "parameter_missing", "message", "Must provide customer or customer_account.")
	s.refused("POST", path+"/attach", "customer", "cus_none").want(t, "status", 400, "code", "resource_missing", "param", "customer")
	s.refused("POST", "/v1/payment_methods/abcd/attach", "customer", customer).want(t, "status", 404, "code", "resource_missing", "param", "payment_method")
	s.refused("POST", path+"/detach").want(t, "status", 400, "code", nil)
	s.post(path+"/attach", "customer", customer).want(t, "customer", customer, "card.checks.cvc_check", "pass", "card.checks.address_postal_code_check", "pass")
	s.post(path+"/attach", "customer", customer).want(t, "customer", customer)
	s.refused("POST", path+"/attach", "customer", s.post("/v1/customers").str("id")).want(t, "status", 400)
	s.events()
	s.post(path, "card[exp_year]", "2041").want(t, "card.exp_year", 2041)
	updated := s.happened()
	updated[0].want(t, "type", "payment_method.updated", "data.previous_attributes.card.exp_year", 2039)

	s.post("/v1/customers/"+customer, "invoice_settings[default_payment_method]", method.str("id"))
	s.events()
	s.post(path+"/detach").want(t, "customer", nil)
	gone := s.happened()
	gone[0].want(t, "type", "payment_method.detached", "data.previous_attributes.customer", customer)
	gone[1].want(t, "type", "customer.updated", "data.previous_attributes.invoice_settings.default_payment_method", method.str("id"))
	s.refused("POST", path+"/attach", "customer", customer).want(t, "status", 400,
		"message", "This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, and may not be used again.")
}

func TestCardsThatCannotBeAttached(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers").str("id")
	for name, code := range map[string]string{
		"pm_card_visa_chargeDeclined": "card_declined", "pm_card_visa_chargeDeclinedInsufficientFunds": "card_declined", "pm_card_chargeDeclinedExpiredCard": "expired_card",
		"pm_card_chargeDeclinedIncorrectCvc": "incorrect_cvc", "pm_card_chargeDeclinedProcessingError": "processing_error",
	} {
		s.refused("POST", "/v1/payment_methods/"+name+"/attach", "customer", customer).want(t, "status", 402, "type", "card_error", "code", code)
	}
	s.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach", "customer", customer)
	if list := s.get("/v1/payment_methods", "customer", customer, "type", "card").list("data"); len(list) != 1 {
		t.Errorf("%d methods, want one", len(list))
	}
	if list := s.get("/v1/customers/" + customer + "/payment_methods").list("data"); len(list) != 1 {
		t.Errorf("%d methods of the customer, want one", len(list))
	}
	if list := s.get("/v1/payment_methods", "type", "card").list("data"); len(list) != 0 {
		t.Errorf("%d methods without a customer, want none", len(list))
	}
}

func TestOnlyPublishedNumbersAreCards(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, tc := range []struct {
		name    string
		params  []string
		code    string
		decline string
		message string
	}{
		{"a number that may be real", card("4111111111111111"), "card_declined", "test_mode_live_card", "Your card was declined. Your request was in test mode, but used a non test (live) card. For a list of valid test cards, visit: https://stripe.com/docs/testing."},
		{"a wrong check digit", card("4242424242424241"), "incorrect_number", "", "Your card number is incorrect."},
		{"letters", card("4242x42424242424"), "incorrect_number", "", "Your card number is incorrect."},
		{"month 13", card("4242424242424242", "card[exp_month]", "13"), "invalid_expiry_month", "", "Your card's expiration month is invalid."},
		{"a year long gone", card("4242424242424242", "card[exp_year]", "1970"), "invalid_expiry_year", "", "Your card's expiration year is invalid."},
		{"a short code", card("4242424242424242", "card[cvc]", "99"), "invalid_cvc", "", "Your card's security code is invalid."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			params := tc.params
			for i := 0; i < len(params); i += 2 { // the last one counts
				for j := i + 2; j < len(params); j += 2 {
					if params[i] == params[j] {
						params[i+1] = params[j+1]
					}
				}
			}
			status, o := s.call("POST", "/v1/payment_methods", dedupe(params)...)
			if status != 402 {
				t.Fatalf("status %d: %v", status, o)
			}
			e := o.hash("error")
			e.want(t, "type", "card_error", "code", tc.code, "message", tc.message)
			if e.str("decline_code") != tc.decline {
				t.Errorf("decline_code %q, want %q", e.str("decline_code"), tc.decline)
			}
		})
	}
	s.post("/v1/payment_methods", card("4242 4242 4242 4242")...)
	s.post("/v1/payment_methods", "type", "card", "card[number]", "378282246310005", "card[exp_month]", "12", "card[exp_year]", "39", "card[cvc]", "1234").want(t, "card.brand", "amex", "card.exp_year", 2039)
}

// dedupe keeps the first of each name.
func dedupe(pairs []string) []string {
	var kept []string
	seen := map[string]bool{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if !seen[pairs[i]] {
			kept = append(kept, pairs[i], pairs[i+1])
		}
		seen[pairs[i]] = true
	}
	return kept
}

func TestFingerprintsTellCardsApart(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	one, same := s.post("/v1/payment_methods", card("4242424242424242")...), s.post("/v1/payment_methods", "type", "card", "card[token]", "tok_visa")
	other := s.post("/v1/payment_methods", card("5555555555554444")...)
	if one.str("card.fingerprint") != same.str("card.fingerprint") || one.str("card.fingerprint") == other.str("card.fingerprint") {
		t.Errorf("fingerprints %s, %s, %s", one.str("card.fingerprint"), same.str("card.fingerprint"), other.str("card.fingerprint"))
	}
	s.key = "sk_test_another"
	if elsewhere := s.post("/v1/payment_methods", card("4242424242424242")...); elsewhere.str("card.fingerprint") == one.str("card.fingerprint") {
		t.Error("two accounts see the same fingerprint")
	}
}

func TestTokensAreUsedOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.key = "pk_test_shop"
	token := s.post("/v1/tokens", "card[number]", "4000000000000002", "card[exp_month]", "12", "card[exp_year]", "2039", "card[cvc]", "123", "card[name]", "Ayşe")
	token.want(t, "type", "card", "used", false, "card.last4", "0002", "card.brand", "Visa")
	s.key = "sk_test_shop"
	method := s.post("/v1/payment_methods", "type", "card", "card[token]", token.str("id"))
	method.want(t, "card.last4", "0002", "billing_details.name", "Ayşe")
	s.get("/v1/tokens/"+token.str("id")).want(t, "used", true)
	s.refused("POST", "/v1/payment_methods", "type", "card", "card[token]", token.str("id")).want(t, "status", 400, "code", "token_already_used")
	s.refused("POST", "/v1/payment_intents", "amount", "2000", "currency", "usd", "payment_method_types[]", "card", "payment_method", method.str("id"), "confirm", "true").
		want(t, "status", 402, "code", "card_declined", "decline_code", "generic_decline")
}

func TestConfirmationTokens(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.key = "pk_test_shop"
	token := s.post("/v1/confirmation_tokens", "payment_method_data[type]", "card", "payment_method_data[card][number]", "4000002760003184", "payment_method_data[card][exp_month]", "12",
		"payment_method_data[card][exp_year]", "2039", "payment_method_data[card][cvc]", "123", "return_url", "https://shop.example/back", "shipping[name]", "Ayşe", "shipping[address][line1]", "Bahariye Caddesi 1")
	s.key = "sk_test_shop"
	s.get("/v1/confirmation_tokens/"+token.str("id")).want(t, "payment_method_preview.card.last4", "3184", "return_url", "https://shop.example/back", "payment_intent", nil, "expires_at", start+12*3600)
	pi := s.intent("confirm", "true", "confirmation_token", token.str("id"))
	pi.want(t, "status", "requires_action", "shipping.name", "Ayşe", "shipping.address.line1", "Bahariye Caddesi 1")
	s.get("/v1/confirmation_tokens/"+token.str("id")).want(t, "payment_intent", pi.str("id"))
	s.refused("POST", "/v1/payment_intents", "amount", "2000", "currency", "usd", "payment_method_types[]", "card", "confirm", "true", "confirmation_token", token.str("id")).
		want(t, "status", 400, "param", "confirmation_token")
	late := s.post("/v1/test_helpers/confirmation_tokens", "payment_method", "pm_card_visa").str("id")
	s.wait(12 * time.Hour)
	s.refused("POST", "/v1/payment_intents", "amount", "2000", "currency", "usd", "payment_method_types[]", "card", "confirm", "true", "confirmation_token", late).want(t, "status", 400)
}

// Each published account of a bank debit.
func TestBankDebits(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		method, typ, currency string
		status, code          string
		wait                  time.Duration
		events                []string
	}{
		{"pm_usBankAccount_success", "us_bank_account", "usd", "succeeded", "", 5 * time.Second, []string{"charge.succeeded", "payment_intent.succeeded"}},
		{"pm_usBankAccount_accountClosed", "us_bank_account", "usd", "requires_payment_method", "account_closed", 5 * time.Second, []string{"charge.failed", "payment_intent.payment_failed"}},
		{"pm_usBankAccount_noAccount", "us_bank_account", "usd", "requires_payment_method", "no_account", 5 * time.Second, []string{"charge.failed", "payment_intent.payment_failed"}},
		{"pm_usBankAccount_insufficientFunds", "us_bank_account", "usd", "requires_payment_method", "insufficient_funds", 5 * time.Second, []string{"charge.failed", "payment_intent.payment_failed"}},
		{"pm_usBankAccount_dispute", "us_bank_account", "usd", "succeeded", "", 5 * time.Second, []string{"charge.succeeded", "charge.dispute.created", "charge.dispute.funds_withdrawn", "payment_intent.succeeded"}},
		{"pm_usBankAccount_processing", "us_bank_account", "usd", "processing", "", 30 * 24 * time.Hour, nil},
		{"pm_success_de", "sepa_debit", "eur", "succeeded", "", 5 * time.Second, []string{"charge.succeeded", "payment_intent.succeeded"}},
		{"pm_successDelayed_de", "sepa_debit", "eur", "succeeded", "", 3 * time.Minute, []string{"charge.succeeded", "payment_intent.succeeded"}},
		{"pm_failed_fr", "sepa_debit", "eur", "requires_payment_method", "payment_intent_payment_attempt_failed", 5 * time.Second, []string{"charge.failed", "payment_intent.payment_failed"}},
		{"pm_disputed_ie", "sepa_debit", "eur", "succeeded", "", 5 * time.Second, []string{"charge.succeeded", "charge.dispute.created", "charge.dispute.funds_withdrawn", "payment_intent.succeeded"}},
	} {
		t.Run(tc.method, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			base := []string{"amount", "2000", "currency", tc.currency, "payment_method_types[]", tc.typ, "payment_method", tc.method, "confirm", "true"}
			s.refused("POST", "/v1/payment_intents", base...).want(t, "status", 400,
				"message", "This PaymentIntent requires a mandate, but no existing mandate was found. Collect mandate acceptance from the customer and try again, providing acceptance data in the mandate_data parameter.")
			pi := s.post("/v1/payment_intents", append(base, "mandate_data[customer_acceptance][type]", "online", "mandate_data[customer_acceptance][online][ip_address]", "127.0.0.1",
				"mandate_data[customer_acceptance][online][user_agent]", "test", "expand[]", "latest_charge")...)
			pi.want(t, "status", "processing", "latest_charge.status", "pending", "latest_charge.paid", false)
			s.get("/v1/mandates/"+pi.str("latest_charge.payment_method_details."+tc.typ+".mandate")).want(t, "status", "active", "type", "single_use", "single_use.amount", 2000)
			wantEvents(t, s.events(), "payment_intent.created", "charge.pending", "payment_intent.processing")
			s.wait(tc.wait)
			after := s.get("/v1/payment_intents/" + pi.str("id"))
			after.want(t, "status", tc.status)
			wantEvents(t, s.events(), tc.events...)
			if tc.code != "" {
				after.want(t, "last_payment_error.code", tc.code, "payment_method", nil)
			}
		})
	}
	s := newShop(t)
	s.refused("POST", "/v1/payment_methods", "type", "sepa_debit", "sepa_debit[iban]", "DE89370400440532013001", "billing_details[name]", "A", "billing_details[email]", "a@example.com").want(t, "status", 400, "param", "sepa_debit[iban]")
	s.refused("POST", "/v1/payment_methods", "type", "sepa_debit", "sepa_debit[iban]", "GB33BUKB20201555555555", "billing_details[name]", "A", "billing_details[email]", "a@example.com").want(t, "status", 400, "param", "sepa_debit[iban]")
	s.refused("POST", "/v1/payment_methods", "type", "us_bank_account", "us_bank_account[account_number]", "000123456780", "us_bank_account[routing_number]", "110000000", "us_bank_account[account_holder_type]", "individual").want(t, "status", 400)
}

// A restart keeps what Stripe knows of a card and does not show, and no number is in the data.
func TestNumbersDoNotOutliveTheirRequest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := func(f func(s *shop)) {
		sb, err := sandbox.New(sandbox.Options{Data: dir})
		if err != nil {
			t.Fatal(err)
		}
		s := shopOf(t, sb)
		f(s)
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	}
	var method, session string
	run(func(s *shop) {
		method = s.post("/v1/payment_methods", "type", "card", "card[number]", "4000000000009995", "card[exp_month]", "12", "card[exp_year]", "2039", "card[cvc]", "987").str("id")
		s.call("POST", "/v1/payment_methods", "type", "card", "card[number]", "4111111111111111", "card[exp_month]", "12", "card[exp_year]", "2039")
		s.post("/v1/tokens", "card[number]", "5555555555554444", "card[exp_month]", "12", "card[exp_year]", "2039", "card[cvc]", "987")
		session = s.session().str("id")
		s.onPage("POST", session+"/confirm", typed("4000000000000127")...)
		s.get("/_sandbox/requests")
	})
	run(func(s *shop) {
		e := s.refused("POST", "/v1/payment_intents", "amount", "2000", "currency", "usd", "payment_method_types[]", "card", "payment_method", method, "confirm", "true")
		e.want(t, "decline_code", "insufficient_funds")
		_, page := s.onPage("GET", session)
		page.want(t, "session.status", "open", "line_items.0.description", "Türk kahvesi, 250 g")
		s.get("/v1/checkout/sessions/"+session, "expand[]", "line_items.data.price.product").want(t, "line_items.data.0.price.product.name", "Türk kahvesi, 250 g")
		s.onPage("POST", session+"/confirm", typed("4242424242424242")...)
		s.get("/v1/checkout/sessions/"+session).want(t, "payment_status", "paid")
	})
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, number := range []string{"4000000000009995", "4111111111111111", "5555555555554444", "4000000000000127", "4242424242424242", `"987"`} {
			if bytes.Contains(text, []byte(number)) {
				t.Errorf("%s holds %s", filepath.Base(path), number)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// simulate does what a person or a bank does, through the control API.
func (s *shop) simulate(body string) (int, object) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.server.URL+"/_sandbox/simulate", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.key)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	var o object
	if err := json.NewDecoder(answer.Body).Decode(&o); err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, o
}

func TestSimulations(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	must := func(body string) object {
		t.Helper()
		status, o := s.simulate(body)
		if status != http.StatusOK && status != http.StatusCreated {
			t.Fatalf("%s: %d %v", body, status, o)
		}
		return o
	}
	session := s.session()
	must(`{"type":"checkout","session":"`+session.str("id")+`","payment_method":"pm_card_authenticationRequired"}`).want(t, "status", "open")
	waiting := s.get("/v1/checkout/sessions/" + session.str("id")).str("payment_intent")
	must(`{"type":"3ds","intent":"`+waiting+`","result":"succeed"}`).want(t, "status", "succeeded")
	s.get("/v1/checkout/sessions/"+session.str("id")).want(t, "status", "complete", "payment_status", "paid")
	if status, o := s.simulate(`{"type":"3ds","intent":"` + waiting + `","result":"succeed"}`); status != 400 {
		t.Errorf("nothing to answer: %d %v", status, o)
	}
	declined := s.session()
	if status, o := s.simulate(`{"type":"checkout","session":"` + declined.str("id") + `","payment_method":"pm_card_visa_chargeDeclined"}`); status != 402 {
		t.Errorf("a declined buyer: %d %v", status, o)
	}

	debit := s.post("/v1/payment_intents", "amount", "2000", "currency", "usd", "payment_method_types[]", "us_bank_account", "payment_method", "pm_usBankAccount_processing", "confirm", "true",
		"mandate_data[customer_acceptance][type]", "offline")
	must(`{"type":"async_payment","intent":"`+debit.str("id")+`","result":"fail","failure_code":"insufficient_funds"}`).
		want(t, "status", "requires_payment_method", "last_payment_error.code", "insufficient_funds")

	pi := s.intent("payment_method", "pm_card_visa", "confirm", "true")
	s.events()
	du := must(`{"type":"dispute","intent":"` + pi.str("id") + `","reason":"product_not_received","amount":500}`)
	du.want(t, "status", "needs_response", "reason", "product_not_received", "amount", 500)
	must(`{"type":"dispute","dispute":"`+du.str("id")+`","result":"won"}`).want(t, "status", "won")
	wantEvents(t, s.events(), "charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated", "charge.dispute.closed")
	must(`{"type":"dispute","charge":"`+pi.str("latest_charge")+`","kind":"prevented"}`).want(t, "status", "prevented", "is_charge_refundable", true)
	inquiry := must(`{"type":"dispute","charge":"` + pi.str("latest_charge") + `","kind":"inquiry"}`)
	inquiry.want(t, "status", "warning_needs_response")
	must(`{"type":"dispute","dispute":"`+inquiry.str("id")+`","result":"escalated"}`).want(t, "status", "needs_response")
	must(`{"type":"radar_warning","charge":"`+pi.str("latest_charge")+`"}`).want(t, "charge", pi.str("latest_charge"), "fraud_type", "made_with_stolen_card", "actionable", true)

	customer := s.post("/v1/customers").str("id")
	method := s.post("/v1/payment_methods/pm_card_visa/attach", "customer", customer).str("id")
	s.events()
	must(`{"type":"card_updated","payment_method":"`+method+`","number":"4000056655665556","exp_month":3,"exp_year":2044}`).
		want(t, "card.last4", "5556", "card.exp_year", 2044, "card.funding", "debit")
	changed := s.happened()
	changed[0].want(t, "type", "payment_method.automatically_updated", "data.previous_attributes.card.last4", "4242", "request.id", nil)
	if status, _ := s.simulate(`{"type":"card_updated","payment_method":"` + method + `","number":"4111111111111111"}`); status != 402 {
		t.Errorf("a number that may be real: %d", status)
	}
}
