package sandbox

import (
	"crypto/sha256"
	"strings"
	"time"
)

// newPaymentMethod makes a method from what the buyer typed: the parameters of POST /v1/payment_methods, which elsewhere
// are called payment_method_data. at is their name there, for errors. The method is not stored yet; numbers and codes are
// gone with the request.
func newPaymentMethod(tx *accountTx, p formParams, at string) (*stripeObject, error) {
	typ := p.Str("type")
	var method *stripeObject
	var err error
	switch typ {
	case "":
		return nil, invalid(under(at, "type"), "parameter_missing", "Missing required param: %s.", under(at, "type"))
	case "card":
		method, err = newCardMethod(tx, p, at)
	case "sepa_debit", "us_bank_account":
		method, err = newBankMethod(tx, typ, p, at)
	default:
		method = newOtherMethod(tx, typ, p)
	}
	if err != nil {
		return nil, err
	}
	if typ == "sepa_debit" && (p.Str("billing_details.name") == "" || p.Str("billing_details.email") == "") {
		return nil, invalid(under(at, "billing_details"), "parameter_missing", "Missing required param: %s. A SEPA Direct Debit needs the account holder's name and email.", under(at, "billing_details"))
	}
	setBilling(tx, method, p)
	if typ == "card" {
		uncheckAddress(method)
	}
	if v := p.Str("allow_redisplay"); v != "" {
		method.Set("allow_redisplay", v)
	}
	applyMetadata(tx, method, p)
	return method, nil
}

// under names a parameter inside another: payment_method_data[type].
func under(at, name string) string {
	if at == "" {
		return name
	}
	head, rest, nested := strings.Cut(name, "[")
	if nested {
		return at + "[" + head + "][" + rest
	}
	return at + "[" + name + "]"
}

func newCardMethod(tx *accountTx, p formParams, at string) (*stripeObject, error) {
	if token := p.Str("card.token"); token != "" {
		return methodOfToken(tx, token, under(at, "card[token]"))
	}
	entry, err := readCard(tx, p, at)
	if err != nil {
		return nil, err
	}
	return entry.method(tx), nil
}

// cardEntry is what a form said of a card, without its number.
type cardEntry struct {
	card        *testCard
	month, year int64
	cvc         bool
}

// readCard takes a card's parameters and forgets the number. Only published test numbers are cards.
func readCard(tx *accountTx, p formParams, at string) (cardEntry, error) {
	number := onlyDigits(p.Str("card.number"))
	month, year, cvc := p.Int("card.exp_month"), p.Int("card.exp_year"), p.Str("card.cvc")
	if number == "" {
		return cardEntry{}, invalid(under(at, "card[number]"), "parameter_missing", "Missing required param: %s.", under(at, "card[number]"))
	}
	card := cardsByNumber[number]
	switch {
	case strings.Trim(number, "0123456789") != "" || len(number) < 12 || !passesLuhn(number):
		return cardEntry{}, cardError(decline{code: "incorrect_number", param: under(at, "card[number]"), message: "Your card number is incorrect."})
	case card == nil:
		return cardEntry{}, cardError(testModeDecline(under(at, "card[number]")))
	}
	if year < 100 {
		year += 2000
	}
	now := time.Unix(tx.Now(), 0).UTC()
	switch {
	case month < 1 || month > 12 || year == int64(now.Year()) && month < int64(now.Month()):
		return cardEntry{}, cardError(decline{code: "invalid_expiry_month", param: under(at, "card[exp_month]"), message: "Your card's expiration month is invalid."})
	case year < int64(now.Year()) || year > int64(now.Year())+50:
		return cardEntry{}, cardError(decline{code: "invalid_expiry_year", param: under(at, "card[exp_year]"), message: "Your card's expiration year is invalid."})
	case cvc != "" && !validCVC(card, cvc):
		return cardEntry{}, cardError(decline{code: "invalid_cvc", param: under(at, "card[cvc]"), message: "Your card's security code is invalid."})
	}
	return cardEntry{card: card, month: month, year: year, cvc: cvc != ""}, nil
}

// testModeDecline refuses a number that is none of the published ones: it may be somebody's card.
func testModeDecline(param string) decline {
	return decline{
		code: "card_declined", declineCode: "test_mode_live_card", param: param,
		message: "Your card was declined. Your request was in test mode, but used a non test (live) card. For a list of valid test cards, visit: https://stripe.com/docs/testing.",
	}
}

func validCVC(card *testCard, cvc string) bool {
	want := 3
	if card.brand == "amex" {
		want = 4
	}
	// Stripe takes three digits for American Express as well.
	return strings.Trim(cvc, "0123456789") == "" && (len(cvc) == want || len(cvc) == 3)
}

// entryOf is a published card as its token stands for it: it expires a year from now, and its code was given.
func entryOf(tx *accountTx, card *testCard) cardEntry {
	now := time.Unix(tx.Now(), 0).UTC()
	return cardEntry{card: card, month: int64(now.Month()), year: int64(now.Year()) + 1, cvc: true}
}

