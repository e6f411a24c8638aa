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

// addSource gives a customer a card or a bank account, as clients did before PaymentMethods: {source: tok_visa}.
func addSource(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	customer, err := findCustomer(tx, r.Path("customer"), "id", 404)
	if err != nil {
		return nil, err
	}
	var card *stripeObject
	switch source := p.Str("source"); {
	case strings.HasPrefix(source, "src_"), strings.HasPrefix(source, "tok_"):
		card, err = giveSource(tx, customer, source)
	case p.Has("card.number"):
		var entry cardEntry
		if entry, err = readCard(tx, p, ""); err == nil {
			method := entry.method(tx)
			if err = asCard(tx, method); err == nil {
				card = keepCard(tx, customer, method)
			}
		}
	case strings.HasPrefix(source, "btok_"), p.Has("bank_account"):
		return addCustomerBank(tx, r)
	case source == "" && !p.Has("card") && !p.Has("alipay_account"):
		return nil, invalid("source", "parameter_missing", "Missing required param: source.")
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

// giveSource gives a customer what an id names: a token's card, or a source.
func giveSource(tx *accountTx, customer *stripeObject, id string) (*stripeObject, error) {
	if !strings.HasPrefix(id, "tok_") {
		return keepSource(tx, customer, id)
	}
	method, err := newCard(tx, id)
	if err != nil {
		return nil, err
	}
	return keepCard(tx, customer, method), nil
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
	method.Set("id", newCardID(tx))
	return nil
}

// keepCard stores a card twice, as Stripe shows it: as the customer's card, and as a PaymentMethod of the same id, which
// newer calls may use. A customer's first card is their default.
func keepCard(tx *accountTx, customer, method *stripeObject) *stripeObject {
	test := behaviourOf(method)
	method.Set("customer", customer.ID())
	setChecks(method, "card.checks", test, method)
	card := cardOf(tx, method)
	tx.Put(method)
	tx.Put(card, "customer.source.created")
	if customer.Str("default_source") == "" {
		setDefaultSource(tx, customer.ID(), card.ID())
	}
	return card
}

// cardOf is a method as the card of the same id.
func cardOf(tx *accountTx, method *stripeObject) *stripeObject {
	card := tx.New("card").Set("id", method.ID()).Set("customer", method.Get("customer")).Set("brand", objectBrand(behaviourOf(method).brand)).
		Set("cvc_check", method.Get("card.checks.cvc_check")).
		Set("allow_redisplay", "unspecified").Set("email", method.Get("billing_details.email")).Set("phone", method.Get("billing_details.phone"))
	for _, key := range []string{"country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "regulated_status"} {
		card.Set(key, method.Get("card."+key))
	}
	card.Set("name", method.Get("billing_details.name"))
	for from, to := range map[string]string{"city": "city", "country": "country", "line1": "line1", "line2": "line2", "state": "state", "postal_code": "zip"} {
		card.Set("address_"+to, method.Get("billing_details.address."+from))
	}
	card.Set("address_line1_check", method.Get("card.checks.address_line1_check")).
		Set("address_zip_check", method.Get("card.checks.address_postal_code_check"))
	return card
}

// newCardID makes the id that a card and its PaymentMethod share.
func newCardID(tx *accountTx) string { return tx.NewID("card_1", 23) }

// objectBrand is a brand as the older card objects write it.
func objectBrand(brand string) string {
	if brand == "mastercard" {
		return "MasterCard"
	}
	return cardBrands[brand]
}

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
	if strings.HasSuffix(r.Route, "/cards") {
		return tx.ListObjects(r, ofField(tx, "card", "customer", customer.ID()))
	}
	return tx.ListObjects(r, append(customerCards(tx, customer), ofField(tx, "bank_account", "customer", customer.ID())...))
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
