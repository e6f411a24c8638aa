package billing_test

import (
	"testing"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// The worked examples of the rules, by their numbers. Their arithmetic was done
// by hand before the program.

// 1. 2000 to 5000, 1,265,400 of 2,592,000 s left: -976.389 is -976, 2440.972 is
// 2441, net 1465; on 1 May 5000 + 1465 = 6465.
func TestExample1UpgradeInMidPeriod(t *testing.T) {
	t.Parallel()
	s, _ := start(t, subscription(billing.Flexible, at(t, "2026-04-01 00:00:00"), item(price(t, "Pro", "2000", monthly), 1)))
	after, p := change(t, s, swap(s, price(t, "Pro", "5000", monthly), 1), at(t, "2026-04-16 08:30:00"))
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-976, 2441})
	same(t, "at once", bill(t, billing.Draft{Lines: p.Lines()}).AmountDue, 1465)
	_, inv := renew(t, after, at(t, "2026-05-01 00:00:00"), p.Lines()...)
	same(t, "on 1 May", inv.AmountDue, 6465)
	same(t, "lines on 1 May", len(inv.Lines), 3)
}

// 2. 4900 to 1900, 1,351,770 of 2,678,400 s left: -2472.996 is -2473, 958.917 is
// 959, net -1514; the next invoice is 1900 - 1514 = 386, by balance or by lines.
func TestExample2Downgrade(t *testing.T) {
	t.Parallel()
	s, _ := start(t, subscription(billing.Flexible, at(t, "2026-03-05 09:15:00"), item(price(t, "Pro", "4900", monthly), 1)))
	after, p := change(t, s, swap(s, price(t, "Pro", "1900", monthly), 1), at(t, "2026-03-20 17:45:30"))
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-2473, 959})
	inv := bill(t, billing.Draft{Lines: p.Lines()})
	same(t, "due", inv.AmountDue, 0)
	same(t, "balance", inv.EndingBalance, -1514)
	boundary := at(t, "2026-04-05 09:15:00")
	lines, err := after.Renew(boundary, nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "by balance", bill(t, billing.Draft{Lines: lines, StartingBalance: inv.EndingBalance}).AmountDue, 386)
	_, inv = renew(t, after, boundary, p.Lines()...)
	same(t, "by lines", inv.AmountDue, 386)
	same(t, "lines", len(inv.Lines), 3)
}

// 3. Quantity 3 to 5 at 999, 0.65 left: -1948.05 is -1948, 3246.75 is 3247, 1299.
func TestExample3Quantity(t *testing.T) {
	t.Parallel()
	p := price(t, "Seat", "999", monthly)
	s, _ := start(t, subscription(billing.Flexible, at(t, "2026-06-10 12:00:00"), item(p, 3)))
	_, prorations := change(t, s, swap(s, p, 5), at(t, "2026-06-21 00:00:00"))
	same(t, "lines", amounts(prorations.Lines()), []billing.Amount{-1948, 3247})
	same(t, "texts", texts(prorations.Lines()), []string{"Unused time on 3 × Seat after 21 Jun 2026", "Remaining time on 5 × Seat after 21 Jun 2026"})
}

// 4. Month to year, classic, at the moment of example 1: -976 and the full 20000
// from the change, 19024.
func TestExample4MonthToYearClassic(t *testing.T) {
	t.Parallel()
	when := at(t, "2026-04-16 08:30:00")
	s, _ := start(t, subscription(billing.Classic, at(t, "2026-04-01 00:00:00"), item(price(t, "Pro", "2000", monthly), 1)))
	after := swap(s, price(t, "Pro", "20000", yearly), 1)
	anchor, err := billing.AnchorAfter(s, after, when)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "anchor", anchor, when)
	after.Anchor = anchor
	_, p := change(t, s, after, when)
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-976, 20000})
	same(t, "year", p.Full[0].Period, billing.Period{Start: when, End: at(t, "2027-04-16 08:30:00")})
	same(t, "total", bill(t, billing.Draft{Lines: p.Lines()}).Total, 19024)
	s.Mode, after.Mode = billing.Flexible, billing.Flexible
	anchor, err = billing.AnchorAfter(s, after, when)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "flexible keeps the anchor", anchor, s.Anchor)
}

