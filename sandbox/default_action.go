package sandbox

import (
	"slices"
	"strings"
)

// action is what a verb behind an object does to it when no behaviour was written for it.
type action struct {
	// set are fields and their new values; one of the value theTime becomes the time, one of nil becomes null.
	set map[string]any
	// event is sent when it is not the one of the verb's own word, cancel → ….canceled.
	event string
	// from are the states in which an object can be acted on, none for all.
	from []string
	// also is what else comes of it.
	also func(tx *accountTx, o *stripeObject, p formParams)
}

// timeWord stands for the time of the account's clock among an action's values.
type timeWord struct{}

var theTime = timeWord{}

// status is an action that moves an object's status, and nothing else.
func status(word string) action { return action{set: map[string]any{"status": word}} }

// with is the action with one field more.
func (a action) with(field string, value any) action {
	set := map[string]any{field: value}
	for k, v := range a.set {
		set[k] = v
	}
	a.set = set
	return a
}

// telling is the action with an event of another name.
func (a action) telling(event string) action {
	a.event = event
	return a
}

// and is the action with what else comes of it.
func (a action) and(also func(tx *accountTx, o *stripeObject, p formParams)) action {
	a.also = also
	return a
}

// while is the action of objects in certain states only.
func (a action) while(states ...string) action {
	a.from = states
	return a
}

// actions are the verbs whose effect is one field or two. Source: the description's sentences on each operation and on the
// fields that it changes.
var actions = map[string]action{
	"POST /v1/billing/meters/{id}/deactivate": status("inactive").with("status_transitions.deactivated_at", theTime),
	"POST /v1/billing/meters/{id}/reactivate": status("active").with("status_transitions.deactivated_at", nil),
	"POST /v1/credit_notes/{id}/void":         status("void").with("voided_at", theTime),

	"POST /v1/identity/verification_sessions/{session}/cancel": status("canceled").while("requires_input"),

	"POST /v1/invoices/{invoice}/finalize":           status("open").with("status_transitions.finalized_at", theTime),
	"POST /v1/invoices/{invoice}/mark_uncollectible": status("uncollectible").with("status_transitions.marked_uncollectible_at", theTime).telling("invoice.marked_uncollectible"),
	"POST /v1/invoices/{invoice}/pay":                status("paid").with("status_transitions.paid_at", theTime).telling("invoice.paid"),
	"POST /v1/invoices/{invoice}/void":               status("void").with("status_transitions.voided_at", theTime),

	"POST /v1/issuing/disputes/{dispute}/submit": status("submitted").telling("issuing_dispute.submitted").while("unsubmitted"),

	"POST /v1/test_helpers/issuing/cards/{card}/shipping/submit":                                shipping("submitted", "pending"),
	"POST /v1/test_helpers/issuing/cards/{card}/shipping/ship":                                  shipping("shipped", "pending", "submitted"),
	"POST /v1/test_helpers/issuing/cards/{card}/shipping/deliver":                               shipping("delivered", "shipped"),
	"POST /v1/test_helpers/issuing/cards/{card}/shipping/return":                                shipping("returned", "shipped"),
	"POST /v1/test_helpers/issuing/cards/{card}/shipping/fail":                                  shipping("failure", "shipped"),
	"POST /v1/test_helpers/issuing/personalization_designs/{personalization_design}/activate":   status("active"),
	"POST /v1/test_helpers/issuing/personalization_designs/{personalization_design}/deactivate": status("inactive"),
	"POST /v1/test_helpers/issuing/personalization_designs/{personalization_design}/reject":     status("rejected"),
	"POST /v1/test_helpers/issuing/settlements/{settlement}/complete":                           status("complete").while("pending"),

	"POST /v1/payment_method_domains/{payment_method_domain}/validate": validDomain(),

	"POST /v1/quotes/{quote}/accept":   status("accepted").with("status_transitions.accepted_at", theTime),
	"POST /v1/quotes/{quote}/cancel":   status("canceled").with("status_transitions.canceled_at", theTime),
	"POST /v1/quotes/{quote}/finalize": status("open").with("status_transitions.finalized_at", theTime),

	"POST /v1/treasury/financial_accounts/{financial_account}/close":  status("closed").while("open"),
	"POST /v1/treasury/inbound_transfers/{inbound_transfer}/cancel":   settled("canceled", "processing"),
	"POST /v1/treasury/outbound_payments/{id}/cancel":                 settled("canceled", "processing"),
	"POST /v1/treasury/outbound_transfers/{outbound_transfer}/cancel": settled("canceled", "processing"),

	"POST /v1/test_helpers/treasury/inbound_transfers/{id}/fail":                   settled("failed", "processing"),
	"POST /v1/test_helpers/treasury/inbound_transfers/{id}/succeed":                settled("succeeded", "processing"),
	"POST /v1/test_helpers/treasury/inbound_transfers/{id}/return":                 action{}.with("returned", true).while("succeeded"),
	"POST /v1/test_helpers/treasury/outbound_payments/{id}/fail":                   settled("failed", "processing"),
	"POST /v1/test_helpers/treasury/outbound_payments/{id}/post":                   settled("posted", "processing"),
	"POST /v1/test_helpers/treasury/outbound_payments/{id}/return":                 settled("returned", "processing", "posted").and(tellReturn),
	"POST /v1/test_helpers/treasury/outbound_transfers/{outbound_transfer}/fail":   settled("failed", "processing"),
	"POST /v1/test_helpers/treasury/outbound_transfers/{outbound_transfer}/post":   settled("posted", "processing"),
	"POST /v1/test_helpers/treasury/outbound_transfers/{outbound_transfer}/return": settled("returned", "processing", "posted").and(tellReturn),
}

