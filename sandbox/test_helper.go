package sandbox

import "net/http"

func init() {
	behave("POST /v1/test_helpers/refunds/{refund}/expire", expireRefund)
	behave("POST /v1/test_helpers/issuing/authorizations/{authorization}/increment", incrementIssued)
	behave("POST /v1/test_helpers/issuing/authorizations/{authorization}/finalize_amount", finalizeIssued)
	behave("POST /v1/test_helpers/issuing/transactions/{transaction}/refund", refundIssued)
}

// expireRefund ends a refund that waits for its buyer's bank account. Refunds of cards and debits do not wait.
func expireRefund(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	re := tx.Get("refund", r.Path("refund"))
	switch {
	case re == nil:
		return nil, missing("refund", r.Path("refund"), "refund", http.StatusNotFound)
	case re.Str("status") != requiresAction:
		return nil, invalid("", "", "Only refunds with a status of requires_action can be expired; this one has a status of %s.", re.Str("status"))
	}
	return endRefund(tx, re, "failed", "expired_or_canceled_card", "refund.failed", "refund.updated", "charge.refund.updated"), nil
}

// openIssued finds an authorization that is still open.
func openIssued(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o := tx.Get("issuing.authorization", r.Path("authorization"))
	switch {
	case o == nil:
		return nil, missing("issuing.authorization", r.Path("authorization"), "authorization", http.StatusNotFound)
	case o.Str("status") == "closed" || o.Str("status") == "reversed" || o.Str("status") == "expired":
		return nil, invalid("", "", "This authorization cannot be changed because it has a status of %s.", o.Str("status"))
	}
	return o.Edit(), nil
}

func incrementIssued(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o, err := openIssued(tx, r)
	if err != nil {
		return nil, err
	}
	more := r.Params().Int("increment_amount")
	if more < 1 {
		return nil, invalid("increment_amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	}
	o.Set("amount", o.Int("amount")+more).Set("merchant_amount", o.Int("merchant_amount")+more)
	tx.Put(o, "issuing_authorization.updated")
	return o, nil
}

func finalizeIssued(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o, err := openIssued(tx, r)
	if err != nil {
		return nil, err
	}
	amount := r.Params().Int("final_amount")
	if amount < 0 {
		return nil, invalid("final_amount", "parameter_invalid_integer", "Invalid non-negative integer")
	}
	o.Set("amount", amount).Set("merchant_amount", amount).Set("pending_request", nil)
	tx.Put(o, "issuing_authorization.updated")
	return o, nil
}

// refundIssued is a merchant who gives a cardholder money back: a transaction of the other sign.
func refundIssued(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o := tx.Get("issuing.transaction", r.Path("transaction"))
	if o == nil {
		return nil, missing("issuing.transaction", r.Path("transaction"), "transaction", http.StatusNotFound)
	}
	amount := -o.Int("amount")
	if p := r.Params(); p.Has("refund_amount") {
		amount = p.Int("refund_amount")
	}
	if o.Str("type") == "refund" || amount < 1 || amount > -o.Int("amount") {
		return nil, invalid("refund_amount", "", "The refund_amount must be between 1 and what the transaction took.")
	}
	re := o.Edit().Set("id", tx.newID(idFormOf("issuing.transaction"))).Set("created", tx.Now()).Set("type", "refund").Set("amount", amount).Set("merchant_amount", amount)
	tx.Put(re, "issuing_transaction.created")
	return re, nil
}
