package sandbox

import (
	"strings"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// draftOf is what an invoice of a subscription is made of. A subscription that is unpaid, or whose collection is paused so
// that drafts are kept, has invoices that wait for somebody.
func (tx *accountTx) draftOf(sub, customer *stripeObject, reason string, lines []billing.Line) invoiceDraft {
	return invoiceDraft{
		customer: customer, subscription: sub, reason: reason, currency: sub.Str("currency"), lines: lines,
		collection: sub.Str("collection_method"), daysUntilDue: sub.Int("days_until_due"), discounts: tx.discountsOf(sub),
		taxRates: objectIDs(objectsOf(sub.List("default_tax_rates"))), pending: true,
		advances: sub.Str("status") != subUnpaid && !tx.keepsDrafts(sub),
	}
}

// keepsDrafts says whether the collection of a subscription's invoices is paused, and they are kept as drafts.
func (tx *accountTx) keepsDrafts(sub *stripeObject) bool {
	return sub.Str("pause_collection.behavior") == "keep_as_draft" && !tx.pauseIsOver(sub)
}

func (tx *accountTx) pauseIsOver(sub *stripeObject) bool {
	return sub.Has("pause_collection.resumes_at") && sub.Int("pause_collection.resumes_at") <= tx.Now()
}

// billSubscription drafts an invoice of a subscription, which remembers what it bills and which invoice is its newest. The
// subscription's own change has no event yet.
func (tx *accountTx) billSubscription(sub *stripeObject, d invoiceDraft) (*stripeObject, error) {
	inv, billed, err := tx.draftInvoice(d)
	if err != nil {
		return nil, billingFault(err)
	}
	if sub, err = tx.settle(tx.Get("subscription", sub.ID()), billed.Lines); err != nil {
		return nil, billingFault(err)
	}
	if !sub.open {
		sub = sub.Edit()
	}
	sub.Set("latest_invoice", inv.ID())
	_, err = tx.putSubscription(tx.dropDiscounts(sub, billed.DiscountAmounts))
	return inv, err
}

// pend makes prorations pending invoice items, which the subscription remembers.
func (tx *accountTx) pend(sub *stripeObject, lines []billing.Line) error {
	if len(lines) == 0 {
		return nil
	}
	customer := tx.Get("customer", sub.Str("customer"))
	made, err := tx.pendProrations(customer, sub, lines)
	if err != nil {
		return billingFault(err)
	}
	if sub, err = tx.settle(tx.Get("subscription", sub.ID()), made); err != nil {
		return billingFault(err)
	}
	_, err = tx.putSubscription(sub)
	return err
}

// addInvoiceItems makes the items that a call adds to the next invoice of a subscription.
func (tx *accountTx) addInvoiceItems(customer, sub *stripeObject, list []formParams) error {
	if len(list) > maxItems {
		return invalid("add_invoice_items", "", "You can only specify up to %d items.", maxItems)
	}
	for i, given := range list {
		if err := tx.addInvoiceItem(customer, sub, given, under("add_invoice_items", "")+indexed(i)); err != nil {
			return err
		}
	}
	return nil
}

func (tx *accountTx) addInvoiceItem(customer, sub *stripeObject, given formParams, at string) error {
	price, err := tx.oneTimePrice(given, at)
	if err != nil {
		return err
	}
	p, err := billingPrice(tx, price)
	if err == nil {
		p, err = p.In(billing.Currency(sub.Str("currency")))
	}
	if err != nil {
		return billingFault(err)
	}
	quantity := int64(1)
	if given.Has("quantity") {
		quantity = given.Int("quantity")
	}
	amount, err := p.Amount(billing.Whole(quantity))
	if err != nil {
		return billingFault(err)
	}
	item := tx.newItem(customer, sub.Str("currency")).Set("amount", int64(amount)).Set("net_amount", int64(amount)).
		Set("description", p.Product.Name).Set("quantity", quantity).Set("quantity_decimal", billing.Whole(quantity).String()).
		Set("pricing", tx.linePricing(billing.Line{Price: p.ID, Product: p.Product.ID, Quantity: billing.Whole(quantity)})).
		Set("parent", tx.itemParent(sub.ID(), ""))
	item.Set("pricing.unit_amount_decimal", price.Get("unit_amount_decimal"))
	if given.Has("discountable") {
		item.Set("discountable", given.Bool("discountable"))
	}
	if given.Has("tax_rates") {
		rates, err := tx.taxRatesOf(given.Strs("tax_rates"), at+"[tax_rates]")
		if err != nil {
			return err
		}
		item.Set("tax_rates", rates)
	}
	discounts, err := giveDiscounts(tx, customer, given.List("discounts"), at+"[discounts]", func(d *stripeObject) { d.Set("invoice_item", item.ID()) })
	if err != nil {
		return err
	}
	item.Set("discounts", objectIDs(discounts))
	applyMetadata(tx, item, given)
	if period, ok := given.Hash("period"); ok {
		start, end := tx.Now(), tx.Now()
		if period.Str("start.type") == "timestamp" {
			start = period.Int("start.timestamp")
		}
		switch period.Str("end.type") {
		case "timestamp":
			end = period.Int("end.timestamp")
		case "min_item_period_end":
			end = earliestEnd(sub)
		}
		item.Set("period", linePeriod(tx, billing.Period{Start: billing.Instant(start), End: billing.Instant(max(start, end))}))
	}
	tx.Put(item, "invoiceitem.created")
	return nil
}

// oneTimePrice is the price of an item that a call adds to an invoice.
func (tx *accountTx) oneTimePrice(given formParams, at string) (*stripeObject, error) {
	if data, ok := given.Hash("price_data"); ok {
		product, err := findProduct(tx, data.Str("product"), at+"[price_data][product]", 400)
		if err != nil {
			return nil, err
		}
		price, err := newPrice(tx, data, product, at+"[price_data]")
		if err == nil {
			tx.Put(price.Set("active", false))
		}
		return price, err
	}
	if given.Str("price") == "" {
		return nil, invalid(at+"[price]", "parameter_missing", "Missing required param: %s[price].", at)
	}
	price, err := findPrice(tx, given.Str("price"), at+"[price]", 400)
	if err == nil && price.Str("type") == "recurring" {
		return nil, invalid(at+"[price]", "", "The price specified is set to `type=recurring` but this field only accepts prices with `type=one_time`.")
	}
	return price, err
}

// earliestEnd is the earliest end of a subscription's items' periods.
func earliestEnd(sub *stripeObject) int64 {
	var end int64
	for _, item := range subscriptionItems(sub) {
		if at := item.Int("current_period_end"); end == 0 || at < end {
			end = at
		}
	}
	return end
}

// plainError is a sentence of the arithmetic without the name of its package.
func plainError(err error) string { return strings.TrimPrefix(err.Error(), "billing: ") }
