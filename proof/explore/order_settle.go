package explore

import (
	"fmt"
	"slices"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/apply"
	"github.com/vezne/vezne/internal/mirror"
)

// inTransaction is the phase of a process that has begun a transaction without
// the order's lock, by a broken rule only.
const inTransaction = served + 1

// process lists what one can do next.
func (w *walk) process(i int) {
	m, s := w.m, w.s
	p := s.process[i]
	switch p.phase {
	case idle:
		w.begin(i)
		return
	case sent:
		if int(p.target) < objects {
			t := s
			t.process[i].phase, t.process[i].got = served, s.look(int(p.target))
			w.add(false, fmt.Sprintf("Stripe reads %s", names[p.target]), t)
		} else {
			w.serve(i, int(p.target)-objects)
		}
	case served:
		t := s
		if m.LockPerObject {
			t.process[i].phase, t.process[i].view = inTransaction, t.view()
			w.add(false, "a transaction begins", t)
			break
		}
		t.process[i] = process{}
		m.settle(&t, p)
		w.add(false, fmt.Sprintf("an answer is settled: %s", t.row), t)
	case inTransaction:
		t := s
		t.process[i] = process{}
		m.settle(&t, p)
		w.add(false, fmt.Sprintf("a transaction commits: %s", t.row), t)
	}
	if s.crashes > 0 {
		t := s
		t.crashes--
		t.process[i] = process{}
		w.add(true, "the process crashes", t)
	}
}

// String says what is written in the row.
func (r row) String() string {
	return fmt.Sprintf("paid by %d, canceled %v, refunded %v, disputed %v, surplus %v, attempts %v", r.paidBy, r.canceled, r.refunded, r.disputed, r.surplus, r.attempt)
}

// begin lists what an idle process can begin.
func (w *walk) begin(i int) {
	m, s := w.m, w.s
	for o := range objects {
		if s.marks[o] != 0 && !s.reads(o) {
			t := s
			t.process[i] = process{phase: sent, target: uint8(o), begin: t.fresh()}
			if m.ClearAtStart {
				t.marks[o] = 0
			}
			w.add(false, fmt.Sprintf("a marked read of %s begins", names[o]), t)
		}
	}
	for r := range requests {
		q := s.request[r]
		switch {
		case s.sends(r):
		case q.state == pending:
			t := s
			t.process[i] = process{phase: sent, target: uint8(objects + r), begin: q.number}
			if m.ReplayIsNew && q.stored != unexecuted {
				t.process[i].begin = t.fresh()
			}
			w.add(false, fmt.Sprintf("request %s is sent", requestNames[r]), t)
		case q.state == looking && (s.listed[r] || m.LookAtOnce):
			t := s
			t.process[i] = process{phase: sent, target: uint8(objects + r), begin: t.fresh()}
			w.add(false, fmt.Sprintf("request %s is looked up", requestNames[r]), t)
		}
	}
}

var requestNames = [requests]string{"create 1", "create 2", "close 1", "close 2", "refund 1", "refund 2"}

// look is what a read of an object shows, expanded as mirror.ReadPath says.
func (s *OrderState) look(o int) seen {
	switch o {
	case intent1, intent2:
		return seen{intent: s.truth[o], charge: s.truth[charge1+o]}
	case charge1, charge2:
		return seen{charge: s.truth[o]}
	}
	return seen{charge: s.truth[charge1], dispute: s.truth[dispute1]}
}

// serve is what Stripe does with a request.
func (w *walk) serve(i, r int) {
	m, s := w.m, w.s
	k := r % 2
	q := s.request[r]
	if q.state == looking {
		t := s
		t.process[i].phase = served
		if s.listed[k] {
			t.process[i].got = s.look(k)
		}
		w.add(false, "lists are looked through", t)
		return
	}
	if q.stored != unexecuted && !m.KeyPerSending {
		t := s
		t.process[i].phase, t.process[i].got = served, s.replay(r)
		w.add(false, fmt.Sprintf("Stripe replays its answer to %s", requestNames[r]), t)
		return
	}
	t := s
	t.execute(r)
	t.process[i].phase, t.process[i].got = served, t.replay(r)
	w.add(false, fmt.Sprintf("Stripe executes %s", requestNames[r]), t)
	if s.lostAnswers > 0 {
		lost := t
		lost.lostAnswers--
		lost.process[i] = process{}
		w.add(false, fmt.Sprintf("Stripe executes %s, and the answer is lost", requestNames[r]), lost)
	}
	if s.faults > 0 && r <= create2 {
		for _, made := range []bool{true, false} {
			f := s
			if made {
				f.execute(r)
			}
			f.faults--
			f.request[r].stored = storedFault
			f.process[i].phase = served
			w.add(false, fmt.Sprintf("Stripe stores a fault for %s; made: %v", requestNames[r], made), f)
		}
	}
}

