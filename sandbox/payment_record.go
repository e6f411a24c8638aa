package sandbox

import (
	"net/http"
	"slices"
)

func init() {
	behave("POST /v1/payment_records/report_payment", reportPayment)
	behave("POST /v1/payment_records/{id}/report_payment_attempt", reportAttempt)
	for verb, outcome := range map[string]string{"canceled": "canceled", "failed": "failed", "guaranteed": "guaranteed", "informational": ""} {
		behave("POST /v1/payment_records/{id}/report_payment_attempt_"+verb, func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
			return reportOutcome(tx, r, outcome)
		})
	}
	behave("POST /v1/payment_records/{id}/report_refund", reportRefund)
}

// recordAmounts are the amounts of a payment record and of an attempt.
var recordAmounts = []string{"amount", "amount_authorized", "amount_canceled", "amount_failed", "amount_guaranteed", "amount_refunded", "amount_requested"}

// setAmount writes one amount of a record or an attempt.
func setAmount(tx *accountTx, o *stripeObject, name string, value int64, currency string) {
	o.Set(name, tx.NewHash("payments_primitives_payment_records_resource_amount").Set("currency", currency).Set("value", value))
}

// reportPayment records a payment that another processor made (docs.stripe.com/api/payment-record).
func reportPayment(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	currency, value := p.Str("amount_requested.currency"), p.Int("amount_requested.value")
	if err := checkCurrency(currency, "amount_requested[currency]"); err != nil {
		return nil, err
	}
	if value < 1 {
		return nil, invalid("amount_requested[value]", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	}
	record := tx.New("payment_record").Set("livemode", false).Set("created", tx.Now()).Set("reported_by", "self").Set("metadata", hash())
	for _, name := range recordAmounts {
		setAmount(tx, record, name, 0, currency)
	}
	setAmount(tx, record, "amount", value, currency)
	setAmount(tx, record, "amount_requested", value, currency)
	applyParams(tx, record, p, "amount_requested")
	return newAttemptRecord(tx, record, p), nil
}

// newAttemptRecord adds an attempt to a payment, with the outcome that came with it, and stores both.
func newAttemptRecord(tx *accountTx, record *stripeObject, p formParams) *stripeObject {
	currency := record.Str("amount_requested.currency")
	attempt := tx.New("payment_attempt_record").Set("livemode", false).Set("created", tx.Now()).Set("reported_by", "self").Set("payment_record", record.ID()).
		Set("metadata", hash())
	for _, name := range recordAmounts {
		setAmount(tx, attempt, name, 0, currency)
	}
	attempt.Set("amount", record.Get("amount")).Set("amount_requested", record.Get("amount_requested"))
	for _, key := range []string{"customer_details", "customer_presence", "description", "payment_method_details", "processor_details", "shipping_details"} {
		attempt.Set(key, record.Get(key))
	}
	applyParams(tx, attempt, p, "amount_requested")
	record.Set("latest_payment_attempt_record", attempt.ID())
	settleRecord(tx, record, attempt, p.Str("outcome"))
	return record
}

// settleRecord writes an outcome into a payment and its attempt, and stores both. "" leaves it open.
func settleRecord(tx *accountTx, record, attempt *stripeObject, outcome string) {
	currency, value := record.Str("amount_requested.currency"), record.Int("amount_requested.value")
	for _, o := range []*stripeObject{record, attempt} {
		switch outcome {
		case "guaranteed":
			setAmount(tx, o, "amount_authorized", value, currency)
			setAmount(tx, o, "amount_guaranteed", value, currency)
			setAmount(tx, o, "amount_failed", 0, currency)
		case "failed", "canceled":
			setAmount(tx, o, "amount_guaranteed", 0, currency)
			setAmount(tx, o, "amount_"+outcome, value, currency)
		}
		tx.Put(o)
	}
}

// findRecord finds a payment and its latest attempt.
func findRecord(tx *accountTx, r *apiRequest) (record, attempt *stripeObject, err error) {
	if record = tx.Get("payment_record", r.Path("id")); record == nil {
		return nil, nil, missing("payment_record", r.Path("id"), "id", http.StatusNotFound)
	}
	return record, tx.Get("payment_attempt_record", record.Str("latest_payment_attempt_record")), nil
}

// reportAttempt adds another attempt to a payment that is not paid.
func reportAttempt(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	record, _, err := findRecord(tx, r)
	if err != nil {
		return nil, err
	}
	if record.Int("amount_guaranteed.value") > 0 {
		return nil, invalid("", "", "This payment record was guaranteed already; no further attempt can be reported.")
	}
	record = record.Edit()
	for _, name := range []string{"amount_failed", "amount_canceled"} {
		setAmount(tx, record, name, 0, record.Str("amount_requested.currency"))
	}
	applyParams(tx, record, r.Params())
	return newAttemptRecord(tx, record, r.Params()), nil
}

// reportOutcome says what became of the latest attempt, or, with "", what else is known of it.
func reportOutcome(tx *accountTx, r *apiRequest, outcome string) (*stripeObject, error) {
	record, attempt, err := findRecord(tx, r)
	if err != nil {
		return nil, err
	}
	over := slices.ContainsFunc([]string{"amount_failed", "amount_canceled"}, func(name string) bool { return attempt.Int(name+".value") > 0 })
	if outcome != "" && (over || outcome == "guaranteed" && attempt.Int("amount_guaranteed.value") > 0) {
		return nil, invalid("", "", "The outcome of the latest payment attempt was reported already.")
	}
	record, attempt = record.Edit(), attempt.Edit()
	applyParams(tx, record, r.Params())
	applyParams(tx, attempt, r.Params())
	settleRecord(tx, record, attempt, outcome)
	return record, nil
}

// reportRefund says that the other processor gave money back.
func reportRefund(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	record, attempt, err := findRecord(tx, r)
	if err != nil {
		return nil, err
	}
	currency := record.Str("amount_requested.currency")
	left := record.Int("amount_guaranteed.value") - record.Int("amount_refunded.value")
	amount := left
	if p.Has("amount.value") {
		amount = p.Int("amount.value")
	}
	switch {
	case p.Has("amount.currency") && p.Str("amount.currency") != currency:
		return nil, invalid("amount[currency]", "", "The currency provided (%s) does not match the currency of the payment record (%s).", p.Str("amount.currency"), currency)
	case amount < 1 || amount > left:
		return nil, invalid("amount[value]", "", "Refund amount (%s) is greater than unrefunded amount on the payment record (%s)", readable(amount, currency), readable(left, currency))
	}
	record, attempt = record.Edit(), attempt.Edit()
	for _, o := range []*stripeObject{record, attempt} {
		setAmount(tx, o, "amount_refunded", o.Int("amount_refunded.value")+amount, currency)
		applyMetadata(tx, o, p)
		tx.Put(o)
	}
	return record, nil
}
