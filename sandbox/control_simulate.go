package sandbox

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"
)

// simulateEvent is the simulation that sends a forged event.
const simulateEvent = "event"

// Simulate does what a person or a bank does: "checkout", "3ds", "async_payment", "dispute" and so on, with the parameters
// that it takes. It returns the object that came of it as JSON, or an *Error that says what is wrong.
func (a *Account) Simulate(typ string, params map[string]any) (json.RawMessage, error) {
	c, err := a.control()
	if err != nil {
		return nil, err
	}
	simulate := simulations[typ]
	if simulate == nil {
		return nil, invalid("type", "", "Invalid type: must be one of %s", orList(append(slices.Sorted(maps.Keys(simulations)), simulateEvent)))
	}
	p, err := paramsOf(params)
	if err != nil {
		return nil, err
	}
	var answer json.RawMessage
	connected := p.Str("stripe_account")
	if connected != "" && !c.account.connects(connected) {
		return nil, missing("account", connected, "stripe_account", http.StatusBadRequest)
	}
	err = c.account.do(func(tx *accountTx) error {
		tx.scope, tx.outside = connected, "simulate "+typ
		o, err := simulate(tx, p)
		if err != nil {
			return err
		}
		answer = render(o)
		return nil
	})
	return answer, err
}

// Forgery is an event that never happened, for tests of what an application believes.
type Forgery struct {
	// Endpoint is the webhook endpoint that gets it; "" is the only one that the account has.
	Endpoint string `json:"endpoint"`
	// Event is the body, sent as it stands; Body is a body that need not be JSON. One of them is given.
	Event json.RawMessage `json:"event"`
	Body  *string         `json:"body"`
	// Secret signs instead of the endpoint's own secrets: any other is a wrong one.
	Secret string `json:"secret"`
	// AgeSeconds dates the signature back; negative dates it ahead.
	AgeSeconds int64 `json:"age_seconds"`
	// Signature is the whole Stripe-Signature header instead of a made one; "" leaves the header out.
	Signature *string `json:"signature"`
}

// Forged is a forged event that was sent, and the endpoint's answer.
type Forged struct {
	Endpoint  string `json:"endpoint"`
	URL       string `json:"url"`
	Signature string `json:"signature"`
	Attempt
}

// Forge sends an event of any body to an endpoint, signed as asked, and returns the answer. It is sent once, is on no
// list, and changes nothing at the account. It returns an *Error when there is no such endpoint.
func (a *Account) Forge(ctx context.Context, f Forgery) (Forged, error) {
	c, err := a.control()
	if err != nil {
		return Forged{}, err
	}
	body := []byte(f.Event)
	switch {
	case (f.Body == nil) == (len(body) == 0):
		return Forged{}, invalid("event", "parameter_missing", "Give event, a JSON object, or body, any text")
	case f.Body != nil:
		body = []byte(*f.Body)
	}
	signed := time.Now().Unix() - f.AgeSeconds
	out, forged := outgoing{body: body}, Forged{}
	err = c.account.do(func(tx *accountTx) error {
		endpoint, err := forgeryEndpoint(tx, f.Endpoint)
		if err != nil {
			return err
		}
		secrets := liveSecrets(endpoint, tx.Now())
		if f.Secret != "" {
			secrets = []string{f.Secret}
		}
		out.url, out.signature = endpoint.Str("url"), signEvent(signed, body, secrets...)
		out.timeout = tx.settings().deliveryTimeout()
		forged.Endpoint, forged.At = endpoint.ID(), tx.Now()
		return nil
	})
	if err != nil {
		return Forged{}, err
	}
	if f.Signature != nil {
		out.signature = *f.Signature
	}
	at := forged.At
	forged.URL, forged.Signature, forged.Attempt = out.url, out.signature, out.send(ctx, clientCarrier{c.account.sandbox.webhooks})
	forged.At = at
	return forged, ctx.Err()
}

// forgeryEndpoint finds an endpoint by its id, or the only one.
func forgeryEndpoint(tx *accountTx, id string) (*stripeObject, error) {
	if id != "" {
		return findEndpoint(tx, id)
	}
	var only *stripeObject
	n := 0
	tx.Each("webhook_endpoint", func(o *stripeObject) bool {
		only = o
		n++
		return true
	})
	if n != 1 {
		return nil, invalid("endpoint", "parameter_missing", "The account has %d webhook endpoints; say which one gets the event", n)
	}
	return only, nil
}

// paramsOf makes parameters from JSON: a hash as map, an array as slice. Numbers are json.Number, or Go's own.
func paramsOf(m map[string]any) (formParams, error) {
	n, err := paramNodeOf("", m)
	return formParams{n}, err
}

func paramNodeOf(name string, v any) (*paramNode, error) {
	switch v := v.(type) {
	case nil:
		return &paramNode{null: true}, nil
	case map[string]any:
		n := &paramNode{keys: slices.Sorted(maps.Keys(v)), hash: make(map[string]*paramNode, len(v))}
		for _, k := range n.keys {
			child, err := paramNodeOf(k, v[k])
			if err != nil {
				return nil, err
			}
			n.hash[k] = child
		}
		return n, nil
	case []any:
		n := &paramNode{list: make([]*paramNode, len(v))}
		for i, e := range v {
			child, err := paramNodeOf(name, e)
			if err != nil {
				return nil, err
			}
			n.list[i] = child
		}
		return n, nil
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return &paramNode{value: i}, nil
		}
		f, err := v.Float64()
		if err != nil {
			return nil, invalid(name, "", "Invalid %s: %s is too large a number", name, v)
		}
		return &paramNode{value: f}, nil
	case int:
		return &paramNode{value: int64(v)}, nil
	case string, int64, float64, bool:
		return &paramNode{value: v}, nil
	}
	return nil, invalid(name, "", "Invalid %s: %T is no value of JSON", name, v)
}

func postSimulate(a *Account, r *http.Request) (any, error) {
	var text json.RawMessage
	if err := decodeControl(r, &text); err != nil {
		return nil, err
	}
	var kind struct {
		Type string `json:"type"`
	}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &kind); err != nil {
			return nil, badJSON(err)
		}
	}
	if kind.Type == simulateEvent {
		var f struct {
			Type string `json:"type"`
			Forgery
		}
		if err := decodeText(text, &f); err != nil {
			return nil, err
		}
		return a.Forge(r.Context(), f.Forgery)
	}
	var params map[string]any
	if len(text) > 0 {
		if err := decodeText(text, &params); err != nil {
			return nil, err
		}
	}
	delete(params, "type")
	return a.Simulate(kind.Type, params)
}
