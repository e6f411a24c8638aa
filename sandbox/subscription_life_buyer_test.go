package sandbox

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

// askingCard has to be authenticated at every payment.
const askingCard = "pm_card_authenticationRequired"

// firstPaymentSeconds is how long a first payment may take: 23 hours. Source: docs.stripe.com/billing/subscriptions/overview.
const firstPaymentSeconds = 23 * 3600

// everything is what the customer has that a call could leave behind.
func (l *life) everything() string {
	all := ""
	for _, path := range []string{"/v1/subscriptions?status=all&limit=100&customer=", "/v1/invoices?limit=100&customer=", "/v1/invoiceitems?limit=100&customer=", "/v1/payment_intents?limit=100&customer="} {
		for _, o := range l.all(path + l.customer) {
			all += fmt.Sprint(o["id"], " ", o["status"], "\n")
		}
	}
	return all
}

// asked are the PaymentIntents that wait for the buyer.
func (l *life) asked() []map[string]any {
	return slices.DeleteFunc(l.all("/v1/payment_intents?limit=100&customer="+l.customer), func(pi map[string]any) bool { return pi["status"] != requiresAction })
}

// invoiceOf is the invoice that a PaymentIntent pays.
func (l *life) invoiceOf(pi map[string]any) reply {
	paying := l.all(fmt.Sprint("/v1/invoice_payments?payment[type]=payment_intent&payment[payment_intent]=", pi["id"]))
	if len(paying) != 1 {
		l.fail("%v pays %d invoices", pi["id"], len(paying))
	}
	return l.must("GET", fmt.Sprint("/v1/invoices/", paying[0]["invoice"]))
}

// answerBank is the buyer before the bank's question: passed, failed, or left alone. What follows is as the docs say.
func (l *life) answerBank() {
	waiting := l.asked()
	if len(waiting) == 0 { // then the next payment will be asked
		l.takeCard(askingCard)
		return
	}
	pi := waiting[rapid.IntRange(0, len(waiting)-1).Draw(l.rt, "asked payment")]
	result := rapid.SampledFrom([]string{"succeed", "succeed", "fail", "abandon"}).Draw(l.rt, "buyer's answer")
	l.tally["answer "+result]++
	inv := l.invoiceOf(pi)
	before := l.subscriptionOf(inv)
	l.must("POST", "/_sandbox/simulate", fmt.Sprintf(`{"type":"3ds","intent":%q,"result":%q}`, pi["id"], result))
	after, sub, now := l.must("GET", "/v1/invoices/"+inv.str("id")), l.subscriptionOf(inv), l.must("GET", fmt.Sprint("/v1/payment_intents/", pi["id"]))
	switch result {
	case "abandon":
		if after.body != inv.body || sub.body != before.body || now.str("status") != requiresAction {
			l.fail("nobody answered, and the payment is %s, the invoice\n%s\nwas\n%s", now.str("status"), after.body, inv.body)
		}
		return
	case "fail":
		l.authenticationFailed(inv, after, now)
		if before.str("status") != sub.str("status") || fmt.Sprint(before.at("pending_update")) != fmt.Sprint(sub.at("pending_update")) {
			l.fail("the buyer failed, and the subscription was\n%s\nand is\n%s", before.body, sub.body)
		}
		return
	}
	l.authenticationPassed(inv, after, now)
	if before.str("id") == "" {
		return
	}
	want := before.str("status")
	if slices.Contains([]string{subIncomplete, subPastDue, subUnpaid}, want) && before.str("latest_invoice") == inv.str("id") || want == subPaused && l.waiting[inv.str("id")] {
		want = subActive
	}
	if end := before.at("pending_update.trial_end"); end != nil && l.waiting[inv.str("id")] { // the change is of the trial
		want = subActive
		if numberOf(end) > l.now {
			want = subTrialing
		}
	}
	if is := sub.str("status"); is != want {
		l.fail("the buyer paid %s of a subscription that was %s with the latest invoice %s: it is %s, want %s", inv.str("id"), before.str("status"), before.str("latest_invoice"), is, want)
	}
	if l.waiting[inv.str("id")] && before.at("pending_update") != nil && sub.at("pending_update") != nil {
		l.fail("the change that waited for %s is paid and not made: %s", inv.str("id"), sub.body)
	}
}

// subscriptionOf is the subscription of an invoice as it is now; it has no id where the invoice has none or it is over.
func (l *life) subscriptionOf(inv reply) reply {
	id := inv.str("parent.subscription_details.subscription")
	if id == "" {
		return reply{}
	}
	sub := l.must("GET", "/v1/subscriptions/"+id)
	if status := sub.str("status"); status == canceled || status == subIncompleteExpired {
		return reply{}
	}
	return sub
}

// attempts holds the count of an invoice against what it was: an attempt that waited is no other one when it ends. Source: API
// reference, invoice.attempt_count.
func (l *life) attempts(before, after reply) {
	if want := max(1, numberOf(before.at("attempt_count"))); numberOf(after.at("attempt_count")) != want || after.at("attempted") != true {
		l.fail("%s: the buyer answered, and attempt_count was %v and is %v, want %d", after.str("id"), before.at("attempt_count"), after.at("attempt_count"), want)
	}
}

