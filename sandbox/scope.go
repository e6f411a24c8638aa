package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// A connected account lives in the account of its platform: one clock, one lock, one journal. Its objects are stored under
// a type that names it, payment_intent@acct_…, so that neither sees those of the other.

// scopedType is a type as the store knows it for a connected account; "" is the account itself.
func scopedType(typ, scope string) string {
	if scope == "" || ofPlatform[typ] {
		return typ
	}
	return scopedText(typ, scope)
}

// ofPlatform are the types that a platform and its connected accounts have in common.
var ofPlatform = map[string]bool{"account": true, "capability": true, "person": true, deliveryType: true, "webhook_endpoint": true, testClockType: true}

// plainType is a type without the connected account.
func plainType(typ string) string {
	typ, _, _ = strings.Cut(typ, "@")
	return typ
}

func scopedText(text, scope string) string {
	if scope == "" {
		return text
	}
	return text + "@" + scope
}

// scoped is a type as the store knows it for the account that is acted in.
func (tx *accountTx) scoped(typ string) string { return scopedType(typ, tx.scope) }

// within runs f as if it were called for a connected account, "" for the platform itself.
func (tx *accountTx) within(scope string, f func()) {
	was := tx.scope
	tx.scope = scope
	defer func() { tx.scope = was }()
	f()
}

// getIn reads an object of the account, "", or of one of its connected accounts.
func (tx *accountTx) getIn(scope, typ, id string) *stripeObject {
	was := tx.scope
	tx.scope = scope
	found := tx.Get(typ, id)
	tx.scope = was
	return found
}

// anywhere finds an object of the account or of one of its connected accounts, and says which.
func (tx *accountTx) anywhere(typ, id string) (found *stripeObject, scope string) {
	if found = tx.getIn("", typ, id); found != nil {
		return found, ""
	}
	s := tx.account.store
	for _, r := range slices.Backward(s.list("account")) {
		if r.object == nil {
			continue
		}
		if found = tx.getIn(r.id, typ, id); found != nil {
			return found, r.id
		}
	}
	return nil, ""
}

// owner is whoever published an id: an account, or one of its connected accounts.
type owner struct {
	account *account
	scope   string
}

// own lets pages find the account by what it published: an id, with its connected account behind an @.
func (a *account) own(published string) {
	id, scope, _ := strings.Cut(published, "@")
	a.sandbox.owners.Store(id, owner{a, scope})
}

// connects says whether an id is a connected account's.
func (a *account) connects(id string) (found bool) {
	a.locked(func() { found = a.store.newest("account", id) != nil })
	return found
}

// noAccess is the refusal of a Stripe-Account header that names nobody's account, or somebody else's.
func noAccess(key, id string) *Error {
	return &Error{
		Status: http.StatusForbidden, Type: "invalid_request_error", Code: "account_invalid",
		Message: fmt.Sprintf("The provided key '%s' does not have access to account '%s' (or that account does not exist). Application access may have been revoked.", maskKey(key), id),
	}
}

// callKey is an idempotency key as the account remembers it: each connected account has keys of its own.
func (r *apiRequest) callKey() string {
	return scopedText(r.IdempotencyKey, r.scope)
}
