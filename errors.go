package vezne

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Kind is the class of an error: it decides the HTTP status, the exit code
// and whether trying again can help. The list only grows.
type Kind string

// The kinds of errors.
const (
	// KindInvalid: what was sent is wrong; sending it again will not help.
	KindInvalid Kind = "invalid"
	// KindUnauthorized: no valid credentials came along.
	KindUnauthorized Kind = "unauthorized"
	// KindForbidden: the credentials do not allow this.
	KindForbidden Kind = "forbidden"
	// KindNotFound: there is no such thing in this account and mode.
	KindNotFound Kind = "not_found"
	// KindConflict: the state of the thing does not allow this now.
	KindConflict Kind = "conflict"
	// KindDeclined: the bank or Stripe refused the payment.
	KindDeclined Kind = "declined"
	// KindTooLarge: the body is larger than allowed.
	KindTooLarge Kind = "too_large"
	// KindRateLimited: too many requests; try later.
	KindRateLimited Kind = "rate_limited"
	// KindUnavailable: the database or Stripe cannot be reached; try later.
	KindUnavailable Kind = "unavailable"
	// KindInternal: a fault of ours.
	KindInternal Kind = "internal"
)

// Code is what a machine reads. The list is closed for readers and only
// grows; docs/reference/errors.md is generated from Codes.
type Code string

// The codes.
const (
	CodeInvalidRequest       Code = "invalid_request"
	CodeUnknownField         Code = "unknown_field"
	CodeMalformedBody        Code = "malformed_body"
	CodeUnsupportedMediaType Code = "unsupported_media_type"
	CodeMethodNotAllowed     Code = "method_not_allowed"
	CodeBodyTooLarge         Code = "body_too_large"
	CodeCurrencyUnknown      Code = "currency_unknown"
	CodeAmountInvalid        Code = "amount_invalid"
	CodeAmountTooSmall       Code = "amount_too_small"
	CodeAmountTooLarge       Code = "amount_too_large"
	CodeTokenMissing         Code = "token_missing"
	CodeTokenInvalid         Code = "token_invalid"
	CodeForbidden            Code = "forbidden"
	CodeNotFound             Code = "not_found"
	CodeOrderPaid            Code = "order_paid"
	CodeOrderCanceled        Code = "order_canceled"
	CodeOrderNotPaid         Code = "order_not_paid"
	CodeOrderDisputed        Code = "order_disputed"
	CodeAttemptOpen          Code = "attempt_open"
	CodeAttemptUnsure        Code = "attempt_unsure"
	CodeNothingToCapture     Code = "nothing_to_capture"
	CodeCaptureTooLarge      Code = "capture_too_large"
	CodeRefundTooLarge       Code = "refund_too_large"
	CodePaymentDeclined      Code = "payment_declined"
	CodeCustomerBusy         Code = "customer_busy"
	CodeIdempotencyMismatch  Code = "idempotency_key_reused"
	CodeIdempotencyInFlight  Code = "idempotency_key_in_use"
	CodeRateLimited          Code = "rate_limited"
	CodePaymentThrottled     Code = "payment_throttled"
	CodeStripeRefused        Code = "stripe_refused"
	CodeStripeKeyRefused     Code = "stripe_key_refused"
	CodeStripeUnreachable    Code = "stripe_unreachable"
	CodeStorageUnavailable   Code = "storage_unavailable"
	CodeReadOnly             Code = "storage_read_only"
	CodeOverloaded           Code = "overloaded"
	CodeConfigInvalid        Code = "config_invalid"
	CodeSignatureInvalid     Code = "signature_invalid"
	CodeCorrupt              Code = "data_corrupt"
	CodeInternal             Code = "internal"
)

// CodeInfo describes one code for the generated table.
type CodeInfo struct {
	Code Code
	Kind Kind
	// Meaning is one English sentence: what happened and what to do.
	Meaning string
}

