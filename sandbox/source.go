package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

func init() {
	behave("POST /v1/sources", createSource)
	behave("GET /v1/sources/{source}", retrieveSource)
	behave("POST /v1/sources/{source}", updateSource)
	behave("POST /v1/sources/{source}/verify", verifySource)
	private("POST /v1/source_redirects/{token}", answerSourceRedirect)
	simulation("source", simulateSource)
	onDue("source.expire", expireSource)
}

// The statuses of a source (docs.stripe.com/sources).
const (
	sourcePending    = "pending"
	sourceChargeable = "chargeable"
	sourceConsumed   = "consumed"
	sourceFailed     = "failed"
)

// sourceLife is how long a pending source waits for its owner, in seconds: six hours (docs.stripe.com/sources).
const sourceLife = 6 * 60 * 60

// sourceFlow is what an owner of a source of a type has to do, and how often it can be charged.
type sourceFlow struct{ flow, usage, currency string }

// sourceFlows are the types of sources (docs.stripe.com/sources, "Supported payment methods"). An empty currency is any.
var sourceFlows = map[string]sourceFlow{
	"card":                {"none", "reusable", ""},
	"three_d_secure":      {"redirect", "single_use", ""},
	"alipay":              {"redirect", "single_use", ""},
	"wechat":              {"none", "single_use", ""},
	"klarna":              {"redirect", "single_use", ""},
	"bancontact":          {"redirect", "single_use", "eur"},
	"eps":                 {"redirect", "single_use", "eur"},
	"giropay":             {"redirect", "single_use", "eur"},
	"ideal":               {"redirect", "single_use", "eur"},
	"p24":                 {"redirect", "single_use", ""},
	"sofort":              {"redirect", "single_use", "eur"},
	"multibanco":          {"receiver", "single_use", "eur"},
	"ach_credit_transfer": {"receiver", "reusable", "usd"},
	"sepa_debit":          {"none", "reusable", "eur"},
	"ach_debit":           {"code_verification", "reusable", "usd"},
}

// A source's hidden slots.
const (
	// hiddenSourceToken is the end of the address at which its owner agrees.
	hiddenSourceToken = "_token"
	// hiddenSourceMethod is the PaymentMethod behind a card's source.
	hiddenSourceMethod = "_method"
)

// createSource makes a source, as clients did before PaymentMethods.
func createSource(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	typ := p.Str("type")
	if typ == "" && p.Has("token") {
		typ = "card"
	}
	flow, known := sourceFlows[typ]
	currency := strings.ToLower(p.Str("currency"))
	switch {
	case typ == "":
		return nil, invalid("type", "parameter_missing", "Missing required param: type.")
	case !known:
		return nil, invalid("type", "", "Invalid source type: %s", typ)
	case flow.currency != "" && currency != "" && currency != flow.currency:
		return nil, invalid("currency", "", "The currency `%s` is not supported for sources of type `%s`. Only %s is.", currency, typ, flow.currency)
	case flow.flow == "redirect" && p.Str("redirect.return_url") == "":
		return nil, invalid("redirect[return_url]", "parameter_missing", "Missing required param: redirect[return_url].")
	case flow.flow == "redirect" && !p.Has("amount"):
		return nil, invalid("amount", "parameter_missing", "Missing required param: amount.")
	}
	if currency != "" {
		if err := checkCurrency(currency, "currency"); err != nil {
			return nil, err
		}
	}
	src := tx.New("source").Set("type", typ).Set("flow", orElse(p.Str("flow"), flow.flow)).Set("usage", orElse(p.Str("usage"), flow.usage)).
		Set("status", sourcePending).Set("currency", textOrNull(orElse(currency, flow.currency))).Set("client_secret", "src_client_secret_"+tx.NewID("", 24)).
		Set("owner", tx.NewHash("source_owner"))
	for _, key := range []string{"ach_credit_transfer", "receiver", "redirect", "code_verification"} {
		src.Unset(key) // shown with the type or flow that has it
	}
	applyParams(tx, src, p, "type", "flow", "usage", "currency", "token", "customer", "redirect", "receiver", "mandate", "original_source", "source_order", typ)
	if err := fillSource(tx, src, p); err != nil {
		return nil, err
	}
	if src.Str("status") == sourcePending {
		tx.Due(tx.Now()+sourceLife, "source.expire", src.ID())
	}
	tx.Put(src)
	if src.Str("status") == sourceChargeable {
		tx.Event("source.chargeable", src, nil)
	}
	return src, nil
}

