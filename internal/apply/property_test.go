package apply_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/apply"
)

// step applies the facts at an instant, checks what must hold after every step,
// and returns the facts as they are then.
func step(t *rapid.T, f vezne.Facts, policy vezne.Policy, at time.Time) vezne.Facts {
	before := f.Order.Clone()
	m := apply.Order(f, vezne.Cause{Actor: vezne.Actor{Kind: vezne.ActorWebhook}, EventID: "evt_1"}, policy, at)
	next := after(f, m)
	checkFacts(t, before, m)
	checkPaid(t, f, m)
	checkSurplus(t, next, m, policy)
	checkAttempts(t, f, next)
	checkReport(t, m)
	again := apply.Order(next, vezne.Cause{}, policy, at.Add(time.Minute))
	if again.Changed || again.Paid != nil || len(again.Effects)+len(again.Calls)+len(again.Entries) > 0 {
		t.Fatalf("applied to its own result it moves again: %+v\nfacts %+v", again, next)
	}
	return next
}

// after writes moves into facts, as settle does.
func after(f vezne.Facts, m vezne.Moves) vezne.Facts {
	next := f
	next.Order = m.Order
	next.Order.Revision++
	next.Attempts, next.Refunds, next.Calls = slices.Clone(f.Attempts), slices.Clone(f.Refunds), slices.Clone(f.Calls)
	for _, a := range m.Attempts {
		i := slices.IndexFunc(next.Attempts, func(b vezne.Attempt) bool { return b.ID == a.ID })
		next.Attempts[i] = a
	}
	for _, r := range m.Refunds {
		i := slices.IndexFunc(next.Refunds, func(b vezne.RefundRequest) bool { return b.ID == r.ID })
		next.Refunds[i] = r
	}
	for _, c := range m.Calls {
		next.Calls = append(next.Calls, vezne.Call{Key: c.Key, Purpose: c.Purpose, Attempt: c.Attempt, Path: c.Path, State: vezne.CallPending})
	}
	return next
}

// checkFacts: what is written once stays, and Paid and Canceled exclude each
// other.
func checkFacts(t *rapid.T, b vezne.Order, m vezne.Moves) {
	o := m.Order
	same := func(name string, was, is *time.Time) {
		if was != nil && (is == nil || !is.Equal(*was)) {
			t.Fatalf("%s was %v and is %v", name, was, is)
		}
	}
	same("paid_at", b.PaidAt, o.PaidAt)
	same("canceled_at", b.CanceledAt, o.CanceledAt)
	same("cancel_requested_at", b.CancelRequestedAt, o.CancelRequestedAt)
	if b.PaidAt != nil && (o.PaidBy != b.PaidBy || o.AmountPaid != b.AmountPaid) {
		t.Fatalf("paid by %s (%d), now by %s (%d)", b.PaidBy, b.AmountPaid, o.PaidBy, o.AmountPaid)
	}
	if o.PaidAt != nil && o.CanceledAt != nil {
		t.Fatal("paid and canceled")
	}
	if (m.Paid != nil) != (b.PaidAt == nil && o.PaidAt != nil) {
		t.Fatalf("Moves.Paid is %v, paid_at went from %v to %v", m.Paid, b.PaidAt, o.PaidAt)
	}
	for name, n := range map[string]int64{"authorized": o.AmountAuthorized, "paid": o.AmountPaid, "refunded": o.AmountRefunded, "disputed": o.AmountDisputed} {
		if n < 0 {
			t.Fatalf("amount_%s is %d", name, n)
		}
	}
	if o.AmountRefunded > o.AmountPaid {
		t.Fatalf("refunded %d of %d", o.AmountRefunded, o.AmountPaid)
	}
}

