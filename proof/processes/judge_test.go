package processes_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// told is what the service says of an event.
type told struct {
	State      string `json:"state"`
	Deliveries int    `json:"deliveries"`
}

// order is what the service says of an order.
type order struct {
	ID             string  `json:"id"`
	Status         string  `json:"status"`
	AmountPaid     int64   `json:"amount_paid"`
	AmountRefunded int64   `json:"amount_refunded"`
	InvoiceNumber  string  `json:"invoice_number"`
	PaidAt         *string `json:"paid_at"`
}

// money is what Stripe says of an order: how much came in, by how many
// payments, and how much went back.
type money struct {
	Payments        int
	Paid, GivenBack int64
	Refunds         int
}

// evidence is everything that was seen once all had come to rest.
type evidence struct {
	// Acks is how often the service acknowledged each event.
	Acks map[string]int
	// Events and Orders are what it says afterwards.
	Events map[string]told
	Orders []order
	// Stripe is what Stripe says, by order.
	Stripe map[string]money
	// Effects is how many effects said that an order is paid, by order.
	Effects map[string]int
	// Refunds are the orders of which buyers asked, and were promised, one refund.
	Refunds map[string]bool
}

// verdict is what the evidence amounts to.
type verdict struct {
	Lost, Doubled []string
	// Gone is true when something is lost that no time brings back.
	Gone bool
}

// judge holds what the service says against what was seen from outside.
func judge(e evidence) verdict {
	var v verdict
	lost := func(format string, args ...any) { v.Lost = append(v.Lost, fmt.Sprintf(format, args...)) }
	doubled := func(format string, args ...any) { v.Doubled = append(v.Doubled, fmt.Sprintf(format, args...)) }
	for id, n := range e.Acks {
		switch kept, has := e.Events[id]; {
		case !has:
			v.Gone = true
			lost("%s was acknowledged and is not there", id)
		case kept.Deliveries < n:
			lost("%s was acknowledged %d times, and %d are kept", id, n, kept.Deliveries)
		case kept.State != "applied" && kept.State != "ignored":
			lost("%s was acknowledged and is %s", id, kept.State)
		}
	}
	invoices := map[string]string{}
	known := map[string]bool{}
	for _, o := range e.Orders {
		known[o.ID] = true
		m, effects := e.Stripe[o.ID], e.Effects[o.ID]
		if other, has := invoices[o.InvoiceNumber]; has && o.InvoiceNumber != "" {
			doubled("the invoice %s is of %s and %s", o.InvoiceNumber, other, o.ID)
		}
		invoices[o.InvoiceNumber] = o.ID
		switch {
		case m.Payments > 1 && m.Paid-m.GivenBack > o.AmountPaid:
			doubled("%s was paid %d times at Stripe", o.ID, m.Payments)
		case m.Payments > 0 && o.PaidAt == nil:
			lost("%s is paid at Stripe and %s here", o.ID, o.Status)
		case m.Payments == 0 && o.PaidAt != nil:
			doubled("%s is paid here and not at Stripe", o.ID)
		case o.PaidAt != nil && o.InvoiceNumber == "":
			lost("%s is paid and has no invoice", o.ID)
		}
		switch {
		case o.PaidAt != nil && effects == 0:
			lost("%s is paid and the application never heard of it", o.ID)
		case effects > 1:
			doubled("%s was said to be paid by %d effects", o.ID, effects)
		case o.PaidAt == nil && effects > 0:
			doubled("%s was said to be paid and is not", o.ID)
		}
		switch {
		case m.Refunds > 1:
			doubled("%s was refunded %d times", o.ID, m.Refunds)
		case e.Refunds[o.ID] && m.Refunds == 0:
			lost("the refund of %s was promised and never made", o.ID)
		case m.GivenBack != o.AmountRefunded:
			lost("%d of %s went back at Stripe and %d here", m.GivenBack, o.ID, o.AmountRefunded)
		}
	}
	for id := range e.Stripe {
		if !known[id] {
			lost("%s is at Stripe and not here", id)
		}
	}
	slices.Sort(v.Lost)
	slices.Sort(v.Doubled)
	return v
}

