package sandbox

import (
	"slices"
	"time"
)

func init() {
	behave("GET /v1/balance", retrieveBalance)
	behave("GET /v1/balance_transactions", listBalanceTransactions)
	onDue("balance_transaction.available", releaseFunds)
}

const (
	// feePercent and feeFixed are what Stripe takes of a card payment in the recorded account: 2.9 % and 30 of the minor
	// unit, rounded half up.
	feePercent = 2.9
	feeFixed   = 30
	// disputeFee is taken with a chargeback and not given back.
	disputeFee = 1500
	// pendingDays is how long money is pending: Stripe's usual two business days.
	pendingDays = 2

	day = 24 * 60 * 60
)

// move records money on the account's balance. fee is what Stripe keeps of it; both are in the currency's minor unit.
func move(tx *accountTx, typ, category, description, source, currency string, amount, fee int64, atOnce bool) *stripeObject {
	txn := tx.New("balance_transaction")
	txn.Set("amount", amount).Set("currency", currency).Set("fee", fee).Set("net", amount-fee).Set("fee_details", []any{}).
		Set("type", typ).Set("reporting_category", category).Set("description", textOrNull(description)).Set("source", source).
		Set("balance_type", "payments").Set("status", "pending").Set("available_on", availableOn(tx.Now()))
	if fee != 0 {
		what := "Stripe processing fees"
		if category == "dispute" {
			what = "Dispute fee"
		}
		txn.Set("fee_details", []any{tx.NewHash("fee").Set("amount", fee).Set("currency", currency).Set("description", what).Set("type", "stripe_fee")})
	}
	if atOnce {
		txn.Set("status", "available").Set("available_on", tx.Now())
	} else {
		tx.Due(txn.Int("available_on"), "balance_transaction.available", txn.ID())
	}
	tx.Put(txn)
	return txn
}

// availableOn is midnight UTC, two business days later.
func availableOn(now int64) int64 {
	at := time.Unix(now-now%day, 0).UTC()
	for left := pendingDays; left > 0; {
		at = at.AddDate(0, 0, 1)
		if !weekend(at.Unix()) {
			left--
		}
	}
	return at.Unix()
}

func weekend(at int64) bool {
	day := time.Unix(at, 0).UTC().Weekday()
	return day == time.Saturday || day == time.Sunday
}

// payIn records the money of a charge, less Stripe's fee and, in a connected account, the platform's; what a destination
// charge promises to a connected account is transferred. It writes all that into the charge, which the caller stores.
func payIn(tx *accountTx, ch *stripeObject, amount int64) *stripeObject {
	percent, fixed := fees(tx)
	fee := min(amount, share(amount, percent)+fixed)
	card := cardsByName[tx.behaviourName(ch.Str("payment_method"))]
	atOnce := card != nil && card.available
	taken := int64(0)
	if tx.scope != "" && ch.Int("application_fee_amount") > 0 {
		made := takeFee(tx, tx.scope, ch, nil, ch.Int("application_fee_amount"))
		taken = made.Int("amount")
		ch.Set("application_fee", made.ID())
	}
	txn := move(tx, "charge", "charge", ch.Str("description"), ch.ID(), ch.Str("currency"), amount, fee+taken, atOnce)
	if taken > 0 {
		stripeFee := txn.List("fee_details")[0].(*stripeObject).Edit().Set("amount", fee)
		txn = txn.Edit().Set("fee_details", []any{tx.applicationFeeDetail(taken, ch.Str("currency")), stripeFee})
		tx.Put(txn)
	}
	ch.Set("balance_transaction", txn.ID())
	if ch.Has("transfer_data") {
		transferCharge(tx, ch, amount)
	}
	return txn
}

// fees are what this account pays of a payment: a percentage and a fixed part in the minor unit.
func fees(tx *accountTx) (percent float64, fixed int64) {
	percent, fixed = feePercent, feeFixed
	if settings := tx.Account().Hash("_settings"); settings != nil {
		if settings.Has("fee_percent") {
			percent = settings.Float("fee_percent")
		}
		if settings.Has("fee_fixed") {
			fixed = settings.Int("fee_fixed")
		}
	}
	return percent, fixed
}

// behaviourName is the test card behind a payment method's id.
func (tx *accountTx) behaviourName(method string) string {
	if o := tx.Get("payment_method", method); o != nil {
		return o.Str(hiddenBehaviour)
	}
	return ""
}

// releaseFunds makes all money available that is due by now, and says so once, unless nothing came in
// (docs.stripe.com/api/events/types: not for negative transactions). What a test clock rules is released by itself, without
// a word: the balance is the account's.
func releaseFunds(tx *accountTx, id string) error {
	txn := tx.Get("balance_transaction", id)
	if txn == nil || txn.Str("status") != "pending" {
		return nil
	}
	if tx.clock != "" {
		tx.Put(txn.Edit().Set("status", "available"))
		planAutomatic(tx, txn.Str("currency"))
		return nil
	}
	var due []*stripeObject
	tx.Each("balance_transaction", func(txn *stripeObject) bool {
		if txn.Str("status") == "pending" && txn.Int("available_on") <= tx.Now() {
			due = append(due, txn)
		}
		return true
	})
	income := false
	var currencies []string
	for _, txn := range slices.Backward(due) {
		income = income || txn.Int("net") > 0
		tx.Put(txn.Edit().Set("status", "available"))
		if currency := txn.Str("currency"); !slices.Contains(currencies, currency) {
			currencies = append(currencies, currency)
		}
	}
	if income {
		tx.Event("balance.available", balanceOf(tx), nil)
	}
	for _, currency := range currencies {
		planAutomatic(tx, currency)
	}
	return nil
}

// listBalanceTransactions filters as the description says. A dispute is no source that is found (recorded).
func listBalanceTransactions(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	if id := r.Params().Str("source"); id != "" && tx.Get("dispute", id) != nil {
		return tx.ListObjects(r, nil)
	}
	return newDefault(r.route.operation).list(tx, r)
}

// retrieveBalance sums what is there and what is pending, by currency.
func retrieveBalance(tx *accountTx, _ *apiRequest) (*stripeObject, error) { return balanceOf(tx), nil }

func balanceOf(tx *accountTx) *stripeObject {
	sums := map[string]map[string]int64{"available": {}, "pending": {}}
	var currencies []string
	tx.Each("balance_transaction", func(txn *stripeObject) bool {
		currency := txn.Str("currency")
		if !slices.Contains(currencies, currency) {
			currencies = append(currencies, currency)
		}
		sums[txn.Str("status")][currency] += txn.Int("net")
		return true
	})
	if len(currencies) == 0 {
		currencies = []string{orElse(tx.Account().Str("default_currency"), "usd")}
	}
	slices.Sort(currencies)
	balance := tx.NewHash("balance").Set("object", "balance").Set("livemode", false)
	for status, sum := range sums {
		var amounts []any
		for _, currency := range currencies {
			amounts = append(amounts, tx.NewHash("balance_amount").Set("amount", sum[currency]).Set("currency", currency).
				Set("source_types", tx.NewHash("balance_amount_by_source_type").Set("card", sum[currency])))
		}
		balance.Set(status, amounts)
	}
	return balance
}
