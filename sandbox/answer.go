package sandbox

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
)

// answer is what a call is answered with. The body is written from versions, which never change, so that it can be written
// again for the same Idempotency-Key.
type answer struct {
	status   int
	object   *stripeObject
	expanded *expansion
	failure  *Error
	// text is the body of an answer that was kept in the journal, or read from it.
	text []byte
	// header is sent beside the usual ones.
	header http.Header
}

// render writes the body for a call.
func (an *answer) render(r *apiRequest) []byte { return an.renderTo(make([]byte, 0, 2048), r) }

// renderTo is render with room for the body. What it answers may be other bytes, which belong to the answer.
func (an *answer) renderTo(room []byte, r *apiRequest) []byte {
	switch {
	case an.text != nil:
		return an.text
	case an.failure != nil:
		return append(encode(room, an.failure.object(r), nil), '\n')
	}
	o, expanded := an.object, an.expanded
	if o.Has(hiddenContentType) { // a file
		contents, err := base64.StdEncoding.DecodeString(o.Str(hiddenContents))
		if err == nil {
			return contents
		}
	}
	if r.hidesPrivate() {
		o, expanded = redact(o), expanded.each(redact)
	}
	return append(encode(room, o, expanded), '\n')
}

// hidesPrivate says whether the caller may not see what is private: it came with a publishable key.
func (r *apiRequest) hidesPrivate() bool { return r.Publishable() && r.route.operation != nil }

// object is the body of an error as Stripe writes it: keys that are empty are left out.
func (e *Error) object(r *apiRequest) *stripeObject {
	detail := hash()
	add := func(key, value string) {
		if value != "" {
			detail.Set(key, value)
		}
	}
	add("advice_code", e.AdviceCode)
	add("charge", e.Charge)
	add("code", e.Code)
	add("decline_code", e.DeclineCode)
	if e.Code != "" {
		detail.Set("doc_url", "https://stripe.com/docs/error-codes/"+strings.ReplaceAll(e.Code, "_", "-"))
	}
	add("message", maskNumbers(e.Message)) // no error repeats a card number that somebody sent in a wrong place
	add("network_decline_code", e.NetworkDeclineCode)
	if add("param", maskNumbers(e.Param)); e.blankParam && e.Param == "" {
		detail.Set("param", "")
	}
	for _, key := range []string{"payment_intent", "payment_method", "payment_method_type", "setup_intent", "source"} {
		if o := e.extra[key]; o != nil {
			if r.hidesPrivate() {
				o = redact(o)
			}
			detail.Set(key, o)
		}
	}
	if r.account != nil {
		detail.Set("request_log_url", "https://dashboard.stripe.com/"+r.account.id+"/test/workbench/logs?object="+r.RequestID)
	}
	detail.Set("type", e.Type)
	return hash("error", detail)
}

// asError is an error as an answer: an *Error as it is, anything else a fault of ours.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Status: http.StatusInternalServerError, Type: "api_error", Message: "An error occurred inside the sandbox: " + err.Error()}
}

// keepsChanges says whether what was done before an error stays.
func keepsChanges(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.keepChanges
}

// write sends the answer of a call.
func (an *answer) write(w http.ResponseWriter, r *apiRequest, body []byte) {
	h := w.Header()
	for name, values := range an.header {
		h[name] = values
	}
	if an.failure != nil {
		for name, values := range an.failure.Header {
			h[name] = values
		}
		if h.Get("Stripe-Should-Retry") == "" && an.status < http.StatusInternalServerError && an.status != http.StatusTooManyRequests {
			h.Set("Stripe-Should-Retry", "false")
		}
	}
	if an.object.Has(hiddenContentType) {
		h.Set("Content-Type", an.object.Str(hiddenContentType))
	}
	if h["Content-Type"] == nil {
		h["Content-Type"] = jsonType
	}
	h["Cache-Control"] = notCached
	if r.Version != "" {
		r.echoed[1] = r.Version
		h["Stripe-Version"] = r.echoed[1:2:2]
	}
	if r.account != nil {
		if date, apart := r.account.date(); apart {
			h.Set("Date", date)
		}
	}
	if r.scope != "" {
		h.Set("Stripe-Account", r.scope)
	}
	if r.IdempotencyKey != "" && r.Method == http.MethodPost {
		r.echoed[2] = r.IdempotencyKey
		h["Idempotency-Key"] = r.echoed[2:3:3]
		if h["Original-Request"] == nil {
			h["Original-Request"] = r.echoed[0:1:1]
		}
	}
	w.WriteHeader(an.status)
	_, _ = w.Write(body) // a caller who left needs no answer
}