// execute does what a request asks for and stores the answer under its key.
func (s *OrderState) execute(r int) {
	k := r % 2
	q := &s.request[r]
	s.twice = s.twice || q.stored == storedSuccess
	q.stored = storedSuccess
	switch {
	case r <= create2 && s.truth[k] == 0:
		s.truth[k] = intentOpen
		s.happened(k)
	case r == close1+k && s.truth[k] == intentOpen:
		s.truth[k] = intentCanceled
		s.happened(k)
	case r == refund1+k && s.truth[charge1+k] == chargePaid:
		s.truth[charge1+k] = chargeRefunded
		s.happened(charge1 + k)
	case r > create2:
		q.stored = storedRefusal
	}
}

// replay is what the stored answer to a request shows: what was true when it
// was executed.
func (s *OrderState) replay(r int) seen {
	k := r % 2
	switch {
	case s.request[r].stored == storedFault:
		return seen{}
	case r <= create2:
		return seen{intent: intentOpen}
	case r <= close2:
		// A refusal carries the intent, which had ended by then.
		return seen{intent: s.truth[k]}
	}
	return seen{charge: s.truth[charge1+k]}
}

func (s *OrderState) view() view {
	v := view{row: s.row}
	for o := range objects {
		v.shows[o] = s.mirror[o].shows
	}
	return v
}

// settle is the one transaction.
func (m *Order) settle(s *OrderState, p process) {
	k := int(p.target) % 2
	if r := int(p.target) - objects; r >= 0 {
		k = r % 2
		m.conclude(&s.request[r], p.got)
	} else if int(p.target) >= charge1 {
		k = int(p.target) - charge1
	}
	if p.target == dispute1 {
		k = 0
	}
	parts := []struct {
		object int
		shows  uint8
	}{{intent1 + k, p.got.intent}, {charge1 + k, p.got.charge}, {dispute1, p.got.dispute}}
	v, before := p.view, *s
	for _, part := range parts {
		if part.shows == 0 {
			continue
		}
		m.merge(s, part.object, part.shows, p.begin)
		v.shows[part.object] = s.mirror[part.object].shows
		if part.object >= charge1 && s.mirror[k].shows == 0 {
			s.marks[k] = s.fresh() // it hangs on an intent that is not known yet
		}
	}
	if m.LockPerObject {
		s.row = v.row
		s.row.paidTold, s.row.shipped = before.row.paidTold, before.row.shipped
		m.decideBy(s, v.shows)
		if before.row.paidBy > 0 && (s.row.paidBy != before.row.paidBy || s.row.paidTold > before.row.paidTold) {
			*s = before // the schema refuses to write a fact twice; the mark stays
		}
		return
	}
	m.decide(s)
}

// conclude brings a request to where its answer leads.
func (m *Order) conclude(q *request, got seen) {
	switch {
	case q.state == looking && got == (seen{}):
		q.state = abandoned
	case q.state == looking:
		q.state = done
	case q.stored == storedFault && m.NewAfterFault:
		q.state = abandoned
	case q.stored == storedFault:
		q.state = looking
	case q.stored == storedRefusal:
		q.state = refused
	default:
		q.state = done
	}
}

func (m *Order) merge(s *OrderState, o int, shows, begin uint8) {
	if m.ClearAlways || m.Clears(int64(s.marks[o]), int64(begin)) {
		s.marks[o] = 0
	}
	end := max(s.fresh(), begin)
	old := s.mirror[o]
	v := mirror.Verdict{Replace: true}
	if old.shows != 0 {
		key := [7]uint8{uint8(o), old.shows, old.begin, old.end, shows, begin, end}
		known := false
		if v, known = m.verdicts[key]; !known {
			before := snapshot(o, old.shows, old.begin, old.end)
			v = m.Decide(&before, snapshot(o, shows, begin, end))
			m.verdicts[key] = v
		}
	}
	if v.Replace {
		s.mirror[o] = kept{shows, begin, end}
	}
	if v.Again {
		s.marks[o] = s.fresh()
	}
}

var at = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

const price = 1999

