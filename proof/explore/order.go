package explore

import (
	"fmt"

	"github.com/vezne/vezne/internal/mirror"
)

// The objects at Stripe that an order has: two intents, a charge of each, and a
// dispute of the first one's.
const (
	intent1 = iota
	intent2
	charge1
	charge2
	dispute1
	objects
)

// What an object shows; 0 is that there is none.
const (
	intentOpen = iota + 1
	intentSucceeded
	intentCanceled
)

const (
	chargePaid = iota + 1
	chargeRefunded
)

const (
	disputeOpen = iota + 1
	disputeWon
)

// The requests that an order makes: to make, to close and to give back each of
// two intents.
const (
	create1 = iota
	create2
	close1
	close2
	refund1
	refund2
	requests
)

// The states of a request: vezne.CallState, and none.
const (
	none = iota
	pending
	looking
	done
	refused
	abandoned
)

// What Stripe stored under a request's key.
const (
	unexecuted = iota
	storedSuccess
	storedRefusal
	storedFault
)

// The states of an attempt: vezne.AttemptState, and none.
const (
	opening = iota + 1
	active
	paid
	unpaid
)

type kept struct{ shows, begin, end uint8 }

type request struct{ state, number, stored uint8 }

// seen is what an answer shows of an intent, its charge and the dispute.
type seen struct{ intent, charge, dispute uint8 }

// process is on its way to Stripe with a read or a request, or, if locks are
// broken, in the middle of a transaction.
type process struct {
	phase uint8
	// object is read, or request+objects sent.
	target uint8
	extra  bool
	begin  uint8
	got    seen
	// view is what a transaction without the order's lock saw at its begin.
	view view
}

// view is what a transaction reads of the order: the objects and the row.
type view struct {
	shows [objects]uint8
	row   row
}

// row is what is written in the order's row and its attempts.
type row struct {
	paidBy          uint8 // attempt, 0 for not paid
	cancelRequested bool
	canceled        bool
	refunded        bool
	disputed        bool
	surplus         bool
	mismatch        bool
	attempt         [2]uint8
	linked          [2]bool
	// paidTold and shipped count what hangs on being paid.
	paidTold, shipped uint8
}

// OrderState is a world with one order.
type OrderState struct {
	truth   [objects]uint8
	events  [objects]uint8
	lost    [objects]bool
	marks   [objects]uint8
	mirror  [objects]kept
	row     row
	request [requests]request
	process [workers]process
	// listed is true when lists show what a create made.
	listed [2]bool
	// stray is true when the second intent was made by nobody here.
	stray bool
	// What may still happen.
	clicks, switches, cancels, landings, disputes, refunds, strays, losses, duplicates, crashes, lostAnswers, faults uint8
	// twice is true when one request was executed twice.
	twice bool
}

// OrderRules are those about an order, beside those about objects.
type OrderRules struct {
	Rules
	// LockPerObject lets transactions about two objects of an order run side by
	// side: each decides by what it saw at its begin.
	LockPerObject bool
	// KeyPerSending makes a new key when a request is sent again.
	KeyPerSending bool
	// NewAfterFault gives an attempt up when Stripe stored a fault, without looking.
	NewAfterFault bool
	// LookAtOnce looks a request up before lists are complete.
	LookAtOnce bool
	// SwitchWithoutReading opens the next attempt when the former one's end was
	// asked for, not when it was read.
	SwitchWithoutReading bool
	// CancelWithoutReading calls an order canceled when its end was asked for.
	CancelWithoutReading bool
	// OneAttemptPerClick opens an attempt for every click.
	OneAttemptPerClick bool
	// ShipByStatus ships whenever the status becomes paid.
	ShipByStatus bool
	// KeepSurplusSilently does nothing about money for a paid order.
	KeepSurplusSilently bool
	// PaidByURL takes a landing page's word.
	PaidByURL bool
}

// OrderHouse returns the rules as they are.
func OrderHouse() OrderRules { return OrderRules{Rules: House()} }

// Order is a world with one order, its two attempts, two processes, a buyer who
// clicks twice, and a bank.
type Order struct {
	OrderRules
	// Clicks on Pay, changes of the way to pay, wishes to cancel, landing pages,
	// disputes (which are won), refunds from Stripe's dashboard and intents of
	// nobody; lost and doubled events, crashes, answers that are lost, and faults
	// that Stripe stores.
	Clicks, Switches, Cancels, Landings, Disputes, Refunds, Strays, Losses, Duplicates, Crashes, LostAnswers, Faults uint8

	verdicts  map[[7]uint8]mirror.Verdict
	decisions map[question]answer
}

// Start returns the world before the first click.
func (m *Order) Start() OrderState {
	m.verdicts, m.decisions = map[[7]uint8]mirror.Verdict{}, map[question]answer{}
	return OrderState{clicks: m.Clicks, switches: m.Switches, cancels: m.Cancels, landings: m.Landings, disputes: m.Disputes, refunds: m.Refunds, strays: m.Strays,
		losses: m.Losses, duplicates: m.Duplicates, crashes: m.Crashes, lostAnswers: m.LostAnswers, faults: m.Faults}
}

