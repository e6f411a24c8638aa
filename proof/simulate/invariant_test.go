package simulate_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"github.com/vezne/vezne"
)

// seen is what was seen of the desk so far, to hold later looks against.
type seen struct {
	orders  map[string]row
	refunds map[uint64]string
	// refundKeys are the keys that a refund was the answer to.
	refundKeys map[string]uint64
	// told are the revisions of orders that were held against the truth.
	told map[string]int64
	// asked are the keys under which refunds of an order were asked for.
	asked map[string]map[uint64]bool
	// kept is what is kept of objects.
	kept  map[string]string
	facts facts
	// dirtyQuiet is true when something was committed since the last quiet look.
	dirtyQuiet bool
}

func newSeen() *seen {
	return &seen{orders: map[string]row{}, refunds: map[uint64]string{}, refundKeys: map[string]uint64{}, told: map[string]int64{}, asked: map[string]map[uint64]bool{}, kept: map[string]string{}}
}

// stepQuery asks for what must hold after every commit. The sums tell whether a
// fact was written, or written again.
const stepQuery = `SELECT
	(SELECT COUNT(*) FROM vezne_entries WHERE action = 'order.paid'),
	(SELECT COUNT(*) FROM ships),
	(SELECT COUNT(DISTINCT order_id) FROM ships),
	(SELECT COUNT(*) FROM vezne_invoices),
	(SELECT COUNT(DISTINCT root_id) FROM vezne_effects WHERE topic = 'order.paid' AND kind = 'callback'),
	(SELECT COUNT(*) FROM vezne_entries WHERE action = 'order.canceled'), COUNT(canceled_at),
	COUNT(paid_at), COALESCE(SUM(paid_at / 1000), 0), COALESCE(SUM(canceled_at / 1000), 0), COALESCE(SUM(amount_paid), 0) FROM vezne_orders`

// facts are the sums over what is written once.
type facts struct{ paid, paidAt, canceledAt, amount int64 }

// checkSteps looks after a commit, whatever else is under way.
func (w *world) checkSteps() {
	for _, id := range w.doubts {
		w.checkCall(id)
	}
	w.doubts = nil
	list, dirty := w.notices()
	if !dirty || w.spoiled != "" {
		return
	}
	w.seen.dirtyQuiet = true
	money := false
	for _, n := range list {
		switch n.kind {
		case sawMoney:
			money = true
			w.checkInvoice(n.id)
		case sawBack:
			w.violate("it went back: %s", n.id)
		case sawSnapshot:
			w.checkSnapshot(n.id)
		case sawCall:
			w.checkCall(n.id)
		case sawRewritten:
			w.violate("the request %s was written down, and is another one now", n.id)
		case sawSent:
			w.checkSent(n.id)
		case sawRefund:
			w.checkRefunds(n.id)
		}
	}
	if money {
		w.checkMoney()
	}
}

// checkInvoice holds that no number is ever given twice, not even by a desk
// whose database was lost in between.
func (w *world) checkInvoice(order string) {
	for _, number := range texts(w, "SELECT number FROM vezne_invoices WHERE order_id = $1", order) {
		if other, ok := w.invoices[number]; ok && other != order {
			w.violate("the invoice %s is of %s, and of %s", number, other, order)
		}
		w.invoices[number] = order
	}
}

// checkMoney holds that what hangs on a payment happened once for each.
func (w *world) checkMoney() {
	var entries, ships, shipped, invoices, told, ends, canceled int64
	var now facts
	if err := w.asks(stepQuery).row().Scan(&entries, &ships, &shipped, &invoices, &told, &ends, &canceled, &now.paid, &now.paidAt, &now.canceledAt, &now.amount); err != nil {
		w.violate("look: %v", err)
		return
	}
	if entries != now.paid || ships != now.paid || shipped != now.paid || invoices != now.paid || told != now.paid {
		w.violate("%d orders are paid: %d audit lines, %d ships of %d orders, %d invoices, the application is told of %d", now.paid, entries, ships, shipped, invoices, told)
	}
	if ends != canceled {
		w.violate("%d orders are canceled: %d audit lines", canceled, ends)
	}
	if now != w.seen.facts {
		w.seen.facts = now
		w.stats.paid = int(now.paid)
		w.checkOrders()
	}
}

