package sandbox

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// lifeAct is something that a life may do. needs are the states of the subscription in which it is done, nil for any time.
type lifeAct struct {
	name  string
	needs []string
	do    func(*life)
}

var (
	billedStates = []string{subActive, subTrialing, subPastDue, subUnpaid}
	openStates   = append(slices.Clone(billedStates), subPaused)
)

var lifeActs = []lifeAct{
	{"change", billedStates, (*life).change},
	{"change", billedStates, (*life).change},
	{"undo", billedStates, (*life).undo},
	{"anchor", billedStates, (*life).moveAnchor},
	{"trial", billedStates, (*life).moveTrial},
	{"cancel later", billedStates, (*life).cancelLater},
	{"cancel now", append(slices.Clone(openStates), subIncomplete), (*life).cancelNow},
	{"pause", billedStates, (*life).pause},
	{"resume", []string{subPaused}, (*life).resume},
	{"discount", openStates, (*life).discount},
	{"schedule", billedStates, (*life).schedule},
	{"migrate", openStates, (*life).migrate},
	{"collection", billedStates, (*life).collect},
	{"usage", billedStates, (*life).use},
	{"card", nil, (*life).changeCard},
	{"answer", nil, (*life).answerBank},
	{"answer", nil, (*life).answerBank},
	{"buyer pays", nil, (*life).buyerPays},
	{"pay", nil, (*life).settleInvoice},
	{"pay", nil, (*life).settleInvoice},
	{"credit note", nil, (*life).creditNote},
	{"balance", nil, (*life).moveBalance},
	{"invoice item", nil, (*life).addItem},
}

func (l *life) hasCard() bool {
	return l.must("GET", "/v1/customers/"+l.customer).str("invoice_settings.default_payment_method") != ""
}

// takeCard makes a card the one that pays.
func (l *life) takeCard(card string) {
	id := l.must("POST", "/v1/payment_methods/"+card+"/attach", "customer="+l.customer).str("id")
	l.must("POST", "/v1/customers/"+l.customer, "invoice_settings[default_payment_method]="+id)
}

func (l *life) changeCard() {
	l.takeCard(rapid.SampledFrom([]string{"pm_card_visa", "pm_card_visa", "pm_card_chargeCustomerFail", askingCard, askingCard}).Draw(l.rt, "card"))
}

// behaviors draws how a change is prorated and paid.
func (l *life) behaviors() (proration string, form []string) {
	proration = rapid.SampledFrom([]string{"create_prorations", "create_prorations", "always_invoice", "always_invoice", "none"}).Draw(l.rt, "proration_behavior")
	form = []string{"proration_behavior=" + proration}
	if payment := rapid.SampledFrom([]string{"", "", "", "allow_incomplete", errorIncomplete, waitIncomplete, pendIncomplete}).Draw(l.rt, "payment_behavior"); payment != "" {
		form = append(form, "payment_behavior="+payment)
	}
	l.loose = l.loose || proration == "none"
	if proration == "none" && !l.flexible { // classic credits what it never charged
		l.forgive()
	}
	return proration, form
}

// forgive says that items are billed anew without giving back what was billed.
func (l *life) forgive() {
	for _, item := range l.items() {
		l.unprorated[fmt.Sprint(item["id"])] = true
	}
}

// licensed are the items that are billed in advance.
func (l *life) licensed() []map[string]any {
	return slices.DeleteFunc(l.items(), func(i map[string]any) bool { return members(i["price"])["id"] == l.metered })
}

