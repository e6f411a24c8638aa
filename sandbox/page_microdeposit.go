package sandbox

import (
	"net/http"
	"net/url"
)

// depositView is the hosted page on which a buyer verifies a bank account.
type depositView struct {
	view
	Merchant, Last4, Message string
}

// serveMicrodeposit asks for the code that stands beside the deposit on the buyer's account, and takes it. A form that is
// sent asks the same address with the code.
func (p *pages) serveMicrodeposit(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return
	}
	var answer struct {
		Merchant string `json:"merchant"`
		Last4    string `json:"last4"`
		Status   string `json:"status"`
		Message  string `json:"message"`
	}
	form := url.Values{}
	if code := r.URL.Query().Get("descriptor_code"); code != "" {
		form.Set("descriptor_code", code)
	}
	status, err := p.tell(r.Context(), r, "/v1/microdeposits/"+url.PathEscape(r.PathValue("token")), form, &answer)
	if err != nil || status != http.StatusOK {
		p.renderFailure(w, r, status, err)
		return
	}
	text := textFor(r, "")
	if answer.Status == "verified" {
		p.renderNotice(w, r, http.StatusOK, notice{view: view{pageText: text}, Mark: "✓", Heading: text.T("deposit.done.title"), Body: text.T("deposit.done.body", "merchant", answer.Merchant)})
		return
	}
	v := depositView{view: p.newView(text, "", "base.css", "checkout.css"), Merchant: answer.Merchant, Last4: answer.Last4, Message: answer.Message}
	p.render(w, r, http.StatusOK, "microdeposit.html", v.Nonce, v)
}
