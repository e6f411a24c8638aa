package sandbox

import "slices"

// Since endive the methods of a payment are chosen by the account's settings; a call may only narrow them.
func init() {
	intents := []string{
		"POST /v1/payment_intents", "POST /v1/payment_intents/{intent}", "POST /v1/payment_intents/{intent}/confirm",
		"POST /v1/setup_intents", "POST /v1/setup_intents/{intent}",
	}
	session := []string{"POST /v1/checkout/sessions"}
	registerChange(versionChange{
		since: "2026-09-30.endive",
		what: "`payment_method_types` is no parameter of PaymentIntents (create, update, confirm), SetupIntents (create, update) and Checkout Sessions: sending it is 400 " +
			"`payment_method_types_no_longer_supported`. Checkout Sessions take and show `allowed_payment_method_types`.",
		source: "docs.stripe.com/changelog/endive/2026-09-30/removes-the-payment-method-types-parameter-from-payment-intents-and-setup-intents, …/remove-payment-method-types-checkout-sessions; the types of stripe-node 23.1.0",
		limits: "Stripe publishes the code of the refusal, not its sentence; for Checkout Sessions not the code either.",
		shapes: []shapeChange{{
			schema: "checkout.session",
			edit:   []nodeEdit{with("allowed_payment_method_types", nullable(arrayOf(aText())))},
			fill: func(_ *translation, from, to *stripeObject) {
				if types := from.List(hiddenAllowedTypes); len(types) > 0 {
					to.Set("allowed_payment_method_types", slices.Clone(types))
				}
			},
		}},
		calls: []callChange{
			{ops: intents, edit: []nodeEdit{without("payment_method_types")}, refuse: refuseMethodTypes},
			{ops: session, edit: []nodeEdit{without("payment_method_types"), withOptional("allowed_payment_method_types", arrayOf(aText()))}, refuse: refuseMethodTypes},
		},
	})
}

func refuseMethodTypes(p formParams) error {
	if !p.Has("payment_method_types") {
		return nil
	}
	return invalid("payment_method_types", "payment_method_types_no_longer_supported", "The parameter payment_method_types is no longer supported in this API version. "+
		"Use allowed_payment_method_types or excluded_payment_method_types to narrow the payment methods that your settings allow.")
}
