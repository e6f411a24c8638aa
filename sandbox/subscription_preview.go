package sandbox

import (
	"net/http"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// subscriptionPreview makes the change or the creation that a preview's parameters ask for, and gives the draft of the
// invoice that would come next. It runs in a rehearsal: nothing of it stays.
func (tx *accountTx) subscriptionPreview(p formParams) (invoiceDraft, error) {
	details, _ := p.Hash("subscription_details")
	id := p.Str("subscription")
	if id == "" {
		if p.Has("schedule") || p.Has("schedule_details") {
			return tx.schedulePreview(p)
		}
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
	tx.hold(sub)
	if details.Has("resume_at") && sub.Str("status") == subPaused {
		return tx.previewResumption(sub, details)
	}
	c, err := tx.planChange(sub, details)
	if err != nil {
		return invoiceDraft{}, err
	}
	changed, err := tx.settle(c.sub, asBilled(c.silent))
	if err != nil {
		return invoiceDraft{}, billingFault(err)
	}
	if changed, err = tx.putSubscription(changed); err != nil {
		return invoiceDraft{}, billingFault(err)
	}
	if err := tx.pend(changed, c.prorations); err != nil {
		return invoiceDraft{}, err
	}
	if c.invoice {
		changed = tx.Get("subscription", id)
		return tx.draftOf(changed, tx.Get("customer", changed.Str("customer")), "subscription_update", c.full), nil
	}
	return tx.nextInvoice(id)
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

// noUpcoming is the refusal where nothing will be billed.
func noUpcoming(customer string) *Error {
	return &Error{Status: http.StatusNotFound, Type: "invalid_request_error", Code: "invoice_upcoming_none", Message: "No upcoming invoices for customer: " + customer}
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
	lines, err := tx.firstLines(sub, asked)
	if err != nil {
		return invoiceDraft{}, err
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
	changed, err := tx.putSubscription(c.sub)
	if err != nil {
		return invoiceDraft{}, billingFault(err)
	}
	if err := tx.pend(changed, c.prorations); err != nil {
		return invoiceDraft{}, err
	}
	if !c.invoice {
		return tx.nextInvoice(sub.ID())
	}
	changed = tx.Get("subscription", sub.ID())
	return tx.draftOf(changed, tx.Get("customer", sub.Str("customer")), "subscription_update", c.full), nil
}

// nextInvoice drafts the invoice that a subscription's next renewal will make. The time is moved to it.
func (tx *accountTx) nextInvoice(id string) (invoiceDraft, error) {
	sub := tx.Get("subscription", id)
	customer := tx.Get("customer", sub.Str("customer"))
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
