package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// home is the page for developers: a window into the accounts of the sandbox. It reads the store; what it changes it
// changes by the methods of Account, as the control API does.
type home struct {
	sandbox *Sandbox
	pages   *pages
	// origins refuses forms that another site sends.
	origins *http.CrossOriginProtection
}

// homeAccounts begins the paths of all pages of an account.
const homeAccounts = "/accounts/"

// ownsHome says whether a path is a page of home's.
func ownsHome(path string) bool {
	return path == "/" || path == "/accounts" || strings.HasPrefix(path, homeAccounts)
}

// addHome hangs the page for developers on the pages.
func (p *pages) addHome(sb *Sandbox) {
	h := &home{sandbox: sb, pages: p, origins: http.NewCrossOriginProtection()}
	p.home = h
	p.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		r.SetPathValue("account", sb.firstAccount().name)
		h.page("home.overview", h.serveOverview)(w, r)
	})
	p.mux.HandleFunc("GET /accounts", h.serveAccounts)
	for pattern, handler := range map[string]http.HandlerFunc{
		"GET ":                         h.page("home.overview", h.serveOverview),
		"GET /search":                  h.page("home.search", h.serveSearch),
		"GET /pulse":                   h.servePulse,
		"GET /objects":                 h.page("home.objects", h.serveTypes),
		"GET /objects/{type}":          h.page("home.objects", h.serveObjects),
		"GET /objects/{type}/{id}":     h.page("home.objects", h.serveObject),
		"GET /events":                  h.page("home.events", h.serveEvents),
		"GET /events/{id}":             h.page("home.events", h.serveEvent),
		"GET /deliveries":              h.page("home.deliveries", h.serveDeliveries),
		"GET /deliveries/{id}":         h.page("home.deliveries", h.serveDelivery),
		"GET /requests":                h.page("home.requests", h.serveRequests),
		"GET /requests/{id}":           h.page("home.requests", h.serveRequest),
		"GET /clock":                   h.page("home.clock", h.serveClock),
		"GET /faults":                  h.page("home.faults", h.serveFaults),
		"GET /settings":                h.page("home.settings", h.serveSettings),
		"GET /cards":                   h.page("home.cards", h.serveCards),
		"POST /clock":                  h.action("home.clock", h.serveClock, moveClock),
		"POST /clocks/{id}":            h.action("home.clock", h.serveClock, moveTestClock),
		"POST /faults":                 h.action("home.faults", h.serveFaults, plantFault),
		"POST /delivery-faults":        h.action("home.faults", h.serveFaults, plantDeliveryFault),
		"POST /faults/remove":          h.action("home.faults", h.serveFaults, takeFault),
		"POST /delivery-faults/remove": h.action("home.faults", h.serveFaults, takeDeliveryFault),
		"POST /deliveries/{id}/resend": h.action("home.deliveries", h.serveDelivery, resendDelivery),
		"POST /deliveries/release":     h.action("home.deliveries", h.serveDeliveries, releaseDeliveries),
		"POST /snapshots":              h.action("home.settings", h.serveSettings, takeSnapshot),
		"POST /snapshots/{id}/restore": h.action("home.settings", h.serveSettings, restoreSnapshot),
		"POST /snapshots/{id}/forget":  h.action("home.settings", h.serveSettings, forgetSnapshot),
		"POST /reset":                  h.action("home.settings", h.serveSettings, resetAccount),
	} {
		method, path, _ := strings.Cut(pattern, " ")
		p.mux.HandleFunc(method+" "+homeAccounts+"{account}"+path, handler)
	}
}

// homePage is what every template of home gets.
type homePage struct {
	view
	Languages []languageChoice
	// Account is the name of the account, what follows sk_test_ in its key.
	Account string
	// Names are accounts to choose from.
	Names    []string
	Sections []homeLink
	Now      string
	Frozen   bool
	Pulse    string
	// Notice says what was done; Problem, in English as the API says it, why something was not.
	Notice, Problem string
	// Form are the fields of a form that was refused.
	Form url.Values

	account *account
	status  int
	chosen  string
}

