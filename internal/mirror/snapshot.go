package mirror

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/vezne/vezne"
)

// kept are the types of objects that the mirror keeps.
var kept = []vezne.ObjectType{
	vezne.TypePaymentIntent, vezne.TypeCharge, vezne.TypeRefund, vezne.TypeDispute, vezne.TypeCheckoutSession, vezne.TypeSetupIntent,
	vezne.TypePaymentMethod, vezne.TypeCustomer,
}

// Snapshots takes an answer of Stripe apart: the object itself and the objects
// expanded in it, each with the interval. An error's body yields the object
// that it carries. Client secrets are left out. Rows of lists are not taken:
// they only say what to read.
func Snapshots(body []byte, iv vezne.Interval) ([]vezne.Snapshot, error) {
	var top map[string]any
	if err := json.Unmarshal(body, &top); err != nil {
		return nil, fmt.Errorf("mirror: read an answer: %w", err)
	}
	scrub(top)
	var out []vezne.Snapshot
	if e, isError := top["error"].(map[string]any); isError {
		for _, key := range []string{"payment_intent", "setup_intent"} {
			if o, ok := e[key].(map[string]any); ok {
				if err := take(o, iv, &out); err != nil {
					return nil, err
				}
			}
		}
		return out, nil
	}
	if err := take(top, iv, &out); err != nil {
		return nil, err
	}
	return out, nil
}

// scrub removes every client secret, whatever key or URL it stands in.
func scrub(v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, child := range v {
			if text, ok := child.(string); key == "client_secret" || ok && strings.Contains(text, "_secret_") {
				delete(v, key)
				continue
			}
			scrub(child)
		}
	case []any:
		for _, child := range v {
			scrub(child)
		}
	}
}

// remembered are keys whose value shows objects as they were once, not as they
// are: what stands there is no answer about them.
var remembered = []string{"last_payment_error", "last_setup_error"}

// take appends the snapshots of an object, parents first, and puts ids in the
// place of the objects expanded in it.
func take(o map[string]any, iv vezne.Interval, out *[]vezne.Snapshot) error {
	id, _ := o["id"].(string)
	kind, _ := o["object"].(string)
	place := -1
	if id != "" && slices.Contains(kept, vezne.ObjectType(kind)) {
		place = len(*out)
		*out = append(*out, vezne.Snapshot{})
	}
	for key, v := range o {
		child, ok := v.(map[string]any)
		if !ok || slices.Contains(remembered, key) {
			continue
		}
		childID, hasID := child["id"].(string)
		childKind, _ := child["object"].(string)
		if err := take(child, iv, out); err != nil {
			return err
		}
		if hasID && slices.Contains(kept, vezne.ObjectType(childKind)) {
			o[key] = childID
		}
	}
	if place < 0 {
		return nil
	}
	body, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("mirror: write %s: %w", id, err)
	}
	deleted, _ := o["deleted"].(bool)
	s := vezne.Snapshot{ID: vezne.ObjectID(id), Type: vezne.ObjectType(kind), Body: body, Deleted: deleted, Interval: iv}
	if s.Terminal, err = terminal(s); err != nil {
		return err
	}
	(*out)[place] = s
	return nil
}

// terminal reports whether the state can never change again.
func terminal(s vezne.Snapshot) (bool, error) {
	if s.Deleted {
		return true, nil
	}
	switch s.Type {
	case vezne.TypePaymentIntent:
		p, err := PaymentIntent(s)
		return p.Terminal(), err
	case vezne.TypeCheckoutSession:
		c, err := CheckoutSession(s)
		return c.Terminal(), err
	case vezne.TypeCharge:
		c, err := Charge(s)
		return c.Status == "failed", err
	case vezne.TypeRefund:
		// A refund that succeeded can still fail later.
		r, err := Refund(s)
		return r.Status == "failed" || r.Status == "canceled", err
	case vezne.TypeDispute:
		d, err := Dispute(s)
		return slices.Contains([]string{"won", "lost", "warning_closed", "prevented"}, d.Status), err
	case vezne.TypeSetupIntent:
		i, err := SetupIntent(s)
		return i.Status == "succeeded" || i.Status == "canceled", err
	}
	return false, nil
}

// ReadPath returns the read that answers for an object, with what is expanded
// so that facts which belong together come in one answer. False for types that
// the mirror does not keep.
func ReadPath(t vezne.ObjectType, id vezne.ObjectID) (string, url.Values, bool) {
	escaped := url.PathEscape(string(id))
	expand := func(fields ...string) url.Values { return url.Values{"expand[]": fields} }
	switch t {
	case vezne.TypePaymentIntent:
		return "/v1/payment_intents/" + escaped, expand("latest_charge"), true
	case vezne.TypeCheckoutSession:
		return "/v1/checkout/sessions/" + escaped, expand("payment_intent.latest_charge"), true
	case vezne.TypeCharge:
		return "/v1/charges/" + escaped, nil, true
	case vezne.TypeRefund:
		return "/v1/refunds/" + escaped, expand("charge"), true
	case vezne.TypeDispute:
		return "/v1/disputes/" + escaped, expand("charge"), true
	case vezne.TypeSetupIntent:
		return "/v1/setup_intents/" + escaped, expand("payment_method"), true
	case vezne.TypePaymentMethod:
		return "/v1/payment_methods/" + escaped, nil, true
	case vezne.TypeCustomer:
		return "/v1/customers/" + escaped, nil, true
	}
	return "", nil, false
}
