package billing_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func TestPeriods(t *testing.T) {
	t.Parallel()
	every := func(interval billing.Interval, count int64) billing.Recurrence {
		return billing.Recurrence{Interval: interval, Count: count}
	}
	for _, tt := range []struct {
		name       string
		anchor     string
		every      billing.Recurrence
		when       string
		start, end string
	}{
		{"the anchor begins its period", "2026-09-02 00:00:00", monthly, "2026-09-02 00:00:00", "2026-09-02 00:00:00", "2026-10-02 00:00:00"},
		{"a second before it belongs to the last", "2026-09-02 00:00:00", monthly, "2026-09-01 23:59:59", "2026-08-02 00:00:00", "2026-09-02 00:00:00"},
		{"Stripe's weekly Friday", "2022-06-03 10:00:00", every(billing.Weekly, 1), "2022-06-20 00:00:00", "2022-06-17 10:00:00", "2022-06-24 10:00:00"},
		{"before a weekly anchor", "2022-06-03 10:00:00", every(billing.Weekly, 2), "2022-06-01 00:00:00", "2022-05-20 10:00:00", "2022-06-03 10:00:00"},
		{"every three days", "2026-01-30 00:00:00", every(billing.Daily, 3), "2026-03-01 00:00:00", "2026-03-01 00:00:00", "2026-03-04 00:00:00"},
		{"quarters from 30 November", "2025-11-30 00:00:00", every(billing.Monthly, 3), "2026-03-01 00:00:00", "2026-02-28 00:00:00", "2026-05-30 00:00:00"},
		{"months before an anchor on the 31st", "2026-08-31 00:00:00", every(billing.Monthly, 2), "2026-02-28 00:00:00", "2026-02-28 00:00:00", "2026-04-30 00:00:00"},
		{"the last second before a short month's end", "2026-01-31 12:00:00", monthly, "2026-02-28 11:59:59", "2026-01-31 12:00:00", "2026-02-28 12:00:00"},
		{"two years from a leap day", "2028-02-29 00:00:00", every(billing.Yearly, 2), "2031-06-01 00:00:00", "2030-02-28 00:00:00", "2032-02-29 00:00:00"},
		{"before 1970", "2026-01-31 00:00:00", monthly, "1969-02-28 00:00:00", "1969-02-28 00:00:00", "1969-03-31 00:00:00"},
	} {
		c := billing.Cycle{Anchor: at(t, tt.anchor), Every: tt.every}
		same(t, tt.name, c.Containing(at(t, tt.when)), billing.Period{Start: at(t, tt.start), End: at(t, tt.end)})
		same(t, tt.name, c.Next(at(t, tt.when)), at(t, tt.end))
	}
}

// The clocks of New York, Berlin and Istanbul change or do not; a boundary has the
// same time of day in UTC all the same.
func TestBoundariesAreInUTC(t *testing.T) {
	t.Parallel()
	c := billing.Cycle{Anchor: at(t, "2026-01-15 01:30:00"), Every: monthly}
	local := map[string]map[int]bool{}
	for n := range int64(24) {
		u := c.Boundary(n).Time()
		if u.Hour() != 1 || u.Minute() != 30 || u.Day() != 15 {
			t.Errorf("boundary %d: %v", n, u)
		}
		for _, zone := range []string{"America/New_York", "Europe/Berlin", "Europe/Istanbul"} {
			l, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			if local[zone] == nil {
				local[zone] = map[int]bool{}
			}
			local[zone][u.In(l).Hour()] = true
		}
	}
	same(t, "hours on the customers' walls", []int{len(local["America/New_York"]), len(local["Europe/Berlin"]), len(local["Europe/Istanbul"])}, []int{2, 2, 1})
}

func recurrence() *rapid.Generator[billing.Recurrence] {
	return rapid.Custom(func(t *rapid.T) billing.Recurrence {
		interval := rapid.SampledFrom([]billing.Interval{billing.Daily, billing.Weekly, billing.Monthly, billing.Yearly}).Draw(t, "interval")
		most := map[billing.Interval]int64{billing.Daily: 1095, billing.Weekly: 156, billing.Monthly: 36, billing.Yearly: 3}[interval]
		return billing.Recurrence{Interval: interval, Count: rapid.Int64Range(0, most).Draw(t, "count")}
	})
}

// instant draws moments between 1970 and 2100, often on the days where months and
// years differ.
func instant() *rapid.Generator[billing.Instant] {
	return rapid.Custom(func(t *rapid.T) billing.Instant {
		if rapid.Bool().Draw(t, "any") {
			return billing.Instant(rapid.Int64Range(0, 4102444800).Draw(t, "instant"))
		}
		year := rapid.IntRange(1970, 2099).Draw(t, "year")
		month := rapid.IntRange(1, 12).Draw(t, "month")
		day := rapid.IntRange(28, 31).Draw(t, "day")
		second := rapid.SampledFrom([]int{0, 1, 43200, 86399}).Draw(t, "second")
		return billing.At(time.Date(year, time.Month(month), day, 0, 0, second, 0, time.UTC))
	})
}

