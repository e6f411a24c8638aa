package sandbox

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// shown is what of an invoice a preview must show too.
func shown(inv map[string]any) string {
	var b strings.Builder
	for _, key := range []string{"subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax", "currency"} {
		fmt.Fprint(&b, key, " ", inv[key], ", ")
	}
	fmt.Fprint(&b, "discounts ", amountsIn(inv["total_discount_amounts"]), ", taxes ", amountsIn(inv["total_taxes"]))
	for _, v := range elements(members(inv["lines"])["data"]) {
		line := members(v)
		fmt.Fprint(&b, "\n  ", line["description"], " ", line["amount"], " ", line["quantity"], " ", line["period"], " ", line["discountable"],
			" less ", amountsIn(line["discount_amounts"]), " tax ", amountsIn(line["taxes"]), " ", members(members(line["pricing"])["price_details"])["price"])
	}
	return b.String()
}

// owed is what an invoice asks for, and what becomes of the customer's balance.
func owed(inv map[string]any) string {
	return fmt.Sprint("\ndue ", inv["amount_due"], ", balance from ", inv["starting_balance"], " to ", inv["ending_balance"])
}

func amountsIn(list any) []any {
	amounts := []any{}
	for _, v := range elements(list) {
		amounts = append(amounts, members(v)["amount"])
	}
	return amounts
}

// previewed turns the parameters of a call about a subscription into those of its preview.
func (l *life) previewed(form []string) []string {
	var asked []string
	for _, pairs := range form {
		for p := range strings.SplitSeq(pairs, "&") {
			key, value, _ := strings.Cut(p, "=")
			at := strings.IndexByte(key, '[')
			if at < 0 {
				at = len(key)
			}
			switch head := key[:at]; head {
			case "customer", "discounts":
				asked = append(asked, p)
			case "payment_behavior", "collection_method", "days_until_due", "trial_settings", "invoice_now", "prorate": // a preview has no such parameter
			case "trial_period_days":
				days, err := strconv.ParseInt(value, 10, 64)
				if err != nil {
					l.rt.Fatal(err)
				}
				asked = append(asked, fmt.Sprint("subscription_details[trial_end]=", l.now+days*86400))
			default:
				asked = append(asked, "subscription_details["+head+"]"+key[at:]+"="+value)
			}
		}
	}
	return asked
}

// preview is what would be billed next if a call with this form were made.
func (l *life) preview(form []string) reply {
	return l.call("POST", "/v1/invoices/create_preview", append([]string{"subscription=" + l.id}, l.previewed(form)...)...)
}

// previewCreation is the first invoice of a subscription that this form would make.
func (l *life) previewCreation(form []string) reply {
	return l.call("POST", "/v1/invoices/create_preview", l.previewed(form)...)
}

// sameInvoice holds a preview against the invoice that came.
func (l *life) sameInvoice(what string, before, after reply) {
	if before.status != 200 || after.status != 200 {
		l.fail("%s: previewed %d %s, then %d %s", what, before.status, before.body, after.status, after.body)
	}
	was, is := shown(before.json), shown(after.json)
	if after.str("number") != "" || after.str("billing_reason") == "upcoming" { // the balance is used when an invoice gets its number
		was, is = was+owed(before.json), is+owed(after.json)
	}
	if was != is {
		l.fail("%s: previewed\n%s\nbilled\n%s", what, was, is)
	}
}

// update changes the subscription, previewed before: the preview is the invoice, or, where none is made, the next one.
func (l *life) update(form ...string) reply {
	before := l.preview(form)
	sub := l.subscription()
	was := sub.str("latest_invoice")
	done := l.call("POST", "/v1/subscriptions/"+l.id, form...)
	if done.status != 200 {
		l.refused(sub, before, done, form)
		return done
	}
	if id := done.str("latest_invoice"); id != was {
		if done.at("pending_update") != nil {
			l.waiting[id] = true
		}
		l.sameInvoice(fmt.Sprint(form), before, l.must("GET", "/v1/invoices/"+id))
		return done
	}
	after := l.preview(nil)
	if before.status == after.status && before.status == 404 { // it ends, and owes nothing
		return done
	}
	l.sameInvoice(fmt.Sprint(form), before, after)
	return done
}

// refused says whether a change may be refused though its preview is fine: nobody can pay, or the call wants an error where
// nobody does. Nothing of it stays.
func (l *life) refused(was, before, done reply, form []string) {
	unpaid := done.status == 402 && strings.Contains(strings.Join(form, "&"), errorIncomplete) || strings.Contains(done.body, noMethod)
	if before.status == 200 && !unpaid {
		l.fail("%v: the preview is fine, the change answers %d: %s", form, done.status, done.body)
	}
	if is := l.subscription(); is.body != was.body {
		l.fail("%v was refused, and the subscription was\n%s\nand is\n%s", form, was.body, is.body)
	}
	l.tally["refused"]++
}

// invoices are those of the present subscription, oldest first.
func (l *life) invoices() []map[string]any {
	list := l.all("/v1/invoices?limit=100&subscription=" + l.id)
	slices.Reverse(list)
	return list
}

// moveClock lets time pass.
func (l *life) moveClock(seconds int64) {
	l.must("POST", "/v1/test_helpers/test_clocks/"+l.clock+"/advance", fmt.Sprint("frozen_time=", l.now+seconds))
	if err := l.sb.Account("sk_test_core").Idle(l.t.Context()); err != nil {
		l.rt.Fatal(err)
	}
	l.now += seconds
	if log := l.log.String(); log != "" {
		l.fail("what fell due was not done: %s", log)
	}
}

// advance moves the clock. The first renewal on the way is what the preview showed.
func (l *life) advance(seconds int64) {
	if l.over() {
		l.moveClock(seconds)
		return
	}
	sub := l.subscription()
	next := l.preview(nil)
	settled := true
	for _, inv := range l.all("/v1/invoices?limit=100&customer=" + l.customer) {
		settled = settled && inv["status"] != "draft" // drafts change the balance that the next invoice begins with
	}
	from := l.now
	l.moveClock(seconds)
	if status := sub.str("status"); status == subPaused || status == subIncomplete || sub.at("pending_update") != nil {
		return
	}
	for _, inv := range l.invoices() {
		if numberOf(inv["created"]) <= from { // what comes by itself is a renewal, or a phase of the schedule
			continue
		}
		if next.status != 200 {
			l.fail("nothing was to come, said %s, and then %v", next.body, shown(inv))
		}
		was, is := shown(next.json), shown(inv)
		if settled && inv["ending_balance"] != nil && sub.at("pause_collection") == nil {
			was, is = was+owed(next.json), is+owed(inv)
		}
		if was != is {
			l.fail("previewed\n%s\nbilled at %v\n%s", was, inv["created"], is)
		}
		l.tally["renewed as previewed"]++
		return
	}
}
