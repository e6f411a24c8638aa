package billing_test

import (
	"testing"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// The cases of this file were recorded from Stripe itself, or stand in its own
// documentation; the sources are in docs/reference/sandbox-billing.md.

// R1. 1000 to 1800, exactly 1/400 of the period is left: -1000/400 = -2.5 is -3,
// 1800/400 = 4.5 is 4, together 1, which is below the minimum of 50: not charged,
// owed in the balance.
func TestATieGoesDown(t *testing.T) {
	t.Parallel()
	began := at(t, "2026-04-01 00:00:00")
	s, _ := start(t, subscription(billing.Flexible, began, item(price(t, "Pro", "1000", monthly), 1)))
	// 30 days are 2,592,000 s; 1/400 are 6,480 s.
	when := at(t, "2026-05-01 00:00:00").Add(-6480)
	_, p := change(t, s, swap(s, price(t, "Pro", "1800", monthly), 1), when)
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-3, 4})
	inv := bill(t, billing.Draft{At: when, Lines: p.Lines(), MinimumCharge: billing.Currency("usd").MinimumCharge()})
	same(t, "total", inv.Total, 1)
	same(t, "due", inv.AmountDue, 0)
	same(t, "balance", inv.EndingBalance, 1)
	same(t, "below the minimum", inv.BelowMinimum, true)
}

// R2. Quantity 1 to 3 at 1000, 1/400 is left: credit 1000/400 = 2.5 is -3, debit
// 3000/400 = 7.5 is 7. The difference of two units alone would be 5.
func TestAQuantityIsCreditedAndChargedAsAWhole(t *testing.T) {
	t.Parallel()
	began := at(t, "2026-04-01 00:00:00")
	p := price(t, "Seat", "1000", monthly)
	s, _ := start(t, subscription(billing.Flexible, began, item(p, 1)))
	when := at(t, "2026-05-01 00:00:00").Add(-6480)
	_, prorations := change(t, s, swap(s, p, 3), when)
	same(t, "lines", amounts(prorations.Lines()), []billing.Amount{-3, 7})
	same(t, "texts", texts(prorations.Lines()), []string{"Unused time on Seat after 30 Apr 2026", "Remaining time on 3 × Seat after 30 Apr 2026"})
	inv := bill(t, billing.Draft{At: when, Lines: prorations.Lines(), MinimumCharge: 50})
	same(t, "total", inv.Total, 4)
	same(t, "due", inv.AmountDue, 0)
	same(t, "balance", inv.EndingBalance, 4)
	same(t, "quantities", []billing.Decimal{prorations.Credits[0].Quantity, prorations.Debits[0].Quantity}, []billing.Decimal{billing.Whole(1), billing.Whole(3)})
}

// R3. 2000 to 1000 with exactly a third left: -666.67 is -667, 333.33 is 333,
// together -334: nothing is due, the customer has 334.
func TestADowngradeGoesToTheBalance(t *testing.T) {
	t.Parallel()
	s, _ := start(t, subscription(billing.Flexible, at(t, "2026-04-01 00:00:00"), item(price(t, "Pro", "2000", monthly), 1)))
	when := at(t, "2026-04-21 00:00:00")
	_, p := change(t, s, swap(s, price(t, "Pro", "1000", monthly), 1), when)
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-667, 333})
	inv := bill(t, billing.Draft{At: when, Lines: p.Lines()})
	same(t, "total", inv.Total, -334)
	same(t, "due", inv.AmountDue, 0)
	same(t, "balance", inv.EndingBalance, -334)
}

