package sandbox

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// billed is a subscription on a test clock, seen over HTTP.
type billed struct {
	t                          *testing.T
	sb                         *Sandbox
	clock, customer, id, price string
}

// subscribed makes a subscription that begins at a moment. price and more are parameters of both.
func subscribed(t *testing.T, at int64, price, more string) billed {
	t.Helper()
	b := billed{t: t, sb: newTest(t, Options{})}
	b.clock = must(t, b.sb, "POST", "/v1/test_helpers/test_clocks", "frozen_time="+strconv.FormatInt(at, 10)).str("id")
	b.customer = must(t, b.sb, "POST", "/v1/customers", "test_clock="+b.clock+"&payment_method=pm_card_visa&invoice_settings[default_payment_method]=pm_card_visa").str("id")
	b.price = b.newPrice(price)
	b.id = must(t, b.sb, "POST", "/v1/subscriptions", "customer="+b.customer+"&items[0][price]="+b.price+"&"+b.filled(more)).str("id")
	return b
}

// newPrice makes a price; month and year say how often it bills.
func (b billed) newPrice(price string) string {
	b.t.Helper()
	amount, every, _ := strings.Cut(price, " ")
	return must(b.t, b.sb, "POST", "/v1/prices", "currency=usd&unit_amount="+amount+"&recurring[interval]="+every+"&product_data[name]=Pro").str("id")
}

// filled puts ids in the place of {item}, and of {2500 month} a price that costs and bills so.
func (b billed) filled(form string) string {
	for {
		before, rest, found := strings.Cut(form, "{")
		if !found {
			return form
		}
		name, after, _ := strings.Cut(rest, "}")
		id := ""
		if name == "item" {
			items, _ := must(b.t, b.sb, "GET", "/v1/subscriptions/"+b.id, "").at("items.data").([]any)
			id, _ = items[0].(map[string]any)["id"].(string)
		} else {
			id = b.newPrice(name)
		}
		form = before + id + after
	}
}

// advance moves the test clock.
func (b billed) advance(to int64) {
	b.t.Helper()
	must(b.t, b.sb, "POST", "/v1/test_helpers/test_clocks/"+b.clock+"/advance", "frozen_time="+strconv.FormatInt(to, 10))
	if status := must(b.t, b.sb, "GET", "/v1/test_helpers/test_clocks/"+b.clock, "").str("status"); status != "ready" {
		b.t.Fatalf("the clock is %s", status)
	}
}

// lineAmounts are the amounts of an invoice's lines.
func lineAmounts(inv reply) []int64 {
	var amounts []int64
	lines, _ := inv.at("lines.data").([]any)
	for _, v := range lines {
		line, _ := v.(map[string]any)
		amount, _ := line["amount"].(float64)
		amounts = append(amounts, int64(amount))
	}
	return amounts
}

func (b billed) latest() reply {
	b.t.Helper()
	return must(b.t, b.sb, "GET", "/v1/invoices/"+must(b.t, b.sb, "GET", "/v1/subscriptions/"+b.id, "").str("latest_invoice"), "")
}

func instant(t *testing.T, text string) int64 {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04:05", text)
	if err != nil {
		t.Fatal(err)
	}
	return at.Unix()
}

// underDetails is a form of an update as a preview takes it.
func underDetails(t *testing.T, form string) string {
	t.Helper()
	values, err := url.ParseQuery(form)
	if err != nil {
		t.Fatal(err)
	}
	nested := url.Values{}
	for key, v := range values {
		head, rest, found := strings.Cut(key, "[")
		if found {
			rest = "[" + rest
		}
		nested["subscription_details["+head+"]"+rest] = v
	}
	return nested.Encode()
}

