package explore_test

import (
	"os"
	"strings"
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/mirror"
	"github.com/vezne/vezne/proof/explore"
)

// long is true when the search may take as long as it needs.
var long = os.Getenv("VEZNE_EXPLORE") == "long"

// longLimit is how many states a long search may see; they take several
// gigabytes of memory.
const longLimit = 8_000_000

// limit is how many states a search may see.
func limit(short int) int {
	if long {
		return longLimit
	}
	return short
}

func holds[S comparable](t *testing.T, m explore.Model[S], states int) {
	t.Helper()
	r := explore.Search(m, limit(states))
	if r.Broken != "" {
		t.Errorf("after %d states: %s\n  %s", r.States, r.Broken, strings.Join(r.Trace, "\n  "))
	}
	if r.Broken == "" && !r.Whole && !long {
		t.Errorf("%d states were not enough", r.States)
	}
	t.Logf("%d states, all of them: %v", r.States, r.Whole)
}

func breaks[S comparable](t *testing.T, m explore.Model[S], states int) {
	t.Helper()
	r := explore.Search(m, states)
	if r.Broken == "" {
		t.Errorf("%d states (all: %v) did not show that the rule is broken", r.States, r.Whole)
	}
	t.Logf("%d states: %s\n  %s", r.States, r.Broken, strings.Join(r.Trace, "\n  "))
}

func TestWhatIsKeptOfAnObjectIsTrueInTheEnd(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]*explore.Object{
		"events late, doubled and lost, landing pages, a crash": {Extra: 1, Duplicates: 1, Losses: 1, Crashes: 1},
		"the same with a final state":                           {Extra: 1, Duplicates: 1, Losses: 1, Crashes: 1, Final: true},
		"our own request, its lost answer and its replay":       {Extra: 1, Writes: 1, Crashes: 1},
		"our own request, its lost answer, and a final state":   {Extra: 1, Writes: 1, Crashes: 1, Final: true},
		"two landing pages and a request":                       {Extra: 2, Writes: 1, Final: true},
		"every event may be lost":                               {Losses: 3, Extra: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m.Rules = explore.House()
			holds(t, m, 3_000_000)
		})
	}
}

// broken are the house's rules with one of them broken.
func broken(change func(r *explore.Rules)) explore.Rules {
	r := explore.House()
	change(&r)
	return r
}

func TestEachBrokenRuleAboutAnObjectIsFound(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]*explore.Object{
		"a new number for a replayed answer": {Writes: 1, Rules: broken(func(r *explore.Rules) { r.ReplayIsNew = true })},
		"the highest number wins": {Writes: 1, Rules: broken(func(r *explore.Rules) {
			r.Decide = func(kept *vezne.Snapshot, in vezne.Snapshot) mirror.Verdict {
				return mirror.Verdict{Replace: in.Interval.Begin > kept.Interval.Begin}
			}
		})},
		"the last answer wins": {Extra: 1, Rules: broken(func(r *explore.Rules) {
			r.Decide = func(*vezne.Snapshot, vezne.Snapshot) mirror.Verdict { return mirror.Verdict{Replace: true} }
		})},
		"in doubt the kept one stays, and nobody looks again": {Extra: 2, Rules: broken(func(r *explore.Rules) {
			r.Decide = func(kept *vezne.Snapshot, in vezne.Snapshot) mirror.Verdict {
				v := mirror.Decide(kept, in)
				v.Again = false
				return v
			}
		})},
		"in doubt the new one wins": {Extra: 1, Rules: broken(func(r *explore.Rules) {
			r.Decide = func(kept *vezne.Snapshot, in vezne.Snapshot) mirror.Verdict {
				v := mirror.Decide(kept, in)
				v.Replace = v.Replace || v.Again
				return v
			}
		})},
		"a mark is cleared when the read begins":  {Crashes: 1, Rules: broken(func(r *explore.Rules) { r.ClearAtStart = true })},
		"a mark is cleared by every answer":       {Rules: broken(func(r *explore.Rules) { r.ClearAlways = true })},
		"a mark is cleared by a read of its time": {Rules: broken(func(r *explore.Rules) { r.Clears = func(mark, begin int64) bool { return mark <= begin+1 } })},
		"an event is dropped while a job runs":    {Rules: broken(func(r *explore.Rules) { r.Unique = true })},
		"the number is taken after the answer":    {Extra: 1, Rules: broken(func(r *explore.Rules) { r.NumberAfter = true })},
		"marks take numbers in advance":           {Rules: broken(func(r *explore.Rules) { r.MarksInBlocks = true })},
		"what an event shows is taken for true":   {Rules: broken(func(r *explore.Rules) { r.Payload = true })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			breaks(t, m, 3_000_000)
		})
	}
}

