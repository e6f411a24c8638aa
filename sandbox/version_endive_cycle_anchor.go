package sandbox

// Since endive a billing cycle anchor is told in a hash, so that it can say more than a word.
func init() {
	kind := hashOf(prop("type", wordOf("now", "unchanged")))
	up := func(path ...string) func(*accountTx, *paramNode) error {
		return func(_ *accountTx, p *paramNode) error {
			for _, key := range path {
				if p = p.hash[key]; p == nil {
					return nil
				}
			}
			if anchor := p.take("billing_cycle_anchor"); anchor != nil {
				p.put("billing_cycle_anchor", anchor.hash["type"])
			}
			return nil
		}
	}
	registerChange(versionChange{
		since:  "2026-09-30.endive",
		what:   "`billing_cycle_anchor` of updating and resuming a subscription, and of `subscription_details` of an invoice preview, is a hash `{type: now | unchanged}` instead of the word.",
		source: "stripe-node 23.0.0, CHANGELOG.md and types (`billing_cycle_anchor_param`)",
		calls: []callChange{
			{
				ops:  []string{"POST /v1/subscriptions/{subscription_exposed_id}", "POST /v1/subscriptions/{subscription}/resume"},
				edit: []nodeEdit{withOptional("billing_cycle_anchor", kind)}, up: up(),
			},
			{
				ops:  []string{"POST /v1/invoices/create_preview"},
				edit: []nodeEdit{at("subscription_details", withOptional("billing_cycle_anchor", kind))}, up: up("subscription_details"),
			},
		},
	})
}
