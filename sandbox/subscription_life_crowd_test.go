package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// crowd are customers under one test clock; every act of theirs is planned before any is done.
type crowd struct {
	rt        *rapid.T
	sb        *Sandbox
	log       *lifeLog
	t         *testing.T
	clock     string
	customers map[int]string
	prices    []string
}

// crowdAct is one act of a customer, or, where who is -1, the passing of time.
type crowdAct struct {
	who  int
	kind string
	n    int64
}

// crowdKinds are what a customer may do. Each is the same whatever others do.
var crowdKinds = []string{"subscribe", "subscribe", "quantity", "quantity", "price", "cancel", "schedule", "card", "answer", "pay", "item", "balance", "usage"}

// crowdStart is when the time of a crowd begins.
const crowdStart = 1801407845

func newCrowd(t *testing.T, rt *rapid.T) *crowd {
	now := time.Unix(1793613600, 0)
	c := &crowd{t: t, rt: rt, log: &lifeLog{}, customers: map[int]string{}}
	var err error
	if c.sb, err = New(Options{Log: c.log.logger(), Clock: func() time.Time { return now }}); err != nil {
		rt.Fatal(err)
	}
	c.must("POST", "/_sandbox/clock", `{"frozen":true}`)
	c.clock = c.must("POST", "/v1/test_helpers/test_clocks", fmt.Sprint("frozen_time=", crowdStart)).str("id")
	meter := c.must("POST", "/v1/billing/meters", "display_name=Calls&event_name=calls&default_aggregation[formula]=sum").str("id")
	for _, form := range []string{"unit_amount=2000", "unit_amount=999", "unit_amount=4733", "unit_amount=7&recurring[usage_type]=metered&recurring[meter]=" + meter} {
		c.prices = append(c.prices, c.must("POST", "/v1/prices", "currency=usd&recurring[interval]=month&product_data[name]=P&"+form).str("id"))
	}
	return c
}

func (c *crowd) must(method, path string, form ...string) reply {
	got := call(c.t, c.sb, method, path, strings.Join(form, "&"))
	if got.status != 200 {
		c.rt.Fatalf("%s %s %v answered %d: %s", method, path, form, got.status, got.body)
	}
	return got
}

// arrive makes a customer with a card; that of the second one has to be authenticated.
func (c *crowd) arrive(who int) {
	c.customers[who] = c.must("POST", "/v1/customers", "test_clock="+c.clock).str("id")
	c.pay(who, []string{"pm_card_visa", askingCard, "pm_card_visa"}[who])
}

// pay gives a customer the card that pays from now on.
func (c *crowd) pay(who int, card string) {
	id := c.must("POST", "/v1/payment_methods/"+card+"/attach", "customer="+c.customers[who]).str("id")
	c.must("POST", "/v1/customers/"+c.customers[who], "invoice_settings[default_payment_method]="+id)
}

// newest is the newest of a customer's objects, "" when there is none.
func (c *crowd) newest(path string, who int) string {
	list := elements(c.must("GET", path+"&limit=1&customer="+c.customers[who]).at("data"))
	if len(list) == 0 {
		return ""
	}
	id, _ := members(list[0])["id"].(string)
	return id
}

