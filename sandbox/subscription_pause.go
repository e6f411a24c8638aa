package sandbox

import (
	"github.com/vezne/vezne/sandbox/internal/billing"
)

func init() {
	behave("POST /v1/subscriptions/{subscription}/resume", resumeSubscription)
}

// setPause pauses the collection of a subscription's invoices, or goes on with it. The status stays.
func (tx *accountTx) setPause(sub *stripeObject, p formParams) error {
	h, ok := p.Hash("pause_collection")
	switch {
	case p.Null("pause_collection"):
		sub.Set("pause_collection", nil)
	case ok && h.Has("resumes_at") && h.Int("resumes_at") <= tx.Now():
		return invalid("pause_collection[resumes_at]", "", "`resumes_at` must be a timestamp in the future.")
	case ok:
		sub.Set("pause_collection", tx.NewHash("subscriptions_resource_pause_collection").Set("behavior", h.Str("behavior")).Set("resumes_at", paramValue(h, "resumes_at")))
	}
	return nil
}

// resumeSubscription starts a paused subscription again. With a new anchor, the default, a whole period begins; with the
// old one the rest of the present period is charged. The subscription is active once the invoice, if there is one, is
// paid or given up.
func resumeSubscription(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	sub, err := findSubscription(tx, r, "subscription")
	if err != nil {
		return nil, err
	}
	p := r.Params()
	switch {
	case sub.Str("status") != subPaused:
		return nil, invalid("", "", "You can only resume a subscription if it is `paused`.")
	case sub.Str("collection_method") != chargeAutomatically:
		return nil, invalid("", "", "You can only resume a subscription whose `collection_method` is `charge_automatically`.")
	}
	if sub.Has("pending_update") {
		if err := tx.giveUpPendingUpdate(sub); err != nil {
			return nil, err
		}
		sub = tx.Get("subscription", sub.ID())
	}
	former := sub
	tx.hold(sub)
	c, err := tx.planResumption(sub, p)
	if err != nil {
		return nil, err
	}
	if c.invoice {
		err = tx.tryChange(sub, c, p)
	} else {
		if sub, err = tx.settle(c.sub, asBilled(c.silent)); err == nil {
			if sub, err = tx.putSubscription(sub); err == nil {
				err = tx.pend(sub, c.prorations)
			}
		}
	}
	if err != nil {
		return nil, billingFault(err)
	}
	events := []string{"customer.subscription.updated"}
	if tx.Get("subscription", sub.ID()).Str("status") == subActive {
		events = append(events, "customer.subscription.resumed")
	}
	return tx.letGo(former, events...), nil
}

// planResumption says what a resumption charges.
func (tx *accountTx) planResumption(sub *stripeObject, p formParams) (subscriptionChange, error) {
	now := billing.Instant(tx.Now())
	edited := sub.Edit().Set("status", subActive)
	unchanged := p.Str("billing_cycle_anchor") == "unchanged"
	if !unchanged {
		edited.Set("billing_cycle_anchor", tx.Now()).Set("billing_cycle_anchor_config", nil)
	}
	c := subscriptionChange{sub: edited}
	s, err := tx.billingSubscription(edited)
	if err != nil {
		return c, err
	}
	if !unchanged {
		c.full, err = s.Start(now)
		c.invoice = len(c.full) > 0
		return c, err
	}
	at := now
	if p.Has("proration_date") {
		at = billing.Instant(p.Int("proration_date"))
	}
	lines, err := s.Start(at)
	switch behavior := p.Str("proration_behavior"); behavior {
	case prorateNone:
	case prorateInvoice:
		c.prorations, c.invoice = lines, len(lines) > 0
	default:
		c.prorations = lines
	}
	return c, err
}
