package sandbox

import "net/http"

func init() {
	behave("POST /v1/test_helpers/refunds/{refund}/expire", expireRefund)
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
