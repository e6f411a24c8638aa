package sandbox

// schedulePreview drafts the next invoice of a schedule, changed or made as a preview's parameters say: of its subscription,
// or, where it has none yet, of its first phase.
func (tx *accountTx) schedulePreview(p formParams) (invoiceDraft, error) {
	schedule := tx.Get("subscription_schedule", p.Str("schedule"))
	details, _ := p.Hash("schedule_details")
	if schedule == nil {
		customer := tx.Get("customer", p.Str("customer"))
		tx.onClock(customer.clockOfCustomer())
		made, err := tx.newSchedule(customer, details)
		if err != nil {
			return invoiceDraft{}, err
		}
		tx.Put(made)
		return tx.previewStart(p, made)
	}
	tx.onClock(schedule.Str("test_clock"))
	if len(details.Keys()) == 0 {
		if schedule.Str("status") == subActive {
			return tx.nextInvoice(schedule.Str("subscription"))
		}
		return tx.previewStart(p, schedule)
	}
	if err := checkSchedule(schedule, "update"); err != nil {
		return invoiceDraft{}, err
	}
	edited := schedule.Edit()
	if details.Has("end_behavior") {
		edited.Set("end_behavior", endBehavior(details))
	}
	if details.Has("phases") {
		if err := tx.setPhases(schedule, edited, details); err != nil {
			return invoiceDraft{}, err
		}
	}
	tx.Put(edited)
	if schedule.Str("status") == subActive {
		return tx.previewFollowing(edited, details)
	}
	return tx.previewStart(p, edited)
}

// previewStart drafts the first invoice of a schedule that has not started.
func (tx *accountTx) previewStart(p formParams, schedule *stripeObject) (invoiceDraft, error) {
	if schedule.Str("status") != scheduleNotStarted {
		return invoiceDraft{}, noUpcoming(schedule.Str("customer"))
	}
	tx.moveTo(max(tx.Now(), objectsOf(schedule.List("phases"))[0].Int("start_date")))
	first, err := tx.firstPhase(schedule)
	if err != nil {
		return invoiceDraft{}, err
	}
	return tx.previewFirst(p, tx.Get("customer", schedule.Str("customer")), first)
}

// previewFollowing drafts the invoice that a schedule's change makes at once, or the next one after it.
func (tx *accountTx) previewFollowing(schedule *stripeObject, p formParams) (invoiceDraft, error) {
	sub := tx.Get("subscription", schedule.Str("subscription"))
	if sub == nil || subscriptionOver(sub) {
		return invoiceDraft{}, noUpcoming(schedule.Str("customer"))
	}
	sub, update, err := tx.presentPhase(schedule, sub, p)
	if err != nil {
		return invoiceDraft{}, err
	}
	if len(update.Keys()) > 0 {
		if sub, err = tx.withoutPendingUpdate(sub, update); err != nil {
			return invoiceDraft{}, err
		}
		tx.hold(sub)
		c, err := tx.planChange(sub, update)
		if err != nil {
			return invoiceDraft{}, err
		}
		if d, billed, err := tx.previewChange(c, nil); err != nil || billed {
			return d, err
		}
	}
	if _, err := tx.endWithSchedule(sub.ID()); err != nil {
		return invoiceDraft{}, err
	}
	return tx.nextInvoice(sub.ID())
}