// proof says, in words of its own, whether an attempt collected what it asked
// for: this is the oracle for what apply says.
func proof(f vezne.Facts, a vezne.Attempt) bool {
	var s *vezne.CheckoutSession
	var p *vezne.PaymentIntent
	for i := range f.Sessions {
		if f.Sessions[i].ID == a.SessionID {
			s = &f.Sessions[i]
		}
	}
	for i := range f.PaymentIntents {
		if f.PaymentIntents[i].ID == a.PaymentIntentID {
			p = &f.PaymentIntents[i]
		}
	}
	free := s != nil && p == nil && s.Status == "complete" && s.PaymentStatus == "no_payment_required" && s.AmountTotal == 0 &&
		s.AmountSubtotal == a.Expected && s.AmountSubtotal-s.AmountDiscount+s.AmountShipping+s.AmountTax == 0 && s.Currency == a.Currency && !s.Livemode
	if p == nil {
		return free
	}
	asked := a.Expected
	if s != nil && s.AmountTotal != a.Expected {
		asked = -1
		if s.Status == "complete" && s.PaymentIntent == p.ID && s.Currency == a.Currency && !s.Livemode && s.AmountSubtotal == a.Expected {
			asked = s.AmountSubtotal - s.AmountDiscount + s.AmountShipping + s.AmountTax
			if asked != s.AmountTotal {
				asked = -1
			}
		}
	}
	if p.Status != "succeeded" || p.Currency != a.Currency || p.Livemode || p.Amount != asked {
		return false
	}
	if a.CapturedExpected > 0 {
		asked = a.CapturedExpected
	}
	return p.AmountReceived == asked
}

func checkPaid(t *rapid.T, f vezne.Facts, m vezne.Moves) {
	next := after(f, m)
	for _, a := range next.Attempts {
		if m.Paid != nil && a.ID == m.Order.PaidBy {
			if !proof(next, a) {
				t.Fatalf("paid by %+v without a proof in %+v", a, next)
			}
			return
		}
	}
	if m.Paid != nil {
		t.Fatalf("paid by an attempt that is not there: %q", m.Order.PaidBy)
	}
	if m.Order.PaidAt != nil || m.Order.CanceledAt != nil {
		return
	}
	for _, a := range next.Attempts {
		if proof(next, a) {
			t.Fatalf("%+v collected what it asked for, and the order is not paid: %+v", a, next)
		}
	}
}

// checkSurplus: money is never silence. Whatever succeeded and did not pay the
// order is given back, or flagged, and given back unless the shop keeps it.
func checkSurplus(t *rapid.T, f vezne.Facts, m vezne.Moves, policy vezne.Policy) {
	paying := vezne.ObjectID("")
	for _, a := range f.Attempts {
		if m.Order.PaidAt != nil && a.ID == m.Order.PaidBy {
			paying = a.PaymentIntentID
		}
	}
	want := map[vezne.Attention]bool{}
	for _, p := range f.PaymentIntents {
		back := slices.ContainsFunc(f.Charges, func(c vezne.Charge) bool {
			return c.PaymentIntent == p.ID && c.Status == "succeeded" && c.AmountRefunded >= c.AmountCaptured
		})
		if p.Status != "succeeded" || back || p.ID == paying {
			continue
		}
		ended := m.Order.PaidAt != nil || m.Order.CanceledAt != nil
		if !ended {
			unread := slices.ContainsFunc(m.Read, func(r vezne.ReadMove) bool { return r.ID == p.ID })
			if !m.Order.Has(vezne.AttentionMismatch) && !unread {
				t.Fatalf("%+v collected money for nothing, silently: %+v", p, m)
			}
			continue
		}
		want[vezne.AttentionSurplus] = true
		planned := slices.ContainsFunc(f.Calls, func(c vezne.Call) bool {
			return c.Purpose == vezne.CallRefundSurplus && c.Key == "ord_1:surplus:"+string(p.ID)
		})
		if planned == policy.KeepSurplus {
			t.Fatalf("surplus %s: a refund is planned: %v, the shop keeps it: %v", p.ID, planned, policy.KeepSurplus)
		}
	}
	if m.Order.Has(vezne.AttentionSurplus) != want[vezne.AttentionSurplus] {
		t.Fatalf("surplus flagged %v, want %v: %+v", m.Order.Has(vezne.AttentionSurplus), want[vezne.AttentionSurplus], f)
	}
}

