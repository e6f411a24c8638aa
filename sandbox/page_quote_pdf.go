package sandbox

import (
	"encoding/base64"
	"strconv"
)

func init() { behave("GET /v1/quotes/{quote}/pdf", printQuote) }

// printQuote answers a quote as a PDF. A draft has none yet. Source: docs.stripe.com/api/quotes/pdf. What is printed, and in
// which language, is a choice.
func printQuote(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	quote, err := findQuote(tx, r)
	if err != nil {
		return nil, err
	}
	if quote.Str("number") == "" {
		return nil, invalid("", "quote_not_finalized", "Quote %s must be finalized before its PDF can be downloaded.", quote.ID())
	}
	customer := tx.Get("customer", quote.Str("customer"))
	locale := ""
	for _, wish := range texts(customer.list("preferred_locales")) {
		locale = wish
		break
	}
	d := documentOfQuote(quote, customer, sessionItems(tx, quote), textFor(r.http, locale))
	d.merchant = displayName(tx)
	return hash("object", "file_contents").Set(hiddenContents, base64.StdEncoding.EncodeToString(d.draw().encode())).Set(hiddenContentType, "application/pdf"), nil
}

// list is List of an object that may be missing.
func (o *stripeObject) list(path string) []any {
	if o == nil {
		return nil
	}
	return o.List(path)
}

// documentOfQuote is a quote as it is printed.
func documentOfQuote(quote, customer *stripeObject, items []*stripeObject, text pageText) document {
	currency := quote.Str("currency")
	d := document{pageText: text, heading: text.T("quote.document"), currency: currency, decimals: currencyDecimals(currency)}
	amount := func(n int64) string { return text.money(n, currency, d.decimals) }
	d.facts = []adjustmentView{{text.T("quote.number"), quote.Str("number")}, {text.T("invoice.issued"), text.day(quote.Int("status_transitions.finalized_at"))},
		{text.T("quote.expires"), text.day(quote.Int("expires_at"))}}
	d.to = []string{customer.str("name"), customer.str("email")}
	for _, item := range items {
		line := documentLine{Description: item.Str("description"), Quantity: strconv.FormatInt(item.Int("quantity"), 10), Amount: item.Int("amount_subtotal"),
			UnitAmount: item.Str("price.unit_amount_decimal")}
		d.lines = append(d.lines, line)
	}
	d.sums = []adjustmentView{{text.T("checkout.subtotal"), amount(quote.Int("amount_subtotal"))}}
	for _, sum := range []struct {
		key string
		n   int64
	}{{"checkout.discount", -quote.Int("total_details.amount_discount")}, {"quote.tax", quote.Int("total_details.amount_tax")}} {
		if sum.n != 0 {
			d.sums = append(d.sums, adjustmentView{text.T(sum.key), amount(sum.n)})
		}
	}
	d.total = adjustmentView{text.T("invoice.total"), amount(quote.Int("amount_total"))}
	d.notes = []string{quote.Str("header"), quote.Str("description"), quote.Str("footer")}
	return d
}
