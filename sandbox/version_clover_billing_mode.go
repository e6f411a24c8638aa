package sandbox

import "slices"

// Since clover subscriptions are made in flexible billing mode unless a call says otherwise. What a subscription was made
// in stays; only the default follows the version of the call that makes it.
func init() {
	classic := func(path ...string) func(*accountTx, *paramNode) error {
		return func(_ *accountTx, p *paramNode) error {
			for _, key := range path {
				p = p.branch(key)
			}
			if p.hash["billing_mode"] == nil {
				p.put("billing_mode", branchOf("type", leafOf("classic")))
			}
			return nil
		}
	}
	registerChange(versionChange{
		since:  "2025-09-30.clover",
		what:   "New subscriptions are in `billing_mode` flexible; calls of before make them classic. So for subscriptions, schedules, quotes, invoice previews of new subscriptions, and Checkout Sessions in subscription mode.",
		source: "docs.stripe.com/changelog/clover/2025-09-30/billing-mode-default-flexible",
		limits: "Payment Links have no parameter for it; their subscriptions are as of the newest version.",
		calls: []callChange{
			{ops: []string{"POST /v1/subscriptions", "POST /v1/subscription_schedules"}, up: classic()},
			{ops: []string{"POST /v1/quotes"}, up: classic("subscription_data")},
			{ops: []string{"POST /v1/checkout/sessions"}, up: func(tx *accountTx, p *paramNode) error {
				if mode := p.hash["mode"]; mode == nil || mode.value != "subscription" {
					return nil
				}
				return classic("subscription_data")(tx, p)
			}},
			{ops: []string{"POST /v1/invoices/create_preview"}, up: func(tx *accountTx, p *paramNode) error {
				if slices.ContainsFunc([]string{"subscription", "schedule"}, func(key string) bool { return p.hash[key] != nil }) {
					return nil // it has a mode of its own
				}
				for _, key := range []string{"subscription_details", "schedule_details"} {
					if p.hash[key] != nil {
						return classic(key)(tx, p)
					}
				}
				return nil
			}},
		},
	})
}
