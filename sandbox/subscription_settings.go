package sandbox

import (
	"strings"
)

// subscriptionParams are parameters of a subscription that are no fields of it, or need care.
var subscriptionParams = []string{
	"items", "add_invoice_items", "automatic_tax", "billing_cycle_anchor", "billing_cycle_anchor_config", "billing_mode", "billing_schedules",
	"cancel_at", "cancel_at_period_end", "cancellation_details", "collection_method", "currency", "customer", "days_until_due", "default_payment_method",
	"default_source", "default_tax_rates", "discounts", "invoice_settings", "off_session", "pause_collection", "payment_behavior", "payment_settings",
	"pending_invoice_item_interval", "proration_behavior", "proration_date", "trial_end", "trial_from_plan", "trial_period_days", "trial_settings",
	"backdate_start_date", "billing_thresholds",
}

// setSubscription copies what both calls may say about a subscription and what bills nothing.
func (tx *accountTx) setSubscription(sub, customer *stripeObject, p formParams) error {
	for _, set := range []func(*stripeObject, *stripeObject, formParams) error{
		tx.setCollectionMethod, tx.setDefaultMethods, tx.setSubscriptionTaxes, tx.setSubscriptionDiscounts, tx.setThresholds,
	} {
		if err := set(sub, customer, p); err != nil {
			return err
		}
	}
	if p.Has("application_fee_percent") && (p.Float("application_fee_percent") < 0 || p.Float("application_fee_percent") > 100) {
		return invalid("application_fee_percent", "", "Invalid application_fee_percent: must be between 0 and 100")
	}
	if settings, ok := p.Hash("invoice_settings"); ok {
		tx.setInvoiceSettings(sub, settings)
	}
	tx.setPaymentSettings(sub, p)
	if h, ok := p.Hash("trial_settings"); ok {
		sub.Set("trial_settings.end_behavior.missing_payment_method", h.Str("end_behavior.missing_payment_method"))
	}
	if h, ok := p.Hash("pending_invoice_item_interval"); ok {
		sub.Set("pending_invoice_item_interval", tx.NewHash("subscription_pending_invoice_item_interval").
			Set("interval", h.Str("interval")).Set("interval_count", max(1, h.Int("interval_count"))))
		sub.Set("next_pending_invoice_item_invoice", tx.nextPendingInvoice(sub))
	} else if p.Null("pending_invoice_item_interval") {
		sub.Set("pending_invoice_item_interval", nil).Set("next_pending_invoice_item_invoice", nil)
	}
	applyParams(tx, sub, p, subscriptionParams...)
	return nil
}

// setCollectionMethod writes how invoices are collected. Source of the sentences: recorded answers.
func (tx *accountTx) setCollectionMethod(sub, _ *stripeObject, p formParams) error {
	method := orElse(p.Str("collection_method"), sub.Str("collection_method"))
	switch {
	case p.Has("days_until_due") && method != sendInvoice:
		return invalid("days_until_due", "", "You can only specify 'days_until_due' if invoice collection method is 'send_invoice'.")
	case method == sendInvoice && !p.Has("days_until_due") && !sub.Has("days_until_due"):
		return invalid("days_until_due", "", "If invoice collection method is 'send_invoice', you must specify 'days_until_due'.")
	case p.Int("days_until_due") < 0:
		return invalid("days_until_due", "parameter_invalid_integer", "Invalid non-negative integer")
	}
	sub.Set("collection_method", method)
	switch {
	case method != sendInvoice:
		sub.Set("days_until_due", nil)
	case p.Has("days_until_due"):
		sub.Set("days_until_due", p.Int("days_until_due"))
	}
	return nil
}

// setDefaultMethods writes what pays by default. Methods must be the customer's.
func (tx *accountTx) setDefaultMethods(sub, customer *stripeObject, p formParams) error {
	if id := p.Str("default_payment_method"); id != "" {
		method := tx.Get("payment_method", id)
		if method == nil {
			return missingMethod(id, "default_payment_method", 400)
		}
		if method.Str("customer") != customer.ID() {
			return invalid("default_payment_method", "resource_missing", "The customer does not have a payment method with the ID %s. The payment method must be attached to the customer.", id)
		}
		sub.Set("default_payment_method", id)
	} else if p.Null("default_payment_method") {
		sub.Set("default_payment_method", nil)
	}
	if id := p.Str("default_source"); id != "" {
		source := tx.Get("card", id)
		if source == nil {
			source = tx.Get("bank_account", id)
		}
		if source == nil || source.Str("customer") != customer.ID() {
			return missing("source", id, "default_source", 400)
		}
		sub.Set("default_source", id)
	} else if p.Null("default_source") {
		sub.Set("default_source", nil)
	}
	return nil
}