// checkSent holds that an effect that counts as delivered was accepted.
func (w *world) checkSent(id string) {
	sent := texts(w, "SELECT kind || ' ' || root_id FROM vezne_effects WHERE id = $1 AND sent_at IS NOT NULL", id)
	if len(sent) == 0 {
		return
	}
	kind, order, _ := strings.Cut(sent[0], " ")
	w.app.mu.Lock()
	accepted := w.app.effects[id] > 0
	if kind == string(vezne.EffectHook) {
		accepted = w.app.after_[vezne.OrderID(order)] > 0
	}
	w.app.mu.Unlock()
	if !accepted {
		w.violate("the effect %s of %s counts as delivered, and nobody accepted it", id, order)
	}
}

// checkRefunds holds that no more refunds of an order were asked for than keys
// were used to ask.
func (w *world) checkRefunds(order string) {
	w.mu.Lock()
	keys := len(w.seen.asked[order])
	w.mu.Unlock()
	if made := texts(w, "SELECT id FROM vezne_refund_requests WHERE order_id = $1", order); len(made) > keys && !w.restored {
		w.violate("with %d keys %d refunds of %s were asked for: %v", keys, len(made), order, made)
	}
}

// checkQuiet looks when nobody is in the middle of anything.
func (w *world) checkQuiet() {
	if !w.seen.dirtyQuiet || w.spoiled != "" || w.atWork() {
		return
	}
	w.seen.dirtyQuiet = false
	w.checkEvents()
	busy := w.checkWaiting()
	w.checkNews()
	if !busy {
		w.checkTold()
	}
	w.checkCalm()
}

// checkWaiting holds that whatever waits will be looked at again, and reports
// whether something waits to be read or sent.
func (w *world) checkWaiting() (busy bool) {
	found, err := w.asks(quiet).rows()
	if err != nil {
		w.violate("look at what waits: %v", err)
		return true
	}
	defer found.Close()
	wrong := map[string][]string{}
	for found.Next() {
		var what, of string
		if err := found.Scan(&what, &of); err != nil {
			w.violate("look at what waits: %v", err)
		}
		if what == "" {
			busy = true
			continue
		}
		wrong[what] = append(wrong[what], of)
	}
	if err := found.Err(); err != nil {
		w.violate("look at what waits: %v", err)
	}
	for _, what := range slices.Sorted(maps.Keys(wrong)) {
		w.violate("%s: %v", what, wrong[what])
	}
	return busy
}

// quiet is one question for all that must not be while nobody does anything:
// what, and of what. The last rows, of nothing, are no violation: they say that
// something waits to be read or sent.
const quiet = `SELECT 'the hook held an order back, and nothing will bring it there again', o.id FROM vezne_orders o
		WHERE o.attention LIKE '%"held_by_hook"%' AND o.attention <> '[]' AND o.paid_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM vezne_snapshots s JOIN vezne_marks m ON m.id = s.id WHERE s.root_id = o.id AND NOT m.unlinked)
	UNION ALL SELECT 'something hangs on an intent that is known, and was not taken in', s.id || ' of ' || s.root_id
		FROM vezne_snapshots s JOIN vezne_snapshots p ON p.id = s.root_id WHERE s.root_kind = 'parent' AND p.root_kind <> 'parent'
	UNION ALL SELECT 'a mark is kept aside although what it marks hangs on something', m.id
		FROM vezne_marks m JOIN vezne_snapshots s ON s.id = m.id WHERE m.unlinked AND s.root_kind <> 'parent'
	UNION ALL SELECT 'events wait that nothing will be read for', e.id || ' ' || e.type FROM vezne_events e WHERE e.state = 'received'
		AND NOT EXISTS (SELECT 1 FROM vezne_marks m WHERE m.account = e.account AND m.livemode = e.livemode AND m.id = e.object_id AND m.number >= e.number)
	UNION ALL SELECT 'an object is dead', id || ' ' || last_error FROM vezne_marks WHERE dead
	UNION ALL SELECT '', id FROM (SELECT id FROM vezne_marks UNION ALL SELECT id FROM vezne_calls WHERE state IN ('pending', 'looking') LIMIT 1)`

// checkTold holds an order against the truth as soon as everything that was told
// of it has been taken in: then the desk must know it, whatever it would look at
// again later.
func (w *world) checkTold() {
	if w.restored || w.twice {
		return
	}
	untold := w.post.untold()
	for _, id := range w.changed() {
		if untold[id] {
			continue
		}
		r, ok := w.row(id)
		if !ok || r.has(vezne.AttentionHeldByHook) {
			continue
		}
		is := w.stripe.truthOf(r.id, texts(w, "SELECT payment_intent_id FROM vezne_attempts WHERE order_id = $1 AND payment_intent_id <> ''", r.id))
		synctest.Wait()
		if w.post.sort() {
			return
		}
		w.seen.told[r.id] = r.revision
		w.stats.calm++
		w.compareOrder(r, is)
	}
}

