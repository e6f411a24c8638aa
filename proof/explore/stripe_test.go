package explore_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/vezne/vezne"
)

// stripe is the truth of a walk: what there is at Stripe, the answers that it
// stored, and the events that it has sent.
type stripe struct {
	made    int
	intents []*stripeIntent
	stored  map[string]stripeAnswer
	// net holds the events that have not arrived.
	net []vezne.Event
	// faults is how many requests may still end in a stored fault.
	faults int
}

type stripeIntent struct {
	id, order, attempt, status string
	amount, received           int64
	// failed is true when the last try was declined.
	failed  bool
	charge  *stripeCharge
	refunds []*stripeRefund
}

type stripeCharge struct {
	id            string
	refunded      int64
	dispute       string // its status, empty for none
	intent        *stripeIntent
	disputeMarker string
}

type stripeRefund struct {
	id, ours, status string
	amount           int64
	intent           *stripeIntent
}

type stripeAnswer struct {
	status int
	body   string
}

func (s *stripe) id(prefix string) string {
	s.made++
	return prefix + "_" + strconv.Itoa(s.made)
}

// event sends one about an object.
func (s *stripe) event(kind string, object string, t vezne.ObjectType) {
	id := s.id("evt")
	s.net = append(s.net, vezne.Event{ID: vezne.EventID(id), Type: kind, ObjectID: vezne.ObjectID(object), ObjectType: t, State: vezne.EventReceived, Body: []byte(`{}`)})
}

func (s *stripe) intent(id string) *stripeIntent {
	for _, p := range s.intents {
		if p.id == id {
			return p
		}
	}
	return nil
}

// make makes an intent of an order's attempt; both are empty for a foreign one.
func (s *stripe) make(order, attempt string, amount int64) *stripeIntent {
	p := &stripeIntent{id: s.id("pi"), order: order, attempt: attempt, status: "requires_payment_method", amount: amount}
	s.intents = append(s.intents, p)
	return p
}

// pay is what a buyer does; it ends as how says.
func (s *stripe) pay(p *stripeIntent, how string) {
	switch how {
	case "declined":
		p.failed, p.status = true, "requires_payment_method"
		s.event("payment_intent.payment_failed", p.id, vezne.TypePaymentIntent)
	case "processing":
		p.status = how
		s.event("payment_intent.processing", p.id, vezne.TypePaymentIntent)
	case "succeeded":
		p.status, p.received = how, p.amount
		p.charge = &stripeCharge{id: s.id("ch"), intent: p}
		s.event("payment_intent.succeeded", p.id, vezne.TypePaymentIntent)
		s.event("charge.updated", p.charge.id, vezne.TypeCharge)
	}
}

func (s *stripe) cancel(p *stripeIntent) {
	p.status = "canceled"
	s.event("payment_intent.canceled", p.id, vezne.TypePaymentIntent)
}

// refund gives money back; ours is our refund's id, empty for the dashboard.
func (s *stripe) refund(p *stripeIntent, amount int64, ours string) *stripeRefund {
	r := &stripeRefund{id: s.id("re"), ours: ours, status: "succeeded", amount: amount, intent: p}
	p.refunds = append(p.refunds, r)
	p.charge.refunded += amount
	s.event("charge.refunded", p.charge.id, vezne.TypeCharge)
	s.event("refund.created", r.id, vezne.TypeRefund)
	return r
}

// bounce makes a refund fail later.
func (s *stripe) bounce(r *stripeRefund) {
	r.status = "failed"
	r.intent.charge.refunded -= r.amount
	s.event("refund.failed", r.id, vezne.TypeRefund)
	s.event("charge.updated", r.intent.charge.id, vezne.TypeCharge)
}

func (s *stripe) dispute(c *stripeCharge, status string) {
	if c.disputeMarker == "" {
		c.disputeMarker = s.id("du")
	}
	c.dispute = status
	s.event("charge.dispute.updated", c.disputeMarker, vezne.TypeDispute)
}

func (p *stripeIntent) json() map[string]any {
	o := map[string]any{"id": p.id, "object": "payment_intent", "status": p.status, "currency": "usd", "amount": p.amount, "amount_received": p.received,
		"metadata": map[string]any{}, "client_secret": p.id + "_secret_walk", "latest_charge": nil, "last_payment_error": nil}
	if p.order != "" {
		o["metadata"] = map[string]any{vezne.MetadataOrder: p.order, vezne.MetadataAttempt: p.attempt}
	}
	if p.charge != nil {
		o["latest_charge"] = p.charge.json()
	}
	if p.failed {
		o["last_payment_error"] = map[string]any{"type": "card_error", "code": "card_declined"}
	}
	return o
}