type homeLink struct {
	Label, URL string
	Current    bool
}

// homeRef is an id with its page; URL is "" when the account knows nothing of it.
type homeRef struct{ ID, URL string }

// homeSections are the parts of an account's page: the key of the name, and the path.
var homeSections = [][2]string{
	{"home.overview", ""}, {"home.objects", "objects"}, {"home.events", "events"}, {"home.deliveries", "deliveries"}, {"home.requests", "requests"},
	{"home.clock", "clock"}, {"home.faults", "faults"}, {"home.settings", "settings"}, {"home.cards", "cards"},
}

// homeDone are the sentences that follow an action, by what its answer's address says.
var homeDone = map[string]string{
	"clock": "home.done.clock", "test_clock": "home.done.test_clock", "fault": "home.done.fault", "removed": "home.done.removed", "resent": "home.done.resent", "released": "home.done.released",
	"snapshot": "home.done.snapshot", "restored": "home.done.restored", "forgotten": "home.done.forgotten", "reset": "home.done.reset",
}

// homeView draws a page: it gives the template's name and what it gets, which has the homePage inside. It returns an
// *Error for what the account does not have.
type homeView func(p *homePage, r *http.Request) (template string, data any, err error)

// page serves a view of an account.
func (h *home) page(section string, draw homeView) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p := h.newPage(r, section)
		if done := homeDone[r.URL.Query().Get("done")]; done != "" {
			p.Notice = p.T(done)
		}
		h.draw(w, r, p, draw)
	}
}

// action serves a form: act does what it asks for and says where to go on. What is refused is said on the page with the
// form, as it was filled in.
func (h *home) action(section string, draw homeView, act homeAction) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p := h.newPage(r, section)
		if err := h.origins.Check(r); err != nil {
			h.refuse(w, r, p, http.StatusForbidden, p.T("home.foreign"))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, homeFormLimit)
		if err := r.ParseForm(); err != nil {
			h.refuse(w, r, p, http.StatusBadRequest, p.T("home.form"))
			return
		}
		if p.account == nil {
			h.refuse(w, r, p, http.StatusNotFound, p.T("home.unknown", "name", p.Account))
			return
		}
		parts, done, err := act(&Account{a: p.account}, r)
		var refused *Error
		switch {
		case err == nil:
			http.Redirect(w, r, p.To(parts...)+p.joint()+"done="+done, http.StatusSeeOther)
			return
		case errors.As(err, &refused):
			p.Problem, p.status = refused.Message, refused.Status
		default:
			p.Problem, p.status = err.Error(), http.StatusInternalServerError
		}
		p.Form = r.PostForm
		h.draw(w, r, p, draw)
	}
}

// homeFormLimit is the longest form, in bytes.
const homeFormLimit = 64 << 10

// draw writes a view. An account that nobody has used yet is said to be one; home does not make it.
func (h *home) draw(w http.ResponseWriter, r *http.Request, p *homePage, draw homeView) {
	if p.account == nil {
		h.refuse(w, r, p, http.StatusNotFound, p.T("home.unknown", "name", p.Account))
		return
	}
	name, data, err := draw(p, r)
	if address, jumps := data.(jump); jumps {
		http.Redirect(w, r, string(address), http.StatusSeeOther)
		return
	}
	var refused *Error
	switch {
	case err == nil:
		h.render(w, r, p, name, data)
	case errors.As(err, &refused) && p.Problem == "":
		h.refuse(w, r, p, refused.Status, refused.Message)
	case p.Problem != "":
		h.refuse(w, r, p, p.status, p.Problem)
	default:
		h.refuse(w, r, p, http.StatusInternalServerError, err.Error())
	}
}

// refuse serves a page that says what is wrong.
func (h *home) refuse(w http.ResponseWriter, r *http.Request, p *homePage, status int, problem string) {
	p.status, p.Problem = status, problem
	if p.Title == "" {
		p.Title = p.T("home.refused")
	}
	h.render(w, r, p, "home_refused.html", p)
}