func (s *OrderState) numbers() []*uint8 {
	var list []*uint8
	for i := range objects {
		list = append(list, &s.marks[i], &s.mirror[i].begin, &s.mirror[i].end)
	}
	for i := range s.request {
		list = append(list, &s.request[i].number)
	}
	for i := range s.process {
		list = append(list, &s.process[i].begin)
	}
	return list
}

func (s *OrderState) fresh() uint8 {
	highest := uint8(0)
	for _, n := range s.numbers() {
		highest = max(highest, *n)
	}
	return highest + 1
}

// forget drops what cannot matter any more, so that states which differ in
// nothing else are one.
func (s *OrderState) forget() {
	for i := range s.request {
		if r := &s.request[i]; r.state >= done {
			r.number = 0
		}
	}
	rank(s.numbers())
	if s.process[0] != s.process[1] && later(s.process[0], s.process[1]) {
		s.process[0], s.process[1] = s.process[1], s.process[0] // processes are alike
	}
}

func later(a, b process) bool {
	x := [7]uint8{a.phase, a.target, a.begin, a.got.intent, a.got.charge, a.got.dispute}
	y := [7]uint8{b.phase, b.target, b.begin, b.got.intent, b.got.charge, b.got.dispute}
	for i := range x {
		if x[i] != y[i] {
			return x[i] > y[i]
		}
	}
	return false
}

// Next lists what can happen.
func (m *Order) Next(s OrderState) []Step[OrderState] {
	w := walk{m: m, s: s}
	w.people()
	w.stripe()
	w.net()
	for i := range s.process {
		w.process(i)
	}
	return w.steps
}

// walk collects the steps of a state.
type walk struct {
	m     *Order
	s     OrderState
	steps []Step[OrderState]
}

func (w *walk) add(maybe bool, label string, t OrderState) {
	t.forget()
	w.steps = append(w.steps, Step[OrderState]{Label: label, To: t, Maybe: maybe})
}

// people click.
func (w *walk) people() {
	m, s := w.m, w.s
	if s.clicks > 0 {
		t := s
		t.clicks--
		opened := m.open(&t)
		w.add(true, fmt.Sprintf("the buyer clicks on Pay; attempt %d", opened), t)
	}
	if s.switches > 0 {
		for k := range 2 {
			if t := s; m.closes(&t, k) {
				t.switches--
				if m.SwitchWithoutReading {
					t.row.attempt[k] = unpaid
				}
				w.add(true, fmt.Sprintf("the buyer changes the way to pay; attempt %d is to be closed", k+1), t)
			}
		}
	}
	if s.cancels > 0 && s.row.paidBy == 0 {
		t := s
		t.cancels--
		t.row.cancelRequested = true
		if m.CancelWithoutReading {
			t.row.canceled = true
		}
		m.decide(&t)
		w.add(true, "somebody cancels the order", t)
	}
	for k := range 2 {
		if s.landings > 0 && s.mirror[k].shows != 0 {
			for i := range s.process {
				if s.process[i].phase == idle {
					t := s
					t.landings--
					t.process[i] = process{phase: sent, target: uint8(k), extra: true, begin: t.fresh()}
					if m.PaidByURL && t.row.paidBy == 0 {
						t.row.paidBy, t.row.paidTold = uint8(k+1), t.row.paidTold+1
					}
					w.add(true, fmt.Sprintf("the buyer lands; intent %d is read", k+1), t)
					break
				}
			}
		}
	}
}

// stripe is what happens there without us.
func (w *walk) stripe() {
	s := w.s
	for k := range 2 {
		if s.truth[k] == intentOpen {
			t := s
			t.truth[k], t.truth[charge1+k] = intentSucceeded, chargePaid
			t.happened(k)
			w.add(true, fmt.Sprintf("intent %d is paid", k+1), t)
		}
	}
	if s.strays > 0 && s.truth[intent2] == 0 && s.row.attempt[1] == 0 && s.request[create2].state == none {
		t := s
		t.strays--
		t.stray = true
		t.truth[intent2], t.truth[charge2] = intentSucceeded, chargePaid
		t.happened(intent2)
		w.add(true, "an intent that nobody here made is paid, with our order in its metadata", t)
	}
	if s.disputes > 0 && s.truth[intent1] == intentSucceeded && s.truth[dispute1] == 0 {
		t := s
		t.disputes--
		t.truth[dispute1] = disputeOpen
		t.happened(dispute1)
		w.add(true, "the payment is disputed", t)
	}
	if s.truth[dispute1] == disputeOpen {
		t := s
		t.truth[dispute1] = disputeWon
		t.happened(dispute1)
		w.add(true, "the dispute is won", t)
	}
	if s.refunds > 0 && s.truth[charge1] == chargePaid && s.truth[dispute1] != disputeOpen {
		t := s
		t.refunds--
		t.truth[charge1] = chargeRefunded
		t.happened(charge1)
		w.add(true, "somebody gives the money back in Stripe's dashboard", t)
	}
	for k := range 2 {
		if s.request[create1+k].state == looking && !s.listed[k] {
			t := s
			t.listed[k] = true
			w.add(false, "lists become complete", t)
		}
	}
}

