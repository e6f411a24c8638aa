package sandbox

import "github.com/vezne/vezne/sandbox/internal/billing"

func init() {
	behave("POST /v1/subscriptions/{subscription}/migrate", migrateSubscription)
	behave("DELETE /v1/subscriptions/{subscription_exposed_id}/discount", deleteSubscriptionDiscount)
	behave("DELETE /v1/customers/{customer}/subscriptions/{subscription_exposed_id}/discount", deleteSubscriptionDiscount)
	behave("GET /v1/customers/{customer}/subscriptions/{subscription_exposed_id}/discount", readSubscriptionDiscount)
}

// migrateSubscription puts a classic subscription into flexible billing mode; there is no way back. From then on credits
// come from what was billed, which the sandbox remembers in both modes.
func migrateSubscription(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	sub, err := findSubscription(tx, r, "subscription")
	if err != nil {
		return nil, err
	}
	switch {
	case subscriptionOver(sub):
		return nil, invalid("", "", "A canceled subscription cannot be migrated.")
	case sub.Str("billing_mode.type") == string(billing.Flexible):
		return nil, invalid("billing_mode[type]", "", "The subscription `%s` is already in `billing_mode` flexible.", sub.ID())
	case tx.scheduleOf(sub) != nil:
		return nil, invalid("", "", "A subscription that is managed by a subscription schedule cannot be migrated: release the schedule first.")
	}
	return tx.putSubscription(sub.Edit().Set("billing_mode", tx.billingMode(r.Params())), "customer.subscription.updated")
}

// deleteSubscriptionDiscount takes the discounts of a subscription away.
func deleteSubscriptionDiscount(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	sub, err := findSubscription(tx, r, "subscription_exposed_id")
	if err != nil {
		return nil, err
	}
	ids := texts(sub.List("discounts"))
	if len(ids) == 0 {
		return nil, noDiscount(sub)
	}
	for _, id := range ids {
		if discount := tx.Get("discount", id); discount != nil {
			tx.Event("customer.discount.deleted", discount, nil) // drafts that have it keep it
		}
	}
	if _, err := tx.putSubscription(sub.Edit().Set("discounts", []any{}), "customer.subscription.updated"); err != nil {
		return nil, err
	}
	return remainsOf(tx.Get("discount", ids[0])), nil
}

func readSubscriptionDiscount(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	sub, err := findSubscription(tx, r, "subscription_exposed_id")
	if err != nil {
		return nil, err
	}
	for _, id := range texts(sub.List("discounts")) {
		if discount := tx.Get("discount", id); discount != nil {
			return discount, nil
		}
	}
	return nil, noDiscount(sub)
}

func noDiscount(sub *stripeObject) *Error {
	return &Error{Status: 404, Type: "invalid_request_error", Code: "resource_missing", Param: "subscription_exposed_id", Message: "No active discount for subscription: " + sub.ID()}
}
