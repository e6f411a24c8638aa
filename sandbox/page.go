// Package sandbox is a stateful Stripe that runs offline: the API, its pages and its Stripe.js.
package sandbox

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// pages serves what people see: the hosted checkout, the 3-D Secure challenge, the frames of the Stripe.js stand-in and
// the script itself. They know the sandbox only through its HTTP routes, as Stripe's own pages know Stripe; home, the page
// for developers, looks inside.
type pages struct {
	api      http.Handler
	numbers  []string
	decimals func(currency string) int
	mux      *http.ServeMux
	home     *home
}

// pageTemplates are read at the first page, not at the start: most sandboxes of a test never show one.
var pageTemplates = sync.OnceValue(func() *template.Template {
	return template.Must(template.ParseFS(pageFiles, "pages/html/*.html"))
})

// newPages builds the pages over api, the sandbox's routes. numbers are the published test card numbers, the only ones
// that a page sends; decimals tells how many digits of an amount stand behind the point.
func newPages(api http.Handler, numbers []string, decimals func(currency string) int) *pages {
	p := &pages{api: api, numbers: numbers, decimals: decimals, mux: http.NewServeMux()}
	p.mux.HandleFunc("GET /c/pay/{session}", p.serveCheckout)
	p.mux.HandleFunc("GET /c/pay/{session}/summary", p.serveCheckoutSummary)
	p.mux.HandleFunc("GET /b/{link}", p.servePaymentLink)
	p.mux.HandleFunc("GET /r/{slug}", p.serveRecovery)
	p.mux.HandleFunc("GET /3ds/{token}", p.serveChallenge)
	p.mux.HandleFunc("GET /setup/{token}", p.serveVisit("/v1/account_links/", "/visit"))
	p.mux.HandleFunc("GET /links/{token}", p.serveFileLink)
	p.mux.HandleFunc("GET /microdeposits/{token}", p.serveMicrodeposit)
	p.mux.HandleFunc("GET /i/{invoice}", p.serveInvoice)
	p.mux.HandleFunc("GET /i/{invoice}/pdf", p.serveInvoicePDF)
	p.mux.HandleFunc("GET /credit_notes/{credit_note}/pdf", p.serveCreditNotePDF)
	p.mux.HandleFunc("GET /sources/{token}", p.serveVisit("/v1/source_redirects/", ""))
	p.mux.HandleFunc("GET /elements/frame", p.serveElement)
	for _, path := range assetPaths() {
		p.mux.HandleFunc("GET "+path, p.serveAsset)
	}
	return p
}

// pageFolders are the beginnings of the pages' paths.
var pageFolders = []string{"/c/pay/", "/b/", "/r/", "/3ds/", "/elements/", "/setup/", "/sources/", "/microdeposits/", "/links/", "/i/", "/credit_notes/"}

// owns says whether a path is a page's and not an API route's.
func (p *pages) owns(path string) bool {
	_, isScript := pageScripts[path]
	_, isStripe := stripeVersions[path]
	return isScript || isStripe || ownsHome(path) || slices.ContainsFunc(pageFolders, func(folder string) bool { return strings.HasPrefix(path, folder) })
}

// ServeHTTP answers GET and HEAD, and the forms of home; anything else is 405 with Allow.
func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mux.ServeHTTP(w, r)
}

// view is what every template gets.
type view struct {
	pageText
	Nonce  string
	CSS    template.CSS
	Script string
	Title  string
	// Data is written into the page as JSON for its script.
	Data any
}

// newView prepares a page with its stylesheets and the name of its script.
func (p *pages) newView(text pageText, script string, styles ...string) view {
	var css strings.Builder
	for _, name := range styles {
		css.WriteString(mustReadPage("css/" + name))
	}
	return view{pageText: text, Nonce: newNonce(), CSS: template.CSS(css.String()), Script: script}
}

// scriptData is the part of a page's JSON that every script reads.
type scriptData struct {
	Lang string            `json:"lang"`
	Text map[string]string `json:"text"`
}

