package sandbox

import (
	"net/http"
	"slices"
	"time"
)

// The states of a delivery: one event on its way to one endpoint.
const (
	// deliveryPending is queued, under way, or waits for next_attempt_at.
	deliveryPending = "pending"
	// deliveryHeld waits for a release: a planted fault holds it.
	deliveryHeld = "held"
	// deliverySucceeded was answered with 2xx.
	deliverySucceeded = "succeeded"
	// deliveryFailed has no attempt left; a resend may still succeed.
	deliveryFailed = "failed"
	// deliveryDropped was never sent: a planted fault lost it.
	deliveryDropped = "dropped"
	// deliveryCanceled found its endpoint disabled or deleted.
	deliveryCanceled = "canceled"
)

// deliveryType is the store's type of deliveries. No route of Stripe's shows them.
const deliveryType = "delivery"

// dueDelivery is the job that sends a delivery at its instant: a retry, or the end of a delay.
const dueDelivery = "delivery"

func init() {
	onDue(dueDelivery, func(tx *accountTx, id string) error {
		o := tx.Get(deliveryType, id)
		if o == nil || o.Str("status") != deliveryPending {
			return nil
		}
		tx.Put(o.Edit().Set("next_attempt_at", nil))
		tx.afterCommit(func() { tx.account.control.sender.queue(o.Str("endpoint"), parcel{ids: []string{id}}) })
		return nil
	})
}

// Delivery is one event on its way to one endpoint, with every attempt that was made. Times are in seconds since 1970
// of the account's clock.
type Delivery struct {
	ID       string `json:"id"`
	Event    string `json:"event"`
	Type     string `json:"type"`
	Endpoint string `json:"endpoint"`
	// Status is pending, held, succeeded, failed, dropped or canceled.
	Status  string `json:"status"`
	Created int64  `json:"created"`
	// NextAttemptAt is when the next automatic attempt is due, nil when none is planned.
	NextAttemptAt *int64 `json:"next_attempt_at"`
	// Fault is the effect of the planted fault that met it, "" for none.
	Fault    string    `json:"fault,omitempty"`
	Attempts []Attempt `json:"attempts"`
}

// Attempt is one request that carried an event, and what came back.
type Attempt struct {
	// At is the account's clock; SentAt the real time, which is also the signature's t.
	At     int64 `json:"at"`
	SentAt int64 `json:"sent_at"`
	// Automatic is false for a resend.
	Automatic bool `json:"automatic"`
	// Status is the HTTP status, 0 when there was no answer: then Error says why.
	Status int    `json:"status"`
	Error  string `json:"error,omitempty"`
	// Body is the beginning of the answer's body, with card numbers and keys masked.
	Body       string `json:"body"`
	DurationMS int64  `json:"duration_ms"`
}

// Succeeded says whether the endpoint took the event: only a 2xx is success, a redirect is not.
func (a Attempt) Succeeded() bool {
	return a.Status >= http.StatusOK && a.Status < http.StatusMultipleChoices
}

// A delivery and an attempt as they are stored. They begin with what most of them are in the end, so that these keep little
// more than which event went to which endpoint.
var (
	deliveryShape = privateShape(deliveryType,
		"id", "", "object", deliveryType, "event", "", "type", "", "endpoint", "", "status", deliverySucceeded, "created", int64(0), "next_attempt_at", nil,
		"fault", nil, "pending", int64(1), "tries", int64(1), "counts", false, "attempts", []any{})
	attemptShape = privateShape("delivery_attempt",
		"at", int64(0), "sent_at", int64(0), "automatic", true, "status", int64(http.StatusOK), "error", "", "body", "", "duration_ms", int64(0))
)

// newDelivery makes the object of an event's way to an endpoint. It is not stored yet. pending is the number of
// pending_webhooks that its body shows; counts says that a success lowers the event's.
func newDelivery(tx *accountTx, event, endpoint *stripeObject) *stripeObject {
	return &stripeObject{layout: &deliveryShape.all, open: true, values: []any{
		tx.NewID("del_", 24), deliveryType, event.Get("id"), event.Get("type"), endpoint.Get("id"),
		deliveryPending, tx.instant(), nil, nil, event.Int("pending_webhooks"), int64(0), true, []any{},
	}}
}

