package apply

import (
	"time"

	"github.com/vezne/vezne"
)

// KeyLife is how long a call is sent again with its key. Stripe may forget keys
// after 24 hours; this stays well inside.
// Source: docs.stripe.com/api/idempotent_requests.
const KeyLife = 20 * time.Hour

// LookDelay is how long after an unclear failure lists are taken as complete.
const LookDelay = time.Minute

// Pauses between two sendings of a call.
const (
	resendFirst = 2 * time.Second
	resendLast  = 15 * time.Minute
)

// CallOutcome is how one sending of a call ended.
type CallOutcome struct {
	// Status is the HTTP status, 0 when no answer arrived.
	Status int
	// ErrorType is Stripe's error.type, empty when there is none.
	ErrorType string
	// ShouldRetry is the header Stripe-Should-Retry: "true", "false" or empty.
	ShouldRetry string
}

// CallAction says what to do with a call.
type CallAction string

// The actions.
const (
	// CallSettle: the answer is conclusive; it succeeded.
	CallSettle CallAction = "settle"
	// CallRefuse: the answer is conclusive; nothing was done.
	CallRefuse CallAction = "refuse"
	// CallAgain: send it again, byte for byte, at the time given.
	CallAgain CallAction = "again"
	// CallLook: whether it took effect must be looked up, at the time given.
	CallLook CallAction = "look"
)

// CallStep is what follows from an outcome.
type CallStep struct {
	Action CallAction
	At     time.Time
	// Unclear is true when from now on a refusal does not prove that nothing
	// happened.
	Unclear bool
}

// AfterCall says what follows when a sending of a call ended at now. c is the
// call as it was sent: Tries counts this sending.
//
//   - Success and refusals are conclusive: Stripe answers a re-sent call with
//     the stored answer, so a refusal under the same key is the first answer.
//   - No answer, 409 and gateway errors: the same bytes with the same key. A
//     redirect, or a refusal without Stripe's error, came from something on the
//     way and is no answer.
//   - 429 was stopped before it was executed: the same again.
//   - A stored 500 would only be replayed: look. Also when the key is too old.
//   - 401 and 403 were not executed, but say nothing about an earlier sending.
//     Who asked is told, and may ask again; what the desk planned by itself waits
//     until the key is right.
//
// Source: docs.stripe.com/api/idempotent_requests, docs.stripe.com/error-low-level.
func AfterCall(c vezne.Call, o CallOutcome, now time.Time) CallStep {
	again := func(unclear bool) CallStep {
		unclear = unclear || c.Unclear
		if c.FirstSentAt != nil && now.Sub(*c.FirstSentAt) >= KeyLife {
			return CallStep{Action: CallLook, At: now, Unclear: true}
		}
		return CallStep{Action: CallAgain, At: now.Add(resendPause(c.Tries)), Unclear: unclear}
	}
	switch {
	case o.Status >= 200 && o.Status < 300:
		return CallStep{Action: CallSettle, At: now}
	case o.Status < 200, o.Status == 502, o.Status == 503, o.Status == 504:
		return again(true)
	case o.Status < 500 && o.ErrorType == "" && o.Status != 409 && o.Status != 429:
		return again(true)
	case o.Status >= 500 && o.ShouldRetry == "true":
		return again(true)
	case o.Status >= 500:
		return CallStep{Action: CallLook, At: now.Add(LookDelay), Unclear: true}
	case o.Status == 409 || o.Status == 429:
		return again(false)
	case o.ErrorType == "idempotency_error":
		// The key was used with other parameters: not by these bytes.
		return CallStep{Action: CallLook, At: now.Add(LookDelay), Unclear: true}
	case (o.Status == 401 || o.Status == 403) && (c.Unclear || c.Actor.Kind == vezne.ActorSystem):
		return again(false)
	}
	return CallStep{Action: CallRefuse, At: now}
}

func resendPause(tries int) time.Duration {
	pause := resendFirst
	for range min(max(tries-1, 0), 16) {
		pause *= 2
	}
	return min(pause, resendLast)
}

// Expired reports whether a call is too old to be sent at all: its key may be
// forgotten, so that it would be executed a second time.
func Expired(c vezne.Call, now time.Time) bool {
	return c.FirstSentAt != nil && now.Sub(*c.FirstSentAt) >= KeyLife
}
