package sandbox

import (
	"net/http"
)

func init() {
	behave("POST /v1/subscription_schedules", createSchedule)
	behave("POST /v1/subscription_schedules/{schedule}", updateSchedule)
	behave("POST /v1/subscription_schedules/{schedule}/cancel", cancelSchedule)
	behave("POST /v1/subscription_schedules/{schedule}/release", releaseSchedule)
	behave("GET /v1/subscription_schedules", listSchedules)
	onDue(scheduleStart, startDueSchedule)
}

// The statuses of a schedule that subscriptions do not have.
const (
	scheduleNotStarted = "not_started"
	scheduleReleased   = "released"
	scheduleCompleted  = "completed"
)

// scheduleStart is the job that starts a schedule.
const scheduleStart = "subscription_schedule.start"

// findSchedule finds the schedule that a path names.
func findSchedule(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	if schedule := tx.Get("subscription_schedule", r.Path("schedule")); schedule != nil {
		return schedule, nil
	}
	return nil, missingInPath(r, "subscription_schedule", "schedule")
}

// scheduleOf is the schedule that manages a subscription, nil when none does.
func (tx *accountTx) scheduleOf(sub *stripeObject) *stripeObject {
	return tx.Get("subscription_schedule", sub.Str("schedule"))
}

// createSchedule makes a schedule of phases, or of a subscription that exists. One that starts now or in the past makes its
// subscription at once.
func createSchedule(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	if id := p.Str("from_subscription"); id != "" {
		return tx.scheduleFrom(id, p)
	}
	if p.Str("customer") == "" {
		return nil, invalid("customer", "parameter_missing", "Missing required param: customer.")
	}
	customer, err := findCustomer(tx, p.Str("customer"), "customer", http.StatusBadRequest)
	if err != nil {
		return nil, err
	}
	tx.onClock(customer.clockOfCustomer())
	schedule, err := tx.newSchedule(customer, p)
	if err != nil {
		return nil, err
	}
	tx.Put(schedule)
	first := len(tx.events)
	tx.Event("subscription_schedule.created", schedule, nil)
	start := objectsOf(schedule.List("phases"))[0].Int("start_date")
	if start > tx.Now() {
		tx.Due(start, scheduleStart, schedule.ID())
		return schedule, nil
	}
	if _, err := tx.startSchedule(schedule); err != nil {
		return nil, err
	}
	schedule = tx.Get("subscription_schedule", schedule.ID())
	tx.restate(first, schedule)
	return schedule, nil
}

// newSchedule makes a schedule that has not started; it is not stored.
func (tx *accountTx) newSchedule(customer *stripeObject, p formParams) (*stripeObject, error) {
	list := p.List("phases")
	if len(list) == 0 {
		return nil, invalid("phases", "parameter_missing", "Missing required param: phases.")
	}
	start := tx.Now()
	if p.Has("start_date") && p.Str("start_date") != "now" {
		start = p.Int("start_date")
	}
	schedule := tx.New("subscription_schedule").Set("customer", customer.ID()).Set("status", scheduleNotStarted).
		Set("test_clock", textOrNull(customer.clockOfCustomer())).Set("end_behavior", endBehavior(p)).Set("billing_mode", tx.billingMode(p))
	tx.setScheduleDefaults(schedule, p)
	applyMetadata(tx, schedule, p)
	phases, err := tx.newPhases(customer, list, start)
	if err != nil {
		return nil, err
	}
	return schedule.Set("phases", phases), nil
}

// endBehavior is what becomes of the subscription when its schedule ends; the two old words mean release.
func endBehavior(p formParams) string {
	switch word := p.Str("end_behavior"); word {
	case "cancel":
		return word
	}
	return "release"
}

// setScheduleDefaults writes default_settings.
func (tx *accountTx) setScheduleDefaults(schedule *stripeObject, p formParams) {
	settings := schedule.Hash("default_settings").Edit()
	if settings.Str("billing_cycle_anchor") == "" {
		settings.Set("billing_cycle_anchor", "automatic").Set("collection_method", chargeAutomatically)
	}
	if h, ok := p.Hash("default_settings"); ok {
		applyParams(tx, settings, h, "automatic_tax")
		if tax, ok := h.Hash("automatic_tax"); ok {
			settings.Set("automatic_tax.enabled", tax.Bool("enabled"))
		}
	}
	schedule.Set("default_settings", settings)
}