func (c *stripeCharge) json() map[string]any {
	return map[string]any{"id": c.id, "object": "charge", "payment_intent": c.intent.id, "status": "succeeded", "captured": true, "currency": "usd",
		"amount": c.intent.amount, "amount_captured": c.intent.received, "amount_refunded": c.refunded}
}

// read answers a read of an object, expanded as mirror.ReadPath asks; false
// when there is no such.
func (s *stripe) read(id string) (string, bool) {
	var o map[string]any
	for _, p := range s.intents {
		if p.id == id {
			o = p.json()
		}
		if c := p.charge; c != nil && c.id == id {
			o = c.json()
		}
		if c := p.charge; c != nil && c.disputeMarker == id && c.dispute != "" {
			o = map[string]any{"id": id, "object": "dispute", "status": c.dispute, "amount": p.received, "currency": "usd", "payment_intent": p.id, "charge": c.json()}
		}
		for _, r := range p.refunds {
			if r.id == id {
				o = r.json()
			}
		}
	}
	if o == nil {
		return "", false
	}
	return encode(o), true
}

func (r *stripeRefund) json() map[string]any {
	o := map[string]any{"id": r.id, "object": "refund", "status": r.status, "amount": r.amount, "currency": "usd", "payment_intent": r.intent.id, "charge": r.intent.charge.json(), "metadata": map[string]any{}}
	if r.ours != "" {
		o["metadata"] = map[string]any{vezne.MetadataRefund: r.ours}
	}
	return o
}

func encode(o map[string]any) string {
	b, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// The ways in which Stripe can fail at a request: not at all, before it did
// anything, and after it did everything. A fault is stored like any answer.
const (
	sound = iota
	failsBefore
	failsAfter
)

// execute answers a request of ours; under a key that it knows it replays.
func (s *stripe) execute(c vezne.Call, way int) stripeAnswer {
	if a, known := s.stored[c.Key]; known {
		return a
	}
	a := stripeAnswer{500, `{"error":{"type":"api_error"}}`}
	if way != failsBefore {
		if served := s.serve(c); way == sound {
			a = served
		}
	}
	s.stored[c.Key] = a
	return a
}

func (s *stripe) serve(c vezne.Call) stripeAnswer {
	form, err := url.ParseQuery(c.Form)
	if err != nil {
		panic(err)
	}
	refuse := func(p *stripeIntent) stripeAnswer {
		return stripeAnswer{400, encode(map[string]any{"error": map[string]any{"type": "invalid_request_error", "code": "refused", "payment_intent": p.json()}})}
	}
	switch c.Purpose {
	case vezne.CallCreatePaymentIntent:
		amount, err := strconv.ParseInt(form.Get("amount"), 10, 64)
		if err != nil {
			panic(err)
		}
		return stripeAnswer{200, encode(s.make(form.Get("metadata["+vezne.MetadataOrder+"]"), form.Get("metadata["+vezne.MetadataAttempt+"]"), amount).json())}
	case vezne.CallCancelPaymentIntent:
		i := slices.IndexFunc(s.intents, func(p *stripeIntent) bool { return c.Path == "/v1/payment_intents/"+p.id+"/cancel" })
		p := s.intents[i]
		if p.status != "requires_payment_method" {
			return refuse(p)
		}
		s.cancel(p)
		return stripeAnswer{200, encode(p.json())}
	case vezne.CallCreateRefund, vezne.CallRefundSurplus:
		p := s.intent(form.Get("payment_intent"))
		left := p.received - p.charge.refunded
		amount := left
		if given := form.Get("amount"); given != "" {
			if amount, err = strconv.ParseInt(given, 10, 64); err != nil {
				panic(err)
			}
		}
		if amount > left || left == 0 || p.charge.dispute == "needs_response" || p.charge.dispute == "lost" {
			return refuse(p)
		}
		return stripeAnswer{200, encode(s.refund(p, amount, form.Get("metadata["+vezne.MetadataRefund+"]")).json())}
	}
	panic(fmt.Sprint("unknown request ", c.Purpose))
}