// method makes the PaymentMethod of a card.
func (e cardEntry) method(tx *accountTx) *stripeObject {
	c := e.card
	networks := []string{c.brand}
	if c.alsoNetwork != "" {
		networks = append(networks, c.alsoNetwork)
	}
	method := tx.New("payment_method").Set("type", "card").
		Set("card", tx.NewHash("payment_method_card").
			Set("brand", c.brand).Set("country", c.country).Set("display_brand", displayBrand(c.brand)).
			Set("exp_month", e.month).Set("exp_year", e.year).Set("fingerprint", fingerprint(tx, c.number)).
			Set("funding", c.funding).Set("last4", c.last4()).Set("regulated_status", "unregulated").
			Set("checks", tx.NewHash("payment_method_card_checks")).
			Set("networks", tx.NewHash("networks").Set("available", networks)).
			Set("three_d_secure_usage", tx.NewHash("three_d_secure_usage").Set("supported", c.secure != secureUnsupported))).
		Set("allow_redisplay", "unspecified").Set("billing_details", emptyBilling(tx)).
		Set(hiddenBehaviour, c.name).Set(hiddenCVC, e.cvc)
	if e.cvc {
		method.Set("card.checks.cvc_check", "unchecked")
	}
	return method
}

func displayBrand(brand string) string {
	if brand == "amex" {
		return "american_express"
	}
	if brand == "diners" {
		return "diners_club"
	}
	return brand
}

// fingerprint names a card number or account within one account, the same for the same number.
func fingerprint(tx *accountTx, number string) string {
	sum := sha256.Sum256([]byte(tx.Account().ID() + " " + number))
	b := make([]byte, 16)
	for i := range b {
		b[i] = base62[int(sum[i])%len(base62)]
	}
	return string(b)
}

func newBankMethod(tx *accountTx, typ string, p formParams, at string) (*stripeObject, error) {
	var number, name string
	if typ == "sepa_debit" {
		number, name = strings.ToUpper(onlyDigits(p.Str("sepa_debit.iban"))), "sepa_debit[iban]"
	} else {
		number, name = onlyDigits(p.Str("us_bank_account.account_number")), "us_bank_account[account_number]"
	}
	bank := banksByNumber[number]
	switch {
	case number == "":
		return nil, invalid(under(at, name), "parameter_missing", "Missing required param: %s.", under(at, name))
	case typ == "sepa_debit" && !validIBAN(number):
		return nil, invalid(under(at, name), "invalid_bank_account_iban", "The IBAN you entered is invalid.")
	case typ == "us_bank_account" && p.Str("us_bank_account.routing_number") != testRoutingNumber:
		return nil, invalid(under(at, "us_bank_account[routing_number]"), "routing_number_invalid", "Only the test routing number %s is a bank here.", testRoutingNumber)
	case bank == nil || bank.typ != typ:
		return nil, invalid(under(at, name), "account_number_invalid", "Only Stripe's published test accounts are accounts here: https://docs.stripe.com/testing#non-card-payments.")
	}
	method := bankMethod(tx, bank)
	if typ == "us_bank_account" {
		method.Set(hiddenUnverified, true) // typed in by hand
		if v := p.Str("us_bank_account.account_holder_type"); v != "" {
			method.Set("us_bank_account.account_holder_type", v)
		}
		if v := p.Str("us_bank_account.account_type"); v != "" {
			method.Set("us_bank_account.account_type", v)
		}
	}
	return method, nil
}

// bankMethod makes the PaymentMethod of a test account.
func bankMethod(tx *accountTx, bank *testBank) *stripeObject {
	method := tx.New("payment_method").Set("type", bank.typ).Set("allow_redisplay", "unspecified").
		Set("billing_details", emptyBilling(tx)).Set(hiddenBehaviour, bank.name)
	last4, print := bank.number[len(bank.number)-4:], fingerprint(tx, bank.number)
	if bank.typ == "sepa_debit" {
		bankCode, branchCode := ibanCodes(bank.number)
		return method.Set("sepa_debit", tx.NewHash("payment_method_sepa_debit").
			Set("bank_code", bankCode).Set("branch_code", branchCode).Set("country", bank.number[:2]).
			Set("fingerprint", print).Set("last4", last4).Set("generated_from", tx.NewHash("sepa_debit_generated_from")))
	}
	return method.Set("us_bank_account", tx.NewHash("payment_method_us_bank_account").
		Set("account_holder_type", "individual").Set("account_type", "checking").Set("bank_name", "STRIPE TEST BANK").
		Set("fingerprint", print).Set("last4", last4).Set("routing_number", testRoutingNumber).
		Set("networks", tx.NewHash("us_bank_account_networks").Set("preferred", "ach").Set("supported", []string{"ach"})))
}

// emptyBilling is billing_details with every key, as Stripe answers it.
func emptyBilling(tx *accountTx) *stripeObject {
	return tx.NewHash("billing_details").Set("address", tx.NewHash("address"))
}

// setBilling copies billing_details over what a method has.
func setBilling(tx *accountTx, method *stripeObject, p formParams) {
	if !method.Has("billing_details.address") {
		method.Set("billing_details", emptyBilling(tx))
	}
	for _, key := range []string{"name", "email", "phone", "tax_id", "address.city", "address.country", "address.line1", "address.line2", "address.postal_code", "address.state"} {
		if at := "billing_details." + key; p.Has(at) {
			method.Set(at, textOrNull(p.Str(at)))
		}
	}
}

// uncheckAddress says of the parts of a card's address that no bank has looked at them yet.
func uncheckAddress(method *stripeObject) {
	for _, part := range []string{"line1", "postal_code"} {
		if method.Str("billing_details.address."+part) != "" {
			method.Set("card.checks.address_"+part+"_check", "unchecked")
		}
	}
}

// textOrNull is null for an empty text, as Stripe unsets.
func textOrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