// changed are the orders with a revision that was not held against the truth.
func (w *world) changed() []string {
	found, err := w.asks("SELECT id, revision FROM vezne_orders").rows()
	if err != nil {
		w.violate("look at the orders: %v", err)
		return nil
	}
	defer found.Close()
	var ids []string
	for found.Next() {
		var id string
		var revision int64
		if err := found.Scan(&id, &revision); err != nil {
			w.violate("look at the orders: %v", err)
		}
		if w.seen.told[id] != revision {
			ids = append(ids, id)
		}
	}
	if err := found.Err(); err != nil {
		w.violate("look at the orders: %v", err)
	}
	return ids
}

// checkCalm holds orders against the truth in the middle of everything, when
// there is nothing left to do: whatever of an order was told has been taken in,
// so that the desk must know it. Orders that something was not told of wait for
// the end.
func (w *world) checkCalm() {
	p, ok := w.desk()
	if !ok || w.strands > 0 || time.Since(w.looked) < 5*time.Hour || w.over {
		return
	}
	waiting := texts(w, `SELECT id FROM vezne_marks UNION ALL SELECT id FROM vezne_calls WHERE state IN ('pending', 'looking')`)
	if len(waiting) > 0 || p.life.isDead() {
		return
	}
	w.looked = time.Now()
	is := w.stripe.truth()
	// Asking may have been what made Stripe notice that a time has come.
	synctest.Wait()
	if w.post.sort() {
		return
	}
	untold := w.post.untold()
	for _, r := range w.rows() {
		if !untold[r.id] && !r.has(vezne.AttentionHeldByHook) && !w.restored {
			w.stats.calm++
			w.compareOrder(r, is)
		}
	}
}

// checkOrders holds facts that are written once, and each new payment against
// what Stripe says at this instant.
func (w *world) checkOrders() {
	for _, r := range w.rows() {
		former := w.seen.orders[r.id]
		if former.paidAt != nil && (r.paidAt == nil || *r.paidAt != *former.paidAt || r.paidBy != former.paidBy || r.paid != former.paid) {
			w.violate("the payment of %s was written again", r.id)
		}
		if former.canceledAt != nil && (r.canceledAt == nil || *r.canceledAt != *former.canceledAt) {
			w.violate("the cancellation of %s was written again", r.id)
		}
		if former.paidAt == nil && r.paidAt != nil {
			var i intentTruth
			if !w.stripe.get("/v1/payment_intents/"+r.intent, nil, &i) || i.Status != "succeeded" || i.Received != r.paid || i.Currency != r.currency || i.Metadata[vezne.MetadataOrder] != r.id {
				w.violate("%s became paid by %+v", r.id, i)
			}
		}
		if former.canceledAt == nil && r.canceledAt != nil {
			is := w.stripe.truth()
			for _, i := range is.intents[r.id] {
				// An amount that nobody asked for, all of it given back, is no payment.
				c := is.charges[i.ID]
				if i.Status == "succeeded" && w.altered[i.ID] && c.Captured > 0 && c.Refunded == c.Captured {
					continue
				}
				if i.Status != "canceled" && i.Status != "requires_payment_method" && !w.restored && !w.twice {
					w.violate("%s became canceled while %+v", r.id, i)
				}
			}
		}
		w.seen.orders[r.id] = r
	}
}

// checkEvents holds that no acknowledged event is lost.
func (w *world) checkEvents() {
	for _, id := range w.post.acknowledged {
		if len(texts(w, "SELECT id FROM vezne_events WHERE id = $1", id)) == 0 {
			w.violate("the event %s was acknowledged and is not there", id)
		}
	}
	w.post.acknowledged = nil
}

