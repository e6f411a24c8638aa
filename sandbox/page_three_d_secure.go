package sandbox

import (
	"net/http"
	"strings"
)

// challenge is the answer of GET /v1/3ds2/challenges/{token}. Amount is in the currency's minor unit; an intent that
// charges nothing has no currency.
type challenge struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	Merchant string `json:"merchant"`
	Card     struct {
		Brand string `json:"brand"`
		Last4 string `json:"last4"`
	} `json:"card"`
	Status      string `json:"status"`
	ReturnURL   string `json:"return_url"`
	RedirectURL string `json:"redirect_url"`
}

type challengeView struct {
	view
	Lead, Merchant, Amount, Card, ReturnURL string
	Over                                    bool
}

type challengeData struct {
	scriptData
	Token   string `json:"token"`
	Over    bool   `json:"over"`
	Outcome string `json:"outcome"`
}

// cardBrands are the names of Stripe's card brands as people know them.
var cardBrands = map[string]string{
	"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "discover": "Discover", "diners": "Diners Club",
	"jcb": "JCB", "unionpay": "UnionPay",
}

// serveChallenge shows the bank's stand-in, alone or in a frame.
func (p *pages) serveChallenge(w http.ResponseWriter, r *http.Request) {
	token := r.PathValue("token")
	var c challenge
	status, err := p.ask(r.Context(), "", "/v1/3ds2/challenges/"+token, nil, &c)
	if err != nil || status != http.StatusOK {
		p.renderFailure(w, r, status, err)
		return
	}
	text := textFor(r, "")
	v := challengeView{
		view:      p.newView(text, "/pages/challenge.js", "base.css", "challenge.css"),
		Lead:      text.T("challenge.lead"),
		Merchant:  c.Merchant,
		ReturnURL: c.RedirectURL,
		Over:      c.Status != "pending",
	}
	if c.Currency == "" {
		v.Lead = text.T("challenge.lead.setup")
	} else {
		v.Amount = text.money(c.Amount, c.Currency, p.decimals(c.Currency))
	}
	if c.Card.Last4 != "" {
		v.Card = strings.TrimSpace(cardBrands[c.Card.Brand] + " •••• " + c.Card.Last4)
	}
	v.Data = challengeData{scriptData: text.script(), Token: token, Over: v.Over, Outcome: c.Status}
	p.render(w, r, http.StatusOK, "challenge.html", v.Nonce, v)
}