// 5. A trial of 14 days from 2026-02-10 09:00:00: 0, then 1500 for 24 February to
// 24 March, drafted until about an hour later. Ended on 15 February 12:00:00: 1500
// at once, until 15 March.
func TestExample5TrialToPaid(t *testing.T) {
	t.Parallel()
	began := at(t, "2026-02-10 09:00:00")
	trial, err := billing.TrialDays(began, 14)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "end", trial.End, at(t, "2026-02-24 09:00:00"))
	same(t, "will end", billing.TrialWillEnd(trial, began), at(t, "2026-02-21 09:00:00"))
	s := subscription(billing.Flexible, began, item(price(t, "Pro", "1500", monthly), 1))
	s.Trial, s.Anchor = trial, trial.End
	s, inv := start(t, s)
	same(t, "trial invoice", inv.Total, 0)
	same(t, "nothing stands to be credited", len(s.Items[0].Billed), 0)
	_, inv = startAt(t, s, trial.End)
	same(t, "first paid invoice", inv.Total, 1500)
	same(t, "period", inv.Lines[0].Period, billing.Period{Start: trial.End, End: at(t, "2026-03-24 09:00:00")})
	same(t, "draft until", billing.FinalizesAt(trial.End), at(t, "2026-02-24 10:00:01"))
	same(t, "charged", billing.FirstAttempt(trial.End), at(t, "2026-02-24 10:00:00"))

	now := at(t, "2026-02-15 12:00:00")
	for _, mode := range []billing.BillingMode{billing.Flexible, billing.Classic} {
		s.Mode = mode
		ended := s
		ended.Trial.End, ended.Anchor = now, now
		_, p := change(t, s, ended, now)
		same(t, "at once", amounts(p.Lines()), []billing.Amount{1500})
		same(t, "period", p.Full[0].Period, billing.Period{Start: now, End: at(t, "2026-03-15 12:00:00")})
	}
}

// 6. Month ends from an anchor on 31 January 2026 15:04:05.
func TestExample6MonthEnd(t *testing.T) {
	t.Parallel()
	c := billing.Cycle{Anchor: 1769871845, Every: monthly}
	same(t, "anchor", c.Anchor, at(t, "2026-01-31 15:04:05"))
	for n, want := range map[int64]billing.Instant{
		1: 1772291045, 2: 1774969445, 3: 1777561445, 4: 1780239845, 5: 1782831845, 25: 1835449445, 26: 1838127845,
	} {
		if got := c.Boundary(n); got != want {
			t.Errorf("boundary %d: %v, want %v", n, got.Time(), want.Time())
		}
	}
	s, _ := start(t, subscription(billing.Flexible, c.Anchor, item(price(t, "Pro", "3100", monthly), 1)))
	for n := int64(1); n < 6; n++ {
		var inv billing.Invoice
		s, inv = renew(t, s, c.Boundary(n))
		same(t, "the full price, whatever the month's length", inv.Total, 3100)
	}
}

// 7. Years from 29 February 2028 08:00:00: 365, 365, 365 and 366 days.
func TestExample7LeapDay(t *testing.T) {
	t.Parallel()
	c := billing.Cycle{Anchor: 1835424000, Every: yearly}
	for n, want := range []billing.Instant{1835424000, 1866960000, 1898496000, 1930032000, 1961654400} {
		same(t, "boundary", c.Boundary(int64(n)), want)
	}
}

