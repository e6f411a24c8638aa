package billing_test

import (
	"errors"
	"math"
	"testing"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// An item's own discount comes before the subscription's: 1000 with 10 % of its
// own and 50 % for all is 450; half of it comes back. A metered item beside it
// takes no part.
func TestOwnAndCommonDiscountsAreCredited(t *testing.T) {
	t.Parallel()
	for _, mode := range []billing.BillingMode{billing.Flexible, billing.Classic} {
		pro := item(price(t, "Pro", "1000", monthly), 1)
		pro.Discounts = []billing.Discount{percentOff("di_own", 10)}
		metered := price(t, "Calls", "1", monthly)
		metered.Metered = true
		s := subscription(mode, at(t, "2026-06-01 00:00:00"), billing.Item{ID: "si_Calls", Price: metered}, pro)
		s.Discounts = []billing.Discount{percentOff("di_all", 50)}
		s, inv := start(t, s)
		same(t, "first invoice", inv.Total, 450)
		none := s
		none.Items = nil
		_, p := change(t, s, none, at(t, "2026-06-16 00:00:00"))
		same(t, string(mode), amounts(p.Lines()), []billing.Amount{-225})
		same(t, "text", p.Credits[0].Description, "Unused time on Pro (with 10.0% off, 50.0% off) after 16 Jun 2026")
		// 900/2 with the 50 % of the subscription is 450, for two 900, at half 450.
		after := s
		after.Items = []billing.Item{s.Items[0], s.Items[1]}
		after.Items[1].Quantity = billing.Whole(2)
		_, p = change(t, s, after, at(t, "2026-06-16 00:00:00"))
		same(t, string(mode), amounts(p.Lines()), []billing.Amount{-225, 450})
		same(t, "discounts of the charge", len(p.Debits[0].Discounts), 0)
	}
}

// A credit is taxed as what it credits was, whatever the rates are now.
func TestACreditKeepsTheRatesOfItsCharge(t *testing.T) {
	t.Parallel()
	old := []billing.TaxRate{{ID: "old", Percentage: billing.Whole(18)}}
	s := subscription(billing.Flexible, at(t, "2026-06-01 00:00:00"), item(price(t, "Pro", "1000", monthly), 1))
	lines, err := s.Start(s.Began)
	if err != nil {
		t.Fatal(err)
	}
	s = s.Settle(bill(t, billing.Draft{Lines: lines, TaxRates: old}).Lines)
	_, p := change(t, s, swap(s, price(t, "Max", "2000", monthly), 1), at(t, "2026-06-16 00:00:00"))
	inv := bill(t, billing.Draft{Lines: p.Lines(), TaxRates: []billing.TaxRate{{ID: "new", Percentage: billing.Whole(20)}}})
	// -500 at 18 % are -90; 1000 at 20 % are 200.
	same(t, "taxes", inv.Taxes, []billing.TaxAmount{{Rate: "old", Amount: -90, Taxable: -500}, {Rate: "new", Amount: 200, Taxable: 1000}})
}

// A tiered price with a discount is one debit: 1000 + 500 flat with 10 % off are
// 1350; itemised, half is -750 + 75.
func TestTiersWithADiscountAreOneDebit(t *testing.T) {
	t.Parallel()
	p := billing.Price{
		ID: "price_tiers", Product: billing.Product{ID: "prod_tiers", Name: "Seats"}, Currency: "usd", TiersMode: billing.Volume, Recurring: monthly,
		Tiers: []billing.Tier{{Unit: ptr(billing.Whole(100)), Flat: ptr(billing.Whole(500))}},
	}
	s := subscription(billing.Flexible, at(t, "2026-06-01 00:00:00"), item(p, 10))
	s.Discounts, s.ProrationDiscounts = []billing.Discount{percentOff("di_1", 10)}, billing.Itemised
	s, inv := start(t, s)
	same(t, "total", inv.Total, 1350)
	same(t, "debits", len(s.Items[0].Billed), 1)
	none := s
	none.Items = nil
	_, c := change(t, s, none, at(t, "2026-06-16 00:00:00"))
	same(t, "amount", amounts(c.Lines()), []billing.Amount{-750})
	same(t, "discounts", c.Credits[0].Itemised, []billing.DiscountAmount{{Discount: "di_1", Amount: -75}})
}

// Without prorating nothing is settled: what was billed still stands, and is what
// a later change credits; what was free for the first days is not credited.
func TestWhatWasFreeIsNotCredited(t *testing.T) {
	t.Parallel()
	s := subscription(billing.Flexible, at(t, "2026-06-10 00:00:00"), item(price(t, "Pro", "3000", monthly), 1))
	s.Anchor = at(t, "2026-07-01 00:00:00")
	_, p := change(t, s, swap(s, price(t, "Max", "6000", monthly), 1), at(t, "2026-06-16 00:00:00"))
	same(t, "lines", amounts(p.Lines()), []billing.Amount{3000})
}

// Usage within a trial is not billed.
func TestUsageInATrial(t *testing.T) {
	t.Parallel()
	began := at(t, "2026-06-01 00:00:00")
	metered := price(t, "Calls", "1", monthly)
	metered.Metered = true
	s := subscription(billing.Flexible, began, billing.Item{ID: "si_Calls", Price: metered})
	s.Trial = billing.Period{Start: began, End: at(t, "2026-06-15 00:00:00")}
	s.Anchor = s.Trial.End
	usage := map[string]billing.Decimal{"si_Calls": billing.Whole(100)}
	lines, err := s.Renew(s.Trial.End, usage)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "at its end", len(lines), 0)
	lines, err = s.Renew(at(t, "2026-07-15 00:00:00"), usage)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "a month later", amounts(lines), []billing.Amount{100})
	same(t, "period", lines[0].Period, billing.Period{Start: s.Trial.End, End: at(t, "2026-07-15 00:00:00")})
}

