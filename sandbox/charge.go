package sandbox

import (
	"hash/fnv"
	"strings"
)

func init() {
	behave("POST /v1/charges/{charge}", updateCharge)
	onDue("charge.balance_transaction", settleCharge)
	onExpand("charge", "refunds", func(tx *accountTx, ch *stripeObject) []*stripeObject { return ofField(tx, "refund", "charge", ch.ID()) })
}

// asyncSeconds is how long a charge of capture_method automatic_async waits for its balance transaction: our choice for
// Stripe's "later".
const asyncSeconds = 2

// authResult is what became of 3-D Secure before a charge.
type authResult int

const (
	authNone authResult = iota
	authChallenge
	authFrictionless
	authAttempt
	authFailed
)

// newCharge makes the charge of an intent's attempt: not yet paid, with Radar's and the bank's word of approval.
func newCharge(tx *accountTx, pi, method *stripeObject, how authResult) *stripeObject {
	ch := tx.New("charge").Unset("refunds") // shown when it is expanded
	name := tx.Account().Str("settings.payments.statement_descriptor")
	if name == "" {
		name = tx.Account().Str("settings.dashboard.display_name")
	}
	descriptor := plainText(orElse(pi.Str("statement_descriptor"), orElse(name, "SANDBOX")))
	if suffix := pi.Str("statement_descriptor_suffix"); suffix != "" {
		descriptor += "* " + plainText(suffix)
	}
	ch.Set("amount", pi.Int("amount")).Set("amount_captured", 0).Set("amount_refunded", 0).Set("captured", false).
		Set("paid", false).Set("refunded", false).Set("disputed", false).Set("status", "failed").
		Set("currency", pi.Str("currency")).Set("customer", pi.Get("customer")).Set("description", pi.Get("description")).
		Set("billing_details", method.Get("billing_details")).Set("calculated_statement_descriptor", cut(descriptor, 22)).
		Set("fraud_details", emptyHash).Set("metadata", pi.Get("metadata")).Set("outcome", approvedOutcome(tx, method)).
		Set("payment_intent", pi.ID()).Set("payment_method", method.ID()).
		Set("payment_method_details", chargeDetails(tx, pi, method, how)).
		Set("radar_options", emptyHash).Set("receipt_email", pi.Get("receipt_email")).
		Set("receipt_url", tx.URL("/receipts/"+ch.ID())).Set("shipping", pi.Get("shipping")).
		Set("statement_descriptor", pi.Get("statement_descriptor")).Set("statement_descriptor_suffix", pi.Get("statement_descriptor_suffix")).
		Set("transfer_group", pi.Get("transfer_group")).Set("on_behalf_of", pi.Get("on_behalf_of")).
		Set("application", pi.Get("application")).Set("application_fee_amount", pi.Get("application_fee_amount"))
	if data := pi.Hash("transfer_data"); data != nil {
		ch.Set("destination", data.Str("destination"))
		ch.Set("transfer_data", tx.NewHash("charge_transfer_data").Set("destination", data.Str("destination")).Set("amount", data.Get("amount")))
	}
	return ch
}

// latin writes Turkish letters as statements, which are plain ASCII, have them.
var latin = strings.NewReplacer("ç", "c", "Ç", "C", "ğ", "g", "Ğ", "G", "ı", "i", "İ", "I", "ö", "o", "Ö", "O", "ş", "s", "Ş", "S", "ü", "u", "Ü", "U")

// plainText is a text in capitals without what a statement cannot have.
func plainText(s string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`<>\'"*`, r) {
			return -1
		}
		return r
	}, latin.Replace(s)))
}

// cut keeps the first n bytes of a text.
func cut(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

// riskScore is a number that stays the same for a payment method, within the bounds of its level.
func riskScore(method *stripeObject, from, to int64) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(method.ID())) // never fails
	return from + int64(h.Sum32())%(to-from)
}

func setRisk(outcome, method *stripeObject) {
	card := behaviourOf(method)
	if card == nil {
		outcome.Set("risk_level", "not_assessed")
		return
	}
	outcome.Set("risk_level", card.risk)
	switch card.risk {
	case "highest":
		outcome.Set("risk_score", riskScore(method, 76, 99))
	case "elevated":
		outcome.Set("risk_score", riskScore(method, 65, 75))
	default:
		outcome.Set("risk_score", riskScore(method, 0, 64))
	}
}

func approvedOutcome(tx *accountTx, method *stripeObject) *stripeObject {
	outcome := tx.NewHash("charge_outcome").Set("network_status", "approved_by_network").
		Set("seller_message", "Payment complete.").Set("type", "authorized")
	setRisk(outcome, method)
	if behaviourOf(method) != nil && behaviourOf(method).risk == "elevated" {
		outcome.Set("type", "manual_review").Set("reason", "elevated_risk_level")
		outcome.Set("seller_message", "Stripe evaluated this payment as having elevated risk, and placed it in your manual review queue.")
	}
	return outcome
}

// refusedOutcome is the bank's refusal, or Radar's.
func refusedOutcome(tx *accountTx, method *stripeObject, d decline) *stripeObject {
	outcome := tx.NewHash("charge_outcome")
	setRisk(outcome, method)
	if d.declineCode == "fraudulent" {
		return outcome.Set("network_status", "not_sent_to_network").Set("reason", "highest_risk_level").
			Set("seller_message", "Stripe blocked this payment as too risky.").Set("type", "blocked")
	}
	message := "The bank returned the decline code `" + d.declineCode + "`."
	if d.declineCode == "generic_decline" {
		message = "The bank did not return any further details with this decline."
	}
	return outcome.Set("network_status", "declined_by_network").Set("reason", d.declineCode).Set("type", "issuer_declined").
		Set("seller_message", message).Set("advice_code", textOrNull(d.advice)).Set("network_decline_code", textOrNull(d.network))
}