func TestAnOrderIsPaidOnceAndChargedOnce(t *testing.T) {
	t.Parallel()
	worlds := map[string]*explore.Order{
		"a double click, a lost answer, a crash":                {Clicks: 2, LostAnswers: 1, Crashes: 1, Landings: 1},
		"events lost and doubled":                               {Clicks: 1, Losses: 1, Duplicates: 1, Landings: 1, Crashes: 1},
		"a payment, a dispute and its end":                      {Clicks: 1, Disputes: 1, Crashes: 1},
		"a payment and a refund":                                {Clicks: 1, Refunds: 1, Landings: 1, Crashes: 1},
		"a dispute of which an event is lost":                   {Clicks: 1, Disputes: 1, Losses: 1},
		"another way to pay while the buyer pays the first one": {Clicks: 3, Switches: 1},
		"another way to pay, and an answer that is lost":        {Clicks: 2, Switches: 1, LostAnswers: 1},
		"a cancellation while the buyer pays":                   {Clicks: 1, Cancels: 1, LostAnswers: 1, Crashes: 1},
		"a fault that Stripe stores, and the next attempt":      {Clicks: 3, Faults: 1, Landings: 1},
		"a fault, a cancellation":                               {Clicks: 2, Faults: 1, Cancels: 1, Crashes: 1},
		"a payment that nobody asked for beside the right one":  {Clicks: 1, Strays: 1, LostAnswers: 1},
		"a payment that nobody asked for, and a cancellation":   {Clicks: 1, Strays: 1, Cancels: 1},
	}
	if long {
		for name, m := range map[string]*explore.Order{
			"long: a payment, a dispute, a refund, a landing page": {Clicks: 1, Disputes: 1, Refunds: 1, Landings: 1},
			"long: a dispute, a crash, lost and doubled events":    {Clicks: 1, Disputes: 1, Losses: 1, Duplicates: 1, Crashes: 1},
			"long: another way to pay, lost answers and a crash":   {Clicks: 3, Switches: 1, LostAnswers: 2, Crashes: 1, Landings: 1},
			"long: a stray payment, a lost answer and a crash":     {Clicks: 1, Strays: 1, LostAnswers: 1, Crashes: 1, Cancels: 1},
			"long: two faults and a cancellation":                  {Clicks: 3, Faults: 2, Cancels: 1, LostAnswers: 1},
		} {
			worlds[name] = m
		}
	}
	for name, m := range worlds {
		t.Run(name, func(t *testing.T) {
			if !long {
				t.Parallel() // a long search needs all of the memory
			}
			m.OrderRules = explore.OrderHouse()
			holds(t, m, 400_000)
		})
	}
}

func brokenOrder(change func(r *explore.OrderRules)) explore.OrderRules {
	r := explore.OrderHouse()
	change(&r)
	return r
}

func TestEachBrokenRuleAboutAnOrderIsFound(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]*explore.Order{
		"a lock per object":                                 {Clicks: 1, Disputes: 1, OrderRules: brokenOrder(func(r *explore.OrderRules) { r.LockPerObject = true })},
		"a key for every sending":                           {Clicks: 1, LostAnswers: 1, OrderRules: brokenOrder(func(r *explore.OrderRules) { r.KeyPerSending = true })},
		"a new attempt after a fault that nobody looked at": {Clicks: 2, Faults: 1, OrderRules: brokenOrder(func(r *explore.OrderRules) { r.NewAfterFault = true })},
		"lists looked through before they are complete":     {Clicks: 2, Faults: 1, OrderRules: brokenOrder(func(r *explore.OrderRules) { r.LookAtOnce = true })},
		"the next attempt before the former one ended":      {Clicks: 2, Switches: 1, OrderRules: brokenOrder(func(r *explore.OrderRules) { r.SwitchWithoutReading = true })},
		"canceled before it was read":                       {Clicks: 1, Cancels: 1, OrderRules: brokenOrder(func(r *explore.OrderRules) { r.CancelWithoutReading = true })},
		"an attempt for every click":                        {Clicks: 2, OrderRules: brokenOrder(func(r *explore.OrderRules) { r.OneAttemptPerClick = true })},
		"goods by status":                                   {Clicks: 1, Disputes: 1, OrderRules: brokenOrder(func(r *explore.OrderRules) { r.ShipByStatus = true })},
		"a surplus that is kept silently":                   {Clicks: 1, Strays: 1, OrderRules: brokenOrder(func(r *explore.OrderRules) { r.KeepSurplusSilently = true })},
		"paid by what a landing page's URL says":            {Clicks: 1, Landings: 1, OrderRules: brokenOrder(func(r *explore.OrderRules) { r.PaidByURL = true })},
		"a new number for a replayed answer":                {Clicks: 1, LostAnswers: 1, OrderRules: brokenOrder(func(r *explore.OrderRules) { r.ReplayIsNew = true })},
		"a mark that is cleared when the read begins":       {Clicks: 1, Crashes: 1, OrderRules: brokenOrder(func(r *explore.OrderRules) { r.ClearAtStart = true })},
		"a mark that every answer clears":                   {Clicks: 1, OrderRules: brokenOrder(func(r *explore.OrderRules) { r.ClearAlways = true })},
		"an event that is dropped while a job runs":         {Clicks: 1, OrderRules: brokenOrder(func(r *explore.OrderRules) { r.Unique = true })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			breaks(t, m, 1_000_000)
		})
	}
}
