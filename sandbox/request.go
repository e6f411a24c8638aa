package sandbox

import (
	"net/http"
	"strings"
	"time"
)

// apiRequest is what an operation gets of a call.
type apiRequest struct {
	// Method and Route are the operation: "POST", "/v1/payment_intents/{intent}".
	Method, Route string
	// Key is the secret or publishable key that the call came with, "" for pages that need none.
	Key string
	// RequestID is the req_… of the answer.
	RequestID string
	// IdempotencyKey is the header's value, "" when it was not sent.
	IdempotencyKey string
	// Version is the API version of parameters and answer.
	Version string

	// echoed are the values of headers that repeat the above: RequestID, Version, IdempotencyKey.
	echoed [3]string
	// began is when the call came, in real time.
	began   time.Time
	http    *http.Request
	account *account
	// scope is the connected account that the header Stripe-Account names, "" for the account itself.
	scope string
	route *route
	// dialect is how Version differs from what the sandbox keeps, nil when it does not.
	dialect *dialect
	path    map[string]string
	params  formParams
	expand  *expandTree
	// free lets go of the idempotency key of a call that did nothing and is about to end. Called again it does nothing.
	free func()

	// decline is the decline code that a planted fault wants of this call's card, "" for none.
	decline string
	// stale is a planted fault: reads answer the version before the newest.
	stale bool
	// fault is the planted fault that met the call, nil for none.
	fault *Fault
	// instead is the error that a planted fault answers instead of running the operation, kept under the idempotency key;
	// nil for none.
	instead *Error
}

// Path is a part of the path by the description's name for it: {intent}.
func (r *apiRequest) Path(name string) string { return r.path[name] }

// names says whether the path names an id.
func (r *apiRequest) names(id string) bool {
	for _, name := range r.path {
		if name == id {
			return true
		}
	}
	return false
}

// Params are the call's parameters.
func (r *apiRequest) Params() formParams { return r.params }

// Publishable says whether the call came with a pk_ key.
func (r *apiRequest) Publishable() bool { return strings.HasPrefix(r.Key, "pk_") }
