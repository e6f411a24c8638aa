package sandbox

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	stdhash "hash"
	"net/http"
	"slices"
	"time"
)

// maxIdempotencyKey is the longest key, in characters; keptCalls is how long an answer is replayed, by the account's clock.
// Source: Stripe's documentation on idempotent requests.
const (
	maxIdempotencyKey = 255
	keptCalls         = 24 * time.Hour
)

// idempotentCall is what the account remembers of a call with an Idempotency-Key: what was asked, as a keyed hash, so that
// no card number stays, and the first answer.
type idempotentCall struct {
	route       string
	fingerprint [sha256.Size]byte
	// at is the account's time of the call, in seconds.
	at int64
	// requestID is the req_… of the first answer.
	requestID string
	// answer is nil while the first call is still running.
	answer *answer
}

// fingerprint is a keyed hash of what a call asks for, whatever the order of its parameters.
func (sb *Sandbox) fingerprint(r *apiRequest) [sha256.Size]byte {
	h, _ := sb.fingerprints.Get().(stdhash.Hash)
	if h == nil {
		h = hmac.New(sha256.New, sb.secret[:])
	}
	defer sb.fingerprints.Put(h)
	h.Reset()
	var room [512]byte
	text := append(room[:0], r.Method...)
	for _, name := range r.route.names {
		text = appendString(text, r.path[name])
	}
	text = appendCanonical(text, r.params.node)
	_, _ = h.Write(text) // a hash never fails
	return [sha256.Size]byte(h.Sum(room[:0]))
}

func appendCanonical(out []byte, n *paramNode) []byte {
	switch {
	case n == nil || n.null:
		return append(out, '-')
	case n.list != nil:
		out = append(out, '[')
		for _, e := range n.list {
			out = append(appendCanonical(out, e), ',')
		}
		return append(out, ']')
	case n.hash != nil:
		out = append(out, '{')
		var room [16]string
		keys := append(room[:0], n.keys...)
		slices.Sort(keys)
		for _, k := range keys {
			out = append(appendCanonical(append(appendString(out, k), ':'), n.hash[k]), ',')
		}
		return append(out, '}')
	}
	return appendString(out, formParams{n}.Str(""))
}

// beginCall notes that a call with a key is running. It returns the call to finish, or the answer to replay; both are nil
// for a call without a key. Stripe's errors: another call of the key asked for something else, or still runs.
func (a *account) beginCall(r *apiRequest) (running, replay *idempotentCall, err error) {
	if r.IdempotencyKey == "" || r.Method != http.MethodPost {
		return nil, nil, nil
	}
	if len([]rune(r.IdempotencyKey)) > maxIdempotencyKey {
		return nil, nil, invalid("", "", "Keys for idempotent requests can be at most %d characters long.", maxIdempotencyKey)
	}
	fingerprint := a.sandbox.fingerprint(r)
	route := r.route.name()
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	a.pruneCalls(now)
	if c := a.calls[r.callKey()]; c != nil {
		switch {
		case c.answer == nil:
			return nil, nil, &Error{
				Status: http.StatusConflict, Type: "idempotency_error", Code: "idempotency_key_in_use", Header: http.Header{"Stripe-Should-Retry": {"true"}},
				Message: "There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): " +
					r.IdempotencyKey + ". Please try again later.",
			}
		case c.route != route:
			return nil, nil, idempotencyError("Keys for idempotent requests can only be used for the same endpoint they were first used for ('%s'). Try using a key other than '%s' if you meant to execute a different request.", c.path(), r.IdempotencyKey)
		case !bytes.Equal(c.fingerprint[:], fingerprint[:]):
			return nil, nil, idempotencyError("Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '%s' if you meant to execute a different request.", r.IdempotencyKey)
		}
		return nil, c, nil
	}
	c := &idempotentCall{route: route, fingerprint: fingerprint, at: now, requestID: r.RequestID}
	a.calls[r.callKey()] = c
	return c, nil, nil
}

func (c *idempotentCall) path() string { return c.route[len("POST "):] }

func idempotencyError(format string, args ...any) *Error {
	e := invalid("", "", format, args...)
	e.Type = "idempotency_error"
	return e
}

// pruneCalls forgets answers older than a day, at most once a minute.
func (a *account) pruneCalls(now int64) {
	if now-a.pruned < 60 {
		return
	}
	a.pruned = now
	for key, c := range a.calls {
		if c.answer != nil && now-c.at >= int64(keptCalls/time.Second) {
			delete(a.calls, key)
		}
	}
}

// endCall keeps the first answer of a key, or, without one, frees the key: nothing was executed.
func (a *account) endCall(key string, c *idempotentCall, kept *answer) {
	if c == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.calls[key] != c {
		return // the account was reset meanwhile
	}
	if kept == nil {
		delete(a.calls, key)
		return
	}
	c.answer = kept
	a.recordCall(key, c)
}
