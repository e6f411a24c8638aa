package sandbox

import (
	"cmp"
	"net/http"
	"slices"
)

// homeTestClock is a test clock on the page of clocks.
type homeTestClock struct {
	homeRef
	Name, Now, Status string
	// Ready says that it may be advanced.
	Ready     bool
	Customers []homeRef
	Due       []homeDue
	More      int
}

const (
	// homeTestClocks is how many test clocks a page shows, homeClockDue how many jobs of each.
	homeTestClocks = 10
	homeClockDue   = 5
	// clockDueReach holds the first jobs of a clock's heap for certain.
	clockDueReach = 1<<homeClockDue - 1
)

// testClocks are the account's newest test clocks, and how many more it has.
func (p *homePage) testClocks() (clocks []homeTestClock, more int) {
	type found struct {
		clock     *stripeObject
		customers []*stripeObject
		due       []dueJob
		jobs      int
	}
	var list []found
	p.account.locked(func() {
		s := p.account.store
		all := s.list(testClockType)
		s.each(all, func(clock *stripeObject) bool {
			one := found{clock: clock}
			if jobs := p.account.clocks[clock.ID()]; jobs != nil {
				one.due, one.jobs = slices.Clone((*jobs)[:min(len(*jobs), clockDueReach)]), len(*jobs)
			}
			list = append(list, one)
			return len(list) < homeTestClocks
		})
		more = s.alive(testClockType) - len(list)
		if len(list) == 0 {
			return
		}
		s.each(s.list("customer"), func(customer *stripeObject) bool {
			of := customer.Str("test_clock")
			if at := slices.IndexFunc(list, func(one found) bool { return of != "" && one.clock.ID() == of }); at >= 0 {
				list[at].customers = append(list[at].customers, customer)
			}
			return true
		})
	})
	for _, one := range list {
		now := one.clock.Int("frozen_time")
		row := homeTestClock{
			homeRef: p.linkTo(testClockType, one.clock.ID()), Name: one.clock.Str("name"), Now: homeTime(now), Status: one.clock.Str("status"),
			Ready: one.clock.Str("status") == clockReady, More: max(one.jobs-homeClockDue, 0),
		}
		for _, customer := range one.customers {
			row.Customers = append(row.Customers, p.linkTo("customer", customer.ID()))
		}
		slices.SortFunc(one.due, func(a, b dueJob) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq)) })
		for _, job := range one.due[:min(len(one.due), homeClockDue)] {
			in := max(job.at-now, 0)
			row.Due = append(row.Due, homeDue{At: homeTime(job.at), In: p.span(in), Job: job.job, Object: p.link(job.id), Seconds: in})
		}
		clocks = append(clocks, row)
	}
	return clocks, max(more, 0)
}

// moveTestClock advances a test clock by seconds, as POST /v1/test_helpers/test_clocks/{test_clock}/advance does, and waits for
// what that sets off.
func moveTestClock(a *Account, r *http.Request) ([]string, string, error) {
	form := &homeForm{r: r}
	seconds := form.whole("advance_seconds")
	if form.err != nil {
		return nil, "", form.err
	}
	c, err := a.control()
	if err != nil {
		return nil, "", err
	}
	err = c.account.do(func(tx *accountTx) error {
		clock := tx.Get(testClockType, r.PathValue("id"))
		if clock == nil {
			return missing("test clock", r.PathValue("id"), "test_clock", http.StatusNotFound)
		}
		_, err := startAdvance(tx, clock, clock.Int("frozen_time")+seconds)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	return []string{"clock"}, "test_clock", settle(a, r)
}
