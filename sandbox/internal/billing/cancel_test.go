package billing_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// cancel_at on 21 June in a June of 3000: 10 days, 1000, come back; moved to 26
// June, 5 days, 500, are charged again; taken away, the last 5. A change on the
// 16th then credits all that stands in its three parts: 1500 - 1000, 500, 500.
func TestCancelAtMoves(t *testing.T) {
	t.Parallel()
	s := juneSubscription(t, billing.Flexible, "3000")
	ends := s
	ends.CancelAt = at(t, "2026-06-21 00:00:00")
	same(t, "period", ends.PeriodAt(ends.Items[0], at(t, "2026-06-05 00:00:00")).End, ends.CancelAt)
	ends, p := change(t, s, ends, at(t, "2026-06-05 00:00:00"))
	same(t, "shorter", amounts(p.Lines()), []billing.Amount{-1000})
	same(t, "text", p.Credits[0].Description, "Unused time on Pro after 21 Jun 2026")
	later := ends
	later.CancelAt = at(t, "2026-06-26 00:00:00")
	later, p = change(t, ends, later, at(t, "2026-06-06 00:00:00"))
	same(t, "longer", amounts(p.Lines()), []billing.Amount{500})
	never := later
	never.CancelAt = 0
	never, p = change(t, later, never, at(t, "2026-06-07 00:00:00"))
	same(t, "whole", amounts(p.Lines()), []billing.Amount{500})
	same(t, "text", p.Debits[0].Description, "Remaining time on Pro after 26 Jun 2026")
	none := never
	none.Items = nil
	_, p = change(t, never, none, at(t, "2026-06-16 00:00:00"))
	same(t, "all that stands", amounts(p.Lines()), []billing.Amount{-500, -500, -500})
}

// cancel_at on 21 June without prorating gives nothing back of June's 3000; taken
// away again it costs nothing, for all of June is paid. Had the 10 days come back,
// 1000, they would be charged again.
func TestCancelAtWithoutProratingIsTakenAway(t *testing.T) {
	t.Parallel()
	s := juneSubscription(t, billing.Flexible, "3000")
	cut := s
	cut.CancelAt = at(t, "2026-06-21 00:00:00")
	whole := cut
	whole.CancelAt = 0
	_, p := change(t, cut, whole, at(t, "2026-06-11 00:00:00"))
	same(t, "nothing came back", amounts(p.Lines()), []billing.Amount{})
	cut, p = change(t, s, cut, at(t, "2026-06-11 00:00:00"))
	same(t, "given back", amounts(p.Lines()), []billing.Amount{-1000})
	whole = cut
	whole.CancelAt = 0
	_, p = change(t, cut, whole, at(t, "2026-06-11 00:00:00"))
	same(t, "charged again", amounts(p.Lines()), []billing.Amount{1000})
}

// Usage until 16 June is billed when the anchor moves; a second move in the same
// second has nothing more to bill, and the renewal only what came since.
func TestUsageIsBilledOnce(t *testing.T) {
	t.Parallel()
	metered := price(t, "Calls", "1", monthly)
	metered.Metered = true
	s := subscription(billing.Flexible, at(t, "2026-06-01 00:00:00"), billing.Item{ID: "si_Calls", Price: metered})
	now := at(t, "2026-06-16 00:00:00")
	lines, err := s.Close(now, map[string]billing.Decimal{"si_Calls": billing.Whole(70)})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "until the move", amounts(lines), []billing.Amount{70})
	s = s.Settle([]billing.InvoiceLine{{Line: lines[0]}})
	s.Anchor = now
	if lines, err = s.Close(now, map[string]billing.Decimal{"si_Calls": billing.Whole(70)}); err != nil {
		t.Fatal(err)
	}
	same(t, "in the same second", len(lines), 0)
	if lines, err = s.Renew(at(t, "2026-07-16 00:00:00"), map[string]billing.Decimal{"si_Calls": billing.Whole(5)}); err != nil {
		t.Fatal(err)
	}
	same(t, "since", amounts(lines), []billing.Amount{5})
	same(t, "period", lines[0].Period, billing.Period{Start: now, End: at(t, "2026-07-16 00:00:00")})
}

// A subscription that ends with its period bills nothing at the boundary.
func TestCancelAtTheBoundary(t *testing.T) {
	t.Parallel()
	s := juneSubscription(t, billing.Flexible, "3000")
	s.CancelAt = at(t, "2026-07-01 00:00:00")
	_, inv := renew(t, s, s.CancelAt)
	same(t, "lines", len(inv.Lines), 0)
}

// The same in classic mode credits the price for the time between.
func TestCancelAtClassic(t *testing.T) {
	t.Parallel()
	s := juneSubscription(t, billing.Classic, "3000")
	ends := s
	ends.CancelAt = at(t, "2026-06-21 00:00:00")
	_, p := change(t, s, ends, at(t, "2026-06-05 00:00:00"))
	same(t, "shorter", amounts(p.Lines()), []billing.Amount{-1000})
	_, p = change(t, ends, s, at(t, "2026-06-06 00:00:00"))
	same(t, "longer", amounts(p.Lines()), []billing.Amount{1000})
}

func TestCancelForms(t *testing.T) {
	t.Parallel()
	s, _ := start(t, subscription(billing.Flexible, at(t, "2026-01-01 00:00:00"), item(price(t, "Month", "1000", monthly), 1), item(price(t, "Year", "9000", yearly), 1)))
	now := at(t, "2026-03-10 00:00:00")
	check := func(s billing.Subscription, form billing.CancelForm, want string) {
		t.Helper()
		got, err := s.CancelTime(form, now)
		if err != nil {
			t.Fatal(err)
		}
		same(t, string(form), got.Time().Format(time.DateTime), want)
	}
	check(s, billing.MinPeriodEnd, "2026-04-01 00:00:00")
	check(s, billing.MaxPeriodEnd, "2027-01-01 00:00:00")
	check(s, billing.MaxBilledUntil, "2027-01-01 00:00:00")
	s.CancelAt = at(t, "2026-03-20 00:00:00")
	check(s, billing.MinPeriodEnd, "2026-04-01 00:00:00")
	// A metered item has not been billed for its period; the month counts as it is.
	metered := price(t, "Calls", "1", yearly)
	metered.Metered = true
	s.Items = []billing.Item{s.Items[0], {ID: "si_Calls", Price: metered}}
	check(s, billing.MaxBilledUntil, "2027-01-01 00:00:00")
	// A year that became a month without prorating is billed until its end.
	s, _ = start(t, subscription(billing.Flexible, at(t, "2026-01-01 00:00:00"), item(price(t, "Year", "9000", yearly), 1)))
	s = swap(s, price(t, "Month", "1000", monthly), 1)
	check(s, billing.MaxPeriodEnd, "2026-04-01 00:00:00")
	check(s, billing.MaxBilledUntil, "2027-01-01 00:00:00")
	for _, form := range []billing.CancelForm{"", "period_end"} {
		if _, err := s.CancelTime(form, now); !errors.Is(err, billing.ErrCancelAt) {
			t.Errorf("%q: %v", form, err)
		}
	}
	if _, err := (billing.Subscription{}).CancelTime(billing.MinPeriodEnd, now); !errors.Is(err, billing.ErrCancelAt) {
		t.Errorf("without items: %v", err)
	}
	if err := billing.CheckCancelAt(now, now); !errors.Is(err, billing.ErrCancelAt) {
		t.Errorf("now: %v", err)
	}
	if err := billing.CheckCancelAt(now+1, now); err != nil {
		t.Errorf("in a second: %v", err)
	}
}
