package sandbox

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// checkoutSession is the answer of GET /v1/payment_pages/{session}, as far as the page shows it. Amounts are in the
// currency's minor unit.
type checkoutSession struct {
	Session struct {
		ID             string `json:"id"`
		Status         string `json:"status"`
		Mode           string `json:"mode"`
		Currency       string `json:"currency"`
		AmountSubtotal int64  `json:"amount_subtotal"`
		AmountTotal    int64  `json:"amount_total"`
		TotalDetails   struct {
			AmountDiscount int64 `json:"amount_discount"`
			AmountShipping int64 `json:"amount_shipping"`
			AmountTax      int64 `json:"amount_tax"`
		} `json:"total_details"`
		CancelURL           string `json:"cancel_url"`
		Locale              string `json:"locale"`
		CustomerEmail       string `json:"customer_email"`
		AllowPromotionCodes bool   `json:"allow_promotion_codes"`
		askedOfBuyer
	} `json:"session"`
	LineItems []struct {
		ID               string `json:"id"`
		CustomUnitAmount *struct {
			Preset int64 `json:"preset"`
		} `json:"custom_unit_amount"`
		Description string `json:"description"`
		Quantity    int64  `json:"quantity"`
		UnitAmount  int64  `json:"unit_amount"`
		AmountTotal int64  `json:"amount_total"`
		Currency    string `json:"currency"`
	} `json:"line_items"`
	PaymentMethodTypes []string `json:"payment_method_types"`
	PublishableKey     string   `json:"publishable_key"`
	Account            struct {
		DisplayName string `json:"display_name"`
	} `json:"account"`
	RedirectURL string `json:"redirect_url"`
}

// checkoutView is what the hosted checkout's template gets.
type checkoutView struct {
	view
	Embedded    bool
	Merchant    string
	BackURL     string
	Languages   []languageChoice
	CardGroups  []cardGroup
	Email       string
	Methods     []methodView
	Countries   []string
	Promotions  bool
	Setup       bool
	Free        bool
	Asked       []askedField
	Submit      string
	Total       string
	Subtotal    string
	Lines       []lineView
	Adjustments []adjustmentView
}

type languageChoice struct {
	Code, Label, Name, URL string
	Current                bool
}

type lineView struct {
	Description, Amount, Quantity, Each string
	Many                                bool
}

type adjustmentView struct{ Label, Amount string }

// checkoutData is what the hosted checkout's script gets.
type checkoutData struct {
	scriptData
	Session    string       `json:"session"`
	Key        string       `json:"key"`
	Cards      []string     `json:"cards"`
	Methods    []string     `json:"methods"`
	Delayed    []methodForm `json:"delayed"`
	Free       bool         `json:"free"`
	Submit     string       `json:"submit"`
	SummaryURL string       `json:"summaryURL"`
	Embedded   bool         `json:"embedded"`
}

// checkoutFor asks for the session of a request and answers the request itself when there is none.
func (p *pages) checkoutFor(w http.ResponseWriter, r *http.Request) (checkoutSession, bool) {
	var session checkoutSession
	status, err := p.ask(r.Context(), "", "/v1/payment_pages/"+r.PathValue("session"), nil, &session)
	if err != nil || status != http.StatusOK {
		p.renderFailure(w, r, status, err)
		return session, false
	}
	return session, true
}

func (p *pages) serveCheckout(w http.ResponseWriter, r *http.Request) {
	session, ok := p.checkoutFor(w, r)
	if !ok {
		return
	}
	text := textFor(r, session.Session.Locale)
	switch session.Session.Status {
	case "complete":
		body := text.T("checkout.complete.body")
		if session.Session.Mode == "setup" {
			body = text.T("checkout.complete.setup")
		}
		p.renderNotice(w, r, http.StatusOK, notice{
			view: view{pageText: text}, Mark: "✓", Heading: text.T("checkout.complete.title"), Body: body,
			LinkURL: session.RedirectURL, LinkText: text.T("checkout.complete.link"),
		})
	case "expired":
		n := notice{view: view{pageText: text}, Mark: "⏱", Heading: text.T("checkout.expired.title"), Body: text.T("checkout.expired.body")}
		if session.Session.CancelURL != "" {
			n.LinkURL, n.LinkText = session.Session.CancelURL, text.T("checkout.back.to", "merchant", session.Account.DisplayName)
		}
		p.renderNotice(w, r, http.StatusOK, n)
	default:
		v := p.checkoutView(r, text, session)
		p.render(w, r, http.StatusOK, "checkout.html", v.Nonce, v)
	}
}

