package billing_test

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func drawPrice(t *rapid.T, every billing.Recurrence) billing.Price {
	amount := fmt.Sprint(rapid.Int64Range(0, 9999).Draw(t, "unit amount"))
	return price(t, "P", amount, every)
}

// cover counts how often each stretch of time is billed: charges add, credits
// take away.
type cover map[billing.Instant]int

func (c cover) add(lines []billing.Line) {
	for _, l := range lines {
		n := 1
		if l.Kind == billing.KindCredit {
			n = -1
		}
		c[l.Period.Start] += n
		c[l.Period.End] -= n
	}
}

// check returns an error unless all of p is billed once, and nothing after it.
func (c cover) check(p billing.Period) error {
	var edges []billing.Instant
	for edge := range c {
		edges = append(edges, edge)
	}
	slices.Sort(edges)
	times := 0
	for n, edge := range edges {
		times += c[edge]
		if n == len(edges)-1 {
			break
		}
		want := 0
		if p.Contains(edge) {
			want = 1
		}
		if times != want && edges[n+1] > edge {
			return fmt.Errorf("from %d to %d is billed %d times, want %d", edge, edges[n+1], times, want)
		}
	}
	return nil
}

// However a price and its quantity change within a period, charges less credits
// are the price times the time that it was held, within a unit for each line; no
// second is billed twice; in flexible mode no credit is more than what it credits.
func TestChangesCostThePriceTimesTheTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		mode := rapid.SampledFrom([]billing.BillingMode{billing.Flexible, billing.Classic}).Draw(t, "mode")
		began := instant().Draw(t, "began")
		every := rapid.SampledFrom([]billing.Recurrence{monthly, yearly, {Interval: billing.Weekly}}).Draw(t, "every")
		s, inv := start(t, subscription(mode, began, item(drawPrice(t, every), rapid.Int64Range(0, 9).Draw(t, "quantity"))))
		period := s.PeriodAt(s.Items[0], began)
		lines := []billing.Line{inv.Lines[0].Line}
		billed := cover{}
		billed.add(lines)
		integral, since := new(big.Rat), began
		held := func(until billing.Instant) {
			unit := s.Items[0].Price.UnitAmount.Rat()
			x := unit.Mul(unit, s.Items[0].Quantity.Rat())
			integral.Add(integral, x.Mul(x, big.NewRat(int64(until-since), int64(period.Length()))))
			since = until
		}
		standing := map[string]billing.Amount{lines[0].ID: lines[0].Amount}
		for range rapid.IntRange(0, 12).Draw(t, "changes") {
			when := billing.Instant(rapid.Int64Range(int64(since), int64(period.End)-1).Draw(t, "when"))
			held(when)
			after := swap(s, drawPrice(t, every), rapid.Int64Range(0, 9).Draw(t, "quantity"))
			settled, p := change(t, s, after, when)
			for _, l := range p.Credits {
				for _, id := range l.Credited {
					standing[id] += l.Amount
					if standing[id] < 0 {
						t.Fatalf("%s is credited by %d more than it charged", id, -standing[id])
					}
				}
			}
			for n, l := range p.Debits {
				standing[fmt.Sprintf("il_%d_%d", when, len(p.Credits)+n)] = l.Amount
			}
			lines = append(lines, p.Lines()...)
			billed.add(p.Lines())
			s = settled
		}
		held(period.End)
		far := integral.Sub(integral, big.NewRat(int64(sum(amounts(lines))), 1))
		if far.Abs(far).Cmp(big.NewRat(int64(len(lines)), 1)) > 0 {
			t.Fatalf("%d lines are %s from the exact cost", len(lines), far.FloatString(3))
		}
		if err := billed.check(period); err != nil {
			t.Fatal(err)
		}
	})
}

