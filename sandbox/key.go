package sandbox

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// issuedKey is a key that the control API made: a restricted one, or any while only issued keys are known.
type issuedKey struct {
	key string
	// permissions are what a restricted key may do, by resource: "read" or "write". Nil may do everything.
	permissions map[string]string
}

// shortestName is the least that must follow sk_test_.
const shortestName = 3

// credentials reads the key of a request: Basic with the key as user, or Bearer. ok is false when there is none.
func credentials(r *http.Request) (key string, ok bool) {
	scheme, rest, found := strings.Cut(r.Header.Get("Authorization"), " ")
	rest = strings.TrimSpace(rest)
	if !found || rest == "" {
		return "", false
	}
	switch strings.ToLower(scheme) {
	case "bearer":
		return rest, true
	case "basic":
		pair, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			return "", false
		}
		key, _, _ = strings.Cut(string(pair), ":")
		return key, key != ""
	}
	return "", false
}

const noKeyMessage = "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). " +
	"See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/."

func unauthorized(message string) *Error {
	return &Error{Status: http.StatusUnauthorized, Type: "invalid_request_error", Message: message, Header: http.Header{"Www-Authenticate": {`Basic realm="Stripe"`}}}
}

// keyAccount finds the account of a request's key. It returns Stripe's 401 for a key that is missing.
func (sb *Sandbox) keyAccount(r *http.Request) (a *account, key string, err *Error) {
	key, ok := credentials(r)
	if !ok {
		return nil, "", unauthorized(noKeyMessage)
	}
	return sb.checkKey(key)
}

// checkKey finds the account that a key belongs to. It returns Stripe's 401 for a key that is malformed or unknown, and
// refuses live keys with a sentence.
func (sb *Sandbox) checkKey(key string) (*account, string, *Error) {
	if len(key) > 8 && key[2:8] == "_live_" {
		return nil, "", unauthorized("This is a sandbox, and " + maskKey(key) + " is a live key: it was not sent anywhere and must not be used here. Use a key that begins with " + key[:3] + "test_.")
	}
	if strings.HasPrefix(key, tokenPrefix) {
		if held, ok := sb.owners.Load(key); ok {
			return held.(owner).account, key, nil
		}
	}
	if !wellFormed(key) {
		return nil, "", unauthorized("Invalid API Key provided: " + maskKey(key))
	}
	if a, issued := sb.issued(key); issued {
		return a, key, nil
	}
	if sb.options.StrictKeys {
		return nil, "", unauthorized("Invalid API Key provided: " + maskKey(key))
	}
	return sb.account(nameOfKey(key)), key, nil
}

// accountOf finds the account of a secret key, as the API does. It returns the 401 that the API answers.
func (sb *Sandbox) accountOf(key string) (*account, *Error) {
	a, _, err := sb.checkKey(key)
	return a, err
}

// issued finds the account that a key was made for.
func (sb *Sandbox) issued(key string) (*account, bool) {
	a, ok := sb.keyOwners.Load(key)
	if !ok {
		return nil, false
	}
	return a.(*account), true
}

// wellFormed says whether a key is sk_test_X, pk_test_X or rk_test_X with an account's name as X.
func wellFormed(key string) bool {
	if len(key) < len("sk_test_")+shortestName || !strings.Contains("sk_pk_rk_", key[:3]) || key[3:8] != "test_" {
		return false
	}
	for _, c := range []byte(key[8:]) {
		if !isWordByte(c) {
			return false
		}
	}
	return true
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

// maskKey shows a key as Stripe's errors do: its beginning and its last four characters.
func maskKey(key string) string {
	prefix := ""
	if len(key) > 8 && key[2] == '_' {
		prefix = key[:8]
	}
	rest := key[len(prefix):]
	if len(rest) <= 4 {
		return prefix + strings.Repeat("*", len(rest))
	}
	return prefix + strings.Repeat("*", len(rest)-4) + rest[len(rest)-4:]
}

// issueKey makes a key known to the account: any kind under strict keys, a restricted one with its permissions. The
// caller holds the account's lock.
func (a *account) issueKey(key string, permissions map[string]string) {
	k := &issuedKey{key: key, permissions: permissions}
	a.keys[key] = k
	a.sandbox.keyOwners.Store(key, a)
	a.recordKey(k)
}