// What was recorded of Stripe (R…) and what was worked by hand (E…), over HTTP: a change that is invoiced at once has these
// lines, and its preview said so. The sums stand beside each case.
func TestChangesAreBilledAsRecorded(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, from, price, more, at, change string
		lines                               []int64
		total, due, balance                 int64
		texts                               []string
	}{
		// 6,480 of 2,592,000 s left are 1/400: 2.5 → −3, 4.5 → 4. Too little to be charged: it waits in the balance.
		{"R1 a tie", "2026-04-01 00:00:00", "1000 month", "", "2026-04-30 22:12:00", "items[0][id]={item}&items[0][price]={1800 month}", []int64{-3, 4}, 1, 0, 1,
			[]string{"Unused time on Pro after 30 Apr 2026", "Remaining time on Pro after 30 Apr 2026"}},
		// 1/400 of 1000 and of 3000: 2.5 → −3, 7.5 → 7.
		{"R2 a quantity", "2026-04-01 00:00:00", "1000 month", "", "2026-04-30 22:12:00", "items[0][id]={item}&items[0][quantity]=3", []int64{-3, 7}, 4, 0, 4,
			[]string{"Unused time on Pro after 30 Apr 2026", "Remaining time on 3 × Pro after 30 Apr 2026"}},
		// A third left: −666.67 → −667, 333.33 → 333. Nothing is due, the rest is the customer's.
		{"R3 a third", "2026-04-01 00:00:00", "2000 month", "", "2026-04-21 00:00:00", "items[0][id]={item}&items[0][price]={1000 month}", []int64{-667, 333}, -334, 0, -334, nil},
		// 1762799407 + 4 s: 2500 × (2592000−4)/2592000 = 2499.996, 25000 × (31536000−4)/31536000 = 24999.997. The anchor stays.
		{"R4 a month becomes a year", "2025-11-10 18:30:07", "2500 month", "", "2025-11-10 18:30:11", "items[0][id]={item}&items[0][price]={25000 year}", []int64{-2500, 25000}, 22500, 22500, 0, nil},
		{"R5 with a new anchor", "2025-11-10 18:30:07", "2500 month", "", "2025-11-10 18:30:11", "items[0][id]={item}&items[0][price]={25000 year}&billing_cycle_anchor=now", []int64{-2500, 25000}, 22500, 22500, 0,
			[]string{"Unused time on Pro after 10 Nov 2025", "1 × Pro (at $250.00 / year)"}},
		// 1,265,400 of 2,592,000 s: 976.389, 2440.972.
		{"E1 up in mid-period", "2026-04-01 00:00:00", "2000 month", "", "2026-04-16 08:30:00", "items[0][id]={item}&items[0][price]={5000 month}", []int64{-976, 2441}, 1465, 1465, 0, nil},
		// 1,351,770 of 2,678,400 s: 2472.996, 958.917.
		{"E2 down in a month of 31 days", "2026-03-05 09:15:00", "4900 month", "", "2026-03-20 17:45:30", "items[0][id]={item}&items[0][price]={1900 month}", []int64{-2473, 959}, -1514, 0, -1514, nil},
		// 0.65 left: 2997 → 1948.05, 4995 → 3246.75.
		{"E3 three become five", "2026-06-10 12:00:00", "999 month", "items[0][quantity]=3", "2026-06-21 00:00:00", "items[0][id]={item}&items[0][quantity]=5", []int64{-1948, 3247}, 1299, 1299, 0, nil},
		{"E4 classic begins a year anew", "2026-04-01 00:00:00", "2000 month", "billing_mode[type]=classic", "2026-04-16 08:30:00", "items[0][id]={item}&items[0][price]={20000 year}", []int64{-976, 20000}, 19024, 19024, 0, nil},
		// 17 of 31 days: 5483.871, 10967.742.
		{"E8 to the second", "2026-05-01 00:00:00", "10000 month", "", "2026-05-15 00:00:00", "items[0][id]={item}&items[0][price]={20000 month}", []int64{-5484, 10968}, 5484, 5484, 0, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := subscribed(t, instant(t, tc.from), tc.price, tc.more)
			b.advance(instant(t, tc.at))
			change := b.filled(tc.change) + "&proration_behavior=always_invoice"
			preview := must(t, b.sb, "POST", "/v1/invoices/create_preview", "subscription="+b.id+"&"+underDetails(t, change))
			must(t, b.sb, "POST", "/v1/subscriptions/"+b.id, change)
			inv := b.latest()
			if got := lineAmounts(inv); !slices.Equal(got, tc.lines) || inv.at("total") != float64(tc.total) || inv.at("amount_due") != float64(tc.due) {
				t.Errorf("lines %v, total %v, due %v; want %v, %d, %d", got, inv.at("total"), inv.at("amount_due"), tc.lines, tc.total, tc.due)
			}
			if got := lineAmounts(preview); !slices.Equal(got, tc.lines) || preview.at("total") != float64(tc.total) || preview.at("amount_due") != float64(tc.due) {
				t.Errorf("the preview said %v, total %v, due %v", got, preview.at("total"), preview.at("amount_due"))
			}
			if status := inv.str("status"); status != "paid" {
				t.Errorf("the invoice is %s", status)
			}
			if balance := must(t, b.sb, "GET", "/v1/customers/"+b.customer, "").at("balance"); balance != float64(tc.balance) {
				t.Errorf("the balance is %v, want %d", balance, tc.balance)
			}
			lines, _ := inv.at("lines.data").([]any)
			for i, text := range tc.texts {
				if line, _ := lines[i].(map[string]any); line["description"] != text {
					t.Errorf("line %d is %q, want %q", i, line["description"], text)
				}
			}
		})
	}
}

