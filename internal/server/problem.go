package server

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vezne/vezne"
)

// Problem is the JSON form of every error (RFC 9457), with a code that a
// machine reads.
type Problem struct {
	Type      string         `json:"type" doc:"Always about:blank; code tells the problems apart"`
	Title     string         `json:"title" doc:"The meaning of the status"`
	Status    int            `json:"status"`
	Code      vezne.Code     `json:"code" doc:"What a machine reads; the list is closed and only grows"`
	Detail    string         `json:"detail" doc:"What happened, in a sentence"`
	Hint      string         `json:"hint,omitempty" doc:"What to do"`
	Errors    []ProblemField `json:"errors,omitempty" doc:"The fields that are wrong"`
	RequestID string         `json:"request_id,omitempty" doc:"Find the cause in the log by it"`

	// retryAfter is what the header says, in whole seconds; 0 for nothing.
	retryAfter int
}

// ProblemField is one wrong field.
type ProblemField struct {
	Field   string `json:"field" doc:"Path of the field: lines[0].unit_amount"`
	Message string `json:"message"`
}

// Error returns the sentence.
func (p *Problem) Error() string { return p.Detail }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType says that this is a problem.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders returns when to try again, for the framework.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	return h
}

// retryAfter is how many seconds a client waits after an overload or an outage.
const retryAfter = 2

// problem turns any error into what the outside may know, and logs the cause
// of those that are faults of ours or of what we stand on.
func (s *server) problem(ctx context.Context, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	e, ok := errors.AsType[*vezne.Error](err)
	if !ok {
		e = vezne.E(vezne.CodeInternal, "server", "").Because(err)
	}
	p := &Problem{Type: "about:blank", Status: e.HTTPStatus(), Code: e.Code, Detail: e.Message, Hint: e.Hint, RequestID: requestID(ctx)}
	p.Title = http.StatusText(p.Status)
	if p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests {
		p.retryAfter = max(retryAfter, int(e.RetryAfter/time.Second))
	}
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, ProblemField(f))
	}
	if p.Status >= http.StatusInternalServerError {
		s.report(ctx, e)
	}
	return p
}

// report logs the cause of an error under the request's id.
func (s *server) report(ctx context.Context, err error) {
	s.Log.LogAttrs(ctx, slog.LevelError, "request failed", slog.String("request_id", requestID(ctx)), slog.String("code", string(vezne.CodeOf(err))), slog.Any("err", err))
}

// transformError gives the framework's own errors our form.
func (s *server) transformError(ctx huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	return s.problem(ctx.Context(), fromModel(m)), nil
}

func fromModel(m *huma.ErrorModel) error {
	code := vezne.CodeInvalidRequest
	switch m.Status {
	case http.StatusBadRequest:
		code = vezne.CodeMalformedBody
	case http.StatusRequestEntityTooLarge:
		code = vezne.CodeBodyTooLarge
	case http.StatusUnsupportedMediaType, http.StatusNotAcceptable:
		code = vezne.CodeUnsupportedMediaType
	case http.StatusUnprocessableEntity:
	default:
		code = vezne.CodeInternal
	}
	var fields []vezne.FieldError
	for _, d := range m.Errors {
		message, field := d.Message, strings.TrimPrefix(strings.TrimPrefix(d.Location, "body."), "query.")
		if d.Location == "body" || d.Location == "" {
			field = ""
		}
		if message == "unexpected property" {
			code, message = vezne.CodeUnknownField, "This field is not known here."
		}
		if message == "unknown query parameter" {
			code, message = vezne.CodeUnknownField, "This parameter is not known here."
		}
		fields = append(fields, vezne.FieldError{Field: field, Message: message})
	}
	e := vezne.E(code, "server.decode", "")
	if code == vezne.CodeMalformedBody || code == vezne.CodeInternal {
		for _, f := range fields {
			e.Err = errors.Join(e.Err, errors.New(f.Message))
		}
		return e
	}
	e.Fields = fields
	return e
}

// writeProblem writes an error outside of the framework's handlers. Together
// with the framework, which is given the same Problem, it is the only place
// where an error is written.
func (s *server) writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := s.problem(r.Context(), err)
	b, marshalErr := json.Marshal(p)
	if marshalErr != nil {
		s.Log.LogAttrs(r.Context(), slog.LevelError, "a problem cannot be written", slog.Any("err", marshalErr))
		http.Error(w, p.Title, p.Status)
		return
	}
	h := w.Header()
	h.Set("Content-Type", p.ContentType(""))
	for name, values := range p.GetHeaders() {
		h[name] = values
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="vezne"`)
	}
	w.WriteHeader(p.Status)
	w.Write(append(b, '\n'))
}

func (s *server) problemResponse() *huma.Response {
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	return &huma.Response{
		Description: "A problem; code says which",
		Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: schema}},
	}
}
