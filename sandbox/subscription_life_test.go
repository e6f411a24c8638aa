package sandbox

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// life is a subscription that lives under a test clock and is changed at random. All is seen through the API.
type life struct {
	t        *testing.T
	rt       *rapid.T
	sb       *Sandbox
	clock    string
	customer string
	id       string
	flexible bool
	now      int64
	// monthly and others are prices: those of one month, and those of other lengths.
	monthly, others []string
	// unprorated says that a period was billed anew without giving the old one back: then seconds are billed twice on purpose.
	unprorated bool
	// loose says that what was billed is not what is subscribed: a change was not prorated, or a discount has ended since.
	// An undo then credits the one and charges the other.
	loose bool
	// charged is what an undo may cost at most, because what it credits was rounded when it was billed: a unit, or two
	// where a percentage was rounded as well.
	charged int64
}

// births are moments at which calendars are difficult: month ends, a leap day, the days on which clocks are put forward.
var births = []string{"2027-01-31T15:04:05Z", "2028-02-29T08:00:00Z", "2027-03-28T00:59:59Z", "2027-12-31T23:59:59Z", "2027-06-10T12:00:00Z"}

func (l *life) call(method, path string, form ...string) reply {
	return call(l.t, l.sb, method, path, strings.Join(form, "&"))
}

func (l *life) must(method, path string, form ...string) reply {
	got := l.call(method, path, form...)
	if got.status != 200 {
		l.rt.Fatalf("%s %s %v answered %d: %s", method, path, form, got.status, got.body)
	}
	return got
}

// numberOf is a number of an answer.
func numberOf(v any) int64 {
	f, _ := v.(float64)
	return int64(math.Round(f))
}

