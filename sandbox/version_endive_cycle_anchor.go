package sandbox

// Since endive a billing cycle anchor is told in a hash, so that it can say more than a word.
func init() {
	kind := hashOf(prop("type", wordOf("now", "unchanged")))
	previewed := hashOf(prop("type", wordOf("now", "timestamp", "unchanged")))
	withOptional("timestamp", aTime())(previewed)
	up := func(path ...string) func(*accountTx, *paramNode) error {
		return func(_ *accountTx, p *paramNode) error {
			for _, key := range path {
				if p = p.hash[key]; p == nil {
					return nil
				}
			}
			anchor := p.take("billing_cycle_anchor")
			if anchor == nil {
				return nil
			}
			kind, at := anchor.hash["type"], anchor.hash["timestamp"]
			switch {
			case kind.value != "timestamp" && at != nil:
				return invalid("subscription_details[billing_cycle_anchor][timestamp]", "", "You can only specify `timestamp` if `type` is `timestamp`.")
			case kind.value != "timestamp":
				p.put("billing_cycle_anchor", kind)
			case at == nil:
				return invalid("subscription_details[billing_cycle_anchor][timestamp]", "parameter_missing", "Missing required param: subscription_details[billing_cycle_anchor][timestamp].")
			default:
				p.put("billing_cycle_anchor", at)
			}
			return nil
		}
	}
	registerChange(versionChange{
		since:  "2026-09-30.endive",
		what:   "`billing_cycle_anchor` of updating and resuming a subscription, and of `subscription_details` of an invoice preview, is a hash `{type: now | unchanged}` instead of the word; a preview takes `{type: timestamp, timestamp}` too.",
		source: "stripe-node 23.0.0, CHANGELOG.md and types (`billing_cycle_anchor_param`); docs.stripe.com/changelog/endive/2026-09-30/polymorphic-billing-cycle-anchor",
		calls: []callChange{
			{
				ops:  []string{"POST /v1/subscriptions/{subscription_exposed_id}", "POST /v1/subscriptions/{subscription}/resume"},
				edit: []nodeEdit{withOptional("billing_cycle_anchor", kind)}, up: up(),
			},
			{
				ops:  []string{"POST /v1/invoices/create_preview"},
				edit: []nodeEdit{at("subscription_details", withOptional("billing_cycle_anchor", previewed))}, up: up("subscription_details"),
			},
		},
	})
}
