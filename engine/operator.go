package engine

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// Parameters of password hashing. Source: OWASP Password Storage Cheat Sheet,
// Argon2id, the first of its equivalent choices.
const (
	hashTime    = 1
	hashMemory  = 46 << 10 // KiB
	hashThreads = 1
	hashSalt    = 16
	hashKey     = 32
	// hashing is how many passwords are hashed at once: each takes 46 MiB.
	hashing = 2
)

// minPassword is how many characters a password has at least. Source: NIST SP
// 800-63B-4, 3.1.1.2, for a password that is the only factor.
const minPassword = 15

// maxPassword bounds what is hashed, in bytes.
const maxPassword = 1024

// operators checks the people who may open the dashboard.
type operators struct {
	store *store.Store
	turn  chan struct{}
	// nobody is a hash that no password has: it is checked for names that do
	// not exist, so that the time tells nothing.
	nobody string
	// standing are the tokens of links that sign in as often as they are opened,
	// until this process ends.
	standing sync.Map
}

func newOperators(s *store.Store) *operators {
	return &operators{store: s, turn: make(chan struct{}, hashing), nobody: encodeHash(make([]byte, hashSalt), make([]byte, hashKey))}
}

// hashPrefix says how a password was hashed, in the form that argon2's own tool
// writes.
var hashPrefix = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, hashMemory, hashTime, hashThreads)

func encodeHash(salt, key []byte) string {
	return hashPrefix + base64.RawStdEncoding.EncodeToString(salt) + "$" + base64.RawStdEncoding.EncodeToString(key)
}

func (o *operators) hash(ctx context.Context, password string, salt []byte) ([]byte, error) {
	select {
	case o.turn <- struct{}{}:
		defer func() { <-o.turn }()
	case <-ctx.Done():
		return nil, vezne.E(vezne.CodeOverloaded, "engine.operators", "").Because(ctx.Err())
	}
	return argon2.IDKey([]byte(password), salt, hashTime, hashMemory, hashThreads, hashKey), nil
}

// check reports whether a password fits a kept hash.
func (o *operators) check(ctx context.Context, password, kept string) (bool, error) {
	const op = "engine.operators"
	rest, known := strings.CutPrefix(kept, hashPrefix)
	first, second, _ := strings.Cut(rest, "$")
	salt, errSalt := base64.RawStdEncoding.DecodeString(first)
	want, errKey := base64.RawStdEncoding.DecodeString(second)
	if !known || errSalt != nil || errKey != nil || len(want) != hashKey {
		return false, vezne.E(vezne.CodeCorrupt, op, "The hash of a password is of a kind that is not known here.")
	}
	got, err := o.hash(ctx, password, salt)
	return err == nil && subtle.ConstantTimeCompare(got, want) == 1, err
}

// Login returns the operator's name. CodeTokenInvalid when name and password
// do not belong together.
func (o *operators) Login(ctx context.Context, name, password string) (string, error) {
	const op = "engine.Login"
	refused := vezne.E(vezne.CodeTokenInvalid, op, "Name and password do not belong together.")
	if len(password) > maxPassword {
		return "", refused
	}
	kept := o.nobody
	row, err := o.store.Operator(ctx, name)
	if err == nil {
		kept = row.PasswordHash
	} else if vezne.CodeOf(err) != vezne.CodeNotFound {
		return "", err
	}
	fits, checking := o.check(ctx, password, kept)
	if checking != nil {
		return "", checking
	}
	if err != nil || !fits {
		return "", refused
	}
	return row.Name, nil
}

// linkPrefix keeps the tokens of sign-in links apart from sessions.
const linkPrefix = "link:"

// Redeem returns the operator whose link holds the token, and uses a one-time
// link up. CodeTokenInvalid when it is unknown, used or too old.
func (o *operators) Redeem(ctx context.Context, token string) (string, error) {
	if v, ok := o.standing.Load(token); ok {
		if name, isName := v.(string); isName {
			return name, nil
		}
	}
	name, ok, err := o.store.SessionTake(ctx, linkPrefix+token)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", vezne.E(vezne.CodeTokenInvalid, "engine.Redeem", "The sign-in link is used or too old.").WithHint("Make a new one.")
	}
	return string(name), nil
}

// CreateOperator lets a person sign in to the dashboard. CodeInvalidRequest
// when the name is taken, or the password has less than 15 characters.
func (d *Database) CreateOperator(ctx context.Context, name, password string) error {
	const op = "engine.CreateOperator"
	if err := checkName(op, name); err != nil {
		return err
	}
	if utf8.RuneCountInString(password) < minPassword || len(password) > maxPassword {
		return vezne.E(vezne.CodeInvalidRequest, op, fmt.Sprintf("The password has less than %d characters, or more than %d bytes.", minPassword, maxPassword)).
			WithHint("A few words in a row are easy to remember and hard to guess.")
	}
	salt := make([]byte, hashSalt)
	if _, err := rand.Read(salt); err != nil {
		return vezne.E(vezne.CodeInternal, op, "").Because(err)
	}
	key, err := d.people.hash(ctx, password, salt)
	if err != nil {
		return err
	}
	return d.store.CreateOperator(ctx, name, encodeHash(salt, key))
}

// SignInLink makes a link that signs in to the dashboard once, within life.
// Whoever has the link is the operator of that name, so that it is shown to
// nobody else; only the hash of its token is kept.
func (e *Engine) SignInLink(ctx context.Context, name string, life time.Duration) (string, error) {
	token, err := linkToken("engine.SignInLink", name)
	if err != nil {
		return "", err
	}
	now, err := e.store.Now(ctx)
	if err != nil {
		return "", err
	}
	if err := e.store.SessionCommit(ctx, linkPrefix+token, []byte(name), now.Add(life)); err != nil {
		return "", err
	}
	return e.linkTo(token), nil
}

// StandingSignInLink makes a link that signs in to the dashboard as often as it
// is opened, until this process ends; nothing of it is kept. It is for a desk on
// a developer's own machine, where the next browser should get in too.
func (e *Engine) StandingSignInLink(name string) (string, error) {
	token, err := linkToken("engine.StandingSignInLink", name)
	if err != nil {
		return "", err
	}
	e.people.standing.Store(token, name)
	return e.linkTo(token), nil
}

func linkToken(op, name string) (string, error) {
	if err := checkName(op, name); err != nil {
		return "", err
	}
	raw := make([]byte, tokenBytes)
	if _, err := rand.Read(raw); err != nil {
		return "", vezne.E(vezne.CodeInternal, op, "").Because(err)
	}
	return hex.EncodeToString(raw), nil
}

func (e *Engine) linkTo(token string) string {
	return e.cfg.PublicURL + "/admin/sign-in?" + url.Values{"token": {token}}.Encode()
}
