package sandbox_test

import (
	"testing"
	"time"
)

func TestRefundsInPartAndWhole(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	pi := s.intent("payment_method", "pm_card_visa", "confirm", "true", "description", "Order 7")
	s.events()
	re := s.post("/v1/refunds", "payment_intent", pi.str("id"), "amount", "500", "reason", "requested_by_customer", "metadata[order]", "7")
	re.want(t, "status", "succeeded", "amount", 500, "currency", "usd", "charge", pi.str("latest_charge"), "payment_intent", pi.str("id"), "reason", "requested_by_customer",
		"metadata.order", "7", "destination_details.type", "card", "destination_details.card.reference_status", "pending",
		"destination_details.card.reference_type", "acquirer_reference_number", "destination_details.card.type", "refund")
	if _, ok := re["livemode"]; ok {
		t.Error("a refund has no livemode")
	}
	happened := s.happened()
	if len(happened) != 2 {
		t.Fatalf("%d events, want two", len(happened))
	}
	happened[0].want(t, "type", "refund.created")
	happened[1].want(t, "type", "charge.refunded", "data.object.amount_refunded", 500, "data.object.refunded", false, "data.previous_attributes.amount_refunded", 0)
	s.get("/v1/balance_transactions/"+re.str("balance_transaction")).want(t, "amount", -500, "fee", 0, "net", -500, "type", "refund", "description", "REFUND FOR CHARGE (Order 7)")

	s.refused("POST", "/v1/refunds", "payment_intent", pi.str("id"), "amount", "1600").
		want(t, "status", 400, "param", "amount", "code", nil, "message", "Refund amount ($16.00) is greater than unrefunded amount on charge ($15.00)")
	s.post("/v1/refunds", "charge", pi.str("latest_charge")).want(t, "amount", 1500)
	s.get("/v1/charges/"+pi.str("latest_charge"), "expand[]", "refunds").want(t, "refunded", true, "amount_refunded", 2000, "refunds.data.1.id", re.str("id"))
	s.refused("POST", "/v1/refunds", "charge", pi.str("latest_charge")).
		want(t, "code", "charge_already_refunded", "message", "Charge "+pi.str("latest_charge")+" has already been refunded.")
	s.get("/v1/payment_intents/"+pi.str("id")).want(t, "status", "succeeded", "amount_received", 2000)

	s.events()
	s.wait(5 * time.Second)
	s.get("/v1/refunds/"+re.str("id")).want(t, "destination_details.card.reference_status", "available")
	wantEvents(t, s.events(), "charge.updated", "refund.updated", "charge.refund.updated", "refund.updated", "charge.refund.updated")
}

func TestRefundsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	unpaid := s.intent()
	held := s.intent("payment_method", "pm_card_visa", "confirm", "true", "capture_method", "manual")
	paid := s.intent("payment_method", "pm_card_visa", "confirm", "true")
	disputed := s.intent("payment_method", "pm_card_createDispute", "confirm", "true")
	for _, tc := range []struct {
		params              []string
		status              int
		code, param, answer string
	}{
		{nil, 400, "", "", "One of the following params should be provided for this request: payment_intent or charge."},
		{[]string{"charge", "ch_none"}, 404, "resource_missing", "id", "No such charge: 'ch_none'"},
		{[]string{"payment_intent", "pi_none"}, 404, "resource_missing", "payment_intent", "No such payment_intent: 'pi_none'"},
		{[]string{"payment_intent", unpaid.str("id")}, 400, "", "", "This PaymentIntent (" + unpaid.str("id") + ") does not have a successful charge to refund."},
		{[]string{"payment_intent", held.str("id")}, 400, "", "", "This PaymentIntent (" + held.str("id") + ") does not have a successful charge to refund."},
		{[]string{"payment_intent", paid.str("id"), "amount", "0"}, 400, "parameter_invalid_integer", "amount", "This value must be greater than or equal to 1."},
		{[]string{"payment_intent", paid.str("id"), "reason", "regret"}, 400, "", "reason", "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer"},
		{[]string{"payment_intent", disputed.str("id")}, 400, "charge_disputed", "", "Charge " + disputed.str("latest_charge") + " has been charged back; cannot issue a refund."},
	} {
		e := s.refused("POST", "/v1/refunds", tc.params...)
		e.want(t, "status", tc.status, "message", tc.answer)
		if e.str("code") != tc.code || e.str("param") != tc.param {
			t.Errorf("%v: code %q, param %q, want %q, %q", tc.params, e.str("code"), e.str("param"), tc.code, tc.param)
		}
	}
	re := s.post("/v1/refunds", "payment_intent", paid.str("id"))
	s.refused("POST", "/v1/refunds/"+re.str("id")+"/cancel").want(t, "status", 400, "code", nil, "message", "Canceling this refund is unsupported.")
	s.refused("GET", "/v1/refunds/re_none").want(t, "status", 404, "param", "refund", "message", "No such refund: 're_none'")
}

// The cards whose refunds come late or fail later.
func TestRefundsThatTakeTime(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		card, first, then string
		events            []string
		refunded          int
	}{
		{"pm_card_pendingRefund", "pending", "succeeded", []string{"charge.updated", "refund.updated", "charge.refund.updated"}, 2000},
		{"pm_card_refundFail", "succeeded", "failed", []string{"charge.updated", "refund.failed", "refund.updated", "charge.refund.updated"}, 0},
	} {
		t.Run(tc.card, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			pi := s.intent("payment_method", tc.card, "confirm", "true")
			re := s.post("/v1/refunds", "payment_intent", pi.str("id"))
			re.want(t, "status", tc.first)
			s.events()
			s.wait(time.Minute)
			after := s.get("/v1/refunds/"+re.str("id"), "expand[]", "failure_balance_transaction")
			after.want(t, "status", tc.then)
			wantEvents(t, s.events(), tc.events...)
			s.get("/v1/charges/"+pi.str("latest_charge")).want(t, "amount_refunded", tc.refunded, "refunded", tc.refunded != 0)
			if tc.then == "failed" {
				after.want(t, "failure_balance_transaction.amount", 2000)
				if after.str("failure_reason") == "" {
					t.Error("a failed refund has no reason")
				}
				s.post("/v1/refunds", "payment_intent", pi.str("id")).want(t, "amount", 2000)
			}
		})
	}
}
