package sandbox

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Endpoint is a webhook endpoint with its signing secret.
type Endpoint struct {
	ID     string `json:"id"`
	URL    string `json:"url"`
	Secret string `json:"secret"`
}

// AddEndpoint registers a webhook endpoint for events of these names, which may end with a star; none are all. Its answer
// is the only one that shows the secret.
func (a *Account) AddEndpoint(url string, events ...string) (Endpoint, error) {
	c, err := a.control()
	if err != nil {
		return Endpoint{}, err
	}
	if len(events) == 0 {
		events = []string{"*"}
	}
	var added Endpoint
	err = c.account.do(func(tx *accountTx) error {
		o, err := addEndpoint(tx, url, events, nil)
		if err != nil {
			return err
		}
		added = Endpoint{ID: o.ID(), URL: url, Secret: o.Str("secret")}
		return nil
	})
	return added, err
}

// Roll gives an endpoint a new signing secret; the ones before it go on signing for keep, at most a day of the account's
// clock. It returns an *Error for an unknown endpoint or a longer time.
func (a *Account) Roll(endpoint string, keep time.Duration) (secret string, err error) {
	c, err := a.control()
	if err != nil {
		return "", err
	}
	n, err := seconds(keep, "expires_in")
	if err != nil {
		return "", err
	}
	err = c.account.do(func(tx *accountTx) error {
		secret, err = rollSecret(tx, endpoint, n)
		return err
	})
	return secret, err
}

// DeliveryFilter chooses deliveries; what is empty chooses all.
type DeliveryFilter struct {
	Event, Endpoint, Status string
	// Types are event names, which may end with a star.
	Types []string
}

func (f DeliveryFilter) matches(d *stripeObject) bool {
	return (f.Event == "" || f.Event == d.Str("event")) && (f.Endpoint == "" || f.Endpoint == d.Str("endpoint")) &&
		(f.Status == "" || f.Status == d.Str("status")) && matchesAny(f.Types, d.Str("type"))
}

// Deliveries lists what was sent or is on its way, the newest first.
func (a *Account) Deliveries(f DeliveryFilter) ([]Delivery, error) {
	c, err := a.control()
	if err != nil {
		return nil, err
	}
	list := []Delivery{}
	err = c.account.do(func(tx *accountTx) error {
		tx.Each(deliveryType, func(d *stripeObject) bool {
			if f.matches(d) {
				list = append(list, deliveryOf(d))
			}
			return true
		})
		return nil
	})
	return list, err
}

// Delivery reads one delivery. It returns an *Error with the code resource_missing when there is none.
func (a *Account) Delivery(id string) (Delivery, error) {
	c, err := a.control()
	if err != nil {
		return Delivery{}, err
	}
	var d Delivery
	err = c.account.do(func(tx *accountTx) error {
		o := tx.Get(deliveryType, id)
		if o == nil {
			return noSuch("delivery", id)
		}
		d = deliveryOf(o)
		return nil
	})
	return d, err
}

// Resend makes one more attempt at once, whatever came of the ones before; Idle waits for it. Automatic attempts that are
// still planned stay planned, as at Stripe.
func (a *Account) Resend(id string) (Delivery, error) {
	c, err := a.control()
	if err != nil {
		return Delivery{}, err
	}
	var d Delivery
	err = c.account.do(func(tx *accountTx) error {
		o := tx.Get(deliveryType, id)
		if o == nil {
			return noSuch("delivery", id)
		}
		endpoint := tx.Get("webhook_endpoint", o.Str("endpoint"))
		if endpoint == nil || endpoint.Str("status") != "enabled" {
			return invalid("id", "", "The webhook endpoint %s is disabled or deleted; nothing can be sent to it", o.Str("endpoint"))
		}
		d = deliveryOf(o)
		tx.afterCommit(func() { c.sender.queue(d.Endpoint, parcel{ids: []string{id}, manual: true}) })
		return nil
	})
	return d, err
}

// The orders in which held deliveries leave.
const (
	orderCreated = "created"
	orderReverse = "reverse"
	orderRandom  = "random"
)

// Release says which held deliveries leave, and in which order.
type Release struct {
	// IDs are deliveries; none are all that Endpoint and Types choose.
	IDs      []string `json:"ids"`
	Endpoint string   `json:"endpoint"`
	Types    []string `json:"types"`
	// Order is created (as the events were), reverse, random (by Seed) or, with IDs, given; "" is created, or given when
	// there are IDs. They leave one after the other: each when the one before it was answered.
	Order string `json:"order"`
	Seed  uint64 `json:"seed"`
}

