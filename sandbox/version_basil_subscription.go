package sandbox

// Before basil a subscription had one period, and one discount.
func init() {
	registerChange(versionChange{
		since:  "2025-03-31.basil",
		what:   "`current_period_start` and `current_period_end` are of a subscription's items; before they were of the subscription, which also had the whole `discount`.",
		source: "docs.stripe.com/changelog/basil/2025-03-31/deprecate-subscription-current-period-start-and-end; stripe-node 18.0.0, CHANGELOG.md",
		limits: "Of items with several periods the subscription shows the latest start and the earliest end.",
		shapes: []shapeChange{
			{
				schema: "subscription", edit: []nodeEdit{with("current_period_end", aTime()), with("current_period_start", aTime()), with("discount", nullable(whole("discount")))},
				fill: func(t *translation, from, to *stripeObject) {
					var start, end int64
					for _, v := range from.List("items") {
						if item, ok := v.(*stripeObject); ok {
							start = max(start, item.Int("current_period_start"))
							if e := item.Int("current_period_end"); end == 0 || e < end {
								end = e
							}
						}
					}
					to.Set("current_period_start", start).Set("current_period_end", end).Set("discount", onlyDiscount(t, from))
				},
			},
			{schema: "subscription_item", edit: []nodeEdit{without("current_period_start", "current_period_end")}},
		},
	})
	registerChange(versionChange{
		since:  "2025-03-31.basil",
		what:   "Subscriptions, their schedules' phases and invoice previews take `discounts`; before they took `coupon` too, subscriptions also `promotion_code`. A phase showed its `coupon`.",
		source: "docs.stripe.com/changelog/basil/2025-03-31/deprecate-singular-coupon-promotion-code",
		shapes: []shapeChange{{
			schema: "subscription_schedule_phase_configuration", edit: []nodeEdit{with("coupon", nullable(referenceTo("coupon")))},
			fill: func(_ *translation, from, to *stripeObject) {
				if discounts := from.List("discounts"); len(discounts) == 1 {
					if d, ok := discounts[0].(*stripeObject); ok {
						to.Set("coupon", textOrNull(d.Str("coupon")))
					}
				}
			},
		}},
		calls: []callChange{
			{
				ops: []string{"POST /v1/subscriptions", "POST /v1/subscriptions/{subscription_exposed_id}"}, edit: []nodeEdit{withOptional("coupon", nullable(aText())), withOptional("promotion_code", nullable(aText()))},
				up: func(_ *accountTx, p *paramNode) error {
					couponToDiscounts(p)
					return nil
				},
				names: map[string]string{"discounts[0][coupon]": "coupon", "discounts[0][promotion_code]": "promotion_code"},
			},
			{
				ops: []string{"POST /v1/subscription_schedules", "POST /v1/subscription_schedules/{schedule}"}, edit: []nodeEdit{at("phases", withOptional("coupon", nullable(aText())))},
				up: func(_ *accountTx, p *paramNode) error {
					p.each([]string{"phases"}, couponToDiscounts)
					return nil
				},
			},
			{
				ops: []string{"POST /v1/invoices/create_preview"}, edit: []nodeEdit{withOptional("coupon", aText()), at("schedule_details.phases", withOptional("coupon", nullable(aText())))},
				up: func(_ *accountTx, p *paramNode) error {
					couponToDiscounts(p)
					p.each([]string{"schedule_details", "phases"}, couponToDiscounts)
					return nil
				},
				names: map[string]string{"discounts[0][coupon]": "coupon"},
			},
		},
	})
}

// couponToDiscounts says in discounts what a call said in coupon and promotion_code; one that was sent empty takes the
// discount away.
func couponToDiscounts(p *paramNode) {
	for _, key := range []string{"coupon", "promotion_code"} {
		n := p.take(key)
		switch {
		case n == nil:
		case n.null:
			if p.hash["discounts"] == nil {
				p.put("discounts", &paramNode{null: true})
			}
		default:
			p.put("discounts", listOfNodes(branchOf(key, n)))
		}
	}
}