// 8. 10000 to 20000 with 17 of 31 days left: -5483.871 is -5484, 10967.742 is
// 10968; on 1 June 20000 + 5484 = 25484.
func TestExample8TheDocumentedUpgradeToTheSecond(t *testing.T) {
	t.Parallel()
	s, _ := start(t, subscription(billing.Flexible, at(t, "2026-05-01 00:00:00"), item(price(t, "Pro", "10000", monthly), 1)))
	after, p := change(t, s, swap(s, price(t, "Pro", "20000", monthly), 1), at(t, "2026-05-15 00:00:00"))
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-5484, 10968})
	_, inv := renew(t, after, at(t, "2026-06-01 00:00:00"), p.Lines()...)
	same(t, "on 1 June", inv.Total, 25484)
}

// 9. 3000 a month from 15 May 10:00:00, anchored on 1 June: 1,432,800 of the
// 2,678,400 s of May, 1604.839, is 1605; then 3000.
func TestExample9AnchorOnTheFirst(t *testing.T) {
	t.Parallel()
	s := subscription(billing.Flexible, at(t, "2026-05-15 10:00:00"), item(price(t, "Pro", "3000", monthly), 1))
	s.Anchor = at(t, "2026-06-01 00:00:00")
	s, inv := start(t, s)
	same(t, "first invoice", inv.Total, 1605)
	same(t, "period", inv.Lines[0].Period, billing.Period{Start: s.Began, End: s.Anchor})
	same(t, "proration", inv.Lines[0].Proration, true)
	_, inv = renew(t, s, s.Anchor)
	same(t, "on 1 June", inv.Total, 3000)
}

// 10. 3100 for August 2026, cancelled on 12 August 06:00:00 with 1,706,400 of
// 2,678,400 s left: exactly -1975.
func TestExample10CancelWithCredit(t *testing.T) {
	t.Parallel()
	s, _ := start(t, subscription(billing.Flexible, at(t, "2026-08-01 00:00:00"), item(price(t, "Pro", "3100", monthly), 1)))
	none := s
	none.Items = nil
	_, p := change(t, s, none, at(t, "2026-08-12 06:00:00"))
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-1975})
	same(t, "text", p.Credits[0].Description, "Unused time on Pro after 12 Aug 2026")
}

// 11. 1999 with 25 % for 3 months from 15 January: 499.75 is 500; 1499 three
// times, 1999 on 15 April. A year is discounted once as a whole.
func TestExample11CouponForThreeMonths(t *testing.T) {
	t.Parallel()
	began := at(t, "2026-01-15 00:00:00")
	discount := billing.Discount{ID: "di_1", Start: began, Coupon: billing.Coupon{PercentOff: billing.Whole(25), Duration: billing.Repeating, Months: 3}}
	end, ends := discount.End()
	same(t, "ends", ends, true)
	same(t, "end", end, at(t, "2026-04-15 00:00:00"))
	s := subscription(billing.Flexible, began, item(price(t, "Pro", "1999", monthly), 1))
	s.Discounts = []billing.Discount{discount}
	s, inv := start(t, s)
	same(t, "15 January", inv.Total, 1499)
	for _, tt := range []struct {
		when string
		want billing.Amount
	}{{"2026-02-15 00:00:00", 1499}, {"2026-03-15 00:00:00", 1499}, {"2026-04-15 00:00:00", 1999}} {
		s, inv = renew(t, s, at(t, tt.when))
		same(t, tt.when, inv.Total, tt.want)
	}
	year := subscription(billing.Flexible, began, item(price(t, "Pro", "20000", yearly), 1))
	year.Discounts = s.Discounts
	_, inv = start(t, year)
	same(t, "the whole year", inv.Total, 15000)
}

