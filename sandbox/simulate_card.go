package sandbox

import "time"

func init() {
	simulation("card_updated", simulateCardUpdated)
}

// simulateCardUpdated is a bank that issued a new card: {payment_method, number, exp_month, exp_year}. Without a number the
// card stays the same and gets a new date, by default four years on.
func simulateCardUpdated(tx *accountTx, p formParams) (*stripeObject, error) {
	id := p.Str("payment_method")
	method := tx.Get("payment_method", id)
	if method == nil {
		return nil, missingMethod(id, "payment_method", 404)
	}
	card := behaviourOf(method)
	if card == nil || method.Str("customer") == "" {
		return nil, invalid("payment_method", "", "Only cards that belong to a customer are updated by their banks.")
	}
	if number := onlyDigits(p.Str("number")); number != "" {
		if card = cardsByNumber[number]; card == nil {
			return nil, cardError(testModeDecline("number"))
		}
	}
	entry := cardEntry{card: card, month: p.Int("exp_month"), year: p.Int("exp_year"), cvc: method.Bool(hiddenCVC)}
	if entry.month == 0 {
		entry.month = method.Int("card.exp_month")
	}
	if entry.year == 0 {
		entry.year = max(method.Int("card.exp_year"), int64(time.Unix(tx.Now(), 0).UTC().Year())) + 4
	}
	fresh := entry.method(tx)
	method = method.Edit().Set("card", fresh.Hash("card").Edit().Set("checks", method.Hash("card.checks"))).Set(hiddenBehaviour, card.name)
	tx.Put(method, "payment_method.automatically_updated")
	return method, nil
}
