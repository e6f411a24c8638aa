package mirror

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/vezne/vezne"
)

// erasedKey marks a snapshot of which only the impersonal part is kept.
const erasedKey = "vezne_erased"

// shape says what may stay of a value: everything, or of an object the keys
// that are named.
type shape map[string]shape

// whole keeps a value that is no object and no list.
var whole = shape(nil)

// refusalShape is what stays of an error of Stripe: its codes, without words.
var refusalShape = shape{"type": whole, "code": whole, "decline_code": whole, "advice_code": whole}

// impersonal is what may stay of any object: ids, states, money, instants and
// codes. A key that is not named goes, so that one which Stripe adds later goes
// too.
var impersonal = shape{
	"id": whole, "object": whole, "livemode": whole, "created": whole, "deleted": whole, "status": whole, "type": whole, "mode": whole,
	"payment_status": whole, "currency": whole, "reason": whole, "failure_reason": whole, "failure_code": whole, "captured": whole, "disputed": whole,
	"amount": whole, "amount_received": whole, "amount_capturable": whole, "amount_captured": whole, "amount_refunded": whole,
	"amount_subtotal": whole, "amount_total": whole,
	"total_details":  {"amount_discount": whole, "amount_shipping": whole, "amount_tax": whole},
	"capture_method": whole, "setup_future_usage": whole,
	"payment_method": whole, "latest_charge": whole, "customer": whole, "payment_intent": whole, "setup_intent": whole, "charge": whole,
	"metadata":               {vezne.MetadataOrder: whole, vezne.MetadataAttempt: whole, vezne.MetadataRefund: whole, vezne.MetadataCustomer: whole, vezne.MetadataCall: whole},
	"last_payment_error":     refusalShape,
	"last_setup_error":       refusalShape,
	"next_action":            {"type": whole},
	"outcome":                {"type": whole, "reason": whole},
	"payment_method_details": {"type": whole, "card": {"brand": whole}},
	"evidence_details":       {"due_by": whole},
	erasedKey:                whole,
}

// Impersonal returns a snapshot with what tells nothing of a person: ids,
// states, money, instants and codes. What is decided by it stays the same,
// except for words, the last digits of a card and addresses that lead back.
func Impersonal(s vezne.Snapshot) (vezne.Snapshot, error) {
	var body map[string]any
	if err := json.Unmarshal(s.Body, &body); err != nil {
		return s, fmt.Errorf("mirror: read %s: %w", s.ID, err)
	}
	body = reduce(body, impersonal)
	body[erasedKey] = true
	var err error
	if s.Body, err = json.Marshal(body); err != nil {
		return s, fmt.Errorf("mirror: write %s: %w", s.ID, err)
	}
	return s, nil
}

// reduce keeps the keys of a shape.
func reduce(o map[string]any, keep shape) map[string]any {
	out := map[string]any{}
	for key, v := range o {
		inner, named := keep[key]
		if !named {
			continue
		}
		switch v := v.(type) {
		case map[string]any:
			switch id, isObject := v["id"].(string); {
			case inner != nil:
				out[key] = reduce(v, inner)
			case isObject:
				// An object that was expanded is known by its id.
				out[key] = id
			}
		case []any:
			// Nothing that is kept is a list.
		default:
			if inner == nil || v == nil {
				out[key] = v
			}
		}
	}
	return out
}

// erased reports whether only the impersonal part of a snapshot is kept.
func erased(s vezne.Snapshot) bool { return strings.Contains(string(s.Body), `"`+erasedKey+`":true`) }

// alike brings two snapshots to the same extent: of one that was erased,
// nothing can be compared but what is impersonal.
func alike(a, b vezne.Snapshot) (vezne.Snapshot, vezne.Snapshot, error) {
	var err error
	switch {
	case erased(a) && !erased(b):
		b, err = Impersonal(b)
	case erased(b) && !erased(a):
		a, err = Impersonal(a)
	}
	return a, b, err
}