// deliveryOf turns the stored object into what people read.
func deliveryOf(o *stripeObject) Delivery {
	d := Delivery{ID: o.ID(), Event: o.Str("event"), Type: o.Str("type"), Endpoint: o.Str("endpoint"), Status: o.Str("status"),
		Created: o.Int("created"), Fault: o.Str("fault"), Attempts: []Attempt{}}
	if o.Has("next_attempt_at") {
		at := o.Int("next_attempt_at")
		d.NextAttemptAt = &at
	}
	for _, v := range o.List("attempts") {
		a := v.(*stripeObject)
		d.Attempts = append(d.Attempts, Attempt{At: a.Int("at"), SentAt: a.Int("sent_at"), Automatic: a.Bool("automatic"), Status: int(a.Int("status")),
			Error: a.Str("error"), Body: a.Str("body"), DurationMS: a.Int("duration_ms")})
	}
	return d
}

// plan decides, at the end of the accountTx that makes events, where each of them goes: it lets planted faults do their work and
// stores one delivery for each endpoint, so that what is committed is sent even if the process ends in between.
func (c *control) plan(tx *accountTx) {
	var endpoints []*stripeObject
	tx.Each("webhook_endpoint", func(o *stripeObject) bool {
		endpoints = append(endpoints, o)
		return true
	})
	if len(endpoints) == 0 {
		return
	}
	slices.Reverse(endpoints)             // the oldest first
	for i := 0; i < len(tx.events); i++ { // a twin is appended on the way
		c.planEvent(tx, tx.events[i], endpoints)
	}
}

func (c *control) planEvent(tx *accountTx, ev *event, endpoints []*stripeObject) {
	endpoints = slices.DeleteFunc(slices.Clone(endpoints), func(endpoint *stripeObject) bool {
		return ev.only != "" && endpoint.ID() != ev.only || endpoint.Bool(hiddenConnect) != (ev.scope != "") || !wantsEvent(endpoint, ev.name) && !ev.object.Bool(hiddenV2)
	})
	ev.object.Set("pending_webhooks", len(endpoints))
	for _, endpoint := range endpoints {
		effect := c.deliveryFaults.decide(endpoint.ID(), ev.name)
		d := newDelivery(tx, ev.object, endpoint)
		p := parcel{ids: []string{d.ID()}}
		if effect != nil {
			d.Set("fault", effect.Effect)
			c.afflict(tx, ev, effect, d, &p)
		}
		d.close() // its texts are the event's own: there is nothing to share
		tx.Put(d)
		if d.Str("status") == deliveryPending && !d.Has("next_attempt_at") {
			ev.parcels = append(ev.parcels, addressed{endpoint.ID(), p})
		}
	}
}

// afflict does what a planted fault says to a delivery that is not stored yet.
func (c *control) afflict(tx *accountTx, ev *event, effect *DeliveryFault, d *stripeObject, p *parcel) {
	switch effect.Effect {
	case effectDrop:
		d.Set("status", deliveryDropped)
	case effectHold:
		d.Set("status", deliveryHeld)
	case effectReorder:
		p.back = true
	case effectDelay:
		if effect.DelayMS > 0 {
			p.pause = time.Duration(effect.DelayMS) * time.Millisecond
			return
		}
		at := tx.Now() + effect.DelaySeconds
		d.Set("next_attempt_at", at)
		tx.Due(at, dueDelivery, d.ID())
	case effectDuplicate:
		again := d.Edit().Set("id", tx.NewID("del_", 24)).Set("counts", false)
		tx.Put(again)
		ev.parcels = append(ev.parcels, addressed{d.Str("endpoint"), parcel{ids: []string{again.ID()}}})
	case effectTwin:
		if !ev.twin {
			tx.twin(ev, d.Str("endpoint"))
		}
	}
}

// twin appends another event of the same fact, for one endpoint.
func (tx *accountTx) twin(ev *event, endpoint string) {
	o := ev.object.Edit().Set("id", tx.newID(eventIDForm(ev.object.Str("data.object.object"))))
	tx.within(ev.scope, func() { tx.put(objectKey{"event", o.ID()}, o) })
	tx.events = append(tx.events, &event{name: ev.name, object: o, scope: ev.scope, twin: true, only: endpoint})
}
