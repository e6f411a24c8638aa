package sandbox_test

import (
	"strings"
	"testing"
)

func (s *shop) reader() string {
	s.t.Helper()
	return s.post("/v1/terminal/readers", "registration_code", "simulated-wpe", "label", "Counter").str("id")
}

func TestAReaderTakesAPayment(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, capture, number, status, action, code string
		events                                      []string
	}{
		{"paid at once", "automatic", "", "succeeded", "succeeded", "", []string{"charge.succeeded", "payment_intent.succeeded", "terminal.reader.action_succeeded"}},
		{"held", "manual", "4242424242424242", "requires_capture", "succeeded", "", []string{"charge.succeeded", "payment_intent.amount_capturable_updated", "terminal.reader.action_succeeded"}},
		{"declined", "automatic", "4000000000000002", "requires_payment_method", "failed", "card_declined", []string{"charge.failed", "payment_intent.payment_failed", "terminal.reader.action_failed"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			reader := s.reader()
			path := "/v1/terminal/readers/" + reader
			pi := s.post("/v1/payment_intents", "amount", "2000", "currency", "usd", "payment_method_types[]", "card_present", "capture_method", tc.capture).str("id")
			s.events()
			s.post(path+"/process_payment_intent", "payment_intent", pi).want(t, "action.type", "process_payment_intent", "action.status", "in_progress", "action.process_payment_intent.payment_intent", pi)
			wantEvents(t, s.events())
			s.refused("POST", path+"/process_payment_intent", "payment_intent", pi).want(t, "status", 400, "code", "terminal_reader_busy")
			pairs := []string{}
			if tc.number != "" {
				pairs = []string{"type", "card_present", "card_present[number]", tc.number}
			}
			s.post("/v1/test_helpers/terminal/readers/"+reader+"/present_payment_method", pairs...).want(t, "action.status", tc.action)
			if got := s.get(path).str("action.failure_code"); got != tc.code {
				t.Errorf("failure_code is %q, want %q", got, tc.code)
			}
			done := s.get("/v1/payment_intents/"+pi, "expand[]", "latest_charge")
			done.want(t, "status", tc.status, "latest_charge.payment_method_details.type", "card_present", "latest_charge.payment_method_details.card_present.brand", "visa")
			wantEvents(t, s.events(), tc.events...)
			s.refused("POST", "/v1/test_helpers/terminal/readers/"+reader+"/present_payment_method").want(t, "status", 400)
		})
	}
}

func TestAReaderCollectsThenConfirms(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	reader := s.reader()
	path := "/v1/terminal/readers/" + reader
	pi := s.post("/v1/payment_intents", "amount", "2000", "currency", "usd", "payment_method_types[]", "card_present").str("id")
	s.refused("POST", path+"/confirm_payment_intent", "payment_intent", pi).want(t, "status", 400, "code", "payment_intent_unexpected_state")
	s.post(path+"/collect_payment_method", "payment_intent", pi)
	s.post("/v1/test_helpers/terminal/readers/"+reader+"/present_payment_method").want(t, "action.status", "succeeded", "action.collect_payment_method.payment_method.type", "card_present")
	s.post(path+"/confirm_payment_intent", "payment_intent", pi).want(t, "action.type", "confirm_payment_intent", "action.status", "succeeded")
	paid := s.get("/v1/payment_intents/" + pi)
	paid.want(t, "status", "succeeded")
	s.post(path+"/refund_payment", "payment_intent", pi, "amount", "500").want(t, "action.status", "in_progress", "action.refund_payment.amount", 500)
	s.post("/v1/test_helpers/terminal/readers/"+reader+"/present_payment_method").want(t, "action.status", "succeeded")
	s.get("/v1/charges/"+paid.str("latest_charge")).want(t, "amount_refunded", 500)
	si := s.post("/v1/setup_intents", "payment_method_types[]", "card_present").str("id")
	s.post(path+"/process_setup_intent", "setup_intent", si, "allow_redisplay", "always").want(t, "action.type", "process_setup_intent")
	s.post("/v1/test_helpers/terminal/readers/" + reader + "/present_payment_method")
	s.get("/v1/setup_intents/"+si).want(t, "status", "succeeded")
}

