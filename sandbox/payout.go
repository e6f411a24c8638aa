package sandbox

import (
	"slices"
	"strings"
	"time"
)

func init() {
	behave("POST /v1/payouts", createPayout)
	behave("POST /v1/payouts/{payout}/cancel", cancelPayout)
	behave("POST /v1/payouts/{payout}/reverse", reversePayout)
	onDue("payout.submit", submitPayout)
	onDue("payout.arrive", arrivePayout)
	onDue("payout.automatic", payAutomatically)
}

const (
	payoutPending   = "pending"
	payoutInTransit = "in_transit"
	payoutPaid      = "paid"
	payoutFailed    = "failed"

	// instantSeconds is how long an instant payout takes: Stripe's page says minutes; our choice.
	instantSeconds = 60
)

// payoutFailures are the messages of payouts that fail, by failure code (docs.stripe.com/api#payout_failures); the wordings
// are ours but for the first.
var payoutFailures = map[string]string{
	"account_closed":       "The bank account has been closed.",
	"no_account":           "The bank account details on file are probably incorrect. No bank account could be located with those details.",
	"insufficient_funds":   "Your Stripe account has insufficient funds to cover the payout.",
	"debit_not_authorized": "Debit transactions are not approved on your bank account.",
	"invalid_currency":     "The bank was unable to process this payout because of its currency.",
	"could_not_process":    "The bank could not process this payout.",
}

