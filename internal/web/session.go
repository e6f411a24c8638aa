package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/vezne/vezne"
)

// How long sessions live. They end then, however busy they are.
const (
	cartLife     = 30 * 24 * time.Hour
	operatorLife = 12 * time.Hour
)

// sessions are the sessions of one area. The shop's and the dashboard's are
// apart, so that signing out forgets no cart.
type sessions struct {
	*scs.SessionManager
	secure bool
}

func newSessions(store SessionStore, name string, secure bool, life time.Duration) *sessions {
	// Not by scs.New: the store in memory that it makes cleans up in the
	// background for ever.
	m := &scs.SessionManager{
		Store: storeAdapter{store}, Lifetime: life, Codec: scs.GobCodec{},
		Cookie: scs.SessionCookie{Name: "vezne-" + name, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Persist: true},
	}
	if secure {
		// A __Host- cookie can neither be set nor read by a neighbouring host.
		m.Cookie.Name = "__Host-" + m.Cookie.Name
	}
	m.Cookie.Secure = secure
	return &sessions{m, secure}
}

// in runs a handler in the visitor's session. The session is kept before the
// answer leaves; one that cannot be kept is an error.
func (m *sessions) in(h handler) handler {
	return func(r *http.Request) (*answer, error) {
		token := ""
		if c, err := r.Cookie(m.Cookie.Name); err == nil {
			token = c.Value
		}
		ctx, err := m.Load(r.Context(), token)
		if _, ours := errors.AsType[*vezne.Error](err); err != nil && !ours {
			// What was kept cannot be read, for instance after an upgrade: the
			// visitor begins anew.
			ctx, err = m.Load(r.Context(), "")
		}
		if err != nil {
			return nil, err
		}
		a, err := h(r.WithContext(ctx))
		if err != nil {
			return nil, err
		}
		switch m.Status(ctx) {
		case scs.Modified:
			token, expiry, err := m.Commit(ctx)
			if err != nil {
				return nil, err
			}
			m.WriteSessionCookie(ctx, headerWriter(a.header), token, expiry)
		case scs.Destroyed:
			m.WriteSessionCookie(ctx, headerWriter(a.header), "", time.Time{})
		case scs.Unmodified:
		}
		a.header.Set("Cache-Control", "no-store")
		a.header.Set("Vary", "Cookie")
		return a, nil
	}
}

// headerWriter lets the session library write its cookie into an answer.
type headerWriter http.Header

// Header returns the answer's header.
func (h headerWriter) Header() http.Header { return http.Header(h) }

// Write writes nothing: an answer's body is not the library's business.
func (h headerWriter) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader does nothing: nor is its status.
func (h headerWriter) WriteHeader(int) {}

// storeAdapter gives the session library our store, always with the request's
// context; the forms without one are never called by it then.
type storeAdapter struct{ SessionStore }

// FindCtx returns a session's data.
func (s storeAdapter) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	return s.SessionStore.Find(ctx, token)
}

// CommitCtx keeps a session's data.
func (s storeAdapter) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	return s.SessionStore.Commit(ctx, token, b, expiry)
}

// DeleteCtx forgets a session.
func (s storeAdapter) DeleteCtx(ctx context.Context, token string) error {
	return s.SessionStore.Delete(ctx, token)
}

// Find is FindCtx without a context.
func (s storeAdapter) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a context.
func (s storeAdapter) Commit(token string, b []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, b, expiry)
}

// Delete is DeleteCtx without a context.
func (s storeAdapter) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
