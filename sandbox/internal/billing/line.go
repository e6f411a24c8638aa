package billing

// Kind says where a line comes from.
type Kind string

const (
	// KindPeriod bills an item's period in advance.
	KindPeriod Kind = "period"
	// KindUsage bills a period's usage after it.
	KindUsage Kind = "usage"
	// KindTrial shows a free trial.
	KindTrial Kind = "trial"
	// KindCredit gives back time that was billed and is not used.
	KindCredit Kind = "credit"
	// KindDebit bills the rest of a period.
	KindDebit Kind = "debit"
	// KindItem is an invoice item of the caller's.
	KindItem Kind = "item"
)

// Line is one line of an invoice before discounts and taxes.
type Line struct {
	// ID is the caller's identifier; Settle remembers it so that a later credit
	// can name what it credits.
	ID   string
	Kind Kind
	// Item is the subscription item's id; empty for invoice items.
	Item string
	// Price and Product are ids.
	Price, Product string
	Description    string
	Quantity       Decimal
	Period         Period
	// Amount is in minor units, before discounts; negative for credits.
	Amount Amount
	// Each is what one unit costs, or a tier's flat amount, in minor units; nil for a
	// proration.
	Each *Decimal
	// Proration is the API's flag. Prorations take no further discount.
	Proration bool
	// Discountable lines with a positive amount take discounts.
	Discountable bool
	// Discounts are the line's own; they apply before the invoice's.
	Discounts []Discount
	// Itemised are discounts that are already decided: those of a proration whose
	// amount is shown before discounts.
	Itemised []DiscountAmount
	// TaxRates replace the invoice's default rates; nil takes the default.
	TaxRates []TaxRate
	// Phrase and Whole are what a later credit of the line shows: the product with
	// its quantity and discounts, and the whole quantity.
	Phrase string
	Whole  Decimal
	// Credited are the ids of the lines that a credit gives back (flexible billing
	// mode).
	Credited []string
	// Metered lines bill usage of a meter; grants of credit pay them.
	Metered bool
}

// InvoiceLine is a line with its discounts and taxes.
type InvoiceLine struct {
	Line
	// DiscountAmounts has one entry for each discount that the line takes.
	DiscountAmounts []DiscountAmount
	// Grants has one entry for each grant of credit that pays of the line.
	Grants []GrantAmount
	Taxes  []TaxAmount
	// Rates are the rates that taxed the line: its own or the invoice's.
	Rates []TaxRate
	// BackedOut is inclusive tax that an exempt customer does not pay.
	BackedOut Amount
}

// Net returns the amount after discounts and grants, in minor units.
func (l InvoiceLine) Net() Amount {
	net := l.Amount
	for _, d := range l.DiscountAmounts {
		net -= d.Amount
	}
	for _, g := range l.Grants {
		net -= g.Amount
	}
	return net
}

// Total returns what the line adds to the invoice's total, in minor units.
func (l InvoiceLine) Total() Amount { return l.Net() + added(l.Taxes) - l.BackedOut }

// ExcludingTax returns the amount after discounts and grants without any tax.
func (l InvoiceLine) ExcludingTax() Amount { return l.Net() - contained(l.Taxes) - l.BackedOut }
