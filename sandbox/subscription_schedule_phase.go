package sandbox

import (
	"fmt"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// newPhases makes the phases that a call describes, one after the other from start on.
func (tx *accountTx) newPhases(customer *stripeObject, list []formParams, start int64) ([]*stripeObject, error) {
	var phases []*stripeObject
	for i, given := range list {
		at := fmt.Sprintf("phases[%d]", i)
		if given.Has("start_date") {
			from := tx.instantOf(given, "start_date")
			if i > 0 && from != start {
				return nil, invalid(at+"[start_date]", "", "The start date of a phase must be the end date of the phase before it.")
			}
			start = from
		}
		phase, err := tx.newPhase(customer, given, start, at)
		if err != nil {
			return nil, err
		}
		phases = append(phases, phase)
		start = phase.Int("end_date")
	}
	return phases, nil
}

// instantOf reads a time that may be the word now.
func (tx *accountTx) instantOf(p formParams, key string) int64 {
	if p.Str(key) == "now" {
		return tx.Now()
	}
	return p.Int(key)
}

func (tx *accountTx) newPhase(customer *stripeObject, given formParams, start int64, at string) (*stripeObject, error) {
	phase := tx.NewHash("subscription_schedule_phase_configuration").Set("start_date", start).Set("add_invoice_items", []any{}).Set("discounts", []any{}).
		Set("default_tax_rates", []any{}).Set("proration_behavior", orElse(given.Str("proration_behavior"), "create_prorations"))
	items, every, currency, err := tx.phaseItems(given, at)
	if err != nil {
		return nil, err
	}
	phase.Set("items", items).Set("currency", orElse(given.Str("currency"), orElse(customer.str("currency"), currency)))
	end, err := tx.phaseEnd(given, start, every, at)
	if err != nil {
		return nil, err
	}
	phase.Set("end_date", end)
	switch {
	case given.Bool("trial"):
		phase.Set("trial_end", end)
	case given.Has("trial_end"):
		until := tx.instantOf(given, "trial_end")
		if until > end {
			return nil, invalid(at+"[trial_end]", "", "The trial end of a phase must not be after the phase's end.")
		}
		phase.Set("trial_end", until)
	}
	if rates := given.Strs("default_tax_rates"); len(rates) > 0 {
		found, err := findRates(tx, rates, at+"[default_tax_rates]")
		if err != nil {
			return nil, err
		}
		phase.Set("default_tax_rates", found)
	}
	phase.Set("discounts", tx.phaseDiscounts(given, "stackable_discount_with_discount_settings_and_discount_end"))
	if h, ok := given.Hash("invoice_settings"); ok {
		phase.Set("invoice_settings", applyParams(tx, tx.NewHash("invoice_setting_subscription_schedule_phase_setting"), h))
	}
	if list := given.List("add_invoice_items"); len(list) > 0 {
		added, err := tx.phaseAdditions(list, at)
		if err != nil {
			return nil, err
		}
		phase.Set("add_invoice_items", added)
	}
	if h, ok := given.Hash("automatic_tax"); ok {
		phase.Set("automatic_tax", tx.NewHash("schedules_phase_automatic_tax").Set("enabled", h.Bool("enabled")))
	}
	if h, ok := given.Hash("billing_thresholds"); ok {
		thresholds, err := tx.newThresholds(h, at+"[billing_thresholds]")
		if err != nil {
			return nil, err
		}
		phase.Set("billing_thresholds", thresholds)
	}
	applyParams(tx, phase, given, "items", "start_date", "end_date", "discounts", "default_tax_rates", "add_invoice_items", "invoice_settings",
		"trial", "trial_end", "proration_behavior", "currency", "automatic_tax", "billing_thresholds")
	return phase, nil
}

// phaseItems are the items of a phase, how often the shortest of them bills, and the first one's currency.
func (tx *accountTx) phaseItems(given formParams, at string) (items []*stripeObject, every billing.Recurrence, currency string, err error) {
	list := given.List("items")
	if len(list) == 0 {
		return nil, every, "", invalid(at+"[items]", "parameter_missing", "Missing required param: %s[items].", at)
	}
	for n, i := range list {
		param := fmt.Sprintf("%s[items][%d]", at, n)
		price, err := tx.itemPrice(i, param)
		if err != nil {
			return nil, every, "", err
		}
		if price == nil {
			return nil, every, "", invalid(param+"[price]", "parameter_missing", "Missing required param: %s[price].", param)
		}
		item := tx.NewHash("subscription_schedule_configuration_item").Set("price", price.ID()).Set("plan", price.ID()).Set("tax_rates", []any{}).
			Set("discounts", tx.phaseDiscounts(i, "stackable_discount_with_discount_settings")).Set("metadata", hash())
		if price.Str("recurring.usage_type") != "metered" {
			item.Set("quantity", 1)
		}
		if i.Has("quantity") {
			item.Set("quantity", i.Int("quantity"))
		}
		if rates := i.Strs("tax_rates"); len(rates) > 0 {
			found, err := findRates(tx, rates, param+"[tax_rates]")
			if err != nil {
				return nil, every, "", err
			}
			item.Set("tax_rates", found)
		}
		if h, ok := i.Hash("billing_thresholds"); ok {
			thresholds, err := tx.newItemThresholds(h, price, param)
			if err != nil {
				return nil, every, "", err
			}
			item.Set("billing_thresholds", thresholds)
		}
		applyMetadata(tx, item, i)
		items = append(items, item)
		e := recurrenceOf(price)
		if n == 0 || (billing.Cycle{Every: e}).Boundary(1) < (billing.Cycle{Every: every}).Boundary(1) {
			every = e
		}
		currency = orElse(currency, price.Str("currency"))
	}
	return items, every, currency, nil
}

// phaseEnd is when a phase ends: at its end_date, after its duration, or after one period of its prices.
func (tx *accountTx) phaseEnd(given formParams, start int64, every billing.Recurrence, at string) (int64, error) {
	if given.Has("end_date") && given.Has("duration") {
		return 0, invalid("", "parameters_exclusive", "You may only specify one of these parameters: %s[end_date], %s[duration].", at, at)
	}
	if given.Has("end_date") {
		end := tx.instantOf(given, "end_date")
		if end <= start {
			return 0, invalid(at+"[end_date]", "", "The end date of a phase must be after its start date.")
		}
		return end, nil
	}
	if h, ok := given.Hash("duration"); ok {
		every = billing.Recurrence{Interval: billing.Interval(h.Str("interval")), Count: max(1, h.Int("interval_count"))}
	}
	return int64((billing.Cycle{Anchor: billing.Instant(start), Every: every}).Boundary(1)), nil
}

// phaseDiscounts are the discounts that a phase will give.
func (tx *accountTx) phaseDiscounts(given formParams, schema string) []*stripeObject {
	list := []*stripeObject{}
	for _, d := range given.List("discounts") {
		o := tx.NewHash(schema)
		for _, key := range []string{"coupon", "discount", "promotion_code"} {
			o.Set(key, textOrNull(d.Str(key)))
		}
		list = append(list, o)
	}
	return list
}

// phaseAdditions are the items that a phase adds to its first invoice.
func (tx *accountTx) phaseAdditions(list []formParams, at string) ([]*stripeObject, error) {
	var added []*stripeObject
	for n, given := range list {
		param := fmt.Sprintf("%s[add_invoice_items][%d]", at, n)
		var price *stripeObject
		var err error
		if data, ok := given.Hash("price_data"); ok {
			price, err = tx.inlinePrice(data, param+"[price_data]")
		} else {
			price, err = findPrice(tx, given.Str("price"), param+"[price]", 400)
		}
		if err != nil {
			return nil, err
		}
		start, _ := given.Hash("period.start") // what is not said has its default
		end, _ := given.Hash("period.end")
		item := tx.NewHash("subscription_schedule_add_invoice_item").Set("price", price.ID()).Set("quantity", max(1, given.Int("quantity"))).
			Set("discounts", tx.phaseDiscounts(given, "discounts_resource_stackable_discount_with_discount_end")).
			Set("period", tx.NewHash("subscription_schedule_add_invoice_item_period").
				Set("start", applyParams(tx, tx.NewHash("subscription_schedules_resource_invoice_item_period_resource_period_start").Set("type", maxPeriodStart), start)).
				Set("end", applyParams(tx, tx.NewHash("subscription_schedules_resource_invoice_item_period_resource_period_end").Set("type", minPeriodEnd), end)))
		if given.Has("discountable") {
			item.Set("discountable", given.Bool("discountable"))
		}
		if rates := given.Strs("tax_rates"); len(rates) > 0 {
			found, err := findRates(tx, rates, param+"[tax_rates]")
			if err != nil {
				return nil, err
			}
			item.Set("tax_rates", found)
		}
		applyMetadata(tx, item, given)
		added = append(added, item)
	}
	return added, nil
}

// phaseOf is a subscription's present period as a phase.
func (tx *accountTx) phaseOf(sub *stripeObject) *stripeObject {
	phase := tx.NewHash("subscription_schedule_phase_configuration").Set("add_invoice_items", []any{}).Set("proration_behavior", "create_prorations").
		Set("currency", sub.Str("currency")).Set("default_tax_rates", sub.Get("default_tax_rates")).Set("metadata", sub.Get("metadata")).
		Set("collection_method", sub.Str("collection_method")).Set("description", sub.Get("description")).Set("billing_thresholds", sub.Get("billing_thresholds"))
	var start, end int64
	var items []*stripeObject
	for n, item := range subscriptionItems(sub) {
		i := tx.NewHash("subscription_schedule_configuration_item").Set("price", item.Str("price.id")).Set("plan", item.Str("price.id")).
			Set("tax_rates", item.Get("tax_rates")).Set("metadata", item.Get("metadata")).Set("billing_thresholds", item.Get("billing_thresholds")).
			Set("discounts", tx.discountsAsPhase(item, "stackable_discount_with_discount_settings"))
		if item.Has("quantity") {
			i.Set("quantity", item.Int("quantity"))
		}
		items = append(items, i)
		if s, e := item.Int("current_period_start"), item.Int("current_period_end"); n == 0 {
			start, end = s, e
		} else {
			start, end = max(start, s), min(end, e)
		}
	}
	if sub.Has("days_until_due") {
		phase.Set("invoice_settings.days_until_due", sub.Int("days_until_due"))
	}
	if sub.Str("status") == subTrialing {
		phase.Set("trial_end", sub.Int("trial_end"))
	}
	return phase.Set("items", items).Set("discounts", tx.discountsAsPhase(sub, "stackable_discount_with_discount_settings_and_discount_end")).Set("start_date", start).Set("end_date", end)
}

// discountsAsPhase are the discounts that a subscription or an item has, as its phase names them.
func (tx *accountTx) discountsAsPhase(o *stripeObject, schema string) []*stripeObject {
	discounts := []*stripeObject{}
	for _, id := range texts(o.List("discounts")) {
		discounts = append(discounts, tx.NewHash(schema).Set("discount", id).Set("coupon", tx.Get("discount", id).str("source.coupon")))
	}
	return discounts
}