// givenBack: the attempt took what it did not ask for, and nothing of it is left.
func givenBack(f vezne.Facts, a vezne.Attempt) bool {
	return a.State == vezne.AttemptPaid && !proof(f, a) && slices.ContainsFunc(f.Charges, func(c vezne.Charge) bool {
		return c.PaymentIntent == a.PaymentIntentID && c.Status == "succeeded" && c.AmountCaptured > 0 && c.AmountRefunded == c.AmountCaptured
	})
}

// checkAttempts: ends are final, and an order is canceled only when every
// attempt is unpaid or gave back all that it wrongly took.
func checkAttempts(t *rapid.T, f, next vezne.Facts) {
	ended := next.Order.PaidAt != nil || next.Order.CancelRequestedAt != nil
	for i, a := range next.Attempts {
		was := f.Attempts[i].State
		if (was == vezne.AttemptPaid || was == vezne.AttemptUnpaid) && a.State != was && a.State != vezne.AttemptPaid {
			t.Fatalf("attempt %s went from %s to %s", a.ID, was, a.State)
		}
		if (a.ClosedAt == nil) != a.Open() {
			t.Fatalf("attempt %s is %s and closed at %v", a.ID, a.State, a.ClosedAt)
		}
		if next.Order.CanceledAt != nil && f.Order.CanceledAt == nil && a.State != vezne.AttemptUnpaid && !givenBack(next, a) {
			t.Fatalf("canceled while attempt %s is %s", a.ID, a.State)
		}
	}
	// Nothing that nobody needs any more stays payable.
	closes := func(id vezne.ObjectID) bool {
		return slices.ContainsFunc(next.Calls, func(c vezne.Call) bool {
			return c.Purpose == vezne.CallExpireSession && c.Key == "ord_1:close:"+string(id)
		})
	}
	for _, s := range next.Sessions {
		if s.Status == "open" && (ended || closedUnpaid(next, s.Attempt)) && !closes(s.ID) {
			t.Fatalf("session %s stays open: %+v", s.ID, next)
		}
	}
	for _, p := range next.PaymentIntents {
		// An intent of a session is closed by its door, the session.
		door := slices.ContainsFunc(next.Attempts, func(a vezne.Attempt) bool { return a.ID == p.Attempt && a.Kind == vezne.AttemptCheckout })
		waits := p.Status == "requires_payment_method" || p.Status == "requires_confirmation" || p.Status == "requires_action"
		if (p.Status == "requires_capture" || (waits && !door)) && (ended || closedUnpaid(next, p.Attempt)) {
			if !slices.ContainsFunc(next.Calls, func(c vezne.Call) bool {
				return c.Purpose == vezne.CallCancelPaymentIntent && c.Key == "ord_1:close:"+string(p.ID)+":"+p.Status
			}) {
				t.Fatalf("intent %s stays payable: %+v", p.ID, next)
			}
		}
	}
}

func closedUnpaid(f vezne.Facts, id vezne.AttemptID) bool {
	return slices.ContainsFunc(f.Attempts, func(a vezne.Attempt) bool { return a.ID == id && a.State == vezne.AttemptUnpaid })
}

