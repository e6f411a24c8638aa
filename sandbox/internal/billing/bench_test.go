package billing_test

import (
	"testing"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// A renewal with a discount and a tax: what an advance of a test clock does for
// each subscription.
func BenchmarkRenewAndBill(b *testing.B) {
	began := billing.Instant(1767225600)
	s := subscription(billing.Flexible, began, item(price(b, "Pro", "1999", monthly), 3))
	d := billing.Draft{
		Currency: "usd", Discounts: []billing.Discount{percentOff("di_1", 25)},
		TaxRates: []billing.TaxRate{{ID: "txr_1", Percentage: billing.Whole(20)}}, MinimumCharge: 50,
	}
	boundary := billing.Cycle{Anchor: began, Every: monthly}.Boundary(1)
	b.ReportAllocs()
	for b.Loop() {
		lines, err := s.Renew(boundary, nil)
		if err != nil {
			b.Fatal(err)
		}
		d.At, d.Lines = boundary, lines
		if _, err := billing.Bill(d); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkChange(b *testing.B) {
	began := billing.Instant(1767225600)
	s, _ := start(b, subscription(billing.Flexible, began, item(price(b, "Pro", "1999", monthly), 3)))
	c := billing.Change{Before: s, After: swap(s, price(b, "Max", "4999", monthly), 1), At: began.Add(10 * billing.Day)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Lines(); err != nil {
			b.Fatal(err)
		}
	}
}
