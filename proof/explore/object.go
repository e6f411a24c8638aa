package explore

import (
	"cmp"
	"fmt"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/mirror"
)

// Rules are those of the house that decide what is kept of an object and when
// it is read again. Each can be broken alone.
type Rules struct {
	// Decide is mirror.Decide.
	Decide func(kept *vezne.Snapshot, in vezne.Snapshot) mirror.Verdict
	// Clears is mirror.Clears.
	Clears func(mark, begin int64) bool
	// ClearAtStart removes the mark when the read begins.
	ClearAtStart bool
	// ClearAlways removes the mark whenever an answer is merged.
	ClearAlways bool
	// Unique drops an event while a read of its object runs, as a queue of
	// unique jobs does.
	Unique bool
	// NumberAfter takes the number of a read when its answer is there.
	NumberAfter bool
	// MarksInBlocks takes three numbers of the sequence at once for marks, as a
	// cached sequence does, and uses them up.
	MarksInBlocks bool
	// ReplayIsNew gives a re-sent call a new number.
	ReplayIsNew bool
	// Payload takes what an event shows for the truth.
	Payload bool
}

// House returns the rules as they are.
func House() Rules { return Rules{Decide: mirror.Decide, Clears: mirror.Clears} }

// versions is how many changes an object sees at most.
const versions = 3

// workers is how many processes read and write at once.
const workers = 2

// The phases of a worker.
const (
	idle = iota
	sent
	served
)

// The jobs of a worker.
const (
	readMarked = iota
	readExtra
	write
	resend
)

// worker is a process on its way to Stripe and back. Numbers of the sequence
// are kept as their rank among all that still matter.
type worker struct {
	phase, job uint8
	begin      uint8
	version    uint8
}

// ObjectState is a world with one object.
type ObjectState struct {
	// truth is the object's version at Stripe, 0 at first.
	truth uint8
	// events in the net, by the version that they are about.
	events [versions + 1]uint8
	// mark is its number, 0 for none.
	mark uint8
	// What is kept: version, and the interval in which it was true; begin 0 when
	// nothing is kept.
	kept, begin, end uint8
	worker           [workers]worker
	// call is our POST: 0 none, 1 written down, 2 taken effect without an answer.
	call, callNumber, callAnswer uint8
	// block and blockEnd are numbers taken in advance, by a broken rule only.
	block, blockEnd uint8
	// What may still happen.
	extra, duplicates, losses, crashes, writes uint8
	// lost is true when an event was lost and nothing has made us look since.
	lost bool
	// newest is the newest version that any answer showed, back whether the
	// mirror ever went back.
	newest uint8
	back   bool
}

// Object is a world with one object that changes at Stripe while two processes
// read it, write to it and crash.
type Object struct {
	Rules Rules
	// Final is true when the last version is a final state.
	Final bool
	// Extra reads (landing pages), duplicated and lost events, crashes and writes
	// of ours that may happen.
	Extra, Duplicates, Losses, Crashes, Writes uint8

	verdicts map[[6]uint8]mirror.Verdict
}

// Start returns the world in which we know the object as it was made.
func (m *Object) Start() ObjectState {
	m.verdicts = map[[6]uint8]mirror.Verdict{}
	return ObjectState{begin: 1, end: 2, extra: m.Extra, duplicates: m.Duplicates, losses: m.Losses, crashes: m.Crashes, writes: m.Writes}
}

func (m *Object) snapshot(version, begin, end uint8) vezne.Snapshot {
	final := m.Final && version == versions
	status := "requires_action"
	if final {
		status = "succeeded"
	}
	return vezne.Snapshot{
		ID: "pi_1", Type: vezne.TypePaymentIntent, Terminal: final, Interval: vezne.Interval{Begin: int64(begin), End: int64(end)},
		Body: fmt.Appendf(nil, `{"id":"pi_1","object":"payment_intent","status":%q,"amount":%d}`, status, version),
	}
}