// shipping moves a card on its way. The card of a virtual kind has no way to be on.
func shipping(word string, from ...string) action {
	return action{}.with("shipping.status", word).telling("issuing_card.updated").while(from...)
}

// settled ends a movement of money, and says when.
func settled(word string, from ...string) action {
	return status(word).with("status_transitions."+word+"_at", theTime).with("cancelable", false).while(from...)
}

// validDomain finds a domain fit for every payment method that is shown by domain.
func validDomain() action {
	a := action{}
	for _, method := range []string{"amazon_pay", "apple_pay", "google_pay", "klarna", "link", "paypal"} {
		a = a.with(method+".status", "active")
	}
	return a
}

// stateOf is where an object stands, as an action sees it: a card where it is on its way.
func (a action) stateOf(o *stripeObject) string {
	if _, ships := a.set["shipping.status"]; ships {
		return o.Str("shipping.status")
	}
	return o.Str("status")
}

// check refuses an object that is in none of the states of an action.
func (a action) check(o *stripeObject, verb string) error {
	if state := a.stateOf(o); len(a.from) > 0 && !slices.Contains(a.from, state) {
		name := strings.ReplaceAll(o.Type()[strings.LastIndexByte(o.Type(), '.')+1:], "_", " ")
		return invalid("", "", "You cannot %s this %s because it has a status of %s. Only one with a status of %s can be.", verb, name, orElse(state, "none"), strings.Join(a.from, " or "))
	}
	return nil
}

// apply writes the values of an action into an object. A field of a hash that is null stays out.
func (a action) apply(tx *accountTx, o *stripeObject) {
	for field, value := range a.set {
		if parent, _, nested := strings.Cut(field, "."); nested && !o.Has(parent) || !nested && o.slot(field) < 0 {
			continue
		}
		if value == theTime {
			value = tx.Now()
		}
		o.Set(field, value)
	}
}

// act does what a verb does to an object: its parameters, its action, and its event.
func (d *defaultOperation) act(tx *accountTx, r *apiRequest, o *stripeObject) (*stripeObject, error) {
	do := actions[d.op.Method+" "+d.op.Path]
	if err := do.check(o, d.verb[strings.LastIndexByte(d.verb, '/')+1:]); err != nil {
		return nil, err
	}
	changed := applyParams(tx, o.Edit(), r.params, "id")
	do.apply(tx, changed)
	if do.also != nil {
		do.also(tx, changed, r.params)
	}
	changed.touch(tx)
	tx.Put(changed, existing(d.actEvent(o.Type()))...)
	return changed, nil
}

// actEvent is the event of the operation's verb: the action's, or the one of its own word.
func (d *defaultOperation) actEvent(typ string) string {
	if do := actions[d.op.Method+" "+d.op.Path]; do.event != "" {
		return do.event
	}
	return eventName(typ, pastOf(d.verb[strings.LastIndexByte(d.verb, '/')+1:]))
}