// R4. Month to year, flexible, the anchor stays: after 4 s of a month of
// 2,592,000 s the credit is 2500*2591996/2592000 = 2499.996, -2500; the year from
// the anchor has 31,536,000 s, the debit is 25000*31535996/31536000 = 24999.997,
// 25000 until 1794335407.
func TestAnIntervalChangesWhileTheAnchorStays(t *testing.T) {
	t.Parallel()
	const anchor, when = 1762799407, 1762799411
	month := price(t, "Pro", "2500", monthly)
	month.Product.UnitLabel = "user"
	year := price(t, "Pro", "25000", yearly)
	year.Product.UnitLabel = "user"
	s, inv := start(t, subscription(billing.Flexible, anchor, item(month, 1)))
	same(t, "first line", inv.Lines[0].Description, "1 user × Pro (at $25.00 / month)")
	_, p := change(t, s, swap(s, year, 1), when)
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-2500, 25000})
	same(t, "texts", texts(p.Lines()), []string{"Unused time on Pro after 10 Nov 2025", "Remaining time on Pro after 10 Nov 2025"})
	same(t, "credited until", p.Credits[0].Period, billing.Period{Start: when, End: 1765391407})
	same(t, "charged until", p.Debits[0].Period, billing.Period{Start: when, End: 1794335407})
	same(t, "credited lines", p.Credits[0].Credited, []string{"il_1762799407_0"})
	same(t, "total", bill(t, billing.Draft{At: when, Lines: p.Lines()}).Total, 22500)
}

// R5. The same with the anchor moved to the change: the credit, and a full line
// that is no proration and takes discounts.
func TestAnIntervalChangesAndTheAnchorMoves(t *testing.T) {
	t.Parallel()
	const anchor, when = 1762799407, 1762799411
	s, _ := start(t, subscription(billing.Flexible, anchor, item(price(t, "Pro", "2500", monthly), 1)))
	year := price(t, "Pro", "25000", yearly)
	year.Product.UnitLabel = "user"
	after := swap(s, year, 1)
	after.Anchor = when
	_, p := change(t, s, after, when)
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-2500, 25000})
	full := p.Full[0]
	same(t, "text", full.Description, "1 user × Pro (at $250.00 / year)")
	same(t, "proration", full.Proration, false)
	same(t, "discountable", full.Discountable, true)
	same(t, "period", full.Period, billing.Period{Start: when, End: when + 365*86400})
}

// R6. 2500 with 10 % forever: 250 off, 2250.
func TestAPercentageForever(t *testing.T) {
	t.Parallel()
	s := subscription(billing.Flexible, at(t, "2026-04-01 00:00:00"), item(price(t, "Pro", "2500", monthly), 1))
	s.Discounts = []billing.Discount{{ID: "di_1", Coupon: billing.Coupon{PercentOff: billing.Whole(10), Duration: billing.Forever}}}
	_, inv := start(t, s)
	same(t, "discounts", inv.DiscountAmounts, []billing.DiscountAmount{{Discount: "di_1", Amount: 250}})
	same(t, "subtotal", inv.Subtotal, 2500)
	same(t, "total", inv.Total, 2250)
}

// R7. A trial of 15 days from 1774905677 ends, and is anchored, at
// 1774905677 + 15*86400 = 1776201677; its invoice is 0.
func TestATrialIsAnchoredAtItsEnd(t *testing.T) {
	t.Parallel()
	trial, err := billing.TrialDays(1774905677, 15)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "end", trial.End, 1776201677)
	s := subscription(billing.Flexible, trial.Start, item(price(t, "Pro", "2500", monthly), 1))
	s.Anchor, s.Trial = trial.End, trial
	_, inv := start(t, s)
	same(t, "total", inv.Total, 0)
	same(t, "due", inv.AmountDue, 0)
	same(t, "text", inv.Lines[0].Description, "Free trial for 1 × Pro")
	same(t, "period", inv.Lines[0].Period, trial)
}

// R8. 2.9 % + 30 of 2500 is 102.5, 103; of 22500 is 682.5, 683; of 2900 is 114.1,
// 114; of 1000 is 59.
func TestAFeeIsRoundedHalfUp(t *testing.T) {
	t.Parallel()
	fee := billing.Fee{Percent: dec(t, "2.9"), Fixed: 30}
	for amount, want := range map[billing.Amount]billing.Amount{2500: 103, 22500: 683, 2900: 114, 1000: 59} {
		got, err := fee.On(amount)
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("fee of %d: %d, want %d", amount, got, want)
		}
	}
}

