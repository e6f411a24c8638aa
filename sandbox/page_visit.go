package sandbox

import (
	"net/http"
	"net/url"
)

// serveVisit is a page of Stripe's that the sandbox does not draw: whoever opens it has done there what people do, and goes
// on to where the sandbox says: an owner who fills in a connected account's form, a buyer who agrees at their bank. What
// stands behind ? goes along, so that ?result=fail says no. A HEAD request, as of a preview, does nothing.
func (p *pages) serveVisit(before, after string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.WriteHeader(http.StatusOK)
			return
		}
		var visit struct {
			URL string `json:"url"`
		}
		status, err := p.tell(r.Context(), r, before+url.PathEscape(r.PathValue("token"))+after, r.URL.Query(), &visit)
		if err != nil || status != http.StatusOK {
			p.renderFailure(w, r, status, err)
			return
		}
		http.Redirect(w, r, visit.URL, http.StatusSeeOther)
	}
}

// serveFileLink is the public address of a file.
func (p *pages) serveFileLink(w http.ResponseWriter, r *http.Request) {
	inner, err := http.NewRequestWithContext(r.Context(), http.MethodGet, "/v1/file_link_contents/"+url.PathEscape(r.PathValue("token")), http.NoBody)
	if err != nil {
		p.renderFailure(w, r, http.StatusInternalServerError, err)
		return
	}
	answer := capture{header: http.Header{}, status: http.StatusOK}
	p.api.ServeHTTP(&answer, inner)
	if answer.status != http.StatusOK {
		p.renderFailure(w, r, answer.status, nil)
		return
	}
	w.Header().Set("Content-Type", answer.header.Get("Content-Type"))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	_, _ = w.Write(answer.body.Bytes()) // a visitor who left needs no file
}
