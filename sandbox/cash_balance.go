package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

func init() {
	behave("GET /v1/customers/{customer}/cash_balance", retrieveCashBalance)
	behave("POST /v1/customers/{customer}/cash_balance", updateCashBalance)
	behave("GET /v1/customers/{customer}/cash_balance_transactions", listCashTransactions)
	behave("POST /v1/test_helpers/customers/{customer}/fund_cash_balance", fundCashBalance)
	behave("POST /v1/payment_intents/{intent}/apply_customer_balance", applyCustomerBalance)
	onExpand("customer", "cash_balance", func(tx *accountTx, customer *stripeObject) []*stripeObject {
		return []*stripeObject{cashBalanceOf(tx, customer)}
	})
}

const (
	// customerBalance is the type of methods that pay from a customer's cash balance.
	customerBalance = "customer_balance"
	// hiddenReconciliation is how a customer's transfers find their payments: automatic unless said.
	hiddenReconciliation = "_reconciliation_mode"
	// hiddenFunded is how much of an intent a customer's transfers have paid so far, in the minor unit.
	hiddenFunded = "_funded"
)

// cashOf is what a customer has sent and not spent, by currency.
func cashOf(tx *accountTx, customer string) map[string]int64 {
	sums := map[string]int64{}
	tx.EachOf("customer_cash_balance_transaction", "customer", customer, func(o *stripeObject) bool {
		sums[o.Str("currency")] += o.Int("net_amount")
		return true
	})
	return sums
}

// cashBalanceOf is a customer's cash balance. It is null in available until money came for the first time.
func cashBalanceOf(tx *accountTx, customer *stripeObject) *stripeObject {
	mode := customer.Str(hiddenReconciliation)
	o := tx.New("cash_balance").Set("customer", customer.ID()).Set("available", nil).
		Set("settings", tx.NewHash("customer_balance_customer_balance_settings").Set("reconciliation_mode", orElse(mode, "automatic")).Set("using_merchant_default", mode == ""))
	sums := cashOf(tx, customer.ID())
	if len(sums) == 0 {
		return o
	}
	available := hash()
	for _, currency := range supportedCurrencies {
		if sum, ok := sums[currency]; ok {
			available.Set(currency, sum)
		}
	}
	return o.Set("available", available)
}

func retrieveCashBalance(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	customer, err := findCustomer(tx, r.Path("customer"), "customer", http.StatusNotFound)
	if err != nil {
		return nil, err
	}
	return cashBalanceOf(tx, customer), nil
}

func updateCashBalance(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	customer, err := findCustomer(tx, r.Path("customer"), "customer", http.StatusNotFound)
	if err != nil {
		return nil, err
	}
	if mode := r.Params().Str("settings.reconciliation_mode"); mode != "" {
		if mode == "merchant_default" {
			mode = ""
		}
		customer = customer.Edit().Set(hiddenReconciliation, textOrNull(mode))
		tx.Put(customer)
	}
	return cashBalanceOf(tx, customer), nil
}

func listCashTransactions(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	customer, err := findCustomer(tx, r.Path("customer"), "customer", http.StatusNotFound)
	if err != nil {
		return nil, err
	}
	return tx.ListOf(r, "customer_cash_balance_transaction", "customer", customer.ID(), nil)
}

// moveCash records a change of a customer's cash balance, with its event. detail is the hash of the type's own name, nil for
// none.
func moveCash(tx *accountTx, customer, currency, typ string, net int64, detail *stripeObject) *stripeObject {
	ending := cashOf(tx, customer)[currency] + net
	txn := tx.New("customer_cash_balance_transaction")
	for _, key := range []string{"adjusted_for_overdraft", "applied_to_payment", "funded", "refunded_from_payment", "transferred_to_balance", "unapplied_from_payment"} {
		txn.Unset(key)
	}
	txn.Set("customer", customer).Set("currency", currency).Set("type", typ).Set("net_amount", net).Set("ending_balance", ending)
	if detail != nil {
		txn.Set(typ, detail)
	}
	tx.Put(txn, "customer_cash_balance_transaction.created")
	return txn
}

// cashDetail names the PaymentIntent or the Refund that moved cash.
func cashDetail(tx *accountTx, typ, key, id string) *stripeObject {
	return tx.NewHash("customer_balance_resource_cash_balance_transaction_resource_"+typ+"_transaction").Set(key, id)
}

// transferTypes are the kinds of bank transfers by their currency (docs.stripe.com/payments/bank-transfers).
var transferTypes = map[string]string{"usd": "us_bank_transfer", "eur": "eu_bank_transfer", "gbp": "gb_bank_transfer", "jpy": "jp_bank_transfer", "mxn": "mx_bank_transfer"}

