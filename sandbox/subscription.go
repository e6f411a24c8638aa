package sandbox

import (
	"net/http"
	"slices"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// The statuses of a subscription that intents do not have.
const (
	subActive            = "active"
	subIncomplete        = "incomplete"
	subIncompleteExpired = "incomplete_expired"
	subPastDue           = "past_due"
	subPaused            = "paused"
	subTrialing          = "trialing"
	subUnpaid            = "unpaid"
)

// Hidden slots of a subscription.
const (
	// hiddenTurn is the instant for which the subscription's next turn is planned, hiddenTurnClock the clock that it is
	// planned on. A turn of another instant or clock is one of an earlier plan.
	hiddenTurn      = "_turn"
	hiddenTurnClock = "_turn_clock"
)

func init() {
	behave("GET /v1/subscriptions", listSubscriptions)
	behave("GET /v1/customers/{customer}/subscriptions", listSubscriptionsOf)
	onExpand("customer", "subscriptions", func(tx *accountTx, customer *stripeObject) []*stripeObject {
		var living []*stripeObject
		for _, sub := range ofField(tx, "subscription", "customer", customer.ID()) {
			if !subscriptionOver(sub) {
				living = append(living, sub)
			}
		}
		return living
	})
}

// subscriptionItems are the items of a subscription, whole.
func subscriptionItems(sub *stripeObject) []*stripeObject { return objectsOf(sub.List("items")) }

// recurrenceOf is how often a price bills.
func recurrenceOf(price *stripeObject) billing.Recurrence {
	return billing.Recurrence{Interval: billing.Interval(price.Str("recurring.interval")), Count: price.Int("recurring.interval_count")}
}

// subscriptionOver says whether a subscription has ended for good.
func subscriptionOver(sub *stripeObject) bool {
	return sub.Str("status") == canceled || sub.Str("status") == subIncompleteExpired
}

// subscriptionStands says whether a subscription's periods go on.
func subscriptionStands(sub *stripeObject) bool {
	return !subscriptionOver(sub) && sub.Str("status") != subPaused
}

// findSubscription finds the subscription that a path names. One that is over is found too.
func findSubscription(tx *accountTx, r *apiRequest, name string) (*stripeObject, error) {
	sub := tx.Get("subscription", r.Path(name))
	if sub == nil || r.Path("customer") != "" && sub.Str("customer") != r.Path("customer") {
		return nil, missingInPath(r, "subscription", name)
	}
	return sub, nil
}

// putSubscription stores a subscription and those of its items that changed, with their periods as they are now, plans its
// next turn, and appends events. While a call or a job holds the subscription no event is sent: letGo tells of all changes
// at once.
func (tx *accountTx) putSubscription(sub *stripeObject, events ...string) (*stripeObject, error) {
	if clock := sub.Str("test_clock"); clock != tx.clock { // whatever happens to it, its periods go by its own clock
		was, frozen := tx.clock, tx.frozen
		tx.onClock(clock)
		defer func() { tx.clock, tx.frozen = was, frozen }()
	}
	s, err := tx.billingSubscription(sub)
	if err != nil {
		return nil, err
	}
	items := subscriptionItems(sub)
	for n, item := range items {
		if subscriptionStands(sub) {
			p := s.PeriodAt(s.Items[n], billing.Instant(tx.Now()))
			item = item.Edit().Set("current_period_start", int64(p.Start)).Set("current_period_end", int64(p.End))
			if price := tx.Get("price", item.Str("price.id")); price != nil {
				tx.setItemPrice(item, price)
			}
		}
		items[n] = tx.putItem(item)
	}
	sub = setSubscriptionItems(sub, items)
	tx.planTurn(sub, s)
	if sub.ID() == tx.held {
		events = nil
	}
	tx.entitle(sub.Str("customer"))
	tx.Put(sub, events...)
	return sub, nil
}

// putItem stores an item unless it is stored as it is, and answers the stored version.
func (tx *accountTx) putItem(item *stripeObject) *stripeObject {
	if was := tx.Get("subscription_item", item.ID()); was != nil && equalObjects(was, item) && was.hidden == item.hidden {
		return was
	}
	tx.Put(item)
	return item
}

// hold keeps the events of a subscription's changes back until letGo.
func (tx *accountTx) hold(sub *stripeObject) { tx.held = sub.ID() }

// letGo tells of all that happened to a subscription since it was as in former, and answers it as it is now.
func (tx *accountTx) letGo(former *stripeObject, events ...string) *stripeObject {
	tx.held = ""
	sub := tx.Get("subscription", former.ID())
	if equalObjects(former, sub) {
		return sub
	}
	for _, name := range events {
		tx.Event(name, sub, former)
	}
	return sub
}

func listSubscriptions(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	match := func(sub *stripeObject) bool { return matchesSubscription(p, sub) }
	if id := p.Str("customer"); id != "" {
		return tx.ListOf(r, "subscription", "customer", id, match)
	}
	return tx.List(r, "subscription", match)
}

func listSubscriptionsOf(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	customer, err := findCustomer(tx, r.Path("customer"), "customer", http.StatusNotFound)
	if err != nil {
		return nil, err
	}
	return tx.ListOf(r, "subscription", "customer", customer.ID(), func(sub *stripeObject) bool { return !subscriptionOver(sub) })
}

// matchesSubscription says whether a subscription is what a list's filters ask for. Without a status those that are
// canceled are left out; those of a test clock are listed only when the clock or a customer is asked for.
func matchesSubscription(p formParams, sub *stripeObject) bool {
	status := sub.Str("status")
	switch want := p.Str("status"); want {
	case "":
		if status == canceled {
			return false
		}
	case "all":
	case "ended":
		if !subscriptionOver(sub) {
			return false
		}
	default:
		if status != want {
			return false
		}
	}
	if sub.Has("test_clock") && !p.Has("test_clock") && !p.Has("customer") {
		return false
	}
	for _, key := range []string{"collection_method", "test_clock"} {
		if p.Has(key) && sub.Str(key) != p.Str(key) {
			return false
		}
	}
	if p.Has("automatic_tax.enabled") && sub.Bool("automatic_tax.enabled") != p.Bool("automatic_tax.enabled") {
		return false
	}
	return slices.ContainsFunc(subscriptionItems(sub), func(item *stripeObject) bool {
		return (!p.Has("price") || item.Str("price.id") == p.Str("price")) && (!p.Has("plan") || item.Str("price.id") == p.Str("plan")) &&
			inRange(p, "current_period_start", item) && inRange(p, "current_period_end", item)
	})
}

// inRange says whether a time of an object is in the range that a list asks for, if it asks for one.
func inRange(p formParams, key string, o *stripeObject) bool {
	r := rangeOf(p, key)
	return !p.Has(key) || r.includes(o.Int(key))
}