// good is evidence that nothing is wrong in.
func good() evidence {
	at := "2026-01-15T12:00:00Z"
	return evidence{
		Acks:    map[string]int{"evt_1": 2, "evt_2": 1},
		Events:  map[string]told{"evt_1": {"applied", 2}, "evt_2": {"ignored", 3}},
		Orders:  []order{{ID: "ord_1", Status: "refunded", AmountPaid: 500, AmountRefunded: 500, InvoiceNumber: "1", PaidAt: &at}, {ID: "ord_2", Status: "open"}},
		Stripe:  map[string]money{"ord_1": {Payments: 1, Paid: 500, GivenBack: 500, Refunds: 1}},
		Effects: map[string]int{"ord_1": 1},
		Refunds: map[string]bool{"ord_1": true},
	}
}

func TestTheWitnessSeesWhatIsLostAndDoubled(t *testing.T) {
	if v := judge(good()); len(v.Lost)+len(v.Doubled) > 0 {
		t.Fatalf("nothing is wrong: %+v", v)
	}
	at := "2026-01-15T12:00:00Z"
	for _, c := range []struct {
		name          string
		spoil         func(e *evidence)
		lost, doubled string
	}{
		{"an event is gone", func(e *evidence) { delete(e.Events, "evt_1") }, "is not there", ""},
		{"a delivery is gone", func(e *evidence) { e.Events["evt_1"] = told{"applied", 1} }, "1 are kept", ""},
		{"an event waits", func(e *evidence) { e.Events["evt_1"] = told{"received", 2} }, "is received", ""},
		{"an event is dead", func(e *evidence) { e.Events["evt_2"] = told{"dead", 1} }, "is dead", ""},
		{"a payment is not seen", func(e *evidence) { e.Orders[0].PaidAt, e.Effects = nil, nil }, "paid at Stripe", ""},
		{"an order is gone", func(e *evidence) { e.Orders = e.Orders[1:] }, "not here", ""},
		{"an invoice is gone", func(e *evidence) { e.Orders[0].InvoiceNumber = "" }, "no invoice", ""},
		{"the application hears nothing", func(e *evidence) { e.Effects = nil }, "never heard", ""},
		{"a refund is not made", func(e *evidence) {
			e.Stripe["ord_1"] = money{Payments: 1, Paid: 500}
			e.Orders[0].AmountRefunded = 0
		}, "never made", ""},
		{"a refund is not seen", func(e *evidence) { e.Orders[0].AmountRefunded = 0 }, "went back", ""},
		{"two payments", func(e *evidence) { e.Stripe["ord_1"] = money{Payments: 2, Paid: 1500, GivenBack: 500, Refunds: 1} }, "", "paid 2 times"},
		{"two refunds", func(e *evidence) { e.Stripe["ord_1"] = money{Payments: 1, Paid: 500, GivenBack: 500, Refunds: 2} }, "", "refunded 2 times"},
		{"two effects", func(e *evidence) { e.Effects["ord_1"] = 2 }, "", "2 effects"},
		{"an effect of nothing", func(e *evidence) { e.Effects["ord_2"] = 1 }, "", "and is not"},
		{"paid by nothing", func(e *evidence) { e.Orders[1].PaidAt, e.Orders[1].InvoiceNumber, e.Effects["ord_2"] = &at, "2", 1 }, "", "not at Stripe"},
		{"one invoice for two", func(e *evidence) { e.Orders[1].InvoiceNumber = "1" }, "", "the invoice 1"},
	} {
		e := good()
		c.spoil(&e)
		v := judge(e)
		if got := strings.Join(v.Lost, "; "); !strings.Contains(got, c.lost) || (c.lost == "") != (got == "") {
			t.Errorf("%s: lost %q", c.name, got)
		}
		if got := strings.Join(v.Doubled, "; "); !strings.Contains(got, c.doubled) || (c.doubled == "") != (got == "") {
			t.Errorf("%s: doubled %q", c.name, got)
		}
	}
}
