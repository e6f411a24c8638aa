package sandbox

import (
	"fmt"
	"slices"

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
	applyParams(tx, phase, given, "items", "start_date", "end_date", "discounts", "default_tax_rates", "add_invoice_items", "invoice_settings",
		"trial", "trial_end", "proration_behavior", "currency", "automatic_tax")
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
		item := tx.NewHash("subscription_schedule_configuration_item").Set("price", price.ID()).Set("tax_rates", []any{}).
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
		item := tx.NewHash("subscription_schedule_add_invoice_item").Set("price", price.ID()).Set("quantity", max(1, given.Int("quantity"))).Set("discounts", []any{}).
			Set("period", tx.NewHash("subscription_schedule_add_invoice_item_period").
				Set("start.type", orElse(given.Str("period.start.type"), "phase_start")).Set("end.type", orElse(given.Str("period.end.type"), "phase_end")))
		applyMetadata(tx, item, given)
		added = append(added, item)
	}
	return added, nil
}

// phaseOf is a subscription's present period as a phase.
func (tx *accountTx) phaseOf(sub *stripeObject) *stripeObject {
	phase := tx.NewHash("subscription_schedule_phase_configuration").Set("add_invoice_items", []any{}).Set("proration_behavior", "create_prorations").
		Set("currency", sub.Str("currency")).Set("default_tax_rates", sub.Get("default_tax_rates")).Set("metadata", sub.Get("metadata")).
		Set("collection_method", sub.Str("collection_method")).Set("description", sub.Get("description"))
	var start, end int64
	var items []*stripeObject
	for n, item := range subscriptionItems(sub) {
		i := tx.NewHash("subscription_schedule_configuration_item").Set("price", item.Str("price.id")).Set("tax_rates", item.Get("tax_rates")).
			Set("metadata", item.Get("metadata")).Set("discounts", []any{})
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
	var discounts []*stripeObject
	for _, id := range texts(sub.List("discounts")) {
		discounts = append(discounts, tx.NewHash("stackable_discount_with_discount_settings_and_discount_end").Set("discount", id).Set("coupon", tx.Get("discount", id).str("source.coupon")))
	}
	if sub.Has("days_until_due") {
		phase.Set("invoice_settings.days_until_due", sub.Int("days_until_due"))
	}
	if sub.Str("status") == subTrialing {
		phase.Set("trial_end", sub.Int("trial_end"))
	}
	return phase.Set("items", items).Set("discounts", discounts).Set("start_date", start).Set("end_date", end)
}

// phaseParams is what a phase says as the parameters of a subscription: of a new one, or of one that exists, whose items
// of the same prices stay.
func (tx *accountTx) phaseParams(schedule, phase, sub *stripeObject) (formParams, error) {
	set := map[string]any{"proration_behavior": phase.Str("proration_behavior"), "currency": phase.Str("currency")}
	var items []any
	var kept []string
	for _, i := range objectsOf(phase.List("items")) {
		item := map[string]any{"price": i.Str("price")}
		if i.Has("quantity") {
			item["quantity"] = i.Int("quantity")
		}
		if rates := objectsOf(i.List("tax_rates")); len(rates) > 0 {
			item["tax_rates"] = anyTexts(objectIDs(rates))
		}
		if list := discountParams(i); len(list) > 0 {
			item["discounts"] = list
		}
		if sub != nil {
			if n := slices.IndexFunc(subscriptionItems(sub), func(have *stripeObject) bool { return have.Str("price.id") == i.Str("price") }); n >= 0 {
				item["id"] = subscriptionItems(sub)[n].ID()
				kept = append(kept, subscriptionItems(sub)[n].ID())
			}
		}
		items = append(items, item)
	}
	if sub != nil {
		delete(set, "currency")
		for _, have := range subscriptionItems(sub) {
			if !slices.Contains(kept, have.ID()) {
				items = append(items, map[string]any{"id": have.ID(), "deleted": true})
			}
		}
	}
	set["items"] = items
	if method := orElse(phase.Str("collection_method"), schedule.Str("default_settings.collection_method")); method != "" {
		set["collection_method"] = method
		days := phase.Get("invoice_settings.days_until_due")
		if days == nil {
			days = schedule.Get("default_settings.invoice_settings.days_until_due")
		}
		if method == sendInvoice && days != nil {
			set["days_until_due"] = days
		}
	}
	for _, key := range []string{"default_payment_method", "description"} {
		if v := orElse(phase.Str(key), schedule.Str("default_settings."+key)); v != "" {
			set[key] = v
		}
	}
	if rates := objectsOf(phase.List("default_tax_rates")); len(rates) > 0 {
		set["default_tax_rates"] = anyTexts(objectIDs(rates))
	}
	if list := discountParams(phase); len(list) > 0 && !tx.hasCoupons(sub, list) {
		set["discounts"] = list
	}
	if m := phase.Hash("metadata"); m != nil && len(m.Keys()) > 0 {
		metadata := map[string]any{}
		for _, key := range m.Keys() {
			metadata[key] = m.Str(key)
		}
		set["metadata"] = metadata
	}
	if end := phase.Int("trial_end"); end > tx.Now() {
		set["trial_end"] = end
	}
	if sub != nil && orElse(phase.Str("billing_cycle_anchor"), schedule.Str("default_settings.billing_cycle_anchor")) == "phase_start" {
		set["billing_cycle_anchor"] = "now"
	}
	if added := additionParams(phase); len(added) > 0 {
		set["add_invoice_items"] = added
	}
	return paramsOf(set)
}

func anyTexts(list []string) []any {
	values := make([]any, len(list))
	for i, s := range list {
		values[i] = s
	}
	return values
}

// discountParams are the discounts of a phase or of an item of it, as parameters.
func discountParams(o *stripeObject) []any {
	var list []any
	for _, d := range objectsOf(o.List("discounts")) {
		for _, key := range []string{"discount", "promotion_code", "coupon"} {
			if id := d.Str(key); id != "" {
				list = append(list, map[string]any{key: id})
				break
			}
		}
	}
	return list
}

// hasCoupons says whether a subscription has the discounts already that a phase gives.
func (tx *accountTx) hasCoupons(sub *stripeObject, list []any) bool {
	if sub == nil {
		return false
	}
	var have []string
	for _, discount := range tx.discountsOf(sub) {
		have = append(have, discount.Str("source.coupon"), discount.ID())
	}
	for _, d := range list {
		for _, id := range d.(map[string]any) {
			if !slices.Contains(have, id.(string)) {
				return false
			}
		}
	}
	return true
}

func additionParams(phase *stripeObject) []any {
	var list []any
	for _, item := range objectsOf(phase.List("add_invoice_items")) {
		list = append(list, map[string]any{"price": item.Str("price"), "quantity": item.Int("quantity")})
	}
	return list
}
