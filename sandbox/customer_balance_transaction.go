package sandbox

import "strings"

func init() {
	behave("POST /v1/customers/{customer}/balance_transactions", adjustBalance)
	behave("GET /v1/customers/{customer}/balance_transactions", listBalance)
}

// balanceMove is a change of what a customer owes: above 0 they owe more, below 0 they are owed.
type balanceMove struct {
	typ, currency string
	amount        int64
	// invoice and creditNote are what caused it, "" for none.
	invoice, creditNote string
}

// moveBalance changes a customer's balance and records why. The caller tells of the customer.
func (tx *accountTx) moveBalance(id string, m balanceMove) *stripeObject {
	customer := tx.Get("customer", id)
	balance := customer.Int("balance") + m.amount
	txn := tx.New("customer_balance_transaction").Set("type", m.typ).Set("customer", id).Set("currency", m.currency).
		Set("amount", m.amount).Set("ending_balance", balance).Set("invoice", textOrNull(m.invoice)).Set("credit_note", textOrNull(m.creditNote))
	tx.Put(txn)
	tx.Put(customer.Edit().Set("balance", balance))
	return txn
}

// tellBalance changes a customer's balance and tells of it.
func (tx *accountTx) tellBalance(id string, m balanceMove) *stripeObject {
	former := tx.Get("customer", id)
	txn := tx.moveBalance(id, m)
	tx.Event("customer.updated", tx.Get("customer", id), former)
	tx.refreshDrafts(id)
	return txn
}

// adjustBalance changes what a customer owes (above 0) or is owed (below 0).
func adjustBalance(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	customer, err := findCustomer(tx, r.Path("customer"), "id", 404)
	if err != nil {
		return nil, err
	}
	currency := strings.ToLower(p.Str("currency"))
	if err := checkCurrency(currency, "currency"); err != nil {
		return nil, err
	}
	if has := customer.Str("currency"); has != "" && has != currency {
		return nil, invalid("currency", "", "The customer's currency is %s; the balance cannot be changed in %s.", has, currency)
	}
	balance := customer.Int("balance") + p.Int("amount")
	txn := tx.New("customer_balance_transaction").Set("type", "adjustment").Set("customer", customer.ID()).Set("currency", currency).
		Set("amount", p.Int("amount")).Set("ending_balance", balance)
	applyParams(tx, txn, p, "currency", "amount")
	tx.Put(txn)
	tx.Put(customer.Edit().Set("balance", balance).Set("currency", currency), "customer.updated")
	tx.refreshDrafts(customer.ID())
	return txn, nil
}

// refreshDrafts shows a customer's new balance on their drafts. Stripe has no event for that.
func (tx *accountTx) refreshDrafts(customer string) {
	tx.EachOf("invoice", "customer", customer, func(inv *stripeObject) bool {
		if inv.Str("status") == invoiceDraftStatus {
			if inv = inv.Edit(); tx.retotal(inv) == nil {
				tx.Put(inv)
			}
		}
		return true
	})
}

func listBalance(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	customer, err := findCustomer(tx, r.Path("customer"), "id", 404)
	if err != nil {
		return nil, err
	}
	invoice := r.Params().Str("invoice")
	return tx.ListOf(r, "customer_balance_transaction", "customer", customer.ID(), func(txn *stripeObject) bool {
		return invoice == "" || txn.Str("invoice") == invoice
	})
}
