package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/ids"
)

// Access checks the callers of the REST API.
type Access interface {
	// Authenticate returns whose token it is. CodeTokenInvalid when it is
	// unknown or revoked.
	Authenticate(ctx context.Context, token vezne.Secret) (Caller, error)
}

// Caller is who called by a token.
type Caller struct {
	// TokenID tells tokens apart.
	TokenID string
	// Name is what the token was called.
	Name string
}

type contextKey int

const (
	requestKey contextKey = iota
	callerKey
)

func requestID(ctx context.Context) string {
	id, ok := ctx.Value(requestKey).(string)
	if !ok {
		return ""
	}
	return id
}

// actor returns who is to be named in the audit trail.
func actor(ctx context.Context) vezne.Actor {
	caller, ok := ctx.Value(callerKey).(Caller)
	if !ok {
		return vezne.Actor{Kind: vezne.ActorAPI}
	}
	return vezne.Actor{Kind: vezne.ActorAPI, Name: caller.Name}
}

// recorder notes the status for the log.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write writes and notes an implicit 200.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// observe gives each request an id and a line in the log, and answers 500 when
// a handler panics. The log has the path without its query, which may hold
// client secrets.
func (s *server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, err := ids.New("req_")
		if err != nil {
			s.writeProblem(w, r, vezne.E(vezne.CodeInternal, "server.observe", "").Because(err))
			return
		}
		start := s.Clock.Now()
		r = r.WithContext(context.WithValue(r.Context(), requestKey, id))
		rec := &recorder{ResponseWriter: w}
		h := w.Header()
		h.Set("Request-Id", id)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
		defer func() {
			if v := recover(); v != nil {
				if e, ok := v.(error); ok && errors.Is(e, http.ErrAbortHandler) {
					panic(v)
				}
				s.Log.LogAttrs(r.Context(), slog.LevelError, "a handler panicked", slog.String("request_id", id), slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
				if rec.status == 0 {
					s.writeProblem(rec, r, vezne.E(vezne.CodeInternal, "server", ""))
				}
			}
			s.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("request_id", id), slog.String("method", r.Method),
				slog.String("path", r.URL.Path), slog.Int("status", rec.status), slog.Duration("duration", s.Clock.Now().Sub(start)))
		}()
		next.ServeHTTP(rec, r)
	})
}

// bodyTimeout is how long a body may take to arrive.
const bodyTimeout = 15 * time.Second

// readBody reads a whole body of at most MaxBody bytes. A larger one is
// refused as soon as that is known.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > MaxBody {
		return nil, vezne.E(vezne.CodeBodyTooLarge, "server.readBody", "")
	}
	// Not every writer has a connection below it (tests); without one there is
	// nothing slow to cut.
	if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, vezne.E(vezne.CodeInternal, "server.readBody", "").Because(err)
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, vezne.E(vezne.CodeBodyTooLarge, "server.readBody", "")
	}
	if err != nil {
		return nil, vezne.E(vezne.CodeMalformedBody, "server.readBody", "The body ended early or came too slowly.").Because(err)
	}
	return b, nil
}

// guard stands before the API: token, media type, size, encoding, idempotency,
// and errors for routes that do not exist.
func (s *server) guard(api *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if _, pattern := api.Handler(r); pattern == "" {
			s.unrouted(w, r, api)
			return
		}
		if r.URL.Path == "/v1/config" {
			api.ServeHTTP(w, r)
			return
		}
		caller, err := s.authenticate(r)
		if err != nil {
			s.writeProblem(w, r, err)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), callerKey, caller))
		if r.Method != http.MethodPost {
			api.ServeHTTP(w, r)
			return
		}
		body, err := s.jsonBody(w, r)
		if err != nil {
			s.writeProblem(w, r, err)
			return
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		key := r.Header.Get("Idempotency-Key")
		if key == "" {
			api.ServeHTTP(w, r)
			return
		}
		sum := sha256.Sum256(body)
		s.idempotent(w, r, api, caller, key, sum[:])
	})
}

func (s *server) authenticate(r *http.Request) (Caller, error) {
	const op = "server.authenticate"
	header := r.Header.Get("Authorization")
	if header == "" {
		return Caller{}, vezne.E(vezne.CodeTokenMissing, op, "").WithHint("Send Authorization: Bearer vz_….")
	}
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return Caller{}, vezne.E(vezne.CodeTokenInvalid, op, "The Authorization header is not a bearer token.").WithHint("Send Authorization: Bearer vz_….")
	}
	if !strings.HasPrefix(token, vezne.TokenPrefix) {
		return Caller{}, vezne.E(vezne.CodeTokenInvalid, op, "The token is not one of ours.").WithHint("Tokens start with vz_; Stripe's keys do not belong here.")
	}
	return s.Access.Authenticate(r.Context(), vezne.NewSecret(token))
}

// jsonBody reads the body of a POST: JSON in UTF-8, {} when there is none.
func (s *server) jsonBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	const op = "server.jsonBody"
	body, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		r.Header.Set("Content-Type", "application/json")
		return []byte("{}"), nil
	}
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || (mediaType != "application/json" && !strings.HasSuffix(mediaType, "+json")) {
		return nil, vezne.E(vezne.CodeUnsupportedMediaType, op, "").WithHint("Send Content-Type: application/json.")
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, vezne.E(vezne.CodeUnsupportedMediaType, op, "The body is not in UTF-8.")
	}
	if enc := r.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return nil, vezne.E(vezne.CodeUnsupportedMediaType, op, "Compressed bodies are not accepted.")
	}
	if !utf8.Valid(body) {
		return nil, vezne.E(vezne.CodeMalformedBody, op, "The body is not valid UTF-8.")
	}
	return body, nil
}

// unrouted answers for a path or method of the API that does not exist.
func (s *server) unrouted(w http.ResponseWriter, r *http.Request, api *http.ServeMux) {
	var allow []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		probe := r.Clone(r.Context())
		probe.Method = m
		if _, pattern := api.Handler(probe); pattern != "" {
			allow = append(allow, m)
		}
	}
	if len(allow) > 0 {
		w.Header().Set("Allow", strings.Join(allow, ", "))
		s.writeProblem(w, r, vezne.E(vezne.CodeMethodNotAllowed, "server", ""))
		return
	}
	s.writeProblem(w, r, vezne.E(vezne.CodeNotFound, "server", "There is no such route.").WithHint("See /docs for those that exist."))
}
