package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// span is a stretch of time of an item that was billed, or given back where amount is a credit's.
type span struct {
	start, end, amount int64
	credit             bool
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

// check holds all invoices against what must be true of each and of them together.
func (l *life) check() {
	spans := map[string][]span{}
	for _, inv := range l.all("/v1/invoices?limit=100&customer=" + l.customer) {
		l.checkSums(inv)
		l.checkPayments(inv)
		l.checkRetries(inv)
		id, _ := inv["id"].(string)
		unmade := l.waiting[id] && inv["status"] != "paid" // a change that is not made yet, or never will be
		for _, line := range l.lines(inv) {
			details := members(members(line["parent"])["subscription_item_details"])
			if source, _ := details["invoice_item"].(string); unmade && !l.pended[source] {
				continue
			}
			if l.unused(line) {
				continue
			}
			item, _ := details["subscription_item"].(string)
			spans[item] = append(spans[item], spanOf(line, details["proration"] == true))
		}
	}
	for _, item := range l.pendingItems() {
		l.pended[fmt.Sprint(item["id"])] = true
		of, _ := members(members(item["parent"])["subscription_details"])["subscription_item"].(string)
		spans[of] = append(spans[of], spanOf(item, true))
	}
	if !l.over() {
		l.checkPeriods()
	}
	delete(spans, "")
	for item, list := range spans {
		l.checkSpans(item, list)
	}
	l.checkBalance()
	l.checkSubscriptions()
}

// unused says whether a line bills no usage: the first invoice of a classic subscription shows it of the period to come.
func (l *life) unused(line map[string]any) bool {
	return numberOf(line["quantity"]) == 0 && members(members(line["pricing"])["price_details"])["price"] == l.metered
}

func spanOf(o map[string]any, proration bool) span {
	net := numberOf(o["amount"])
	for _, d := range elements(o["discount_amounts"]) {
		net -= numberOf(members(d)["amount"])
	}
	text, p := fmt.Sprint(o["description"]), members(o["period"])
	s := span{numberOf(p["start"]), numberOf(p["end"]), net, proration && strings.HasPrefix(text, "Unused time")}
	if strings.HasPrefix(text, "Free trial") || strings.HasPrefix(text, "Trial period") {
		s.end = s.start // nothing is billed
	}
	return s
}

// checkPeriods says that the present is in the present period of each item, and remembers how items are billed.
func (l *life) checkPeriods() {
	sub := l.subscription()
	for _, item := range l.items() {
		id, start, end := fmt.Sprint(item["id"]), numberOf(item["current_period_start"]), numberOf(item["current_period_end"])
		if status := sub.str("status"); (start > l.now || end <= l.now) && status != subPaused && status != subIncomplete {
			l.fail("it is %d, and %s of a subscription that is %s has the period from %d to %d", l.now, id, status, start, end)
		}
		if as := fmt.Sprint(members(item["price"])["id"], item["quantity"]); l.as[id] != as {
			l.as[id], l.since[id] = as, l.now
		}
		switch mode := sub.str("billing_mode.type"); {
		case l.modes[id] != "" && l.modes[id] != mode:
			l.modes[id] = "migrated"
		case mode == "classic" && l.loose:
			l.modes[id] = "loose" // it credits the present price, whatever was billed
		default:
			l.modes[id] = mode
		}
	}
}

// checkSpans says that no second of an item is billed twice, and that no more is given back than was billed.
func (l *life) checkSpans(item string, list []span) {
	if l.unprorated[item] {
		return
	}
	var sum, rounded int64
	edges := map[int64]int{}
	for _, s := range list {
		sum += s.amount
		step := 1
		if s.credit {
			step = -1
			rounded++
		}
		edges[s.start] += step
		edges[s.end] -= step
	}
	switch l.modes[item] {
	case "flexible":
		rounded = 0 // credits are parts of what was billed
	case "classic": // each credit is rounded by itself
	default:
		rounded = -sum
	}
	if sum < -rounded {
		l.fail("%s was given back %d more than it was billed: %v", item, -sum, list)
	}
	times := 0
	for _, at := range slices.Sorted(maps.Keys(edges)) {
		if times += edges[at]; times < 0 || times > 1 {
			l.fail("from %d on %s is billed %d times: %v", at, item, times, list)
		}
	}
}

// checkSums adds an invoice up again from its lines.
func (l *life) checkSums(inv map[string]any) {
	n := func(key string) int64 { return numberOf(inv[key]) }
	var subtotal, discounts, exclusive, taxes int64
	byDiscount, byRate := map[any]int64{}, map[any]int64{}
	for _, line := range l.lines(inv) {
		subtotal += numberOf(line["amount"])
		for _, d := range elements(line["discount_amounts"]) {
			discounts += numberOf(members(d)["amount"])
			byDiscount[members(d)["discount"]] += numberOf(members(d)["amount"])
		}
		for _, v := range elements(line["taxes"]) {
			tax := members(v)
			taxes += numberOf(tax["amount"])
			byRate[members(tax["tax_rate_details"])["tax_rate"]] += numberOf(tax["amount"])
			if tax["tax_behavior"] == "exclusive" {
				exclusive += numberOf(tax["amount"])
			}
		}
	}
	for _, d := range elements(inv["total_discount_amounts"]) {
		byDiscount[members(d)["discount"]] -= numberOf(members(d)["amount"])
	}
	for _, tax := range elements(inv["total_taxes"]) {
		byRate[members(members(tax)["tax_rate_details"])["tax_rate"]] -= numberOf(members(tax)["amount"])
	}
	for of, rest := range byDiscount {
		l.equal(inv, fmt.Sprint("the lines' discounts by ", of, " less the invoice's"), rest, 0)
	}
	for of, rest := range byRate {
		l.equal(inv, fmt.Sprint("the lines' taxes by ", of, " less the invoice's"), rest, 0)
	}
	l.equal(inv, "subtotal", n("subtotal"), subtotal)
	l.equal(inv, "total", n("total"), subtotal-discounts+exclusive)
	l.equal(inv, "total_excluding_tax", n("total_excluding_tax"), subtotal-discounts+exclusive-taxes)
	if inv["ending_balance"] != nil { // finalised: what is owed is asked for, or waits in the balance
		l.equal(inv, "amount_due and ending_balance", n("amount_due")+n("ending_balance"), n("total")+n("starting_balance")-n("pre_payment_credit_notes_amount"))
	}
	if n("amount_due") < 0 || n("amount_remaining") < 0 || n("amount_due") > max(n("total")+max(n("starting_balance"), 0), 0) {
		l.fail("%s: total %v, due %v, remaining %v, starting balance %v", inv["id"], inv["total"], inv["amount_due"], inv["amount_remaining"], inv["starting_balance"])
	}
	if inv["status"] == "open" || inv["status"] == "draft" {
		l.equal(inv, "amount_remaining", n("amount_remaining"), n("amount_due")-n("amount_paid"))
	}
	if inv["status"] == "paid" {
		l.equal(inv, "amount_remaining of a paid invoice", n("amount_remaining"), 0)
	}
}

func (l *life) equal(inv map[string]any, what string, is, want int64) {
	if is != want {
		l.fail("%v (%v): %s is %d, want %d\n%s", inv["id"], inv["status"], what, is, want, shown(inv)+owed(inv))
	}
}

// checkPayments adds up what was paid.
func (l *life) checkPayments(inv map[string]any) {
	if inv["status"] == "draft" {
		return
	}
	var paid int64
	for _, p := range l.all(fmt.Sprint("/v1/invoice_payments?limit=100&invoice=", inv["id"])) {
		if p["status"] == "paid" {
			paid += numberOf(p["amount_paid"])
		}
		if p["status"] == "open" && inv["status"] != "open" && inv["status"] != "uncollectible" {
			l.fail("%v is %v, and the payment %v is open", inv["id"], inv["status"], p)
		}
	}
	if elsewhere := numberOf(inv["amount_paid_off_stripe"]); paid+elsewhere != numberOf(inv["amount_paid"]) {
		l.fail("%v: payments of %d, %d elsewhere, and %v paid", inv["id"], paid, elsewhere, inv["amount_paid"])
	}
}

// checkRetries says that an invoice that is tried by itself is tried next on its day after the first attempt.
func (l *life) checkRetries(inv map[string]any) {
	next, count := numberOf(inv["next_payment_attempt"]), numberOf(inv["attempt_count"])
	if inv["status"] != "open" || next == 0 || count == 0 {
		return
	}
	if inv["auto_advance"] != true || inv["collection_method"] != chargeAutomatically || count > int64(len(l.retries)) {
		l.fail("%v will be tried at %d: %v", inv["id"], next, inv)
	}
	first := numberOf(members(inv["status_transitions"])["finalized_at"])
	after := l.retries[count-1] * 86400
	if tried, ok := l.tried[fmt.Sprint(inv["id"])]; ok { // somebody paid before the sandbox tried, or let it wait its hour
		if next != max(tried+after, l.now) && next != max(first+3600+after, l.now) {
			l.fail("%v was tried %d times since %d, and comes next at %d", inv["id"], count, tried, next)
		}
	} else if next != max(first+after, l.now) {
		l.fail("%v was tried %d times since %d, and comes next at %d, want %d", inv["id"], count, first, next, first+after)
	}
}

// checkBalance adds the customer's balance up from its transactions.
func (l *life) checkBalance() {
	var sum int64
	list := l.all("/v1/customers/" + l.customer + "/balance_transactions?limit=100")
	slices.Reverse(list)
	for _, tx := range list {
		sum += numberOf(tx["amount"])
		if numberOf(tx["ending_balance"]) != sum {
			l.fail("the balance after %v is %d", tx, sum)
		}
	}
	if is := l.must("GET", "/v1/customers/"+l.customer).at("balance"); numberOf(is) != sum {
		l.fail("the balance is %v, its transactions add up to %d", is, sum)
	}
}