// Periods tile time: each moment lies in exactly one, each ends where the next
// begins, and the anchor is a boundary.
func TestPeriodsTileTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := billing.Cycle{Anchor: instant().Draw(t, "anchor"), Every: recurrence().Draw(t, "every")}
		when := instant().Draw(t, "when")
		p := c.Containing(when)
		if !p.Contains(when) || p.Length() <= 0 {
			t.Fatalf("%v is not in %v", when, p)
		}
		if next := c.Containing(p.End); next.Start != p.End {
			t.Fatalf("after %v comes %v", p, next)
		}
		if last := c.Containing(p.Start - 1); last.End != p.Start {
			t.Fatalf("before %v comes %v", p, last)
		}
		if c.Containing(p.Start) != p || c.Containing(p.End-1) != p {
			t.Fatalf("%v holds two periods", p)
		}
		if c.Containing(c.Anchor).Start != c.Anchor || c.Boundary(0) != c.Anchor {
			t.Fatalf("the anchor is no boundary")
		}
	})
}

// Months and years keep the anchor's day, or the month's last, and its time of day;
// days and weeks have a fixed length.
func TestBoundariesKeepTheAnchorsDay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := billing.Cycle{Anchor: instant().Draw(t, "anchor"), Every: recurrence().Draw(t, "every")}
		n := rapid.Int64Range(-40, 40).Draw(t, "n")
		a, b := c.Anchor.Time(), c.Boundary(n).Time()
		count := max(c.Every.Count, 1)
		switch c.Every.Interval {
		case billing.Daily, billing.Weekly:
			days := map[billing.Interval]int64{billing.Daily: 1, billing.Weekly: 7}[c.Every.Interval]
			if want := int64(c.Anchor) + n*count*days*86400; b.Unix() != want {
				t.Fatalf("%v, want %d", b, want)
			}
			return
		}
		if a.Hour() != b.Hour() || a.Minute() != b.Minute() || a.Second() != b.Second() {
			t.Fatalf("time of day of %v is not that of %v", b, a)
		}
		last := time.Date(b.Year(), b.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
		if b.Day() != min(a.Day(), last) {
			t.Fatalf("%v from %v", b, a)
		}
		months := int64(b.Year()-a.Year())*12 + int64(b.Month()-a.Month())
		if c.Every.Interval == billing.Yearly {
			count *= 12
		}
		if months != n*count {
			t.Fatalf("%d months, want %d", months, n*count)
		}
	})
}