// fundCashBalance is a transfer that arrives from the customer's bank.
func fundCashBalance(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	customer, err := findCustomer(tx, r.Path("customer"), "customer", http.StatusNotFound)
	if err != nil {
		return nil, err
	}
	currency := strings.ToLower(p.Str("currency"))
	kind := transferTypes[currency]
	switch {
	case kind == "":
		return nil, invalid("currency", "", "Invalid currency: %s. Bank transfers are made in eur, gbp, jpy, mxn, or usd.", currency)
	case p.Int("amount") < 1:
		return nil, invalid("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	}
	schema := "customer_balance_resource_cash_balance_transaction_resource_funded_transaction"
	transfer := tx.NewHash(schema+"_resource_bank_transfer").Set("type", kind).Set("reference", textOrNull(p.Str("reference")))
	for _, other := range transferTypes {
		if other != kind {
			transfer.Unset(other)
		}
	}
	switch kind {
	case "us_bank_transfer":
		transfer.Set(kind, tx.NewHash(schema+"_resource_bank_transfer_resource_us_bank_transfer").Set("network", "ach").Set("sender_name", customer.Get("name")))
	case "eu_bank_transfer":
		transfer.Set(kind, tx.NewHash(schema+"_resource_bank_transfer_resource_eu_bank_transfer").Set("bic", "BANKDEAAXXX").Set("iban_last4", "7089").Set("sender_name", customer.Get("name")))
	case "gb_bank_transfer":
		transfer.Set(kind, tx.NewHash(schema+"_resource_bank_transfer_resource_gb_bank_transfer").Set("account_number_last4", "7089").Set("sender_name", customer.Get("name")))
	case "jp_bank_transfer":
		transfer.Set(kind, tx.NewHash(schema+"_resource_bank_transfer_resource_jp_bank_transfer").Set("sender_name", customer.Get("name")))
	}
	txn := moveCash(tx, customer.ID(), currency, "funded", p.Int("amount"), tx.NewHash(schema).Set("bank_transfer", transfer))
	if customer.Str(hiddenReconciliation) != "manual" {
		if err := reconcile(tx, customer.ID(), currency, p.Str("reference")); err != nil {
			return nil, err
		}
	}
	if cashOf(tx, customer.ID())[currency] > 0 {
		tx.Event("cash_balance.funds_available", cashBalanceOf(tx, customer), nil)
	}
	return txn, nil
}

// waitsForTransfer says whether an intent waits for money of its customer's bank.
func waitsForTransfer(pi *stripeObject) bool {
	return pi.Str("status") == requiresAction && pi.Str("next_action.type") == "display_bank_transfer_instructions"
}

// reconcile spends a customer's cash on the payments that wait for it: the one that the transfer named first, then one of
// exactly that amount, then the oldest (docs.stripe.com/payments/customer-balance/reconciliation).
func reconcile(tx *accountTx, customer, currency, reference string) error {
	var waiting []*stripeObject
	tx.EachOf("payment_intent", "customer", customer, func(pi *stripeObject) bool {
		if waitsForTransfer(pi) && pi.Str("currency") == currency {
			waiting = append(waiting, pi)
		}
		return true
	})
	slices.Reverse(waiting) // the oldest first
	cash := cashOf(tx, customer)[currency]
	rank := func(pi *stripeObject) int {
		switch {
		case reference != "" && pi.Str("next_action.display_bank_transfer_instructions.reference") == reference:
			return 0
		case remaining(pi) == cash:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(waiting, func(a, b *stripeObject) int { return rank(a) - rank(b) })
	for _, pi := range waiting {
		amount := min(remaining(pi), cashOf(tx, customer)[currency])
		if amount < 1 {
			return nil
		}
		if _, err := spendCash(tx, pi, amount); err != nil {
			return err
		}
	}
	return nil
}

// remaining is what an intent still waits for.
func remaining(pi *stripeObject) int64 { return pi.Int("amount") - pi.Int(hiddenFunded) }

// spendCash puts a part of a customer's cash into an intent; the last part pays it.
func spendCash(tx *accountTx, pi *stripeObject, amount int64) (*stripeObject, error) {
	moveCash(tx, pi.Str("customer"), pi.Str("currency"), "applied_to_payment", -amount, cashDetail(tx, "applied_to_payment", "payment_intent", pi.ID()))
	pi = pi.Edit().Set(hiddenFunded, pi.Int(hiddenFunded)+amount)
	if left := remaining(pi); left > 0 {
		if pi.Has("next_action.display_bank_transfer_instructions") {
			pi.Set("next_action.display_bank_transfer_instructions.amount_remaining", left)
		}
		tx.Put(pi, "payment_intent.partially_funded")
		return pi, nil
	}
	method := methodOf(tx, pi)
	ch := newCharge(tx, pi, method, authNone).Set("id", tx.NewID("py_3", 23)).Set("status", succeeded).Set("paid", true).Set("captured", true).
		Set("amount_captured", pi.Int("amount"))
	payIn(tx, ch, pi.Int("amount"))
	tx.Put(ch, "charge.succeeded")
	return paid(tx, pi.Set("latest_charge", ch.ID()), pi.Int("amount"))
}

// returnCash gives what a customer's transfers paid for an intent that is canceled back to their cash balance.
func returnCash(tx *accountTx, pi *stripeObject) {
	funded := pi.Int(hiddenFunded)
	if funded == 0 {
		return
	}
	pi.Set(hiddenFunded, 0)
	moveCash(tx, pi.Str("customer"), pi.Str("currency"), "unapplied_from_payment", funded, cashDetail(tx, "unapplied_from_payment", "payment_intent", pi.ID()))
	if customer := tx.Get("customer", pi.Str("customer")); customer != nil {
		tx.Event("cash_balance.funds_available", cashBalanceOf(tx, customer), nil)
	}
}

// applyCustomerBalance pays an intent by hand from its customer's cash: all that is left of it, or amount.
func applyCustomerBalance(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	pi, err := findPaymentIntent(tx, r)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(pi.List("payment_method_types"), any(customerBalance)) {
		return nil, unexpectedState(pi, "The customer balance cannot be applied to this PaymentIntent: it takes %s.", joined(pi.List("payment_method_types")))
	}
	if !waitsForTransfer(pi) {
		return nil, unexpectedState(pi, "The customer balance cannot be applied to this PaymentIntent because it has a status of %s. Only a PaymentIntent with one of the following statuses may be applied: requires_action.", pi.Str("status"))
	}
	amount := remaining(pi)
	if p.Has("amount") {
		amount = p.Int("amount")
	}
	switch currency := strings.ToLower(p.Str("currency")); {
	case currency != "" && currency != pi.Str("currency"):
		return nil, invalid("currency", "", "The currency provided (%s) does not match the currency of the PaymentIntent (%s).", currency, pi.Str("currency"))
	case amount < 1:
		return nil, invalid("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case amount > remaining(pi):
		return nil, invalid("amount", "amount_too_large", "The amount provided (%s) is greater than the amount remaining on the PaymentIntent (%s).", readable(amount, pi.Str("currency")), readable(remaining(pi), pi.Str("currency")))
	case amount > cashOf(tx, pi.Str("customer"))[pi.Str("currency")]:
		return nil, invalid("amount", "customer_balance_insufficient", "The customer's cash balance does not have enough funds in %s.", pi.Str("currency"))
	}
	return spendCash(tx, pi, amount)
}

// refundCash gives a refund of a payment by transfer back to the customer's cash balance.
func refundCash(tx *accountTx, ch, re *stripeObject, amount int64) {
	customer := tx.Get("customer", ch.Str("customer"))
	if customer == nil {
		return // deleted; the money is nobody's
	}
	moveCash(tx, customer.ID(), ch.Str("currency"), "refunded_from_payment", amount, cashDetail(tx, "refunded_from_payment", "refund", re.ID()))
	tx.Event("cash_balance.funds_available", cashBalanceOf(tx, customer), nil)
}

// refundToBank sends a customer's cash back to their bank: {origin: customer_balance, customer, amount, currency}.
func refundToBank(tx *accountTx, p formParams) (*stripeObject, error) {
	for _, name := range []string{"customer", "amount", "currency"} {
		if !p.Has(name) {
			return nil, invalid(name, "parameter_missing", "Missing required param: %s.", name)
		}
	}
	customer, err := findCustomer(tx, p.Str("customer"), "customer", http.StatusBadRequest)
	if err != nil {
		return nil, err
	}
	currency, amount := strings.ToLower(p.Str("currency")), p.Int("amount")
	switch {
	case amount < 1:
		return nil, invalid("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case cashOf(tx, customer.ID())[currency] < amount:
		return nil, invalid("amount", "customer_balance_insufficient", "The customer's cash balance does not have enough funds in %s.", currency)
	}
	re := tx.New("refund").Set("amount", amount).Set("currency", currency).Set("status", "pending").Set("charge", nil).Set("payment_intent", nil).
		Set("destination_details", tx.NewHash("refund_destination_details").Set("type", transferTypes[currency]))
	applyMetadata(tx, re, p)
	moveCash(tx, customer.ID(), currency, "return_initiated", -amount, nil)
	tx.Due(tx.Now()+refundSeconds, "refund.succeed", re.ID())
	tx.Put(re, "refund.created")
	return re, nil
}
