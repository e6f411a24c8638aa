package web

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/text"
)

// visit is what a request brings along and every page needs.
type visit struct {
	lang text.Lang
	// fixed is true when the order's language leaves no choice.
	fixed bool
	// chosen is the language that ?lang asked for, to be remembered.
	chosen text.Lang
	// nonce lets this answer's own scripts and styles through its policy.
	nonce string
	// stripe is true on pages that load Stripe.js, toStripe on those with forms
	// that lead to Stripe.
	stripe, toStripe bool
	// operator is who is signed in to the dashboard.
	operator string
	// json is true where a script asked.
	json bool
	// form is true when a form was sent: its address is no page to come back to.
	form bool
	url  *url.URL
	// request is the request's id in the log.
	request string
}

type visitKey struct{}

// visitOf returns the request's visit. Every request that is served has one.
func visitOf(r *http.Request) *visit {
	v, ok := r.Context().Value(visitKey{}).(*visit)
	if !ok {
		return &visit{lang: text.English, nonce: rand.Text(), url: r.URL}
	}
	return v
}

// newVisit chooses the language: ?lang, then the cookie, then Accept-Language.
// An order's own language goes before all of them.
func (s *site) newVisit(r *http.Request) *visit {
	v := &visit{nonce: rand.Text(), url: r.URL, form: r.Method != http.MethodGet && r.Method != http.MethodHead}
	query := r.URL.Query().Get("lang")
	remembered := ""
	if c, err := r.Cookie(s.languageCookie()); err == nil {
		remembered = c.Value
	}
	v.lang = text.Choose(query, remembered, acceptLanguage(r))
	if l, ok := text.Parse(query); ok {
		v.chosen = l
	}
	return v
}

// acceptLanguage returns the header in the form of a list, so that a single
// range with a weight is read as one too.
func acceptLanguage(r *http.Request) string {
	h := strings.Join(r.Header.Values("Accept-Language"), ",")
	if h == "" {
		return ""
	}
	return h + ","
}

// speak makes the pages of an order speak its language.
func (v *visit) speak(o vezne.Order) {
	if l, ok := text.Parse(o.Locale); ok {
		v.lang, v.fixed = l, true
	}
}

const yearSeconds = 365 * 24 * 60 * 60

func (s *site) languageCookie() string {
	if s.shopping.secure {
		return "__Host-vezne-lang"
	}
	return "vezne-lang"
}

// rememberLanguage keeps an explicit choice for a year.
func (s *site) rememberLanguage(h http.Header, v *visit) {
	if v.chosen == "" {
		return
	}
	c := http.Cookie{
		Name: s.languageCookie(), Value: string(v.chosen), Path: "/", MaxAge: yearSeconds,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.shopping.secure,
	}
	h.Add("Set-Cookie", c.String())
}

// operatorKey is the key of the actor in a context.
type operatorKey struct{}

func operatorOf(ctx context.Context) vezne.Actor {
	name, ok := ctx.Value(operatorKey{}).(string)
	if !ok {
		return vezne.Actor{Kind: vezne.ActorOperator}
	}
	return vezne.Actor{Kind: vezne.ActorOperator, Name: name}
}
