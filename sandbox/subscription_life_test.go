package sandbox

import (
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// life is a customer that lives under a test clock for two years, with one subscription after the other that is changed at
// random. All is seen through the API.
type life struct {
	t   *testing.T
	rt  *rapid.T
	sb  *Sandbox
	log *lifeLog

	clock    string
	customer string
	// id is the present subscription.
	id       string
	flexible bool
	now      int64
	// monthly and others are prices: those of one month, and those of other lengths. metered has a meter.
	monthly, others []string
	metered, rate   string
	// retries are the days of the account's retries.
	retries []int64
	// story is what was done, for whoever reads a failure.
	story []string
	// tally is what happened in all lives, by kind.
	tally map[string]int

	// unprorated names items whose period was billed anew without giving the old one back: then seconds are billed twice on
	// purpose.
	unprorated map[string]bool
	// loose says that what was billed is not what is subscribed: a change was not prorated, or a discount has ended since.
	// An undo then credits the one and charges the other.
	loose bool
	// charged is what an undo may cost at most, because what it credits was rounded when it was billed: a unit, or two
	// where a percentage was rounded as well.
	charged int64
	// waiting are invoices of changes that are made when they are paid.
	waiting map[string]bool
	// pended are invoice items that were pending after a step: they are of changes that were made.
	pended map[string]bool
	// tried are invoices that were first tried, or finalised, by hand, and when.
	tried map[string]int64
	// modes are the billing modes of items, migrated for both.
	modes map[string]string
	// as is what an item bills, since the instant from which it does.
	as    map[string]string
	since map[string]int64
}

// lifeLog is what the sandbox complains of: what falls due and cannot be done is told nowhere else.
type lifeLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (g *lifeLog) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(g, &slog.HandlerOptions{Level: slog.LevelError}))
}

func (g *lifeLog) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text.Write(b)
}

func (g *lifeLog) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text.String()
}

// births are moments at which calendars are difficult: month ends, a leap day, the days on which clocks are put forward.
var births = []string{"2027-01-31T15:04:05Z", "2028-02-29T08:00:00Z", "2027-03-28T00:59:59Z", "2027-12-31T23:59:59Z", "2027-06-10T12:00:00Z"}

// call asks the API; every answer is within the published description, and no key is outside it.
func (l *life) call(method, path string, form ...string) reply {
	got := call(l.t, l.sb, method, path, strings.Join(form, "&"))
	if method != "GET" {
		l.story = append(l.story, fmt.Sprint(method, " ", path, " ", strings.Join(form, "&"), " → ", got.status))
	}
	plain, _, _ := strings.Cut(path, "?")
	if rt, _ := findRoute(method, plain); rt != nil && rt.operation != nil {
		for _, wrong := range (&walker{t: l.t, sb: l.sb}).faults(rt.operation, got) {
			l.fail("%s %s: %s", method, path, wrong)
		}
	}
	return got
}

// fail ends the life with its story.
func (l *life) fail(format string, args ...any) {
	l.rt.Fatalf("%s\n\n%s", fmt.Sprintf(format, args...), strings.Join(l.story, "\n"))
}

