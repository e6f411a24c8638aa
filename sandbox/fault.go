package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"sync"
)

// The effects of a fault of the API; effectDelay is one of them too, and answers late.
const (
	// effectStatus answers with an HTTP status and Stripe's error body.
	effectStatus = "status"
	// effectTimeout never answers: the call ends when the client leaves.
	effectTimeout = "timeout"
	// effectReset cuts the connection.
	effectReset = "reset"
	// effectDecline lets the bank refuse the card of this call.
	effectDecline = "decline"
	// effectRateLimit answers 429.
	effectRateLimit = "rate_limit"
	// effectStaleRead answers reads from before the last change.
	effectStaleRead = "stale_read"
)

var (
	faultEffects = []string{effectStatus, effectTimeout, effectReset, effectDelay, effectDecline, effectRateLimit, effectStaleRead}
	faultMoments = []string{momentBefore, momentAfter}
)

// The moments of a fault: before the call takes effect, or after it has and only the answer is lost.
const momentBefore, momentAfter = "before", "after"

// Fault is a planted fault of the API.
type Fault struct {
	ID string `json:"id"`
	// Method is GET, POST or DELETE; "" is any.
	Method string `json:"method,omitempty"`
	// Path is the URL's path; "" is any. A part that is * or {…} stands for one of any text, a star at the end for the
	// rest: "/v1/payment_intents/{intent}/confirm", "/v1/refunds*".
	Path string `json:"path,omitempty"`
	// Nth is the first matching call that it meets, counted from 1 since it was planted; 0 is taken as 1.
	Nth int `json:"nth"`
	// Count is how many calls it meets from then on; 0 is taken as 1, -1 is all.
	Count int `json:"count"`
	// When is "before" (nothing happens) or "after" (the call takes effect and its answer is lost); "" is "before".
	When string `json:"when"`
	// Effect is status, timeout, reset, delay, decline, rate_limit or stale_read.
	Effect string `json:"effect"`
	// Status is the answer's for the effect status; 0 is taken as 500.
	Status int `json:"status,omitempty"`
	// Code is the error's code for the effects status and rate_limit: lock_timeout.
	Code string `json:"code,omitempty"`
	// Kept says whether the answer of the effect status is kept under the call's idempotency key and replayed, as Stripe
	// does once it has begun. nil is true for a 500 after the call took effect, otherwise false.
	Kept *bool `json:"kept,omitempty"`
	// DeclineCode is the bank's reason for the effect decline; "" is taken as generic_decline.
	DeclineCode string `json:"decline_code,omitempty"`
	// DelayMS is the delay in milliseconds of real time for the effect delay. A call that is delayed before takes effect
	// when the delay is over, even if its client has left.
	DelayMS int64 `json:"delay_ms,omitempty"`
	// Hits counts the calls that it met; Requests are their ids, the newest last, ten at most.
	Hits     int      `json:"hits"`
	Requests []string `json:"requests"`

	seen int
}

// maxFaultRequests is how many ids of calls a fault remembers.
const maxFaultRequests = 10

