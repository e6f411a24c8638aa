package sandbox

// Before basil usage could be reported to a subscription's item, and a price said how to add it up.
func init() {
	words := nullable(wordOf("last_during_period", "last_ever", "max", "sum"))
	forget := func(_ *accountTx, p *paramNode) error {
		p.take("aggregate_usage")
		if recurring := p.hash["recurring"]; recurring != nil && recurring.hash != nil {
			recurring.take("aggregate_usage")
		}
		return nil
	}
	registerChange(versionChange{
		since:  "2025-03-31.basil",
		what:   "Recurring prices and plans have no `aggregate_usage`; usage is reported to meters.",
		source: "docs.stripe.com/changelog/basil/2025-03-31/deprecate-legacy-usage-based-billing",
		limits: "`aggregate_usage` is taken and answered as null; usage records and their summaries are not there.",
		shapes: []shapeChange{
			{schema: "recurring", edit: []nodeEdit{with("aggregate_usage", words)}},
			{schema: "plan", edit: []nodeEdit{with("aggregate_usage", words)}},
		},
		calls: []callChange{
			{ops: []string{"POST /v1/prices"}, edit: []nodeEdit{at("recurring", withOptional("aggregate_usage", wordOf("last_during_period", "last_ever", "max", "sum")))}, up: forget},
			{ops: []string{"POST /v1/plans"}, edit: []nodeEdit{withOptional("aggregate_usage", wordOf("last_during_period", "last_ever", "max", "sum"))}, up: forget},
		},
	})
}
