package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/vezne/vezne"
)

// answer is a whole response. Handlers return one, so that nothing has been
// sent yet when something fails.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// handler answers a request; every error becomes a page in one place.
type handler func(r *http.Request) (*answer, error)

func seeOther(location string) *answer {
	return &answer{status: http.StatusSeeOther, header: http.Header{"Location": {location}}}
}

// bodyOf is an answer with a body of a media type.
func bodyOf(status int, mediaType string, body []byte) *answer {
	return &answer{status: status, header: http.Header{"Content-Type": {mediaType}}, body: body}
}

func jsonOf(status int, v any) (*answer, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, vezne.E(vezne.CodeInternal, "web.jsonOf", "").Because(err)
	}
	return bodyOf(status, "application/json", append(b, '\n')), nil
}

// maxForm is the largest body of a form, in bytes.
const maxForm = 64 << 10

// formTimeout is how long a form's body may take to arrive.
const formTimeout = 15 * time.Second

// handle registers a handler of pages.
func (s *site) handle(pattern string, h handler) { s.register(pattern, false, h) }

// handleJSON registers a handler that a script asks: errors come as JSON too.
func (s *site) handleJSON(pattern string, h handler) { s.register(pattern, true, h) }

func (s *site) register(pattern string, inJSON bool, h handler) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		visitOf(r).json = inJSON
		a, err := s.guarded(w, r, h)
		if err != nil {
			a = s.failure(r, err)
		}
		s.write(w, r, a)
	})
}

// guarded runs a handler behind what all of them need: forms of a sane size
// from our own pages, and panics that end as errors.
func (s *site) guarded(w http.ResponseWriter, r *http.Request, h handler) (a *answer, err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if e, ok := v.(error); ok && errors.Is(e, http.ErrAbortHandler) {
			panic(v)
		}
		s.Log.LogAttrs(r.Context(), slog.LevelError, "a page panicked", slog.String("path", r.URL.Path), slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
		a, err = nil, vezne.E(vezne.CodeInternal, "web", "")
	}()
	if r.Method == http.MethodPost {
		if err := s.readForm(w, r); err != nil {
			return nil, err
		}
	}
	return h(r)
}

func (s *site) readForm(w http.ResponseWriter, r *http.Request) error {
	const op = "web.readForm"
	if err := s.origins.Check(r); err != nil {
		return vezne.E(vezne.CodeForbidden, op, "").Because(err)
	}
	if r.ContentLength > maxForm {
		return vezne.E(vezne.CodeBodyTooLarge, op, "")
	}
	// Not every writer has a connection below it (tests).
	if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(formTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return vezne.E(vezne.CodeInternal, op, "").Because(err)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	err := r.ParseForm()
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return vezne.E(vezne.CodeBodyTooLarge, op, "")
	}
	if err != nil {
		return vezne.E(vezne.CodeMalformedBody, op, "").Because(err)
	}
	return nil
}

// write sends an answer. HEAD gets the headers alone.
func (s *site) write(w http.ResponseWriter, r *http.Request, a *answer) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	s.secure(h, r)
	s.rememberLanguage(h, visitOf(r))
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	if a.status == http.StatusNotModified {
		h.Del("Content-Length")
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		w.Write(a.body)
	}
}

// serve finds the handler of a request, and answers for addresses and methods
// that do not exist.
func (s *site) serve(w http.ResponseWriter, r *http.Request) {
	v := s.newVisit(r)
	v.request = w.Header().Get("Request-Id")
	r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
	if _, pattern := s.mux.Handler(r); pattern != "" {
		s.mux.ServeHTTP(w, r)
		return
	}
	if plain := strings.TrimRight(r.URL.Path, "/"); plain != r.URL.Path && strings.HasPrefix(plain, "/") && s.methods(r, plain) != nil && r.Method == http.MethodGet {
		s.write(w, r, &answer{status: http.StatusMovedPermanently, header: http.Header{"Location": {plain}}})
		return
	}
	var err error = vezne.E(vezne.CodeNotFound, "web", "")
	if allow := s.methods(r, r.URL.Path); allow != nil {
		w.Header().Set("Allow", strings.Join(allow, ", "))
		err = vezne.E(vezne.CodeMethodNotAllowed, "web", "")
	}
	s.write(w, r, s.failure(r, err))
}

// methods returns the methods that an address has, nil when it does not exist.
func (s *site) methods(r *http.Request, path string) []string {
	var list []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
		probe := r.Clone(r.Context())
		probe.Method, probe.URL.Path, probe.URL.RawPath = method, path, ""
		if _, pattern := s.mux.Handler(probe); pattern != "" {
			list = append(list, method)
		}
	}
	return list
}