// A change that is undone in the same second costs nothing, but for the unit by
// which an exact half is rounded down on both sides; and the renewal is as if
// nothing had been.
func TestAnUndoRestores(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		began := instant().Draw(t, "began")
		old := drawPrice(t, monthly)
		quantity := rapid.Int64Range(1, 9).Draw(t, "quantity")
		s, _ := start(t, subscription(billing.Flexible, began, item(old, quantity)))
		period := s.PeriodAt(s.Items[0], began)
		when := billing.Instant(rapid.Int64Range(int64(began), int64(period.End)-1).Draw(t, "when"))
		there, p := change(t, s, swap(s, drawPrice(t, monthly), rapid.Int64Range(1, 9).Draw(t, "other")), when)
		back, q := change(t, there, swap(there, old, quantity), when)
		net := sum(amounts(p.Lines())) + sum(amounts(q.Lines()))
		unit := old.UnitAmount.Rat()
		x := unit.Mul(unit, big.NewRat(2*quantity*int64(period.End-when), int64(period.Length())))
		half := x.IsInt() && x.Num().Bit(0) == 1
		// An exact half comes back as one unit more: the customer gains it.
		if net != 0 && (net != -1 || !half) {
			t.Fatalf("there and back costs %d (%v, %v)", net, amounts(p.Lines()), amounts(q.Lines()))
		}
		_, with := renew(t, back, period.End)
		_, without := renew(t, s, period.End)
		if diff := cmp.Diff(without, with, cmp.AllowUnexported(billing.Decimal{})); diff != "" {
			t.Fatalf("the renewal is different:\n%s", diff)
		}
		// What now stands to be credited differs by no more than that unit.
		var stands billing.Amount
		for _, subscription := range []billing.Subscription{back, s} {
			none := subscription
			none.Items = nil
			_, r := change(t, subscription, none, when)
			stands = -stands + sum(amounts(r.Lines()))
		}
		if stands < -1 || stands > 1 {
			t.Fatalf("what stands differs by %d", stands)
		}
	})
}

// life is a random life of a flexible subscription: swaps of price, quantity and
// interval, an anchor that moves, an end that comes and goes, renewals.
type life struct {
	s       billing.Subscription
	now     billing.Instant
	billed  cover
	periods int
}

func (l *life) step(t *rapid.T) bool {
	end := l.s.PeriodAt(l.s.Items[0], l.now).End
	when := billing.Instant(rapid.Int64Range(int64(l.now), int64(end)).Draw(t, "when"))
	if when == end || rapid.IntRange(0, 3).Draw(t, "let pass") == 0 {
		if end == l.s.CancelAt {
			return false
		}
		s, inv := renew(t, l.s, end)
		for _, line := range inv.Lines {
			l.billed.add([]billing.Line{line.Line})
		}
		l.s, l.now = s, end
		l.periods++
		return true
	}
	after := l.s
	switch rapid.IntRange(0, 3).Draw(t, "what") {
	case 0:
		after = swap(after, drawPrice(t, rapid.SampledFrom([]billing.Recurrence{monthly, yearly}).Draw(t, "every")), rapid.Int64Range(1, 5).Draw(t, "quantity"))
	case 1:
		after.Anchor = when
	case 2:
		after.CancelAt = when + billing.Instant(rapid.Int64Range(1, 40*86400).Draw(t, "cancel in"))
	case 3:
		after.CancelAt = 0
	}
	settled, p := change(t, l.s, after, when)
	l.billed.add(p.Lines())
	l.s, l.now = settled, when
	return true
}

// Over a whole life each second is billed once, from the beginning to the end of
// the current period.
func TestEachSecondOfALifeIsBilledOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		began := instant().Draw(t, "began")
		s, inv := start(t, subscription(billing.Flexible, began, item(drawPrice(t, monthly), 1)))
		l := &life{s: s, now: began, billed: cover{}}
		l.billed.add([]billing.Line{inv.Lines[0].Line})
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			if !l.step(t) {
				break
			}
			end := l.s.PeriodAt(l.s.Items[0], l.now).End
			if l.s.CancelAt != 0 {
				end = min(end, l.s.CancelAt)
			}
			if err := l.billed.check(billing.Period{Start: began, End: end}); err != nil {
				t.Fatalf("%v (now %d, anchor %d, end %d)", err, l.now, l.s.Anchor, l.s.CancelAt)
			}
		}
	})
}

// A change leaves both sides as they were: a preview leaves no trace.
func TestAPreviewLeavesNoTrace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		began := at(t, "2026-06-01 00:00:00")
		s := subscription(billing.Flexible, began, item(drawPrice(t, monthly), 2), item(price(t, "Q", "500", monthly), 1))
		s.Discounts = drawDiscounts(t, "subscription")
		s, _ = start(t, s)
		after := swap(s, drawPrice(t, monthly), 3)
		when := began.Add(billing.Seconds(rapid.Int64Range(0, 30*86400).Draw(t, "when")))
		all := cmp.AllowUnexported(billing.Decimal{})
		before := fmt.Sprintf("%+v %+v", s, after)
		first, p := change(t, s, after, when)
		second, q := change(t, s, after, when)
		if diff := cmp.Diff(p, q, all) + cmp.Diff(first, second, all); diff != "" {
			t.Fatalf("the second time is different:\n%s", diff)
		}
		if now := fmt.Sprintf("%+v %+v", s, after); now != before {
			t.Fatalf("was %s\nis %s", before, now)
		}
	})
}