func newNonce() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: it would end the process instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// render writes a page with its policy: scripts and styles by nonce, everything else from the sandbox alone, and framed
// by pages on this machine only (the shop under test), whatever their ports.
func (p *pages) render(w http.ResponseWriter, r *http.Request, status int, name, nonce string, data any) {
	page, err := execute(name, data)
	if err != nil {
		http.Error(w, fmt.Sprintf("The page could not be drawn: %v", err), http.StatusInternalServerError)
		return
	}
	setPageHeaders(w.Header(), nonce, r.Host)
	w.WriteHeader(status)
	_, _ = w.Write(page) // a visitor who left needs no answer
}

// execute draws a template in memory, so that one that fails leaves no half page.
func execute(name string, data any) ([]byte, error) {
	var page bytes.Buffer
	err := pageTemplates().ExecuteTemplate(&page, name, data)
	return page.Bytes(), err
}

func setPageHeaders(h http.Header, nonce, host string) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; script-src 'nonce-%[1]s'; style-src 'nonce-%[1]s'; img-src 'self' data:; "+
		"connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors %s", nonce, frameAncestors(host)))
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
}

// frameAncestors lists who may frame a page: loopback origins, and the host that the sandbox itself is reached by, so that
// a shop in a neighbouring container may too.
func frameAncestors(host string) string {
	sources := "'self' http://localhost:* https://localhost:* http://*.localhost:* https://*.localhost:* http://127.0.0.1:* https://127.0.0.1:*"
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	if !isHostName(name) || name == "localhost" || name == "127.0.0.1" {
		return sources
	}
	return fmt.Sprintf("%s http://%[2]s:* https://%[2]s:*", sources, name)
}

// isHostName keeps a Host header that a stranger made up from writing a policy of its own.
func isHostName(name string) bool {
	for _, c := range name {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '-':
		default:
			return false
		}
	}
	return name != ""
}

// ask sends a request to the sandbox's own routes without a network and decodes a good answer into result. Without a key
// it reaches the routes that need none.
func (p *pages) ask(ctx context.Context, key, path string, query url.Values, result any) (status int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, (&url.URL{Path: path, RawQuery: query.Encode()}).String(), http.NoBody)
	if err != nil {
		return 0, err
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	answer := capture{header: http.Header{}, status: http.StatusOK}
	p.api.ServeHTTP(&answer, r)
	if answer.status != http.StatusOK {
		return answer.status, nil
	}
	return answer.status, json.Unmarshal(answer.body.Bytes(), result)
}

// capture keeps an answer in memory.
type capture struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (c *capture) Header() http.Header         { return c.header }
func (c *capture) WriteHeader(status int)      { c.status = status }
func (c *capture) Write(b []byte) (int, error) { return c.body.Write(b) }

// notice is a page that says one thing, with at most one way on.
type notice struct {
	view
	Mark, Heading, Body, LinkURL, LinkText string
}

func (p *pages) renderNotice(w http.ResponseWriter, r *http.Request, status int, n notice) {
	n.view = p.newView(n.pageText, "", "base.css", "checkout.css")
	p.render(w, r, status, "notice.html", n.Nonce, n)
}

// renderFailure serves an answer of the API that is no page: unknown objects are 404, the rest is passed on.
func (p *pages) renderFailure(w http.ResponseWriter, r *http.Request, status int, err error) {
	text := textFor(r, "")
	n := notice{view: view{pageText: text}, Mark: "?", Heading: text.T("checkout.missing.title"), Body: text.T("checkout.missing.body")}
	if err != nil || status >= http.StatusInternalServerError {
		n.Mark, n.Heading, n.Body = "!", text.T("error.unknown"), fmt.Sprintf("HTTP %d", status)
		if err != nil {
			status, n.Body = http.StatusInternalServerError, err.Error()
		}
	}
	p.renderNotice(w, r, status, n)
}
