package sandbox

// Since clover promotion codes and discounts say what kind of promotion they are, and name its coupon by its id.
func init() {
	coupon := whole("coupon")
	discount := func(schema string) shapeChange {
		return shapeChange{
			schema: schema, edit: []nodeEdit{without("source"), with("coupon", coupon)},
			fill: func(t *translation, from, to *stripeObject) {
				to.Set("coupon", t.whole("coupon", from.Str("source.coupon")))
			},
		}
	}
	registerChange(versionChange{
		since:  "2025-09-30.clover",
		what:   "A promotion code has `promotion` `{type, coupon}`; before it had the whole `coupon`. Creating one takes `promotion`; before it took `coupon`.",
		source: "docs.stripe.com/changelog/clover/2025-09-30/polymorphic-coupon",
		shapes: []shapeChange{{
			schema: "promotion_code", edit: []nodeEdit{without("promotion"), with("coupon", coupon)},
			fill: func(t *translation, from, to *stripeObject) {
				to.Set("coupon", t.whole("coupon", from.Str("promotion.coupon")))
			},
		}},
		calls: []callChange{{
			ops: []string{"POST /v1/promotion_codes"}, edit: []nodeEdit{without("promotion"), with("coupon", aText())},
			up: func(_ *accountTx, p *paramNode) error {
				promotion := p.branch("promotion")
				promotion.put("type", leafOf("coupon"))
				promotion.put("coupon", p.take("coupon"))
				return nil
			},
			names: map[string]string{"promotion[coupon]": "coupon"},
		}},
	})
	registerChange(versionChange{
		since:  "2025-09-30.clover",
		what:   "A discount has `source` `{type, coupon}`; before it had the whole `coupon`. Customers, subscriptions, invoices and expanded discounts alike.",
		source: "docs.stripe.com/changelog/clover/2025-09-30/add-discount-source-property",
		shapes: []shapeChange{discount("discount"), discount("deleted_discount")},
	})
}
