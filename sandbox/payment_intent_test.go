package sandbox_test

import (
	"testing"
	"time"
)

// Each published card: what a confirmation on the server answers, and what happens. Sources: docs.stripe.com/testing and
// recorded answers.
func TestConfirmingEachPublishedCard(t *testing.T) {
	t.Parallel()
	paid := []string{"payment_intent.created", "charge.succeeded", "payment_intent.succeeded"}
	declined := []string{"payment_intent.created", "charge.failed", "payment_intent.payment_failed"}
	asks := []string{"payment_intent.created", "payment_intent.requires_action"}
	for _, tc := range []struct {
		card          string
		status        string
		code, decline string
		message       string
		events        []string
	}{
		{"pm_card_visa", "succeeded", "", "", "", paid},
		{"pm_card_visa_debit", "succeeded", "", "", "", paid},
		{"pm_card_mastercard", "succeeded", "", "", "", paid},
		{"pm_card_mastercard_prepaid", "succeeded", "", "", "", paid},
		{"pm_card_amex", "succeeded", "", "", "", paid},
		{"pm_card_discover", "succeeded", "", "", "", paid},
		{"pm_card_diners", "succeeded", "", "", "", paid},
		{"pm_card_jcb", "succeeded", "", "", "", paid},
		{"pm_card_unionpay", "succeeded", "", "", "", paid},
		{"pm_card_visa_cartesBancaires", "succeeded", "", "", "", paid},
		{"pm_card_de", "succeeded", "", "", "", paid},
		{"tok_visa", "succeeded", "", "", "", paid},
		{"pm_card_visa_chargeDeclined", "requires_payment_method", "card_declined", "generic_decline", "Your card was declined.", declined},
		{"pm_card_chargeDeclined", "requires_payment_method", "card_declined", "generic_decline", "Your card was declined.", declined},
		{"pm_card_visa_chargeDeclinedInsufficientFunds", "requires_payment_method", "card_declined", "insufficient_funds", "Your card has insufficient funds.", declined},
		{"pm_card_visa_chargeDeclinedLostCard", "requires_payment_method", "card_declined", "lost_card", "Your card was declined.", declined},
		{"pm_card_visa_chargeDeclinedStolenCard", "requires_payment_method", "card_declined", "stolen_card", "Your card was declined.", declined},
		{"pm_card_chargeDeclinedExpiredCard", "requires_payment_method", "expired_card", "expired_card", "Your card has expired.", declined},
		{"pm_card_chargeDeclinedIncorrectCvc", "requires_payment_method", "incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.", declined},
		{"pm_card_chargeDeclinedProcessingError", "requires_payment_method", "processing_error", "processing_error", "An error occurred while processing your card. Try again in a little bit.", declined},
		{"pm_card_visa_chargeDeclinedVelocityLimitExceeded", "requires_payment_method", "card_declined", "card_velocity_exceeded", "Your card was declined.", declined},
		{"pm_card_chargeCustomerFail", "requires_payment_method", "card_declined", "generic_decline", "Your card was declined.", declined},
		{"pm_card_radarBlock", "requires_payment_method", "card_declined", "fraudulent", "Your card was declined.", declined},
		{"pm_card_riskLevelHighest", "requires_payment_method", "card_declined", "fraudulent", "Your card was declined.", declined},
		{"pm_card_riskLevelElevated", "succeeded", "", "", "", []string{"payment_intent.created", "charge.succeeded", "review.opened", "payment_intent.succeeded"}},
		{"pm_card_cvcCheckFail", "succeeded", "", "", "", paid},
		{"pm_card_avsFail", "succeeded", "", "", "", paid},
		{"pm_card_authenticationRequired", "requires_action", "", "", "", asks},
		{"pm_card_authenticationRequiredOnSetup", "requires_action", "", "", "", asks},
		{"pm_card_authenticationRequiredSetupForOffSession", "requires_action", "", "", "", asks},
		{"pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "requires_action", "", "", "", asks},
		{"pm_card_threeDSecure2Required", "requires_action", "", "", "", asks},
		{"tok_threeDSecureRequired", "requires_action", "", "", "", asks},
		{"pm_card_threeDSecureRequiredChargeDeclined", "requires_action", "", "", "", asks},
		{"pm_card_threeDSecureRequiredProcessingError", "requires_payment_method", "card_declined", "generic_decline", "Your card was declined.", declined},
		{"pm_card_threeDSecureOptional", "succeeded", "", "", "", paid},
		{"pm_card_threeDSecureOptionalProcessingError", "succeeded", "", "", "", paid},
		{"pm_card_amex_threeDSecureNotSupported", "succeeded", "", "", "", paid},
		{"pm_card_createDispute", "succeeded", "", "", "", []string{"payment_intent.created", "charge.succeeded", "charge.dispute.created", "charge.dispute.funds_withdrawn", "payment_intent.succeeded"}},
		{"pm_card_createDisputeProductNotReceived", "succeeded", "", "", "", []string{"payment_intent.created", "charge.succeeded", "charge.dispute.created", "charge.dispute.funds_withdrawn", "payment_intent.succeeded"}},
		{"pm_card_createDisputeInquiry", "succeeded", "", "", "", []string{"payment_intent.created", "charge.succeeded", "charge.dispute.created", "payment_intent.succeeded"}},
		{"pm_card_createMultipleDisputes", "succeeded", "", "", "", []string{"payment_intent.created", "charge.succeeded", "charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.created", "charge.dispute.funds_withdrawn", "payment_intent.succeeded"}},
		{"pm_card_createIssuerFraudRecord", "succeeded", "", "", "", []string{"payment_intent.created", "charge.succeeded", "radar.early_fraud_warning.created", "payment_intent.succeeded"}},
		{"pm_card_pendingRefund", "succeeded", "", "", "", paid},
		{"pm_card_refundFail", "succeeded", "", "", "", paid},
		{"pm_card_bypassPending", "succeeded", "", "", "", paid},
	} {
		t.Run(tc.card, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			status, answer := s.call("POST", "/v1/payment_intents", "amount", "2000", "currency", "usd", "payment_method_types[]", "card",
				"payment_method", tc.card, "confirm", "true", "metadata[order]", "7")
			pi := answer
			if tc.code != "" {
				e := answer.hash("error")
				pi = e.hash("payment_intent")
				if status != 402 {
					t.Errorf("status %d, want 402", status)
				}
				e.want(t, "type", "card_error", "code", tc.code, "decline_code", tc.decline, "message", tc.message, "payment_method.object", "payment_method")
				pi.want(t, "last_payment_error.code", tc.code, "last_payment_error.decline_code", tc.decline, "last_payment_error.message", tc.message,
					"last_payment_error.charge", e.str("charge"), "last_payment_error.payment_method.id", e.str("payment_method.id"),
					"payment_method", nil, "latest_charge", e.str("charge"))
				ch := s.get("/v1/charges/" + e.str("charge"))
				ch.want(t, "status", "failed", "paid", false, "captured", false, "failure_code", tc.code, "failure_message", tc.message,
					"payment_intent", pi.str("id"), "metadata.order", "7", "amount_captured", 0)
				kind, reason, network := "issuer_declined", tc.decline, "declined_by_network"
				if tc.decline == "fraudulent" {
					kind, reason, network = "blocked", "highest_risk_level", "not_sent_to_network"
				}
				ch.want(t, "outcome.type", kind, "outcome.reason", reason, "outcome.network_status", network)
			} else if status != 200 {
				t.Fatalf("status %d: %v", status, answer)
			}
			pi.want(t, "status", tc.status)
			if tc.status == "requires_action" {
				pi.want(t, "latest_charge", nil, "next_action.type", "use_stripe_sdk")
				if pi.str("payment_method") == "" {
					t.Error("payment_method is gone")
				}
			}
			if tc.status == "succeeded" {
				pi.want(t, "amount_received", 2000, "amount_capturable", 0, "next_action", nil, "last_payment_error", nil)
				s.get("/v1/charges/"+pi.str("latest_charge")).want(t, "status", "succeeded", "paid", true, "captured", true, "amount_captured", 2000,
					"amount_refunded", 0, "balance_transaction", nil, "outcome.network_status", "approved_by_network", "failure_code", nil)
			}
			wantEvents(t, s.events(), tc.events...)
		})
	}
}

