package sandbox

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// schedule puts the subscription under a schedule, changes its phases, or lets it go.
func (l *life) schedule() {
	sub := l.subscription()
	id := sub.str("schedule")
	if id != "" && rapid.IntRange(0, 2).Draw(l.rt, "end the schedule") == 0 {
		end := rapid.SampledFrom([]string{"release", "cancel"}).Draw(l.rt, "schedule's end")
		form := ""
		if end == "cancel" {
			form = fmt.Sprintf("invoice_now=%t&prorate=%t", rapid.Bool().Draw(l.rt, "invoice_now"), rapid.Bool().Draw(l.rt, "prorate"))
		}
		l.must("POST", "/v1/subscription_schedules/"+id+"/"+end, form)
		return
	}
	if sub.at("cancel_at") != nil || sub.at("pending_update") != nil {
		return
	}
	if id == "" {
		made := l.call("POST", "/v1/subscription_schedules", "from_subscription="+l.id)
		if made.status != 200 {
			return
		}
		id = made.str("id")
	}
	l.reschedule(id)
}

// scheduled turns the parameters of a call about a schedule into those of its preview.
func scheduled(form []string) []string {
	var asked []string
	for _, pairs := range form {
		for p := range strings.SplitSeq(pairs, "&") {
			key, rest, _ := strings.Cut(p, "=")
			head, tail, nested := strings.Cut(key, "[")
			switch head {
			case "customer":
				asked = append(asked, p)
				continue
			case "start_date": // a preview has it in the first phase
				head, tail, nested = "phases", "0][start_date]", true
			}
			if nested {
				tail = "[" + tail
			}
			asked = append(asked, "schedule_details["+head+"]"+tail+"="+rest)
		}
	}
	return asked
}

// reschedule tells a schedule its present phase again, with another quantity perhaps, and what follows it. The preview is the
// invoice that this makes at once, or, where it makes none, the next one.
func (l *life) reschedule(id string) {
	schedule := l.must("GET", "/v1/subscription_schedules/"+id)
	behavior := rapid.SampledFrom([]string{"create_prorations", "always_invoice", "none"}).Draw(l.rt, "schedule's proration_behavior")
	form := append([]string{"proration_behavior=" + behavior}, l.presentPhase(schedule, behavior)...)
	form = append(form, l.phase(1)...)
	if rapid.Bool().Draw(l.rt, "a third phase") {
		form = append(form, l.phase(2)...)
	}
	form = append(form, "end_behavior="+rapid.SampledFrom([]string{"release", "cancel"}).Draw(l.rt, "end_behavior"))
	before := l.call("POST", "/v1/invoices/create_preview", append([]string{"schedule=" + id}, scheduled(form)...)...)
	sub := l.subscription()
	done := l.call("POST", "/v1/subscription_schedules/"+id, form...)
	if done.status != 200 {
		l.refused(sub, before, done, form)
		return
	}
	l.loose = true
	if behavior == "none" && !l.flexible { // what the phase has and the subscription had not is not charged, and classic credits it
		l.forgive()
	}
	if inv := l.subscription().str("latest_invoice"); inv != sub.str("latest_invoice") {
		l.tally["rescheduled and billed"]++
		l.sameInvoice(fmt.Sprint(form), before, l.must("GET", "/v1/invoices/"+inv))
		return
	}
	l.tally["rescheduled"]++
	for _, of := range []string{"schedule=" + id, "subscription=" + l.id} {
		after := l.call("POST", "/v1/invoices/create_preview", of)
		if before.status == 404 && after.status == 404 { // it ends, and owes nothing
			continue
		}
		l.sameInvoice(fmt.Sprint(form, " then ", of), before, after)
	}
}

