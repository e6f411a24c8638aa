package sandbox

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// documentedTurns are the states to which an object may go from a state. Sources: docs.stripe.com/billing/subscriptions/overview,
// docs.stripe.com/invoicing/integration/workflow-transitions.
var documentedTurns = map[string]map[string][]string{
	"subscription": {
		subIncomplete: {subActive, subIncompleteExpired, canceled, subTrialing},
		subTrialing:   {subActive, subPastDue, canceled, subPaused},
		subActive:     {subPastDue, canceled, subTrialing, subUnpaid},
		subPastDue:    {subActive, canceled, subUnpaid, subTrialing},
		subUnpaid:     {subActive, canceled, subTrialing},
		subPaused:     {subActive, canceled},
	},
	"invoice": {
		invoiceDraftStatus: {invoiceOpen, invoicePaidStatus, "uncollectible"}, // the last: what givesUpLastCredit says
		invoiceOpen:        {invoicePaidStatus, "void", "uncollectible"},
		"uncollectible":    {invoicePaidStatus, "void"},
	},
}

// readAt is where an object of an event can be read.
var readAt = map[string]string{
	"subscription": "/v1/subscriptions/", "invoice": "/v1/invoices/", "invoiceitem": "/v1/invoiceitems/", "customer": "/v1/customers/", "credit_note": "/v1/credit_notes/",
	"subscription_schedule": "/v1/subscription_schedules/", "payment_intent": "/v1/payment_intents/", "invoice_payment": "/v1/invoice_payments/", "charge": "/v1/charges/",
}

// quiet says whether a field changes without an event: a customer's count goes on with each invoice that is finalised, a draft follows the customer's balance, a PaymentIntent what is left of its
// invoice, and Stripe has no event for an item that comes onto an invoice.
func quiet(o map[string]any, key string) bool {
	switch o["object"] {
	case "customer":
		return key == "next_invoice_sequence"
	case "invoiceitem":
		return key == "invoice"
	case "payment_intent":
		return key == "amount"
	case "invoice":
		return o["status"] == "draft" && slices.Contains([]string{"amount_due", "amount_remaining", "starting_balance"}, key)
	}
	return false
}

// checkEvents reads all events from the first to the last: each tells of the object what changed since the one before it,
// and after the last the object is what its last event says.
func (l *life) checkEvents() {
	events := l.all("/v1/events?limit=100")
	slices.Reverse(events)
	told := map[string][]map[string]any{} // what events have said of an object since the last that told of a change
	last := map[string]map[string]any{}
	gone := map[string]bool{}
	for _, ev := range events {
		data := members(ev["data"])
		o := members(data["object"])
		id, _ := o["id"].(string)
		kind, _ := o["object"].(string)
		if id == "" || strings.HasPrefix(id, "upcoming_") {
			continue
		}
		name := fmt.Sprint(ev["type"])
		former, known := last[id]
		switch {
		case !known && readAt[kind] != "" && !strings.HasSuffix(name, ".created") && kind != "charge" && kind != "invoice_payment":
			l.fail("the first event of %s is %s", id, name)
		case known && strings.HasSuffix(name, ".created"):
			l.fail("%s is made a second time", id)
		case known:
			l.checkTurn(kind, former, o)
			l.checkPrevious(name, told[id], o, data["previous_attributes"])
		}
		if data["previous_attributes"] != nil && !reflect.DeepEqual(former, o) { // two events may tell of one change
			told[id] = nil
		}
		told[id] = append(told[id], o)
		gone[id] = gone[id] || strings.HasSuffix(name, ".deleted") && kind != "subscription"
		last[id] = o
	}
	for id, o := range last {
		path := readAt[fmt.Sprint(o["object"])]
		if path == "" || gone[id] {
			continue
		}
		got := l.must("GET", path+id)
		for key, is := range got.json {
			if said := o[key]; !reflect.DeepEqual(said, is) && !quiet(o, key) {
				l.fail("%s.%s of %s is %s, its last event said %s", o["object"], key, id, inJSON(is), inJSON(said))
			}
		}
	}
}

// checkTurn says that a state follows the one before it.
func (l *life) checkTurn(kind string, former, o map[string]any) {
	was, _ := former["status"].(string)
	is, _ := o["status"].(string)
	if turns := documentedTurns[kind]; turns != nil && was != is && !slices.Contains(turns[was], is) {
		l.fail("%v goes from %s to %s", o["id"], was, is)
	}
}

// checkPrevious says that an event of a change names all that changed, and what it was, since one of the events before it: an
// act may have several events, which show its outcome, and one that says what changed.
func (l *life) checkPrevious(name string, told []map[string]any, o map[string]any, previous any) {
	if previous == nil {
		if strings.HasSuffix(name, ".updated") {
			l.fail("%s of %v has no previous_attributes", name, o["id"])
		}
		return
	}
	var wrong []string
	for _, former := range told {
		differs := difference(former, o, members(previous))
		if differs == "" {
			return
		}
		wrong = append(wrong, differs)
	}
	l.fail("%s of %v: %s", name, o["id"], strings.Join(wrong, "; or "))
}

// difference is what previous_attributes say wrongly of a change, "" when they are right.
func difference(former, o, before map[string]any) string {
	for key, was := range before {
		if !holds(former[key], was) {
			return fmt.Sprintf("%s was %s, and it says %s", key, inJSON(former[key]), inJSON(was))
		}
	}
	for key, is := range o {
		if _, told := before[key]; !told && !quiet(former, key) && !reflect.DeepEqual(is, former[key]) {
			return fmt.Sprintf("it does not say that %s was %s and is %s", key, inJSON(former[key]), inJSON(is))
		}
	}
	return ""
}

// holds says whether a value had what previous_attributes say: of a hash only the keys that changed.
func holds(whole, part any) bool {
	hash, ok := part.(map[string]any)
	if !ok || len(hash) == 0 {
		return reflect.DeepEqual(whole, part)
	}
	for key, v := range hash {
		if !holds(members(whole)[key], v) {
			return false
		}
	}
	return true
}

func inJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
