package sandbox

import "strings"

func init() {
	for _, path := range []string{"sources", "cards"} {
		behave("POST /v1/customers/{customer}/"+path, addSource)
		behave("DELETE /v1/customers/{customer}/"+path+"/{id}", removeSource)
		behave("GET /v1/customers/{customer}/"+path, listSources)
	}
	behave("POST /v1/customers/{customer}/balance_transactions", adjustBalance)
}

// addSource gives a customer a card, as clients did before PaymentMethods: {source: tok_visa}. Bank accounts are state
// only.
func addSource(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	customer, err := findCustomer(tx, r.Path("customer"), "id", 404)
	if err != nil {
		return nil, err
	}
	var card *stripeObject
	switch {
	case strings.HasPrefix(p.Str("source"), "tok_"):
		var method *stripeObject
		if method, err = newCard(tx, p.Str("source")); err == nil {
			card = keepCard(tx, customer, method)
		}
	case p.Has("card.number"):
		var entry cardEntry
		if entry, err = readCard(tx, p, ""); err == nil {
			method := entry.method(tx)
			if err = asCard(tx, method); err == nil {
				card = keepCard(tx, customer, method)
			}
		}
	default:
		return newDefault(r.route.operation).write(tx, r)
	}
	if err != nil {
		return nil, err
	}
	if p.Has("metadata") {
		card = card.Edit()
		applyMetadata(tx, card, onlyMetadata(p))
		tx.Put(card)
	}
	return card, nil
}

// newCard turns a token into a card that a customer can keep. It is not stored yet.
func newCard(tx *accountTx, token string) (*stripeObject, error) {
	method, err := methodOfToken(tx, token, "source")
	if err != nil {
		return nil, err
	}
	return method, asCard(tx, method)
}

// asCard gives a method the id of a card, unless its bank declines it.
func asCard(tx *accountTx, method *stripeObject) error {
	if test := behaviourOf(method); test.decline != "" {
		return cardError(declineFor(test.decline))
	}
	method.Set("id", tx.NewID("card_1", 23))
	return nil
}

// keepCard stores a card twice, as Stripe shows it: as the customer's card, and as a PaymentMethod of the same id, which
// newer calls may use. A customer's first card is their default.
func keepCard(tx *accountTx, customer, method *stripeObject) *stripeObject {
	test := behaviourOf(method)
	method.Set("customer", customer.ID())
	setChecks(method, "card.checks", test, method)
	card := tx.New("card").Set("id", method.ID()).Set("customer", customer.ID()).Set("brand", cardBrands[test.brand]).
		Set("cvc_check", method.Get("card.checks.cvc_check"))
	for _, key := range []string{"country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "regulated_status"} {
		card.Set(key, method.Get("card."+key))
	}
	card.Set("name", method.Get("billing_details.name"))
	for from, to := range map[string]string{"city": "city", "country": "country", "line1": "line1", "line2": "line2", "state": "state", "postal_code": "zip"} {
		card.Set("address_"+to, method.Get("billing_details.address."+from))
	}
	tx.Put(method)
	tx.Put(card, "customer.source.created")
	if customer.Str("default_source") == "" {
		setDefaultSource(tx, customer.ID(), card.ID())
	}
	return card
}

// setDefaultSource names a customer's default card, "" for none.
func setDefaultSource(tx *accountTx, customer, card string) {
	tx.Put(tx.Get("customer", customer).Edit().Set("default_source", textOrNull(card)), "customer.updated")
}

func customerCards(tx *accountTx, customer *stripeObject) []*stripeObject {
	return ofField(tx, "card", "customer", customer.ID())
}

func listSources(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	customer, err := findCustomer(tx, r.Path("customer"), "id", 404)
	if err != nil {
		return nil, err
	}
	list := customerCards(tx, customer)
	if strings.HasSuffix(r.Route, "/sources") {
		list = append(list, ofField(tx, "bank_account", "customer", customer.ID())...)
	}
	return tx.ListObjects(r, list)
}

// removeSource takes a card from its customer; the newest of the others becomes their default.
func removeSource(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	id := r.Path("id")
	card := tx.Get("card", id)
	if card == nil || card.Str("customer") != r.Path("customer") {
		return newDefault(r.route.operation).remove(tx, r)
	}
	customer, err := findCustomer(tx, r.Path("customer"), "id", 404)
	if err != nil {
		return nil, err
	}
	if method := tx.Get("payment_method", id); method != nil {
		tx.Put(method.Edit().Set("customer", nil).Set(hiddenUsed, true))
	}
	tx.Delete(card, "customer.source.deleted")
	if customer.Str("default_source") == id {
		next := ""
		if left := customerCards(tx, customer); len(left) > 0 {
			next = left[0].ID()
		}
		setDefaultSource(tx, customer.ID(), next)
	}
	return hash("id", id, "object", "card", "deleted", true), nil
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
	return txn, nil
}
