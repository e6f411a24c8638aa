package billing_test

import (
	"errors"
	"testing"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// Our own cases. June 2026 has 30 days, 2,592,000 s.

func juneSubscription(t *testing.T, mode billing.BillingMode, amount string) billing.Subscription {
	t.Helper()
	s, _ := start(t, subscription(mode, at(t, "2026-06-01 00:00:00"), item(price(t, "Pro", amount, monthly), 1)))
	return s
}

// Up on the 11th: 20 of 30 days of 1500 are 1000, of 4500 are 3000.
func TestUp(t *testing.T) {
	t.Parallel()
	s := juneSubscription(t, billing.Flexible, "1500")
	_, p := change(t, s, swap(s, price(t, "Max", "4500", monthly), 1), at(t, "2026-06-11 00:00:00"))
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-1000, 3000})
	same(t, "texts", texts(p.Lines()), []string{"Unused time on Pro after 11 Jun 2026", "Remaining time on Max after 11 Jun 2026"})
}

// Down on the 21st to a free price: 10 of 30 days of 1000 are 333.33; 0.
func TestDownToFree(t *testing.T) {
	t.Parallel()
	s := juneSubscription(t, billing.Flexible, "1000")
	_, p := change(t, s, swap(s, price(t, "Free", "0", monthly), 1), at(t, "2026-06-21 00:00:00"))
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-333, 0})
}

// Quantity down 10 to 4 at 250 with 7 of 30 days left: 2500*7/30 = 583.33, -583;
// 1000*7/30 = 233.33, 233.
func TestQuantityDown(t *testing.T) {
	t.Parallel()
	p := price(t, "Seat", "250", monthly)
	s, _ := start(t, subscription(billing.Flexible, at(t, "2026-06-01 00:00:00"), item(p, 10)))
	_, prorations := change(t, s, swap(s, p, 4), at(t, "2026-06-24 00:00:00"))
	same(t, "lines", amounts(prorations.Lines()), []billing.Amount{-583, 233})
}

// A change in a short period at a month's end: anchor 31 January, period 28
// February to 31 March, 31 days; on 15 March 00:00 with 16 days left.
// 3100*16/31 = 1600, 6200*16/31 = 3200.
func TestChangeInAPeriodAfterAMonthEnd(t *testing.T) {
	t.Parallel()
	s, _ := start(t, subscription(billing.Flexible, at(t, "2026-01-31 00:00:00"), item(price(t, "Pro", "3100", monthly), 1)))
	s, _ = renew(t, s, at(t, "2026-02-28 00:00:00"))
	_, p := change(t, s, swap(s, price(t, "Max", "6200", monthly), 1), at(t, "2026-03-15 00:00:00"))
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-1600, 3200})
	same(t, "until", p.Debits[0].Period.End, at(t, "2026-03-31 00:00:00"))
}

// A leap February has 29 days: on the 15th 15 are left, 2900*15/29 = 1500,
// 5800*15/29 = 3000.
func TestChangeInALeapFebruary(t *testing.T) {
	t.Parallel()
	s, _ := start(t, subscription(billing.Flexible, at(t, "2028-02-01 00:00:00"), item(price(t, "Pro", "2900", monthly), 1)))
	_, p := change(t, s, swap(s, price(t, "Max", "5800", monthly), 1), at(t, "2028-02-15 00:00:00"))
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-1500, 3000})
}

// Twice in one period, flexible: 1000 to 2000 with 20 days left, -667 and 1333;
// to 3000 with 10 days left: of the 1333 for 20 days half is 666.5, -667;
// 3000/3 = 1000. Billed are 1000 - 667 + 1333 - 667 + 1000 = 1999 for
// (1000 + 2000 + 3000)/3 = 2000 exactly.
func TestTwiceInOnePeriod(t *testing.T) {
	t.Parallel()
	s := juneSubscription(t, billing.Flexible, "1000")
	s, p := change(t, s, swap(s, price(t, "Two", "2000", monthly), 1), at(t, "2026-06-11 00:00:00"))
	same(t, "first", amounts(p.Lines()), []billing.Amount{-667, 1333})
	_, p = change(t, s, swap(s, price(t, "Three", "3000", monthly), 1), at(t, "2026-06-21 00:00:00"))
	same(t, "second", amounts(p.Lines()), []billing.Amount{-667, 1000})
	same(t, "the second credit names what it credits", p.Credits[0].Credited, []string{"il_1781136000_1"})
	s, _ = renew(t, s, at(t, "2026-07-01 00:00:00"))
	same(t, "the renewal is all that stands", len(s.Items[0].Billed), 1)
}

