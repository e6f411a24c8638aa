package engine

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/inbox"
	"github.com/vezne/vezne/internal/server"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/web"
)

// Token is a bearer token of the REST API as far as it is kept.
type Token struct {
	ID string
	// Name stands in the audit trail for what was done with it.
	Name string
	// Prefix is its first characters, to recognise it by.
	Prefix    string
	CreatedAt time.Time
	// RevokedAt is when it ended, nil while it is valid.
	RevokedAt *time.Time
}

const (
	// tokenBytes is how much chance is in a token.
	tokenBytes = 32
	// tokenShown is how many characters of a token are kept as they are, its
	// prefix included.
	tokenShown = 9
	// maxName is the longest name of a token or an operator.
	maxName = 64
)

// CreateToken makes a token of the REST API. It is returned this once: only
// its hash is kept. CodeInvalidRequest when the name is empty or too long.
func (d *Database) CreateToken(ctx context.Context, name string) (vezne.Secret, error) {
	raw := make([]byte, tokenBytes)
	if _, err := rand.Read(raw); err != nil {
		return vezne.Secret{}, vezne.E(vezne.CodeInternal, "engine.CreateToken", "").Because(err)
	}
	token := vezne.NewSecret(vezne.TokenPrefix + hex.EncodeToString(raw))
	return token, d.KeepToken(ctx, name, token)
}

// KeepToken makes a token of the REST API valid that was made elsewhere. One
// that is known stays as it is, revoked ones included. CodeInvalidRequest when
// the name is empty or too long, or the token is not vz_ and 64 hexadecimal
// digits.
func (d *Database) KeepToken(ctx context.Context, name string, token vezne.Secret) error {
	const op = "engind.KeepToken"
	if err := checkName(op, name); err != nil {
		return err
	}
	body, ok := strings.CutPrefix(token.Reveal(), vezne.TokenPrefix)
	if raw, err := hex.DecodeString(body); !ok || err != nil || len(raw) != tokenBytes {
		return vezne.E(vezne.CodeInvalidRequest, op, "The token is not vz_ and 64 hexadecimal digits.")
	}
	return d.store.CreateToken(ctx, name, hashToken(token), token.Reveal()[:tokenShown])
}

// Tokens lists all tokens, oldest first.
func (d *Database) Tokens(ctx context.Context) ([]Token, error) {
	rows, err := d.store.Tokens(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Token, len(rows))
	for i, r := range rows {
		list[i] = Token(r)
	}
	return list, nil
}

// RevokeToken ends a token at once. CodeNotFound when there is none that is
// valid.
func (d *Database) RevokeToken(ctx context.Context, id string) error {
	return d.store.RevokeToken(ctx, id)
}

func checkName(op, name string) error {
	if name == "" || len(name) > maxName || strings.TrimSpace(name) != name || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) {
		return vezne.E(vezne.CodeInvalidRequest, op, "The name is empty, longer than 64 bytes, or has blanks at its ends.")
	}
	return nil
}

func hashToken(token vezne.Secret) []byte {
	sum := sha256.Sum256([]byte(token.Reveal()))
	return sum[:]
}

// access checks bearer tokens. They hold 256 random bits, so that a plain hash
// is enough to keep.
type access struct{ store *store.Store }

// Authenticate returns whose token it is.
func (a access) Authenticate(ctx context.Context, token vezne.Secret) (server.Caller, error) {
	t, err := a.store.TokenByHash(ctx, hashToken(token))
	if vezne.CodeOf(err) == vezne.CodeNotFound {
		return server.Caller{}, vezne.E(vezne.CodeTokenInvalid, "engine.Authenticate", "")
	}
	if err != nil {
		return server.Caller{}, err
	}
	return server.Caller{TokenID: t.ID, Name: t.Name}, nil
}

// idempotency keeps answers by the callers' keys.
type idempotency struct{ store *store.Store }