// Prorations that wait are billed with the renewal; what is credited waits in the balance.
func TestPendingProrationsComeWithTheRenewal(t *testing.T) {
	t.Parallel()
	// E1: 5000 + 1465; E2: 1900 − 1514; E8: 20000 + 5484.
	for _, tc := range []struct {
		name, from, price, at, change, renewal string
		lines                                  []int64
		total                                  int64
	}{
		{"E1", "2026-04-01 00:00:00", "2000 month", "2026-04-16 08:30:00", "items[0][id]={item}&items[0][price]={5000 month}", "2026-05-01 00:00:00", []int64{-976, 2441, 5000}, 6465},
		{"E2", "2026-03-05 09:15:00", "4900 month", "2026-03-20 17:45:30", "items[0][id]={item}&items[0][price]={1900 month}", "2026-04-05 09:15:00", []int64{-2473, 959, 1900}, 386},
		{"E8", "2026-05-01 00:00:00", "10000 month", "2026-05-15 00:00:00", "items[0][id]={item}&items[0][price]={20000 month}", "2026-06-01 00:00:00", []int64{-5484, 10968, 20000}, 25484},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := subscribed(t, instant(t, tc.from), tc.price, "")
			b.advance(instant(t, tc.at))
			must(t, b.sb, "POST", "/v1/subscriptions/"+b.id, b.filled(tc.change))
			preview := must(t, b.sb, "POST", "/v1/invoices/create_preview", "subscription="+b.id)
			renewal := instant(t, tc.renewal)
			b.advance(renewal)
			draft := b.latest()
			if draft.str("status") != "draft" || draft.at("created") != float64(renewal) {
				t.Errorf("at the renewal: %s", draft.body)
			}
			b.advance(renewal + 2*60*60)
			inv := b.latest()
			for name, got := range map[string]reply{"the invoice": inv, "the preview": preview, "the draft": draft} {
				if amounts := lineAmounts(got); !slices.Equal(amounts, tc.lines) || got.at("total") != float64(tc.total) {
					t.Errorf("%s has lines %v and total %v, want %v and %d", name, amounts, got.at("total"), tc.lines, tc.total)
				}
			}
			if inv.str("status") != "paid" || inv.str("billing_reason") != "subscription_cycle" {
				t.Errorf("the invoice is %s, %s", inv.str("status"), inv.str("billing_reason"))
			}
		})
	}
}

