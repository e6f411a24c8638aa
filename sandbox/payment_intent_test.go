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

// A PaymentIntent's calls by state: what they answer and what they leave.
func TestPaymentIntentCallsByState(t *testing.T) {
	t.Parallel()
	const unexpected = "payment_intent_unexpected_state"
	// states bring an intent to where a call meets it.
	states := map[string]func(s *shop) object{
		"requires_payment_method": func(s *shop) object { return s.intent() },
		"requires_confirmation":   func(s *shop) object { return s.intent("payment_method", "pm_card_visa") },
		"requires_action": func(s *shop) object {
			return s.intent("payment_method", "pm_card_authenticationRequired", "confirm", "true")
		},
		"requires_capture": func(s *shop) object {
			return s.intent("payment_method", "pm_card_visa", "confirm", "true", "capture_method", "manual")
		},
		"processing": func(s *shop) object {
			return s.post("/v1/payment_intents", "amount", "2000", "currency", "usd", "payment_method_types[]", "us_bank_account", "payment_method", "pm_usBankAccount_success", "confirm", "true",
				"mandate_data[customer_acceptance][type]", "offline")
		},
		"succeeded": func(s *shop) object { return s.intent("payment_method", "pm_card_visa", "confirm", "true") },
		"canceled": func(s *shop) object {
			return s.post("/v1/payment_intents/" + s.intent().str("id") + "/cancel")
		},
	}
	for _, tc := range []struct {
		state, verb string
		params      []string
		// next is the state after a call that succeeds; code and message are those of one that fails.
		next, code, message string
		events              []string
	}{
		{"requires_payment_method", "/confirm", nil, "", unexpected, "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.", nil},
		{"requires_payment_method", "/confirm", []string{"payment_method", "pm_card_visa"}, "succeeded", "", "", []string{"charge.succeeded", "payment_intent.succeeded"}},
		{"requires_confirmation", "/confirm", nil, "succeeded", "", "", []string{"charge.succeeded", "payment_intent.succeeded"}},
		{"requires_action", "/confirm", []string{"payment_method", "pm_card_visa"}, "succeeded", "", "", []string{"charge.succeeded", "payment_intent.succeeded"}},
		{"requires_capture", "/confirm", nil, "", unexpected, "This PaymentIntent could not be confirmed because it has a status of requires_capture. Only a PaymentIntent with one of the following statuses may be confirmed: requires_payment_method, requires_confirmation, requires_action.", nil},
		{"processing", "/confirm", nil, "", unexpected, "This PaymentIntent could not be confirmed because it has a status of processing. Only a PaymentIntent with one of the following statuses may be confirmed: requires_payment_method, requires_confirmation, requires_action.", nil},
		{"succeeded", "/confirm", nil, "", unexpected, "This PaymentIntent could not be confirmed because it has a status of succeeded. Only a PaymentIntent with one of the following statuses may be confirmed: requires_payment_method, requires_confirmation, requires_action.", nil},
		{"canceled", "/confirm", nil, "", unexpected, "This PaymentIntent could not be confirmed because it has a status of canceled. Only a PaymentIntent with one of the following statuses may be confirmed: requires_payment_method, requires_confirmation, requires_action.", nil},

		{"requires_payment_method", "/capture", nil, "", unexpected, "This PaymentIntent could not be captured because it has a status of requires_payment_method. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.", nil},
		{"requires_confirmation", "/capture", nil, "", unexpected, "This PaymentIntent could not be captured because it has a status of requires_confirmation. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.", nil},
		{"requires_action", "/capture", nil, "", unexpected, "This PaymentIntent could not be captured because it has a status of requires_action. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.", nil},
		{"requires_capture", "/capture", nil, "succeeded", "", "", []string{"charge.captured", "payment_intent.succeeded"}},
		{"requires_capture", "/capture", []string{"amount_to_capture", "750"}, "succeeded", "", "", []string{"charge.captured", "payment_intent.succeeded"}},
		{"requires_capture", "/capture", []string{"amount_to_capture", "2001"}, "", "amount_too_large", "The payment could not be captured because the requested capture amount is greater than the amount you can capture for this charge. Contact us via https://support.stripe.com/contact/ for help.", nil},
		{"requires_capture", "/capture", []string{"amount_to_capture", "0"}, "", "parameter_invalid_integer", "This value must be greater than or equal to 1.", nil},
		{"requires_capture", "/capture", []string{"amount_to_capture", "-1"}, "", "", "Invalid non-negative integer", nil},
		{"succeeded", "/capture", nil, "", unexpected, "The remaining amount on this PaymentIntent could not be captured because the remainder of the authorized amount has been released.", nil},
		{"canceled", "/capture", nil, "", unexpected, "This PaymentIntent could not be captured because it has a status of canceled. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.", nil},

		{"requires_payment_method", "/cancel", nil, "canceled", "", "", []string{"payment_intent.canceled"}},
		{"requires_confirmation", "/cancel", []string{"cancellation_reason", "abandoned"}, "canceled", "", "", []string{"payment_intent.canceled"}},
		{"requires_action", "/cancel", nil, "canceled", "", "", []string{"payment_intent.canceled"}},
		{"requires_capture", "/cancel", nil, "canceled", "", "", []string{"charge.refunded", "payment_intent.canceled"}},
		{"processing", "/cancel", nil, "canceled", "", "", []string{"charge.failed", "payment_intent.canceled"}},
		{"succeeded", "/cancel", nil, "", unexpected, "You cannot cancel this PaymentIntent because it has a status of succeeded. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_reauthorization, requires_confirmation, requires_action, expired, processing.", nil},
		{"canceled", "/cancel", nil, "", unexpected, "You cannot cancel this PaymentIntent because it has a status of canceled. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_reauthorization, requires_confirmation, requires_action, expired, processing.", nil},

		{"requires_payment_method", "", []string{"amount", "2500"}, "requires_payment_method", "", "", nil},
		{"requires_payment_method", "", []string{"payment_method", "pm_card_visa"}, "requires_confirmation", "", "", nil},
		{"requires_action", "", []string{"amount", "2500"}, "requires_action", "", "", nil},
		{"requires_capture", "", []string{"amount", "2500"}, "", unexpected, "This PaymentIntent's amount could not be updated because it has a status of requires_capture. You may only update the amount of a PaymentIntent with one of the following statuses: requires_payment_method, requires_confirmation, requires_action.", nil},
		{"succeeded", "", []string{"amount", "2500"}, "", unexpected, "This PaymentIntent's amount could not be updated because it has a status of succeeded. You may only update the amount of a PaymentIntent with one of the following statuses: requires_payment_method, requires_confirmation, requires_action.", nil},
		{"succeeded", "", []string{"metadata[order]", "7"}, "succeeded", "", "", nil},
		{"canceled", "", []string{"description", "late"}, "canceled", "", "", nil},
	} {
		t.Run(tc.state+" "+tc.verb+" "+tc.code, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			pi := states[tc.state](s)
			pi.want(t, "status", tc.state)
			path := "/v1/payment_intents/" + pi.str("id")
			s.events()
			if tc.message != "" {
				e := s.refused("POST", path+tc.verb, tc.params...)
				e.want(t, "status", 400, "type", "invalid_request_error", "message", tc.message)
				if e.str("code") != tc.code {
					t.Errorf("code %q, want %q", e.str("code"), tc.code)
				}
				if tc.code == unexpected {
					e.want(t, "payment_intent.id", pi.str("id"), "payment_intent.status", tc.state)
				}
				tc.next = tc.state
			} else {
				s.post(path+tc.verb, tc.params...).want(t, "status", tc.next)
			}
			after := s.get(path)
			after.want(t, "status", tc.next)
			wantEvents(t, s.events(), tc.events...)
			if tc.next == "canceled" && tc.state != "canceled" {
				after.want(t, "canceled_at", start, "amount_capturable", 0)
			}
		})
	}
}

