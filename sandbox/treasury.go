package sandbox

import (
	"net/http"
	"strings"
)

func init() {
	begin("treasury.financial_account", func(tx *accountTx, o *stripeObject, _ formParams) error {
		o.Set("country", orElse(tx.Account().Str("country"), "US")).Set("status", "open")
		for _, pot := range []string{"cash", "inbound_pending", "outbound_pending"} {
			held := hash()
			for _, v := range o.List("supported_currencies") {
				held.Set(v.(string), 0)
			}
			o.Set("balance."+pot, held)
		}
		return nil
	})
	for _, typ := range []string{"inbound_transfer", "outbound_payment", "outbound_transfer", "received_credit", "received_debit"} {
		begin("treasury."+typ, beginTreasuryFlow)
	}
	begin("treasury.credit_reversal", func(tx *accountTx, o *stripeObject, p formParams) error {
		return reverseReceived(tx, o, p, "received_credit", "credit_reversal")
	})
	begin("treasury.debit_reversal", func(tx *accountTx, o *stripeObject, p formParams) error {
		return reverseReceived(tx, o, p, "received_debit", "debit_reversal")
	})
}

// beginTreasuryFlow is a movement of money of a financial account, which must be open.
func beginTreasuryFlow(tx *accountTx, o *stripeObject, p formParams) error {
	id := p.Str("financial_account")
	account := tx.Get("treasury.financial_account", id)
	switch {
	case account == nil:
		return missing("financial account", id, "financial_account", http.StatusBadRequest)
	case account.Str("status") != "open":
		return invalid("financial_account", "", "The financial account %s is closed.", id)
	case p.Int("amount") < 1:
		return invalid("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	}
	if o.slot("transaction") >= 0 && o.shape.nodes[o.slot("transaction")] != nil {
		o.Set("transaction", tx.newID(idFormOf("treasury.transaction")))
	}
	if o.slot("cancelable") >= 0 {
		o.Set("cancelable", true)
	}
	return nil
}

// tellReturn says why the bank sent a payment or transfer back: "declined" unless the call says.
func tellReturn(tx *accountTx, o *stripeObject, p formParams) {
	details := shapeOf(hashNode(o.shape.nodes[o.slot("returned_details")])).newHash()
	o.Set("returned_details", details.Set("code", orElse(p.Str("returned_details.code"), "declined")).Set("transaction", tx.newID(idFormOf("treasury.transaction"))))
}

// reverseReceived gives back what was received, once: the whole of it.
func reverseReceived(tx *accountTx, o *stripeObject, p formParams, of, flow string) error {
	received := tx.Get("treasury."+of, p.Str(of))
	switch {
	case received == nil:
		return missing(strings.ReplaceAll(of, "_", " "), p.Str(of), of, http.StatusBadRequest)
	case received.Str("status") != succeeded:
		return invalid(of, "", "Only a %s with a status of succeeded can be reversed.", strings.ReplaceAll(of, "_", " "))
	case received.Has("linked_flows." + flow):
		return invalid(of, "", "%s is already reversed.", received.ID())
	}
	o.Set("status", "processing").Set("transaction", tx.newID(idFormOf("treasury.transaction")))
	for _, key := range []string{"amount", "currency", "financial_account", "network"} {
		o.Set(key, received.Get(key))
	}
	tx.Put(received.Edit().Set("linked_flows."+flow, o.ID()))
	return nil
}
