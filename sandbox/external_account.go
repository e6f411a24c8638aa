package sandbox

import (
	"slices"
	"strings"
)

func init() {
	for _, path := range []string{"external_accounts", "bank_accounts"} {
		behave("POST /v1/accounts/{account}/"+path, createExternalAccount)
		behave("DELETE /v1/accounts/{account}/"+path+"/{id}", deleteExternalAccount)
		behave("GET /v1/accounts/{account}/"+path+"/{id}", retrieveExternalAccount)
		behave("POST /v1/accounts/{account}/"+path+"/{id}", updateExternalAccount)
	}
	behave("GET /v1/accounts/{account}/external_accounts", listExternalAccounts)
}

// payoutBank is a published test account for payouts in the United States, behind routing number 110000000
// (docs.stripe.com/connect/testing).
type payoutBank struct {
	token, number string
	// failure is why payouts to it fail, "" when they arrive.
	failure string
}

const testBankSuccess = "000123456789"

var payoutBanks = []payoutBank{
	{"btok_us", testBankSuccess, ""},
	{"btok_us_verified", testBankSuccess, ""},
	{"btok_us_noAccount", "000111111116", "no_account"},
	{"btok_us_verified_noAccount", "000111111116", "no_account"},
	{"btok_us_accountClosed", "000111111113", "account_closed"},
	{"btok_us_verified_accountClosed", "000111111113", "account_closed"},
	{"btok_us_insufficientFunds", "000222222227", "insufficient_funds"},
	{"btok_us_verified_insufficientFunds", "000222222227", "insufficient_funds"},
	{"btok_us_debitNotAuthorized", "000333333335", "debit_not_authorized"},
	{"btok_us_verified_debitNotAuthorized", "000333333335", "debit_not_authorized"},
	{"btok_us_invalidCurrency", "000444444440", "invalid_currency"},
	{"btok_us_verified_invalidCurrency", "000444444440", "invalid_currency"},
}

// payoutFailure is why payouts to an account of a number fail, "" when they arrive.
func payoutFailure(number string) string {
	if i := slices.IndexFunc(payoutBanks, func(b payoutBank) bool { return b.number == number }); i >= 0 {
		return payoutBanks[i].failure
	}
	return ""
}

// hiddenNumber is the number of a test account, which Stripe knows and does not show.
const hiddenNumber = "_number"

// accountsOf are an account's bank accounts and cards for payouts, the newest first.
func (tx *accountTx) accountsOf(account *stripeObject) []*stripeObject {
	var list []*stripeObject
	tx.inAccount(account.ID(), func() {
		list = append(ofField(tx, "bank_account", "account", account.ID()), ofField(tx, "card", "account", account.ID())...)
	})
	return list
}

// externalAccounts is the list that an account shows.
func (tx *accountTx) externalAccounts(account *stripeObject) *stripeObject {
	list := account.Hash("external_accounts").Edit().Set("url", nestedURL(account, "external_accounts"))
	return listWith(list, tx.accountsOf(account))
}

func createExternalAccount(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	account, err := findAccount(tx, r)
	if err != nil {
		return nil, err
	}
	p, param := r.Params(), "external_account"
	if !p.Has(param) {
		param = "bank_account"
	}
	if !p.Has(param) {
		return nil, invalid("external_account", "parameter_missing", "Missing required param: external_account.")
	}
	made, err := addExternalAccount(tx, account, p, param)
	if err != nil {
		return nil, err
	}
	settleRequirements(tx, tx.Get("account", account.ID()), account, nil)
	return made, nil
}

// addExternalAccount gives an account where its payouts go: a token, or the details themselves.
func addExternalAccount(tx *accountTx, account *stripeObject, p formParams, param string) (*stripeObject, error) {
	made, err := givenExternalAccount(tx, account, p, param)
	if err != nil {
		return nil, err
	}
	if p.Has("metadata") && param == "external_account" && p.Has("default_for_currency") {
		applyMetadata(tx, made, onlyMetadata(p))
	}
	if p.Bool("default_for_currency") {
		dropDefault(tx, account, made.Str("currency"))
		made.Set("default_for_currency", true)
	}
	return keepExternalAccount(tx, account, made), nil
}