func TestWhatReadersRefuse(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	reader := s.reader()
	path := "/v1/terminal/readers/" + reader
	card := s.intent().str("id")
	s.refused("POST", path+"/process_payment_intent", "payment_intent", card).want(t, "status", 400, "code", "payment_intent_unexpected_state")
	s.refused("POST", path+"/process_payment_intent", "payment_intent", "pi_none").want(t, "status", 404, "code", "resource_missing")
	s.refused("POST", path+"/refund_payment").want(t, "status", 400, "code", "parameter_missing")
	s.refused("POST", "/v1/terminal/readers/tmr_none/cancel_action").want(t, "status", 404)
	s.post(path+"/set_reader_display", "type", "cart", "cart[currency]", "usd", "cart[total]", "100", "cart[line_items][0][amount]", "100", "cart[line_items][0][description]", "Tea", "cart[line_items][0][quantity]", "1").
		want(t, "action.type", "set_reader_display", "action.status", "succeeded")
	collect := []string{"inputs[0][type]", "text", "inputs[0][custom_text][title]", "Name", "inputs[0][required]", "true"}
	s.events()
	s.post(path+"/collect_inputs", collect...).want(t, "action.type", "collect_inputs", "action.status", "in_progress")
	s.post("/v1/test_helpers/terminal/readers/"+reader+"/timeout_input_collection").want(t, "action.status", "failed", "action.failure_code", "reader_timeout")
	s.post(path+"/collect_inputs", collect...)
	s.post("/v1/test_helpers/terminal/readers/"+reader+"/succeed_input_collection").want(t, "action.status", "succeeded")
	s.post(path+"/collect_inputs", collect...)
	s.post(path+"/cancel_action").want(t, "action", nil)
	wantEvents(t, s.events(), "terminal.reader.action_failed", "terminal.reader.action_succeeded", "terminal.reader.action_updated")
}

func TestPaymentRecords(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	report := []string{"amount_requested[currency]", "usd", "amount_requested[value]", "2000", "initiated_at", "1793613600", "payment_method_details[type]", "custom", "payment_method_details[custom][display_name]", "Cash"}
	open := s.post("/v1/payment_records/report_payment", report...)
	open.want(t, "object", "payment_record", "amount.value", 2000, "amount_guaranteed.value", 0, "reported_by", "self", "latest_payment_attempt_record", open.str("latest_payment_attempt_record"))
	path := "/v1/payment_records/" + open.str("id")
	s.post(path+"/report_payment_attempt_failed", "failed_at", "1793613601").want(t, "amount_failed.value", 2000)
	s.refused("POST", path+"/report_payment_attempt_guaranteed", "guaranteed_at", "1793613602").want(t, "status", 400)
	again := s.post(path+"/report_payment_attempt", "initiated_at", "1793613603", "outcome", "guaranteed", "guaranteed[guaranteed_at]", "1793613604")
	again.want(t, "amount_guaranteed.value", 2000, "amount_failed.value", 0)
	if again.str("latest_payment_attempt_record") == open.str("latest_payment_attempt_record") {
		t.Error("the second attempt has no record of its own")
	}
	s.get("/v1/payment_attempt_records/"+again.str("latest_payment_attempt_record")).want(t, "payment_record", open.str("id"), "amount_guaranteed.value", 2000)
	refund := []string{"outcome", "refunded", "processor_details[type]", "custom", "processor_details[custom][refund_reference]", "r1", "refunded[refunded_at]", "1793613605", "amount[currency]", "usd", "amount[value]"}
	s.post(path+"/report_refund", append(refund, "500")...).want(t, "amount_refunded.value", 500)
	s.refused("POST", path+"/report_refund", append(refund, "1501")...).want(t, "status", 400, "param", "amount[value]")
	s.refused("POST", path+"/report_payment_attempt", "initiated_at", "1793613606").want(t, "status", 400)
	s.refused("POST", "/v1/payment_records/pr_none/report_payment_attempt_failed", "failed_at", "1").want(t, "status", 404)
}

func TestAChargesDisputeIsAnsweredByTheCharge(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	ch := s.intent("payment_method", "pm_card_createDispute", "confirm", "true").str("latest_charge")
	s.post("/v1/charges/"+ch+"/dispute", "evidence[uncategorized_text]", "a letter", "submit", "false").want(t, "evidence.uncategorized_text", "a letter", "status", "needs_response")
	s.post("/v1/charges/"+ch+"/dispute/close").want(t, "status", "lost")
	s.refused("POST", "/v1/charges/"+ch+"/dispute/close").want(t, "status", 400)
	plain := s.intent("payment_method", "pm_card_visa", "confirm", "true").str("latest_charge")
	s.refused("POST", "/v1/charges/"+plain+"/dispute/close").want(t, "status", 404)
}

func TestAReaderLibraryConnectsByASecret(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	first, second := s.post("/v1/terminal/connection_tokens"), s.post("/v1/terminal/connection_tokens")
	if !strings.HasPrefix(first.str("secret"), "pst_test_") || first.str("secret") == second.str("secret") {
		t.Errorf("the secrets are %q and %q", first.str("secret"), second.str("secret"))
	}
	s.refused("POST", "/v1/terminal/connection_tokens", "location", "tml_none").want(t, "param", "location", "code", "resource_missing")
}
