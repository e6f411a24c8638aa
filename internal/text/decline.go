package text

import (
	_ "embed"
	"encoding/json"
	"maps"

	"github.com/vezne/vezne"
)

// declinesJSON maps Stripe's codes to message keys and holds the messages.
// Codes are those of docs.stripe.com/declines/codes, docs.stripe.com/error-codes
// and stripe-go's error.go; the sentences are ours.
//
//go:embed declines.json
var declinesJSON []byte

type declineTable struct {
	Messages map[string]struct {
		EN string `json:"en"`
		TR string `json:"tr"`
	} `json:"messages"`
	DeclineCodes   map[string]string `json:"decline_codes"`
	OutcomeReasons map[string]string `json:"outcome_reasons"`
	ErrorCodes     map[string]string `json:"error_codes"`
}

var declines = func() declineTable {
	var t declineTable
	if err := json.Unmarshal(declinesJSON, &t); err != nil {
		panic("text: declines.json: " + err.Error())
	}
	return t
}()

var declineSentences = func() map[string]sentence {
	m := map[string]sentence{}
	for key, s := range declines.Messages {
		m[key] = sentence{EN: s.EN, TR: s.TR}
	}
	return m
}()

// GenericDecline is the key of the sentence that tells nothing. Lost, stolen,
// fraudulent and blocked cards get it too, so that nobody can learn from a
// page which of them a card is (docs.stripe.com/declines/codes).
const GenericDecline = "generic"

// Decline returns the message key for what Stripe refused: by decline code,
// then by error code, then by type and status. A code that nobody has seen yet
// gives the generic sentence; it is never shown itself.
func Decline(e *vezne.StripeError) string {
	if e == nil {
		return GenericDecline
	}
	if key, ok := declines.DeclineCodes[e.DeclineCode]; ok {
		return key
	}
	if key, ok := declines.OutcomeReasons[e.DeclineCode]; ok {
		return key
	}
	if key, ok := declines.ErrorCodes[e.Code]; ok && e.DeclineCode == "" {
		return key
	}
	switch {
	case e.Type == "card_error" || e.Status == 402 || e.DeclineCode != "":
		return GenericDecline
	case e.Status == 429:
		return "busy"
	case e.Status == 409 || e.Status >= 500 || e.Type == "idempotency_error" || e.Type == "api_error":
		return "pending"
	case e.Status >= 400 || e.Type == "invalid_request_error":
		return "ours"
	}
	return GenericDecline
}

// DeclineKeys returns the message key of every decline and error code, for
// pages that look a code up in the browser. Keys of codes that must not be told
// apart are equal.
func DeclineKeys() map[string]string {
	all := maps.Clone(declines.ErrorCodes)
	maps.Copy(all, declines.OutcomeReasons)
	maps.Copy(all, declines.DeclineCodes)
	return all
}

// Field returns which card field a message is about: "number", "expiry",
// "cvc", "postal" or "" when it is about none.
func Field(key string) string {
	switch key {
	case "number":
		return "number"
	case "expired", "month", "year":
		return "expiry"
	case "cvc":
		return "cvc"
	case "zip":
		return "postal"
	}
	return ""
}
