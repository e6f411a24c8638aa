package sandbox

import (
	"net/http"
	"slices"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func init() { simulation("portal", actInPortal) }

// actInPortal is a customer in the portal: {session, act, …}. What the session's configuration does not let them do is
// refused. The acts: subscription_cancel {subscription, feedback, feedback_option, comment}, subscription_resume
// {subscription}, subscription_retain (take the coupon that the session's flow offers instead of canceling),
// subscription_update {subscription, price, quantity, promotion_code}, subscription_update_confirm (what the session's flow
// asks), payment_method_update {payment_method}, customer_update {email, name, phone, address}.
func actInPortal(tx *accountTx, p formParams) (*stripeObject, error) {
	session := tx.Get(portalSessionType, p.Str("session"))
	if session == nil {
		return nil, missing("billing portal session", p.Str("session"), "session", http.StatusNotFound)
	}
	if tx.now > session.Int("created")+portalSeconds {
		return nil, invalid("session", "", "This portal session has expired.")
	}
	config := tx.Get(portalConfigurationType, session.Str("configuration"))
	customer, err := findCustomer(tx, session.Str("customer"), "customer", http.StatusNotFound)
	if err != nil {
		return nil, err
	}
	tx.onClock(customer.clockOfCustomer())
	act := p.Str("act")
	acts := map[string]struct {
		feature string
		do      func(config, customer *stripeObject, p formParams) (*stripeObject, error)
	}{
		"subscription_cancel": {"subscription_cancel", tx.cancelInPortal},
		"subscription_resume": {"subscription_cancel", tx.resumeInPortal},
		"subscription_retain": {"subscription_cancel", func(_, customer *stripeObject, _ formParams) (*stripeObject, error) {
			return tx.retainInPortal(session, customer)
		}},
		"subscription_update": {"subscription_update", tx.updateInPortal},
		"subscription_update_confirm": {"subscription_update", func(config, customer *stripeObject, _ formParams) (*stripeObject, error) {
			return tx.confirmInPortal(session, config, customer)
		}},
		"payment_method_update": {"payment_method_update", tx.payOtherwiseInPortal},
		"customer_update":       {"customer_update", tx.changeInPortal},
	}
	known, ok := acts[act]
	if !ok {
		return nil, invalid("act", "", "Invalid act: must be one of subscription_cancel, subscription_resume, subscription_retain, subscription_update, subscription_update_confirm, payment_method_update, or customer_update")
	}
	if !config.Bool("features." + known.feature + ".enabled") {
		return nil, invalid("act", "", "The portal's configuration does not let customers do this: the feature `%s` is disabled.", known.feature)
	}
	return known.do(config, customer, p)
}

// portalSeconds is how long a session's address is good. Source: docs.stripe.com/customer-management/integrate-customer-portal
// says that sessions are short-lived; an hour is our choice.
const portalSeconds = 60 * 60

// theirs finds a subscription of the customer; without a name the only one that is not over.
func (tx *accountTx) theirs(customer *stripeObject, p formParams) (*stripeObject, error) {
	id := p.Str("subscription")
	var found []*stripeObject
	for _, sub := range ofField(tx, "subscription", "customer", customer.ID()) {
		if !subscriptionOver(sub) && (id == "" || sub.ID() == id) {
			found = append(found, sub)
		}
	}
	if len(found) != 1 {
		return nil, missing("subscription", id, "subscription", http.StatusNotFound)
	}
	return found[0], nil
}

// cancelInPortal ends a subscription as the configuration says: at once, or at the end of its period, in flexible mode of
// the last of its items' periods. Source: docs.stripe.com/billing/subscriptions/billing-mode/compare.
func (tx *accountTx) cancelInPortal(config, customer *stripeObject, p formParams) (*stripeObject, error) {
	sub, err := tx.theirs(customer, p)
	if err != nil {
		return nil, err
	}
	details, err := cancellationReason(config, p)
	if err != nil {
		return nil, err
	}
	given := map[string]any{}
	if len(details) > 0 {
		given["cancellation_details"] = details
	}
	if config.Str("features.subscription_cancel.mode") == "at_period_end" {
		if sub.Str("billing_mode.type") == string(billing.Classic) {
			given["cancel_at_period_end"] = true
		} else {
			given["cancel_at"] = "max_period_end"
		}
		return tx.changeWith(sub, given)
	}
	proration := config.Str("features.subscription_cancel.proration_behavior")
	given["prorate"], given["invoice_now"] = proration != prorateNone, proration == prorateInvoice
	params, err := paramsOf(given)
	if err != nil {
		return nil, err
	}
	return tx.cancelNow(sub, params)
}

// cancellationReason is why a customer cancels, among the reasons that the configuration asks for.
func cancellationReason(config *stripeObject, p formParams) (map[string]any, error) {
	const asks = "features.subscription_cancel.cancellation_reason."
	details := map[string]any{}
	for _, key := range []string{"feedback", "feedback_option", "comment"} {
		if !p.Has(key) {
			continue
		}
		if !config.Bool(asks + "enabled") {
			return nil, invalid(key, "", "The portal's configuration does not ask why customers cancel.")
		}
		details[key] = p.Str(key)
	}
	for key, offered := range map[string][]any{"feedback": config.List(asks + "options"), "feedback_option": config.List(asks + "feedback_options")} {
		if word := p.Str(key); word != "" && !slices.Contains(offered, any(word)) {
			return nil, invalid(key, "", "The portal's configuration does not offer the reason `%s`.", word)
		}
	}
	return details, nil
}

// retainInPortal takes the coupon that the session's flow offers; the subscription is not canceled.
func (tx *accountTx) retainInPortal(session, customer *stripeObject) (*stripeObject, error) {
	coupon := session.Str("flow.subscription_cancel.retention.coupon_offer.coupon")
	if coupon == "" {
		return nil, invalid("act", "", "The session's flow offers no coupon.")
	}
	sub := tx.Get("subscription", session.Str("flow.subscription_cancel.subscription"))
	if sub == nil || subscriptionOver(sub) || sub.Str("customer") != customer.ID() {
		return nil, missing("subscription", session.Str("flow.subscription_cancel.subscription"), "session", http.StatusNotFound)
	}
	discounts := []any{map[string]any{"coupon": coupon}}
	for _, id := range texts(sub.List("discounts")) {
		if tx.Get("discount", id).str("source.coupon") == coupon {
			return nil, invalid("act", "", "The subscription `%s` has the coupon `%s` already.", sub.ID(), coupon)
		}
		discounts = append(discounts, map[string]any{"discount": id})
	}
	return tx.changeWith(sub, map[string]any{"discounts": discounts})
}

func (tx *accountTx) changeWith(sub *stripeObject, given map[string]any) (*stripeObject, error) {
	params, err := paramsOf(given)
	if err != nil {
		return nil, err
	}
	return tx.changeSubscription(sub, params)
}

// resumeInPortal takes a cancellation back that is still to come.
func (tx *accountTx) resumeInPortal(_, customer *stripeObject, p formParams) (*stripeObject, error) {
	sub, err := tx.theirs(customer, p)
	if err != nil {
		return nil, err
	}
	if !sub.Has("cancel_at") {
		return nil, invalid("subscription", "", "The subscription `%s` is not set to be canceled.", sub.ID())
	}
	return tx.changeWith(sub, map[string]any{"cancel_at": nil})
}

// payOtherwiseInPortal saves another method and makes it the customer's default, and that of subscriptions which have one of
// their own.
func (tx *accountTx) payOtherwiseInPortal(_, customer *stripeObject, p formParams) (*stripeObject, error) {
	method, err := findMethod(tx, p.Str("payment_method"), "payment_method", http.StatusNotFound)
	if err != nil {
		return nil, err
	}
	switch method.Str("customer") {
	case customer.ID():
	case "":
		if err := refusedAtAttachment(method); err != nil {
			return nil, err
		}
		method = attach(tx, method, customer.ID())
	default:
		return nil, notTheirMethod(method.ID())
	}
	for _, sub := range ofField(tx, "subscription", "customer", customer.ID()) {
		if sub.Has("default_payment_method") && !subscriptionOver(sub) {
			if _, err := tx.putSubscription(sub.Edit().Set("default_payment_method", method.ID()), "customer.subscription.updated"); err != nil {
				return nil, err
			}
		}
	}
	customer = tx.Get("customer", customer.ID()).Edit().Set("invoice_settings.default_payment_method", method.ID())
	tx.Put(customer, "customer.updated")
	return customer, nil
}

// changeInPortal changes what a customer may change of themselves.
func (tx *accountTx) changeInPortal(config, customer *stripeObject, p formParams) (*stripeObject, error) {
	allowed := config.List("features.customer_update.allowed_updates")
	for _, key := range []string{"email", "name", "phone", "address", "shipping"} {
		if p.Has(key) && !slices.Contains(allowed, any(key)) {
			return nil, invalid(key, "", "The portal's configuration does not let customers change their %s.", key)
		}
	}
	customer = customer.Edit()
	if err := setCustomer(tx, customer, p); err != nil {
		return nil, err
	}
	tx.Put(customer, "customer.updated")
	return customer, nil
}