// end lets the world come to rest, and holds everything against the truth.
func (w *world) end() {
	defer w.close()
	if w.violated() {
		return
	}
	w.note("— the end begins: everything is mended")
	w.stats.endsAt = w.sched.steps
	w.weather.clear, w.over = true, true
	w.restoreKey()
	if p := w.now; p != nil {
		p.life.mu.Lock()
		p.life.fuse, p.life.refuse, p.life.lose = 0, 0, false
		p.life.mu.Unlock()
	}
	w.pass(time.Now().Add(hurry))
	if late := texts(w, "SELECT id || ' ' || purpose || ' ' || state || ' ' || status FROM vezne_calls WHERE state IN ('pending', 'looking')"); len(late) > 0 {
		w.violate("calls without an end, %s after everything was mended: %v", hurry, late)
	}
	w.pass(time.Now().Add(rest))
	if w.violated() {
		return
	}
	if _, ok := w.desk(); !ok {
		w.violate("the desk does not come up")
		return
	}
	w.audit()
	w.note("— the truth")
	w.compare()
	w.compareCustomers()
	w.compareApp()
	w.checkSteps()
	w.checkMoney()
	for what, query := range map[string]string{
		"calls without an end":            "SELECT id || ' ' || purpose || ' ' || state FROM vezne_calls WHERE state IN ('pending', 'looking')",
		"effects nobody accepted":         "SELECT id || ' ' || topic || ' ' || last_error FROM vezne_effects WHERE sent_at IS NULL",
		"events that were not applied":    "SELECT id || ' ' || type || ' ' || state FROM vezne_events WHERE state IN ('received', 'dead')",
		"marks that wait":                 "SELECT id || ' ' || last_error FROM vezne_marks WHERE NOT unlinked AND due_at < (SELECT MAX(due_at) FROM vezne_marks) - 86400000000",
		"leases of a dead process":        "SELECT id FROM vezne_calls WHERE state IN ('pending', 'looking') AND lease_owner <> ''",
		"audit lines without a seal":      "SELECT root_id || ' ' || action FROM vezne_entries WHERE chain_seq IS NULL",
		"events of others that were used": "SELECT id FROM vezne_events WHERE (id LIKE '%foreign' OR id LIKE '%live') AND state <> 'quarantined'",
		"client secrets in a snapshot":    "SELECT id FROM vezne_snapshots WHERE body LIKE '%\\_secret\\_%' ESCAPE '\\'",
		"client secrets in a call":        "SELECT id FROM vezne_calls WHERE refusal LIKE '%\\_secret\\_%' ESCAPE '\\' OR form LIKE '%\\_secret\\_%' ESCAPE '\\'",
		"client secrets in an answer":     "SELECT key FROM vezne_idempotency_keys WHERE CAST(answer AS TEXT) LIKE '%\\_secret\\_%' ESCAPE '\\'",
		"events kept in the clear":        "SELECT id FROM vezne_events WHERE CAST(body AS TEXT) LIKE '%\"object\"%'",
		"refunds that nobody heard of":    "SELECT id FROM vezne_refund_requests WHERE state = 'pending' AND stripe_refund_id = ''",
		"attempts that hang in opening":   "SELECT id FROM vezne_attempts WHERE state = 'opening'",
		// What is asked of a person now was asked in the trail, and not taken back.
		"attention without its audit lines": `SELECT o.id || ' ' || o.attention FROM vezne_orders o WHERE (SELECT COUNT(*) FROM json_each(o.attention) a WHERE a.value NOT IN ('held_by_hook', 'regression'))
			<> (SELECT COALESCE(SUM(CASE e.action WHEN 'attention.raised' THEN 1 ELSE -1 END), 0) FROM vezne_entries e WHERE e.root_id = o.id AND e.action IN ('attention.raised', 'attention.lowered')
				AND COALESCE(json_extract(e.content, '$.after.attention'), json_extract(e.content, '$.before.attention')) NOT IN ('held_by_hook', 'regression'))`,
		// A restored desk leaves numbers out on purpose.
		"invoices with gaps": fmt.Sprintf("SELECT series FROM vezne_invoices GROUP BY series HAVING MAX(seq) <> COUNT(*) AND NOT %t", w.restored),
	} {
		if found := texts(w, query); len(found) > 0 {
			w.violate("%s: %v", what, strings.Join(found, ", "))
		}
	}
}

// hurry is how soon every request to Stripe has an end once all is well.
const hurry = 3 * time.Hour

// rest is how long the world is left alone in the end: longer than any pause
// between two looks at an object.
const rest = 9 * day

func (w *world) audit() {
	p, ok := w.desk()
	if !ok {
		return
	}
	w.strand("audit", func(ctx context.Context) {
		report, err := p.VerifyAudit(ctx)
		if err != nil || report.Broken != "" {
			w.violate("the audit trail: %+v, %v", report, err)
		}
	})
	w.pass(time.Now().Add(time.Minute))
}
