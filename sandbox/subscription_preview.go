package sandbox

import (
	"net/http"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// subscriptionPreview makes the change or the creation that a preview's parameters ask for, and gives the draft of the
// invoice that would come next. It runs in a rehearsal: nothing of it stays.
func (tx *accountTx) subscriptionPreview(p formParams) (invoiceDraft, error) {
	details, _ := p.Hash("subscription_details")
	if n := p.node.hash["discounts"]; n != nil { // they are the subscription's, as in the call that is previewed
		details = details.with("discounts", n)
	}
	id := p.Str("subscription")
	if p.Has("schedule") || p.Has("schedule_details") {
		for _, key := range []string{"subscription", "subscription_details"} {
			if p.Has(key) {
				return invoiceDraft{}, invalid(key, "parameters_exclusive", "You may not specify `%s` together with `schedule` or `schedule_details`.", key)
			}
		}
		return tx.schedulePreview(p)
	}
	if id == "" {
		if len(details.List("items")) > 0 {
			return tx.previewCreation(p, details)
		}
		if id = tx.nextToBill(p.Str("customer")); id == "" {
			return invoiceDraft{}, noUpcoming(p.Str("customer"))
		}
	}
	sub := tx.Get("subscription", id)
	if sub == nil {
		return invoiceDraft{}, missing("subscription", id, "subscription", http.StatusNotFound)
	}
	tx.onClock(sub.Str("test_clock"))
	if subscriptionOver(sub) {
		return invoiceDraft{}, noUpcoming(sub.Str("customer"))
	}
	if details.Bool("cancel_now") {
		return tx.previewCancellation(sub, details)
	}
	if len(details.Keys()) == 0 {
		return tx.nextInvoice(id)
	}
	var err error
	if sub, err = tx.withoutPendingUpdate(sub, details); err != nil {
		return invoiceDraft{}, err
	}
	tx.hold(sub)
	if details.Has("resume_at") && sub.Str("status") == subPaused {
		return tx.previewResumption(sub, details)
	}
	c, err := tx.planChange(sub, details)
	if err != nil {
		return invoiceDraft{}, err
	}
	d, billed, err := tx.previewChange(c, nil)
	if err != nil || billed {
		return d, err
	}
	return tx.nextInvoice(id)
}

// previewChange makes a change, with the items that it adds, and gives the draft of the invoice that it makes at once; billed
// says whether it makes one.
func (tx *accountTx) previewChange(c subscriptionChange, added []formParams) (d invoiceDraft, billed bool, err error) {
	sub, err := tx.settle(c.sub, asBilled(c.silent))
	if err != nil {
		return d, false, billingFault(err)
	}
	if sub, err = tx.putSubscription(sub); err != nil {
		return d, false, billingFault(err)
	}
	customer := tx.Get("customer", sub.Str("customer"))
	if err := tx.addInvoiceItems(customer, sub, added); err != nil {
		return d, false, err
	}
	if err := tx.pend(sub, c.prorations); err != nil || !c.invoice {
		return d, false, err
	}
	return tx.draftOf(tx.Get("subscription", sub.ID()), customer, "subscription_update", c.full), true, nil
}

// nextToBill is the customer's subscription that is billed next, "" when there is none.
func (tx *accountTx) nextToBill(customer string) string {
	var id string
	var first int64
	for _, sub := range ofField(tx, "subscription", "customer", customer) {
		if end := earliestEnd(sub); subscriptionStands(sub) && (id == "" || end < first) {
			id, first = sub.ID(), end
		}
	}
	return id
}

// upcomingNone is the code of a preview's refusal.
const upcomingNone = "invoice_upcoming_none"

// noUpcoming is the refusal where nothing will be billed.
func noUpcoming(customer string) *Error {
	return &Error{Status: http.StatusNotFound, Type: "invalid_request_error", Code: upcomingNone, Message: "No upcoming invoices for customer: " + customer}
}

// previewCreation drafts the first invoice of a subscription that nobody makes.
func (tx *accountTx) previewCreation(p, details formParams) (invoiceDraft, error) {
	customer := tx.Get("customer", p.Str("customer"))
	if customer == nil && p.Str("customer") != "" {
		return invoiceDraft{}, missing("customer", p.Str("customer"), "customer", http.StatusNotFound)
	}
	if customer == nil {
		customer = newCustomer(tx)
		tx.Put(customer)
	}
	tx.onClock(customer.clockOfCustomer())
	return tx.previewFirst(p, customer, details)
}

// previewFirst drafts the first invoice of a subscription that is made now.
func (tx *accountTx) previewFirst(p formParams, customer *stripeObject, details formParams) (invoiceDraft, error) {
	asked := details
	if n := p.node.hash["currency"]; n != nil {
		asked = asked.with("currency", n)
	}
	if at := details.Int("start_date"); details.Has("start_date") && at < tx.Now() {
		asked = asked.with("backdate_start_date", details.node.hash["start_date"])
	}
	sub, err := tx.newSubscription(customer, asked)
	if err != nil {
		return invoiceDraft{}, err
	}
	tx.hold(sub)
	if sub, err = tx.putSubscription(sub); err != nil {
		return invoiceDraft{}, billingFault(err)
	}
	if err := tx.addInvoiceItems(customer, sub, details.List("add_invoice_items")); err != nil {
		return invoiceDraft{}, err
	}
	lines, err := tx.firstLines(sub, asked)
	if err != nil {
		return invoiceDraft{}, err
	}
	if lines == nil { // free until the anchor: what comes next is the first renewal
		return tx.nextInvoice(sub.ID())
	}
	return tx.draftOf(sub, customer, "subscription_create", lines), nil
}

// with is the parameters with one more, or, for nil, one less.
func (p formParams) with(key string, value *paramNode) formParams {
	n := &paramNode{hash: map[string]*paramNode{}}
	for _, k := range p.Keys() {
		if k != key {
			n.keys = append(n.keys, k)
			n.hash[k] = p.node.hash[k]
		}
	}
	if value != nil {
		n.keys = append(n.keys, key)
		n.hash[key] = value
	}
	return formParams{n}
}

// previewCancellation drafts the last invoice of a subscription that would be canceled now.
func (tx *accountTx) previewCancellation(sub *stripeObject, details formParams) (invoiceDraft, error) {
	tx.hold(sub)
	if details.Str("proration_behavior") != prorateNone {
		if err := tx.creditRest(sub); err != nil {
			return invoiceDraft{}, err
		}
	}
	sub = tx.Get("subscription", sub.ID())
	s, err := tx.billingSubscription(sub)
	if err != nil {
		return invoiceDraft{}, billingFault(err)
	}
	usage, err := tx.usageOf(sub, tx.Now())
	if err != nil {
		return invoiceDraft{}, err
	}
	lines, err := s.Close(billing.Instant(tx.Now()), usage)
	if err != nil {
		return invoiceDraft{}, billingFault(err)
	}
	return tx.draftOf(sub, tx.Get("customer", sub.Str("customer")), "subscription_update", lines), nil
}

func (tx *accountTx) previewResumption(sub *stripeObject, details formParams) (invoiceDraft, error) {
	c, err := tx.planResumption(sub, details)
	if err != nil {
		return invoiceDraft{}, billingFault(err)
	}
	d, billed, err := tx.previewChange(c, nil)
	if err != nil || billed {
		return d, err
	}
	return tx.nextInvoice(sub.ID())
}

// nextInvoice drafts the invoice that a subscription's next renewal will make, or the phase of its schedule that begins
// before. The time is moved to it.
func (tx *accountTx) nextInvoice(id string) (invoiceDraft, error) {
	for {
		sub := tx.Get("subscription", id)
		s, err := tx.billingSubscription(sub)
		if err != nil {
			return invoiceDraft{}, billingFault(err)
		}
		var at billing.Instant
		for _, i := range s.Items {
			if end := s.PeriodAt(i, billing.Instant(tx.Now())).End; at == 0 || end < at {
				at = end
			}
		}
		schedule, phase := tx.phaseBy(sub, int64(at))
		if phase == nil {
			return tx.nextRenewal(sub, s, at)
		}
		tx.moveTo(phase.Int("start_date"))
		d, billed, err := tx.previewPhase(sub, schedule, phase)
		if err != nil || billed {
			return d, err
		}
		sub = tx.Get("subscription", id)
		if s, err = tx.billingSubscription(sub); err != nil {
			return invoiceDraft{}, billingFault(err)
		}
		if now := billing.Instant(tx.Now()); periodBegins(s, now) || s.Trial.End == now {
			return tx.nextRenewal(sub, s, now)
		}
	}
}

// phaseBy is the next phase of a subscription's schedule that begins by an instant, nil when none does.
func (tx *accountTx) phaseBy(sub *stripeObject, at int64) (schedule, phase *stripeObject) {
	schedule = tx.scheduleOf(sub)
	if schedule == nil || schedule.Str("status") != subActive {
		return nil, nil
	}
	for _, phase := range objectsOf(schedule.List("phases")) {
		if start := phase.Int("start_date"); start == schedule.Int("current_phase.end_date") && start <= at && (!sub.Has("cancel_at") || sub.Int("cancel_at") > start) {
			return schedule, phase
		}
	}
	return nil, nil
}

// previewPhase makes the change with which a phase begins; billed says whether it makes an invoice at once.
func (tx *accountTx) previewPhase(sub, schedule, phase *stripeObject) (d invoiceDraft, billed bool, err error) {
	tx.Put(schedule.Edit().Set("current_phase", tx.currentPhase(phase)))
	p, err := tx.phaseParams(schedule, phase, sub)
	if err != nil {
		return d, false, err
	}
	tx.hold(sub)
	c, err := tx.planChangeAt(sub, p, true)
	if err != nil {
		return d, false, err
	}
	if d, billed, err = tx.previewChange(c, p.List("add_invoice_items")); err == nil && !billed {
		_, err = tx.endWithSchedule(sub.ID())
	}
	return d, billed, err
}

// nextRenewal drafts the invoice of a renewal, or of an end, that comes at an instant. The time is moved to it.
func (tx *accountTx) nextRenewal(sub *stripeObject, s billing.Subscription, at billing.Instant) (invoiceDraft, error) {
	customer := tx.Get("customer", sub.Str("customer"))
	usage, err := tx.usageOf(sub, int64(at))
	if err != nil {
		return invoiceDraft{}, err
	}
	period := tx.closedPeriod(s, int64(at))
	ends := s.CancelAt != 0 && s.CancelAt <= at
	var lines []billing.Line
	switch {
	case ends:
		lines, err = s.Close(at, usage)
	case s.Trial.End == at:
		lines, err = s.Start(at)
		period = s.Trial
	default:
		lines, err = s.Renew(at, usage)
	}
	if err != nil {
		return invoiceDraft{}, billingFault(err)
	}
	tx.moveTo(int64(at))
	d := tx.draftOf(sub, customer, "upcoming", lines)
	d.period = period
	if ends && !anyAmount(lines) && len(tx.itemsFor(d, tx.newInvoice(d))) == 0 {
		return invoiceDraft{}, noUpcoming(customer.ID())
	}
	return d, nil
}

// moveTo lets the rest of a rehearsal happen at another time.
func (tx *accountTx) moveTo(at int64) {
	if tx.clock != "" {
		tx.frozen = at
		return
	}
	tx.now = at
}