func TestHoldsAreCapturedInPartOrRunOut(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	hold := func(pairs ...string) object {
		return s.intent(append([]string{"payment_method", "pm_card_visa", "confirm", "true", "capture_method", "manual"}, pairs...)...)
	}
	pi := hold()
	pi.want(t, "amount_capturable", 2000, "amount_received", 0)
	wantEvents(t, s.events(), "payment_intent.created", "charge.succeeded", "payment_intent.amount_capturable_updated")
	s.get("/v1/charges/"+pi.str("latest_charge")).want(t, "captured", false, "amount_captured", 0, "paid", true, "status", "succeeded", "balance_transaction", nil,
		"payment_method_details.card.capture_before", start+7*86400)

	s.post("/v1/payment_intents/"+pi.str("id")+"/capture", "amount_to_capture", "750").want(t, "amount_received", 750, "amount_capturable", 0)
	captured := s.happened()
	captured[0].want(t, "type", "charge.captured", "data.previous_attributes.amount_captured", 0, "data.previous_attributes.captured", false,
		"data.object.amount_captured", 750, "data.object.amount_refunded", 0, "data.object.amount", 2000)
	s.get("/v1/balance_transactions/"+captured[0].str("data.object.balance_transaction")).want(t, "amount", 750, "fee", 52)

	refunded := s.post("/v1/refunds", "payment_intent", pi.str("id"))
	refunded.want(t, "amount", 750)
	s.events()

	late, offSession := hold(), hold("off_session", "true")
	s.events()
	s.wait(4*24*time.Hour + 18*time.Hour)
	s.get("/v1/payment_intents/"+offSession.str("id")).want(t, "status", "canceled", "cancellation_reason", "automatic")
	s.get("/v1/payment_intents/"+late.str("id")).want(t, "status", "requires_capture")
	s.wait(2*24*time.Hour + 6*time.Hour)
	s.get("/v1/payment_intents/"+late.str("id")).want(t, "status", "canceled", "cancellation_reason", "automatic", "canceled_at", start+7*86400)
	s.get("/v1/charges/"+late.str("latest_charge")).want(t, "refunded", true, "amount_refunded", 2000, "captured", false)
	var ends []string
	for _, e := range s.events() {
		if e == "charge.expired" || e == "payment_intent.canceled" {
			ends = append(ends, e)
		}
	}
	wantEvents(t, ends, "charge.expired", "payment_intent.canceled", "charge.expired", "payment_intent.canceled")
}

