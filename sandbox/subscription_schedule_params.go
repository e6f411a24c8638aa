package sandbox

import (
	"slices"
)

// phaseParams is what a phase says as the parameters of a subscription: of a new one, or of one that exists, whose items
// of the same prices stay. What neither the phase nor the schedule's defaults say stays as it is, but for discounts: those
// of a former phase go (docs.stripe.com/billing/subscriptions/subscription-schedules, "Phases").
func (tx *accountTx) phaseParams(schedule, phase, sub *stripeObject) (formParams, error) {
	set := map[string]any{"proration_behavior": phase.Str("proration_behavior")}
	if sub == nil {
		set["currency"] = phase.Str("currency")
	}
	set["items"] = tx.phaseItemParams(phase, sub)
	phaseCollection(set, schedule, phase)
	for _, key := range []string{"default_payment_method", "description", "on_behalf_of"} {
		if v := orElse(phase.Str(key), schedule.Str("default_settings."+key)); v != "" {
			set[key] = v
		}
	}
	if rates := objectsOf(phase.List("default_tax_rates")); len(rates) > 0 {
		set["default_tax_rates"] = anyTexts(objectIDs(rates))
	}
	tx.discountParams(set, phase, sub)
	if m := metadataParams(phase); m != nil {
		set["metadata"] = m
	}
	if end := phase.Int("trial_end"); end > tx.Now() {
		set["trial_end"] = end
	}
	if sub != nil && orElse(phase.Str("billing_cycle_anchor"), schedule.Str("default_settings.billing_cycle_anchor")) == "phase_start" {
		set["billing_cycle_anchor"] = "now"
	}
	if added := tx.additionParams(phase); len(added) > 0 {
		set["add_invoice_items"] = added
	}
	p, err := paramsOf(set)
	if err != nil {
		return p, err
	}
	for _, key := range []string{"application_fee_percent", "automatic_tax", "billing_thresholds", "transfer_data"} {
		for _, from := range []any{phase.Get(key), schedule.Get("default_settings." + key)} {
			if from != nil {
				p = p.with(key, nodeOf(from))
				break
			}
		}
	}
	return p, nil
}

// phaseItemParams are the items of a phase, and those of the subscription that it has no more.
func (tx *accountTx) phaseItemParams(phase, sub *stripeObject) []any {
	var items []any
	var had []*stripeObject
	if sub != nil {
		had = subscriptionItems(sub)
	}
	var kept []string
	for _, i := range objectsOf(phase.List("items")) {
		item := map[string]any{"price": i.Str("price")}
		if i.Has("quantity") {
			item["quantity"] = i.Int("quantity")
		}
		if rates := objectsOf(i.List("tax_rates")); len(rates) > 0 {
			item["tax_rates"] = anyTexts(objectIDs(rates))
		}
		if m := metadataParams(i); m != nil {
			item["metadata"] = m
		}
		if i.Has("billing_thresholds") {
			item["billing_thresholds"] = map[string]any{"usage_gte": i.Int("billing_thresholds.usage_gte")}
		}
		var same *stripeObject
		if n := slices.IndexFunc(had, func(have *stripeObject) bool { return have.Str("price.id") == i.Str("price") }); n >= 0 {
			same = had[n]
			item["id"] = same.ID()
			kept = append(kept, same.ID())
		}
		tx.discountParams(item, i, same)
		items = append(items, item)
	}
	for _, have := range had {
		if !slices.Contains(kept, have.ID()) {
			items = append(items, map[string]any{"id": have.ID(), "deleted": true})
		}
	}
	return items
}

