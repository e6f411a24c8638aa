package sandbox

// Keys that the versions of endive add and that are always there. They break nobody, but the description that the sandbox
// is made from ends before them, so that only readers of endive get them.
func init() {
	null := func(schema string, keys ...string) shapeChange {
		c := shapeChange{schema: schema}
		for _, key := range keys {
			c.edit = append(c.edit, with(key, nullable(aText())))
		}
		return c
	}
	registerChange(versionChange{
		since: "2026-09-30.endive",
		what: "New keys: `payment_intent.payment_record`, `last_payment_error.payment_method_type`, `subscription_item.current_trial`, " +
			"`trial_settings.end_behavior.billing_cycle_anchor`, `pending_update.cancel_at_period_end`, `subscription_schedule.pause_schedules`, and of a charge's card `electronic_commerce_indicator`; its `mandate` can be expanded.",
		source: "the types of stripe-node 23.1.0 beside those of 22.6.2; docs.stripe.com/changelog/endive/2026-09-30/expand-mandate-on-card-payments-details, …/payment-method-type-payment-failures",
		limits: "The new keys are null or empty, but for `payment_method_type`; their parameters are not taken.",
		shapes: []shapeChange{
			{schema: "payment_intent", edit: []nodeEdit{with("payment_record", nullable(referenceTo("payment_record")))}},
			{schema: "api_errors", fill: func(_ *translation, from, to *stripeObject) {
				if typ := from.Str("payment_method.type"); typ != "" {
					to.Set("payment_method_type", typ)
				}
			}},
			null("subscription_item", "current_trial"),
			null("subscriptions_resource_trial_settings_end_behavior", "billing_cycle_anchor"),
			null("subscriptions_resource_pending_update", "cancel_at_period_end"),
			{schema: "subscription_schedule", edit: []nodeEdit{with("pause_schedules", arrayOf(anyHash()))}},
			{schema: "payment_method_details_card", edit: []nodeEdit{with("electronic_commerce_indicator", nullable(aText())), with("mandate", nullable(referenceTo("mandate")))}},
		},
	})
	registerChange(versionChange{
		since:  "2026-10-28.endive",
		what:   "New keys: `dispute.intended_submission_method`, `dispute.evidence_details.submission_method`, and four of `payment_link.subscription_data.invoice_settings`.",
		source: "the types of stripe-node 23.1.0; its CHANGELOG.md, 23.1.0",
		limits: "`submission_method` is `manual` once evidence was submitted, else `not_submitted`; the others are null.",
		shapes: []shapeChange{
			null("dispute", "intended_submission_method"),
			{
				schema: "dispute_evidence_details", edit: []nodeEdit{with("submission_method", wordOf("manual", "not_submitted", "smart_disputes"))},
				fill: func(_ *translation, from, to *stripeObject) {
					to.Set("submission_method", "not_submitted")
					if from.Int("submission_count") > 0 {
						to.Set("submission_method", "manual")
					}
				},
			},
			null("payment_links_resource_subscription_data_invoice_settings", "description", "footer", "account_tax_ids", "custom_fields"),
		},
	})
}
