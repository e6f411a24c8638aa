package sandbox

import (
	"fmt"
	"slices"
)

func init() {
	behave("POST /v1/refunds", createRefund)
	behave("POST /v1/refunds/{refund}", updateRefund)
	behave("POST /v1/refunds/{refund}/cancel", cancelRefund)
	behave("POST /v1/charges/{charge}/refund", refundCharge)
	behave("POST /v1/charges/{charge}/refunds", createChargeRefund)
	onDue("refund.reference", giveReference)
	onDue("refund.succeed", succeedRefund)
	onDue("refund.fail", failRefund)
}

const (
	// referenceSeconds is how long the bank takes to give a refund its reference number; our choice for "later".
	referenceSeconds = 3
	// refundSeconds is how long the cards that refund late take; our choice.
	refundSeconds = 5
)

func createRefund(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	var ch *stripeObject
	switch {
	case p.Str("origin") == customerBalance:
		return refundToBank(tx, p)
	case p.Str("charge") != "":
		var err error
		if ch, err = findCharge(tx, p.Str("charge"), "id", 404); err != nil {
			return nil, err
		}
	case p.Str("payment_intent") != "":
		id := p.Str("payment_intent")
		pi := tx.Get("payment_intent", id)
		if pi == nil {
			return nil, missing("payment_intent", id, "payment_intent", 404)
		}
		ch = tx.Get("charge", pi.Str("latest_charge"))
		if ch == nil || ch.Str("status") != succeeded || pi.Str("status") != succeeded {
			return nil, invalid("", "", "This PaymentIntent (%s) does not have a successful charge to refund.", id)
		}
	default:
		return nil, invalid("", "", "One of the following params should be provided for this request: payment_intent or charge.")
	}
	return refund(tx, ch, p)
}

