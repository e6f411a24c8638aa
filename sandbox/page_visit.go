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
