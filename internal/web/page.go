package web

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/text"
)

//go:embed html/*.html
var htmlFiles embed.FS

// templates are read at the first page, not when the process starts.
var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.ParseFS(htmlFiles, "html/*.html"))
})

// page is what every template gets: its head, and the words and figures of the
// visitor's language.
type page struct {
	visit *visit
	site  *site
	Title string
	// Area is pay, shop, admin or plain: it chooses head and styles.
	Area string
	// Script is the name of the page's script, empty for none.
	Script string
	// Refresh is after how many seconds a browser without script loads the page
	// again; 0 for never.
	Refresh int
	// CartCount is how many things are in the cart.
	CartCount int64
}

func (s *site) newPage(r *http.Request, area, title string) page {
	return page{visit: visitOf(r), site: s, Area: area, Title: title}
}

// render makes the answer of a template.
func (s *site) render(status int, name string, view any) (*answer, error) {
	var b bytes.Buffer
	if err := templates().ExecuteTemplate(&b, name, view); err != nil {
		return nil, vezne.E(vezne.CodeInternal, "web.render", "").Because(err)
	}
	return bodyOf(status, "text/html; charset=utf-8", b.Bytes()), nil
}

// Lang returns the language of the page.
func (p page) Lang() text.Lang { return p.visit.lang }

// T returns the sentence of a key.
func (p page) T(key string, pairs ...any) string { return text.Say(p.visit.lang, key, pairs...) }

// Money returns an amount in the minor unit as people read it.
func (p page) Money(amount int64, c vezne.Currency) string {
	return text.Money(p.visit.lang, vezne.Money{Amount: amount, Currency: c})
}

// Number returns a count as people read it.
func (p page) Number(n int64) string { return text.Number(p.visit.lang, n) }

// Status returns an order's status as people read it.
func (p page) Status(s vezne.OrderStatus) string { return text.Status(p.visit.lang, s) }

// Time returns an instant for people and machines. Both forms are made of
// digits and signs that need no escaping.
func (p page) Time(t time.Time) template.HTML {
	return template.HTML(`<time datetime="` + t.UTC().Format(time.RFC3339) + `">` + text.DateTime(p.visit.lang, t) + `</time>`)
}

// Nonce returns the nonce of the answer's policy.
func (p page) Nonce() string { return p.visit.nonce }

// Asset returns the address of a style sheet, script or picture.
func (p page) Asset(name string) string { return assetURL(name) }

// Livemode reports whether real money moves.
func (p page) Livemode() bool { return p.site.Livemode }

// Shop reports whether there is a demo shop.
func (p page) Shop() bool { return p.site.Shop }

// Operator returns who is signed in to the dashboard.
func (p page) Operator() string { return p.visit.operator }

// Seller returns who sells.
func (p page) Seller() vezne.Seller {
	seller := p.site.Seller
	if seller.Name == "" {
		seller.Name = p.T("shop.name")
		if !p.site.Shop {
			seller.Name = "Vezne"
		}
	}
	return seller
}

// languageLink is one side of the language switch.
type languageLink struct {
	Lang    text.Lang
	URL     string
	Current bool
}

// Languages returns the language switch; nothing when the order's language
// leaves no choice, or the page answers a form.
func (p page) Languages() []languageLink {
	if p.visit.fixed || p.visit.form {
		return nil
	}
	var list []languageLink
	for _, l := range []text.Lang{text.Turkish, text.English} {
		q := url.Values{}
		for name, values := range p.visit.url.Query() {
			// What Stripe adds to the address of a buyer who comes back, and
			// sign-in tokens, are not carried on.
			switch name {
			case "q", "status", "state", "attention", "type", "object", "after", "element", "next":
				q[name] = values
			}
		}
		q.Set("lang", string(l))
		list = append(list, languageLink{Lang: l, URL: p.visit.url.EscapedPath() + "?" + q.Encode(), Current: l == p.visit.lang})
	}
	return list
}
