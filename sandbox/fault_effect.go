package sandbox

import (
	"fmt"
	"net"
	"net/http"
	"time"
)

// before meets a call that is about to run. It says true when the call is over: answered, cut, or given up.
func (c *control) before(w http.ResponseWriter, r *apiRequest) (done bool) {
	if reason := c.rate.take(time.Now(), r.route.name()); reason != "" {
		c.refuse(w, r, rateLimitError("", reason))
		return true
	}
	f := c.faults.decide(r)
	if f == nil {
		return false
	}
	r.fault = f
	switch f.Effect {
	case effectDecline:
		r.decline = f.DeclineCode
		return false
	case effectStaleRead:
		r.stale = true
		return false
	case effectRateLimit:
		c.refuse(w, r, rateLimitError(f.Code, "global-rate"))
		return true
	case effectStatus:
		if *f.Kept && f.When == momentBefore {
			r.instead = statusError(f.Status, f.Code)
			return false
		}
	}
	return f.When == momentBefore && c.meet(w, r, f)
}

// keepFault puts the answer that a planted fault wants kept under the idempotency key in the place of the true one.
func keepFault(r *apiRequest, an *answer) *answer {
	if f := r.fault; f != nil && f.Kept != nil && *f.Kept && f.When == momentAfter {
		return failed(statusError(f.Status, f.Code))
	}
	return an
}

// after meets a call that took effect, before its answer is written.
func (c *control) after(w http.ResponseWriter, r *apiRequest) (done bool) {
	f := r.fault
	if f == nil || f.When != momentAfter || f.Kept != nil && *f.Kept {
		return false
	}
	return c.meet(w, r, f)
}

// meet does what a fault says. A delay is no end: the call goes on after it, even if its client has left.
func (c *control) meet(w http.ResponseWriter, r *apiRequest, f *Fault) (done bool) {
	closing := c.account.sandbox.closing
	switch f.Effect {
	case effectStatus:
		c.refuse(w, r, statusError(f.Status, f.Code))
	case effectTimeout:
		c.answered(r, &answer{}, nil)
		r.free()
		select {
		case <-r.http.Context().Done():
		case <-closing.Done():
		}
		panic(http.ErrAbortHandler) // no answer, not even an empty one
	case effectReset:
		c.answered(r, &answer{}, nil)
		r.free() // before the client can see the end and try again
		hangUp(w)
	case effectDelay:
		if !wait(closing, time.Duration(f.DelayMS)*time.Millisecond) {
			panic(http.ErrAbortHandler)
		}
		return false
	}
	return true
}

// refuse answers a call with an error.
func (c *control) refuse(w http.ResponseWriter, r *apiRequest, e *Error) {
	an := failed(e)
	body := an.render(r)
	c.answered(r, an, body)
	r.free()
	an.write(w, r, body)
}

// statusError is the answer of a planted status, in the body that Stripe gives that status.
func statusError(status int, code string) *Error {
	e := &Error{Status: status, Type: "api_error", Code: code, Message: fmt.Sprintf("A planted fault answers %d %s.", status, http.StatusText(status))}
	switch {
	case status == http.StatusTooManyRequests && code == "":
		return rateLimitError("", "global-rate")
	case status == http.StatusPaymentRequired:
		e.Type = "card_error"
	case status < http.StatusInternalServerError:
		e.Type = "invalid_request_error"
	}
	return e
}

// rateLimitError is Stripe's 429. reason is global-rate, endpoint-rate and so on; a lock_timeout has none.
func rateLimitError(code, reason string) *Error {
	if code == "lock_timeout" {
		return &Error{Status: http.StatusTooManyRequests, Type: "invalid_request_error", Code: code,
			Message: "This object cannot be accessed right now because another API request or Stripe process is currently accessing it."}
	}
	return &Error{Status: http.StatusTooManyRequests, Type: "invalid_request_error", Code: "rate_limit", Message: "Request rate limit exceeded.",
		Header: http.Header{"Stripe-Rate-Limited-Reason": {reason}}}
}

// hangUp ends the connection without an answer: a reset for HTTP/1.1, where the socket can be reached, a reset stream for
// HTTP/2.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	under := conn
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok { // HTTPS, or a connection of which the lane read first
		under = t.NetConn()
	}
	if t, ok := under.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // if it fails the client sees an end instead of a reset: a lost answer all the same
	}
	_ = conn.Close() // cut either way
}
