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
	// Found are pages where the text was found otherwise: in another account, as an idempotency key, in the words or metadata of objects.
	Found []homeLink
}

// searchBudget is how many objects of each type a search for words looks at, the newest first.
const searchBudget = 2000

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
	v.Found = append(v.Found, p.objectsWith(v.Query)...)
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

// searchedTypes are the types whose objects are found by words, with the fields that hold them; metadata is looked through,
// too.
var searchedTypes = []struct {
	typ    string
	fields []string
}{
	{"customer", []string{"email", "name", "phone"}},
	{"invoice", []string{"number", "customer_email", "description"}},
	{"checkout.session", []string{"client_reference_id", "customer_details.email"}},
	{"subscription", []string{"description"}},
	{"payment_intent", []string{"description", "receipt_email"}},
	{"product", []string{"name"}},
	{"price", []string{"lookup_key", "nickname"}},
	{"promotion_code", []string{"code"}},
	{"payment_link", []string{"url"}},
}

// searchedRows is how many objects of a type a search shows.
const searchedRows = 10

// objectsWith finds the newest objects in whose words, or metadata, a text stands.
func (p *homePage) objectsWith(text string) (found []homeLink) {
	text = strings.ToLower(text)
	p.account.locked(func() {
		s := p.account.store
		for _, kind := range searchedTypes {
			left, rows := searchBudget, 0
			s.each(s.list(kind.typ), func(o *stripeObject) bool {
				left--
				if saysWord(o, kind.fields, text) {
					rows++
					found = append(found, homeLink{Label: kind.typ + " · " + o.ID() + " · " + nameOf(o), URL: p.linkTo(kind.typ, o.ID()).URL})
				}
				return left > 0 && rows < searchedRows
			})
		}
	})
	return found
}

// saysWord says whether a text in small letters stands in one of an object's fields, or in its metadata.
func saysWord(o *stripeObject, fields []string, text string) bool {
	for _, field := range fields {
		if strings.Contains(strings.ToLower(o.Str(field)), text) {
			return true
		}
	}
	metadata := o.Hash("metadata")
	if metadata == nil {
		return false
	}
	for _, v := range metadata.all() {
		if word, ok := v.(string); ok && strings.Contains(strings.ToLower(word), text) {
			return true
		}
	}
	return false
}