// do does an act. One that is refused is refused in the crowd and alone.
func (c *crowd) do(a crowdAct) {
	customer := c.customers[a.who]
	sub := c.newest("/v1/subscriptions?", a.who)
	price := c.prices[a.n%3]
	if sub == "" && slices.Contains([]string{"quantity", "price", "cancel", "schedule"}, a.kind) {
		return
	}
	path := "/v1/subscriptions/" + sub
	var form string
	switch a.kind {
	case "subscribe":
		path, form = "/v1/subscriptions", "customer="+customer+"&items[0][price]="+price
		switch a.n % 4 {
		case 0:
			form += "&items[1][price]=" + c.prices[3]
		case 1:
			form += fmt.Sprint("&trial_period_days=", 1+a.n%20)
		case 2:
			form += "&billing_mode[type]=classic"
		}
	case "quantity":
		item := fmt.Sprint(members(elements(c.must("GET", path).at("items.data"))[0])["id"])
		form = fmt.Sprintf("items[0][id]=%s&items[0][quantity]=%d&proration_behavior=%s", item, a.n%5, []string{"create_prorations", "always_invoice"}[a.n%2])
	case "price":
		item := fmt.Sprint(members(elements(c.must("GET", path).at("items.data"))[0])["id"])
		form = fmt.Sprintf("items[0][id]=%s&items[0][price]=%s&proration_behavior=always_invoice&payment_behavior=%s", item, price, []string{"allow_incomplete", pendIncomplete}[a.n%2])
	case "cancel":
		form = []string{"cancel_at_period_end=true", "cancel_at_period_end=false", fmt.Sprint("cancel_at=", crowdStart+a.n%(300*86400))}[a.n%3]
	case "schedule":
		path, form = "/v1/subscription_schedules", "from_subscription="+sub
	case "card":
		c.pay(a.who, []string{"pm_card_visa", askingCard, "pm_card_chargeCustomerFail"}[a.n%3])
		return
	case "answer":
		for _, v := range elements(c.must("GET", "/v1/payment_intents?limit=100&customer="+customer).at("data")) {
			if members(v)["status"] == requiresAction {
				c.must("POST", "/_sandbox/simulate", fmt.Sprintf(`{"type":"3ds","intent":%q,"result":%q}`, members(v)["id"], []string{"succeed", "fail"}[a.n%2]))
			}
		}
		return
	case "pay":
		id := c.newest("/v1/invoices?status=open", a.who)
		if id == "" {
			return
		}
		path = "/v1/invoices/" + id + "/pay"
	case "item":
		path, form = "/v1/invoiceitems", fmt.Sprint("currency=usd&customer=", customer, "&amount=", a.n%1400-500)
	case "balance":
		path, form = "/v1/customers/"+customer+"/balance_transactions", fmt.Sprint("currency=usd&amount=", 1+a.n%4000-2000)
	case "usage":
		path, form = "/v1/billing/meter_events", fmt.Sprint("event_name=calls&payload[stripe_customer_id]=", customer, "&payload[value]=", a.n%300)
		form += fmt.Sprint("&timestamp=", numberOf(c.must("GET", "/v1/test_helpers/test_clocks/"+c.clock).at("frozen_time")))
	}
	if got := call(c.t, c.sb, "POST", path, form); got.status >= 500 {
		c.rt.Fatalf("POST %s %s answered %d: %s", path, form, got.status, got.body)
	}
}

// live lets customers do their acts, and those of nobody else.
func (c *crowd) live(acts []crowdAct, who ...int) {
	for _, n := range who {
		c.arrive(n)
	}
	now := int64(crowdStart)
	for _, a := range acts {
		switch {
		case a.who < 0:
			now += a.n
			c.must("POST", "/v1/test_helpers/test_clocks/"+c.clock+"/advance", fmt.Sprint("frozen_time=", now))
			if err := c.sb.Account("sk_test_core").Idle(c.t.Context()); err != nil {
				c.rt.Fatal(err)
			}
		case slices.Contains(who, a.who):
			c.do(a)
		}
	}
	if log := c.log.String(); log != "" {
		c.rt.Fatalf("what fell due was not done: %s", log)
	}
}

// secretID is an id, or another text that no two sandboxes have in common.
var secretID = regexp.MustCompile(`[A-Za-z0-9_/:.]*_[A-Za-z0-9]{8,}[A-Za-z0-9_/]*|\b[A-Z0-9]{8}-[0-9]{4}\b|^[A-Z0-9]{8}$`)

// story is what happened to a customer, event by event, in words that do not depend on ids: an id is its place in the story.
func (c *crowd) story(who int) []string {
	var events []map[string]any
	for after := ""; ; {
		page := c.must("GET", "/v1/events?limit=100"+after)
		for _, v := range elements(page.at("data")) {
			events = append(events, members(v))
		}
		if page.at("has_more") != true {
			break
		}
		after = fmt.Sprint("&starting_after=", events[len(events)-1]["id"])
	}
	slices.Reverse(events)
	mine := map[any]bool{c.customers[who]: true}
	names := map[string]string{}
	named := func(id string) string {
		if names[id] == "" {
			names[id] = fmt.Sprint("#", len(names))
		}
		return names[id]
	}
	var list []string
	for _, ev := range events {
		o := members(members(ev["data"])["object"])
		if !mine[o["customer"]] && !mine[o["id"]] && !mine[o["invoice"]] {
			continue
		}
		mine[o["id"]] = true
		told, err := json.Marshal(undrawn(ev["data"]))
		if err != nil {
			c.rt.Fatal(err)
		}
		list = append(list, fmt.Sprint(ev["type"], " ", secretID.ReplaceAllStringFunc(string(told), named)))
	}
	return list
}

