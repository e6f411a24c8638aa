package sandbox

import (
	"net/http"
	"slices"
)

// eventLife is how long events can be read, in seconds: 30 days, as at Stripe.
const eventLife = 30 * 24 * 60 * 60

// maxEventTypes is how many names the parameter types takes.
const maxEventTypes = 20

func init() {
	behave("GET /v1/events", listEvents)
	behave("GET /v1/events/{id}", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		ev, err := findEvent(tx, r.Path("id"))
		return asMade(ev), err
	})
	private("POST /v1/events/{id}/retry", retryEvent)
}

// listEvents lists the last 30 days, filtered by names and by whether every endpoint took the event.
func listEvents(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	types := p.Strs("types")
	if p.Has("type") && p.Has("types") {
		return nil, invalid("", "parameters_exclusive", "You may only specify one of these parameters: type, types.")
	}
	if len(types) > maxEventTypes {
		return nil, invalid("types", "", "You may pass up to %d types.", maxEventTypes)
	}
	if p.Has("type") {
		types = []string{p.Str("type")}
	}
	list, err := tx.List(r, "event", func(o *stripeObject) bool {
		return alive(tx, o) && !o.Bool(hiddenV2) && matchesAny(types, o.Str("type")) && (!p.Has("delivery_success") || p.Bool("delivery_success") == (o.Int("pending_webhooks") == 0))
	})
	if err == nil {
		for i, ev := range list.List("data") {
			list.List("data")[i] = asMade(ev.(*stripeObject))
		}
	}
	return list, err
}

func alive(tx *accountTx, event *stripeObject) bool { return event.Int("created") > tx.Now()-eventLife }

func findEvent(tx *accountTx, id string) (*stripeObject, error) {
	if o := tx.Get("event", id); o != nil && alive(tx, o) && !o.Bool(hiddenV2) {
		return o, nil
	}
	return nil, missing("event", id, "id", http.StatusNotFound)
}

// retryEvent sends an event again, as stripe events resend does: to one endpoint, or to all that have it on their list.
func retryEvent(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	ev, err := findEvent(tx, r.Path("id"))
	if err != nil {
		return nil, err
	}
	var endpoints []*stripeObject
	if id := r.Params().Str("webhook_endpoint"); id != "" {
		endpoint, err := findEndpoint(tx, id)
		if err != nil {
			return nil, err
		}
		if endpoint.Str("status") != "enabled" {
			return nil, invalid("webhook_endpoint", "", "The webhook endpoint %s is disabled.", id)
		}
		endpoints = []*stripeObject{endpoint}
	} else {
		tx.Each("webhook_endpoint", func(o *stripeObject) bool {
			if wantsEvent(o, ev.Str("type")) {
				endpoints = append(endpoints, o)
			}
			return true
		})
		slices.Reverse(endpoints)
	}
	for _, endpoint := range endpoints {
		d := deliveryTo(tx, ev, endpoint)
		c := tx.account.control
		tx.afterCommit(func() { c.sender.queue(endpoint.ID(), parcel{ids: []string{d.ID()}, manual: true}) })
	}
	return asMade(ev), nil
}

// deliveryTo is the delivery of an event to an endpoint; a new one when the event came before the endpoint, or was not on
// its list.
func deliveryTo(tx *accountTx, ev, endpoint *stripeObject) *stripeObject {
	var found *stripeObject
	tx.EachOf(deliveryType, "event", ev.ID(), func(d *stripeObject) bool {
		if d.Str("endpoint") == endpoint.ID() {
			found = d
		}
		return found == nil
	})
	if found == nil {
		tx.fixLate(ev, dialectOf(endpoint.Str("api_version")))
		found = newDelivery(tx, ev, endpoint).Set("status", deliveryFailed)
		tx.Put(found)
	}
	return found
}