func members(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func elements(v any) []any {
	a, _ := v.([]any)
	return a
}

func newLife(t *testing.T, rt *rapid.T) *life {
	sb, err := New(Options{})
	if err != nil {
		rt.Fatal(err)
	}
	l := &life{t: t, rt: rt, sb: sb, flexible: rapid.Bool().Draw(rt, "flexible"), charged: 1}
	birth, err := time.Parse(time.RFC3339, rapid.SampledFrom(births).Draw(rt, "birth"))
	if err != nil {
		rt.Fatal(err)
	}
	l.now = birth.Unix()
	l.clock = l.must("POST", "/v1/test_helpers/test_clocks", fmt.Sprint("frozen_time=", l.now)).str("id")
	l.customer = l.must("POST", "/v1/customers", "payment_method=pm_card_visa", "invoice_settings[default_payment_method]=pm_card_visa", "test_clock="+l.clock).str("id")
	price := func(amount int, interval string, count int) string {
		return l.must("POST", "/v1/prices", fmt.Sprintf("currency=usd&unit_amount=%d&recurring[interval]=%s&recurring[interval_count]=%d&product_data[name]=P%d", amount, interval, count, amount)).str("id")
	}
	l.monthly = []string{price(2000, "month", 1), price(999, "month", 1), price(4733, "month", 1)}
	l.others = []string{price(5555, "month", 3), price(19999, "year", 1)}
	form := []string{"customer=" + l.customer, "items[0][price]=" + l.monthly[0]}
	if !l.flexible {
		form = append(form, "billing_mode[type]=classic")
	}
	switch rapid.IntRange(0, 3).Draw(rt, "discount") {
	case 0:
		l.must("POST", "/v1/coupons", "id=C&percent_off=12.5&duration=forever")
		form, l.charged = append(form, "discounts[0][coupon]=C"), 2
	case 1:
		l.must("POST", "/v1/coupons", "id=C&amount_off=333&currency=usd&duration=repeating&duration_in_months=2")
		form, l.loose = append(form, "discounts[0][coupon]=C"), true
	}
	if rapid.Bool().Draw(rt, "taxed") {
		rate := l.must("POST", "/v1/tax_rates", "display_name=KDV&percentage=18.5&inclusive="+fmt.Sprint(rapid.Bool().Draw(rt, "inclusive"))).str("id")
		form = append(form, "default_tax_rates[0]="+rate)
	}
	if rapid.IntRange(0, 3).Draw(rt, "trial") == 0 {
		form = append(form, fmt.Sprint("trial_period_days=", rapid.IntRange(1, 40).Draw(rt, "trial days")))
	}
	l.id = l.must("POST", "/v1/subscriptions", form...).str("id")
	return l
}

func (l *life) subscription() reply { return l.must("GET", "/v1/subscriptions/"+l.id) }

func (l *life) items() []map[string]any {
	var items []map[string]any
	for _, v := range elements(l.subscription().at("items.data")) {
		items = append(items, members(v))
	}
	return items
}

// change draws the parameters of an update: what of the subscription changes, and how that is prorated.
func (l *life) change() []string {
	items := l.items()
	n := rapid.IntRange(0, len(items)-1).Draw(l.rt, "item")
	id := fmt.Sprint(items[n]["id"])
	behavior := rapid.SampledFrom([]string{"create_prorations", "create_prorations", "always_invoice", "always_invoice", "none"}).Draw(l.rt, "proration_behavior")
	form := []string{"items[0][id]=" + id, "proration_behavior=" + behavior}
	l.loose = l.loose || behavior == "none"
	switch rapid.IntRange(0, 6).Draw(l.rt, "change") {
	case 0, 1:
		price := rapid.SampledFrom(append(slices.Clone(l.monthly), l.others...)).Draw(l.rt, "price")
		if slices.ContainsFunc(items, func(i map[string]any) bool { return members(i["price"])["id"] == price }) || !l.flexible && len(items) > 1 && !slices.Contains(l.monthly, price) {
			return nil
		}
		// Who goes to another interval and wants nothing prorated gets no credit for the longer period that was billed.
		was := fmt.Sprint(members(items[n]["price"])["id"])
		l.unprorated = l.unprorated || behavior == "none" && (!l.flexible || slices.Contains(l.monthly, price) != slices.Contains(l.monthly, was) || !slices.Contains(l.monthly, price))
		return append(form, "items[0][price]="+price)
	case 2, 3:
		return append(form, fmt.Sprint("items[0][quantity]=", rapid.IntRange(0, 7).Draw(l.rt, "quantity")))
	case 4:
		if len(items) > 2 {
			return append(form, "items[0][deleted]=true")
		}
		price := rapid.SampledFrom(l.monthly).Draw(l.rt, "another price")
		if slices.ContainsFunc(items, func(i map[string]any) bool {
			return members(i["price"])["id"] == price || !l.flexible && !slices.Contains(l.monthly, fmt.Sprint(members(i["price"])["id"]))
		}) {
			return nil
		}
		return []string{"items[0][price]=" + price, "items[0][quantity]=2", "proration_behavior=" + behavior}
	case 5:
		l.unprorated = l.unprorated || behavior != "always_invoice" // a reset that bills nothing has no lines
		return []string{"billing_cycle_anchor=now", "proration_behavior=" + behavior}
	}
	l.unprorated = l.unprorated || behavior == "none"
	return []string{fmt.Sprint("trial_end=", l.now+int64(rapid.IntRange(1, 40).Draw(l.rt, "trial days"))*86400), "proration_behavior=" + behavior}
}

// shown is what of an invoice a preview must show too.
func shown(inv map[string]any) string {
	var b strings.Builder
	fmt.Fprint(&b, "total ", inv["total"], ", subtotal ", inv["subtotal"], ", due ", inv["amount_due"])
	for _, v := range elements(members(inv["lines"])["data"]) {
		line := members(v)
		fmt.Fprint(&b, "\n  ", line["description"], " ", line["amount"], " ", line["period"])
	}
	return b.String()
}

// preview is what would be billed next if a call with this form were made.
func (l *life) preview(form []string) reply {
	asked := []string{"subscription=" + l.id}
	for _, p := range form {
		key, value, _ := strings.Cut(p, "=")
		at := strings.IndexByte(key, '[')
		if at < 0 {
			at = len(key)
		}
		asked = append(asked, "subscription_details["+key[:at]+"]"+key[at:]+"="+value)
	}
	return l.call("POST", "/v1/invoices/create_preview", asked...)
}

// update changes the subscription, previewed before: the preview is the invoice, or, where none is made, the next one.
func (l *life) update(form []string) {
	before := l.preview(form)
	was := l.subscription().str("latest_invoice")
	done := l.call("POST", "/v1/subscriptions/"+l.id, form...)
	if done.status != 200 {
		if before.status == 200 {
			l.rt.Fatalf("%v: the preview is fine, the change answers %d: %s", form, done.status, done.body)
		}
		return
	}
	is := done.str("latest_invoice")
	after := l.call("GET", "/v1/invoices/"+is, "")
	if is == was {
		after = l.preview(nil)
	}
	if before.status != 200 || after.status != 200 {
		l.rt.Fatalf("%v: previewed %d %s, then %d", form, before.status, before.body, after.status)
	}
	if previewed, billed := shown(before.json), shown(after.json); previewed != billed {
		l.rt.Fatalf("%v: previewed\n%s\nbilled\n%s", form, previewed, billed)
	}
}

// undo makes a change and takes it back in the same second: at most a unit for each pair of lines is left over, where halves
// are rounded in favour of the customer, and the subscription is as it was.
func (l *life) undo() {
	items := l.items()
	id, quantity := fmt.Sprint(items[0]["id"]), numberOf(items[0]["quantity"])
	before, pending := fmt.Sprint(l.shape()), l.pendingSum()
	for _, q := range []int64{quantity + 3, quantity} {
		l.update([]string{"items[0][id]=" + id, fmt.Sprint("items[0][quantity]=", q)})
	}
	if left := l.pendingSum() - pending; l.flexible && !l.loose && (left > l.charged || left < -2) {
		l.rt.Fatalf("an undo leaves %d", left)
	}
	if after := fmt.Sprint(l.shape()); after != before {
		l.rt.Fatalf("before a change %s, after its undo %s", before, after)
	}
}

// shape is what a subscription bills, and when.
func (l *life) shape() []string {
	var list []string
	for _, i := range l.items() {
		list = append(list, fmt.Sprint(i["id"], members(i["price"])["id"], i["quantity"], i["current_period_start"], i["current_period_end"]))
	}
	return list
}

func (l *life) all(path string) []map[string]any {
	var list []map[string]any
	after := ""
	for {
		got := l.must("GET", path+after)
		for _, v := range elements(got.at("data")) {
			list = append(list, members(v))
		}
		if got.at("has_more") != true {
			return list
		}
		after = "&starting_after=" + fmt.Sprint(list[len(list)-1]["id"])
	}
}

// lines are all lines of an invoice; the invoice itself shows the first ten.
func (l *life) lines(inv map[string]any) []map[string]any {
	list := members(inv["lines"])
	if list["has_more"] == true {
		return l.all(fmt.Sprint("/v1/invoices/", inv["id"], "/lines?limit=100"))
	}
	var lines []map[string]any
	for _, v := range elements(list["data"]) {
		lines = append(lines, members(v))
	}
	return lines
}

func (l *life) pendingItems() []map[string]any {
	return l.all("/v1/invoiceitems?limit=100&pending=true&customer=" + l.customer)
}

func (l *life) pendingSum() (sum int64) {
	for _, item := range l.pendingItems() {
		sum += numberOf(item["amount"])
	}
	return sum
}

// advance moves the clock. The first renewal on the way is what the preview showed.
func (l *life) advance(seconds int64) {
	sub := l.subscription()
	next := l.preview(nil)
	l.must("POST", "/v1/test_helpers/test_clocks/"+l.clock+"/advance", fmt.Sprint("frozen_time=", l.now+seconds))
	if err := l.sb.Account("sk_test_core").Idle(l.t.Context()); err != nil {
		l.rt.Fatal(err)
	}
	from := l.now
	l.now += seconds
	if next.status != 200 || sub.str("status") != "active" && sub.str("status") != "trialing" {
		return
	}
	invoices := l.all("/v1/invoices?limit=100&subscription=" + l.id)
	slices.Reverse(invoices)
	for _, inv := range invoices {
		if created := numberOf(inv["created"]); inv["billing_reason"] == "subscription_cycle" && created > from {
			// Drafts that wait for their hour change the balance that the next invoice begins with.
			if previewed, billed := shown(next.json), shown(inv); cut(previewed, strings.Index(previewed, ", due")) != cut(billed, strings.Index(billed, ", due")) {
				l.rt.Fatalf("previewed\n%s\nbilled at %d\n%s", previewed, created, billed)
			}
			return
		}
	}
}

// span is a stretch of time of an item that was billed, or given back where amount is a credit's.
type span struct {
	start, end, amount int64
	credit             bool
}

// check holds all invoices against what must be true of them together.
func (l *life) check() {
	spans := map[string][]span{}
	bill := func(o map[string]any, item string, proration bool) {
		net := numberOf(o["amount"])
		for _, d := range elements(o["discount_amounts"]) {
			net -= numberOf(members(d)["amount"])
		}
		if item == "" || strings.HasPrefix(fmt.Sprint(o["description"]), "Free trial") {
			return
		}
		p := members(o["period"])
		credit := proration && strings.HasPrefix(fmt.Sprint(o["description"]), "Unused time")
		spans[item] = append(spans[item], span{numberOf(p["start"]), numberOf(p["end"]), net, credit})
	}
	for _, inv := range l.all("/v1/invoices?limit=100&subscription=" + l.id) {
		l.checkSums(inv)
		for _, line := range l.lines(inv) {
			details := members(members(line["parent"])["subscription_item_details"])
			item, _ := details["subscription_item"].(string)
			bill(line, item, details["proration"] == true)
		}
	}
	for _, item := range l.pendingItems() {
		of, _ := members(members(item["parent"])["subscription_details"])["subscription_item"].(string)
		bill(item, of, true)
	}
	if !l.flexible || l.unprorated {
		return
	}
	for item, list := range spans {
		var sum int64
		edges := map[int64]int{}
		for _, s := range list {
			sum += s.amount
			step := 1
			if s.credit {
				step = -1
			}
			edges[s.start] += step
			edges[s.end] -= step
		}
		if sum < 0 {
			l.rt.Fatalf("%s was given back %d more than it was billed: %v", item, -sum, list)
		}
		times := 0
		for _, at := range slices.Sorted(maps.Keys(edges)) {
			if times += edges[at]; times < 0 || times > 1 {
				l.rt.Fatalf("from %d on %s is billed %d times: %v", at, item, times, list)
			}
		}
	}
}

// checkSums adds an invoice up again from its lines.
func (l *life) checkSums(inv map[string]any) {
	var subtotal, discounts, taxes int64
	for _, line := range l.lines(inv) {
		subtotal += numberOf(line["amount"])
		for _, d := range elements(line["discount_amounts"]) {
			discounts += numberOf(members(d)["amount"])
		}
		for _, tax := range elements(line["taxes"]) {
			if members(tax)["tax_behavior"] == "exclusive" {
				taxes += numberOf(members(tax)["amount"])
			}
		}
	}
	if subtotal != numberOf(inv["subtotal"]) || subtotal-discounts+taxes != numberOf(inv["total"]) {
		l.rt.Fatalf("%s: the lines add up to %d, less %d, with %d tax; the invoice says %v and %v", inv["id"], subtotal, discounts, taxes, inv["subtotal"], inv["total"])
	}
	if total, due := numberOf(inv["total"]), numberOf(inv["amount_due"]); inv["status"] == "paid" && numberOf(inv["amount_paid"]) != due || due > max(total+max(numberOf(inv["starting_balance"]), 0), 0) {
		l.rt.Fatalf("%s: total %d, due %d, paid %v, starting balance %v", inv["id"], total, due, inv["amount_paid"], inv["starting_balance"])
	}
}

// Two years of random lives: whatever is changed, a preview is the invoice that follows, credits are never more than what
// was billed, the sums of lines are the totals, no second of an item is billed twice, and an undo restores.
func TestRandomLivesUnderClocks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		l := newLife(t, rt)
		defer l.sb.Close()
		end := l.now + 2*365*86400
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			switch rapid.IntRange(0, 7).Draw(rt, "step") {
			case 0, 1, 2:
				l.advance(rapid.Int64Range(1, 50*86400).Draw(rt, "seconds"))
			case 3:
				l.undo()
			default:
				if form := l.change(); form != nil {
					l.update(form)
				}
			}
			l.check()
			if l.now > end {
				break
			}
		}
	})
}
