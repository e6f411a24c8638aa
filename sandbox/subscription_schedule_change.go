package sandbox

import (
	"slices"
)

// checkSchedule refuses what may be done with schedules only that are not over.
func checkSchedule(schedule *stripeObject, verb string) error {
	if status := schedule.Str("status"); status != subActive && status != scheduleNotStarted {
		return invalid("", "", "You cannot %s a subscription schedule that is currently in the `%s` status. It must be in one of the following statuses: `active`, `not_started`.", verb, status)
	}
	return nil
}

// updateSchedule changes a schedule. Phases that are past may be left out; what changes of the present one is made at once.
func updateSchedule(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	schedule, err := findSchedule(tx, r)
	if err != nil {
		return nil, err
	}
	p := r.Params()
	for _, key := range p.Keys() {
		if key == "metadata" || key == "expand" {
			continue
		}
		if err := checkSchedule(schedule, "update"); err != nil {
			return nil, err
		}
	}
	edited := schedule.Edit()
	tx.setScheduleDefaults(edited, p)
	applyMetadata(tx, edited, p)
	if p.Has("end_behavior") {
		edited.Set("end_behavior", endBehavior(p))
	}
	if p.Has("phases") {
		if err := tx.setPhases(schedule, edited, p); err != nil {
			return nil, err
		}
	}
	if equalObjects(schedule, edited) {
		return schedule, nil
	}
	tx.Put(edited, "subscription_schedule.updated")
	if schedule.Str("status") == scheduleNotStarted {
		if start := objectsOf(edited.List("phases"))[0].Int("start_date"); p.Has("phases") {
			tx.Due(max(start, tx.Now()), scheduleStart, schedule.ID())
		}
		return edited, nil
	}
	if err := tx.followSchedule(edited, p); err != nil {
		return nil, err
	}
	return tx.Get("subscription_schedule", schedule.ID()), nil
}

// setPhases replaces the phases of a schedule, but for those that are past.
func (tx *accountTx) setPhases(schedule, edited *stripeObject, p formParams) error {
	customer := tx.Get("customer", schedule.Str("customer"))
	was := objectsOf(schedule.List("phases"))
	start := was[0].Int("start_date")
	var past []*stripeObject
	if schedule.Str("status") == subActive {
		start = schedule.Int("current_phase.start_date")
		for _, phase := range was {
			if phase.Int("end_date") <= start {
				past = append(past, phase)
			}
		}
	}
	list := p.List("phases")
	if first := list[0]; first.Has("start_date") && len(past) > 0 && tx.instantOf(first, "start_date") < start {
		for len(list) > 0 && list[0].Has("end_date") && tx.instantOf(list[0], "end_date") <= start {
			list = list[1:] // told again
		}
	}
	phases, err := tx.newPhases(customer, list, start)
	if err != nil {
		return err
	}
	if schedule.Str("status") == subActive {
		if len(phases) == 0 || phases[0].Int("start_date") != start {
			return invalid("phases", "", "You can not modify the start date of the current phase: it is %d.", start)
		}
		now := slices.IndexFunc(phases, func(phase *stripeObject) bool {
			return phase.Int("start_date") <= tx.Now() && tx.Now() < phase.Int("end_date")
		})
		if now < 0 {
			return invalid("phases", "", "One of the phases must contain the present time.")
		}
		edited.Set("current_phase", tx.currentPhase(phases[now]))
	}
	edited.Set("phases", append(past, phases...)).Set(hiddenExpiring, false)
	return nil
}

// followSchedule lets a subscription be as the present phase of its schedule says.
func (tx *accountTx) followSchedule(schedule *stripeObject, p formParams) error {
	sub := tx.Get("subscription", schedule.Str("subscription"))
	if sub == nil || subscriptionOver(sub) {
		return nil
	}
	sub, update, err := tx.presentPhase(schedule, sub, p)
	if err != nil {
		return err
	}
	if len(update.Keys()) > 0 {
		if _, err := tx.changeSubscription(sub, update); err != nil {
			return err
		}
	}
	if sub, err = tx.endWithSchedule(sub.ID()); err == nil {
		_, err = tx.putSubscription(sub.Edit()) // its next turn may be another one
	}
	return err
}

// presentPhase is what the present phase of a schedule that was changed by a call says of its subscription, as the parameters
// of a change. It answers the subscription without the end that the schedule does not bring any more.
func (tx *accountTx) presentPhase(schedule, sub *stripeObject, p formParams) (*stripeObject, formParams, error) {
	var update formParams
	var err error
	if schedule.Str("end_behavior") != "cancel" && sub.Has("cancel_at") && !sub.Bool("cancel_at_period_end") {
		if sub, err = tx.putSubscription(sub.Edit().Set("cancel_at", nil).Set("canceled_at", nil), "customer.subscription.updated"); err != nil {
			return nil, update, err
		}
	}
	for _, phase := range objectsOf(schedule.List("phases")) {
		if phase.Int("start_date") != schedule.Int("current_phase.start_date") {
			continue
		}
		if update, err = tx.phaseParams(schedule, phase, sub); err != nil {
			return nil, update, err
		}
		update = update.with("billing_cycle_anchor", nil).with("add_invoice_items", nil)
		if phase.Int("trial_end") == sub.Int("trial_end") {
			update = update.with("trial_end", nil)
		}
		if behavior := p.Str("proration_behavior"); behavior != "" {
			update = update.with("proration_behavior", leafOf(behavior))
		}
	}
	return sub, update, nil
}

// cancelSchedule ends a schedule and its subscription at once, with a credit and a last invoice unless the call says
// otherwise.
func cancelSchedule(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	schedule, err := findSchedule(tx, r)
	if err != nil {
		return nil, err
	}
	if err := checkSchedule(schedule, "cancel"); err != nil {
		return nil, err
	}
	if schedule.Str("status") == scheduleNotStarted {
		schedule = schedule.Edit().Set("status", canceled).Set("canceled_at", tx.Now())
		tx.Put(schedule, "subscription_schedule.canceled")
		return schedule, nil
	}
	p := r.Params()
	sub := tx.Get("subscription", schedule.Str("subscription"))
	for _, key := range []string{"invoice_now", "prorate"} {
		if !p.Has(key) {
			p = p.with(key, leafOf(true))
		}
	}
	if _, err := tx.cancelNow(sub, p); err != nil {
		return nil, err
	}
	return tx.Get("subscription_schedule", schedule.ID()), nil
}

// releaseSchedule ends a schedule; its subscription goes on without it.
func releaseSchedule(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	schedule, err := findSchedule(tx, r)
	if err != nil {
		return nil, err
	}
	if err := checkSchedule(schedule, "release"); err != nil {
		return nil, err
	}
	sub := tx.Get("subscription", schedule.Str("subscription"))
	schedule = schedule.Edit().Set("status", scheduleReleased).Set("released_at", tx.Now()).Set("current_phase", nil).
		Set("released_subscription", schedule.Get("subscription")).Set("subscription", nil)
	tx.Put(schedule, "subscription_schedule.updated", "subscription_schedule.released")
	if sub == nil || subscriptionOver(sub) {
		return schedule, nil
	}
	sub = sub.Edit().Set("schedule", nil)
	if !r.Params().Bool("preserve_cancel_date") && sub.Has("cancel_at") && schedule.Str("end_behavior") == "cancel" {
		sub.Set("cancel_at", nil).Set("canceled_at", nil)
	}
	_, err = tx.putSubscription(sub, "customer.subscription.updated")
	return schedule, err
}
