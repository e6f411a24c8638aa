package server

import (
	"context"
	"mime"
	"net/http"
	"path"

	"github.com/vezne/vezne"
)

// Inbox keeps events.
type Inbox interface {
	// Receive verifies and keeps an event; it returns after the commit. Its
	// codes are signature_invalid, malformed_body, overloaded and
	// storage_unavailable.
	Receive(ctx context.Context, body []byte, signature string) error
}

// webhookPath is where Stripe calls.
const webhookPath = "/webhooks/stripe"

// exact refuses addresses that only come to the webhook route by a redirect:
// for Stripe a redirect is a failure, and would hide a wrong setting.
func (s *server) exact(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != webhookPath && path.Clean("/"+r.URL.Path) == webhookPath {
			s.writeProblem(w, r, vezne.E(vezne.CodeNotFound, "server.exact", "There is no such route.").WithHint("Enter "+webhookPath+" as it is in Stripe's dashboard."))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// webhook is the route that Stripe calls. Its outcomes are fixed: 200 for what
// is stored, whether or not it means anything here; 400 for what cannot be
// trusted or read; 413, 405, 415 for the wrong shape; 503 when it cannot be
// stored, so that Stripe tries again. It never redirects.
// Source: docs.stripe.com/webhooks.
func (s *server) webhook(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if r.Method != http.MethodPost {
		h.Set("Allow", http.MethodPost)
		s.answerWebhook(w, http.StatusMethodNotAllowed)
		return
	}
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" || r.Header.Get("Content-Encoding") != "" {
		s.answerWebhook(w, http.StatusUnsupportedMediaType)
		return
	}
	body, err := readBody(w, r)
	if err == nil {
		err = s.Inbox.Receive(r.Context(), body, r.Header.Get("Stripe-Signature"))
	}
	switch code := vezne.CodeOf(err); code {
	case "":
		s.answerWebhook(w, http.StatusOK)
	case vezne.CodeBodyTooLarge:
		h.Set("Connection", "close")
		s.answerWebhook(w, http.StatusRequestEntityTooLarge)
	case vezne.CodeSignatureInvalid, vezne.CodeMalformedBody:
		s.Log.WarnContext(r.Context(), "an event was refused", "request_id", requestID(r.Context()), "code", string(code), "err", err)
		s.answerWebhook(w, http.StatusBadRequest)
	default:
		s.report(r.Context(), err)
		h.Set("Retry-After", "2")
		s.answerWebhook(w, http.StatusServiceUnavailable)
	}
}

// answerWebhook says no more than the status: whoever forges events learns
// nothing.
func (s *server) answerWebhook(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	w.Write([]byte(http.StatusText(status) + "\n"))
}
