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
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK) // a preview buys nothing
		return
	}
	var visit linkVisit
	status, err := p.tell(r.Context(), r, "/v1/payment_links/"+url.PathEscape(r.PathValue("link"))+"/visit", r.URL.Query(), &visit)
	if err != nil || status != http.StatusOK {
		p.renderFailure(w, r, status, err)
		return
	}
	if visit.Active {
		http.Redirect(w, r, visit.URL, http.StatusSeeOther)
		return
	}
	text := textFor(r, "")
	body := visit.InactiveMessage
	if body == "" {
		body = text.T("checkout.inactive.body", "merchant", visit.Account.DisplayName)
	}
	p.renderNotice(w, r, http.StatusOK, notice{view: view{pageText: text}, Mark: "⏱", Heading: text.T("checkout.inactive.title"), Body: body})
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
