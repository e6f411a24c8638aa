package sandbox

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// ruleBook bills one item of a flexible subscription by the rules of docs/reference/sandbox-billing.md alone; nothing of the
// sandbox's arithmetic is in it. Amounts are in minor units, off and tax in thousandths.
type ruleBook struct {
	anchor, start, end int64
	month              int
	price, quantity    int64
	off, tax           int64
	inclusive          bool
	// standing is what was billed and not given back: an amount for the time from a moment to the period's end.
	amount, from int64
	pending      []ruleLine
}

// ruleLine is a line: its amount, what the discount takes off, and the tax on the rest.
type ruleLine struct{ amount, off, tax int64 }

// nearestUnit divides and rounds to the nearest unit; a half goes up or down.
func nearestUnit(a, b int64, up bool) int64 {
	if a < 0 {
		return -nearestUnit(-a, b, !up)
	}
	n, rest := a/b, a%b*2
	if rest > b || rest == b && up {
		n++
	}
	return n
}

// monthsAfter is the anchor's day in a later month, or that month's last.
func monthsAfter(anchor int64, n int) int64 {
	t := time.Unix(anchor, 0).UTC()
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1).Unix()
}

// line taxes an amount after its discount, half away from zero.
func (r *ruleBook) line(amount, off int64) ruleLine {
	net, base := amount-off, int64(1000)
	if r.inclusive {
		base += r.tax
	}
	tax := nearestUnit(max(net, -net)*r.tax, base, true)
	if net < 0 {
		tax = -tax
	}
	return ruleLine{amount, off, tax}
}

// period bills a whole period; the percentage is taken off the line, half up.
func (r *ruleBook) period() ruleLine {
	amount := r.price * r.quantity
	l := r.line(amount, nearestUnit(amount*r.off, 1000, true))
	r.amount, r.from = l.amount-l.off, r.start
	return l
}

// renew begins the next period and bills it with what is pending.
func (r *ruleBook) renew() []ruleLine {
	r.month++
	r.start, r.end = r.end, monthsAfter(r.anchor, r.month+1)
	lines := append(r.pending, r.period())
	r.pending = nil
	return lines
}

// change gives back the rest of what was billed and charges the rest of the period at the new price; an exact half goes
// towards minus infinity.
func (r *ruleBook) change(now, price, quantity int64) {
	credit := nearestUnit(-r.amount*(r.end-now), r.end-r.from, false)
	r.price, r.quantity = price, quantity
	debit := nearestUnit(price*quantity*(1000-r.off)*(r.end-now), 1000*(r.end-r.start), false)
	r.pending = append(r.pending, r.line(credit, 0), r.line(debit, 0))
	r.amount, r.from = debit, now
}

// agrees holds an invoice of at most ten lines, which it shows, against the lines of the rules, whatever their order, and its totals against their sums.
func agrees(rt *rapid.T, r *ruleBook, what string, inv reply, want []ruleLine) {
	var got []ruleLine
	for _, v := range elements(inv.at("lines.data")) {
		l := ruleLine{amount: numberOf(members(v)["amount"])}
		for _, d := range elements(members(v)["discount_amounts"]) {
			l.off += numberOf(members(d)["amount"])
		}
		for _, tax := range elements(members(v)["taxes"]) {
			l.tax += numberOf(members(tax)["amount"])
		}
		got = append(got, l)
	}
	order := func(a, b ruleLine) int { return int(a.amount - b.amount) }
	want = slices.Clone(want)
	slices.SortFunc(got, order)
	slices.SortFunc(want, order)
	var total int64
	for _, l := range want {
		total += l.amount - l.off
		if !r.inclusive {
			total += l.tax
		}
	}
	if !slices.Equal(got, want) || numberOf(inv.at("total")) != total {
		rt.Fatalf("%s: lines %v, total %v; by the rules %v, %d", what, got, inv.at("total"), want, total)
	}
}

// A model of the rules, written from the page and not from the program, says what a subscription of flat prices bills, with
// prorations, a discount and tax; previews and invoices agree with it to the last unit.
func TestInvoicesAreAsTheRulesSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		amounts := []int64{999, 1000, 2000, 4733, 12345}
		r := &ruleBook{anchor: instant(t, rapid.SampledFrom([]string{"2027-01-31 15:04:05", "2028-02-29 08:00:00", "2027-03-28 00:59:59"}).Draw(rt, "anchor")), quantity: 1,
			price: rapid.SampledFrom(amounts).Draw(rt, "price"), off: rapid.SampledFrom([]int64{0, 125, 250, 333}).Draw(rt, "off"),
			tax: rapid.SampledFrom([]int64{0, 50, 185, 200}).Draw(rt, "tax"), inclusive: rapid.Bool().Draw(rt, "inclusive")}
		r.start, r.end = r.anchor, monthsAfter(r.anchor, 1)
		b := subscribed(t, r.anchor, fmt.Sprint(r.price, " month"), "trial_period_days=3") // its customer gets another one
		form := "customer=" + b.customer + "&items[0][price]=" + b.price
		if r.off > 0 {
			must(t, b.sb, "POST", "/v1/coupons", fmt.Sprintf("id=OFF&percent_off=%d.%d&duration=forever", r.off/10, r.off%10))
			form += "&discounts[0][coupon]=OFF"
		}
		if r.tax > 0 {
			form += "&default_tax_rates[0]=" + must(t, b.sb, "POST", "/v1/tax_rates", fmt.Sprintf("display_name=VAT&percentage=%d.%d&inclusive=%t", r.tax/10, r.tax%10, r.inclusive)).str("id")
		}
		must(t, b.sb, "DELETE", "/v1/subscriptions/"+b.id, "")
		b.id = must(t, b.sb, "POST", "/v1/subscriptions", form).str("id")
		agrees(rt, r, "the first invoice", b.latest(), []ruleLine{r.period()})
		now := r.anchor
		for range rapid.IntRange(1, 5).Draw(rt, "steps") {
			now += rapid.Int64Range(1, 20*86400).Draw(rt, "seconds")
			if now >= r.end {
				preview := must(t, b.sb, "POST", "/v1/invoices/create_preview", "subscription="+b.id)
				now = r.end
				b.advance(now)
				lines := r.renew()
				agrees(rt, r, "the preview of a renewal", preview, lines)
				agrees(rt, r, "a renewal", b.latest(), lines)
				continue
			}
			b.advance(now)
			price, quantity := rapid.SampledFrom(amounts).Draw(rt, "new price"), rapid.Int64Range(0, 9).Draw(rt, "quantity")
			if price == r.price {
				continue // the same price under another id would be a change, too
			}
			at := rapid.Bool().Draw(rt, "at once")
			change := b.filled(fmt.Sprintf("items[0][id]={item}&items[0][price]={%d month}&items[0][quantity]=%d", price, quantity))
			if at {
				change += "&proration_behavior=always_invoice"
			}
			preview := must(t, b.sb, "POST", "/v1/invoices/create_preview", "subscription="+b.id+"&"+underDetails(t, change))
			must(t, b.sb, "POST", "/v1/subscriptions/"+b.id, change)
			r.change(now, price, quantity)
			if at {
				agrees(rt, r, "the preview of a change", preview, r.pending)
				agrees(rt, r, "a change", b.latest(), r.pending)
				r.pending = nil
			}
		}
	})
}
