package sandbox

import (
	"net/http"
	"slices"
)

func init() {
	begin("financial_connections.session", func(tx *accountTx, o *stripeObject, _ formParams) error {
		o.Set("client_secret", tx.NewID(o.ID()+"_secret_", 24))
		return nil
	})
	for _, path := range []string{"financial_connections/accounts", "linked_accounts"} {
		behave("POST /v1/"+path+"/{account}/disconnect", disconnectBank)
		behave("POST /v1/"+path+"/{account}/refresh", refreshBank)
	}
	behave("POST /v1/financial_connections/accounts/{account}/subscribe", subscribeBank(true))
	behave("POST /v1/financial_connections/accounts/{account}/unsubscribe", subscribeBank(false))
	onDue("financial_connections.refresh", finishRefresh)
	simulation("financial_connections", simulateLink)
}

// nextRefresh is when data may be refreshed again, in seconds: our choice.
const nextRefresh = 3600

func findLinked(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o := tx.Get("financial_connections.account", r.Path("account"))
	switch {
	case o == nil:
		return nil, missing("financial connections account", r.Path("account"), "account", http.StatusNotFound)
	case o.Str("status") == "disconnected":
		return nil, invalid("account", "financial_connections_account_inactive", "This Financial Connections account is disconnected.")
	}
	return o, nil
}

func disconnectBank(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o, err := findLinked(tx, r)
	if err != nil {
		return nil, err
	}
	o = o.Edit().Set("status", "disconnected").Set("subscriptions", []any{})
	tx.Put(o, "financial_connections.account.disconnected")
	return o, nil
}

// refreshBank asks the bank for balances, owners or transactions anew. It answers a few seconds later.
func refreshBank(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o, err := findLinked(tx, r)
	if err != nil {
		return nil, err
	}
	features := r.Params().Strs("features")
	if len(features) == 0 {
		return nil, invalid("features", "parameter_missing", "Missing required param: features.")
	}
	o = o.Edit()
	for _, feature := range features {
		field := refreshField(feature)
		asked := tx.NewHash("bank_connections_resource_"+field).Set("last_attempted_at", tx.Now()).Set("status", "pending").
			Set("next_refresh_available_at", nil)
		if asked.slot("id") >= 0 {
			asked.Set("id", tx.NewID("fctxnref_1", 23))
		}
		o.Set(field, asked)
	}
	tx.Put(o)
	tx.Due(tx.Now()+soon, "financial_connections.refresh", o.ID())
	return o, nil
}

// refreshField is where an account tells of a refresh: balance → balance_refresh, transactions → transaction_refresh.
func refreshField(feature string) string {
	if feature == "transactions" {
		return "transaction_refresh"
	}
	return feature + "_refresh"
}

// finishRefresh is the bank's answer to all that is pending.
func finishRefresh(tx *accountTx, id string) error {
	for _, feature := range []string{"balance", "ownership", "transactions"} {
		o := tx.Get("financial_connections.account", id)
		if o == nil || o.Str(refreshField(feature)+".status") != "pending" {
			continue
		}
		o = o.Edit().Set(refreshField(feature)+".status", succeeded).Set(refreshField(feature)+".next_refresh_available_at", tx.Now()+nextRefresh)
		if feature == "balance" {
			o.Set("balance", tx.NewHash("bank_connections_resource_balance").Set("as_of", tx.Now()).Set("type", "cash").
				Set("current", hash("usd", 100000)).
				Set("cash", tx.NewHash("bank_connections_resource_balance_api_resource_cash_balance").Set("available", hash("usd", 100000))))
		}
		tx.Put(o, "financial_connections.account.refreshed_"+feature)
	}
	return nil
}

// subscribeBank begins or ends the daily refreshes of what the call names.
func subscribeBank(on bool) operation {
	return func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		o, err := findLinked(tx, r)
		if err != nil {
			return nil, err
		}
		features := r.Params().Strs("features")
		if len(features) == 0 {
			return nil, invalid("features", "parameter_missing", "Missing required param: features.")
		}
		kept := []any{}
		for _, v := range o.List("subscriptions") {
			if !slices.Contains(features, v.(string)) {
				kept = append(kept, v)
			}
		}
		if on {
			for _, feature := range features {
				kept = append(kept, feature)
			}
		}
		o = o.Edit().Set("subscriptions", kept)
		tx.Put(o)
		return o, nil
	}
}

// simulateLink is a buyer who links their test bank account in a session: {session}.
func simulateLink(tx *accountTx, p formParams) (*stripeObject, error) {
	session := tx.Get("financial_connections.session", p.Str("session"))
	if session == nil {
		return nil, missing("financial connections session", p.Str("session"), "session", http.StatusNotFound)
	}
	o := tx.New("financial_connections.account").Set("account_holder", session.Get("account_holder")).Set("category", "cash").
		Set("subcategory", "checking").Set("display_name", "Test Checking").Set("institution_name", "Test Institution").Set("last4", "6789").
		Set("permissions", session.Get("permissions")).Set("status", "active").Set("subscriptions", []any{}).
		Set("supported_payment_method_types", []string{"link", "us_bank_account"})
	tx.Put(o, "financial_connections.account.created")
	tx.Put(session.Edit().Set("accounts.data", append(objectsIn(session.List("accounts")), o)))
	return o, nil
}