func (l *life) authenticationFailed(before, after, pi reply) {
	l.attempts(before, after)
	if pi.str("status") != requiresPaymentMethod || pi.str("last_payment_error.code") != "payment_intent_authentication_failure" || numberOf(pi.at("amount_received")) != 0 {
		l.fail("the buyer failed, and the payment is %s", pi.body)
	}
	if after.str("status") != before.str("status") || after.at("amount_remaining") != before.at("amount_remaining") ||
		numberOf(before.at("attempt_count")) > 0 && after.at("next_payment_attempt") != before.at("next_payment_attempt") {
		l.fail("the buyer failed, and the invoice was\n%s\nand is\n%s", before.body, after.body)
	}
	if l.must("GET", "/v1/customers/"+l.customer).at("delinquent") != true {
		l.fail("a payment failed, and the customer is not delinquent")
	}
}

func (l *life) authenticationPassed(before, after, pi reply) {
	l.attempts(before, after)
	due := numberOf(before.at("amount_remaining"))
	if pi.str("status") != succeeded || numberOf(pi.at("amount_received")) != due {
		l.fail("the buyer passed, and of %d the payment shows %s", due, pi.body)
	}
	if after.str("status") != invoicePaidStatus || numberOf(after.at("amount_paid"))-numberOf(before.at("amount_paid")) != due || after.at("next_payment_attempt") != nil {
		l.fail("the buyer passed, and the invoice is %s", after.body)
	}
	if l.must("GET", "/v1/customers/"+l.customer).at("delinquent") != false {
		l.fail("a payment succeeded, and the customer is delinquent")
	}
}

// buyerPays opens the hosted page of an invoice and pays with a card that asks, or one that does not.
func (l *life) buyerPays() {
	open := slices.DeleteFunc(l.all("/v1/invoices?limit=100&status=open&customer="+l.customer), func(inv map[string]any) bool { return numberOf(inv["amount_remaining"]) == 0 })
	if len(open) == 0 {
		return
	}
	inv := open[rapid.IntRange(0, len(open)-1).Draw(l.rt, "buyer's invoice")]
	card := rapid.SampledFrom([]string{askingCard, "pm_card_visa"}).Draw(l.rt, "buyer's card")
	if numberOf(inv["attempt_count"]) == 0 {
		l.tried[fmt.Sprint(inv["id"])] = l.now
	}
	l.must("POST", "/_sandbox/simulate", fmt.Sprintf(`{"type":"invoice","invoice":%q,"payment_method":%q}`, inv["id"], card))
	want := invoicePaidStatus
	if card == askingCard {
		want = invoiceOpen
	}
	if is := l.must("GET", fmt.Sprint("/v1/invoices/", inv["id"])); is.str("status") != want {
		l.fail("the buyer paid with %s, and the invoice is %s", card, is.body)
	}
}

// owes says whether an invoice of a subscription is open that is newer than the newest one that was paid or given up.
func (l *life) owes(sub any) bool {
	for _, inv := range l.all(fmt.Sprintf("/v1/invoices?limit=100&subscription=%v", sub)) {
		switch inv["status"] {
		case invoiceOpen:
			return true
		case invoicePaidStatus, invoiceUncollectible:
			return false
		}
	}
	return false
}

// checkSubscriptions says of every subscription what its state needs: one that nobody paid has 23 hours, one that is late has
// an invoice that is not paid, and one that is active and charged by itself has none that failed.
func (l *life) checkSubscriptions() {
	for _, sub := range l.all("/v1/subscriptions?status=all&limit=100&customer=" + l.customer) {
		id, created := sub["id"], numberOf(sub["created"])
		latest, _ := sub["latest_invoice"].(string)
		var inv reply
		if latest != "" {
			inv = l.must("GET", "/v1/invoices/"+latest)
		}
		status := inv.str("status")
		switch sub["status"] {
		case subIncomplete:
			if l.now >= created+firstPaymentSeconds || status == invoicePaidStatus {
				l.fail("it is %d, and %v of %d is incomplete: its invoice is %s", l.now, id, created, status)
			}
		case subIncompleteExpired:
			// One that was given up may be paid when nothing follows from it any more.
			late := inv.at("status_transitions.marked_uncollectible_at") != nil && numberOf(inv.at("status_transitions.paid_at")) >= created+firstPaymentSeconds
			ended := numberOf(sub["ended_at"])
			soon := status == invoiceVoid && ended == numberOf(inv.at("status_transitions.voided_at")) && ended < created+firstPaymentSeconds // nothing is left to pay
			if ended != created+firstPaymentSeconds && !soon || status != invoiceVoid && status != invoiceUncollectible && !late || numberOf(inv.at("amount_paid")) != 0 && !late {
				l.fail("%v of %d expired at %v, and its invoice is %s", id, created, sub["ended_at"], inv.body)
			}
			for _, p := range l.all("/v1/invoice_payments?limit=100&invoice=" + latest) {
				if status == invoiceVoid && p["status"] != canceled {
					l.fail("%v expired, and its payment is %v", id, p["status"])
				}
			}
		case subPastDue:
			// The debt is of an older invoice where the latest is that of a change that was given up, or void.
			if status != invoiceOpen && status != invoiceDraftStatus && (status != invoiceVoid || !l.waiting[latest] && !l.owes(sub["id"])) {
				l.fail("%v is past_due, and its latest invoice is %s", id, status)
			}
		case subActive:
			if status == invoiceOpen && numberOf(inv.at("attempt_count")) > 0 && !l.waiting[latest] && inv.str("collection_method") == chargeAutomatically {
				l.fail("%v is active, and its latest invoice was tried in vain: %s", id, inv.body)
			}
		}
	}
}