func (tx *accountTx) setSubscriptionTaxes(sub, _ *stripeObject, p formParams) error {
	if h, ok := p.Hash("automatic_tax"); ok {
		tax := tx.NewHash("subscription_automatic_tax").Set("enabled", h.Bool("enabled"))
		if h.Bool("enabled") {
			tax.Set("liability", tx.NewHash("connect_account_reference").Set("type", orElse(h.Str("liability.type"), "self")))
		}
		sub.Set("automatic_tax", tax)
	}
	switch {
	case p.Null("default_tax_rates"):
		sub.Set("default_tax_rates", []any{})
	case p.Has("default_tax_rates"):
		rates, err := findRates(tx, p.Strs("default_tax_rates"), "default_tax_rates")
		if err != nil {
			return err
		}
		sub.Set("default_tax_rates", rates)
	}
	return nil
}

// setSubscriptionDiscounts writes the discounts: a filled list replaces them, "" takes them away.
func (tx *accountTx) setSubscriptionDiscounts(sub, _ *stripeObject, p formParams) error {
	var discounts []*stripeObject
	switch {
	case p.Null("discounts"):
	case len(p.List("discounts")) > 0:
		var err error
		discounts, err = tx.giveDiscounts(p, "discounts", "subscription", sub.ID(), sub)
		if err != nil {
			return err
		}
	default:
		return nil
	}
	for _, id := range texts(sub.List("discounts")) {
		if was := tx.Get("discount", id); was != nil && indexOfItem(discounts, id) < 0 {
			tx.Event("customer.discount.deleted", was, nil) // drafts that have it keep it
		}
	}
	sub.Set("discounts", objectIDs(discounts))
	return nil
}

func (tx *accountTx) setInvoiceSettings(sub *stripeObject, p formParams) {
	settings := sub.Hash("invoice_settings").Edit()
	for _, key := range []string{"description", "footer"} {
		if p.Has(key) || p.Null(key) {
			settings.Set(key, textOrNull(p.Str(key)))
		}
	}
	switch {
	case p.Null("custom_fields"):
		settings.Set("custom_fields", nil)
	case p.Has("custom_fields"):
		var fields []*stripeObject
		for _, f := range p.List("custom_fields") {
			fields = append(fields, tx.NewHash("invoice_setting_custom_field").Set("name", f.Str("name")).Set("value", f.Str("value")))
		}
		settings.Set("custom_fields", fields)
	}
	if p.Has("account_tax_ids") {
		settings.Set("account_tax_ids", p.Strs("account_tax_ids"))
	}
	if h, ok := p.Hash("issuer"); ok {
		settings.Set("issuer", tx.NewHash("connect_account_reference").Set("type", h.Str("type")))
	}
	sub.Set("invoice_settings", settings)
}

// setPaymentSettings writes how invoices' payments are made.
func (tx *accountTx) setPaymentSettings(sub *stripeObject, p formParams) {
	settings := sub.Hash("payment_settings")
	if settings == nil {
		settings = tx.NewHash("subscriptions_resource_payment_settings").Set("save_default_payment_method", "off")
	} else {
		settings = settings.Edit()
	}
	if h, ok := p.Hash("payment_settings"); ok {
		applyParams(tx, settings, h, "payment_method_options")
		if options, ok := h.Hash("payment_method_options"); ok {
			hash := settings.Hash("payment_method_options")
			if hash == nil {
				hash = tx.NewHash("subscriptions_resource_payment_method_options")
			} else {
				hash = hash.Edit()
			}
			settings.Set("payment_method_options", applyParams(tx, hash, options))
		} else if h.Null("payment_method_options") {
			settings.Set("payment_method_options", nil)
		}
	}
	sub.Set("payment_settings", settings)
}

// setCancellationDetails writes why a subscription ends, as far as a call says it.
func (tx *accountTx) setCancellationDetails(sub *stripeObject, p formParams) {
	h, ok := p.Hash("cancellation_details")
	if !ok {
		return
	}
	details := sub.Hash("cancellation_details")
	if details == nil {
		details = tx.NewHash("cancellation_details")
	} else {
		details = details.Edit()
	}
	for _, key := range []string{"comment", "feedback", "feedback_option"} {
		if h.Has(key) || h.Null(key) {
			details.Set(key, textOrNull(h.Str(key)))
		}
	}
	sub.Set("cancellation_details", details)
}

// giveReason writes why a subscription ends; "" takes the reason away.
func (tx *accountTx) giveReason(sub *stripeObject, reason string) {
	details := sub.Hash("cancellation_details")
	if details == nil {
		details = tx.NewHash("cancellation_details")
	} else {
		details = details.Edit()
	}
	sub.Set("cancellation_details", details.Set("reason", textOrNull(reason)))
}

// currencyOf decides the currency of a new subscription: what the call says, what the customer pays in, or the first
// price's. Source: docs.stripe.com/billing/customer, currencies.
func currencyOf(customer *stripeObject, p formParams, items []*stripeObject) string {
	if c := p.Str("currency"); c != "" {
		return strings.ToLower(c)
	}
	if c := customer.Str("currency"); c != "" && hasCurrency(items[0].Hash("price"), c) {
		return c
	}
	return items[0].Str("price.currency")
}
