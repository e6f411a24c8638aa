package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// callLogSize is how many calls of an account the journal keeps; the oldest go first.
const callLogSize = 1000

// Call is one call of the API as the journal keeps it. Card numbers and secrets are masked in it.
type Call struct {
	// ID is the Request-Id of the answer.
	ID string `json:"id"`
	// Created is the account's clock in seconds.
	Created int64  `json:"created"`
	Method  string `json:"method"`
	Path    string `json:"path"`
	// Route is the operation's path: /v1/payment_intents/{intent}.
	Route string `json:"route"`
	// Params are the parameters, of the query or of the body: hashes, arrays and texts.
	Params map[string]any `json:"params"`
	// Key is the kind of the key and its last four letters: sk_test_****1234.
	Key            string `json:"key"`
	APIVersion     string `json:"api_version"`
	IdempotencyKey string `json:"idempotency_key,omitempty"`
	UserAgent      string `json:"user_agent,omitempty"`
	// Status is the answer's, 0 when a planted fault left the call without one.
	Status int `json:"status"`
	// Replayed says that the answer was the kept one of an earlier call with the same idempotency key.
	Replayed bool `json:"replayed,omitempty"`
	// Error is what the answer said went wrong.
	Error *CallError `json:"error,omitempty"`
	// Object is the id of what the answer showed.
	Object string `json:"object,omitempty"`
	// Fault is the planted fault that met the call.
	Fault string `json:"fault,omitempty"`
	// DurationMS is how long the call took, in milliseconds of real time.
	DurationMS float64 `json:"duration_ms"`
}

// loggedCall is a call with what draws its answer again.
type loggedCall struct {
	// Call has no Params; call reads them from params.
	Call
	params []byte
	// answer and as draw the answer's body when somebody looks: versions never change. Nil is a call without one.
	answer *answer
	as     *apiRequest
}

// call is the call with its parameters.
func (c *loggedCall) call() (Call, error) {
	call := c.Call
	if err := json.Unmarshal(c.params, &call.Params); err != nil {
		return Call{}, fmt.Errorf("the parameters of %s: %w", c.ID, err)
	}
	return call, nil
}

// answerText is the body of the answer, masked; "" when the call was left without one.
func (c *loggedCall) answerText() string {
	if c.answer == nil {
		return ""
	}
	return mask(string(c.answer.render(c.as)))
}

// keepAnswer keeps what draws the answer again, and nothing of what was sent.
func (c *loggedCall) keepAnswer(r *apiRequest, an *answer) {
	kept := &answer{status: an.status, object: an.object, expanded: an.expanded}
	switch {
	case an.failure != nil:
		failure := *an.failure
		failure.Message, failure.Param = mask(failure.Message), mask(failure.Param)
		kept.failure = &failure
	case an.object == nil && an.text == nil:
		return
	default:
		kept.text = an.text
	}
	c.answer, c.as = kept, &apiRequest{Method: r.Method, Route: r.Route, RequestID: r.RequestID, Key: r.Key, Version: r.Version, account: r.account, route: r.route}
}

// CallError is the error of an answer.
type CallError struct {
	Type        string `json:"type"`
	Code        string `json:"code,omitempty"`
	DeclineCode string `json:"decline_code,omitempty"`
	Param       string `json:"param,omitempty"`
	Message     string `json:"message"`
}

// callLog is the journal: the newest calls of an account, the oldest first.
type callLog struct {
	mu    sync.Mutex
	calls []loggedCall
	next  int
	// changes counts what was added and replaced; last is the real time of the newest call.
	changes int64
	last    time.Time
}

func (j *callLog) add(c loggedCall) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.changes++
	j.last = time.Now()
	if len(j.calls) < callLogSize {
		j.calls = append(j.calls, c)
		return
	}
	j.calls[j.next] = c
	j.next = (j.next + 1) % callLogSize
}

// list copies the journal, the oldest call first.
func (j *callLog) list() []loggedCall {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append(slices.Clone(j.calls[j.next:]), j.calls[:j.next]...)
}

func (j *callLog) replace(calls []loggedCall) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls, j.next = slices.Clone(calls), 0
	j.changes++
}

// answered takes a call that is over into the journal.
func (c *control) answered(r *apiRequest, an *answer, body []byte) {
	status, replayed := an.status, an.header.Get("Idempotent-Replayed") != ""
	call := Call{ID: r.RequestID, Created: c.account.seconds(), Method: r.Method, Path: mask(r.http.URL.Path), Route: r.Route, Key: maskKey(r.Key), APIVersion: r.Version,
		IdempotencyKey: mask(r.IdempotencyKey), UserAgent: mask(r.http.UserAgent()), Status: status, Replayed: replayed}
	call.DurationMS = float64(time.Since(r.began).Microseconds()) / 1000
	if r.fault != nil {
		call.Fault = r.fault.ID
	}
	var said struct {
		ID    string     `json:"id"`
		Error *CallError `json:"error"`
	}
	if status >= http.StatusBadRequest {
		if json.Unmarshal(body, &said) == nil && said.Error != nil { // an answer without a body has no error to show
			call.Error = said.Error
			call.Error.Message = mask(call.Error.Message)
		}
	} else {
		call.Object = firstID(body)
	}
	logged := loggedCall{Call: call, params: loggedParams(r.params.node)}
	logged.keepAnswer(r, an)
	c.calls.add(logged)
}

// loggedParams are the parameters of a call as the journal keeps them: JSON, since few are ever read.
func loggedParams(n *paramNode) []byte {
	var room [512]byte
	if text := keptParams(room[:0], n); text[0] == '{' {
		return slices.Clone(text)
	}
	return []byte("{}") // the call ended before its parameters were read, or their names were all numbers
}

// firstID is the id at the head of an object's JSON, which Stripe writes first; "" for a list.
func firstID(body []byte) string {
	text := body[:min(len(body), 200)]
	before, rest, ok := bytes.Cut(text, []byte(`"id":`))
	if !ok || bytes.IndexByte(before, '[') >= 0 {
		return ""
	}
	rest, ok = bytes.CutPrefix(bytes.TrimLeft(rest, " "), []byte(`"`))
	if !ok {
		return ""
	}
	id, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(id)
}