// Up and down again at the same moments, classic against flexible, when the first
// change did not prorate: classic gives back more than was paid.
func TestUpAndDownWithoutProrating(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mode billing.BillingMode
		want billing.Amount
	}{{billing.Flexible, 0}, {billing.Classic, -4500}} {
		s := juneSubscription(t, tt.mode, "1000")
		s = swap(s, price(t, "Max", "10000", monthly), 1)
		_, p := change(t, s, swap(s, price(t, "Pro", "1000", monthly), 1), at(t, "2026-06-16 00:00:00"))
		same(t, string(tt.mode), sum(amounts(p.Lines())), tt.want)
	}
}

// Year to month, flexible, anchor kept: a year of 36500 from 1 January 2026; on 1
// April 275 of 365 days are left, -27500; the month of April is whole, 4000.
func TestYearToMonth(t *testing.T) {
	t.Parallel()
	s, _ := start(t, subscription(billing.Flexible, at(t, "2026-01-01 00:00:00"), item(price(t, "Year", "36500", yearly), 1)))
	after, p := change(t, s, swap(s, price(t, "Month", "4000", monthly), 1), at(t, "2026-04-01 00:00:00"))
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-27500, 4000})
	same(t, "month", p.Debits[0].Period, billing.Period{Start: at(t, "2026-04-01 00:00:00"), End: at(t, "2026-05-01 00:00:00")})
	_, inv := renew(t, after, at(t, "2026-05-01 00:00:00"))
	same(t, "May", inv.Total, 4000)
}

// Two items; only the second changes: -(600*15/30) = -300, 1200*15/30 = 600. The
// first is not touched.
func TestOneOfSeveralItems(t *testing.T) {
	t.Parallel()
	s, inv := start(t, subscription(billing.Flexible, at(t, "2026-06-01 00:00:00"), item(price(t, "Base", "2000", monthly), 1), item(price(t, "Extra", "600", monthly), 1)))
	same(t, "first invoice", inv.Total, 2600)
	after := s
	after.Items = []billing.Item{s.Items[0], s.Items[1]}
	after.Items[1].Quantity = billing.Whole(2)
	_, p := change(t, s, after, at(t, "2026-06-16 00:00:00"))
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-300, 600})
	same(t, "item", p.Debits[0].Item, "si_Extra")
}

// An item is added and another removed at half: 900/2 = 450 back, 500/2 = 250.
func TestItemAddedAndRemoved(t *testing.T) {
	t.Parallel()
	s, _ := start(t, subscription(billing.Flexible, at(t, "2026-06-01 00:00:00"), item(price(t, "Old", "900", monthly), 1), item(price(t, "Kept", "100", monthly), 1)))
	after := s
	after.Items = []billing.Item{s.Items[1], item(price(t, "New", "500", monthly), 1)}
	_, p := change(t, s, after, at(t, "2026-06-16 00:00:00"))
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-450, 250})
}

// A month and a year on one subscription bill on their own boundaries.
func TestMixedIntervals(t *testing.T) {
	t.Parallel()
	s, inv := start(t, subscription(billing.Flexible, at(t, "2026-01-31 00:00:00"), item(price(t, "Year", "10000", yearly), 1), item(price(t, "Month", "1000", monthly), 1)))
	same(t, "first", inv.Total, 11000)
	s, inv = renew(t, s, at(t, "2026-02-28 00:00:00"))
	same(t, "February", inv.Total, 1000)
	for _, when := range []string{"2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30", "2026-07-31", "2026-08-31", "2026-09-30", "2026-10-31", "2026-11-30", "2026-12-31"} {
		s, inv = renew(t, s, at(t, when+" 00:00:00"))
		same(t, when, inv.Total, 1000)
	}
	_, inv = renew(t, s, at(t, "2027-01-31 00:00:00"))
	same(t, "a year later", inv.Total, 11000)
}

// Yen have no minor unit: 1000 to 3000 with 11 of 30 days left, 366.67 is 367,
// 1100.
func TestZeroDecimalCurrency(t *testing.T) {
	t.Parallel()
	small, large := price(t, "Pro", "1000", monthly), price(t, "Max", "3000", monthly)
	small.Currency, large.Currency = "jpy", "jpy"
	s, inv := start(t, subscription(billing.Flexible, at(t, "2026-06-01 00:00:00"), item(small, 1)))
	same(t, "text", inv.Lines[0].Description, "1 × Pro (at ¥1,000 / month)")
	_, p := change(t, s, swap(s, large, 1), at(t, "2026-06-20 00:00:00"))
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-367, 1100})
}

