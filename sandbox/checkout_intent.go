package sandbox

// intentData reads what payment_intent_data said.
func intentData(session *stripeObject, key string) string {
	return session.Str(hiddenIntentData + "." + key)
}

// newSessionIntent makes the PaymentIntent of a session. Its amount_details and payment_details are as recorded: the order's
// reference is its first product.
func newSessionIntent(tx *accountTx, session *stripeObject) *stripeObject {
	pi := tx.New("payment_intent")
	pi.Set("currency", session.Str("currency")).Set("client_secret", pi.ID()+"_secret_"+tx.NewID("", 25)).
		Set("capture_method", orElse(intentData(session, "capture_method"), "automatic_async")).
		Set("confirmation_method", "automatic").Set("status", requiresPaymentMethod).
		Set("payment_method_types", session.Get("payment_method_types")).Set(hiddenSession, session.ID())
	if data := session.Hash(hiddenIntentData); data != nil {
		p := formParams{nodeOf(data)}
		applyParams(tx, pi, p, "capture_method", "shipping")
		setShipping(tx, pi, p)
	}
	setIntentOptions(tx, pi, session)
	if items := sessionItems(tx, session); len(items) > 0 {
		pi.Set("payment_details", tx.NewHash("payment_flows_payment_details").Set("order_reference", items[0].Get("price.product")))
	}
	fillSessionIntent(tx, pi, session)
	return pi
}

// fillSessionIntent writes what the buyer's choices make of the intent: its amount and where the goods go.
func fillSessionIntent(tx *accountTx, pi, session *stripeObject) {
	details := session.Hash("total_details")
	pi.Set("amount", session.Int("amount_total")).
		Set("amount_details", tx.NewHash("payment_flows_amount_details").Set("tip", emptyHash).
			Set("shipping", tx.NewHash("payment_flows_amount_details_resource_shipping").Set("amount", details.Int("amount_shipping"))).
			Set("tax", tx.NewHash("payment_flows_amount_details_resource_tax").Set("total_tax_amount", details.Int("amount_tax"))))
	if shipping := session.Hash("collected_information.shipping_details"); shipping != nil {
		pi.Set("shipping", tx.NewHash("shipping").Set("address", shipping.Get("address")).Set("name", shipping.Get("name")).
			Set("phone", session.Get("customer_details.phone")))
	}
}