// Release lets held deliveries go and returns them in the order in which they leave; Idle waits for them.
func (a *Account) Release(release Release) ([]Delivery, error) {
	c, err := a.control()
	if err != nil {
		return nil, err
	}
	orders := []string{"", orderCreated, orderReverse, orderRandom}
	if !slices.Contains(orders, release.Order) {
		return nil, invalid("order", "", "Invalid order: must be one of %s", orList(orders[1:]))
	}
	list := []Delivery{}
	err = c.account.do(func(tx *accountTx) error {
		held, err := heldDeliveries(tx, release)
		if err != nil {
			return err
		}
		trains := map[string]*parcel{}
		for _, o := range held {
			o = o.Edit().Set("status", deliveryPending)
			tx.Put(o)
			list = append(list, deliveryOf(o))
			endpoint := o.Str("endpoint")
			if trains[endpoint] == nil {
				trains[endpoint] = &parcel{}
			}
			trains[endpoint].ids = append(trains[endpoint].ids, o.ID())
		}
		tx.afterCommit(func() {
			for endpoint, train := range trains {
				c.sender.queue(endpoint, *train)
			}
		})
		return nil
	})
	return list, err
}

// heldDeliveries finds what a release chooses, in the order in which it leaves.
func heldDeliveries(tx *accountTx, release Release) ([]*stripeObject, error) {
	var held []*stripeObject
	if len(release.IDs) > 0 {
		for _, id := range release.IDs {
			o := tx.Get(deliveryType, id)
			if o == nil {
				return nil, noSuch("delivery", id)
			}
			if o.Str("status") != deliveryHeld {
				return nil, invalid("ids", "", "The delivery %s is not held: it is %s", id, o.Str("status"))
			}
			held = append(held, o)
		}
		if release.Order == "" {
			return held, nil
		}
		slices.SortStableFunc(held, func(a, b *stripeObject) int { return int(a.Int("created") - b.Int("created")) })
	} else {
		filter := DeliveryFilter{Endpoint: release.Endpoint, Types: release.Types, Status: deliveryHeld}
		tx.Each(deliveryType, func(o *stripeObject) bool {
			if filter.matches(o) {
				held = append(held, o)
			}
			return true
		})
		slices.Reverse(held)
	}
	switch release.Order {
	case orderReverse:
		slices.Reverse(held)
	case orderRandom:
		rand.New(rand.NewPCG(release.Seed, uint64(len(held)))).Shuffle(len(held), func(i, j int) { held[i], held[j] = held[j], held[i] })
	}
	return held, nil
}

func getDeliveries(a *Account, r *http.Request) (any, error) {
	q := r.URL.Query()
	f := DeliveryFilter{Event: q.Get("event"), Endpoint: q.Get("endpoint"), Status: q.Get("status")}
	if types := q.Get("types"); types != "" {
		f.Types = strings.Split(types, ",")
	}
	list, err := a.Deliveries(f)
	return controlList(list), err
}

func getDelivery(a *Account, r *http.Request) (any, error) { return a.Delivery(r.PathValue("id")) }

func postResend(a *Account, r *http.Request) (any, error) { return a.Resend(r.PathValue("id")) }

func postRelease(a *Account, r *http.Request) (any, error) {
	var release Release
	if err := decodeControl(r, &release); err != nil {
		return nil, err
	}
	list, err := a.Release(release)
	return controlList(list), err
}

func postRoll(a *Account, r *http.Request) (any, error) {
	var body struct {
		ExpiresIn int64 `json:"expires_in"`
	}
	if err := decodeControl(r, &body); err != nil {
		return nil, err
	}
	if body.ExpiresIn > maxRoll {
		body.ExpiresIn = maxRoll + 1 // far beyond a day a duration would overflow; refused all the same
	}
	secret, err := a.Roll(r.PathValue("id"), time.Duration(body.ExpiresIn)*time.Second)
	return struct {
		ID        string `json:"id"`
		Secret    string `json:"secret"`
		ExpiresIn int64  `json:"expires_in"`
	}{r.PathValue("id"), secret, body.ExpiresIn}, err
}
