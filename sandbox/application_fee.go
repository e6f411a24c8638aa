package sandbox

func init() {
	behave("POST /v1/application_fees/{id}/refund", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		if _, err := createFeeRefund(tx, r); err != nil {
			return nil, err
		}
		return tx.Get("application_fee", r.Path("id")), nil
	})
	behave("POST /v1/application_fees/{id}/refunds", createFeeRefund)
}

// application is the platform's name as the maker of calls for its connected accounts: ca_….
func (tx *accountTx) application() string { return "ca_" + tx.account.id[len("acct_"):] }

// checkConnect refuses what an intent or a charge may not say of fees and transfers.
func checkConnect(tx *accountTx, p formParams, amount int64) error {
	destination := p.Str("transfer_data.destination")
	if p.Has("application_fee_amount") {
		switch fee := p.Int("application_fee_amount"); {
		case tx.scope == "" && destination == "":
			return invalid("application_fee_amount", "", "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using an OAuth key or Stripe-Account header) or destination payment (using `transfer_data[destination]`).")
		case fee < 0:
			return invalid("application_fee_amount", "parameter_invalid_integer", "This value must be greater than or equal to 0.")
		case fee > amount:
			return invalid("application_fee_amount", "", "The application fee amount cannot be greater than the amount of the payment.")
		case p.Has("transfer_data.amount"):
			return invalid("application_fee_amount", "parameters_exclusive", "You may only specify one of these parameters: application_fee_amount, transfer_data[amount].")
		}
	}
	if destination == "" {
		return nil
	}
	if p.Int("transfer_data.amount") > amount {
		return invalid("transfer_data[amount]", "", "The transfer_data[amount] must be less than or equal to the charge amount.")
	}
	_, err := transferDestination(tx, destination, "transfer_data[destination]")
	return err
}

// transferCharge sends what a destination charge promises to its connected account, and takes the platform's fee of it.
func transferCharge(tx *accountTx, ch *stripeObject, captured int64) {
	account := tx.Get("account", ch.Str("transfer_data.destination"))
	if account == nil {
		return // it was deleted since
	}
	amount := captured
	if ch.Has("transfer_data.amount") {
		amount = min(captured, ch.Int("transfer_data.amount"))
	}
	var fee func(payment *stripeObject) *stripeObject
	if taken := min(amount, ch.Int("application_fee_amount")); taken > 0 {
		fee = func(payment *stripeObject) *stripeObject {
			made := takeFee(tx, account.ID(), payment, ch, taken)
			ch.Set("application_fee", made.ID())
			return made
		}
	}
	tr := sendTransfer(tx, tx.New("transfer"), account, ch, ch.Str("currency"), amount, fee)
	ch.Set("transfer", tr.ID()).Set("transfer_group", tr.Get("transfer_group"))
}

// takeFee records a platform's fee on a payment of a connected account. ch is the payment in that account, of which the
// caller keeps the id of the fee; origin is the platform's own charge, nil for a direct one.
func takeFee(tx *accountTx, account string, ch, origin *stripeObject, amount int64) *stripeObject {
	var fee *stripeObject
	tx.within("", func() {
		fee = tx.New("application_fee").Set("account", account).Set("amount", amount).Set("amount_refunded", 0).Set("application", tx.application()).
			Set("charge", ch.ID()).Set("currency", ch.Str("currency")).Set("refunded", false).
			Set("fee_source", tx.NewHash("platform_earning_fee_source").Set("charge", ch.ID()).Set("type", "charge"))
		if origin != nil {
			fee.Set("originating_transaction", origin.ID())
		}
		txn := move(tx, "application_fee", "platform_earning", "", fee.ID(), ch.Str("currency"), amount, 0, false)
		fee.Set("balance_transaction", txn.ID())
		tx.Put(fee, "application_fee.created")
	})
	return fee
}

func createFeeRefund(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	fee := tx.Get("application_fee", r.Path("id"))
	if fee == nil {
		return nil, missing("application_fee", r.Path("id"), "id", 404)
	}
	p := r.Params()
	left := fee.Int("amount") - fee.Int("amount_refunded")
	amount := left
	if p.Has("amount") {
		amount = p.Int("amount")
	}
	switch {
	case left == 0:
		return nil, invalid("", "application_fee_already_refunded", "Application fee %s has already been refunded.", fee.ID())
	case amount < 1:
		return nil, invalid("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case amount > left:
		return nil, invalid("amount", "", "Refund amount (%s) is greater than unrefunded amount on fee (%s)", readable(amount, fee.Str("currency")), readable(left, fee.Str("currency")))
	}
	given := tx.New("fee_refund")
	applyMetadata(tx, given, p)
	return refundFee(tx, fee, given, amount), nil
}

// refundFee gives a part of a platform's fee back to the connected account.
func refundFee(tx *accountTx, fee, re *stripeObject, amount int64) *stripeObject {
	tx.within("", func() {
		re.Set("amount", amount).Set("currency", fee.Str("currency")).Set("fee", fee.ID())
		re.Set("balance_transaction", move(tx, "application_fee_refund", "platform_earning_refund", "", re.ID(), fee.Str("currency"), -amount, 0, false).ID())
		tx.Put(re)
		back := fee.Int("amount_refunded") + amount
		tx.Put(fee.Edit().Set("amount_refunded", back).Set("refunded", back == fee.Int("amount")).
			Set("refunds", listWith(fee.Hash("refunds"), ofField(tx, "fee_refund", "fee", fee.ID()))), "application_fee.refunded")
	})
	tx.within(fee.Str("account"), func() {
		move(tx, "adjustment", "other_adjustment", "Application fee refund", re.ID(), fee.Str("currency"), amount, 0, false)
	})
	return re
}

// refundConnect undoes, with a refund, what a charge sent to a connected account and what the platform took of it.
func refundConnect(tx *accountTx, ch, re *stripeObject, p formParams, amount int64) {
	if p.Bool("refund_application_fee") {
		if ch.Str("transfer") == "" { // a direct charge
			refundFeeOf(tx, tx.scope, ch.ID(), amount, ch.Int("amount_captured"))
		} else {
			tr := tx.Get("transfer", ch.Str("transfer"))
			refundFeeOf(tx, tr.Str("destination"), tr.Str("destination_payment"), amount, ch.Int("amount_captured"))
		}
	}
	if !p.Bool("reverse_transfer") {
		return
	}
	tr := tx.Get("transfer", ch.Str("transfer"))
	back := min(rounded(tr.Int("amount")*amount, ch.Int("amount_captured")), tr.Int("amount")-tr.Int("amount_reversed"))
	if back > 0 {
		rev := reverseTransfer(tx, tr, tx.New("transfer_reversal").Set("source_refund", re.ID()), back)
		re.Set("transfer_reversal", rev.ID())
	}
}
