package desk

import (
	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/redact"
	"github.com/vezne/vezne/internal/text"
)

// refusal turns a call that Stripe refused into an error. Stripe's words are
// for the application and its operators; pages have sentences of their own.
func refusal(op string, c vezne.Call) error {
	s := c.Refusal
	if s == nil {
		return vezne.E(vezne.CodeAttemptUnsure, op, "The request was withdrawn or lost. Try again.")
	}
	words := redact.Secrets(redact.Text(s.Message))
	var e *vezne.Error
	switch s.Status {
	case 401:
		e = vezne.E(vezne.CodeStripeKeyRefused, op, "Stripe refused our key.").WithHint("Check STRIPE_SECRET_KEY: is it complete, and not revoked?")
	case 403:
		e = vezne.E(vezne.CodeStripeKeyRefused, op, "Stripe says that our key lacks a permission: "+words).WithHint("Give the restricted key this permission in Stripe's dashboard.")
	case 402:
		e = vezne.E(vezne.CodePaymentDeclined, op, "")
	default:
		e = vezne.E(vezne.CodeStripeRefused, op, "Stripe refused the request: "+words)
	}
	e.Stripe = s
	return e
}

// declined says why a try to pay failed, as far as it may be told: declines
// that must not be told apart are the same to the byte.
func declined(s *vezne.StripeError) *PaymentError {
	if s == nil {
		return nil
	}
	key := text.Decline(s)
	if key == text.GenericDecline {
		return &PaymentError{Code: "card_declined", MessageKey: key}
	}
	code := s.Code
	if code == "" {
		code = "card_declined"
	}
	return &PaymentError{Code: code, MessageKey: key, Param: text.Field(key)}
}
