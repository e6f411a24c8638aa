package sandbox

import (
	"math/big"
	"strings"
)

// Before basil lines and items of invoices had their price, plan and origin as keys of their own.
func init() {
	price, plan := nullable(whole("price")), nullable(whole("plan"))
	registerChange(versionChange{
		since: "2025-03-31.basil",
		what: "A line of an invoice has `parent`, `pricing` and `taxes`; before it had the whole `price` and `plan`, `type`, `invoice_item`, `subscription_item`, `proration`, `proration_details`, `tax_rates`, `tax_amounts`, " +
			"`amount_excluding_tax` and `unit_amount_excluding_tax`.",
		source: "docs.stripe.com/changelog/basil/2025-03-31/adds-new-parent-field-to-invoicing-objects, …/invoice-pricing-configurations; the types of stripe-node 17.7.0 beside those of 18.5.0",
		limits: "`tax_rates` are the rates of the line's taxes.",
		shapes: []shapeChange{{
			schema: "line_item",
			edit: []nodeEdit{
				without("parent", "pricing", "taxes"),
				with("amount_excluding_tax", nullable(aNumber())), withOptional("invoice_item", referenceTo("invoiceitem")), with("plan", plan), with("price", price), with("proration", aFlag()),
				with("proration_details", nullable(hashOf(prop("credited_items", nullable(anyHash()))))), withOptional("subscription_item", referenceTo("subscription_item")),
				with("tax_amounts", arrayOf(taxAmountNode)), with("tax_rates", arrayOf(whole("tax_rate"))), with("type", wordOf("invoiceitem", "subscription")),
				with("unit_amount_excluding_tax", nullable(aText())),
			},
			fill: fillOldLine,
		}},
	})
	registerChange(versionChange{
		since:  "2025-03-31.basil",
		what:   "An invoice item has `parent` and `pricing`; before it had the whole `price` and `plan`, `subscription`, `subscription_item`, `unit_amount` and `unit_amount_decimal`.",
		source: "docs.stripe.com/changelog/basil/2025-03-31/invoice-pricing-configurations, …/adds-new-parent-field-to-invoicing-objects; the types of stripe-node 17.7.0 beside those of 18.5.0",
		shapes: []shapeChange{{
			schema: "invoiceitem",
			edit: []nodeEdit{
				without("parent", "pricing"), with("plan", plan), with("price", price), with("subscription", nullable(referenceTo("subscription"))),
				withOptional("subscription_item", aText()), with("unit_amount", nullable(aNumber())), with("unit_amount_decimal", nullable(aText())),
			},
			fill: func(t *translation, from, to *stripeObject) {
				fillPrice(t, from, to)
				to.Set("subscription", textOrNull(from.Str("parent.subscription_details.subscription")))
				if item := from.Str("parent.subscription_details.subscription_item"); item != "" {
					to.Set("subscription_item", item)
				}
				if unit := from.Str("pricing.unit_amount_decimal"); unit != "" {
					to.Set("unit_amount_decimal", unit)
					if n, ok := new(big.Int).SetString(unit, 10); ok {
						to.Set("unit_amount", n.Int64())
					}
				}
			},
		}},
	})
}

func fillOldLine(t *translation, from, to *stripeObject) {
	fillPrice(t, from, to)
	to.Set("type", "invoiceitem")
	details := from.Hash("parent.invoice_item_details")
	if sub := from.Hash("parent.subscription_item_details"); sub != nil {
		details = sub
		to.Set("type", "subscription").Set("subscription_item", sub.Str("subscription_item"))
	}
	if item, _ := details.get("invoice_item").(string); item != "" {
		to.Set("invoice_item", item).Set("type", "invoiceitem") // a proration is an invoice item
	}
	to.Set("proration", details.get("proration") == true)
	credited, _ := details.get("proration_details").(*stripeObject)
	to.Set("proration_details", hash("credited_items", credited.get("credited_items")))
	taxes := from.List("taxes")
	to.Set("tax_amounts", taxAmounts(taxes)).Set("tax_rates", ratesOf(t, taxes))
	fillExcludingTax(from, to, taxes, from.Int("quantity"), from.Str("pricing.unit_amount_decimal"))
}

// fillPrice sets the whole price, and the plan that a recurring price was before there were prices.
func fillPrice(t *translation, from, to *stripeObject) {
	price := t.tx.Get("price", from.Str("pricing.price_details.price"))
	if price == nil {
		return
	}
	to.Set("price", t.object(price))
	if price.Has("recurring") {
		to.Set("plan", t.object(planOf(t.tx, price)))
	}
}

// planOf is a recurring price as a plan: the same thing in the words of before there were prices.
func planOf(tx *accountTx, price *stripeObject) *stripeObject {
	plan := tx.NewHash("plan").Set("id", price.ID()).Set("active", price.Bool("active")).Set("amount", price.Get("unit_amount")).Set("amount_decimal", price.Get("unit_amount_decimal")).
		Set("transform_usage", price.Get("transform_quantity"))
	for _, key := range []string{"billing_scheme", "created", "currency", "livemode", "metadata", "nickname", "product", "tiers_mode"} {
		plan.Set(key, price.Get(key))
	}
	for _, key := range []string{"interval", "interval_count", "meter", "trial_period_days", "usage_type"} {
		plan.Set(key, price.Get("recurring."+key))
	}
	return closed(plan)
}

// ratesOf are the tax rates of taxes in full.
func ratesOf(t *translation, taxes []any) []any {
	rates := []any{}
	for _, v := range taxes {
		if tax, ok := v.(*stripeObject); ok {
			if rate := t.tx.Get("tax_rate", tax.Str("tax_rate_details.tax_rate")); rate != nil {
				rates = append(rates, t.object(rate))
			}
		}
	}
	return rates
}

// fillExcludingTax tells the amount of a line, and of one of its units, without the tax that is in it.
func fillExcludingTax(from, to *stripeObject, taxes []any, quantity int64, unit string) {
	var inside int64
	for _, v := range taxes {
		if tax, ok := v.(*stripeObject); ok && tax.Str("tax_behavior") == "inclusive" {
			inside += tax.Int("amount")
		}
	}
	amount := from.Int("amount") - inside
	to.Set("amount_excluding_tax", amount)
	switch {
	case inside == 0 && unit != "":
		to.Set("unit_amount_excluding_tax", unit)
	case quantity > 0:
		to.Set("unit_amount_excluding_tax", decimalText(big.NewRat(amount, quantity)))
	}
}

// decimalText is a number with at most twelve decimals, as Stripe writes amounts of less than a minor unit.
func decimalText(r *big.Rat) string {
	text := r.FloatString(12)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
