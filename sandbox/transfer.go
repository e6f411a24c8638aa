package sandbox

import "strings"

func init() {
	behave("POST /v1/transfers", createTransfer)
	behave("POST /v1/transfers/{id}/reversals", createReversal)
	behave("GET /v1/transfers/{id}/reversals", listReversals)
}

// transferDestination finds the connected account that gets a transfer.
func transferDestination(tx *accountTx, id, param string) (*stripeObject, error) {
	account := tx.Get("account", id)
	switch {
	case account == nil || tx.scope != "":
		return nil, missing("destination", id, param, 400)
	case id == tx.account.id:
		return nil, invalid(param, "", "The destination account cannot be the platform's own account.")
	case account.Str("capabilities.transfers") != "active" && account.Str("capabilities.legacy_payments") != "active":
		return nil, invalid("", "insufficient_capabilities_for_transfer", "Your destination account needs to have at least one of the following capabilities enabled: transfers, crypto_transfers, legacy_payments")
	}
	return account, nil
}

// insufficientFunds is the refusal of a payout or transfer that the available balance does not cover, as test mode words it.
func insufficientFunds(param string) *Error {
	return invalid(param, "balance_insufficient", "You have insufficient available funds in your Stripe account. Try adding funds directly to your available balance by creating Charges using the 4000000000000077 test card. See: https://stripe.com/docs/testing#available-balance")
}

// available is what the balance has in a currency to pay out.
func available(tx *accountTx, currency string) int64 {
	sum := int64(0)
	tx.Each("balance_transaction", func(txn *stripeObject) bool {
		if txn.Str("currency") == currency && (txn.Str("status") == "available" || txn.Int("amount") < 0) {
			sum += txn.Int("net")
		}
		return true
	})
	return sum
}