// decide asks the rule; its answers are remembered, since it is pure.
func (m *Object) decide(s *ObjectState, version, begin, end uint8) mirror.Verdict {
	key := [6]uint8{s.kept, s.begin, s.end, version, begin, end}
	v, known := m.verdicts[key]
	if !known {
		kept := m.snapshot(s.kept, s.begin, s.end)
		v = m.Rules.Decide(&kept, m.snapshot(version, begin, end))
		m.verdicts[key] = v
	}
	return v
}

// numbers returns every number of the sequence that still matters.
func (s *ObjectState) numbers() []*uint8 {
	list := []*uint8{&s.mark, &s.begin, &s.end, &s.callNumber}
	for i := range s.worker {
		list = append(list, &s.worker[i].begin)
	}
	if s.blockEnd > 0 {
		list = append(list, &s.block, &s.blockEnd)
	}
	return list
}

// fresh takes the next number.
func (s *ObjectState) fresh() uint8 {
	highest := uint8(0)
	for _, n := range s.numbers() {
		highest = max(highest, *n)
	}
	return highest + 1
}

// rank replaces numbers by their rank: only their order matters.
func rank(list []*uint8) {
	var present [256]bool
	for _, n := range list {
		present[*n] = true
	}
	var to [256]uint8
	next := uint8(1)
	for n := 1; n < 256; n++ {
		if present[n] {
			to[n] = next
			next++
		}
	}
	for _, n := range list {
		*n = to[*n]
	}
}

// Next lists what can happen.
func (m *Object) Next(s ObjectState) []Step[ObjectState] {
	var steps []Step[ObjectState]
	add := func(maybe bool, label string, t ObjectState) {
		if !m.Rules.MarksInBlocks {
			rank(t.numbers())
		}
		if t.worker[0] != t.worker[1] && less(t.worker[1], t.worker[0]) {
			t.worker[0], t.worker[1] = t.worker[1], t.worker[0] // processes are alike
		}
		steps = append(steps, Step[ObjectState]{Label: label, To: t, Maybe: maybe})
	}
	if s.truth < versions {
		t := s
		t.change()
		add(true, fmt.Sprintf("Stripe changes the object to version %d", t.truth), t)
	}
	m.deliver(s, add)
	if s.lost && s.mark == 0 && !s.reading() {
		t := s
		t.lost, t.mark = false, t.fresh()
		add(false, "the object's time to be read again has come", t)
	}
	if s.call == 0 && s.writes > 0 {
		t := s
		t.writes, t.call, t.callNumber = s.writes-1, 1, s.fresh()
		add(true, "a request of ours is written down", t)
	}
	for i := range s.worker {
		m.work(s, i, add)
	}
	return steps
}

func less(a, b worker) bool {
	return cmp.Or(cmp.Compare(a.phase, b.phase), cmp.Compare(a.job, b.job), cmp.Compare(a.begin, b.begin), cmp.Compare(a.version, b.version)) < 0
}

func (s *ObjectState) change() {
	s.truth++
	s.events[s.truth]++
}

// reading reports whether a read that answers marks is on its way.
func (s *ObjectState) reading() bool {
	for _, w := range s.worker {
		if w.phase != idle && w.job == readMarked {
			return true
		}
	}
	return false
}

func (m *Object) deliver(s ObjectState, add func(bool, string, ObjectState)) {
	for v := uint8(1); v <= versions; v++ {
		if s.events[v] == 0 {
			continue
		}
		t := s
		t.events[v]--
		switch {
		case m.Rules.Payload:
			n := t.fresh()
			m.merge(&t, v, n)
		case m.Rules.Unique && s.reading():
		case m.Rules.MarksInBlocks:
			if t.block == t.blockEnd {
				t.block = t.fresh()
				t.blockEnd = t.block + 3
			}
			t.mark = max(t.mark, t.block)
			t.block++
		default:
			t.mark = t.fresh()
		}
		add(false, fmt.Sprintf("the event of version %d arrives", v), t)
		if s.losses > 0 {
			t := s
			t.events[v]--
			t.losses--
			t.lost = true
			add(false, fmt.Sprintf("the event of version %d is lost", v), t)
		}
		if s.duplicates > 0 {
			t := s
			t.events[v]++
			t.duplicates--
			add(true, fmt.Sprintf("the event of version %d is sent again", v), t)
		}
	}
}