// Prorations with inclusive tax of 20 %: -976 contains 162.67, -163; 2441 contains
// 406.83, 407; the net 1465 contains 244.
func TestProrationsWithInclusiveTax(t *testing.T) {
	t.Parallel()
	s, _ := start(t, subscription(billing.Flexible, at(t, "2026-04-01 00:00:00"), item(price(t, "Pro", "2000", monthly), 1)))
	_, p := change(t, s, swap(s, price(t, "Max", "5000", monthly), 1), at(t, "2026-04-16 08:30:00"))
	inv := bill(t, billing.Draft{Lines: p.Lines(), TaxRates: []billing.TaxRate{{ID: "vat", Percentage: billing.Whole(20), Inclusive: true}}})
	same(t, "taxes", []billing.Amount{inv.Lines[0].Taxes[0].Amount, inv.Lines[1].Taxes[0].Amount}, []billing.Amount{-163, 407})
	same(t, "total", inv.Total, 1465)
	same(t, "excluding", inv.TotalExcludingTax, 1221)
	same(t, "subtotal excluding", inv.SubtotalExcludingTax, 1221)
}

// Itemised prorations show the amount before discounts and the discount beside it,
// and cost the same: example 13 is -667 + 134 and 1000 - 200.
func TestItemisedDiscounts(t *testing.T) {
	t.Parallel()
	s := subscription(billing.Flexible, at(t, "2026-04-01 00:00:00"), item(price(t, "Pro", "2000", monthly), 1))
	s.ProrationDiscounts = billing.Itemised
	s.Discounts = []billing.Discount{{ID: "di_1", Coupon: billing.Coupon{PercentOff: billing.Whole(20), Duration: billing.Forever}}}
	s, _ = start(t, s)
	when := at(t, "2026-04-21 00:00:00")
	// The net is -533.33, -533; the discount 400/3 = 133.33, -133; so -666.
	_, p := change(t, s, swap(s, price(t, "Max", "3000", monthly), 1), when)
	same(t, "amounts", amounts(p.Lines()), []billing.Amount{-666, 1000})
	inv := bill(t, billing.Draft{At: when, Lines: p.Lines(), Discounts: s.Discounts})
	same(t, "net", []billing.Amount{inv.Lines[0].Net(), inv.Lines[1].Net()}, []billing.Amount{-533, 800})
	same(t, "discounts", inv.DiscountAmounts, []billing.DiscountAmount{{Discount: "di_1", Amount: 67}})
	same(t, "subtotal", inv.Subtotal, 334)
	same(t, "total", inv.Total, 267)
}

// A discount that comes with the change counts for the charge, not for the credit
// of what was billed without it: -500 and 50 % of 1500.
func TestADiscountWithTheChange(t *testing.T) {
	t.Parallel()
	s := juneSubscription(t, billing.Flexible, "1000")
	after := swap(s, price(t, "Max", "3000", monthly), 1)
	after.Discounts = []billing.Discount{{ID: "di_1", Coupon: billing.Coupon{PercentOff: billing.Whole(50), Duration: billing.Forever}}}
	_, p := change(t, s, after, at(t, "2026-06-16 00:00:00"))
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-500, 750})
	same(t, "text", p.Debits[0].Description, "Remaining time on Max (with 50.0% off) after 16 Jun 2026")
}

// A discount alone prorates nothing, nor do tax rates.
func TestDiscountsAloneChangeNothing(t *testing.T) {
	t.Parallel()
	s := juneSubscription(t, billing.Flexible, "1000")
	after := s
	after.Discounts = []billing.Discount{{ID: "di_1", Coupon: billing.Coupon{PercentOff: billing.Whole(50), Duration: billing.Forever}}}
	_, p := change(t, s, after, at(t, "2026-06-16 00:00:00"))
	same(t, "lines", len(p.Lines()), 0)
}