// phaseCollection says how a phase collects, and what its invoices say.
func phaseCollection(set map[string]any, schedule, phase *stripeObject) {
	said := func(key string) any {
		if v := phase.Get("invoice_settings." + key); v != nil {
			return v
		}
		return schedule.Get("default_settings.invoice_settings." + key)
	}
	if method := orElse(phase.Str("collection_method"), schedule.Str("default_settings.collection_method")); method != "" {
		set["collection_method"] = method
		if days := said("days_until_due"); method == sendInvoice && days != nil {
			set["days_until_due"] = days
		}
	}
	settings := map[string]any{}
	for _, key := range []string{"account_tax_ids", "description", "footer"} {
		if v := said(key); v != nil {
			settings[key] = v
		}
	}
	if fields, ok := said("custom_fields").([]any); ok {
		var list []any
		for _, f := range objectsOf(fields) {
			list = append(list, map[string]any{"name": f.Str("name"), "value": f.Str("value")})
		}
		settings["custom_fields"] = list
	}
	if len(settings) > 0 {
		set["invoice_settings"] = settings
	}
}

// metadataParams is the metadata of a phase or of an item of it, nil when it has none.
func metadataParams(o *stripeObject) map[string]any {
	m := o.Hash("metadata")
	if m == nil || len(m.Keys()) == 0 {
		return nil
	}
	metadata := map[string]any{}
	for _, key := range m.Keys() {
		metadata[key] = m.Str(key)
	}
	return metadata
}

func anyTexts(list []string) []any {
	values := make([]any, len(list))
	for i, s := range list {
		values[i] = s
	}
	return values
}

// discountParams sets the discounts of a phase, or of an item of it, unless who gets them has just those already.
func (tx *accountTx) discountParams(set map[string]any, from, to *stripeObject) {
	list := discountList(from)
	switch {
	case tx.hasDiscounts(to, list):
	case len(list) == 0:
		set["discounts"] = nil
	default:
		set["discounts"] = list
	}
}

// discountList are the discounts that a phase, an item of it or one of its additions names, as parameters.
func discountList(o *stripeObject) []any {
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

// hasDiscounts says whether a subscription or an item has the discounts that a phase gives, and no others.
func (tx *accountTx) hasDiscounts(o *stripeObject, list []any) bool {
	if o == nil {
		return len(list) == 0
	}
	discounts := tx.discountsOf(o)
	if len(discounts) != len(list) {
		return false
	}
	for i, d := range list {
		have := []string{discounts[i].ID(), discounts[i].Str("source.coupon"), discounts[i].Str("promotion_code")}
		for _, id := range d.(map[string]any) {
			if !slices.Contains(have, id.(string)) {
				return false
			}
		}
	}
	return true
}

// additionParams are the items that a phase adds to its first invoice.
func (tx *accountTx) additionParams(phase *stripeObject) []any {
	var list []any
	for _, item := range objectsOf(phase.List("add_invoice_items")) {
		added := map[string]any{"price": item.Str("price"), "quantity": item.Int("quantity")}
		if item.Has("discountable") {
			added["discountable"] = item.Bool("discountable")
		}
		if discounts := discountList(item); len(discounts) > 0 {
			added["discounts"] = discounts
		}
		if rates := objectsOf(item.List("tax_rates")); len(rates) > 0 {
			added["tax_rates"] = anyTexts(objectIDs(rates))
		}
		if m := metadataParams(item); m != nil {
			added["metadata"] = m
		}
		added["period"] = map[string]any{
			"start": phaseInstant(item.Hash("period.start"), "phase_start", phase.Int("start_date")),
			"end":   phaseInstant(item.Hash("period.end"), "phase_end", phase.Int("end_date")),
		}
		list = append(list, added)
	}
	return list
}

// phaseInstant is one end of an added item's period; the phase's own is told as the time that it is.
func phaseInstant(end *stripeObject, word string, at int64) map[string]any {
	switch typ := end.Str("type"); typ {
	case word:
		return map[string]any{"type": "timestamp", "timestamp": at}
	case "timestamp":
		return map[string]any{"type": typ, "timestamp": end.Int("timestamp")}
	default:
		return map[string]any{"type": typ}
	}
}