// serveCheckoutSummary serves the order's part of the page alone, drawn anew after a promotion code.
func (p *pages) serveCheckoutSummary(w http.ResponseWriter, r *http.Request) {
	session, ok := p.checkoutFor(w, r)
	if !ok {
		return
	}
	v := p.checkoutView(r, textFor(r, session.Session.Locale), session)
	p.render(w, r, http.StatusOK, "summary", v.Nonce, v)
}

func (p *pages) checkoutView(r *http.Request, text pageText, page checkoutSession) checkoutView {
	s := page.Session
	amount := func(n int64) string { return text.money(n, s.Currency, p.decimals(s.Currency)) }
	v := checkoutView{
		view:       p.newView(text, "/pages/checkout.js", "base.css", "checkout.css"),
		Embedded:   r.URL.Query().Get("embedded") != "",
		Merchant:   page.Account.DisplayName,
		BackURL:    s.CancelURL,
		Languages:  languageChoices(r, text),
		CardGroups: cardGroups(text),
		Email:      s.CustomerEmail,
		Methods:    methodViews(text, page.PaymentMethodTypes, page.Account.DisplayName),
		Countries:  countries,
		Promotions: s.Mode != "setup" && s.AllowPromotionCodes,
		Setup:      s.Mode == "setup",
		Free:       s.Mode != "setup" && s.AmountTotal == 0,
		Total:      amount(s.AmountTotal),
		Subtotal:   amount(s.AmountSubtotal),
	}
	v.Asked = p.askedFields(text, page)
	if amountAsked(page) {
		v.Free = false
	}
	switch {
	case v.Setup:
		v.Title, v.Submit = text.T("checkout.title.setup", "merchant", v.Merchant), text.T("checkout.save")
	case v.Free:
		v.Title, v.Submit = text.T("checkout.title", "merchant", v.Merchant), text.T("checkout.order")
	default:
		v.Title, v.Submit = text.T("checkout.title", "merchant", v.Merchant), text.T("checkout.pay", "amount", v.Total)
	}
	for _, item := range page.LineItems {
		v.Lines = append(v.Lines, lineView{
			Description: item.Description,
			Amount:      amount(item.UnitAmount * item.Quantity),
			Quantity:    text.T("checkout.quantity", "n", strconv.FormatInt(item.Quantity, 10)),
			Each:        text.T("checkout.each", "amount", amount(item.UnitAmount)),
			Many:        item.Quantity > 1,
		})
	}
	for _, part := range []struct {
		key    string
		amount int64
	}{
		{"checkout.discount", -s.TotalDetails.AmountDiscount},
		{"checkout.shipping", s.TotalDetails.AmountShipping},
		{"checkout.tax", s.TotalDetails.AmountTax},
	} {
		if part.amount != 0 {
			v.Adjustments = append(v.Adjustments, adjustmentView{text.T(part.key), amount(part.amount)})
		}
	}
	types := make([]string, len(v.Methods))
	for i, m := range v.Methods {
		types[i] = m.Type
	}
	v.Data = checkoutData{
		scriptData: text.script(),
		Session:    s.ID,
		Key:        page.PublishableKey,
		Cards:      p.numbers,
		Methods:    types,
		Delayed:    delayedForms(text, types),
		Free:       v.Free,
		Submit:     v.Submit,
		SummaryURL: "/c/pay/" + url.PathEscape(s.ID) + "/summary?lang=" + text.Lang,
		Embedded:   v.Embedded,
	}
	return v
}

// languageChoices links to the same page in each language.
func languageChoices(r *http.Request, text pageText) []languageChoice {
	choices := make([]languageChoice, 0, len(pageLanguages))
	for _, lang := range slices.Backward(pageLanguages) {
		query := maps.Clone(r.URL.Query())
		query.Set("lang", lang)
		choices = append(choices, languageChoice{
			Code: lang, Label: strings.ToUpper(lang), Name: pageText{lang}.T("lang.name"), URL: "?" + query.Encode(), Current: lang == text.Lang,
		})
	}
	return choices
}