// fillSource writes what a type has of its own.
func fillSource(tx *accountTx, src *stripeObject, p formParams) error {
	typ := src.Str("type")
	of := tx.NewHash("source_type_" + typ)
	src.Set(typ, of)
	switch src.Str("flow") {
	case "redirect":
		token := tx.NewID("", 24)
		tx.Publish(token)
		src.Set(hiddenSourceToken, token).Set("redirect", tx.NewHash("source_redirect_flow").Set("return_url", p.Str("redirect.return_url")).
			Set("status", "pending").Set("url", tx.URL("/sources/"+token)))
		if typ == "three_d_secure" {
			return fillThreeDSecure(tx, src, p)
		}
	case "receiver":
		src.Set("receiver", tx.NewHash("source_receiver_flow").Set("address", digits(tx, 9)+"-"+digits(tx, 17)).Set("amount_charged", 0).
			Set("amount_received", 0).Set("amount_returned", 0).Set("refund_attributes_method", orElse(p.Str("receiver.refund_attributes_method"), "email")).
			Set("refund_attributes_status", "missing"))
		receiveTestMoney(src)
	case "code_verification":
		src.Set("code_verification", tx.NewHash("source_code_verification_flow").Set("attempts_remaining", 5).Set("status", "pending"))
	default:
		src.Set("status", sourceChargeable)
	}
	switch typ {
	case "card":
		return fillCardSource(tx, src, p)
	case "sepa_debit":
		return fillDebitSource(tx, src, p)
	case "ach_credit_transfer":
		src.Set(typ+".account_number", "test_"+strings.ToLower(tx.NewID("", 12))).Set(typ+".routing_number", testRoutingNumber).
			Set(typ+".bank_name", "TEST BANK").Set(typ+".swift_code", "TSTEZ122").Set(typ+".fingerprint", fingerprint(tx, src.ID()))
	}
	return nil
}

// receiveTestMoney fills a receiver whose owner's e-mail is amount_N@…: the published way to test bank transfers.
func receiveTestMoney(src *stripeObject) {
	name, _, _ := strings.Cut(src.Str("owner.email"), "@")
	text, ok := strings.CutPrefix(name, "amount_")
	if !ok || text == "" || len(text) > 10 || strings.Trim(text, "0123456789") != "" {
		return
	}
	amount := int64(0)
	for _, c := range text {
		amount = amount*10 + int64(c-'0')
	}
	src.Set("receiver.amount_received", amount).Set("status", sourceChargeable)
}

// fillCardSource makes the card of a source from a token or from its details. A source of a card is charged like the card.
func fillCardSource(tx *accountTx, src *stripeObject, p formParams) error {
	var method *stripeObject
	var err error
	if token := p.Str("token"); token != "" {
		method, err = methodOfToken(tx, token, "token")
	} else {
		var entry cardEntry
		if entry, err = readCard(tx, p, ""); err == nil {
			method = entry.method(tx)
		}
	}
	if err != nil {
		return err
	}
	method.Set("id", src.ID())
	tx.Put(method)
	secure := "optional"
	switch behaviourOf(method).secure {
	case secureUnsupported:
		secure = "not_supported"
	case secureAlways, secureOnSetup:
		secure = "required"
	case secureSetUp, secureNever, secureOptional, secureFrictionless, secureLookupFails, secureOptionalFails:
	}
	src.Set("card.brand", cardBrands[method.Str("card.brand")]).Set("card.three_d_secure", secure).Set(hiddenSourceMethod, method.ID())
	for _, key := range []string{"country", "exp_month", "exp_year", "fingerprint", "funding", "last4"} {
		src.Set("card."+key, method.Get("card."+key))
	}
	return nil
}

// fillThreeDSecure makes the source of an authenticated payment from the source of a card: three_d_secure[card].
func fillThreeDSecure(tx *accountTx, src *stripeObject, p formParams) error {
	id := p.Str("three_d_secure.card")
	method := tx.Get("payment_method", id)
	if method == nil || behaviourOf(method) == nil {
		return missing("source", id, "three_d_secure[card]", 400)
	}
	src.Set("three_d_secure.card", id).Set("three_d_secure.authenticated", false).Set("three_d_secure.brand", cardBrands[method.Str("card.brand")]).
		Set(hiddenSourceMethod, id)
	for _, key := range []string{"country", "exp_month", "exp_year", "fingerprint", "funding", "last4"} {
		src.Set("three_d_secure."+key, method.Get("card."+key))
	}
	return nil
}

// fillDebitSource makes the account of a SEPA debit from its IBAN.
func fillDebitSource(tx *accountTx, src *stripeObject, p formParams) error {
	method, err := newBankMethod(tx, "sepa_debit", p, "")
	if err != nil {
		return err
	}
	method.Set("id", src.ID())
	tx.Put(method)
	src.Set(hiddenSourceMethod, method.ID()).Set("sepa_debit.mandate_reference", tx.NewID("", 16)).
		Set("sepa_debit.mandate_url", tx.URL("/mandates/"+src.ID()))
	for _, key := range []string{"bank_code", "branch_code", "country", "fingerprint", "last4"} {
		src.Set("sepa_debit."+key, method.Get("sepa_debit."+key))
	}
	return nil
}

