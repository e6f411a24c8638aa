package sandbox

// Before clover the length of a schedule's phase could be told as a number of the first price's intervals.
func init() {
	up := func(path ...string) func(*accountTx, *paramNode) error {
		return func(tx *accountTx, p *paramNode) error {
			p.each(path, func(phase *paramNode) { iterationsToDuration(tx, phase) })
			return nil
		}
	}
	registerChange(versionChange{
		since:  "2025-09-30.clover",
		what:   "Phases of subscription schedules have a `duration`; before they took `iterations` too, a number of the interval of the phase's price.",
		source: "docs.stripe.com/changelog/clover/2025-09-30/remove-iterations",
		limits: "The interval is that of the first item whose price is named by its id or given as `price_data`.",
		calls: []callChange{
			{
				ops:  []string{"POST /v1/subscription_schedules", "POST /v1/subscription_schedules/{schedule}"},
				edit: []nodeEdit{at("phases", withOptional("iterations", aNumber()))}, up: up("phases"),
			},
			{
				ops:  []string{"POST /v1/invoices/create_preview"},
				edit: []nodeEdit{at("schedule_details.phases", withOptional("iterations", aNumber()))}, up: up("schedule_details", "phases"),
			},
		},
	})
}

// iterationsToDuration says in duration what a phase said in iterations.
func iterationsToDuration(tx *accountTx, phase *paramNode) {
	iterations := phase.take("iterations")
	if iterations == nil {
		return
	}
	times := formParams{iterations}.Int("")
	for _, item := range (formParams{phase}).List("items") {
		interval, count := item.Str("price_data.recurring.interval"), item.Int("price_data.recurring.interval_count")
		if price := tx.Get("price", item.Str("price")); price != nil {
			interval, count = price.Str("recurring.interval"), price.Int("recurring.interval_count")
		}
		if interval == "" {
			continue
		}
		duration := branchOf("interval", leafOf(interval))
		duration.put("interval_count", leafOf(times*max(count, 1)))
		phase.put("duration", duration)
		return
	}
}
