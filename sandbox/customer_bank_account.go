package sandbox

import (
	"slices"
	"strings"
)

func init() {
	behave("POST /v1/customers/{customer}/bank_accounts", addCustomerBank)
	for _, path := range []string{"sources", "bank_accounts"} {
		behave("POST /v1/customers/{customer}/"+path+"/{id}/verify", verifyCustomerBank)
	}
}

// onAccountsOnly are the keys of a bank account that belongs to an account.
var onAccountsOnly = []string{"account", "available_payout_methods", "default_for_currency", "future_requirements", "requirements"}

// addCustomerBank gives a customer a bank account, as clients did before PaymentMethods: a token, or its details.
func addCustomerBank(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	customer, err := findCustomer(tx, r.Path("customer"), "id", 404)
	if err != nil {
		return nil, err
	}
	param := "source"
	if p.Has("bank_account") {
		param = "bank_account"
	}
	if !p.Has(param) {
		return nil, invalid("source", "parameter_missing", "Missing required param: source.")
	}
	return giveBank(tx, customer, p, param)
}

// giveBank stores a customer's bank account. Its owner has to verify it, unless the token says that they did.
func giveBank(tx *accountTx, customer *stripeObject, p formParams, param string) (*stripeObject, error) {
	made, err := givenExternalAccount(tx, tx.Account(), p, param)
	if err != nil {
		return nil, err
	}
	made.Set("customer", customer.ID())
	for _, key := range onAccountsOnly {
		made.Unset(key)
	}
	if strings.HasPrefix(p.Str(param), "btok_us_verified") {
		made.Set("status", "verified")
	}
	applyMetadata(tx, made, onlyMetadata(p))
	tx.Put(made, "customer.source.created")
	if customer.Str("default_source") == "" {
		setDefaultSource(tx, customer.ID(), made.ID())
	}
	return made, nil
}

// verifyCustomerBank compares what the owner read on their statement: 32 and 45 are right
// (docs.stripe.com/ach-deprecated, "Testing ACH").
func verifyCustomerBank(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	bank := tx.Get("bank_account", r.Path("id"))
	switch {
	case bank == nil, bank.Str("customer") != r.Path("customer"):
		return nil, missing("source", r.Path("id"), "id", 404)
	case bank.Str("status") == "verified":
		return nil, invalid("", "", "This bank account has already been verified.")
	}
	if amounts := r.Params().Strs("amounts"); len(amounts) != 2 {
		return nil, invalid("amounts", "parameter_missing", "You must give both amounts.")
	} else if slices.Sort(amounts); !slices.Equal(amounts, testDeposits[0].amounts) {
		return nil, &Error{Status: 402, Type: "card_error", Code: "bank_account_verification_failed", Message: "The amounts provided do not match the amounts that were sent to the bank account."}
	}
	bank = bank.Edit().Set("status", "verified")
	tx.Put(bank, "customer.source.updated")
	return bank, nil
}