// checkReport: what hangs on being Paid is written with it and only with it,
// and no key stands twice.
func checkReport(t *rapid.T, m vezne.Moves) {
	keys := map[string]bool{}
	paid := 0
	for _, e := range m.Effects {
		if keys[e.Key] {
			t.Fatalf("the effect %s stands twice", e.Key)
		}
		keys[e.Key] = true
		if e.Topic == "order.paid" {
			paid++
		}
	}
	lines := 0
	for _, e := range m.Entries {
		if e.Action == "order.paid" {
			lines++
		}
	}
	want := 0
	if m.Paid != nil {
		want = 1
	}
	if paid != want || lines != want {
		t.Fatalf("%d effects and %d lines of order.paid, want %d", paid, lines, want)
	}
	for _, c := range m.Calls {
		if keys[c.Key] {
			t.Fatalf("the call %s stands twice", c.Key)
		}
		keys[c.Key] = true
	}
}

// reveal makes something known.
type reveal func(f *vezne.Facts)

// drawWorld draws what has come to be at Stripe, as a list of things that can
// become known in any order. calm worlds hold at most one payment and no object
// that outlives its attempt: in them the end does not depend on the order.
func drawWorld(t *rapid.T, calm bool) (vezne.Facts, []reveal) {
	f := open()
	var world []reveal
	pays := 0
	for i := range rapid.IntRange(1, 3).Draw(t, "attempts") {
		id := vezne.AttemptID(fmt.Sprint("att_", i+1))
		a := attempt(id, rapid.SampledFrom([]vezne.AttemptKind{vezne.AttemptCheckout, vezne.AttemptPaymentIntent}).Draw(t, "kind"), vezne.AttemptOpening)
		a.Number = i + 1
		f.Attempts = append(f.Attempts, a)
		f.Calls = append(f.Calls, vezne.Call{ID: a.CreateCall, Attempt: id, Purpose: vezne.CallCreateSession, Key: string(a.CreateCall), State: vezne.CallDone})
		if rapid.IntRange(0, 7).Draw(t, "fate") == 0 {
			f.Calls[len(f.Calls)-1].State = rapid.SampledFrom([]vezne.CallState{vezne.CallRefused, vezne.CallAbandoned, vezne.CallPending}).Draw(t, "call")
			if calm || f.Calls[len(f.Calls)-1].State == vezne.CallRefused {
				continue
			}
		}
		statuses := []string{"requires_payment_method", "requires_action", "processing", "requires_capture", "canceled", "succeeded", "succeeded"}
		if calm && pays == 1 {
			statuses = statuses[:5]
		}
		status := rapid.SampledFrom(statuses).Draw(t, "status")
		if status == "succeeded" {
			pays++
		}
		if a.Kind == vezne.AttemptPaymentIntent && status == "succeeded" && rapid.IntRange(0, 3).Draw(t, "partly") == 0 {
			f.Attempts[i].ManualCapture, f.Attempts[i].CapturedExpected = true, 500
			c := vezne.Call{ID: "call_capture_" + vezne.CallID(id), Attempt: id, Purpose: vezne.CallCapturePaymentIntent, Key: "capture " + string(id), Form: "amount_to_capture=500", State: vezne.CallDone}
			a = f.Attempts[i]
			if rapid.IntRange(0, 2).Draw(t, "given up") == 0 {
				c.State, f.Attempts[i].CapturedExpected = vezne.CallAbandoned, 0
			}
			f.Calls = append(f.Calls, c)
		}
		world = append(world, drawObjects(t, a, status)...)
		if !calm && rapid.Bool().Draw(t, "earlier look") {
			early := intent(vezne.ObjectID("pi_"+string(id[4:])), id, rapid.SampledFrom(statuses[:4]).Draw(t, "earlier"))
			world = append(world, func(f *vezne.Facts) {
				if !slices.ContainsFunc(f.PaymentIntents, func(p vezne.PaymentIntent) bool { return p.ID == early.ID }) {
					f.PaymentIntents = append(f.PaymentIntents, early)
				}
			})
		}
	}
	if !calm && rapid.IntRange(0, 3).Draw(t, "stray") == 0 {
		// An intent of an attempt that has another one, or of none at all.
		p := intent("pi_stray", rapid.SampledFrom([]vezne.AttemptID{"att_1", "att_none"}).Draw(t, "whose"), rapid.SampledFrom([]string{"succeeded", "requires_capture", "requires_action"}).Draw(t, "stray status"))
		world = append(world, func(f *vezne.Facts) { f.PaymentIntents = append(f.PaymentIntents, p) })
	}
	if rapid.Bool().Draw(t, "canceled") {
		f.Order.CancelRequestedAt = &now
	}
	return f, world
}