// Codes returns every code, in a fixed order.
func Codes() []CodeInfo {
	return []CodeInfo{
		{CodeInvalidRequest, KindInvalid, "A field has a wrong value; errors[] names it. Correct it and send again."},
		{CodeUnknownField, KindInvalid, "A field is not known here; errors[] names it. Remove it or check its spelling."},
		{CodeMalformedBody, KindInvalid, "The body is not valid JSON in UTF-8, or ends early."},
		{CodeUnsupportedMediaType, KindInvalid, "The Content-Type is not application/json."},
		{CodeMethodNotAllowed, KindInvalid, "The route exists, but not with this method; the Allow header lists those that do."},
		{CodeBodyTooLarge, KindTooLarge, "The body is larger than 1 MiB."},
		{CodeCurrencyUnknown, KindInvalid, "The currency is not a lower-case ISO 4217 code that Stripe accepts."},
		{CodeAmountInvalid, KindInvalid, "The amount is not a positive integer in the minor unit, or breaks a rule of its currency."},
		{CodeAmountTooSmall, KindInvalid, "The amount is below Stripe's minimum for the currency."},
		{CodeAmountTooLarge, KindInvalid, "The amount is above Stripe's maximum for the currency."},
		{CodeTokenMissing, KindUnauthorized, "No bearer token was sent."},
		{CodeTokenInvalid, KindUnauthorized, "The bearer token is unknown or revoked."},
		{CodeForbidden, KindForbidden, "The credentials do not allow this."},
		{CodeNotFound, KindNotFound, "There is no such object in this account and mode."},
		{CodeOrderPaid, KindConflict, "The order is paid already."},
		{CodeOrderCanceled, KindConflict, "The order is canceled, or its cancellation was asked for."},
		{CodeOrderNotPaid, KindConflict, "The order has no payment that this could act on."},
		{CodeOrderDisputed, KindConflict, "The payment is disputed; it cannot be refunded."},
		{CodeAttemptOpen, KindConflict, "Another attempt to pay this order is open; finish it, or send replace: true."},
		{CodeAttemptUnsure, KindConflict, "Stripe has not said whether the former attempt took effect; it is being looked up. Try again in a minute."},
		{CodeNothingToCapture, KindConflict, "No authorised amount waits to be captured."},
		{CodeCaptureTooLarge, KindInvalid, "The amount is more than was authorised."},
		{CodeRefundTooLarge, KindInvalid, "The amount is more than is left to refund."},
		{CodePaymentDeclined, KindDeclined, "The payment was declined; show the message to the customer and offer another method."},
		{CodeCustomerBusy, KindConflict, "Something of the customer is under way; errors[] names it. Bring it to an end and try again."},
		{CodeIdempotencyMismatch, KindConflict, "This Idempotency-Key was used with another body."},
		{CodeIdempotencyInFlight, KindConflict, "A request with this Idempotency-Key is still being answered. Try again shortly."},
		{CodeRateLimited, KindRateLimited, "Too many requests; wait as long as Retry-After says."},
		{CodePaymentThrottled, KindRateLimited, "Too many payments were tried or declined; wait as long as Retry-After says. Others are not held back."},
		{CodeStripeRefused, KindInvalid, "Stripe refused the request; the message says why."},
		{CodeStripeKeyRefused, KindUnavailable, "Stripe refused our key, or it lacks a permission."},
		{CodeStripeUnreachable, KindUnavailable, "Stripe did not answer in time. Nothing is lost: the same request is sent again with the same key."},
		{CodeStorageUnavailable, KindUnavailable, "The database cannot be reached or is locked. Try again."},
		{CodeReadOnly, KindUnavailable, "The database cannot be written."},
		{CodeOverloaded, KindUnavailable, "Too much waits to be stored. Try again as Retry-After says."},
		{CodeConfigInvalid, KindInvalid, "A setting is wrong; the message names it and says what to do."},
		{CodeSignatureInvalid, KindInvalid, "The signature of an event is missing, wrong or too old."},
		{CodeCorrupt, KindInternal, "Something read back is not what was written; an operator must look."},
		{CodeInternal, KindInternal, "A fault of ours; the log has the cause under the request id."},
	}
}

// FieldError is one wrong field of a request.
type FieldError struct {
	// Field is a path: "lines[0].unit_amount".
	Field string
	// Message says what is wrong with it.
	Message string
}

// StripeError is what Stripe said when it refused. It is for operators, logs
// and text look-up; DeclineCode never goes to a browser.
type StripeError struct {
	Status      int
	Type        string
	Code        string
	DeclineCode string
	AdviceCode  string
	Param       string
	Message     string
	RequestID   string
}

// Error is the error of this module. Message and Hint are safe to show to
// whoever called; Err is the cause and goes to the log only.
type Error struct {
	Kind Kind
	Code Code
	// Op is where it happened: "desk.StartCheckout".
	Op      string
	Message string
	// Hint says what to do; it may be empty.
	Hint   string
	Fields []FieldError
	Stripe *StripeError
	// RetryAfter is when to try again, 0 when nobody can say.
	RetryAfter time.Duration
	Err        error
}

// E makes an error of a code; the kind and a default message come from the
// table of codes.
func E(code Code, op, message string) *Error {
	kind, meaning := KindInternal, ""
	for _, info := range Codes() {
		if info.Code == code {
			kind, meaning = info.Kind, info.Meaning
			break
		}
	}
	if message == "" {
		message = meaning
	}
	return &Error{Kind: kind, Code: code, Op: op, Message: message}
}

// Because adds a cause for the log and returns e.
func (e *Error) Because(cause error) *Error { e.Err = cause; return e }

// WithHint adds what to do and returns e.
func (e *Error) WithHint(hint string) *Error { e.Hint = hint; return e }

// WithField adds a wrong field and returns e.
func (e *Error) WithField(field, message string) *Error {
	e.Fields = append(e.Fields, FieldError{Field: field, Message: message})
	return e
}

// Error returns op, message and cause on one line, for logs.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op + ": ")
	}
	b.WriteString(e.Message)
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first Error in the chain, KindInternal for
// any other error and "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return KindInternal
}

// CodeOf returns the code of the first Error in the chain, CodeInternal for
// any other error and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}

// HTTPStatus returns the status by which an error meets the outside: that of
// its kind; a few codes have statuses of their own.
func (e *Error) HTTPStatus() int {
	switch e.Code {
	case CodeMalformedBody:
		return http.StatusBadRequest
	case CodeUnsupportedMediaType:
		return http.StatusUnsupportedMediaType
	case CodeMethodNotAllowed:
		return http.StatusMethodNotAllowed
	}
	switch e.Kind {
	case KindInvalid:
		return http.StatusUnprocessableEntity
	case KindUnauthorized:
		return http.StatusUnauthorized
	case KindForbidden:
		return http.StatusForbidden
	case KindNotFound:
		return http.StatusNotFound
	case KindConflict:
		return http.StatusConflict
	case KindDeclined:
		return http.StatusPaymentRequired
	case KindTooLarge:
		return http.StatusRequestEntityTooLarge
	case KindRateLimited:
		return http.StatusTooManyRequests
	case KindUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
