package sandbox

import "net/http"

func init() {
	behave("POST /v1/test_helpers/issuing/transactions/{transaction}/refund", refundIssued)
	begin("issuing.transaction", beginIssuedTransaction)
	begin("issuing.dispute", beginIssuedDispute)
}

// issuedTransaction is what a card took, below zero, or got back.
func (tx *accountTx) issuedTransaction(card *stripeObject, typ string, amount int64, currency string) *stripeObject {
	return tx.New("issuing.transaction").Set("type", typ).Set("amount", amount).Set("currency", currency).Set("merchant_amount", amount).
		Set("merchant_currency", currency).Set("card", card.ID()).Set("cardholder", card.Str("cardholder.id"))
}

// beginIssuedTransaction is what a merchant takes without asking, or gives back without having taken (the operation's path
// says which of them).
func beginIssuedTransaction(tx *accountTx, o *stripeObject, p formParams) error {
	card := tx.Get("issuing.card", o.Str("card"))
	amount := p.Int("amount")
	if amount < 1 {
		return invalid("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	}
	typ := "refund"
	if r := tx.Request(); r != nil && r.Route == "/v1/test_helpers/issuing/transactions/create_force_capture" {
		typ, amount = "capture", -amount
	}
	o.Set("type", typ).Set("amount", amount).Set("merchant_amount", amount).Set("cardholder", card.Str("cardholder.id"))
	if !p.Has("currency") {
		o.Set("currency", card.Str("currency"))
	}
	o.Set("merchant_currency", o.Str("currency"))
	return nil
}

// beginIssuedDispute is about a transaction: its amount unless the call says, in its currency. It waits to be submitted.
func beginIssuedDispute(tx *accountTx, o *stripeObject, p formParams) error {
	o.Set("status", "unsubmitted")
	id := p.Str("transaction")
	if id == "" {
		return nil
	}
	of := tx.Get("issuing.transaction", id)
	if of == nil {
		return missing("issuing.transaction", id, "transaction", http.StatusBadRequest)
	}
	o.Set("currency", of.Str("currency"))
	if !p.Has("amount") {
		o.Set("amount", -of.Int("amount"))
	}
	tx.Put(of.Edit().Set("dispute", o.ID()), "issuing_transaction.updated")
	return nil
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
