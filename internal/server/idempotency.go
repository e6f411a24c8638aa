package server

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
)

// keyLife is how long an answer is kept under the caller's key.
const keyLife = 24 * time.Hour

// maxKey is the longest Idempotency-Key, as with Stripe.
const maxKey = 255

// IdempotencyState says what is known of a key.
type IdempotencyState int

// The states of a key.
const (
	// KeyNew: never seen; the caller goes on and must finish or abandon it.
	KeyNew IdempotencyState = iota
	// KeyInFlight: a request with it is being answered.
	KeyInFlight
	// KeyDone: the stored answer is the answer.
	KeyDone
	// KeyMismatch: it was used with another body.
	KeyMismatch
)

// StoredAnswer is what is kept of an answer: never a client secret.
type StoredAnswer struct {
	// Hold is which taking of the key this is; Begin says it for a new key.
	Hold        int64
	Status      int
	ContentType string
	Body        []byte
}

// KeyScope names a key: it belongs to a token and a route.
type KeyScope struct{ TokenID, Route, Key string }

// Idempotency remembers answers by key.
type Idempotency interface {
	Begin(ctx context.Context, k KeyScope, bodyHash []byte, life time.Duration) (IdempotencyState, StoredAnswer, error)
	// Finish keeps an answer under the hold that it names. CodeNotFound when
	// another request has taken the key over.
	Finish(ctx context.Context, k KeyScope, a StoredAnswer) error
	// Abandon frees the key: the request had no effect worth keeping.
	Abandon(ctx context.Context, k KeyScope, hold int64) error
}

// idempotent answers a POST that carries a key: the first answer is kept and
// given again. Answers that ask the caller to try again are not kept.
func (s *server) idempotent(w http.ResponseWriter, r *http.Request, next http.Handler, caller Caller, key string, hash []byte) {
	const op = "server.idempotent"
	if len(key) > maxKey || strings.TrimSpace(key) != key {
		s.writeProblem(w, r, vezne.E(vezne.CodeInvalidRequest, op, "The Idempotency-Key has more than 255 characters or blanks at its ends."))
		return
	}
	k := KeyScope{TokenID: caller.TokenID, Route: r.Method + " " + r.URL.Path, Key: key}
	state, answer, err := s.Keys.Begin(r.Context(), k, hash, keyLife)
	if err != nil {
		s.writeProblem(w, r, err)
		return
	}
	switch state {
	case KeyInFlight:
		s.writeProblem(w, r, vezne.E(vezne.CodeIdempotencyInFlight, op, ""))
	case KeyMismatch:
		s.writeProblem(w, r, vezne.E(vezne.CodeIdempotencyMismatch, op, "").WithHint("Use a new key for a new request."))
	case KeyDone:
		s.replay(w, r, answer)
	default:
		s.first(w, r, next, k, answer.Hold)
	}
}

func (s *server) first(w http.ResponseWriter, r *http.Request, next http.Handler, k KeyScope, hold int64) {
	// Whatever happens to the caller's connection, the key is settled.
	ctx := context.WithoutCancel(r.Context())
	held := &buffer{header: http.Header{}}
	settled := false
	defer func() {
		if !settled {
			// A panic passes through here; the key must not stay in flight.
			if err := s.Keys.Abandon(ctx, k, hold); err != nil {
				s.report(ctx, err)
			}
		}
	}()
	// A process that dies before the answer is kept leaves the key to the desk.
	next.ServeHTTP(held, r.WithContext(desk.WithKey(r.Context(), strings.Join([]string{k.TokenID, k.Route, k.Key}, "\n"))))
	if kept(held.status) {
		body, err := withoutSecret(held.body.Bytes())
		if err != nil {
			s.writeProblem(w, r, vezne.E(vezne.CodeInternal, "server.first", "").Because(err))
			return
		}
		a := StoredAnswer{Hold: hold, Status: held.status, ContentType: held.header.Get("Content-Type"), Body: body}
		// Who was so slow that another took the key over answers its own caller
		// and keeps nothing.
		if err := s.Keys.Finish(ctx, k, a); err != nil && vezne.CodeOf(err) != vezne.CodeNotFound {
			s.writeProblem(w, r, err)
			return
		}
		settled = true
	}
	for name, values := range held.header {
		w.Header()[name] = values
	}
	w.WriteHeader(held.status)
	w.Write(held.body.Bytes())
}

// kept reports whether an answer is the answer for good.
func kept(status int) bool {
	return status < 300 || status == http.StatusPaymentRequired
}

func (s *server) replay(w http.ResponseWriter, r *http.Request, a StoredAnswer) {
	body, err := s.withSecret(r.Context(), a.Body)
	if err != nil {
		s.writeProblem(w, r, err)
		return
	}
	w.Header().Set("Content-Type", a.ContentType)
	w.Header().Set("Idempotent-Replayed", "true")
	w.WriteHeader(a.Status)
	w.Write(body)
}

// The fields of our answers that hold a client secret: what the buyer must do
// next may be an address with the secret in it.
const (
	secretField = "client_secret"
	actionField = "next_action"
)

// withoutSecret blanks what holds a client secret before an answer is stored.
func withoutSecret(body []byte) ([]byte, error) {
	return replaceFields(body, func(string) (any, error) { return "", nil })
}

// withSecret fetches what was blanked in a stored answer again.
func (s *server) withSecret(ctx context.Context, body []byte) ([]byte, error) {
	fetch := sync.OnceValues(func() (desk.Secrets, error) {
		var answer struct {
			PaymentIntent vezne.ObjectID `json:"payment_intent_id"`
			SetupIntent   vezne.ObjectID `json:"setup_intent_id"`
			Session       vezne.ObjectID `json:"session_id"`
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return desk.Secrets{}, vezne.E(vezne.CodeCorrupt, "server.withSecret", "").Because(err)
		}
		return s.Desk.Secrets(ctx, answer.PaymentIntent+answer.SetupIntent+answer.Session)
	})
	return replaceFields(body, func(field string) (any, error) {
		secrets, err := fetch()
		if err != nil || field == actionField {
			return toNextAction(secrets.NextAction), err
		}
		return secrets.ClientSecret.Reveal(), nil
	})
}

// replaceFields sets the fields of the top level that hold a client secret,
// unless they are null, and keeps the order of the other keys.
func replaceFields(body []byte, value func(field string) (any, error)) ([]byte, error) {
	if !bytes.Contains(body, []byte(secretField)) {
		return body, nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return body, err
	}
	var out bytes.Buffer
	out.WriteByte('{')
	for first := true; dec.More(); first = false {
		token, err := dec.Token()
		if err != nil {
			return nil, err
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, err
		}
		if name, _ := token.(string); (name == secretField || name == actionField) && string(raw) != "null" {
			v, err := value(name)
			if err != nil {
				return nil, err
			}
			if raw, err = json.Marshal(v); err != nil {
				return nil, err
			}
		}
		if !first {
			out.WriteByte(',')
		}
		quoted, err := json.Marshal(token)
		if err != nil {
			return nil, err
		}
		out.Write(quoted)
		out.WriteByte(':')
		out.Write(raw)
	}
	out.WriteString("}\n")
	return out.Bytes(), nil
}

// buffer holds an answer back until its key is settled.
type buffer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header returns the headers.
func (b *buffer) Header() http.Header { return b.header }

// WriteHeader notes the status.
func (b *buffer) WriteHeader(status int) {
	if b.status == 0 {
		b.status = status
	}
}

// Write keeps the bytes.
func (b *buffer) Write(p []byte) (int, error) {
	b.WriteHeader(http.StatusOK)
	return b.body.Write(p)
}
