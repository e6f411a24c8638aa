package sandbox

import "strings"

// action is what a verb behind an object does to it when no behaviour was written for it.
type action struct {
	// set are fields and their new values; one of the value theTime becomes the time, one of nil becomes null.
	set map[string]any
	// event is sent when it is not the one of the verb's own word, cancel → ….canceled.
	event string
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
	return action{set, a.event}
}

// telling is the action with an event of another name.
func (a action) telling(event string) action { return action{a.set, event} }

// actions are the verbs whose effect is one field or two. Source: the description's sentences on each operation and on the
// fields that it changes.
var actions = map[string]action{
	"POST /v1/billing/meters/{id}/deactivate":                 status("inactive").with("status_transitions.deactivated_at", theTime),
	"POST /v1/billing/meters/{id}/reactivate":                 status("active").with("status_transitions.deactivated_at", nil),
	"POST /v1/climate/orders/{order}/cancel":                  status("canceled").with("canceled_at", theTime).with("cancellation_reason", "requested"),
	"POST /v1/credit_notes/{id}/void":                         status("void").with("voided_at", theTime),
	"POST /v1/customers/{customer}/bank_accounts/{id}/verify": status("verified").telling("customer.source.updated"),

	"POST /v1/financial_connections/accounts/{account}/disconnect": status("disconnected"),
	"POST /v1/linked_accounts/{account}/disconnect":                status("disconnected"),

	"POST /v1/identity/verification_sessions/{session}/cancel": status("canceled"),
	"POST /v1/identity/verification_sessions/{session}/redact": action{}.with("redaction.status", "redacted"),

	"POST /v1/invoice_rendering_templates/{template}/archive":   status("archived"),
	"POST /v1/invoice_rendering_templates/{template}/unarchive": status("active"),

	"POST /v1/invoices/{invoice}/finalize":           status("open").with("status_transitions.finalized_at", theTime),
	"POST /v1/invoices/{invoice}/mark_uncollectible": status("uncollectible").with("status_transitions.marked_uncollectible_at", theTime).telling("invoice.marked_uncollectible"),
	"POST /v1/invoices/{invoice}/pay":                status("paid").with("status_transitions.paid_at", theTime).telling("invoice.paid"),
	"POST /v1/invoices/{invoice}/void":               status("void").with("status_transitions.voided_at", theTime),

	"POST /v1/issuing/authorizations/{authorization}/approve": action{}.with("approved", true).telling("issuing_authorization.updated"),
	"POST /v1/issuing/authorizations/{authorization}/decline": status("closed").with("approved", false).telling("issuing_authorization.updated"),
	"POST /v1/issuing/disputes/{dispute}/submit":              status("submitted").telling("issuing_dispute.submitted"),

	"POST /v1/test_helpers/issuing/authorizations/{authorization}/capture":                      status("closed").telling("issuing_authorization.updated"),
	"POST /v1/test_helpers/issuing/authorizations/{authorization}/expire":                       status("expired").telling("issuing_authorization.updated"),
	"POST /v1/test_helpers/issuing/authorizations/{authorization}/reverse":                      status("reversed").telling("issuing_authorization.updated"),
	"POST /v1/test_helpers/issuing/cards/{card}/shipping/deliver":                               shipping("delivered"),
	"POST /v1/test_helpers/issuing/cards/{card}/shipping/fail":                                  shipping("failure"),
	"POST /v1/test_helpers/issuing/cards/{card}/shipping/return":                                shipping("returned"),
	"POST /v1/test_helpers/issuing/cards/{card}/shipping/ship":                                  shipping("shipped"),
	"POST /v1/test_helpers/issuing/cards/{card}/shipping/submit":                                shipping("submitted"),
	"POST /v1/test_helpers/issuing/personalization_designs/{personalization_design}/activate":   status("active"),
	"POST /v1/test_helpers/issuing/personalization_designs/{personalization_design}/deactivate": status("inactive"),
	"POST /v1/test_helpers/issuing/personalization_designs/{personalization_design}/reject":     status("rejected"),
	"POST /v1/test_helpers/issuing/settlements/{settlement}/complete":                           status("complete"),

	"POST /v1/quotes/{quote}/accept":   status("accepted").with("status_transitions.accepted_at", theTime),
	"POST /v1/quotes/{quote}/cancel":   status("canceled").with("status_transitions.canceled_at", theTime),
	"POST /v1/quotes/{quote}/finalize": status("open").with("status_transitions.finalized_at", theTime),

	"POST /v1/treasury/financial_accounts/{financial_account}/close":  status("closed"),
	"POST /v1/treasury/inbound_transfers/{inbound_transfer}/cancel":   status("canceled"),
	"POST /v1/treasury/outbound_payments/{id}/cancel":                 status("canceled"),
	"POST /v1/treasury/outbound_transfers/{outbound_transfer}/cancel": status("canceled"),
	"POST /v1/test_helpers/treasury/inbound_transfers/{id}/fail":      status("failed"),
	"POST /v1/test_helpers/treasury/inbound_transfers/{id}/succeed":   status("succeeded"),
	"POST /v1/test_helpers/treasury/inbound_transfers/{id}/return":    action{}.with("returned", true),
	"POST /v1/test_helpers/treasury/outbound_payments/{id}/fail":      status("failed"),
	"POST /v1/test_helpers/treasury/outbound_payments/{id}/post":      status("posted"),
	"POST /v1/test_helpers/treasury/outbound_payments/{id}/return":    status("returned"),

	"POST /v1/test_helpers/treasury/outbound_transfers/{outbound_transfer}/fail":   status("failed"),
	"POST /v1/test_helpers/treasury/outbound_transfers/{outbound_transfer}/post":   status("posted"),
	"POST /v1/test_helpers/treasury/outbound_transfers/{outbound_transfer}/return": status("returned"),
}

// shipping moves a card on its way. The card of a virtual kind has no way to be on.
func shipping(word string) action {
	return action{}.with("shipping.status", word).telling("issuing_card.updated")
}

// apply writes the values of an action into an object. A field of a hash that is null stays out.
func (a action) apply(tx *accountTx, o *stripeObject) {
	for field, value := range a.set {
		if parent, _, nested := strings.Cut(field, "."); nested && !o.Has(parent) {
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
	changed := applyParams(tx, o.Edit(), r.params, "id")
	do.apply(tx, changed)
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