// drawObjects draws the objects of an attempt around an intent of a status.
func drawObjects(t *rapid.T, a vezne.Attempt, status string) []reveal {
	n := string(a.ID[4:])
	p := intent(vezne.ObjectID("pi_"+n), a.ID, status)
	s := session(vezne.ObjectID("cs_"+n), a.ID, "open", "unpaid")
	s.PaymentIntent = p.ID
	switch status {
	case "succeeded":
		s.Status, s.PaymentStatus = "complete", "paid"
	case "processing", "requires_capture":
		s.Status = "complete"
	case "canceled":
		s.Status = "expired"
	}
	switch rapid.IntRange(0, 9).Draw(t, "twist") {
	case 0: // what no attempt asked for
		p.Amount, p.AmountReceived = p.Amount-1, max(p.AmountReceived-1, 0)
	case 1:
		p.Currency, s.Currency = "eur", "eur"
	case 2:
		p.Livemode, s.Livemode = true, true
	case 3: // Checkout's own breakdown
		s.AmountDiscount, s.AmountTax, s.AmountTotal = 999, 180, 1180
		if a.Kind == vezne.AttemptCheckout {
			p.Amount = 1180
			p.AmountReceived = min(p.AmountReceived, 1180)
		}
	}
	if status == "requires_capture" {
		p.AmountCapturable = p.Amount
	}
	c := vezne.Charge{ID: "ch_" + p.ID, PaymentIntent: p.ID, Status: "succeeded", Currency: p.Currency, Amount: p.Amount, AmountCaptured: p.AmountReceived, Captured: true}
	c.AmountRefunded = rapid.SampledFrom([]int64{0, 0, 5, c.AmountCaptured}).Draw(t, "refunded")
	if a.CapturedExpected > 0 {
		p.AmountReceived = rapid.SampledFrom([]int64{500, 500, 499, p.Amount}).Draw(t, "captured")
		c.AmountCaptured, c.AmountRefunded = p.AmountReceived, min(c.AmountRefunded, p.AmountReceived)
	}
	if a.Kind == vezne.AttemptCheckout && status == "succeeded" && rapid.IntRange(0, 4).Draw(t, "free") == 0 {
		s.PaymentStatus, s.PaymentIntent, s.AmountDiscount, s.AmountTax, s.AmountTotal = "no_payment_required", "", 1999, 0, rapid.SampledFrom([]int64{0, 0, 1}).Draw(t, "left to pay")
		return []reveal{func(f *vezne.Facts) { f.Sessions = append(f.Sessions, s) }}
	}
	list := []reveal{func(f *vezne.Facts) {
		f.PaymentIntents = slices.DeleteFunc(slices.Clone(f.PaymentIntents), func(q vezne.PaymentIntent) bool { return q.ID == p.ID })
		f.PaymentIntents = append(f.PaymentIntents, p)
	}}
	if a.Kind == vezne.AttemptCheckout {
		list = append(list, func(f *vezne.Facts) { f.Sessions = append(f.Sessions, s) })
	}
	if status != "succeeded" {
		return list
	}
	list = append(list, func(f *vezne.Facts) { f.Charges = append(f.Charges, c) })
	if rapid.IntRange(0, 3).Draw(t, "disputed") == 0 {
		d := vezne.Dispute{ID: vezne.ObjectID("du_" + n), Charge: c.ID, Status: rapid.SampledFrom([]string{"needs_response", "lost", "won", "warning_needs_response"}).Draw(t, "dispute"), Amount: p.AmountReceived, Currency: p.Currency}
		list = append(list, func(f *vezne.Facts) { f.Disputes = append(f.Disputes, d) })
	}
	return list
}

func TestWhateverBecomesKnownInWhateverOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f, world := drawWorld(t, false)
		policy := vezne.Policy{KeepSurplus: rapid.Bool().Draw(t, "keep")}
		at := now
		f = step(t, f, policy, at)
		for _, show := range rapid.Permutation(world).Draw(t, "order") {
			at = at.Add(time.Second)
			show(&f)
			f = step(t, f, policy, at)
		}
	})
}

// end is what must not depend on the order in which facts became known.
type end struct {
	Status                                vezne.OrderStatus
	Authorized, Paid, Refunded, Disputed  int64
	PaidBy                                vezne.AttemptID
	Attention                             []vezne.Attention
	Attempts                              map[vezne.AttemptID]vezne.AttemptState
	Calls                                 []string
	IsPaid, IsCanceled, CancelIsRequested bool
}

func endOf(f vezne.Facts) end {
	o := f.Order
	e := end{Status: o.Status(), Authorized: o.AmountAuthorized, Paid: o.AmountPaid, Refunded: o.AmountRefunded, Disputed: o.AmountDisputed, PaidBy: o.PaidBy,
		Attention: o.Attention, Attempts: map[vezne.AttemptID]vezne.AttemptState{}, IsPaid: o.PaidAt != nil, IsCanceled: o.CanceledAt != nil, CancelIsRequested: o.CancelRequestedAt != nil}
	for _, a := range f.Attempts {
		e.Attempts[a.ID] = a.State
	}
	for _, c := range f.Calls {
		if c.ID == "" { // planned here
			e.Calls = append(e.Calls, c.Key)
		}
	}
	slices.Sort(e.Calls)
	return e
}

func TestTheEndDoesNotDependOnTheOrderInWhichFactsBecameKnown(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start, world := drawWorld(t, true)
		run := func(order []reveal, atOnce bool) end {
			f := start
			f.Attempts, f.Calls = slices.Clone(f.Attempts), slices.Clone(f.Calls)
			at := now
			for _, show := range order {
				show(&f)
				if !atOnce {
					at = at.Add(time.Second)
					f = step(t, f, vezne.Policy{}, at)
				}
			}
			return endOf(step(t, f, vezne.Policy{}, at.Add(time.Second)))
		}
		all := run(world, true)
		one := run(rapid.Permutation(world).Draw(t, "order"), false)
		if d := cmp.Diff(all, one); d != "" {
			t.Fatalf("-all at once +one by one:\n%s", d)
		}
	})
}

func TestAttentionThatFactsDoNotGiveIsKept(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f, world := drawWorld(t, false)
		for _, show := range world {
			show(&f)
		}
		f.Order.Attention = []vezne.Attention{vezne.AttentionHeldByHook, vezne.AttentionRegression}
		m := apply.Order(f, vezne.Cause{}, vezne.Policy{}, now)
		if !m.Order.Has(vezne.AttentionRegression) {
			t.Fatal("an object that left a final state was forgotten")
		}
		if m.Order.Has(vezne.AttentionHeldByHook) != (m.Order.PaidAt == nil) {
			t.Fatalf("held by the hook: %v, paid at %v", m.Order.Has(vezne.AttentionHeldByHook), m.Order.PaidAt)
		}
	})
}

func TestApplyLeavesWhatItWasGivenAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f, world := drawWorld(t, false)
		for _, show := range world {
			show(&f)
		}
		kept := f
		kept.Order = f.Order.Clone()
		kept.Attempts, kept.Calls = slices.Clone(f.Attempts), slices.Clone(f.Calls)
		apply.Order(f, vezne.Cause{}, vezne.Policy{}, now)
		if d := cmp.Diff(kept, f); d != "" {
			t.Fatalf("-given +left:\n%s", d)
		}
	})
}
