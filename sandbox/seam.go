package sandbox

import (
	"context"
	"net/http"
)

// seams are where deliveries, faults and the control routes hang on the core. New fills them; a nil one does nothing.
type seams struct {
	// serve answers /_sandbox/ routes.
	serve http.Handler
	// committing is called once for each accountTx that made events, when the operation or job ended well and before the changes
	// are kept: tx.events are still open. It runs under the account's lock and may Put and add events.
	committing func(tx *accountTx)
	// committed gets the events of one accountTx in order, after the commit, still under the account's lock: it must not block.
	committed func(a *account, events []*event)
	// settled waits until the account's deliveries in flight are done. It is called between two jobs of a clock that is
	// advanced, without the account's lock. It returns the context's error when that ended first.
	settled func(ctx context.Context, a *account) error
	// before runs when a call is authenticated, routed and checked, and nothing has happened yet. It may wait, write the
	// answer or cut the connection: then it says true. It runs without the account's lock.
	before func(w http.ResponseWriter, r *apiRequest) (done bool)
	// keeping runs when a call took effect, before its answer is kept under the Idempotency-Key and written: it may put
	// another answer in its place.
	keeping func(r *apiRequest, an *answer) *answer
	// after runs when the answer is kept and before it is written. It may wait, write or cut the connection: then it says
	// true. It runs without the account's lock.
	after func(w http.ResponseWriter, r *apiRequest, an *answer) (done bool)
	// answered gets every call of the account with its answer and the answer's bytes, for the journal.
	answered func(r *apiRequest, an *answer, body []byte)
	// opened is called for every account that came into being, new or read from Data. It runs before the account is known
	// to anyone else.
	opened func(a *account)
	// closing is called by Close before the account's timers stop.
	closing func()
}
