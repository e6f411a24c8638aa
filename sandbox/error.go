package sandbox

import (
	"fmt"
	"net/http"
)

// Error is an answer that is no success: Stripe's body and status. A behaviour returns it; nothing of its accountTx is kept
// unless KeepChanges is set.
type Error struct {
	Status                                                                  int
	Type, Code, Param, Message, DeclineCode, AdviceCode, NetworkDeclineCode string
	// Charge is the id of the charge that failed.
	Charge string
	// Extra are whole objects beside the message: payment_intent, setup_intent, payment_method, source.
	extra map[string]*stripeObject
	// blankParam shows a param that is empty.
	blankParam bool
	// KeepChanges commits what the behaviour did: a decline keeps its failed charge.
	keepChanges bool
	// Header is sent with the answer.
	Header http.Header
}

// Error returns the message, for logs.
func (e *Error) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("%d %s: %s", e.Status, e.Type, e.Message)
	}
	return fmt.Sprintf("%d %s (%s): %s", e.Status, e.Type, e.Code, e.Message)
}

// invalid is a request that cannot be right: 400 invalid_request_error. param and code may be "".
func invalid(param, code, format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Type: "invalid_request_error", Code: code, Param: param, Message: fmt.Sprintf(format, args...)}
}

// missing is an id that nobody has: code resource_missing, status 404 for an id in the path and, mostly, 400 for one in a
// parameter.
func missing(what, id, param string, status int) *Error {
	return &Error{Status: status, Type: "invalid_request_error", Code: "resource_missing", Param: param, Message: fmt.Sprintf("No such %s: '%s'", what, id)}
}
