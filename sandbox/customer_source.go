package sandbox

import (
	"cmp"
	"slices"
	"strings"
)

func init() {
	for _, path := range []string{"sources", "cards"} {
		behave("POST /v1/customers/{customer}/"+path, addSource)
		behave("DELETE /v1/customers/{customer}/"+path+"/{id}", removeSource)
		behave("GET /v1/customers/{customer}/"+path, listSources)
	}
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
	case strings.HasPrefix(p.Str("source"), "src_"):
		card, err = keepSource(tx, customer, p.Str("source"))
	case strings.HasPrefix(p.Str("source"), "tok_"):
		card, err = keepCard(tx, customer, p.Str("source"))
	case p.Has("card.number"):
		var entry cardEntry
		if entry, err = readCard(tx, p, ""); err == nil {
			card, err = keepCardOf(tx, customer, entry.method(tx))
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

// keepCard turns a token into a card of a customer.
func keepCard(tx *accountTx, customer *stripeObject, token string) (*stripeObject, error) {
	method, err := methodOfToken(tx, token, "source")
	if err != nil {
		return nil, err
	}
	return keepCardOf(tx, customer, method)
}

// keepCardOf stores a card twice, as Stripe shows it: as the customer's card, and as a PaymentMethod of the same id, which
// newer calls may use. A customer's first card is their default.
func keepCardOf(tx *accountTx, customer, method *stripeObject) (*stripeObject, error) {
	test := behaviourOf(method)
	if test.decline != "" {
		return nil, cardError(declineFor(test.decline))
	}
	if !strings.HasPrefix(method.ID(), "card_") {
		method.Set("id", newCardID(tx))
	}
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
	card.Set("address_line1_check", method.Get("card.checks.address_line1_check")).
		Set("address_zip_check", method.Get("card.checks.address_postal_code_check"))
	tx.Put(method)
	tx.Put(card, "customer.source.created")
	if customer.Str("default_source") == "" {
		setDefaultSource(tx, customer.ID(), card.ID())
	}
	return card, nil
}

// newCardID makes the id that a card and its PaymentMethod share.
func newCardID(tx *accountTx) string { return tx.NewID("card_1", 23) }

// setDefaultSource names a customer's default card, "" for none.
func setDefaultSource(tx *accountTx, customer, card string) {
	tx.Put(tx.Get("customer", customer).Edit().Set("default_source", textOrNull(card)), "customer.updated")
}

func customerCards(tx *accountTx, customer *stripeObject) []*stripeObject {
	list := append(ofField(tx, "card", "customer", customer.ID()), ofField(tx, "source", "customer", customer.ID())...)
	slices.SortStableFunc(list, func(a, b *stripeObject) int { return cmp.Compare(b.Int("created"), a.Int("created")) })
	return list
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
	if src := tx.Get("source", id); src != nil && src.Str("customer") == r.Path("customer") {
		customer := tx.Get("customer", r.Path("customer"))
		src = dropSource(tx, src)
		if customer != nil && customer.Str("default_source") == id {
			passDefaultSource(tx, customer)
		}
		return src, nil
	}
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
		passDefaultSource(tx, customer)
	}
	return hash("id", id, "object", "card", "deleted", true), nil
}

// passDefaultSource makes the newest of the cards and sources that are left the default.
func passDefaultSource(tx *accountTx, customer *stripeObject) {
	next := ""
	if left := customerCards(tx, customer); len(left) > 0 {
		next = left[0].ID()
	}
	setDefaultSource(tx, customer.ID(), next)
}
