package sandbox

import (
	"fmt"
	"slices"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// The hidden slots of an invoice's lines and of invoice items.
const (
	// hiddenRates are the ids of a line's own tax rates. Without it the invoice's default rates apply.
	hiddenRates = "_tax_rates"
	// hiddenItemised are discounts that were decided when a proration was made.
	hiddenItemised = "_itemised"
	// hiddenAutomaticTax is the tax_behavior that an invoice item's or a line's price has, for automatic tax.
	hiddenAutomaticTax = "_tax_behavior"
	// hiddenAllLines are the lines of an invoice that has more than it shows.
	hiddenAllLines = "_lines"
)

// shownLines is how many lines an invoice shows; the rest is read from its list of lines.
const shownLines = 10

// invoiceLines are all lines of an invoice in their order.
func invoiceLines(inv *stripeObject) []*stripeObject {
	list := inv.List(hiddenAllLines)
	if list == nil {
		list = inv.List("lines")
	}
	return objectsIn(list)
}

// objectsIn are the objects of a list.
func objectsIn(list []any) []*stripeObject {
	objects := make([]*stripeObject, 0, len(list))
	for _, v := range list {
		if o, ok := v.(*stripeObject); ok {
			objects = append(objects, o)
		}
	}
	return objects
}

// setInvoiceLines writes the lines of an invoice, or of a credit note, which does not count them (recorded).
func setInvoiceLines(inv *stripeObject, lines []*stripeObject) {
	inv.Set("lines.data", lines[:min(len(lines), shownLines)]).Set("lines.has_more", len(lines) > shownLines).Set(hiddenAllLines, nil)
	if inv.Hash("lines").slot("total_count") >= 0 {
		inv.Set("lines.total_count", len(lines))
	}
	if len(lines) > shownLines {
		inv.Set(hiddenAllLines, lines)
	}
}

// newInvoiceLine makes the line that an invoice shows of a subscription's line. Its amounts come with the totals.
func (tx *accountTx) newInvoiceLine(inv *stripeObject, l billing.Line) *stripeObject {
	line := tx.New("line_item").Set("invoice", inv.ID()).Set("currency", inv.Str("currency")).Set("description", textOrNull(l.Description)).
		Set("amount", int64(l.Amount)).Set("subtotal", int64(l.Amount)).Set("discountable", l.Discountable && !l.Proration).
		Set("quantity", l.Quantity.Truncate()).Set("quantity_decimal", l.Quantity.String()).
		Set("period", linePeriod(tx, l.Period)).Set("discounts", discountIDs(l.Discounts)).Set("pricing", tx.linePricing(l)).
		Set("discount_amounts", []any{}).Set("taxes", []any{}).Set("pretax_credit_amounts", []any{}).Set("metadata", hash())
	if l.TaxRates != nil {
		line.Set(hiddenRates, rateIDs(l.TaxRates))
	}
	setItemised(line, l)
	subscription := inv.Str("parent.subscription_details.subscription")
	details := tx.NewHash("billing_bill_resource_invoicing_lines_parents_invoice_line_item_subscription_item_parent").
		Set("subscription", textOrNull(subscription)).Set("subscription_item", l.Item).Set("proration", l.Proration).
		Set("proration_details", tx.prorationDetails(inv.Str("customer"), l.Credited))
	line.Set("subscription", textOrNull(subscription)).Set("parent", tx.NewHash("billing_bill_resource_invoicing_lines_parents_invoice_line_item_parent").
		Set("type", "subscription_item_details").Set("subscription_item_details", details))
	if sub := tx.Get("subscription", subscription); sub != nil && sub.Hash("metadata") != nil {
		line.Set("metadata", sub.Hash("metadata"))
	}
	return line
}

func linePeriod(tx *accountTx, p billing.Period) *stripeObject {
	return tx.NewHash("invoice_line_item_period").Set("start", int64(p.Start)).Set("end", int64(p.End))
}

// linePeriodOf is the period of a line.
func linePeriodOf(line *stripeObject) billing.Period {
	return billing.Period{Start: billing.Instant(line.Int("period.start")), End: billing.Instant(line.Int("period.end"))}
}

// linePricing tells the price of a line, nil for an amount without one.
func (tx *accountTx) linePricing(l billing.Line) *stripeObject {
	if l.Price == "" {
		return nil
	}
	pricing := tx.NewHash("billing_bill_resource_invoicing_pricing_pricing").Set("type", "price_details").
		Set("price_details", tx.NewHash("billing_bill_resource_invoicing_pricing_pricing_price_details").Set("price", l.Price).Set("product", l.Product))
	if l.Each != nil {
		pricing.Set("unit_amount_decimal", l.Each.String())
	}
	return pricing
}

// prorationDetails tell which lines a credit gives back: those of one invoice. A line that is still a pending invoice item
// is on none.
func (tx *accountTx) prorationDetails(customer string, credited []string) *stripeObject {
	details := tx.NewHash("billing_bill_resource_invoicing_lines_common_proration_details")
	if invoice, lines := tx.creditedLines(customer, credited); invoice != "" {
		details.Set("credited_items", tx.NewHash("billing_bill_resource_invoicing_lines_common_credited_items").Set("invoice", invoice).Set("invoice_line_items", lines))
	}
	return details
}

// hiddenLineOf is, of an invoice item, the line of an invoice that bills it.
const hiddenLineOf = "_line"

// creditedLines finds the invoice of lines, and their ids there: an invoice item stands for the line that bills it.
func (tx *accountTx) creditedLines(customer string, ids []string) (invoice string, lines []string) {
	for _, id := range ids {
		of := ""
		if item := tx.Get("invoiceitem", id); item != nil {
			of, id = item.Str("invoice"), item.Str(hiddenLineOf)
		} else if inv := tx.invoiceOfLine(customer, id); inv != nil {
			of = inv.ID()
		}
		if of != "" && id != "" {
			invoice, lines = of, append(lines, id)
		}
	}
	return invoice, lines
}

// invoiceOfLine is the invoice of a customer that has a line, nil when none has.
func (tx *accountTx) invoiceOfLine(customer, line string) *stripeObject {
	var found *stripeObject
	tx.EachOf("invoice", "customer", customer, func(inv *stripeObject) bool {
		if slices.ContainsFunc(invoiceLines(inv), func(l *stripeObject) bool { return l.ID() == line }) {
			found = inv
		}
		return found == nil
	})
	return found
}

func discountIDs(list []billing.Discount) []string {
	ids := make([]string, len(list))
	for i, d := range list {
		ids[i] = d.ID
	}
	return ids
}

func rateIDs(list []billing.TaxRate) []string {
	ids := make([]string, len(list))
	for i, r := range list {
		ids[i] = r.ID
	}
	return ids
}

// setItemised keeps discounts of a proration that were decided when it was made.
func setItemised(o *stripeObject, l billing.Line) {
	if len(l.Itemised) == 0 {
		return
	}
	list := make([]*stripeObject, len(l.Itemised))
	for i, d := range l.Itemised {
		list[i] = hash("discount", d.Discount, "amount", int64(d.Amount))
	}
	o.Set(hiddenItemised, list)
}

// billingLine is a line of an invoice, or an invoice item, as the arithmetic of billing takes it.
func (tx *accountTx) billingLine(o *stripeObject) (billing.Line, error) {
	quantity, err := billing.ParseDecimal(orElse(o.Str("quantity_decimal"), "1"))
	if err != nil {
		return billing.Line{}, fmt.Errorf("quantity_decimal of %s: %w", o.ID(), err)
	}
	discounts, err := tx.billingDiscounts(o.List("discounts"))
	if err != nil {
		return billing.Line{}, err
	}
	l := billing.Line{
		ID: o.ID(), Kind: billing.KindItem, Item: o.Str("parent.subscription_item_details.subscription_item"),
		Price: o.Str("pricing.price_details.price"), Product: o.Str("pricing.price_details.product"), Description: o.Str("description"),
		Quantity: quantity, Period: billing.Period{Start: billing.Instant(o.Int("period.start")), End: billing.Instant(o.Int("period.end"))},
		Amount: billing.Amount(o.Int("amount")), Discountable: o.Bool("discountable"), Discounts: discounts, Proration: isProration(o),
	}
	if price := tx.Get("price", l.Price); price != nil && l.Item != "" && !l.Proration {
		l.Metered = price.Has("recurring.meter")
	}
	for _, d := range objectsIn(o.List(hiddenItemised)) {
		l.Itemised = append(l.Itemised, billing.DiscountAmount{Discount: d.Str("discount"), Amount: billing.Amount(d.Int("amount"))})
	}
	if ids := o.Get(hiddenRates); ids != nil {
		if l.TaxRates, err = tx.billingTaxRates(texts(o.List(hiddenRates))); err != nil {
			return billing.Line{}, err
		}
		if l.TaxRates == nil {
			l.TaxRates = []billing.TaxRate{} // no rates of its own is not the same as none at all
		}
	}
	return l, nil
}

// isProration says whether a line or an invoice item prorates a subscription.
func isProration(o *stripeObject) bool {
	if o.Type() == "invoiceitem" {
		return o.Bool("proration")
	}
	return o.Bool("parent.subscription_item_details.proration") || o.Bool("parent.invoice_item_details.proration")
}

// setLineAmounts writes what the arithmetic of billing made of a line.
func (tx *accountTx) setLineAmounts(line *stripeObject, l billing.InvoiceLine) {
	line.Set("amount", int64(l.Amount)).Set("subtotal", int64(l.Amount)).
		Set("discount_amounts", tx.discountAmounts(l.DiscountAmounts)).Set("pretax_credit_amounts", tx.pretaxCredits(l.DiscountAmounts, l.Grants)).
		Set("taxes", tx.taxAmounts(l.Taxes, l.BackedOut != 0)).Set(hiddenBackedOut, nil)
	if l.BackedOut != 0 {
		line.Set(hiddenBackedOut, int64(l.BackedOut))
	}
}

func (tx *accountTx) discountAmounts(list []billing.DiscountAmount) []*stripeObject {
	amounts := make([]*stripeObject, 0, len(list))
	for _, d := range list {
		if tx.Get(creditTransactionType, d.Discount) == nil { // a credit note's part of what a grant paid is no discount
			amounts = append(amounts, tx.NewHash("discounts_resource_discount_amount").Set("amount", int64(d.Amount)).Set("discount", d.Discount))
		}
	}
	return amounts
}

// pretaxCredits are discounts once more, as the credits before tax that they are, and what grants pay. Which transaction of
// the credit's balance that is shows once the invoice is finalised.
func (tx *accountTx) pretaxCredits(list []billing.DiscountAmount, grants []billing.GrantAmount) []*stripeObject {
	amounts := make([]*stripeObject, 0, len(list)+len(grants))
	for _, d := range list {
		amounts = append(amounts, tx.NewHash("invoices_resource_pretax_credit_amount").Set("amount", int64(d.Amount)).Set("discount", d.Discount).Set("type", "discount"))
	}
	for _, g := range grants {
		amounts = append(amounts, tx.NewHash("invoices_resource_pretax_credit_amount").Set("amount", int64(g.Amount)).Set("type", "credit_balance_transaction"))
	}
	return amounts
}

func (tx *accountTx) taxAmounts(list []billing.TaxAmount, exempt bool) []*stripeObject {
	amounts := make([]*stripeObject, len(list))
	for i, t := range list {
		behavior, reason := "exclusive", "not_available"
		if t.Inclusive {
			behavior = "inclusive"
		}
		if exempt {
			reason = "customer_exempt"
		}
		amounts[i] = tx.NewHash("billing_bill_resource_invoicing_taxes_tax").Set("amount", int64(t.Amount)).Set("tax_behavior", behavior).
			Set("tax_rate_details", tx.NewHash("billing_bill_resource_invoicing_taxes_tax_rate_details").Set("tax_rate", t.Rate)).
			Set("taxability_reason", reason).Set("taxable_amount", int64(t.Taxable)).Set("type", "tax_rate_details")
	}
	return amounts
}