func TestACardIsSettledLaterUnlessCapturedAtOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	pi := s.intent("payment_method", "pm_card_visa", "confirm", "true", "description", "Order 7")
	pi.want(t, "capture_method", "automatic_async")
	s.events()
	s.wait(2 * time.Second)
	happened := s.happened()
	if len(happened) != 1 {
		t.Fatalf("%d events, want one", len(happened))
	}
	happened[0].want(t, "type", "charge.updated", "data.previous_attributes.balance_transaction", nil, "request.id", nil)
	if _, ok := happened[0].hash("data.previous_attributes")["balance_transaction"]; !ok {
		t.Error("previous_attributes lacks balance_transaction")
	}
	txn := s.get("/v1/balance_transactions/" + happened[0].str("data.object.balance_transaction"))
	txn.want(t, "amount", 2000, "fee", 88, "net", 1912, "type", "charge", "reporting_category", "charge", "status", "pending", "description", "Order 7",
		"fee_details.0.type", "stripe_fee", "fee_details.0.description", "Stripe processing fees", "balance_type", "payments",
		"available_on", start-start%86400+2*86400)

	at := s.intent("payment_method", "pm_card_visa", "confirm", "true", "capture_method", "automatic", "expand[]", "latest_charge.balance_transaction")
	at.want(t, "latest_charge.balance_transaction.amount", 2000)
}

func TestFeesAreRoundedHalfUp(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for amount, fee := range map[string]int{"1000": 59, "2500": 103, "2900": 114, "22500": 683} {
		pi := s.post("/v1/payment_intents", "amount", amount, "currency", "usd", "payment_method_types[]", "card", "payment_method", "pm_card_visa",
			"confirm", "true", "capture_method", "automatic", "expand[]", "latest_charge.balance_transaction")
		pi.want(t, "latest_charge.balance_transaction.fee", fee)
	}
}
