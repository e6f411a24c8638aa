package sandbox

import (
	"slices"
	"strings"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// testClockType is the type of a test clock: a time of its own for a few customers, which only moves when it is told to.
const testClockType = "test_helpers.test_clock"

// The statuses of a test clock.
const (
	clockReady     = "ready"
	clockAdvancing = "advancing"
)

const (
	// clockJob moves a test clock: what falls due on the way runs first.
	clockJob = "test_clock.advance"
	// clockEnd deletes a test clock that nobody deleted.
	clockEnd = "test_clock.delete"
	// clockLife is how long a test clock is kept, in seconds of the account's clock (deletes_after).
	clockLife = 30 * day
	// clockReach is how far a clock without subscriptions may be advanced at once, in years.
	clockReach = 2
	// clockIntervals is how many intervals of the shortest subscription a clock may be advanced at once.
	clockIntervals = 2
	// clockCustomers and customerSubscriptions are how much a test clock carries. Source:
	// docs.stripe.com/billing/testing/test-clocks/api-advanced-usage.
	clockCustomers        = 3
	clockedSubscriptions  = 3
	maxTestClockName      = 300
	hiddenTargetOfAdvance = "_target"
)

func init() {
	behave("POST /v1/test_helpers/test_clocks", createTestClock)
	behave("DELETE /v1/test_helpers/test_clocks/{test_clock}", deleteTestClock)
	behave("POST /v1/test_helpers/test_clocks/{test_clock}/advance", advanceTestClock)
	onDue(clockJob, arriveTestClock)
	onDue(clockEnd, func(tx *accountTx, id string) error {
		if clock := tx.Get(testClockType, id); clock != nil {
			return endTestClock(tx, clock)
		}
		return nil
	})
}

func createTestClock(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	at := p.Int("frozen_time")
	switch {
	case at < 0 || at > lastInstant:
		return nil, invalid("frozen_time", "", "Invalid frozen_time: must be a Unix timestamp of a year up to 9999.")
	case len(p.Str("name")) > maxTestClockName:
		return nil, invalid("name", "", "Invalid string: %s...; must be at most %d characters", cut(p.Str("name"), 10), maxTestClockName)
	}
	clock := tx.New(testClockType).Set("frozen_time", at).Set("name", textOrNull(p.Str("name"))).Set("status", clockReady).
		Set("deletes_after", tx.Now()+clockLife)
	tx.Due(clock.Int("deletes_after"), clockEnd, clock.ID())
	tx.Put(clock, "test_helpers.test_clock.created")
	if id := p.Str("customer"); id != "" {
		customer, err := findCustomer(tx, id, "customer", 400)
		if err != nil {
			return nil, err
		}
		if customer.clockOfCustomer() != "" {
			return nil, invalid("customer", "", "The customer %s is attached to a test clock already.", id)
		}
		return clock, tx.putOnClock(customer, clock)
	}
	return clock, nil
}

// putOnClock lets a new clock rule a customer who exists, and what bills them from now on. Source:
// docs.stripe.com/changelog/dahlia/2026-05-27/test-clock-creation-customer-parameter; how many subscriptions and which time
// are allowed is a choice.
func (tx *accountTx) putOnClock(customer, clock *stripeObject) error {
	var living []*stripeObject
	for _, sub := range slices.Backward(ofField(tx, "subscription", "customer", customer.ID())) {
		if !subscriptionOver(sub) {
			living = append(living, sub)
		}
	}
	switch {
	case len(living) > clockedSubscriptions:
		return invalid("customer", "customer_max_subscriptions", "Customer %s has more than the maximum %d current subscriptions of a customer on a test clock.", customer.ID(), clockedSubscriptions)
	case len(living) > 0 && clock.Int("frozen_time") < tx.Now():
		return invalid("frozen_time", "", "The clock of a customer with subscriptions cannot begin in the past.")
	}
	tx.Put(customer.Edit().Set("test_clock", clock.ID()))
	tx.onClock(clock.ID())
	defer tx.onClock("")
	for _, sub := range living {
		if _, err := tx.putSubscription(sub.Edit().Set("test_clock", clock.ID())); err != nil {
			return err
		}
	}
	return nil
}

// checkCustomerClock refuses a clock that is not there or carries as many customers as it may. Stripe has two of these
// sentences in no reference: the second is ours.
func checkCustomerClock(tx *accountTx, id string) error {
	if id == "" {
		return nil
	}
	if tx.Get(testClockType, id) == nil {
		return missing("test clock", id, "test_clock", 400)
	}
	if len(ofField(tx, "customer", "test_clock", id)) >= clockCustomers {
		return invalid("test_clock", "", "A test clock can have at most %d customers.", clockCustomers)
	}
	return nil
}

func findTestClock(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	if clock := tx.Get(testClockType, r.Path("test_clock")); clock != nil {
		return clock, nil
	}
	return nil, missing("test clock", r.Path("test_clock"), "test_clock", 404)
}

func advanceTestClock(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	clock, err := findTestClock(tx, r)
	if err != nil {
		return nil, err
	}
	return startAdvance(tx, clock, r.Params().Int("frozen_time"))
}

// startAdvance sets a clock on its way to an instant, in seconds.
func startAdvance(tx *accountTx, clock *stripeObject, to int64) (*stripeObject, error) {
	switch {
	case clock.Str("status") != clockReady:
		return nil, invalid("", "", "Test clock advancement underway - cannot perform modifications on test clock %s.", clock.ID())
	case to <= clock.Int("frozen_time"):
		return nil, invalid("frozen_time", "", "A test clock can only be advanced to a time after its current frozen time, %d.", clock.Int("frozen_time"))
	case to > tx.clockLimit(clock):
		return nil, invalid("frozen_time", "", "Cannot advance test clock more than %d intervals in the future from the shortest subscription: at most to %d.", clockIntervals, tx.clockLimit(clock))
	}
	clock = clock.Edit().Set("status", clockAdvancing).Set("status_details.advancing.target_frozen_time", to)
	tx.Put(clock, "test_helpers.test_clock.advancing")
	tx.Due(tx.now, clockJob, clock.ID())
	return clock, nil
}

// clockLimit is the latest time to which a clock may be advanced at once: two intervals of the shortest subscription that
// is not over, or two years.
func (tx *accountTx) clockLimit(clock *stripeObject) int64 {
	now := billing.Instant(clock.Int("frozen_time"))
	limit := billing.Cycle{Anchor: now, Every: billing.Recurrence{Interval: billing.Yearly}}.Boundary(clockReach)
	tx.eachClocked(clock.ID(), func(sub *stripeObject) {
		for _, item := range subscriptionItems(sub) {
			cycle := billing.Cycle{Anchor: now, Every: recurrenceOf(item.Hash("price"))}
			limit = min(limit, cycle.Boundary(clockIntervals))
		}
	})
	return int64(limit)
}

// eachClocked walks the subscriptions on a clock that are not over.
func (tx *accountTx) eachClocked(clock string, f func(sub *stripeObject)) {
	for _, customer := range ofField(tx, "customer", "test_clock", clock) {
		for _, sub := range ofField(tx, "subscription", "customer", customer.ID()) {
			if !subscriptionOver(sub) {
				f(sub)
			}
		}
	}
}

// runClock runs the jobs of an advancing test clock up to its target, in the order of their instants and, at one instant, in
// the order in which they were planned. Each is stored by itself. The caller holds the account's lock.
func (a *account) runClock(id string) {
	clock := a.store.newest(testClockType, id)
	if clock == nil {
		return
	}
	to := clock.Int("frozen_time")
	if clock.Str("status") == clockAdvancing {
		to = clock.Int("status_details.advancing.target_frozen_time")
	}
	for h := a.clocks[id]; h != nil && len(*h) > 0 && (*h)[0].at <= to; h = a.clocks[id] {
		d := h.pop()
		a.runJob(&accountTx{account: a, now: a.now(), clock: id, frozen: d.at, ranClock: id, ranAt: d.at}, d)
	}
}

// arriveTestClock ends an advance: all that fell due on the way has run.
func arriveTestClock(tx *accountTx, id string) error {
	clock := tx.Get(testClockType, id)
	if clock == nil || clock.Str("status") != clockAdvancing {
		return nil
	}
	to := clock.Int("status_details.advancing.target_frozen_time")
	tx.Put(clock.Edit().Set("status", clockReady).Set("frozen_time", to).Set("status_details", tx.NewHash("billing_clocks_resource_status_details_status_details")), "test_helpers.test_clock.ready")
	return nil
}

func deleteTestClock(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	clock, err := findTestClock(tx, r)
	if err != nil {
		return nil, err
	}
	if clock.Str("status") != clockReady {
		return nil, invalid("", "", "Test clock advancement underway - cannot perform modifications on test clock %s.", clock.ID())
	}
	if err := endTestClock(tx, clock); err != nil {
		return nil, err
	}
	return tx.Remains(testClockType, clock.ID()), nil
}

// endTestClock deletes a clock with its customers; their subscriptions end. What was planned on it never happens.
func endTestClock(tx *accountTx, clock *stripeObject) error {
	tx.onClock(clock.ID())
	for _, customer := range ofField(tx, "customer", "test_clock", clock.ID()) {
		if err := removeCustomer(tx, customer); err != nil {
			return err
		}
	}
	tx.onClock("")
	tx.Delete(clock, "test_helpers.test_clock.deleted")
	tx.afterCommit(func() { delete(tx.account.clocks, clock.ID()) })
	return nil
}

// onClock lets a test clock rule what the accountTx does from now on: Now is its time, Due plans on it. With "" it is the
// account's clock again.
func (tx *accountTx) onClock(id string) {
	tx.clock, tx.frozen = "", 0
	if clock := tx.Get(testClockType, id); clock != nil {
		tx.clock, tx.frozen = id, clock.Int("frozen_time")
	}
	if id != "" && id == tx.ranClock {
		tx.frozen = tx.ranAt
	}
}

// inRealTime runs f by the account's clock, whatever clock rules the customer: payments are made in real time. It returns
// f's error. Source: github.com/stripe/stripe-python/issues/1183 (PaymentIntents do not take a test clock's time).
func (tx *accountTx) inRealTime(f func() error) error {
	clock, frozen := tx.clock, tx.frozen
	tx.clock, tx.frozen = "", 0
	defer func() { tx.clock, tx.frozen = clock, frozen }()
	return f()
}

// clockedRoutes begin the routes of what a test clock rules; payments go by the account's clock.
var clockedRoutes = []string{
	"/v1/subscriptions", "/v1/subscription_items", "/v1/subscription_schedules", "/v1/invoices", "/v1/invoiceitems", "/v1/invoice_payments",
	"/v1/credit_notes", "/v1/quotes", "/v1/customers/{customer}/subscriptions", "/v1/customers/{customer}/balance_transactions",
	"/v1/customers/{customer}/discount", "/v1/customers/{customer}/tax_ids", "/v1/billing/", "/v1/entitlements/",
}

// clockedNames are the types of the objects that a path or a parameter of such a route names.
var clockedNames = map[string]string{
	"customer": "customer", "subscription": "subscription", "subscription_exposed_id": "subscription", "item": "subscription_item",
	"subscription_item": "subscription_item", "schedule": "subscription_schedule", "invoice": "invoice", "invoiceitem": "invoiceitem",
	"quote": "quote", "from_subscription": "subscription", "test_clock": testClockType,
}

// enterClock lets the test clock of the customer whom a call is about rule it.
func (tx *accountTx) enterClock(r *apiRequest) {
	switch {
	case r.Route == "/v1/customers" || r.Route == "/v1/customers/{customer}":
	case !startsWithAny(r.Route, clockedRoutes):
		return
	}
	for _, name := range r.route.names {
		typ := clockedNames[name]
		if typ == "" && name == "id" {
			typ = "credit_note"
		}
		if tx.clockOf(typ, r.Path(name)) {
			return
		}
	}
	for _, key := range r.params.Keys() {
		if typ := clockedNames[key]; typ != "" && tx.clockOf(typ, r.params.Str(key)) {
			return
		}
	}
}

func startsWithAny(s string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

// clockOf lets the test clock of an object's customer rule, and says whether there is one.
func (tx *accountTx) clockOf(typ, id string) bool {
	o := tx.Get(typ, id)
	if o == nil {
		return false
	}
	clock := o.Str("test_clock")
	switch {
	case typ == testClockType:
		clock = id
	case clock != "":
	case o.Str("customer") != "":
		clock = tx.Get("customer", o.Str("customer")).clockOfCustomer()
	case o.Str("subscription") != "":
		return tx.clockOf("subscription", o.Str("subscription"))
	}
	if clock == "" {
		return false
	}
	tx.onClock(clock)
	return tx.clock != ""
}

// clockOfCustomer is the id of the test clock that a customer is on, "" for none.
func (o *stripeObject) clockOfCustomer() string {
	if o == nil {
		return ""
	}
	return o.Str("test_clock")
}
