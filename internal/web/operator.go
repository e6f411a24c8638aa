package web

import (
	"context"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/text"
)

// operatorSession is the key of the operator's name in a session.
const operatorSession = "operator"

// operator lets signed-in operators through and sends others to sign in.
func (s *site) operator(h handler) handler {
	return s.signedIn.in(func(r *http.Request) (*answer, error) {
		name := s.signedIn.GetString(r.Context(), operatorSession)
		if name == "" {
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				return s.showSignIn(r, http.StatusUnauthorized, signInPage{Alert: text.Say(visitOf(r).lang, "admin.sign_in.first")})
			}
			q := url.Values{"next": {r.URL.RequestURI()}}
			if r.URL.Path == "/admin" {
				q = nil
			}
			return seeOther(withQuery("/admin/sign-in", q)), nil
		}
		visitOf(r).operator = name
		return h(r.WithContext(context.WithValue(r.Context(), operatorKey{}, name)))
	})
}

func withQuery(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// signInPage asks an operator for name and password.
type signInPage struct {
	page
	Name, Next string
	// Alert is why signing in failed, Notice what else there is to say.
	Alert, Notice string
}

func (s *site) showSignIn(r *http.Request, status int, p signInPage) (*answer, error) {
	p.page = s.newPage(r, "admin", text.Say(visitOf(r).lang, "admin.sign_in"))
	return s.render(status, "sign_in.html", p)
}

// signInPage serves the form, and redeems the one-time link of somebody who
// comes with a token. A browser that only fetches ahead uses nothing up.
func (s *site) signInPage(r *http.Request) (*answer, error) {
	v := visitOf(r)
	q := r.URL.Query()
	token := q.Get("token")
	if token == "" {
		p := signInPage{Next: q.Get("next")}
		if q.Has("out") {
			p.Notice = text.Say(v.lang, "admin.signed_out")
		}
		if s.signedIn.GetString(r.Context(), operatorSession) != "" {
			return seeOther(nextAfter(p.Next)), nil
		}
		return s.showSignIn(r, http.StatusOK, p)
	}
	if r.Method == http.MethodHead || strings.Contains(r.Header.Get("Sec-Purpose")+r.Header.Get("Purpose"), "prefetch") {
		return s.showSignIn(r, http.StatusOK, signInPage{})
	}
	if wait := s.throttle.wait("link " + address(r)); wait > 0 {
		return s.slowDown(r, signInPage{}, wait.Seconds())
	}
	name, err := s.Operators.Redeem(r.Context(), token)
	if vezne.CodeOf(err) == vezne.CodeTokenInvalid {
		return s.showSignIn(r, http.StatusUnauthorized, signInPage{Alert: text.Say(v.lang, "admin.sign_in.link")})
	}
	if err != nil {
		return nil, err
	}
	s.throttle.succeeded("link " + address(r))
	return s.enter(r, name, q.Get("next"))
}

// signIn checks name and password.
func (s *site) signIn(r *http.Request) (*answer, error) {
	v := visitOf(r)
	p := signInPage{Name: strings.TrimSpace(r.PostForm.Get("name")), Next: r.PostForm.Get("next")}
	keys := []string{"address " + address(r), "name " + address(r) + " " + p.Name}
	if wait := s.throttle.wait(keys...); wait > 0 {
		return s.slowDown(r, p, wait.Seconds())
	}
	name, err := s.Operators.Login(r.Context(), p.Name, r.PostForm.Get("password"))
	if vezne.CodeOf(err) == vezne.CodeTokenInvalid {
		p.Alert = text.Say(v.lang, "admin.sign_in.refused")
		return s.showSignIn(r, http.StatusUnauthorized, p)
	}
	if err != nil {
		return nil, err
	}
	s.throttle.succeeded(keys...)
	return s.enter(r, name, p.Next)
}

func (s *site) slowDown(r *http.Request, p signInPage, seconds float64) (*answer, error) {
	whole := strconv.Itoa(int(math.Ceil(seconds)))
	p.Alert = text.Say(visitOf(r).lang, "admin.sign_in.slow", "seconds", whole)
	a, err := s.showSignIn(r, http.StatusTooManyRequests, p)
	if err == nil {
		a.header.Set("Retry-After", whole)
	}
	return a, err
}

// enter begins a session under a new token, so that one which somebody planted
// before is worth nothing.
func (s *site) enter(r *http.Request, name, next string) (*answer, error) {
	if err := s.signedIn.RenewToken(r.Context()); err != nil {
		return nil, err
	}
	s.signedIn.Put(r.Context(), operatorSession, name)
	return seeOther(nextAfter(next)), nil
}

// nextAfter is where to go after signing in: a page of the dashboard only.
func nextAfter(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.ContainsAny(next, "\\\r\n") ||
		(u.Path != "/admin" && !strings.HasPrefix(u.Path, "/admin/")) || strings.HasPrefix(u.Path, "/admin/sign-") {
		return "/admin"
	}
	return withQuery(u.EscapedPath(), u.Query())
}

// signOut ends the session.
func (s *site) signOut(r *http.Request) (*answer, error) {
	if err := s.signedIn.Destroy(r.Context()); err != nil {
		return nil, err
	}
	return seeOther("/admin/sign-in?out=1"), nil
}

// address is where a request comes from, as far as the connection tells.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
