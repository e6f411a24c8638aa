package billing_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

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
		{"a day and three months", []billing.Recurrence{{Interval: billing.Daily}, {Interval: billing.Monthly, Count: 3}}, true},
		{"a day and two years", []billing.Recurrence{{Interval: billing.Yearly, Count: 2}, {Interval: billing.Daily}}, true},
		{"two days and a month", []billing.Recurrence{{Interval: billing.Daily, Count: 2}, monthly}, false},
		{"a day, a week and a month", []billing.Recurrence{{Interval: billing.Daily}, week, monthly}, true},
		{"five months and a year", []billing.Recurrence{{Interval: billing.Monthly, Count: 5}, yearly}, false},
		{"three days and a week", []billing.Recurrence{{Interval: billing.Daily, Count: 3}, week}, false},
	} {
		same(t, tt.name, billing.Aligned(tt.list), tt.want)
	}
}

// The anchor moves to now on 16 June without any other change: half of 3000 comes
// back, a whole month begins.
func TestAnchorNow(t *testing.T) {
	t.Parallel()
	s := juneSubscription(t, billing.Flexible, "3000")
	now := at(t, "2026-06-16 00:00:00")
	after := s
	after.Anchor = now
	after, p := change(t, s, after, now)
	same(t, "credits", amounts(p.Credits), []billing.Amount{-1500})
	same(t, "full", amounts(p.Full), []billing.Amount{3000})
	_, inv := renew(t, after, at(t, "2026-07-16 00:00:00"))
	same(t, "a month later", inv.Total, 3000)
}

// A free price becomes paid: classic starts a new period, flexible keeps its own;
// a quantity of 0 is not free.
func TestFreeToPaid(t *testing.T) {
	t.Parallel()
	now := at(t, "2026-06-16 00:00:00")
	paid := price(t, "Pro", "3000", monthly)
	for _, tt := range []struct {
		name string
		mode billing.BillingMode
		from billing.Item
		want billing.Instant
	}{
		{"classic", billing.Classic, item(price(t, "Pro", "0", monthly), 1), now},
		{"flexible", billing.Flexible, item(price(t, "Pro", "0", monthly), 1), at(t, "2026-06-01 00:00:00")},
		{"classic, quantity 0", billing.Classic, item(paid, 0), at(t, "2026-06-01 00:00:00")},
	} {
		s, _ := start(t, subscription(tt.mode, at(t, "2026-06-01 00:00:00"), tt.from))
		anchor, err := billing.AnchorAfter(s, swap(s, paid, 1), now)
		if err != nil {
			t.Fatal(err)
		}
		same(t, tt.name, anchor, tt.want)
	}
}

// The customer lives where clocks change; Stripe's do not. A month over the change
// of European and American clocks has whole days of 86,400 s: March 2026 from the
// 15th is 31 days, and half of them is a half.
func TestDaylightSavingDoesNotMatter(t *testing.T) {
	t.Parallel()
	began := at(t, "2026-03-15 01:30:00")
	s, _ := start(t, subscription(billing.Flexible, began, item(price(t, "Pro", "3100", monthly), 1)))
	p := s.PeriodAt(s.Items[0], began)
	same(t, "length", p.Length(), 31*billing.Day)
	_, prorations := change(t, s, swap(s, price(t, "Max", "6200", monthly), 1), began.Add(31*billing.Day/2))
	same(t, "lines", amounts(prorations.Lines()), []billing.Amount{-1550, 3100})
}

// A first-of-month anchor with a coupon of 10 %: the stub's price is the
// discounted one, 2700*1432800/2678400 = 1444.35, and is discounted only once.
func TestStubWithADiscount(t *testing.T) {
	t.Parallel()
	s := subscription(billing.Flexible, at(t, "2026-05-15 10:00:00"), item(price(t, "Pro", "3000", monthly), 1))
	s.Anchor = at(t, "2026-06-01 00:00:00")
	s.Discounts = []billing.Discount{{ID: "di_1", Coupon: billing.Coupon{PercentOff: billing.Whole(10), Duration: billing.Forever}}}
	s, inv := start(t, s)
	same(t, "stub", inv.Total, 1444)
	_, inv = renew(t, s, s.Anchor)
	same(t, "full", inv.Total, 2700)
}
