package sandbox

import "net/http"

// seams are where deliveries, faults and the control routes hang on the core. New fills them; a nil one does nothing.
type seams struct {
	// serve answers /_sandbox/ routes.
	serve http.Handler
	// pending counts the endpoints of the account that an event of this name will be sent to. It runs under the account's
	// lock, inside a Tx.
	pending func(tx *Tx, name string) int
	// committed gets the events of one Tx in order, after the commit, still under the account's lock: it must not block.
	committed func(a *account, events []*event)
	// settled waits until the account's deliveries in flight are done. It is called between two jobs of a clock that is
	// advanced, without the account's lock.
	settled func(a *account)
	// before runs when a call is authenticated, routed and checked, and nothing has happened yet. It may wait, write the
	// answer or cut the connection: then it says true. It runs without the account's lock.
	before func(w http.ResponseWriter, r *Request) (done bool)
	// after runs when a call took effect and before its answer is written, without the account's lock.
	after func(w http.ResponseWriter, r *Request) (done bool)
	// answered gets every call of the account with its status and the answer's bytes, for the journal.
	answered func(r *Request, status int, body []byte)
	// closing is called by Close before the account's timers stop.
	closing func()
}
