package sandbox

import (
	"github.com/vezne/vezne/sandbox/internal/billing"
)

// totalInvoice adds up an invoice's lines, discounts, taxes and the customer's balance and writes what came out: into the
// lines and into the totals. Previews, drafts and what is finalised go through it alike.
func (tx *accountTx) totalInvoice(inv *stripeObject) (billing.Invoice, error) {
	draft := billing.Draft{Currency: billing.Currency(inv.Str("currency")), At: billing.Instant(inv.Int("created")), TaxExempt: billing.TaxExempt(inv.Str("customer_tax_exempt")),
		TaxRounding: billing.TaxRounding(tx.settings().Invoices.TaxRounding)}
	draft.MinimumCharge = draft.Currency.MinimumCharge()
	if customer := tx.Get("customer", inv.Str("customer")); customer != nil && orElse(customer.Str("currency"), inv.Str("currency")) == inv.Str("currency") {
		draft.StartingBalance = billing.Amount(customer.Int("balance"))
	}
	var err error
	if draft.Discounts, err = tx.billingDiscounts(inv.List("discounts")); err != nil {
		return billing.Invoice{}, err
	}
	if draft.TaxRates, err = tx.billingTaxRates(defaultRates(inv)); err != nil {
		return billing.Invoice{}, err
	}
	draft.Grants = tx.grantsFor(inv)
	lines := invoiceLines(inv)
	// What Bill does not know is owed all the same: shipping, and taxes that the caller computed.
	extra := inv.Int("amount_shipping")
	for _, line := range lines {
		l, err := tx.billingLine(line)
		if err != nil {
			return billing.Invoice{}, err
		}
		if l.TaxRates, err = tx.automaticRates(inv, line, l.TaxRates); err != nil {
			return billing.Invoice{}, err
		}
		if line.Has(hiddenTaxAmounts) {
			l.TaxRates = []billing.TaxRate{}
			extra += addedTax(line)
		}
		draft.Lines = append(draft.Lines, l)
	}
	draft.StartingBalance += billing.Amount(extra)
	billed, err := billing.Bill(draft)
	if err != nil {
		return billing.Invoice{}, err
	}
	billed.StartingBalance -= billing.Amount(extra)
	billed.Total += billing.Amount(extra)
	billed.TotalExcludingTax += billing.Amount(inv.Int("amount_shipping"))
	for i, line := range lines {
		lines[i] = line.Edit()
		tx.setLineAmounts(lines[i], billed.Lines[i])
	}
	setInvoiceLines(inv, lines)
	tx.setTotals(inv, billed)
	tx.addGivenTaxes(inv, lines)
	if inv.Bool("automatic_tax.enabled") {
		inv.Set("automatic_tax.status", "complete").Set("automatic_tax.provider", "stripe")
		if !tx.taxable(inv) {
			inv.Set("automatic_tax.status", "requires_location_inputs")
		}
	} else if inv.Has("automatic_tax.status") {
		inv.Set("automatic_tax.status", nil).Set("automatic_tax.provider", nil)
	}
	return billed, nil
}

// addedTax is what the taxes that a caller computed add to a line.
func addedTax(line *stripeObject) (sum int64) {
	for _, tax := range objectsIn(line.List(hiddenTaxAmounts)) {
		if !tax.Bool("inclusive") {
			sum += tax.Int("amount")
		}
	}
	return sum
}

// addGivenTaxes shows taxes that the caller computed on their lines and among the invoice's.
func (tx *accountTx) addGivenTaxes(inv *stripeObject, lines []*stripeObject) {
	all := inv.List("total_taxes")
	for _, line := range lines {
		var taxes []any
		for _, given := range objectsIn(line.List(hiddenTaxAmounts)) {
			tax := tx.taxAmounts([]billing.TaxAmount{{Rate: given.Str("rate"), Inclusive: given.Bool("inclusive"), Amount: billing.Amount(given.Int("amount")),
				Taxable: billing.Amount(given.Int("taxable_amount"))}}, false)[0]
			taxes = append(taxes, tax.Set("taxability_reason", given.Str("reason")))
			if given.Bool("inclusive") {
				inv.Set("total_excluding_tax", inv.Int("total_excluding_tax")-given.Int("amount")).Set("subtotal_excluding_tax", inv.Int("subtotal_excluding_tax")-given.Int("amount"))
			}
		}
		if taxes != nil {
			line.Set("taxes", taxes)
			all = append(all, taxes...)
		}
	}
	inv.Set("total_taxes", all)
}

// retotal adds up an invoice that changed.
func (tx *accountTx) retotal(inv *stripeObject) error {
	_, err := tx.totalInvoice(inv)
	return err
}

// defaultRates are the ids of an invoice's default tax rates.
func defaultRates(inv *stripeObject) []string {
	var ids []string
	for _, rate := range objectsIn(inv.List("default_tax_rates")) {
		ids = append(ids, rate.ID())
	}
	return ids
}

// setTotals writes an invoice's totals. What is due is less what credit notes took before it was paid.
func (tx *accountTx) setTotals(inv *stripeObject, billed billing.Invoice) {
	due := int64(billed.AmountDue) - inv.Int("pre_payment_credit_notes_amount")
	inv.Set("subtotal", int64(billed.Subtotal)).Set("subtotal_excluding_tax", int64(billed.SubtotalExcludingTax)).
		Set("total", int64(billed.Total)).Set("total_excluding_tax", int64(billed.TotalExcludingTax)).
		Set("total_discount_amounts", tx.discountAmounts(billed.DiscountAmounts)).
		Set("total_pretax_credit_amounts", tx.pretaxCredits(billed.DiscountAmounts, billed.Grants)).
		Set("total_taxes", tx.taxAmounts(billed.Taxes, isExempt(inv))).
		Set("starting_balance", int64(billed.StartingBalance)).Set("amount_due", due).Set("amount_remaining", due-inv.Int("amount_paid"))
}

func isExempt(inv *stripeObject) bool {
	exempt := inv.Str("customer_tax_exempt")
	return exempt == string(billing.Exempt) || exempt == string(billing.ReverseCharge)
}

// automaticRates are the tax rates of a line: where automatic tax is on, the rate that the account declared for the
// customer's place; else the line's own, or none for the invoice's default ones to apply.
func (tx *accountTx) automaticRates(inv, line *stripeObject, own []billing.TaxRate) ([]billing.TaxRate, error) {
	if !inv.Bool("automatic_tax.enabled") {
		return own, nil
	}
	country, state := taxPlace(inv)
	behavior := line.Str(hiddenAutomaticTax)
	if price := tx.Get("price", line.Str("pricing.price_details.price")); price != nil && behavior == "" {
		behavior = price.Str("tax_behavior")
	}
	rate := tx.automaticTaxRate(country, state, behavior)
	if rate == nil {
		return []billing.TaxRate{}, nil
	}
	r, err := billingTaxRate(rate)
	return []billing.TaxRate{r}, err
}

// taxPlace is where an invoice is taxed: where it is shipped to, else where its customer lives.
func taxPlace(inv *stripeObject) (country, state string) {
	address := inv.Hash("customer_address")
	if shipping := inv.Hash("customer_shipping.address"); shipping != nil {
		address = shipping
	}
	return address.str("country"), address.str("state")
}

// taxable says whether automatic tax knows where an invoice is taxed: it has a country, or a rate is declared for everywhere.
func (tx *accountTx) taxable(inv *stripeObject) bool {
	country, _ := taxPlace(inv)
	return country != "" || tx.automaticTaxRate("", "", "") != nil
}