// The rest of the worked examples: what is billed in the end of each.
func TestWorkedExamplesOverHTTP(t *testing.T) {
	t.Parallel()
	t.Run("R11 a cancellation credits what was billed", func(t *testing.T) {
		t.Parallel()
		b := subscribed(t, instant(t, "2026-04-01 00:00:00"), "1000 month", "")
		must(t, b.sb, "POST", "/v1/subscriptions/"+b.id, b.filled("items[0][id]={item}&items[0][price]={1800 month}&proration_behavior=none"))
		b.advance(instant(t, "2026-04-01 00:00:08"))
		must(t, b.sb, "DELETE", "/v1/subscriptions/"+b.id+"?prorate=true", "")
		items, _ := must(t, b.sb, "GET", "/v1/invoiceitems?pending=true&customer="+b.customer, "").json["data"].([]any)
		if len(items) != 1 || items[0].(map[string]any)["amount"] != -1000.0 {
			t.Errorf("the pending items: %v", items)
		}
	})
	t.Run("E9 an anchor on the first", func(t *testing.T) {
		t.Parallel()
		anchor := instant(t, "2026-06-01 00:00:00")
		// 3000 × 1,432,800 / 2,678,400 = 1604.839.
		b := subscribed(t, instant(t, "2026-05-15 10:00:00"), "3000 month", fmt.Sprintf("billing_cycle_anchor=%d", anchor))
		if inv := b.latest(); inv.at("total") != 1605.0 || inv.str("status") != "paid" {
			t.Errorf("the first invoice: %v, %s", inv.at("total"), inv.str("status"))
		}
		b.advance(anchor + 2*60*60)
		if inv := b.latest(); inv.at("total") != 3000.0 || inv.str("status") != "paid" {
			t.Errorf("the invoice of June: %v, %s", inv.at("total"), inv.str("status"))
		}
	})
	t.Run("E10 a cancellation in August", func(t *testing.T) {
		t.Parallel()
		b := subscribed(t, instant(t, "2026-08-01 00:00:00"), "3100 month", "")
		b.advance(instant(t, "2026-08-12 06:00:00"))
		preview := must(t, b.sb, "POST", "/v1/invoices/create_preview", "subscription="+b.id+"&subscription_details[cancel_now]=true&subscription_details[proration_behavior]=create_prorations")
		if got := lineAmounts(preview); !slices.Equal(got, []int64{-1975}) {
			t.Errorf("the preview's lines: %v", got)
		}
		must(t, b.sb, "DELETE", "/v1/subscriptions/"+b.id+"?prorate=true", "")
		items, _ := must(t, b.sb, "GET", "/v1/invoiceitems?pending=true&customer="+b.customer, "").json["data"].([]any)
		if len(items) != 1 || items[0].(map[string]any)["amount"] != -1975.0 {
			t.Errorf("the pending items: %v", items)
		}
	})
	t.Run("E13 a proration of a discounted price", func(t *testing.T) {
		t.Parallel()
		b := subscribed(t, instant(t, "2026-04-01 00:00:00"), "2000 month", "")
		coupon := must(t, b.sb, "POST", "/v1/coupons", "percent_off=20&duration=forever").str("id")
		b.id = must(t, b.sb, "POST", "/v1/subscriptions", "customer="+b.customer+"&items[0][price]="+b.price+"&discounts[0][coupon]="+coupon).str("id")
		b.advance(instant(t, "2026-04-21 00:00:00"))
		must(t, b.sb, "POST", "/v1/subscriptions/"+b.id, b.filled("items[0][id]={item}&items[0][price]={3000 month}&proration_behavior=always_invoice"))
		inv := b.latest()
		if got := lineAmounts(inv); !slices.Equal(got, []int64{-533, 800}) || inv.at("total") != 267.0 || len(inv.at("total_discount_amounts").([]any)) != 0 {
			t.Errorf("lines %v, total %v, discounts %v", got, inv.at("total"), inv.at("total_discount_amounts"))
		}
	})
	t.Run("E18 an end in the middle of the year", func(t *testing.T) {
		t.Parallel()
		start := instant(t, "2023-01-01 00:00:00")
		b := subscribed(t, start, "12000 year", "")
		must(t, b.sb, "POST", "/v1/subscriptions/"+b.id, fmt.Sprintf("cancel_at=%d", instant(t, "2024-07-01 00:00:00")))
		b.advance(instant(t, "2024-01-01 02:00:00"))
		// 182 of 366 days: 5967.213.
		if inv := b.latest(); inv.at("total") != 5967.0 || inv.str("status") != "paid" {
			t.Errorf("the renewal: %v, %s", inv.at("total"), inv.str("status"))
		}
	})
	t.Run("E6 the end of the month", func(t *testing.T) {
		t.Parallel()
		b := subscribed(t, instant(t, "2026-01-31 15:04:05"), "1500 month", "")
		for _, at := range []int64{1772291045, 1774969445, 1777561445, 1780239845, 1782831845} {
			b.advance(at)
			if inv := b.latest(); inv.at("created") != float64(at) || inv.at("total") != 1500.0 {
				t.Errorf("the invoice of %d: created %v, total %v", at, inv.at("created"), inv.at("total"))
			}
		}
	})
}

