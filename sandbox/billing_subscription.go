package sandbox

import (
	"fmt"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// Hidden slots of subscriptions and their items.
const (
	// hiddenBegan is when a subscription's first period began; no period starts before it.
	hiddenBegan = "_began"
	// hiddenBilled is what of an item was billed in advance and still stands: flexible billing mode credits from it.
	hiddenBilled = "_billed"
	// hiddenUsageBilled is until when usage of a metered item was billed.
	hiddenUsageBilled = "_used"
	// hiddenCounted is what of a metered item's usage a threshold billed before the period's end.
	hiddenCounted = "_counted"
)

// billingSubscription is a subscription as the arithmetic of billing takes it. It returns an error for a price that cannot
// be read or has no amount in the subscription's currency.
func (tx *accountTx) billingSubscription(sub *stripeObject) (billing.Subscription, error) {
	s := billing.Subscription{
		Mode:               billing.BillingMode(sub.Str("billing_mode.type")),
		ProrationDiscounts: billing.ProrationDiscounts(orElse(sub.Str("billing_mode.flexible.proration_discounts"), string(billing.Included))),
		Began:              billing.Instant(sub.Int(hiddenBegan)),
		Anchor:             billing.Instant(sub.Int("billing_cycle_anchor")),
		Trial:              billing.Period{Start: billing.Instant(sub.Int("trial_start")), End: billing.Instant(sub.Int("trial_end"))},
		CancelAt:           billing.Instant(sub.Int("cancel_at")),
	}
	var err error
	if s.Discounts, err = tx.billingDiscountsOf(sub); err != nil {
		return s, err
	}
	for _, item := range subscriptionItems(sub) {
		i, err := tx.billingItem(item, sub.Str("currency"))
		if err != nil {
			return s, err
		}
		s.Items = append(s.Items, i)
	}
	return s, nil
}

// billingDiscountsOf are the discounts of a subscription: its own, or else the customer's.
func (tx *accountTx) billingDiscountsOf(sub *stripeObject) ([]billing.Discount, error) {
	var list []billing.Discount
	for _, discount := range tx.discountsOf(sub) {
		d, err := billingDiscount(tx, discount)
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

// billingItem is an item as the arithmetic of billing takes it, priced in the subscription's currency.
func (tx *accountTx) billingItem(item *stripeObject, currency string) (billing.Item, error) {
	price, err := billingPrice(tx, item.Hash("price"))
	if err == nil {
		price, err = price.In(billing.Currency(currency))
	}
	if err != nil {
		return billing.Item{}, fmt.Errorf("item %s: %w", item.ID(), err)
	}
	i := billing.Item{ID: item.ID(), Price: price, Quantity: billing.Whole(item.Int("quantity")), Used: billing.Instant(item.Int(hiddenUsageBilled))}
	if i.Discounts, err = tx.billingDiscounts(item.List("discounts")); err != nil {
		return i, err
	}
	if i.TaxRates, err = tx.billingTaxRates(objectIDs(objectsOf(item.List("tax_rates")))); err != nil {
		return i, err
	}
	if i.Counted, err = readCounted(item); err != nil {
		return i, err
	}
	i.Billed, err = tx.readBilled(item)
	return i, err
}

// readCounted reads what of an item's usage was billed before its period's end.
func readCounted(item *stripeObject) ([]billing.Counted, error) {
	var list []billing.Counted
	for _, o := range objectsOf(item.List(hiddenCounted)) {
		usage, err := billing.ParseDecimal(o.Str("usage"))
		if err != nil {
			return nil, err
		}
		list = append(list, billing.Counted{Start: billing.Instant(o.Int("start")), Until: billing.Instant(o.Int("until")), Usage: usage})
	}
	return list, nil
}

// writeCounted keeps what of an item's usage was billed before its period's end.
func writeCounted(item *stripeObject, counted []billing.Counted) {
	list := make([]*stripeObject, len(counted))
	for n, c := range counted {
		list[n] = hash("start", int64(c.Start), "until", int64(c.Until), "usage", c.Usage.String())
	}
	item.Set(hiddenCounted, list)
}

// readBilled reads what of an item was billed in advance.
func (tx *accountTx) readBilled(item *stripeObject) ([]billing.Debit, error) {
	var list []billing.Debit
	for _, o := range objectsOf(item.List(hiddenBilled)) {
		quantity, err := billing.ParseDecimal(o.Str("quantity"))
		if err != nil {
			return nil, err
		}
		d := billing.Debit{
			Lines: texts(o.List("lines")), Amount: billing.Amount(o.Int("amount")),
			Period: billing.Period{Start: billing.Instant(o.Int("start")), End: billing.Instant(o.Int("end"))}, Until: billing.Instant(o.Int("until")),
			Price: o.Str("price"), Product: o.Str("product"), Phrase: o.Str("phrase"), Quantity: quantity,
		}
		for _, discount := range objectsOf(o.List("discounts")) {
			d.Discounts = append(d.Discounts, billing.DiscountAmount{Discount: discount.Str("discount"), Amount: billing.Amount(discount.Int("amount"))})
		}
		if d.TaxRates, err = tx.billingTaxRates(texts(o.List("tax_rates"))); err != nil {
			return nil, err
		}
		if o.Has("tax_rates") && d.TaxRates == nil {
			d.TaxRates = []billing.TaxRate{} // taxed by none, which is not the default
		}
		list = append(list, d)
	}
	return list, nil
}

// writeBilled keeps what of an item was billed in advance.
func writeBilled(item *stripeObject, debits []billing.Debit) {
	list := make([]*stripeObject, len(debits))
	for n, d := range debits {
		discounts := make([]any, len(d.Discounts))
		for i, a := range d.Discounts {
			discounts[i] = hash("discount", a.Discount, "amount", int64(a.Amount))
		}
		o := hash("amount", int64(d.Amount), "start", int64(d.Period.Start), "end", int64(d.Period.End), "until", int64(d.Until),
			"price", d.Price, "product", d.Product, "phrase", d.Phrase, "quantity", d.Quantity.String(), "discounts", discounts)
		o.Set("lines", d.Lines)
		if d.TaxRates != nil {
			ids := make([]string, len(d.TaxRates))
			for i, rate := range d.TaxRates {
				ids[i] = rate.ID
			}
			o.Set("tax_rates", ids)
		}
		list[n] = o
	}
	item.Set(hiddenBilled, list)
}

// settle lets a subscription's items remember what lines billed and credited. It answers the subscription, open.
func (tx *accountTx) settle(sub *stripeObject, lines []billing.InvoiceLine) (*stripeObject, error) {
	if len(lines) == 0 {
		return sub, nil
	}
	s, err := tx.billingSubscription(sub)
	if err != nil {
		return nil, err
	}
	s = s.Settle(lines)
	items := subscriptionItems(sub)
	for n := range items {
		items[n] = items[n].Edit()
		writeBilled(items[n], s.Items[n].Billed)
		if used := int64(s.Items[n].Used); used != 0 {
			items[n].Set(hiddenUsageBilled, used)
		}
	}
	return setSubscriptionItems(sub, items), nil
}

// setSubscriptionItems writes the items into a subscription that is open, or into a copy of it. One with a single item
// shows that item's plan and quantity as its own (recorded in every version).
func setSubscriptionItems(sub *stripeObject, items []*stripeObject) *stripeObject {
	if !sub.open {
		sub = sub.Edit()
	}
	sub.Set("items.data", items).Set("items.total_count", len(items)).Set("plan", nil).Set("quantity", nil)
	if len(items) == 1 {
		sub.Set("plan", items[0].Get("plan")).Set("quantity", items[0].Get("quantity"))
	}
	return sub
}
