package billing_test

import (
	"errors"
	"testing"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// In a trial nothing was billed: a change credits and charges nothing, in either
// mode, and the trial's end bills the new price.
func TestChangeInATrial(t *testing.T) {
	t.Parallel()
	began := at(t, "2026-06-01 00:00:00")
	for _, mode := range []billing.BillingMode{billing.Flexible, billing.Classic} {
		s := subscription(mode, began, item(price(t, "Pro", "1000", monthly), 1))
		s.Trial = billing.Period{Start: began, End: began.Add(14 * billing.Day)}
		s.Anchor = s.Trial.End
		s, _ = start(t, s)
		after, p := change(t, s, swap(s, price(t, "Max", "2000", monthly), 1), began.Add(5*billing.Day))
		same(t, "lines", len(p.Lines()), 0)
		_, inv := startAt(t, after, s.Trial.End)
		same(t, "at the trial's end", inv.Total, 2000)
	}
}

// Boundaries that lie within a trial bill nothing: two months of trial on a
// monthly price.
func TestNoBoundaryInATrial(t *testing.T) {
	t.Parallel()
	began := at(t, "2026-06-01 00:00:00")
	s := subscription(billing.Flexible, began, item(price(t, "Pro", "1000", monthly), 1))
	s.Trial = billing.Period{Start: began, End: at(t, "2026-08-01 00:00:00")}
	s.Anchor = s.Trial.End
	same(t, "period", s.PeriodAt(s.Items[0], at(t, "2026-07-15 00:00:00")), s.Trial)
	_, inv := renew(t, s, at(t, "2026-07-01 00:00:00"))
	same(t, "lines", len(inv.Lines), 0)
}

// A trial added on 16 June to a paid subscription: the unused half of 1000 comes
// back, the trial is a line of 0, and the anchor is its end.
func TestTrialAddedLater(t *testing.T) {
	t.Parallel()
	s := juneSubscription(t, billing.Flexible, "1000")
	now, end := at(t, "2026-06-16 00:00:00"), at(t, "2026-07-10 00:00:00")
	after := s
	after.Trial, after.Anchor = billing.Period{Start: now, End: end}, end
	after, p := change(t, s, after, now)
	same(t, "lines", amounts(p.Lines()), []billing.Amount{-500, 0})
	same(t, "texts", texts(p.Lines()), []string{"Unused time on Pro after 16 Jun 2026", "Free trial for 1 × Pro"})
	_, inv := startAt(t, after, end)
	same(t, "after the trial", inv.Lines[0].Period, billing.Period{Start: end, End: at(t, "2026-08-10 00:00:00")})
}

// A trial that ends early while the anchor stays on the 1st: from 18 June 13 of 30
// days of 3000 are 1300.
func TestTrialEndsEarlyBeforeAnAnchor(t *testing.T) {
	t.Parallel()
	began, now := at(t, "2026-06-15 00:00:00"), at(t, "2026-06-18 00:00:00")
	s := subscription(billing.Flexible, began, item(price(t, "Pro", "3000", monthly), 1))
	s.Trial, s.Anchor = billing.Period{Start: began, End: began.Add(7 * billing.Day)}, at(t, "2026-07-01 00:00:00")
	s, _ = start(t, s)
	ended := s
	ended.Trial.End = now
	_, p := change(t, s, ended, now)
	same(t, "lines", amounts(p.Lines()), []billing.Amount{1300})
}

// A trial of 7 days, anchored on the 1st, from 15 June: from 22 June to 1 July are
// 9 of 30 days, 3000*9/30 = 900; then 3000. From 28 June the trial goes past the
// 1st: from 5 July 27 of 31 days until 1 August, 3000*27/31 = 2612.90, 2613.
func TestTrialBeforeAnAnchor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		began, ends string
		want        billing.Amount
	}{{"2026-06-15 00:00:00", "2026-07-01 00:00:00", 900}, {"2026-06-28 00:00:00", "2026-08-01 00:00:00", 2613}} {
		began := at(t, tt.began)
		s := subscription(billing.Flexible, began, item(price(t, "Pro", "3000", monthly), 1))
		s.Trial = billing.Period{Start: began, End: began.Add(7 * billing.Day)}
		s.Anchor = at(t, "2026-07-01 00:00:00")
		s, inv := start(t, s)
		same(t, "trial", inv.Total, 0)
		s, inv = startAt(t, s, s.Trial.End)
		same(t, "rest", inv.Total, tt.want)
		same(t, "until", inv.Lines[0].Period.End, at(t, tt.ends))
		same(t, "current period", s.PeriodAt(s.Items[0], s.Trial.End+1), billing.Period{Start: s.Trial.End, End: at(t, tt.ends)})
		_, inv = renew(t, s, at(t, tt.ends))
		same(t, "full", inv.Total, 3000)
	}
}

func TestTrials(t *testing.T) {
	t.Parallel()
	for _, days := range []int64{0, -1, 731, 1 << 62} {
		if _, err := billing.TrialDays(0, days); !errors.Is(err, billing.ErrTrial) {
			t.Errorf("%d days: %v", days, err)
		}
	}
	if _, err := billing.TrialUntil(100, 100); !errors.Is(err, billing.ErrTrial) {
		t.Errorf("no length: %v", err)
	}
	trial, err := billing.TrialDays(1000, 730)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "longest", trial.Length(), 730*billing.Day)
	short, err := billing.TrialDays(1000, 2)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "a short trial ends soon at once", billing.TrialWillEnd(short, 1000), 1000)
}