// presentPhase is the phase that a schedule is in, as it is but for a quantity.
func (l *life) presentPhase(schedule reply, behavior string) []string {
	start := numberOf(schedule.at("current_phase.start_date"))
	for _, v := range elements(schedule.at("phases")) {
		phase := members(v)
		if numberOf(phase["start_date"]) != start {
			continue
		}
		form := []string{fmt.Sprint("phases[0][start_date]=", start), fmt.Sprint("phases[0][end_date]=", numberOf(phase["end_date"]))}
		for i, v := range elements(phase["items"]) {
			item := members(v)
			form = append(form, fmt.Sprintf("phases[0][items][%d][price]=%v", i, item["price"]))
			if item["quantity"] == nil {
				continue
			}
			quantity := numberOf(item["quantity"])
			if i == 0 && rapid.Bool().Draw(l.rt, "another quantity") {
				quantity = rapid.Int64Range(1, 6).Draw(l.rt, "present quantity")
				if behavior == "none" && !l.flexible {
					l.forgive()
				}
			}
			form = append(form, fmt.Sprintf("phases[0][items][%d][quantity]=%v", i, quantity))
		}
		if end := numberOf(phase["trial_end"]); end > l.now {
			form = append(form, fmt.Sprint("phases[0][trial_end]=", end))
		}
		return form
	}
	l.fail("no phase of %s begins when the present one does", schedule.body)
	return nil
}

// phase draws a phase that follows others.
func (l *life) phase(n int) []string {
	at := fmt.Sprintf("phases[%d]", n)
	return []string{
		at + "[items][0][price]=" + rapid.SampledFrom(l.monthly).Draw(l.rt, "phase's price"),
		at + fmt.Sprint("[items][0][quantity]=", rapid.IntRange(1, 4).Draw(l.rt, "phase's quantity")),
		at + "[duration][interval]=month", at + fmt.Sprint("[duration][interval_count]=", rapid.IntRange(1, 3).Draw(l.rt, "months")),
		at + "[proration_behavior]=" + rapid.SampledFrom([]string{"create_prorations", "always_invoice"}).Draw(l.rt, "phase's proration"),
	}
}

// subscribeBySchedule begins a subscription by a schedule that starts now, has started, or will: its first invoice is what the
// schedule's preview showed.
func (l *life) subscribeBySchedule() {
	start := l.now
	switch rapid.IntRange(0, 3).Draw(l.rt, "schedule's start") {
	case 0:
		start -= rapid.Int64Range(1, 20*86400).Draw(l.rt, "seconds since the start")
	case 1:
		start += rapid.Int64Range(1, 30*86400).Draw(l.rt, "seconds to the start")
	}
	form := []string{"customer=" + l.customer, fmt.Sprint("start_date=", start), "end_behavior=" + rapid.SampledFrom([]string{"release", "cancel"}).Draw(l.rt, "end_behavior")}
	if !l.flexible {
		form = append(form, "billing_mode[type]=classic")
	}
	form = append(form, l.phase(0)...)
	switch rapid.IntRange(0, 4).Draw(l.rt, "first phase") {
	case 0:
		form = append(form, "phases[0][discounts][0][coupon]=PERCENT")
	case 1:
		form = append(form, fmt.Sprint("phases[0][trial_end]=", max(start, l.now)+rapid.Int64Range(1, 25*86400).Draw(l.rt, "phase's trial")))
	case 2:
		form = append(form, "phases[0][default_tax_rates][0]="+l.rate)
	case 3:
		form = append(form, "phases[0][collection_method]=send_invoice&phases[0][invoice_settings][days_until_due]=9")
	}
	form = append(form, l.phase(1)...)
	l.loose, l.id = true, ""
	before := l.call("POST", "/v1/invoices/create_preview", scheduled(form)...)
	made := l.must("POST", "/v1/subscription_schedules", form...)
	if start > l.now {
		l.sameInvoice("a schedule that waits", before, l.must("POST", "/v1/invoices/create_preview", "schedule="+made.str("id")))
		l.moveClock(start - l.now)
		made = l.must("GET", "/v1/subscription_schedules/"+made.str("id"))
	}
	if l.id = made.str("subscription"); l.id == "" {
		l.fail("a schedule that started has no subscription: %s", made.body)
	}
	l.tally["subscribed by a schedule"]++
	l.sameInvoice("a schedule's first invoice", before, l.must("GET", "/v1/invoices/"+l.subscription().str("latest_invoice")))
}
