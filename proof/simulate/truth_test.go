package simulate_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/vezne/vezne"
)

// The truth is computed from what Stripe holds, by rules that are as simple as
// the promises: it shares no line with the desk's own decisions.

type intentTruth struct {
	ID         string            `json:"id"`
	Status     string            `json:"status"`
	Amount     int64             `json:"amount"`
	Received   int64             `json:"amount_received"`
	Capturable int64             `json:"amount_capturable"`
	Currency   string            `json:"currency"`
	Charge     string            `json:"latest_charge"`
	Metadata   map[string]string `json:"metadata"`
}

type chargeTruth struct {
	ID       string `json:"id"`
	Intent   string `json:"payment_intent"`
	Status   string `json:"status"`
	Captured int64  `json:"amount_captured"`
	Refunded int64  `json:"amount_refunded"`
}

type disputeTruth struct {
	ID     string `json:"id"`
	Intent string `json:"payment_intent"`
	Status string `json:"status"`
	Amount int64  `json:"amount"`
}

type refundTruth struct {
	ID       string            `json:"id"`
	Intent   string            `json:"payment_intent"`
	Status   string            `json:"status"`
	Amount   int64             `json:"amount"`
	Created  int64             `json:"created"`
	Metadata map[string]string `json:"metadata"`
}

type sessionTruth struct {
	ID            string            `json:"id"`
	Status        string            `json:"status"`
	PaymentStatus string            `json:"payment_status"`
	Metadata      map[string]string `json:"metadata"`
}

type customerTruth struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Metadata map[string]string `json:"metadata"`
}

type methodTruth struct {
	ID string `json:"id"`
}

// truth is everything that Stripe holds.
type truth struct {
	intents  map[string][]intentTruth
	sessions map[string][]sessionTruth
	charges  map[string]chargeTruth
	disputes map[string][]disputeTruth
	refunds  map[string][]refundTruth
}

func (s *stripe) truth() truth {
	out := truth{map[string][]intentTruth{}, map[string][]sessionTruth{}, map[string]chargeTruth{}, map[string][]disputeTruth{}, map[string][]refundTruth{}}
	for _, i := range list[intentTruth](s, "/v1/payment_intents", nil) {
		order := i.Metadata[vezne.MetadataOrder]
		out.intents[order] = append(out.intents[order], i)
	}
	for _, i := range list[sessionTruth](s, "/v1/checkout/sessions", nil) {
		order := i.Metadata[vezne.MetadataOrder]
		out.sessions[order] = append(out.sessions[order], i)
	}
	for _, c := range list[chargeTruth](s, "/v1/charges", nil) {
		if c.Status == "succeeded" {
			out.charges[c.Intent] = c
		}
	}
	for _, d := range list[disputeTruth](s, "/v1/disputes", nil) {
		out.disputes[d.Intent] = append(out.disputes[d.Intent], d)
	}
	for _, r := range list[refundTruth](s, "/v1/refunds", nil) {
		out.refunds[r.Intent] = append(out.refunds[r.Intent], r)
	}
	return out
}

// truthOf is what Stripe holds of an order's intents.
func (s *stripe) truthOf(order string, intents []string) truth {
	out := truth{map[string][]intentTruth{}, map[string][]sessionTruth{}, map[string]chargeTruth{}, map[string][]disputeTruth{}, map[string][]refundTruth{}}
	for id, of := range s.world.again {
		if of == order {
			intents = append(intents, id)
		}
	}
	slices.Sort(intents)
	for _, id := range slices.Compact(intents) {
		var i intentTruth
		if !s.get("/v1/payment_intents/"+id, nil, &i) || i.Metadata[vezne.MetadataOrder] != order {
			continue
		}
		out.intents[order] = append(out.intents[order], i)
		if i.Charge == "" {
			// What could be given back or disputed hangs on a charge.
			continue
		}
		of := url.Values{"payment_intent": {id}}
		for _, c := range list[chargeTruth](s, "/v1/charges", of) {
			if c.Status == "succeeded" {
				out.charges[c.Intent] = c
			}
		}
		out.disputes[id] = list[disputeTruth](s, "/v1/disputes", of)
		out.refunds[id] = list[refundTruth](s, "/v1/refunds", of)
	}
	return out
}

// row is an order as the desk has it.
type row struct {
	id, status, currency, paidBy, attention    string
	total, authorized, paid, refunded, dispute int64
	processing                                 bool
	paidAt, canceledAt, cancelRequested        *int64
	revision                                   int64
	intent, session                            string
	captured                                   int64
}

