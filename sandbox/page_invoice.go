package sandbox

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// invoicePage is the answer of GET /v1/invoice_pages/{invoice}. Amounts are in the currency's minor unit.
type invoicePage struct {
	Invoice struct {
		ID                  string           `json:"id"`
		Number              string           `json:"number"`
		Status              string           `json:"status"`
		Currency            string           `json:"currency"`
		AmountDue           int64            `json:"amount_due"`
		AmountPaid          int64            `json:"amount_paid"`
		AmountRemaining     int64            `json:"amount_remaining"`
		AmountShipping      int64            `json:"amount_shipping"`
		Subtotal            int64            `json:"subtotal"`
		Total               int64            `json:"total"`
		StartingBalance     int64            `json:"starting_balance"`
		EndingBalance       int64            `json:"ending_balance"`
		PrePaymentCredit    int64            `json:"pre_payment_credit_notes_amount"`
		CollectionMethod    string           `json:"collection_method"`
		CustomerName        string           `json:"customer_name"`
		CustomerEmail       string           `json:"customer_email"`
		CustomerAddress     *documentAddress `json:"customer_address"`
		Description         string           `json:"description"`
		Footer              string           `json:"footer"`
		DueDate             int64            `json:"due_date"`
		EffectiveAt         int64            `json:"effective_at"`
		StatementDescriptor string           `json:"statement_descriptor"`
		CustomFields        []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"custom_fields"`
		StatusTransitions struct {
			PaidAt int64 `json:"paid_at"`
		} `json:"status_transitions"`
	} `json:"invoice"`
	Lines          []documentLine `json:"lines"`
	Discount       int64          `json:"discount"`
	Taxes          []documentTax  `json:"taxes"`
	PublishableKey string         `json:"publishable_key"`
	Locale         string         `json:"locale"`
	// State is the invoice's status, or what an open one waits for: overdue, action_required.
	State         string `json:"state"`
	PaymentIntent *struct {
		ID           string   `json:"id"`
		ClientSecret string   `json:"client_secret"`
		Types        []string `json:"payment_method_types"`
	} `json:"payment_intent"`
	Account struct {
		DisplayName string `json:"display_name"`
	} `json:"account"`
}

// documentLine is a line of an invoice or a credit note as people read it.
type documentLine struct {
	Description string `json:"description"`
	Quantity    string `json:"quantity"`
	Amount      int64  `json:"amount"`
	UnitAmount  string `json:"unit_amount"`
	Start       int64  `json:"start"`
	End         int64  `json:"end"`
}

type documentTax struct {
	Name      string `json:"name"`
	Amount    int64  `json:"amount"`
	Inclusive bool   `json:"inclusive"`
}

type documentAddress struct {
	Line1      string `json:"line1"`
	Line2      string `json:"line2"`
	City       string `json:"city"`
	State      string `json:"state"`
	PostalCode string `json:"postal_code"`
	Country    string `json:"country"`
}

// lines are the lines of an address that are there.
func (a *documentAddress) lines() []string {
	if a == nil {
		return nil
	}
	var lines []string
	for _, line := range []string{a.Line1, a.Line2, strings.TrimSpace(a.PostalCode + " " + a.City), a.State, a.Country} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// invoiceView is what the hosted invoice's template gets.
type invoiceView struct {
	view
	Merchant, Heading, Amount, State, PDF string
	Languages                             []languageChoice
	CardGroups                            []cardGroup
	Countries                             []string
	FullAddress, Payable                  bool
	Facts, Adjustments                    []adjustmentView
	Lines                                 []lineView
	Total, Due, Memo, Footer, Submit      string
	// Over says why there is nothing to pay.
	Over string
	Owed bool
}

// invoiceData is what the hosted invoice's script gets.
type invoiceData struct {
	scriptData
	Invoice string   `json:"invoice"`
	Intent  string   `json:"intent"`
	Secret  string   `json:"secret"`
	Key     string   `json:"key"`
	Cards   []string `json:"cards"`
	Submit  string   `json:"submit"`
	Email   string   `json:"email"`
}

// invoicePageFor asks for the invoice of a request and answers the request itself when there is none.
func (p *pages) invoicePageFor(w http.ResponseWriter, r *http.Request) (invoicePage, bool) {
	var page invoicePage
	status, err := p.ask(r.Context(), "", "/v1/invoice_pages/"+url.PathEscape(r.PathValue("invoice")), nil, &page)
	if err != nil || status != http.StatusOK {
		p.renderFailure(w, r, status, err)
		return page, false
	}
	return page, true
}

// serveInvoice shows an invoice: to be paid, paid, or over.
func (p *pages) serveInvoice(w http.ResponseWriter, r *http.Request) {
	page, ok := p.invoicePageFor(w, r)
	if !ok {
		return
	}
	v := p.invoiceView(r, textFor(r, page.Locale), page)
	p.render(w, r, http.StatusOK, "invoice.html", v.Nonce, v)
}

func (p *pages) invoiceView(r *http.Request, text pageText, page invoicePage) invoiceView {
	inv := page.Invoice
	amount := func(n int64) string { return text.money(n, inv.Currency, p.decimals(inv.Currency)) }
	v := invoiceView{
		view: p.newView(text, "/pages/invoice.js", "base.css", "checkout.css"), Merchant: page.Account.DisplayName,
		Languages: languageChoices(r, text), CardGroups: cardGroups(text), Countries: countries,
		Payable: page.PaymentIntent != nil, State: text.T("invoice.state." + page.State),
		Heading: text.T("invoice.heading", "merchant", page.Account.DisplayName), Amount: amount(inv.AmountRemaining),
		PDF: "/i/" + url.PathEscape(inv.ID) + "/pdf?lang=" + text.Lang, Memo: inv.Description, Footer: inv.Footer,
		Total: amount(inv.Total), Due: amount(inv.AmountRemaining), Owed: inv.AmountRemaining != inv.Total,
	}
	if inv.Status == "paid" {
		v.Amount = amount(inv.AmountPaid)
	}
	v.Title = text.T("invoice.title", "number", inv.Number, "merchant", v.Merchant)
	v.Submit = text.T("checkout.pay", "amount", amount(inv.AmountRemaining))
	v.Over = text.T("invoice.over."+inv.Status, "merchant", v.Merchant)
	v.Facts = p.invoiceFacts(text, page)
	for _, line := range page.Lines {
		v.Lines = append(v.Lines, lineView{Description: line.Description, Amount: amount(line.Amount), Quantity: line.span(text)})
	}
	v.Adjustments = invoiceSums(text, page, amount)
	data := invoiceData{scriptData: text.script(), Invoice: inv.ID, Key: page.PublishableKey, Cards: p.numbers, Submit: v.Submit, Email: inv.CustomerEmail}
	if page.PaymentIntent != nil {
		data.Intent, data.Secret = page.PaymentIntent.ID, page.PaymentIntent.ClientSecret
	}
	v.Data = data
	return v
}

// span says how many and for how long a line is.
func (l documentLine) span(text pageText) string {
	var parts []string
	if l.Quantity != "" && l.Quantity != "1" {
		parts = append(parts, text.T("checkout.quantity", "n", l.Quantity))
	}
	if l.End > l.Start {
		parts = append(parts, text.day(l.Start)+" – "+text.day(l.End))
	}
	return strings.Join(parts, " · ")
}

// day writes a day as people of the language do, in UTC.
func (t pageText) day(at int64) string {
	day := time.Unix(at, 0).UTC()
	if t.Lang == "tr" {
		return day.Format("02.01.2006")
	}
	return day.Format("2 Jan 2006")
}

// invoiceFacts are what stands above an invoice's lines.
func (p *pages) invoiceFacts(text pageText, page invoicePage) []adjustmentView {
	inv := page.Invoice
	facts := []adjustmentView{{text.T("invoice.number"), inv.Number}}
	for _, day := range []struct {
		key string
		at  int64
	}{{"invoice.issued", inv.EffectiveAt}, {"invoice.due", inv.DueDate}, {"invoice.paid", inv.StatusTransitions.PaidAt}} {
		if day.at != 0 {
			facts = append(facts, adjustmentView{text.T(day.key), text.day(day.at)})
		}
	}
	if to := strings.TrimSpace(inv.CustomerName); to != "" || inv.CustomerEmail != "" {
		if to == "" {
			to = inv.CustomerEmail
		}
		facts = append(facts, adjustmentView{text.T("invoice.to"), to})
	}
	for _, field := range inv.CustomFields {
		facts = append(facts, adjustmentView{field.Name, field.Value})
	}
	return facts
}

// invoiceSums are what leads from the lines to the total, and from there to what is due.
func invoiceSums(text pageText, page invoicePage, amount func(int64) string) []adjustmentView {
	inv := page.Invoice
	sums := []adjustmentView{{text.T("checkout.subtotal"), amount(inv.Subtotal)}}
	add := func(label string, n int64) {
		if n != 0 {
			sums = append(sums, adjustmentView{label, amount(n)})
		}
	}
	add(text.T("checkout.discount"), -page.Discount)
	add(text.T("checkout.shipping"), inv.AmountShipping)
	for _, tax := range page.Taxes {
		label := tax.Name
		if tax.Inclusive {
			label = text.T("invoice.tax.inclusive", "tax", tax.Name)
		}
		add(label, tax.Amount)
	}
	return sums
}
