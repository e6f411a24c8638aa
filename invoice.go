package vezne

import "time"

// Invoice is the numbered document of a paid order. It is drawn in the
// transaction that makes the order Paid, and never changed afterwards. It is
// not a fiscal invoice.
type Invoice struct {
	ID      InvoiceID
	OrderID OrderID
	// Series is the run of numbers it belongs to, such as "2026".
	Series string
	// Seq counts the series from 1 without gaps.
	Seq int64
	// Number is what people read: "VZ-2026-000001".
	Number string
	// Locale is the language of the document: "tr" or "en".
	Locale   string
	Currency Currency
	Lines    []OrderLine
	// Amounts are in the minor unit. AmountTotal is what the lines say,
	// AmountPaid what was collected; they differ by AmountDiscount,
	// AmountShipping and AmountTax of Checkout, or after a partial capture.
	AmountTotal    int64
	AmountDiscount int64
	AmountShipping int64
	AmountTax      int64
	AmountPaid     int64
	CustomerName   string
	CustomerEmail  string
	// Seller is who sells, as the settings said at that time.
	Seller Seller
	// OrderNumber is the order's number for people.
	OrderNumber int64
	// PaymentIntentID and Card ("visa •••• 4242") say what paid it.
	PaymentIntentID ObjectID
	Card            string
	IssuedAt        time.Time
}

// Seller is who issues invoices and greets on pages.
type Seller struct {
	Name    string
	Address string
	TaxID   string
	Email   string
}