func givenExternalAccount(tx *accountTx, account *stripeObject, p formParams, param string) (*stripeObject, error) {
	if given, ok := p.Hash(param); ok {
		if given.Str("object") == "card" {
			return nil, invalid(param, "", "A card is given by its token.")
		}
		return enteredBank(tx, account, given, param)
	}
	token := p.Str(param)
	if i := slices.IndexFunc(payoutBanks, func(b payoutBank) bool { return b.token == token }); i >= 0 {
		return externalBank(tx, account, payoutBanks[i].number, "US", "usd"), nil
	}
	if strings.HasPrefix(token, "btok_") {
		kept := tx.Get("token", token)
		if kept == nil {
			return nil, missing("token", token, param, 400)
		}
		if kept.Bool("used") {
			return nil, invalid(param, "token_already_used", "You cannot use a Stripe token more than once: %s.", token)
		}
		tx.Put(kept.Edit().Set("used", true))
		bank := externalBank(tx, account, kept.Str(hiddenNumber), kept.Str("bank_account.country"), kept.Str("bank_account.currency"))
		bank.Set("account_holder_name", kept.Get("bank_account.account_holder_name")).Set("account_holder_type", kept.Get("bank_account.account_holder_type"))
		return bank, nil
	}
	if !strings.HasPrefix(token, "tok_") {
		return nil, missing("token", token, param, 400)
	}
	return externalCard(tx, account, token, param)
}

// enteredBank is a bank account from its details: {object, country, currency, account_number, routing_number}.
func enteredBank(tx *accountTx, account *stripeObject, given formParams, param string) (*stripeObject, error) {
	number, country := onlyDigits(given.Str("account_number")), strings.ToUpper(orElse(given.Str("country"), "US"))
	currency := strings.ToLower(orElse(given.Str("currency"), countryCurrencies[country]))
	switch {
	case number == "":
		return nil, invalid(param+"[account_number]", "parameter_missing", "Missing required param: %s[account_number].", param)
	case country == "US" && given.Str("routing_number") == "":
		return nil, invalid(param+"[routing_number]", "parameter_missing", "Missing required param: %s[routing_number].", param)
	case country == "US" && given.Str("routing_number") != testRoutingNumber:
		return nil, invalid(param+"[routing_number]", "routing_number_invalid", "Only the test routing number %s is a bank here.", testRoutingNumber)
	case country == "US" && !slices.ContainsFunc(payoutBanks, func(b payoutBank) bool { return b.number == number }):
		return nil, invalid(param+"[account_number]", "account_number_invalid", "You must use a test bank account number in test mode. Try 000123456789 or see more options at https://stripe.com/docs/connect/testing#account-numbers.")
	}
	if err := checkCurrency(currency, param+"[currency]"); err != nil {
		return nil, err
	}
	bank := externalBank(tx, account, number, country, currency)
	for _, key := range []string{"account_holder_name", "account_holder_type", "account_type"} {
		if v := given.Str(key); v != "" {
			bank.Set(key, v)
		}
	}
	return bank, nil
}

// externalBank makes a bank account that belongs to an account. It is not stored yet.
func externalBank(tx *accountTx, account *stripeObject, number, country, currency string) *stripeObject {
	bank := tx.New("bank_account").Set("id", tx.NewID("ba_1", 23)).Set("account", account.ID()).Set("country", country).Set("currency", currency).
		Set("bank_name", "STRIPE TEST BANK").Set("fingerprint", fingerprint(tx, number)).Set("last4", number[max(0, len(number)-4):]).
		Set("status", "new").Set("available_payout_methods", []string{"standard"}).Set(hiddenNumber, number)
	if country == "US" {
		bank.Set("routing_number", testRoutingNumber)
	}
	for _, key := range []string{"requirements", "future_requirements"} {
		shown := tx.NewHash("external_account_requirements")
		for _, list := range []string{"currently_due", "errors", "past_due", "pending_verification"} {
			shown.Set(list, []any{})
		}
		bank.Set(key, shown)
	}
	return bank
}

