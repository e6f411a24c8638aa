package billing_test

import (
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
