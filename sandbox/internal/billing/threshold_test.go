package billing_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// counter returns a subscription of one metered price, whose tiers end at 10 and never.
func counter(t tester, mode billing.TiersMode, began billing.Instant, flat string) billing.Subscription {
	p := price(t, "API", "0", monthly)
	p.Metered, p.TiersMode = true, mode
	p.Tiers = []billing.Tier{
		{UpTo: 10, Unit: ptr(dec(t, "200")), Flat: ptr(dec(t, flat))},
		{Unit: ptr(dec(t, "99.5")), Flat: ptr(dec(t, flat))},
	}
	if mode == "" {
		p.Tiers, p.UnitAmount = nil, dec(t, "0.7")
	}
	return subscription(billing.Flexible, began, item(p, 0))
}

// Eight units reach a threshold: 8 × 200 and the flat 500 of the first tier. Then come 9 more. The first tier takes two of
// them, 2 × 200, its flat amount is billed; the second takes 7 × 99.5 = 696.5, rounded up to 697, and its flat 500.
func TestTiersGoOnAfterAThreshold(t *testing.T) {
	t.Parallel()
	began := at(t, "2026-04-01 00:00:00")
	s := counter(t, billing.Graduated, began, "500")
	day := at(t, "2026-04-11 00:00:00")
	used := map[string]billing.Decimal{"si_API": billing.Whole(8)}
	first, err := s.Threshold(day, used)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "amounts at the threshold", amounts(first), []billing.Amount{1600, 500})
	same(t, "period of the threshold", first[0].Period, billing.Period{Start: began, End: day})
	s = s.Count(day, used)
	end := at(t, "2026-05-01 00:00:00")
	rest, err := s.Renew(end, map[string]billing.Decimal{"si_API": billing.Whole(17)})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "amounts of the rest", amounts(rest), []billing.Amount{400, 697, 500})
	same(t, "period of the rest", rest[0].Period, billing.Period{Start: day, End: end})
	same(t, "units of the rest", rest[0].Quantity, billing.Whole(2))
}

// Whatever thresholds cut a period, its invoices together bill what the period costs, and units once.
func TestThresholdsBillAPeriodOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		began := at(t, "2026-04-01 00:00:00")
		mode := rapid.SampledFrom([]billing.TiersMode{"", billing.Graduated, billing.Volume}).Draw(t, "mode")
		s := counter(t, mode, began, rapid.SampledFrom([]string{"0", "500"}).Draw(t, "flat"))
		price := s.Items[0].Price
		var used int64
		var billed billing.Amount
		var units billing.Decimal
		add := func(lines []billing.Line, err error) {
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range lines {
				billed += l.Amount
				if units, err = units.Plus(l.Quantity); err != nil {
					t.Fatal(err)
				}
			}
		}
		for n, more := range rapid.SliceOfN(rapid.Int64Range(0, 15), 0, 5).Draw(t, "uses") {
			used += more
			when := began + billing.Instant(n+1)*86400
			usage := map[string]billing.Decimal{"si_API": billing.Whole(used)}
			add(s.Threshold(when, usage))
			s = s.Count(when, usage)
		}
		used += rapid.Int64Range(0, 15).Draw(t, "rest")
		add(s.Renew(at(t, "2026-05-01 00:00:00"), map[string]billing.Decimal{"si_API": billing.Whole(used)}))
		want, err := price.Amount(billing.Whole(used))
		if err != nil {
			t.Fatal(err)
		}
		if billed != want || units != billing.Whole(used) {
			t.Fatalf("%d units: billed %d for %s, want %d", used, billed, units, want)
		}
	})
}
