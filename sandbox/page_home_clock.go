package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// homeAdvance is a preset of the clock.
type homeAdvance struct {
	Seconds int64
	Label   string
}

// homeAdvances are the presets, in seconds with the key of their name.
var homeAdvances = []struct {
	seconds int64
	key     string
}{
	{60, "home.clock.minute"}, {60 * 60, "home.clock.hour"}, {24 * 60 * 60, "home.clock.day"}, {7 * 24 * 60 * 60, "home.clock.week"}, {31 * 24 * 60 * 60, "home.clock.month"},
}

// homeDue is something that happens by itself.
type homeDue struct {
	At, In string
	Job    string
	Object homeRef
	// Seconds is how far the clock has to go for it.
	Seconds int64
}

// homeClockPage is the account's clock.
type homeClockPage struct {
	*homePage
	Advances []homeAdvance
	Due      []homeDue
	More     int
	Clocks   []homeTestClock
	// MoreClocks is how many test clocks are not shown.
	MoreClocks int
	// Real is the real time, Ahead how far the clock is ahead of it.
	Real, Ahead string
}

// homeDueRows is how many due jobs a page shows; dueReach how much of the heap holds them for certain: the n-th smallest
// of a heap lies on its first n levels.
const (
	homeDueRows = 10
	dueReach    = 1<<homeDueRows - 1
)

func (h *home) serveClock(p *homePage, _ *http.Request) (string, any, error) {
	v := &homeClockPage{homePage: p}
	for _, preset := range homeAdvances {
		v.Advances = append(v.Advances, homeAdvance{preset.seconds, p.T(preset.key)})
	}
	var jobs []dueJob
	var now time.Time
	p.account.locked(func() {
		now = p.account.instant()
		jobs = slices.Clone(p.account.jobs[:min(len(p.account.jobs), dueReach)])
		v.More = max(len(p.account.jobs)-homeDueRows, 0)
	})
	slices.SortFunc(jobs, func(a, b dueJob) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq)) })
	for _, job := range jobs[:min(len(jobs), homeDueRows)] {
		in := max(job.at-now.Unix(), 0)
		v.Due = append(v.Due, homeDue{At: homeTime(job.at), In: p.span(in), Job: job.job, Object: p.link(job.id), Seconds: in})
	}
	real := h.sandbox.now()
	v.Real = homeTime(real.Unix())
	if ahead := now.Unix() - real.Unix(); ahead > 1 {
		v.Ahead = p.span(ahead)
	}
	v.Clocks, v.MoreClocks = p.testClocks()
	return "home_clock.html", v, nil
}

// span writes a number of seconds as days, hours, minutes and seconds, the two largest of them.
func (p *homePage) span(n int64) string {
	var parts []string
	for _, unit := range []struct {
		seconds int64
		key     string
	}{{24 * 60 * 60, "home.span.days"}, {60 * 60, "home.span.hours"}, {60, "home.span.minutes"}, {1, "home.span.seconds"}} {
		if count := n / unit.seconds; count > 0 && len(parts) < 2 {
			parts = append(parts, p.T(unit.key, "n", strconv.FormatInt(count, 10)))
		} else if len(parts) > 0 {
			break
		}
		n %= unit.seconds
	}
	if len(parts) == 0 {
		return p.T("home.span.now")
	}
	return strings.Join(parts, " ")
}