// An amount that does not fit is an error wherever it appears.
func TestAmountsThatDoNotFit(t *testing.T) {
	t.Parallel()
	huge := price(t, "Huge", "9000000000000000000", monthly)
	s := subscription(billing.Flexible, at(t, "2026-06-01 00:00:00"), item(huge, 9))
	if _, err := s.Start(s.Began); !errors.Is(err, billing.ErrAmount) {
		t.Errorf("start: %v", err)
	}
	if _, err := s.Renew(at(t, "2026-07-01 00:00:00"), nil); !errors.Is(err, billing.ErrAmount) {
		t.Errorf("renew: %v", err)
	}
	small := subscription(billing.Flexible, s.Began, item(price(t, "Small", "1", monthly), 1))
	for _, mode := range []billing.BillingMode{billing.Flexible, billing.Classic} {
		small.Mode, s.Mode = mode, mode
		if _, err := (billing.Change{Before: small, After: s, At: s.Began}).Lines(); !errors.Is(err, billing.ErrAmount) {
			t.Errorf("%s, to it: %v", mode, err)
		}
	}
	if _, err := (billing.Change{Before: s, After: small, At: s.Began}).Lines(); !errors.Is(err, billing.ErrAmount) {
		t.Errorf("from it: %v", err)
	}
	huge.Metered = true
	s.Items[0].Price = huge
	if _, err := s.Close(at(t, "2026-06-16 00:00:00"), map[string]billing.Decimal{"si_Huge": billing.Whole(math.MaxInt64)}); !errors.Is(err, billing.ErrAmount) {
		t.Errorf("close: %v", err)
	}
}

// A coupon for another product is not in a proration's price; one in an amount is,
// and is named: (1000-400)/2 and (3000-400)/2.
func TestCouponsInAProration(t *testing.T) {
	t.Parallel()
	s := subscription(billing.Flexible, at(t, "2026-06-01 00:00:00"), item(price(t, "Pro", "1000", monthly), 1))
	other := percentOff("di_other", 50)
	other.Coupon.Products = []string{"prod_Else"}
	s.Discounts = []billing.Discount{other, {ID: "di_1", Coupon: billing.Coupon{AmountOff: 400, Currency: "usd", Duration: billing.Forever}}}
	s, inv := start(t, s)
	same(t, "first invoice", inv.Total, 600)
	_, p := change(t, s, swap(s, price(t, "Max", "3000", monthly), 1), at(t, "2026-06-16 00:00:00"))
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-300, 1300})
	same(t, "text", p.Debits[0].Description, "Remaining time on Max (with $4.00 off) after 16 Jun 2026")
	for _, l := range p.Lines() {
		same(t, "discounts of "+l.Description, len(l.Discounts), 0)
	}
}

// The anchor moves twice in one second: the first whole period is credited whole,
// the second stands.
func TestTheAnchorMovesTwiceInOneSecond(t *testing.T) {
	t.Parallel()
	s, _ := start(t, subscription(billing.Flexible, at(t, "2026-06-01 00:00:00"), item(price(t, "Pro", "3000", monthly), 1)))
	now := at(t, "2026-06-16 00:00:00")
	moved := s
	moved.Anchor = now
	moved, p := change(t, s, moved, now)
	same(t, "first", amounts(p.Lines()), []billing.Amount{-1500, 3000})
	// Back to the old anchor, and to now again.
	back := moved
	back.Anchor = s.Anchor
	back, p = change(t, moved, back, now)
	same(t, "back", amounts(p.Lines()), []billing.Amount{-3000, 1500})
	again := back
	again.Anchor = now
	again, p = change(t, back, again, now)
	same(t, "again", amounts(p.Lines()), []billing.Amount{-1500, 3000})
	none := again
	none.Items = nil
	_, p = change(t, again, none, now)
	same(t, "all that stands", amounts(p.Lines()), []billing.Amount{-3000})
}