// Nothing of a preview stays: not an object, not an event, not a count, whatever it is of.
func TestPreviewsLeaveNothing(t *testing.T) {
	t.Parallel()
	b := subscribed(t, instant(t, "2026-04-01 00:00:00"), "2000 month", "")
	coupon := must(t, b.sb, "POST", "/v1/coupons", "percent_off=10&max_redemptions=1").str("id")
	state := func() string {
		var all strings.Builder
		for _, path := range []string{"/v1/events?limit=100", "/v1/invoiceitems?customer=" + b.customer, "/v1/invoices?customer=" + b.customer, "/v1/customers/" + b.customer, "/v1/subscriptions/" + b.id,
			"/v1/coupons/" + coupon, "/v1/prices?limit=100", "/v1/products?limit=100", "/v1/payment_intents", "/v1/subscription_schedules", "/v1/tax_rates"} {
			all.WriteString(must(t, b.sb, "GET", path, "").body)
		}
		return all.String()
	}
	price := b.newPrice("5000 month")
	before := state()
	for _, form := range []string{
		"subscription=" + b.id,
		"subscription=" + b.id + "&subscription_details[items][0][id]=" + b.filled("{item}") + "&subscription_details[items][0][price]=" + price,
		"subscription=" + b.id + "&subscription_details[items][0][id]=" + b.filled("{item}") + "&subscription_details[items][0][price]=" + price + "&subscription_details[proration_behavior]=always_invoice",
		"subscription=" + b.id + "&subscription_details[cancel_now]=true&subscription_details[proration_behavior]=always_invoice",
		"customer=" + b.customer + "&subscription_details[items][0][price]=" + price + "&discounts[0][coupon]=" + coupon,
		"customer=" + b.customer + "&invoice_items[0][amount]=700&invoice_items[0][currency]=usd",
		"customer=" + b.customer + "&schedule_details[phases][0][items][0][price]=" + price + "&schedule_details[phases][0][duration][interval]=month&schedule_details[phases][0][duration][interval_count]=3",
		"customer_details[address][country]=TR&subscription_details[items][0][price]=" + price,
	} {
		got := must(t, b.sb, "POST", "/v1/invoices/create_preview", form)
		if !strings.HasPrefix(got.str("id"), "upcoming_in_") || got.str("status") != "draft" || got.str("billing_reason") != "upcoming" {
			t.Errorf("%s: %s", form, got.body)
		}
		if after := state(); after != before {
			t.Fatalf("%s left something", form)
		}
	}
}
