package sandbox

// maxHistory is how many steps of an object's history are kept at least; the oldest go first.
const maxHistory = 100

// past is a step of an object's history: a version and what made it, or an event that told of one. Steps never change;
// each points to the one before.
type past struct {
	object *stripeObject
	// event is the id of the event that told of the version, "" when the step is the version itself.
	event  string
	cause  *cause
	before *past
	// number counts the object's versions from 1; kept is how many steps are still there.
	number, kept int32
}

// cause is what made a version: a call, a due job, or, when both are empty, the control API or the sandbox itself.
type cause struct {
	// at is the account's clock in seconds.
	at      int64
	request string
	route   *route
	job     string
}

// step gives a history with one step more.
func (s *store) step(p *past, step past) *past {
	step.before, step.number, step.kept = p, 1, 1
	if p != nil {
		step.number, step.kept = p.number, p.kept+1
		if !step.isAside() {
			step.number++
		}
	}
	if step.kept >= 2*maxHistory {
		step.before, step.kept = p.newest(maxHistory-1), maxHistory
	}
	added := s.steps.next()
	*added = step
	return added
}

// isAside says whether a step is an event that tells of a version that the same call or job made.
func (p *past) isAside() bool {
	if p.event == "" {
		return false
	}
	for step := p.before; step != nil && step.cause == p.cause; step = step.before {
		if step.object == p.object {
			return true
		}
	}
	return false
}

// formerVersion is the version before a step, nil when none is kept.
func (p *past) formerVersion() *past {
	step := p.before
	for step != nil && step.isAside() {
		step = step.before
	}
	return step
}

// newest copies the last n steps, so that the ones before them can be forgotten.
func (p *past) newest(n int) *past {
	steps := make([]past, n)
	for i := range steps {
		steps[i] = *p
		steps[i].kept = int32(n - i)
		if i > 0 {
			steps[i-1].before = &steps[i]
		}
		p = p.before
	}
	steps[n-1].before = nil
	return &steps[0]
}

// hasHistory says whether the versions of a type are remembered. Events never change, and a delivery has its attempts.
func hasHistory(typ string) bool { return plainType(typ) != "event" && typ != deliveryType }

// told notes on an object that an event told of it. An object that is gone keeps its history.
func (s *store) told(event *stripeObject, scope string, c *cause) {
	o := event.Hash("data.object")
	if o == nil {
		return
	}
	key := objectKey{scopedType(o.Type(), scope), o.ID()}
	if r := s.record(key.typ, key.id); r != nil {
		r.past = s.step(r.past, past{object: o, event: event.ID(), cause: c})
	} else if s.gone[key] != nil {
		s.ended[key] = s.step(s.ended[key], past{object: o, event: event.ID(), cause: c})
	}
}

// origin is what makes the versions of the accountTx.
func (tx *accountTx) origin() *cause {
	if tx.made == nil {
		tx.made = &cause{at: tx.now, job: tx.job}
		if r := tx.request; r != nil {
			tx.made.request, tx.made.route = r.RequestID, r.route
		}
	}
	return tx.made
}