// Begin takes a key, or says why it is not free.
func (i idempotency) Begin(ctx context.Context, k server.KeyScope, bodyHash []byte, life time.Duration) (server.IdempotencyState, server.StoredAnswer, error) {
	r, err := i.store.BeginIdempotent(ctx, store.IdempotencyKey(k), bodyHash, life)
	if err != nil {
		return server.KeyNew, server.StoredAnswer{}, err
	}
	answer := server.StoredAnswer{Hold: r.Hold, Status: r.Status, ContentType: r.MediaType, Body: r.Body}
	switch r.State {
	case store.KeyNew:
		return server.KeyNew, answer, nil
	case store.KeyInFlight:
		return server.KeyInFlight, answer, nil
	case store.KeyDone:
		return server.KeyDone, answer, nil
	case store.KeyMismatch:
		return server.KeyMismatch, answer, nil
	}
	return server.KeyNew, answer, vezne.E(vezne.CodeInternal, "engine.idempotency", "")
}

// Finish keeps an answer.
func (i idempotency) Finish(ctx context.Context, k server.KeyScope, a server.StoredAnswer) error {
	return i.store.FinishIdempotent(ctx, store.IdempotencyKey(k), a.Hold, a.Status, a.ContentType, a.Body)
}

// Abandon frees a key.
func (i idempotency) Abandon(ctx context.Context, k server.KeyScope, hold int64) error {
	return i.store.AbandonIdempotent(ctx, store.IdempotencyKey(k), hold)
}

// submissionLife is how long a form that was sent is remembered.
const submissionLife = 24 * time.Hour

// submissions make forms act once. They are kept like the callers' keys, under
// a token that no caller has.
type submissions struct{ store *store.Store }

func submissionKey(form, key string) store.IdempotencyKey {
	return store.IdempotencyKey{TokenID: "form", Route: form, Key: key}
}

// Begin takes a submission, or says what became of it.
func (s submissions) Begin(ctx context.Context, form, key string) (web.Submission, error) {
	r, err := s.store.BeginIdempotent(ctx, submissionKey(form, key), []byte(form), submissionLife)
	if err != nil {
		return web.Submission{}, err
	}
	switch r.State {
	case store.KeyNew:
		return web.Submission{State: web.SubmissionNew, Hold: r.Hold}, nil
	case store.KeyDone:
		return web.Submission{State: web.SubmissionDone, Location: string(r.Body)}, nil
	}
	return web.Submission{State: web.SubmissionInFlight}, nil
}

// Finish notes where a submission led.
func (s submissions) Finish(ctx context.Context, form, key string, hold int64, location string) error {
	return s.store.FinishIdempotent(ctx, submissionKey(form, key), hold, 0, "", []byte(location))
}

// Abandon frees a submission.
func (s submissions) Abandon(ctx context.Context, form, key string, hold int64) error {
	return s.store.AbandonIdempotent(ctx, submissionKey(form, key), hold)
}

// sessions keeps the sessions of pages.
type sessions struct{ store *store.Store }

// Find returns a session's data.
func (s sessions) Find(ctx context.Context, token string) ([]byte, bool, error) {
	return s.store.SessionFind(ctx, token)
}

// Commit keeps a session's data until expiry.
func (s sessions) Commit(ctx context.Context, token string, data []byte, expiry time.Time) error {
	return s.store.SessionCommit(ctx, token, data, expiry)
}

// Delete forgets a session.
func (s sessions) Delete(ctx context.Context, token string) error {
	return s.store.SessionDelete(ctx, token)
}

// receiver is the inbox as the webhook route sees it, counted.
type receiver struct {
	inbox   *inbox.Inbox
	metrics *metrics
}

// Receive keeps an event.
func (r receiver) Receive(ctx context.Context, body []byte, signature string) error {
	receipt, err := r.inbox.Receive(ctx, body, signature)
	switch {
	case err != nil:
		r.metrics.received(string(vezne.CodeOf(err)))
	case !receipt.New:
		r.metrics.received("duplicate")
	default:
		r.metrics.received(string(receipt.State))
	}
	return err
}
