package sandbox

import "strings"

func init() {
	behave("POST /v1/topups", createTopup)
	behave("POST /v1/topups/{topup}/cancel", cancelTopup)
	onDue("topup.arrive", arriveTopup)
}

const (
	topupPending   = "pending"
	topupSucceeded = "succeeded"
	// arriveSeconds is how long a top-up takes: Stripe's page says five to six business days, in test mode at once; our choice.
	arriveSeconds = 5
)

// topupFailures are the published test sources and why they fail (docs.stripe.com/connect/top-ups, test mode); "" succeeds.
// The sources are named by the token that they stand for.
var topupFailures = map[string]string{
	"": "", "btok_us_verified": "", "btok_us_verified_noAccount": "no_account", "btok_us_verified_accountClosed": "account_closed",
	"btok_us_verified_insufficientFunds": "insufficient_funds", "btok_us_verified_debitNotAuthorized": "debit_not_authorized",
	"btok_us_verified_invalidCurrency": "invalid_currency",
}

// createTopup brings money from the account's bank onto its balance.
func createTopup(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	currency, amount, source := strings.ToLower(p.Str("currency")), p.Int("amount"), p.Str("source")
	if err := checkCurrency(currency, "currency"); err != nil {
		return nil, err
	}
	if amount < 1 {
		return nil, invalid("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	}
	failure, known := topupFailures[source]
	tu := tx.New("topup")
	if kept := tx.Get("source", source); kept != nil {
		known = true
		if kept.Str("status") != sourceChargeable {
			return nil, invalid("source", "", "The source %s is not chargeable: its status is %s.", source, kept.Str("status"))
		}
		tu.Set("source", kept)
	}
	if !known {
		return nil, missing("source", source, "source", 400)
	}
	tu = applyParams(tx, tu, p, "amount", "currency", "source", "payment_method_options")
	tu.Set("amount", amount).Set("currency", currency).Set("status", topupPending).Set("expected_availability_date", availableOn(tx.Now())).
		Set(hiddenFailure, failure)
	tx.Due(tx.Now()+arriveSeconds, "topup.arrive", tu.ID())
	tx.Put(tu, "topup.created")
	return tu, nil
}

// hiddenFailure is why a top-up is going to fail, "" for not at all.
const hiddenFailure = "_failure"

// arriveTopup is the bank's answer.
func arriveTopup(tx *accountTx, id string) error {
	tu := tx.Get("topup", id)
	if tu == nil || tu.Str("status") != topupPending {
		return nil
	}
	tu = tu.Edit()
	if failure := tu.Str(hiddenFailure); failure != "" {
		tx.Put(tu.Set("status", payoutFailed).Set("failure_code", failure).Set("failure_message", payoutFailures[failure]), "topup.failed")
		return nil
	}
	txn := move(tx, "topup", "topup", orElse(tu.Str("description"), "Top-up"), tu.ID(), tu.Str("currency"), tu.Int("amount"), 0, true)
	tx.Put(tu.Set("status", topupSucceeded).Set("balance_transaction", txn.ID()), "topup.succeeded")
	return nil
}

func cancelTopup(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	tu := tx.Get("topup", r.Path("topup"))
	switch {
	case tu == nil:
		return nil, missing("topup", r.Path("topup"), "topup", 404)
	case tu.Str("status") != topupPending:
		return nil, invalid("", "", "This top-up cannot be canceled because it has a status of %s. Only pending top-ups can be canceled.", tu.Str("status"))
	}
	tu = tu.Edit().Set("status", canceled)
	tx.Put(tu, "topup.canceled")
	return tu, nil
}
