package sandbox

import (
	"net/http"
	"slices"
	"strconv"
)

func init() {
	behave("GET /v1/billing/credit_balance_summary", summariseCredit)
	behave("GET /v1/billing/credit_balance_transactions", listCreditTransactions)
}

const creditTransactionType = "billing.credit_balance_transaction"

// moveCredit writes a move of a grant's balance: kind is credit or debit, why its type, line what it paid or was given back
// for, nil for nothing.
func (tx *accountTx) moveCredit(grant *stripeObject, kind, why string, value, effective int64, line *stripeObject) *stripeObject {
	moved := tx.NewHash("billing_credit_grants_resource_balance_"+kind).Set("type", why).Set("amount", tx.monetary(grant.Str("amount.monetary.currency"), value))
	if line != nil {
		key, schema := "credits_applied", "billing_credit_grants_resource_balance_credits_applied"
		if kind == "credit" {
			key, schema = why, "billing_credit_grants_resource_balance_"+why
		}
		moved.Set(key, tx.NewHash(schema).Set("invoice", line.Str("invoice")).Set("invoice_line_item", line.ID()))
	}
	txn := tx.New(creditTransactionType).Set("livemode", false).Set("credit_grant", grant.ID()).Set("type", kind).Set("effective_at", effective).
		Set("test_clock", grant.Get("test_clock")).Set(kind, moved)
	tx.Put(txn, "billing.credit_balance_transaction.created")
	return txn
}

// listCreditTransactions lists the moves of a customer's grants, or of one of them.
func listCreditTransactions(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	customer, err := findCustomer(tx, p.Str("customer"), "customer", http.StatusBadRequest)
	if err != nil {
		return nil, err
	}
	only := p.Str("credit_grant")
	if only != "" && tx.Get(grantType, only) == nil {
		return nil, missing("credit grant", only, "credit_grant", http.StatusBadRequest)
	}
	return tx.List(r, creditTransactionType, func(txn *stripeObject) bool {
		grant := tx.Get(grantType, txn.Str("credit_grant"))
		return grant.str("customer") == customer.ID() && (only == "" || grant.ID() == only)
	})
}

// summariseCredit sums a customer's credit up, in each currency: the ledger is all that is granted and not used, what is
// available can pay now.
func summariseCredit(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	customer, err := findCustomer(tx, p.Str("customer"), "customer", http.StatusBadRequest)
	if err != nil {
		return nil, err
	}
	counts, err := creditFilter(tx, p)
	if err != nil {
		return nil, err
	}
	available, ledger := map[string]int64{}, map[string]int64{}
	var currencies []string
	for _, grant := range slices.Backward(ofField(tx, grantType, "customer", customer.ID())) {
		if !counts(grant) || grant.Int("effective_at") > tx.Now() {
			continue
		}
		currency := grant.Str("amount.monetary.currency")
		if !slices.Contains(currencies, currency) {
			currencies = append(currencies, currency)
		}
		ledger[currency] += grant.Int(hiddenLeft)
		if tx.usable(grant) {
			available[currency] += grant.Int(hiddenLeft)
		}
	}
	balances := []*stripeObject{}
	for _, currency := range currencies {
		balances = append(balances, tx.NewHash("credit_balance").Set("available_balance", tx.monetary(currency, available[currency])).
			Set("ledger_balance", tx.monetary(currency, ledger[currency])))
	}
	return tx.New("billing.credit_balance_summary").Set("livemode", false).Set("customer", customer.ID()).Set("balances", balances), nil
}

// creditFilter says which grants a summary counts: one, or those whose scope has one of the prices or is every metered price.
func creditFilter(tx *accountTx, p formParams) (func(grant *stripeObject) bool, error) {
	if p.Str("filter.type") == "credit_grant" {
		id := p.Str("filter.credit_grant")
		if tx.Get(grantType, id) == nil {
			return nil, missing("credit grant", id, "filter[credit_grant]", http.StatusBadRequest)
		}
		return func(grant *stripeObject) bool { return grant.ID() == id }, nil
	}
	scope, ok := p.Hash("filter.applicability_scope")
	if !ok {
		return nil, invalid("filter[applicability_scope]", "parameter_missing", "Missing required param: filter[applicability_scope].")
	}
	var wanted []string
	for _, price := range scope.List("prices") {
		wanted = append(wanted, price.Str("id"))
	}
	return func(grant *stripeObject) bool {
		prices := pricesOfScope(grant.Hash("applicability_config.scope"))
		if wanted == nil || prices == nil {
			return prices == nil
		}
		return slices.ContainsFunc(wanted, func(id string) bool { return slices.Contains(prices, id) })
	}, nil
}

// lineOfScope is the parameter of a price that a scope names.
func lineOfScope(i int) string {
	return "applicability_config[scope][prices][" + strconv.Itoa(i) + "][id]"
}