// R9. 2000 with 10 % once and 5 % exclusive tax: 2000 - 200 = 1800, tax 90, 1890.
// And 3000 with 5 % is 3150.
func TestTaxFollowsTheDiscount(t *testing.T) {
	t.Parallel()
	five := []billing.TaxRate{{ID: "txr_1", Percentage: billing.Whole(5)}}
	once := []billing.Discount{{ID: "di_1", Coupon: billing.Coupon{PercentOff: billing.Whole(10), Duration: billing.Once}}}
	line := billing.Line{Kind: billing.KindPeriod, Amount: 2000, Discountable: true}
	inv := bill(t, billing.Draft{Lines: []billing.Line{line}, Discounts: once, TaxRates: five})
	same(t, "subtotal", inv.Subtotal, 2000)
	same(t, "discount", inv.DiscountAmounts[0].Amount, 200)
	same(t, "tax", inv.Taxes, []billing.TaxAmount{{Rate: "txr_1", Amount: 90, Taxable: 1800}})
	same(t, "total", inv.Total, 1890)
	same(t, "excluding tax", inv.TotalExcludingTax, 1800)
	line.Amount = 3000
	same(t, "total", bill(t, billing.Draft{Lines: []billing.Line{line}, TaxRates: five}).Total, 3150)
}

// R10. 10000 on 1 May, 20000 from 15 May: Stripe's text says 25000 on 1 June for
// half a month; to the second it is example 8, 25484.
func TestTheDocumentedUpgradeInHalves(t *testing.T) {
	t.Parallel()
	began := at(t, "2026-05-01 00:00:00")
	s, _ := start(t, subscription(billing.Flexible, began, item(price(t, "Pro", "10000", monthly), 1)))
	// Half of 2,678,400 s are 1,339,200 s.
	_, p := change(t, s, swap(s, price(t, "Pro", "20000", monthly), 1), began.Add(1339200))
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-5000, 10000})
	_, inv := renew(t, swap(s, price(t, "Pro", "20000", monthly), 1), at(t, "2026-06-01 00:00:00"), p.Lines()...)
	same(t, "on 1 June", inv.Total, 25000)
}

// R11. Billed 1000, switched to 1800 without prorating, deleted 8 s after the
// creation: flexible credits the old price, 1000*2591992/2592000 = 999.997, -1000;
// classic the current one, 1799.994, -1800.
func TestACreditGivesBackWhatWasBilled(t *testing.T) {
	t.Parallel()
	began := at(t, "2026-04-01 00:00:00")
	for _, tt := range []struct {
		mode billing.BillingMode
		want billing.Amount
	}{{billing.Flexible, -1000}, {billing.Classic, -1800}} {
		s, _ := start(t, subscription(tt.mode, began, item(price(t, "Pro", "1000", monthly), 1)))
		s = swap(s, price(t, "Pro", "1800", monthly), 1)
		none := s
		none.Items = nil
		_, p := change(t, s, none, began.Add(8))
		same(t, string(tt.mode), amounts(p.Lines()), []billing.Amount{tt.want})
	}
}

// Stripe's documentation, credit prorations: 1000 on 1 April, 2000 from 11 April
// without prorating, 1000 again on 21 April with a third left. Classic credits
// 666.67 of the 2000 that nobody paid: -667 + 333 = -334. Flexible credits 333.33
// of the 1000: -333 + 333 = 0.
func TestWhatWasNeverPaidIsNotCredited(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mode  billing.BillingMode
		lines []billing.Amount
	}{{billing.Flexible, []billing.Amount{-333, 333}}, {billing.Classic, []billing.Amount{-667, 333}}} {
		s, _ := start(t, subscription(tt.mode, at(t, "2026-04-01 00:00:00"), item(price(t, "Pro", "1000", monthly), 1)))
		s = swap(s, price(t, "Pro", "2000", monthly), 1)
		_, p := change(t, s, swap(s, price(t, "Pro", "1000", monthly), 1), at(t, "2026-04-21 00:00:00"))
		same(t, string(tt.mode), amounts(p.Lines()), tt.lines)
	}
}

