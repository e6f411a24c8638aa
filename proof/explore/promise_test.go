package explore_test

import (
	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// check holds at every step of a walk.
func (w *walker) check() {
	w.t.Helper()
	for _, id := range w.order {
		o, err := w.store.Order(w.ctx, id)
		w.must(err)
		was := w.facts[id]
		switch {
		case was.PaidAt != nil && (o.PaidAt == nil || !o.PaidAt.Equal(*was.PaidAt) || o.PaidBy != was.PaidBy || o.AmountPaid != was.AmountPaid):
			w.fail("being paid changed: %+v, then %+v", was, o)
		case was.CanceledAt != nil && (o.CanceledAt == nil || !o.CanceledAt.Equal(*was.CanceledAt)):
			w.fail("being canceled changed: %+v, then %+v", was, o)
		case o.AmountRefunded > o.AmountPaid:
			w.fail("refunded %d of %d", o.AmountRefunded, o.AmountPaid)
		}
		w.facts[id] = o
		w.checkPaid(o)
		w.checkMoney(o)
	}
}

// checkPaid: what hangs on being paid is there once, and only then; and Stripe
// says so.
func (w *walker) checkPaid(o vezne.Order) {
	w.t.Helper()
	want := 0
	if o.PaidAt != nil {
		want = 1
	}
	count := func(what, query string) {
		var n int
		w.must(w.db.QueryRowContext(w.ctx, query, string(o.ID)).Scan(&n))
		if n != want {
			w.fail("%d %s of an order that is paid: %v", n, what, o.PaidAt != nil)
		}
	}
	count("lines order.paid", "SELECT COUNT(*) FROM vezne_entries WHERE action = 'order.paid' AND root_id = $1")
	count("invoices", "SELECT COUNT(*) FROM vezne_invoices WHERE order_id = $1")
	count("ships", "SELECT COUNT(*) FROM ships WHERE order_id = $1")
	count("call-backs", "SELECT COUNT(*) FROM vezne_effects WHERE topic = 'order.paid' AND kind = 'callback' AND root_id = $1")
	count("hooks", "SELECT COUNT(*) FROM vezne_effects WHERE topic = 'order.paid' AND kind = 'hook' AND root_id = $1")
	if o.PaidAt == nil {
		return
	}
	a, err := w.store.Attempt(w.ctx, o.PaidBy)
	w.must(err)
	if p := w.stripe.intent(string(a.PaymentIntentID)); p == nil || p.status != "succeeded" || p.received != price {
		w.fail("paid, and Stripe says %+v", p)
	}
}

// checkMoney: nothing is charged twice by us, and nothing that is canceled can
// be paid.
func (w *walker) checkMoney(o vezne.Order) {
	w.t.Helper()
	charged, payable := 0, 0
	for _, p := range w.stripe.intents {
		if p.order != string(o.ID) || p.attempt == "att_of_nobody" {
			continue
		}
		switch p.status {
		case "succeeded":
			charged++
		case "requires_payment_method", "processing":
			payable++
		}
	}
	if charged > 1 || payable > 1 {
		w.fail("order %s: %d payments, %d intents that can be paid", o.ID, charged, payable)
	}
	if o.CanceledAt != nil && charged+payable > 0 {
		w.fail("order %s is canceled, %d payments, %d intents that can be paid", o.ID, charged, payable)
	}
}

// checkEnd holds when nothing is left that must happen.
func (w *walker) checkEnd() {
	w.t.Helper()
	for _, id := range w.order {
		o := w.facts[id]
		var paying *stripeIntent
		if o.PaidAt != nil {
			a, err := w.store.Attempt(w.ctx, o.PaidBy)
			w.must(err)
			paying = w.stripe.intent(string(a.PaymentIntentID))
		}
		w.checkTruth(o, paying)
	}
	counts, err := w.store.EventCounts(w.ctx)
	w.must(err)
	if counts[vezne.EventReceived]+counts[vezne.EventDead] > 0 {
		w.fail("events are left: %v", counts)
	}
	w.checkInvoices()
	for {
		n, err := w.store.Seal(w.ctx, 50)
		w.must(err)
		if n == 0 {
			break
		}
	}
	report, err := w.store.VerifyAudit(w.ctx)
	w.must(err)
	if report.Broken != "" || report.Entries == 0 {
		w.fail("audit %+v", report)
	}
}

func (w *walker) checkTruth(o vezne.Order, paying *stripeIntent) {
	w.t.Helper()
	for _, p := range w.stripe.intents {
		if p.order != string(o.ID) {
			continue
		}
		kept, err := w.store.Snapshot(w.ctx, vezne.ObjectID(p.id))
		w.must(err)
		if kept.Root.ID != string(o.ID) {
			w.fail("%s hangs on %+v", p.id, kept.Root)
		}
		if p.status != "succeeded" || p == paying {
			continue
		}
		back := p.charge.refunded == p.received
		switch {
		case o.PaidAt == nil && o.CanceledAt == nil && p.attempt != "att_of_nobody":
			w.fail("%s is paid, the order is not", p.id)
		case o.PaidAt == nil && o.CanceledAt == nil && !back && !o.Has(vezne.AttentionMismatch):
			w.fail("%s took money for nothing, and nobody says so", p.id)
		case (o.PaidAt != nil || o.CanceledAt != nil) && !back && !o.Has(vezne.AttentionSurplus):
			w.fail("%s is a surplus, and nobody says so: %+v", p.id, o)
		case (o.PaidAt != nil || o.CanceledAt != nil) && !back && p.charge.dispute == "":
			w.fail("%s is a surplus and was not given back", p.id)
		}
	}
	if o.CancelRequestedAt != nil && o.CanceledAt == nil && o.PaidAt == nil && !processing(w.stripe, o.ID) {
		w.fail("the wish to cancel %s hangs: %+v", o.ID, o)
	}
	if paying == nil {
		return
	}
	disputed := int64(0)
	if d := paying.charge.dispute; d == "needs_response" || d == "lost" {
		disputed = price
	}
	if o.AmountRefunded != paying.charge.refunded || o.AmountDisputed != disputed {
		w.fail("refunded %d, disputed %d; Stripe says %d, %d", o.AmountRefunded, o.AmountDisputed, paying.charge.refunded, disputed)
	}
	requests, err := w.store.RefundRequests(w.ctx, o.ID)
	w.must(err)
	for _, r := range requests {
		state := "refused"
		for _, s := range paying.refunds {
			if s.ours == string(r.ID) {
				state = s.status
			}
		}
		if r.State != state {
			w.fail("refund %s is %s, Stripe says %s", r.ID, r.State, state)
		}
	}
}

func processing(s *stripe, id vezne.OrderID) bool {
	for _, p := range s.intents {
		if p.order == string(id) && p.status == "processing" {
			return true
		}
	}
	return false
}

// checkInvoices: numbers without a gap over all orders.
func (w *walker) checkInvoices() {
	w.t.Helper()
	paid, err := w.store.Orders(w.ctx, store.OrderFilter{})
	w.must(err)
	seen := map[int64]bool{}
	for _, o := range paid {
		if o.PaidAt != nil {
			inv, err := w.store.Invoice(w.ctx, o.ID)
			w.must(err)
			seen[inv.Seq] = true
		}
	}
	for n := range len(seen) {
		if !seen[int64(n+1)] {
			w.fail("invoices %v have a gap", seen)
		}
	}
}
