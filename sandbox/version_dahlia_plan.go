package sandbox

// Stripe's answers show of a subscription and its items what they were before there were prices, and how many members their
// lists have. The description of dahlia does not have these keys, so that readers from dahlia on do not get them.
func init() {
	plan := nullable(whole("plan"))
	registerChange(versionChange{
		since: "2026-03-25.dahlia",
		what: "A subscription's items have no `plan`, a subscription no `plan` and `quantity`, and the lists of its items and of an invoice's lines no `total_count`; " +
			"before a subscription of one item had that item's `plan` and `quantity`, else null.",
		source: "recorded answers up to 2026-03-25.dahlia have the keys, the published description of 2026-08-26.dahlia has not: the version in between is a choice",
		shapes: []shapeChange{
			{
				schema: "subscription", edit: []nodeEdit{with("plan", plan), with("quantity", nullable(aNumber())), at("items", with(totalCount, aNumber()))},
				fill: func(t *translation, from, to *stripeObject) {
					items := from.List("items")
					if item, ok := onlyItem(items); ok {
						to.Set("plan", t.planOfItem(item)).Set("quantity", item.Get("quantity"))
					}
					to.Set("items", counted(to.Hash("items")))
				},
			},
			{
				schema: "subscription_item", edit: []nodeEdit{with("plan", plan)},
				fill: func(t *translation, from, to *stripeObject) { to.Set("plan", t.planOfItem(from)) },
			},
			{
				schema: "invoice", edit: []nodeEdit{at("lines", with(totalCount, aNumber()))},
				fill: func(_ *translation, from, to *stripeObject) {
					to.Set("lines", counted(to.Hash("lines")))
				},
			},
		},
	})
}

// onlyItem is the item of a subscription that has one.
func onlyItem(items []any) (*stripeObject, bool) {
	if len(items) != 1 {
		return nil, false
	}
	item, ok := items[0].(*stripeObject)
	return item, ok
}

// counted is a list inside an object that tells how many members it has.
func counted(list *stripeObject) *stripeObject {
	members, _ := list.Get("data").([]any)
	return hash("object", "list", "data", members, "has_more", list.Bool("has_more"), totalCount, len(members), "url", list.Str("url"))
}

// planOfItem is the price of a subscription's item as a plan.
func (t *translation) planOfItem(item *stripeObject) any {
	price := item.Hash("price")
	if price == nil {
		return nil
	}
	return t.object(planOf(t.tx, price))
}