const rowQuery = `SELECT o.id, o.status, o.currency, o.paid_by, o.attention, o.amount_total, o.amount_authorized, o.amount_paid, o.amount_refunded, o.amount_disputed,
	o.processing, o.paid_at, o.canceled_at, o.cancel_requested_at, o.revision, COALESCE(a.payment_intent_id, ''), COALESCE(a.session_id, ''), COALESCE(a.captured_expected, 0)
	FROM vezne_orders o LEFT JOIN vezne_attempts a ON a.account = o.account AND a.livemode = o.livemode AND a.id = o.paid_by AND o.paid_by <> ''`

func (w *world) rows() []row { return w.rowsOf(rowQuery) }

// row is one order, if the desk has it.
func (w *world) row(id string) (row, bool) {
	list := w.rowsOf(rowQuery+" WHERE o.id = $1", id)
	if len(list) != 1 {
		return row{}, false
	}
	return list[0], true
}

func (w *world) rowsOf(query string, args ...any) []row {
	found, err := w.asks(query).rows(args...)
	if err != nil {
		w.violate("look at the orders: %v", err)
		return nil
	}
	defer found.Close()
	var out []row
	for found.Next() {
		var r row
		if err := found.Scan(&r.id, &r.status, &r.currency, &r.paidBy, &r.attention, &r.total, &r.authorized, &r.paid, &r.refunded, &r.dispute, &r.processing,
			&r.paidAt, &r.canceledAt, &r.cancelRequested, &r.revision, &r.intent, &r.session, &r.captured); err != nil {
			w.violate("look at the orders: %v", err)
		}
		out = append(out, r)
	}
	if err := found.Err(); err != nil {
		w.violate("look at the orders: %v", err)
	}
	return out
}

// says is the one word for an order that its facts and sums give.
func (r row) says() string {
	switch {
	case r.paidAt != nil && r.dispute > 0:
		return "disputed"
	case r.paidAt != nil && r.refunded > 0 && r.refunded < r.paid:
		return "partially_refunded"
	case r.paidAt != nil && r.refunded > 0:
		return "refunded"
	case r.paidAt != nil:
		return "paid"
	case r.canceledAt != nil:
		return "canceled"
	case r.authorized > 0:
		return "authorized"
	case r.processing:
		return "processing"
	}
	return "open"
}

func (r row) has(a vezne.Attention) bool { return strings.Contains(r.attention, `"`+string(a)+`"`) }

// compare holds every order against the truth.
func (w *world) compare() {
	is := w.stripe.truth()
	known := map[string]bool{}
	for _, r := range w.rows() {
		known[r.id] = true
		w.compareOrder(r, is)
	}
	for order, intents := range is.intents {
		if !known[order] && !w.restored {
			w.violate("Stripe has %d intents of the order %q, which the desk does not know", len(intents), order)
		}
	}
}

