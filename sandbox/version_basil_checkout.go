package sandbox

// Before basil a Checkout Session told twice where to send the goods.
func init() {
	registerChange(versionChange{
		since:  "2025-03-31.basil",
		what:   "A Checkout Session tells the address that it collected in `collected_information[shipping_details]`; before it had `shipping_details` too.",
		source: "stripe-node 18.0.0, CHANGELOG.md; the types of 17.7.0 beside those of 18.5.0",
		limits: "Sessions in subscription mode make the subscription after the payment in all versions; before basil Stripe made it before.",
		shapes: []shapeChange{{
			schema: "checkout.session", edit: []nodeEdit{with("shipping_details", nullable(whole("payment_pages_checkout_session_checkout_address_details")))},
			fill: func(_ *translation, from, to *stripeObject) {
				to.Set("shipping_details", from.Get("collected_information.shipping_details"))
			},
		}},
	})
}