// A tiered quantity is prorated as a whole: 25 units, 20500 and 1000 flat, at half
// are -10750; 11 units, 10800 and 300, are 5550.
func TestTieredQuantity(t *testing.T) {
	t.Parallel()
	p := billing.Price{
		ID: "price_tiers", Product: billing.Product{ID: "prod_tiers", Name: "Seats"}, Currency: "usd", TiersMode: billing.Graduated, Recurring: monthly,
		Tiers: []billing.Tier{
			{UpTo: 10, Unit: ptr(billing.Whole(1000))},
			{UpTo: 20, Unit: ptr(billing.Whole(800)), Flat: ptr(billing.Whole(300))},
			{Unit: ptr(billing.Whole(500)), Flat: ptr(billing.Whole(700))},
		},
	}
	s, inv := start(t, subscription(billing.Flexible, at(t, "2026-06-01 00:00:00"), item(p, 25)))
	same(t, "lines of the period", len(inv.Lines), 6)
	_, prorations := change(t, s, swap(s, p, 11), at(t, "2026-06-16 00:00:00"))
	same(t, "lines", amounts(prorations.Lines()), []billing.Amount{-10750, 5550})
	same(t, "texts", texts(prorations.Lines()), []string{"Unused time on 25 × Seats after 16 Jun 2026", "Remaining time on 11 × Seats after 16 Jun 2026"})
	same(t, "credited lines", len(prorations.Credits[0].Credited), 6)
}

// Usage is not prorated, and is billed with the next fixed part; what a period
// that ends early has used is billed at its end.
func TestUsageBesideAFixedPart(t *testing.T) {
	t.Parallel()
	metered := price(t, "Calls", "0.5", monthly)
	metered.Metered = true
	s, inv := start(t, subscription(billing.Flexible, at(t, "2026-06-01 00:00:00"), item(price(t, "Base", "1000", monthly), 1), billing.Item{ID: "si_Calls", Price: metered}))
	same(t, "first invoice", inv.Total, 1000)
	_, p := change(t, s, swap(s, price(t, "Base", "2000", monthly), 1), at(t, "2026-06-16 00:00:00"))
	same(t, "prorations", amounts(p.Lines()), []billing.Amount{-500, 1000})
	// 1235 at half a cent are 617.5, which goes up.
	usage := map[string]billing.Decimal{"si_Calls": billing.Whole(1235)}
	lines, err := s.Renew(at(t, "2026-07-01 00:00:00"), usage)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "renewal", amounts(lines), []billing.Amount{1000, 618})
	same(t, "texts", texts(lines), []string{"1 × Base (at $10.00 / month)", "1235 × Calls (at $0.005 / month)"})
	same(t, "usage is of June", lines[1].Period, billing.Period{Start: at(t, "2026-06-01 00:00:00"), End: at(t, "2026-07-01 00:00:00")})
	lines, err = s.Close(at(t, "2026-06-20 00:00:00"), usage)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "closed early", amounts(lines), []billing.Amount{618})
	same(t, "until", lines[0].Period.End, at(t, "2026-06-20 00:00:00"))
}

// proration_date must lie in the current period, and is what lines follow.
func TestProrationDate(t *testing.T) {
	t.Parallel()
	s := juneSubscription(t, billing.Flexible, "1000")
	now := at(t, "2026-06-20 12:00:00")
	for _, tt := range []struct {
		date string
		ok   bool
	}{{"2026-06-01 00:00:00", true}, {"2026-06-16 00:00:00", true}, {"2026-06-30 23:59:59", true}, {"2026-05-31 23:59:59", false}, {"2026-07-01 00:00:00", false}} {
		err := s.CheckProrationDate(at(t, tt.date), now)
		if tt.ok && err != nil || !tt.ok && !errors.Is(err, billing.ErrProrationDate) {
			t.Errorf("%s: %v", tt.date, err)
		}
	}
}

// An item without a recurring price cannot be billed.
func TestItemsNeedARecurringPrice(t *testing.T) {
	t.Parallel()
	once := price(t, "Once", "1000", billing.Recurrence{})
	s := subscription(billing.Flexible, 0, item(once, 1))
	if _, err := s.Start(0); !errors.Is(err, billing.ErrItem) {
		t.Errorf("start: %v", err)
	}
	if _, err := s.Renew(0, nil); !errors.Is(err, billing.ErrItem) {
		t.Errorf("renew: %v", err)
	}
	if _, err := s.Close(0, nil); !errors.Is(err, billing.ErrItem) {
		t.Errorf("close: %v", err)
	}
	if _, err := (billing.Change{Before: s, After: s}).Lines(); !errors.Is(err, billing.ErrItem) {
		t.Errorf("change: %v", err)
	}
	negative := subscription(billing.Flexible, 0, item(price(t, "Pro", "1000", monthly), -1))
	if _, err := negative.Start(0); !errors.Is(err, billing.ErrQuantity) {
		t.Errorf("negative quantity: %v", err)
	}
}
