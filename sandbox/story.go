package sandbox

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
)

// step is a call that changed something, as a fixture file replays it, or something else that changed something, which a
// fixture file cannot say.
type step struct {
	method, path string
	// params are JSON: steps are many, and few are ever read.
	params    []byte
	errorType string
	// object is what the call answered; it never changes.
	object *stripeObject
	// token is what stands for the answer's id in later steps, for a step that cannot be replayed.
	token string
	// lacks names what is no call, "" for a call.
	lacks string
}

// clockStep is a move of the clock.
const clockStep = "clock"

// story is what changed an account since it was made, in order.
type story struct {
	mu    sync.Mutex
	steps []step
}

func (s *story) add(next step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, next)
}

// params gives a copy of a text of parameters: that of the last step when it is the same, as programs repeat their calls.
func (s *story) params(text []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := len(s.steps) - 1; last >= 0 && bytes.Equal(s.steps[last].params, text) {
		return s.steps[last].params
	}
	return bytes.Clone(text)
}

func (s *story) list() []step {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clip(s.steps)
}

func (s *story) replace(steps []step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = slices.Clip(steps)
}

// step is what the export tells of a accountTx, nil for one that changed nothing, and for due jobs: time is told by the clock. A decline is told, which leaves its failed charge. No card number is kept: a published test card becomes its
// token.
func (tx *accountTx) step() *step {
	r := tx.request
	switch {
	case len(tx.undo) == 0 && len(tx.due) == 0:
		return nil
	case tx.outside != "":
		return &step{lacks: tx.outside}
	case r == nil || r.Method == http.MethodGet:
		return nil
	}
	next := &step{method: r.Method, path: r.http.URL.Path, object: tx.answer}
	if next.path == r.route.path {
		next.path = r.route.path // one text for all calls of the route
	}
	var room [512]byte
	next.params = tx.account.control.story.params(replayedParams(room[:0], r.params.node))
	switch {
	case tx.answer == nil:
		next.errorType = "card_error"
	case r.Route == "/v1/tokens":
		next.token = tokenOf(r.params.find("card"))
	}
	return next
}

// journalStep is a step in the journal. Of is the place of its object among the versions of the same line, from 1.
type journalStep struct {
	Method    string          `json:"method,omitempty"`
	Path      string          `json:"path,omitempty"`
	Params    json.RawMessage `json:"params,omitempty"`
	ErrorType string          `json:"error_type,omitempty"`
	Object    json.RawMessage `json:"object,omitempty"`
	Of        int             `json:"of,omitempty"`
	Token     string          `json:"token,omitempty"`
	Lacks     string          `json:"lacks,omitempty"`
}

func (s step) line(places map[*stripeObject]int) *journalStep {
	l := &journalStep{Method: s.method, Path: s.path, Params: s.params, ErrorType: s.errorType, Token: s.token, Lacks: s.lacks}
	switch {
	case s.object == nil:
	case places[s.object] > 0:
		l.Of = places[s.object]
	default:
		l.Object = encodeCompact(s.object)
	}
	return l
}

// replayStep takes a step out of the journal.
func (a *account) replayStep(l *journalStep, versions []*stripeObject) error {
	next := step{method: l.Method, path: l.Path, params: l.Params, errorType: l.ErrorType, token: l.Token, lacks: l.Lacks}
	switch {
	case l.Of > 0 && l.Of <= len(versions):
		next.object = versions[l.Of-1]
	case len(l.Object) > 0:
		o, err := decodeObject("", l.Object)
		if err != nil {
			return err
		}
		next.object = o
	}
	a.control.story.add(next)
	return nil
}
