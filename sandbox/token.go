package sandbox

import (
	"net"
	"strings"
)

func init() {
	behave("POST /v1/tokens", createToken)
	behave("GET /v1/tokens/{token}", retrieveToken)
}

func createToken(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	token := tx.New("token").Set("id", tx.NewID("tok_", 24)).Set("used", false).Set("client_ip", textOrNull(caller(r)))
	switch {
	case p.Has("card"):
		entry, err := readCard(tx, p, "")
		if err != nil {
			return nil, err
		}
		token.Set("type", "card").Set("card", tokenCard(tx, entry, p)).Set(hiddenBehaviour, entry.card.name).Set(hiddenCVC, entry.cvc)
	case p.Has("cvc_update"):
		token.Set("type", "cvc_update").Set("id", tx.NewID("cvctok_", 24))
	case p.Has("pii"):
		token.Set("type", "pii").Set("id", tx.NewID("pii_", 24))
	case p.Has("bank_account"):
		if err := fillBankToken(tx, token, p); err != nil {
			return nil, err
		}
	case p.Has("person"), p.Has("account"):
		token.Set("type", p.Keys()[0])
	default:
		return nil, invalid("", "", "You must supply either a card, customer, or bank account to create a token.")
	}
	if token.Str("type") != cardType {
		token.Unset("card")
	}
	tx.Put(token)
	return token, nil
}

// fillBankToken makes a token that stands for a bank account. The account belongs to nobody yet.
func fillBankToken(tx *accountTx, token *stripeObject, p formParams) error {
	given, _ := p.Hash("bank_account")
	bank, err := enteredBank(tx, tx.Account(), given, "bank_account")
	if err != nil {
		return err
	}
	for _, key := range onAccountsOnly {
		bank.Unset(key)
	}
	token.Set("id", tx.NewID("btok_1", 23)).Set("type", "bank_account").Set("bank_account", bank).Set(hiddenNumber, bank.Str(hiddenNumber))
	return nil
}

// caller is the address that a call came from, "" when it is not known.
func caller(r *apiRequest) string {
	host, _, err := net.SplitHostPort(r.http.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

// tokenCard is the card object inside a token. It belongs to nobody, and lacks the keys that say so.
func tokenCard(tx *accountTx, e cardEntry, p formParams) *stripeObject {
	c := e.card
	card := tx.NewHash("card").Unset("customer").Set("id", tx.NewID("card_", 24)).Set("object", "card").Set("brand", objectBrand(c.brand)).
		Set("country", c.country).Set("exp_month", e.month).Set("exp_year", e.year).
		Set("fingerprint", fingerprint(tx, c.number)).Set("funding", c.funding).Set("last4", c.last4()).Set("metadata", hash()).
		Set("regulated_status", "unregulated").Set("networks", tx.NewHash("token_card_networks"))
	if e.cvc {
		card.Set("cvc_check", "unchecked")
	}
	for key, check := range map[string]string{"address_line1": "address_line1_check", "address_zip": "address_zip_check"} {
		if p.Str("card."+key) != "" {
			card.Set(check, "unchecked")
		}
	}
	for _, key := range []string{"currency", "name", "address_city", "address_country", "address_line1", "address_line2", "address_state", "address_zip"} {
		if v := p.Str("card." + key); v != "" {
			card.Set(key, v)
		}
	}
	return card
}

func retrieveToken(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	id := r.Path("token")
	if token := tx.Get("token", id); token != nil {
		return token, nil
	}
	if card := magicToken(id); card != nil {
		entry := entryOf(tx, card)
		return tx.New("token").Set("id", id).Set("type", "card").Set("used", false).Set("card", tokenCard(tx, entry, formParams{})), nil
	}
	return nil, missing("token", id, "token", 404)
}

func magicToken(id string) *testCard {
	name, ok := strings.CutPrefix(id, "tok_")
	if !ok {
		return nil
	}
	return cardsByName[name]
}

// methodOfToken turns a token into a payment method. A token is used once; the published test tokens are not used up.
func methodOfToken(tx *accountTx, id, param string) (*stripeObject, error) {
	if card := magicToken(id); card != nil {
		return entryOf(tx, card).method(tx), nil
	}
	token := tx.Get("token", id)
	switch {
	case token == nil && strings.HasPrefix(id, "tok_"):
		for part := range strings.SplitSeq(strings.TrimPrefix(id, "tok_"), "_") {
			if part == "card" {
				return nil, invalid(param, "", "There is a part of the token that is not valid: '%s'.", part)
			}
		}
		return nil, missing("token", id, param, 400)
	case token == nil:
		return nil, missing("token", id, param, 400)
	case token.Str("type") != "card":
		return nil, invalid(param, "", "This token cannot be used as a payment method: it is a %s token.", token.Str("type"))
	case token.Bool("used"):
		return nil, invalid(param, "token_already_used", "You cannot use a Stripe token more than once: %s.", id)
	}
	tx.Put(token.Edit().Set("used", true))
	entry := cardEntry{
		card: cardsByName[token.Str(hiddenBehaviour)], month: token.Int("card.exp_month"), year: token.Int("card.exp_year"), cvc: token.Bool(hiddenCVC),
	}
	method := entry.method(tx)
	for from, to := range map[string]string{
		"name": "name", "address_city": "address.city", "address_country": "address.country", "address_line1": "address.line1",
		"address_line2": "address.line2", "address_state": "address.state", "address_zip": "address.postal_code",
	} {
		if v := token.Str("card." + from); v != "" {
			method.Set("billing_details."+to, v)
		}
	}
	return method, nil
}
