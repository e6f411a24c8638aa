package sandbox

import "strings"

func init() {
	private("GET /v1/invoice_pages/{invoice}", retrieveInvoicePage)
	private("GET /v1/credit_note_pages/{credit_note}", retrieveCreditNotePage)
}

// retrieveInvoicePage is what the hosted page and the PDF of an invoice show. Anyone with the link may ask, so metadata stays
// out. A draft has no page yet.
func retrieveInvoicePage(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	inv := tx.Get("invoice", r.Path("invoice"))
	if inv == nil || inv.Str("status") == invoiceDraftStatus {
		return nil, missing("invoice", r.Path("invoice"), "invoice", 404)
	}
	answer := hash("object", "invoice_page", "invoice", inv.Edit().Unset("metadata").Unset("default_payment_method").Unset("default_source"),
		"lines", documentLines(invoiceLines(inv)), "discount", sumOf(inv.List("total_discount_amounts")), "taxes", tx.documentTaxes(inv),
		"account", hash("display_name", displayName(tx)), "publishable_key", tx.PublishableKey(), "payment_intent", nil, "state", "", "locale", localeOf(tx, inv))
	tx.onClock(inv.Str("test_clock"))
	pi := tx.payableIntent(inv)
	if pi != nil {
		answer.Set("payment_intent", redact(pi))
	}
	return answer.Set("state", tx.invoicePageState(inv, pi)), nil
}

// retrieveCreditNotePage is what the PDF of a credit note shows.
func retrieveCreditNotePage(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	cn := tx.Get("credit_note", r.Path("credit_note"))
	if cn == nil {
		return nil, missing("credit_note", r.Path("credit_note"), "credit_note", 404)
	}
	inv := tx.Get("invoice", cn.Str("invoice"))
	return hash("object", "credit_note_page", "credit_note", cn.Edit().Unset("metadata"), "invoice", hash("number", inv.str("number"), "customer_name", inv.str("customer_name"),
		"customer_email", inv.str("customer_email")), "lines", documentLines(creditLines(cn)), "discount", cn.Int("discount_amount"), "taxes", tx.documentTaxes(cn),
		"account", hash("display_name", displayName(tx)), "locale", localeOf(tx, inv)), nil
}

// localeOf is the language that an invoice's customer reads, "" for any.
func localeOf(tx *accountTx, inv *stripeObject) string {
	if customer := tx.Get("customer", inv.str("customer")); customer != nil {
		for _, locale := range texts(customer.List("preferred_locales")) {
			return locale
		}
	}
	return ""
}

// documentLines are lines as people read them.
func documentLines(lines []*stripeObject) []*stripeObject {
	shown := make([]*stripeObject, len(lines))
	for i, line := range lines {
		shown[i] = hash("description", line.Get("description"), "quantity", line.Get("quantity_decimal"), "amount", line.Int("amount"),
			"unit_amount", line.Get("pricing.unit_amount_decimal"), "start", line.Int("period.start"), "end", line.Int("period.end"))
		if line.Get("quantity_decimal") == nil && line.Has("quantity") {
			shown[i].Set("quantity", formParams{&paramNode{value: line.Int("quantity")}}.Str(""))
		}
	}
	return shown
}

// documentTaxes are the taxes of an invoice or a credit note with their names.
func (tx *accountTx) documentTaxes(o *stripeObject) []*stripeObject {
	var shown []*stripeObject
	for _, tax := range objectsIn(o.List("total_taxes")) {
		name := "Tax"
		if rate := tx.Get("tax_rate", tax.Str("tax_rate_details.tax_rate")); rate != nil {
			name = strings.TrimSpace(rate.Str("display_name") + " " + decimalOf(rate.Float("percentage")) + "%")
		}
		shown = append(shown, hash("name", name, "amount", tax.Int("amount"), "inclusive", tax.Str("tax_behavior") == "inclusive"))
	}
	return shown
}
