package sandbox

import (
	"cmp"
	"slices"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// The hidden slots of an invoice item.
const (
	// hiddenBatch counts the makings of invoice items of an account: those made together stay together on an invoice.
	hiddenBatch = "_batch"
	// hiddenPlace is an item's place among those made together.
	hiddenPlace = "_place"
)

// pendProrations makes prorations of a subscription pending invoice items, in the order given. It answers them with their
// ids, for the subscription to remember.
func (tx *accountTx) pendProrations(customer, subscription *stripeObject, lines []billing.Line) ([]billing.InvoiceLine, error) {
	batch := tx.nextBatch()
	made := make([]billing.InvoiceLine, len(lines))
	for i, l := range lines {
		item := tx.newProration(customer, subscription, l)
		item.Set(hiddenBatch, batch).Set(hiddenPlace, i)
		l.ID = item.ID()
		billed, err := billing.Bill(billing.Draft{Currency: billing.Currency(item.Str("currency")), At: billing.Instant(tx.Now()), Lines: []billing.Line{l}})
		if err != nil {
			return nil, err
		}
		made[i] = billed.Lines[0]
		made[i].Rates = l.TaxRates
		tx.Put(item, "invoiceitem.created")
	}
	return made, nil
}

// nextBatch numbers the makings of invoice items.
func (tx *accountTx) nextBatch() int64 {
	var last int64
	tx.Each("invoiceitem", func(item *stripeObject) bool {
		last = item.Int(hiddenBatch)
		return false
	})
	return last + 1
}

// newProration makes the pending invoice item of a proration, as recorded: nothing of it can be changed, and it takes no
// discount.
func (tx *accountTx) newProration(customer, subscription *stripeObject, l billing.Line) *stripeObject {
	item := tx.newItem(customer, subscription.Str("currency")).Set("amount", int64(l.Amount)).Set("net_amount", int64(l.Amount)).
		Set("description", textOrNull(l.Description)).Set("discountable", false).Set("proration", true).Set("period", linePeriod(tx, l.Period)).
		Set("frozen_fields", []string{"pricing", "quantity", "discounts"}).Set("pricing", tx.linePricing(l)).
		Set("quantity", l.Quantity.Truncate()).Set("quantity_decimal", l.Quantity.String()).
		Set("parent", tx.itemParent(subscription.ID(), l.Item)).
		Set("proration_details", tx.itemProration(customer.ID(), l))
	if l.TaxRates != nil {
		item.Set("tax_rates", tx.ratesOf(rateIDs(l.TaxRates)))
	}
	for _, d := range l.Itemised {
		item.Set("net_amount", item.Int("net_amount")-int64(d.Amount))
	}
	setItemised(item, l)
	return item
}

// newItem makes an invoice item of a customer without an amount.
func (tx *accountTx) newItem(customer *stripeObject, currency string) *stripeObject {
	return tx.New("invoiceitem").Set("customer", customer.ID()).Set("currency", currency).Set("date", tx.Now()).
		Set("test_clock", customer.Get("test_clock")).Set("discounts", []any{}).Set("tax_rates", []any{}).Set("discountable", true).
		Set("quantity", 1).Set("quantity_decimal", "1").
		Set("period", linePeriod(tx, billing.Period{Start: billing.Instant(tx.Now()), End: billing.Instant(tx.Now())}))
}

// itemParent names the subscription of an invoice item, and its item when there is one.
func (tx *accountTx) itemParent(subscription, subscriptionItem string) *stripeObject {
	if subscription == "" {
		return nil
	}
	details := tx.NewHash("billing_bill_resource_invoice_item_parents_invoice_item_subscription_parent").Set("subscription", subscription)
	if subscriptionItem != "" {
		details.Set("subscription_item", subscriptionItem)
	}
	return tx.NewHash("billing_bill_resource_invoice_item_parents_invoice_item_parent").Set("type", "subscription_details").Set("subscription_details", details)
}

// itemProration tells what a proration gives back.
func (tx *accountTx) itemProration(customer string, l billing.Line) *stripeObject {
	details := tx.NewHash("proration_details").Set("discount_amounts", tx.discountAmounts(l.Itemised))
	invoice, lines := tx.creditedLines(customer, l.Credited)
	switch {
	case invoice != "":
		details.Set("credited_items", tx.NewHash("invoice_item_proration_credited_items").Set("type", "invoice_line_items").
			Set("invoice_line_item_details", tx.NewHash("credited_items_invoice_line_items").Set("invoice", invoice).Set("invoice_line_items", lines)))
	case len(l.Credited) > 0 && tx.Get("invoiceitem", l.Credited[0]) != nil:
		details.Set("credited_items", tx.NewHash("invoice_item_proration_credited_items").Set("type", "invoice_item").Set("invoice_item", l.Credited[0]))
	}
	return details
}

// itemsFor are the pending invoice items that a draft takes in, newest first; those made together keep their order. An
// invoice of a subscription leaves those of other subscriptions; one that a caller makes for a subscription takes its own
// items only.
func (tx *accountTx) itemsFor(d invoiceDraft, inv *stripeObject) []*stripeObject {
	if !d.pending {
		return nil
	}
	var items []*stripeObject
	tx.EachOf("invoiceitem", "customer", d.customer.ID(), func(item *stripeObject) bool {
		of := item.Str("parent.subscription_details.subscription")
		switch {
		case item.Has("invoice"), item.Str("currency") != inv.Str("currency"):
		case d.subscription != nil && of != d.subscription.ID() && (of != "" || d.reason == "manual"):
		default:
			items = append(items, item)
		}
		return true
	})
	slices.SortStableFunc(items, func(a, b *stripeObject) int {
		return cmp.Or(cmp.Compare(b.Int(hiddenBatch), a.Int(hiddenBatch)), cmp.Compare(a.Int(hiddenPlace), b.Int(hiddenPlace)))
	})
	return items
}

// newItemLine makes the line that bills an invoice item.
func (tx *accountTx) newItemLine(inv, item *stripeObject) *stripeObject {
	line := tx.New("line_item").Set("invoice", inv.ID()).Set("subtotal", item.Int("amount")).Set("quantity", item.Get("quantity")).
		Set("discount_amounts", []any{}).Set("taxes", []any{}).Set("pretax_credit_amounts", []any{})
	for _, key := range []string{"amount", "currency", "description", "discountable", "discounts", "metadata", "period", "pricing", "quantity_decimal"} {
		line.Set(key, item.Get(key))
	}
	for _, key := range []string{hiddenItemised, hiddenAutomaticTax, hiddenTaxAmounts} {
		line.Set(key, item.Get(key))
	}
	if rates := objectsIn(item.List("tax_rates")); len(rates) > 0 {
		line.Set(hiddenRates, objectIDs(rates))
	}
	subscription, subscriptionItem := item.Str("parent.subscription_details.subscription"), item.Str("parent.subscription_details.subscription_item")
	credited := tx.NewHash("billing_bill_resource_invoicing_lines_common_proration_details")
	if of := item.Hash("proration_details.credited_items.invoice_line_item_details"); of != nil {
		credited.Set("credited_items", tx.NewHash("billing_bill_resource_invoicing_lines_common_credited_items").
			Set("invoice", of.Str("invoice")).Set("invoice_line_items", of.Get("invoice_line_items")))
	}
	typ := "invoice_item_details"
	if subscriptionItem != "" {
		typ = "subscription_item_details"
	}
	details := tx.NewHash("billing_bill_resource_invoicing_lines_parents_invoice_line_item_"+lineParents[typ]).
		Set("invoice_item", item.ID()).Set("proration", item.Bool("proration")).Set("proration_details", credited).Set("subscription", textOrNull(subscription))
	if subscriptionItem != "" {
		details.Set("subscription_item", subscriptionItem)
	}
	return line.Set("subscription", textOrNull(subscription)).
		Set("parent", tx.NewHash("billing_bill_resource_invoicing_lines_parents_invoice_line_item_parent").Set("type", typ).Set(typ, details))
}

// lineParents are the ends of the schemas of a line's parents, by their type.
var lineParents = map[string]string{"invoice_item_details": "invoice_item_parent", "subscription_item_details": "subscription_item_parent"}

// itemOfLine is the invoice item that a line bills, nil for a subscription's line.
func (tx *accountTx) itemOfLine(line *stripeObject) *stripeObject {
	id := line.Str("parent.invoice_item_details.invoice_item")
	if id == "" {
		id = line.Str("parent.subscription_item_details.invoice_item")
	}
	return tx.Get("invoiceitem", id)
}

// billItem puts the invoice item of a line on the line's invoice: it is pending no longer. Stripe has no event for that.
func (tx *accountTx) billItem(line, inv *stripeObject) {
	if item := tx.itemOfLine(line); item != nil && (item.Str("invoice") != inv.ID() || item.Str(hiddenLineOf) != line.ID()) {
		tx.Put(item.Edit().Set("invoice", inv.ID()).Set(hiddenLineOf, line.ID()))
	}
}
