package sandbox

import (
	"net/http"
	"net/url"
	"strings"
)

// homeSearchPage is a search that found nothing to jump to.
type homeSearchPage struct {
	*homePage
	Query string
	// Found are pages where the text was found otherwise: in another account, as an idempotency key, as an e-mail address.
	Found []homeLink
}

// searchBudget is how many customers a search for an e-mail address looks at, the newest first.
const searchBudget = 1000

// serveSearch jumps to the object, event, delivery or call that has an id. The text may be a whole address with an id in it.
func (h *home) serveSearch(p *homePage, r *http.Request) (string, any, error) {
	v := &homeSearchPage{homePage: p, Query: strings.TrimSpace(r.URL.Query().Get("q"))}
	if v.Query == "" {
		return "home_search.html", v, nil
	}
	for _, id := range searchedIDs(v.Query) {
		if ref := p.link(id); ref.URL != "" {
			return "", jump(ref.URL), nil
		}
	}
	for _, other := range h.sandbox.recent() {
		elsewhere := homePage{Account: other.name, account: other, chosen: p.chosen}
		for _, id := range searchedIDs(v.Query) {
			if ref := elsewhere.link(id); other != p.account && ref.URL != "" {
				v.Found = append(v.Found, homeLink{Label: p.T("home.search.elsewhere", "account", other.name), URL: ref.URL})
			}
		}
	}
	for _, c := range p.account.control.calls.list() {
		if c.IdempotencyKey == v.Query {
			v.Found = append(v.Found, homeLink{Label: p.T("home.search.key"), URL: p.with(p.To("requests"), "idempotency_key", v.Query)})
			break
		}
	}
	v.Found = append(v.Found, p.customersWith(v.Query)...)
	p.status = http.StatusNotFound
	if len(v.Found) > 0 {
		p.status = http.StatusOK
	}
	return "home_search.html", v, nil
}

// jump is an address to go to instead of a template's data.
type jump string

// searchedIDs are what of a text could be an id: all of it, the parts of an address's path, and what stands before the
// secret of a client secret.
func searchedIDs(text string) []string {
	ids := []string{text}
	if before, _, is := strings.Cut(text, "_secret_"); is {
		ids = append(ids, before)
	}
	if address, err := url.Parse(text); err == nil && strings.Contains(text, "/") {
		ids = append(ids, strings.Split(strings.Trim(address.Path, "/"), "/")...)
	}
	return ids
}

// customersWith finds the newest customers whose e-mail address or name has a text in it.
func (p *homePage) customersWith(text string) (found []homeLink) {
	text = strings.ToLower(text)
	left := searchBudget
	p.account.locked(func() {
		s := p.account.store
		s.each(s.list("customer"), func(o *stripeObject) bool {
			left--
			if strings.Contains(strings.ToLower(o.Str("email")+" "+o.Str("name")), text) {
				found = append(found, homeLink{Label: o.ID() + " · " + nameOf(o), URL: p.linkTo("customer", o.ID()).URL})
			}
			return left > 0 && len(found) < 10
		})
	})
	return found
}