func TestAmountsThatCannotBeCharged(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const floor = "The amount must be greater than or equal to the minimum charge amount allowed for your account and the currency set (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts).  If you want to save a Payment Method for future use without an immediate payment, use a Setup Intent instead: https://docs.stripe.com/payments/setup-intents"
	for _, tc := range []struct{ amount, currency, code, param, message string }{
		{"0", "usd", "parameter_invalid_integer", "amount", floor},
		{"-5", "usd", "parameter_invalid_integer", "amount", "This value must be greater than or equal to 1."},
		{"49", "usd", "amount_too_small", "amount", "Amount must be at least $0.50 usd"},
		{"29", "gbp", "amount_too_small", "amount", "Amount must be at least £0.30 gbp"},
		{"49", "jpy", "amount_too_small", "amount", "Amount must be at least ¥50 jpy"},
		{"100000000", "usd", "amount_too_large", "amount", "Amount must be no more than $999,999.99"},
		{"10.5", "usd", "parameter_invalid_integer", "amount", "Invalid integer: 10.5"},
		{"abc", "usd", "parameter_invalid_integer", "amount", "Invalid integer: abc"},
		{"1001", "kwd", "parameter_invalid_integer", "amount", "Amounts in kwd have two digits behind the point: the last of three must be 0."},
		{"1050", "isk", "parameter_invalid_integer", "amount", "Amounts in isk are whole: the last two digits must be 00."},
	} {
		s.refused("POST", "/v1/payment_intents", "amount", tc.amount, "currency", tc.currency).
			want(t, "status", 400, "type", "invalid_request_error", "code", tc.code, "param", tc.param, "message", tc.message)
	}
	e := s.refused("POST", "/v1/payment_intents", "amount", "2000", "currency", "xyz")
	e.want(t, "status", 400, "param", "currency", "code", nil)
	for _, fine := range [][2]string{{"50", "usd"}, {"1", "try"}, {"50", "jpy"}, {"99999999", "usd"}, {"999999999", "inr"}, {"1000", "kwd"}, {"1000", "ISK"}} {
		s.post("/v1/payment_intents", "amount", fine[0], "currency", fine[1])
	}
}