// object returns the JSON of an object as it shows itself.
func object(o int, shows uint8) string {
	k := o % 2
	switch {
	case o <= intent2:
		status := [...]string{intentOpen: "requires_payment_method", intentSucceeded: "succeeded", intentCanceled: "canceled"}[shows]
		received := 0
		if shows == intentSucceeded {
			received = price
		}
		return fmt.Sprintf(`{"id":"pi_%d","object":"payment_intent","status":%q,"currency":"usd","amount":%d,"amount_received":%d,"metadata":{"vezne_order":"ord_1","vezne_attempt":"att_%d"}}`,
			k+1, status, price, received, k+1)
	case o <= charge2:
		back := 0
		if shows == chargeRefunded {
			back = price
		}
		return fmt.Sprintf(`{"id":"ch_%d","object":"charge","payment_intent":"pi_%d","status":"succeeded","captured":true,"currency":"usd","amount":%d,"amount_captured":%d,"amount_refunded":%d}`,
			o-charge1+1, o-charge1+1, price, price, back)
	}
	status := [...]string{disputeOpen: "needs_response", disputeWon: "won"}[shows]
	return fmt.Sprintf(`{"id":"du_1","object":"dispute","charge":"ch_1","payment_intent":"pi_1","status":%q,"currency":"usd","amount":%d}`, status, price)
}

// snapshots are the objects as mirror.Snapshots takes them from answers.
var snapshots = func() (all [objects][4]vezne.Snapshot) {
	for o := range objects {
		for shows := uint8(1); shows <= 3; shows++ {
			if o >= charge1 && shows > 2 {
				continue
			}
			list, err := mirror.Snapshots([]byte(object(o, shows)), vezne.Interval{})
			if err != nil || len(list) != 1 {
				panic(fmt.Sprint(list, err))
			}
			all[o][shows] = list[0]
		}
	}
	return all
}()

func snapshot(o int, shows, begin, end uint8) vezne.Snapshot {
	s := snapshots[o][shows]
	s.Interval = vezne.Interval{Begin: int64(begin), End: int64(end)}
	return s
}

// question is everything that apply.Order decides by, answer what it says; it
// is pure, so that each question is asked once.
type question struct {
	row    row
	shows  [objects]uint8
	states [requests]uint8
	stray  bool
}

type answer struct {
	row   row
	paid  bool
	plans [requests]bool
	reads [objects]bool
}

func (m *Order) decide(s *OrderState) { m.decideBy(s, s.view().shows) }

func (m *Order) decideBy(s *OrderState, shows [objects]uint8) {
	q := question{row: s.row, shows: shows, stray: s.stray}
	q.row.paidTold, q.row.shipped = 0, 0
	for r := range requests {
		q.states[r] = s.request[r].state
	}
	a, known := m.decisions[q]
	if !known {
		a = m.ask(q)
		m.decisions[q] = a
	}
	wasPaid := s.row.status() == vezne.OrderPaid
	told, shipped := s.row.paidTold, s.row.shipped
	s.row = a.row
	s.row.paidTold, s.row.shipped = told, shipped
	if a.paid {
		s.row.paidTold++
	}
	if a.paid && !m.ShipByStatus || m.ShipByStatus && !wasPaid && s.row.status() == vezne.OrderPaid {
		s.row.shipped++
	}
	for r, planned := range a.plans {
		if planned && s.request[r].state == none {
			s.request[r] = request{state: pending, number: s.fresh()}
		}
	}
	for o, read := range a.reads {
		if read {
			s.marks[o] = s.fresh()
		}
	}
}

func (r row) order() vezne.Order {
	o := vezne.Order{ID: "ord_1", Currency: "usd", AmountTotal: price, CreatedAt: at, Revision: 2}
	if r.paidBy > 0 {
		o.PaidAt, o.PaidBy, o.AmountPaid = &at, attemptID(int(r.paidBy)-1), price
	}
	if r.cancelRequested {
		o.CancelRequestedAt = &at
	}
	if r.canceled {
		o.CanceledAt = &at
	}
	if r.refunded {
		o.AmountRefunded = price
	}
	if r.disputed {
		o.AmountDisputed = price
	}
	return o
}

func (r row) status() vezne.OrderStatus {
	o := r.order()
	return o.Status()
}

func attemptID(k int) vezne.AttemptID { return vezne.AttemptID(fmt.Sprint("att_", k+1)) }

var attemptStates = [...]vezne.AttemptState{opening: vezne.AttemptOpening, active: vezne.AttemptActive, paid: vezne.AttemptPaid, unpaid: vezne.AttemptUnpaid}

var callStates = [...]vezne.CallState{pending: vezne.CallPending, looking: vezne.CallLooking, done: vezne.CallDone, refused: vezne.CallRefused, abandoned: vezne.CallAbandoned}

// keys are those by which apply knows what it has planned.
var keys = [requests]string{create1: "create 1", create2: "create 2", close1: "ord_1:close:pi_1:requires_payment_method", close2: "ord_1:close:pi_2:requires_payment_method",
	refund1: "ord_1:surplus:pi_1", refund2: "ord_1:surplus:pi_2"}