// Stripe's documentation, coupons on several items: 500 off over 1000 + 2000 is
// 166 and 334. The cheaper item is removed after half of February: flexible
// credits (1000-166)/2 = 417, classic (1000-500)/2 = 250.
func TestACouponOverSeveralItems(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mode billing.BillingMode
		want billing.Amount
	}{{billing.Flexible, -417}, {billing.Classic, -250}} {
		s := subscription(tt.mode, at(t, "2026-02-01 00:00:00"), item(price(t, "Small", "1000", monthly), 1), item(price(t, "Large", "2000", monthly), 1))
		s.Discounts = []billing.Discount{{ID: "di_a", Coupon: billing.Coupon{AmountOff: 500, Currency: "usd", Duration: billing.Forever}}}
		s, inv := start(t, s)
		same(t, "total", inv.Total, 2500)
		same(t, "small", inv.Lines[0].DiscountAmounts, []billing.DiscountAmount{{Discount: "di_a", Amount: 166}})
		same(t, "large", inv.Lines[1].DiscountAmounts, []billing.DiscountAmount{{Discount: "di_a", Amount: 334}})
		after := s
		after.Items = s.Items[1:]
		// February 2026 has 28 days; half is over on the 15th.
		_, p := change(t, s, after, at(t, "2026-02-15 00:00:00"))
		same(t, string(tt.mode), amounts(p.Lines()), []billing.Amount{tt.want})
	}
}

// Recorded: graduated metered tiers, 1000 credits in the first at 900 flat, 31 in
// the second at 3.6: 31*3.6 = 111.6, 112. Every tier that is reached has a line
// for its units and one for its flat amount; total 1012.
func TestGraduatedUsageInLines(t *testing.T) {
	t.Parallel()
	p := billing.Price{
		ID: "price_usage", Product: billing.Product{ID: "prod_usage", Name: "Gitpod Usage", UnitLabel: "credit"}, Currency: "usd",
		Tiers: []billing.Tier{
			{UpTo: 1000, Unit: ptr(dec(t, "0")), Flat: ptr(dec(t, "900"))},
			{Unit: ptr(dec(t, "3.6"))},
		},
		TiersMode: billing.Graduated, Recurring: monthly, Metered: true,
	}
	s := subscription(billing.Flexible, 1668552093, billing.Item{ID: "si_1", Price: p})
	s.Anchor = 1669852800
	lines, err := s.Renew(1669852800, map[string]billing.Decimal{"si_1": billing.Whole(1031)})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "texts", texts(lines), []string{
		"1000 credit × Gitpod Usage (Tier 1 at $0.00 / month)",
		"Gitpod Usage (Tier 1 at $9.00 / month)",
		"31 credit × Gitpod Usage (Tier 2 at $0.036 / month)",
		"Gitpod Usage (Tier 2 at $0.00 / month)",
	})
	same(t, "amounts", amounts(lines), []billing.Amount{0, 900, 112, 0})
	same(t, "period", lines[0].Period, billing.Period{Start: 1668552093, End: 1669852800})
	same(t, "total", bill(t, billing.Draft{Lines: lines}).Total, 1012)
}

// Recorded: the flat amount of the first tier is billed without any usage: 999,
// and 21 % of it are 209.79, 210.
func TestTheFirstFlatAmountIsDueWithoutUsage(t *testing.T) {
	t.Parallel()
	p := billing.Price{
		ID: "plan_1", Product: billing.Product{ID: "prod_1", Name: "Basic", UnitLabel: "character"}, Currency: "usd",
		Tiers:     []billing.Tier{{UpTo: 100000, Flat: ptr(billing.Whole(999))}, {Unit: ptr(dec(t, "0.02"))}},
		TiersMode: billing.Graduated, Recurring: billing.Recurrence{Interval: billing.Daily}, Metered: true,
	}
	s := subscription(billing.Flexible, 1581774966, billing.Item{ID: "si_1", Price: p})
	lines, err := s.Renew(1581774966+86400, nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "texts", texts(lines), []string{"0 character × Basic (Tier 1 at $0.00 / day)", "Basic (Tier 1 at $9.99 / day)"})
	inv := bill(t, billing.Draft{Lines: lines, TaxRates: []billing.TaxRate{{ID: "txr_1", Percentage: billing.Whole(21)}}})
	same(t, "taxes", []billing.Amount{inv.Lines[0].Taxes[0].Amount, inv.Lines[1].Taxes[0].Amount}, []billing.Amount{0, 210})
	same(t, "total", inv.Total, 1209)
}