// check says in a sentence what is wrong, and fills in what was left out.
func (f *Fault) check() error {
	f.Method = strings.ToUpper(f.Method)
	if f.When == "" {
		f.When = momentBefore
	}
	switch {
	case !slices.Contains(faultEffects, f.Effect):
		return invalid("effect", "", "Invalid effect: must be one of %s", orList(faultEffects))
	case !slices.Contains(faultMoments, f.When):
		return invalid("when", "", "Invalid when: must be before (the call does nothing) or after (it took effect and its answer is lost)")
	case f.Method != "" && !slices.Contains([]string{http.MethodGet, http.MethodPost, http.MethodDelete}, f.Method):
		return invalid("method", "", "Invalid method: must be GET, POST, or DELETE; leave it out for any")
	case f.Path != "" && !strings.HasPrefix(f.Path, "/"):
		return invalid("path", "", "Invalid path: it begins with a slash, as in /v1/payment_intents")
	case f.Nth < 0 || f.Count < -1:
		return invalid("nth", "", "nth counts matching calls from 1; count is how many of them are met, -1 for all")
	case f.When == momentAfter && slices.Contains([]string{effectDecline, effectRateLimit, effectStaleRead}, f.Effect):
		return invalid("when", "", "The effect %s happens before: a call that it meets takes no effect, or is a read", f.Effect)
	case f.Status != 0 && f.Effect != effectStatus:
		return invalid("status", "", "Only the effect status takes a status")
	case f.Status != 0 && (f.Status < 400 || f.Status > 599):
		return invalid("status", "", "Invalid status: a fault answers with 400 to 599")
	case f.Kept != nil && f.Effect != effectStatus:
		return invalid("kept", "", "Only the effect status has an answer that could be kept")
	case f.DeclineCode != "" && f.Effect != effectDecline:
		return invalid("decline_code", "", "Only the effect decline takes a decline_code")
	case f.Effect == effectDelay && f.DelayMS <= 0:
		return invalid("delay_ms", "parameter_missing", "The effect delay needs delay_ms, the delay in milliseconds")
	case f.DelayMS != 0 && f.Effect != effectDelay:
		return invalid("delay_ms", "", "Only the effect delay takes delay_ms")
	case f.Effect == effectStaleRead && f.Method != "" && f.Method != http.MethodGet:
		return invalid("method", "", "The effect stale_read meets GET only")
	}
	f.Nth = max(f.Nth, 1)
	if f.Count == 0 {
		f.Count = 1
	}
	switch f.Effect {
	case effectStatus:
		if f.Status == 0 {
			f.Status = http.StatusInternalServerError
		}
		if f.Kept == nil {
			kept := f.When == momentAfter && f.Status == http.StatusInternalServerError
			f.Kept = &kept
		}
	case effectDecline:
		if f.DeclineCode == "" {
			f.DeclineCode = "generic_decline"
		}
	case effectStaleRead:
		f.Method = http.MethodGet
	}
	f.Hits, f.Requests, f.seen = 0, []string{}, 0
	return nil
}

// matches says whether the fault is for calls of this method and path.
func (f *Fault) matches(method, path string) bool {
	return (f.Method == "" || f.Method == method) && (f.Path == "" || matchesPath(f.Path, path))
}

// matchesPath compares a path with a pattern, part by part.
func matchesPath(pattern, path string) bool {
	if start, ok := strings.CutSuffix(pattern, "*"); ok && !strings.HasSuffix(start, "/") {
		return strings.HasPrefix(path, start)
	}
	wants, parts := strings.Split(pattern, "/"), strings.Split(path, "/")
	for i, want := range wants {
		if i >= len(parts) {
			return false
		}
		if want == "*" && i == len(wants)-1 {
			return parts[i] != ""
		}
		if want != parts[i] && want != "*" && !strings.HasPrefix(want, "{") {
			return false
		}
	}
	return len(wants) == len(parts)
}

// faults are an account's faults of the API, asked in the order in which they were planted.
type faults struct {
	mu      sync.Mutex
	planted []*Fault
}

// decide counts a call and finds the fault that meets it, nil when none does.
func (f *faults) decide(r *apiRequest) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var hit *Fault
	for _, p := range f.planted {
		if !p.matches(r.Method, r.http.URL.Path) {
			continue
		}
		p.seen++
		if hit == nil && p.seen >= p.Nth && (p.Count < 0 || p.seen < p.Nth+p.Count) {
			hit = p
		}
	}
	if hit == nil {
		return nil
	}
	hit.Hits++
	hit.Requests = append(hit.Requests, r.RequestID)
	if len(hit.Requests) > maxFaultRequests {
		hit.Requests = slices.Delete(hit.Requests, 0, 1)
	}
	met := *hit
	return &met
}

func (f *faults) add(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.planted = append(f.planted, &fault)
}

// remove takes a fault out; it says false when there is none of this id.
func (f *faults) remove(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := len(f.planted)
	f.planted = slices.DeleteFunc(f.planted, func(p *Fault) bool { return p.ID == id })
	return len(f.planted) < before
}

func (f *faults) list() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Fault, len(f.planted))
	for i, p := range f.planted {
		list[i] = *p
		list[i].Requests = slices.Clone(p.Requests)
	}
	return list
}

// replace puts back a list that was taken before.
func (f *faults) replace(list []Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.planted = nil
	for _, fault := range list {
		fault.Requests = slices.Clone(fault.Requests)
		f.planted = append(f.planted, &fault)
	}
}