func createPayout(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	currency, amount := strings.ToLower(p.Str("currency")), p.Int("amount")
	if err := checkCurrency(currency, "currency"); err != nil {
		return nil, err
	}
	if amount < 1 {
		return nil, invalid("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	}
	if (currency == "huf" || currency == "twd") && amount%100 != 0 {
		return nil, invalid("amount", "parameter_invalid_integer", "Payouts in %s must be for an amount that can be divided by 100.", currency)
	}
	destination, err := payoutDestination(tx, p.Str("destination"), currency)
	if err != nil {
		return nil, err
	}
	instant := p.Str("method") == "instant"
	switch {
	case instant && !slices.Contains(destination.List("available_payout_methods"), any("instant")):
		return nil, invalid("method", "instant_payouts_unsupported", "The destination you provided does not support instant payouts.")
	case available(tx, currency) < amount:
		return nil, insufficientFunds("")
	}
	po := applyParams(tx, tx.New("payout"), p, "amount", "currency", "destination", "method")
	if instant {
		po.Set("method", "instant")
	}
	return sendPayout(tx, po, destination, currency, amount, false), nil
}

// payoutDestination finds where a payout goes: an account or card by its id, or the default of its currency. The platform
// itself has a test bank account as long as it was given none.
func payoutDestination(tx *accountTx, id, currency string) (*stripeObject, error) {
	account := tx.Account()
	if id == "" {
		if found := defaultExternal(tx, account, currency); found != nil {
			return found, nil
		}
		if tx.scope != "" {
			return nil, invalid("currency", "", "Sorry, you don't have any external accounts in that currency (%s).", currency)
		}
		bank := externalBank(tx, account, testBankSuccess, account.Str("country"), currency).Set("default_for_currency", true)
		tx.Put(bank)
		return bank, nil
	}
	list := tx.accountsOf(account)
	i := slices.IndexFunc(list, func(o *stripeObject) bool { return o.ID() == id })
	if i < 0 {
		return nil, invalid("destination", "resource_missing", "No such external account: '%s'", id)
	}
	if list[i].Str("currency") != currency {
		return nil, invalid("currency", "", "The external account %s is in %s; a payout in %s cannot go there.", id, list[i].Str("currency"), currency)
	}
	return list[i], nil
}

// sendPayout takes the money from the balance and plans the payout's way to the bank.
func sendPayout(tx *accountTx, po, destination *stripeObject, currency string, amount int64, automatic bool) *stripeObject {
	po.Set("amount", amount).Set("currency", currency).Set("destination", destination.ID()).Set("type", destination.Type()).
		Set("method", orElse(po.Str("method"), "standard")).Set("source_type", orElse(po.Str("source_type"), "card")).
		Set("status", payoutPending).Set("arrival_date", availableOn(tx.Now())).Set("automatic", automatic).
		Set("reconciliation_status", "not_applicable")
	if automatic {
		po.Set("reconciliation_status", "in_progress")
	}
	submit := tx.Now() - tx.Now()%day + day
	if po.Str("method") == "instant" {
		submit = tx.Now()
		po.Set("arrival_date", tx.Now()+instantSeconds)
	}
	po.Set("balance_transaction", move(tx, "payout", "payout", orElse(po.Str("description"), "STRIPE PAYOUT"), po.ID(), currency, -amount, 0, true).ID())
	tx.Due(submit, "payout.submit", po.ID())
	tx.Due(po.Int("arrival_date"), "payout.arrive", po.ID())
	tx.Put(po, "payout.created")
	return po
}

// submitPayout hands a payout to the bank: from then on it cannot be cancelled.
func submitPayout(tx *accountTx, id string) error {
	po := tx.Get("payout", id)
	if po == nil || po.Str("status") != payoutPending {
		return nil
	}
	tx.Put(po.Edit().Set("status", payoutInTransit), "payout.updated")
	return nil
}

// arrivePayout is the bank's answer.
func arrivePayout(tx *accountTx, id string) error {
	po := tx.Get("payout", id)
	if po == nil || po.Str("status") != payoutInTransit {
		return nil
	}
	failure := destinationFailure(tx, po)
	if failure != "" {
		txn := move(tx, "payout_failure", "payout_reversal", "STRIPE PAYOUT", po.ID(), po.Str("currency"), po.Int("amount"), 0, true)
		po = po.Edit().Set("status", payoutFailed).Set("failure_code", failure).Set("failure_message", payoutFailures[failure]).
			Set("failure_balance_transaction", txn.ID())
		tx.Put(po, "payout.failed")
		return nil
	}
	po = po.Edit().Set("status", payoutPaid).Set("trace_id", tx.NewHash("payouts_trace_id").Set("status", "supported").Set("value", digits(tx, 15)))
	tx.Put(po, "payout.paid")
	if po.Bool("automatic") {
		tx.Put(tx.Get("payout", id).Edit().Set("reconciliation_status", "completed"), "payout.reconciliation_completed")
	}
	return nil
}

// destinationFailure is why the test account or card behind a payout does not take it, "" when it does.
func destinationFailure(tx *accountTx, po *stripeObject) string {
	if po.Str("type") == "card" {
		card := tx.Get("card", po.Str("destination"))
		if card == nil {
			return "account_closed"
		}
		if test := cardsByName[card.Str(hiddenBehaviour)]; test != nil {
			return test.payout
		}
		return ""
	}
	bank := tx.Get("bank_account", po.Str("destination"))
	if bank == nil {
		return "account_closed"
	}
	return payoutFailure(bank.Str(hiddenNumber))
}

func findPayout(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	if po := tx.Get("payout", r.Path("payout")); po != nil {
		return po, nil
	}
	return nil, missing("payout", r.Path("payout"), "payout", 404)
}

func cancelPayout(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	po, err := findPayout(tx, r)
	if err != nil {
		return nil, err
	}
	switch {
	case po.Bool("automatic"):
		return nil, invalid("", "payouts_not_allowed", "Automatic payouts cannot be canceled.")
	case po.Str("status") != payoutPending:
		return nil, invalid("", "", "This payout cannot be canceled because it has a status of %s. Only payouts that are pending can be canceled.", po.Str("status"))
	}
	txn := move(tx, "payout_cancel", "payout_reversal", "STRIPE PAYOUT", po.ID(), po.Str("currency"), po.Int("amount"), 0, true)
	po = po.Edit().Set("status", canceled).Set("failure_balance_transaction", txn.ID())
	tx.Put(po, "payout.canceled")
	return po, nil
}

// reversePayout debits the bank account that a payout went to (docs.stripe.com/api/payouts/reverse).
func reversePayout(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	po, err := findPayout(tx, r)
	if err != nil {
		return nil, err
	}
	bank := tx.Get("bank_account", po.Str("destination"))
	switch {
	case po.Has("original_payout") || po.Has("reversed_by"):
		return nil, invalid("", "", "This payout has already been reversed, or is itself a reversal.")
	case po.Str("status") == payoutPending:
		return nil, invalid("", "", "This payout cannot be reversed because it has a status of pending. Please cancel it instead.")
	case po.Str("status") != payoutPaid && po.Str("status") != payoutInTransit:
		return nil, invalid("", "", "This payout cannot be reversed because it has a status of %s.", po.Str("status"))
	case bank == nil || bank.Str("country") != "US":
		return nil, invalid("", "", "Only payouts to US bank accounts can be reversed.")
	}
	back := tx.New("payout")
	applyMetadata(tx, back, onlyMetadata(r.Params()))
	back.Set("original_payout", po.ID())
	back = sendPayout(tx, back, bank, po.Str("currency"), -po.Int("amount"), false)
	tx.Put(po.Edit().Set("reversed_by", back.ID()), "payout.updated")
	return back, nil
}

// schedule is when an account's money is paid out by itself. A platform's own is manual until it says otherwise; a
// connected account's is daily, as at Stripe.
func schedule(tx *accountTx) *stripeObject {
	if tx.scope != "" {
		return tx.Account().Hash("settings.payouts.schedule")
	}
	if settings := tx.Get("balance_settings", onlyID); settings != nil && settings.Has("payments.payouts.schedule") {
		return settings.Hash("payments.payouts.schedule")
	}
	return hash("interval", "manual")
}

// planAutomatic plans the next automatic payout, after money became available.
func planAutomatic(tx *accountTx, currency string) {
	at := nextPayout(tx.Now(), schedule(tx))
	if at > 0 && (tx.scope == "" || tx.Account().Bool("payouts_enabled")) {
		tx.Due(at, "payout.automatic", currency)
	}
}

// nextPayout is the next instant of a schedule, midnight UTC of its day, now included; 0 for never.
func nextPayout(now int64, s *stripeObject) int64 {
	at := time.Unix(now, 0).UTC()
	if now%day != 0 {
		at = time.Date(at.Year(), at.Month(), at.Day()+1, 0, 0, 0, 0, time.UTC)
	}
	fits := func(time.Time) bool { return true }
	switch s.Str("interval") {
	case "daily":
	case "weekly":
		days := texts(append(s.List("weekly_payout_days"), s.Get("weekly_anchor")))
		fits = func(t time.Time) bool { return slices.Contains(days, strings.ToLower(t.Weekday().String())) }
	case "monthly":
		days := s.List("monthly_payout_days")
		if anchor := s.Int("monthly_anchor"); anchor > 0 {
			days = []any{anchor}
		}
		fits = func(t time.Time) bool {
			last := t.AddDate(0, 1, -t.Day()).Day()
			return slices.ContainsFunc(days, func(v any) bool { n, _ := v.(int64); return t.Day() == min(int(n), last) })
		}
	default:
		return 0
	}
	for range 32 {
		if fits(at) {
			return at.Unix()
		}
		at = at.AddDate(0, 0, 1)
	}
	return 0
}

// payAutomatically pays out what is available in a currency.
func payAutomatically(tx *accountTx, currency string) error {
	amount := available(tx, currency)
	if amount < 1 || nextPayout(tx.Now(), schedule(tx)) != tx.Now() {
		return nil
	}
	destination, err := payoutDestination(tx, "", currency)
	if err != nil {
		return nil //nolint:nilerr // an account without a bank account keeps its money
	}
	sendPayout(tx, tx.New("payout").Set("description", "STRIPE PAYOUT"), destination, currency, amount, true)
	return nil
}
