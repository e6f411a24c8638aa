package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/ids"
	"github.com/vezne/vezne/internal/store/db"
)

// KeyState says what is known of a caller's idempotency key.
type KeyState string

// The states of a key.
const (
	// KeyNew: it was free and now belongs to this request.
	KeyNew KeyState = "new"
	// KeyInFlight: a request with it is being answered.
	KeyInFlight KeyState = "in_flight"
	// KeyDone: there is an answer.
	KeyDone KeyState = "done"
	// KeyMismatch: it was used with another body.
	KeyMismatch KeyState = "mismatch"
)

// IdempotencyKey names a key: it belongs to a token and a route.
type IdempotencyKey struct{ TokenID, Route, Key string }

// IdempotencyRecord is what is kept under a key.
type IdempotencyRecord struct {
	State KeyState
	// Hold is which taking of the key this is, for a state of KeyNew. Whoever
	// finishes or abandons the key must name it.
	Hold      int64
	Status    int
	MediaType string
	Body      []byte
}

// flightTime is how long a request may hold a key without an answer: longer
// than any request lives, so that only a process that died leaves one behind.
const flightTime = 2 * time.Minute

// BeginIdempotent takes a key for a request, or says why it is not free.
func (s *Store) BeginIdempotent(ctx context.Context, k IdempotencyKey, bodyHash []byte, life time.Duration) (IdempotencyRecord, error) {
	var record IdempotencyRecord
	err := s.InTx(ctx, func(tx *Tx) error {
		n, err := tx.q.BeginKey(ctx, db.BeginKeyParams{
			Account: tx.scope.Account, Livemode: tx.scope.Livemode, TokenID: k.TokenID, Route: k.Route, Key: k.Key, BodyHash: bodyHash, BegunAt: micros(tx.now),
			ExpiresAt: micros(tx.now.Add(life)), StaleBefore: micros(tx.now.Add(-flightTime)),
		})
		if err != nil {
			return err
		}
		if n == 1 {
			record = IdempotencyRecord{State: KeyNew, Hold: micros(tx.now)}
			return nil
		}
		r, err := tx.q.GetKey(ctx, db.GetKeyParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, TokenID: k.TokenID, Route: k.Route, Key: k.Key})
		if err != nil {
			return err
		}
		switch {
		case !bytes.Equal(r.BodyHash, bodyHash):
			record = IdempotencyRecord{State: KeyMismatch}
		case !r.Done:
			record = IdempotencyRecord{State: KeyInFlight}
		default:
			record = IdempotencyRecord{State: KeyDone, Status: int(r.Status), MediaType: r.MediaType, Body: r.Answer}
		}
		return nil
	})
	return record, err
}

// FinishIdempotent keeps the answer of a request. CodeNotFound when the key is
// not held so any more: the request was so slow that another took it over.
func (s *Store) FinishIdempotent(ctx context.Context, k IdempotencyKey, hold int64, status int, mediaType string, body []byte) error {
	return s.InTx(ctx, func(tx *Tx) error {
		n, err := tx.q.FinishKey(ctx, db.FinishKeyParams{
			Status: int64(status), MediaType: mediaType, Answer: body, Account: tx.scope.Account, Livemode: tx.scope.Livemode, TokenID: k.TokenID, Route: k.Route, Key: k.Key, BegunAt: hold,
		})
		return oneRow("store.FinishIdempotent", "idempotency key", n, err)
	})
}

// AbandonIdempotent frees a key whose request had no effect worth keeping. One
// that another has taken over stays with it.
func (s *Store) AbandonIdempotent(ctx context.Context, k IdempotencyKey, hold int64) error {
	return s.InTx(ctx, func(tx *Tx) error {
		return tx.q.AbandonKey(ctx, db.AbandonKeyParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, TokenID: k.TokenID, Route: k.Route, Key: k.Key, BegunAt: hold})
	})
}

// Prune removes expired keys and sessions, and tries to pay of which no limit
// knows any more, and returns how many.
func (s *Store) Prune(ctx context.Context) (int64, error) {
	var n int64
	err := s.InTx(ctx, func(tx *Tx) error {
		keys, err := tx.q.PruneKeys(ctx, micros(tx.now))
		if err != nil {
			return err
		}
		orders, err := tx.q.PruneOrderKeys(ctx, micros(tx.now))
		if err != nil {
			return err
		}
		before := micros(tx.now.Add(-vezne.MaxLimitWindow))
		tries, err := tx.q.PruneTries(ctx, before)
		if err != nil {
			return err
		}
		locks, err := tx.q.PruneTryLocks(ctx, before)
		if err != nil {
			return err
		}
		sessions, err := tx.q.PruneSessions(ctx, micros(tx.now))
		n = keys + orders + tries + locks + sessions
		return err
	})
	return n, err
}

// Token is a bearer token of the REST API as far as it is kept.
type Token struct {
	ID   string
	Name string
	// Prefix is the first characters, to recognise it by.
	Prefix    string
	CreatedAt time.Time
	RevokedAt *time.Time
}

// CreateToken keeps the hash of a token. One that is kept already stays as it
// is, revoked ones included.
func (s *Store) CreateToken(ctx context.Context, name string, hash []byte, prefix string) error {
	id, err := ids.New("tok_")
	if err != nil {
		return vezne.E(vezne.CodeInternal, "store.CreateToken", "").Because(err)
	}
	return s.InTx(ctx, func(tx *Tx) error {
		return tx.q.CreateToken(ctx, db.CreateTokenParams{
			Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: id, Name: name, Prefix: prefix, Hash: hash, CreatedAt: micros(tx.now),
		})
	})
}

