package sandbox

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// creditNotePage is the answer of GET /v1/credit_note_pages/{credit_note}. Amounts are in the currency's minor unit.
type creditNotePage struct {
	CreditNote struct {
		ID          string `json:"id"`
		Number      string `json:"number"`
		Currency    string `json:"currency"`
		Subtotal    int64  `json:"subtotal"`
		Total       int64  `json:"total"`
		Memo        string `json:"memo"`
		EffectiveAt int64  `json:"effective_at"`
		Shipping    int64  `json:"amount_shipping"`
	} `json:"credit_note"`
	Invoice struct {
		Number        string `json:"number"`
		CustomerName  string `json:"customer_name"`
		CustomerEmail string `json:"customer_email"`
	} `json:"invoice"`
	Lines    []documentLine `json:"lines"`
	Discount int64          `json:"discount"`
	Taxes    []documentTax  `json:"taxes"`
	Locale   string         `json:"locale"`
	Account  struct {
		DisplayName string `json:"display_name"`
	} `json:"account"`
}

// document is an invoice or a credit note as it is printed.
type document struct {
	pageText
	heading, merchant, currency string
	decimals                    int
	facts, sums                 []adjustmentView
	to                          []string
	lines                       []documentLine
	total                       adjustmentView
	notes                       []string
}

// serveInvoicePDF draws an invoice to keep.
func (p *pages) serveInvoicePDF(w http.ResponseWriter, r *http.Request) {
	page, ok := p.invoicePageFor(w, r)
	if !ok {
		return
	}
	text := textFor(r, page.Locale)
	inv := page.Invoice
	decimals := p.decimals(inv.Currency)
	amount := func(n int64) string { return text.money(n, inv.Currency, decimals) }
	d := document{pageText: text, heading: text.T("invoice.document"), merchant: page.Account.DisplayName, currency: inv.Currency, decimals: decimals,
		facts: p.invoiceFacts(text, page), lines: page.Lines, sums: invoiceSums(text, page, amount), notes: []string{inv.Description, inv.Footer}}
	d.to = append([]string{inv.CustomerName, inv.CustomerEmail}, inv.CustomerAddress.lines()...)
	d.sums = append(d.sums, adjustmentView{text.T("invoice.total"), amount(inv.Total)})
	for _, sum := range []struct {
		key string
		n   int64
	}{{"invoice.balance", inv.StartingBalance - inv.EndingBalance}, {"invoice.credited", -inv.PrePaymentCredit}, {"invoice.amount.paid", -inv.AmountPaid}} {
		if sum.n != 0 {
			d.sums = append(d.sums, adjustmentView{text.T(sum.key), amount(sum.n)})
		}
	}
	d.total = adjustmentView{text.T("invoice.remaining"), amount(inv.AmountRemaining)}
	servePDF(w, r, d, "invoice-"+inv.Number)
}

// serveCreditNotePDF draws a credit note to keep.
func (p *pages) serveCreditNotePDF(w http.ResponseWriter, r *http.Request) {
	var page creditNotePage
	status, err := p.ask(r.Context(), "", "/v1/credit_note_pages/"+url.PathEscape(r.PathValue("credit_note")), nil, &page)
	if err != nil || status != http.StatusOK {
		p.renderFailure(w, r, status, err)
		return
	}
	text, cn := textFor(r, page.Locale), page.CreditNote
	decimals := p.decimals(cn.Currency)
	amount := func(n int64) string { return text.money(n, cn.Currency, decimals) }
	d := document{pageText: text, heading: text.T("credit_note.document"), merchant: page.Account.DisplayName, currency: cn.Currency, decimals: decimals,
		facts: []adjustmentView{{text.T("credit_note.number"), cn.Number}, {text.T("credit_note.of"), page.Invoice.Number}, {text.T("invoice.issued"), text.day(cn.EffectiveAt)}},
		to:    []string{page.Invoice.CustomerName, page.Invoice.CustomerEmail}, lines: page.Lines, notes: []string{cn.Memo},
		total: adjustmentView{text.T("credit_note.total"), amount(cn.Total)}}
	same := invoicePage{Discount: page.Discount, Taxes: page.Taxes}
	same.Invoice.Subtotal, same.Invoice.AmountShipping = cn.Subtotal-cn.Shipping, cn.Shipping
	d.sums = invoiceSums(text, same, amount)
	servePDF(w, r, d, "credit-note-"+cn.Number)
}

func servePDF(w http.ResponseWriter, _ *http.Request, d document, name string) {
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Content-Disposition", `inline; filename="`+url.PathEscape(name)+`.pdf"`)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(d.draw().encode()) // a visitor who left needs no answer
}