// compareOrder holds an order against the truth.
func (w *world) compareOrder(r row, is truth) {
	var taken []intentTruth
	held, processing := int64(0), false
	payable, again := 0, int64(0)
	// What a bank has charged back cannot be given back: a person sees to it.
	chargedBack := false
	for _, i := range is.intents[r.id] {
		switch i.Status {
		case "succeeded":
			if w.again[i.ID] != "" {
				// What somebody else makes is known by an event or by the search only.
				if !w.post.told[i.ID] && !w.weather.climate.watches {
					continue
				}
				if is.chargedBack(i.ID) {
					chargedBack = true
					continue
				}
				c := is.charges[i.ID]
				again += c.Captured - c.Refunded
				continue
			}
			taken = append(taken, i)
		case "requires_capture":
			held += i.Capturable
			payable++
		case "processing":
			processing = true
			payable++
		case "requires_payment_method", "requires_confirmation", "requires_action":
			if w.handed[i.ID] {
				payable++
			}
		}
	}
	for _, s := range is.sessions[r.id] {
		if s.Status == "open" {
			payable++
		}
	}
	kept := again
	for _, i := range taken {
		if i.ID == r.intent {
			continue
		}
		if is.chargedBack(i.ID) {
			chargedBack = true
			continue
		}
		c := is.charges[i.ID]
		kept += c.Captured - c.Refunded
	}
	at := func(format string, args ...any) {
		w.violate("order %s (%s, paid %d, refunded %d, disputed %d, held %d, attention %s): "+format,
			append([]any{r.id, r.status, r.paid, r.refunded, r.dispute, r.authorized, r.attention}, args...)...)
	}
	// A payment whose amount somebody changed at Stripe, given back whole, is
	// undone: the order is open again, and paying it is no second time.
	charged := 0
	for _, i := range taken {
		if c := is.charges[i.ID]; !w.altered[i.ID] || i.ID == r.intent || c.Refunded < c.Captured {
			charged++
		}
	}
	if charged > 1 && !w.restored && !w.twice {
		at("it was charged %d times: %+v", charged, taken)
	}
	// Money that nobody asked for makes nothing Paid; a person must look. A desk
	// whose database was lost does not know what it asked for since the backup.
	wrong := false
	for _, i := range taken {
		if (w.altered[i.ID] || w.forgot(i)) && r.paidAt == nil && r.canceledAt == nil && is.charges[i.ID].Refunded < is.charges[i.ID].Captured {
			wrong = true
		}
	}
	if r.paidAt == nil && r.canceledAt == nil && len(taken) > 0 && kept > 0 && !wrong {
		at("Stripe took money and it is not paid: %+v", taken)
	}
	if kept > 0 && (r.paidAt != nil || r.canceledAt != nil) {
		at("%d are kept that are not the order's", kept)
	}
	if r.paidAt != nil {
		w.comparePaid(r, is, taken, at)
	}
	if r.paidAt == nil && r.authorized != held || r.paidAt != nil && r.authorized != 0 {
		at("Stripe holds %d", held)
	}
	if r.paidAt == nil && r.processing != processing {
		at("processing is %v, Stripe says %v", r.processing, processing)
	}
	// What Stripe made long after it said that it failed has no event: a session
	// of that kind stays until it expires, and nobody has its address.
	unheard := w.twice && !w.over
	if (r.paidAt != nil || r.canceledAt != nil) && payable > 0 && !unheard {
		at("it can still be paid at Stripe: %+v %+v", is.intents[r.id], is.sessions[r.id])
	}
	if payable > 1 && !unheard {
		at("it can be paid in %d ways at Stripe: %+v %+v", payable, is.intents[r.id], is.sessions[r.id])
	}
	if r.cancelRequested != nil && r.canceledAt == nil && r.paidAt == nil && !processing && !wrong {
		at("the wish to cancel it hangs")
	}
	if wrong != r.has(vezne.AttentionMismatch) {
		at("Stripe took another amount than was asked for: %v: %+v", wrong, taken)
	}
	if want := r.says(); r.status != want {
		at("it is called %s, and is %s", r.status, want)
	}
	for _, a := range []vezne.Attention{vezne.AttentionUnsure, vezne.AttentionHeldByHook, vezne.AttentionRegression, vezne.AttentionSurplus} {
		if r.has(a) && (a != vezne.AttentionSurplus || !chargedBack) {
			at("in the end it asks for attention: %s", a)
		}
	}
	waits, asks := false, false
	for _, i := range is.intents[r.id] {
		for _, d := range is.disputes[i.ID] {
			waits = waits || d.Status == "needs_response"
			asks = asks || d.Status == "warning_needs_response"
		}
	}
	if waits != r.has(vezne.AttentionDisputed) || asks != r.has(vezne.AttentionInquiry) {
		at("a bank waits for an answer: %v, asks: %v: %+v", waits, asks, is.disputes[r.intent])
	}
}

// chargedBack reports whether a bank took a payment back, for good or until it
// has decided.
func (t truth) chargedBack(intent string) bool {
	return slices.ContainsFunc(t.disputes[intent], func(d disputeTruth) bool { return !strings.HasPrefix(d.Status, "warning_") })
}

// forgot reports whether the attempt that made an intent, or the request that
// captured a part of it, was lost with the database.
func (w *world) forgot(i intentTruth) bool {
	if !w.restored {
		return false
	}
	if len(texts(w, "SELECT id FROM vezne_attempts WHERE id = $1", i.Metadata[vezne.MetadataAttempt])) == 0 {
		return true
	}
	return i.Received != i.Amount && len(texts(w, "SELECT id FROM vezne_calls WHERE path = $1", "/v1/payment_intents/"+i.ID+"/capture")) == 0
}