func (s *OrderState) happened(object int) { s.events[object]++ }

// net delivers, loses and doubles events.
func (w *walk) net() {
	m, s := w.m, w.s
	for o := range objects {
		if s.events[o] > 0 {
			t := s
			t.events[o]--
			if !m.Unique || !s.reads(o) {
				t.marks[o] = t.fresh()
			}
			w.add(false, fmt.Sprintf("an event of %s arrives", names[o]), t)
			if s.losses > 0 && s.rechecked(o) {
				t := s
				t.events[o]--
				t.losses--
				t.lost[o] = true
				w.add(false, fmt.Sprintf("an event of %s is lost", names[o]), t)
			}
			if s.duplicates > 0 {
				t := s
				t.events[o]++
				t.duplicates--
				w.add(true, fmt.Sprintf("an event of %s is sent again", names[o]), t)
			}
		}
		// An event that was lost costs as long as the next time to look, which
		// every object has that is not final.
		if s.lost[o] && s.marks[o] == 0 && !s.reads(o) {
			t := s
			t.lost[o], t.marks[o] = false, s.fresh()
			w.add(false, fmt.Sprintf("the time of %s to be read again has come", names[o]), t)
		}
	}
}

// rechecked reports whether an object is read again by itself: one that is kept
// and not final. Charges live on in events of their own.
func (s *OrderState) rechecked(o int) bool {
	return (o <= intent2 && s.mirror[o].shows == intentOpen) || (o == dispute1 && s.mirror[o].shows == disputeOpen)
}

var names = [objects]string{"intent 1", "intent 2", "charge 1", "charge 2", "the dispute"}

// reads reports whether a read that answers the marks of an object is on its way.
func (s *OrderState) reads(o int) bool {
	for _, p := range s.process {
		if p.phase != idle && int(p.target) == o && !p.extra {
			return true
		}
	}
	return false
}

func (s *OrderState) sends(r int) bool { return s.reads(objects + r) }

// Check says what is wrong.
func (m *Order) Check(s OrderState, rest bool) string {
	charged, payable := 0, 0
	for k := range 2 {
		if s.truth[k] == intentSucceeded && (!s.stray || k == 0) {
			charged++
		}
		if s.truth[k] == intentOpen {
			payable++
		}
	}
	by := int(s.row.paidBy)
	switch {
	case s.twice:
		return "one request was executed twice"
	case charged > 1:
		return "the buyer was charged twice"
	case payable > 1:
		return "two attempts can be paid at once"
	case s.row.paidTold > 1:
		return "being paid was told twice"
	case s.row.shipped > 1:
		return "the goods were sent twice"
	case by > 0 && s.truth[by-1] != intentSucceeded:
		return "paid, and Stripe does not say so"
	case by > 0 && s.row.canceled:
		return "paid and canceled"
	case s.row.canceled && charged+payable > 0:
		return "canceled, while an attempt can be paid or is"
	}
	if rest {
		return m.atRest(s, by)
	}
	return ""
}

func (m *Order) atRest(s OrderState, by int) string {
	for o := range objects {
		// A charge or a dispute that nothing speaks of need not be known.
		if unknown := s.mirror[o].shows == 0 && o >= charge1; s.mirror[o].shows != s.truth[o] && !unknown {
			return fmt.Sprintf("at rest: %s is %d, kept is %d", names[o], s.truth[o], s.mirror[o].shows)
		}
	}
	for k := range 2 {
		switch {
		case s.truth[k] != intentSucceeded:
		case by == 0 && !s.stray:
			return fmt.Sprintf("at rest: intent %d is paid, the order is not", k+1)
		case by == 0 && !s.row.mismatch && !s.row.surplus && s.truth[charge1+k] != chargeRefunded:
			return "at rest: money came in, and nobody says so"
		case (by > 0 || s.row.canceled) && by != k+1 && s.truth[charge1+k] != chargeRefunded && s.request[refund1+k].state != refused:
			return fmt.Sprintf("at rest: intent %d is a surplus and was not given back", k+1)
		}
	}
	if by == 1 && (s.row.refunded != (s.truth[charge1] == chargeRefunded) || s.row.disputed != (s.truth[dispute1] == disputeOpen)) {
		return fmt.Sprintf("at rest: refunded %v, disputed %v; Stripe says %d, %d", s.row.refunded, s.row.disputed, s.truth[charge1], s.truth[dispute1])
	}
	if s.row.cancelRequested && by == 0 && !s.row.canceled {
		return "at rest: the wish to cancel hangs"
	}
	for r := range requests {
		if st := s.request[r].state; st == pending || st == looking {
			return "at rest: a request hangs"
		}
	}
	return ""
}