func (l *life) must(method, path string, form ...string) reply {
	got := l.call(method, path, form...)
	if got.status != 200 {
		l.fail("%s %s %v answered %d: %s", method, path, form, got.status, got.body)
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

func newLife(t *testing.T, rt *rapid.T, tally map[string]int) *life {
	log := &lifeLog{}
	sb, err := New(Options{Log: log.logger()})
	if err != nil {
		rt.Fatal(err)
	}
	l := &life{t: t, rt: rt, sb: sb, log: log, tally: tally, unprorated: map[string]bool{}, waiting: map[string]bool{}, pended: map[string]bool{}, tried: map[string]int64{}, modes: map[string]string{}, as: map[string]string{}, since: map[string]int64{}}
	birth, err := time.Parse(time.RFC3339, rapid.SampledFrom(births).Draw(rt, "birth"))
	if err != nil {
		rt.Fatal(err)
	}
	l.now = birth.Unix()
	l.retries = rapid.SampledFrom([][]int64{{1, 2, 4, 6, 8, 10, 12, 14}, {1, 3}, {5}}).Draw(rt, "retries")
	days := strings.ReplaceAll(fmt.Sprint(l.retries), " ", ",")
	end := rapid.SampledFrom([]string{canceled, subUnpaid, subPastDue}).Draw(rt, "dunning ends")
	l.must("POST", "/_sandbox/clock", `{"frozen":true}`)
	l.must("POST", "/_sandbox/settings", fmt.Sprintf(`{"retries":{"after_days":%s,"end":%q}}`, days, end))
	l.clock = l.must("POST", "/v1/test_helpers/test_clocks", fmt.Sprint("frozen_time=", l.now)).str("id")
	l.customer = l.must("POST", "/v1/customers", "test_clock="+l.clock).str("id")
	if card := rapid.SampledFrom([]string{"", "pm_card_visa", "pm_card_visa", "pm_card_visa", askingCard}).Draw(rt, "card"); card != "" {
		l.takeCard(card)
	}
	l.catalog()
	l.subscribe()
	return l
}

// catalog makes what can be bought.
func (l *life) catalog() {
	price := func(amount int, interval string, count int, more ...string) string {
		form := fmt.Sprintf("currency=usd&unit_amount=%d&recurring[interval]=%s&recurring[interval_count]=%d&product_data[name]=P%d", amount, interval, count, amount)
		return l.must("POST", "/v1/prices", append(more, form)...).str("id")
	}
	l.monthly = []string{price(2000, "month", 1), price(999, "month", 1), price(4733, "month", 1)}
	l.others = []string{price(5555, "month", 3), price(19999, "year", 1)}
	meter := l.must("POST", "/v1/billing/meters", "display_name=Calls&event_name=calls&default_aggregation[formula]=sum").str("id")
	l.metered = price(7, "month", 1, "recurring[usage_type]=metered", "recurring[meter]="+meter)
	l.must("POST", "/v1/coupons", "id=PERCENT&percent_off=12.5&duration=forever")
	l.must("POST", "/v1/coupons", "id=AMOUNT&amount_off=333&currency=usd&duration=repeating&duration_in_months=2")
	l.must("POST", "/v1/coupons", "id=ONCE&percent_off=50&duration=once")
	inclusive := rapid.Bool().Draw(l.rt, "inclusive")
	l.rate = l.must("POST", "/v1/tax_rates", fmt.Sprint("display_name=KDV&percentage=18.5&inclusive=", inclusive)).str("id")
}

// subscribe begins a subscription, as drawn, by itself or by a schedule.
func (l *life) subscribe() {
	l.flexible, l.loose, l.charged = rapid.Bool().Draw(l.rt, "flexible"), false, 1
	if rapid.IntRange(0, 5).Draw(l.rt, "by a schedule") == 0 {
		l.subscribeBySchedule()
		return
	}
	form := []string{"customer=" + l.customer, "items[0][price]=" + rapid.SampledFrom(l.monthly).Draw(l.rt, "first price")}
	if !l.flexible {
		form = append(form, "billing_mode[type]=classic")
	}
	switch rapid.IntRange(0, 5).Draw(l.rt, "discount") {
	case 0:
		form, l.charged = append(form, "discounts[0][coupon]=PERCENT"), 2
	case 1:
		form, l.loose = append(form, "discounts[0][coupon]=AMOUNT"), true
	case 2:
		form, l.loose = append(form, "discounts[0][coupon]=ONCE"), true
	}
	if rapid.Bool().Draw(l.rt, "taxed") {
		form = append(form, "default_tax_rates[0]="+l.rate)
	}
	if rapid.IntRange(0, 3).Draw(l.rt, "with usage") == 0 {
		form = append(form, "items[1][price]="+l.metered)
	}
	switch rapid.IntRange(0, 7).Draw(l.rt, "beginning") {
	case 0, 1:
		form = append(form, fmt.Sprint("trial_period_days=", rapid.IntRange(1, 40).Draw(l.rt, "trial days")),
			"trial_settings[end_behavior][missing_payment_method]="+rapid.SampledFrom([]string{"create_invoice", "pause", "cancel"}).Draw(l.rt, "trial's end"))
	case 2:
		form = append(form, "collection_method=send_invoice&days_until_due=5")
	case 3:
		form = append(form, "payment_behavior="+rapid.SampledFrom([]string{waitIncomplete, errorIncomplete}).Draw(l.rt, "payment_behavior"))
	case 4:
		form = append(form, fmt.Sprint("billing_cycle_anchor=", l.now+int64(rapid.IntRange(1, 27).Draw(l.rt, "days to the anchor"))*86400),
			"proration_behavior="+rapid.SampledFrom([]string{"create_prorations", "none"}).Draw(l.rt, "first proration"))
	}
	before := l.previewCreation(form)
	had := l.everything()
	got := l.call("POST", "/v1/subscriptions", form...)
	if got.status != 200 { // nobody can pay
		l.id = ""
		if l.hasCard() && !slices.Contains(form, "payment_behavior="+errorIncomplete) {
			l.fail("the customer has a card, and the creation answers %s", got.body)
		}
		if has := l.everything(); has != had {
			l.fail("a creation was refused, and before there was\n%s\nand after\n%s", had, has)
		}
		return
	}
	l.id = got.str("id")
	if inv := got.str("latest_invoice"); inv != "" {
		l.sameInvoice("creation", before, l.must("GET", "/v1/invoices/"+inv))
	} else { // free until the anchor: what is subscribed was not billed, and classic credits it all the same
		l.loose = true
		if !l.flexible {
			l.forgive()
		}
		l.sameInvoice("a creation without an invoice", before, l.preview(nil))
	}
	l.tally["subscribed "+got.str("status")]++
}

func (l *life) subscription() reply { return l.must("GET", "/v1/subscriptions/"+l.id) }

// standing says whether there is a subscription in one of some states.
func (l *life) standing(states ...string) bool {
	return l.id != "" && slices.Contains(states, l.subscription().str("status"))
}

// over says whether the present subscription has ended.
func (l *life) over() bool { return l.id == "" || l.standing(canceled, subIncompleteExpired) }

func (l *life) items() []map[string]any {
	var items []map[string]any
	for _, v := range elements(l.subscription().at("items.data")) {
		items = append(items, members(v))
	}
	return items
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

// step is one act of a life.
func (l *life) step() {
	n := rapid.IntRange(0, len(lifeActs)+5).Draw(l.rt, "step")
	if n < len(lifeActs) {
		if l.over() && lifeActs[n].needs != nil {
			l.subscribe()
			return
		}
		if lifeActs[n].needs == nil || l.standing(lifeActs[n].needs...) {
			l.tally[lifeActs[n].name]++
			lifeActs[n].do(l)
		}
		return
	}
	l.advance(rapid.Int64Range(1, 50*86400).Draw(l.rt, "seconds"))
}

// Two years of random lives: whatever is done, a preview is the invoice that follows, credits are never more than what was
// billed, the sums of lines are the totals, no second of an item is billed twice, an undo restores, states change as the docs
// say, retries come on their days, events tell all that there is to know, and every answer is within the description.
// -rapid.checks says how many lives; `make lives` lives many.
func TestRandomLivesUnderClocks(t *testing.T) {
	t.Parallel()
	tally := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		l := newLife(t, rt, tally)
		defer func() {
			if err := l.sb.Close(); err != nil {
				rt.Fatal(err)
			}
		}()
		end := l.now + 2*365*86400
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			l.step()
			l.check()
			if l.now > end {
				break
			}
		}
		l.checkEvents()
	})
	t.Log(tally)
}
