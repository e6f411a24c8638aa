package sandbox

// Before subscriptions had items they had one plan and a quantity. Stripe still takes both (recorded), as what they say
// about the items.

// withItems is the parameters with plan and quantity said about the items: about those of a new subscription if sub is nil,
// else about the one that sub has. It returns an error when there is more than one that they could mean.
func withItems(p formParams, sub *stripeObject) (formParams, error) {
	plan, quantity := p.find("plan"), p.find("quantity")
	if plan == nil && quantity == nil || plan == nil && sub == nil && p.Has("items") {
		return p.with("quantity", nil), nil
	}
	name := "plan"
	if plan == nil {
		name = "quantity"
	}
	if p.Has("items") {
		return p, invalid(name, "", "You may only specify one of these parameters: items, %s.", name)
	}
	item := formParams{&paramNode{hash: map[string]*paramNode{}}}
	if sub != nil {
		items := subscriptionItems(sub)
		if len(items) != 1 {
			return p, invalid(name, "", "This subscription has several items, so `%s` does not say which one is meant. Use `items` instead.", name)
		}
		item = item.with("id", &paramNode{value: items[0].ID()})
	}
	if plan != nil {
		item = item.with("price", plan)
	}
	if quantity != nil {
		item = item.with("quantity", quantity)
	}
	items := &paramNode{list: []*paramNode{item.node}}
	return p.with("plan", nil).with("quantity", nil).with("items", items), nil
}