// The columns of a printed document, by where they end, and its sizes.
const (
	pdfQuantityEnd = 360.0
	pdfEachEnd     = 455.0
	pdfBody        = 9.5
	pdfLead        = 14.0
	pdfBottom      = pdfHeight - 80
)

// draw lays a document out on as many pages as it needs.
func (d document) draw() *pdfDocument {
	pdf := &pdfDocument{title: d.heading}
	pdf.addPage()
	right := pdfWidth - pdfMargin
	y := pdfMargin + 20
	pdf.text(pdfMargin, y, 20, true, d.heading)
	pdf.right(right, y, 12, true, d.merchant)
	y += 30
	for _, fact := range d.facts {
		pdf.text(pdfMargin, y, pdfBody, true, fact.Label)
		pdf.text(pdfMargin+130, y, pdfBody, false, fact.Amount)
		y += pdfLead
	}
	y += pdfLead
	for _, line := range d.to {
		if line != "" {
			pdf.text(pdfMargin, y, pdfBody, false, line)
			y += pdfLead
		}
	}
	y = d.drawHead(pdf, y+pdfLead)
	for _, line := range d.lines {
		y = d.drawLine(pdf, line, y)
	}
	for i, sum := range append(d.sums, d.total) {
		if y > pdfBottom {
			pdf.addPage()
			y = pdfMargin + 20
		}
		pdf.text(320, y, pdfBody, i == len(d.sums), sum.Label)
		pdf.right(right, y, pdfBody, i == len(d.sums), sum.Amount)
		y += pdfLead
	}
	y += pdfLead
	for _, note := range d.notes {
		for _, line := range pdfWrap(note, pdfBody, right-pdfMargin) {
			if y > pdfBottom {
				pdf.addPage()
				y = pdfMargin + 20
			}
			pdf.text(pdfMargin, y, pdfBody, false, line)
			y += pdfLead
		}
	}
	for i, page := range pdf.pages {
		d.number(page, i+1, len(pdf.pages))
	}
	return pdf
}

// number writes the foot of a page.
func (d document) number(page *bytes.Buffer, n, of int) {
	pdfWrite(page, pdfMargin, pdfHeight-40, 8, false, d.T("invoice.page", "n", strconv.Itoa(n), "of", strconv.Itoa(of)))
}

// drawHead writes the heads of the columns.
func (d document) drawHead(pdf *pdfDocument, y float64) float64 {
	right := pdfWidth - pdfMargin
	pdf.text(pdfMargin, y, 8.5, false, d.T("invoice.description"))
	pdf.right(pdfQuantityEnd, y, 8.5, false, d.T("invoice.quantity"))
	pdf.right(pdfEachEnd, y, 8.5, false, d.T("invoice.each"))
	pdf.right(right, y, 8.5, false, d.T("invoice.amount"))
	pdf.rule(pdfMargin, right, y+6)
	return y + 22
}

// drawLine writes a line with its period below, on a new page where there is no room.
func (d document) drawLine(pdf *pdfDocument, line documentLine, y float64) float64 {
	texts := pdfWrap(line.Description, pdfBody, pdfQuantityEnd-pdfMargin-45)
	if y+pdfLead*float64(len(texts)+1) > pdfBottom {
		pdf.addPage()
		y = d.drawHead(pdf, pdfMargin+20)
	}
	pdf.right(pdfQuantityEnd, y, pdfBody, false, line.Quantity)
	pdf.right(pdfEachEnd, y, pdfBody, false, d.each(line.UnitAmount))
	pdf.right(pdfWidth-pdfMargin, y, pdfBody, false, d.money(line.Amount, d.currency, d.decimals))
	if len(texts) == 0 {
		y += pdfLead
	}
	for _, text := range texts {
		pdf.text(pdfMargin, y, pdfBody, false, text)
		y += pdfLead
	}
	if line.End > line.Start {
		pdf.text(pdfMargin, y-2, 8, false, d.day(line.Start)+" – "+d.day(line.End))
		y += 11
	}
	return y + 4
}

// each is a unit amount in minor units as people read it; one with fractions of a minor unit is written with all its digits.
func (d document) each(text string) string {
	each, err := billing.ParseDecimal(text)
	switch {
	case text == "" || err != nil:
		return ""
	case each == billing.Whole(each.Truncate()):
		return d.money(each.Truncate(), d.currency, d.decimals)
	}
	return billing.FormatUnit(each, billing.Currency(d.currency))
}
