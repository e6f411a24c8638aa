// Package doctor examines a desk: its settings, its keys and what they may do,
// the webhook endpoint, the clock, the database and what waits in it. It
// changes nothing, at Stripe or here.
package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/stripeapi"
)

// Config says what is examined.
type Config struct {
	Store  *store.Store
	Stripe *stripeapi.Client
	Clock  vezne.Clock

	// Restricted is true for a restricted key (rk_…), Livemode for real money.
	Restricted, Livemode bool
	// Sandbox is true when the API's address is not Stripe's.
	Sandbox bool
	// PublicURL is where buyers reach the desk.
	PublicURL string
	// Secrets is how many signing secrets count.
	Secrets int
	// Tolerance is how far a signature's time may lie from ours.
	Tolerance time.Duration
	// Encrypted is true when raw bodies of events are, Retention is how long
	// payloads are kept; less than 0 is for ever.
	Encrypted bool
	Retention time.Duration
	// Callback is true when the application hears of its orders.
	Callback bool
	Seller   vezne.Seller
	// Limits are those on tries to pay.
	Limits vezne.Limits
}

// examination collects what is found.
type examination struct {
	Config
	found []vezne.Diagnosis
}

// Examine looks at everything and returns what it found, in one order. It
// fails for nothing: what cannot be examined is of state unknown.
func Examine(ctx context.Context, cfg Config) []vezne.Diagnosis {
	x := &examination{Config: cfg}
	x.settings()
	x.database(ctx)
	x.operators(ctx)
	x.queues(ctx)
	x.watch(ctx)
	x.retention(ctx)
	if x.account(ctx) {
		x.permissions(ctx)
		x.endpoint(ctx)
	}
	return x.found
}

// Worst returns the gravest state of a list.
func Worst(list []vezne.Diagnosis) vezne.DiagnosisState {
	rank := map[vezne.DiagnosisState]int{vezne.DiagnosisOK: 0, vezne.DiagnosisUnknown: 1, vezne.DiagnosisWarning: 2, vezne.DiagnosisProblem: 3}
	worst := vezne.DiagnosisOK
	for _, d := range list {
		if rank[d.State] > rank[worst] {
			worst = d.State
		}
	}
	return worst
}

func (x *examination) say(check string, state vezne.DiagnosisState, hint, message string, args ...any) {
	if len(args) > 0 {
		message = fmt.Sprintf(message, args...)
	}
	x.found = append(x.found, vezne.Diagnosis{Check: check, State: state, Message: message, Hint: hint})
}

func (x *examination) ok(check, message string, args ...any) {
	x.say(check, vezne.DiagnosisOK, "", message, args...)
}

func (x *examination) warn(check, hint, message string, args ...any) {
	x.say(check, vezne.DiagnosisWarning, hint, message, args...)
}

func (x *examination) problem(check, hint, message string, args ...any) {
	x.say(check, vezne.DiagnosisProblem, hint, message, args...)
}

func (x *examination) unknown(check, hint, message string, args ...any) {
	x.say(check, vezne.DiagnosisUnknown, hint, message, args...)
}

// storage says that the database did not answer a question.
func (x *examination) storage(check string, err error) {
	x.problem(check, "Look into the log for the cause.", "The database did not answer (%s).", vezne.CodeOf(err))
}
