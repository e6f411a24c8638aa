package sandbox

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// linkVisit is what a payment link answers to a buyer who opens it.
type linkVisit struct {
	Active          bool   `json:"active"`
	InactiveMessage string `json:"inactive_message"`
	URL             string `json:"url"`
	Account         struct {
		DisplayName string `json:"display_name"`
	} `json:"account"`
}

// servePaymentLink makes a Checkout Session and sends the buyer there. What the address says after ? goes along.
func (p *pages) servePaymentLink(w http.ResponseWriter, r *http.Request) {
	visit, ok := p.visit(w, r, "/v1/payment_links/"+url.PathEscape(r.PathValue("link"))+"/visit")
	if !ok {
		return
	}
	text := textFor(r, r.URL.Query().Get("locale"))
	body := visit.InactiveMessage
	if body == "" {
		body = text.T("checkout.inactive.body", "merchant", visit.Account.DisplayName)
	}
	p.renderNotice(w, r, http.StatusOK, notice{view: view{pageText: text}, Mark: "⏱", Heading: text.T("checkout.inactive.title"), Body: body})
}

// serveRecovery takes an expired Checkout Session up again and sends the buyer to its copy.
func (p *pages) serveRecovery(w http.ResponseWriter, r *http.Request) {
	if _, ok := p.visit(w, r, "/v1/checkout_recoveries/"+url.PathEscape(r.PathValue("slug"))+"/visit"); ok {
		text := textFor(r, "")
		p.renderNotice(w, r, http.StatusOK, notice{view: view{pageText: text}, Mark: "⏱", Heading: text.T("checkout.expired.title"), Body: text.T("checkout.expired.body")})
	}
}

// visit opens an address that makes a session. It answers false when the request is answered: with the way to the session's
// page, or with a failure. A preview, by HEAD, makes nothing.
func (p *pages) visit(w http.ResponseWriter, r *http.Request, path string) (visit linkVisit, ok bool) {
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return visit, false
	}
	status, err := p.tell(r.Context(), r, path, r.URL.Query(), &visit)
	switch {
	case err != nil || status != http.StatusOK:
		p.renderFailure(w, r, status, err)
		return visit, false
	case visit.Active:
		http.Redirect(w, r, visit.URL, http.StatusSeeOther)
		return visit, false
	}
	return visit, true
}

// tell sends a form to the sandbox's own routes, as a visitor of the page does who has no key.
func (p *pages) tell(ctx context.Context, visitor *http.Request, path string, form url.Values, result any) (status int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	r.Host = visitor.Host
	if visitor.TLS != nil {
		r.TLS = &tls.ConnectionState{}
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := capture{header: http.Header{}, status: http.StatusOK}
	p.api.ServeHTTP(&answer, r)
	if answer.status != http.StatusOK {
		return answer.status, nil
	}
	return answer.status, json.Unmarshal(answer.body.Bytes(), result)
}