// 12. 500 over 1000 + 2000 is 166 + 334. 10000 with 20 % then 500 is 7500; with
// 500 then 20 % it is 7600.
func TestExample12CouponsOverLinesAndStacked(t *testing.T) {
	t.Parallel()
	amount := billing.Discount{ID: "di_amount", Coupon: billing.Coupon{AmountOff: 500, Currency: "usd", Duration: billing.Forever}}
	percent := billing.Discount{ID: "di_percent", Coupon: billing.Coupon{PercentOff: billing.Whole(20), Duration: billing.Forever}}
	inv := bill(t, billing.Draft{Lines: []billing.Line{{Amount: 1000, Discountable: true}, {Amount: 2000, Discountable: true}}, Discounts: []billing.Discount{amount}})
	same(t, "shares", []billing.Amount{inv.Lines[0].DiscountAmounts[0].Amount, inv.Lines[1].DiscountAmounts[0].Amount}, []billing.Amount{166, 334})
	same(t, "total", inv.Total, 2500)
	lines := []billing.Line{{Amount: 10000, Discountable: true}}
	same(t, "percent first", bill(t, billing.Draft{Lines: lines, Discounts: []billing.Discount{percent, amount}}).Total, 7500)
	same(t, "amount first", bill(t, billing.Draft{Lines: lines, Discounts: []billing.Discount{amount, percent}}).Total, 7600)
}

// 13. 2000 to 3000 with 20 % forever, a third left: 1600/3 = 533.33, -533;
// 2400/3 = 800; net 267, and no discount on the lines.
func TestExample13DiscountedProration(t *testing.T) {
	t.Parallel()
	s := subscription(billing.Flexible, at(t, "2026-04-01 00:00:00"), item(price(t, "Pro", "2000", monthly), 1))
	s.Discounts = []billing.Discount{{ID: "di_1", Coupon: billing.Coupon{PercentOff: billing.Whole(20), Duration: billing.Forever}}}
	s, _ = start(t, s)
	when := at(t, "2026-04-21 00:00:00")
	_, p := change(t, s, swap(s, price(t, "Pro", "3000", monthly), 1), when)
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-533, 800})
	inv := bill(t, billing.Draft{At: when, Lines: p.Lines(), Discounts: s.Discounts})
	same(t, "total", inv.Total, 267)
	same(t, "discounts", len(inv.DiscountAmounts), 0)
}

// 14. Up to 10 at 1000, up to 20 at 800, the rest at 500; with flat amounts 0, 300
// and 700.
func TestExample14Tiers(t *testing.T) {
	t.Parallel()
	units := []string{"1000", "800", "500"}
	flats := []string{"0", "300", "700"}
	tiers := func(flat bool) []billing.Tier {
		list := []billing.Tier{{UpTo: 10}, {UpTo: 20}, {}}
		for n := range list {
			list[n].Unit = ptr(dec(t, units[n]))
			if flat {
				list[n].Flat = ptr(dec(t, flats[n]))
			}
		}
		return list
	}
	for _, tt := range []struct {
		mode     billing.TiersMode
		flat     bool
		quantity int64
		want     billing.Amount
	}{
		{billing.Graduated, false, 25, 20500}, // 10000 + 8000 + 2500
		{billing.Volume, false, 25, 12500},    // 25*500
		{billing.Graduated, false, 10, 10000},
		{billing.Volume, false, 10, 10000},
		{billing.Graduated, false, 11, 10800}, // 10000 + 800
		{billing.Volume, false, 11, 8800},     // 11*800
		{billing.Graduated, true, 25, 21500},  // 20500 + 0 + 300 + 700
		{billing.Volume, true, 25, 13200},     // 12500 + 700
		{billing.Graduated, true, 0, 0},
		{billing.Volume, true, 10, 10000},
	} {
		p := billing.Price{Currency: "usd", Tiers: tiers(tt.flat), TiersMode: tt.mode, Recurring: monthly}
		got, err := p.Amount(billing.Whole(tt.quantity))
		if err != nil {
			t.Fatal(err)
		}
		if got != tt.want {
			t.Errorf("%s, flat %t, %d units: %d, want %d", tt.mode, tt.flat, tt.quantity, got, tt.want)
		}
	}
}