// externalCard makes a debit card that belongs to an account. Credit cards take no payouts.
func externalCard(tx *accountTx, account *stripeObject, token, param string) (*stripeObject, error) {
	method, err := methodOfToken(tx, token, param)
	if err != nil {
		return nil, err
	}
	test := behaviourOf(method)
	if test == nil || test.funding != "debit" {
		return nil, invalid(param, "invalid_card_type", "The card must be a debit card to be used for payouts.")
	}
	card := tx.New("card").Set("id", tx.NewID("card_1", 23)).Set("account", account.ID()).Set("brand", cardBrands[test.brand]).
		Set("currency", "usd").Set("available_payout_methods", []string{"standard", "instant"}).Set(hiddenBehaviour, test.name)
	for _, key := range []string{"country", "exp_month", "exp_year", "fingerprint", "funding", "last4"} {
		card.Set(key, method.Get("card."+key))
	}
	return card, nil
}

// keepExternalAccount stores it. The first in its currency is the default.
func keepExternalAccount(tx *accountTx, account, made *stripeObject) *stripeObject {
	if !made.Bool("default_for_currency") {
		made.Set("default_for_currency", defaultExternal(tx, account, made.Str("currency")) == nil)
	}
	tx.inAccount(account.ID(), func() {
		tx.Put(made)
		tx.Event("account.external_account.created", made, nil)
	})
	account = tx.Get("account", account.ID())
	tx.Put(account.Edit().Set("external_accounts", tx.externalAccounts(account)))
	return made
}

// defaultExternal is where an account's payouts in a currency go, nil for nowhere.
func defaultExternal(tx *accountTx, account *stripeObject, currency string) *stripeObject {
	list := tx.accountsOf(account)
	i := slices.IndexFunc(list, func(o *stripeObject) bool {
		return o.Str("currency") == currency && o.Bool("default_for_currency")
	})
	if i < 0 {
		return nil
	}
	return list[i]
}

func dropDefault(tx *accountTx, account *stripeObject, currency string) {
	if was := defaultExternal(tx, account, currency); was != nil {
		tx.inAccount(account.ID(), func() { tx.Put(was.Edit().Set("default_for_currency", false)) })
	}
}

// findExternalAccount finds one of an account's bank accounts and cards.
func findExternalAccount(tx *accountTx, r *apiRequest) (account, found *stripeObject, err error) {
	if account, err = findAccount(tx, r); err != nil {
		return nil, nil, err
	}
	list := tx.accountsOf(account)
	i := slices.IndexFunc(list, func(o *stripeObject) bool { return o.ID() == r.Path("id") })
	if i < 0 {
		return nil, nil, missing("external account", r.Path("id"), "id", 404)
	}
	return account, list[i], nil
}

func retrieveExternalAccount(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	_, found, err := findExternalAccount(tx, r)
	return found, err
}

func listExternalAccounts(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	account, err := findAccount(tx, r)
	if err != nil {
		return nil, err
	}
	kind := r.Params().Str("object")
	return tx.ListObjects(r, slices.DeleteFunc(tx.accountsOf(account), func(o *stripeObject) bool { return kind != "" && o.Type() != kind }))
}

func updateExternalAccount(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	account, found, err := findExternalAccount(tx, r)
	if err != nil {
		return nil, err
	}
	p := r.Params()
	if p.Bool("default_for_currency") {
		dropDefault(tx, account, found.Str("currency"))
	}
	found = applyParams(tx, found.Edit(), p, "documents")
	tx.inAccount(account.ID(), func() { tx.Put(found, "account.external_account.updated") })
	tx.Put(account.Edit().Set("external_accounts", tx.externalAccounts(account)))
	return found, nil
}

func deleteExternalAccount(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	account, found, err := findExternalAccount(tx, r)
	if err != nil {
		return nil, err
	}
	if found.Bool("default_for_currency") && found.Str("currency") == account.Str("default_currency") {
		return nil, invalid("", "", "You cannot delete the default external account for your default currency. Please make another external account the default using the `default_for_currency` param, and then delete this one.")
	}
	tx.inAccount(account.ID(), func() { tx.Delete(found, "account.external_account.deleted") })
	tx.Put(account.Edit().Set("external_accounts", tx.externalAccounts(account)))
	return hash("id", found.ID(), "object", found.Type(), "deleted", true), nil
}
