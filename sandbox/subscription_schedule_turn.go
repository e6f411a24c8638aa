package sandbox

import (
	"github.com/vezne/vezne/sandbox/internal/billing"
)

const (
	// expiringSeconds is how long before its end a schedule is said to expire. Source: docs.stripe.com/api/events/types.
	expiringSeconds = 7 * day
	// hiddenExpiring says that subscription_schedule.expiring was sent.
	hiddenExpiring = "_expiring"
)

// nextPhase is when something falls due for a subscription's schedule, 0 when nothing does.
func (tx *accountTx) nextPhase(sub *stripeObject) int64 {
	schedule := tx.scheduleOf(sub)
	if schedule == nil || schedule.Str("status") != subActive {
		return 0
	}
	next := schedule.Int("current_phase.end_date")
	if at := lastPhaseEnd(schedule) - expiringSeconds; !schedule.Bool(hiddenExpiring) && at > tx.Now() {
		next = min(next, at)
	}
	return next
}

func lastPhaseEnd(schedule *stripeObject) int64 {
	phases := objectsOf(schedule.List("phases"))
	return phases[len(phases)-1].Int("end_date")
}

// nextPhaseBegins goes on with a subscription's schedule: the next phase begins, or the schedule ends and the subscription
// goes on without it.
func (tx *accountTx) nextPhaseBegins(sub *stripeObject) error {
	schedule := tx.scheduleOf(sub)
	if schedule == nil || schedule.Str("status") != subActive {
		return nil
	}
	if lastPhaseEnd(schedule)-expiringSeconds == tx.Now() && !schedule.Bool(hiddenExpiring) {
		schedule = schedule.Edit().Set(hiddenExpiring, true)
		tx.Put(schedule, "subscription_schedule.expiring")
	}
	if schedule.Int("current_phase.end_date") > tx.Now() {
		return nil
	}
	for _, phase := range objectsOf(schedule.List("phases")) {
		if phase.Int("start_date") == tx.Now() {
			return tx.enterPhase(sub, schedule, phase)
		}
	}
	tx.Put(schedule.Edit().Set("status", scheduleCompleted).Set("completed_at", tx.Now()).Set("current_phase", nil).Set("subscription", nil).
		Set("released_subscription", sub.ID()), "subscription_schedule.updated", "subscription_schedule.completed")
	_, err := tx.putSubscription(sub.Edit().Set("schedule", nil), "customer.subscription.updated")
	return err
}

// enterPhase changes a subscription to what a phase says.
func (tx *accountTx) enterPhase(sub, schedule, phase *stripeObject) error {
	tx.Put(schedule.Edit().Set("current_phase", tx.currentPhase(phase)), "subscription_schedule.updated")
	p, err := tx.phaseParams(schedule, phase, sub)
	if err != nil {
		return err
	}
	return tx.enterWith(sub, p)
}

// enterWith makes the change of a phase. What cannot be paid leaves the subscription past_due.
func (tx *accountTx) enterWith(sub *stripeObject, p formParams) error {
	former := sub
	tx.hold(sub)
	c, err := tx.planChangeAt(sub, p, true)
	if err != nil {
		return err
	}
	if len(c.full) > 0 { // what begins anew is billed here, not by the renewal
		c.sub.Set(hiddenRenewed, tx.Now())
	}
	if err := tx.makeChange(c, p.with("payment_behavior", nil)); err != nil {
		return err
	}
	if _, err := tx.endWithSchedule(sub.ID()); err != nil {
		return err
	}
	tx.letGo(former, "customer.subscription.updated")
	return nil
}

// withoutRenewed drops the prorations of items whose period begins now, by a renewal or by the end of a trial: what follows
// bills those, and what ended now is not given back.
func withoutRenewed(s billing.Subscription, lines []billing.Line, now billing.Instant) []billing.Line {
	begins := map[string]bool{}
	for _, i := range s.Items {
		begins[i.ID] = s.Trial.End == now || itemBegins(s, i, now)
	}
	var rest []billing.Line
	for _, l := range lines {
		if !begins[l.Item] {
			rest = append(rest, l)
		}
	}
	return rest
}

// scheduleEnds ends the schedule of a subscription that ended: it is completed with its last phase, aborted where nobody
// paid, and canceled otherwise.
func (tx *accountTx) scheduleEnds(sub *stripeObject) error {
	schedule := tx.scheduleOf(sub)
	if schedule == nil || schedule.Str("status") != subActive {
		return nil
	}
	ended := schedule.Edit().Set("current_phase", nil)
	switch {
	case lastPhaseEnd(schedule) <= tx.Now():
		tx.Put(ended.Set("status", scheduleCompleted).Set("completed_at", tx.Now()), "subscription_schedule.updated", "subscription_schedule.completed")
	case sub.Str("cancellation_details.reason") == reasonUnpaid:
		tx.Put(ended.Set("status", canceled).Set("canceled_at", tx.Now()), "subscription_schedule.aborted")
	default:
		tx.Put(ended.Set("status", canceled).Set("canceled_at", tx.Now()), "subscription_schedule.canceled")
	}
	return nil
}
