package sandbox

import (
	"errors"
	"fmt"
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

// finalizeNow finalises an invoice that a call makes and collects itself: no attempt is planned yet.
func (tx *accountTx) finalizeNow(inv *stripeObject) (*stripeObject, error) {
	inv, err := tx.finalizeInvoice(inv.Edit().Set("next_payment_attempt", nil))
	if err != nil {
		return nil, billingFault(err)
	}
	return inv, nil
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
		asked := given.with("period", nil).with("currency", leafOf(sub.Str("currency"))).with("subscription", leafOf(sub.ID()))
		item, err := tx.itemFromParams(customer, nil, asked, fmt.Sprintf("add_invoice_items[%d]", i))
		if err != nil {
			return err
		}
		period, _ := given.Hash("period") // what it does not say has its default
		item.Set("period", linePeriod(tx, tx.addedPeriod(sub, period)))
		tx.Put(item, "invoiceitem.created")
	}
	return nil
}

// What the period of an item that a call adds begins and ends with unless the call says otherwise. Source: API reference,
// create a subscription; recorded.
const (
	maxPeriodStart = "max_item_period_start"
	minPeriodEnd   = "min_item_period_end"
)

// addedPeriod is the period of an item that a call adds.
func (tx *accountTx) addedPeriod(sub *stripeObject, p formParams) billing.Period {
	start, end := tx.Now(), tx.Now()
	switch orElse(p.Str("start.type"), maxPeriodStart) {
	case "timestamp":
		start = p.Int("start.timestamp")
	case maxPeriodStart:
		start = 0
		for _, item := range subscriptionItems(sub) {
			start = max(start, item.Int("current_period_start"))
		}
	}
	switch orElse(p.Str("end.type"), minPeriodEnd) {
	case "timestamp":
		end = p.Int("end.timestamp")
	case minPeriodEnd:
		end = earliestEnd(sub)
	}
	return billing.Period{Start: billing.Instant(start), End: billing.Instant(max(start, end))}
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

// kept says whether an error is a refusal whose changes stay.
func kept(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.keepChanges
}
