package sandbox

import (
	"fmt"
	"hash/fnv"
	"time"
)

func init() {
	begin("issuing.card", beginIssuedCard)
	begin("issuing.settlement", func(_ *accountTx, o *stripeObject, _ formParams) error {
		o.Set("status", "pending")
		return nil
	})
	begin("issuing.personalization_design", func(_ *accountTx, o *stripeObject, _ formParams) error {
		o.Set("status", "review") // docs.stripe.com/issuing/cards/physical/designs
		return nil
	})
}

// issuedYears is how long an issued card is good for unless the call says: our choice.
const issuedYears = 3

// beginIssuedCard gives a card its number's end, and a physical one its way to the cardholder. It is inactive until it is
// activated (docs.stripe.com/api/issuing/cards/create).
func beginIssuedCard(tx *accountTx, o *stripeObject, p formParams) error {
	now := time.Unix(tx.Now(), 0).UTC()
	o.Set("brand", "Visa").Set("last4", lastDigits(o.ID()))
	if !p.Has("exp_month") {
		o.Set("exp_month", int64(now.Month()))
	}
	if !p.Has("exp_year") {
		o.Set("exp_year", now.Year()+issuedYears)
	}
	if !p.Has("status") {
		o.Set("status", "inactive")
	}
	if o.Has("shipping") {
		o.Set("shipping.status", "pending")
		if !p.Has("shipping.type") {
			o.Set("shipping.type", "individual")
		}
		if !p.Has("shipping.service") {
			o.Set("shipping.service", "standard")
		}
	}
	return nil
}

// lastDigits are the last four digits of a number that nobody has, made from an id.
func lastDigits(id string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // never fails
	return fmt.Sprintf("%04d", h.Sum32()%10000)
}