// TokenByHash returns the token with a hash. CodeNotFound when there is none
// or it is revoked.
func (s *Store) TokenByHash(ctx context.Context, hash []byte) (Token, error) {
	r, err := s.q.GetTokenByHash(ctx, db.GetTokenByHashParams{Account: s.scope.Account, Livemode: s.scope.Livemode, Hash: hash})
	if err != nil {
		return Token{}, notFound("store.TokenByHash", "token", err)
	}
	return toToken(r), nil
}

// Tokens lists all tokens, oldest first.
func (s *Store) Tokens(ctx context.Context) ([]Token, error) {
	rows, err := s.q.ListTokens(ctx, db.ListTokensParams{Account: s.scope.Account, Livemode: s.scope.Livemode})
	if err != nil {
		return nil, storageError("store.Tokens", err)
	}
	list := make([]Token, len(rows))
	for i, r := range rows {
		list[i] = toToken(r)
	}
	return list, nil
}

// RevokeToken ends a token. CodeNotFound when there is none that is active.
func (s *Store) RevokeToken(ctx context.Context, id string) error {
	return s.InTx(ctx, func(tx *Tx) error {
		n, err := tx.q.RevokeToken(ctx, db.RevokeTokenParams{RevokedAt: ptr(micros(tx.now)), Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: id})
		return oneRow("store.RevokeToken", "active token", n, err)
	})
}

func toToken(r db.Token) Token {
	return Token{ID: r.ID, Name: r.Name, Prefix: r.Prefix, CreatedAt: instant(r.CreatedAt), RevokedAt: instantPtr(r.RevokedAt)}
}

// Operator is a person who may sign in to the dashboard.
type Operator struct {
	Name         string
	PasswordHash string
	CreatedAt    time.Time
}

// CreateOperator keeps an operator. CodeInvalidRequest when the name is taken.
func (s *Store) CreateOperator(ctx context.Context, name, passwordHash string) error {
	return s.InTx(ctx, func(tx *Tx) error {
		n, err := tx.q.CreateOperator(ctx, db.CreateOperatorParams{
			Account: tx.scope.Account, Livemode: tx.scope.Livemode, Name: name, PasswordHash: passwordHash, CreatedAt: micros(tx.now),
		})
		if err == nil && n != 1 {
			return vezne.E(vezne.CodeInvalidRequest, "store.CreateOperator", "There is an operator of that name already.")
		}
		return err
	})
}

// Operator returns an operator. CodeNotFound.
func (s *Store) Operator(ctx context.Context, name string) (Operator, error) {
	r, err := s.q.GetOperator(ctx, db.GetOperatorParams{Account: s.scope.Account, Livemode: s.scope.Livemode, Name: name})
	if err != nil {
		return Operator{}, notFound("store.Operator", "operator", err)
	}
	return Operator{Name: r.Name, PasswordHash: r.PasswordHash, CreatedAt: instant(r.CreatedAt)}, nil
}

// Operators returns how many people may sign in to the dashboard.
func (s *Store) Operators(ctx context.Context) (int64, error) {
	n, err := s.q.CountOperators(ctx, db.CountOperatorsParams{Account: s.scope.Account, Livemode: s.scope.Livemode})
	if err != nil {
		return 0, storageError("store.Operators", err)
	}
	return n, nil
}

// Sessions are kept by the hash of their token: whoever reads the table cannot
// use them.

func sessionHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// SessionFind returns a session's data; false when it is unknown or expired.
func (s *Store) SessionFind(ctx context.Context, token string) ([]byte, bool, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return nil, false, err
	}
	data, err := s.q.FindSession(ctx, db.FindSessionParams{Account: s.scope.Account, Livemode: s.scope.Livemode, Hash: sessionHash(token), Now: micros(now)})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return data, err == nil, storageError("store.SessionFind", err)
}

// SessionCommit keeps a session's data until expiry.
func (s *Store) SessionCommit(ctx context.Context, token string, data []byte, expiry time.Time) error {
	return s.InTx(ctx, func(tx *Tx) error {
		return tx.q.CommitSession(ctx, db.CommitSessionParams{
			Account: tx.scope.Account, Livemode: tx.scope.Livemode, Hash: sessionHash(token), Data: data, ExpiresAt: micros(expiry),
		})
	})
}

// SessionDelete forgets a session.
func (s *Store) SessionDelete(ctx context.Context, token string) error {
	return s.InTx(ctx, func(tx *Tx) error {
		_, err := tx.q.DeleteSession(ctx, db.DeleteSessionParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, Hash: sessionHash(token)})
		return err
	})
}

// SessionTake returns a session's data and forgets it: of two who take it at
// once, one gets it.
func (s *Store) SessionTake(ctx context.Context, token string) ([]byte, bool, error) {
	var data []byte
	taken := false
	err := s.InTx(ctx, func(tx *Tx) error {
		data, taken = nil, false
		found, err := tx.q.FindSession(ctx, db.FindSessionParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, Hash: sessionHash(token), Now: micros(tx.now)})
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		n, err := tx.q.DeleteSession(ctx, db.DeleteSessionParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, Hash: sessionHash(token)})
		if n == 1 {
			data, taken = found, true
		}
		return err
	})
	return data, taken && err == nil, err
}

// Setting returns a kept setting; false when there is none.
func (q queries) Setting(ctx context.Context, key string) (string, bool, error) {
	v, err := q.q.GetSetting(ctx, key)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return v, err == nil, storageError("store.Setting", err)
}

// SetSetting keeps a setting.
func (s *Store) SetSetting(ctx context.Context, key, value string) error {
	return s.InTx(ctx, func(tx *Tx) error { return tx.q.SetSetting(ctx, db.SetSettingParams{Key: key, Value: value}) })
}
