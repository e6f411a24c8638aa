package web

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/text"
)

// retryAfter is what pages say in Retry-After, in seconds.
const retryAfter = 10

// failurePage is a page that says what went wrong and what to do.
type failurePage struct {
	page
	Message, Hint string
	// Reference finds the request in the log; shown for faults of ours.
	Reference string
}

// failure turns any error into what a person may know: the only place where
// errors become pages. The cause of those that are ours goes to the log.
func (s *site) failure(r *http.Request, err error) *answer {
	e, ok := errors.AsType[*vezne.Error](err)
	if !ok {
		e = vezne.E(vezne.CodeInternal, "web", "").Because(err)
	}
	status := e.HTTPStatus()
	if status >= http.StatusInternalServerError {
		s.Log.LogAttrs(r.Context(), slog.LevelError, "a page failed", slog.String("path", r.URL.Path), slog.String("code", string(e.Code)), slog.Any("err", err))
	}
	a := s.failureAnswer(r, e, status)
	later(a, e)
	return a
}

// later says when to try again, where that can help.
func later(a *answer, e *vezne.Error) {
	if a.status == http.StatusServiceUnavailable || a.status == http.StatusTooManyRequests {
		a.header.Set("Retry-After", strconv.Itoa(max(retryAfter, int(e.RetryAfter/time.Second))))
	}
}

func (s *site) failureAnswer(r *http.Request, e *vezne.Error, status int) *answer {
	v := visitOf(r)
	message := text.Say(v.lang, "error."+string(e.Code))
	if v.json {
		a, err := jsonOf(status, failureJSON{Message: message})
		if err == nil {
			return a
		}
	}
	p := failurePage{page: s.newPage(r, "plain", text.Say(v.lang, "error.title."+string(e.Kind))), Message: message}
	if hint := "error.hint." + string(e.Kind); text.Has(hint) {
		p.Hint = text.Say(v.lang, hint)
	}
	if status >= http.StatusInternalServerError {
		p.Reference = v.request
	}
	a, err := s.render(status, "failure.html", p)
	if err != nil {
		s.Log.LogAttrs(r.Context(), slog.LevelError, "the page for errors failed", slog.Any("err", err))
		return bodyOf(status, "text/plain; charset=utf-8", []byte(p.Title+"\n"))
	}
	return a
}

// failureJSON is what a script gets.
type failureJSON struct {
	Message string `json:"message"`
}