// chargeDetails are payment_method_details: the method as it was at this payment.
func chargeDetails(tx *accountTx, pi, method *stripeObject, how authResult) *stripeObject {
	typ := method.Str("type")
	details := tx.NewHash("payment_method_details").Set("type", typ)
	if typ == cardPresent {
		return details.Set(typ, presentDetails(tx, pi, method, cardsByName[method.Str(hiddenBehaviour)]))
	}
	if card := behaviourOf(method); card != nil {
		return details.Set("card", cardDetails(tx, pi, method, card, how))
	}
	of := tx.NewHash("payment_method_details_" + typ)
	switch typ {
	case "sepa_debit":
		for _, key := range []string{"bank_code", "branch_code", "country", "fingerprint", "last4"} {
			of.Set(key, method.Get("sepa_debit."+key))
		}
		of.Set("mandate", method.Get(hiddenMandate))
	case "us_bank_account":
		for _, key := range []string{"account_holder_type", "account_type", "bank_name", "fingerprint", "last4", "routing_number"} {
			of.Set(key, method.Get("us_bank_account."+key))
		}
		of.Set("mandate", method.Get(hiddenMandate))
	}
	return details.Set(typ, of)
}

// Feature flags of a card payment, by the field and its schema's last part. The sandbox grants increments only.
var cardFeatures = []string{"extended_authorization", "incremental_authorization", "overcapture"}

func cardDetails(tx *accountTx, pi, method *stripeObject, card *testCard, how authResult) *stripeObject {
	shown := tx.NewHash("payment_method_details_card").Set("amount_authorized", pi.Int("amount")).
		Set("authorization_code", digits(tx, 6)).Set("network_transaction_id", digits(tx, 15)).
		Set("checks", tx.NewHash("payment_method_details_card_checks")).Set("network", card.brand).
		Set("network_token", tx.NewHash("payment_method_details_card_network_token").Set("used", false)).
		Set("regulated_status", "unregulated").Set("three_d_secure", secureDetails(tx, how))
	for _, key := range []string{"brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4"} {
		shown.Set(key, method.Get("card."+key))
	}
	setChecks(shown, "checks", card, method)
	for _, feature := range cardFeatures {
		status := "unavailable"
		switch {
		case feature == "extended_authorization":
			status = "disabled"
		case feature == "incremental_authorization" && mayIncrement(pi, card):
			status = "available"
		}
		of := tx.NewHash("payment_flows_private_payment_methods_card_details_api_resource_enterprise_features_"+feature+"_"+feature).Set("status", status)
		if feature == "overcapture" {
			of.Set("maximum_amount_capturable", pi.Int("amount"))
		}
		shown.Set(feature, of)
	}
	return shown.Set("multicapture", tx.NewHash("payment_flows_private_payment_methods_card_details_api_resource_multicapture").Set("status", "unavailable"))
}

// secureDetails is what a charge shows of 3-D Secure, nil when it was not run. ECI: 05 authenticated, 06 attempted
// (EMVCo's numbers for Visa).
func secureDetails(tx *accountTx, how authResult) *stripeObject {
	shown := tx.NewHash("three_d_secure_details_charge").Set("version", "2.2.0").Set("transaction_id", tx.NewID("", 36))
	switch how {
	case authChallenge:
		return shown.Set("authentication_flow", "challenge").Set("result", "authenticated").Set("electronic_commerce_indicator", "05")
	case authFrictionless:
		return shown.Set("authentication_flow", "frictionless").Set("result", "authenticated").Set("electronic_commerce_indicator", "05")
	case authAttempt:
		return shown.Set("result", "attempt_acknowledged").Set("electronic_commerce_indicator", "06")
	case authFailed:
		return shown.Set("result", "processing_error").Set("result_reason", "protocol_error")
	case authNone:
	}
	return nil
}

// digits makes n digits, the first of which is not 0.
func digits(tx *accountTx, n int) string {
	id := []byte(tx.NewID("", n))
	for i, c := range id {
		id[i] = '0' + c%10
	}
	if id[0] == '0' {
		id[0] = '1'
	}
	return string(id)
}

// settleCharge brings a charge's money onto the balance, for capture_method automatic_async.
func settleCharge(tx *accountTx, id string) error {
	ch := tx.Get("charge", id)
	if ch == nil || ch.Has("balance_transaction") || ch.Str("status") != succeeded {
		return nil
	}
	ch = ch.Edit()
	payIn(tx, ch, ch.Int("amount_captured"))
	tx.Put(ch, "charge.updated")
	return nil
}

func findCharge(tx *accountTx, id, param string, status int) (*stripeObject, error) {
	if ch := tx.Get("charge", id); ch != nil {
		return ch, nil
	}
	return nil, missing("charge", id, param, status)
}

func updateCharge(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	ch, err := findCharge(tx, r.Path("charge"), "id", 404)
	if err != nil {
		return nil, err
	}
	ch = ch.Edit()
	p := r.Params()
	applyParams(tx, ch, p, "shipping", "fraud_details", "customer", "transfer_group")
	setShipping(tx, ch, p)
	if id := p.Str("customer"); id != "" && ch.Str("customer") == "" {
		ch.Set("customer", id)
	}
	if v := p.Str("fraud_details.user_report"); v != "" {
		ch.Set("fraud_details.user_report", v)
	}
	tx.Put(ch, "charge.updated")
	return ch, nil
}
