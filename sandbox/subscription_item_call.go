package sandbox

import (
	"errors"
	"net/http"
	"slices"
	"strings"
)

func init() {
	behave("GET /v1/subscription_items", listSubscriptionItems)
	behave("POST /v1/subscription_items", createSubscriptionItem)
	behave("GET /v1/subscription_items/{item}", readSubscriptionItem)
	behave("POST /v1/subscription_items/{item}", updateSubscriptionItem)
	behave("DELETE /v1/subscription_items/{item}", deleteSubscriptionItem)
}

// findSubscriptionItem finds an item that a path names, with its subscription. The refusal is as recorded, without a code.
func findSubscriptionItem(tx *accountTx, r *apiRequest) (item, sub *stripeObject, err error) {
	item = tx.Get("subscription_item", r.Path("item"))
	if item == nil {
		return nil, nil, &Error{Status: http.StatusNotFound, Type: "invalid_request_error", Message: "Invalid subscription_item id: " + r.Path("item")}
	}
	return item, tx.Get("subscription", item.Str("subscription")), nil
}

// listSubscriptionItems answers the items of a subscription, in their order.
func listSubscriptionItems(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	sub := tx.Get("subscription", r.Params().Str("subscription"))
	if sub == nil {
		return nil, missing("subscription", r.Params().Str("subscription"), "subscription", http.StatusBadRequest)
	}
	return tx.ListObjects(r, subscriptionItems(sub))
}

func readSubscriptionItem(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	item, _, err := findSubscriptionItem(tx, r)
	return item, err
}

// itemParams are parameters of an item's calls that are the subscription's.
var itemParams = []string{"expand", "off_session", "payment_behavior", "proration_behavior", "proration_date", "subscription"}

// asUpdate turns a call on an item into one on its subscription: what is the item's goes into items[0].
func asUpdate(p formParams, id string, deleted bool) formParams {
	item := formParams{}
	update := formParams{}
	for _, key := range p.Keys() {
		if n := p.node.hash[key]; !slices.Contains(itemParams, key) {
			item = item.with(key, n)
		} else if key != "subscription" && key != "expand" {
			update = update.with(key, n)
		}
	}
	if id != "" {
		item = item.with("id", leafOf(id))
	}
	if deleted {
		item = item.with("deleted", leafOf(true))
	}
	return update.with("items", listOfNodes(item.node))
}

// createSubscriptionItem adds an item to a subscription.
func createSubscriptionItem(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	sub := tx.Get("subscription", r.Params().Str("subscription"))
	if sub == nil {
		return nil, missing("subscription", r.Params().Str("subscription"), "subscription", http.StatusBadRequest)
	}
	if subscriptionOver(sub) {
		return nil, invalid("subscription", "", "The subscription `%s` is canceled: no item can be added to it.", sub.ID())
	}
	known := map[string]bool{}
	for _, item := range subscriptionItems(sub) {
		known[item.ID()] = true
	}
	changed, err := tx.changeSubscription(sub, asUpdate(r.Params(), "", false))
	if err != nil {
		return nil, outOfItem(err)
	}
	for _, item := range append(subscriptionItems(changed), objectsOf(changed.List("pending_update.subscription_items"))...) {
		if !known[item.ID()] {
			return item, nil
		}
	}
	return nil, invalid("", "", "The item could not be added.")
}

func updateSubscriptionItem(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	item, sub, err := findSubscriptionItem(tx, r)
	if err != nil {
		return nil, err
	}
	if _, err := tx.changeSubscription(sub, asUpdate(r.Params(), item.ID(), false)); err != nil {
		return nil, outOfItem(err)
	}
	return tx.Get("subscription_item", item.ID()), nil
}

// deleteSubscriptionItem takes an item off its subscription.
func deleteSubscriptionItem(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	item, sub, err := findSubscriptionItem(tx, r)
	if err != nil {
		return nil, err
	}
	if _, err := tx.changeSubscription(sub, asUpdate(r.Params(), item.ID(), true)); err != nil {
		return nil, outOfItem(err)
	}
	return hash("id", item.ID(), "object", "subscription_item", "deleted", true), nil
}

// outOfItem names the parameter of a refusal as the item's call names it: items[0][price] is price.
func outOfItem(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	if rest, ok := strings.CutPrefix(e.Param, "items[0]["); ok {
		renamed := *e
		renamed.Message = strings.ReplaceAll(e.Message, e.Param, strings.Replace(rest, "]", "", 1))
		renamed.Param = strings.Replace(rest, "]", "", 1)
		return &renamed
	}
	return err
}