func findSource(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	if src := tx.Get("source", r.Path("source")); src != nil {
		return src, nil
	}
	return nil, missing("source", r.Path("source"), "source", http.StatusNotFound)
}

func retrieveSource(tx *accountTx, r *apiRequest) (*stripeObject, error) { return findSource(tx, r) }

func updateSource(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	src, err := findSource(tx, r)
	if err != nil {
		return nil, err
	}
	src = applyParams(tx, src.Edit(), r.Params(), "mandate", "source_order")
	tx.Put(src)
	return src, nil
}

// verifySource takes the amounts of the test deposits of an account: 32 and 45.
func verifySource(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	src, err := findSource(tx, r)
	if err != nil {
		return nil, err
	}
	left := src.Int("code_verification.attempts_remaining")
	switch {
	case src.Str("flow") != "code_verification":
		return nil, invalid("", "", "The source %s does not need to be verified.", src.ID())
	case src.Str("status") != sourcePending || left == 0:
		return nil, invalid("", "", "The source %s cannot be verified because it has a status of %s.", src.ID(), src.Str("status"))
	}
	if slices.Equal(r.Params().Strs("values"), []string{"32", "45"}) {
		src = src.Edit().Set("code_verification.status", "succeeded")
		return settleSource(tx, src, true), nil
	}
	src = src.Edit().Set("code_verification.attempts_remaining", left-1)
	if left == 1 {
		src.Set("code_verification.status", "failed")
		settleSource(tx, src, false)
	} else {
		tx.Put(src)
	}
	e := invalid("values", "", "The amounts provided do not match the amounts that were sent to the bank account.")
	e.keepChanges = true
	return nil, e
}

// settleSource ends the wait for a source's owner.
func settleSource(tx *accountTx, src *stripeObject, agreed bool) *stripeObject {
	status, event, redirect := sourceChargeable, "source.chargeable", "succeeded"
	if !agreed {
		status, event, redirect = sourceFailed, "source.failed", "failed"
	}
	src = src.Edit().Set("status", status)
	if src.Has("redirect") {
		src.Set("redirect.status", redirect)
		if !agreed {
			src.Set("redirect.failure_reason", "declined")
		}
	}
	if agreed && src.Str("type") == "three_d_secure" {
		src.Set("three_d_secure.authenticated", true)
	}
	tx.Put(src, event)
	return src
}

// expireSource cancels a source that its owner left alone.
func expireSource(tx *accountTx, id string) error {
	src := tx.Get("source", id)
	if src == nil || src.Str("status") != sourcePending {
		return nil
	}
	src = src.Edit().Set("status", canceled)
	if src.Has("redirect") {
		src.Set("redirect.status", "failed").Set("redirect.failure_reason", "user_abort")
	}
	tx.Put(src, "source.canceled")
	return nil
}

// simulateSource is the owner of a pending source, or their bank: {source, result}.
func simulateSource(tx *accountTx, p formParams) (*stripeObject, error) {
	src := tx.Get("source", p.Str("source"))
	switch {
	case src == nil:
		return nil, missing("source", p.Str("source"), "source", http.StatusNotFound)
	case src.Str("status") != sourcePending:
		return nil, invalid("source", "", "%s does not wait for its owner: its status is %s.", src.ID(), src.Str("status"))
	}
	switch p.Str("result") {
	case "succeed", "succeeded", "success":
		return settleSource(tx, src, true), nil
	case "fail", "failed", "failure":
		return settleSource(tx, src, false), nil
	}
	return nil, invalid("result", "", "Invalid result: must be one of succeed or fail")
}

// answerSourceRedirect is an owner at the address of a redirect: they agree unless result is fail, and go back to the shop.
func answerSourceRedirect(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	token := r.Path("token")
	var src *stripeObject
	tx.Each("source", func(o *stripeObject) bool {
		if o.Str(hiddenSourceToken) == token {
			src = o
		}
		return src == nil
	})
	if src == nil {
		return nil, missing("source", token, "token", http.StatusNotFound)
	}
	if src.Str("status") == sourcePending {
		src = settleSource(tx, src, r.Params().Str("result") != "fail")
	}
	address := withQuery(src.Str("redirect.return_url"), "client_secret", src.Str("client_secret"), "source", src.ID())
	return hash("object", "source_redirect", "url", address), nil
}