// begins lets a worker begin a job and take its number.
func (m *Object) begins(s ObjectState, i int, job uint8) ObjectState {
	w := &s.worker[i]
	w.phase, w.job = sent, job
	switch {
	case job == write, job == resend && !m.Rules.ReplayIsNew:
		w.begin = s.callNumber
	case m.Rules.NumberAfter:
		w.begin = 0
	default:
		w.begin = s.fresh()
	}
	if job == readMarked && m.Rules.ClearAtStart {
		s.mark = 0
	}
	return s
}

// work lists what a worker can do next.
func (m *Object) work(s ObjectState, i int, add func(bool, string, ObjectState)) {
	w := s.worker[i]
	switch w.phase {
	case idle:
		if s.mark != 0 && !s.reading() {
			add(false, "a marked read begins", m.begins(s, i, readMarked))
		}
		if s.extra > 0 {
			t := m.begins(s, i, readExtra)
			t.extra--
			add(true, "a landing page's read begins", t)
		}
		if s.call == 1 && !s.sending() {
			add(false, "our request is sent", m.begins(s, i, write))
		}
		if s.call == 2 && !s.sending() {
			add(false, "our request is sent again with the same key", m.begins(s, i, resend))
		}
		return
	case sent:
		m.serve(s, i, add)
	case served:
		t := s
		t.worker[i] = worker{}
		if w.job == write || w.job == resend {
			t.call, t.callNumber, t.callAnswer = 3, 0, 0
		}
		begin := w.begin
		if m.Rules.NumberAfter && w.job <= readExtra {
			begin = s.fresh()
		}
		m.merge(&t, w.version, begin)
		add(false, fmt.Sprintf("an answer with version %d is merged; kept is %d", w.version, t.kept), t)
	}
	if s.crashes > 0 {
		t := s
		t.crashes--
		t.worker[i] = worker{}
		add(true, "the process crashes", t)
	}
}

// sending reports whether our request is on its way.
func (s *ObjectState) sending() bool {
	for _, w := range s.worker {
		if w.phase != idle && w.job >= write {
			return true
		}
	}
	return false
}

// serve is what Stripe does with a request.
func (m *Object) serve(s ObjectState, i int, add func(bool, string, ObjectState)) {
	t := s
	w := &t.worker[i]
	w.phase = served
	switch w.job {
	case write:
		if s.call == 1 && s.truth == versions {
			t.worker[i] = worker{}
			t.call, t.callNumber = 3, 0
			add(false, "Stripe refuses our request", t)
			return
		}
		t.change()
		t.call, t.callAnswer = 2, t.truth
		w.version = t.truth
		add(false, fmt.Sprintf("our request makes version %d", t.truth), t)
		t.worker[i] = worker{}
		add(false, fmt.Sprintf("our request makes version %d, and the answer is lost", t.truth), t)
	case resend:
		w.version = s.callAnswer
		add(false, fmt.Sprintf("Stripe replays its answer, version %d", w.version), t)
	default:
		w.version = s.truth
		add(false, fmt.Sprintf("Stripe reads version %d", w.version), t)
	}
}

// merge brings an answer into the mirror.
func (m *Object) merge(s *ObjectState, version, begin uint8) {
	s.newest = max(s.newest, version)
	if m.Rules.ClearAlways || m.Rules.Clears(int64(s.mark), int64(begin)) {
		s.mark = 0
	}
	end := max(s.fresh(), begin) // the answer's own number may be the newest
	v := m.decide(s, version, begin, end)
	if v.Replace {
		s.back = s.back || version < s.kept
		s.kept, s.begin, s.end = version, begin, end
	}
	if v.Again {
		s.mark = s.fresh()
	}
}

// Check says what is wrong.
func (m *Object) Check(s ObjectState, rest bool) string {
	switch {
	case s.back:
		return "the mirror went back to an older version"
	case rest && s.newest > s.kept:
		return fmt.Sprintf("at rest: an answer had shown version %d, kept is %d", s.newest, s.kept)
	case rest && s.kept != s.truth:
		return fmt.Sprintf("at rest: Stripe has version %d, kept is %d", s.truth, s.kept)
	}
	return ""
}
