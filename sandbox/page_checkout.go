package sandbox

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

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
		if session.AfterCompletion != "" {
			body = session.AfterCompletion
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
	decimals := p.decimals(s.Currency)
	amount := func(n int64) string { return text.money(n, s.Currency, decimals) }
	asked := asks{text, page}
	v := checkoutView{
		view:        p.newView(text, "/pages/checkout.js", "base.css", "checkout.css"),
		Embedded:    r.URL.Query().Get("embedded") != "",
		Merchant:    page.Account.DisplayName,
		BackURL:     s.CancelURL,
		Languages:   languageChoices(r, text),
		CardGroups:  cardGroups(text),
		Email:       orElse(s.CustomerEmail, page.PrefilledEmail),
		EmailLocked: s.CustomerEmail != "",
		Contact:     asked.contact(),
		Groups:      asked.before(decimals),
		Details:     asked.custom(),
		TaxID:       asked.taxID(),
		TaxRequired: s.TaxIDCollection.Required == "if_supported",
		Consents:    asked.consents(),
		SubmitText:  wordsOf(s.CustomText.Submit),
		AfterSubmit: wordsOf(s.CustomText.AfterSubmit),
		Methods:     methodViews(text, page.PaymentMethodTypes, page.Account.DisplayName),
		Countries:   countries,
		FullAddress: s.BillingAddressCollection == "required",
		Promotions:  s.Mode != "setup" && s.AllowPromotionCodes,
		Code:        page.PromotionCode,
		Setup:       s.Mode == "setup",
		Free:        needsNoMethod(page),
		Subscribes:  s.Mode == "subscription",
		Trial:       trialText(text, page.TrialDays),
		Total:       amount(s.AmountTotal),
		Subtotal:    amount(s.AmountSubtotal),
	}
	if options := s.SavedPaymentMethodOptions; options != nil {
		v.Removable, v.SaveCard = options.Remove == "enabled", options.Save == "enabled"
	}
	v.Title, v.Submit = v.headings(s.SubmitType)
	v.addOrder(page, amount)
	v.addChoices(page, amount)
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
		Taxed:      s.AutomaticTax.Enabled,
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