// Recorded: 40000 a month with 30 % off, begun on 1 July 2024 11:24:05, changed to
// at 1720013399: 28000*2498046/2678400 = 26114.6, 26115, and the text names the
// discount.
func TestADiscountedProrationSaysSo(t *testing.T) {
	t.Parallel()
	const end, when = 1722511445, 1720013399
	began := at(t, "2024-07-01 11:24:05")
	s := subscription(billing.Classic, began, item(price(t, "Basic", "10000", monthly), 1))
	s.Discounts = []billing.Discount{{ID: "di_1", Coupon: billing.Coupon{PercentOff: billing.Whole(30), Duration: billing.Forever}}}
	s, _ = start(t, s)
	_, p := change(t, s, swap(s, price(t, "Osmosis Full", "40000", monthly), 1), when)
	same(t, "amount", p.Debits[0].Amount, 26115)
	same(t, "text", p.Debits[0].Description, "Remaining time on Osmosis Full (with 30.0% off) after 03 Jul 2024")
	same(t, "period", p.Debits[0].Period, billing.Period{Start: when, End: end})
}

// Recorded texts of other people's invoices.
func TestRecordedTexts(t *testing.T) {
	t.Parallel()
	every := func(interval billing.Interval, count int64) billing.Recurrence {
		return billing.Recurrence{Interval: interval, Count: count}
	}
	for _, tt := range []struct {
		name, label, amount, currency string
		every                         billing.Recurrence
		transform                     *billing.Transform
		quantity                      int64
		want                          string
		cost                          billing.Amount
	}{
		{"1%  plan", "", "90000", "usd", every(billing.Monthly, 3), nil, 1, "1 × 1%  plan (at $900.00 / every 3 months)", 90000},
		{"Plano Pessoal", "assinatura", "1990", "brl", monthly, nil, 1, "1 assinatura × Plano Pessoal (at R$ 19.90 / month)", 1990},
		{"Reduit", "", "2500", "chf", yearly, nil, 1, "1 × Reduit (at CHF 25.00 / year)", 2500},
		{"Business Accelerator 2.0 regular", "", "175000", "chf", monthly, nil, 1, "1 × Business Accelerator 2.0 regular (at CHF 1,750.00 / month)", 175000},
		{"1004374", "", "5000", "chf", every(billing.Weekly, 2), nil, 1, "1 × 1004374 (at CHF 50.00 / every 2 weeks)", 5000},
		{"メンバーズ会員", "", "1800", "jpy", monthly, nil, 1, "1 × メンバーズ会員 (at ¥1,800 / month)", 1800},
		{"Gut8erPRO Pro", "", "6900", "eur", monthly, nil, 1, "1 × Gut8erPRO Pro (at €69.00 / month)", 6900},
		// 9892/60 = 164.9 packages, up to 165, at 8 are 1320.
		{"Retell Voice Engine + Play TTS", "", "8", "usd", monthly, &billing.Transform{DivideBy: 60, Round: billing.RoundUp}, 9892,
			"9892 × Retell Voice Engine + Play TTS (at $0.08 per 60 units / month)", 1320},
		// 2654/60 = 44.2, up to 45, at 10 are 450.
		{"Quality assurance (per second)", "", "10", "usd", monthly, &billing.Transform{DivideBy: 60, Round: billing.RoundUp}, 2654,
			"2654 × Quality assurance (per second) (at $0.10 per 60 units / month)", 450},
	} {
		p := price(t, tt.name, tt.amount, tt.every)
		p.Product.UnitLabel, p.Currency, p.Transform = tt.label, billing.Currency(tt.currency), tt.transform
		lines, err := subscription(billing.Flexible, 1700000000, item(p, tt.quantity)).Start(1700000000)
		if err != nil {
			t.Fatal(err)
		}
		same(t, tt.name, texts(lines), []string{tt.want})
		same(t, tt.name, amounts(lines), []billing.Amount{tt.cost})
	}
}