func TestAConfirmationThatIsRefusedLeavesNoTrace(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers", "email", "ayse@example.com")
	other := s.post("/v1/customers")
	theirs := s.post("/v1/payment_methods/pm_card_visa/attach", "customer", customer.str("id"))
	id := theirs.str("id")
	for _, tc := range []struct {
		name   string
		intent []string
		params []string
		status int
		code   string
		param  string
		say    string
	}{
		{"a method of a customer, an intent without one", nil, []string{"payment_method", id}, 400, "parameter_missing", "source",
			"The `payment_method` parameter supplied " + id + " belongs to the Customer " + customer.str("id") + ". Please include the Customer in the `customer` parameter on the PaymentIntent."},
		{"a method of another customer", []string{"customer", other.str("id")}, []string{"payment_method", id}, 400, "", "payment_method",
			"The PaymentMethod " + id + " does not belong to the Customer you supplied " + other.str("id") + ". Please use this PaymentMethod with the Customer that it belongs to instead."},
		{"no method, but a customer", []string{"customer", other.str("id")}, nil, 400, "payment_intent_unexpected_state", "",
			"You cannot confirm this PaymentIntent because it's missing a payment method. To confirm the PaymentIntent with " + other.str("id") + ", specify a payment method attached to this customer along with the customer ID."},
		{"a debit where only cards may be", nil, []string{"payment_method", "pm_usBankAccount_success"}, 400, "", "",
			"The PaymentMethod provided (us_bank_account) is not allowed for this PaymentIntent. Please attach a PaymentMethod of one of the following types: card. Alternatively, update the allowed payment_method_types for this PaymentIntent to include \"us_bank_account\""},
		{"an unknown method", nil, []string{"payment_method", "pm_none"}, 400, "resource_missing", "payment_method",
			"No such PaymentMethod: 'pm_none'; It's possible this PaymentMethod exists on one of your connected accounts, in which case you should retry this request on that connected account. Learn more at https://stripe.com/docs/connect/authentication"},
		{"an unknown token", nil, []string{"payment_method", "tok_card_visa"}, 400, "", "payment_method", "There is a part of the token that is not valid: 'card'."},
		{"a number with a typing error", nil, []string{"payment_method_data[type]", "card", "payment_method_data[card][number]", "4242424242424241", "payment_method_data[card][exp_month]", "12", "payment_method_data[card][exp_year]", "2039"},
			402, "incorrect_number", "payment_method_data[card][number]", "Your card number is incorrect."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			pi := s.intent(tc.intent...)
			s.events()
			e := s.refused("POST", "/v1/payment_intents/"+pi.str("id")+"/confirm", tc.params...)
			e.want(t, "status", tc.status, "message", tc.say)
			if e.str("code") != tc.code || e.str("param") != tc.param {
				t.Errorf("code %q, param %q, want %q, %q", e.str("code"), e.str("param"), tc.code, tc.param)
			}
			s.get("/v1/payment_intents/"+pi.str("id")).want(t, "status", "requires_payment_method", "payment_method", nil, "last_payment_error", nil, "latest_charge", nil)
			wantEvents(t, s.events())
		})
	}
	e := s.refused("POST", "/v1/payment_intents", "amount", "2000", "currency", "usd", "payment_method", "pm_card_visa", "confirm", "true")
	e.want(t, "status", 400, "code", nil, "payment_intent", nil)
	if got := len(s.get("/v1/payment_intents", "limit", "100").list("data")); got != 7 {
		t.Errorf("%d intents, want 7: a refused create makes none", got)
	}
}

func TestTheCustomersDefaultMethodPaysWhenNoneIsNamed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers").str("id")
	method := s.post("/v1/payment_methods/pm_card_visa/attach", "customer", customer).str("id")
	s.post("/v1/customers/"+customer, "invoice_settings[default_payment_method]", method)
	s.intent("customer", customer, "confirm", "true").want(t, "status", "succeeded", "payment_method", method)
}

func TestAMethodWithoutACustomerIsUsedOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	card := []string{"type", "card", "card[number]", "4242424242424242", "card[exp_month]", "12", "card[exp_year]", "2039", "card[cvc]", "123"}
	const used = "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first."
	method := s.post("/v1/payment_methods", card...).str("id")
	s.intent("payment_method", method, "confirm", "true").want(t, "status", "succeeded")
	s.refused("POST", "/v1/payment_intents", "amount", "2000", "currency", "usd", "payment_method_types[]", "card", "payment_method", method, "confirm", "true").
		want(t, "status", 400, "message", used)
	customer := s.post("/v1/customers").str("id")
	s.refused("POST", "/v1/payment_methods/"+method+"/attach", "customer", customer).
		want(t, "message", "This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, and may not be used again.")

	s.events()
	saved := s.post("/v1/payment_methods", card...).str("id")
	s.intent("customer", customer, "payment_method", saved, "confirm", "true", "setup_future_usage", "off_session").want(t, "status", "succeeded")
	wantEvents(t, s.events(), "payment_intent.created", "payment_method.attached", "charge.succeeded", "payment_intent.succeeded")
	s.get("/v1/payment_methods/"+saved).want(t, "customer", customer)
	s.intent("customer", customer, "payment_method", saved, "confirm", "true", "off_session", "true").want(t, "status", "succeeded")
}
