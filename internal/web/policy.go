package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/vezne/vezne"
)

// stripeSources are the origins that pages with Stripe.js need, by directive of
// the content security policy.
type stripeSources struct {
	script, frame, connect, img, form string
}

// newStripeSources takes Stripe's documented origins when Stripe.js comes from
// Stripe (docs.stripe.com/security/guide, content security policy), and else
// the script's own origin, which is the sandbox's.
func newStripeSources(script string, further []string) (stripeSources, error) {
	u, err := url.Parse(script)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return stripeSources{}, configInvalid("The address of Stripe.js is not a URL.")
	}
	also := ""
	for _, o := range further {
		f, err := url.Parse(o)
		if err != nil || f.Host == "" || strings.ContainsAny(o, " ;,'\"") {
			return stripeSources{}, configInvalid("An origin of Stripe's is not an origin: write it like https://pay.example.com.")
		}
		also += " " + o
	}
	if u.Host != "js.stripe.com" {
		own := u.Scheme + "://" + u.Host + also
		return stripeSources{script: own, frame: own, connect: own, img: own, form: own}, nil
	}
	return stripeSources{
		script:  "https://js.stripe.com https://*.js.stripe.com" + also,
		frame:   "https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com" + also,
		connect: "https://api.stripe.com" + also,
		img:     "https://*.stripe.com" + also,
		form:    "https://checkout.stripe.com https://hooks.stripe.com" + also,
	}, nil
}

func configInvalid(message string) *vezne.Error {
	return vezne.E(vezne.CodeConfigInvalid, "web.New", message)
}

// publicOrigin returns the origin of the public URL, and whether it is https.
func publicOrigin(public string) (secure bool, origin string, err error) {
	u, err := url.Parse(public)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return false, "", configInvalid("The public URL is not a URL.").WithHint("Write it like https://pay.example.com.")
	}
	return u.Scheme == "https", u.Scheme + "://" + u.Host, nil
}

// secure sets the headers that every answer has. The policy names nothing but
// this answer's nonce; pages with Stripe.js add its origins, and pages whose
// forms lead to Stripe may be sent there.
func (s *site) secure(h http.Header, r *http.Request) {
	v := visitOf(r)
	script, frame, connect, img, form := "'nonce-"+v.nonce+"'", "'none'", "'self'", "'self' data:", "'self'"
	payment := "()"
	if v.toStripe {
		form += " " + s.sources.form
	}
	if v.stripe {
		script += " " + s.sources.script
		frame = s.sources.frame
		connect += " " + s.sources.connect
		img += " " + s.sources.img
		payment = "(self " + quoted(s.sources.script) + ")"
	}
	h.Set("Content-Security-Policy", "default-src 'none'; script-src "+script+"; style-src 'nonce-"+v.nonce+"'; img-src "+img+"; connect-src "+connect+
		"; frame-src "+frame+"; form-action "+form+"; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment="+payment)
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	// Payment methods may open a window of their own.
	h.Set("Cross-Origin-Opener-Policy", "same-origin-allow-popups")
	if s.shopping.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
}

// quoted writes origins as a permissions policy wants them. It knows no
// wildcards in the middle, so that those are left out.
func quoted(origins string) string {
	var list []string
	for o := range strings.FieldsSeq(origins) {
		if !strings.Contains(o, "*") {
			list = append(list, `"`+o+`"`)
		}
	}
	return strings.Join(list, " ")
}