// undrawn is a value without what is drawn by lot: addresses, and what a bank makes up.
func undrawn(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = undrawn(v[i])
		}
		return list
	case map[string]any:
		m := maps.Clone(v)
		for key := range m {
			if text, _ := m[key].(string); strings.HasPrefix(text, "http") || slices.Contains([]string{"authorization_code", "network_transaction_id", "fingerprint", "balance_transaction", "invoice_prefix", "number", "risk_score", "transaction_id", "ds_transaction_id", "transaction_link_id"}, key) {
				m[key] = "drawn"
				continue
			}
			m[key] = undrawn(m[key])
		}
		return m
	}
	return v
}

// Customers under one test clock, whose acts come between each other's, have the invoices, the money and the events that each
// of them has alone.
func TestCustomersOfOneClockLiveAsIfAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		people := rapid.IntRange(2, 3).Draw(rt, "customers")
		var acts []crowdAct
		for who := range people {
			acts = append(acts, crowdAct{who, "subscribe", rapid.Int64Range(0, 3).Draw(rt, "first subscription")})
		}
		for range rapid.IntRange(3, 25).Draw(rt, "acts") {
			if rapid.IntRange(0, 2).Draw(rt, "time passes") == 0 {
				acts = append(acts, crowdAct{-1, "time", rapid.Int64Range(1, 31*86400).Draw(rt, "seconds")})
				continue
			}
			acts = append(acts, crowdAct{rapid.IntRange(0, people-1).Draw(rt, "who"), rapid.SampledFrom(crowdKinds).Draw(rt, "act"), rapid.Int64Range(0, 1<<30).Draw(rt, "how")})
		}
		everybody := []int{0, 1, 2}[:people]
		live := func(who ...int) *crowd {
			c := newCrowd(t, rt)
			c.live(acts, who...)
			return c
		}
		together := live(everybody...)
		defer together.close()
		for _, who := range everybody {
			alone := live(who)
			want, got := alone.story(who), together.story(who)
			alone.close()
			for i := range min(len(want), len(got)) {
				if want[i] != got[i] {
					rt.Fatalf("%v\nevent %d of customer %d is alone\n%s\nand among others\n%s", acts, i, who, want[i], got[i])
				}
			}
			if len(want) != len(got) {
				rt.Fatalf("%v\ncustomer %d has %d events alone, and %d among others", acts, who, len(want), len(got))
			}
		}
	})
}

func (c *crowd) close() {
	if err := c.sb.Close(); err != nil {
		c.rt.Fatal(err)
	}
}

// What falls due at one instant for several customers runs in the order in which it was planned: subscriptions that began at
// one instant are renewed in the order in which they were made, month by month.
func TestWhatFallsDueAtOneInstantHasAnOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		c := newCrowd(t, rt)
		defer c.close()
		var want []string
		for who := range 3 {
			c.arrive(who)
			c.pay(who, "pm_card_visa")
		}
		for range rapid.IntRange(2, 9).Draw(rt, "subscriptions") {
			who := rapid.IntRange(0, 2).Draw(rt, "who")
			got := call(t, c.sb, "POST", "/v1/subscriptions", "customer="+c.customers[who]+"&items[0][price]="+rapid.SampledFrom(c.prices[:3]).Draw(rt, "price"))
			if got.status == 200 { // a customer of a clock has three at most
				want = append(want, got.str("id"))
			}
		}
		month := int64(31 * 86400)
		for n := range int64(rapid.IntRange(1, 6).Draw(rt, "months")) {
			c.live([]crowdAct{{-1, "time", (n + 1) * month}})
			var got []string
			type made struct {
				sub string
				at  int64
			}
			var invoices []made
			for _, v := range elements(c.must("GET", fmt.Sprint("/v1/events?type=invoice.created&limit=", len(want))).at("data")) {
				inv := members(members(members(v)["data"])["object"])
				id, _ := members(members(inv["parent"])["subscription_details"])["subscription"].(string)
				invoices = append(invoices, made{id, numberOf(inv["created"])})
			}
			slices.Reverse(invoices)
			if !slices.IsSortedFunc(invoices, func(a, b made) int { return cmp.Compare(a.at, b.at) }) {
				rt.Fatalf("renewals of one advance are not in the order of their instants: %v", invoices)
			}
			for _, inv := range invoices {
				got = append(got, inv.sub)
			}
			if !slices.Equal(got, want) {
				rt.Fatalf("after %d months the renewals are of %v, want %v", n+1, got, want)
			}
		}
	})
}
