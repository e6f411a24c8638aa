package billing_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

var (
	monthly = billing.Recurrence{Interval: billing.Monthly}
	yearly  = billing.Recurrence{Interval: billing.Yearly}
)

// tester is what *testing.T and *rapid.T share.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

func at(t tester, s string) billing.Instant {
	t.Helper()
	u, err := time.Parse("2006-01-02 15:04:05", s)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return billing.At(u)
}

func dec(t tester, s string) billing.Decimal {
	t.Helper()
	d, err := billing.ParseDecimal(s)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return d
}

func ptr[T any](v T) *T { return &v }

// price returns a licensed price in usd of an amount in minor units.
func price(t tester, name, amount string, every billing.Recurrence) billing.Price {
	t.Helper()
	return billing.Price{
		ID: "price_" + name + "_" + amount + "_" + string(every.Interval), Product: billing.Product{ID: "prod_" + name, Name: name},
		Currency: "usd", UnitAmount: dec(t, amount), Recurring: every,
	}
}

func item(p billing.Price, quantity int64) billing.Item {
	return billing.Item{ID: "si_" + p.Product.Name, Price: p, Quantity: billing.Whole(quantity)}
}

// subscription returns one that begins, unbilled, with its anchor at its beginning.
func subscription(mode billing.BillingMode, began billing.Instant, items ...billing.Item) billing.Subscription {
	return billing.Subscription{Mode: mode, Began: began, Anchor: began, Items: items}
}

// bill adds up a draft.
func bill(t tester, d billing.Draft) billing.Invoice {
	t.Helper()
	if d.Currency == "" {
		d.Currency = "usd"
	}
	inv, err := billing.Bill(d)
	if err != nil {
		t.Fatalf("bill: %v", err)
	}
	return inv
}

// start bills a subscription's beginning and settles it.
func start(t tester, s billing.Subscription) (billing.Subscription, billing.Invoice) {
	t.Helper()
	return startAt(t, s, s.Began)
}

func startAt(t tester, s billing.Subscription, when billing.Instant) (billing.Subscription, billing.Invoice) {
	t.Helper()
	lines, err := s.Start(when)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	inv := bill(t, billing.Draft{At: when, Lines: name(lines, when), Discounts: s.Discounts})
	return s.Settle(inv.Lines), inv
}

// renew bills a boundary and settles it.
func renew(t tester, s billing.Subscription, when billing.Instant, pending ...billing.Line) (billing.Subscription, billing.Invoice) {
	t.Helper()
	lines, err := s.Renew(when, nil)
	if err != nil {
		t.Fatalf("renew: %v", err)
	}
	lines = name(lines, when)
	inv := bill(t, billing.Draft{At: when, Lines: append(pending, lines...), Discounts: s.Discounts})
	return s.Settle(inv.Lines[len(pending):]), inv
}

// name gives lines the ids that the sandbox would.
func name(lines []billing.Line, when billing.Instant) []billing.Line {
	for n := range lines {
		lines[n].ID = fmt.Sprintf("il_%d_%d", when, n)
	}
	return lines
}

// change makes a change at a moment and settles the new side.
func change(t tester, before, after billing.Subscription, when billing.Instant) (billing.Subscription, billing.Prorations) {
	t.Helper()
	p, err := billing.Change{Before: before, After: after, At: when}.Lines()
	if err != nil {
		t.Fatalf("change: %v", err)
	}
	var lines []billing.InvoiceLine
	for _, l := range name(p.Lines(), when) {
		lines = append(lines, billing.InvoiceLine{Line: l})
	}
	return after.Settle(lines), p
}

// swap returns the subscription with its first item at another price and quantity.
func swap(s billing.Subscription, p billing.Price, quantity int64) billing.Subscription {
	s.Items = append([]billing.Item(nil), s.Items...)
	s.Items[0].Price, s.Items[0].Quantity = p, billing.Whole(quantity)
	return s
}

func amounts(lines []billing.Line) []billing.Amount {
	list := []billing.Amount{}
	for _, l := range lines {
		list = append(list, l.Amount)
	}
	return list
}

func sum(list []billing.Amount) (total billing.Amount) {
	for _, a := range list {
		total += a
	}
	return total
}

func texts(lines []billing.Line) []string {
	list := []string{}
	for _, l := range lines {
		list = append(list, l.Description)
	}
	return list
}

// same compares; the names of cases are sentences.
func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(billing.Decimal{})); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