func (w *world) comparePaid(r row, is truth, taken []intentTruth, at func(string, ...any)) {
	i := slices.IndexFunc(taken, func(i intentTruth) bool { return i.ID == r.intent })
	if i < 0 {
		at("Stripe has no money of the intent %q: %+v", r.intent, is.intents[r.id])
		return
	}
	want := r.total
	if r.captured > 0 {
		want = r.captured
	}
	disputed := int64(0)
	for _, d := range is.disputes[r.intent] {
		if d.Status == "needs_response" || d.Status == "under_review" || d.Status == "lost" {
			disputed += d.Amount
		}
	}
	c := is.charges[r.intent]
	if r.paid != taken[i].Received || r.paid != want || taken[i].Currency != r.currency || r.refunded != c.Refunded || r.dispute != disputed {
		at("Stripe took %d of %d %s, gave back %d, %d are disputed", taken[i].Received, want, taken[i].Currency, c.Refunded, disputed)
	}
	given := int64(0)
	asked := map[string]int{}
	for _, f := range is.refunds[r.intent] {
		if f.Status != "failed" && f.Status != "canceled" {
			given += f.Amount
		}
		if id := f.Metadata[vezne.MetadataRefund]; id != "" {
			if asked[id]++; asked[id] > 1 {
				at("the refund %s was made twice", id)
			}
		}
	}
	if given > r.paid {
		at("%d were given back of %d", given, r.paid)
	}
	failed, told := false, false
	for _, i := range is.intents[r.id] {
		failed = failed || newestFailed(is.refunds[i.ID])
		told = told || newestFailed(slices.DeleteFunc(slices.Clone(is.refunds[i.ID]), w.unheard))
	}
	if has := r.has(vezne.AttentionRefundFailed); has != failed && has != told {
		at("the newest refund of a payment failed: %v", failed)
	}
}

// unheard reports whether nothing told the desk of a refund that it did not ask
// for: one that failed leaves no trace in its charge.
func (w *world) unheard(f refundTruth) bool {
	return f.Metadata[vezne.MetadataRefund] == "" && !w.post.told[f.ID] && !w.weather.climate.watches
}

func newestFailed(list []refundTruth) bool {
	newest := refundTruth{}
	for _, f := range list {
		if f.Created > newest.Created || f.Created == newest.Created && f.ID > newest.ID {
			newest = f
		}
	}
	return newest.Status == "failed"
}

// compareCustomers holds saved cards and customers against the truth.
func (w *world) compareCustomers() {
	living := map[string][]string{}
	for _, c := range list[customerTruth](w.stripe, "/v1/customers", nil) {
		id := c.Metadata[vezne.MetadataCustomer]
		living[id] = append(living[id], c.ID)
	}
	for _, id := range texts(w, "SELECT id FROM vezne_customers") {
		at := texts(w, "SELECT stripe_customer_id FROM vezne_customers WHERE id = $1", id)
		if len(living[id]) > 1 && !w.restored && !w.twice {
			w.violate("the customer %s exists %d times at Stripe: %v", id, len(living[id]), living[id])
		}
		switch {
		case w.restored:
		case len(living[id]) == 0 && at[0] != "":
			w.violate("the customer %s has %s, which Stripe does not have", id, at[0])
		case len(living[id]) == 1 && at[0] != living[id][0]:
			w.violate("the customer %s has %q, Stripe has %s", id, at[0], living[id][0])
		}
		if len(living[id]) != 1 || at[0] != living[id][0] {
			continue
		}
		var want []string
		for _, m := range list[methodTruth](w.stripe, "/v1/customers/"+at[0]+"/payment_methods", url.Values{"type": {"card"}}) {
			want = append(want, m.ID)
		}
		have := texts(w, "SELECT id FROM vezne_payment_methods WHERE customer_id = $1 AND detached_at IS NULL AND type = 'card'", id)
		slices.Sort(want)
		slices.Sort(have)
		if !slices.Equal(want, have) && !w.restored {
			w.violate("the customer %s has the cards %v, Stripe has %v", id, have, want)
		}
	}
}

// compareApp holds what the application was told against what is.
func (w *world) compareApp() {
	for _, r := range w.rows() {
		heard, ok := w.app.heard[vezne.OrderID(r.id)]
		if w.restored {
			continue
		}
		if !ok {
			if r.paidAt != nil || r.canceledAt != nil {
				w.violate("the application never heard of %s, which is %s", r.id, r.status)
			}
			continue
		}
		if (heard.PaidAt != nil) != (r.paidAt != nil) || heard.AmountPaid != r.paid || heard.AmountRefunded != r.refunded || heard.AmountDisputed != r.dispute || (heard.CanceledAt != nil) != (r.canceledAt != nil) {
			text, _ := json.Marshal(heard)
			w.violate("the application believes of %s (%s, paid %d, refunded %d, disputed %d): %s", r.id, r.status, r.paid, r.refunded, r.dispute, text)
		}
	}
}