func createTransfer(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	currency := strings.ToLower(p.Str("currency"))
	if err := checkCurrency(currency, "currency"); err != nil {
		return nil, err
	}
	account, err := transferDestination(tx, p.Str("destination"), "destination")
	if err != nil {
		return nil, err
	}
	var source *stripeObject
	amount := p.Int("amount")
	if id := p.Str("source_transaction"); id != "" {
		if source, err = findCharge(tx, id, "source_transaction", 400); err != nil {
			return nil, err
		}
		if amount, err = fromSource(tx, source, currency, p); err != nil {
			return nil, err
		}
	}
	switch {
	case !p.Has("amount") && source == nil:
		return nil, invalid("amount", "parameter_missing", "Missing required param: amount.")
	case amount < 1:
		return nil, invalid("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case source == nil && available(tx, currency) < amount:
		return nil, insufficientFunds("")
	}
	tr := applyParams(tx, tx.New("transfer"), p, "amount", "currency", "destination", "source_transaction")
	return sendTransfer(tx, tr, account, source, currency, amount, nil), nil
}

// fromSource checks a transfer that is made of a charge's money: it may not be more than the charge, all transfers of it
// together.
func fromSource(tx *accountTx, source *stripeObject, currency string, p formParams) (int64, error) {
	if source.Str("status") != succeeded || !source.Bool("captured") {
		return 0, invalid("source_transaction", "", "The charge %s must be successful and captured before it can be used as a source_transaction.", source.ID())
	}
	if source.Str("currency") != currency {
		return 0, invalid("currency", "", "The currency of source_transaction's balance transaction (%s) must be the same as the transfer currency (%s)", source.Str("currency"), currency)
	}
	left := source.Int("amount_captured")
	tx.Each("transfer", func(tr *stripeObject) bool {
		if tr.Str("source_transaction") == source.ID() {
			left -= tr.Int("amount") - tr.Int("amount_reversed")
		}
		return true
	})
	amount := left
	if p.Has("amount") {
		amount = p.Int("amount")
	}
	if amount > left {
		return 0, invalid("amount", "", "Transfers using this transaction as a source must not exceed the source amount of %s. (Note: There may already be existing transfers that use this as a source.)",
			readable(source.Int("amount_captured"), currency))
	}
	return amount, nil
}

// sendTransfer moves money from the platform to a connected account, in which it arrives as a payment. fee is what the
// platform takes of that payment, nil for none.
func sendTransfer(tx *accountTx, tr, account, source *stripeObject, currency string, amount int64, fee func(payment *stripeObject) *stripeObject) *stripeObject {
	tr.Set("amount", amount).Set("amount_reversed", 0).Set("reversed", false).Set("currency", currency).Set("destination", account.ID()).
		Set("source_type", orElse(tr.Str("source_type"), "card"))
	if source != nil {
		tr.Set("source_transaction", source.ID())
		if tr.Str("transfer_group") == "" {
			tr.Set("transfer_group", orElse(source.Str("transfer_group"), "group_"+orElse(source.Str("payment_intent"), source.ID())))
		}
	}
	payment := tx.New("charge").Set("id", tx.NewID("py_1", 23)).Unset("refunds")
	tr.Set("destination_payment", payment.ID())
	tr.Set("balance_transaction", move(tx, "transfer", "transfer", tr.Str("description"), tr.ID(), currency, -amount, 0, source == nil).ID())
	tx.within(account.ID(), func() {
		payment.Set("amount", amount).Set("amount_captured", amount).Set("amount_refunded", 0).Set("captured", true).Set("paid", true).
			Set("refunded", false).Set("disputed", false).Set("status", succeeded).Set("currency", currency).Set("fraud_details", hash()).
			Set("billing_details", emptyBilling(tx)).Set("metadata", hash()).Set("source_transfer", tr.ID()).
			Set("payment_method_details", tx.NewHash("payment_method_details").Set("type", "stripe_account").Set("stripe_account", hash()))
		taken := int64(0)
		if fee != nil {
			made := fee(payment)
			taken = made.Int("amount")
			payment.Set("application_fee", made.ID()).Set("application_fee_amount", taken).Set("application", tx.application())
		}
		txn := move(tx, "payment", "charge", tr.Str("description"), payment.ID(), currency, amount, taken, source == nil)
		if taken > 0 {
			txn = txn.Edit().Set("fee_details", []any{tx.applicationFeeDetail(taken, currency)})
			tx.Put(txn)
		}
		tx.Put(payment.Set("balance_transaction", txn.ID()))
	})
	tx.Put(tr, "transfer.created")
	return tr
}

// applicationFeeDetail is what a balance transaction of a connected account shows of the platform's fee.
func (tx *accountTx) applicationFeeDetail(amount int64, currency string) *stripeObject {
	return tx.NewHash("fee").Set("amount", amount).Set("application", tx.application()).Set("currency", currency).
		Set("description", displayNameOf(tx)+" application fee").Set("type", "application_fee")
}

// displayNameOf is the platform's name.
func displayNameOf(tx *accountTx) (name string) {
	tx.within("", func() { name = displayName(tx) })
	return name
}

func findTransfer(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	id := r.Path("id")
	if tr := tx.Get("transfer", id); tr != nil {
		return tr, nil
	}
	return nil, missing("transfer", id, "id", 404)
}

func reversalsOf(tx *accountTx, tr *stripeObject) []*stripeObject {
	return ofField(tx, "transfer_reversal", "transfer", tr.ID())
}

func listReversals(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	tr, err := findTransfer(tx, r)
	if err != nil {
		return nil, err
	}
	return tx.ListObjects(r, reversalsOf(tx, tr))
}

func createReversal(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	tr, err := findTransfer(tx, r)
	if err != nil {
		return nil, err
	}
	p := r.Params()
	left := tr.Int("amount") - tr.Int("amount_reversed")
	amount := left
	if p.Has("amount") {
		amount = p.Int("amount")
	}
	currency := tr.Str("currency")
	switch {
	case left == 0:
		return nil, invalid("", "transfer_already_reversed", "Transfer %s has already been fully reversed.", tr.ID())
	case amount < 1:
		return nil, invalid("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case amount > left:
		return nil, invalid("amount", "", "Reversal amount (%s) is greater than unreversed amount on transfer (%s)", readable(amount, currency), readable(left, currency))
	}
	rev := tx.New("transfer_reversal")
	applyMetadata(tx, rev, p)
	if p.Bool("refund_application_fee") {
		refundFeeOf(tx, tr.Str("destination"), tr.Str("destination_payment"), amount, tr.Int("amount"))
	}
	return reverseTransfer(tx, tr, rev, amount), nil
}

// reverseTransfer takes a part of a transfer back from the connected account.
func reverseTransfer(tx *accountTx, tr, rev *stripeObject, amount int64) *stripeObject {
	currency := tr.Str("currency")
	rev.Set("amount", amount).Set("currency", currency).Set("transfer", tr.ID())
	rev.Set("balance_transaction", move(tx, "transfer_refund", "transfer_reversal", "", rev.ID(), currency, amount, 0, false).ID())
	tx.within(tr.Str("destination"), func() {
		payment := tx.Get("charge", tr.Str("destination_payment"))
		re := tx.New("refund").Set("id", tx.NewID("pyr_1", 23)).Set("amount", amount).Set("charge", payment.ID()).Set("currency", currency).Set("status", succeeded).
			Set("transfer_reversal", rev.ID())
		re.Set("balance_transaction", move(tx, "payment_refund", "refund", "REFUND FOR PAYMENT", re.ID(), currency, -amount, 0, false).ID())
		tx.Put(re)
		back := payment.Int("amount_refunded") + amount
		tx.Put(payment.Edit().Set("amount_refunded", back).Set("refunded", back == payment.Int("amount")), "charge.refunded")
		rev.Set("destination_payment_refund", re.ID())
	})
	tx.Put(rev)
	back := tr.Int("amount_reversed") + amount
	tx.Put(tr.Edit().Set("amount_reversed", back).Set("reversed", back == tr.Int("amount")).
		Set("reversals", listWith(tr.Hash("reversals"), reversalsOf(tx, tr))), "transfer.reversed")
	return rev
}

// listWith is an embedded list with other members.
func listWith(list *stripeObject, members []*stripeObject) *stripeObject {
	data := make([]any, len(members))
	for i, m := range members {
		data[i] = m
	}
	list = list.Edit().Set("data", data).Set("has_more", false)
	if list.slot("total_count") >= 0 {
		list.Set("total_count", len(data))
	}
	return list
}

// refundFeeOf gives back a platform's fee on a connected account's payment, in proportion to amount of whole.
func refundFeeOf(tx *accountTx, account, payment string, amount, whole int64) {
	var ch *stripeObject
	tx.within(account, func() { ch = tx.Get("charge", payment) })
	if ch == nil || ch.Str("application_fee") == "" {
		return
	}
	var fee *stripeObject
	tx.within("", func() { fee = tx.Get("application_fee", ch.Str("application_fee")) })
	back := min(rounded(fee.Int("amount")*amount, whole), fee.Int("amount")-fee.Int("amount_refunded"))
	if back > 0 {
		refundFee(tx, fee, tx.New("fee_refund"), back)
	}
}
