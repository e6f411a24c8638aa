package sandbox

import (
	"fmt"
	"slices"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// hiddenBackedOut is, of a line, the tax in it that an exempt customer does not pay.
const hiddenBackedOut = "_backed_out"

// creditMade is what a call credits: the arithmetic's note, its lines as they are shown, and shipping.
type creditMade struct {
	note  billing.CreditNote
	lines []*stripeObject
	extra int64
}

// creditOf computes what a call credits of an invoice: lines, an amount of all lines, its shipping.
func (tx *accountTx) creditOf(inv *stripeObject, p formParams) (creditMade, error) {
	var made creditMade
	billed, err := tx.billedInvoice(inv)
	if err != nil {
		return made, err
	}
	previous, err := tx.creditedBefore(inv)
	if err != nil {
		return made, err
	}
	switch {
	case p.Has("shipping_cost"):
		if made.extra = inv.Int("amount_shipping"); made.extra == 0 {
			return made, invalid("shipping_cost", "", "This invoice has no shipping cost.")
		}
	case !p.Has("lines") && !p.Has("amount"):
		return made, invalid("", "parameter_missing", "One of `amount`, `lines`, or `shipping_cost` must be provided.")
	}
	if p.Has("lines") {
		return tx.creditByLines(inv, billed, previous, p, made)
	}
	if !p.Has("amount") {
		return made, nil
	}
	if p.Int("amount") <= 0 {
		return made, invalid("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	}
	if made.note, err = billed.CreditTotal(previous, billing.Amount(p.Int("amount"))); err != nil {
		return made, creditError(err, "amount")
	}
	lines := invoiceLines(inv)
	for _, l := range made.note.Lines {
		made.lines = append(made.lines, tx.newCreditLine(lines[l.Index], l.InvoiceLine, formParams{}))
	}
	return made, nil
}

// creditByLines credits the lines that a call names, and amounts that are on no line.
func (tx *accountTx) creditByLines(inv *stripeObject, billed billing.Invoice, previous []billing.CreditNote, p formParams, made creditMade) (creditMade, error) {
	lines := invoiceLines(inv)
	for i, given := range p.List("lines") {
		at := fmt.Sprintf("lines[%d]", i)
		if given.Str("type") == "custom_line_item" {
			note, line, err := tx.customCredit(inv, given, at)
			if err != nil {
				return made, err
			}
			made.note, made.lines = joinNotes(made.note, note), append(made.lines, line)
			continue
		}
		id := given.Str("invoice_line_item")
		index := slices.IndexFunc(lines, func(line *stripeObject) bool { return line.ID() == id })
		if index < 0 {
			return made, missing("invoice line item", id, under(at, "invoice_line_item"), 400)
		}
		request, err := creditRequest(billed, index, given, at)
		if err != nil {
			return made, err
		}
		note, err := billed.CreditLines(append(slices.Clip(previous), made.note), []billing.CreditRequest{request})
		if err != nil {
			return made, creditError(err, under(at, "amount"))
		}
		if note, err = tx.ownTaxes(note, given, at); err != nil {
			return made, err
		}
		made.lines = append(made.lines, tx.newCreditLine(lines[index], note.Lines[0].InvoiceLine, given))
		made.note = joinNotes(made.note, note)
	}
	return made, nil
}

// creditRequest is the amount of a line that a call credits: given, or by a quantity.
func creditRequest(billed billing.Invoice, index int, given formParams, at string) (billing.CreditRequest, error) {
	request := billing.CreditRequest{Index: index, Amount: billing.Amount(given.Int("amount"))}
	switch {
	case given.Has("amount") && given.Has("quantity"):
		return request, invalid(under(at, "amount"), "parameters_exclusive", "You may only specify one of these parameters: amount, quantity.")
	case given.Has("quantity"):
		amount, err := billed.Lines[index].CreditQuantity(billing.Whole(given.Int("quantity")))
		if err != nil {
			return request, creditError(err, under(at, "quantity"))
		}
		request.Amount = amount
	case !given.Has("amount"):
		return request, invalid(under(at, "amount"), "parameter_missing", "You must specify `amount` or `quantity` of the line.")
	}
	return request, nil
}

// ownTaxes replaces the taxes of a credited line by those that the call gives.
func (tx *accountTx) ownTaxes(note billing.CreditNote, given formParams, at string) (billing.CreditNote, error) {
	if !given.Has("tax_amounts") {
		return note, nil
	}
	l := note.Lines[0].InvoiceLine
	l.Taxes = nil
	for i, tax := range given.List("tax_amounts") {
		rate := tx.Get("tax_rate", tax.Str("tax_rate"))
		if rate == nil {
			return note, missing("tax rate", tax.Str("tax_rate"), under(at, fmt.Sprintf("tax_amounts[%d][tax_rate]", i)), 400)
		}
		l.Taxes = append(l.Taxes, billing.TaxAmount{Rate: rate.ID(), Inclusive: rate.Bool("inclusive"), Amount: billing.Amount(tax.Int("amount")), Taxable: billing.Amount(tax.Int("taxable_amount"))})
	}
	return noteOf(note.Lines[0].Index, l), nil
}

// noteOf is the credit note of one line.
func noteOf(index int, l billing.InvoiceLine) billing.CreditNote {
	note := billing.CreditNote{Lines: []billing.CreditLine{{Index: index, InvoiceLine: l}}, Subtotal: l.Amount, Total: l.Total(), TotalExcludingTax: l.ExcludingTax(),
		DiscountAmounts: l.DiscountAmounts, Taxes: l.Taxes}
	note.SubtotalExcludingTax = l.Amount
	for _, t := range l.Taxes {
		if t.Inclusive {
			note.SubtotalExcludingTax -= t.Amount
		}
	}
	return note
}

// joinNotes adds two credit notes of one invoice up.
func joinNotes(a, b billing.CreditNote) billing.CreditNote {
	a.Lines = append(slices.Clip(a.Lines), b.Lines...)
	a.Subtotal, a.SubtotalExcludingTax = a.Subtotal+b.Subtotal, a.SubtotalExcludingTax+b.SubtotalExcludingTax
	a.Total, a.TotalExcludingTax = a.Total+b.Total, a.TotalExcludingTax+b.TotalExcludingTax
	a.DiscountAmounts, a.Taxes = slices.Clone(a.DiscountAmounts), slices.Clone(a.Taxes)
	for _, d := range b.DiscountAmounts {
		if i := slices.IndexFunc(a.DiscountAmounts, func(o billing.DiscountAmount) bool { return o.Discount == d.Discount }); i >= 0 {
			a.DiscountAmounts[i].Amount += d.Amount
			continue
		}
		a.DiscountAmounts = append(a.DiscountAmounts, d)
	}
	for _, t := range b.Taxes {
		if i := slices.IndexFunc(a.Taxes, func(o billing.TaxAmount) bool { return o.Rate == t.Rate }); i >= 0 {
			a.Taxes[i].Amount, a.Taxes[i].Taxable = a.Taxes[i].Amount+t.Amount, a.Taxes[i].Taxable+t.Taxable
			continue
		}
		a.Taxes = append(a.Taxes, t)
	}
	return a
}

// noLine is the place of a credit that is on no line of the invoice.
const noLine = -1

// customCredit credits an amount that is on no line of the invoice.
func (tx *accountTx) customCredit(inv *stripeObject, given formParams, at string) (billing.CreditNote, *stripeObject, error) {
	text := orElse(given.Str("unit_amount_decimal"), given.Str("unit_amount"))
	unit, err := billing.ParseDecimal(text)
	if err != nil || unit.Sign() <= 0 || given.Str("description") == "" {
		return billing.CreditNote{}, nil, invalid(at, "parameter_missing", "A line of type `custom_line_item` needs `description` and a positive `unit_amount`.")
	}
	rates, err := tx.billingTaxRates(given.Strs("tax_rates"))
	if err != nil {
		return billing.CreditNote{}, nil, err
	}
	quantity := max(1, given.Int("quantity"))
	price := billing.Price{Currency: billing.Currency(inv.Str("currency")), UnitAmount: unit}
	amount, err := price.Amount(billing.Whole(quantity))
	if err != nil {
		return billing.CreditNote{}, nil, err
	}
	billed, err := billing.Bill(billing.Draft{Currency: price.Currency, TaxExempt: billing.TaxExempt(inv.Str("customer_tax_exempt")), TaxRates: rates,
		Lines: []billing.Line{{Description: given.Str("description"), Quantity: billing.Whole(quantity), Amount: amount}}})
	if err != nil {
		return billing.CreditNote{}, nil, err
	}
	l := billed.Lines[0]
	line := tx.newCreditLine(nil, l, given).Set("type", "custom_line_item").Set("description", given.Str("description")).
		Set("quantity", quantity).Set("unit_amount_decimal", unit.String())
	if unit == billing.Whole(unit.Truncate()) {
		line.Set("unit_amount", unit.Truncate())
	}
	return noteOf(noLine, l), line, nil
}

// newCreditLine shows what is credited of a line of the invoice, nil for a credit that is on none.
func (tx *accountTx) newCreditLine(of *stripeObject, l billing.InvoiceLine, given formParams) *stripeObject {
	line := tx.New("credit_note_line_item").Set("amount", int64(l.Amount)).Set("discount_amounts", tx.discountAmounts(l.DiscountAmounts)).
		Set("pretax_credit_amounts", tx.creditedPretax(l.DiscountAmounts)).Set("taxes", tx.taxAmounts(l.Taxes, l.BackedOut != 0)).
		Set("type", "invoice_line_item").Set("metadata", hash()).Set("unit_amount", nil).Set("unit_amount_decimal", nil).Set("quantity", nil)
	line.Set("discount_amount", sumOf(line.List("discount_amounts")))
	var rates []string
	for _, t := range l.Taxes {
		rates = append(rates, t.Rate)
	}
	line.Set("tax_rates", tx.ratesOf(rates))
	if of != nil {
		line.Set("invoice_line_item", of.ID()).Set("description", of.Get("description"))
	}
	if given.Has("quantity") {
		line.Set("quantity", given.Int("quantity"))
	}
	if l.BackedOut != 0 {
		line.Set(hiddenBackedOut, int64(l.BackedOut))
	}
	applyMetadata(tx, line, onlyMetadata(given))
	return line
}

// billedInvoice is an invoice as it was added up when it was finalised.
func (tx *accountTx) billedInvoice(inv *stripeObject) (billing.Invoice, error) {
	var billed billing.Invoice
	for _, line := range invoiceLines(inv) {
		l, err := tx.billingLine(line)
		if err != nil {
			return billed, err
		}
		of := amountsOf(line)
		of.Line = l
		billed.Lines = append(billed.Lines, of)
		billed.Total += of.Total()
	}
	return billed, nil
}

// amountsOf reads the amounts of a line of an invoice or of a credit note.
func amountsOf(line *stripeObject) billing.InvoiceLine {
	l := billing.InvoiceLine{BackedOut: billing.Amount(line.Int(hiddenBackedOut))}
	l.Amount = billing.Amount(line.Int("amount"))
	for _, d := range objectsIn(line.List("discount_amounts")) {
		l.DiscountAmounts = append(l.DiscountAmounts, billing.DiscountAmount{Discount: d.Str("discount"), Amount: billing.Amount(d.Int("amount"))})
	}
	for _, d := range objectsIn(line.List("pretax_credit_amounts")) { // what grants paid is not given back in money
		if id := d.Str("credit_balance_transaction"); id != "" {
			l.DiscountAmounts = append(l.DiscountAmounts, billing.DiscountAmount{Discount: id, Amount: billing.Amount(d.Int("amount"))})
		}
	}
	for _, t := range objectsIn(line.List("taxes")) {
		l.Taxes = append(l.Taxes, billing.TaxAmount{Rate: t.Str("tax_rate_details.tax_rate"), Inclusive: t.Str("tax_behavior") == "inclusive",
			Amount: billing.Amount(t.Int("amount")), Taxable: billing.Amount(t.Int("taxable_amount"))})
	}
	return l
}

// creditedBefore are the credit notes of an invoice that count.
func (tx *accountTx) creditedBefore(inv *stripeObject) ([]billing.CreditNote, error) {
	lines := invoiceLines(inv)
	var notes []billing.CreditNote
	for _, cn := range slices.Backward(ofField(tx, "credit_note", "invoice", inv.ID())) {
		if cn.Str("status") == "void" {
			continue
		}
		var note billing.CreditNote
		for _, line := range creditLines(cn) {
			index := slices.IndexFunc(lines, func(l *stripeObject) bool { return l.ID() == line.Str("invoice_line_item") })
			note = joinNotes(note, noteOf(index, amountsOf(line)))
		}
		notes = append(notes, note)
	}
	return notes, nil
}