func TestAnchorConfig(t *testing.T) {
	t.Parallel()
	two := billing.Recurrence{Interval: billing.Monthly, Count: 2}
	three := billing.Recurrence{Interval: billing.Monthly, Count: 3}
	for _, tt := range []struct {
		name    string
		config  billing.AnchorConfig
		every   billing.Recurrence
		created string
		anchor  string
		full    string
	}{
		{"Stripe's two months on the 31st", billing.AnchorConfig{DayOfMonth: 31}, two, "2026-02-10 09:00:00", "2026-08-31 09:00:00", "2026-02-28 09:00:00"},
		{"and in a leap year", billing.AnchorConfig{DayOfMonth: 31}, two, "2028-02-10 09:00:00", "2028-08-31 09:00:00", "2028-02-29 09:00:00"},
		{"the time of creation unless given", billing.AnchorConfig{DayOfMonth: 15}, monthly, "2026-02-10 09:08:07", "2026-02-15 09:08:07", "2026-02-15 09:08:07"},
		{"the time that is given", billing.AnchorConfig{DayOfMonth: 15, Hour: ptr(12), Minute: ptr(30), Second: ptr(0)}, monthly, "2026-02-10 09:08:07", "2026-02-15 12:30:00", "2026-02-15 12:30:00"},
		{"a day that is past comes next month", billing.AnchorConfig{DayOfMonth: 1}, monthly, "2026-05-15 10:00:00", "2026-06-01 10:00:00", "2026-06-01 10:00:00"},
		{"an hour that is past comes next month", billing.AnchorConfig{DayOfMonth: 15, Hour: ptr(9)}, monthly, "2026-05-15 10:00:00", "2026-06-15 09:00:00", "2026-06-15 09:00:00"},
		{"the moment itself", billing.AnchorConfig{DayOfMonth: 15}, monthly, "2026-05-15 10:00:00", "2026-05-15 10:00:00", "2026-06-15 10:00:00"},
		{"31st from the end of February", billing.AnchorConfig{DayOfMonth: 31}, monthly, "2026-02-28 23:00:00", "2026-03-31 23:00:00", "2026-03-31 23:00:00"},
		{"years from the first of July", billing.AnchorConfig{DayOfMonth: 1, Month: ptr(7)}, yearly, "2026-08-01 00:00:00", "2027-07-01 00:00:00", "2027-07-01 00:00:00"},
		{"quarters with a month", billing.AnchorConfig{DayOfMonth: 1, Month: ptr(7)}, three, "2026-02-10 00:00:00", "2026-07-01 00:00:00", "2026-04-01 00:00:00"},
		{"a leap day waits for its year", billing.AnchorConfig{DayOfMonth: 29, Month: ptr(2)}, yearly, "2026-01-01 00:00:00", "2028-02-29 00:00:00", "2026-02-28 00:00:00"},
		{"a leap day over a year without", billing.AnchorConfig{DayOfMonth: 29, Month: ptr(2)}, yearly, "2097-01-01 00:00:00", "2104-02-29 00:00:00", "2097-02-28 00:00:00"},
		{"a day that never comes", billing.AnchorConfig{DayOfMonth: 30, Month: ptr(2)}, yearly, "2026-01-01 00:00:00", "2026-02-28 00:00:00", "2026-02-28 00:00:00"},
		{"years without a month", billing.AnchorConfig{DayOfMonth: 1}, yearly, "2026-05-15 00:00:00", "2026-06-01 00:00:00", "2026-06-01 00:00:00"},
	} {
		created := at(t, tt.created)
		anchor, err := tt.config.Anchor(created, tt.every)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		same(t, tt.name, anchor.Time().Format(time.DateTime), tt.anchor)
		same(t, tt.name, billing.Cycle{Anchor: anchor, Every: tt.every}.Next(created).Time().Format(time.DateTime), tt.full)
	}
	for _, tt := range []struct {
		name   string
		config billing.AnchorConfig
		every  billing.Recurrence
		want   error
	}{
		{"day 0", billing.AnchorConfig{}, monthly, billing.ErrAnchor},
		{"day 32", billing.AnchorConfig{DayOfMonth: 32}, monthly, billing.ErrAnchor},
		{"month 13", billing.AnchorConfig{DayOfMonth: 1, Month: ptr(13)}, yearly, billing.ErrAnchor},
		{"hour 24", billing.AnchorConfig{DayOfMonth: 1, Hour: ptr(24)}, monthly, billing.ErrAnchor},
		{"minute 60", billing.AnchorConfig{DayOfMonth: 1, Minute: ptr(60)}, monthly, billing.ErrAnchor},
		{"second -1", billing.AnchorConfig{DayOfMonth: 1, Second: ptr(-1)}, monthly, billing.ErrAnchor},
		{"weeks", billing.AnchorConfig{DayOfMonth: 1}, billing.Recurrence{Interval: billing.Weekly}, billing.ErrAnchor},
		{"no interval", billing.AnchorConfig{DayOfMonth: 1}, billing.Recurrence{}, billing.ErrRecurrence},
		{"four years", billing.AnchorConfig{DayOfMonth: 1}, billing.Recurrence{Interval: billing.Yearly, Count: 4}, billing.ErrRecurrence},
	} {
		if _, err := tt.config.Anchor(0, tt.every); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestAligned(t *testing.T) {
	t.Parallel()
	week := billing.Recurrence{Interval: billing.Weekly}
	for _, tt := range []struct {
		name string
		list []billing.Recurrence
		want bool
	}{
		{"none", nil, true},
		{"one", []billing.Recurrence{monthly}, true},
		{"month and year", []billing.Recurrence{yearly, monthly}, true},
		{"week and month", []billing.Recurrence{week, monthly}, false},
		{"days and weeks", []billing.Recurrence{week, {Interval: billing.Daily}}, true},
		{"two and three months", []billing.Recurrence{{Interval: billing.Monthly, Count: 2}, {Interval: billing.Monthly, Count: 3}}, false},
		{"two, four and twelve months", []billing.Recurrence{{Interval: billing.Monthly, Count: 2}, {Interval: billing.Monthly, Count: 4}, yearly}, true},
		{"three days and a week", []billing.Recurrence{{Interval: billing.Daily, Count: 3}, week}, false},
	} {
		same(t, tt.name, billing.Aligned(tt.list), tt.want)
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

func TestRetriesAndDueDates(t *testing.T) {
	t.Parallel()
	var days []int64
	for attempts := 0; attempts <= 9; attempts++ {
		next, ok := billing.DefaultRetries.Next(0, attempts)
		if ok != (attempts >= 1 && attempts <= 8) {
			t.Errorf("after %d attempts: %t", attempts, ok)
		}
		if ok {
			days = append(days, int64(next)/86400)
		}
	}
	same(t, "days of the retries", days, []int64{1, 2, 4, 6, 8, 10, 12, 14})
	same(t, "then", billing.DefaultRetries.End, billing.EndCanceled)
	same(t, "a stolen card needs another", billing.NeedsNewMethod("stolen_card"), true)
	same(t, "an empty account does not", billing.NeedsNewMethod("insufficient_funds"), false)
	made := at(t, "2026-03-28 12:00:00")
	same(t, "due", billing.DueDate(made, 30), at(t, "2026-04-27 12:00:00"))
	same(t, "due at once", billing.DueDate(made, 0), made)
	same(t, "incomplete", billing.IncompleteExpires(made), at(t, "2026-03-29 11:00:00"))
	same(t, "pending update", billing.PendingUpdateExpires(made, 0, made.Add(billing.Hour), made.Add(billing.Day)), made.Add(billing.Hour))
	same(t, "pending update in a long period", billing.PendingUpdateExpires(made, 0, made.Add(billing.Week)), at(t, "2026-03-29 11:00:00"))
}