// scheduleFrom makes a schedule of a subscription: one phase, its present period.
func (tx *accountTx) scheduleFrom(id string, p formParams) (*stripeObject, error) {
	for _, key := range p.Keys() {
		if key != "from_subscription" && key != "expand" {
			return nil, invalid(key, "", "You cannot set `%s` if `from_subscription` is set.", key)
		}
	}
	sub := tx.Get("subscription", id)
	switch {
	case sub == nil:
		return nil, missing("subscription", id, "from_subscription", http.StatusBadRequest)
	case subscriptionOver(sub) || sub.Str("status") == subIncomplete:
		return nil, invalid("from_subscription", "", "You cannot migrate a subscription that is in the `%s` status.", sub.Str("status"))
	case sub.Has("schedule"):
		return nil, invalid("from_subscription", "", "You cannot migrate a subscription that is already attached to a schedule: `%s`.", sub.Str("schedule"))
	}
	schedule := tx.New("subscription_schedule").Set("customer", sub.Str("customer")).Set("status", subActive).Set("subscription", id).
		Set("test_clock", sub.Get("test_clock")).Set("end_behavior", "release").Set("billing_mode", sub.Get("billing_mode"))
	tx.setScheduleDefaults(schedule, formParams{})
	schedule.Set("default_settings.collection_method", sub.Str("collection_method")).Set("default_settings.default_payment_method", sub.Get("default_payment_method"))
	if sub.Has("days_until_due") {
		schedule.Set("default_settings.invoice_settings.days_until_due", sub.Int("days_until_due"))
	}
	if sub.Has("cancel_at") {
		schedule.Set("end_behavior", "cancel")
	}
	phase := tx.phaseOf(sub)
	schedule.Set("phases", []*stripeObject{phase}).Set("current_phase", tx.currentPhase(phase))
	tx.Put(schedule, "subscription_schedule.created")
	_, err := tx.putSubscription(sub.Edit().Set("schedule", schedule.ID()), "customer.subscription.updated")
	return schedule, err
}

// startDueSchedule starts a schedule whose time has come.
func startDueSchedule(tx *accountTx, id string) error {
	schedule := tx.Get("subscription_schedule", id)
	if schedule == nil || schedule.Str("status") != scheduleNotStarted || objectsOf(schedule.List("phases"))[0].Int("start_date") != tx.Now() {
		return nil
	}
	former := schedule
	if _, err := tx.startSchedule(schedule); err != nil {
		return err
	}
	tx.Event("subscription_schedule.updated", tx.Get("subscription_schedule", id), former)
	return nil
}

// startSchedule makes the subscription of a schedule, by its first phase. Nothing is told of the schedule.
func (tx *accountTx) startSchedule(schedule *stripeObject) (*stripeObject, error) {
	p, err := tx.firstPhase(schedule)
	if err != nil {
		return nil, err
	}
	schedule = schedule.Edit().Set("status", subActive).Set("current_phase", tx.currentPhase(objectsOf(schedule.List("phases"))[0]))
	tx.Put(schedule)
	sub, err := tx.createSubscription(p, schedule.Str("customer"), origin{schedule: schedule})
	if err != nil {
		return nil, err
	}
	tx.Put(tx.Get("subscription_schedule", schedule.ID()).Edit().Set("subscription", sub.ID()))
	return tx.endWithSchedule(sub.ID())
}

// firstPhase is what the first phase of a schedule that starts now says as the parameters of a new subscription.
func (tx *accountTx) firstPhase(schedule *stripeObject) (formParams, error) {
	phase := objectsOf(schedule.List("phases"))[0]
	p, err := tx.phaseParams(schedule, phase, nil)
	if err != nil {
		return p, err
	}
	if start := phase.Int("start_date"); start < tx.Now() {
		p = p.with("backdate_start_date", leafOf(start))
	}
	mode := branchOf("type", leafOf(schedule.Str("billing_mode.type")))
	if discounts := schedule.Str("billing_mode.flexible.proration_discounts"); discounts != "" {
		mode = formParams{mode}.with("flexible", branchOf("proration_discounts", leafOf(discounts))).node
	}
	return p.with("billing_mode", mode), nil
}

func (tx *accountTx) currentPhase(phase *stripeObject) *stripeObject {
	return tx.NewHash("subscription_schedule_current_phase").Set("start_date", phase.Int("start_date")).Set("end_date", phase.Int("end_date"))
}

// endWithSchedule lets a subscription end with the last phase of a schedule that cancels it. It answers the subscription.
func (tx *accountTx) endWithSchedule(id string) (*stripeObject, error) {
	sub := tx.Get("subscription", id)
	schedule := tx.scheduleOf(sub)
	if schedule == nil || schedule.Str("end_behavior") != "cancel" {
		return sub, nil
	}
	phases := objectsOf(schedule.List("phases"))
	last := phases[len(phases)-1]
	if schedule.Int("current_phase.end_date") != last.Int("end_date") || sub.Int("cancel_at") == last.Int("end_date") {
		return sub, nil
	}
	return tx.putSubscription(sub.Edit().Set("cancel_at", last.Int("end_date")).Set("canceled_at", tx.Now()), "customer.subscription.updated")
}

func listSchedules(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	match := func(schedule *stripeObject) bool {
		if p.Has("scheduled") && p.Bool("scheduled") != (schedule.Str("status") == scheduleNotStarted) || schedule.Has("test_clock") && !p.Has("customer") {
			return false
		}
		return inRange(p, "canceled_at", schedule) && inRange(p, "completed_at", schedule) && inRange(p, "released_at", schedule)
	}
	if id := p.Str("customer"); id != "" {
		return tx.ListOf(r, "subscription_schedule", "customer", id, match)
	}
	return tx.List(r, "subscription_schedule", match)
}