// refund gives money of a charge back.
func refund(tx *accountTx, ch *stripeObject, p formParams) (*stripeObject, error) {
	reasons := []string{"duplicate", "fraudulent", "requested_by_customer"}
	reason := p.Str("reason")
	left := ch.Int("amount_captured") - ch.Int("amount_refunded")
	amount := left
	if p.Has("amount") {
		amount = p.Int("amount")
	}
	switch {
	case reason != "" && !slices.Contains(reasons, reason):
		return nil, invalid("reason", "", "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer")
	case ch.Str("status") != succeeded:
		return nil, invalid("", "", "Charge %s did not succeed, so it cannot be refunded.", ch.ID())
	case chargedBack(tx, ch):
		return nil, invalid("", "charge_disputed", "Charge %s has been charged back; cannot issue a refund.", ch.ID())
	case ch.Bool("refunded"):
		return nil, invalid("", "charge_already_refunded", "Charge %s has already been refunded.", ch.ID())
	case p.Has("amount") && amount <= 0:
		return nil, invalid("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case p.Bool("reverse_transfer") && ch.Str("transfer") == "":
		return nil, invalid("reverse_transfer", "", "Cannot reverse transfer on charge %s because it does not have an associated transfer.", ch.ID())
	case p.Bool("refund_application_fee") && ch.Str("application_fee") == "":
		return nil, invalid("refund_application_fee", "", "Cannot refund application fee on charge %s because it does not have an application fee.", ch.ID())
	case amount > left:
		return nil, invalid("amount", "", "Refund amount (%s) is greater than unrefunded amount on charge (%s)", readable(amount, ch.Str("currency")), readable(left, ch.Str("currency")))
	}
	if err := checkDigits(amount, ch.Str("currency"), "amount"); err != nil {
		return nil, err
	}
	card := cardsByName[tx.behaviourName(ch.Str("payment_method"))]
	kind := ""
	if card != nil {
		kind = card.refund
	}
	re := newRefund(tx, ch, amount)
	re.Set("reason", textOrNull(reason))
	applyMetadata(tx, re, p)
	txn := move(tx, "refund", "refund", refundDescription(ch), re.ID(), ch.Str("currency"), -amount, 0, false)
	re.Set("balance_transaction", txn.ID()).Set("status", succeeded)
	refundConnect(tx, ch, re, p, amount)
	if re.Str("destination_details.type") == "customer_cash_balance" {
		refundCash(tx, ch, re, amount)
	}
	switch kind {
	case "pending":
		re.Set("status", "pending").Set("pending_reason", "processing")
		tx.Due(tx.Now()+refundSeconds, "refund.succeed", re.ID())
	case "fails":
		tx.Due(tx.Now()+refundSeconds, "refund.fail", re.ID())
	default:
		tx.Due(tx.Now()+referenceSeconds, "refund.reference", re.ID())
	}
	tx.Put(re, "refund.created")
	back := ch.Int("amount_refunded") + amount
	whole := back == ch.Int("amount_captured")
	ch = ch.Edit().Set("amount_refunded", back).Set("refunded", whole)
	if reason == "fraudulent" {
		ch.Set("fraud_details.user_report", reason)
	}
	tx.Put(ch, "charge.refunded")
	if whole {
		closing := "refunded"
		if reason == "fraudulent" {
			closing = "refunded_as_fraud"
		}
		closeReview(tx, ch, closing)
		answerWarnings(tx, ch)
	}
	return re, nil
}

func newRefund(tx *accountTx, ch *stripeObject, amount int64) *stripeObject {
	re := tx.New("refund").Set("amount", amount).Set("charge", ch.ID()).Set("currency", ch.Str("currency")).
		Set("payment_intent", ch.Get("payment_intent"))
	typ := ch.Str("payment_method_details.type")
	details := tx.NewHash("refund_destination_details").Set("type", typ)
	switch typ {
	case "card":
		details.Set("card", tx.NewHash("refund_destination_details_card").Set("reference_status", "pending").
			Set("reference_type", "acquirer_reference_number").Set("type", "refund"))
	case "sepa_debit":
		details.Set("type", "eu_bank_transfer").Set("eu_bank_transfer", tx.NewHash("refund_destination_details_eu_bank_transfer"))
	case customerBalance:
		details.Set("type", "customer_cash_balance").Set("customer_cash_balance", hash())
	case "us_bank_account":
		details.Set("type", "us_bank_transfer").Set("us_bank_transfer", tx.NewHash("refund_destination_details_us_bank_transfer"))
	}
	return re.Set("destination_details", details)
}

func refundDescription(ch *stripeObject) string {
	if text := ch.Str("description"); text != "" {
		return fmt.Sprintf("REFUND FOR CHARGE (%s)", text)
	}
	return "REFUND FOR CHARGE"
}

// chargedBack says whether a bank took a charge's money back; an inquiry has not.
func chargedBack(tx *accountTx, ch *stripeObject) bool {
	found := false
	tx.EachOf("dispute", "charge", ch.ID(), func(du *stripeObject) bool {
		found = !du.Bool("is_charge_refundable")
		return !found
	})
	return found
}

// giveReference adds the bank's number for a card's refund.
func giveReference(tx *accountTx, id string) error {
	re := tx.Get("refund", id)
	if re == nil || re.Str("destination_details.card.reference_status") != "pending" || re.Str("status") != succeeded {
		return nil
	}
	re = re.Edit().Set("destination_details.card.reference_status", "available").Set("destination_details.card.reference", digits(tx, 16))
	tx.Put(re, "refund.updated", "charge.refund.updated")
	return nil
}

func succeedRefund(tx *accountTx, id string) error {
	re := tx.Get("refund", id)
	if re == nil || re.Str("status") != "pending" {
		return nil
	}
	re = re.Edit().Set("status", succeeded).Unset("pending_reason")
	tx.Put(re, "refund.updated", "charge.refund.updated")
	return nil
}

// failRefund is a bank that could not give the money to the buyer: it comes back to the balance, and the charge may be
// refunded again.
func failRefund(tx *accountTx, id string) error {
	re := tx.Get("refund", id)
	if re == nil || re.Str("status") == "failed" || re.Str("status") == canceled {
		return nil
	}
	endRefund(tx, re, "failed", "lost_or_stolen_card", "refund.failed", "refund.updated", "charge.refund.updated")
	return nil
}

// endRefund sets a refund's money back.
func endRefund(tx *accountTx, re *stripeObject, status, reason string, events ...string) *stripeObject {
	ch := tx.Get("charge", re.Str("charge"))
	amount := re.Int("amount")
	txn := move(tx, "refund_failure", "refund_failure", refundDescription(ch), re.ID(), re.Str("currency"), amount, 0, false)
	re = re.Edit().Set("status", status).Set("failure_balance_transaction", txn.ID()).Unset("pending_reason")
	if reason != "" {
		re.Set("failure_reason", reason)
	}
	tx.Put(ch.Edit().Set("amount_refunded", ch.Int("amount_refunded")-amount).Set("refunded", false))
	tx.Put(re, events...)
	return re
}

func updateRefund(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	re := tx.Get("refund", r.Path("refund"))
	if re == nil {
		return nil, missing("refund", r.Path("refund"), "refund", 404)
	}
	re = re.Edit()
	applyMetadata(tx, re, r.Params())
	tx.Put(re, "refund.updated", "charge.refund.updated")
	return re, nil
}

func cancelRefund(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	if tx.Get("refund", r.Path("refund")) == nil {
		return nil, missing("refund", r.Path("refund"), "refund", 404)
	}
	return nil, invalid("", "", "Canceling this refund is unsupported.")
}

// refundCharge is the older call, which answers the charge.
func refundCharge(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	if _, err := createChargeRefund(tx, r); err != nil {
		return nil, err
	}
	return tx.Get("charge", r.Path("charge")), nil
}

func createChargeRefund(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	ch, err := findCharge(tx, r.Path("charge"), "id", 404)
	if err != nil {
		return nil, err
	}
	return refund(tx, ch, r.Params())
}
