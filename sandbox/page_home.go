package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// homeLimit is how many rows a list of the home page shows: the most that one page of Stripe's lists has.
const homeLimit = 100

// homeTypes are the objects that the home page lists, by the path of their list under /v1.
var homeTypes = []string{
	"payment_intents", "checkout/sessions", "setup_intents", "charges", "refunds", "disputes", "customers", "products", "prices",
	"coupons", "promotion_codes", "balance_transactions", "webhook_endpoints",
}

// homeSections are the parts of the home page.
var homeSections = []string{"objects", "events"}

// homeView is what the home page's template gets: one account, one section of it.
type homeView struct {
	view
	Languages []languageChoice
	Account   string
	Refused   bool
	Sections  []homeLink
	Types     []homeLink
	Section   string
	Columns   []string
	Rows      []homeRow
	More      string
	// Body is one object as JSON.
	Body    string
	BackURL string
}

type homeLink struct {
	Label, URL string
	Current    bool
}

// homeRow is a line of a table; Body is shown when it is opened.
type homeRow struct {
	URL   string
	Cells []string
	Body  string
}

// homeObject is the part of an object, an event, that a row shows. Amounts are in the currency's minor unit, times in
// seconds since 1970.
type homeObject struct {
	ID          string `json:"id"`
	Status      string `json:"status"`
	Amount      *int64 `json:"amount"`
	AmountTotal *int64 `json:"amount_total"`
	UnitAmount  *int64 `json:"unit_amount"`
	Currency    string `json:"currency"`
	Created     int64  `json:"created"`
	Type        string `json:"type"`
	Data        struct {
		Object struct {
			ID string `json:"id"`
		} `json:"object"`
	} `json:"data"`
}

// homeList is a page of a list of Stripe's.
type homeList struct {
	Data    []json.RawMessage `json:"data"`
	HasMore bool              `json:"has_more"`
}

// serveHome shows what an account holds, for people who look for what their application did.
func (p *pages) serveHome(w http.ResponseWriter, r *http.Request) {
	text := textFor(r, "")
	v := homeView{view: p.newView(text, "", "base.css", "home.css"), Languages: languageChoices(r, text)}
	v.Title = text.T("home.title")
	query := r.URL.Query()
	v.Account = query.Get("account")
	v.Section = query.Get("view")
	if !slices.Contains(homeSections, v.Section) {
		v.Section = homeSections[0]
	}
	if v.Account != "" {
		status, err := p.fillHome(r, &v)
		if err != nil {
			p.renderFailure(w, r, status, err)
			return
		}
		v.Refused = status == http.StatusUnauthorized
	}
	p.render(w, r, http.StatusOK, "home.html", v.Nonce, v)
}

// fillHome asks for the chosen section of the account.
func (p *pages) fillHome(r *http.Request, v *homeView) (status int, err error) {
	link := func(pairs ...string) string {
		q := url.Values{"account": {v.Account}, "lang": {v.Lang}}
		for i := 0; i+1 < len(pairs); i += 2 {
			q.Set(pairs[i], pairs[i+1])
		}
		return "?" + q.Encode()
	}
	for _, section := range homeSections {
		v.Sections = append(v.Sections, homeLink{v.T("home." + section), link("view", section), section == v.Section})
	}
	key := "sk_test_" + v.Account
	limit := url.Values{"limit": {strconv.Itoa(homeLimit)}}
	var list homeList
	if v.Section == "events" {
		v.Columns = []string{v.T("home.type"), v.T("home.object"), v.T("home.created")}
		if status, err = p.ask(r.Context(), key, "/v1/events", limit, &list); err != nil || status != http.StatusOK {
			return status, err
		}
		return status, v.addRows(list, func(o homeObject) homeRow {
			return homeRow{Cells: []string{o.Type, o.Data.Object.ID, homeTime(o.Created)}}
		})
	}
	kind := r.URL.Query().Get("type")
	if !slices.Contains(homeTypes, kind) {
		kind = homeTypes[0]
	}
	for _, name := range homeTypes {
		v.Types = append(v.Types, homeLink{strings.ReplaceAll(name, "/", "."), link("type", name), name == kind})
	}
	if id := r.URL.Query().Get("id"); id != "" {
		var object json.RawMessage
		status, err = p.ask(r.Context(), key, "/v1/"+kind+"/"+id, nil, &object)
		if err != nil || status != http.StatusOK {
			return status, err
		}
		v.Title, v.BackURL = id, link("type", kind)
		v.Body, err = indented(object)
		return status, err
	}
	v.Columns = []string{v.T("home.id"), v.T("home.status"), v.T("home.amount"), v.T("home.created")}
	if status, err = p.ask(r.Context(), key, "/v1/"+kind, limit, &list); err != nil || status != http.StatusOK {
		return status, err
	}
	return status, v.addRows(list, func(o homeObject) homeRow {
		return homeRow{URL: link("type", kind, "id", o.ID), Cells: []string{o.ID, o.Status, p.homeAmount(v.pageText, o), homeTime(o.Created)}}
	})
}

// addRows turns a list into rows; events carry their whole body.
func (v *homeView) addRows(list homeList, row func(homeObject) homeRow) error {
	for _, raw := range list.Data {
		var object homeObject
		if err := json.Unmarshal(raw, &object); err != nil {
			return fmt.Errorf("a row of the list: %w", err)
		}
		next := row(object)
		if next.URL == "" {
			body, err := indented(raw)
			if err != nil {
				return err
			}
			next.Body = body
		}
		v.Rows = append(v.Rows, next)
	}
	if list.HasMore {
		v.More = v.T("home.more", "n", strconv.Itoa(homeLimit))
	}
	return nil
}

func (p *pages) homeAmount(text pageText, o homeObject) string {
	for _, amount := range []*int64{o.Amount, o.AmountTotal, o.UnitAmount} {
		if amount != nil && o.Currency != "" {
			return text.money(*amount, o.Currency, p.decimals(o.Currency))
		}
	}
	return ""
}

// homeTime writes a time in UTC, as it stands in requests and logs.
func homeTime(seconds int64) string {
	if seconds == 0 {
		return ""
	}
	return time.Unix(seconds, 0).UTC().Format("2006-01-02 15:04:05")
}

func indented(raw json.RawMessage) (string, error) {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return "", fmt.Errorf("an object of the sandbox: %w", err)
	}
	return b.String(), nil
}