// 15. By 5, up, at 1000: 7 are 2 packages, 5 are 1. By 1000, down, at 10: 2999
// events are 2.
func TestExample15Packages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		transform billing.Transform
		unit      int64
		quantity  int64
		want      billing.Amount
	}{
		{billing.Transform{DivideBy: 5, Round: billing.RoundUp}, 1000, 7, 2000},
		{billing.Transform{DivideBy: 5, Round: billing.RoundUp}, 1000, 5, 1000},
		{billing.Transform{DivideBy: 1000, Round: billing.RoundDown}, 10, 2999, 20},
	} {
		p := billing.Price{Currency: "usd", UnitAmount: billing.Whole(tt.unit), Transform: &tt.transform, Recurring: monthly}
		got, err := p.Amount(billing.Whole(tt.quantity))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "packages", got, tt.want)
	}
}

// 16. Taxes: 10000*20% = 2000; 12000*20/120 = 2000; 1999*8.875% = 177.411;
// 1999*8.875/108.875 = 162.949; 8000*19% = 1520.
func TestExample16Tax(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		amount    billing.Amount
		percent   string
		inclusive bool
		off       int64
		tax       billing.Amount
		total     billing.Amount
		excluding billing.Amount
	}{
		{10000, "20", false, 0, 2000, 12000, 10000},
		{12000, "20", true, 0, 2000, 12000, 10000},
		{1999, "8.875", false, 0, 177, 2176, 1999},
		{1999, "8.875", true, 0, 163, 1999, 1836},
		{10000, "19", false, 20, 1520, 9520, 8000},
	} {
		d := billing.Draft{
			Lines:    []billing.Line{{Amount: tt.amount, Discountable: true}},
			TaxRates: []billing.TaxRate{{ID: "txr_1", Percentage: dec(t, tt.percent), Inclusive: tt.inclusive}},
		}
		if tt.off > 0 {
			d.Discounts = []billing.Discount{{ID: "di_1", Coupon: billing.Coupon{PercentOff: billing.Whole(tt.off), Duration: billing.Forever}}}
		}
		inv := bill(t, d)
		same(t, "tax", inv.Taxes[0].Amount, tt.tax)
		same(t, "total", inv.Total, tt.total)
		same(t, "excluding", inv.TotalExcludingTax, tt.excluding)
	}
}

// 17. A credit of 1000 pays 400 and leaves 600, which lower 2500 to 1900. And what
// is owed is added: 500 owed and 1000 are 1500.
func TestExample17Balance(t *testing.T) {
	t.Parallel()
	inv := bill(t, billing.Draft{Lines: []billing.Line{{Amount: 400}}, StartingBalance: -1000})
	same(t, "due", inv.AmountDue, 0)
	same(t, "balance", inv.EndingBalance, -600)
	inv = bill(t, billing.Draft{Lines: []billing.Line{{Amount: 2500}}, StartingBalance: inv.EndingBalance})
	same(t, "due", inv.AmountDue, 1900)
	same(t, "balance", inv.EndingBalance, 0)
	inv = bill(t, billing.Draft{Lines: []billing.Line{{Amount: 1000}}, StartingBalance: 500})
	same(t, "due", inv.AmountDue, 1500)
	same(t, "balance", inv.EndingBalance, 0)
}

// 18. 12000 for the leap year 2024, cancelled at 1 July before the renewal:
// 12000*182/366 = 5967.213, 5967.
func TestExample18CancelAtInALaterPeriod(t *testing.T) {
	t.Parallel()
	s, _ := start(t, subscription(billing.Flexible, at(t, "2023-01-01 00:00:00"), item(price(t, "Pro", "12000", yearly), 1)))
	s.CancelAt = at(t, "2024-07-01 00:00:00")
	_, inv := renew(t, s, at(t, "2024-01-01 00:00:00"))
	same(t, "total", inv.Total, 5967)
	same(t, "period", inv.Lines[0].Period, billing.Period{Start: at(t, "2024-01-01 00:00:00"), End: s.CancelAt})
	_, inv = renew(t, s, s.CancelAt)
	same(t, "nothing after the end", len(inv.Lines), 0)
}