// change draws what of the items changes, and how that is prorated.
func (l *life) change() {
	items := l.licensed()
	item := items[rapid.IntRange(0, len(items)-1).Draw(l.rt, "item")]
	id, was := fmt.Sprint(item["id"]), fmt.Sprint(members(item["price"])["id"])
	behavior, form := l.behaviors()
	form = append(form, "items[0][id]="+id)
	has := func(price string) bool {
		return slices.ContainsFunc(items, func(i map[string]any) bool { return members(i["price"])["id"] == price })
	}
	long := func(price string) bool { return !slices.Contains(l.monthly, price) }
	if rapid.IntRange(0, 5).Draw(l.rt, "dated") == 0 {
		date := max(l.now-rapid.Int64Range(0, 86400).Draw(l.rt, "seconds ago"), numberOf(item["current_period_start"]))
		form = append(form, fmt.Sprint("proration_date=", date))
		if !l.flexible && date < l.since[id] { // classic credits the present price for a time at which it was another one
			l.unprorated[id] = true
		}
	}
	switch rapid.IntRange(0, 5).Draw(l.rt, "change") {
	case 0, 1:
		price := rapid.SampledFrom(append(slices.Clone(l.monthly), l.others...)).Draw(l.rt, "price")
		if has(price) || !l.flexible && len(l.items()) > 1 && long(price) {
			return
		}
		// Who goes to another interval and wants nothing prorated gets no credit for the longer period that was billed.
		if behavior == "none" && (!l.flexible || long(price) || long(was)) {
			l.forgive()
		}
		l.update(append(form, "items[0][price]="+price)...)
	case 2, 3:
		l.update(append(form, fmt.Sprint("items[0][quantity]=", rapid.IntRange(0, 7).Draw(l.rt, "quantity")))...)
	default:
		price := rapid.SampledFrom(l.monthly).Draw(l.rt, "another price")
		switch {
		case len(items) > 2:
			l.update(append(form, "items[0][deleted]=true")...)
		case !has(price) && (l.flexible || !slices.ContainsFunc(items, func(i map[string]any) bool { return long(fmt.Sprint(members(i["price"])["id"])) })):
			behavior, form := l.behaviors()
			l.update(append(form, "items[0][price]="+price, "items[0][quantity]=2")...)
			if behavior == "none" && !l.flexible { // classic credits what it never charged
				l.forgive()
			}
		}
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

// undo makes a change and takes it back in the same second: at most a unit for each pair of lines is left over, where halves
// are rounded in favour of the customer, and the subscription is as it was.
func (l *life) undo() {
	item := l.licensed()[0]
	id, quantity := fmt.Sprint(item["id"]), numberOf(item["quantity"])
	before, pending := fmt.Sprint(l.shape()), l.pendingSum()
	for _, q := range []int64{quantity + 3, quantity} {
		l.update("items[0][id]="+id, fmt.Sprint("items[0][quantity]=", q))
	}
	if left := l.pendingSum() - pending; l.flexible && !l.loose && !l.unprorated[id] && (left > l.charged || left < -2) {
		l.fail("an undo leaves %d", left)
	}
	if after := fmt.Sprint(l.shape()); after != before {
		l.fail("before a change %s, after its undo %s", before, after)
	}
}

func (l *life) moveAnchor() {
	behavior, form := l.behaviors()
	if behavior != "always_invoice" { // a reset that bills nothing has no lines
		l.forgive()
	}
	l.update(append(form, "billing_cycle_anchor=now")...)
}

func (l *life) moveTrial() {
	behavior, form := l.behaviors()
	if behavior == "none" {
		l.forgive()
	}
	if rapid.IntRange(0, 2).Draw(l.rt, "end it") == 0 {
		l.update(append(form, "trial_end=now")...)
		return
	}
	l.update(append(form, fmt.Sprint("trial_end=", l.now+int64(rapid.IntRange(1, 40).Draw(l.rt, "trial days"))*86400))...)
}

func (l *life) cancelLater() {
	behavior := rapid.SampledFrom([]string{"create_prorations", "always_invoice", "none"}).Draw(l.rt, "proration_behavior")
	l.loose = l.loose || behavior == "none" // a change gives back what was not given back then
	if behavior == "none" && !l.flexible {  // classic charges the time again that it did not give back
		l.forgive()
	}
	how := rapid.SampledFrom([]string{"cancel_at_period_end=true", "cancel_at_period_end=false", "cancel_at=min_period_end", "cancel_at=max_period_end", "cancel_at=max_billed_until", "cancel_at=", "", ""}).Draw(l.rt, "when")
	if how == "" {
		how = fmt.Sprint("cancel_at=", l.now+rapid.Int64Range(1, 90*86400).Draw(l.rt, "seconds to the end"))
	}
	l.update(how, "proration_behavior="+behavior)
}

// cancelNow ends the subscription. A last invoice is what its preview showed.
func (l *life) cancelNow() {
	prorate, invoice := rapid.Bool().Draw(l.rt, "prorate"), rapid.Bool().Draw(l.rt, "invoice_now")
	behavior := "none"
	if prorate {
		behavior = "create_prorations"
	}
	before := l.preview([]string{"cancel_now=true", "proration_behavior=" + behavior})
	was := l.subscription().str("latest_invoice")
	done := l.must("DELETE", fmt.Sprint("/v1/subscriptions/", l.id, "?prorate=", prorate, "&invoice_now=", invoice))
	if done.str("status") != canceled {
		l.fail("canceled, it is %s", done.str("status"))
	}
	if id := done.str("latest_invoice"); id != was {
		l.sameInvoice("cancellation", before, l.must("GET", "/v1/invoices/"+id))
	}
}

func (l *life) pause() {
	how := rapid.SampledFrom([]string{"", "keep_as_draft", "mark_uncollectible", "void"}).Draw(l.rt, "behavior")
	if how == "" {
		l.must("POST", "/v1/subscriptions/"+l.id, "pause_collection=")
		return
	}
	form := []string{"pause_collection[behavior]=" + how}
	if rapid.Bool().Draw(l.rt, "for a time") {
		form = append(form, fmt.Sprint("pause_collection[resumes_at]=", l.now+rapid.Int64Range(1, 60*86400).Draw(l.rt, "pause")))
	}
	l.must("POST", "/v1/subscriptions/"+l.id, form...)
}

// resume goes on after a trial that ended without a method. Without one it must
// be refused, unless the customer's balance pays the invoice.
func (l *life) resume() {
	if before := l.preview([]string{"resume_at=now"}); !l.hasCard() && (before.status != 200 || before.json["amount_due"] != 0.) {
		if got := l.call("POST", "/v1/subscriptions/"+l.id+"/resume"); got.status != 400 {
			l.fail("resumed without a card: %s", got.body)
		}
		return
	}
	before := l.preview([]string{"resume_at=now"})
	was := l.subscription().str("latest_invoice")
	done := l.must("POST", "/v1/subscriptions/"+l.id+"/resume")
	if id := done.str("latest_invoice"); id != was {
		if done.at("pending_update") != nil {
			l.waiting[id] = true
		}
		l.sameInvoice("resumption", before, l.must("GET", "/v1/invoices/"+id))
	}
}

func (l *life) discount() {
	coupon := rapid.SampledFrom([]string{"", "PERCENT", "AMOUNT", "ONCE"}).Draw(l.rt, "coupon")
	l.loose = true
	if coupon == "" {
		l.must("POST", "/v1/subscriptions/"+l.id, "discounts=")
		return
	}
	l.must("POST", "/v1/subscriptions/"+l.id, "discounts[0][coupon]="+coupon)
}

func (l *life) migrate() {
	if l.flexible || l.subscription().str("schedule") != "" {
		return
	}
	l.must("POST", "/v1/subscriptions/"+l.id+"/migrate", "billing_mode[type]=flexible")
	l.flexible, l.loose = true, true
}

func (l *life) collect() {
	if l.subscription().str("collection_method") == sendInvoice {
		l.must("POST", "/v1/subscriptions/"+l.id, "collection_method=charge_automatically")
		return
	}
	l.must("POST", "/v1/subscriptions/"+l.id, "collection_method=send_invoice&days_until_due=3")
}

// use reports usage.
func (l *life) use() {
	l.must("POST", "/v1/billing/meter_events", fmt.Sprintf("event_name=calls&timestamp=%d&payload[stripe_customer_id]=%s&payload[value]=%d", l.now, l.customer, rapid.IntRange(1, 500).Draw(l.rt, "usage")))
}

// settleInvoice ends an invoice that waits: it is finalised, paid, paid elsewhere, void or given up.
func (l *life) settleInvoice() {
	var waiting []map[string]any
	for _, inv := range l.all("/v1/invoices?limit=100&customer=" + l.customer) {
		if inv["status"] == "open" || inv["status"] == "draft" || inv["status"] == "uncollectible" && inv["number"] != nil { // without one, nothing is owed
			waiting = append(waiting, inv)
		}
	}
	if len(waiting) == 0 {
		return
	}
	inv := waiting[rapid.IntRange(0, len(waiting)-1).Draw(l.rt, "invoice")]
	path := fmt.Sprint("/v1/invoices/", inv["id"], "/")
	if inv["status"] == "draft" {
		l.must("POST", path+"finalize")
	}
	if numberOf(inv["attempt_count"]) == 0 {
		l.tried[fmt.Sprint(inv["id"])] = l.now
	}
	if inv["status"] == "draft" {
		return
	}
	switch rapid.IntRange(0, 5).Draw(l.rt, "settle") {
	case 0:
		l.must("POST", path+"void")
	case 1:
		if inv["status"] == "open" {
			l.must("POST", path+"mark_uncollectible")
		}
	case 2:
		l.must("POST", path+"pay", "paid_out_of_band=true")
	case 3:
		l.call("POST", path+"pay") // with whatever card there is
	default:
		l.must("POST", path+"pay", "payment_method="+l.must("POST", "/v1/payment_methods/pm_card_visa/attach", "customer="+l.customer).str("id"))
	}
}

// creditNote takes back a part of an invoice, in whatever way.
func (l *life) creditNote() {
	var done []map[string]any
	for _, inv := range l.all("/v1/invoices?limit=100&customer=" + l.customer) {
		if (inv["status"] == "open" || inv["status"] == "paid") && numberOf(inv["total"]) > 0 {
			done = append(done, inv)
		}
	}
	if len(done) == 0 {
		return
	}
	inv := done[rapid.IntRange(0, len(done)-1).Draw(l.rt, "credited invoice")]
	amount := rapid.Int64Range(1, numberOf(inv["total"])).Draw(l.rt, "credited")
	form := []string{fmt.Sprint("invoice=", inv["id"]), fmt.Sprint("amount=", amount)}
	if inv["status"] == "paid" {
		form = append(form, fmt.Sprint(rapid.SampledFrom([]string{"credit_amount", "out_of_band_amount", "refund_amount"}).Draw(l.rt, "goes to"), "=", amount))
	}
	preview := l.call("GET", "/v1/credit_notes/preview?"+strings.Join(form, "&"))
	got := l.call("POST", "/v1/credit_notes", form...)
	if preview.status != got.status {
		l.fail("the credit note's preview answers %s, the note %s", preview.body, got.body)
	}
	if got.status != 200 {
		return // more than what is left, or than what was paid by card
	}
	l.tally["credited"]++
	for _, key := range []string{"amount", "subtotal", "total", "total_excluding_tax", "pre_payment_amount", "post_payment_amount"} {
		if preview.at(key) != got.at(key) {
			l.fail("%s of the credit note is %v, its preview said %v", key, got.at(key), preview.at(key))
		}
	}
	var lines int64
	for _, line := range l.all("/v1/credit_notes/" + got.str("id") + "/lines?limit=100") {
		lines += numberOf(line["amount"]) - numberOf(line["discount_amount"])
		for _, tax := range elements(line["taxes"]) {
			if members(tax)["tax_behavior"] == "exclusive" {
				lines += numberOf(members(tax)["amount"])
			}
		}
	}
	if lines != numberOf(got.at("total")) || numberOf(got.at("total")) != amount {
		l.fail("the credit note of %d has lines of %d and the total %v: %s", amount, lines, got.at("total"), got.body)
	}
}

func (l *life) moveBalance() {
	l.must("POST", "/v1/customers/"+l.customer+"/balance_transactions", fmt.Sprint("currency=usd&amount=", rapid.SampledFrom([]int{-3000, -700, -1, 1, 30, 2500}).Draw(l.rt, "amount")))
}

func (l *life) addItem() {
	l.must("POST", "/v1/invoiceitems", "currency=usd&customer="+l.customer, fmt.Sprint("amount=", rapid.IntRange(-500, 900).Draw(l.rt, "amount")))
}
