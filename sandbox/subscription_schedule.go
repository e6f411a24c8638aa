package sandbox

// nextPhase is when the next phase of a subscription's schedule begins, 0 when there is none.
func (tx *accountTx) nextPhase(sub *stripeObject) int64 { return 0 }

// nextPhaseBegins goes on with a subscription's schedule.
func (tx *accountTx) nextPhaseBegins(sub *stripeObject) error { return nil }

// scheduleEnds ends the schedule of a subscription that ended.
func (tx *accountTx) scheduleEnds(sub *stripeObject) error { return nil }

// schedulePreview drafts the next invoice of a schedule.
func (tx *accountTx) schedulePreview(p formParams) (invoiceDraft, error) { return invoiceDraft{}, nil }