// render writes a page of home. It is framed by nobody, and its forms say where they come from.
func (h *home) render(w http.ResponseWriter, r *http.Request, p *homePage, name string, data any) {
	page, err := execute(name, data)
	if err != nil {
		http.Error(w, fmt.Sprintf("The page could not be drawn: %v", err), http.StatusInternalServerError)
		return
	}
	setPageHeaders(w.Header(), p.Nonce, r.Host)
	policy := w.Header().Get("Content-Security-Policy")
	w.Header().Set("Content-Security-Policy", policy[:strings.Index(policy, "frame-ancestors")]+"frame-ancestors 'none'")
	w.Header().Set("Referrer-Policy", "same-origin")
	w.WriteHeader(p.status)
	_, _ = w.Write(page) // a visitor who left needs no answer
}

// newPage prepares what all pages of an account have. The account stays nil when nobody has used it yet.
func (h *home) newPage(r *http.Request, section string) *homePage {
	text := textFor(r, "")
	p := &homePage{view: h.pages.newView(text, "/pages/home.js", "base.css", "home.css"), Languages: languageChoices(r, text), Account: r.PathValue("account"), status: http.StatusOK}
	if lang := r.URL.Query().Get("lang"); slices.Contains(pageLanguages, lang) {
		p.chosen = lang
	}
	p.Title = p.T(section)
	p.Names = h.sandbox.recentNames(maxNames)
	p.account = h.sandbox.existing(p.Account)
	if p.account == nil {
		return p
	}
	for _, s := range homeSections {
		p.Sections = append(p.Sections, homeLink{p.T(s[0]), p.To(s[1]), s[0] == section})
	}
	clock := p.account.clockNow()
	p.Now, p.Frozen, p.Pulse = homeTime(clock.Now), clock.Frozen, p.account.pulse()
	return p
}

// To is the address of a page of the account, in the visitor's language when it was chosen.
func (p *homePage) To(parts ...string) string {
	var address strings.Builder
	address.WriteString(homeAccounts + url.PathEscape(p.Account))
	for _, part := range parts {
		if part != "" {
			address.WriteString("/" + url.PathEscape(part))
		}
	}
	if p.chosen != "" {
		address.WriteString("?lang=" + p.chosen)
	}
	return address.String()
}

// joint is what stands before the next pair of an address's query.
func (p *homePage) joint() string {
	if p.chosen != "" {
		return "&"
	}
	return "?"
}

// with adds pairs of key and value to an address; empty values are left out.
func (p *homePage) with(address string, pairs ...string) string {
	query := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	if len(query) == 0 {
		return address
	}
	return address + p.joint() + query.Encode()
}

// Chosen is the language that the visitor chose, for forms; "" when it is the browser's.
func (p *homePage) Chosen() string { return p.chosen }

// AccountsURL is the address of the list of accounts.
func (p *homePage) AccountsURL() string {
	if p.chosen != "" {
		return "/accounts?lang=" + p.chosen
	}
	return "/accounts"
}

// link is an id with its page.
func (p *homePage) link(id string) homeRef {
	var typ string
	p.account.locked(func() { typ = p.account.typeOf(id) })
	if typ == "" && p.account.control.calls.find(id) != nil {
		return homeRef{id, p.To("requests", id)}
	}
	return p.linkTo(typ, id)
}

// linkTo is an id of a type with its page.
func (p *homePage) linkTo(typ, id string) homeRef {
	switch typ {
	case "":
		return homeRef{ID: id}
	case "event":
		return homeRef{id, p.To("events", id)}
	case deliveryType:
		return homeRef{id, p.To("deliveries", id)}
	}
	return homeRef{id, p.To("objects", typ, id)}
}

// homeTime writes a time in UTC, as it stands in requests and logs.
func homeTime(seconds int64) string {
	if seconds == 0 {
		return ""
	}
	return time.Unix(seconds, 0).UTC().Format("2006-01-02 15:04:05")
}
