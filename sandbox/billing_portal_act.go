package sandbox

import (
	"net/http"
	"slices"
)

func init() { simulation("portal", actInPortal) }

// actInPortal is a customer in the portal: {session, act, …}. What the session's configuration does not let them do is
// refused. The acts: subscription_cancel {subscription, feedback, comment}, subscription_resume {subscription},
// subscription_update {subscription, price, quantity, promotion_code}, payment_method_update {payment_method},
// customer_update {email, name, phone, address}.
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
	acts := map[string]func(config, customer *stripeObject, p formParams) (*stripeObject, error){
		"subscription_cancel": tx.cancelInPortal, "subscription_resume": tx.resumeInPortal, "subscription_update": tx.updateInPortal,
		"payment_method_update": tx.payOtherwiseInPortal, "customer_update": tx.changeInPortal,
	}
	f := acts[act]
	if f == nil {
		return nil, invalid("act", "", "Invalid act: must be one of subscription_cancel, subscription_resume, subscription_update, payment_method_update, or customer_update")
	}
	feature := act
	if act == "subscription_resume" {
		feature = "subscription_cancel"
	}
	if !config.Bool("features." + feature + ".enabled") {
		return nil, invalid("act", "", "The portal's configuration does not let customers do this: the feature `%s` is disabled.", feature)
	}
	return f(config, customer, p)
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

// cancelInPortal ends a subscription as the configuration says: at once, or at the end of its period.
func (tx *accountTx) cancelInPortal(config, customer *stripeObject, p formParams) (*stripeObject, error) {
	sub, err := tx.theirs(customer, p)
	if err != nil {
		return nil, err
	}
	details := map[string]any{}
	for _, key := range []string{"feedback", "comment"} {
		if p.Has(key) {
			details[key] = p.Str(key)
		}
	}
	given := map[string]any{}
	if len(details) > 0 {
		given["cancellation_details"] = details
	}
	if config.Str("features.subscription_cancel.mode") == "at_period_end" {
		given["cancel_at_period_end"] = true
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
	if !sub.Bool("cancel_at_period_end") {
		return nil, invalid("subscription", "", "The subscription `%s` is not set to be canceled.", sub.ID())
	}
	return tx.changeWith(sub, map[string]any{"cancel_at_period_end": false})
}

// updateInPortal changes plan or quantity, among what the configuration offers.
func (tx *accountTx) updateInPortal(config, customer *stripeObject, p formParams) (*stripeObject, error) {
	sub, err := tx.theirs(customer, p)
	if err != nil {
		return nil, err
	}
	items := subscriptionItems(sub)
	if len(items) != 1 {
		return nil, invalid("subscription", "", "Customers can only update subscriptions with one item.")
	}
	rules := config.Hash("features.subscription_update")
	allowed := rules.List("default_allowed_updates")
	item := map[string]any{"id": items[0].ID()}
	if id := p.Str("price"); id != "" {
		price := tx.Get("price", id)
		if price == nil {
			return nil, missing("price", id, "price", http.StatusBadRequest)
		}
		if !offersPrice(rules, price) {
			return nil, invalid("price", "", "The portal's configuration does not offer the price `%s`.", id)
		}
		item["price"] = id
	}
	if p.Has("quantity") {
		if !slices.Contains(allowed, any("quantity")) {
			return nil, invalid("quantity", "", "The portal's configuration does not let customers change quantities.")
		}
		item["quantity"] = p.Int("quantity")
	}
	given := map[string]any{"proration_behavior": orElse(rules.Str("proration_behavior"), prorateNone), "payment_behavior": pendIncomplete}
	if anchor := rules.Str("billing_cycle_anchor"); anchor != "" {
		given["billing_cycle_anchor"] = anchor
	}
	if rules.Str("proration_behavior") != prorateInvoice {
		delete(given, "payment_behavior")
	}
	if len(item) > 1 {
		given["items"] = []any{item}
	}
	if code := p.Str("promotion_code"); code != "" {
		if !slices.Contains(allowed, any("promotion_code")) {
			return nil, invalid("promotion_code", "", "The portal's configuration does not let customers use promotion codes.")
		}
		given["discounts"] = []any{map[string]any{"promotion_code": code}}
	}
	if sub.Str("status") == subTrialing && rules.Str("trial_update_behavior") == "end_trial" {
		given["trial_end"] = "now"
	}
	return tx.changeWith(sub, given)
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