var purposes = [requests]vezne.CallPurpose{vezne.CallCreatePaymentIntent, vezne.CallCreatePaymentIntent, vezne.CallCancelPaymentIntent, vezne.CallCancelPaymentIntent,
	vezne.CallRefundSurplus, vezne.CallRefundSurplus}

// facts are what the order's transaction reads.
func (q question) facts() vezne.Facts {
	f := vezne.Facts{Order: q.row.order()}
	for k, state := range q.row.attempt {
		if state == 0 {
			continue
		}
		a := vezne.Attempt{ID: attemptID(k), OrderID: "ord_1", Number: k + 1, Kind: vezne.AttemptPaymentIntent, State: attemptStates[state], Expected: price, Currency: "usd",
			CreateCall: vezne.CallID(keys[create1+k]), CreatedAt: at}
		if q.row.linked[k] {
			a.PaymentIntentID = snapshots[k][1].ID
		}
		if !a.Open() {
			a.ClosedAt = &at
		}
		f.Attempts = append(f.Attempts, a)
	}
	for r, state := range q.states {
		if state != none {
			f.Calls = append(f.Calls, vezne.Call{ID: vezne.CallID(keys[r]), Attempt: attemptID(r % 2), Purpose: purposes[r], Key: keys[r], State: callStates[state]})
		}
	}
	for k := range 2 {
		if q.shows[k] == 0 {
			continue // what hangs on it is not linked yet
		}
		p := must(mirror.PaymentIntent(snapshots[k][q.shows[k]]))
		if q.stray && k == 1 {
			p.Attempt = ""
		}
		f.PaymentIntents = append(f.PaymentIntents, p)
		if shows := q.shows[charge1+k]; shows != 0 {
			f.Charges = append(f.Charges, must(mirror.Charge(snapshots[charge1+k][shows])))
		}
	}
	if q.shows[dispute1] != 0 && q.shows[intent1] != 0 {
		f.Disputes = append(f.Disputes, must(mirror.Dispute(snapshots[dispute1][q.shows[dispute1]])))
	}
	return f
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// ask asks apply.Order.
func (m *Order) ask(q question) answer {
	moves := apply.Order(q.facts(), vezne.Cause{}, vezne.Policy{}, at)
	o := moves.Order
	a := answer{row: q.row, paid: moves.Paid != nil}
	a.row.paidBy = 0
	for k := range 2 {
		if o.PaidAt != nil && o.PaidBy == attemptID(k) {
			a.row.paidBy = uint8(k + 1)
		}
	}
	a.row.canceled, a.row.refunded, a.row.disputed = o.CanceledAt != nil, o.AmountRefunded > 0, o.AmountDisputed > 0
	a.row.surplus, a.row.mismatch = o.Has(vezne.AttentionSurplus), o.Has(vezne.AttentionMismatch)
	for _, next := range moves.Attempts {
		k := next.Number - 1
		a.row.attempt[k] = uint8(slices.Index(attemptStates[:], next.State))
		a.row.linked[k] = next.PaymentIntentID != ""
	}
	for _, c := range moves.Calls {
		if m.KeepSurplusSilently && c.Purpose == vezne.CallRefundSurplus {
			continue
		}
		a.plans[slices.Index(keys[:], c.Key)] = true
	}
	for _, r := range moves.Read {
		for o := range objects {
			if snapshots[o][1].ID == r.ID {
				a.reads[o] = true
			}
		}
	}
	return a
}

// open is the desk's: a click opens an attempt, or joins the open one. It
// returns the number of the attempt, 0 for none.
func (m *Order) open(s *OrderState) int {
	if s.row.paidBy > 0 || s.row.cancelRequested {
		return 0
	}
	for k, state := range s.row.attempt {
		if (state == opening || state == active) && !m.OneAttemptPerClick {
			return k + 1
		}
	}
	for k, state := range s.row.attempt {
		if state == 0 && (k == 0 || !s.stray) {
			s.row.attempt[k] = opening
			s.request[create1+k] = request{state: pending, number: s.fresh()}
			return k + 1
		}
	}
	return 0
}

// closes is the desk's: another way to pay has the former attempt closed.
func (m *Order) closes(s *OrderState, k int) bool {
	if state := s.row.attempt[k]; state != active || s.request[close1+k].state != none {
		return false
	}
	q := question{row: s.row, shows: s.view().shows, stray: s.stray}
	f := q.facts()
	i := slices.IndexFunc(f.Attempts, func(a vezne.Attempt) bool { return a.ID == attemptID(k) })
	if _, ok := apply.Close(f, f.Attempts[i]); !ok {
		return false
	}
	s.request[close1+k] = request{state: pending, number: s.fresh()}
	return true
}
